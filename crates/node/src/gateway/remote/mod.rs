//! What nodes that hold shards ask each other: phases of searches, writes, reads by id, upkeep. One message a node and phase carries all
//! its shards.
//!
//! In: a [`Message`] for a node. Out: its answer, or why there is none. A coordinator calls [`ask`]; [`routes`] says how this node answers
//! others. Requests travel as the model speaks them: each node binds them to its own mapping, once it has caught up with the metadata that
//! the asker had. Not here: the wire (`grpc`), where shards are (`gateway::holder`).

mod ahead;
pub(crate) mod contexts;
pub(super) mod get;
pub(super) mod search;
pub(super) mod suggest;
pub(super) mod terms;
pub(super) mod upkeep;
pub(super) mod write;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cluster::state::NodeId;
use grpc::call::CallError;
use grpc::channels::Ask;
use grpc::route::{Class, Router};
use model::error::{Error, ErrorKind};
use model::id::{ShardNumber, StateVersion};
use model::wire::{from_bytes, to_bytes};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use crate::core::Core;
use crate::indexes::{OpenIndex, OpenShard};

/// How long a node may be behind the metadata that a question was made with.
const BEHIND: Duration = Duration::from_secs(10);
/// How often it looks whether it still is.
const POLL: Duration = Duration::from_millis(2);

/// A question to a node that holds shards.
pub(super) trait Message: Serialize + DeserializeOwned + Send + Sync + 'static {
    const CLASS: Class;
    const KIND: &'static str;
    type Answer: Serialize + DeserializeOwned + Send;

    /// Answers it on this node. Dropped when nobody waits any more.
    fn answer(self, core: Arc<Core>) -> impl Future<Output = Result<Self::Answer, Error>> + Send;
}

/// Asks a node. Dropping the future ends the work there.
///
/// # Errors
/// Why there is no answer, or the other node's refusal.
pub(super) async fn ask<M: Message>(
    core: &Core,
    node: &NodeId,
    message: &M,
    within: Option<Duration>,
) -> Result<M::Answer, CallError> {
    let address = core.state().nodes.get(node).map(|node| node.peer_address.clone());
    let address = address.ok_or_else(|| CallError::Refused { address: format!("node {}", node.0) })?;
    let ask =
        Ask { class: M::CLASS, kind: M::KIND, within, payload: to_bytes(&Addressed { to: node, message }).into() };
    let bytes = core.peers.ask(&address, ask).await.map_err(|error| match error {
        CallError::Answered(error) if is_another(&error) => {
            CallError::NotHeard { address: address.clone(), reason: error.reason }
        }
        other => other,
    })?;
    let unreadable = |error| {
        let reason = format!("[{address}] gave an answer to [{}] that does not read: {error}", M::KIND);
        CallError::Answered(Box::new(Error::new(ErrorKind::IllegalState, reason)))
    };
    from_bytes(&bytes).map_err(unreadable)
}

/// Asks these nodes the same, this one too if it is among them; their answers, by node.
pub(super) async fn ask_each<M: Message + Clone>(
    core: &Arc<Core>,
    nodes: impl IntoIterator<Item = NodeId>,
    message: &M,
    within: Duration,
) -> BTreeMap<NodeId, Result<M::Answer, Error>>
where
    M::Answer: 'static,
{
    let mut asked = JoinSet::new();
    for node in nodes {
        let (core, message) = (core.clone(), message.clone());
        asked.spawn(async move {
            let answer = match node == core.identity.node {
                true => message.answer(core).await,
                false => ask(&core, &node, &message, Some(within)).await.map_err(Error::from),
            };
            (node, answer)
        });
    }
    let mut answers = BTreeMap::new();
    while let Some(answered) = asked.join_next().await {
        // Work that was ended has no answer.
        answers.extend(answered.ok());
    }
    answers
}

/// A question, and whom it is for: another node may have taken the address of one that is gone, and knows nothing of its shards.
#[derive(Serialize, Deserialize)]
struct Addressed<T, M> {
    to: T,
    message: M,
}

const ANOTHER: &str = "another node has this address now";

fn is_another(error: &Error) -> bool {
    error.kind == ErrorKind::NodeNotConnected && error.reason == ANOTHER
}

/// How this node answers others about its shards.
pub fn routes(core: &Arc<Core>, router: &mut Router) {
    on::<search::Count>(core, router);
    on::<search::Query>(core, router);
    on::<search::Fetch>(core, router);
    on::<search::Release>(core, router);
    on::<suggest::Tell>(core, router);
    on::<get::Get>(core, router);
    on::<terms::Terms>(core, router);
    on::<get::Explain>(core, router);
    on::<write::WriteShards>(core, router);
    on::<upkeep::Maintain>(core, router);
    on::<upkeep::Stats>(core, router);
    on::<super::tasks::Ask>(core, router);
    on::<super::tasks::Rethrottle>(core, router);
    on::<super::everywhere::Followed>(core, router);
    on::<super::nodes::Stats>(core, router);
    on::<super::nodes::Threads>(core, router);
    on::<super::recovery::Recoveries>(core, router);
    on::<super::recovery::Stores>(core, router);
    on::<super::snapshots::remote::Prove>(core, router);
    on::<super::snapshots::remote::Save>(core, router);
    super::point::routes(core, router);
}

pub(super) fn on<M: Message>(core: &Arc<Core>, router: &mut Router) {
    let core = Arc::downgrade(core);
    router.on(M::CLASS, M::KIND, move |question| {
        let core = core.upgrade();
        async move {
            let core = core.ok_or_else(|| Error::new(ErrorKind::NodeDisconnected, "the node is shutting down"))?;
            let unreadable =
                |error| Error::illegal_argument(format!("the question [{}] does not read: {error}", M::KIND));
            let _held = hold(&core, M::CLASS, question.payload.len())?;
            let Addressed::<NodeId, M> { to, message } = from_bytes(&question.payload).map_err(unreadable)?;
            drop(question);
            if to != core.identity.node {
                return Err(Error::new(ErrorKind::NodeNotConnected, ANOTHER));
            }
            message.answer(core).await.map(|answer| to_bytes(&answer))
        }
    });
}

/// Bytes of writes of other nodes that are being carried out.
#[derive(Debug, Default)]
pub(crate) struct Received(Arc<AtomicUsize>);

/// Some of them, until it is dropped.
#[derive(Debug)]
struct Held(Arc<AtomicUsize>, usize);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.fetch_sub(self.1, Ordering::Relaxed);
    }
}

/// Takes in a question, if there is room: as many bytes of writes as of clients' requests may be in flight.
///
/// # Errors
/// `rejected_execution_exception` (429).
fn hold(core: &Core, class: Class, bytes: usize) -> Result<Option<Held>, Error> {
    if class != Class::Bulk {
        return Ok(None);
    }
    let (received, limit) = (&core.received.0, core.config.max_in_flight_bytes);
    let before = received.fetch_add(bytes, Ordering::Relaxed);
    let held = Held(received.clone(), bytes);
    // One that is too large by itself is let in alone.
    if before > 0 && before + bytes > limit {
        core.pressure.primary.reject();
        let reason = format!(
            "rejected execution of writes: [{bytes}] bytes beside [{before}] of other nodes would be more than [http.max_in_flight_bytes] [{limit}]"
        );
        return Err(Error::new(ErrorKind::RejectedExecution, reason));
    }
    Ok(Some(held))
}

/// A shard that this node holds.
///
/// # Errors
/// `no_shard_available_action_exception` when it does not.
pub(super) fn held(open: &OpenIndex, number: ShardNumber) -> Result<Arc<OpenShard>, Error> {
    open.shard(number).cloned().ok_or_else(|| {
        let reason = format!("shard [{}][{number}] is not on this node", open.view().metadata.name);
        Error::new(ErrorKind::NoShardAvailable, reason)
    })
}

fn ended(error: &tokio::task::JoinError) -> Error {
    Error::new(ErrorKind::IllegalState, format!("a part of the work ended without an answer: {error}"))
}

/// Waits until this node knows the metadata that a question was made with.
///
/// # Errors
/// `illegal_state_exception` when that takes too long.
pub(super) async fn caught_up(core: &Core, version: StateVersion) -> Result<(), Error> {
    if core.state().version >= version {
        return Ok(());
    }
    let waited = async {
        while core.state().version < version {
            tokio::time::sleep(POLL).await;
        }
    };
    tokio::time::timeout(BEHIND, waited).await.map_err(|_| {
        let own = core.state().version;
        Error::new(ErrorKind::IllegalState, format!("the node knows the metadata up to version {own}, not {version}"))
    })
}
