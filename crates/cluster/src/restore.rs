//! Indexes that come back from a snapshot: as they were, under the names and with the settings that are wanted now.
//!
//! In: the metadata that the snapshot keeps. Out: the metadata of the new index, whose shards say where their first copies find their files.
//! Not here: the files.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::admin::AliasInfo;
use model::error::{Error, ErrorKind};
use model::id::IndexUuid;
use model::mapping::simple_match;
use model::recovery::RestoredFrom;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::data_stream::DataStream;
use crate::settings::{IndexSettings, flat};
use crate::state::{IndexMetadata, ShardTable, Unassigned, UnassignedReason};

/// What only the index itself decides: settings by which documents lie where they lie.
const FIXED: [&str; 3] = ["index.number_of_shards", "index.number_of_routing_shards", "index.routing_partition_size"];
/// Where an index came from once is not where it comes from now.
const FORMER: &str = "index.resize.";

/// New indexes that begin with what a snapshot has of them; all or none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RestoreIndexes {
    pub indexes: Vec<Arc<IndexMetadata>>,
    /// Streams of which all indexes are among these.
    pub streams: BTreeMap<Arc<str>, DataStream>,
}

/// What becomes of an index.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    pub name: Arc<str>,
    pub uuid: IndexUuid,
    pub aliases: BTreeMap<Arc<str>, AliasInfo>,
    /// Flat or nested; null removes.
    pub settings: &'a Map<String, Value>,
    /// Names and patterns of settings that do not come back.
    pub ignored: &'a [String],
    pub from: RestoredFrom,
    /// By shard number: whether the snapshot has it. One that it lacks begins empty.
    pub has: &'a [bool],
    pub at_ms: u64,
}

/// The index that a saved one becomes. Terms go on from where they were, for documents bear them.
///
/// # Errors
/// Why the settings cannot be what they are to be.
pub fn restored(saved: &IndexMetadata, wanted: Wanted<'_>) -> Result<IndexMetadata, Error> {
    let settings = settings(saved, &wanted)?;
    let from = Arc::new(wanted.from);
    let table = |(number, table): (usize, &ShardTable)| ShardTable {
        term: table.term,
        unassigned: Some(Unassigned::new(UnassignedReason::NewIndexRestored, wanted.at_ms)),
        restores: wanted.has.get(number).copied().unwrap_or(false).then(|| from.clone()),
        ..ShardTable::default()
    };
    Ok(IndexMetadata {
        name: wanted.name,
        uuid: wanted.uuid,
        open: true,
        settings,
        aliases: wanted.aliases,
        shards: saved.shards.iter().enumerate().map(table).collect(),
        ..saved.clone()
    })
}

fn settings(saved: &IndexMetadata, wanted: &Wanted<'_>) -> Result<IndexSettings, Error> {
    for pattern in wanted.ignored {
        if let Some(fixed) = FIXED.iter().find(|name| **name == full(pattern)) {
            return Err(refused(wanted, &format!("cannot remove UnmodifiableOnRestore setting [{fixed}] on restore")));
        }
    }
    let mut given = saved.settings.given().clone();
    let ignored = |name: &str| wanted.ignored.iter().any(|pattern| simple_match(&full(pattern), name));
    given.retain(|name, _| !name.starts_with(FORMER) && (FIXED.contains(&name.as_str()) || !ignored(name)));
    let changes = flat::index_settings(wanted.settings);
    if let Some(fixed) = FIXED.iter().find(|name| changes.contains_key(**name)) {
        return Err(refused(wanted, &format!("cannot modify UnmodifiableOnRestore setting [{fixed}] on restore")));
    }
    // What an open index cannot change one that is still to be opened can.
    let closed = IndexMetadata { name: wanted.name.clone(), open: false, ..saved.clone() };
    IndexSettings::new(given)?.update(&changes, &closed, false)
}

fn full(name: &str) -> String {
    if name.starts_with("index.") || name == "*" { name.to_owned() } else { format!("index.{name}") }
}

fn refused(wanted: &Wanted<'_>, why: &str) -> Error {
    let RestoredFrom { repository, snapshot, uuid, .. } = &wanted.from;
    Error::new(ErrorKind::SnapshotRestore, format!("[{repository}:{snapshot}/{uuid}] {why}"))
}
