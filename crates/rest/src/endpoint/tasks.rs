//! `_tasks`: what the nodes are doing, one task of them, and ending them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::Method;
use model::admin::{ClusterView, NodeInfo};
use model::error::{Error, ErrorKind};
use model::task::{Outcome, Task, TaskFilter, TaskId, TaskList};
use serde_json::{Map, Value, json};

use super::cluster::{select, sorted};
use super::{Server, by_query, options};
use crate::params::{number_format, split};
use crate::render::admin::broadcast;
use crate::render::error::error;
use crate::render::json::Json;
use crate::reply::Reply;
use crate::request::Request;
use crate::router::Routes;

/// How often a task that is waited for is looked at.
const POLL: Duration = Duration::from_millis(20);

pub(super) fn routes(routes: &mut Routes) {
    routes.add(&[Method::GET], &["/_tasks"], list);
    routes.add(&[Method::GET], &["/_tasks/{task_id}"], one);
    routes.add(&[Method::POST], &["/_tasks/_cancel", "/_tasks/{task_id}/_cancel"], cancel);
}

/// How tasks are put together.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum GroupBy {
    Nodes,
    Parents,
    Nothing,
}

async fn list(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let view = server.gateway.cluster();
    let filter = filter(&mut request, &view)?;
    let group_by = group_by(&mut request)?;
    let detailed = request.params.flag("detailed")?.unwrap_or(false);
    let timeout = options::timeout_ms(&mut request.params)?;
    let waits = request.params.flag("wait_for_completion")?.unwrap_or(false);
    request.finish()?;
    let found = server.gateway.tasks(filter).await?;
    let found = if waits { completed(&server, found, timeout).await? } else { found };
    Ok(Reply::value(&grouped(&view, &found, group_by, detailed)))
}

/// Waits until the tasks that were found have ended, but for those that look for tasks. Nodes where one has not in time are among the failures.
async fn completed(server: &Server, mut found: TaskList, timeout: u64) -> Result<TaskList, Error> {
    let until = Instant::now().checked_add(Duration::from_millis(timeout));
    let awaited = |task: &&Task| !task.action.starts_with("cluster:monitor/tasks/lists");
    for id in found.tasks.iter().filter(awaited).map(|task| task.id.clone()).collect::<Vec<_>>() {
        loop {
            let filter = TaskFilter { id: Some(id.clone()), ..TaskFilter::default() };
            let now = server.gateway.tasks(filter).await?;
            if now.tasks.first().is_none_or(|task| task.outcome.is_some()) {
                break;
            }
            if until.is_some_and(|until| Instant::now() >= until) {
                let reason = format!("Timed out waiting for completion of task [{id}]");
                found.tasks.retain(|task| task.id.node != id.node);
                found.failures.retain(|(node, _)| *node != id.node);
                found.failures.push((id.node.clone(), Error::new(ErrorKind::Timeout, reason)));
                break;
            }
            tokio::time::sleep(POLL).await;
        }
    }
    Ok(found)
}

/// The answer to a request that goes on by itself.
pub(super) fn begun(id: &TaskId) -> Reply {
    Reply::value(&json!({"task": id.to_string()}))
}

async fn cancel(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let view = server.gateway.cluster();
    let id = request.part("task_id").map(parse).transpose()?;
    let filter = TaskFilter { id, ..filter(&mut request, &view)? };
    let group_by = group_by(&mut request)?;
    // What is cancelled has ended when the answer is there, but for what it takes to look up from its work.
    request.params.flag("wait_for_completion")?;
    request.finish()?;
    if filter.id.is_some() && filter.nodes.is_some() {
        return Err(options::refusal("task id cannot be used together with node ids"));
    }
    let ended = server.gateway.cancel_tasks(filter).await?;
    Ok(Reply::value(&grouped(&view, &ended, group_by, true)))
}

async fn one(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let id = parse(request.part("task_id").unwrap_or_default())?;
    let timeout = options::timeout_ms(&mut request.params)?;
    let wait = request.params.flag("wait_for_completion")?.unwrap_or(false);
    request.finish()?;
    // A time that clocks cannot name is never.
    let until = Instant::now().checked_add(Duration::from_millis(timeout));
    let in_time = || until.is_none_or(|until| Instant::now() < until);
    let mut seen: Option<Task> = None;
    loop {
        let filter = TaskFilter { id: Some(id.clone()), ..TaskFilter::default() };
        let found = server.gateway.tasks(filter).await?;
        match (found.tasks.into_iter().next(), seen.take()) {
            (Some(task), _) if task.outcome.is_some() => return Ok(Reply::value(&ended(&task))),
            (Some(task), _) if wait && in_time() => seen = Some(task),
            (Some(task), _) if wait => {
                let reason = format!("Timed out waiting for completion of task [{}]", task.id);
                return Err(Error::new(ErrorKind::Timeout, reason));
            }
            (Some(task), _) => return Ok(Reply::value(&json!({"completed": false, "task": shown(&task, true)}))),
            (None, Some(task)) => return Ok(Reply::value(&json!({"completed": true, "task": shown(&task, true)}))),
            (None, None) => return Err(missing(&server.gateway.cluster(), &id)),
        }
        tokio::time::sleep(POLL).await;
    }
}

/// A task that has ended, with what came of it.
fn ended(task: &Task) -> Value {
    let mut json = json!({"completed": true, "task": shown(task, true)});
    match &task.outcome {
        Some(Ok(Outcome::Shards(shards))) => json["response"] = json!({"_shards": broadcast(shards)}),
        Some(Ok(Outcome::Acknowledged { shards, index })) => {
            json["response"] = json!({"acknowledged": true, "shards_acknowledged": shards});
            if let Some(index) = index {
                json["response"]["index"] = index.as_ref().into();
            }
        }
        Some(Ok(Outcome::ByQuery(done))) => json["response"] = by_query::kept(done),
        Some(Err(failed)) => {
            let mut written = Json::default();
            error(&mut written, failed, false);
            json["error"] = serde_json::from_slice(&written.finish()).unwrap_or_default();
        }
        None => {}
    }
    json
}

fn parse(text: &str) -> Result<TaskId, Error> {
    TaskId::parse(text).ok_or_else(|| {
        let malformed = Error::illegal_argument(format!("malformed task id {text}"));
        match text.split_once(':').filter(|(_, number)| number.parse::<i64>().is_err()) {
            Some((_, number)) => malformed.with_cause(number_format(number)),
            None => malformed,
        }
    })
}

fn missing(view: &ClusterView, id: &TaskId) -> Error {
    let gone = format!("task [{id}] isn't running and hasn't stored its results");
    if view.nodes.iter().any(|node| node.id == id.node) {
        return Error::new(ErrorKind::ResourceNotFound, gone);
    }
    let reason = format!(
        "task [{id}] belongs to the node [{}] which isn't part of the cluster and there is no record of the task",
        id.node
    );
    Error::new(ErrorKind::ResourceNotFound, reason).with_cause(Error::new(ErrorKind::ResourceNotFound, gone))
}

fn filter(request: &mut Request, view: &ClusterView) -> Result<TaskFilter, Error> {
    let nodes = request.params.take("nodes");
    let nodes =
        nodes.map(|filters| select(view, &split(&filters)).into_iter().map(|node| node.id.clone()).collect::<Vec<_>>());
    let actions = request.params.take("actions").map(|actions| split(&actions)).unwrap_or_default();
    let parent = request.params.take("parent_task_id").map(|parent| parse(&parent)).transpose()?;
    Ok(TaskFilter { nodes, actions, parent, id: None })
}

pub(super) fn group_by(request: &mut Request) -> Result<GroupBy, Error> {
    match request.params.take("group_by").as_deref() {
        None | Some("nodes") => Ok(GroupBy::Nodes),
        Some("parents") => Ok(GroupBy::Parents),
        Some("none") => Ok(GroupBy::Nothing),
        Some(other) => Err(Error::illegal_argument(format!(
            "[group_by] must be one of [nodes], [parents] or [none] but was [{other}]"
        ))),
    }
}

pub(super) fn grouped(view: &ClusterView, list: &TaskList, group_by: GroupBy, detailed: bool) -> Value {
    let mut answer = Map::new();
    if !list.failures.is_empty() {
        let failures: Vec<Value> = list.failures.iter().map(|(node, error)| failed(node, error)).collect();
        answer.insert("node_failures".into(), failures.into());
    }
    match group_by {
        GroupBy::Nothing => {
            let tasks: Vec<Value> = list.tasks.iter().map(|task| shown(task, detailed)).collect();
            answer.insert("tasks".into(), tasks.into());
        }
        GroupBy::Parents => {
            let known = |id: &TaskId| list.tasks.iter().any(|task| task.id == *id);
            let roots = list.tasks.iter().filter(|task| !task.parent.as_ref().is_some_and(known));
            let roots: Map<String, Value> =
                roots.map(|task| (task.id.to_string(), with_children(task, list, detailed))).collect();
            answer.insert("tasks".into(), roots.into());
        }
        GroupBy::Nodes => {
            let nodes: Map<String, Value> = view
                .nodes
                .iter()
                .filter_map(|node| Some((node.id.to_string(), of_node(node, list, detailed)?)))
                .collect();
            answer.insert("nodes".into(), nodes.into());
        }
    }
    Value::Object(answer)
}

fn failed(node: &str, error: &Error) -> Value {
    let mut cause = json!({"type": error.kind.row().name, "reason": error.reason});
    error.details.iter().for_each(|(key, value)| cause[key] = value.clone());
    json!({"type": "failed_node_exception", "reason": format!("Failed node [{node}]"), "node_id": node, "caused_by": cause})
}

/// A node with its tasks; `None`: it has none.
fn of_node(node: &NodeInfo, list: &TaskList, detailed: bool) -> Option<Value> {
    let own = list.tasks.iter().filter(|task| task.id.node == node.id);
    let tasks: Map<String, Value> = own.map(|task| (task.id.to_string(), shown(task, detailed))).collect();
    (!tasks.is_empty()).then(|| {
        json!({
            "name": node.name.as_ref(), "transport_address": node.transport_address, "host": node.host,
            "ip": node.transport_address, "roles": sorted(&node.roles), "attributes": node.attributes, "tasks": tasks,
        })
    })
}

/// Children lie no deeper than the nodes that conduct and the nodes that hold.
fn with_children(task: &Task, list: &TaskList, detailed: bool) -> Value {
    let mut json = shown(task, detailed);
    let own = list.tasks.iter().filter(|child| child.parent.as_ref() == Some(&task.id) && child.id != task.id);
    let children: Vec<Value> = own.map(|child| shown(child, detailed)).collect();
    if !children.is_empty() {
        json["children"] = children.into();
    }
    json
}

fn shown(task: &Task, detailed: bool) -> Value {
    let mut json = json!({
        "node": task.id.node.as_ref(), "id": task.id.number,
        "type": if task.parent.is_some() { "direct" } else { "transport" }, "action": task.action,
    });
    if let Some(progress) = task.progress.as_ref().filter(|_| detailed) {
        json["status"] = by_query::progress(&progress.1);
    }
    if detailed {
        json["description"] = task.description.as_str().into();
    }
    json["start_time_in_millis"] = task.started_ms.into();
    json["running_time_in_nanos"] = task.running_nanos.into();
    json["cancellable"] = task.cancellable.into();
    json["cancelled"] = task.cancelled.into();
    if let Some(parent) = &task.parent {
        json["parent_task_id"] = parent.to_string().into();
    }
    json["headers"] = json!({});
    json
}
