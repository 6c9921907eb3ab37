//! Writing: decide, log, apply; the caller waits for the log.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use model::error::Error;
use wal::Position;

use super::ShardCopy;
use super::held::Held;
use super::lookup::{self, Located};
use super::operation::{Change, Operation};
use super::writer::{Applied, ShardChange, ShardWrite};
use crate::error::ShardError;
use crate::prepared::PreparedDocument;

/// A batch of this many estimated bytes becomes a segment without waiting for a refresh.
const BATCH_BYTES: usize = 16 << 20;
/// From here on a writer builds the segment itself: memory stays bounded however fast writes come.
const BATCH_LIMIT: usize = 4 * BATCH_BYTES;

/// Outcomes, and the place in the log that makes them safe (`None`: nothing was logged).
pub struct WriteBatch {
    pub outcomes: Vec<Result<Applied, Error>>,
    pub position: Option<Position>,
}

impl ShardCopy {
    /// Carries out writes in order; each is refused or done alone. They may be acknowledged once [`ShardCopy::on_safe`] says so.
    ///
    /// # Errors
    /// [`ShardError::Failed`] when the copy takes no writes; what was decided before stays unacknowledged.
    pub fn write(self: &Arc<Self>, writes: &[ShardWrite], now_ms: u64) -> Result<WriteBatch, ShardError> {
        self.check()?;
        let begun = Instant::now();
        let mut batch = WriteBatch { outcomes: Vec::with_capacity(writes.len()), position: None };
        let pending = {
            let mut writer = self.writer.lock();
            let newest = self.newest.read().clone();
            for write in writes {
                let outcome = self.write_one(&mut writer, &newest, write, now_ms);
                if let Ok((_, position)) = &outcome {
                    batch.position = Some(*position);
                }
                batch.outcomes.push(match outcome {
                    Ok((applied, _)) => Ok(applied),
                    Err(WriteError::Refused(error)) => Err(error),
                    Err(WriteError::Broken(error)) => return self.fail(Err(error)),
                });
            }
            writer.batch.bytes
        };
        self.counters.write_micros.fetch_add(begun.elapsed().as_micros() as u64, Ordering::Relaxed);
        self.relieve(pending)?;
        Ok(batch)
    }

    /// Calls `then` when everything up to `position` survives as the index' durability says.
    pub fn on_safe(&self, position: Position, then: impl FnOnce(Result<(), ShardError>) + Send + 'static) {
        self.log.on_safe(position, move |result| then(result.map_err(ShardError::Log)));
    }

    /// Waits until everything up to `position` survives as the index' durability says.
    pub fn wait_safe(&self, position: Position) -> Result<(), ShardError> {
        self.log.wait(position).map_err(ShardError::Log)
    }

    /// Changes when writes count as safe.
    pub fn set_durability(&self, durability: wal::Durability) {
        self.log.set_durability(durability);
    }

    /// Appoints this copy under a term; writes carry it from now on.
    pub fn set_primary_term(&self, term: u64) {
        self.writer.lock().primary_term = term;
    }

    fn write_one(
        &self,
        writer: &mut super::Writer,
        newest: &[Held],
        write: &ShardWrite,
        now_ms: u64,
    ) -> Result<(Applied, Position), WriteError> {
        let current =
            if write.generated_id { None } else { writer.current(&write.id, || locate(newest, &write.id))? };
        let (operation, outcome) = writer.decide(write, current.as_ref())?;
        let position = self
            .log
            .append(operation.seq_no, &operation.encode())
            .map_err(|e| WriteError::Broken(ShardError::Log(e)))?;
        let applied = Applied {
            outcome,
            version: model::id::Version(operation.version),
            seq_no: model::id::SeqNo(operation.seq_no),
            primary_term: model::id::PrimaryTerm(operation.primary_term),
        };
        let document = match &write.change {
            ShardChange::Index { document, .. } => Some(document.clone()),
            ShardChange::Delete => None,
        };
        let counter = if document.is_some() { &self.counters.indexed } else { &self.counters.deleted };
        counter.fetch_add(1, Ordering::Relaxed);
        writer.apply(operation, document, current, now_ms);
        Ok((applied, position))
    }

    /// Makes an operation of the log's history part of this copy again, unless something newer is there.
    pub(super) fn replay_one(
        &self,
        operation: Operation,
        document: Option<Arc<PreparedDocument>>,
        now_ms: u64,
    ) -> Result<(), ShardError> {
        let mut writer = self.writer.lock();
        let newest = self.newest.read().clone();
        let current = writer
            .current(&operation.id, || locate(&newest, &operation.id))
            .map_err(|e| ShardError::Replay { seq_no: operation.seq_no, reason: e.to_string() })?;
        let is_old = current.as_ref().is_some_and(|current| current.seq_no() >= operation.seq_no);
        if is_old || operation.change == Change::NoOp {
            writer.next_seq = writer.next_seq.max(operation.seq_no + 1);
            return Ok(());
        }
        writer.apply(operation, document, current, now_ms);
        Ok(())
    }

    /// Keeps the batch small: in the background first, by the writer's own hands when that does not suffice.
    fn relieve(self: &Arc<Self>, pending: usize) -> Result<(), ShardError> {
        if pending >= BATCH_LIMIT {
            return self.build_batch();
        }
        if pending >= BATCH_BYTES && !self.counters.relieving.swap(true, Ordering::AcqRel) {
            let copy = self.clone();
            (self.spawn)(Box::new(move || {
                // A failure is remembered by the copy; the next write meets it.
                let _ = copy.build_batch();
                copy.counters.relieving.store(false, Ordering::Release);
            }));
        }
        Ok(())
    }
}

/// The alive document of an id among the newest segments, from the youngest on.
pub(super) fn locate(newest: &[Held], id: &str) -> Result<Option<Located>, Error> {
    for held in newest.iter().rev() {
        let is_alive = |doc| held.alive.as_ref().is_none_or(|alive| alive.contains(doc));
        if let Some(found) = lookup::find(held.key, &held.body.segment(), is_alive, id).map_err(Error::from)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

enum WriteError {
    Refused(Error),
    Broken(ShardError),
}

impl From<Error> for WriteError {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}
