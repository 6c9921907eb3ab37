//! `_stats`: counts of the copies of indexes, by metric and level.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::admin::{CopyStats, IndexInfo, ShardStats, StatsResponse};
use model::error::Error;
use model::target::Target;
use serde_json::{Map, Value, json};

use crate::endpoint::metrics::Metrics;
use crate::endpoint::{Server, options};
use crate::params::split;
use crate::render::admin::broadcast;
use crate::render::admin::stats::{self, METRICS, sum};
use crate::reply::Reply;
use crate::request::Request;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Cluster,
    Indices,
    Shards,
}

pub(super) async fn stats(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let metrics = request.part("metric").map(split).unwrap_or_default();
    let metrics = Metrics::parse(&metrics, METRICS, "metric", &request.path)?;
    let mut target = request.target()?;
    let level = level(&mut request)?;
    let groups = conditional(&mut request, &metrics)?;
    let forbids_closed = request.params.flag("forbid_closed_indices")?.unwrap_or(true);
    options::timeout_ms(&mut request.params)?;
    request.finish()?;
    server.readable(&target)?;
    let closed = if forbids_closed { 0 } else { leave_out_closed(&server, &mut target)? };
    let mut answer = match (closed, target.names.is_empty()) {
        (1.., true) => StatsResponse::default(),
        _ => server.gateway.stats(target).await?,
    };
    answer.shards.total += closed;
    answer.copies.iter_mut().for_each(|copy| stats::keep_groups(&mut copy.stats, &groups));
    let mut body = Map::new();
    body.insert("_shards".into(), broadcast(&answer.shards));
    body.insert("_all".into(), pair(answer.copies.iter(), &metrics).into());
    if level != Level::Cluster {
        body.insert("indices".into(), indexes(&answer.copies, &metrics, level));
    }
    Ok(Reply::value(&body.into()))
}

/// Names the open indexes of a target alone. A closed one counts nothing while it lies there; out: how many copies of shards such ones have.
fn leave_out_closed(server: &Server, target: &mut Target) -> Result<u32, Error> {
    let found = server.gateway.indexes(target)?;
    let closed: Vec<&IndexInfo> = found.iter().filter(|index| !index.open).collect();
    if !closed.is_empty() {
        target.names = found.iter().filter(|index| index.open).map(|index| index.name.to_string()).collect();
    }
    Ok(closed.iter().map(|index| index.shards.len() as u32).sum())
}

fn level(request: &mut Request) -> Result<Level, Error> {
    match request.params.take("level").as_deref() {
        Some("cluster") => Ok(Level::Cluster),
        None | Some("indices") => Ok(Level::Indices),
        Some("shards") => Ok(Level::Shards),
        Some(other) => Err(Error::illegal_argument(format!(
            "level parameter must be one of [cluster] or [indices] or [shards] but was [{other}]"
        ))),
    }
}

/// Parameters that only some metrics have; which groups of searches to show.
fn conditional(request: &mut Request, metrics: &Metrics) -> Result<Vec<String>, Error> {
    let params = &mut request.params;
    let groups = params.take("groups");
    // There is nothing of fielddata and completion to list by field.
    if metrics.has("fielddata") || metrics.has("completion") {
        for name in ["fields", "fielddata_fields", "completion_fields"] {
            params.take(name);
        }
    }
    if metrics.has("segments") {
        params.flag("include_unloaded_segments")?;
        if params.flag("include_segment_file_sizes")? == Some(true) {
            return Err(Error::not_implemented("[include_segment_file_sizes] of _stats"));
        }
    }
    Ok(groups.map(|groups| split(&groups)).unwrap_or_default())
}

/// Sums over the primaries and over all copies.
fn pair<'a>(copies: impl Iterator<Item = &'a CopyStats> + Clone, metrics: &Metrics) -> Map<String, Value> {
    // Of nothing there are no counts.
    if copies.clone().next().is_none() {
        return ["primaries", "total"].map(|of| (of.to_owned(), json!({}))).into_iter().collect();
    }
    let of = |stats: ShardStats| Value::Object(stats::sections(&stats, |metric| metrics.has(metric)));
    let primaries = copies.clone().filter(|copy| copy.shard.primary).map(|copy| &copy.stats);
    let mut pair = Map::new();
    pair.insert("primaries".into(), of(sum(primaries)));
    pair.insert("total".into(), of(sum(copies.map(|copy| &copy.stats))));
    pair
}

fn indexes(copies: &[CopyStats], metrics: &Metrics, level: Level) -> Value {
    let mut by_index: BTreeMap<&str, Vec<&CopyStats>> = BTreeMap::new();
    for copy in copies {
        by_index.entry(&copy.index).or_default().push(copy);
    }
    let mut shown = Map::new();
    for (name, copies) in by_index {
        let mut index = Map::new();
        if let Some(first) = copies.first() {
            index.insert("uuid".into(), first.uuid.0.as_ref().into());
        }
        index.extend(pair(copies.iter().copied(), metrics));
        if level == Level::Shards {
            index.insert("shards".into(), shards(&copies, metrics).into());
        }
        shown.insert(name.to_owned(), index.into());
    }
    shown.into()
}

fn shards(copies: &[&CopyStats], metrics: &Metrics) -> Map<String, Value> {
    let mut by_number: BTreeMap<u32, Vec<Value>> = BTreeMap::new();
    for copy in copies {
        by_number.entry(copy.shard.number.0).or_default().push(of_copy(copy, metrics).into());
    }
    by_number.into_iter().map(|(number, copies)| (number.to_string(), copies.into())).collect()
}

/// One copy, as the level `shards` shows it.
pub(in crate::endpoint) fn of_copy(copy: &CopyStats, metrics: &Metrics) -> Map<String, Value> {
    let mut shown = Map::new();
    let routing = json!({
        "state": copy.shard.state.name(),
        "primary": copy.shard.primary,
        "node": copy.shard.node.as_deref(),
        "relocating_node": null,
    });
    shown.insert("routing".into(), routing);
    shown.extend(stats::sections(&copy.stats, |metric| metrics.has(metric)));
    let number = |seq_no: Option<model::id::SeqNo>| seq_no.map_or(json!(-1), |seq_no| json!(seq_no.0));
    let seq_no = json!({
        "max_seq_no": number(copy.stats.max_seq_no),
        "local_checkpoint": number(copy.stats.local_checkpoint),
        "global_checkpoint": number(copy.stats.global_checkpoint),
    });
    shown.insert("seq_no".into(), seq_no);
    shown
}
