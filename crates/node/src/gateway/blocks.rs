//! Refusals by blocks and by states of an index.

use cluster::settings::Blocks;
use cluster::state::{IndexMetadata, State};
use model::error::{Error, ErrorKind};
use serde_json::{Map, Value};

/// What somebody wants to do with an index.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Read,
    Write,
    MetadataWrite,
}

/// One block: whether it is set, its number, its status, what it says, what it forbids.
type Block = (fn(&Blocks) -> bool, &'static str, &'static str, &'static [Level]);

const BLOCKS: [Block; 5] = [
    (|blocks| blocks.read_only, "FORBIDDEN/5", "index read-only (api)", &[Level::Write, Level::MetadataWrite]),
    (|blocks| blocks.read, "FORBIDDEN/7", "index read (api)", &[Level::Read]),
    (|blocks| blocks.write, "FORBIDDEN/8", "index write (api)", &[Level::Write]),
    (|blocks| blocks.metadata, "FORBIDDEN/9", "index metadata (api)", &[Level::MetadataWrite]),
    (
        |blocks| blocks.read_only_allow_delete,
        "TOO_MANY_REQUESTS/12",
        "disk usage exceeded flood-stage watermark, index has read-only-allow-delete block",
        &[Level::Write, Level::MetadataWrite],
    ),
];

/// # Errors
/// `cluster_block_exception` when reads are blocked, `index_closed_exception`.
pub(super) fn check_read(_state: &State, index: &IndexMetadata) -> Result<(), Error> {
    check_open(index)?;
    check(index, Level::Read, false)
}

/// # Errors
/// `cluster_block_exception` when writes are blocked, `index_closed_exception`.
pub(super) fn check_write(_state: &State, index: &IndexMetadata) -> Result<(), Error> {
    check_open(index)?;
    check(index, Level::Write, false)
}

/// # Errors
/// `cluster_block_exception` when the metadata may not change.
pub(super) fn check_change(index: &IndexMetadata) -> Result<(), Error> {
    check(index, Level::MetadataWrite, false)
}

/// # Errors
/// `cluster_block_exception` when the index may not be deleted; that its disk is full does not stand in the way.
pub(super) fn check_delete(index: &IndexMetadata) -> Result<(), Error> {
    check(index, Level::MetadataWrite, true)
}

/// Whether settings change nothing but one block that would stand in its own way.
pub(super) fn lifts_a_block(settings: &Map<String, Value>) -> bool {
    const OWN: [&str; 3] = ["index.blocks.read_only", "index.blocks.metadata", "index.blocks.read_only_allow_delete"];
    let flat = cluster::settings::flat::index_settings(settings);
    flat.len() == 1 && flat.keys().all(|name| OWN.contains(&name.as_str()))
}

fn check_open(index: &IndexMetadata) -> Result<(), Error> {
    if index.open {
        return Ok(());
    }
    Err(Error::new(ErrorKind::IndexClosed, "closed").with_index(index.reference()))
}

/// All blocks that forbid it are named. When all that is wrong is a full disk, it may be tried again later.
fn check(index: &IndexMetadata, level: Level, delete: bool) -> Result<(), Error> {
    let set = &index.settings.typed().blocks;
    let full = |status: &str| status.starts_with("TOO_MANY");
    let standing: Vec<&Block> = BLOCKS
        .iter()
        .filter(|(is_set, status, _, levels)| is_set(set) && levels.contains(&level) && !(delete && full(status)))
        .collect();
    if standing.is_empty() {
        return Ok(());
    }
    let later = standing.iter().all(|(_, status, ..)| full(status));
    let kind = if later { ErrorKind::ClusterBlockForNow } else { ErrorKind::ClusterBlock };
    let named: Vec<String> = standing.iter().map(|(_, status, says, _)| format!("[{status}/{says}]")).collect();
    let reason = format!("index [{}] blocked by: {};", index.name, named.join(", "));
    Err(Error::new(kind, reason).with_index(index.reference()))
}
