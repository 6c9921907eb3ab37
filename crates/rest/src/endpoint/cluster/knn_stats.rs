//! `_plugins/_knn/stats`: what vectors and their graphs take on each node.
//!
//! Of OpenSearch's counts those that mean something here: graphs are mapped files, so that there is no cache to fill, and nothing is evicted.

use std::sync::Arc;

use model::admin::NodeStats;
use model::error::Error;
use serde_json::{Map, Value, json};

use super::nodes::{select, whole};
use crate::endpoint::Server;
use crate::params::split;
use crate::reply::Reply;
use crate::request::Request;

pub(super) async fn stats(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let ids = request.part("node_id").map(split).unwrap_or_default();
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
    Ok(Reply::value(&shown))
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
