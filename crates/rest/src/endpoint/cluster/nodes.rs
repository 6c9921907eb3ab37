//! `_nodes`: who they are.

use std::sync::Arc;

use model::admin::{ClusterView, NodeInfo};
use model::error::Error;
pub(in crate::endpoint) use model::node_filter::select;
use serde_json::{Map, Value, json};

use crate::endpoint::metrics::Metrics;
use crate::endpoint::{Server, options};
use crate::params::split;
use crate::render::admin::settings::settings;
use crate::reply::Reply;
use crate::request::Request;

/// Sections that may be asked for.
const METRICS: [&str; 13] = [
    "settings",
    "os",
    "process",
    "jvm",
    "thread_pool",
    "transport",
    "http",
    "plugins",
    "ingest",
    "aggregations",
    "indices",
    "search_pipelines",
    "_none",
];

/// Of these OpenSearch tells what Shoal does not have or does not say yet.
const MISSING: [&str; 3] = ["jvm", "thread_pool", "indices"];

pub(super) async fn info(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let mut ids = request.part("nodeId").map(split).unwrap_or_default();
    let mut metrics = request.part("metrics").map(split).unwrap_or_default();
    // What stands alone is a list of metrics when it can be one.
    if request.part("metrics").is_none() && !ids.is_empty() && ids.iter().all(|id| METRICS.contains(&id.as_str())) {
        metrics = std::mem::take(&mut ids);
    }
    options::timeout_ms(&mut request.params)?;
    let flat = request.params.flag("flat_settings")?.unwrap_or(false);
    request.finish()?;
    // OpenSearch passes by metrics that it does not know.
    metrics.retain(|metric| METRICS.contains(&metric.as_str()) || metric == "_all");
    let wanted = match metrics.iter().any(|metric| metric == "_all") {
        true => Metrics::all(),
        false => Metrics::parse(&metrics, &METRICS, "metric", &request.path)?,
    };
    if let Some(metric) = MISSING.iter().find(|metric| wanted.names(metric)) {
        return Err(Error::not_implemented(format!("metric [{metric}] of _nodes")));
    }
    let view = server.gateway.cluster();
    let nodes = select(&view, &ids);
    let count = nodes.len();
    let nodes = match wanted.has("process") || wanted.has("settings") {
        true => by_themselves(&server, &view, nodes).await?,
        false => nodes.into_iter().cloned().collect(),
    };
    let shown = nodes.iter().map(|node| (node.id.to_string(), one(&server, node, &wanted, flat)));
    Ok(Reply::value(&whole(&view, count, shown.collect())))
}

/// Nodes as each says of itself, without those that do not answer: of another's process and settings the metadata know nothing.
async fn by_themselves(server: &Server, view: &ClusterView, nodes: Vec<&NodeInfo>) -> Result<Vec<NodeInfo>, Error> {
    let own = view.nodes.first().map(|own| &own.id);
    if nodes.iter().all(|node| Some(&node.id) == own) {
        return Ok(nodes.into_iter().cloned().collect());
    }
    let told = server.gateway.node_stats().await?;
    let of = |node: &NodeInfo| told.iter().find(|told| told.node.id == node.id).map(|told| told.node.clone());
    Ok(nodes.into_iter().filter_map(of).collect())
}

/// The frame of an answer about nodes. `meant`: how many were asked; those that `nodes` lack have not answered.
pub(super) fn whole(view: &ClusterView, meant: usize, nodes: Map<String, Value>) -> Value {
    json!({
        "_nodes": {"total": meant, "successful": nodes.len(), "failed": meant.saturating_sub(nodes.len())},
        "cluster_name": view.name.as_ref(),
        "nodes": nodes,
    })
}

fn one(server: &Server, node: &NodeInfo, wanted: &Metrics, flat: bool) -> Value {
    let version = &server.settings.version;
    let mut shown = json!({
        "name": node.name.as_ref(),
        "transport_address": node.transport_address,
        "host": node.host,
        "ip": node.host,
        "version": node.version,
        "build_type": version.build_type,
        "build_hash": version.build_hash,
        "roles": sorted(&node.roles),
        "attributes": node.attributes,
    });
    let mut add = |metric: &str, section: Value| {
        if wanted.has(metric) {
            shown[metric] = section;
        }
    };
    let processors = processors();
    add("settings", settings(&node.settings, flat));
    add(
        "os",
        json!({
            "refresh_interval_in_millis": 0, "name": std::env::consts::OS, "arch": std::env::consts::ARCH,
            "available_processors": processors, "allocated_processors": processors,
        }),
    );
    add("process", json!({"refresh_interval_in_millis": 0, "id": node.pid, "mlockall": false}));
    let address = &node.transport_address;
    add("transport", json!({"bound_address": [address], "publish_address": address, "profiles": {}}));
    let address = &node.http_address;
    add(
        "http",
        json!({
            "bound_address": [address], "publish_address": address,
            "max_content_length_in_bytes": server.settings.max_content_length,
        }),
    );
    let of_type = |types: &[&str]| types.iter().map(|name| json!({"type": name})).collect::<Vec<_>>();
    add(
        "search_pipelines",
        json!({
            "request_processors": of_type(&["filter_query"]),
            "response_processors": of_type(&["rename_field", "truncate_hits"]),
            "phase_results_processors": of_type(&["normalization-processor", "score-ranker-processor"]),
        }),
    );
    // What nodes can be extended by is compiled in.
    add("plugins", json!([]));
    if wanted.is_all() {
        shown["modules"] = json!([]);
    }
    shown
}

/// Processors of this machine, 1 where it does not say.
pub(super) fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Roles in order of name.
pub(in crate::endpoint) fn sorted(roles: &[String]) -> Vec<&str> {
    let mut sorted: Vec<&str> = roles.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    sorted
}
