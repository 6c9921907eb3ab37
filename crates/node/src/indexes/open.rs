//! Opening and letting go shard copies as the metadata assigns them: as many at a time as there are cores, however many indexes they belong to.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use analysis::Registry;
use cluster::command::Command;
use cluster::state::{Copy, IndexMetadata, NodeId, ShardTable, State};
use model::id::{AllocationId, IndexUuid, PrimaryTerm, ShardId, ShardNumber};
use model::recovery::RecoveryKind;
use parking_lot::{Mutex, RwLock};
use shard::caches::Caches;
use shard::engine::{CopyOptions, ShardCopy};
use shard::prepare::Preparer;

use super::view::{IndexView, durability, prepare_for, replayed_document};
use super::{Followed, Indexes, OpenShard, Used, restore};
use crate::clock::now_ms;
use crate::identity;
use crate::recovery::Recovery;
use crate::replication::{Opened, Place, Room, SharedPreparer};
use crate::repository;

/// How long a copy that was open before is waited for while others want to be opened, too. Two must never write into one folder.
const FORMER: Duration = Duration::from_millis(50);
/// The same for one whose files are replaced.
const REPLACED: Duration = Duration::from_secs(30);

/// A shard to be opened, and the assignment that says so.
struct Wanted {
    view: Arc<IndexView>,
    number: ShardNumber,
    allocation: AllocationId,
    term: PrimaryTerm,
    primary: bool,
    /// It continues a copy that was in sync: its files must be there.
    has_data: bool,
    /// And what is there is all there is from now on.
    begins_history: bool,
    /// What it begins with, where that is not nothing.
    origin: Option<restore::Origin>,
    /// Why the index cannot be opened at all.
    failure: Option<String>,
}

impl Wanted {
    fn id(&self) -> ShardId {
        ShardId { index: self.view.metadata.uuid.clone(), number: self.number }
    }

    fn recovery(&self) -> Arc<Recovery> {
        let from = self.origin.as_ref().map(|origin| origin.from.clone());
        Recovery::new(self.allocation.clone(), self.kind(), from)
    }

    fn kind(&self) -> RecoveryKind {
        match (self.primary, self.has_data) {
            (false, _) => RecoveryKind::Peer,
            (true, false) if self.origin.is_some() => RecoveryKind::Snapshot,
            (true, false) => RecoveryKind::EmptyStore,
            (true, true) => RecoveryKind::ExistingStore,
        }
    }
}

impl Indexes {
    /// Opens what is assigned to this node and not open under that assignment, side by side; lets go what is assigned no more. Out: what came
    /// of assignments that the metadata does not know to have started.
    pub(super) fn follow_assignments(&self, state: &State, own: &NodeId) -> Followed {
        let indexes: Vec<&Arc<IndexMetadata>> = state.indexes.values().filter(|index| index.open).collect();
        let prepared: Vec<(Arc<IndexView>, Vec<Wanted>)> =
            indexes.iter().map(|index| self.prepare(state, index, own)).collect();
        let (views, wanted): (Vec<Arc<IndexView>>, Vec<Vec<Wanted>>) = prepared.into_iter().unzip();
        let wanted: Vec<Wanted> = wanted.into_iter().flatten().collect();
        let mut opened: BTreeMap<IndexUuid, Vec<Arc<OpenShard>>> = BTreeMap::new();
        self.restores.keep(&wanted.iter().map(|shard| &shard.allocation).collect());
        let done = self.open_all(&wanted);
        let is_complete = done.len() == wanted.len();
        for (uuid, shard) in done {
            opened.entry(uuid).or_default().push(Arc::new(shard));
        }
        for view in views {
            let shards = opened.remove(&view.metadata.uuid).unwrap_or_default();
            self.put(view, shards);
        }
        let reports = indexes.iter().flat_map(|index| self.reports(index, own)).collect();
        Followed { reports, is_complete }
    }

    /// Lets go an index' shards that are not this node's, and says which are to be opened. An index that is not open yet is seen by nobody
    /// before its shards are.
    fn prepare(&self, state: &State, index: &Arc<IndexMetadata>, own: &NodeId) -> (Arc<IndexView>, Vec<Wanted>) {
        let found = self.open.read().get(&index.uuid).cloned();
        let assigned = assignments(index, own);
        let known = found.as_ref().map_or(&[][..], |open| &open.shards);
        let opens = |(number, allocation, _): &&(ShardNumber, AllocationId, PrimaryTerm)| {
            !known.iter().any(|shard| shard.number == *number && shard.allocation.as_ref() == Some(allocation))
        };
        let to_open: Vec<_> = assigned.iter().filter(opens).collect();
        let is_stale = |shard: &&Arc<OpenShard>| {
            let has_none = !assigned.iter().any(|(number, ..)| *number == shard.number);
            // Why it does not serve is told as long as no other node has it.
            let elsewhere = index.shard(shard.number).is_none_or(|table| table.primary().is_some());
            has_none && (elsewhere || shard.failure().is_none())
        };
        let stale: Vec<ShardNumber> = known.iter().filter(is_stale).map(|shard| shard.number).collect();
        if !stale.is_empty() {
            self.let_go(&index.uuid, &stale);
        }
        let (view, failure) = match &found {
            Some(open) if to_open.is_empty() => (open.view(), None),
            _ => view_of(index),
        };
        let wanted = |(number, allocation, term): &(ShardNumber, AllocationId, PrimaryTerm)| Wanted {
            view: view.clone(),
            number: *number,
            allocation: allocation.clone(),
            term: *term,
            primary: table_of(index, *number, allocation).is_some_and(|copy| copy.primary),
            has_data: index.shard(*number).is_some_and(|table| table.in_sync.contains_key(allocation)),
            begins_history: table_of(index, *number, allocation).is_some_and(|copy| copy.begins_history),
            origin: origin(state, index, *number, allocation),
            failure: failure.clone(),
        };
        let wanted = to_open.into_iter().map(wanted).collect();
        (view, wanted)
    }

    /// What the metadata does not know yet of this node's copies of an index.
    fn reports(&self, index: &Arc<IndexMetadata>, own: &NodeId) -> Vec<Command> {
        let Some(open) = self.open.read().get(&index.uuid).cloned() else { return Vec::new() };
        let report = |shard: &Arc<OpenShard>| {
            let allocation = shard.allocation.clone()?;
            let copy = index.shard(shard.number)?.copies.get(&allocation)?;
            if copy.started || copy.node != *own {
                return None;
            }
            let id = ShardId { index: index.uuid.clone(), number: shard.number };
            Some(match shard.failure() {
                // Of a replica the primary knows when it has everything.
                None if !copy.primary => return None,
                None => Command::CopyStarted { shard: id, allocation, term: shard.term },
                Some(reason) => Command::CopyFailed { shard: id, allocation, term: None, reason, at_ms: now_ms() },
            })
        };
        open.shards.iter().filter_map(report).collect()
    }

    /// Opens shards side by side, but for those whose former copies are still used. Copies that they take the place of are let go before.
    fn open_all(&self, wanted: &[Wanted]) -> Vec<(IndexUuid, OpenShard)> {
        for shard in wanted {
            self.let_go(&shard.view.metadata.uuid, &[shard.number]);
        }
        let (next, opened) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(wanted.len())));
        let work = || {
            while let Some(shard) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
                if !self.former_is_gone(&shard.id()) {
                    continue;
                }
                let Some((restored, recovery)) = self.restored(shard) else { continue };
                let done = self.open_shard(shard, restored, recovery);
                opened.lock().push((shard.view.metadata.uuid.clone(), done));
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..cores().min(wanted.len()) {
                scope.spawn(work);
            }
            work();
        });
        opened.into_inner()
    }

    /// Whether the shard's folder is as its snapshot has it, where it has one; `None`: it will be.
    fn restored(&self, wanted: &Wanted) -> Option<(Result<(), String>, Arc<Recovery>)> {
        let begin = || {
            let recovery = wanted.recovery();
            self.recoveries.lock().insert(wanted.id(), recovery.clone());
            recovery
        };
        let directory = self.shard_directory(&wanted.view.metadata.uuid, wanted.number);
        if self.restores.occupied(&directory, &wanted.allocation) {
            std::thread::sleep(FORMER);
            return None;
        }
        let Some(origin) = &wanted.origin else { return Some((Ok(()), begin())) };
        let wanted_back = || restore::Wanted { origin: origin.clone(), number: wanted.number, directory };
        self.restores.restored(&wanted.allocation, wanted_back, begin)
    }

    fn open_shard(&self, wanted: &Wanted, restored: Result<(), String>, recovery: Arc<Recovery>) -> OpenShard {
        let name = &wanted.view.metadata.name;
        let opened = match restored.err().or_else(|| wanted.failure.clone()) {
            Some(reason) => Err(reason),
            None => catch_unwind(AssertUnwindSafe(|| self.open_copy(wanted, &recovery)))
                .unwrap_or_else(|_| Err("opening it panicked".into())),
        };
        let opened = opened.inspect_err(|reason| {
            tracing::error!("shard {name}[{}] does not open: {reason}", wanted.number);
        });
        self.open_as(wanted, opened, recovery)
    }

    fn open_as(
        &self,
        wanted: &Wanted,
        opened: Result<(Opened, Arc<Preparer>), String>,
        recovery: Arc<Recovery>,
    ) -> OpenShard {
        let preparer = SharedPreparer::default();
        let (copy, room) = match opened {
            Ok((opened, made)) => {
                *preparer.write() = Some(made);
                let place = Place {
                    shard: wanted.id(),
                    index: wanted.view.metadata.name.clone(),
                    me: wanted.allocation.clone(),
                    directory: self.shard_directory(&wanted.view.metadata.uuid, wanted.number),
                    preparer: preparer.clone(),
                    recovery,
                };
                let engine = opened.engine.clone();
                (Ok(engine), Some(Room::new(place, opened, self.exchange.clone())))
            }
            Err(reason) => (Err(reason), None),
        };
        OpenShard {
            number: wanted.number,
            term: wanted.term,
            allocation: Some(wanted.allocation.clone()),
            reported: AtomicBool::new(false),
            copy: RwLock::new(copy),
            preparer,
            room,
            used: Used::from_now(),
        }
    }

    fn open_copy(&self, wanted: &Wanted, recovery: &Recovery) -> Result<(Opened, Arc<Preparer>), String> {
        let directory = self.shard_directory(&wanted.view.metadata.uuid, wanted.number);
        if !wanted.primary {
            return self.open_replica(wanted).or_else(|reason| {
                // The primary has everything: what does not read here is of no use.
                tracing::warn!(
                    "what is left of shard {}[{}] is given up and recovered: {reason}",
                    wanted.view.metadata.name,
                    wanted.number
                );
                clear(&directory)?;
                self.open_replica(wanted)
            });
        }
        let is_restored = wanted.origin.is_some();
        if !wanted.has_data && !is_restored {
            // A shard that begins, and begins with nothing, whatever lies here from another time.
            clear(&directory)?;
        } else if !directory.exists() {
            return Err(format!("it had data, but {} is not there", directory.display()));
        }
        let begun = Instant::now();
        let begins_history = wanted.begins_history || is_restored;
        let (engine, preparer, log) = self.open_engine(&wanted.view, wanted.number, begins_history)?;
        if wanted.has_data {
            recovery.finds(engine.files().map_err(|e| e.to_string())?);
        }
        engine.set_primary_term(wanted.term.0);
        recovery.replays(0);
        let replay = |operation: &shard::engine::Operation| {
            recovery.replayed_one();
            replayed_document(&preparer, operation)
        };
        let replayed = engine.replay(now_ms(), cores(), &replay).map_err(|e| e.to_string())?;
        recovery.replayed(replayed);
        recovery.finish();
        if replayed > 0 {
            let torn = log.torn.as_ref().map_or(String::new(), |torn| {
                format!("; an unfinished tail of {} bytes was cut off", torn.dropped_bytes)
            });
            tracing::info!(
                "shard {}[{}] is open: {replayed} operations replayed in {} ms{torn}",
                wanted.view.metadata.name,
                wanted.number,
                begun.elapsed().as_millis()
            );
        }
        Ok((Opened { engine, tail: None }, preparer))
    }

    /// What its log holds behind the commit is not known to be agreed on.
    fn open_replica(&self, wanted: &Wanted) -> Result<(Opened, Arc<Preparer>), String> {
        let (engine, preparer, _) = self.open_engine(&wanted.view, wanted.number, false)?;
        let tail = engine.read_tail().map_err(|e| e.to_string())?;
        Ok((Opened { engine, tail: Some(tail) }, preparer))
    }

    fn caches_for(&self, view: &IndexView) -> Caches {
        let queries = if view.settings.query_cache { self.caches.queries.clone() } else { Arc::default() };
        Caches { queries, ..self.caches.clone() }
    }

    fn open_engine(
        &self,
        view: &IndexView,
        number: ShardNumber,
        begins_history: bool,
    ) -> Result<(Arc<ShardCopy>, Arc<Preparer>, wal::Recovery), String> {
        let options = CopyOptions {
            directory: self.shard_directory(&view.metadata.uuid, number),
            durability: durability(&view.settings),
            disk: Arc::new(wal::RealDisk),
            syncer: self.syncer.clone(),
            spawn: self.spawn.clone(),
            throttle: self.throttle.clone(),
            similarities: view.similarities.clone(),
            caches: self.caches_for(view),
            new_history: identity::random(),
            begins_history,
        };
        let layouts =
            |path: &str| shard::layout::layout_at(path, &view.metadata.mapping, &view.analysis).ok().flatten();
        let (copy, recovery) =
            ShardCopy::open(options, shard::layout::base_table(), &layouts).map_err(|e| e.to_string())?;
        let preparer = prepare_for(view, &copy).map_err(|e| e.to_string())?;
        copy.set_fields(preparer.fields().clone());
        Ok((copy, preparer, recovery))
    }

    /// Puts the files that were gathered for a replica in the place of its own, and opens them. Nobody searches it: it has not started.
    ///
    /// # Errors
    /// When the copy is no more, or its files cannot be replaced or opened; then it has failed.
    pub(crate) fn replace_files(&self, room: &Arc<Room>) -> Result<Arc<ShardCopy>, String> {
        let _changing = self.changing.lock();
        let gone = || "the copy is no more".to_owned();
        let open = self.open.read().get(&room.shard.index).cloned().ok_or_else(gone)?;
        let view = open.view();
        let former = open.shard(room.shard.number).filter(|shard| shard.allocation.as_ref() == Some(&room.me));
        let former = former.cloned().ok_or_else(gone)?;
        drop(open);
        let (number, term, allocation) = (former.number, former.term, former.allocation.clone());
        let with = |copy: Result<Arc<ShardCopy>, String>| {
            let fresh = OpenShard {
                number,
                term,
                allocation: allocation.clone(),
                reported: AtomicBool::new(false),
                copy: RwLock::new(copy),
                preparer: room.preparer.clone(),
                room: Some(room.clone()),
                used: Used::from_now(),
            };
            self.put(view.clone(), vec![Arc::new(fresh)]);
        };
        with(Err("its files are being replaced".to_owned()));
        self.retire_copy(&room.shard.index, &former);
        let opened = self.replaced(room, &view, former);
        with(opened.clone());
        opened
    }

    fn replaced(
        &self,
        room: &Arc<Room>,
        view: &Arc<IndexView>,
        former: Arc<OpenShard>,
    ) -> Result<Arc<ShardCopy>, String> {
        drop(former);
        let begun = Instant::now();
        while !self.former_is_gone(&room.shard) {
            if begun.elapsed() > REPLACED {
                return Err("the copy to be replaced is still in use".to_owned());
            }
        }
        shard::engine::snapshot::install(&room.directory).map_err(|e| e.to_string())?;
        let (engine, preparer, _) = self.open_engine(view, room.shard.number, false)?;
        *room.preparer.write() = Some(preparer);
        Ok(engine)
    }

    pub(super) fn shard_directory(&self, uuid: &IndexUuid, number: ShardNumber) -> PathBuf {
        self.directory.join(Path::new(&*uuid.0)).join(number.to_string())
    }

    /// Waits a moment until nobody uses the copy any more that was open before in the same folder. Out: whether nobody does. Who uses it may
    /// itself wait for the metadata to be followed: so this must not wait for long.
    fn former_is_gone(&self, id: &ShardId) -> bool {
        let Some(former) = self.leaving.lock().get(id).cloned() else { return true };
        let begun = Instant::now();
        while former.strong_count() > 0 {
            if begun.elapsed() > FORMER {
                return false;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        self.leaving.lock().remove(id);
        true
    }
}

/// Removes what lies in a copy's folder.
fn clear(directory: &Path) -> Result<(), String> {
    let remove = || if directory.exists() { std::fs::remove_dir_all(directory) } else { Ok(()) };
    remove().map_err(|error| format!("{} cannot be removed: {error}", directory.display()))
}

fn table_of<'a>(index: &'a IndexMetadata, number: ShardNumber, allocation: &AllocationId) -> Option<&'a Copy> {
    index.shard(number)?.copies.get(allocation)
}

/// What a primary begins with that has nothing of its own.
fn origin(
    state: &State,
    index: &IndexMetadata,
    number: ShardNumber,
    allocation: &AllocationId,
) -> Option<restore::Origin> {
    let table = index.shard(number)?;
    let begins = table.copies.get(allocation)?.primary && !table.in_sync.contains_key(allocation);
    let from = table.restores.clone().filter(|_| begins)?;
    let repository = repository::registered(state, &from.repository);
    Some(restore::Origin { from, repository })
}

/// This node's assignments of an index: number, allocation, term.
fn assignments(index: &IndexMetadata, own: &NodeId) -> Vec<(ShardNumber, AllocationId, PrimaryTerm)> {
    let tables = (0..).map(ShardNumber).zip(&index.shards);
    let own_copy = |(number, table): (ShardNumber, &ShardTable)| {
        let (allocation, _) = table.copies.iter().find(|(_, copy)| copy.node == *own)?;
        Some((number, allocation.clone(), table.term))
    };
    tables.filter_map(own_copy).collect()
}

/// The view of an index; with a reason when its settings make none.
fn view_of(index: &Arc<IndexMetadata>) -> (Arc<IndexView>, Option<String>) {
    match IndexView::of(index) {
        Ok(view) => (Arc::new(view), None),
        Err(error) => {
            tracing::error!("index {} cannot be opened: {error}", index.name);
            let view = IndexView {
                metadata: index.clone(),
                settings: index.settings.typed().clone(),
                analysis: Arc::new(Registry::builtin()),
                similarities: Arc::default(),
            };
            (Arc::new(view), Some(error.to_string()))
        }
    }
}

/// Threads that are worth starting for one piece of work.
pub(super) fn cores() -> usize {
    crate::process::cores().min(16)
}
