//! Merging in the background: memory blocks into larger blocks and sealed segments, sealed segments into larger ones.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::ShardCopy;
use super::held::{Body, Held, Inputs, SegmentKey};
use super::merge_policy::{self, Candidate};
use super::refresh::segment_name;
use super::writer::Writer;
use crate::error::ShardError;
use crate::seal;
use crate::segment::AliveDocs;
use crate::segment::disk::SealedSegment;
use crate::segment::memory::MemoryBlock;

/// So many blocks of one size become one.
const BLOCKS_PER_LEVEL: usize = 8;
/// From so many documents or bytes on, memory blocks are sealed.
const SEAL_DOCS: u64 = 4096;
const SEAL_BYTES: u64 = 8 << 20;

impl ShardCopy {
    /// Merges blocks of one size at once (it is cheap), and seals them in the background when they have grown.
    pub(super) fn tidy_memory(self: &Arc<Self>) -> Result<(), ShardError> {
        loop {
            // A statement of its own: in the head of a `while let` the lock would be held while the blocks are merged.
            let keys = same_level(&self.segments.lock().held);
            let Some(keys) = keys else { break };
            self.fail(self.merge_blocks(&keys))?;
        }
        let keys = large_enough(&self.segments.lock().held);
        if let Some(keys) = keys {
            let inputs = self.segments.lock().begin(&keys);
            let copy = self.clone();
            (self.spawn)(Box::new(move || drop(copy.merge_sealed(inputs))));
        }
        Ok(())
    }

    fn merge_blocks(&self, keys: &[SegmentKey]) -> Result<(), ShardError> {
        let inputs = self.segments.lock().begin(keys);
        let blocks: Vec<(Arc<MemoryBlock>, Option<&AliveDocs>)> = inputs
            .0
            .iter()
            .filter_map(|(_, body, alive)| match body {
                Body::Memory(block) => Some((block.clone(), alive.as_deref())),
                Body::Sealed(_) => None,
            })
            .collect();
        let merged = MemoryBlock::merge(&blocks);
        self.replace(&inputs, Some(Body::Memory(Arc::new(merged))).filter(|body| body.segment().doc_count() > 0));
        Ok(())
    }

    /// Starts the merges that the policy wants.
    pub(super) fn merge_in_background(self: &Arc<Self>) {
        let mut chosen = Vec::new();
        {
            let mut segments = self.segments.lock();
            while let Some(keys) = wanted(&segments.held) {
                chosen.push(segments.begin(&keys));
            }
        }
        for inputs in chosen {
            let copy = self.clone();
            (self.spawn)(Box::new(move || {
                if copy.merge_sealed(inputs).is_ok() {
                    copy.merge_in_background();
                }
            }));
        }
    }

    /// Merges sealed segments until at most `max` are left, or those with deletions. Blocks until it is done.
    ///
    /// # Errors
    /// [`ShardError::Failed`].
    pub fn force_merge(self: &Arc<Self>, max: Option<u32>, only_deletes: bool) -> Result<(), ShardError> {
        self.flush(true)?;
        let inputs = {
            let mut segments = self.segments.lock();
            while segments.held.iter().any(|held| held.busy) {
                self.merged.wait(&mut segments);
            }
            let keys = to_force(&segments.held, max, only_deletes);
            segments.begin(&keys)
        };
        if !inputs.0.is_empty() {
            self.merge_sealed(inputs)?;
        }
        self.flush(true)?;
        self.refresh()
    }

    /// Writes the alive documents of `inputs` into one sealed segment that takes their place.
    pub(super) fn merge_sealed(self: &Arc<Self>, inputs: Inputs) -> Result<(), ShardError> {
        let started = Instant::now();
        let name = segment_name();
        self.segments.lock().building.insert(name.clone());
        let result = catch_unwind(AssertUnwindSafe(|| self.write_merged(&inputs, &name)));
        let result = result.unwrap_or_else(|_| Err(ShardError::Panicked { during: "a merge" }));
        match &result {
            Ok(body) => self.replace(&inputs, body.clone()),
            Err(_) => self.segments.lock().abandon(&inputs),
        }
        self.segments.lock().building.remove(&name);
        self.merged.notify_all();
        self.counters.merge.record(started);
        self.fail(result).map(drop)
    }

    fn write_merged(&self, inputs: &Inputs, name: &str) -> Result<Option<Body>, ShardError> {
        let live: u64 = inputs
            .0
            .iter()
            .map(|(_, body, alive)| u64::from(alive.as_ref().map_or_else(|| body.segment().doc_count(), |a| a.len())))
            .sum();
        if live == 0 {
            return Ok(None);
        }
        self.counters.merged_docs.fetch_add(live, Ordering::Relaxed);
        let fields = self.fields();
        let directory = self.segment_path(name);
        let sealed: Vec<(Arc<SealedSegment>, Option<&AliveDocs>)> = inputs
            .0
            .iter()
            .filter_map(|(_, body, alive)| match body {
                Body::Sealed(segment) => Some((segment.clone(), alive.as_deref())),
                Body::Memory(_) => None,
            })
            .collect();
        let output = if sealed.is_empty() {
            let mut documents = inputs.0.iter().flat_map(|(_, body, alive)| {
                let documents = match body {
                    Body::Memory(block) => block.documents(),
                    Body::Sealed(_) => &[],
                };
                let is_alive = move |(doc, _): &(usize, _)| {
                    alive.as_ref().is_none_or(|alive: &Arc<AliveDocs>| alive.contains(*doc as u32))
                };
                documents.iter().enumerate().filter(is_alive).map(|(_, document)| document.clone())
            });
            seal::seal(&directory, &fields, &mut documents)?
        } else {
            seal::merge(&sealed, &directory, &mut |_| true)?
        };
        Ok(Some(Body::Sealed(Arc::new(output))))
    }

    /// Puts `output` in the inputs' place, for lookups at once and for searches too when they see all else already.
    fn replace(&self, inputs: &Inputs, output: Option<Body>) {
        let mut writer = self.writer.lock();
        let mut segments = self.segments.lock();
        let output = output.map(|body| Held::new(writer.new_key(), body));
        let Writer { deletes, taken_deletes, .. } = &mut *writer;
        segments.replace(inputs, output, [deletes, taken_deletes]);
        *self.newest.write() = segments.held.as_slice().into();
        if !self.counters.hidden.load(Ordering::Acquire) {
            *self.searched.write() = segments.reader(writer.fields.clone(), self.similarities.lock().clone());
        }
    }
}

/// Blocks of one size, enough to be merged.
fn same_level(held: &[Held]) -> Option<Vec<SegmentKey>> {
    let level = |held: &Held| held.body.segment().doc_count().max(1).ilog2() / BLOCKS_PER_LEVEL.ilog2();
    let free: Vec<&Held> = held.iter().filter(|held| held.body.is_memory() && !held.busy).collect();
    let last = level(free.last()?);
    let same: Vec<SegmentKey> = free.iter().rev().take_while(|held| level(held) == last).map(|held| held.key).collect();
    (same.len() >= BLOCKS_PER_LEVEL).then_some(same)
}

/// All blocks, when together they are worth a sealed segment.
fn large_enough(held: &[Held]) -> Option<Vec<SegmentKey>> {
    let free = || held.iter().filter(|held| held.body.is_memory() && !held.busy);
    let docs: u64 = free().map(|held| u64::from(held.body.segment().doc_count())).sum();
    let bytes: u64 = free().map(|held| held.body.segment().size().memory_bytes).sum();
    (docs >= SEAL_DOCS || bytes >= SEAL_BYTES).then(|| free().map(|held| held.key).collect())
}

fn wanted(held: &[Held]) -> Option<Vec<SegmentKey>> {
    let sealed: Vec<&Held> = held.iter().filter(|held| !held.body.is_memory()).collect();
    let candidates: Vec<Candidate> = sealed
        .iter()
        .map(|held| {
            let segment = held.body.segment();
            let docs = segment.doc_count();
            Candidate { bytes: segment.size().disk_bytes, docs, deleted: docs - held.live_docs(), busy: held.busy }
        })
        .collect();
    merge_policy::choose(&candidates).map(|chosen| chosen.into_iter().map(|at| sealed[at].key).collect())
}

/// What a forced merge rewrites: the smallest beyond `max`, or every segment with deletions.
fn to_force(held: &[Held], max: Option<u32>, only_deletes: bool) -> Vec<SegmentKey> {
    let has_deletes = |held: &&Held| held.live_docs() < held.body.segment().doc_count();
    let sealed = held.iter().filter(|held| !held.body.is_memory());
    if only_deletes {
        return sealed.filter(has_deletes).map(|held| held.key).collect();
    }
    let max = max.unwrap_or(1).max(1) as usize;
    let mut sealed: Vec<&Held> = sealed.collect();
    if sealed.len() <= max && !(max == 1 && sealed.iter().any(has_deletes)) {
        return Vec::new();
    }
    sealed.sort_by_key(|held| held.body.segment().size().disk_bytes);
    sealed.truncate(sealed.len() - max + 1);
    sealed.iter().map(|held| held.key).collect()
}
