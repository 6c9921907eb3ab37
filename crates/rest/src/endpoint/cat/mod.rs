//! `_cat`: tables for people, and for programs that ask for JSON.
//!
//! Each file has the columns of a table and makes its rows; what is shown of it, in which order and form, is decided in one place
//! ([`crate::render::table`]).

mod aliases;
mod allocation;
mod cluster_manager;
mod count;
mod empty;
mod health;
mod indices;
mod list;
mod node_attributes;
mod nodes;
mod pit_segments;
mod recovery;
mod segments;
mod shards;
mod snapshots;
mod stat_columns;
mod tasks;
mod templates;
mod thread_pool;

use std::sync::Arc;

use axum::http::Method;
use model::admin::{ClusterView, CopyStats, IndexInfo};
use model::error::Error;
use model::target::{Target, TargetOptions};

use super::Server;
use crate::params::split;
use crate::render::json::Json;
use crate::render::table::column::Column;
use crate::render::table::{Look, Table};
use crate::reply::Reply;
use crate::request::{Request, check_names};
use crate::router::Routes;

pub(super) fn routes(routes: &mut Routes) {
    let get = [Method::GET];
    routes.add(&get, &["/_cat"], list);
    routes.add(&get, &["/_cat/aliases", "/_cat/aliases/{alias}"], aliases::aliases);
    routes.add(&get, &["/_cat/allocation", "/_cat/allocation/{nodes}"], allocation::allocation);
    routes.add(&get, &["/_cat/cluster_manager", "/_cat/master"], cluster_manager::cluster_manager);
    routes.add(&get, &["/_cat/count", "/_cat/count/{index}"], count::count);
    routes.add(&get, &["/_cat/health"], health::health);
    routes.add(&get, &["/_cat/indices", "/_cat/indices/{index}"], indices::indices);
    routes.add(&get, &["/_cat/fielddata", "/_cat/fielddata/{fields}"], empty::fielddata);
    routes.add(&get, &["/_cat/repositories"], snapshots::repositories);
    routes.add(&get, &["/_cat/snapshots", "/_cat/snapshots/{repository}"], snapshots::snapshots);
    let replication = ["/_cat/segment_replication", "/_cat/segment_replication/{index}"];
    routes.add(&get, &replication, empty::segment_replication);
    routes.add(&get, &["/_cat/tasks"], tasks::tasks);
    routes.add(&get, &["/_cat/nodeattrs"], node_attributes::node_attributes);
    routes.add(&get, &["/_cat/nodes"], nodes::nodes);
    routes.add(&get, &["/_cat/pending_tasks"], empty::pending_tasks);
    routes.add(&get, &["/_cat/plugins"], empty::plugins);
    routes.add(&get, &["/_cat/recovery", "/_cat/recovery/{index}"], recovery::recovery);
    routes.add(&get, &["/_cat/segments", "/_cat/segments/{index}"], segments::segments);
    routes.add(&get, &["/_list"], list::tables);
    routes.add(&get, &["/_list/indices", "/_list/indices/{index}"], indices::pages);
    routes.add(&get, &["/_list/shards", "/_list/shards/{index}"], shards::pages);
    routes.add(&get, &["/_cat/pit_segments", "/_cat/pit_segments/{pit_id}"], pit_segments::pit_segments);
    routes.add(&get, &["/_cat/shards", "/_cat/shards/{index}"], shards::shards);
    routes.add(&get, &["/_cat/templates", "/_cat/templates/{name}"], templates::templates);
    routes.add(&get, &["/_cat/thread_pool", "/_cat/thread_pool/{thread_pools}"], thread_pool::thread_pool);
}

const LIST: &str = "=^.^=
/_cat/allocation
/_cat/segment_replication
/_cat/segment_replication/{index}
/_cat/shards
/_cat/shards/{index}
/_cat/cluster_manager
/_cat/nodes
/_cat/tasks
/_cat/indices
/_cat/indices/{index}
/_cat/segments
/_cat/segments/{index}
/_cat/count
/_cat/count/{index}
/_cat/recovery
/_cat/recovery/{index}
/_cat/health
/_cat/pending_tasks
/_cat/aliases
/_cat/aliases/{alias}
/_cat/thread_pool
/_cat/thread_pool/{thread_pools}
/_cat/plugins
/_cat/fielddata
/_cat/fielddata/{fields}
/_cat/nodeattrs
/_cat/repositories
/_cat/snapshots/{repository}
/_cat/templates
/_cat/pit_segments
/_cat/pit_segments/{pit_id}
";

/// The tables that there are.
async fn list(_: Arc<Server>, request: Request) -> Result<Reply, Error> {
    request.finish()?;
    Ok(Reply::text(200, LIST.to_owned()))
}

/// Takes the parameters that every table has. With `help` the answer is there already.
///
/// # Errors
/// `illegal_argument_exception` for flags that are none, and beside `help` for whatever is not of the table's look.
fn look(request: &mut Request, columns: fn() -> Vec<Column>) -> Result<Result<Look, Reply>, Error> {
    let look = Look::take(&mut request.params)?;
    if request.params.flag("help")? == Some(true) {
        request.finish_without_parts()?;
        return Ok(Err(Reply::text(200, Table::new(columns()).help())));
    }
    Ok(Ok(look))
}

/// The indexes that the path names, of a table that takes nothing beside them.
fn named(request: &Request) -> Result<Target, Error> {
    let names = request.part("index").map(split).unwrap_or_default();
    check_names(&names)?;
    Ok(Target { names, options: TargetOptions::default() })
}

/// The answer that `table` is, in the form that was asked for.
fn written(request: &Request, look: &Look, mut table: Table) -> Reply {
    if let Err(unsortable) = table.sort(look) {
        return unsorted(&unsortable);
    }
    if as_tree(request) { Reply::value(&table.json(look)) } else { Reply::text(200, table.text(look)) }
}

/// Counts of the open ones of some indexes; one that was closed or deleted meanwhile has none.
async fn copies_of_open(server: &Server, indexes: &[IndexInfo]) -> Result<Vec<CopyStats>, Error> {
    let open: Vec<String> = indexes.iter().filter(|index| index.open).map(|index| index.name.to_string()).collect();
    if open.is_empty() {
        return Ok(Vec::new());
    }
    let options = TargetOptions { ignore_unavailable: Some(true), ..TargetOptions::default() };
    Ok(server.gateway.stats(Target { names: open, options }).await?.copies)
}

/// Whether a program reads the table.
fn as_tree(request: &Request) -> bool {
    let format = request.format.as_deref().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    matches!(format.to_ascii_lowercase().as_str(), "json" | "application/json" | "yaml" | "application/yaml")
}

/// OpenSearch calls it its own failure when a client sorts by what is no column.
fn unsorted(error: &Error) -> Reply {
    let mut json = Json::default();
    json.begin_object();
    json.key("error");
    crate::render::error::error(&mut json, error, true);
    json.field_u64("status", 500);
    json.end_object();
    Reply::json(500, json)
}

/// The node of an id.
fn node<'a>(view: &'a ClusterView, id: Option<&Arc<str>>) -> Option<&'a model::admin::NodeInfo> {
    view.nodes.iter().find(|node| Some(&node.id) == id)
}

/// Now, in milliseconds since 1970, by the clock of the node that answers.
async fn now_ms(server: &Server) -> Result<u64, Error> {
    Ok(server.gateway.node_stats().await?.first().map_or(0, |node| node.timestamp_ms))
}

/// `HH:MM:SS` of a moment, UTC.
fn clock(ms: u64) -> String {
    let second = ms / 1000 % 86_400;
    format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
}

/// The port of `host:port`.
fn port(address: &str) -> &str {
    address.rsplit_once(':').map_or("", |(_, port)| port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_ports() {
        assert_eq!(clock(1_795_237_440_486), "05:04:00");
        assert_eq!((port("127.0.0.1:9300"), port("[::1]:9300"), port("x")), ("9300", "9300", ""));
    }
}
