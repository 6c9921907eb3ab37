//! A gateway that keeps what it was asked and answers what the test says.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use async_trait::async_trait;
use model::admin::*;
use model::error::Error;
use model::gateway::Gateway;
use model::id::{PrimaryTerm, SeqNo, ShardNumber, StateVersion, Version};
use model::recovery::ShardRecovery;
use model::search::*;
use model::target::Target;
use model::task::{TaskFilter, TaskList};
use model::write::*;

use crate::script::Script;

type Answer<T> = Result<T, Error>;

#[derive(Default)]
pub(crate) struct Fake {
    pub(crate) writes: Mutex<Vec<WriteRequest>>,
    pub(crate) gets: Mutex<Vec<GetRequest>>,
    pub(crate) searches: Mutex<Vec<SearchRequest>>,
    pub(crate) refreshed: Mutex<Vec<Target>>,
    pub(crate) search_answer: Mutex<Option<Answer<SearchResponse>>>,
    pub(crate) source: Mutex<Option<Vec<u8>>>,
    /// Searches never end.
    pub(crate) hang: AtomicBool,
    pub(crate) cancelled: Arc<AtomicU64>,
    /// What is said of indexes, nodes and the cluster; without it, nothing.
    pub(crate) script: OnceLock<Script>,
    seq_no: AtomicU64,
}

/// Counts when it is dropped before it is done.
struct Bell(Arc<AtomicU64>);

impl Drop for Bell {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn unused<T>() -> Answer<T> {
    Err(Error::not_implemented("the fake gateway"))
}

pub(crate) fn shards() -> Shards {
    Shards { total: 1, successful: 1, ..Shards::default() }
}

impl Fake {
    /// Answers by script from now on.
    pub(crate) fn play(&self, script: Script) -> &Script {
        self.script.get_or_init(|| script)
    }

    fn scripted<T>(&self, answer: impl FnOnce(&Script) -> Answer<T>) -> Answer<T> {
        self.script.get().map_or_else(unused, answer)
    }

    fn one(&self, write: Write, refresh: Refresh) -> Result<Written, WriteFailure> {
        let failed = |error| WriteFailure { index: write.index.clone(), id: write.id.clone(), error };
        if write.index.as_ref() == "missing" {
            return Err(failed(Error::index_not_found("missing")));
        }
        let outcome = match &write.action {
            Action::Index(source) | Action::Create(source) => match serde_json::from_slice::<serde_json::Value>(source)
            {
                Ok(_) => Outcome::Created,
                Err(_) => return Err(failed(Error::new(model::error::ErrorKind::MapperParsing, "failed to parse"))),
            },
            Action::Delete => Outcome::NotFound,
            Action::Update(_) => Outcome::Noop,
        };
        Ok(Written {
            index: write.index,
            id: write.id.unwrap_or_else(|| Arc::from("made")),
            shard: ShardNumber(0),
            outcome,
            version: Version(1),
            seq_no: SeqNo(self.seq_no.fetch_add(1, Ordering::SeqCst)),
            primary_term: PrimaryTerm(1),
            forced_refresh: refresh == Refresh::Now,
            copies: (1, 1),
            source: None,
        })
    }
}

#[async_trait]
impl Gateway for Fake {
    async fn write(&self, request: WriteRequest) -> Answer<WriteResponse> {
        self.writes.lock().unwrap().push(request.clone());
        Ok(request.writes.into_iter().map(|write| self.one(write, request.refresh)).collect())
    }

    async fn get(&self, request: GetRequest) -> Answer<GetResponse> {
        self.gets.lock().unwrap().push(request.clone());
        if request.index == "missing" {
            return Err(Error::index_not_found("missing"));
        }
        let source = self.source.lock().unwrap().clone();
        Ok(GetResponse {
            index: Arc::from(request.index),
            id: Arc::from(request.id),
            found: source.map(|source| {
                Box::new(Found {
                    routing: request.routing.map(Arc::from),
                    version: Version(2),
                    seq_no: SeqNo(7),
                    primary_term: PrimaryTerm(1),
                    source: Some(Arc::from(source)),
                    fields: Vec::new(),
                })
            }),
        })
    }

    async fn search(&self, request: SearchRequest) -> Answer<SearchResponse> {
        self.searches.lock().unwrap().push(request);
        if self.hang.load(Ordering::SeqCst) {
            let _bell = Bell(self.cancelled.clone());
            std::future::pending::<()>().await;
        }
        self.search_answer.lock().unwrap().clone().unwrap_or_else(|| {
            Ok(SearchResponse {
                took_ms: 3,
                timed_out: false,
                terminated_early: None,
                shards: shards(),
                total: Some(Total { value: 0, exact: true }),
                max_score: None,
                hits: Vec::new(),
                profile: None,
                phases: None,
                aggregations: None,
                suggest: Vec::new(),
                scroll_id: None,
                point_id: None,
                last: None,
            })
        })
    }

    async fn count(&self, request: CountRequest) -> Answer<CountResponse> {
        let terminated_early = request.terminate_after.map(|_| false);
        Ok(CountResponse { count: 42, terminated_early, shards: shards() })
    }

    async fn explain(&self, request: ExplainRequest) -> Answer<ExplainResponse> {
        let detail = Explanation::count(2, "n");
        let told = Explanation::matched(0.5, "sum of:", vec![detail]);
        let found = request.id != "nothing";
        Ok(ExplainResponse {
            index: Arc::from(request.index),
            id: Arc::from(request.id),
            explanation: found.then_some(told),
            source: None,
        })
    }

    async fn validate(&self, _: ValidateRequest) -> Answer<ValidateResponse> {
        let one = Validation { index: Arc::from("films"), result: Ok("*:*".into()) };
        Ok(ValidateResponse { shards: shards(), valid: true, explanations: vec![one] })
    }

    async fn analyze(&self, request: AnalyzeRequest) -> Answer<AnalyzeResponse> {
        let token = AnalyzedToken {
            token: "lamp".into(),
            start_offset: 0,
            end_offset: 4,
            kind: "word".into(),
            position: 0,
            position_length: 1,
            attributes: serde_json::Map::new(),
        };
        self.scripted(|script| script.told(request, AnalyzeResponse::Tokens(vec![token])))
    }

    async fn create_index(&self, request: CreateIndex) -> Answer<IndexCreated> {
        let made = IndexCreated { name: request.name.as_str().into(), shards_acknowledged: true };
        self.scripted(|script| script.told(request, made))
    }

    async fn delete_indexes(&self, request: Target) -> Answer<()> {
        self.scripted(|script| script.told(request, ()))
    }

    async fn put_mapping(&self, request: PutMapping) -> Answer<()> {
        self.scripted(|script| script.told(request, ()))
    }

    async fn put_settings(&self, request: PutSettings) -> Answer<()> {
        self.scripted(|script| script.told(request, ()))
    }

    async fn open_indexes(&self, request: Target) -> Answer<()> {
        self.scripted(|script| script.told(request, ()))
    }

    async fn close_indexes(&self, target: Target) -> Answer<Vec<Arc<str>>> {
        self.scripted(|script| Ok(script.find(&target)?.into_iter().map(|index| index.name).collect()))
    }

    async fn update_aliases(&self, request: Vec<AliasAction>) -> Answer<()> {
        self.scripted(|script| script.told(request, ()))
    }

    async fn refresh(&self, target: Target) -> Answer<Shards> {
        self.refreshed.lock().unwrap().push(target);
        Ok(shards())
    }

    async fn warm_vectors(&self, _: Target) -> Answer<Shards> {
        Ok(shards())
    }

    async fn flush(&self, request: Flush) -> Answer<Shards> {
        self.scripted(|script| script.told(request, shards()))
    }

    async fn force_merge(&self, request: ForceMerge) -> Answer<Shards> {
        self.scripted(|script| script.told(request, shards()))
    }

    async fn clear_caches(&self, target: Target, caches: Caches) -> Answer<Shards> {
        self.scripted(|script| script.told((target, caches), shards()))
    }

    async fn stats(&self, target: Target) -> Answer<StatsResponse> {
        self.scripted(|script| script.stats(&target))
    }

    fn indexes(&self, target: &Target) -> Answer<Vec<IndexInfo>> {
        if let Some(script) = self.script.get() {
            return script.find(target);
        }
        if target.names.iter().any(|name| name == "missing" || name.contains('\0')) {
            return Err(Error::index_not_found("missing"));
        }
        Ok(Vec::new())
    }

    fn metadata_version(&self) -> u64 {
        0
    }

    fn stems(&self, _: &str, _: &[&str]) -> Option<Vec<String>> {
        None
    }

    fn sounds(&self, words: &[&str]) -> Vec<String> {
        vec![String::new(); words.len()]
    }

    fn is_alias(&self, _: &str) -> bool {
        false
    }

    fn grok_patterns(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    async fn health(&self, request: HealthRequest) -> Answer<HealthResponse> {
        self.scripted(|script| Ok(script.health(&request)))
    }

    async fn put_cluster_settings(&self, request: PutClusterSettings) -> Answer<ClusterSettings> {
        self.scripted(|script| script.told(request, script.cluster().settings))
    }

    async fn retry_failed(&self) -> Answer<()> {
        Ok(())
    }

    async fn recoveries(&self, _: Target) -> Answer<Vec<ShardRecovery>> {
        Ok(Vec::new())
    }

    fn cluster(&self) -> ClusterView {
        if let Some(script) = self.script.get() {
            return script.cluster();
        }
        ClusterView {
            name: Arc::from("reef"),
            uuid: Arc::from("u"),
            version: StateVersion(1),
            state_uuid: Arc::from("s"),
            master: None,
            term: 0,
            voters: Vec::new(),
            nodes: Vec::new(),
            indexes: Vec::new(),
            templates: Arc::default(),
            data_streams: Vec::new(),
            voting_exclusions: Vec::new(),
            settings: ClusterSettings::default(),
        }
    }

    async fn node_stats(&self) -> Answer<Vec<NodeStats>> {
        self.scripted(|script| Ok(vec![script.node_stats()]))
    }

    async fn tasks(&self, _: TaskFilter) -> Answer<TaskList> {
        Ok(TaskList::default())
    }

    async fn cancel_tasks(&self, _: TaskFilter) -> Answer<TaskList> {
        Ok(TaskList::default())
    }

    fn metrics(&self) -> String {
        "shoal_up 1\n".into()
    }

    fn ready(&self) -> Answer<()> {
        match self.script.get() {
            Some(script) if !script.ready => Err(Error::not_implemented("shard films[0]")),
            _ => Ok(()),
        }
    }
}
