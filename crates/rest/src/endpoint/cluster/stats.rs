//! `_cluster/stats`: the whole cluster in numbers.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::admin::{ClusterView, HealthStatus, IndexInfo, NodeInfo, NodeStats, ShardStats};
use model::error::Error;
use model::mapping::{Node, ObjectNode};
use serde_json::{Map, Value, json};

use super::analysis::analysis;
use super::node_stats::memory;
use super::nodes::{processors, select};
use crate::endpoint::metrics::Metrics;
use crate::endpoint::{Server, options};
use crate::params::split;
use crate::render::admin::shard::{health, is_active};
use crate::render::admin::stats::{section, sum};
use crate::reply::Reply;
use crate::request::Request;

pub(super) async fn stats(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let ids = request.part("nodeId").map(split).unwrap_or_default();
    let (wanted, of_indexes) = wanted(&request)?;
    options::timeout_ms(&mut request.params)?;
    request.finish()?;
    let view = server.gateway.cluster();
    let selected = select(&view, &ids);
    let mut all = server.gateway.node_stats().await?;
    let timestamp = all.first().map_or(0, |node| node.timestamp_ms);
    all.retain(|node| selected.iter().any(|selected| selected.id == node.node.id));
    let status = view.indexes.iter().map(|index| health(index).status()).max().unwrap_or(HealthStatus::Green);
    let count = selected.len();
    let mut shown = json!({
        "_nodes": {"total": count, "successful": count, "failed": 0},
        "cluster_name": view.name.as_ref(),
        "cluster_uuid": view.uuid.as_ref(),
        "timestamp": timestamp,
        "status": status.name(),
    });
    if wanted.has("indices") {
        shown["indices"] =
            kept(indices(&view, &selected, &sum(all.iter().map(|node| &node.shards))), &INDEX_METRICS, &of_indexes);
    }
    if NODE_METRICS.iter().any(|metric| wanted.has(metric)) {
        shown["nodes"] = kept(nodes(&server, &selected, &all), &NODE_METRICS, &wanted);
    }
    Ok(Reply::value(&shown))
}

/// Sections about nodes, beside their number and versions.
const NODE_METRICS: [&str; 9] =
    ["os", "process", "jvm", "fs", "plugins", "network_types", "discovery_types", "packaging_types", "ingest"];
/// Sections about indexes, beside their number.
const INDEX_METRICS: [&str; 9] =
    ["shards", "docs", "store", "fielddata", "query_cache", "completion", "segments", "mappings", "analysis"];

/// The sections that the path asks for, and those about indexes.
fn wanted(request: &Request) -> Result<(Metrics, Metrics), Error> {
    let list = |part: &str| request.part(part).map(split).unwrap_or_default();
    let (metrics, of_indexes) = (list("metric"), list("index_metric"));
    let known: Vec<&str> = std::iter::once("indices").chain(NODE_METRICS).collect();
    let wanted = Metrics::parse(&metrics, &known, "metric", &request.path)?;
    if !of_indexes.is_empty() && !wanted.has("indices") {
        let (path, names) = (&request.path, of_indexes.join(","));
        return Err(Error::illegal_argument(format!(
            "request [{path}] contains index metrics [{names}] but indices stats not requested"
        )));
    }
    Ok((wanted, Metrics::parse(&of_indexes, &INDEX_METRICS, "index metric", &request.path)?))
}

/// Without the sections of `known` that are not wanted.
fn kept(mut sections: Value, known: &[&str], wanted: &Metrics) -> Value {
    if let Value::Object(sections) = &mut sections {
        sections.retain(|name, _| !known.contains(&name.as_str()) || wanted.has(name));
    }
    sections
}

fn indices(view: &ClusterView, nodes: &[&NodeInfo], counted: &ShardStats) -> Value {
    let mut per_index: Vec<(u64, u64)> = Vec::new();
    for index in &view.indexes {
        let here = |node: &Option<Arc<str>>| nodes.iter().any(|selected| node.as_ref() == Some(&selected.id));
        let active: Vec<_> = index.shards.iter().filter(|copy| is_active(copy) && here(&copy.node)).collect();
        if !active.is_empty() {
            per_index.push((active.len() as u64, active.iter().filter(|copy| copy.primary).count() as u64));
        }
    }
    let mut shown = json!({"count": per_index.len(), "shards": shards(&per_index)});
    for metric in ["docs", "store", "fielddata", "query_cache", "completion", "segments"] {
        shown[metric] = section(counted, metric);
    }
    shown["mappings"] = json!({"field_types": field_types(&view.indexes)});
    shown["analysis"] = analysis(&view.indexes);
    shown
}

/// `per_index`: active copies, and of them primaries.
fn shards(per_index: &[(u64, u64)]) -> Value {
    let (copies, primaries) = per_index.iter().fold((0, 0), |(all, first), index| (all + index.0, first + index.1));
    if copies == 0 {
        return json!({});
    }
    let ratio = |copies: u64, primaries: u64| {
        if primaries == 0 { 0.0 } else { copies.saturating_sub(primaries) as f64 / primaries as f64 }
    };
    let spread = |values: Vec<f64>, whole: bool| {
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let average = values.iter().sum::<f64>() / values.len() as f64;
        match whole {
            true => json!({"min": least as u64, "max": most as u64, "avg": average}),
            false => json!({"min": least, "max": most, "avg": average}),
        }
    };
    json!({
        "total": copies,
        "primaries": primaries,
        "replication": ratio(copies, primaries),
        "index": {
            "shards": spread(per_index.iter().map(|index| index.0 as f64).collect(), true),
            "primaries": spread(per_index.iter().map(|index| index.1 as f64).collect(), true),
            "replication": spread(per_index.iter().map(|index| ratio(index.0, index.1)).collect(), false),
        },
    })
}

/// How many fields there are of each type, and in how many indexes.
fn field_types(indexes: &[IndexInfo]) -> Vec<Value> {
    let mut types: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for index in indexes {
        let mut here: BTreeMap<&str, u64> = BTreeMap::new();
        let mut objects: Vec<&ObjectNode> = vec![&index.mapping.root];
        while let Some(object) = objects.pop() {
            for node in object.properties.values() {
                match node {
                    Node::Object(inner) => {
                        *here.entry("object").or_default() += 1;
                        objects.push(inner);
                    }
                    Node::Field(field) => {
                        *here.entry(field.type_name()).or_default() += 1;
                        for inner in field.fields.values() {
                            *here.entry(inner.type_name()).or_default() += 1;
                        }
                    }
                }
            }
        }
        for (name, count) in here {
            let (fields, indexes) = types.entry(name).or_default();
            *fields += count;
            *indexes += 1;
        }
    }
    let shown = types.into_iter();
    shown.map(|(name, (count, indexes))| json!({"name": name, "count": count, "index_count": indexes})).collect()
}

fn nodes(server: &Server, selected: &[&NodeInfo], all: &[NodeStats]) -> Value {
    let version = &server.settings.version;
    let with = |role: &str| selected.iter().filter(|node| node.roles.iter().any(|given| given == role)).count();
    let mut versions: Vec<&str> = selected.iter().map(|node| node.version.as_str()).collect();
    versions.sort_unstable();
    versions.dedup();
    let count = selected.len();
    let managers = with("cluster_manager");
    let mut shown = Map::new();
    shown.insert(
        "count".into(),
        json!({
            "total": count, "cluster_manager": managers,
            "coordinating_only": selected.iter().filter(|node| node.roles.is_empty()).count(),
            "data": with("data"), "ingest": with("ingest"), "master": managers,
            "remote_cluster_client": with("remote_cluster_client"), "search": with("search"), "warm": with("warm"),
        }),
    );
    shown.insert("versions".into(), json!(versions));
    shown.insert("os".into(), os(count, all));
    shown.insert("process".into(), process(all));
    shown.insert("jvm".into(), jvm(all));
    shown.insert("fs".into(), disk(all));
    shown.insert("plugins".into(), json!([]));
    shown.insert("network_types".into(), json!({"transport_types": {}, "http_types": {}}));
    shown.insert("discovery_types".into(), json!({}));
    shown.insert("packaging_types".into(), json!([{"type": version.build_type, "count": count}]));
    shown.insert("ingest".into(), json!({"number_of_pipelines": 0, "processor_stats": {}}));
    shown.into()
}

fn os(count: usize, all: &[NodeStats]) -> Value {
    let total = all.iter().map(|node| node.process.memory_total_bytes).sum();
    let free = all.iter().map(|node| node.process.memory_free_bytes).sum();
    let processors = processors() * count;
    json!({
        "available_processors": processors, "allocated_processors": processors,
        "names": [{"name": std::env::consts::OS, "count": count}], "pretty_names": [],
        "mem": memory(total, free),
    })
}

fn process(all: &[NodeStats]) -> Value {
    let files = || all.iter().map(|node| node.process.open_files);
    let average = files().sum::<u64>() / (all.len() as u64).max(1);
    json!({
        "cpu": {"percent": all.iter().map(|node| node.process.cpu_percent).sum::<u32>()},
        "open_file_descriptors": {
            "min": files().min().unwrap_or(0), "max": files().max().unwrap_or(0), "avg": average,
        },
    })
}

/// There is no Java: the memory is the process'.
fn jvm(all: &[NodeStats]) -> Value {
    let uptime = all.iter().map(|node| node.timestamp_ms.saturating_sub(node.node.start_time_ms)).max();
    json!({
        "max_uptime_in_millis": uptime.unwrap_or(0),
        "versions": [],
        "mem": {
            "heap_used_in_bytes": all.iter().map(|node| node.process.resident_bytes).sum::<u64>(),
            "heap_max_in_bytes": all.iter().map(|node| node.process.memory_total_bytes).sum::<u64>(),
        },
        "threads": all.iter().map(|node| node.process.threads).sum::<u64>(),
    })
}

fn disk(all: &[NodeStats]) -> Value {
    let available: u64 = all.iter().map(|node| node.disk.available_bytes).sum();
    json!({
        "total_in_bytes": all.iter().map(|node| node.disk.total_bytes).sum::<u64>(),
        "free_in_bytes": available, "available_in_bytes": available, "cache_reserved_in_bytes": 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_by_index() {
        assert_eq!(shards(&[]), json!({}));
        let shown = shards(&[(2, 1), (4, 4)]);
        assert_eq!((&shown["total"], &shown["primaries"], &shown["replication"]), (&json!(6), &json!(5), &json!(0.2)));
        assert_eq!(shown["index"]["shards"], json!({"min": 2, "max": 4, "avg": 3.0}));
        assert_eq!(shown["index"]["replication"], json!({"min": 0.0, "max": 1.0, "avg": 0.5}));
    }
}
