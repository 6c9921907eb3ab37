//! Settings of the whole cluster: persistent and transient.

use std::collections::BTreeMap;
use std::net::IpAddr;

use model::error::{Error, ErrorKind};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::registry::{Kind, Scope, Setting};
use super::{elsewhere, flat};
use crate::allocation;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClusterSettings {
    pub persistent: BTreeMap<String, Value>,
    pub transient: BTreeMap<String, Value>,
}

const fn row(name: &'static str, scope: Scope, kind: Kind, default: &'static str) -> Setting {
    Setting { name, scope, kind, default, absent: false }
}

const fn absent(name: &'static str, kind: Kind, default: &'static str) -> Setting {
    Setting { name, scope: Scope::Dynamic, kind, default, absent: true }
}

const REBALANCE: &[&str] = &["always", "indices_primaries_active", "indices_all_active"];
const MANY: i64 = i32::MAX as i64;

/// Cluster settings that something here acts upon, and those that ordinary clusters set.
pub const TABLE: &[Setting] = &[
    row("action.auto_create_index", Scope::Dynamic, Kind::Text, "true"),
    row("action.destructive_requires_name", Scope::Dynamic, Kind::Flag, "false"),
    row("cluster.max_shards_per_node", Scope::Dynamic, Kind::Integer(1, MANY), "1000"),
    row("cluster.routing.allocation.enable", Scope::Dynamic, Kind::Text, "all"),
    row(
        "cluster.routing.rebalance.enable",
        Scope::Dynamic,
        Kind::Choice(&["all", "primaries", "replicas", "none"]),
        "all",
    ),
    row("cluster.routing.allocation.allow_rebalance", Scope::Dynamic, Kind::Choice(REBALANCE), "indices_all_active"),
    row("cluster.routing.allocation.include.", Scope::Dynamic, Kind::Text, ""),
    row("cluster.routing.allocation.exclude.", Scope::Dynamic, Kind::Text, ""),
    row("cluster.routing.allocation.require.", Scope::Dynamic, Kind::Text, ""),
    row("cluster.routing.allocation.total_shards_per_node", Scope::Dynamic, Kind::Integer(-1, MANY), "-1"),
    row("cluster.routing.allocation.node_initial_primaries_recoveries", Scope::Dynamic, Kind::Integer(0, MANY), "256"),
    row("cluster.routing.allocation.node_concurrent_recoveries", Scope::Dynamic, Kind::Integer(0, MANY), "2"),
    row("cluster.routing.allocation.node_concurrent_incoming_recoveries", Scope::Dynamic, Kind::Integer(0, MANY), "2"),
    row("cluster.routing.allocation.node_concurrent_outgoing_recoveries", Scope::Dynamic, Kind::Integer(0, MANY), "2"),
    row("cluster.routing.allocation.cluster_concurrent_rebalance", Scope::Dynamic, Kind::Integer(-1, MANY), "2"),
    row("cluster.routing.allocation.awareness.attributes", Scope::Dynamic, Kind::List, ""),
    row("cluster.routing.allocation.awareness.force.", Scope::Dynamic, Kind::List, ""),
    row("cluster.routing.allocation.balance.shard", Scope::Dynamic, Kind::Decimal(0.0, f64::INFINITY), "0.45"),
    row("cluster.routing.allocation.balance.index", Scope::Dynamic, Kind::Decimal(0.0, f64::INFINITY), "0.55"),
    row("cluster.routing.allocation.balance.threshold", Scope::Dynamic, Kind::Decimal(0.0, f64::INFINITY), "1.0"),
    row("cluster.routing.allocation.disk.threshold_enabled", Scope::Dynamic, Kind::Flag, "true"),
    row("cluster.routing.allocation.disk.watermark.low", Scope::Dynamic, Kind::Text, "85%"),
    row("cluster.routing.allocation.disk.watermark.high", Scope::Dynamic, Kind::Text, "90%"),
    row("cluster.routing.allocation.disk.watermark.flood_stage", Scope::Dynamic, Kind::Text, "95%"),
    row("cluster.routing.allocation.disk.watermark.enable_for_single_data_node", Scope::Static, Kind::Flag, "false"),
    row("cluster.info.update.interval", Scope::Dynamic, Kind::Time(10_000), "30s"),
    row("indices.recovery.max_bytes_per_sec", Scope::Dynamic, Kind::Bytes(-1), "41943040b"),
    row("search.default_search_timeout", Scope::Dynamic, Kind::Time(-1), "-1"),
    row("search.default_allow_partial_results", Scope::Dynamic, Kind::Flag, "true"),
    row("search.max_keep_alive", Scope::Dynamic, Kind::Time(-1), "24h"),
    row("search.max_open_scroll_context", Scope::Dynamic, Kind::Integer(0, MANY), "500"),
    row("search.max_open_pit_context", Scope::Dynamic, Kind::Integer(0, MANY), "300"),
    row("point_in_time.max_keep_alive", Scope::Dynamic, Kind::Time(-1), "24h"),
    row("search.max_buckets", Scope::Dynamic, Kind::Integer(0, MANY), "65535"),
    row("indices.query.bool.max_clause_count", Scope::Dynamic, Kind::Integer(1, MANY), "1024"),
    // Checked and kept: no answer depends on them.
    row("logger.", Scope::Dynamic, Kind::LogLevel, ""),
    row("cluster.metadata.", Scope::Dynamic, Kind::Text, ""),
    row("cluster.persistent_tasks.allocation.enable", Scope::Dynamic, Kind::Choice(&["all", "none"]), "all"),
    row("cluster.routing.use_adaptive_replica_selection", Scope::Dynamic, Kind::Flag, "true"),
    row("cluster.service.slow_task_logging_threshold", Scope::Dynamic, Kind::Time(0), "30s"),
    row("indices.mapping.dynamic_timeout", Scope::Dynamic, Kind::Time(0), "30s"),
    row("indices.mapping.max_in_flight_updates", Scope::Dynamic, Kind::Integer(1, 1000), "10"),
    row("indices.recovery.max_concurrent_file_chunks", Scope::Dynamic, Kind::Integer(1, 5), "2"),
    row("indices.recovery.max_concurrent_operations", Scope::Dynamic, Kind::Integer(1, 4), "1"),
    row("search.concurrent.max_slice_count", Scope::Dynamic, Kind::Integer(0, MANY), "1"),
    row("search.concurrent_segment_search.enabled", Scope::Dynamic, Kind::Flag, "false"),
    row("search.concurrent_segment_search.mode", Scope::Dynamic, Kind::Choice(&["all", "none", "auto"]), "auto"),
    row("search.default_keep_alive", Scope::Dynamic, Kind::Time(0), "5m"),
    row("search.low_level_cancellation", Scope::Dynamic, Kind::Flag, "true"),
    absent("cluster.auto_shrink_voting_configuration", Kind::Flag, "true"),
    absent("cluster.blocks.create_index", Kind::Flag, "false"),
    absent("cluster.blocks.read_only", Kind::Flag, "false"),
    absent("cluster.blocks.read_only_allow_delete", Kind::Flag, "false"),
    absent("cluster.default.index.refresh_interval", Kind::Time(-1), "1s"),
    absent("cluster.default_number_of_replicas", Kind::Integer(0, MANY), "1"),
    absent("cluster.indices.close.enable", Kind::Flag, "true"),
    absent("cluster.no_cluster_manager_block", Kind::Choice(&["all", "write", "metadata_write"]), "metadata_write"),
    absent("cluster.routing.allocation.balance.prefer_primary", Kind::Flag, "false"),
    absent("cluster.routing.allocation.move.primary_first", Kind::Flag, "false"),
    absent("cluster.routing.allocation.same_shard.host", Kind::Flag, "false"),
    absent("cluster.search.ignore_awareness_attributes", Kind::Flag, "true"),
    absent("cluster.search.request.slowlog.level", Kind::Level, "TRACE"),
    absent("cluster.search.request.slowlog.threshold.warn", Kind::Time(-1), "-1"),
    absent("cluster.search.request.slowlog.threshold.info", Kind::Time(-1), "-1"),
    absent("cluster.search.request.slowlog.threshold.debug", Kind::Time(-1), "-1"),
    absent("cluster.search.request.slowlog.threshold.trace", Kind::Time(-1), "-1"),
    absent("indices.breaker.fielddata.limit", Kind::Text, "40%"),
    absent("indices.breaker.request.limit", Kind::Text, "60%"),
    absent("indices.breaker.total.limit", Kind::Text, "95%"),
    absent("indices.id_field_data.enabled", Kind::Flag, "true"),
    absent("knn.memory.circuit_breaker.enabled", Kind::Flag, "true"),
    absent("knn.memory.circuit_breaker.limit", Kind::Text, "50%"),
    absent("network.breaker.inflight_requests.limit", Kind::Text, "100%"),
    absent("search.allow_expensive_queries", Kind::Flag, "true"),
    absent("search.cancel_after_time_interval", Kind::Time(-1), "-1"),
    absent("search.phase_took_enabled", Kind::Flag, "false"),
    absent("snapshot.max_concurrent_operations", Kind::Integer(1, MANY), "1000"),
    row("cluster.name", Scope::Static, Kind::Text, ""),
    row("node.name", Scope::Static, Kind::Text, ""),
    row("path.data", Scope::Static, Kind::Text, ""),
    row("http.port", Scope::Static, Kind::Text, ""),
];

impl ClusterSettings {
    /// These settings with changes; null removes, patterns of nulls too.
    ///
    /// # Errors
    /// `settings_exception` and `illegal_argument_exception` in OpenSearch's words; 501 for what is not here.
    pub fn update(&self, persistent: &Map<String, Value>, transient: &Map<String, Value>) -> Result<Self, Error> {
        if persistent.is_empty() && transient.is_empty() {
            return Err(Error::new(ErrorKind::ActionRequestValidation, "Validation Failed: 1: no settings to update;"));
        }
        let mut updated = self.clone();
        change(&mut updated.transient, "transient", transient)?;
        change(&mut updated.persistent, "persistent", persistent)?;
        allocation::check(&updated)?;
        Ok(updated)
    }

    /// A setting's value: the transient one, the persistent one, or the default.
    pub fn text(&self, name: &str) -> String {
        let given = self.transient.get(name).or_else(|| self.persistent.get(name));
        let default = || TABLE.iter().find(|row| row.name == name).map_or("", |row| row.default).to_owned();
        given.map_or_else(default, flat::text)
    }

    /// Settings that are not set.
    pub fn defaults(&self) -> BTreeMap<String, Value> {
        let rows = TABLE.iter().filter(|row| row.scope == Scope::Dynamic && !row.name.ends_with('.'));
        let unset =
            rows.filter(|row| !self.transient.contains_key(row.name) && !self.persistent.contains_key(row.name));
        unset.map(|row| (row.name.to_owned(), row.default_value())).collect()
    }
}

/// The row of a name: the exact one, or that of its group.
fn find(name: &str) -> Option<&'static Setting> {
    let group = |row: &&Setting| row.name.ends_with('.') && name.len() > row.name.len() && name.starts_with(row.name);
    TABLE.iter().find(|row| row.name == name).or_else(|| TABLE.iter().find(group))
}

fn change(settings: &mut BTreeMap<String, Value>, kind: &str, changes: &Map<String, Value>) -> Result<(), Error> {
    for (name, value) in flat::settings(changes) {
        if value.is_null() && name.contains('*') {
            settings.retain(|key, _| !model::mapping::simple_match(&name, key));
            continue;
        }
        let refuse = |why: &str| Error::new(ErrorKind::Settings, format!("{kind} setting [{name}], {why}"));
        let Some(setting) = find(&name) else {
            return Err(match elsewhere::is_dynamic(&name) {
                Some(true) => Error::not_implemented(format!("cluster setting [{name}]")),
                Some(false) => refuse("not dynamically updateable"),
                None => refuse("not recognized"),
            });
        };
        if setting.scope != Scope::Dynamic {
            return Err(refuse("not dynamically updateable"));
        }
        if value.is_null() {
            settings.remove(&name);
        } else {
            setting.check(&name, &value)?;
            allocation::check_value(&name, &flat::text(&value))?;
            check_filter(&name, &value)?;
            settings.insert(name, value);
        }
    }
    Ok(())
}

/// What is to be an address is one.
fn check_filter(name: &str, value: &Value) -> Result<(), Error> {
    let addresses = ["_ip", "_host_ip", "_publish_ip"].iter().any(|key| name.ends_with(&format!(".{key}")));
    if !addresses || !name.starts_with("cluster.routing.allocation.") {
        return Ok(());
    }
    let fits = |part: &str| part.contains('*') || part.split('/').next().is_some_and(|ip| ip.parse::<IpAddr>().is_ok());
    let text = flat::text(value);
    match text.split(',').map(str::trim).find(|part| !part.is_empty() && !fits(part)) {
        Some(wrong) => Err(Error::illegal_argument(format!("invalid IP address [{wrong}] for [{name}]"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn update(changes: Value) -> Result<ClusterSettings, Error> {
        ClusterSettings::default().update(changes.as_object().unwrap(), &Map::new())
    }

    #[test]
    fn what_ordinary_clusters_set_is_kept() {
        let set = json!({"search": {"default_keep_alive": "10m", "concurrent_segment_search.mode": "none"},
            "cluster.metadata.administrator": "sysadmin@example.com", "indices.breaker.total.limit": "95%"});
        let kept = update(set).unwrap();
        assert_eq!(kept.text("search.default_keep_alive"), "10m");
        assert_eq!(kept.text("cluster.metadata.administrator"), "sysadmin@example.com");
        assert_eq!(ClusterSettings::default().text("search.default_keep_alive"), "5m");
    }

    #[test]
    fn what_is_not_here_may_be_set_to_what_it_is_anyway() {
        let refused = |name: &str, value: &str| update(json!({name: value})).unwrap_err().kind;
        assert!(update(json!({"cluster.blocks.read_only": false})).is_ok());
        assert_eq!(refused("cluster.blocks.read_only", "true"), ErrorKind::NotImplemented);
        assert_eq!(refused("cluster.blocks.read_only", "some"), ErrorKind::IllegalArgument);
        assert_eq!(refused("indices.breaker.total.limit", "70%"), ErrorKind::NotImplemented);
    }

    #[test]
    fn values_are_checked_whatever_overrides_them() {
        let transient = json!({"cluster.routing.allocation.enable": "all"});
        let persistent = json!({"cluster.routing.allocation.enable": "some"});
        let [persistent, transient] = [&persistent, &transient].map(|changes| changes.as_object().unwrap());
        assert!(ClusterSettings::default().update(persistent, transient).is_err());
    }
}
