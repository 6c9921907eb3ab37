//! The tail: what was written since the last commit. A start repeats it and memory holds part of it, so it is kept short.
//!
//! Beyond one bound a commit is made in the background, beyond twice that by the hands of whoever writes: then writes come as fast as
//! segments can be made, and no faster. Merges that fall far behind slow writers down too.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::merge::candidates;
use super::{ShardCopy, Work, merge_policy};
use crate::error::ShardError;

/// A batch of this many estimated bytes becomes a segment without waiting for a refresh.
const BATCH_BYTES: usize = 16 << 20;
/// A commit is due: about so many operations, or bytes of them, take half a second to repeat on two cores.
const TAIL_OPERATIONS: u64 = 50_000;
const TAIL_BYTES: u64 = 24 << 20;
/// How long one batch of writes waits for merges that have fallen behind.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long the tail is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tail {
    /// The sequence number of the operation that comes next.
    pub next_seq: u64,
    pub operations: u64,
    /// Of the operations, as they are logged.
    pub bytes: u64,
    /// Estimated memory of what is in no segment yet.
    pub batch_bytes: u64,
}

impl Tail {
    fn exceeds(&self, times: u64) -> bool {
        self.operations > times * TAIL_OPERATIONS
            || self.bytes > times * TAIL_BYTES
            || self.batch_bytes > times * BATCH_BYTES as u64
    }
}

impl ShardCopy {
    /// What was written since the last commit.
    pub fn tail(&self) -> Tail {
        let writer = self.writer.lock();
        Tail {
            next_seq: writer.next_seq,
            operations: writer.next_seq.saturating_sub(self.counters.committed_seq.load(Ordering::Acquire)),
            bytes: writer.logged_bytes.saturating_sub(self.counters.committed_bytes.load(Ordering::Acquire)),
            batch_bytes: writer.batch.bytes as u64,
        }
    }

    /// Commits some time soon; at most one such commit waits.
    pub fn flush_in_background(self: &Arc<Self>) {
        if !self.counters.flushing.swap(true, Ordering::AcqRel) {
            let copy = Arc::downgrade(self);
            (self.spawn)(
                Work::Seal,
                Box::new(move || {
                    let Some(copy) = copy.upgrade() else { return };
                    copy.counters.flushing.store(false, Ordering::Release);
                    // A failure is remembered by the copy; the next write meets it.
                    let _ = copy.flush(false);
                }),
            );
        }
    }

    /// After writing: keeps the tail short, by the hands of whoever writes where that is needed.
    ///
    /// # Errors
    /// [`ShardError::Failed`] when a flush fails.
    pub fn relieve(self: &Arc<Self>) -> Result<(), ShardError> {
        let tail = self.tail();
        if tail.exceeds(2) {
            return self.flush_if(|| self.tail().exceeds(2));
        }
        if tail.exceeds(1) {
            self.flush_in_background();
        }
        Ok(())
    }

    /// Whether a small write would take but a moment: nobody writes, and neither a flush nor a merge is due.
    pub fn is_calm(&self) -> bool {
        if self.writer.try_lock().is_none() || self.tail().exceeds(1) {
            return false;
        }
        self.segments.try_lock().is_some_and(|segments| !merge_policy::is_far_behind(&candidates(&segments.held)))
    }

    /// Whether writers wait for merges just now.
    pub fn is_throttled(&self) -> bool {
        self.counters.throttled_writers.load(Ordering::Relaxed) > 0
    }

    /// Before writing: waits a while when merges have fallen far behind, so that segments do not pile up without end.
    pub fn slow_down(&self) {
        let mut segments = self.segments.lock();
        if !merge_policy::is_far_behind(&candidates(&segments.held)) {
            return;
        }
        let begun = Instant::now();
        if self.counters.throttled_writers.fetch_add(1, Ordering::Relaxed) == 0 {
            tracing::debug!("writes wait for merges: {} segments", segments.held.len());
        }
        while merge_policy::is_far_behind(&candidates(&segments.held)) && self.failure().is_none() {
            let left = PATIENCE.saturating_sub(begun.elapsed());
            if left.is_zero() || self.merged.wait_for(&mut segments, left).timed_out() {
                break;
            }
        }
        self.counters.throttled_writers.fetch_sub(1, Ordering::Relaxed);
        self.counters.throttled_micros.fetch_add(begun.elapsed().as_micros() as u64, Ordering::Relaxed);
    }
}
