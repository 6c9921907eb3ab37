//! Settings of indexes and of the cluster: flat names, values as text, checked against one table each.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::error::{Error, ErrorKind};
use model::id::IndexUuid;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub mod cluster;
mod elsewhere;
pub mod flat;
pub mod registry;
pub mod slow_log;
pub mod typed;
pub mod value;

pub use cluster::ClusterSettings;
pub use typed::{Blocks, Durability, Typed, WaitForActive};

use registry::{Kind, Scope, Setting};

/// The settings of one index.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, Value>", into = "BTreeMap<String, Value>")]
pub struct IndexSettings {
    given: BTreeMap<String, Value>,
    typed: Arc<Typed>,
}

impl TryFrom<BTreeMap<String, Value>> for IndexSettings {
    type Error = String;

    fn try_from(given: BTreeMap<String, Value>) -> Result<Self, String> {
        Self::new(given).map_err(|error| error.to_string())
    }
}

impl From<IndexSettings> for BTreeMap<String, Value> {
    fn from(settings: IndexSettings) -> Self {
        settings.given
    }
}

impl IndexSettings {
    /// From flat names with `index.` and values that are text or lists of text.
    ///
    /// # Errors
    /// What a value breaks, in OpenSearch's words.
    pub fn new(given: BTreeMap<String, Value>) -> Result<Self, Error> {
        let typed = Arc::new(Typed::read(&given)?);
        Ok(Self { given, typed })
    }

    /// The settings of a new index.
    ///
    /// # Errors
    /// Unknown names, values that do not parse, settings that only the cluster sets; 501 for what is not here.
    pub fn create(body: &Map<String, Value>) -> Result<Self, Error> {
        let mut given = BTreeMap::new();
        for (name, value) in flat::index_settings(body) {
            if value.is_null() {
                continue;
            }
            let setting = known(&name)?;
            setting.check(&name, &value)?;
            if setting.kind == Kind::Removed {
                let reason = format!("Setting [{name}] was removed in version 7.0.0");
                return Err(Error::illegal_argument(reason));
            }
            if setting.scope == Scope::Private {
                let reason = format!("Validation Failed: 1: private index setting [{name}] can not be set explicitly;");
                return Err(Error::new(ErrorKind::Validation, reason));
            }
            given.insert(name, value);
        }
        given.entry("index.number_of_shards".into()).or_insert_with(|| "1".into());
        given.entry("index.number_of_replicas".into()).or_insert_with(|| "1".into());
        let settings = Self::new(given)?;
        settings.check_together()?;
        Ok(settings)
    }

    /// These settings, of an index that is made of another: they name it.
    ///
    /// # Errors
    /// As [`IndexSettings::new`].
    pub fn resized_from(&self, name: &str, uuid: &IndexUuid) -> Result<Self, Error> {
        let mut given = self.given.clone();
        given.insert("index.resize.source.name".to_owned(), name.into());
        given.insert("index.resize.source.uuid".to_owned(), uuid.to_string().into());
        Self::new(given)
    }

    /// These settings with changes. `label`: the index as `name/uuid`.
    ///
    /// # Errors
    /// As [`IndexSettings::create`]; settings that cannot change, or not while the index is open.
    pub fn update(
        &self,
        changes: &BTreeMap<String, Value>,
        index: &crate::state::IndexMetadata,
        keep: bool,
    ) -> Result<Self, Error> {
        let mut given = self.given.clone();
        let mut fixed = Vec::new();
        for (name, value) in changes {
            if value.is_null() && name.contains('*') {
                given.retain(|key, _| !resettable(key) || !model::mapping::simple_match(name, key));
                continue;
            }
            let setting = known(name)?;
            match setting.scope {
                Scope::Private => {
                    let reason =
                        format!("can not update private setting [{name}]; this setting is managed by OpenSearch");
                    return Err(Error::new(ErrorKind::Settings, reason));
                }
                Scope::Final if !index.open => {
                    let reason = format!("final {} setting [{name}], not updateable", index.name);
                    return Err(Error::new(ErrorKind::Settings, reason));
                }
                Scope::Final | Scope::Static if index.open => {
                    fixed.push(name.as_str());
                    match setting.check(name, value) {
                        Err(error) if !value.is_null() && error.kind != ErrorKind::NotImplemented => return Err(error),
                        _ => continue,
                    }
                }
                _ => {}
            }
            if value.is_null() {
                given.remove(name);
                continue;
            }
            setting.check(name, value)?;
            if !(keep && given.contains_key(name)) {
                given.insert(name.clone(), value.clone());
            }
        }
        if !fixed.is_empty() {
            let (fixed, label) = (fixed.join(", "), index.label());
            return Err(Error::illegal_argument(format!(
                "Can't update non dynamic settings [[{fixed}]] for open indices [[{label}]]"
            )));
        }
        given.entry("index.number_of_replicas".into()).or_insert_with(|| "1".into());
        let settings = Self::new(given)?;
        settings.check_together()?;
        Ok(settings)
    }

    fn check_together(&self) -> Result<(), Error> {
        let typed = self.typed();
        if !typed.routing_shards.is_multiple_of(typed.shards) {
            let (shards, routing) = (typed.shards, typed.routing_shards);
            return Err(Error::illegal_argument(format!(
                "the number of source shards [{shards}] must be a factor of [{routing}]"
            )));
        }
        if typed.routing_partition_size > 1 && typed.routing_partition_size >= typed.routing_shards {
            let (size, routing) = (typed.routing_partition_size, typed.routing_shards);
            let reason = format!(
                "routing partition size [{size}] should be a positive number less than the number of routing shards [{routing}] for the index"
            );
            return Err(Error::illegal_argument(reason));
        }
        if let WaitForActive::Count(wanted) = typed.wait_for_active_shards
            && wanted > typed.replicas + 1
        {
            let copies = typed.replicas + 1;
            let reason = format!(
                "invalid index.write.wait_for_active_shards[{wanted}]: cannot be greater than number of shard copies [{copies}]"
            );
            return Err(Error::illegal_argument(reason));
        }
        Ok(())
    }

    /// Names with `index.`, values as text or lists of text.
    pub fn given(&self) -> &BTreeMap<String, Value> {
        &self.given
    }

    /// The settings of the table that are not given, with their defaults.
    pub fn defaults(&self) -> BTreeMap<String, Value> {
        let rows = registry::TABLE.iter().filter(|row| !row.name.ends_with('.'));
        let rows = rows.map(|row| (format!("index.{}", row.name), row.default_value()));
        rows.filter(|(name, _)| !self.given.contains_key(name)).collect()
    }

    /// What the node and the shards read.
    pub fn typed(&self) -> &Typed {
        &self.typed
    }

    /// What stands under `index.analysis`, as an object.
    pub fn analysis(&self) -> Value {
        flat::nested(&self.given, "index.analysis.")
    }

    /// What stands under `index.similarity`, by name of the similarity, its settings with their whole names (`normalization.h2.c`).
    pub fn similarity(&self) -> Value {
        let mut all = Map::new();
        for (name, value) in &self.given {
            let Some(path) = name.strip_prefix("index.similarity.") else { continue };
            let (name, key) = path.split_once('.').unwrap_or((path, ""));
            let one = all.entry(name).or_insert_with(|| Value::Object(Map::new()));
            if let (Value::Object(one), false) = (one, key.is_empty()) {
                one.insert(key.to_owned(), value.clone());
            }
        }
        Value::Object(all)
    }
}

/// What a pattern of nulls may remove.
fn resettable(name: &str) -> bool {
    registry::find(name).is_some_and(|setting| setting.scope == Scope::Dynamic)
}

fn known(name: &str) -> Result<&'static Setting, Error> {
    registry::find(name).ok_or_else(|| registry::unknown(name))
}
