//! Writing: decide, log, apply; the caller waits for the log. Who writes faster than segments are made and merged is slowed here.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use model::error::Error;
use wal::Position;

use super::ShardCopy;
use super::held::Held;
use super::lookup::{self, Located};
use super::operation::Logged;
use super::writer::{Applied, ShardChange, ShardWrite};
use crate::error::ShardError;

/// Outcomes, and the place in the log that makes them safe (`None`: nothing was logged).
pub struct WriteBatch {
    pub outcomes: Vec<Result<Applied, Error>>,
    pub position: Option<Position>,
    /// What was logged, where other copies are to have it ([`ShardCopy::stage_writes`]).
    pub logged: Vec<Logged>,
}

impl ShardCopy {
    /// Carries out writes in order; each is refused or done alone. They may be acknowledged once [`ShardCopy::on_safe`] says so. Waits where
    /// merges or flushes have fallen behind.
    ///
    /// # Errors
    /// As [`ShardCopy::decide`].
    pub fn write(self: &Arc<Self>, writes: &[ShardWrite], now_ms: u64) -> Result<WriteBatch, ShardError> {
        self.slow_down();
        let batch = self.decide(writes, now_ms)?;
        self.relieve()?;
        Ok(batch)
    }

    /// As [`ShardCopy::write`], without waiting for anything but the log's buffer: for those who hold a lock. [`ShardCopy::slow_down`] belongs
    /// before it, [`ShardCopy::relieve`] behind it.
    ///
    /// # Errors
    /// [`ShardError::Failed`] when the copy takes no writes; what was decided before stays unacknowledged.
    pub fn decide(self: &Arc<Self>, writes: &[ShardWrite], now_ms: u64) -> Result<WriteBatch, ShardError> {
        self.check()?;
        let begun = Instant::now();
        let mut batch = WriteBatch { outcomes: Vec::with_capacity(writes.len()), position: None, logged: Vec::new() };
        {
            let mut writer = self.writer.lock();
            let newest = self.newest.read().clone();
            for write in writes {
                let outcome = self.write_one(&mut writer, &newest, write, now_ms);
                batch.outcomes.push(match outcome {
                    Ok((applied, position, logged)) => {
                        batch.position = Some(position);
                        batch.logged.extend(logged);
                        Ok(applied)
                    }
                    Err(WriteError::Refused(error)) => Err(error),
                    Err(WriteError::Broken(error)) => return self.fail(Err(error)),
                });
            }
        }
        self.counters.write_micros.fetch_add(begun.elapsed().as_micros() as u64, Ordering::Relaxed);
        Ok(batch)
    }

    /// Calls `then` when everything up to `position` survives as the index' durability says. A log that has failed fails the copy first.
    pub fn on_safe(self: &Arc<Self>, position: Position, then: impl FnOnce(Result<(), ShardError>) + Send + 'static) {
        let copy = Arc::downgrade(self);
        self.log.on_safe(position, move |safe| {
            let safe = safe.map_err(ShardError::Log);
            then(match copy.upgrade() {
                Some(copy) => copy.fail(safe),
                None => safe,
            });
        });
    }

    /// Waits until everything up to `position` survives as the index' durability says.
    pub fn wait_safe(&self, position: Position) -> Result<(), ShardError> {
        self.fail(self.log.wait(position).map_err(ShardError::Log))
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
    ) -> Result<(Applied, Position, Option<Logged>), WriteError> {
        let current =
            if write.generated_id { None } else { writer.current(&write.id, || locate(newest, &write.id))? };
        let (operation, outcome) = writer.decide(write, current.as_ref())?;
        let payload = operation.encode();
        let position =
            self.log.append(operation.seq_no, &payload).map_err(|e| WriteError::Broken(ShardError::Log(e)))?;
        writer.logged_bytes += payload.len() as u64;
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
        if !writer.staged.is_on() {
            writer.apply(operation, document, current, now_ms);
            return Ok((applied, position, None));
        }
        let logged = Logged { seq_no: operation.seq_no, primary_term: operation.primary_term, bytes: payload.into() };
        writer.stage(operation, document);
        Ok((applied, position, Some(logged)))
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
