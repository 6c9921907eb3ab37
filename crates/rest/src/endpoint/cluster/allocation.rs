//! `_cluster/allocation/explain`: every decider's verdict of every node.

use std::sync::Arc;

use model::admin::{ClusterView, ShardState, UnassignedInfo};
use model::allocation::{
    AllocationExplanation, DeciderVerdict, Decision, ExplainAllocation, ExplainShard, NodeDecision,
};
use model::error::{Error, ErrorKind};
use serde_json::{Map, Value, json};

use crate::endpoint::{Server, options};
use crate::json::{self, token};
use crate::params::number_format;
use crate::render::admin::instant;
use crate::reply::Reply;
use crate::request::Request;

pub(super) async fn explain(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let bytes = request.body_or_source()?;
    let params = &mut request.params;
    options::cluster_manager_timeout(params)?;
    let with_yes = params.flag("include_yes_decisions")?.unwrap_or(false);
    let with_disks = params.flag("include_disk_info")?.unwrap_or(false);
    let shard = if bytes.is_empty() { None } else { read(&bytes)? };
    request.finish()?;
    let told = server.gateway.explain_allocation(ExplainAllocation { shard }).await?;
    let view = server.gateway.cluster();
    Ok(Reply::value(&Answer { view: &view, told: &told, with_yes, with_disks }.body()))
}

fn wrong(reason: impl Into<String>) -> Error {
    Error::new(ErrorKind::XContentParse, reason)
}

/// The copy that the body asks about; none for an empty object.
fn read(bytes: &[u8]) -> Result<Option<ExplainShard>, Error> {
    let body = match json::parse(bytes)? {
        Value::Object(body) => body,
        other => {
            let found = token(&other);
            return Err(wrong(format!("[cluster/allocation/explain] Expected START_OBJECT but was: {found}")));
        }
    };
    let (mut index, mut number, mut primary, mut current_node) = (None, None, None, None);
    for (key, value) in &body {
        let failed = |cause: Error| {
            wrong(format!("[cluster/allocation/explain] failed to parse field [{key}]")).with_cause(cause)
        };
        let unfit =
            || wrong(format!("[cluster/allocation/explain] {key} doesn't support values of type: {}", token(value)));
        match key.as_str() {
            "index" => index = Some(value.as_str().ok_or_else(unfit)?.to_owned()),
            "current_node" => current_node = Some(value.as_str().ok_or_else(unfit)?.to_owned()),
            "shard" => {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                number = Some(text.parse::<i32>().map_err(|_| failed(number_format(&text)))?);
            }
            "primary" => {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                primary = Some(crate::params::boolean(&text).map_err(failed)?);
            }
            _ => return Err(wrong(format!("[cluster/allocation/explain] unknown field [{key}]"))),
        }
    }
    if index.is_none() && number.is_none() && primary.is_none() {
        return Ok(None);
    }
    let mut refusals = options::Refusals::default();
    for (given, name) in [(index.is_some(), "index"), (number.is_some(), "shard"), (primary.is_some(), "primary")] {
        if !given {
            refusals.add(&format!("{name} must be specified"));
        }
    }
    refusals.finish()?;
    let (Some(index), Some(number), Some(primary)) = (index, number, primary) else { return Ok(None) };
    // There is no shard of a number below 0.
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    Ok(Some(ExplainShard { index, number, primary, current_node }))
}

struct Answer<'a> {
    view: &'a ClusterView,
    told: &'a AllocationExplanation,
    with_yes: bool,
    with_disks: bool,
}

impl Answer<'_> {
    fn body(&self) -> Value {
        let told = self.told;
        let mut body = Map::new();
        body.insert("index".into(), told.index.as_ref().into());
        body.insert("shard".into(), told.number.into());
        body.insert("primary".into(), told.primary.into());
        body.insert("current_state".into(), told.state.name().to_lowercase().into());
        if let Some(why) = &told.unassigned {
            body.insert("unassigned_info".into(), unassigned(why));
        }
        if let Some(node) = &told.node {
            let mut shown = self.node("", node);
            let rank = told.nodes.iter().position(|decision| decision.node == *node);
            shown.insert("weight_ranking".into(), rank.map_or(0, |rank| rank + 1).into());
            body.insert("current_node".into(), shown.into());
        }
        if self.with_disks {
            body.insert("cluster_info".into(), self.disks());
        }
        match told.state {
            ShardState::Unassigned => self.add_allocation(&mut body),
            _ => self.add_movement(&mut body),
        }
        body.into()
    }

    /// What may be known of a node, with names that begin with `prefix`.
    fn node(&self, prefix: &str, id: &Arc<str>) -> Map<String, Value> {
        let node = self.view.nodes.iter().find(|node| node.id == *id);
        let mut shown = Map::new();
        shown.insert(format!("{prefix}id"), id.as_ref().into());
        if let Some(node) = node {
            shown.insert(format!("{prefix}name"), node.name.as_ref().into());
            shown.insert("transport_address".into(), node.transport_address.as_str().into());
            if !node.attributes.is_empty() {
                shown.insert(format!("{prefix}attributes"), json!(node.attributes));
            }
        }
        shown
    }

    fn disks(&self) -> Value {
        let usage = |disk: &model::allocation::NodeDisk| {
            let used = disk.total_bytes.saturating_sub(disk.free_bytes);
            let percent = |part: u64| {
                let hundred = if disk.total_bytes == 0 { 0.0 } else { part as f64 * 1000.0 / disk.total_bytes as f64 };
                hundred.round() / 10.0
            };
            json!({
                "path": disk.path, "total_bytes": disk.total_bytes, "used_bytes": used, "free_bytes": disk.free_bytes,
                "free_disk_percent": percent(disk.free_bytes), "used_disk_percent": percent(used),
            })
        };
        let nodes = self.told.disks.iter().map(|disk| {
            let name = self.view.nodes.iter().find(|node| node.id == disk.node).map_or("", |node| node.name.as_ref());
            let shown = json!({"node_name": name, "least_available": usage(disk), "most_available": usage(disk)});
            (disk.node.to_string(), shown)
        });
        let nodes: Map<String, Value> = nodes.collect();
        json!({"nodes": nodes, "shard_sizes": {}, "shard_paths": {}, "reserved_sizes": []})
    }

    fn add_allocation(&self, body: &mut Map<String, Value>) {
        let best = self.told.nodes.iter().map(|node| node.decision).min();
        let (can, why) = match best {
            Some(Decision::Yes) => ("yes", "can allocate the shard"),
            Some(Decision::Throttle) => ("throttled", "allocation temporarily throttled"),
            _ if self.told.data_away => (
                "no_valid_shard_copy",
                "cannot allocate because a previous copy of the primary shard existed but can no longer be found on the nodes in the cluster",
            ),
            _ => ("no", "cannot allocate because allocation is not permitted to any of the nodes"),
        };
        body.insert("can_allocate".into(), can.into());
        body.insert("allocate_explanation".into(), why.into());
        let decisions = self.told.nodes.iter().zip(1..).map(|(node, rank)| self.decision(node, rank));
        body.insert("node_allocation_decisions".into(), decisions.collect());
    }

    /// Copies stay where they are: that they move needs their replication.
    fn add_movement(&self, body: &mut Map<String, Value>) {
        if self.told.state != ShardState::Started {
            let why = "rebalancing is not allowed while the shard is initializing";
            body.insert("explanation".into(), why.into());
            return;
        }
        body.insert("can_remain_on_current_node".into(), "yes".into());
        body.insert("can_rebalance_cluster".into(), "no".into());
        let why = "shard copies do not move to other nodes yet";
        let verdict = json!({"decider": "cluster_rebalance", "decision": "NO", "explanation": why});
        body.insert("can_rebalance_cluster_decisions".into(), json!([verdict]));
        body.insert("can_rebalance_to_other_node".into(), "no".into());
        body.insert("rebalance_explanation".into(), "rebalancing is not allowed".into());
    }

    fn decision(&self, decision: &NodeDecision, rank: u32) -> Value {
        let mut shown = self.node("node_", &decision.node);
        shown.insert(
            "node_decision".into(),
            decision.decision.name().to_lowercase().replace("throttle", "throttled").into(),
        );
        // Where data lie, weight does not matter.
        let restored = self.told.unassigned.as_ref().is_some_and(|why| !why.fresh) && self.told.primary;
        if restored {
            shown.insert(
                "store".into(),
                if decision.in_sync { json!({"in_sync": true}) } else { json!({"found": false}) },
            );
            if !decision.in_sync {
                return shown.into();
            }
        } else {
            shown.insert("weight_ranking".into(), rank.into());
        }
        let wanted = |verdict: &&DeciderVerdict| self.with_yes || verdict.decision != Decision::Yes;
        let deciders: Vec<Value> = decision.deciders.iter().filter(wanted).map(verdict).collect();
        if !deciders.is_empty() {
            shown.insert("deciders".into(), deciders.into());
        }
        shown.into()
    }
}

pub(super) fn verdict(verdict: &DeciderVerdict) -> Value {
    json!({"decider": verdict.decider, "decision": verdict.decision.name(), "explanation": verdict.explanation})
}

fn unassigned(why: &UnassignedInfo) -> Value {
    let mut shown = Map::new();
    shown.insert("reason".into(), why.reason.into());
    shown.insert("at".into(), instant(why.at_ms).into());
    if why.failed_attempts > 0 {
        shown.insert("failed_allocation_attempts".into(), why.failed_attempts.into());
    }
    if let Some(details) = &why.details {
        shown.insert("details".into(), details.as_str().into());
    }
    let status = if why.status == "deciders_no" { "no" } else { why.status };
    shown.insert("last_allocation_status".into(), status.into());
    shown.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_about() {
        let told = |body: &str| read(body.as_bytes()).map_err(|error| error.to_string());
        assert_eq!(told("{}"), Ok(None));
        let whole = told(r#"{"index": "a", "shard": "1", "primary": "true", "current_node": "n"}"#).unwrap().unwrap();
        assert_eq!((whole.index.as_str(), whole.number, whole.primary), ("a", 1, true));
        for (body, why) in [
            (r#"{"index": "a"}"#, "Validation Failed: 1: shard must be specified;2: primary must be specified;"),
            (r#"{"index": "a", "foo": 1}"#, "unknown field [foo]"),
            (r#"{"shard": "x"}"#, "failed to parse field [shard]"),
            ("[]", "Expected START_OBJECT but was: START_ARRAY"),
        ] {
            assert!(told(body).unwrap_err().contains(why), "{body}");
        }
    }
}
