//! The metadata: plain data that serialises in full.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use model::admin::{AliasInfo, IndexVersions};
use model::definition::Definition;
use model::id::{AllocationId, IndexRef, IndexUuid, PrimaryTerm, ShardNumber, StateVersion};
use model::mapping::Mapping;
use model::recovery::RestoredFrom;
use model::template::Templates;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::centroids::Learned;
use crate::data_stream::DataStream;
use crate::settings::{ClusterSettings, IndexSettings};

/// Everything that all nodes agree on.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    pub cluster_uuid: Arc<str>,
    /// Grows by one with every command that changes something.
    pub version: StateVersion,
    pub indexes: BTreeMap<Arc<str>, Arc<IndexMetadata>>,
    pub settings: ClusterSettings,
    pub nodes: BTreeMap<NodeId, Node>,
    #[serde(default)]
    pub templates: Arc<Templates>,
    /// Pipelines and scripts, by name.
    #[serde(default)]
    pub definitions: BTreeMap<Definition, BTreeMap<Arc<str>, Value>>,
    /// Nodes that are to leave and vote no more.
    #[serde(default)]
    pub voting_exclusions: BTreeSet<VotingExclusion>,
    /// The indexes that were deleted last, the newest at the end: a creation that comes late does not bring them back, and a node that was
    /// away knows what to clear.
    #[serde(default)]
    pub graveyard: VecDeque<IndexUuid>,
    /// Indexes that take no writes because a disk is all but full: the cluster has set this block, and lifts it. One that an operator has set is his.
    #[serde(default)]
    pub flooded: BTreeSet<IndexUuid>,
    #[serde(default)]
    pub data_streams: BTreeMap<Arc<str>, Arc<DataStream>>,
}

/// A node's identity, kept on its disk.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeId(pub Arc<str>);

/// A node that is in the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    pub name: Arc<str>,
    /// Of the running process: another one after every start.
    pub ephemeral_id: Arc<str>,
    /// Host and port of the peer protocol.
    pub peer_address: String,
    /// Host and port of REST.
    pub http_address: String,
    /// `data`, `cluster_manager`, `ingest`; none: it coordinates only.
    pub roles: BTreeSet<String>,
    pub attributes: BTreeMap<String, String>,
    /// Of the program.
    pub version: String,
    pub joined_at_ms: u64,
}

/// A node that the voting configuration shall do without: it is about to be taken away.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct VotingExclusion {
    /// `_absent_` when only the name is known.
    pub id: NodeId,
    /// `_absent_` when only the identity is known.
    pub name: Arc<str>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IndexMetadata {
    pub name: Arc<str>,
    pub uuid: IndexUuid,
    pub creation_date_ms: u64,
    pub open: bool,
    pub settings: IndexSettings,
    #[serde(serialize_with = "write_mapping", deserialize_with = "read_mapping")]
    pub mapping: Arc<Mapping>,
    pub aliases: BTreeMap<Arc<str>, AliasInfo>,
    pub versions: IndexVersions,
    /// By shard number.
    pub shards: Vec<ShardTable>,
    /// Where documents lie by their vectors; `None`: nowhere, or not yet.
    #[serde(default)]
    pub centroids: Option<Learned>,
}

/// Who holds one shard.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardTable {
    /// 0: no primary was ever appointed.
    pub term: PrimaryTerm,
    /// Copies that have everything acknowledged, and on whose disk each lies, whether that node is here or not. Never emptied once it was
    /// filled (replication rule R3). While a primary serves, all of them are started copies: it acknowledges nothing without them.
    pub in_sync: BTreeMap<AllocationId, NodeId>,
    pub copies: BTreeMap<AllocationId, Copy>,
    /// How many replicas were ever assigned: so that no allocation id is used twice.
    #[serde(default)]
    pub assigned: u64,
    /// Since when there is no primary, and why.
    pub unassigned: Option<Unassigned>,
    /// Why replicas that there were are there no longer, the oldest first.
    #[serde(default)]
    pub missing: Vec<Unassigned>,
    /// What its first copy begins with, until that has started; `None`: nothing.
    #[serde(default)]
    pub restores: Option<Arc<RestoredFrom>>,
}

/// A copy that a node has, or is to have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copy {
    pub node: NodeId,
    pub primary: bool,
    /// It has recovered and serves.
    pub started: bool,
    /// The copy whose place it takes once it has everything: that one moves.
    #[serde(default)]
    pub replaces: Option<AllocationId>,
    /// Of a replica that has not started: why it was to be assigned. Of a copy that has: how it last failed to move.
    #[serde(default)]
    pub why: Option<Unassigned>,
    /// A primary whose data lack something that was acknowledged, as an operator has accepted: a new history begins with them.
    #[serde(default)]
    pub begins_history: bool,
}

/// Why a shard has no primary, or lacks a replica.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unassigned {
    pub reason: UnassignedReason,
    pub at_ms: u64,
    pub details: Option<String>,
    /// How often in a row a copy was assigned and did not start.
    pub failed_attempts: u32,
    /// It failed while it served. What is on the disk is not trusted then: only an operator has it opened again.
    pub served: bool,
    /// Where the primary was.
    pub last_node: Option<NodeId>,
}

/// As OpenSearch calls them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UnassignedReason {
    IndexCreated,
    ClusterRecovered,
    IndexReopened,
    NodeLeft,
    AllocationFailed,
    RerouteCancelled,
    NewIndexRestored,
}

impl UnassignedReason {
    /// `NODE_LEFT` ..
    pub fn name(self) -> &'static str {
        match self {
            Self::IndexCreated => "INDEX_CREATED",
            Self::ClusterRecovered => "CLUSTER_RECOVERED",
            Self::IndexReopened => "INDEX_REOPENED",
            Self::NodeLeft => "NODE_LEFT",
            Self::AllocationFailed => "ALLOCATION_FAILED",
            Self::RerouteCancelled => "REROUTE_CANCELLED",
            Self::NewIndexRestored => "NEW_INDEX_RESTORED",
        }
    }
}

impl Copy {
    /// One that is to be opened.
    pub fn new(node: NodeId, primary: bool) -> Self {
        Self { node, primary, started: false, replaces: None, why: None, begins_history: false }
    }
}

impl Unassigned {
    /// Nothing has failed so far.
    pub fn new(reason: UnassignedReason, at_ms: u64) -> Self {
        Self { reason, at_ms, details: None, failed_attempts: 0, served: false, last_node: None }
    }
}

impl Node {
    /// Whether it may hold shards.
    pub fn is_data(&self) -> bool {
        self.roles.contains("data")
    }

    /// Whether it may be elected.
    pub fn is_cluster_manager(&self) -> bool {
        self.roles.contains("cluster_manager")
    }
}

/// Indexes that are one value are equal without a look: a state is compared at every command, and most indexes stay as they were.
impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        type Entry<'a> = (&'a Arc<str>, &'a Arc<IndexMetadata>);
        let same =
            |((a, one), (b, another)): (Entry<'_>, Entry<'_>)| a == b && (Arc::ptr_eq(one, another) || one == another);
        self.cluster_uuid == other.cluster_uuid
            && self.version == other.version
            && self.settings == other.settings
            && self.nodes == other.nodes
            && self.definitions == other.definitions
            && self.voting_exclusions == other.voting_exclusions
            && (Arc::ptr_eq(&self.templates, &other.templates) || self.templates == other.templates)
            && self.graveyard == other.graveyard
            && self.flooded == other.flooded
            && self.data_streams == other.data_streams
            && self.indexes.len() == other.indexes.len()
            && self.indexes.iter().zip(&other.indexes).all(same)
    }
}

impl State {
    /// The definition of a name.
    pub fn definition(&self, kind: Definition, name: &str) -> Option<&Value> {
        self.definitions.get(&kind)?.get(name)
    }

    /// # Errors
    /// `index_not_found_exception`.
    pub fn index(&self, name: &str) -> Result<&Arc<IndexMetadata>, model::error::Error> {
        self.indexes.get(name).ok_or_else(|| model::error::Error::index_not_found(name))
    }

    pub fn index_by_uuid(&self, uuid: &IndexUuid) -> Option<&Arc<IndexMetadata>> {
        self.indexes.values().find(|index| index.uuid == *uuid)
    }

    /// The nodes that may hold shards.
    pub fn data_nodes(&self) -> impl Iterator<Item = (&NodeId, &Node)> {
        self.nodes.iter().filter(|(_, node)| node.is_data())
    }

    /// The indexes that have an alias of this name, by name.
    pub fn alias(&self, alias: &str) -> Vec<&Arc<IndexMetadata>> {
        self.indexes.values().filter(|index| index.aliases.contains_key(alias)).collect()
    }
}

impl IndexMetadata {
    /// How errors and hits name it.
    pub fn reference(&self) -> IndexRef {
        IndexRef { name: self.name.clone(), uuid: self.uuid.clone() }
    }

    /// `name/uuid`.
    pub fn label(&self) -> String {
        format!("{}/{}", self.name, self.uuid)
    }

    pub fn shard(&self, number: ShardNumber) -> Option<&ShardTable> {
        self.shards.get(number.0 as usize)
    }

    /// Until when a node that has left with a copy is waited for before another gets it.
    pub fn delayed_until(&self, why: &Unassigned) -> Option<u64> {
        let left = why.reason == UnassignedReason::NodeLeft;
        left.then(|| why.at_ms.saturating_add(self.settings.typed().node_left_delay_ms))
    }
}

impl ShardTable {
    /// The copies that serve: the primary and the replicas that have everything.
    pub fn started(&self) -> impl Iterator<Item = (&AllocationId, &Copy)> {
        self.copies.iter().filter(|(_, copy)| copy.started)
    }

    /// Replicas, started or not, but for those that take the place of another copy.
    pub fn replicas(&self) -> impl Iterator<Item = (&AllocationId, &Copy)> {
        self.copies.iter().filter(|(_, copy)| !copy.primary && copy.replaces.is_none())
    }

    /// The copy that is the primary, started or not.
    pub fn primary(&self) -> Option<(&AllocationId, &Copy)> {
        self.copies.iter().find(|(_, copy)| copy.primary)
    }
}

fn write_mapping<S: Serializer>(mapping: &Arc<Mapping>, serializer: S) -> Result<S::Ok, S::Error> {
    mapping.render().serialize(serializer)
}

fn read_mapping<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<Mapping>, D::Error> {
    let rendered = Value::deserialize(deserializer)?;
    Mapping::parse(&rendered).map(Arc::new).map_err(|error| serde::de::Error::custom(error.to_string()))
}
