//! Counts of shard copies in OpenSearch's closed shape: one section a metric.
//!
//! The shape has fields for what Shoal does not have (caches of answers and fields, suggesters, remote stores, scrolls): these are zero,
//! which is the truth. `store` and `segments` are sizes now, all else counts since the shard was opened.

use model::admin::{OperationStats, ShardStats};
use serde_json::{Map, Value, json};

/// What `_stats/{metric}` may ask for, in the order of the sections.
pub(crate) const METRICS: &[&str] = &[
    "docs",
    "store",
    "indexing",
    "get",
    "search",
    "merge",
    "refresh",
    "flush",
    "warmer",
    "query_cache",
    "fielddata",
    "completion",
    "segments",
    "translog",
    "request_cache",
    "recovery",
];

/// The sections that are wanted.
pub(crate) fn sections(stats: &ShardStats, wanted: impl Fn(&str) -> bool) -> Map<String, Value> {
    let metrics = METRICS.iter().filter(|metric| wanted(metric));
    metrics
        .map(|&metric| (if metric == "merge" { "merges" } else { metric }.to_owned(), section(stats, metric)))
        .collect()
}

/// One section.
pub(crate) fn section(stats: &ShardStats, metric: &str) -> Value {
    match metric {
        "docs" => json!({"count": stats.docs, "deleted": stats.deleted}),
        "store" => json!({"size_in_bytes": stats.store_bytes, "reserved_in_bytes": 0}),
        "indexing" => indexing(stats),
        "get" => get(stats),
        "search" => search(stats),
        "merge" => merges(stats),
        "refresh" => json!({
            "total": stats.refresh.total, "total_time_in_millis": stats.refresh.time_ms,
            "external_total": stats.refresh.total, "external_total_time_in_millis": stats.refresh.time_ms,
            "listeners": 0,
        }),
        "flush" => json!({
            "total": stats.flush.total, "periodic": 0, "total_time_in_millis": stats.flush.time_ms,
        }),
        "warmer" => json!({"current": 0, "total": 0, "total_time_in_millis": 0}),
        "query_cache" => json!({
            "memory_size_in_bytes": stats.query_cache.bytes,
            "total_count": stats.query_cache.hits + stats.query_cache.misses,
            "hit_count": stats.query_cache.hits, "miss_count": stats.query_cache.misses,
            "cache_size": stats.queries_kept, "cache_count": stats.queries_kept_ever,
            "evictions": stats.query_cache.evictions,
        }),
        "fielddata" => json!({"memory_size_in_bytes": 0, "evictions": 0}),
        "completion" => json!({"size_in_bytes": 0}),
        "segments" => segments(stats),
        "translog" => translog(stats),
        "request_cache" => json!({
            "memory_size_in_bytes": stats.request_cache.bytes, "evictions": stats.request_cache.evictions,
            "hit_count": stats.request_cache.hits, "miss_count": stats.request_cache.misses,
        }),
        "recovery" => json!({"current_as_source": 0, "current_as_target": 0, "throttle_time_in_millis": 0}),
        _ => Value::Null,
    }
}

fn indexing(stats: &ShardStats) -> Value {
    json!({
        "index_total": stats.indexing.total, "index_time_in_millis": stats.indexing.time_ms,
        "index_current": stats.indexing.current, "index_failed": stats.indexing.failed,
        "delete_total": stats.deleting.total, "delete_time_in_millis": stats.deleting.time_ms,
        "delete_current": stats.deleting.current, "noop_update_total": 0, "is_throttled": stats.is_throttled,
        "throttle_time_in_millis": stats.throttled_ms,
    })
}

fn get(stats: &ShardStats) -> Value {
    let (exists, missing) = get_times(stats);
    json!({
        "total": stats.get.total, "getTime": crate::render::table::cell::duration(stats.get.time_ms),
        "time_in_millis": stats.get.time_ms,
        "exists_total": stats.get.total.saturating_sub(stats.get_missing), "exists_time_in_millis": exists,
        "missing_total": stats.get_missing, "missing_time_in_millis": missing, "current": stats.get.current,
    })
}

/// The time of gets, shared between those that found and those that did not by their numbers: it is measured for all together.
pub(crate) fn get_times(stats: &ShardStats) -> (u64, u64) {
    let total = u128::from(stats.get.total.max(1));
    let missing = (u128::from(stats.get.time_ms) * u128::from(stats.get_missing.min(stats.get.total)) / total) as u64;
    (stats.get.time_ms - missing, missing)
}

fn search(stats: &ShardStats) -> Value {
    let mut shown = Map::new();
    shown.insert("open_contexts".into(), 0.into());
    shown.extend(searches(stats.query, stats.fetch));
    if !stats.groups.is_empty() {
        let group = |(name, &(query, fetch)): (&String, &(OperationStats, OperationStats))| {
            (name.clone(), searches(query, fetch).into())
        };
        shown.insert("groups".into(), Value::Object(stats.groups.iter().map(group).collect()));
    }
    shown.into()
}

fn searches(query: OperationStats, fetch: OperationStats) -> Map<String, Value> {
    let shown = json!({
        "query_total": query.total, "query_time_in_millis": query.time_ms,
        "query_current": query.current, "query_failed": query.failed, "concurrent_query_total": 0,
        "concurrent_query_time_in_millis": 0, "concurrent_query_current": 0, "concurrent_avg_slice_count": 0.0,
        "startree_query_total": 0, "startree_query_time_in_millis": 0, "startree_query_current": 0,
        "startree_query_failed": 0, "fetch_total": fetch.total, "fetch_time_in_millis": fetch.time_ms,
        "fetch_current": fetch.current, "scroll_total": 0, "scroll_time_in_millis": 0, "scroll_current": 0,
        "point_in_time_total": 0, "point_in_time_time_in_millis": 0, "point_in_time_current": 0, "suggest_total": 0,
        "suggest_time_in_millis": 0, "suggest_current": 0, "search_idle_reactivate_count_total": 0,
    });
    shown.as_object().cloned().unwrap_or_default()
}

/// Leaves the groups of searches that `patterns` name; without any, none.
pub(crate) fn keep_groups(stats: &mut ShardStats, patterns: &[String]) {
    let wanted =
        |name: &str| patterns.iter().any(|pattern| pattern == "_all" || model::mapping::simple_match(pattern, name));
    stats.groups.retain(|name, _| wanted(name));
}

fn merges(stats: &ShardStats) -> Value {
    json!({
        "current": stats.merges_running, "current_docs": 0, "current_size_in_bytes": 0, "total": stats.merge.total,
        "total_time_in_millis": stats.merge.time_ms, "total_docs": stats.merged_docs,
        "total_size_in_bytes": stats.merged_bytes, "total_stopped_time_in_millis": 0,
        "total_throttled_time_in_millis": stats.merge_throttled_ms, "total_auto_throttle_in_bytes": 0,
        "unreferenced_file_cleanups_performed": 0,
        "warmer": {
            "total_invocations_count": 0, "total_time_millis": 0, "total_failure_count": 0, "total_bytes_sent": 0,
            "total_bytes_received": 0, "total_send_time_millis": 0, "total_receive_time_millis": 0, "ongoing_count": 0,
        },
    })
}

fn segments(stats: &ShardStats) -> Value {
    let mut shown = json!({
        "count": stats.segments, "memory_in_bytes": stats.memory_bytes, "terms_memory_in_bytes": 0,
        "stored_fields_memory_in_bytes": 0, "term_vectors_memory_in_bytes": 0, "norms_memory_in_bytes": 0,
        "points_memory_in_bytes": 0, "doc_values_memory_in_bytes": 0, "index_writer_memory_in_bytes": 0,
        "version_map_memory_in_bytes": 0, "fixed_bit_set_memory_in_bytes": 0, "max_unsafe_auto_id_timestamp": -1,
    });
    shown["remote_store"] = json!({
        "upload": {
            "total_upload_size": {"started_bytes": 0, "succeeded_bytes": 0, "failed_bytes": 0},
            "refresh_size_lag": {"total_bytes": 0, "max_bytes": 0}, "max_refresh_time_lag_in_millis": 0,
            "total_time_spent_in_millis": 0, "pressure": {"total_rejections": 0},
        },
        "download": {
            "total_download_size": {"started_bytes": 0, "succeeded_bytes": 0, "failed_bytes": 0},
            "total_time_spent_in_millis": 0,
        },
    });
    shown["segment_replication"] = json!({"max_bytes_behind": 0, "total_bytes_behind": 0, "max_replication_lag": 0});
    shown["file_sizes"] = json!({});
    shown
}

fn translog(stats: &ShardStats) -> Value {
    let log = stats.translog;
    json!({
        "operations": log.operations, "size_in_bytes": log.bytes,
        "uncommitted_operations": log.uncommitted_operations, "uncommitted_size_in_bytes": log.uncommitted_bytes,
        "earliest_last_modified_age": 0,
        "remote_store": {"upload": {
            "total_uploads": {"started": 0, "failed": 0, "succeeded": 0},
            "total_upload_size": {"started_bytes": 0, "failed_bytes": 0, "succeeded_bytes": 0},
        }},
    })
}

/// The counts of many copies together. Sequence numbers are of one copy, and left out.
pub(crate) fn sum<'a>(copies: impl Iterator<Item = &'a ShardStats>) -> ShardStats {
    copies.fold(ShardStats::default(), |mut sum, one| {
        sum.add(one);
        sum
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_has_a_section() {
        let shown = sections(&ShardStats::default(), |_| true);
        assert_eq!(shown.len(), METRICS.len());
        assert!(shown.values().all(Value::is_object));
        assert!(shown.contains_key("merges"));
    }

    #[test]
    fn copies_add_up() {
        let one = ShardStats {
            docs: 2,
            get: OperationStats { total: 4, time_ms: 8, current: 0, failed: 0 },
            get_missing: 1,
            ..ShardStats::default()
        };
        let both = sum([&one, &one].into_iter());
        assert_eq!((both.docs, both.get.total, both.get_missing), (4, 8, 2));
        assert_eq!(get_times(&both), (12, 4));
        assert_eq!(section(&both, "get")["exists_total"], json!(6));
    }
}
