//! The one door between dialects and the node.
//!
//! A dialect parses bytes into these requests and renders these answers; it knows neither shards nor time nor disks.
//! Dropping a returned future cancels what it asked for.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use crate::admin::{
    AliasAction, AnalyzeRequest, AnalyzeResponse, Caches, ClusterSettings, ClusterView, CreateIndex, DataStreamInfo,
    Flush, ForceMerge, HealthRequest, HealthResponse, IndexCreated, IndexInfo, NodeStats, PutClusterSettings,
    PutMapping, PutSettings, RollOver, SearchedIndex, StatsResponse,
};
use crate::allocation::{AllocationExplanation, ExplainAllocation, Reroute, RerouteExplanation, VotingExclusions};
use crate::by_query::{ByQuery, ByQueryAnswer, Kind};
use crate::definition::Definition;
use crate::error::Error;
use crate::ingest::{Ingested, SimulateIngest};
use crate::point::{OpenPoint, PointKept, PointOpened, Scroll};
use crate::recovery::{ShardRecovery, ShardStores, StoresRequest};
use crate::resize::Resize;
use crate::script::Trial;
use crate::search::{
    CountRequest, CountResponse, ExplainRequest, ExplainResponse, GetRequest, GetResponse, SearchRequest,
    SearchResponse, Shards, ValidateRequest, ValidateResponse,
};
use crate::snapshot::Snapshots;
use crate::target::Target;
use crate::task::{HotThreads, Job, TaskFilter, TaskId, TaskList};
use crate::template::{Simulate, Simulated, TemplateChange};
use crate::term_vectors::{TermVectors, TermVectorsRequest};
use crate::write::{WriteRequest, WriteResponse};

type Answer<T> = Result<T, Error>;

#[async_trait]
pub trait Gateway: Send + Sync + 'static {
    // Documents.

    /// Carries out writes in order; each fails alone. Indexes that are missing are created where that is allowed. The outer error is for
    /// refusals of the whole request (memory).
    async fn write(&self, request: WriteRequest) -> Answer<WriteResponse>;
    /// Changes all documents that a query finds.
    async fn by_query(&self, _: ByQuery) -> Answer<ByQueryAnswer> {
        Err(Error::not_implemented("changes by query"))
    }
    /// As [`Gateway::by_query`], without waiting: the task that does it.
    fn start_by_query(&self, _: ByQuery) -> Answer<TaskId> {
        Err(Error::not_implemented("changes by query"))
    }
    /// Begins work that goes on by itself: its task.
    fn start(&self, job: Job) -> Answer<TaskId> {
        Err(Error::not_implemented(job.action()))
    }
    /// Has a task go at another pace (`None`: as fast as it goes).
    async fn rethrottle(&self, _: TaskId, _: Kind, _: Option<f32>) -> Answer<TaskList> {
        Err(Error::not_implemented("changes by query"))
    }
    async fn get(&self, request: GetRequest) -> Answer<GetResponse>;

    // Searches.

    async fn search(&self, request: SearchRequest) -> Answer<SearchResponse>;
    /// Makes a point in time: what its searches see stays as it is now.
    async fn open_point(&self, _: OpenPoint) -> Answer<PointOpened> {
        Err(Error::not_implemented("point in time"))
    }
    /// Lets points in time go (`None`: all): the ids, and whether each is gone.
    async fn close_points(&self, _: Option<Vec<String>>) -> Answer<Vec<(String, bool)>> {
        Err(Error::not_implemented("point in time"))
    }
    /// The points in time that are kept.
    async fn points(&self) -> Answer<Vec<PointKept>> {
        Err(Error::not_implemented("point in time"))
    }
    /// The next page of a scroll.
    async fn scroll(&self, _: Scroll) -> Answer<SearchResponse> {
        Err(Error::not_implemented("scroll"))
    }
    /// Lets scrolls go (`None`: all): how many shards had kept something for them.
    async fn clear_scrolls(&self, _: Option<Vec<String>>) -> Answer<u64> {
        Err(Error::not_implemented("scroll"))
    }
    async fn count(&self, request: CountRequest) -> Answer<CountResponse>;
    async fn explain(&self, request: ExplainRequest) -> Answer<ExplainResponse>;
    async fn validate(&self, request: ValidateRequest) -> Answer<ValidateResponse>;
    async fn analyze(&self, request: AnalyzeRequest) -> Answer<AnalyzeResponse>;

    // Indexes.

    async fn create_index(&self, request: CreateIndex) -> Answer<IndexCreated>;
    /// Makes an index of another one.
    async fn resize(&self, _: Resize) -> Answer<IndexCreated> {
        Err(Error::not_implemented("resizing an index"))
    }
    /// Refuses aliases; patterns expand to indexes only.
    async fn delete_indexes(&self, target: Target) -> Answer<()>;
    /// Makes a data stream, and its first index.
    async fn create_data_stream(&self, name: &str) -> Answer<()> {
        Err(Error::not_implemented(format!("the data stream [{name}]")))
    }
    /// Deletes the data streams that names and patterns stand for, with their indexes; those that are missing are gone already.
    async fn delete_data_streams(&self, _: Vec<String>) -> Answer<()> {
        Err(Error::not_implemented("data streams"))
    }
    /// Has a data stream write to a new index: its name, and whether enough of its copies serve.
    async fn roll_over(&self, _: RollOver) -> Answer<IndexCreated> {
        Err(Error::not_implemented("data streams"))
    }
    /// The data streams that names and patterns (none: all) stand for, by name; a name of an index or an alias stands for none.
    fn data_streams(&self, _: &[String]) -> Answer<Vec<DataStreamInfo>> {
        Ok(Vec::new())
    }
    async fn put_mapping(&self, request: PutMapping) -> Answer<()>;
    async fn put_settings(&self, request: PutSettings) -> Answer<()>;
    async fn open_indexes(&self, target: Target) -> Answer<()>;
    async fn close_indexes(&self, target: Target) -> Answer<Vec<Arc<str>>>;
    async fn update_aliases(&self, actions: Vec<AliasAction>) -> Answer<()>;
    async fn refresh(&self, target: Target) -> Answer<Shards>;
    async fn flush(&self, request: Flush) -> Answer<Shards>;
    async fn force_merge(&self, request: ForceMerge) -> Answer<Shards>;
    /// Opens the graphs over vectors, and builds those that are missing.
    async fn warm_vectors(&self, target: Target) -> Answer<Shards>;
    /// Forgets what shards keep of answers, or of filters.
    async fn clear_caches(&self, target: Target, caches: Caches) -> Answer<Shards>;
    async fn stats(&self, target: Target) -> Answer<StatsResponse>;
    /// The indexes that `target` names, with everything that may be read of them, in order of name.
    fn indexes(&self, target: &Target) -> Answer<Vec<IndexInfo>>;
    /// Grows with every change of the metadata: what was read of it is still true while this is the same.
    fn metadata_version(&self) -> u64;
    /// The stems of words in lower case by Snowball's rules of a language; `None`: there are none for it.
    fn stems(&self, language: &str, words: &[&str]) -> Option<Vec<String>>;
    /// How words sound, by the double metaphone of Philips (2000); empty where there is nothing to hear.
    fn sounds(&self, words: &[&str]) -> Vec<String>;
    /// The same door, through which changes of the metadata wait so long for an elected node; `None`: as this one.
    fn within(&self, _: u64) -> Option<Arc<dyn Gateway>> {
        None
    }
    /// Whether a name is an alias (and of what kind of thing a missing name is missing).
    fn is_alias(&self, name: &str) -> bool;

    // Cluster.

    async fn health(&self, request: HealthRequest) -> Answer<HealthResponse>;
    async fn put_cluster_settings(&self, request: PutClusterSettings) -> Answer<ClusterSettings>;
    /// Opens every shard copy again that failed, from its last commit and its log.
    async fn retry_failed(&self) -> Answer<()>;
    /// Why a shard copy is where it is, or is nowhere.
    async fn explain_allocation(&self, _: ExplainAllocation) -> Answer<AllocationExplanation> {
        Err(Error::not_implemented("_cluster/allocation/explain"))
    }
    /// Carries out an operator's commands, and says what came of each.
    async fn reroute(&self, _: Reroute) -> Answer<Vec<RerouteExplanation>> {
        Err(Error::not_implemented("[commands] of _cluster/reroute"))
    }
    /// How the copies of a target's shards came to have what they have, wherever they are: by index and shard, primaries first.
    async fn recoveries(&self, _: Target) -> Answer<Vec<ShardRecovery>> {
        Err(Error::not_implemented("_recovery"))
    }
    /// Where data of shards lie.
    async fn shard_stores(&self, _: StoresRequest) -> Answer<Vec<ShardStores>> {
        Err(Error::not_implemented("_shard_stores"))
    }
    async fn change_templates(&self, _: TemplateChange) -> Answer<()> {
        Err(Error::not_implemented("templates"))
    }
    /// What templates would make of an index; `None`: none fits.
    fn simulate_template(&self, _: &Simulate) -> Answer<Option<Simulated>> {
        Err(Error::not_implemented("templates"))
    }
    async fn change_voting_exclusions(&self, _: VotingExclusions) -> Answer<()> {
        Err(Error::not_implemented("_cluster/voting_config_exclusions"))
    }
    fn cluster(&self) -> ClusterView;
    async fn node_stats(&self) -> Answer<Vec<NodeStats>>;

    /// What the nodes are doing.
    async fn tasks(&self, filter: TaskFilter) -> Answer<TaskList>;
    /// Ends tasks that may be ended, and what other nodes do for them; those that were told to end.
    async fn cancel_tasks(&self, filter: TaskFilter) -> Answer<TaskList>;

    /// The busiest threads of nodes, by id, as text for people.
    async fn hot_threads(&self, _: Vec<Arc<str>>, _: HotThreads) -> Answer<Vec<(Arc<str>, String)>> {
        Err(Error::not_implemented("_nodes/hot_threads"))
    }
    /// Which copies a search with these routing values and this preference would ask.
    fn search_shards(&self, _: &Target, _: &[String], _: Option<&str>) -> Answer<Vec<SearchedIndex>> {
        Err(Error::not_implemented("_search_shards"))
    }
    /// Keeps a definition under a name, in place of what had it.
    async fn put_definition(&self, kind: Definition, name: String, definition: Value) -> Answer<()> {
        let _ = (kind, definition);
        Err(Error::not_implemented(format!("the definition [{name}]")))
    }
    /// Deletes the definitions that a name or a pattern stands for.
    async fn delete_definitions(&self, kind: Definition, pattern: String) -> Answer<()> {
        let _ = kind;
        Err(Error::not_implemented(format!("the definition [{pattern}]")))
    }
    /// The definitions that patterns name (none: all), by name.
    fn definitions(&self, kind: Definition, patterns: &[String]) -> BTreeMap<Arc<str>, Value> {
        let _ = (kind, patterns);
        BTreeMap::new()
    }
    /// What an ingest pipeline would make of documents, one after the other.
    async fn simulate_ingest(&self, _: SimulateIngest) -> Answer<Vec<Ingested>> {
        Err(Error::not_implemented("_ingest/pipeline/_simulate"))
    }

    /// The words of one document.
    async fn term_vectors(&self, _: TermVectorsRequest) -> Answer<TermVectors> {
        Err(Error::not_implemented("_termvectors"))
    }
    /// Names between commas, with their dates filled in (`<logs-{now/d}>`).
    fn dated_names(&self, _: &str) -> Answer<String> {
        Err(Error::not_implemented("names of indexes with dates"))
    }
    /// What a script gives that is tried out.
    async fn run_script(&self, _: Trial) -> Answer<Value> {
        Err(Error::not_implemented("_scripts/painless/_execute"))
    }
    /// The patterns that the processor `grok` knows: name, expression.
    fn grok_patterns(&self) -> &'static [(&'static str, &'static str)];

    /// The door to repositories and snapshots.
    fn snapshots(&self) -> Answer<&dyn Snapshots> {
        Err(Error::not_implemented("snapshots"))
    }

    // The process.

    /// In Prometheus' text format.
    fn metrics(&self) -> String;
    /// `Err` says what is still missing.
    fn ready(&self) -> Answer<()>;
}
