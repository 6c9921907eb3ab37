//! `_cat/tasks`: what the nodes are doing.

use std::sync::Arc;

use model::admin::ClusterView;
use model::error::Error;
use model::task::{Task, TaskFilter, TaskId};

use super::{clock, look, node, port, written};
use crate::endpoint::Server;
use crate::endpoint::cluster::select;
use crate::render::table::Table;
use crate::render::table::cell::Cell;
use crate::render::table::column::{Column, hidden, left, right};
use crate::reply::Reply;
use crate::request::Request;

fn columns() -> Vec<Column> {
    vec![
        hidden(left("id", "", "id of the task with the node")),
        left("action", "ac", "task action"),
        left("task_id", "ti", "unique task id"),
        left("parent_task_id", "pti", "parent task id"),
        left("type", "ty", "task type"),
        left("start_time", "start", "start time in ms"),
        left("timestamp", "ts,hms,hhmmss", "start time in HH:MM:SS"),
        hidden(right("running_time_ns", "time", "running time ns")),
        left("running_time", "time", "running time"),
        hidden(left("node_id", "ni", "unique node id")),
        left("ip", "i", "ip address"),
        hidden(left("port", "po", "bound transport port")),
        left("node", "n", "node name"),
        hidden(left("version", "v", "es version")),
        hidden(left("x_opaque_id", "x", "X-Opaque-ID header")),
    ]
}

pub(super) async fn tasks(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let look = match look(&mut request, columns)? {
        Ok(look) => look,
        Err(help) => return Ok(help),
    };
    let view = server.gateway.cluster();
    let params = &mut request.params;
    let nodes = params.list("nodes").map(|ids| select(&view, &ids).iter().map(|node| node.id.clone()).collect());
    let actions = params.list("actions").unwrap_or_default();
    let parent = params.take("parent_task_id").and_then(|text| TaskId::parse(&text));
    let detailed = params.flag("detailed")?.unwrap_or(false);
    params.flag("wait_for_completion")?;
    request.finish()?;
    let found = server.gateway.tasks(TaskFilter { nodes, actions, parent, id: None }).await?;
    let mut all = columns();
    if detailed {
        all.push(left("description", "desc", "task action"));
    }
    let mut table = Table::new(all);
    table.rows = found.tasks.iter().map(|task| row(&view, task, detailed)).collect();
    Ok(written(&request, &look, table))
}

fn row(view: &ClusterView, task: &Task, detailed: bool) -> Vec<Cell> {
    let node = node(view, Some(&task.id.node));
    let text = |text: Option<&str>| Cell::of(text, Cell::text);
    let nanos = i64::try_from(task.running_nanos).unwrap_or(i64::MAX);
    let mut row = vec![
        Cell::number(task.id.number),
        Cell::text(&task.action),
        Cell::text(task.id.to_string()),
        Cell::text(task.parent.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string)),
        Cell::text(if task.parent.is_some() { "direct" } else { "transport" }),
        Cell::number(task.started_ms),
        Cell::text(clock(task.started_ms)),
        Cell::Number(nanos),
        Cell::Millis(task.running_nanos / 1_000_000),
        Cell::text(task.id.node.as_ref()),
        text(node.map(|node| node.host.as_str())),
        text(node.map(|node| port(&node.transport_address))),
        text(node.map(|node| node.name.as_ref())),
        text(node.map(|node| node.version.as_str())),
        Cell::Empty,
    ];
    if detailed {
        row.push(Cell::text(&task.description));
    }
    row
}
