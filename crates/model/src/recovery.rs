//! How copies of shards come to have what they have, and where data of shards lie.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::admin::HealthStatus;
use crate::error::Error;
use crate::id::ShardNumber;
use crate::target::Target;

/// `_recovery`: how one copy was opened last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShardRecovery {
    pub index: Arc<str>,
    pub number: ShardNumber,
    /// It is the primary, or takes its place.
    pub primary: bool,
    pub kind: RecoveryKind,
    pub stage: RecoveryStage,
    /// What the copy began with, where that was a snapshot.
    pub restored_from: Option<Arc<RestoredFrom>>,
    /// The node of the primary that gives; of a copy that is given nothing, none.
    pub source: Option<Arc<str>>,
    /// The node of the copy.
    pub target: Arc<str>,
    pub start_ms: u64,
    /// `None`: it goes on.
    pub stop_ms: Option<u64>,
    pub total_ms: u64,
    /// What the copy is made of, by name.
    pub files: Vec<RecoveredFile>,
    pub files_ms: u64,
    /// How long the node that gives has held files back so as not to send too fast.
    pub throttled_ms: u64,
    /// Operations that were replayed or sent, and how many there are as far as that is known.
    pub operations: u64,
    pub total_operations: u64,
    pub operations_ms: u64,
}

/// Where the first copy of a shard finds what it begins with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoredFrom {
    /// Names of the repository and of the snapshot in it.
    pub repository: Arc<str>,
    pub snapshot: Arc<str>,
    /// Of the snapshot: another one may get its name.
    pub uuid: Arc<str>,
    /// The index' name in the snapshot.
    pub index: Arc<str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecoveryKind {
    /// A shard that begins.
    EmptyStore,
    /// From the copy's own files and log.
    ExistingStore,
    /// From the primary.
    Peer,
    /// From a snapshot.
    Snapshot,
}

impl RecoveryKind {
    /// `EMPTY_STORE` ..
    pub fn name(self) -> &'static str {
        match self {
            Self::EmptyStore => "EMPTY_STORE",
            Self::ExistingStore => "EXISTING_STORE",
            Self::Peer => "PEER",
            Self::Snapshot => "SNAPSHOT",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RecoveryStage {
    Init,
    /// Files come, or are opened.
    Index,
    /// Operations come, or are replayed.
    Translog,
    Done,
}

impl RecoveryStage {
    /// `INIT` ..
    pub fn name(self) -> &'static str {
        match self {
            Self::Init => "INIT",
            Self::Index => "INDEX",
            Self::Translog => "TRANSLOG",
            Self::Done => "DONE",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecoveredFile {
    pub name: String,
    pub length: u64,
    /// It was there, and was not sent.
    pub reused: bool,
    /// Bytes that were sent.
    pub recovered: u64,
}

/// `_shard_stores`: where data of shards lie. Of shards whose health is one of these.
#[derive(Clone, Debug, PartialEq)]
pub struct StoresRequest {
    pub target: Target,
    pub statuses: Vec<HealthStatus>,
}

/// The stores of one shard.
#[derive(Clone, Debug, PartialEq)]
pub struct ShardStores {
    pub index: Arc<str>,
    pub number: ShardNumber,
    /// The primary first, then replicas, then what nobody uses.
    pub stores: Vec<ShardStore>,
}

/// Data of a shard on a node.
#[derive(Clone, Debug, PartialEq)]
pub struct ShardStore {
    pub node: Arc<str>,
    /// Of the copy whose data they are, where that is known.
    pub allocation_id: Option<Arc<str>>,
    pub used_by: StoreUse,
    /// Why they do not serve.
    pub failure: Option<Error>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StoreUse {
    Primary,
    Replica,
    Unused,
}

impl StoreUse {
    /// `primary` ..
    pub fn name(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Replica => "replica",
            Self::Unused => "unused",
        }
    }
}
