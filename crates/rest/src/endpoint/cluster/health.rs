//! `_cluster/health`: of the cluster or of some indexes, at once or when something holds.

use std::sync::Arc;

use model::admin::{HealthRequest, HealthResponse, HealthStatus, HealthWait, IndexHealth, ShardInfo, ShardState};
use model::error::Error;
use model::target::Expand;
use serde_json::{Map, Value, json};

use super::awareness;
use crate::endpoint::{Server, options};
use crate::params::{Params, number_format, split};
use crate::render::admin::shard::is_active;
use crate::reply::Reply;
use crate::request::{Request, target};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Cluster,
    Indices,
    Shards,
    Awareness,
}

pub(super) async fn health(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let names = request.part("index").map(split).unwrap_or_default();
    let params = &mut request.params;
    let mut target = target(names, params)?;
    target.options.expand_wildcards.get_or_insert(Expand { open: true, closed: true, hidden: true });
    options::cluster_manager_timeout(params)?;
    let timeout_ms = params.time_ms("timeout")?.map_or(30_000, |given| given.unwrap_or(u64::MAX));
    let wait = wait(params)?;
    let level = match params.take("level").as_deref() {
        Some("indices") => Level::Indices,
        Some("shards") => Level::Shards,
        Some("awareness_attributes") => Level::Awareness,
        // OpenSearch passes by what it does not know.
        _ => Level::Cluster,
    };
    let attribute = params.take("awareness_attribute");
    let local = params.flag("local")?.unwrap_or(false);
    let weighed = params.flag("ensure_node_weighed_in")?.unwrap_or(false);
    request.finish()?;
    if weighed && !local {
        return Err(options::refusal("not a local request to ensure local node commissioned or weighed in"));
    }
    if attribute.is_some() && level != Level::Awareness {
        return Err(options::refusal("level=awareness_attributes is required with awareness_attribute parameter"));
    }
    if level == Level::Awareness && !target.names.is_empty() {
        return Err(options::refusal("awareness_attribute is not a supported parameter with index health"));
    }
    let mut answer = server.gateway.health(HealthRequest { target: target.clone(), timeout_ms, wait }).await?;
    let missing = answer.timed_out && answer.indexes.is_empty() && server.gateway.indexes(&target).is_err();
    if missing {
        // Those of the names that are there are told of nonetheless.
        target.options.ignore_unavailable = Some(true);
        let there = HealthRequest { target, timeout_ms: 0, wait: HealthWait::default() };
        answer = HealthResponse { timed_out: true, ..server.gateway.health(there).await? };
    }
    let worst = answer.indexes.iter().map(IndexHealth::status).max();
    let status = if missing { HealthStatus::Red } else { worst.unwrap_or(HealthStatus::Green) };
    let mut body = body(&server, &answer, status, level);
    if level == Level::Awareness {
        body["awareness_attributes"] = awareness::attributes(&server.gateway.cluster(), attribute.as_deref());
    }
    Ok(Reply::value(&body).with_status(if answer.timed_out { 408 } else { 200 }))
}

fn wait(params: &mut Params) -> Result<HealthWait, Error> {
    if params.take("wait_for_relocating_shards").is_some() {
        return Err(Error::illegal_argument(
            "wait_for_relocating_shards has been removed, use wait_for_no_relocating_shards [true/false] instead",
        ));
    }
    let status = params.take("wait_for_status").map(|given| parse_status(&given)).transpose()?;
    let nodes = params.take("wait_for_nodes");
    if let Some(nodes) = &nodes {
        check_nodes(nodes)?;
    }
    let events = params.take("wait_for_events");
    if let Some(events) = &events {
        check_priority(events)?;
    }
    // `0` says that none is waited for, which is the default.
    let active_shards = options::active_shards(params)?;
    Ok(HealthWait {
        status,
        no_relocating_shards: params.flag("wait_for_no_relocating_shards")?.unwrap_or(false),
        no_initializing_shards: params.flag("wait_for_no_initializing_shards")?.unwrap_or(false),
        active_shards,
        nodes,
        events,
    })
}

fn no_constant(of: &str, given: &str) -> Error {
    Error::illegal_argument(format!("No enum constant org.opensearch.{of}.{}", given.to_uppercase()))
}

fn parse_status(given: &str) -> Result<HealthStatus, Error> {
    match given.to_ascii_lowercase().as_str() {
        "green" => Ok(HealthStatus::Green),
        "yellow" => Ok(HealthStatus::Yellow),
        "red" => Ok(HealthStatus::Red),
        _ => Err(no_constant("cluster.health.ClusterHealthStatus", given)),
    }
}

fn check_priority(given: &str) -> Result<(), Error> {
    match given.to_ascii_lowercase().as_str() {
        "immediate" | "urgent" | "high" | "normal" | "low" | "languid" => Ok(()),
        _ => Err(no_constant("common.Priority", given)),
    }
}

/// A number, or one behind a comparison: `>=2`, `<3`, `ge(2)`.
fn check_nodes(given: &str) -> Result<(), Error> {
    let call = |name: &str| given.strip_prefix(name).and_then(|rest| rest.strip_suffix(')'));
    let number = [">=", "<=", ">", "<"]
        .iter()
        .find_map(|sign| given.strip_prefix(sign))
        .or_else(|| ["ge(", "le(", "gt(", "lt("].iter().find_map(|name| call(name)))
        .unwrap_or(given);
    number.parse::<u32>().map(drop).map_err(|_| number_format(number))
}

fn body(server: &Server, answer: &HealthResponse, status: HealthStatus, level: Level) -> Value {
    let cluster = server.gateway.cluster();
    let copies: Vec<&ShardInfo> = answer.indexes.iter().flat_map(|index| &index.copies).collect();
    let managed = cluster.master.is_some();
    let mut body = Map::new();
    body.insert("cluster_name".into(), answer.cluster_name.as_ref().into());
    body.insert("status".into(), status.name().into());
    body.insert("timed_out".into(), answer.timed_out.into());
    body.insert("number_of_nodes".into(), answer.nodes.into());
    body.insert("number_of_data_nodes".into(), answer.data_nodes.into());
    body.insert("discovered_master".into(), managed.into());
    body.insert("discovered_cluster_manager".into(), managed.into());
    body.insert("active_primary_shards".into(), active_primaries(&copies).into());
    body.extend(counts(&copies));
    let delayed = copies.iter().filter(|copy| copy.unassigned.as_ref().is_some_and(|why| why.delayed)).count();
    body.insert("delayed_unassigned_shards".into(), delayed.into());
    body.insert("number_of_pending_tasks".into(), answer.pending_tasks.into());
    body.insert("number_of_in_flight_fetch".into(), answer.in_flight_fetch.into());
    body.insert("task_max_waiting_in_queue_millis".into(), 0.into());
    let everywhere = cluster.indexes.iter().flat_map(|index| &index.shards);
    let percent = if status == HealthStatus::Green { 100.0 } else { active_percent(everywhere) };
    body.insert("active_shards_percent_as_number".into(), percent.into());
    if matches!(level, Level::Indices | Level::Shards) {
        let indexes = answer.indexes.iter().map(|index| (index.name.to_string(), of_index(index, level)));
        body.insert("indices".into(), Value::Object(indexes.collect()));
    }
    body.into()
}

/// Active copies in percent of all, 100 where there is none.
pub(in crate::endpoint) fn active_percent<'a>(copies: impl Iterator<Item = &'a ShardInfo>) -> f64 {
    let (all, active) = copies.fold((0u32, 0u32), |(all, active), copy| (all + 1, active + u32::from(is_active(copy))));
    if all == 0 { 100.0 } else { f64::from(active) / f64::from(all) * 100.0 }
}

fn active_primaries(copies: &[&ShardInfo]) -> usize {
    copies.iter().filter(|copy| copy.primary && is_active(copy)).count()
}

fn counts(copies: &[&ShardInfo]) -> Map<String, Value> {
    let count = |state: ShardState| copies.iter().filter(|copy| copy.state == state).count();
    let mut counts = Map::new();
    counts.insert("active_shards".into(), copies.iter().filter(|copy| is_active(copy)).count().into());
    counts.insert("relocating_shards".into(), count(ShardState::Relocating).into());
    counts.insert("initializing_shards".into(), count(ShardState::Initializing).into());
    counts.insert("unassigned_shards".into(), count(ShardState::Unassigned).into());
    counts
}

fn of_index(index: &IndexHealth, level: Level) -> Value {
    let copies: Vec<&ShardInfo> = index.copies.iter().collect();
    let mut shown = Map::new();
    shown.insert("status".into(), index.status().name().into());
    shown.insert("number_of_shards".into(), index.shards.into());
    shown.insert("number_of_replicas".into(), index.replicas.into());
    shown.insert("active_primary_shards".into(), active_primaries(&copies).into());
    shown.extend(counts(&copies));
    if level == Level::Shards {
        let mut shards = Map::new();
        for number in 0..index.shards {
            let copies: Vec<&ShardInfo> = index.copies.iter().filter(|copy| copy.number.0 == number).collect();
            shards.insert(number.to_string(), of_shard(&copies));
        }
        shown.insert("shards".into(), shards.into());
    }
    shown.into()
}

fn of_shard(copies: &[&ShardInfo]) -> Value {
    let primary_active = active_primaries(copies) > 0;
    let status = match (primary_active, copies.iter().all(|copy| is_active(copy))) {
        (false, _) => HealthStatus::Red,
        (true, false) => HealthStatus::Yellow,
        (true, true) => HealthStatus::Green,
    };
    let mut shown = json!({"status": status.name(), "primary_active": primary_active});
    if let Value::Object(shown) = &mut shown {
        shown.extend(counts(copies));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_waited_for() {
        let told = |query: &str| wait(&mut Params::parse(query)).map_err(|error| error.to_string());
        assert_eq!(told("wait_for_status=GREEN").unwrap().status, Some(HealthStatus::Green));
        for nodes in ["2", "%3E%3D2", "ge(2)", "%3C3"] {
            told(&format!("wait_for_nodes={nodes}")).expect(nodes);
        }
        assert_eq!(told("wait_for_nodes=many").unwrap_err(), "number_format_exception: For input string: \"many\"");
        for wrong in ["wait_for_status=pink", "wait_for_events=foo", "wait_for_relocating_shards=0"] {
            assert!(told(wrong).unwrap_err().starts_with("illegal_argument_exception"), "{wrong}");
        }
    }
}
