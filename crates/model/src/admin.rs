//! What is asked of and said about indexes, nodes and the cluster.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::id::{IndexUuid, PrimaryTerm, SeqNo, ShardNumber, StateVersion};
use crate::mapping::Mapping;
use crate::search::Shards;
use crate::target::Target;
use crate::template::Templates;
use crate::write::ActiveShards;

mod analyze;
mod data_stream;

pub use analyze::{AnalyzeRequest, AnalyzeResponse, AnalyzedStage, AnalyzedToken};
pub use data_stream::{DataStreamInfo, RollOver};

/// `PUT /{index}`. Objects as the client gave them; the node validates.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CreateIndex {
    pub name: String,
    /// Flat or nested, with or without `index.`.
    pub settings: Map<String, Value>,
    pub mappings: Option<Value>,
    pub aliases: Map<String, Value>,
    pub active_shards: Option<ActiveShards>,
    pub timeout_ms: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct IndexCreated {
    pub name: Arc<str>,
    /// Whether enough copies were active in time.
    pub shards_acknowledged: bool,
}

/// Everything that a client may read of one index' metadata.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexInfo {
    pub name: Arc<str>,
    pub uuid: IndexUuid,
    pub open: bool,
    pub hidden: bool,
    /// The data stream that it belongs to.
    pub data_stream: Option<Arc<str>>,
    pub creation_date_ms: u64,
    /// Names with `index.`, values as strings or lists of strings (as OpenSearch shows them), in order of name.
    pub settings: BTreeMap<String, Value>,
    /// Those not set, with their defaults.
    pub default_settings: BTreeMap<String, Value>,
    pub mapping: Arc<Mapping>,
    pub aliases: BTreeMap<Arc<str>, AliasInfo>,
    pub versions: IndexVersions,
    pub shards: Vec<ShardInfo>,
    /// By shard number: the allocation ids of the copies that have every acknowledged operation, whether their nodes are here or not.
    pub in_sync: Vec<Vec<Arc<str>>>,
}

/// Versions of the parts of an index' metadata.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexVersions {
    pub index: StateVersion,
    pub mapping: StateVersion,
    pub settings: StateVersion,
    pub aliases: StateVersion,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AliasInfo {
    /// As the client gave it.
    pub filter: Option<Value>,
    pub index_routing: Option<String>,
    pub search_routing: Option<String>,
    pub is_write_index: Option<bool>,
    pub is_hidden: Option<bool>,
}

/// One change of `_aliases`; a list of them is applied as one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum AliasAction {
    Add { indexes: Vec<String>, aliases: Vec<String>, alias: AliasInfo, must_exist: Option<bool> },
    Remove { indexes: Vec<String>, aliases: Vec<String>, must_exist: Option<bool> },
    RemoveIndex { indexes: Vec<String>, must_exist: Option<bool> },
}

/// One physical copy of a shard, or the place where one should be.
#[derive(Clone, Debug, PartialEq)]
pub struct ShardInfo {
    pub number: ShardNumber,
    pub primary: bool,
    pub state: ShardState,
    /// `None`: unassigned.
    pub node: Option<Arc<str>>,
    /// Where it moves to.
    pub relocating_node: Option<Arc<str>>,
    pub allocation_id: Option<Arc<str>>,
    pub primary_term: PrimaryTerm,
    /// Of a copy that is not assigned.
    pub unassigned: Option<UnassignedInfo>,
}

/// Why a copy is not assigned.
#[derive(Clone, Debug, PartialEq)]
pub struct UnassignedInfo {
    /// `NODE_LEFT` ..
    pub reason: &'static str,
    pub at_ms: u64,
    pub details: Option<String>,
    pub failed_attempts: u32,
    /// What came of the last attempt: `no_attempt`, `deciders_no`, `no_valid_shard_copy`.
    pub status: &'static str,
    /// No copy ever had data.
    pub fresh: bool,
    /// Its node has left, and is waited for.
    pub delayed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShardState {
    Unassigned,
    Initializing,
    Started,
    Relocating,
}

impl ShardState {
    /// `STARTED` ..
    pub fn name(self) -> &'static str {
        match self {
            Self::Unassigned => "UNASSIGNED",
            Self::Initializing => "INITIALIZING",
            Self::Started => "STARTED",
            Self::Relocating => "RELOCATING",
        }
    }
}

/// `PUT /{index}/_settings`.
#[derive(Clone, Debug, PartialEq)]
pub struct PutSettings {
    pub target: Target,
    pub settings: Map<String, Value>,
    pub preserve_existing: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct PutMapping {
    pub target: Target,
    pub mapping: Value,
    /// Of what an alias or a data stream stands for, the index that is written to alone.
    pub write_index_only: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ForceMerge {
    pub target: Target,
    pub max_num_segments: Option<u32>,
    pub only_expunge_deletes: bool,
    pub flush: bool,
}

/// Which caches are forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caches {
    /// Of answers.
    pub request: bool,
    /// Of the documents of filters.
    pub query: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Flush {
    pub target: Target,
    pub force: bool,
    pub wait_if_ongoing: bool,
}

/// Counts of one shard copy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ShardStats {
    pub docs: u64,
    pub deleted: u64,
    pub store_bytes: u64,
    pub memory_bytes: u64,
    pub segments: u64,
    pub max_seq_no: Option<SeqNo>,
    pub local_checkpoint: Option<SeqNo>,
    pub global_checkpoint: Option<SeqNo>,
    pub translog: TranslogStats,
    pub indexing: OperationStats,
    pub deleting: OperationStats,
    pub get: OperationStats,
    pub get_missing: u64,
    pub query: OperationStats,
    pub fetch: OperationStats,
    /// Searches by the groups that they named: queries and fetches.
    pub groups: BTreeMap<String, (OperationStats, OperationStats)>,
    pub refresh: OperationStats,
    pub flush: OperationStats,
    pub merge: OperationStats,
    pub merged_docs: u64,
    pub merged_bytes: u64,
    pub merges_running: u64,
    /// How long merges slept so as not to write too fast.
    pub merge_throttled_ms: u64,
    /// Whether writers wait for merges now, and how long they have waited.
    pub is_throttled: bool,
    pub throttled_ms: u64,
    pub vectors: VectorStats,
    pub request_cache: CacheStats,
    pub query_cache: CacheStats,
    /// Filters that the query cache keeps now, a segment each, and those that it has kept since the copy was opened.
    pub queries_kept: u64,
    pub queries_kept_ever: u64,
}

/// What vectors take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VectorStats {
    /// Bytes of vectors and graphs that are open, mapped or in memory.
    pub bytes: u64,
    /// Of them graphs.
    pub graph_bytes: u64,
    /// Graphs in use, and those still to be built.
    pub graphs: u64,
    pub missing: u64,
    /// Graphs built since the copy was opened, and what that took.
    pub built: u64,
    pub built_ms: u64,
}

impl VectorStats {
    fn add(&mut self, other: Self) {
        self.bytes += other.bytes;
        self.graph_bytes += other.graph_bytes;
        self.graphs += other.graphs;
        self.missing += other.missing;
        self.built += other.built;
        self.built_ms += other.built_ms;
    }
}

impl ShardStats {
    /// Adds another copy's counts. Sequence numbers are of one copy: they stay as they are.
    pub fn add(&mut self, other: &Self) {
        self.docs += other.docs;
        self.deleted += other.deleted;
        self.store_bytes += other.store_bytes;
        self.memory_bytes += other.memory_bytes;
        self.segments += other.segments;
        self.translog.operations += other.translog.operations;
        self.translog.bytes += other.translog.bytes;
        self.translog.uncommitted_operations += other.translog.uncommitted_operations;
        self.translog.uncommitted_bytes += other.translog.uncommitted_bytes;
        self.indexing.add(other.indexing);
        self.deleting.add(other.deleting);
        self.get.add(other.get);
        self.get_missing += other.get_missing;
        self.query.add(other.query);
        self.fetch.add(other.fetch);
        for (name, (query, fetch)) in &other.groups {
            let own = self.groups.entry(name.clone()).or_default();
            own.0.add(*query);
            own.1.add(*fetch);
        }
        self.refresh.add(other.refresh);
        self.flush.add(other.flush);
        self.merge.add(other.merge);
        self.merged_docs += other.merged_docs;
        self.merged_bytes += other.merged_bytes;
        self.merges_running += other.merges_running;
        self.merge_throttled_ms += other.merge_throttled_ms;
        self.vectors.add(other.vectors);
        self.is_throttled |= other.is_throttled;
        self.throttled_ms += other.throttled_ms;
        self.request_cache.add(other.request_cache);
        self.query_cache.add(other.query_cache);
        self.queries_kept += other.queries_kept;
        self.queries_kept_ever += other.queries_kept_ever;
    }
}

/// What is kept of earlier answers, and how often they were given again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheStats {
    pub bytes: u64,
    pub evictions: u64,
    pub hits: u64,
    pub misses: u64,
}

impl CacheStats {
    fn add(&mut self, other: Self) {
        self.bytes += other.bytes;
        self.evictions += other.evictions;
        self.hits += other.hits;
        self.misses += other.misses;
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TranslogStats {
    pub operations: u64,
    pub bytes: u64,
    pub uncommitted_operations: u64,
    pub uncommitted_bytes: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationStats {
    pub total: u64,
    pub time_ms: u64,
    pub current: u64,
    pub failed: u64,
}

impl OperationStats {
    fn add(&mut self, other: Self) {
        self.total += other.total;
        self.time_ms += other.time_ms;
        self.current += other.current;
        self.failed += other.failed;
    }
}

/// `_stats`: counts of the copies of the target.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StatsResponse {
    pub shards: Shards,
    pub copies: Vec<CopyStats>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct CopyStats {
    pub index: Arc<str>,
    pub uuid: IndexUuid,
    pub shard: ShardInfo,
    pub stats: ShardStats,
    pub segments: Vec<SegmentInfo>,
}

/// One segment as `_cat/segments` and `_segments` show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SegmentInfo {
    pub name: String,
    pub docs: u64,
    pub deleted: u64,
    pub size_bytes: u64,
    pub memory_bytes: u64,
    /// Survives a crash without the log.
    pub committed: bool,
    pub searchable: bool,
}

/// `_cluster/health`.
#[derive(Clone, Debug, PartialEq)]
pub struct HealthRequest {
    pub target: Target,
    pub timeout_ms: u64,
    pub wait: HealthWait,
}

/// What to wait for; everything that is given must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HealthWait {
    pub status: Option<HealthStatus>,
    pub no_relocating_shards: bool,
    pub no_initializing_shards: bool,
    pub active_shards: Option<ActiveShards>,
    /// `2`, `>=2`, `ge(2)` ..
    pub nodes: Option<String>,
    pub events: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HealthStatus {
    Green,
    Yellow,
    Red,
}

impl HealthStatus {
    pub fn name(self) -> &'static str {
        match self {
            Self::Green => "green",
            Self::Yellow => "yellow",
            Self::Red => "red",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct HealthResponse {
    pub cluster_name: Arc<str>,
    pub timed_out: bool,
    pub nodes: u32,
    pub data_nodes: u32,
    pub pending_tasks: u32,
    pub in_flight_fetch: u32,
    pub indexes: Vec<IndexHealth>,
}

/// Health of one index: from its shards.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexHealth {
    pub name: Arc<str>,
    pub shards: u32,
    pub replicas: u32,
    pub copies: Vec<ShardInfo>,
}

impl IndexHealth {
    pub fn status(&self) -> HealthStatus {
        HealthStatus::of(self.shards, &self.copies)
    }
}

impl HealthStatus {
    /// Of so many shards with these copies: red without an active primary of every shard, yellow without every replica.
    pub fn of(shards: u32, copies: &[ShardInfo]) -> Self {
        let active = |copy: &&ShardInfo| matches!(copy.state, ShardState::Started | ShardState::Relocating);
        let primaries = copies.iter().filter(|copy| copy.primary).filter(active).count();
        if primaries < shards as usize {
            Self::Red
        } else if copies.iter().filter(active).count() < copies.len() {
            Self::Yellow
        } else {
            Self::Green
        }
    }
}

/// The metadata as a client may read it: `_cluster/state`, `_cat`.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterView {
    pub name: Arc<str>,
    pub uuid: Arc<str>,
    pub version: StateVersion,
    pub state_uuid: Arc<str>,
    pub master: Option<Arc<str>>,
    /// Of the election, as far as the node that answers knows.
    pub term: u64,
    /// Identities of the nodes that elect, in order.
    pub voters: Vec<Arc<str>>,
    pub nodes: Vec<NodeInfo>,
    pub indexes: Vec<IndexInfo>,
    pub settings: ClusterSettings,
    pub templates: Arc<Templates>,
    /// By name.
    pub data_streams: Vec<DataStreamInfo>,
    /// Nodes that the voters do without: identity and name of each.
    pub voting_exclusions: Vec<(Arc<str>, Arc<str>)>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClusterSettings {
    pub persistent: BTreeMap<String, Value>,
    pub transient: BTreeMap<String, Value>,
    pub defaults: BTreeMap<String, Value>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct PutClusterSettings {
    /// Flat or nested; null removes.
    pub persistent: Map<String, Value>,
    pub transient: Map<String, Value>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeInfo {
    pub id: Arc<str>,
    pub name: Arc<str>,
    pub ephemeral_id: Arc<str>,
    /// Without the port.
    pub host: String,
    pub http_address: String,
    pub transport_address: String,
    /// `data`, `cluster_manager` ..
    pub roles: Vec<String>,
    pub attributes: BTreeMap<String, String>,
    pub master: bool,
    pub version: String,
    pub start_time_ms: u64,
    pub pid: u32,
    #[serde(with = "crate::wire::json")]
    pub settings: BTreeMap<String, Value>,
}

/// What a node says of itself now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeStats {
    pub node: NodeInfo,
    pub timestamp_ms: u64,
    pub shards: ShardStats,
    pub shard_count: u64,
    pub process: ProcessStats,
    pub disk: DiskStats,
    pub http: HttpStats,
    /// Requests refused or in flight, by breaker.
    pub breakers: Vec<BreakerStats>,
    pub pools: Vec<PoolStats>,
    /// Answers of searches in the request cache.
    pub answers_kept: u64,
    pub ingest: IngestStats,
    /// Questions to other nodes.
    pub asked: u64,
    pub pressure: PressureStats,
}

/// Bytes of writes in hand and over time, by the part that a node plays in them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PressureStats {
    pub coordinating: PressureOf,
    pub primary: PressureOf,
    pub replica: PressureOf,
    /// Of `primary` what other nodes have sent.
    pub received: PressureOf,
    pub limit_bytes: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PressureOf {
    pub current_bytes: u64,
    pub total_bytes: u64,
    pub rejections: u64,
}

/// Documents that went through ingest pipelines, all and by pipeline. Pipelines that are called by others count as a part of those.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IngestStats {
    pub total: OperationStats,
    pub pipelines: BTreeMap<String, OperationStats>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProcessStats {
    pub resident_bytes: u64,
    pub virtual_bytes: u64,
    pub cpu_percent: u32,
    pub cpu_total_ms: u64,
    pub open_files: u64,
    pub max_files: u64,
    pub threads: u64,
    pub load_average: [f64; 3],
    pub memory_total_bytes: u64,
    pub memory_free_bytes: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DiskStats {
    pub path: String,
    pub total_bytes: u64,
    pub available_bytes: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpStats {
    pub open: u64,
    pub total_opened: u64,
    pub requests: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BreakerStats {
    pub name: String,
    pub limit_bytes: u64,
    pub used_bytes: u64,
    pub tripped: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PoolStats {
    pub name: String,
    pub threads: u64,
    pub queue: u64,
    pub active: u64,
    pub rejected: u64,
    pub completed: u64,
}

/// `_search_shards`: one index of a target, and its shards that a search asks.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchedIndex {
    pub name: Arc<str>,
    /// Those that it was reached by, beside its name or without it.
    pub aliases: Vec<Arc<str>>,
    /// Of aliases; one must match.
    pub filters: Vec<Value>,
    /// With the allocation ids of the copies that may be asked, those that come first before others.
    pub shards: BTreeMap<ShardNumber, Vec<Arc<str>>>,
}
