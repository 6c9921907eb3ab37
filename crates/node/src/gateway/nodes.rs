//! What nodes say of themselves: this one, and the others when they are asked. A node that does not answer is left out.

use std::sync::Arc;
use std::time::Duration;

use cluster::state::NodeId;
use grpc::route::Class;
use model::admin::NodeStats;
use model::error::{Error, ErrorKind};
use model::task::HotThreads;
use serde::{Deserialize, Serialize};

use super::remote::{self, Message};
use super::stats;
use crate::core::Core;
use crate::process::busy_threads;

/// How long another node may take, beside what it is asked to take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Counts of a node.
#[derive(Clone, Debug, Serialize, Deserialize)]
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
#[derive(Clone, Debug, Serialize, Deserialize)]
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
    let others: Vec<NodeId> = core.state().nodes.keys().filter(|id| **id != core.identity.node).cloned().collect();
    let (own, others) = tokio::join!(own_stats(core), remote::ask_each(core, others, &Stats, PATIENCE));
    let mut all = vec![own?];
    all.extend(others.into_values().filter_map(Result::ok));
    let elected = super::cluster::elected(core);
    all.iter_mut().for_each(|one| one.node.master = Some(&one.node.id) == elected.as_ref());
    Ok(all)
}

/// Of the nodes that are named and answer, with their ids.
pub(super) async fn hot_threads(
    core: &Arc<Core>,
    nodes: Vec<Arc<str>>,
    request: HotThreads,
) -> Vec<(Arc<str>, String)> {
    let within = PATIENCE + Duration::from_millis(request.interval_ms);
    let told = remote::ask_each(core, nodes.into_iter().map(NodeId), &Threads(request), within).await;
    told.into_iter().filter_map(|(node, told)| Some((node.0, told.ok()?))).collect()
}

/// Beside the pools, so that none of them counts this.
async fn own_stats(core: &Arc<Core>) -> Result<NodeStats, Error> {
    let core = core.clone();
    off(move || stats::node_stats(&core)).await
}

async fn own_threads(request: HotThreads) -> Result<String, Error> {
    off(move || busy_threads(Duration::from_millis(request.interval_ms), request.threads, request.kind)).await
}

async fn off<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|e| Error::new(ErrorKind::IllegalState, e.to_string()))
}
