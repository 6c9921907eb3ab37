//! Flushing: everything in sealed segments on the disk, a commit that says so, and a shorter log.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::commit::{self, Commit, CommittedSegment};
use super::held::{Held, Inputs};
use super::merge::Hurry;
use super::{CommitState, ShardCopy};
use crate::error::ShardError;

impl ShardCopy {
    /// Commits everything written so far. Without `force`, nothing happens when nothing was written since the last commit.
    ///
    /// # Errors
    /// [`ShardError::Failed`] when the disk refuses; the copy takes nothing more then.
    pub fn flush(self: &Arc<Self>, force: bool) -> Result<(), ShardError> {
        self.check()?;
        self.flush_locked(&mut self.committing.lock(), force)
    }

    /// Commits if `due` still says so once no other commit is being made.
    pub(super) fn flush_if(self: &Arc<Self>, due: impl FnOnce() -> bool) -> Result<(), ShardError> {
        self.check()?;
        let mut committing = self.committing.lock();
        if due() { self.flush_locked(&mut committing, false) } else { Ok(()) }
    }

    /// Refreshes go on meanwhile: what they publish is more than the commit promises, and what replays finds there it passes over.
    fn flush_locked(self: &Arc<Self>, committing: &mut CommitState, force: bool) -> Result<(), ShardError> {
        let started = Instant::now();
        self.build_batch()?;
        let (next_seq, bytes) = {
            let writer = self.writer.lock();
            (writer.published_seq, writer.published_bytes)
        };
        if !force && committing.next_seq == next_seq && committing.generation > 0 {
            return Ok(());
        }
        while let Some(inputs) = self.unsealed_below(next_seq)? {
            self.merge_sealed(inputs, Hurry::Yes)?;
        }
        let generation = committing.generation + 1;
        self.fail(self.commit(generation, next_seq))?;
        *committing = CommitState { generation, next_seq };
        self.counters.committed_seq.store(next_seq, Ordering::Release);
        self.counters.committed_bytes.store(bytes, Ordering::Release);
        self.counters.flush.record(started);
        self.graphs_in_background();
        Ok(())
    }

    /// Takes the memory blocks with operations below `next_seq`, after waiting for those that are being sealed already: those run, for
    /// a sealing takes its blocks only when it runs. `None`: there are none.
    fn unsealed_below(&self, next_seq: u64) -> Result<Option<Inputs>, ShardError> {
        let mut segments = self.segments.lock();
        loop {
            self.check()?;
            let older = |held: &&Held| held.body.is_memory() && held.body.first_seq() < next_seq;
            let (busy, free): (Vec<&Held>, Vec<&Held>) = segments.held.iter().filter(older).partition(|held| held.busy);
            if !free.is_empty() {
                let keys: Vec<_> = free.iter().map(|held| held.key).collect();
                return Ok(Some(segments.begin(&keys)));
            }
            if busy.is_empty() {
                return Ok(None);
            }
            self.merged.wait(&mut segments);
        }
    }

    fn commit(&self, generation: u64, next_seq: u64) -> Result<(), ShardError> {
        // Segments are taken before the log is synced: a deletion that they show is then in the log for certain.
        let (held, fields) = {
            let writer = self.writer.lock();
            (self.segments.lock().held.clone(), writer.fields.clone())
        };
        self.log.sync().map_err(ShardError::Log)?;
        let mut segments = Vec::with_capacity(held.len());
        for held in &held {
            if let Some(segment) = self.commit_segment(held, generation)? {
                segments.push(segment);
            }
        }
        commit::sync_directory(&self.directory.join(commit::SEGMENTS))?;
        let fields = fields.entries().iter().map(|entry| entry.path.to_string()).collect();
        let commit = Commit { generation, next_seq, history: self.history.clone(), fields, segments };
        commit.write(&self.directory)?;
        let kept = next_seq.min(self.retained.load(Ordering::Acquire));
        self.log.trim_below(kept).map_err(ShardError::Log)?;
        {
            let mut segments = self.segments.lock();
            held.iter().for_each(|held| segments.get_mut(held.key).into_iter().for_each(|now| now.synced = true));
            *self.newest.write() = segments.held.as_slice().into();
        }
        commit.sweep(&self.directory, || self.segments.lock().names())
    }

    fn commit_segment(&self, held: &Held, generation: u64) -> Result<Option<CommittedSegment>, ShardError> {
        if held.body.is_memory() {
            return Ok(None);
        }
        let name = held.body.name();
        if !held.synced {
            commit::sync_segment(&self.segment_path(&name))?;
        }
        let alive = held
            .alive
            .as_deref()
            .map(|alive| Commit::write_alive(&self.directory, &name, generation, alive))
            .transpose()?;
        Ok(Some(CommittedSegment { name, alive }))
    }
}
