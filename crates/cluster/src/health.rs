//! Which shard copies there are and should be, and what that makes of an index' health.

use std::sync::Arc;

use model::admin::{HealthStatus, IndexHealth, ShardInfo, ShardState};
use model::id::ShardNumber;

use crate::state::{AllocationId, Copy, IndexMetadata, ShardTable, State};

/// Health of one index.
pub fn index_health(index: &IndexMetadata) -> IndexHealth {
    let typed = index.settings.typed();
    IndexHealth { name: index.name.clone(), shards: typed.shards, replicas: typed.replicas, copies: copies(index) }
}

/// The worst of all open indexes; green when there is none.
pub fn cluster_status(state: &State) -> HealthStatus {
    let statuses = state.indexes.values().map(|index| index_health(index).status());
    statuses.max().unwrap_or(HealthStatus::Green)
}

/// Every copy that an index should have, primaries first, shard by shard.
pub fn copies(index: &IndexMetadata) -> Vec<ShardInfo> {
    let mut copies = Vec::new();
    for (number, table) in (0..).map(ShardNumber).zip(&index.shards) {
        copies.push(match table.primary() {
            Some((id, copy)) => assigned(number, table, id, copy),
            None => unassigned(number, table, true),
        });
        let replicas = index.settings.typed().replicas as usize;
        let there = table.copies.iter().filter(|(_, copy)| !copy.primary).take(replicas);
        let before = copies.len();
        copies.extend(there.map(|(id, copy)| assigned(number, table, id, copy)));
        let missing = replicas - (copies.len() - before);
        copies.extend((0..missing).map(|_| unassigned(number, table, false)));
    }
    copies
}

fn assigned(number: ShardNumber, table: &ShardTable, id: &AllocationId, copy: &Copy) -> ShardInfo {
    ShardInfo {
        number,
        primary: copy.primary,
        state: if copy.started { ShardState::Started } else { ShardState::Initializing },
        node: Some(copy.node.0.clone()),
        allocation_id: Some(id.0.clone()),
        primary_term: table.term,
        reason: None,
    }
}

fn unassigned(number: ShardNumber, table: &ShardTable, primary: bool) -> ShardInfo {
    let created = if table.in_sync.is_empty() { "INDEX_CREATED" } else { "CLUSTER_RECOVERED" };
    let reason = match &table.failure {
        Some(failure) if primary => failure.clone(),
        _ if primary => created.to_owned(),
        _ => "INDEX_CREATED".to_owned(),
    };
    let (node, allocation_id): (Option<Arc<str>>, Option<Arc<str>>) = (None, None);
    ShardInfo {
        number,
        primary,
        state: ShardState::Unassigned,
        node,
        allocation_id,
        primary_term: table.term,
        reason: Some(reason),
    }
}
