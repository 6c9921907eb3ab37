//! What another node keeps for a search between its phases: fetched from once, or let go when the search ends without.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use cluster::state::NodeId;
use model::error::Error;
use parking_lot::Mutex;
use search::shard_query::DocAddress;
use shard::fetch::Fetched;

use crate::core::Core;
use crate::gateway::remote::{self, search::Fetch, search::Release};

/// How long letting go may take; who does not hear it forgets by itself.
const RELEASE: Duration = Duration::from_secs(5);
/// How long one that is let go waits for the next question to its node.
const SOON: Duration = Duration::from_millis(100);

/// A context of another node.
pub(in crate::gateway) struct Borrowed {
    core: Weak<Core>,
    node: NodeId,
    context: u64,
    /// The places in the plan of the shards that the node was asked for, in their order.
    slots: Vec<usize>,
    forgotten: AtomicBool,
}

impl Borrowed {
    pub(super) fn new(core: &Arc<Core>, node: NodeId, (context, slots): (u64, Vec<usize>)) -> Arc<Self> {
        Arc::new(Self { core: Arc::downgrade(core), node, context, slots, forgotten: AtomicBool::new(false) })
    }

    /// Whether both are one context.
    pub(super) fn is(self: &Arc<Self>, other: &Arc<Self>) -> bool {
        Arc::ptr_eq(self, other)
    }

    /// Fetches winners of several shards, each by its place in the plan. `within`: how long that may take.
    pub(super) async fn fetch(
        self: Arc<Self>,
        core: Arc<Core>,
        wanted: Vec<(usize, Vec<DocAddress>)>,
        within: Option<Duration>,
    ) -> Result<Vec<Result<Vec<Fetched>, Error>>, Error> {
        let place = |slot: usize| self.slots.iter().position(|known| *known == slot).map_or(u32::MAX, |at| at as u32);
        let shards = wanted.into_iter().map(|(slot, addresses)| (place(slot), addresses)).collect();
        let fetched = remote::ask(&core, &self.node, &Fetch { context: self.context, shards }, within).await?;
        // Whatever it answered, it has forgotten the context.
        self.forgotten.store(true, Ordering::Relaxed);
        Ok(fetched)
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        if self.forgotten.load(Ordering::Relaxed) {
            return;
        }
        let (core, runtime) = (self.core.upgrade(), tokio::runtime::Handle::try_current());
        if let (Some(core), Ok(runtime)) = (core, runtime)
            && core.released.add(&self.node, self.context)
        {
            runtime.spawn(tell_soon(self.core.clone(), self.node.clone()));
        }
    }
}

/// Contexts of other nodes that were let go: their nodes hear of them with the next question, or soon without one.
#[derive(Default)]
pub(crate) struct Released(Mutex<BTreeMap<NodeId, Untold>>);

#[derive(Default)]
struct Untold {
    contexts: Vec<u64>,
    /// Somebody will tell them soon.
    is_timed: bool,
}

impl Released {
    /// Whether somebody is to tell it soon.
    fn add(&self, node: &NodeId, context: u64) -> bool {
        let mut released = self.0.lock();
        let untold = released.entry(node.clone()).or_default();
        untold.contexts.push(context);
        !std::mem::replace(&mut untold.is_timed, true)
    }

    /// What is to be told with a question.
    pub(super) fn take(&self, node: &NodeId) -> Vec<u64> {
        self.0.lock().get_mut(node).map(|untold| std::mem::take(&mut untold.contexts)).unwrap_or_default()
    }

    /// What was not told with a question.
    fn end(&self, node: &NodeId) -> Vec<u64> {
        self.0.lock().remove(node).unwrap_or_default().contexts
    }
}

async fn tell_soon(core: Weak<Core>, node: NodeId) {
    tokio::time::sleep(SOON).await;
    let Some(core) = core.upgrade() else { return };
    let contexts = core.released.end(&node);
    if !contexts.is_empty() {
        // A node that does not hear it forgets the contexts by itself.
        let _ = remote::ask(&core, &node, &Release(contexts), Some(RELEASE)).await;
    }
}
