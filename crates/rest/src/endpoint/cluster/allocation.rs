//! `_cluster/allocation/explain`: every decider's verdict of every node.

use std::sync::Arc;

use model::admin::{ClusterView, ShardState, UnassignedInfo};
use model::allocation::{
    AllocationExplanation, DeciderVerdict, Decision, ExplainAllocation, ExplainShard, NodeDecision,
};
use model::error::{Error, ErrorKind};
use model::json::token;
use serde_json::{Map, Value, json};

use crate::endpoint::{Server, options};
use crate::json;
use crate::params::number_format;
use crate::render::admin::instant;
use crate::reply::Reply;
use crate::request::Request;

pub(super) async fn explain(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let bytes = request.body_or_source()?;
    let params = &mut request.params;
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
            ShardState::Started => self.add_movement(&mut body),
            ShardState::Initializing | ShardState::Relocating => {
                let why = match told.state {
                    ShardState::Relocating => {
                        "the shard is in the process of relocating from node to node, wait until relocation has completed"
                    }
                    _ => "the shard is in the process of initializing, wait until initialization has completed",
                };
                body.insert("explanation".into(), why.into());
            }
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
        let delay = self.told.delay_ms.filter(|_| best != Some(Decision::Throttle));
        let (can, why) = match best {
            _ if delay.is_some() => ("allocation_delayed", "".to_owned()),
            Some(Decision::Yes) => ("yes", "can allocate the shard".to_owned()),
            Some(Decision::Throttle) => ("throttled", "allocation temporarily throttled".to_owned()),
            _ if self.told.data_away => (
                "no_valid_shard_copy",
                "cannot allocate because a previous copy of the primary shard existed but can no longer be found on the nodes in the cluster".to_owned(),
            ),
            _ => ("no", "cannot allocate because allocation is not permitted to any of the nodes".to_owned()),
        };
        body.insert("can_allocate".into(), can.into());
        let why = delay.map_or(why, |(_, left)| waited_for(left, best == Some(Decision::Yes)));
        body.insert("allocate_explanation".into(), why.into());
        if let Some((configured, left)) = delay {
            body.insert("configured_delay_in_millis".into(), configured.into());
            body.insert("remaining_delay_in_millis".into(), left.into());
        }
        let decisions = self.told.nodes.iter().map(|node| self.decision(node));
        body.insert("node_allocation_decisions".into(), decisions.collect());
    }

    /// Of a copy that serves: whether it may stay, and otherwise whether it may go; then whether it goes for the sake of balance.
    fn add_movement(&self, body: &mut Map<String, Value>) {
        let Some(movement) = &self.told.movement else { return };
        let against = |all: &[DeciderVerdict]| -> Vec<Value> {
            all.iter().filter(|one| one.decision != Decision::Yes).map(verdict).collect()
        };
        let stays = against(&movement.stays);
        let worst = movement.rebalances.iter().map(|one| one.decision).max().unwrap_or(Decision::Yes);
        let may_stay = stays.is_empty();
        body.insert("can_remain_on_current_node".into(), if may_stay { "yes" } else { "no" }.into());
        let goes = |node: &&NodeDecision| node.decision != Decision::No && (!may_stay || node.improves);
        let best = self.told.nodes.iter().filter(goes).map(|node| node.decision).min();
        let can = match best {
            _ if may_stay && worst == Decision::No => "no",
            Some(Decision::Yes) if may_stay && worst == Decision::Throttle => "throttled",
            Some(Decision::Yes) => "yes",
            Some(_) => "throttled",
            None => "no",
        };
        if may_stay {
            body.insert("can_rebalance_cluster".into(), shown_decision(worst).into());
            if worst != Decision::Yes {
                body.insert("can_rebalance_cluster_decisions".into(), against(&movement.rebalances).into());
            }
            body.insert("can_rebalance_to_other_node".into(), can.into());
            let why = match (can, worst) {
                ("yes", _) => "can rebalance shard",
                ("throttled", _) => "shard rebalancing throttled",
                (_, Decision::No) if best.is_some() => {
                    "rebalancing is not allowed, even though there is at least one node on which the shard can be allocated"
                }
                (_, Decision::No) => "rebalancing is not allowed",
                _ => {
                    "cannot rebalance as no target node exists that can both allocate this shard and improve the cluster balance"
                }
            };
            body.insert("rebalance_explanation".into(), why.into());
        } else {
            body.insert("can_remain_decisions".into(), stays.into());
            body.insert("can_move_to_other_node".into(), can.into());
            let why = match can {
                "yes" => "shard cannot remain on this node and is force-moved to another node",
                "throttled" => "shard cannot remain on this node but is throttled on moving to another node",
                _ => "cannot move shard to another node, even though it is not allowed to remain on its current node",
            };
            body.insert("move_explanation".into(), why.into());
        }
        if !self.told.nodes.is_empty() {
            let decisions = self.told.nodes.iter().map(|node| {
                let mut shown = self.decision(node);
                if may_stay && node.decision == Decision::Yes && !node.improves {
                    shown["node_decision"] = "worse_balance".into();
                }
                shown
            });
            body.insert("node_allocation_decisions".into(), decisions.collect());
        }
    }

    fn decision(&self, decision: &NodeDecision) -> Value {
        let mut shown = self.node("node_", &decision.node);
        shown.insert("node_decision".into(), shown_decision(decision.decision).into());
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
            shown.insert("weight_ranking".into(), decision.rank.into());
        }
        let wanted = |verdict: &&DeciderVerdict| self.with_yes || verdict.decision != Decision::Yes;
        let deciders: Vec<Value> = decision.deciders.iter().filter(wanted).map(verdict).collect();
        if !deciders.is_empty() {
            shown.insert("deciders".into(), deciders.into());
        }
        shown.into()
    }
}

/// `yes` ..
fn shown_decision(decision: Decision) -> &'static str {
    match decision {
        Decision::Yes => "yes",
        Decision::Throttle => "throttled",
        Decision::No => "no",
    }
}

fn waited_for(left_ms: u64, elsewhere: bool) -> String {
    let seconds = left_ms as f64 / 1000.0;
    let despite =
        if elsewhere { ", despite being allowed to allocate the shard to at least one other node" } else { "" };
    format!(
        "cannot allocate because the cluster is still waiting {seconds:.1}s for the departed node holding a replica to rejoin{despite}"
    )
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
