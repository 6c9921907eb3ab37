//! What nodes say of themselves: this one, and the others when they are asked. A node that does not answer is left out.

use std::sync::Arc;
use std::time::Duration;

use cluster::state::NodeId;
use grpc::route::Class;
use model::admin::{HotThreads, NodeStats};
use model::error::{Error, ErrorKind};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use super::remote::{self, Message};
use super::stats;
use crate::core::Core;
use crate::process::busy_threads;

/// How long another node may take, beside what it is asked to take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Counts of a node.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Stats;

impl Message for Stats {
    const CLASS: Class = Class::Control;
    const KIND: &'static str = "node.stats";
    type Answer = NodeStats;

    async fn answer(self, core: Arc<Core>) -> Result<NodeStats, Error> {
        own_stats(&core).await
    }
}

/// The busiest threads of a node.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Threads(HotThreads);

impl Message for Threads {
    const CLASS: Class = Class::Control;
    const KIND: &'static str = "node.threads";
    type Answer = String;

    async fn answer(self, _: Arc<Core>) -> Result<String, Error> {
        own_threads(self.0).await
    }
}

/// Of every node that answers, this one first.
pub(super) async fn stats(core: &Arc<Core>) -> Result<Vec<NodeStats>, Error> {
    let mut others = JoinSet::new();
    for node in others_of(core) {
        let core = core.clone();
        others.spawn(async move { remote::ask(&core, &node, &Stats, Some(PATIENCE)).await.ok() });
    }
    let mut all = vec![own_stats(core).await?];
    while let Some(answered) = others.join_next().await {
        all.extend(answered.ok().flatten());
    }
    all[1..].sort_by(|a, b| a.node.id.cmp(&b.node.id));
    let elected = super::cluster::elected(core);
    all.iter_mut().for_each(|one| one.node.master = Some(&one.node.id) == elected.as_ref());
    Ok(all)
}

/// Of the nodes that are named, with their ids.
pub(super) async fn hot_threads(
    core: &Arc<Core>,
    nodes: Vec<Arc<str>>,
    request: HotThreads,
) -> Result<Vec<(Arc<str>, String)>, Error> {
    let mut asked = JoinSet::new();
    for id in nodes {
        let (core, own) = (core.clone(), id == core.identity.node.0);
        asked.spawn(async move {
            let told = if own {
                own_threads(request).await.ok()
            } else {
                let within = PATIENCE + Duration::from_millis(request.interval_ms);
                remote::ask(&core, &NodeId(id.clone()), &Threads(request), Some(within)).await.ok()
            };
            told.map(|told| (id, told))
        });
    }
    let mut all = Vec::new();
    while let Some(answered) = asked.join_next().await {
        all.extend(answered.ok().flatten());
    }
    all.sort();
    Ok(all)
}

fn others_of(core: &Core) -> Vec<NodeId> {
    core.state().nodes.keys().filter(|id| **id != core.identity.node).cloned().collect()
}

/// Beside the pools, so that none of them counts this.
async fn own_stats(core: &Arc<Core>) -> Result<NodeStats, Error> {
    let core = core.clone();
    off(move || stats::node_stats(&core)).await
}

async fn own_threads(request: HotThreads) -> Result<String, Error> {
    off(move || busy_threads(Duration::from_millis(request.interval_ms), request.threads)).await
}

async fn off<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|e| Error::new(ErrorKind::IllegalState, e.to_string()))
}
