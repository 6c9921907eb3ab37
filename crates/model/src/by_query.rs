//! Changing all documents that a query finds: deleted, written again, copied into another index.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::script::Script;
use crate::search::SearchRequest;
use crate::write::{ActiveShards, VersionType};

/// What is done, to which documents.
#[derive(Clone, Debug, PartialEq)]
pub struct ByQuery {
    pub change: Change,
    /// Which documents; `size` of them at a time.
    pub search: SearchRequest,
    /// Only so many.
    pub max_docs: Option<u64>,
    /// Documents that somebody else has changed meanwhile are counted and passed over.
    pub conflicts_proceed: bool,
    /// What was changed is found when the answer is there.
    pub refresh: bool,
    pub timeout_ms: u64,
    pub active_shards: Option<ActiveShards>,
    /// Documents a second; `None`: as fast as it goes.
    pub requests_per_second: Option<f32>,
    pub slices: Slices,
    /// The ingest pipeline of what is written again.
    pub pipeline: Option<Arc<str>>,
    /// Changes each document before it is written.
    pub script: Option<Script>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    Delete,
    /// Written as they are, so that they follow a changed mapping.
    Update,
    Copy(Box<Destination>),
}

/// Where documents are copied to.
#[derive(Clone, Debug, PartialEq)]
pub struct Destination {
    pub index: Arc<str>,
    /// Documents that are there already are conflicts.
    pub only_create: bool,
    pub version_type: Option<VersionType>,
    pub routing: CopyRouting,
    pub pipeline: Option<Arc<str>>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub enum CopyRouting {
    /// What each document had.
    #[default]
    Keep,
    Discard,
    Set(Arc<str>),
}

/// Into how many parts the work is cut, which go on side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slices {
    /// One for each shard.
    Auto,
    Count(u32),
}

/// How far it has come.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// What is to be done in all.
    pub total: u64,
    pub updated: u64,
    pub created: u64,
    pub deleted: u64,
    pub batches: u64,
    pub version_conflicts: u64,
    pub noops: u64,
    pub throttled_ms: u64,
    /// `None`: as fast as it goes.
    pub requests_per_second: Option<f32>,
    /// Why it ended early.
    pub cancelled: bool,
    /// Of the parts, where there are several.
    pub slices: Vec<Progress>,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ByQueryAnswer {
    pub took_ms: u64,
    pub timed_out: bool,
    pub progress: Progress,
    pub failures: Vec<ByQueryFailure>,
}

/// A document that was not changed, or shards that were not searched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ByQueryFailure {
    pub index: Arc<str>,
    /// `None`: it was the search that failed.
    pub id: Option<Arc<str>>,
    pub error: Error,
}

/// Which work of this kind a task does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    Delete,
    Update,
    Copy,
}

impl Change {
    pub fn kind(&self) -> Kind {
        match self {
            Self::Delete => Kind::Delete,
            Self::Update => Kind::Update,
            Self::Copy(_) => Kind::Copy,
        }
    }
}

impl Kind {
    /// The action of its task.
    pub fn action(self) -> &'static str {
        match self {
            Self::Delete => "indices:data/write/delete/byquery",
            Self::Update => "indices:data/write/update/byquery",
            Self::Copy => "indices:data/write/reindex",
        }
    }
}

impl Progress {
    /// Adds a part.
    pub fn add(&mut self, part: &Self) {
        self.total += part.total;
        self.updated += part.updated;
        self.created += part.created;
        self.deleted += part.deleted;
        self.batches += part.batches;
        self.version_conflicts += part.version_conflicts;
        self.noops += part.noops;
        self.throttled_ms += part.throttled_ms;
        self.cancelled |= part.cancelled;
    }
}
