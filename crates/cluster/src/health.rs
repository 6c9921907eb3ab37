//! Which shard copies there are and should be, and what that makes of an index' health.

use model::admin::{HealthStatus, IndexHealth, ShardInfo, ShardState, UnassignedInfo};
use model::id::{AllocationId, ShardNumber};

use crate::state::{Copy, IndexMetadata, ShardTable, State, Unassigned, UnassignedReason};

/// Health of one index. `now_ms`: whether a node that has left is still waited for.
pub fn index_health(index: &IndexMetadata, now_ms: u64) -> IndexHealth {
    let typed = index.settings.typed();
    IndexHealth {
        name: index.name.clone(),
        shards: typed.shards,
        replicas: typed.replicas,
        copies: copies(index, now_ms),
    }
}

/// The worst of all open indexes; green when there is none.
pub fn cluster_status(state: &State) -> HealthStatus {
    let statuses = state.indexes.values().map(|index| index_health(index, 0).status());
    statuses.max().unwrap_or(HealthStatus::Green)
}

/// Every copy that an index should have, primaries first, shard by shard.
pub fn copies(index: &IndexMetadata, now_ms: u64) -> Vec<ShardInfo> {
    let mut copies = Vec::new();
    let unassigned = |number, table, replica| unassigned(index, (number, table), replica, now_ms);
    for (number, table) in (0..).map(ShardNumber).zip(&index.shards) {
        copies.push(match table.primary() {
            Some((id, copy)) => assigned(number, table, id, copy),
            None => unassigned(number, table, None),
        });
        let replicas = index.settings.typed().replicas as usize;
        let before = copies.len();
        copies.extend(table.replicas().take(replicas).map(|(id, copy)| assigned(number, table, id, copy)));
        let missing = replicas - (copies.len() - before);
        copies.extend((0..missing).map(|at| unassigned(number, table, Some(at))));
    }
    copies
}

/// How many copies of a shard serve.
pub fn active(table: &ShardTable) -> u32 {
    table.started().count() as u32
}

fn assigned(number: ShardNumber, table: &ShardTable, id: &AllocationId, copy: &Copy) -> ShardInfo {
    let target = table.copies.values().find(|other| other.replaces.as_ref() == Some(id));
    ShardInfo {
        number,
        primary: copy.primary,
        state: match (target, copy.started) {
            (Some(_), true) => ShardState::Relocating,
            (None, true) => ShardState::Started,
            (_, false) => ShardState::Initializing,
        },
        node: Some(copy.node.0.clone()),
        relocating_node: target.map(|target| target.node.0.clone()),
        allocation_id: Some(id.0.clone()),
        primary_term: table.term,
        unassigned: None,
    }
}

/// `replica`: which of those that are missing; `None`: the primary.
fn unassigned(
    index: &IndexMetadata,
    (number, table): (ShardNumber, &ShardTable),
    replica: Option<usize>,
    now_ms: u64,
) -> ShardInfo {
    let primary = replica.is_none();
    let why = replica.map_or_else(|| table.unassigned.clone(), |at| table.missing.get(at).cloned());
    let why = why.unwrap_or(Unassigned::new(UnassignedReason::IndexCreated, index.creation_date_ms));
    let fresh = table.in_sync.is_empty();
    let status = match (primary, fresh) {
        (false, _) => "no_attempt",
        (true, true) => "deciders_no",
        (true, false) => "no_valid_shard_copy",
    };
    ShardInfo {
        number,
        primary,
        state: ShardState::Unassigned,
        node: None,
        relocating_node: None,
        allocation_id: None,
        primary_term: table.term,
        unassigned: Some(UnassignedInfo {
            delayed: index.delayed_until(&why).is_some_and(|until| until > now_ms),
            reason: why.reason.name(),
            at_ms: why.at_ms,
            details: why.details,
            failed_attempts: why.failed_attempts,
            status,
            fresh,
        }),
    }
}
