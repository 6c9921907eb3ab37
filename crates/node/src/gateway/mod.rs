//! The gateway of a node: every request of every dialect comes through here and is carried out with [`Core`].

mod allocation;
mod analyze;
mod blocks;
mod by_query;
mod choice;
mod cluster;
mod data_streams;
mod definitions;
mod dispatch;
mod everywhere;
mod explain;
mod get;
mod holder;
mod indexes;
mod ingest;
mod ingested;
mod lease;
mod lookup;
mod maintenance;
mod nodes;
mod patience;
mod pipelines;
mod placement;
pub(crate) mod point;
mod preference;
mod queries;
mod reading;
mod recovery;
pub mod remote;
mod resize;
mod scripts;
mod search;
mod search_shards;
mod shard_write;
mod slow_log;
mod snapshots;
mod stats;
mod tasks;
mod templates;
mod term_vectors;
mod trial;
pub mod upkeep;
mod write;

pub(crate) use by_query::Work;
pub(crate) use cluster::max_buckets;
pub(crate) use ingested::IngestCounts;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ::cluster::command::Command;
use ::cluster::state::State;
use async_trait::async_trait;
use model::admin::{
    AliasAction, AnalyzeRequest, AnalyzeResponse, Caches, ClusterSettings, ClusterView, CreateIndex, DataStreamInfo,
    Flush, ForceMerge, HealthRequest, HealthResponse, IndexCreated, IndexInfo, NodeStats, PutClusterSettings,
    PutMapping, PutSettings, RollOver, SearchedIndex, StatsResponse,
};
use model::allocation::{AllocationExplanation, ExplainAllocation, Reroute, RerouteExplanation, VotingExclusions};
use model::by_query::{ByQuery, ByQueryAnswer, Kind};
use model::definition::Definition;
use model::error::{Error, ErrorKind};
use model::gateway::Gateway;
use model::ingest::{Ingested, SimulateIngest};
use model::point::{OpenPoint, PointKept, PointOpened, Scroll};
use model::recovery::{ShardRecovery, ShardStores, StoresRequest};
use model::resize::Resize;
use model::script::Trial;
use model::search::{
    CountRequest, CountResponse, ExplainRequest, ExplainResponse, GetRequest, GetResponse, SearchRequest,
    SearchResponse, Shards, ValidateRequest, ValidateResponse,
};
use model::snapshot::Snapshots;
use model::target::Target;
use model::task::{HotThreads, Job, TaskFilter, TaskId, TaskList};
use model::template::{Simulate, Simulated, TemplateChange};
use model::term_vectors::{TermVectors, TermVectorsRequest};
use model::write::{WriteRequest, WriteResponse};
use serde_json::Value;

pub(crate) use search::{Released, Tries, known::KnownCounts};
pub(crate) use upkeep::Quiet;

use crate::core::Core;
use crate::metadata::SUBMIT_TIMEOUT;
use crate::telemetry::Action;

/// The door into one node.
#[derive(Clone)]
pub struct NodeGateway {
    core: Arc<Core>,
    /// How long a change of the metadata waits for an elected node.
    patience: Duration,
}

impl NodeGateway {
    pub fn new(core: Arc<Core>) -> Self {
        Self { core, patience: SUBMIT_TIMEOUT }
    }

    /// Carries out a change of the metadata.
    ///
    /// # Errors
    /// As [`Core::submit_within`].
    async fn submit(&self, command: Command) -> Answer<Arc<State>> {
        let (core, patience) = (self.core.clone(), self.patience);
        self.core.write.run(move || core.submit_within(&command, patience)).await?
    }
}

type Answer<T> = Result<T, Error>;

#[async_trait]
impl Gateway for NodeGateway {
    async fn write(&self, request: WriteRequest) -> Answer<WriteResponse> {
        let begun = Instant::now();
        let response = write::write(&self.core, request).await;
        self.core.metrics.request(Action::Write, begun.elapsed());
        response
    }

    async fn by_query(&self, request: ByQuery) -> Answer<ByQueryAnswer> {
        by_query::run(&self.core, request).await
    }

    fn start_by_query(&self, request: ByQuery) -> Answer<TaskId> {
        by_query::start(&self.core, request)
    }

    fn start(&self, job: Job) -> Answer<TaskId> {
        Ok(tasks::start(self, job))
    }

    async fn rethrottle(&self, id: TaskId, kind: Kind, requests_per_second: Option<f32>) -> Answer<TaskList> {
        tasks::rethrottle(&self.core, id, kind, requests_per_second).await
    }

    async fn get(&self, request: GetRequest) -> Answer<GetResponse> {
        get::get(&self.core, request).await
    }

    async fn search(&self, request: SearchRequest) -> Answer<SearchResponse> {
        search::search(&self.core, request).await
    }

    async fn open_point(&self, request: OpenPoint) -> Answer<PointOpened> {
        point::open(&self.core, request).await
    }

    async fn close_points(&self, ids: Option<Vec<String>>) -> Answer<Vec<(String, bool)>> {
        point::close_all(&self.core, ids).await
    }

    async fn points(&self) -> Answer<Vec<PointKept>> {
        point::list(&self.core).await
    }

    async fn scroll(&self, request: Scroll) -> Answer<SearchResponse> {
        point::scroll::next(&self.core, request).await
    }

    async fn clear_scrolls(&self, ids: Option<Vec<String>>) -> Answer<u64> {
        point::scroll::clear(&self.core, ids).await
    }

    async fn count(&self, request: CountRequest) -> Answer<CountResponse> {
        queries::count(&self.core, request).await
    }

    async fn explain(&self, request: ExplainRequest) -> Answer<ExplainResponse> {
        explain::explain(&self.core, request).await
    }

    async fn validate(&self, request: ValidateRequest) -> Answer<ValidateResponse> {
        queries::validate(&self.core, request).await
    }

    async fn analyze(&self, request: AnalyzeRequest) -> Answer<AnalyzeResponse> {
        let core = self.core.clone();
        self.core.search.run(move || analyze::analyze(&core, request)).await?
    }

    async fn create_index(&self, request: CreateIndex) -> Answer<IndexCreated> {
        indexes::create(self, request).await
    }

    async fn resize(&self, asked: Resize) -> Answer<IndexCreated> {
        // A client that goes away leaves no index with a part of the documents behind.
        let door = self.clone();
        let made = tokio::spawn(async move { resize::resize(&door, asked).await }).await;
        made.unwrap_or_else(|error| Err(Error::new(ErrorKind::IllegalState, error.to_string())))
    }

    async fn delete_indexes(&self, target: Target) -> Answer<()> {
        indexes::delete(self, target).await
    }

    async fn create_data_stream(&self, name: &str) -> Answer<()> {
        data_streams::create(self, name).await
    }

    async fn delete_data_streams(&self, names: Vec<String>) -> Answer<()> {
        data_streams::delete(self, &names).await
    }

    async fn roll_over(&self, request: RollOver) -> Answer<IndexCreated> {
        data_streams::roll_over(self, request).await
    }

    fn data_streams(&self, names: &[String]) -> Answer<Vec<DataStreamInfo>> {
        data_streams::infos(&self.core, names)
    }

    async fn put_mapping(&self, request: PutMapping) -> Answer<()> {
        indexes::put_mapping(self, request).await
    }

    async fn put_settings(&self, request: PutSettings) -> Answer<()> {
        indexes::put_settings(self, request).await
    }

    async fn open_indexes(&self, target: Target) -> Answer<()> {
        indexes::open(self, target).await
    }

    async fn close_indexes(&self, target: Target) -> Answer<Vec<Arc<str>>> {
        indexes::close(self, target).await
    }

    async fn update_aliases(&self, actions: Vec<AliasAction>) -> Answer<()> {
        indexes::update_aliases(self, actions).await
    }

    async fn warm_vectors(&self, target: Target) -> Answer<Shards> {
        maintenance::warm_vectors(&self.core, target).await
    }

    async fn refresh(&self, target: Target) -> Answer<Shards> {
        maintenance::refresh(&self.core, target).await
    }

    async fn flush(&self, request: Flush) -> Answer<Shards> {
        maintenance::flush(&self.core, request).await
    }

    async fn force_merge(&self, request: ForceMerge) -> Answer<Shards> {
        maintenance::force_merge(&self.core, request).await
    }

    async fn clear_caches(&self, target: Target, caches: Caches) -> Answer<Shards> {
        maintenance::clear_caches(&self.core, target, caches).await
    }

    async fn stats(&self, target: Target) -> Answer<StatsResponse> {
        stats::stats(&self.core, &target).await
    }

    fn indexes(&self, target: &Target) -> Answer<Vec<IndexInfo>> {
        indexes::info(&self.core, target)
    }

    fn metadata_version(&self) -> u64 {
        self.core.state().version.0
    }

    fn stems(&self, language: &str, words: &[&str]) -> Option<Vec<String>> {
        Some(self.core.stemmers.of(language)?.stems(words))
    }

    fn sounds(&self, words: &[&str]) -> Vec<String> {
        words.iter().map(|word| analysis::sound(word)).collect()
    }

    fn within(&self, patience_ms: u64) -> Option<Arc<dyn Gateway>> {
        Some(Arc::new(Self { core: self.core.clone(), patience: Duration::from_millis(patience_ms) }))
    }

    fn is_alias(&self, name: &str) -> bool {
        !self.core.state().alias(name).is_empty()
    }

    async fn health(&self, request: HealthRequest) -> Answer<HealthResponse> {
        cluster::health(&self.core, request).await
    }

    async fn put_cluster_settings(&self, request: PutClusterSettings) -> Answer<ClusterSettings> {
        cluster::put_settings(self, request).await
    }

    async fn retry_failed(&self) -> Answer<()> {
        let core = self.core.clone();
        self.core.write.run(move || core.retry_failed()).await?
    }

    async fn recoveries(&self, target: Target) -> Answer<Vec<ShardRecovery>> {
        recovery::recoveries(&self.core, &target).await
    }

    async fn shard_stores(&self, request: StoresRequest) -> Answer<Vec<ShardStores>> {
        recovery::stores(&self.core, &request).await
    }

    async fn change_templates(&self, change: TemplateChange) -> Answer<()> {
        templates::change(self, change).await
    }

    fn simulate_template(&self, wanted: &Simulate) -> Answer<Option<Simulated>> {
        ::cluster::template::simulate(&self.core.state().templates, wanted)
    }

    async fn explain_allocation(&self, request: ExplainAllocation) -> Answer<AllocationExplanation> {
        let core = self.core.clone();
        self.core.search.run(move || allocation::explain(&core, &request)).await?
    }

    async fn reroute(&self, request: Reroute) -> Answer<Vec<RerouteExplanation>> {
        let (door, data) = (self.clone(), allocation::data(&self.core, &request).await);
        self.core.write.run(move || allocation::reroute((&door.core, door.patience), &request, data)).await?
    }

    async fn change_voting_exclusions(&self, change: VotingExclusions) -> Answer<()> {
        allocation::change_voting_exclusions(self, change).await
    }

    fn cluster(&self) -> ClusterView {
        cluster::view(&self.core)
    }

    async fn node_stats(&self) -> Answer<Vec<NodeStats>> {
        nodes::stats(&self.core).await
    }

    async fn hot_threads(&self, nodes: Vec<Arc<str>>, request: HotThreads) -> Answer<Vec<(Arc<str>, String)>> {
        Ok(nodes::hot_threads(&self.core, nodes, request).await)
    }

    fn search_shards(
        &self,
        target: &Target,
        routing: &[String],
        preference: Option<&str>,
    ) -> Answer<Vec<SearchedIndex>> {
        search_shards::search_shards(&self.core, target, routing, preference)
    }

    async fn tasks(&self, filter: TaskFilter) -> Answer<TaskList> {
        tasks::list(&self.core, filter).await
    }

    async fn put_definition(&self, kind: Definition, name: String, definition: Value) -> Answer<()> {
        definitions::put(self, kind, name, definition).await
    }

    async fn delete_definitions(&self, kind: Definition, pattern: String) -> Answer<()> {
        definitions::delete(self, kind, pattern).await
    }

    fn definitions(&self, kind: Definition, patterns: &[String]) -> BTreeMap<Arc<str>, Value> {
        definitions::get(&self.core, kind, patterns)
    }

    async fn simulate_ingest(&self, request: SimulateIngest) -> Answer<Vec<Ingested>> {
        let core = self.core.clone();
        self.core.write.run(move || ingest::simulate(&core, request)).await?
    }

    async fn term_vectors(&self, request: TermVectorsRequest) -> Answer<TermVectors> {
        term_vectors::term_vectors(&self.core, request).await
    }

    fn dated_names(&self, names: &str) -> Answer<String> {
        model::dated_name::dated_list(names, crate::clock::now_ms() as i64)
    }

    async fn run_script(&self, trial: Trial) -> Answer<Value> {
        let core = self.core.clone();
        self.core.search.run(move || trial::result(&core, &trial)).await?
    }

    fn grok_patterns(&self) -> &'static [(&'static str, &'static str)] {
        ::ingest::grok_patterns()
    }

    async fn cancel_tasks(&self, filter: TaskFilter) -> Answer<TaskList> {
        tasks::cancel(&self.core, filter).await
    }

    fn snapshots(&self) -> Answer<&dyn Snapshots> {
        Ok(self)
    }

    fn metrics(&self) -> String {
        self.core.metrics.shards_failed.set(self.core.indexes.failed_count() as i64);
        self.core.metrics.kept_sources_bytes.set(self.core.indexes.kept_sources_bytes() as i64);
        self.core.metrics.resident_bytes.set(crate::process::process_stats().resident_bytes as i64);
        let (metadata, membership) = (&self.core.metadata, &self.core.membership);
        let nodes = self.core.state().nodes.len();
        self.core.metrics.peers.show(&metadata.standing(), &metadata.figures(), nodes, membership.lease());
        self.core.metrics.text()
    }

    fn ready(&self) -> Answer<()> {
        // The node listens only after its shards are open; a shard that failed is told by the cluster's health.
        Ok(())
    }
}

/// Runs a part of a search; a panic in it (a defect, or a corrupt file) fails that part alone.
fn caught<T>(work: impl FnOnce() -> Answer<T>) -> Answer<T> {
    caught_in("search", work)
}

/// As [`caught`], a part of something else.
fn caught_in<T>(name: &str, work: impl FnOnce() -> Answer<T>) -> Answer<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let what = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        let what = what.unwrap_or("no message").to_owned();
        tracing::error!("a {name} panicked: {what}");
        Err(Error::new(ErrorKind::ShardFailed, format!("the {name} of this shard panicked: {what}")))
    })
}
