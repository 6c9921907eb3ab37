//! What clusters may have and this one has not, so that there is nothing to be told of it: other clusters, folders of unknown indexes,
//! a store of secrets.

use std::sync::Arc;

use model::error::Error;
use serde_json::{Map, Value, json};

use super::nodes::{select, whole};
use crate::endpoint::{Server, options};
use crate::params::split;
use crate::reply::Reply;
use crate::request::Request;

/// `_remote/info`: no other cluster can be registered.
pub(super) async fn remotes(_: Arc<Server>, request: Request) -> Result<Reply, Error> {
    request.finish()?;
    Ok(Reply::value(&json!({})))
}

/// `_dangling`: the folder of a copy whose index nobody knows is removed, and never offered.
pub(super) async fn dangling(server: Arc<Server>, request: Request) -> Result<Reply, Error> {
    request.finish()?;
    let view = server.gateway.cluster();
    let count = select(&view, &[]).len();
    Ok(Reply::value(&json!({
        "_nodes": {"total": count, "successful": count, "failed": 0},
        "cluster_name": view.name.as_ref(),
        "dangling_indices": [],
    })))
}

/// `_dangling/{uuid}`: there is none to be imported or deleted.
pub(super) async fn no_dangling(_: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let uuid = request.part("index_uuid").unwrap_or_default().to_owned();
    request.params.flag("accept_data_loss")?;
    options::cluster_manager_timeout(&mut request.params)?;
    options::timeout_ms(&mut request.params)?;
    request.finish()?;
    Err(Error::illegal_argument(format!("No dangling index found for UUID [{uuid}]")))
}

/// `_nodes/reload_secure_settings`: secrets are read from the configuration when a node starts, and none can be read again.
pub(super) async fn secure_settings(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let ids = request.part("nodeId").map(split).unwrap_or_default();
    options::timeout_ms(&mut request.params)?;
    request.finish()?;
    let view = server.gateway.cluster();
    let nodes = select(&view, &ids);
    let mut shown = Map::new();
    for node in &nodes {
        shown.insert(node.id.to_string(), json!({"name": node.name.as_ref()}));
    }
    Ok(Reply::value(&whole(&view, nodes.len(), shown)))
}

/// `_wlm/stats`: work is not divided into groups, so that the one that everything belongs to is neither limited nor counted.
pub(super) async fn workload_groups(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    const ALL: &str = "DEFAULT_WORKLOAD_GROUP";
    let ids = request.part("nodeId").map(split).unwrap_or_default();
    let groups = request.part("workloadGroupId").map(split).unwrap_or_default();
    request.params.flag("breach")?;
    request.finish()?;
    let view = server.gateway.cluster();
    let nodes = select(&view, &ids);
    let mut answer = json!({"_nodes": {"total": nodes.len(), "successful": nodes.len(), "failed": 0}});
    answer["cluster_name"] = view.name.as_ref().into();
    let unknown = groups.iter().find(|group| *group != ALL && *group != "_all");
    let mut failures = Vec::new();
    for node in &nodes {
        if let Some(group) = unknown {
            failures.push(json!({
                "type": "failed_node_exception", "reason": format!("Failed node [{}]", node.id), "node_id": node.id.as_ref(),
                "caused_by": {
                    "type": "resource_not_found_exception",
                    "reason": format!("WorkloadGroup with id {group} does not exist"),
                },
            }));
            continue;
        }
        let nothing = json!({"current_usage": 0.0, "cancellations": 0, "rejections": 0});
        let whole = json!({
            "total_completions": 0, "total_rejections": 0, "total_cancellations": 0, "cpu": nothing, "memory": nothing,
        });
        let groups: Map<String, Value> = [(ALL.to_owned(), whole)].into_iter().collect();
        answer[node.id.as_ref()] = json!({"workload_groups": groups});
    }
    if !failures.is_empty() {
        answer["_nodes"] =
            json!({"total": nodes.len(), "successful": 0, "failed": failures.len(), "failures": failures});
    }
    Ok(Reply::value(&answer))
}
