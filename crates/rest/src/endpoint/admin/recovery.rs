//! `_recovery`: how each copy came to have what it has. `_shard_stores`: where data of shards lie.

use std::sync::Arc;

use model::admin::{ClusterView, HealthStatus};
use model::error::Error;
use model::recovery::{
    RecoveredFile, RecoveryKind, RecoveryStage, RestoredFrom, ShardRecovery, ShardStore, StoresRequest,
};
use serde_json::{Map, Value, json};

use crate::endpoint::Server;
use crate::render::error;
use crate::render::json::Json;
use crate::reply::Reply;
use crate::request::Request;

pub(super) async fn recovery(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let target = request.target()?;
    let detailed = request.params.flag("detailed")?.unwrap_or(false);
    let active_only = request.params.flag("active_only")?.unwrap_or(false);
    request.finish()?;
    let view = server.gateway.cluster();
    let mut indexes = Map::new();
    server.readable(&target)?;
    for recovery in server.gateway.recoveries(target).await? {
        if active_only && recovery.stage == RecoveryStage::Done {
            continue;
        }
        let index = indexes.entry(recovery.index.to_string()).or_insert_with(|| json!({"shards": []}));
        if let Some(shards) = index["shards"].as_array_mut() {
            shards.push(one(&view, &recovery, detailed));
        }
    }
    Ok(Reply::value(&indexes.into()))
}

/// Counts of files, or of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::endpoint) struct Amount {
    pub(in crate::endpoint) total: u64,
    pub(in crate::endpoint) reused: u64,
    pub(in crate::endpoint) recovered: u64,
}

impl Amount {
    /// Of files, and of their bytes.
    pub(in crate::endpoint) fn of(files: &[RecoveredFile]) -> (Self, Self) {
        let (mut count, mut bytes) = (Self::default(), Self::default());
        for file in files {
            count.total += 1;
            bytes.total += file.length;
            bytes.recovered += file.recovered;
            if file.reused {
                count.reused += 1;
                bytes.reused += file.length;
            } else {
                count.recovered += u64::from(file.recovered == file.length);
            }
        }
        (count, bytes)
    }

    /// What is not there already.
    pub(in crate::endpoint) fn missing(self) -> u64 {
        self.total - self.reused
    }

    /// `100.0%`; of nothing at all, nothing.
    pub(in crate::endpoint) fn percent(self) -> String {
        match (self.total, self.missing()) {
            (0, _) => percent(0, 1),
            (_, 0) => percent(1, 1),
            (_, missing) => percent(self.recovered, missing),
        }
    }
}

/// `12.5%`
pub(in crate::endpoint) fn percent(part: u64, whole: u64) -> String {
    let percent = if whole == 0 { 100.0 } else { part as f64 * 100.0 / whole as f64 };
    format!("{percent:.1}%")
}

fn restored_from(from: &RestoredFrom, version: &str) -> Value {
    json!({
        "repository": from.repository,
        "snapshot": from.snapshot,
        "version": version,
        "index": from.index,
        "restoreUUID": from.uuid,
        "isSearchableSnapshot": false,
        "remoteStoreIndexShallowCopy": false,
        "sourceRemoteStoreRepository": null,
        "sourceRemoteTranslogRepository": null,
    })
}

fn one(view: &ClusterView, recovery: &ShardRecovery, detailed: bool) -> Value {
    let (files, bytes) = Amount::of(&recovery.files);
    let mut shown = Map::new();
    shown.insert("id".into(), recovery.number.0.into());
    shown.insert("type".into(), recovery.kind.name().into());
    shown.insert("stage".into(), recovery.stage.name().into());
    shown.insert("primary".into(), recovery.primary.into());
    shown.insert("start_time_in_millis".into(), recovery.start_ms.into());
    if let Some(stop) = recovery.stop_ms {
        shown.insert("stop_time_in_millis".into(), stop.into());
    }
    shown.insert("total_time_in_millis".into(), recovery.total_ms.into());
    let source = match recovery.kind {
        RecoveryKind::EmptyStore => json!({}),
        RecoveryKind::ExistingStore => json!({"bootstrap_new_history_uuid": false}),
        RecoveryKind::Snapshot => {
            let target = view.nodes.iter().find(|node| node.id == recovery.target);
            let version = target.map_or("", |node| &node.version);
            recovery.restored_from.as_ref().map_or_else(|| json!({}), |from| restored_from(from, version))
        }
        RecoveryKind::Peer => recovery.source.as_ref().map_or_else(|| json!({}), |source| node(view, source)),
    };
    shown.insert("source".into(), source);
    shown.insert("target".into(), node(view, &recovery.target));
    let mut of_files =
        json!({"total": files.total, "reused": files.reused, "recovered": files.recovered, "percent": files.percent()});
    if detailed {
        of_files["details"] = recovery.files.iter().map(file).collect();
    }
    shown.insert(
        "index".into(),
        json!({
            "size": {
                "total_in_bytes": bytes.total, "reused_in_bytes": bytes.reused,
                "recovered_in_bytes": bytes.recovered, "percent": bytes.percent(),
            },
            "files": of_files,
            "total_time_in_millis": recovery.files_ms,
            "source_throttle_time_in_millis": recovery.throttled_ms,
            "target_throttle_time_in_millis": 0,
        }),
    );
    shown.insert(
        "translog".into(),
        json!({
            "recovered": recovery.operations,
            "total": recovery.total_operations,
            "percent": percent(recovery.operations, recovery.total_operations),
            "total_on_start": recovery.total_operations,
            "total_time_in_millis": recovery.operations_ms,
        }),
    );
    shown.insert("verify_index".into(), json!({"check_index_time_in_millis": 0, "total_time_in_millis": 0}));
    shown.into()
}

fn file(file: &RecoveredFile) -> Value {
    json!({
        "name": file.name, "length_in_bytes": file.length, "reused": file.reused,
        "recovered_in_bytes": file.recovered,
    })
}

fn node(view: &ClusterView, id: &Arc<str>) -> Value {
    match view.nodes.iter().find(|node| node.id == *id) {
        None => json!({"id": id.as_ref()}),
        Some(node) => json!({
            "id": id.as_ref(), "host": node.host, "transport_address": node.transport_address, "ip": node.host,
            "name": node.name.as_ref(),
        }),
    }
}

pub(super) async fn shard_stores(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let target = request.target()?;
    let statuses = request.params.list("status").unwrap_or_else(|| vec!["yellow".to_owned(), "red".to_owned()]);
    let statuses = statuses_of(&statuses)?;
    request.finish()?;
    let view = server.gateway.cluster();
    let mut indexes = Map::new();
    server.readable(&target)?;
    for shard in server.gateway.shard_stores(StoresRequest { target, statuses }).await? {
        let index = indexes.entry(shard.index.to_string()).or_insert_with(|| json!({"shards": {}}));
        index["shards"][shard.number.to_string()] =
            json!({"stores": shard.stores.iter().map(|one| store(&view, one)).collect::<Vec<_>>()});
    }
    Ok(Reply::value(&json!({"indices": indexes})))
}

fn statuses_of(names: &[String]) -> Result<Vec<HealthStatus>, Error> {
    let all = [HealthStatus::Green, HealthStatus::Yellow, HealthStatus::Red];
    let mut statuses = Vec::new();
    for name in names {
        match all.into_iter().find(|status| name.eq_ignore_ascii_case(status.name())) {
            Some(status) => statuses.push(status),
            None if name.eq_ignore_ascii_case("all") => return Ok(all.to_vec()),
            None => return Err(Error::illegal_argument(format!("unknown cluster health status [{name}]"))),
        }
    }
    Ok(statuses)
}

fn store(view: &ClusterView, store: &ShardStore) -> Value {
    let mut shown = Map::new();
    let node = view.nodes.iter().find(|node| node.id == store.node);
    let node = node.map_or_else(
        || json!({}),
        |node| {
            json!({
                "name": node.name.as_ref(), "ephemeral_id": node.ephemeral_id.as_ref(),
                "transport_address": node.transport_address, "attributes": node.attributes,
            })
        },
    );
    shown.insert(store.node.to_string(), node);
    if let Some(id) = &store.allocation_id {
        shown.insert("allocation_id".into(), id.as_ref().into());
    }
    shown.insert("allocation".into(), store.used_by.name().into());
    if let Some(failure) = &store.failure {
        let mut json = Json::default();
        error::error(&mut json, failure, false);
        shown.insert("store_exception".into(), serde_json::from_slice(&json.finish()).unwrap_or_default());
    }
    shown.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_in_percent() {
        let file = |length, reused, recovered| RecoveredFile { name: String::new(), length, reused, recovered };
        let (files, bytes) = Amount::of(&[file(10, true, 0), file(30, false, 15), file(10, false, 10)]);
        assert_eq!((files, bytes.recovered), (Amount { total: 3, reused: 1, recovered: 1 }, 25));
        assert_eq!((files.percent().as_str(), bytes.percent().as_str()), ("50.0%", "62.5%"));
        let (none, _) = Amount::of(&[]);
        let (all, _) = Amount::of(&[file(10, true, 0)]);
        assert_eq!((none.percent().as_str(), all.percent().as_str()), ("0.0%", "100.0%"));
        assert_eq!((percent(0, 0).as_str(), percent(1, 3).as_str()), ("100.0%", "33.3%"));
    }

    #[test]
    fn statuses_by_name() {
        let told = |names: &[&str]| statuses_of(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(told(&["green", "RED"]).unwrap(), [HealthStatus::Green, HealthStatus::Red]);
        assert_eq!(told(&["yellow", "all"]).unwrap().len(), 3);
        assert!(told(&["pink"]).unwrap_err().reason.contains("unknown cluster health status [pink]"));
    }
}
