//! Fetching what a shard begins with from a snapshot, beside everything else: a few shards at a time, each on a thread of its own.
//!
//! In: assignments of shards that have a snapshot to come from. Out: for each, whether its folder is as the snapshot has it. An assignment that
//! is taken back has its fetching ended, and what it had made removed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use model::id::{AllocationId, ShardNumber};
use model::recovery::{RecoveredFile, RestoredFrom};
use model::snapshot::Repository as Definition;
use parking_lot::{Condvar, Mutex};
use serde_json::Value;

use super::open::cores;
use crate::recovery::Recovery;
use crate::repository::{Repository, SavedShard};

/// So many shards are fetched at a time.
const AT_ONCE: usize = 2;
/// How long one is waited for before others are looked at.
const MOMENT: Duration = Duration::from_millis(50);
/// Before those that wait for their turn are looked at again.
const PAUSE: Duration = Duration::from_millis(5);

/// What is to be fetched.
pub(super) struct Wanted {
    pub(super) from: Arc<RestoredFrom>,
    /// As the metadata has it.
    pub(super) repository: Option<Value>,
    pub(super) number: ShardNumber,
    /// Of the copy.
    pub(super) directory: PathBuf,
}

/// Shards that are being fetched, or were and have not been opened since.
pub(super) struct Fetches {
    /// Folders that repositories may lie in.
    allowed: Vec<PathBuf>,
    running: Mutex<BTreeMap<AllocationId, Arc<Fetch>>>,
}

struct Fetch {
    /// Of the copy.
    directory: PathBuf,
    recovery: Arc<Recovery>,
    is_unwanted: AtomicBool,
    ended: Mutex<Option<Result<(), String>>>,
    changed: Condvar,
}

impl Fetches {
    pub(super) fn new(allowed: Vec<PathBuf>) -> Self {
        Self { allowed, running: Mutex::default() }
    }

    /// Ends what is not wanted any more, and removes what it has made once it has ended.
    pub(super) fn keep(&self, wanted: &BTreeSet<&AllocationId>) {
        self.running.lock().retain(|allocation, fetch| {
            if wanted.contains(allocation) {
                return true;
            }
            fetch.is_unwanted.store(true, Ordering::Release);
            let has_ended = fetch.ended.lock().is_some();
            if has_ended {
                forget(&fetch.directory);
            }
            !has_ended
        });
    }

    /// Whether a folder is being filled for another assignment than this one.
    pub(super) fn occupied(&self, directory: &Path, allocation: &AllocationId) -> bool {
        self.running.lock().iter().any(|(other, fetch)| other != allocation && fetch.directory == directory)
    }

    /// Whether a shard has been fetched, and how; `None`: it will be. `wanted` and `recovery` are made when it begins.
    pub(super) fn fetched(
        &self,
        allocation: &AllocationId,
        wanted: impl FnOnce() -> Wanted,
        recovery: impl FnOnce() -> Arc<Recovery>,
    ) -> Option<(Result<(), String>, Arc<Recovery>)> {
        let Some(fetch) = self.running_or_begun(allocation, wanted, recovery) else {
            std::thread::sleep(PAUSE);
            return None;
        };
        let result = {
            let mut ended = fetch.ended.lock();
            if ended.is_none() {
                fetch.changed.wait_for(&mut ended, MOMENT);
            }
            ended.clone()?
        };
        self.running.lock().remove(allocation);
        Some((result, fetch.recovery.clone()))
    }

    /// `None`: as many are running as may.
    fn running_or_begun(
        &self,
        allocation: &AllocationId,
        wanted: impl FnOnce() -> Wanted,
        recovery: impl FnOnce() -> Arc<Recovery>,
    ) -> Option<Arc<Fetch>> {
        let mut running = self.running.lock();
        if let Some(fetch) = running.get(allocation) {
            return Some(fetch.clone());
        }
        if running.values().filter(|fetch| fetch.ended.lock().is_none()).count() >= AT_ONCE {
            return None;
        }
        let fetch = Fetch::begin(wanted(), recovery(), self.allowed.clone());
        running.insert(allocation.clone(), fetch.clone());
        Some(fetch)
    }
}

impl Fetch {
    fn begin(wanted: Wanted, recovery: Arc<Recovery>, allowed: Vec<PathBuf>) -> Arc<Self> {
        let fetch = Arc::new(Self {
            directory: wanted.directory.clone(),
            recovery,
            is_unwanted: AtomicBool::new(false),
            ended: Mutex::new(None),
            changed: Condvar::new(),
        });
        let own = fetch.clone();
        let work = move || {
            let fetching = std::panic::AssertUnwindSafe(|| own.run(&wanted, &allowed));
            let result = std::panic::catch_unwind(fetching).unwrap_or_else(|_| Err("fetching it panicked".into()));
            *own.ended.lock() = Some(result);
            own.changed.notify_all();
        };
        if let Err(error) = std::thread::Builder::new().name("shoal-restore".to_owned()).spawn(work) {
            *fetch.ended.lock() = Some(Err(error.to_string()));
        }
        fetch
    }

    fn run(&self, wanted: &Wanted, allowed: &[PathBuf]) -> Result<(), String> {
        let RestoredFrom { repository: name, snapshot, uuid, index } = &*wanted.from;
        let missing = || format!("the repository [{name}] is not registered any more");
        let definition = wanted.repository.clone().ok_or_else(missing)?;
        let definition: Definition = serde_json::from_value(definition).map_err(|e| e.to_string())?;
        let repository = Repository::of(name, &definition, allowed).map_err(|e| e.to_string())?;
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
        repository.fetch(shard, place, &wanted.directory, (cores(), &arrived)).map_err(|e| e.to_string())
    }
}

fn files_of(shard: &SavedShard) -> Vec<RecoveredFile> {
    let file = |file: &crate::repository::SavedFile| RecoveredFile {
        name: file.name.clone(),
        length: file.length,
        reused: false,
        recovered: 0,
    };
    shard.files.iter().map(file).collect()
}

/// Removes what was made for an assignment that was taken back.
fn forget(directory: &Path) {
    let _ = shard::engine::snapshot::clear_incoming(directory);
    let _ = std::fs::remove_dir_all(directory);
    let _ = directory.parent().map(std::fs::remove_dir);
}
