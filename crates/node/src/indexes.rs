//! The indexes that are open here: what the metadata says is followed, shard by shard; one that fails fails alone.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use analysis::Registry;
use cluster::command::Command;
use cluster::settings::{Durability, IndexSettings, Typed};
use cluster::state::{AllocationId, IndexMetadata, NodeId};
use model::error::{Error, ErrorKind};
use model::id::{IndexUuid, PrimaryTerm, ShardId, ShardNumber};
use parking_lot::{Mutex, MutexGuard, RwLock};
use shard::engine::{Change, CopyOptions, Operation, ShardCopy, Spawn, Throttle, Work};
use shard::prepare::{Prepared, Preparer, Settings};
use shard::prepared::PreparedDocument;
use shard::reader::Similarities;
use wal::Syncer;

use crate::clock::now_ms;
use crate::config::Config;
use crate::gateway::Tries;
use crate::identity;
use crate::metadata::Metadata;
use crate::pool::Pool;
use crate::similarity;

/// All open indexes of this node, by uuid.
pub struct Indexes {
    directory: PathBuf,
    syncer: Arc<Syncer>,
    spawn: Spawn,
    throttle: Arc<Throttle>,
    open: RwLock<BTreeMap<IndexUuid, Arc<OpenIndex>>>,
    /// One reconciliation at a time.
    reconciling: Mutex<()>,
}

/// Held while what is open comes to follow the metadata.
pub struct Reconciling<'a> {
    _one: MutexGuard<'a, ()>,
}

/// An index with its shards.
pub struct OpenIndex {
    view: RwLock<Arc<IndexView>>,
    pub shards: Vec<Arc<OpenShard>>,
}

/// An index as its metadata describes it, and the analyzers that this makes.
pub struct IndexView {
    pub metadata: Arc<IndexMetadata>,
    pub settings: Typed,
    pub analysis: Arc<Registry>,
    pub similarities: Arc<Similarities>,
}

/// One shard, or why it does not serve.
pub struct OpenShard {
    pub number: ShardNumber,
    pub term: PrimaryTerm,
    copy: Result<Arc<ShardCopy>, String>,
    preparer: RwLock<Option<Arc<Preparer>>>,
    pub used: Used,
}

/// When a shard was used, and how often.
#[derive(Default)]
pub struct Used {
    pub searched_ms: AtomicU64,
    pub refreshed_ms: AtomicU64,
    pub queries: AtomicU64,
    pub query_micros: AtomicU64,
    pub fetches: AtomicU64,
    pub fetch_micros: AtomicU64,
    pub gets: AtomicU64,
    pub get_micros: AtomicU64,
    pub gets_missing: AtomicU64,
    pub(crate) tries: Tries,
}

impl OpenIndex {
    pub fn view(&self) -> Arc<IndexView> {
        self.view.read().clone()
    }

    /// A shard by its number.
    pub fn shard(&self, number: ShardNumber) -> Option<&Arc<OpenShard>> {
        self.shards.get(number.0 as usize)
    }
}

impl OpenShard {
    /// The copy that serves.
    ///
    /// # Errors
    /// `no_shard_available_action_exception` with why it does not open.
    pub fn copy(&self) -> Result<&Arc<ShardCopy>, Error> {
        let failed = |why: &dyn std::fmt::Display| {
            Error::new(ErrorKind::NoShardAvailable, format!("shard [{}] is not available: {why}", self.number))
        };
        let copy = self.copy.as_ref().map_err(|why| failed(why))?;
        copy.failure().map_or(Ok(copy), |why| Err(failed(&why)))
    }

    /// Why it does not serve, if so.
    pub fn failure(&self) -> Option<String> {
        match &self.copy {
            Ok(copy) => copy.failure().map(|why| why.to_string()),
            Err(why) => Some(why.clone()),
        }
    }

    /// What maps documents for this shard now.
    pub fn preparer(&self) -> Result<Arc<Preparer>, Error> {
        self.preparer
            .read()
            .clone()
            .ok_or_else(|| Error::new(ErrorKind::NoShardAvailable, format!("shard [{}] is not available", self.number)))
    }
}

impl Indexes {
    /// `seal` and `merge`: the threads of either kind of work.
    pub fn new(config: &Config, syncer: Arc<Syncer>, seal: Arc<Pool>, merge: Arc<Pool>) -> Self {
        let directory = config.data.join("indexes");
        let spawn: Spawn = Arc::new(move |work, job| match work {
            Work::Seal => seal.later(job),
            Work::Merge => merge.later(job),
        });
        let throttle = Arc::new(Throttle::new(config.merge_bytes_per_second));
        Self { directory, syncer, spawn, throttle, open: RwLock::default(), reconciling: Mutex::default() }
    }

    /// Begins a reconciliation; one at a time.
    pub fn begin(&self) -> Reconciling<'_> {
        Reconciling { _one: self.reconciling.lock() }
    }

    /// An open index. Waits for a reconciliation that may be opening it.
    ///
    /// # Errors
    /// `index_not_found_exception` when it is not (any more).
    pub fn get(&self, metadata: &IndexMetadata) -> Result<Arc<OpenIndex>, Error> {
        let find = || self.open.read().get(&metadata.uuid).cloned();
        let opened_meanwhile = || {
            let _done = self.begin();
            find()
        };
        find().or_else(opened_meanwhile).ok_or_else(|| Error::index_not_found(&metadata.name))
    }

    /// All of them, by uuid.
    pub fn all(&self) -> Vec<Arc<OpenIndex>> {
        self.open.read().values().cloned().collect()
    }

    pub fn shard_count(&self) -> usize {
        self.open.read().values().map(|index| index.shards.len()).sum()
    }

    /// Opens what the metadata has and is not open, closes what it has no more, hands changed mappings and settings on.
    pub fn reconcile(&self, _: &Reconciling<'_>, metadata: &Metadata, node: &NodeId) {
        let state = metadata.state();
        let wanted: BTreeMap<&IndexUuid, &Arc<IndexMetadata>> =
            state.indexes.values().filter(|index| index.open).map(|index| (&index.uuid, index)).collect();
        let known: Vec<(IndexUuid, Arc<OpenIndex>)> =
            self.open.read().iter().map(|(uuid, index)| (uuid.clone(), index.clone())).collect();
        for (uuid, index) in known {
            match wanted.get(&uuid) {
                Some(metadata) => self.follow(&index, metadata),
                None => self.close(&uuid, &index, state.index_by_uuid(&uuid).is_none()),
            }
        }
        for (uuid, index) in wanted {
            if !self.open.read().contains_key(uuid) {
                let opened = self.open_index(index, metadata, node);
                self.open.write().insert(uuid.clone(), opened);
            }
        }
    }

    /// Ends the merges that run; they would keep a node that leaves waiting.
    pub fn stop_merges(&self) {
        let all = self.all();
        let shards = all.iter().flat_map(|index| &index.shards);
        shards.filter_map(|shard| shard.copy.as_ref().ok()).for_each(|copy| copy.close());
    }

    /// Commits every shard: nothing is left to replay.
    pub fn flush_all(&self) {
        for index in self.all() {
            for shard in &index.shards {
                if let Ok(copy) = shard.copy()
                    && let Err(error) = copy.flush(false)
                {
                    tracing::warn!(
                        "shard {}[{}] could not be flushed: {error}; its log will be replayed",
                        index.view().metadata.name,
                        shard.number
                    );
                }
            }
        }
    }

    fn close(&self, uuid: &IndexUuid, index: &OpenIndex, deleted: bool) {
        self.open.write().remove(uuid);
        index.shards.iter().filter_map(|shard| shard.copy.as_ref().ok()).for_each(|copy| copy.close());
        let name = index.view().metadata.name.clone();
        if !deleted {
            tracing::info!("index {name} is closed");
            return;
        }
        let directory = self.directory.join(&*uuid.0);
        match std::fs::remove_dir_all(&directory) {
            Ok(()) => tracing::info!("index {name} is deleted"),
            Err(error) => {
                tracing::warn!("index {name} is deleted, but its files in {} are not: {error}", directory.display())
            }
        }
    }

    fn follow(&self, index: &OpenIndex, metadata: &Arc<IndexMetadata>) {
        let before = index.view();
        if Arc::ptr_eq(&before.metadata, metadata) || before.metadata == *metadata {
            return;
        }
        let view = Arc::new(match IndexView::of(metadata) {
            Ok(view) => view,
            Err(error) => {
                tracing::error!("index {} has settings that cannot be followed: {error}", metadata.name);
                return;
            }
        });
        for shard in &index.shards {
            if let Ok(copy) = &shard.copy {
                copy.set_durability(durability(&view.settings));
                copy.set_similarities(view.similarities.clone());
                match prepare_for(&view, copy) {
                    Ok(preparer) => {
                        copy.set_fields(preparer.fields().clone());
                        *shard.preparer.write() = Some(preparer);
                    }
                    Err(error) => {
                        tracing::error!("index {} has a mapping that cannot be followed: {error}", metadata.name)
                    }
                }
            }
        }
        *index.view.write() = view;
    }

    fn open_index(&self, index: &Arc<IndexMetadata>, metadata: &Metadata, node: &NodeId) -> Arc<OpenIndex> {
        let view = IndexView::of(index);
        let numbers: Vec<ShardNumber> = (0..index.shards.len() as u32).map(ShardNumber).collect();
        let shards = match &view {
            Ok(view) => self.open_shards(view, &numbers, metadata, node),
            Err(error) => numbers.iter().map(|number| Arc::new(failed(*number, error.to_string()))).collect(),
        };
        let view = view.unwrap_or_else(|error| {
            tracing::error!("index {} cannot be opened: {error}", index.name);
            IndexView {
                metadata: index.clone(),
                settings: index.settings.typed().clone(),
                analysis: Arc::new(Registry::builtin()),
                similarities: Arc::default(),
            }
        });
        Arc::new(OpenIndex { view: RwLock::new(Arc::new(view)), shards })
    }

    /// As many at a time as there are cores: each may have a log to replay.
    fn open_shards(
        &self,
        view: &IndexView,
        numbers: &[ShardNumber],
        metadata: &Metadata,
        node: &NodeId,
    ) -> Vec<Arc<OpenShard>> {
        let mut opened = Vec::with_capacity(numbers.len());
        for some in numbers.chunks(cores()) {
            std::thread::scope(|scope| {
                let open = |number: &ShardNumber| {
                    let number = *number;
                    (number, scope.spawn(move || self.open_shard(view, number, metadata, node)))
                };
                let threads: Vec<_> = some.iter().map(open).collect();
                let joined = threads.into_iter().map(|(number, thread)| {
                    thread.join().unwrap_or_else(|_| failed(number, "opening it panicked".into()))
                });
                opened.extend(joined.map(Arc::new));
            });
        }
        opened
    }

    fn open_shard(&self, view: &IndexView, number: ShardNumber, metadata: &Metadata, node: &NodeId) -> OpenShard {
        let id = ShardId { index: view.metadata.uuid.clone(), number };
        let allocation = AllocationId(identity::random().into());
        let from = view.metadata.shard(number).and_then(|table| table.in_sync.first().cloned());
        let name = &view.metadata.name;
        let appoint =
            Command::AppointPrimary { shard: id.clone(), node: node.clone(), allocation: allocation.clone(), from };
        let opened = metadata.submit(&appoint).map_err(|e| e.to_string()).and_then(|state| {
            let term = state
                .index_by_uuid(&id.index)
                .and_then(|index| index.shard(number))
                .map_or(PrimaryTerm(1), |table| table.term);
            self.open_copy(view, number, term).map(|opened| (term, opened))
        });
        match opened {
            Ok((term, (copy, preparer))) => {
                let started = Command::CopyStarted { shard: id, allocation, term };
                if let Err(error) = metadata.submit(&started) {
                    return failed(number, error.to_string());
                }
                OpenShard {
                    number,
                    term,
                    copy: Ok(copy),
                    preparer: RwLock::new(Some(preparer)),
                    used: Used::from_now(),
                }
            }
            Err(reason) => {
                tracing::error!("shard {name}[{number}] does not open: {reason}");
                let lost = Command::CopyFailed { shard: id, allocation, reason: reason.clone() };
                if let Err(error) = metadata.submit(&lost) {
                    tracing::error!("the failure of shard {name}[{number}] could not be recorded: {error}");
                }
                failed(number, reason)
            }
        }
    }

    fn open_copy(
        &self,
        view: &IndexView,
        number: ShardNumber,
        term: PrimaryTerm,
    ) -> Result<(Arc<ShardCopy>, Arc<Preparer>), String> {
        let begun = Instant::now();
        let options = CopyOptions {
            directory: self.shard_directory(&view.metadata.uuid, number),
            durability: durability(&view.settings),
            disk: Arc::new(wal::RealDisk),
            syncer: self.syncer.clone(),
            spawn: self.spawn.clone(),
            throttle: self.throttle.clone(),
            similarities: view.similarities.clone(),
            new_history: identity::random(),
        };
        let layouts =
            |path: &str| shard::layout::layout_at(path, &view.metadata.mapping, &view.analysis).ok().flatten();
        let (copy, recovery) =
            ShardCopy::open(options, shard::layout::base_table(), &layouts).map_err(|e| e.to_string())?;
        let preparer = prepare_for(view, &copy).map_err(|e| e.to_string())?;
        copy.set_fields(preparer.fields().clone());
        copy.set_primary_term(term.0);
        let replayed = copy
            .replay(now_ms(), cores(), &|operation| replayed_document(&preparer, operation))
            .map_err(|e| e.to_string())?;
        if replayed > 0 {
            let torn = recovery.torn.as_ref().map_or(String::new(), |torn| {
                format!("; an unfinished tail of {} bytes was cut off", torn.dropped_bytes)
            });
            tracing::info!(
                "shard {}[{number}] is open: {replayed} operations replayed in {} ms{torn}",
                view.metadata.name,
                begun.elapsed().as_millis()
            );
        }
        Ok((copy, preparer))
    }

    fn shard_directory(&self, uuid: &IndexUuid, number: ShardNumber) -> PathBuf {
        self.directory.join(Path::new(&*uuid.0)).join(number.to_string())
    }
}

impl IndexView {
    fn of(metadata: &Arc<IndexMetadata>) -> Result<Self, Error> {
        let settings = metadata.settings.typed().clone();
        let analysis = registry(&metadata.settings)?;
        let similarities = Arc::new(similarity::of_index(&metadata.settings, &metadata.mapping)?);
        Ok(Self { metadata: metadata.clone(), settings, analysis: Arc::new(analysis), similarities })
    }
}

/// What maps documents for a copy: its table of fields grown by those of the mapping.
fn prepare_for(view: &IndexView, copy: &ShardCopy) -> Result<Arc<Preparer>, Error> {
    let mut fields = (*copy.fields()).clone();
    shard::layout::append_fields(&mut fields, &view.metadata.mapping, &view.analysis)?;
    let typed = &view.settings;
    let settings = Settings {
        limits: typed.mapping_limits,
        ignore_malformed: typed.ignore_malformed,
        coerce: typed.coerce.unwrap_or(true),
    };
    Preparer::new(view.metadata.mapping.clone(), Arc::new(fields), (*view.analysis).clone(), settings).map(Arc::new)
}

/// The document of an operation of the log, mapped as it was when it was accepted.
fn replayed_document(preparer: &Preparer, operation: &Operation) -> Result<Arc<PreparedDocument>, Error> {
    let Change::Index { routing, source } = &operation.change else {
        return Err(Error::new(ErrorKind::IllegalState, "an operation without a document was to be mapped"));
    };
    match preparer.prepare(&operation.id, routing.as_ref(), source)? {
        Prepared::Ready(document) => Ok(Arc::new(document)),
        Prepared::NewFields(_) => Err(Error::new(
            ErrorKind::IllegalState,
            format!("document [{}] has fields that the metadata does not know", operation.id),
        )),
    }
}

/// The analyzers that an index' settings make.
///
/// # Errors
/// As OpenSearch words what is wrong with them.
pub(crate) fn registry(settings: &IndexSettings) -> Result<Registry, Error> {
    let typed = settings.typed();
    let limits = analysis::Limits { max_ngram_diff: typed.max_ngram_diff, max_shingle_diff: typed.max_shingle_diff };
    Registry::with_limits(&settings.analysis(), limits).map_err(analysis_error)
}

/// What is wrong with an analyzer, by the kind that OpenSearch gives it.
pub(crate) fn analysis_error(error: analysis::AnalysisError) -> Error {
    let kind = match error.kind() {
        "settings_exception" => ErrorKind::Settings,
        _ => ErrorKind::IllegalArgument,
    };
    Error::new(kind, error.to_string())
}

/// Threads that are worth starting for one piece of work.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZeroUsize::get).min(16)
}

fn failed(number: ShardNumber, reason: String) -> OpenShard {
    OpenShard { number, term: PrimaryTerm(0), copy: Err(reason), preparer: RwLock::default(), used: Used::default() }
}

fn durability(settings: &Typed) -> wal::Durability {
    match settings.durability {
        Durability::Request => wal::Durability::Request,
        Durability::Async => wal::Durability::Async { interval: Duration::from_millis(settings.sync_interval_ms) },
    }
}

impl Used {
    /// A shard that opens counts as searched: it is idle only when nobody has searched it for a while.
    fn from_now() -> Self {
        Self { searched_ms: AtomicU64::new(now_ms()), ..Self::default() }
    }

    /// Adds one use that began at `begun`.
    pub fn count(times: &AtomicU64, micros: &AtomicU64, took: Duration) {
        times.fetch_add(1, Ordering::Relaxed);
        micros.fetch_add(took.as_micros() as u64, Ordering::Relaxed);
    }
}
