//! Merging in the background: memory blocks into larger blocks and sealed segments, sealed segments into larger ones.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::held::{Body, Held, Inputs, SegmentKey};
use super::merge_policy::{self, Candidate};
use super::refresh::segment_name;
use super::writer::Writer;
use super::{ShardCopy, Work, caught};
use crate::error::ShardError;
use crate::seal;
use crate::segment::AliveDocs;
use crate::segment::memory::MemoryBlock;

/// So many blocks of one size become one.
const BLOCKS_PER_LEVEL: usize = 8;
/// From so many documents or bytes on, memory blocks are sealed.
const SEAL_DOCS: u64 = 4096;
const SEAL_BYTES: u64 = 8 << 20;

/// Whether somebody waits for a merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hurry {
    Yes,
    /// It leaves the disk to others, unless merges have fallen behind.
    No,
}

/// A merge on its way.
pub(super) struct Merging {
    pub(super) inputs: Inputs,
    /// Of the output's folder.
    pub(super) name: String,
    started: Instant,
}

impl ShardCopy {
    /// Merges blocks of one size at once (it is cheap), and seals them in the background when they have grown. Background jobs choose
    /// what they take when they run: nobody ever waits for blocks of a job that waits itself.
    pub(super) fn tidy_memory(self: &Arc<Self>) -> Result<(), ShardError> {
        while self.merge_blocks(same_level)? {}
        let large = large_enough(&self.segments.lock().held).is_some();
        if large && !self.counters.sealing.swap(true, Ordering::AcqRel) {
            let copy = Arc::downgrade(self);
            (self.spawn)(
                Work::Seal,
                Box::new(move || {
                    let Some(copy) = copy.upgrade() else { return };
                    copy.counters.sealing.store(false, Ordering::Release);
                    let inputs = copy.begin(large_enough);
                    // A failure is remembered by the copy.
                    let _ = inputs.map(|inputs| copy.merge_sealed(inputs, Hurry::Yes));
                    copy.graphs_in_background();
                }),
            );
        }
        Ok(())
    }

    /// Chooses inputs and takes them in one step: nobody else may take one of them in between.
    pub(super) fn begin(&self, choose: impl FnOnce(&[Held]) -> Option<Vec<SegmentKey>>) -> Option<Inputs> {
        let mut segments = self.segments.lock();
        choose(&segments.held).map(|keys| segments.begin(&keys))
    }

    /// Merges the blocks that are chosen into one, here and now. Whether there were some.
    fn merge_blocks(&self, choose: fn(&[Held]) -> Option<Vec<SegmentKey>>) -> Result<bool, ShardError> {
        let Some(inputs) = self.begin(choose) else { return Ok(false) };
        let blocks: Vec<(Arc<MemoryBlock>, Option<&AliveDocs>)> = inputs
            .0
            .iter()
            .filter_map(|(_, body, alive)| match body {
                Body::Memory(block) => Some((block.clone(), alive.as_deref())),
                Body::Sealed(_) => None,
            })
            .collect();
        let merged = self.fail(caught("merging blocks", || Ok(MemoryBlock::merge(&blocks))))?;
        self.replace(&inputs, Some(Body::Memory(Arc::new(merged))).filter(|body| body.segment().doc_count() > 0));
        Ok(true)
    }

    /// Has the merge made that the policy wants, if any. One waits at most; when it runs it asks for the next.
    pub(super) fn merge_in_background(self: &Arc<Self>) {
        self.merge_some_time(wanted);
    }

    /// Has segments and blocks merged that writes would make more of: for when there are none. Searches of fewer segments cost less.
    /// Out: whether there is nothing left to merge; until then it is to be called again.
    pub fn settle_in_background(self: &Arc<Self>) -> bool {
        let (blocks, segments, busy) = {
            let held = &self.segments.lock().held;
            (every_block(held).is_some(), settled(held).is_some(), held.iter().any(|held| held.busy))
        };
        if blocks && !self.counters.settling.swap(true, Ordering::AcqRel) {
            let copy = Arc::downgrade(self);
            let merge = move || {
                let Some(copy) = copy.upgrade() else { return };
                copy.counters.settling.store(false, Ordering::Release);
                // A failure is remembered by the copy.
                let _ = copy.merge_blocks(every_block);
            };
            (self.spawn)(Work::Seal, Box::new(merge));
        }
        self.merge_some_time(settled);
        !(blocks || segments || busy)
    }

    fn merge_some_time(self: &Arc<Self>, choose: fn(&[Held]) -> Option<Vec<SegmentKey>>) {
        if self.is_closing() || choose(&self.segments.lock().held).is_none() {
            return;
        }
        if !self.counters.merge_waits.swap(true, Ordering::AcqRel) {
            let copy = Arc::downgrade(self);
            (self.spawn)(
                Work::Merge,
                Box::new(move || {
                    // A job that waits keeps no copy open.
                    let Some(copy) = copy.upgrade() else { return };
                    copy.counters.merge_waits.store(false, Ordering::Release);
                    let Some(inputs) = copy.begin(choose) else { return };
                    // Where there are several threads for it, another may take another merge of this copy meanwhile.
                    copy.merge_in_background();
                    if copy.merge_sealed(inputs, Hurry::No).is_ok() {
                        copy.merge_in_background();
                        copy.graphs_in_background();
                    }
                }),
            );
        }
    }

    /// Ends the merges that run and begins no more.
    pub fn stop_merges(&self) {
        self.counters.closing.store(true, Ordering::Release);
    }

    pub(super) fn is_closing(&self) -> bool {
        self.counters.closing.load(Ordering::Acquire)
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
            self.merge_sealed(inputs, Hurry::Yes)?;
        }
        self.flush(true)?;
        self.warm_vectors();
        self.refresh()
    }

    /// Writes the alive documents of `inputs` into one sealed segment that takes their place.
    pub(super) fn merge_sealed(&self, inputs: Inputs, hurry: Hurry) -> Result<(), ShardError> {
        let merging = self.start_merge(inputs);
        let written = caught("a merge", || self.write_merged(&merging, hurry));
        self.end_merge(merging, written)
    }

    /// From here on no sweep touches the output's folder.
    pub(super) fn start_merge(&self, inputs: Inputs) -> Merging {
        let name = segment_name();
        self.segments.lock().building.insert(name.clone());
        self.counters.merges_running.fetch_add(1, Ordering::Relaxed);
        Merging { inputs, name, started: Instant::now() }
    }

    /// Puts the output in its place, or gives the inputs back.
    pub(super) fn end_merge(
        &self,
        merging: Merging,
        written: Result<Option<Body>, ShardError>,
    ) -> Result<(), ShardError> {
        match &written {
            Ok(body) => self.replace(&merging.inputs, body.clone()),
            Err(_) => self.segments.lock().abandon(&merging.inputs),
        }
        self.segments.lock().building.remove(&merging.name);
        self.counters.merges_running.fetch_sub(1, Ordering::Relaxed);
        self.counters.merge.record(merging.started);
        let result = match written {
            // Nothing is wrong: the copy closes, and what was written is swept when it opens again.
            Err(ShardError::Cancelled) => Err(ShardError::Cancelled),
            written => self.fail(written).map(drop),
        };
        // After the failure is known: who waits looks for it.
        self.merged.notify_all();
        result
    }

    pub(super) fn write_merged(&self, merging: &Merging, hurry: Hurry) -> Result<Option<Body>, ShardError> {
        let Merging { inputs, name, .. } = merging;
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
        let (mut blocks, mut sealed) = (Vec::new(), Vec::new());
        for (_, body, alive) in &inputs.0 {
            match body {
                Body::Memory(block) => blocks.push((block.clone(), alive.as_deref())),
                Body::Sealed(segment) => sealed.push((segment.clone(), alive.as_deref())),
            }
        }
        let output = if sealed.is_empty() {
            seal::seal_blocks(&directory, &fields, &blocks)?
        } else {
            seal::merge(&sealed, &directory, &mut |bytes| self.proceed(bytes, hurry))?
        };
        Ok(Some(Body::Sealed(Arc::new(output))))
    }

    /// Between two parts of a merge: lets others have the disk. Whether it is to go on.
    fn proceed(&self, bytes: u64, hurry: Hurry) -> bool {
        self.counters.merged_bytes.fetch_add(bytes, Ordering::Relaxed);
        if hurry == Hurry::No && !merge_policy::is_behind(&candidates(&self.segments.lock().held)) {
            let slept = self.throttle.pace(bytes);
            self.counters.paced_micros.fetch_add(slept.as_micros() as u64, Ordering::Relaxed);
        }
        !self.is_closing()
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
    let free: Vec<&Held> = free_blocks(held).collect();
    let last = level(free.last()?);
    let same: Vec<SegmentKey> = free.iter().rev().take_while(|held| level(held) == last).map(|held| held.key).collect();
    (same.len() >= BLOCKS_PER_LEVEL).then_some(same)
}

fn every_block(held: &[Held]) -> Option<Vec<SegmentKey>> {
    let blocks: Vec<SegmentKey> = free_blocks(held).map(|held| held.key).collect();
    (blocks.len() > 1).then_some(blocks)
}

/// All blocks, when together they are worth a sealed segment.
fn large_enough(held: &[Held]) -> Option<Vec<SegmentKey>> {
    let free = || free_blocks(held);
    let docs: u64 = free().map(|held| u64::from(held.body.segment().doc_count())).sum();
    let bytes: u64 = free().map(|held| held.body.segment().size().memory_bytes).sum();
    (docs >= SEAL_DOCS || bytes >= SEAL_BYTES).then(|| free().map(|held| held.key).collect())
}

/// Blocks that take part in no merge.
fn free_blocks(held: &[Held]) -> impl Iterator<Item = &Held> {
    held.iter().filter(|held| held.body.is_memory() && !held.busy)
}

fn wanted(held: &[Held]) -> Option<Vec<SegmentKey>> {
    chosen(held, merge_policy::choose)
}

fn settled(held: &[Held]) -> Option<Vec<SegmentKey>> {
    chosen(held, merge_policy::settle)
}

fn chosen(held: &[Held], choose: fn(&[Candidate]) -> Option<Vec<usize>>) -> Option<Vec<SegmentKey>> {
    let sealed: Vec<SegmentKey> = sealed(held).map(|held| held.key).collect();
    choose(&candidates(held)).map(|chosen| chosen.into_iter().map(|at| sealed[at]).collect())
}

/// What the policy knows of the sealed segments, in their order.
pub(super) fn candidates(held: &[Held]) -> Vec<Candidate> {
    let candidate = |held: &Held| {
        let segment = held.body.segment();
        let docs = segment.doc_count();
        Candidate { bytes: segment.size().disk_bytes, docs, deleted: docs - held.live_docs(), busy: held.busy }
    };
    sealed(held).map(candidate).collect()
}

fn sealed(held: &[Held]) -> impl Iterator<Item = &Held> {
    held.iter().filter(|held| !held.body.is_memory())
}

/// What a forced merge rewrites: the smallest beyond `max`, or every segment with deletions.
fn to_force(held: &[Held], max: Option<u32>, only_deletes: bool) -> Vec<SegmentKey> {
    let has_deletes = |held: &&Held| held.live_docs() < held.body.segment().doc_count();
    let sealed = sealed(held);
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
