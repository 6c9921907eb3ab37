//! What a copy does for replication: writes that wait until they are agreed on, operations that another copy decided, the log as other
//! copies see it. The protocol is not here; it says when each of these is called.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use wal::Position;

use super::operation::{Change, Logged, Operation};
use super::replay::Prepare;
use super::write::locate;
use super::{ShardCopy, Writer, caught, rewrite};
use crate::error::ShardError;
use crate::prepared::PreparedDocument;

/// Entries of the log that one read gives at most.
const READ_ENTRIES: usize = 2048;
const READ_BYTES: u64 = 4 << 20;
/// Fewer operations are not worth a thread of their own.
const SLICE_OPERATIONS: usize = 128;

impl Writer {
    /// Keeps a logged operation back until [`ShardCopy::apply_below`] takes it.
    pub(super) fn stage(&mut self, operation: Operation, document: Option<Arc<PreparedDocument>>) {
        self.next_seq = self.next_seq.max(operation.seq_no + 1);
        self.staged.put(operation, document);
    }
}

impl ShardCopy {
    /// From now on writes wait for [`ShardCopy::apply_below`] before searches can see them, and [`super::WriteBatch::logged`] has them.
    pub fn stage_writes(&self) {
        self.writer.lock().staged.turn(true);
    }

    /// From now on writes go into batches at once again: no other copy is to have them. Nothing waits any more.
    pub fn write_through(&self) {
        self.writer.lock().staged.turn(false);
    }

    /// The number of the newest operation on `id` that waits for [`ShardCopy::apply_below`].
    pub fn staged_on(&self, id: &str) -> Option<u64> {
        self.writer.lock().staged.get(id).map(|newest| newest.seq_no)
    }

    /// The log keeps what lies at or above `from`, though commits contain it: other copies may ask for it.
    pub fn retain_log(&self, from: u64) {
        self.retained.store(from, Ordering::Release);
    }

    /// Makes everything appended so far durable.
    ///
    /// # Errors
    /// [`ShardError::Failed`].
    pub fn sync(&self) -> Result<(), ShardError> {
        self.fail(self.log.sync().map_err(ShardError::Log))
    }

    /// Everything below `below` is on every in-sync copy: batches may have it. [`ShardCopy::relieve`] belongs behind it.
    ///
    /// # Errors
    /// [`ShardError::Failed`], [`ShardError::Replay`].
    pub fn apply_below(self: &Arc<Self>, below: u64, now_ms: u64) -> Result<(), ShardError> {
        self.check()?;
        {
            let mut writer = self.writer.lock();
            let newest = self.newest.read().clone();
            while let Some((operation, document)) = writer.staged.next(below) {
                let wrong =
                    |e: model::error::Error| ShardError::Replay { seq_no: operation.seq_no, reason: e.to_string() };
                let current = match operation.change {
                    Change::NoOp => None,
                    _ => self.fail(writer.applied(&operation.id, || locate(&newest, &operation.id)).map_err(wrong))?,
                };
                // A commit may contain more than it promises: what it has of an id may be newer.
                if current.as_ref().is_none_or(|current| current.seq_no < operation.seq_no) {
                    writer.apply(operation, document, current, now_ms);
                } else {
                    writer.pass(operation.seq_no);
                }
            }
        }
        Ok(())
    }

    /// Takes operations that another copy decided, and that this copy's log has: they wait as this copy's own writes do. Up to `threads` threads
    /// map many of them.
    ///
    /// # Errors
    /// [`ShardError::Replay`] for an operation that cannot be carried out; the copy takes nothing more then.
    pub fn stage_logged(&self, entries: &[Logged], threads: usize, prepare: Prepare<'_>) -> Result<(), ShardError> {
        self.check()?;
        let prepared = self.fail(caught("mapping operations", || prepared_in_slices(entries, threads, prepare)))?;
        let mut writer = self.writer.lock();
        for (operation, document) in prepared {
            writer.logged_bytes += document.as_ref().map_or(25, |document| document.source.len() as u64);
            writer.stage(operation, document);
        }
        Ok(())
    }

    /// Appends operations that another copy decided: in order, from the log's end on.
    ///
    /// # Errors
    /// [`ShardError::Failed`]; what was appended before may stay.
    pub fn append_logged(&self, entries: &[Logged]) -> Result<Option<Position>, ShardError> {
        self.check()?;
        let mut position = None;
        for entry in entries {
            let appended = self.log.append(entry.seq_no, &entry.bytes).map_err(ShardError::Log);
            position = Some(self.fail(appended)?);
        }
        Ok(position)
    }

    /// One above the last entry of the log.
    pub fn log_end(&self) -> u64 {
        self.log.stats().next_seq
    }

    /// Some entries of the log from `from` on, in order, at most one more than fit into `most` bytes; `None`: the log begins later.
    ///
    /// # Errors
    /// [`ShardError::Log`] when the log does not read back.
    pub fn read_log(&self, from: u64, below: u64, most: u64) -> Result<Option<Vec<Logged>>, ShardError> {
        let entries = match self.log.read_from(from) {
            Ok(entries) => entries,
            Err(wal::Error::Trimmed { .. }) => return Ok(None),
            Err(error) => return Err(ShardError::Log(error)),
        };
        let (mut read, mut bytes) = (Vec::new(), 0u64);
        for entry in entries {
            let entry = entry.map_err(ShardError::Log)?;
            if entry.seq >= below || read.len() == READ_ENTRIES || bytes > most {
                break;
            }
            bytes += entry.payload.len() as u64;
            read.push(Logged::read(&entry)?);
        }
        Ok(Some(read))
    }

    /// Everything the log holds behind the last commit: what is not known to be agreed on when a copy opens.
    ///
    /// # Errors
    /// [`ShardError::Log`] when the log does not read back.
    pub fn read_tail(&self) -> Result<(u64, Vec<Logged>), ShardError> {
        let from = self.committing.lock().next_seq;
        let (mut next, mut tail) = (from, Vec::new());
        while let Some(part) = self.read_log(next, u64::MAX, READ_BYTES)?.filter(|part| !part.is_empty()) {
            next = part.last().map_or(next, |last| last.seq_no + 1);
            tail.extend(part);
        }
        Ok((from, tail))
    }

    /// Replaces the log's entries from `from` on by these: the present primary tells the history otherwise. A crash leaves the old ones or
    /// the new ones.
    ///
    /// # Errors
    /// [`ShardError::Failed`].
    pub fn rewrite_log(&self, from: u64, entries: &[Logged]) -> Result<(), ShardError> {
        self.check()?;
        self.fail(rewrite::rewrite(&self.log, &self.directory, from, entries))
    }

    /// The name of the history that its operations belong to.
    pub fn history(&self) -> &str {
        &self.history
    }
}

impl Writer {
    /// An operation changes nothing that is not there already.
    fn pass(&mut self, seq_no: u64) {
        self.next_seq = self.next_seq.max(seq_no + 1);
        self.applied_seq = self.applied_seq.max(seq_no + 1);
    }
}

type Carried = (Operation, Option<Arc<PreparedDocument>>);

/// In order.
fn prepared_in_slices(entries: &[Logged], threads: usize, prepare: Prepare<'_>) -> Result<Vec<Carried>, ShardError> {
    let all = |entries: &[Logged]| entries.iter().map(|entry| prepared(entry, prepare)).collect::<Result<Vec<_>, _>>();
    let slice = entries.len().div_ceil(threads.max(1)).max(SLICE_OPERATIONS);
    let (first, rest) = entries.split_at(slice.min(entries.len()));
    std::thread::scope(|scope| {
        let all = &all;
        let others: Vec<_> = rest.chunks(slice).map(|entries| scope.spawn(move || all(entries))).collect();
        let mut done = all(first)?;
        let panicked = |_| Err(ShardError::Panicked { during: "mapping operations" });
        for other in others {
            done.extend(other.join().unwrap_or_else(panicked)?);
        }
        Ok(done)
    })
}

fn prepared(entry: &Logged, prepare: Prepare<'_>) -> Result<Carried, ShardError> {
    let operation = Operation::decode(entry.seq_no, &entry.bytes)?;
    let document = match operation.change {
        Change::Index { .. } => {
            let wrong = |e: model::error::Error| ShardError::Replay { seq_no: operation.seq_no, reason: e.to_string() };
            Some(prepare(&operation).map_err(wrong)?)
        }
        Change::Delete | Change::NoOp => None,
    };
    Ok((operation, document))
}
