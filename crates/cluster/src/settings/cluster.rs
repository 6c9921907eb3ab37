//! Settings of the whole cluster: persistent and transient.

use std::collections::BTreeMap;

use model::error::{Error, ErrorKind};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::flat;
use super::registry::{Kind, Scope, Setting};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClusterSettings {
    pub persistent: BTreeMap<String, Value>,
    pub transient: BTreeMap<String, Value>,
}

const fn row(name: &'static str, scope: Scope, kind: Kind, default: &'static str) -> Setting {
    Setting { name, scope, kind, default }
}

const MANY: i64 = i32::MAX as i64;

/// Cluster settings that something here acts upon.
pub const TABLE: &[Setting] = &[
    row("action.auto_create_index", Scope::Dynamic, Kind::Text, "true"),
    row("action.destructive_requires_name", Scope::Dynamic, Kind::Flag, "false"),
    row("cluster.max_shards_per_node", Scope::Dynamic, Kind::Integer(1, MANY), "1000"),
    row("search.default_search_timeout", Scope::Dynamic, Kind::Time(0), "-1"),
    row("search.default_allow_partial_results", Scope::Dynamic, Kind::Flag, "true"),
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
        let rows = TABLE.iter().filter(|row| row.scope == Scope::Dynamic);
        let unset =
            rows.filter(|row| !self.transient.contains_key(row.name) && !self.persistent.contains_key(row.name));
        unset.map(|row| (row.name.to_owned(), row.default_value())).collect()
    }
}

fn change(settings: &mut BTreeMap<String, Value>, kind: &str, changes: &Map<String, Value>) -> Result<(), Error> {
    for (name, value) in flat::settings(changes) {
        if value.is_null() && name.contains('*') {
            settings.retain(|key, _| !model::mapping::simple_match(&name, key));
            continue;
        }
        let refuse = |why: &str| Error::new(ErrorKind::Settings, format!("{kind} setting [{name}], {why}"));
        let Some(setting) = TABLE.iter().find(|row| row.name == name) else {
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
            settings.insert(name, value);
        }
    }
    Ok(())
}
