//! One shard copy that is open: the log, the batch of fresh documents, the segments, and the readers over them.
//!
//! In: validated writes, and the moments at which to refresh, flush and merge (the driver owns the clock and the threads). Out:
//! outcomes with a log position to wait for, and [`Reader`]s. Each file here is one of its verbs. Not here: validation (`prepare`), queries
//! (`execute`), replication.
//!
//! Locks are taken in this order: `committing`, `building`, `writer`, `segments`; readers are swapped under short locks of their own.

mod commit;
mod flush;
mod get;
mod graphs;
mod held;
#[cfg(test)]
mod interleavings;
mod lookup;
mod merge;
mod merge_policy;
mod open;
mod operation;
mod refresh;
mod replay;
mod replicate;
#[cfg(test)]
mod replicate_tests;
mod rewrite;
pub mod snapshot;
mod staged;
mod stats;
mod tail;
mod throttle;
mod versions;
mod write;
mod writer;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use parking_lot::{Condvar, Mutex, RwLock};
use wal::Log;

pub use get::Current;
pub use graphs::VectorStats;
use held::{Held, Segments};
pub use open::{CopyOptions, Layouts};
pub use operation::{Change, Logged, Operation};
use refresh::Waiters;
pub use replay::Prepare;
pub use stats::{CopyStats, SegmentFacts};
pub use tail::Tail;
pub use throttle::Throttle;
pub use write::WriteBatch;
use writer::Writer;
pub use writer::{Applied, ShardChange, ShardWrite};

use crate::error::ShardError;
use crate::fields::FieldTable;
use crate::reader::{Reader, Similarities};

/// Runs a job on a thread that may block, now or later.
pub type Spawn = Arc<dyn Fn(Work, Box<dyn FnOnce() + Send>) + Send + Sync>;

/// What a job does, for the driver to choose its thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Seals or commits fresh documents: short, and it bounds memory and the next start. Must not wait behind a merge.
    Seal,
    /// Merges sealed segments: long, and nobody waits for it.
    Merge,
}

/// An open copy of a shard. All methods block at most for the disk; none may run on an async worker.
pub struct ShardCopy {
    directory: PathBuf,
    history: String,
    log: Log,
    spawn: Spawn,
    /// Held while a commit is made: one at a time.
    committing: Mutex<CommitState>,
    /// Held while a batch becomes a segment: one at a time, in the order of their sequence numbers.
    building: Mutex<()>,
    writer: Mutex<Writer>,
    segments: Mutex<Segments>,
    /// Signalled when a background merge ends.
    merged: Condvar,
    /// What lookups by id see: every batch that has become a segment.
    newest: RwLock<Arc<[Held]>>,
    /// What searches see.
    searched: RwLock<Reader>,
    waiters: Mutex<Waiters>,
    /// Why the copy no longer takes anything.
    failure: Mutex<Option<Arc<ShardError>>>,
    similarities: Mutex<Arc<Similarities>>,
    throttle: Arc<Throttle>,
    /// The log is kept from here on, whatever is committed.
    retained: AtomicU64,
    counters: stats::Counters,
}

/// What the last commit was.
struct CommitState {
    generation: u64,
    next_seq: u64,
}

/// Runs what may panic (a defect, or a file that is corrupt in a way that no check saw): a panic is an error of the copy then.
fn caught<T>(during: &'static str, work: impl FnOnce() -> Result<T, ShardError>) -> Result<T, ShardError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(ShardError::Panicked { during }))
}

impl ShardCopy {
    /// The view that searches use now.
    pub fn reader(&self) -> Reader {
        self.searched.read().clone()
    }

    /// Lets the copy know fields that the mapping gained. Slots that it has keep their meaning.
    pub fn set_fields(&self, fields: Arc<FieldTable>) {
        let mut writer = self.writer.lock();
        if fields.entries().len() > writer.fields.entries().len() {
            writer.fields = fields.clone();
            self.searched.write().fields = fields;
        }
    }

    /// Changes how terms are weighed from now on.
    pub fn set_similarities(&self, similarities: Arc<Similarities>) {
        if std::mem::replace(&mut *self.similarities.lock(), similarities.clone()) == similarities {
            return;
        }
        let mut segments = self.segments.lock();
        let mut searched = self.searched.write();
        searched.generation = segments.next_generation();
        searched.similarities = similarities;
    }

    /// The fields it knows.
    pub fn fields(&self) -> Arc<FieldTable> {
        self.writer.lock().fields.clone()
    }

    /// Why the copy failed, if it did.
    pub fn failure(&self) -> Option<Arc<ShardError>> {
        self.failure.lock().clone()
    }

    /// Lets go of the folder: takes nothing more, ends merges, hands the log's last entries to the disk. Another copy may open it once
    /// nobody uses this one.
    pub fn retire(&self) {
        self.stop_merges();
        self.failure.lock().get_or_insert_with(|| Arc::new(ShardError::Closed));
        self.merged.notify_all();
        self.log.close();
    }

    fn check(&self) -> Result<(), ShardError> {
        self.failure().map_or(Ok(()), |cause| Err(ShardError::Failed { cause }))
    }

    /// Remembers the first failure; the copy takes nothing more.
    fn fail<T>(&self, result: Result<T, ShardError>) -> Result<T, ShardError> {
        result.map_err(|error| match error {
            ShardError::Failed { .. } => error,
            error => {
                let cause = Arc::new(error);
                let first = self.failure.lock().get_or_insert(cause).clone();
                ShardError::Failed { cause: first }
            }
        })
    }
}
