//! One log: many threads append, few syncs cover them all.
//!
//! In: entries in rising order. Out: a [`Position`] for each, and word when it is safe, to a thread that waits or to a callback.
//! How they come to be covered is in `commit`, what happens on the disk in `writer`.

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::thread;

use crate::commit::Shared;
use crate::disk::Disk;
use crate::error::Error;
use crate::frame::{HEADER_LENGTH, Header};
use crate::open::{self, Recovery};
use crate::options::{Durability, Options, Stats};
use crate::replay::Entries;
use crate::syncer::Syncer;
use crate::writer::Writer;

/// The place of one append among all of them, for [`Log::wait`] and [`Log::on_safe`]. Of this log since it was opened only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position(pub(crate) u64);

/// An open log. One process at a time may have a directory open; the caller sees to that.
pub struct Log {
    shared: Arc<Shared>,
    /// Keeps the threads alive.
    _syncer: Arc<Syncer>,
}

impl Log {
    /// Opens the log in `directory`, or begins one. Reads every entry once to check it; cuts off and reports what a crash left
    /// unfinished.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for bytes that had been synced and do not read back, [`Error::Lost`] when the log ends below
    /// [`Options::checkpoint`], [`Error::Io`].
    pub fn open(
        disk: Arc<dyn Disk>,
        directory: &Path,
        options: Options,
        syncer: &Arc<Syncer>,
    ) -> Result<(Self, Recovery), Error> {
        let (writer, recovery) = open::open(disk, directory, &options)?;
        let shared = Arc::new(Shared::new(writer, &options, syncer.queue()));
        Ok((Self { shared, _syncer: syncer.clone() }, recovery))
    }

    /// Takes an entry into the buffer; nothing is promised before [`Log::wait`] or [`Log::on_safe`]. Sequence numbers rise, with
    /// gaps where the caller wants them: whoever draws the number appends before the next is drawn. Waits for the disk only when
    /// the buffer is full.
    ///
    /// # Errors
    /// [`Error::OutOfOrder`] and [`Error::TooLong`], which leave the log as it was; [`Error::Failed`].
    pub fn append(&self, seq: u64, payload: &[u8]) -> Result<Position, Error> {
        let limit = self.shared.max_entry;
        let length = u32::try_from(payload.len()).ok().filter(|_| payload.len() <= limit);
        let length = length.ok_or(Error::TooLong { length: payload.len(), limit })?;
        let payload_crc = crc32fast::hash(payload);
        let mut state = self.shared.room_for(HEADER_LENGTH + payload.len())?;
        if seq < state.next_seq || seq == u64::MAX {
            return Err(Error::OutOfOrder { next_seq: state.next_seq, seq });
        }
        let header = Header { length, seq, durable_next_seq: state.durable_next_seq, payload_crc };
        Ok(state.push(&header, &header.encode(self.shared.salt), payload))
    }

    /// Waits until the entry at `position` and all before it are safe, as [`Options::durability`] has it.
    ///
    /// # Errors
    /// [`Error::Failed`]: the entry may or may not be in the log when it is opened again.
    pub fn wait(&self, position: Position) -> Result<(), Error> {
        let mut state = self.shared.state();
        if state.safe() < position.0 && state.check().is_ok() && self.shared.is_alone(&state) {
            state = self.shared.lead(state);
        }
        if state.safe() >= position.0 {
            return Ok(());
        }
        drop(state);
        // Each is woken when its own entry is safe; all waiting for one condition would wake for every other's.
        let answer = Arc::new(OnceLock::new());
        let (told, waiter) = (answer.clone(), thread::current());
        self.on_safe(position, move |safe| {
            told.get_or_init(|| safe);
            waiter.unpark();
        });
        loop {
            match answer.get() {
                Some(safe) => return safe.clone(),
                None => thread::park(),
            }
        }
    }

    /// Calls `then` once when [`Log::wait`] would return. At once and on this thread when that is so already, or when a write
    /// suffices ([`Durability::Async`]); on another thread otherwise. `then` must not block: every other writer waits behind it.
    pub fn on_safe(&self, position: Position, then: impl FnOnce(Result<(), Error>) + Send + 'static) {
        let mut state = self.shared.state();
        if state.safe() >= position.0 {
            drop(state);
            return then(Ok(()));
        }
        if let Err(failed) = state.check() {
            drop(state);
            return then(Err(failed));
        }
        state.call_back(position, Box::new(then));
        if state.leading || state.queued {
            return; // who leads looks for callbacks at the end
        }
        match state.durability {
            Durability::Request => self.shared.enqueue(&mut state),
            Durability::Async { .. } => drop(self.shared.lead(state)),
        }
    }

    /// Makes everything appended so far durable, whatever the durability.
    ///
    /// # Errors
    /// [`Error::Failed`], [`Error::Io`].
    pub fn sync(&self) -> Result<(), Error> {
        self.shared.with_writer(Writer::sync)
    }

    /// Makes what was appended durable, as far as the disk permits, and takes nothing more: no byte is written by this log afterwards.
    pub fn close(&self) {
        // What fails is kept in the state, and answers those who wait.
        let _ = self.sync();
        self.shared.close();
    }

    /// Changes what safe means, for entries that wait too.
    pub fn set_durability(&self, durability: Durability) {
        self.shared.state().durability = durability;
    }

    /// Closes the active segment and begins a new one.
    ///
    /// # Errors
    /// [`Error::Failed`], [`Error::Io`].
    pub fn roll(&self) -> Result<(), Error> {
        self.shared.with_writer(Writer::roll)
    }

    /// Gives up the entries below `seq`: removes the segments that hold no others. Some of them may remain readable.
    ///
    /// # Errors
    /// [`Error::Failed`], [`Error::Io`]; [`Error::Corrupt`] from the segment that holds the border.
    pub fn trim_below(&self, seq: u64) -> Result<(), Error> {
        let committed = self.shared.with_writer(|writer| writer.trim_below(seq))?;
        self.shared.state().committed = committed;
        Ok(())
    }

    /// Removes the entries above `seq`, durably; the next append continues there. All of them were made safe before, so nobody
    /// waits for an entry that is gone. Appends wait meanwhile.
    ///
    /// # Errors
    /// [`Error::Trimmed`] when the log begins above `seq + 1`; [`Error::Failed`], [`Error::Io`].
    pub fn truncate_above(&self, seq: u64) -> Result<(), Error> {
        self.truncate_from(seq.saturating_add(1))
    }

    /// As [`Log::truncate_above`], with `seq` itself.
    ///
    /// # Errors
    /// As there.
    pub fn truncate_from(&self, seq: u64) -> Result<(), Error> {
        self.shared.truncate_from(seq)
    }

    /// The entries from `seq` on that were appended before this call, synced or not.
    ///
    /// # Errors
    /// [`Error::Trimmed`] when the log begins above `seq`; [`Error::Failed`], [`Error::Io`].
    pub fn read_from(&self, seq: u64) -> Result<Entries, Error> {
        let readers = self.shared.with_writer(|writer| {
            let first_seq = writer.first_seq();
            if seq < first_seq { Ok(Err(Error::Trimmed { seq, first_seq })) } else { writer.readers(seq).map(Ok) }
        })??;
        Ok(Entries::new(readers, seq))
    }

    pub fn stats(&self) -> Stats {
        let state = self.shared.state();
        Stats {
            entries: state.counts.entries,
            bytes: state.counts.bytes,
            uncommitted_entries: state.counts.entries.saturating_sub(state.committed.entries),
            uncommitted_bytes: state.counts.bytes.saturating_sub(state.committed.bytes),
            segments: state.segments,
            first_seq: state.first_seq,
            next_seq: state.next_seq,
            durable_next_seq: state.durable_next_seq,
        }
    }

    /// Why the log takes no more entries, if so.
    pub fn failure(&self) -> Option<Error> {
        self.shared.state().check().err()
    }
}
