//! Snapshots: what indexes held at a moment, kept in a repository outside of them, and how it comes back.
//!
//! The door to them, [`Snapshots`], lies behind [`crate::gateway::Gateway::snapshots`].

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::{Error, ErrorKind};
use crate::id::ShardNumber;
use crate::target::Target;

type Answer<T> = Result<T, Error>;

/// A compiled expression may take so many bytes.
const SIZE_LIMIT: usize = 1 << 20;

/// Repositories, and the snapshots in them.
#[async_trait]
pub trait Snapshots: Send + Sync {
    /// Registers a repository under a name, in place of what had it. `verify`: every node proves first that it reads what another writes there.
    async fn put_repository(&self, name: String, repository: Repository, verify: bool) -> Answer<()>;
    /// Forgets the repositories that names or patterns stand for. What is in them stays.
    async fn delete_repositories(&self, patterns: Vec<String>) -> Answer<()>;
    /// All that are registered.
    fn repositories(&self) -> BTreeMap<Arc<str>, Repository>;
    /// Has every node read what this one writes. Out: ids and names of the nodes.
    async fn verify_repository(&self, name: &str) -> Answer<Vec<(Arc<str>, Arc<str>)>>;
    /// Removes files that no snapshot names.
    async fn clean_repository(&self, name: &str) -> Answer<Cleaned>;

    /// Makes a snapshot. `None` where nobody waits for it.
    async fn create(&self, asked: CreateSnapshot) -> Answer<Option<SnapshotInfo>>;
    /// The snapshots of a repository, those on their way too, the oldest first.
    async fn list(&self, repository: &str) -> Answer<Vec<SnapshotInfo>>;
    /// What these snapshots are made of, in their order.
    async fn status(&self, repository: &str, names: &[String]) -> Answer<Vec<SnapshotStatus>>;
    /// Removes the snapshots that names or patterns stand for, and files that no other one names.
    async fn delete(&self, repository: &str, patterns: Vec<String>) -> Answer<()>;
    /// Makes a snapshot of indexes of another.
    async fn clone_snapshot(&self, asked: CloneSnapshot) -> Answer<()>;
    /// Brings indexes back. `None` where nobody waits for it.
    async fn restore(&self, asked: RestoreSnapshot) -> Answer<Option<Restored>>;
}

/// `snapshot_missing_exception`, 404.
pub fn missing(repository: &str, snapshot: &str) -> Error {
    Error::new(ErrorKind::SnapshotMissing, format!("[{repository}:{snapshot}] is missing"))
}

/// `repository_missing_exception`, 404.
pub fn missing_repository(name: &str) -> Error {
    Error::new(ErrorKind::RepositoryMissing, format!("[{name}] missing"))
}

/// Where snapshots are kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Repository {
    /// `fs`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Without nesting: `location` ..
    pub settings: Map<String, Value>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cleaned {
    pub files: u64,
    pub bytes: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct CreateSnapshot {
    pub repository: String,
    pub snapshot: String,
    pub target: Target,
    pub include_global_state: bool,
    /// Shards that nobody holds are left out; otherwise there is no snapshot then.
    pub partial: bool,
    /// Of the client's own.
    pub metadata: Option<Value>,
    /// Until it is made.
    pub wait: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct CloneSnapshot {
    pub repository: String,
    pub source: String,
    /// The name of the new one.
    pub snapshot: String,
    /// Names and patterns of indexes in the source.
    pub target: Target,
}

#[derive(Clone, Debug, PartialEq)]
pub struct RestoreSnapshot {
    pub repository: String,
    pub snapshot: String,
    /// Names and patterns of indexes in the snapshot.
    pub target: Target,
    /// A regular expression, and what takes the place of what it finds in names of indexes.
    pub rename: Option<(String, String)>,
    /// The same for aliases.
    pub rename_alias: Option<(String, String)>,
    pub include_aliases: bool,
    pub include_global_state: bool,
    /// Shards that the snapshot lacks come back empty; otherwise such an index does not come back.
    pub partial: bool,
    /// In place of those of the snapshot.
    pub settings: Map<String, Value>,
    /// Settings that do not come back, by name or pattern.
    pub ignore_settings: Vec<String>,
    /// Until the primaries serve.
    pub wait: bool,
}

/// New names of indexes, or aliases: what an expression finds in them is replaced.
#[derive(Clone, Debug)]
pub struct Renaming {
    pattern: Regex,
    /// In the syntax of the crate `regex`.
    replacement: String,
}

impl Renaming {
    /// Of an expression, and what takes the place of what it finds (`$1`: its first group).
    ///
    /// # Errors
    /// `pattern_syntax_exception`; `index_out_of_bounds_exception` for a group that there is not.
    pub fn of((pattern, replacement): &(String, String)) -> Result<Self, Error> {
        let unreadable = |error: regex::Error| Error::new(ErrorKind::PatternSyntax, error.to_string());
        let pattern = RegexBuilder::new(pattern).size_limit(SIZE_LIMIT).build().map_err(unreadable)?;
        let (mut written, mut rest) = (String::new(), replacement.as_str());
        while let Some((before, after)) = rest.split_once('$') {
            let digits = after.bytes().take_while(u8::is_ascii_digit).count();
            let group: Option<usize> = after[..digits].parse().ok();
            if let Some(group) = group.filter(|group| *group >= pattern.captures_len()) {
                return Err(Error::new(ErrorKind::IndexOutOfBounds, format!("No group {group}")));
            }
            written.push_str(before);
            written.push_str(&group.map_or_else(|| "$$".to_owned(), |group| format!("${{{group}}}")));
            rest = &after[digits..];
        }
        written.push_str(rest);
        Ok(Self { pattern, replacement: written })
    }

    pub fn apply(&self, name: &str) -> String {
        self.pattern.replace_all(name, self.replacement.as_str()).into_owned()
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Restored {
    pub snapshot: String,
    /// Under the names that they have now.
    pub indexes: Vec<Arc<str>>,
    pub shards: ShardCounts,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardCounts {
    pub total: u32,
    pub successful: u32,
    pub failed: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SnapshotState {
    InProgress,
    Success,
    /// Some shards are missing.
    Partial,
    Failed,
}

impl SnapshotState {
    /// `IN_PROGRESS` ..
    pub fn name(self) -> &'static str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Success => "SUCCESS",
            Self::Partial => "PARTIAL",
            Self::Failed => "FAILED",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct SnapshotInfo {
    pub name: Arc<str>,
    pub uuid: Arc<str>,
    pub state: SnapshotState,
    /// Why it failed as a whole.
    pub reason: Option<String>,
    pub indexes: Vec<Arc<str>>,
    pub data_streams: Vec<Arc<str>>,
    pub include_global_state: bool,
    pub metadata: Option<Value>,
    pub start_ms: u64,
    /// `None`: it goes on.
    pub end_ms: Option<u64>,
    pub shards: ShardCounts,
    pub failures: Vec<SnapshotFailure>,
}

/// A shard that is not in a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotFailure {
    pub index: Arc<str>,
    pub index_uuid: Arc<str>,
    pub shard: ShardNumber,
    /// The id of the node that had it.
    pub node: Option<Arc<str>>,
    pub reason: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct SnapshotStatus {
    pub info: SnapshotInfo,
    pub indexes: BTreeMap<Arc<str>, Vec<ShardStatus>>,
}

/// A shard in a snapshot.
#[derive(Clone, Debug, PartialEq)]
pub struct ShardStatus {
    pub number: ShardNumber,
    pub stage: ShardStage,
    /// Written for this snapshot; the others were there.
    pub incremental: Files,
    pub total: Files,
    pub start_ms: u64,
    pub took_ms: u64,
    /// The id of the node that had it, where it failed.
    pub node: Option<Arc<str>>,
    /// Why it failed.
    pub reason: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShardStage {
    Started,
    Done,
    Failure,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Files {
    pub count: u64,
    pub bytes: u64,
}
