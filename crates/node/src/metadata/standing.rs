//! Who is elected, who votes, and how certain that is.

use std::collections::BTreeMap;
use std::time::Duration;

use cluster::state::NodeId;
use openraft::Instant as _;
use openraft::async_runtime::watch::WatchReceiver;

use super::types::Raft;

/// What Raft says of itself at the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub elected: Option<NodeId>,
    pub term: u64,
    pub voters: Vec<NodeId>,
    pub learners: Vec<NodeId>,
    /// Where the log says that each is.
    pub addresses: BTreeMap<NodeId, String>,
}

pub(super) fn standing(raft: &Raft) -> Standing {
    let metrics = raft.metrics();
    let metrics = metrics.borrow_watched();
    let membership = metrics.membership_config.membership();
    Standing {
        elected: metrics.current_leader.as_ref().map(|id| id.0.clone()),
        term: metrics.current_term,
        voters: membership.voter_ids().map(|id| id.0).collect(),
        learners: membership.learner_ids().map(|id| id.0).collect(),
        addresses: membership.nodes().map(|(id, node)| (id.0.clone(), node.addr.clone())).collect(),
    }
}

/// Whether this node is the elected one, as far as it knows.
pub(super) fn is_elected(raft: &Raft) -> bool {
    let metrics = raft.metrics();
    let metrics = metrics.borrow_watched();
    metrics.current_leader.as_ref() == Some(&metrics.id)
}

/// How long ago a majority last heard this node as the elected one; `None`: never, or another is elected.
pub(super) fn confirmed(raft: &Raft) -> Option<Duration> {
    let metrics = raft.metrics();
    let metrics = metrics.borrow_watched();
    metrics.current_leader.as_ref().filter(|leader| **leader == metrics.id)?;
    if metrics.membership_config.membership().voter_ids().eq([metrics.id.clone()]) {
        return Some(Duration::ZERO);
    }
    metrics.last_quorum_acked.as_ref().map(|acked| acked.elapsed())
}
