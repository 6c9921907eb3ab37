//! Shapes of administration: settings, aliases, counts of shards, tokens.

pub(crate) mod aliases;
pub(crate) mod analyze;
pub(crate) mod field_defaults;
pub(crate) mod settings;
pub(crate) mod shard;
pub(crate) mod stats;

use model::search::Shards;
use serde_json::Value;

use super::json::Json;
use super::shards;

/// `_shards` of what was sent to every copy, as a tree.
pub(crate) fn broadcast(answered: &Shards) -> Value {
    let mut json = Json::default();
    json.begin_object();
    shards::of_broadcast(&mut json, answered);
    json.end_object();
    let mut whole: Value = serde_json::from_slice(&json.finish()).unwrap_or_default();
    whole["_shards"].take()
}
