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

/// How far this node is, as numbers for those who watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Figures {
    pub(crate) is_elected: bool,
    /// Newest entry of the log; 0: none.
    pub(crate) log_index: u64,
    /// Newest entry that was applied; 0: none.
    pub(crate) applied_index: u64,
    pub(crate) state_version: u64,
}

pub(super) fn figures(raft: &Raft, state_version: u64) -> Figures {
    let metrics = raft.metrics();
    let metrics = metrics.borrow_watched();
    Figures {
        is_elected: metrics.current_leader.as_ref() == Some(&metrics.id),
        log_index: metrics.last_log_index.unwrap_or(0),
        applied_index: metrics.last_applied.as_ref().map_or(0, |applied| applied.index),
        state_version,
    }
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
