//! `_open`, `_close` and `_block`.

use std::sync::Arc;

use model::admin::{PutSettings, ShardState};
use model::error::Error;
use model::target::{Expand, Target};
use model::task::Job;
use serde_json::{Map, Value, json};

use crate::endpoint::{Server, options, tasks};
use crate::reply::Reply;
use crate::request::Request;

pub(super) async fn open(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let (mut target, patience) = taken(&mut request)?;
    options::active_shards(&mut request.params)?;
    target.options.expand_wildcards.get_or_insert(Expand { open: false, closed: true, hidden: false });
    let waits = request.params.flag("wait_for_completion")?.unwrap_or(true);
    if !waits {
        request.params.time_ms("task_execution_timeout")?;
    }
    request.finish()?;
    if !waits {
        return Ok(tasks::begun(&server.within(patience).start(Job::Open(target))?));
    }
    let names: Vec<String> = server.gateway.indexes(&target)?.iter().map(|index| index.name.to_string()).collect();
    server.within(patience).open_indexes(target).await?;
    let opened = if names.is_empty() { Vec::new() } else { server.gateway.indexes(&Target { names, ..all() })? };
    let started = opened.iter().flat_map(|index| &index.shards).filter(|copy| copy.primary);
    let active = started.clone().all(|copy| copy.state == ShardState::Started);
    Ok(Reply::value(&json!({"acknowledged": true, "shards_acknowledged": active})))
}

pub(super) async fn close(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let (mut target, patience) = taken(&mut request)?;
    options::active_shards(&mut request.params)?;
    target.options.expand_wildcards.get_or_insert(Expand { open: true, closed: false, hidden: false });
    target.options.no_streams = true;
    request.finish()?;
    let were_open: Vec<Arc<str>> =
        server.gateway.indexes(&target)?.into_iter().filter(|index| index.open).map(|index| index.name).collect();
    let closed = server.within(patience).close_indexes(target).await?;
    let closed = closed.iter().filter(|name| were_open.contains(name));
    let shown: Map<String, Value> = closed.map(|name| (name.to_string(), json!({"closed": true}))).collect();
    Ok(Reply::value(&json!({"acknowledged": true, "shards_acknowledged": !shown.is_empty(), "indices": shown})))
}

/// `PUT /{index}/_block/{block}`: the same as to set `index.blocks.{block}`, for several indexes at once.
pub(super) async fn block(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let block = request.required("block")?.to_owned();
    let (mut target, patience) = taken(&mut request)?;
    target.options.no_streams = true;
    target.options.expand_wildcards.get_or_insert(Expand { open: true, closed: false, hidden: false });
    if block == "read_only_allow_delete" {
        return Err(options::refusal("read_only_allow_delete block is for internal use only"));
    }
    request.finish()?;
    if !["read", "write", "metadata", "read_only"].contains(&block.as_str()) {
        return Err(Error::illegal_argument(format!("No block found with name {block}")));
    }
    let names: Vec<Arc<str>> = server.gateway.indexes(&target)?.into_iter().map(|index| index.name).collect();
    if !names.is_empty() {
        let settings = [(format!("index.blocks.{block}"), Value::from("true"))].into_iter().collect();
        server.within(patience).put_settings(PutSettings { target, settings, preserve_existing: false }).await?;
    }
    let shown: Vec<Value> = names.iter().map(|name| json!({"name": name.as_ref(), "blocked": true})).collect();
    Ok(Reply::value(&json!({"acknowledged": true, "shards_acknowledged": !shown.is_empty(), "indices": shown})))
}

fn all() -> Target {
    let mut target = Target::default();
    target.options.expand_wildcards = Some(Expand { open: true, closed: true, hidden: true });
    target
}

/// What both take. An index must be named.
fn taken(request: &mut Request) -> Result<(Target, Option<u64>), Error> {
    let target = request.target()?;
    let params = &mut request.params;
    let patience = options::patience(params)?;
    if target.names.is_empty() {
        return Err(options::refusal("index is missing"));
    }
    Ok((target, patience))
}
