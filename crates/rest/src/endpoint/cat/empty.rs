//! Tables of what there is none of: tasks that wait, plugins, fields in memory, copied segments.

use std::sync::Arc;

use model::error::Error;

use super::{look, written};
use crate::endpoint::{Server, options};
use crate::render::table::Table;
use crate::render::table::column::{Column, hidden, left, right};
use crate::reply::Reply;
use crate::request::Request;

pub(super) async fn pending_tasks(_: Arc<Server>, request: Request) -> Result<Reply, Error> {
    table(request, true, || {
        vec![
            right("insertOrder", "o", "task insertion order"),
            right("timeInQueue", "t", "how long task has been in queue"),
            left("priority", "p", "task priority"),
            left("source", "s", "task source"),
        ]
    })
}

pub(super) async fn plugins(_: Arc<Server>, request: Request) -> Result<Reply, Error> {
    table(request, true, || {
        vec![
            hidden(left("id", "", "unique node id")),
            left("name", "n", "node name"),
            left("component", "c", "component"),
            left("version", "v", "component version"),
            hidden(left("description", "d", "plugin details")),
        ]
    })
}

/// Sorting and aggregating read columns on the disk.
pub(super) async fn fielddata(_: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    request.params.take("fields");
    table(request, false, || {
        vec![
            left("id", "", "node id"),
            left("host", "h", "host name"),
            left("ip", "", "ip address"),
            left("node", "n", "node name"),
            left("field", "f", "field name"),
            right("size", "s", "field data usage"),
        ]
    })
}

/// Segments are not copied between nodes.
pub(super) async fn segment_replication(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    for flag in ["active_only", "detailed"] {
        request.params.flag(flag)?;
    }
    if !request.params.has("help") {
        let target = request.target()?;
        server.readable(&target)?;
    }
    table(request, false, || {
        vec![
            left("shardId", "s", " shard Id"),
            left("target_node", "tnode", "target node name"),
            left("target_host", "thost", "target host"),
            left("checkpoints_behind", "cpb", "checkpoints behind primary"),
            left("bytes_behind", "bb", "bytes behind primary"),
            left("current_lag", "clag", "ongoing time elapsed waiting for replica to catch up to primary"),
            left("last_completed_lag", "lcl", "time taken for replica to catch up to latest primary refresh"),
            left("rejected_requests", "rr", "count of rejected requests for the replication group"),
        ]
    })
}

/// `elected`: the elected node is asked in OpenSearch, so that it is said how long to wait for it.
fn table(mut request: Request, elected: bool, columns: fn() -> Vec<Column>) -> Result<Reply, Error> {
    let look = match look(&mut request, columns)? {
        Ok(look) => look,
        Err(help) => return Ok(help),
    };
    if elected {
        options::cluster_manager_timeout(&mut request.params)?;
        request.params.flag("local")?;
    }
    request.finish()?;
    Ok(written(&request, &look, Table::new(columns())))
}
