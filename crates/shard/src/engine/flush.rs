//! Flushing: everything in sealed segments on the disk, a commit that says so, and a shorter log.

use std::sync::Arc;
use std::time::Instant;

use super::ShardCopy;
use super::commit::{self, Commit, CommittedSegment};
use super::held::{Held, SegmentKey};
use crate::error::ShardError;

impl ShardCopy {
    /// Commits everything written so far. Without `force`, nothing happens when nothing was written since the last commit.
    ///
    /// # Errors
    /// [`ShardError::Failed`] when the disk refuses; the copy takes nothing more then.
    pub fn flush(self: &Arc<Self>, force: bool) -> Result<(), ShardError> {
        self.check()?;
        let started = Instant::now();
        let mut building = self.building.lock();
        let next_seq = self.build_batch_locked()?;
        if !force && building.next_seq == next_seq && building.generation > 0 {
            return Ok(());
        }
        self.seal_memory()?;
        let generation = building.generation + 1;
        self.fail(self.commit(generation, next_seq))?;
        building.generation = generation;
        building.next_seq = next_seq;
        self.counters.flush.record(started);
        Ok(())
    }

    /// Seals every memory block, and waits for those that are being sealed already.
    fn seal_memory(self: &Arc<Self>) -> Result<(), ShardError> {
        loop {
            let inputs = {
                let mut segments = self.segments.lock();
                let memory = segments.held.iter().filter(|held| held.body.is_memory());
                let (busy, free): (Vec<&Held>, Vec<&Held>) = memory.partition(|held| held.busy);
                let keys: Vec<SegmentKey> = free.iter().map(|held| held.key).collect();
                match (keys.is_empty(), busy.is_empty()) {
                    (true, true) => return Ok(()),
                    (true, false) => {
                        self.merged.wait(&mut segments);
                        None
                    }
                    (false, _) => Some(segments.begin(&keys)),
                }
            };
            self.check()?;
            if let Some(inputs) = inputs {
                self.merge_sealed(inputs)?;
            }
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
        self.log.trim_below(next_seq).map_err(ShardError::Log)?;
        {
            let mut segments = self.segments.lock();
            held.iter().for_each(|held| segments.get_mut(held.key).into_iter().for_each(|now| now.synced = true));
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
