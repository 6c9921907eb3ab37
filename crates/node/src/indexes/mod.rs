//! The indexes that are open here: what the metadata says is followed, shard by shard; one that fails fails alone.

mod leftovers;
mod open;
mod places;
mod restore;
mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use cluster::command::Command;
use cluster::state::{IndexMetadata, NodeId, State};
use model::error::{Error, ErrorKind};
use model::id::{AllocationId, IndexUuid, PrimaryTerm, ShardId, ShardNumber};
use parking_lot::{Mutex, RwLock};
use shard::caches::Caches;
use shard::engine::{ShardCopy, Spawn, Throttle, Work};
use shard::prepare::Preparer;
use shard::query_cache::QueryCache;
use shard::source_cache::SourceCache;
use wal::Syncer;

use crate::clock::now_ms;
use crate::config::Config;
use crate::gateway::{Quiet, Tries};
use crate::metadata::Published;
use crate::pool::Pool;
use crate::recovery::Recovery;
use crate::replication::{Exchange, Room, SharedPreparer};
use crate::request_cache::Share;
use restore::Restores;
pub(crate) use view::IndexView;
pub(crate) use view::{analysis_error, registry, replayed_document};
use view::{durability, prepare_for};

/// All open indexes of this node, by uuid.
pub struct Indexes {
    directory: PathBuf,
    syncer: Arc<Syncer>,
    spawn: Spawn,
    throttle: Arc<Throttle>,
    caches: Caches,
    open: RwLock<BTreeMap<IndexUuid, Arc<OpenIndex>>>,
    /// Copies that were open and may still be in use, whose folders nobody else may open.
    leaving: Mutex<BTreeMap<ShardId, Weak<ShardCopy>>>,
    /// How each copy of this node came to have what it has, or comes to.
    recoveries: Mutex<BTreeMap<ShardId, Arc<Recovery>>>,
    /// Shards of which files may lie here that are nobody's; `None`: nobody has looked yet.
    leftovers: Mutex<Option<BTreeSet<ShardId>>>,
    /// How far what is open follows the metadata.
    published: Arc<Published>,
    /// Shards on their way back from snapshots.
    restores: Restores,
    /// Held while shards are opened, closed or replaced.
    changing: Mutex<()>,
    /// How copies of one shard speak with each other.
    exchange: Arc<Exchange>,
}

/// What came of following a state.
pub struct Followed {
    /// What the metadata is to be told; the same again until it has been told.
    pub reports: Vec<Command>,
    /// Whether all is open that is to be. What is not waits for those who use a former copy.
    pub is_complete: bool,
}

/// An index, with those of its shards that this node holds.
pub struct OpenIndex {
    view: RwLock<Arc<IndexView>>,
    /// By number; others are elsewhere, or nowhere.
    pub shards: Vec<Arc<OpenShard>>,
}

/// One shard, or why it does not serve.
pub struct OpenShard {
    pub number: ShardNumber,
    pub term: PrimaryTerm,
    /// Under which it was opened.
    pub(crate) allocation: Option<AllocationId>,
    /// Its failure while it was open is in the metadata, or on the way there.
    reported: AtomicBool,
    /// Given up when the copy is let go: who still holds this shard does not keep its folder from others.
    copy: RwLock<Result<Arc<ShardCopy>, String>>,
    preparer: SharedPreparer,
    /// As a part of its shard; `None` when it did not open.
    room: Option<Arc<Room>>,
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
    pub(crate) quiet: Quiet,
    /// What it has in the request cache.
    pub cached: Arc<Share>,
    /// By the groups that searches name: queries and fetches, each how many and their microseconds.
    pub groups: Mutex<BTreeMap<String, (Counted, Counted)>>,
}

/// How many, and how many microseconds together.
type Counted = (u64, u64);

/// How long a request waits for a shard that is being opened.
const FOLLOWED: Duration = Duration::from_secs(10);
/// Groups of one shard beyond these are not counted: clients choose their names.
const MAX_GROUPS: usize = 1000;

impl OpenIndex {
    pub fn view(&self) -> Arc<IndexView> {
        self.view.read().clone()
    }

    /// A shard by its number, if this node holds it.
    pub fn shard(&self, number: ShardNumber) -> Option<&Arc<OpenShard>> {
        let at = self.shards.binary_search_by_key(&number, |shard| shard.number).ok()?;
        self.shards.get(at)
    }
}

impl OpenShard {
    /// The copy that serves.
    ///
    /// # Errors
    /// `no_shard_available_action_exception` with why it does not open.
    pub fn copy(&self) -> Result<Arc<ShardCopy>, Error> {
        let failed = |why: &dyn std::fmt::Display| {
            Error::new(ErrorKind::NoShardAvailable, format!("shard [{}] is not available: {why}", self.number))
        };
        let copy = self.copy.read().clone().map_err(|why| failed(&why))?;
        copy.failure().map_or(Ok(copy), |why| Err(failed(&why)))
    }

    /// The copy as a part of its shard.
    ///
    /// # Errors
    /// `no_shard_available_action_exception` when it did not open.
    pub(crate) fn room(&self) -> Result<&Arc<Room>, Error> {
        let missing = || Error::new(ErrorKind::NoShardAvailable, format!("shard [{}] is not open", self.number));
        self.room.as_ref().ok_or_else(missing)
    }

    /// Why it does not serve, if so.
    pub fn failure(&self) -> Option<String> {
        match &*self.copy.read() {
            Ok(copy) => copy.failure().map(|why| why.to_string()),
            Err(why) => Some(why.clone()),
        }
    }

    /// The copy, whether it has failed or not.
    pub(super) fn opened(&self) -> Option<Arc<ShardCopy>> {
        self.copy.read().as_ref().ok().cloned()
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
    pub(crate) fn new(
        config: &Config,
        syncer: Arc<Syncer>,
        (seal, merge): (Arc<Pool>, Arc<Pool>),
        (published, exchange): (Arc<Published>, Arc<Exchange>),
    ) -> Self {
        let directory = config.data.join("indexes");
        let spawn: Spawn = Arc::new(move |work, job| match work {
            Work::Seal => seal.later(job),
            Work::Merge => merge.later(job),
        });
        let throttle = Arc::new(Throttle::new(config.merge_bytes_per_second));
        let caches = Caches {
            queries: Arc::new(QueryCache::new(config.query_cache_bytes)),
            sources: Arc::new(SourceCache::new(config.source_cache_bytes)),
            ..Caches::default()
        };
        let (open, leaving, recoveries, leftovers, changing) = Default::default();
        Self {
            restores: Restores::new(config.repositories.clone()),
            directory,
            syncer,
            spawn,
            throttle,
            caches,
            open,
            leaving,
            recoveries,
            leftovers,
            published,
            changing,
            exchange,
        }
    }

    /// An open index. Waits until what is open follows the metadata of now, when it is not there.
    ///
    /// # Errors
    /// `index_not_found_exception` when it is not (any more); `no_shard_available_action_exception` while this node is not (back) in the cluster.
    pub fn get(&self, metadata: &IndexMetadata) -> Result<Arc<OpenIndex>, Error> {
        let find = || self.open.read().get(&metadata.uuid).cloned();
        let opened_meanwhile = || {
            let now = self.published.state().version;
            self.published.wait(FOLLOWED, |progress| progress.followed >= now);
            find()
        };
        let closed = || match self.published.state().index_by_uuid(&metadata.uuid).is_some_and(|index| index.open) {
            true => {
                let reason = format!("index [{}] is not open on this node yet", metadata.name);
                Error::new(ErrorKind::NoShardAvailable, reason)
            }
            false => Error::index_not_found(&metadata.name),
        };
        find().or_else(opened_meanwhile).ok_or_else(closed)
    }

    /// An index as it is open now.
    pub(crate) fn current(&self, uuid: &IndexUuid) -> Option<Arc<OpenIndex>> {
        self.open.read().get(uuid).cloned()
    }

    /// Whether a shard is open as it was.
    pub(crate) fn serves(&self, index: &IndexUuid, shard: &Arc<OpenShard>) -> bool {
        let open = self.open.read();
        let now = open.get(index).and_then(|index| index.shard(shard.number));
        now.is_some_and(|now| Arc::ptr_eq(now, shard))
    }

    /// All of them, by uuid.
    pub fn all(&self) -> Vec<Arc<OpenIndex>> {
        self.open.read().values().cloned().collect()
    }

    /// Every copy that is open here.
    pub(crate) fn rooms(&self) -> Vec<Arc<Room>> {
        let open = self.open.read();
        open.values().flat_map(|index| &index.shards).filter_map(|shard| shard.room.clone()).collect()
    }

    /// This node's copy of a shard.
    pub(crate) fn room(&self, shard: &ShardId) -> Option<Arc<Room>> {
        self.open.read().get(&shard.index)?.shard(shard.number)?.room.clone()
    }

    /// How the copies of this node came to have what they have, by shard.
    pub(crate) fn recoveries(&self) -> Vec<(ShardId, Arc<Recovery>)> {
        let recoveries = self.recoveries.lock();
        recoveries.iter().map(|(shard, recovery)| (shard.clone(), recovery.clone())).collect()
    }

    /// Bytes of sources that are kept unpacked.
    pub fn kept_sources_bytes(&self) -> u64 {
        self.caches.sources.bytes()
    }

    pub fn shard_count(&self) -> usize {
        self.open.read().values().map(|index| index.shards.len()).sum()
    }

    /// Closes what the metadata has no more, hands changed mappings and settings on, opens what is assigned to this node and lets go what
    /// is not.
    pub fn reconcile(&self, state: &State, own: &NodeId) -> Followed {
        let _changing = self.changing.lock();
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
        self.follow_assignments(state, own)
    }

    /// Ends the merges that run; they would keep a node that leaves waiting.
    pub fn stop_merges(&self) {
        let all = self.all();
        let shards = all.iter().flat_map(|index| &index.shards);
        shards.filter_map(|shard| shard.opened()).for_each(|copy| copy.stop_merges());
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
        index.shards.iter().for_each(|shard| self.retire(uuid, shard));
        let name = index.view().metadata.name.clone();
        if !deleted {
            tracing::info!("index {name} is closed");
            return;
        }
        let directory = self.directory.join(&*uuid.0);
        match std::fs::remove_dir_all(&directory) {
            Ok(()) => tracing::info!("index {name} is deleted"),
            // Of its shards none was here.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => tracing::info!("index {name} is deleted"),
            Err(error) => {
                tracing::warn!("index {name} is deleted, but its files in {} are not: {error}", directory.display())
            }
        }
    }

    /// Lets a copy go: it takes nothing more, and whoever opens the shard again waits until nobody uses it.
    fn retire(&self, uuid: &IndexUuid, shard: &OpenShard) {
        shard.room.iter().for_each(Room::close);
        let id = ShardId { index: uuid.clone(), number: shard.number };
        let is_its = |recovery: &Arc<Recovery>| Some(&recovery.allocation) == shard.allocation.as_ref();
        let mut recoveries = self.recoveries.lock();
        if recoveries.get(&id).is_some_and(is_its) {
            recoveries.remove(&id);
        }
        drop(recoveries);
        self.retire_copy(uuid, shard);
    }

    fn retire_copy(&self, uuid: &IndexUuid, shard: &OpenShard) {
        let let_go = Err("it has been let go".to_owned());
        let former = std::mem::replace(&mut *shard.copy.write(), let_go);
        if let Ok(copy) = former {
            copy.retire();
            let id = ShardId { index: uuid.clone(), number: shard.number };
            let mut leaving = self.leaving.lock();
            leaving.retain(|_, copy| copy.strong_count() > 0);
            leaving.insert(id, Arc::downgrade(&copy));
        }
    }

    fn follow(&self, index: &OpenIndex, metadata: &Arc<IndexMetadata>) {
        let before = index.view();
        if Arc::ptr_eq(&before.metadata, metadata) {
            return;
        }
        if before.metadata.settings == metadata.settings && before.metadata.mapping == metadata.mapping {
            *index.view.write() = Arc::new(before.with(metadata.clone()));
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
            if let Some(copy) = shard.opened() {
                copy.set_durability(durability(&view.settings));
                copy.set_similarities(view.similarities.clone());
                match prepare_for(&view, &copy) {
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
}

impl Used {
    /// A shard that opens counts as searched: it is idle only when nobody has searched it for a while.
    fn from_now() -> Self {
        Self { searched_ms: AtomicU64::new(now_ms()), ..Self::default() }
    }

    /// Adds one query that took so long, of a search in `groups`.
    pub fn count_query(&self, took: Duration, groups: &[String]) {
        Self::count(&self.queries, &self.query_micros, took);
        self.count_groups(took, groups, |(query, _)| query);
    }

    /// As [`Used::count_query`], of a fetch.
    pub fn count_fetch(&self, took: Duration, groups: &[String]) {
        Self::count(&self.fetches, &self.fetch_micros, took);
        self.count_groups(took, groups, |(_, fetch)| fetch);
    }

    fn count_groups(&self, took: Duration, names: &[String], of: fn(&mut (Counted, Counted)) -> &mut Counted) {
        if names.is_empty() {
            return;
        }
        let micros = took.as_micros() as u64;
        let mut groups = self.groups.lock();
        for name in names {
            if groups.len() < MAX_GROUPS || groups.contains_key(name) {
                let counted = of(groups.entry(name.clone()).or_default());
                counted.0 += 1;
                counted.1 += micros;
            }
        }
    }

    /// Adds one use that took so long.
    pub fn count(times: &AtomicU64, micros: &AtomicU64, took: Duration) {
        times.fetch_add(1, Ordering::Relaxed);
        micros.fetch_add(took.as_micros() as u64, Ordering::Relaxed);
    }
}
