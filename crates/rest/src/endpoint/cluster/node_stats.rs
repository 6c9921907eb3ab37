//! `_nodes/stats`: what nodes count and measure now.
//!
//! There is no Java: the `jvm` section tells the process' resident memory as its heap, and the machine's memory as the most it may have.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use model::admin::{BreakerStats, IngestStats, NodeStats, OperationStats, PressureStats};
use model::error::Error;
use serde_json::{Map, Value, json};

use super::node_levels::Level;
use super::nodes::{select, sorted, whole};
use crate::endpoint::metrics::Metrics;
use crate::endpoint::{Server, options};
use crate::http::budget::{Counters, human};
use crate::params::split;
use crate::render::admin::stats;
use crate::reply::Reply;
use crate::request::Request;

/// Metrics that are told.
const TOLD: [&str; 14] = [
    "indices",
    "os",
    "process",
    "jvm",
    "thread_pool",
    "fs",
    "transport",
    "http",
    "breaker",
    "script",
    "ingest",
    "resource_usage_stats",
    "caches",
    "indexing_pressure",
];

/// Metrics of what nodes do not do, so that there is nothing to count.
const IDLE: [&str; 13] = [
    "discovery",
    "adaptive_selection",
    "script_cache",
    "search_backpressure",
    "shard_indexing_pressure",
    "cluster_manager_throttling",
    "weighted_routing",
    "file_cache",
    "task_cancellation",
    "segment_replication_backpressure",
    "repositories",
    "admission_control",
    "remote_store",
];

/// Metrics that OpenSearch has besides.
const MISSING: [&str; 1] = ["search_pipeline"];

pub(super) async fn stats(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let ids = request.part("nodeId").map(split).unwrap_or_default();
    let known: Vec<&str> = TOLD.into_iter().chain(IDLE).chain(MISSING).collect();
    let metrics = request.part("metric").map(split).unwrap_or_default();
    let wanted = Metrics::parse(&metrics, &known, "metric", &request.path)?;
    if let Some(metric) = MISSING.iter().find(|metric| wanted.names(metric)) {
        return Err(Error::not_implemented(format!("metric [{metric}] of _nodes/stats")));
    }
    let of_indexes = of_indexes(&request, &wanted)?;
    let (groups, level) = parameters(&mut request, &wanted)?;
    request.finish()?;
    let view = server.gateway.cluster();
    let selected = select(&view, &ids);
    let mut all = server.gateway.node_stats().await?;
    all.iter_mut().for_each(|node| stats::keep_groups(&mut node.shards, &groups));
    let copies = if wanted.has("indices") { level.copies(&server, &groups).await? } else { Vec::new() };
    let mut shown = Map::new();
    for (at, node) in all.iter().enumerate() {
        if selected.iter().any(|selected| selected.id == node.node.id) {
            // The server that answers knows its own connections and the bytes that it holds.
            let counters = (at == 0).then_some(server.settings.counters.as_ref());
            let mut of_node = one(node, &wanted, &of_indexes, counters);
            if let (Some(Value::Object(indexes)), Some((key, apart))) =
                (of_node.get_mut("indices"), level.shown(&node.node.id, &copies, &of_indexes))
            {
                indexes.insert(key.into(), apart);
            }
            shown.insert(node.node.id.to_string(), of_node);
        }
    }
    Ok(Reply::value(&whole(&view, selected.len(), shown)))
}

fn of_indexes(request: &Request, wanted: &Metrics) -> Result<Metrics, Error> {
    let names = request.part("index_metric").map(split).unwrap_or_default();
    if !names.is_empty() && request.part("metric").is_none_or(|metric| metric == "_all") {
        return Err(Error::illegal_argument(format!(
            "request [{}] contains index metrics [{}] but all stats requested",
            request.path,
            names.join(",")
        )));
    }
    if !names.is_empty() && !wanted.has("indices") {
        return Err(Error::illegal_argument(format!(
            "request [{}] contains index metrics [{}] but indices stats not requested",
            request.path,
            names.join(",")
        )));
    }
    Metrics::parse(&names, stats::METRICS, "index metric", &request.path)
}

/// Checks them; gives the groups of searches to show, and what is told apart.
fn parameters(request: &mut Request, wanted: &Metrics) -> Result<(Vec<String>, Level), Error> {
    let mut groups = Vec::new();
    let params = &mut request.params;
    options::timeout_ms(params)?;
    let level = Level::take(params)?;
    if wanted.has("indices") {
        groups = params.take("groups").map(|groups| split(&groups)).unwrap_or_default();
        // There is nothing of fielddata and completion to list by field.
        for name in ["fields", "fielddata_fields", "completion_fields"] {
            params.take(name);
        }
        if params.flag("include_segment_file_sizes")? == Some(true) {
            return Err(Error::not_implemented("[include_segment_file_sizes] of _nodes/stats"));
        }
    }
    Ok((groups, level))
}

fn one(node: &NodeStats, wanted: &Metrics, of_indexes: &Metrics, counters: Option<&Counters>) -> Value {
    let info = &node.node;
    let mut shown = json!({
        "timestamp": node.timestamp_ms,
        "name": info.name.as_ref(),
        "transport_address": info.transport_address,
        "host": info.host,
        "ip": info.transport_address,
        "roles": sorted(&info.roles),
        "attributes": info.attributes,
    });
    for metric in TOLD.iter().filter(|metric| wanted.has(metric)) {
        let (key, section) = match *metric {
            "indices" => ("indices", stats::sections(&node.shards, |metric| of_indexes.has(metric)).into()),
            "os" => ("os", os(node)),
            "process" => ("process", process(node)),
            "jvm" => ("jvm", jvm(node)),
            "thread_pool" => ("thread_pool", pools(node)),
            "fs" => ("fs", disk(node)),
            "http" => ("http", http(node, counters)),
            "breaker" => ("breakers", breakers(node, counters)),
            "transport" => ("transport", json!({"tx_count": node.asked})),
            "resource_usage_stats" => ("resource_usage_stats", load(node)),
            "caches" => ("caches", caches(node)),
            "script" => ("script", compilations()),
            "indexing_pressure" => ("indexing_pressure", pressure(&node.pressure)),
            _ => ("ingest", ingested(&node.ingest)),
        };
        shown[key] = section;
    }
    for metric in IDLE.iter().filter(|metric| wanted.has(metric)) {
        if let Some(section) = idle(metric) {
            shown[*metric] = section;
        }
    }
    shown
}

/// What is not done counts nothing: changes of the metadata are never held back and never sent as whole states, all copies weigh the same
/// and are read in turn, scripts are not kept, a task that is ended ends at once and none is ended for what it costs, copies do not lie in
/// repositories, and nobody is refused for the machine's load.
fn idle(metric: &str) -> Option<Value> {
    Some(match metric {
        "discovery" => json!({
            "cluster_state_queue": {"total": 0, "pending": 0, "committed": 0},
            "published_cluster_states": {"full_states": 0, "incompatible_diffs": 0, "compatible_diffs": 0},
        }),
        "adaptive_selection" => json!({}),
        "script_cache" => json!({"sum": compilations(), "contexts": []}),
        "search_backpressure" => backpressure(),
        "shard_indexing_pressure" => json!({
            "stats": {}, "enabled": false, "enforced": false,
            "total_rejections_breakup_shadow_mode":
                {"node_limits": 0, "no_successful_request_limits": 0, "throughput_degradation_limits": 0},
        }),
        "cluster_manager_throttling" => {
            json!({"stats": {"total_throttled_tasks": 0, "throttled_tasks_per_task_type": {}}})
        }
        "weighted_routing" => json!({"stats": {"fail_open_count": 0}}),
        "task_cancellation" => {
            let none = json!({"current_count_post_cancel": 0, "total_count_post_cancel": 0});
            json!({"search_task": none, "search_shard_task": none})
        }
        "segment_replication_backpressure" => json!({"total_rejected_requests": 0}),
        "repositories" => json!([]),
        "admission_control" => {
            let none = json!({"transport": {"rejection_count": {}}});
            json!({"global_io_usage": none, "global_cpu_usage": none})
        }
        "remote_store" => json!({"last_successful_fetch_of_pinned_timestamps": -1}),
        // There are no files elsewhere to be kept here: no section.
        _ => return None,
    })
}

/// Bytes of writes, by what the node does with them.
fn pressure(stats: &PressureStats) -> Value {
    let PressureStats { coordinating, primary, replica, received, limit_bytes } = stats;
    // What a node is asked for and writes itself counts once.
    let combined =
        (coordinating.current_bytes + received.current_bytes, coordinating.total_bytes + received.total_bytes);
    json!({"memory": {
        "current": {
            "combined_coordinating_and_primary_in_bytes": combined.0,
            "coordinating_in_bytes": coordinating.current_bytes,
            "primary_in_bytes": primary.current_bytes,
            "replica_in_bytes": replica.current_bytes,
            "all_in_bytes": combined.0 + replica.current_bytes,
        },
        "total": {
            "combined_coordinating_and_primary_in_bytes": combined.1,
            "coordinating_in_bytes": coordinating.total_bytes,
            "primary_in_bytes": primary.total_bytes,
            "replica_in_bytes": replica.total_bytes,
            "all_in_bytes": combined.1 + replica.total_bytes,
            "coordinating_rejections": coordinating.rejections,
            "primary_rejections": primary.rejections,
            "replica_rejections": replica.rejections,
        },
        "limit_in_bytes": limit_bytes,
    }})
}

fn ingested(stats: &IngestStats) -> Value {
    let count = |stats: &OperationStats| {
        json!({
            "count": stats.total, "time_in_millis": stats.time_ms, "current": stats.current, "failed": stats.failed,
        })
    };
    let pipelines: Map<String, Value> = stats.pipelines.iter().map(|(id, stats)| (id.clone(), count(stats))).collect();
    json!({"total": count(&stats.total), "pipelines": pipelines})
}

/// Scripts are compiled where they run, and not kept.
fn compilations() -> Value {
    json!({"compilations": 0, "cache_evictions": 0, "compilation_limit_triggered": 0})
}

/// Searches are not ended for what they cost.
fn backpressure() -> Value {
    let time = json!({"cancellation_count": 0, "current_max_millis": 0, "current_avg_millis": 0});
    let memory =
        json!({"cancellation_count": 0, "current_max_bytes": 0, "current_avg_bytes": 0, "rolling_avg_bytes": 0});
    let task = json!({
        "resource_tracker_stats": {"elapsed_time_tracker": time, "cpu_usage_tracker": time, "heap_usage_tracker": memory},
        "completion_count": 0,
        "cancellation_stats": {"cancellation_count": 0, "cancellation_limit_reached_count": 0},
    });
    json!({"search_task": task, "search_shard_task": task, "mode": "disabled"})
}

/// What the node takes of its machine. What its disks could do is not measured.
fn load(node: &NodeStats) -> Value {
    let (total, free) = (node.process.memory_total_bytes, node.process.memory_free_bytes);
    let memory = total.saturating_sub(free) as f64 * 100.0 / total.max(1) as f64;
    let of_node = json!({
        "timestamp": node.timestamp_ms,
        "cpu_utilization_percent": format!("{:.1}", f64::from(node.process.cpu_percent)),
        "memory_utilization_percent": format!("{memory:.1}"),
    });
    Value::Object(Map::from_iter([(node.node.id.to_string(), of_node)]))
}

/// Answers that are kept.
fn caches(node: &NodeStats) -> Value {
    let kept = node.shards.request_cache;
    json!({"request_cache": {
        "size_in_bytes": kept.bytes, "evictions": kept.evictions, "hit_count": kept.hits, "miss_count": kept.misses,
        "item_count": node.answers_kept, "store_name": "memory",
    }})
}

/// The machine. Its processors' use is not measured, which OpenSearch writes as -1.
fn os(node: &NodeStats) -> Value {
    let [one, five, fifteen] = node.process.load_average;
    json!({
        "timestamp": node.timestamp_ms,
        "cpu": {"percent": -1, "load_average": {"1m": one, "5m": five, "15m": fifteen}},
        "mem": memory(node.process.memory_total_bytes, node.process.memory_free_bytes),
    })
}

/// The machine's memory.
pub(super) fn memory(total: u64, free: u64) -> Value {
    let used = total.saturating_sub(free);
    let percent = percent(used, total);
    json!({
        "total_in_bytes": total, "free_in_bytes": free, "used_in_bytes": used,
        "free_percent": if total == 0 { 0 } else { 100 - percent }, "used_percent": percent,
    })
}

/// `part` of `whole` in percent, rounded, 0 of nothing.
pub(in crate::endpoint) fn percent(part: u64, whole: u64) -> u64 {
    if whole == 0 { 0 } else { ((u128::from(part) * 100 + u128::from(whole) / 2) / u128::from(whole)).min(100) as u64 }
}

fn process(node: &NodeStats) -> Value {
    json!({
        "timestamp": node.timestamp_ms,
        "open_file_descriptors": node.process.open_files,
        "max_file_descriptors": node.process.max_files,
        "cpu": {"percent": node.process.cpu_percent, "total_in_millis": node.process.cpu_total_ms},
        "mem": {"total_virtual_in_bytes": node.process.virtual_bytes},
    })
}

fn jvm(node: &NodeStats) -> Value {
    let (used, most) = (node.process.resident_bytes, node.process.memory_total_bytes);
    json!({
        "timestamp": node.timestamp_ms,
        "uptime_in_millis": node.timestamp_ms.saturating_sub(node.node.start_time_ms),
        "mem": {
            "heap_used_in_bytes": used, "heap_used_percent": percent(used, most), "heap_committed_in_bytes": used,
            "heap_max_in_bytes": most, "non_heap_used_in_bytes": 0, "non_heap_committed_in_bytes": 0, "pools": {},
        },
        "threads": {"count": node.process.threads, "peak_count": node.process.threads},
        "gc": {"collectors": {}},
        "buffer_pools": {},
        "classes": {"current_loaded_count": 0, "total_loaded_count": 0, "total_unloaded_count": 0},
    })
}

fn pools(node: &NodeStats) -> Value {
    let pools = node.pools.iter().map(|pool| {
        // Threads are made once and stay: the most there ever were are those that there are.
        let shown = json!({
            "threads": pool.threads, "queue": pool.queue, "active": pool.active, "rejected": pool.rejected,
            "largest": pool.threads, "completed": pool.completed,
        });
        (pool.name.clone(), shown)
    });
    Value::Object(pools.collect())
}

fn disk(node: &NodeStats) -> Value {
    let (total, available) = (node.disk.total_bytes, node.disk.available_bytes);
    json!({
        "timestamp": node.timestamp_ms,
        "total": {
            "total_in_bytes": total, "free_in_bytes": available, "available_in_bytes": available,
            "cache_reserved_in_bytes": 0,
        },
        "data": [{
            "path": node.disk.path, "total_in_bytes": total, "free_in_bytes": available,
            "available_in_bytes": available, "cache_reserved_in_bytes": 0,
        }],
    })
}

fn http(node: &NodeStats, counters: Option<&Counters>) -> Value {
    let (open, total) = match counters {
        Some(counters) => (counters.open.load(Ordering::Relaxed), counters.total_opened.load(Ordering::Relaxed)),
        None => (node.http.open, node.http.total_opened),
    };
    json!({"current_open": open, "total_opened": total})
}

fn breakers(node: &NodeStats, counters: Option<&Counters>) -> Value {
    let one = |breaker: &BreakerStats| {
        let (used, tripped) = match counters.filter(|_| breaker.name == "in_flight_requests") {
            Some(counters) => {
                (counters.in_flight_bytes.load(Ordering::Relaxed), counters.tripped.load(Ordering::Relaxed))
            }
            None => (breaker.used_bytes, breaker.tripped),
        };
        let shown = json!({
            "limit_size_in_bytes": breaker.limit_bytes, "limit_size": human(breaker.limit_bytes),
            "estimated_size_in_bytes": used, "estimated_size": human(used), "overhead": 1.0, "tripped": tripped,
        });
        (breaker.name.clone(), shown)
    };
    Value::Object(node.breakers.iter().map(one).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percents() {
        for (part, whole, expected) in [(0, 0, 0), (1, 3, 33), (2, 3, 67), (3, 3, 100), (u64::MAX, 1, 100)] {
            assert_eq!(percent(part, whole), expected);
        }
        assert_eq!(memory(100, 62)["used_percent"], json!(38));
    }
}
