//! The tasks of all nodes: listed, and ended.

use std::sync::Arc;
use std::time::Duration;

use cluster::resolve::{Options, resolve};
use cluster::state::NodeId;
use grpc::route::Class;
use model::by_query::Kind;
use model::error::{Error, ErrorKind};
use model::target::Target;
use model::task::{Job, Outcome, Task, TaskFilter, TaskId, TaskList};
use serde::{Deserialize, Serialize};

use super::NodeGateway;
use super::remote::{self, Message};
use crate::core::Core;
use crate::tasks::Begun;

/// How long a node may take to say what it does.
const WITHIN: Duration = Duration::from_secs(5);

/// What another node is asked about its tasks.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Ask {
    filter: TaskFilter,
    cancel: bool,
}

impl Message for Ask {
    const CLASS: Class = Class::Control;
    const KIND: &'static str = "tasks";
    type Answer = Vec<Task>;

    async fn answer(self, core: Arc<Core>) -> Result<Vec<Task>, Error> {
        here(&core, &self)
    }
}

pub(super) async fn list(core: &Arc<Core>, filter: TaskFilter) -> Result<TaskList, Error> {
    let (action, description) = ("cluster:monitor/tasks/lists", String::new());
    let _task = core.tasks.begin(Begun { action, description, parent: None, cancellable: false });
    each(core, Ask { filter, cancel: false }).await
}

/// Has a job go on by itself.
pub(super) fn start(door: &NodeGateway, job: Job) -> TaskId {
    let begun = Begun { action: job.action(), description: job.description(), parent: None, cancellable: false };
    let (task, door) = (door.core.tasks.begin(begun), door.clone());
    let id = task.id();
    tokio::spawn(async move {
        let outcome = match job {
            Job::ForceMerge(asked) => super::maintenance::force_merge(&door.core, asked).await.map(Outcome::Shards),
            Job::Open(target) => open(&door, target).await,
            Job::Resize(asked) => super::resize::resize(&door, *asked)
                .await
                .map(|made| Outcome::Acknowledged { shards: made.shards_acknowledged, index: Some(made.name) }),
        };
        task.finish(outcome);
    });
    id
}

/// Opens indexes; whether their primaries serve then.
async fn open(door: &NodeGateway, target: Target) -> Result<Outcome, Error> {
    let found = resolve(&door.core.state(), &target, Options::open_and_closed())?;
    super::indexes::open(door, target).await?;
    let state = door.core.state();
    let opened = found.iter().filter_map(|found| state.index_by_uuid(&found.index.uuid));
    let mut tables = opened.flat_map(|index| &index.shards);
    let shards = tables.all(|table| table.primary().is_some_and(|(_, copy)| copy.started));
    Ok(Outcome::Acknowledged { shards, index: None })
}

pub(super) async fn cancel(core: &Arc<Core>, filter: TaskFilter) -> Result<TaskList, Error> {
    each(core, Ask { filter, cancel: true }).await
}

fn here(core: &Core, ask: &Ask) -> Result<Vec<Task>, Error> {
    if ask.cancel {
        return core.tasks.cancel(&ask.filter);
    }
    let mut found = core.tasks.list(&ask.filter);
    if let Some(id) = ask.filter.id.as_ref().filter(|_| found.is_empty()) {
        found.extend(core.tasks.finished(id.number));
    }
    Ok(found)
}

/// Asks every node that may have such tasks.
async fn each(core: &Arc<Core>, ask: Ask) -> Result<TaskList, Error> {
    let state = core.state();
    let mut list = TaskList::default();
    let wanted: Vec<NodeId> = match &ask.filter.id {
        Some(id) => {
            if !state.nodes.keys().any(|node| node.0 == id.node) {
                let error = Error::new(ErrorKind::NoSuchNode, format!("No such node [{}]", id.node));
                list.failures.push((id.node.clone(), error.with_detail("node_id", &*id.node)));
            }
            state.nodes.keys().filter(|node| node.0 == id.node).cloned().collect()
        }
        None => {
            let means = |node: &&NodeId| ask.filter.nodes.as_ref().is_none_or(|nodes| nodes.contains(&node.0));
            state.nodes.keys().filter(means).cloned().collect()
        }
    };
    for (node, answer) in remote::ask_each(core, wanted, &ask, WITHIN).await {
        match answer {
            Ok(tasks) => list.tasks.extend(tasks),
            Err(error) => list.failures.push((node.0, error)),
        }
    }
    list.tasks.sort_by(|a, b| a.id.cmp(&b.id));
    list.failures.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(list)
}

/// Has a task of another node go at another pace.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Rethrottle {
    id: TaskId,
    kind: Kind,
    requests_per_second: Option<f32>,
}

impl Message for Rethrottle {
    const CLASS: Class = Class::Control;
    const KIND: &'static str = "tasks.rethrottle";
    type Answer = Vec<Task>;

    async fn answer(self, core: Arc<Core>) -> Result<Vec<Task>, Error> {
        let missing = || Error::new(ErrorKind::ResourceNotFound, format!("task [{}] is missing", self.id));
        let work = core.tasks.work(self.id.number, self.kind).ok_or_else(missing)?;
        work.rethrottle(self.requests_per_second);
        let filter = TaskFilter { id: Some(self.id.clone()), ..TaskFilter::default() };
        Ok(core.tasks.list(&filter))
    }
}

pub(super) async fn rethrottle(
    core: &Arc<Core>,
    id: TaskId,
    kind: Kind,
    requests_per_second: Option<f32>,
) -> Result<TaskList, Error> {
    let node = NodeId(id.node.clone());
    let message = Rethrottle { id, kind, requests_per_second };
    let answer = if node == core.identity.node {
        message.answer(core.clone()).await
    } else if core.state().nodes.contains_key(&node) {
        remote::ask(core, &node, &message, Some(WITHIN)).await.map_err(Error::from)
    } else {
        Err(Error::new(ErrorKind::NoSuchNode, format!("No such node [{}]", node.0)))
    };
    let mut list = TaskList::default();
    match answer {
        Ok(tasks) => list.tasks = tasks,
        Err(error) => list.failures.push((node.0, error)),
    }
    Ok(list)
}
