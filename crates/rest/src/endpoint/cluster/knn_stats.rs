//! `_plugins/_knn/stats`: what vectors and their graphs take on each node.
//!
//! Of OpenSearch's counts those that mean something here: graphs are mapped files, so that there is no cache to fill, and nothing is evicted. Ours alone
//! are the shards that hold far more than their part, of indexes whose documents lie by their vectors.

use std::sync::Arc;

use model::admin::{CopyStats, IndexInfo, NodeStats};
use model::error::Error;
use model::target::Target;
use serde_json::{Map, Value, json};

use super::nodes::{select, whole};
use crate::endpoint::Server;
use crate::params::split;
use crate::reply::Reply;
use crate::request::Request;

/// How many times an even part a shard holds that is told of, and documents below which nothing is.
const OVERFULL: u64 = 2;
const FEW: u64 = 1_000;

pub(super) async fn stats(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let ids = request.part("nodeId").map(split).unwrap_or_default();
    let wanted = request.part("metric").map(split).unwrap_or_default();
    request.params.take("timeout");
    request.finish()?;
    let view = server.gateway.cluster();
    let selected = select(&view, &ids);
    let mut nodes = Map::new();
    for node in &server.gateway.node_stats().await? {
        if selected.iter().any(|selected| selected.id == node.node.id) {
            nodes.insert(node.node.id.to_string(), one(node, &wanted)?.into());
        }
    }
    let mut shown = whole(&view, selected.len(), nodes);
    shown["circuit_breaker_triggered"] = false.into();
    if wanted.is_empty()
        && let Some(overfull) = overfull(&server).await?
    {
        shown["overfull_shards"] = overfull;
    }
    Ok(Reply::value(&shown))
}

/// Shards that have outgrown the others because many vectors lie near their centroids; `None`: no index is laid out by vectors.
async fn overfull(server: &Server) -> Result<Option<Value>, Error> {
    let is_by_vectors = |index: &IndexInfo| index.open && index.settings.contains_key("index.routing.centroids.field");
    let mut indexes = server.gateway.indexes(&Target::default())?;
    indexes.retain(is_by_vectors);
    if indexes.is_empty() {
        return Ok(None);
    }
    let names = indexes.iter().map(|index| index.name.to_string()).collect();
    let copies = server.gateway.stats(Target { names, ..Target::default() }).await?.copies;
    Ok(Some(indexes.iter().flat_map(|index| overfull_of(index, &copies)).collect()))
}

fn overfull_of(index: &IndexInfo, copies: &[CopyStats]) -> Vec<Value> {
    let primaries = || copies.iter().filter(|copy| copy.uuid == index.uuid && copy.shard.primary);
    let docs: u64 = primaries().map(|copy| copy.stats.docs).sum();
    let shards = primaries().count().max(1) as u64;
    let even = docs / shards;
    let outgrown = primaries().filter(|copy| docs >= FEW && copy.stats.docs > OVERFULL * even);
    let told = |copy: &CopyStats| {
        let (shard, docs) = (copy.shard.number.0, copy.stats.docs);
        json!({"index": &*index.name, "shard": shard, "docs": docs, "even_part": even})
    };
    outgrown.map(told).collect()
}

fn one(node: &NodeStats, wanted: &[String]) -> Result<Map<String, Value>, Error> {
    let vectors = &node.shards.vectors;
    let total = node.process.memory_total_bytes.max(1) as f64;
    let known = json!({
        "graph_memory_usage": vectors.graph_bytes / 1024,
        "graph_memory_usage_percentage": 100.0 * vectors.graph_bytes as f64 / total,
        "vector_memory_usage": vectors.bytes / 1024,
        "graph_count": vectors.graphs,
        "graph_missing_count": vectors.missing,
        "graph_index_requests": vectors.built,
        "graph_stats": {"merge": {"total": vectors.built, "total_time_in_millis": vectors.built_ms}},
        "cache_capacity_reached": false,
        "eviction_count": 0,
    });
    let Value::Object(known) = known else { return Ok(Map::new()) };
    if wanted.is_empty() || wanted.iter().any(|name| name == "_all") {
        return Ok(known);
    }
    if let Some(name) = wanted.iter().find(|name| !known.contains_key(name.as_str())) {
        return Err(Error::illegal_argument(format!(
            "request [/_plugins/_knn/stats] contains unrecognized stat: [{name}]"
        )));
    }
    Ok(known.into_iter().filter(|(name, _)| wanted.iter().any(|wanted| wanted == name)).collect())
}
