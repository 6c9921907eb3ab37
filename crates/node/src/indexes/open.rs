//! Opening shard copies: as many at a time as there are cores, however many indexes they belong to, with one write of the metadata before
//! and one after.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use analysis::Registry;
use cluster::command::Command;
use cluster::state::{AllocationId, IndexMetadata, NodeId, State};
use model::id::{IndexUuid, PrimaryTerm, ShardId, ShardNumber};
use parking_lot::{Mutex, RwLock};
use shard::engine::{CopyOptions, ShardCopy};
use shard::prepare::Preparer;

use super::view::{IndexView, durability, prepare_for, replayed_document};
use super::{Indexes, OpenIndex, OpenShard, Used};
use crate::clock::now_ms;
use crate::identity;
use crate::metadata::Metadata;

/// How long a copy that was open before may be used by what began then. Two must never write into one folder.
const FORMER: Duration = Duration::from_secs(10);

/// A shard to be opened.
pub(super) struct Wanted {
    pub(super) view: Arc<IndexView>,
    pub(super) number: ShardNumber,
}

impl Wanted {
    pub(super) fn id(&self) -> ShardId {
        ShardId { index: self.view.metadata.uuid.clone(), number: self.number }
    }
}

impl Indexes {
    /// What makes this node's copies the primaries of the indexes that are not open yet.
    pub fn appointments(&self, state: &State, node: &NodeId) -> Vec<Command> {
        let unopened = self.unopened(state);
        let shards = unopened.iter().flat_map(|index| (0..index.shards.len() as u32).map(move |n| (index, n)));
        shards.map(|(index, number)| appointment(index, ShardNumber(number), node)).collect()
    }

    /// Opens them. Their primaries are appointed.
    pub(super) fn open_missing(&self, metadata: &Metadata) {
        let state = metadata.state();
        let views: Vec<(Arc<IndexView>, Option<String>)> = self.unopened(&state).into_iter().map(view_of).collect();
        let wanted: Vec<Wanted> = views
            .iter()
            .filter(|(_, failure)| failure.is_none())
            .flat_map(|(view, _)| {
                let numbers = (0..view.metadata.shards.len() as u32).map(ShardNumber);
                numbers.map(|number| Wanted { view: view.clone(), number })
            })
            .collect();
        let mut opened = self.open_all(&wanted, metadata).into_iter();
        for (view, failure) in views {
            let count = view.metadata.shards.len();
            let shards: Vec<Arc<OpenShard>> = match failure {
                Some(reason) => {
                    let numbers = (0..count as u32).map(ShardNumber);
                    numbers.map(|number| Arc::new(OpenShard::failed(number, reason.clone()))).collect()
                }
                None => opened.by_ref().take(count).map(Arc::new).collect(),
            };
            let uuid = view.metadata.uuid.clone();
            self.open.write().insert(uuid, Arc::new(OpenIndex { view: RwLock::new(view), shards }));
        }
    }

    fn unopened<'a>(&self, state: &'a State) -> Vec<&'a Arc<IndexMetadata>> {
        let open = self.open.read();
        state.indexes.values().filter(|index| index.open && !open.contains_key(&index.uuid)).collect()
    }

    /// Opens shards side by side, in their order, and tells the metadata what came of it.
    pub(super) fn open_all(&self, wanted: &[Wanted], metadata: &Metadata) -> Vec<OpenShard> {
        let state = metadata.state();
        let (next, opened) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(wanted.len())));
        let work = || {
            while let Some(shard) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
                let done = self.open_shard(shard, &state);
                opened.lock().push(done);
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..cores().min(wanted.len()) {
                scope.spawn(work);
            }
            work();
        });
        let mut opened = opened.into_inner();
        let place = |id: &ShardId| wanted.iter().position(|shard| shard.id() == *id);
        opened.sort_by_cached_key(|(id, ..)| place(id));
        report(opened, metadata)
    }

    fn open_shard(&self, wanted: &Wanted, state: &State) -> Opened {
        let (id, number) = (wanted.id(), wanted.number);
        let table = state.index_by_uuid(&id.index).and_then(|index| index.shard(number));
        let Some((table, (allocation, _))) = table.and_then(|table| Some((table, table.primary()?))) else {
            return (id, None, OpenShard::failed(number, "it has no primary".into()));
        };
        let name = &wanted.view.metadata.name;
        let opened = catch_unwind(AssertUnwindSafe(|| self.open_copy(&wanted.view, number, table.term)));
        let shard = match opened.unwrap_or_else(|_| Err("opening it panicked".into())) {
            Ok((copy, preparer)) => OpenShard {
                allocation: Some(allocation.clone()),
                term: table.term,
                copy: Ok(copy),
                preparer: RwLock::new(Some(preparer)),
                used: Used::from_now(),
                ..OpenShard::failed(number, String::new())
            },
            Err(reason) => {
                tracing::error!("shard {name}[{number}] does not open: {reason}");
                OpenShard::failed(number, reason)
            }
        };
        (id, Some(allocation.clone()), shard)
    }

    fn open_copy(
        &self,
        view: &IndexView,
        number: ShardNumber,
        term: PrimaryTerm,
    ) -> Result<(Arc<ShardCopy>, Arc<Preparer>), String> {
        let begun = Instant::now();
        self.wait_for_former(&ShardId { index: view.metadata.uuid.clone(), number })?;
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

    /// Waits until nobody uses the copy any more that was open before in the same folder.
    fn wait_for_former(&self, id: &ShardId) -> Result<(), String> {
        let Some(former) = self.leaving.lock().get(id).cloned() else { return Ok(()) };
        let begun = Instant::now();
        while former.strong_count() > 0 {
            if begun.elapsed() > FORMER {
                return Err("the copy that was open before is still in use; try again later".into());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        self.leaving.lock().remove(id);
        Ok(())
    }
}

/// A shard, the assignment under which it was opened, and what came of it.
type Opened = (ShardId, Option<AllocationId>, OpenShard);

/// Makes this node's copy of a shard its primary.
pub(super) fn appointment(index: &IndexMetadata, number: ShardNumber, node: &NodeId) -> Command {
    let table = index.shard(number);
    Command::AppointPrimary {
        shard: ShardId { index: index.uuid.clone(), number },
        node: node.clone(),
        allocation: AllocationId(identity::random().into()),
        term: table.map_or(PrimaryTerm(1), |table| table.term.next()),
        from: table.and_then(|table| table.in_sync.keys().next().cloned()),
    }
}

/// Records what came of opening. What cannot be recorded does not serve.
fn report(opened: Vec<Opened>, metadata: &Metadata) -> Vec<OpenShard> {
    let command = |(id, allocation, shard): &Opened| {
        let (shard_id, allocation) = (id.clone(), allocation.clone()?);
        Some(match shard.failure() {
            None => Command::CopyStarted { shard: shard_id, allocation, term: shard.term },
            Some(reason) => Command::CopyFailed { shard: shard_id, allocation, reason, at_ms: now_ms() },
        })
    };
    let commands: Vec<Command> = opened.iter().filter_map(command).collect();
    let recorded = metadata.submit_all(&commands);
    let mut answers = match &recorded {
        Ok(answers) => answers.iter().map(|answer| answer.as_ref().map(drop).map_err(ToString::to_string)).collect(),
        Err(error) => vec![Err(error.to_string()); commands.len()],
    }
    .into_iter();
    let settle = |(_, allocation, shard): Opened| {
        let answer = allocation.and_then(|_| answers.next()).unwrap_or(Ok(()));
        let number = shard.number;
        match answer {
            Ok(()) => shard,
            Err(reason) => OpenShard::failed(number, format!("what came of opening it cannot be recorded: {reason}")),
        }
    };
    opened.into_iter().map(settle).collect()
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
fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZeroUsize::get).min(16)
}
