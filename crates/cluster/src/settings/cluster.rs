//! Settings of the whole cluster: persistent and transient.

use std::collections::BTreeMap;
use std::net::IpAddr;

use model::error::{Error, ErrorKind};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::flat;
use super::registry::{Kind, Scope, Setting};
use crate::allocation;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClusterSettings {
    pub persistent: BTreeMap<String, Value>,
    pub transient: BTreeMap<String, Value>,
}

const fn row(name: &'static str, scope: Scope, kind: Kind, default: &'static str) -> Setting {
    Setting { name, scope, kind, default }
}

const REBALANCE: &[&str] = &["always", "indices_primaries_active", "indices_all_active"];
const MANY: i64 = i32::MAX as i64;

/// Cluster settings that something here acts upon.
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
    row("cluster.routing.allocation.balance.shard", Scope::Dynamic, Kind::Decimal, "0.45"),
    row("cluster.routing.allocation.balance.index", Scope::Dynamic, Kind::Decimal, "0.55"),
    row("cluster.routing.allocation.balance.threshold", Scope::Dynamic, Kind::Decimal, "1.0"),
    row("cluster.routing.allocation.disk.threshold_enabled", Scope::Dynamic, Kind::Flag, "true"),
    row("cluster.routing.allocation.disk.watermark.low", Scope::Dynamic, Kind::Text, "85%"),
    row("cluster.routing.allocation.disk.watermark.high", Scope::Dynamic, Kind::Text, "90%"),
    row("cluster.routing.allocation.disk.watermark.flood_stage", Scope::Dynamic, Kind::Text, "95%"),
    row("cluster.routing.allocation.disk.watermark.enable_for_single_data_node", Scope::Static, Kind::Flag, "false"),
    row("cluster.info.update.interval", Scope::Dynamic, Kind::Time(10_000), "30s"),
    row("indices.recovery.max_bytes_per_sec", Scope::Dynamic, Kind::Bytes, "41943040b"),
    row("search.default_search_timeout", Scope::Dynamic, Kind::Time(0), "-1"),
    row("search.default_allow_partial_results", Scope::Dynamic, Kind::Flag, "true"),
    row("search.max_keep_alive", Scope::Dynamic, Kind::Time(0), "24h"),
    row("search.max_open_scroll_context", Scope::Dynamic, Kind::Integer(0, MANY), "500"),
    row("search.max_open_pit_context", Scope::Dynamic, Kind::Integer(0, MANY), "300"),
    row("point_in_time.max_keep_alive", Scope::Dynamic, Kind::Time(0), "24h"),
    row("search.max_buckets", Scope::Dynamic, Kind::Integer(0, MANY), "65535"),
    row("indices.query.bool.max_clause_count", Scope::Dynamic, Kind::Integer(1, MANY), "1024"),
    row("cluster.name", Scope::Static, Kind::Text, ""),
    row("node.name", Scope::Static, Kind::Text, ""),
    row("path.data", Scope::Static, Kind::Text, ""),
    row("http.port", Scope::Static, Kind::Text, ""),
];

/// Where OpenSearch has many settings that are not here.
const ABSENT: [&str; 14] = [
    "cluster.",
    "indices.",
    "search.",
    "logger.",
    "discovery.",
    "gateway.",
    "http.",
    "transport.",
    "network.",
    "node.",
    "script.",
    "ingest.",
    "thread_pool.",
    "plugins.",
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
            if ABSENT.iter().any(|prefix| name.starts_with(prefix)) {
                return Err(Error::not_implemented(format!("cluster setting [{name}]")));
            }
            return Err(refuse("not recognized"));
        };
        if setting.scope != Scope::Dynamic {
            return Err(refuse("not dynamically updateable"));
        }
        if value.is_null() {
            settings.remove(&name);
        } else {
            setting.check(&name, &value)?;
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
