//! `_cluster/state`: the metadata, by section; `_cluster/pending_tasks`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use model::admin::{ClusterView, IndexInfo, ShardInfo, ShardState};
use model::error::Error;
use model::target::Expand;
use serde_json::{Map, Value, json};

use crate::endpoint::admin::{data_stream, templates};
use crate::endpoint::{Server, options};
use crate::params::split;
use crate::render::admin::settings::settings;
use crate::render::admin::shard::{count_setting, routing};
use crate::reply::Reply;
use crate::request::{Request, target};

/// How long a later version is waited for where nobody says.
const WAIT_MS: u64 = 60_000;
const POLL: Duration = Duration::from_millis(20);

pub(super) async fn state(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let metrics = request.part("metric").map(split).unwrap_or_default();
    let names = request.part("indices").map(split).unwrap_or_default();
    let mut target = target(names, &mut request.params)?;
    target.options.expand_wildcards.get_or_insert(Expand { open: true, closed: false, hidden: false });
    // What is missing is not in the answer, unless something must be there.
    if target.options.allow_no_indices != Some(false) {
        target.options.ignore_unavailable.get_or_insert(true);
    }
    let params = &mut request.params;
    options::cluster_manager_timeout(params)?;
    params.flag("local")?;
    let flat = params.flag("flat_settings")?.unwrap_or(false);
    let at_least = params.long("wait_for_metadata_version")?.map(version).transpose()?;
    let patience = params.time_ms("wait_for_timeout")?.flatten().unwrap_or(WAIT_MS);
    request.finish()?;
    if let Some(wanted) = at_least
        && !came(&server, wanted, Duration::from_millis(patience)).await
    {
        let name = server.gateway.cluster().name;
        return Ok(Reply::value(&json!({"wait_for_timed_out": true, "cluster_name": name.as_ref()})));
    }
    let view = server.gateway.cluster();
    let whole = target.names.is_empty() || target.names == ["_all"];
    let indexes = if whole { view.indexes.clone() } else { server.gateway.indexes(&target)? };
    let mut shown = answer(&view, Part { indexes: &indexes, whole }, &metrics, flat);
    if at_least.is_some() {
        shown["wait_for_timed_out"] = false.into();
    }
    Ok(Reply::value(&shown))
}

fn version(given: i64) -> Result<u64, Error> {
    let wrong = || {
        let reason = format!("provided waitForMetadataVersion should be >= 1, but instead is [{given}]");
        Error::illegal_argument(reason)
    };
    u64::try_from(given).ok().filter(|version| *version > 0).ok_or_else(wrong)
}

/// Whether the state is of that version, or a later one, in time.
async fn came(server: &Server, version: u64, patience: Duration) -> bool {
    let until = Instant::now().checked_add(patience);
    while server.gateway.cluster().version.0 < version {
        if until.is_some_and(|until| Instant::now() >= until) {
            return false;
        }
        tokio::time::sleep(POLL).await;
    }
    true
}

/// The indexes that are shown.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) indexes: &'a [IndexInfo],
    /// All of them.
    pub(super) whole: bool,
}

/// The sections that `metrics` names; all when it names none.
pub(super) fn answer(view: &ClusterView, part: Part<'_>, metrics: &[String], flat: bool) -> Value {
    let indexes = part.indexes;
    let wanted = |metric: &str| metrics.is_empty() || metrics.iter().any(|given| given == metric || given == "_all");
    let mut body = Map::new();
    body.insert("cluster_name".into(), view.name.as_ref().into());
    body.insert("cluster_uuid".into(), view.uuid.as_ref().into());
    if wanted("version") {
        body.insert("version".into(), view.version.0.into());
        body.insert("state_uuid".into(), view.state_uuid.as_ref().into());
    }
    for metric in ["master_node", "cluster_manager_node"] {
        if wanted(metric) {
            body.insert(metric.into(), json!(view.master.as_deref()));
        }
    }
    if wanted("blocks") {
        body.insert("blocks".into(), blocks(indexes));
    }
    if wanted("nodes") {
        let nodes = view.nodes.iter().map(|node| {
            let shown = json!({
                "name": node.name.as_ref(),
                "ephemeral_id": node.ephemeral_id.as_ref(),
                "transport_address": node.transport_address,
                "attributes": node.attributes,
            });
            (node.id.to_string(), shown)
        });
        body.insert("nodes".into(), Value::Object(nodes.collect()));
    }
    if wanted("metadata") {
        body.insert("metadata".into(), all_metadata(view, part, flat));
    }
    if wanted("routing_table") {
        let tables = indexes.iter().map(|index| (index.name.to_string(), json!({"shards": table(index)})));
        body.insert("routing_table".into(), json!({"indices": tables.collect::<Map<_, _>>()}));
    }
    if wanted("routing_nodes") {
        body.insert("routing_nodes".into(), by_node(view, indexes));
    }
    body.into()
}

/// The metadata of the cluster and of the indexes that are shown; of some indexes alone, nothing else that the cluster has.
fn all_metadata(view: &ClusterView, part: Part<'_>, flat: bool) -> Value {
    let indexes = part.indexes.iter().map(|index| (index.name.to_string(), metadata(index, flat)));
    let exclusions: Vec<Value> = view
        .voting_exclusions
        .iter()
        .map(|(id, name)| json!({"node_id": id.as_ref(), "node_name": name.as_ref()}))
        .collect();
    let voters: Vec<&str> = view.voters.iter().map(AsRef::as_ref).collect();
    let mut whole = json!({
        "cluster_uuid": view.uuid.as_ref(),
        // OpenSearch says so of the whole only.
        "cluster_uuid_committed": part.whole,
        "cluster_coordination": {
            "term": view.term,
            "last_committed_config": voters,
            "last_accepted_config": voters,
            "voting_config_exclusions": exclusions,
        },
        "templates": {},
        "indices": indexes.collect::<Map<_, _>>(),
        "index-graveyard": {"tombstones": []},
    });
    if !part.whole {
        return whole;
    }
    for (kind, all) in templates(&view.templates) {
        let none = all.as_object().is_none_or(|all| all.values().all(|all| all.as_object().is_some_and(Map::is_empty)));
        if kind == "templates" || !none {
            whole[kind] = all;
        }
    }
    if !view.data_streams.is_empty() {
        let streams = view.data_streams.iter().map(|stream| (stream.name.to_string(), data_stream::metadata(stream)));
        whole["data_stream"] = json!({"data_stream": streams.collect::<Map<_, _>>()});
    }
    whole
}

/// One index' metadata.
fn metadata(index: &IndexInfo, flat: bool) -> Value {
    let mapping = index.mapping.render();
    let mappings = if mapping.as_object().is_some_and(Map::is_empty) { json!({}) } else { json!({"_doc": mapping}) };
    let aliases: Vec<&str> = index.aliases.keys().map(AsRef::as_ref).collect();
    let primaries = index.shards.iter().filter(|copy| copy.primary);
    let terms: Map<String, Value> =
        primaries.map(|copy| (copy.number.to_string(), copy.primary_term.0.into())).collect();
    let in_sync: Map<String, Value> = index
        .in_sync
        .iter()
        .enumerate()
        .map(|(number, ids)| (number.to_string(), ids.iter().map(AsRef::as_ref).collect::<Vec<&str>>().into()))
        .collect();
    json!({
        "version": index.versions.index.0,
        "mapping_version": index.versions.mapping.0,
        "settings_version": index.versions.settings.0,
        "aliases_version": index.versions.aliases.0,
        "routing_num_shards": routing_shards(index),
        "state": if index.open { "open" } else { "close" },
        "settings": settings(&index.settings, flat),
        "mappings": mappings,
        "aliases": aliases,
        "primary_terms": terms,
        "in_sync_allocations": in_sync,
        "rollover_info": {},
        "system": false,
    })
}

/// Into how many parts an index may be split: as given, or its shards doubled while they are at most 1024 (but once at least).
fn routing_shards(index: &IndexInfo) -> u64 {
    let shards = count_setting(index, "index.number_of_shards", 1).max(1);
    let doublings = 10u32.saturating_sub(u32::BITS - (shards - 1).leading_zeros()).max(1);
    let given = count_setting(index, "index.number_of_routing_shards", 0);
    if given > 0 { u64::from(given) } else { u64::from(shards) << doublings }
}

fn table(index: &IndexInfo) -> Map<String, Value> {
    let mut table = Map::new();
    for copy in &index.shards {
        let copies = table.entry(copy.number.to_string()).or_insert_with(|| json!([]));
        if let Value::Array(copies) = copies {
            copies.push(routing(&index.name, copy));
        }
    }
    table
}

fn by_node(view: &ClusterView, indexes: &[IndexInfo]) -> Value {
    let on = |wanted: &dyn Fn(&ShardInfo) -> bool| -> Vec<Value> {
        let copies = indexes.iter().flat_map(|index| index.shards.iter().map(move |copy| (index, copy)));
        copies.filter(|(_, copy)| wanted(copy)).map(|(index, copy)| routing(&index.name, copy)).collect()
    };
    let unassigned = on(&|copy| copy.state == ShardState::Unassigned);
    let nodes =
        view.nodes.iter().map(|node| (node.id.to_string(), on(&|copy| copy.node.as_ref() == Some(&node.id)).into()));
    json!({"unassigned": unassigned, "nodes": nodes.collect::<Map<_, _>>()})
}

/// What may not be done with an index, by OpenSearch's numbers.
fn blocks(indexes: &[IndexInfo]) -> Value {
    const BLOCKS: [(&str, &str, &str, &[&str]); 5] = [
        ("index.blocks.read_only", "5", "index read-only (api)", &["write", "metadata_write"]),
        ("index.blocks.read", "7", "index read (api)", &["read"]),
        ("index.blocks.write", "8", "index write (api)", &["write"]),
        ("index.blocks.metadata", "9", "index metadata (api)", &["metadata_read", "metadata_write"]),
        (
            "index.blocks.read_only_allow_delete",
            "12",
            "disk usage exceeded flood-stage watermark, index has read-only-allow-delete block",
            &["write", "metadata_write"],
        ),
    ];
    let mut blocked = Map::new();
    for index in indexes {
        let mut of_index = Map::new();
        let block = |description: &str, levels: &[&str]| json!({"description": description, "retryable": false, "levels": levels});
        if !index.open {
            of_index.insert("4".into(), block("index closed", &["read", "write"]));
        }
        for (setting, id, description, levels) in BLOCKS {
            if index.settings.get(setting).and_then(Value::as_str) == Some("true") {
                of_index.insert(id.into(), block(description, levels));
            }
        }
        if !of_index.is_empty() {
            blocked.insert(index.name.to_string(), of_index.into());
        }
    }
    if blocked.is_empty() { json!({}) } else { json!({"indices": blocked}) }
}

/// Changes of the metadata are made one after the other, and none waits where a client could see it.
pub(super) async fn pending_tasks(_: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    options::cluster_manager_timeout(&mut request.params)?;
    request.params.flag("local")?;
    request.finish()?;
    Ok(Reply::value(&json!({"tasks": []})))
}
