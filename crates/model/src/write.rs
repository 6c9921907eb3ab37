//! Changes to documents: what a client asks for and what became of it.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

use serde_json::Value;

use crate::document::Source;
use crate::error::Error;
use crate::id::{PrimaryTerm, SeqNo, ShardNumber, Version};
use crate::script::Script;

/// One change to one document. `index` may be an alias with one write index.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Write {
    pub index: Arc<str>,
    /// Absent: generated (only for [`Action::Index`] and [`Action::Create`]).
    pub id: Option<Arc<str>>,
    pub routing: Option<Arc<str>>,
    pub action: Action,
    pub condition: Condition,
    pub require_alias: bool,
    /// The ingest pipeline that it goes through first, in place of its index' own; `_none`: none.
    pub pipeline: Option<Arc<str>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Action {
    /// Creates or replaces.
    Index(#[serde(with = "crate::wire::bytes")] Source),
    /// Creates; a document of that id is a version conflict.
    Create(#[serde(with = "crate::wire::bytes")] Source),
    Delete,
    Update(Box<Update>),
}

/// A partial change, read-modify-write under compare-and-set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Update {
    /// Merged into the source, objects key by key.
    #[serde(with = "crate::wire::json")]
    pub doc: Option<Value>,
    /// The document when there is none yet.
    #[serde(with = "crate::wire::json")]
    pub upsert: Option<Value>,
    pub doc_as_upsert: bool,
    /// Changes the document, in place of `doc`.
    pub script: Option<Script>,
    /// The script makes of `upsert` what is written, too.
    pub scripted_upsert: bool,
    /// A change that changes nothing writes nothing (default).
    pub detect_noop: bool,
    pub retry_on_conflict: u32,
    /// Return the new source, filtered.
    pub source: Option<crate::search::SourceFilter>,
}

/// What must hold of the current document, or else a version conflict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    pub if_seq_no: Option<(SeqNo, PrimaryTerm)>,
    /// With `External*`: the version to store.
    pub version: Option<(Version, VersionType)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum VersionType {
    Internal,
    /// Greater than the stored one.
    External,
    /// Greater than or equal to the stored one.
    ExternalGte,
}

/// When a write becomes visible to search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refresh {
    /// With the next scheduled refresh.
    #[default]
    Later,
    /// Before the answer, by refreshing now.
    Now,
    /// Before the answer, by waiting for a scheduled refresh.
    WaitFor,
}

/// Changes in order; each succeeds or fails alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WriteRequest {
    pub writes: Vec<Write>,
    pub refresh: Refresh,
    pub timeout_ms: u64,
    /// `wait_for_active_shards`: copies that must be there before the write starts; `None`: the index' setting.
    pub active_shards: Option<ActiveShards>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ActiveShards {
    All,
    Count(u32),
}

/// What became of one change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Written {
    pub index: Arc<str>,
    pub id: Arc<str>,
    pub shard: ShardNumber,
    pub outcome: Outcome,
    pub version: Version,
    pub seq_no: SeqNo,
    pub primary_term: PrimaryTerm,
    pub forced_refresh: bool,
    /// Copies: all there should be, those that have it.
    pub copies: (u32, u32),
    /// The new source where an update asked for it.
    #[serde(with = "crate::wire::bytes")]
    pub source: Option<Source>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    Created,
    Updated,
    Deleted,
    NotFound,
    Noop,
    /// An ingest pipeline has dropped it.
    Dropped,
}

impl Outcome {
    /// As the `result` of an answer.
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Deleted => "deleted",
            Self::NotFound => "not_found",
            Self::Noop | Self::Dropped => "noop",
        }
    }
}

/// One entry a write, in order. A failed entry says which index and id it was for.
pub type WriteResponse = Vec<Result<Written, WriteFailure>>;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WriteFailure {
    pub index: Arc<str>,
    pub id: Option<Arc<str>>,
    pub error: Error,
}
