//! The metadata as clients may read it.

use std::collections::BTreeMap;

use model::admin::IndexInfo;
use serde_json::Value;

use crate::health;
use crate::state::{IndexMetadata, State};

/// The version of indexes that settings show, where the cluster's creator names none.
const CREATED: &str = "137257827";

/// Everything that a client may read of an index, at a moment.
pub fn index_info(state: &State, index: &IndexMetadata, now_ms: u64) -> IndexInfo {
    IndexInfo {
        name: index.name.clone(),
        uuid: index.uuid.clone(),
        open: index.open,
        hidden: index.settings.typed().hidden,
        data_stream: state.stream_of(&index.name).map(|(stream, _)| stream.clone()),
        creation_date_ms: index.creation_date_ms,
        settings: shown_settings(index),
        default_settings: index.settings.defaults(),
        mapping: index.mapping.clone(),
        aliases: index.aliases.clone(),
        versions: index.versions,
        shards: health::copies(index, now_ms),
        in_sync: index.shards.iter().map(|table| table.in_sync.keys().map(|id| id.0.clone()).collect()).collect(),
    }
}

/// The settings that were given, and those that the index has by being.
fn shown_settings(index: &IndexMetadata) -> BTreeMap<String, Value> {
    let mut settings = index.settings.given().clone();
    for (name, value) in [
        ("index.uuid", index.uuid.to_string()),
        ("index.provided_name", index.name.to_string()),
        ("index.creation_date", index.creation_date_ms.to_string()),
        ("index.version.created", CREATED.to_owned()),
        ("index.replication.type", "DOCUMENT".to_owned()),
    ] {
        settings.entry(name.to_owned()).or_insert_with(|| value.into());
    }
    if !index.open {
        settings.insert("index.verified_before_close".into(), "true".into());
    }
    settings
}
