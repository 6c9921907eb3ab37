//! Health by awareness attribute: which copies lie in which zone, and the zones that are taken out of service.
//!
//! In: the cluster as it is. Out: JSON. Zones cannot be weighed nor taken out: each weighs 1.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::admin::{ClusterView, ShardInfo, ShardState};
use model::error::{Error, ErrorKind};
use serde_json::{Map, Value, json};

use crate::endpoint::{Server, options};
use crate::params::split;
use crate::render::admin::shard::is_active;
use crate::reply::Reply;
use crate::request::Request;

/// The attributes that copies are spread by, or the one that is named.
pub(super) fn attributes(view: &ClusterView, only: Option<&str>) -> Value {
    let names = match only {
        Some(name) => vec![name.to_owned()],
        None => spread_by(view),
    };
    names.into_iter().map(|name| (name.clone(), of_attribute(view, &name))).collect::<Map<String, Value>>().into()
}

/// `cluster.routing.allocation.awareness.attributes`, as it holds.
fn spread_by(view: &ClusterView) -> Vec<String> {
    let key = "cluster.routing.allocation.awareness.attributes";
    let given = view.settings.transient.get(key).or_else(|| view.settings.persistent.get(key));
    match given {
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).map(|name| name.trim().to_owned()).collect(),
        Some(Value::String(text)) => split(text).iter().map(|name| name.trim().to_owned()).collect(),
        _ => Vec::new(),
    }
}

/// By value of the attribute: its data nodes and the copies on them. A copy that is nowhere is nobody's.
fn of_attribute(view: &ClusterView, name: &str) -> Value {
    let mut zones: BTreeMap<&str, Vec<&Arc<str>>> = BTreeMap::new();
    for node in view.nodes.iter().filter(|node| node.roles.iter().any(|role| role == "data")) {
        if let Some(value) = node.attributes.get(name) {
            zones.entry(value).or_default().push(&node.id);
        }
    }
    let count = zones.len();
    let of = |(value, nodes): (&str, Vec<&Arc<str>>)| {
        let copies: Vec<&ShardInfo> = view
            .indexes
            .iter()
            .flat_map(|index| &index.shards)
            .filter(|copy| copy.node.as_ref().is_some_and(|node| nodes.contains(&node)))
            .collect();
        let state = |state: ShardState| copies.iter().filter(|copy| copy.state == state).count();
        let active = copies.iter().filter(|copy| is_active(copy)).count();
        // What a zone lacks of its fair part of all copies.
        let all = view.indexes.iter().flat_map(|index| &index.shards).count();
        let unassigned = if all_assigned(view) { 0 } else { all.div_ceil(count).saturating_sub(copies.len()) };
        let shown = json!({
            "active_shards": active,
            "initializing_shards": state(ShardState::Initializing),
            "relocating_shards": state(ShardState::Relocating),
            "unassigned_shards": unassigned,
            "data_nodes": nodes.len(),
            "weight": 1.0,
        });
        (value.to_owned(), shown)
    };
    zones.into_iter().map(of).collect::<Map<String, Value>>().into()
}

/// Whether every copy is somewhere.
fn all_assigned(view: &ClusterView) -> bool {
    view.indexes.iter().flat_map(|index| &index.shards).all(|copy| copy.state != ShardState::Unassigned)
}

/// `_cluster/decommission/awareness/{attribute}/_status`: no zone is taken out of service.
pub(super) async fn decommissioned(_: Arc<Server>, request: Request) -> Result<Reply, Error> {
    request.finish()?;
    Ok(Reply::value(&json!({})))
}

/// `PUT /_cluster/decommission/awareness/{attribute}/{value}`: refused of what copies are not spread by.
pub(super) async fn decommission(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let (name, value) = (request.required("attribute")?.to_owned(), request.required("value")?.to_owned());
    options::cluster_manager_timeout(&mut request.params)?;
    request.params.time_ms("delay_timeout")?;
    request.params.flag("no_delay")?;
    request.finish()?;
    if spread_by(&server.gateway.cluster()).contains(&name) {
        return Err(Error::not_implemented("[PUT /_cluster/decommission/awareness/{attribute}/{value}]"));
    }
    let shown = format!("[DecommissionAttribute{{attributeName='{name}', attributeValue='{value}'}}]");
    Err(Error::new(
        ErrorKind::DecommissioningFailed,
        format!("{shown} invalid awareness attribute requested for decommissioning"),
    ))
}

/// `DELETE /_cluster/decommission/awareness`: there is nothing to be taken in again.
pub(super) async fn recommission(_: Arc<Server>, request: Request) -> Result<Reply, Error> {
    request.finish()?;
    Ok(Reply::acknowledged())
}
