//! Shapes of administration: settings, aliases, counts of shards, tokens.

pub(crate) mod aliases;
pub(crate) mod analyze;
pub(crate) mod field_defaults;
pub(crate) mod settings;
pub(crate) mod shard;
pub(crate) mod snapshot;
pub(crate) mod stats;

use model::date::{DateFormat, Moment};
use model::search::Shards;
use serde_json::Value;

use super::json::Json;
use super::shards;

/// A moment as OpenSearch writes it: `2026-11-21T10:51:22.627Z`.
pub(crate) fn instant(ms: u64) -> String {
    let moment = Moment::from_ms(i64::try_from(ms).unwrap_or(i64::MAX));
    let format = DateFormat::parse_pattern("strict_date_time");
    format.map_or_else(|_| ms.to_string(), |format| format.format(moment, None))
}

/// `_shards` of what was sent to every copy, as a tree.
pub(crate) fn broadcast(answered: &Shards) -> Value {
    let mut json = Json::default();
    json.begin_object();
    shards::of_broadcast(&mut json, answered);
    json.end_object();
    let mut whole: Value = serde_json::from_slice(&json.finish()).unwrap_or_default();
    whole["_shards"].take()
}
