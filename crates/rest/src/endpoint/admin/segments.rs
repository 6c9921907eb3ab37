//! `_segments`: the segments of every copy.

use std::sync::Arc;

use model::admin::{CopyStats, SegmentInfo};
use model::error::Error;
use serde_json::{Map, Value, json};

use crate::endpoint::Server;
use crate::render::admin::broadcast;
use crate::reply::Reply;
use crate::request::Request;

pub(super) async fn segments(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let target = request.target()?;
    request.params.flag("verbose")?;
    request.finish()?;
    server.readable(&target)?;
    let answer = server.gateway.stats(target).await?;
    let version = &server.settings.version.lucene_version;
    let mut indexes = Map::new();
    for copy in &answer.copies {
        let index = indexes.entry(copy.index.to_string()).or_insert_with(|| json!({"shards": {}}));
        let Some(shards) = index["shards"].as_object_mut() else { continue };
        let copies = shards.entry(copy.shard.number.to_string()).or_insert_with(|| json!([]));
        if let Some(copies) = copies.as_array_mut() {
            copies.push(of_copy(copy, version));
        }
    }
    Ok(Reply::value(&json!({"_shards": broadcast(&answer.shards), "indices": indexes})))
}

fn of_copy(copy: &CopyStats, version: &str) -> Value {
    let segments: Map<String, Value> =
        copy.segments.iter().map(|segment| (segment.name.clone(), one(segment, version))).collect();
    json!({
        "routing": {
            "state": copy.shard.state.name(),
            "primary": copy.shard.primary,
            "node": copy.shard.node.as_deref(),
        },
        "num_committed_segments": copy.segments.iter().filter(|segment| segment.committed).count(),
        "num_search_segments": copy.segments.iter().filter(|segment| segment.searchable).count(),
        "segments": segments,
    })
}

fn one(segment: &SegmentInfo, version: &str) -> Value {
    json!({
        "generation": generation(&segment.name),
        "num_docs": segment.docs,
        "deleted_docs": segment.deleted,
        "size_in_bytes": segment.size_bytes,
        "memory_in_bytes": segment.memory_bytes,
        "committed": segment.committed,
        "search": segment.searchable,
        "version": version,
        "compound": false,
        "attributes": {},
    })
}

/// The number in a segment's name, which is `_` with digits of base 36; 0 for other names.
pub(in crate::endpoint) fn generation(name: &str) -> u64 {
    name.strip_prefix('_').and_then(|digits| u64::from_str_radix(digits, 36).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generations() {
        for (name, expected) in [("_0", 0), ("_a", 10), ("_2g", 88), ("seg", 0)] {
            assert_eq!(generation(name), expected, "{name}");
        }
    }
}
