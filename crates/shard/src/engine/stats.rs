//! Counting what a copy does and holds.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use super::tail::Tail;
use super::{ShardCopy, VectorStats};
use crate::query_cache::QueryCacheStats;

/// Kept while the copy is open.
#[derive(Default)]
pub(super) struct Counters {
    pub(super) indexed: AtomicU64,
    pub(super) deleted: AtomicU64,
    pub(super) write_micros: AtomicU64,
    /// A commit waits for its thread.
    pub(super) flushing: AtomicBool,
    pub(super) refresh: Timed,
    pub(super) flush: Timed,
    pub(super) merge: Timed,
    pub(super) merged_docs: AtomicU64,
    /// The newest segments hold something that searches do not see.
    pub(super) hidden: AtomicBool,
    /// Every operation below it is visible to searches.
    pub(super) visible_seq: AtomicU64,
    /// A sealing of blocks, or a merge, waits for its thread.
    pub(super) sealing: AtomicBool,
    /// So does a merge of blocks that nobody adds to.
    pub(super) settling: AtomicBool,
    pub(super) merge_waits: AtomicBool,
    /// A job that builds a graph waits or runs.
    pub(super) graph_waits: AtomicBool,
    pub(super) graphs_built: AtomicU64,
    pub(super) graphs_built_ms: AtomicU64,
    pub(super) merges_running: AtomicU64,
    pub(super) merged_bytes: AtomicU64,
    /// How long merges slept so as not to write too fast.
    pub(super) paced_micros: AtomicU64,
    /// Writers that wait for merges now, and how long all have waited.
    pub(super) throttled_writers: AtomicU64,
    pub(super) throttled_micros: AtomicU64,
    /// Every operation below it is in the last commit; and bytes of operations since the copy was opened that are.
    pub(super) committed_seq: AtomicU64,
    pub(super) committed_bytes: AtomicU64,
    pub(super) closing: AtomicBool,
}

impl Counters {
    /// Of a copy that was opened at a commit.
    pub(super) fn starting_at(committed_seq: u64) -> Self {
        Self { committed_seq: AtomicU64::new(committed_seq), ..Self::default() }
    }
}

/// How often something was done and how long it took.
#[derive(Default)]
pub(super) struct Timed {
    total: AtomicU64,
    micros: AtomicU64,
}

impl Timed {
    pub(super) fn record(&self, started: Instant) {
        self.total.fetch_add(1, Ordering::Relaxed);
        self.micros.fetch_add(started.elapsed().as_micros() as u64, Ordering::Relaxed);
    }

    /// Times and milliseconds.
    pub(super) fn read(&self) -> (u64, u64) {
        (self.total.load(Ordering::Relaxed), self.micros.load(Ordering::Relaxed) / 1000)
    }
}

/// Counts of a copy at one moment. Pairs are times and milliseconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CopyStats {
    /// As searches see them.
    pub docs: u64,
    pub deleted_docs: u64,
    pub disk_bytes: u64,
    pub memory_bytes: u64,
    /// One above the newest operation.
    pub next_seq: u64,
    pub log: wal::Stats,
    pub indexed: u64,
    pub deleted: u64,
    pub write_ms: u64,
    pub refresh: (u64, u64),
    pub flush: (u64, u64),
    pub merge: (u64, u64),
    pub merged_docs: u64,
    pub merged_bytes: u64,
    pub merges_running: u64,
    /// How long merges slept so as not to write too fast.
    pub merge_throttled_ms: u64,
    /// Whether writers wait for merges, and how long they have waited.
    pub is_throttled: bool,
    pub throttled_ms: u64,
    pub tail: Tail,
    pub vectors: VectorStats,
    pub queries: QueryCacheStats,
    pub segments: Vec<SegmentFacts>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct SegmentFacts {
    pub name: String,
    pub docs: u64,
    pub deleted: u64,
    pub disk_bytes: u64,
    pub memory_bytes: u64,
    pub committed: bool,
}

impl ShardCopy {
    /// Forgets what is kept of filters.
    pub fn clear_queries(&self) {
        self.segments.lock().clear_queries();
    }

    /// Counts of this moment.
    pub fn stats(&self) -> CopyStats {
        let searched = self.reader();
        let count = |view: &crate::reader::SegmentView| u64::from(view.segment.doc_count());
        let docs = searched.live_docs();
        let segments: Vec<SegmentFacts> = self.newest.read().iter().map(facts).collect();
        let (next_seq, batch_bytes) = {
            let writer = self.writer.lock();
            (writer.next_seq, writer.batch.bytes as u64)
        };
        CopyStats {
            docs,
            deleted_docs: searched.segments.iter().map(count).sum::<u64>() - docs,
            disk_bytes: segments.iter().map(|segment| segment.disk_bytes).sum(),
            memory_bytes: batch_bytes + segments.iter().map(|segment| segment.memory_bytes).sum::<u64>(),
            next_seq,
            log: self.log.stats(),
            indexed: self.counters.indexed.load(Ordering::Relaxed),
            deleted: self.counters.deleted.load(Ordering::Relaxed),
            write_ms: self.counters.write_micros.load(Ordering::Relaxed) / 1000,
            refresh: self.counters.refresh.read(),
            flush: self.counters.flush.read(),
            merge: self.counters.merge.read(),
            merged_docs: self.counters.merged_docs.load(Ordering::Relaxed),
            merged_bytes: self.counters.merged_bytes.load(Ordering::Relaxed),
            merges_running: self.counters.merges_running.load(Ordering::Relaxed),
            merge_throttled_ms: self.counters.paced_micros.load(Ordering::Relaxed) / 1000,
            is_throttled: self.is_throttled(),
            throttled_ms: self.counters.throttled_micros.load(Ordering::Relaxed) / 1000,
            tail: self.tail(),
            vectors: self.vector_stats(),
            queries: self.segments.lock().share.read(),
            segments,
        }
    }
}

fn facts(held: &super::held::Held) -> SegmentFacts {
    let segment = held.body.segment();
    let (size, docs) = (segment.size(), u64::from(segment.doc_count()));
    SegmentFacts {
        name: held.body.name(),
        docs: u64::from(held.live_docs()),
        deleted: docs - u64::from(held.live_docs()),
        disk_bytes: size.disk_bytes,
        memory_bytes: size.memory_bytes,
        committed: held.synced,
    }
}
