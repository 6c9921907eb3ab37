//! Which node gets which shard.
//!
//! In: the metadata, and [`Facts`] that are no part of it (time, space on disks). Out: commands ([`planner`]), or why a shard is where it
//! is ([`explain()`]). Nodes are weighed by how many shards they have, of all indexes and of the one in question; what a node may have is for
//! the [`deciders`]. Not here: how a copy comes to have what the others have (`replication`).

mod balance;
pub mod deciders;
mod explain;
mod flood_stage;
mod moves;
mod planner;
mod rebalance;
mod replicas;
mod reroute;
mod rules;
mod view;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use model::id::ShardId;

use crate::state::NodeId;

pub use explain::{Explanation, Movement, NodeDecision, explain};
pub use planner::{assignment, planner};
pub use reroute::{Granted, Refusal, reroute};
pub use rules::{AllowRebalance, Enable, Rebalance, Rules, check, check_value};
pub use view::{Subject, View};

/// What is known of the world at the moment, and is not agreed upon.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    pub now_ms: u64,
    /// Of the disks that hold the nodes' data; missing: nothing is known of that node.
    pub disks: BTreeMap<NodeId, Disk>,
    /// Bytes that a shard takes.
    pub shard_bytes: BTreeMap<ShardId, u64>,
    /// Nodes that have data of a shard, whatever they are worth; known only where an operator wants them.
    pub data: BTreeMap<ShardId, BTreeSet<NodeId>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Disk {
    pub total_bytes: u64,
    pub available_bytes: u64,
}

impl Disk {
    /// From 0 to 100; of nothing, all is used.
    pub fn used_percent(&self) -> f64 {
        100.0 - self.free_percent()
    }

    pub fn free_percent(&self) -> f64 {
        if self.total_bytes == 0 { 0.0 } else { self.available_bytes as f64 / self.total_bytes as f64 * 100.0 }
    }
}

/// A decider's answer, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub answer: Answer,
    pub reason: Cow<'static, str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    Yes,
    /// Later.
    Throttle,
    No,
}

impl Answer {
    /// `YES` ..
    pub fn name(self) -> &'static str {
        match self {
            Self::Yes => "YES",
            Self::Throttle => "THROTTLE",
            Self::No => "NO",
        }
    }
}

impl Verdict {
    pub(crate) fn yes(reason: impl Into<Cow<'static, str>>) -> Self {
        Self { answer: Answer::Yes, reason: reason.into() }
    }

    pub(crate) fn throttle(reason: impl Into<Cow<'static, str>>) -> Self {
        Self { answer: Answer::Throttle, reason: reason.into() }
    }

    pub(crate) fn no(reason: impl Into<Cow<'static, str>>) -> Self {
        Self { answer: Answer::No, reason: reason.into() }
    }
}
