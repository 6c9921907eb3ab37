//! What is asked of and said about where shard copies lie.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::admin::{ShardState, UnassignedInfo};

/// `_cluster/allocation/explain`: of one copy, or of the first that is not assigned.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExplainAllocation {
    pub shard: Option<ExplainShard>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ExplainShard {
    pub index: String,
    pub number: u32,
    /// The primary; otherwise a replica, one that is not assigned before others.
    pub primary: bool,
    /// The copy on this node, by identity or name.
    pub current_node: Option<String>,
}

/// Why a copy is where it is, or is nowhere.
#[derive(Clone, Debug, PartialEq)]
pub struct AllocationExplanation {
    pub index: Arc<str>,
    pub number: u32,
    pub primary: bool,
    pub state: ShardState,
    pub unassigned: Option<UnassignedInfo>,
    /// Where it is, and that node's place among all by weight, from 1.
    pub node: Option<Arc<str>>,
    pub rank: Option<u32>,
    /// The shard's data lie on nodes that are away.
    pub data_away: bool,
    /// Of a copy whose node has left, while it is waited for: how long it is, and for how long still; milliseconds.
    pub delay_ms: Option<(u64, u64)>,
    /// Of a copy that serves.
    pub movement: Option<Movement>,
    /// The nodes that may hold shards, the one that it would burden least first; without the one where the copy serves.
    pub nodes: Vec<NodeDecision>,
    /// What is known of disks.
    pub disks: Vec<NodeDisk>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct NodeDecision {
    pub node: Arc<str>,
    /// Its place by weight, from 1.
    pub rank: u32,
    pub decision: Decision,
    /// The node has the shard's data.
    pub in_sync: bool,
    /// Nodes would be more alike if a copy that serves were there.
    pub improves: bool,
    pub deciders: Vec<DeciderVerdict>,
}

/// What is said of a copy that serves where it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Movement {
    /// Whether it may stay, decider by decider.
    pub stays: Vec<DeciderVerdict>,
    /// Whether it may go elsewhere for the sake of balance.
    pub rebalances: Vec<DeciderVerdict>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct DeciderVerdict {
    pub decider: &'static str,
    pub decision: Decision,
    pub explanation: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Decision {
    Yes,
    Throttle,
    No,
}

impl Decision {
    /// `YES` ..
    pub fn name(self) -> &'static str {
        match self {
            Self::Yes => "YES",
            Self::Throttle => "THROTTLE",
            Self::No => "NO",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct NodeDisk {
    pub node: Arc<str>,
    pub path: String,
    pub total_bytes: u64,
    pub free_bytes: u64,
}

/// `_cluster/reroute`: commands of an operator, carried out in order, all or none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reroute {
    pub commands: Vec<RerouteCommand>,
    /// Nothing is changed.
    pub dry_run: bool,
    /// A command that cannot be carried out is explained and left out, rather than refused.
    pub explain: bool,
}

/// Nodes by identity, name or address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum RerouteCommand {
    Move { index: String, shard: u32, from_node: String, to_node: String },
    Cancel { index: String, shard: u32, node: String, allow_primary: bool },
    AllocateReplica { index: String, shard: u32, node: String },
    AllocateEmptyPrimary { index: String, shard: u32, node: String, accept_data_loss: bool },
    AllocateStalePrimary { index: String, shard: u32, node: String, accept_data_loss: bool },
}

impl RerouteCommand {
    /// `move`, `cancel` ..
    pub fn name(&self) -> &'static str {
        match self {
            Self::Move { .. } => "move",
            Self::Cancel { .. } => "cancel",
            Self::AllocateReplica { .. } => "allocate_replica",
            Self::AllocateEmptyPrimary { .. } => "allocate_empty_primary",
            Self::AllocateStalePrimary { .. } => "allocate_stale_primary",
        }
    }
}

/// What came of one command of [`Reroute`].
#[derive(Clone, Debug, PartialEq)]
pub struct RerouteExplanation {
    pub command: RerouteCommand,
    pub decisions: Vec<DeciderVerdict>,
}

/// `_cluster/voting_config_exclusions`
#[derive(Clone, Debug, PartialEq)]
pub enum VotingExclusions {
    /// One of the lists is empty.
    Add { ids: Vec<String>, names: Vec<String>, timeout_ms: u64 },
    /// `wait_for_removal`: only when the nodes have left.
    Clear { wait_for_removal: bool, timeout_ms: u64 },
}
