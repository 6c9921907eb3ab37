//! Snapshots: what they hold, what they are made of, what came back.

use model::snapshot::{
    Files, Restored, ShardCounts, ShardStage, ShardStatus, SnapshotFailure, SnapshotInfo, SnapshotState, SnapshotStatus,
};
use serde_json::{Map, Value, json};

use super::instant;

/// With times, counts and failures. `version`: as clients are told it.
pub(crate) fn whole(info: &SnapshotInfo, version: &str) -> Value {
    let mut shown = Map::new();
    let mut put = |key: &str, value: Value| drop(shown.insert(key.to_owned(), value));
    put("snapshot", info.name.as_ref().into());
    put("uuid", info.uuid.as_ref().into());
    put("version_id", version_id(version).into());
    put("version", version.into());
    put("remote_store_index_shallow_copy", false.into());
    put("indices", names(&info.indexes));
    put("data_streams", names(&info.data_streams));
    put("include_global_state", info.include_global_state.into());
    if let Some(metadata) = &info.metadata {
        put("metadata", metadata.clone());
    }
    put("state", info.state.name().into());
    if let Some(reason) = &info.reason {
        put("reason", reason.as_str().into());
    }
    // One that goes on has no end yet, which is shown as the beginning of time.
    let end_ms = info.end_ms.unwrap_or(0);
    put("start_time", instant(info.start_ms).into());
    put("start_time_in_millis", info.start_ms.into());
    put("end_time", instant(end_ms).into());
    put("end_time_in_millis", end_ms.into());
    put("duration_in_millis", end_ms.saturating_sub(info.start_ms).into());
    put("failures", info.failures.iter().map(failure).collect());
    put("shards", counts(&info.shards));
    shown.into()
}

/// What is known without reading the snapshot itself.
pub(crate) fn brief(info: &SnapshotInfo) -> Value {
    let mut indexes = info.indexes.clone();
    indexes.sort();
    json!({
        "snapshot": info.name.as_ref(), "uuid": info.uuid.as_ref(), "indices": names(&indexes),
        "data_streams": names(&info.data_streams), "state": info.state.name(),
    })
}

fn names(names: &[std::sync::Arc<str>]) -> Value {
    names.iter().map(|name| Value::from(name.as_ref())).collect()
}

fn counts(shards: &ShardCounts) -> Value {
    json!({"total": shards.total, "failed": shards.failed, "successful": shards.successful})
}

fn failure(failure: &SnapshotFailure) -> Value {
    let mut shown = json!({
        "index": failure.index.as_ref(), "index_uuid": failure.index_uuid.as_ref(), "shard_id": failure.shard.0,
        "reason": failure.reason,
    });
    if let Some(node) = &failure.node {
        shown["node_id"] = node.as_ref().into();
    }
    shown["status"] = "INTERNAL_SERVER_ERROR".into();
    shown
}

/// `3.4.0` as OpenSearch keeps it: two digits a part, `99` for a release, and a bit that says whose version it is.
fn version_id(version: &str) -> u64 {
    const OPENSEARCH: u64 = 0x0800_0000;
    const RELEASE: u64 = 99;
    let mut parts = version.split('.').map(|part| part.parse::<u64>().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    let (major, minor, patch) = (next(), next(), next());
    (major * 1_000_000 + minor * 10_000 + patch * 100 + RELEASE) ^ OPENSEARCH
}

pub(crate) fn restored(restored: &Restored) -> Value {
    json!({"snapshot": {
        "snapshot": restored.snapshot, "indices": names(&restored.indexes), "shards": counts(&restored.shards),
    }})
}

/// Counts of shards and files: of the whole, of its indexes, of their shards.
pub(crate) fn status(repository: &str, status: &SnapshotStatus) -> Value {
    let info = &status.info;
    let all: Vec<&ShardStatus> = status.indexes.values().flatten().collect();
    let mut indexes = Map::new();
    for (name, shards) in &status.indexes {
        let of_index: Vec<&ShardStatus> = shards.iter().collect();
        let each: Map<String, Value> = shards.iter().map(|shard| (shard.number.to_string(), one(shard))).collect();
        let shown =
            json!({"shards_stats": stages(&of_index), "stats": stats(&of_index, span(&of_index)), "shards": each});
        indexes.insert(name.to_string(), shown);
    }
    let (start, took) = span(&all);
    let so_far = (start + took).saturating_sub(info.start_ms);
    let took = info.end_ms.map_or(so_far, |end| end.saturating_sub(info.start_ms));
    let state = if info.state == SnapshotState::InProgress { "STARTED" } else { info.state.name() };
    json!({
        "snapshot": info.name.as_ref(), "repository": repository, "uuid": info.uuid.as_ref(), "state": state,
        "include_global_state": info.include_global_state, "shards_stats": stages(&all),
        "stats": stats(&all, (info.start_ms, took)), "indices": indexes,
    })
}

fn one(shard: &ShardStatus) -> Value {
    let mut shown = json!({
        "stage": stage(shard.stage), "stats": stats(&[shard], (shard.start_ms, shard.took_ms)),
    });
    if let Some(node) = &shard.node {
        shown["node"] = node.as_ref().into();
    }
    if let Some(reason) = &shard.reason {
        shown["reason"] = reason.as_str().into();
    }
    shown
}

fn stage(stage: ShardStage) -> &'static str {
    match stage {
        ShardStage::Started => "STARTED",
        ShardStage::Done => "DONE",
        ShardStage::Failure => "FAILURE",
    }
}

fn stages(shards: &[&ShardStatus]) -> Value {
    let count = |stage| shards.iter().filter(|shard| shard.stage == stage).count();
    json!({
        "initializing": 0, "started": count(ShardStage::Started), "finalizing": 0, "done": count(ShardStage::Done),
        "failed": count(ShardStage::Failure), "total": shards.len(),
    })
}

/// From when the first began, and how long until the last was done.
fn span(shards: &[&ShardStatus]) -> (u64, u64) {
    let start = shards.iter().map(|shard| shard.start_ms).min().unwrap_or(0);
    let end = shards.iter().map(|shard| shard.start_ms + shard.took_ms).max().unwrap_or(0);
    (start, end - start)
}

fn stats(shards: &[&ShardStatus], (start_ms, took_ms): (u64, u64)) -> Value {
    let sum = |of: fn(&ShardStatus) -> Files| {
        let mut sum = Files::default();
        for files in shards.iter().map(|shard| of(shard)) {
            sum.count += files.count;
            sum.bytes += files.bytes;
        }
        json!({"file_count": sum.count, "size_in_bytes": sum.bytes})
    };
    json!({
        "incremental": sum(|shard| shard.incremental), "total": sum(|shard| shard.total),
        "start_time_in_millis": start_ms, "time_in_millis": took_ms,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_by_number() {
        assert_eq!((version_id("3.4.0"), version_id("2.19.1")), (137_257_827, 136_407_927));
    }
}
