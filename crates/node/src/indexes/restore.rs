//! Bringing shards back from snapshots, beside everything else: a few at a time, each on a thread of its own.
//!
//! In: assignments of shards that have a snapshot to come from. Out: for each, whether its folder is as the snapshot has it. An assignment that
//! is taken back has its restoring ended, and what it had made removed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use model::id::{AllocationId, ShardNumber};
use model::recovery::{RecoveredFile, RestoredFrom};
use model::snapshot::Repository as Registered;
use parking_lot::{Condvar, Mutex};

use super::open::cores;
use crate::recovery::Recovery;
use crate::repository::{Repository, SavedFile, SavedShard};

/// So many shards come back at a time.
const AT_ONCE: usize = 2;
/// How long one is waited for before others are looked at.
const MOMENT: Duration = Duration::from_millis(50);
/// Before those that wait for their turn are looked at again.
const PAUSE: Duration = Duration::from_millis(5);

/// A snapshot that a shard begins with.
#[derive(Clone)]
pub(super) struct Origin {
    pub(super) from: Arc<RestoredFrom>,
    /// `None`: it is not registered any more.
    pub(super) repository: Option<Registered>,
}

/// What is to come back.
pub(super) struct Wanted {
    pub(super) origin: Origin,
    pub(super) number: ShardNumber,
    /// Of the copy.
    pub(super) directory: PathBuf,
}

/// Shards that are coming back, or have and were not opened since.
pub(super) struct Restores {
    /// Folders that repositories may lie in.
    allowed: Vec<PathBuf>,
    running: Mutex<BTreeMap<AllocationId, Arc<Restore>>>,
}

struct Restore {
    /// Of the copy.
    directory: PathBuf,
    recovery: Arc<Recovery>,
    is_unwanted: AtomicBool,
    ended: Mutex<Option<Result<(), String>>>,
    changed: Condvar,
}

impl Restores {
    pub(super) fn new(allowed: Vec<PathBuf>) -> Self {
        Self { allowed, running: Mutex::default() }
    }

    /// Ends what is not wanted any more, and removes what it has made once it has ended.
    pub(super) fn keep(&self, wanted: &BTreeSet<&AllocationId>) {
        self.running.lock().retain(|allocation, restore| {
            if wanted.contains(allocation) {
                return true;
            }
            restore.is_unwanted.store(true, Ordering::Release);
            let has_ended = restore.ended.lock().is_some();
            if has_ended {
                forget(&restore.directory);
            }
            !has_ended
        });
    }

    /// Whether a folder is being filled for another assignment than this one.
    pub(super) fn occupied(&self, directory: &Path, allocation: &AllocationId) -> bool {
        self.running.lock().iter().any(|(other, restore)| other != allocation && restore.directory == directory)
    }

    /// Whether a shard has come back, and how; `None`: it will. `wanted` and `recovery` are made when it begins.
    pub(super) fn restored(
        &self,
        allocation: &AllocationId,
        wanted: impl FnOnce() -> Wanted,
        recovery: impl FnOnce() -> Arc<Recovery>,
    ) -> Option<(Result<(), String>, Arc<Recovery>)> {
        let Some(restore) = self.running_or_begun(allocation, wanted, recovery) else {
            std::thread::sleep(PAUSE);
            return None;
        };
        let result = {
            let mut ended = restore.ended.lock();
            if ended.is_none() {
                restore.changed.wait_for(&mut ended, MOMENT);
            }
            ended.clone()?
        };
        self.running.lock().remove(allocation);
        Some((result, restore.recovery.clone()))
    }

    /// `None`: as many are running as may.
    fn running_or_begun(
        &self,
        allocation: &AllocationId,
        wanted: impl FnOnce() -> Wanted,
        recovery: impl FnOnce() -> Arc<Recovery>,
    ) -> Option<Arc<Restore>> {
        let mut running = self.running.lock();
        if let Some(restore) = running.get(allocation) {
            return Some(restore.clone());
        }
        if running.values().filter(|restore| restore.ended.lock().is_none()).count() >= AT_ONCE {
            return None;
        }
        let restore = Restore::begin(wanted(), recovery(), self.allowed.clone());
        running.insert(allocation.clone(), restore.clone());
        Some(restore)
    }
}

impl Restore {
    fn begin(wanted: Wanted, recovery: Arc<Recovery>, allowed: Vec<PathBuf>) -> Arc<Self> {
        let restore = Arc::new(Self {
            directory: wanted.directory.clone(),
            recovery,
            is_unwanted: AtomicBool::new(false),
            ended: Mutex::new(None),
            changed: Condvar::new(),
        });
        let own = restore.clone();
        let work = move || {
            let restoring = std::panic::AssertUnwindSafe(|| own.run(&wanted, &allowed));
            let result = std::panic::catch_unwind(restoring).unwrap_or_else(|_| Err("restoring it panicked".into()));
            *own.ended.lock() = Some(result);
            own.changed.notify_all();
        };
        if let Err(error) = std::thread::Builder::new().name("shoal-restore".to_owned()).spawn(work) {
            *restore.ended.lock() = Some(Err(error.to_string()));
        }
        restore
    }

    fn run(&self, wanted: &Wanted, allowed: &[PathBuf]) -> Result<(), String> {
        let RestoredFrom { repository: name, snapshot, uuid, index } = &*wanted.origin.from;
        let missing = || format!("the repository [{name}] is not registered any more");
        let registered = wanted.origin.repository.as_ref().ok_or_else(missing)?;
        let repository = Repository::of(name, registered, allowed).map_err(|e| e.to_string())?;
        let manifest = repository.manifest(snapshot).map_err(|e| e.to_string())?;
        let saved = manifest.indexes.get(index).filter(|_| manifest.uuid == *uuid);
        let saved = saved.ok_or_else(|| format!("[{name}:{snapshot}/{uuid}] is not there any more"))?;
        let shard = saved.shards.get(wanted.number.0 as usize).and_then(Option::as_ref);
        let shard = shard.ok_or_else(|| format!("[{name}:{snapshot}/{uuid}] lacks the shard"))?;
        self.recovery.files(files_of(shard));
        let arrived = |file: &str, bytes: u64| {
            self.recovery.received(file, bytes, 0);
            !self.is_unwanted.load(Ordering::Acquire)
        };
        let place = (&*saved.metadata.uuid.0, wanted.number);
        repository.load(shard, place, &wanted.directory, (cores(), &arrived)).map_err(|e| e.to_string())
    }
}

fn files_of(shard: &SavedShard) -> Vec<RecoveredFile> {
    let file =
        |file: &SavedFile| RecoveredFile { name: file.name.clone(), length: file.length, reused: false, recovered: 0 };
    shard.files.iter().map(file).collect()
}

/// Removes what was made for an assignment that was taken back.
fn forget(directory: &Path) {
    let _ = shard::engine::snapshot::clear_incoming(directory);
    let _ = std::fs::remove_dir_all(directory);
    let _ = directory.parent().map(std::fs::remove_dir);
}
