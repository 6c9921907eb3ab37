//! What Raft agrees on: batches of commands. What it calls nodes, and what it answers.

use std::fmt;
use std::sync::Arc;

use cluster::command::Command;
use cluster::state::NodeId;
use model::error::Error;
use serde::{Deserialize, Serialize};

openraft::declare_raft_types!(
    /// How Raft's parts are chosen.
    pub(crate) Types:
        D = Batch,
        R = Outcome,
        NodeId = RaftId,
        Node = openraft::BasicNode,
);

pub(crate) type Raft = openraft::Raft<Types, super::machine::Machine>;
pub(crate) type Entry = openraft::type_config::alias::EntryOf<Types>;
pub(crate) type LogId = openraft::type_config::alias::LogIdOf<Types>;
pub(crate) type LeaderId = openraft::type_config::alias::CommittedLeaderIdOf<Types>;
pub(crate) type Vote = openraft::type_config::alias::VoteOf<Types>;
pub(crate) type StoredMembership = openraft::type_config::alias::StoredMembershipOf<Types>;
pub(crate) type SnapshotMeta = openraft::type_config::alias::SnapshotMetaOf<Types>;
pub(crate) type Snapshot = openraft::type_config::alias::SnapshotOf<Types, Vec<u8>>;

/// A node, as Raft names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct RaftId(pub(crate) NodeId);

impl fmt::Display for RaftId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.0)
    }
}

/// Commands that are carried out one after the other, each refused or done alone, by one entry of the log.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Batch(pub(crate) Arc<Vec<Command>>);

impl fmt::Display for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} commands", self.0.len())
    }
}

/// What came of each command of a batch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Outcome(pub(crate) Vec<Result<(), Error>>);

#[cfg(test)]
impl From<u64> for RaftId {
    fn from(number: u64) -> Self {
        Self(NodeId(format!("{number:04}").into()))
    }
}
