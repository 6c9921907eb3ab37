//! What a snapshot is made of, shard by shard.

use std::sync::Arc;

use model::id::ShardNumber;
use model::snapshot::{ShardStage, ShardStatus, SnapshotInfo, SnapshotState, SnapshotStatus};

use super::info;
use crate::core::Core;
use crate::repository::{Manifest, SavedIndex, SavedShard};

pub(super) fn of(core: &Core, manifest: &Manifest) -> SnapshotStatus {
    let info = info(core, manifest);
    let shards = |(name, index): (&Arc<str>, &SavedIndex)| {
        let numbered = (0..).map(ShardNumber).zip(&index.shards);
        (name.clone(), numbered.map(|(number, saved)| shard(&info, (name, number), saved.as_ref())).collect())
    };
    let indexes = manifest.indexes.iter().map(shards).collect();
    SnapshotStatus { info, indexes }
}

fn shard(info: &SnapshotInfo, (name, number): (&Arc<str>, ShardNumber), saved: Option<&SavedShard>) -> ShardStatus {
    let failure = info.failures.iter().find(|failure| failure.index == *name && failure.shard == number);
    let stage = match saved {
        Some(_) => ShardStage::Done,
        None if failure.is_none() && info.state == SnapshotState::InProgress => ShardStage::Started,
        None => ShardStage::Failure,
    };
    ShardStatus {
        number,
        stage,
        incremental: saved.map(|saved| saved.written).unwrap_or_default(),
        total: saved.map(SavedShard::total).unwrap_or_default(),
        start_ms: saved.map_or(info.start_ms, |saved| saved.start_ms),
        took_ms: saved.map_or(0, |saved| saved.took_ms),
        node: failure.and_then(|failure| failure.node.clone()),
        reason: failure.map(|failure| failure.reason.clone()),
    }
}
