//! Proposed changes of the metadata. Everything that is decided elsewhere (identities, times) is in the command.

use std::sync::Arc;

use model::admin::AliasAction;
use model::definition::Definition;
use model::id::{AllocationId, IndexUuid, PrimaryTerm, ShardId};
use model::template::TemplateChange;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::centroids::Learned;
use crate::resize::ResizedFrom;
use crate::restore::RestoreIndexes;
use crate::state::{Node, NodeId, Unassigned, VotingExclusion};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Gives the cluster its uuid, once: the first of all commands.
    FormCluster {
        uuid: Arc<str>,
    },
    CreateIndex(CreateIndex),
    RestoreIndexes(RestoreIndexes),
    /// Concrete names.
    DeleteIndexes {
        names: Vec<Arc<str>>,
    },
    /// Adds `mapping` (as under `mappings`) to each index; all or none.
    PutMapping {
        indexes: Vec<IndexUuid>,
        mapping: Value,
    },
    /// Says where the documents of an index lie from now on; what was learned first stays.
    LearnCentroids {
        index: IndexUuid,
        centroids: Learned,
    },
    /// Flat or nested; null resets. All or none.
    PutSettings {
        indexes: Vec<IndexUuid>,
        settings: Map<String, Value>,
        preserve_existing: bool,
    },
    /// In order; all or none.
    UpdateAliases {
        actions: Vec<AliasAction>,
    },
    ChangeTemplates(TemplateChange),
    OpenIndexes {
        indexes: Vec<IndexUuid>,
        at_ms: u64,
    },
    CloseIndexes {
        indexes: Vec<IndexUuid>,
    },
    /// Flat or nested; null removes.
    PutClusterSettings {
        persistent: Map<String, Value>,
        transient: Map<String, Value>,
    },
    /// In place of what has the name.
    PutDefinition {
        kind: Definition,
        name: Arc<str>,
        definition: Value,
    },
    DeleteDefinitions {
        kind: Definition,
        names: Vec<Arc<str>>,
    },
    NodeJoined {
        id: NodeId,
        node: Node,
    },
    /// Its copies are unassigned; those in sync stay listed, and are appointed again when it is back.
    NodeLeft {
        id: NodeId,
        at_ms: u64,
    },
    /// Makes a new assignment the primary of a shard and raises the term (replication rule R1): at the first start, at every restart, at
    /// a promotion. `term`: the one that it makes, so that a command that comes late does nothing. `from`: the in-sync copy whose data it
    /// continues, on the node where that lies; `None` only for a shard that never had any.
    AppointPrimary {
        shard: ShardId,
        node: NodeId,
        allocation: AllocationId,
        term: PrimaryTerm,
        from: Option<AllocationId>,
    },
    /// The copy has recovered and serves.
    CopyStarted {
        shard: ShardId,
        allocation: AllocationId,
        term: PrimaryTerm,
    },
    /// Makes a replica that has everything the primary, and raises the term: the former one is gone.
    PromoteReplica {
        shard: ShardId,
        allocation: AllocationId,
        /// The one that it makes.
        term: PrimaryTerm,
    },
    AssignReplica(AssignReplica),
    /// The primary has handed everything to the copy that takes its place (replication rule R11).
    HandOver {
        shard: ShardId,
        to: AllocationId,
        /// Of the primary that hands over.
        term: PrimaryTerm,
    },
    /// The copy cannot serve. It stays in-sync when no other is (replication rule R3).
    CopyFailed {
        shard: ShardId,
        allocation: AllocationId,
        /// Of the primary that says so; `None`: its own node does.
        #[serde(default)]
        term: Option<PrimaryTerm>,
        reason: String,
        at_ms: u64,
    },
    /// A replica that there is too many.
    RemoveReplica {
        shard: ShardId,
        allocation: AllocationId,
    },
    /// Forgets how often copies have failed: they may be assigned again.
    RetryFailed,
    /// Takes a copy from its node; it may be assigned again.
    CancelCopy {
        shard: ShardId,
        allocation: AllocationId,
        at_ms: u64,
    },
    /// An operator gives up the data of a shard that has no primary: it starts empty.
    DiscardShard {
        shard: ShardId,
    },
    /// Disks of some indexes are all but full: they take no writes. Others have room again.
    FloodStage {
        block: Vec<IndexUuid>,
        lift: Vec<IndexUuid>,
    },
    AddVotingExclusions {
        exclusions: Vec<VotingExclusion>,
    },
    ClearVotingExclusions,
    /// Makes a data stream, with its first index, by the template that fits its name.
    CreateDataStream(NewBackingIndex),
    /// Gives a data stream a new index to write to. `from`: the one that it writes to until then, so that a command that comes late does nothing.
    RollOver {
        from: Arc<str>,
        to: NewBackingIndex,
    },
    /// With all their indexes.
    DeleteDataStreams {
        names: Vec<Arc<str>>,
    },
    /// An operator gives up what the in-sync copies of a shard without a primary have, which are gone, for what a node has that was in-sync
    /// once: that becomes the primary, and the only in-sync copy. `term`: the one that it makes.
    AppointStale {
        shard: ShardId,
        node: NodeId,
        allocation: AllocationId,
        term: PrimaryTerm,
    },
}

/// A node is to have a replica of a shard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AssignReplica {
    pub shard: ShardId,
    pub node: NodeId,
    pub allocation: AllocationId,
    /// Of the primary that it recovers from.
    pub term: PrimaryTerm,
    /// How many replicas of the shard will have been assigned then: a command that comes late does nothing.
    pub turn: u64,
    /// The copy whose place it takes.
    pub replaces: Option<AllocationId>,
    /// Why it is missing, as the shard's table says.
    pub why: Option<Unassigned>,
}

/// A new index of a data stream; the stream's number and its template say the rest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewBackingIndex {
    pub stream: Arc<str>,
    pub uuid: IndexUuid,
    pub creation_date_ms: u64,
}

/// A new index, as the client asked for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CreateIndex {
    pub name: Arc<str>,
    pub uuid: IndexUuid,
    pub creation_date_ms: u64,
    /// Flat or nested, with or without `index.`.
    pub settings: Map<String, Value>,
    pub mappings: Option<Value>,
    /// Name to `{filter, routing, index_routing, search_routing, is_write_index, is_hidden}`.
    pub aliases: Map<String, Value>,
    /// It is made of another index: templates have no part in it.
    #[serde(default)]
    pub resized_from: Option<ResizedFrom>,
}
