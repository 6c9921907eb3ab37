//! Group commit: many threads append to one buffer, few syncs cover them all.
//!
//! A thread that waits while nobody writes leads: it writes and syncs for all that came before it, while the others go on filling
//! the buffer. Callbacks are served by the `syncer`, or by the leader whose sync happens to cover them.
//! Two locks, always taken in this order: `writer` for the disk, held during I/O; `state`, held for moments.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::error::Error;
use crate::frame::Header;
use crate::log::Position;
use crate::options::{Durability, Options};
use crate::syncer::Queue;
use crate::writer::{Batch, Counts, Writer};

/// A batch's memory is kept for the next one up to this size, for there are many logs at rest.
const KEPT_BUFFER: usize = 64 << 10;

pub(crate) type Callback = Box<dyn FnOnce(Result<(), Error>) + Send>;

/// What the handle and the syncing threads share.
pub(crate) struct Shared {
    pub(crate) salt: u64,
    pub(crate) max_entry: usize,
    buffer_limit: usize,
    queue: Arc<Queue>,
    writer: Mutex<Writer>,
    state: Mutex<State>,
    /// Something became safe, the buffer has room, nobody leads or the log failed.
    changed: Condvar,
}

/// Positions are counts of entries.
pub(crate) struct State {
    pub(crate) durability: Durability,
    buffer: Batch,
    spare: Vec<u8>,
    pub(crate) next_seq: u64,
    appended: u64,
    written: u64,
    durable: u64,
    pub(crate) durable_next_seq: u64,
    /// By position, then in the order of arrival.
    callbacks: BTreeMap<(u64, u64), Callback>,
    callback_number: u64,
    /// To be called when no lock is held.
    answered: Vec<(Callback, Result<(), Error>)>,
    /// A thread writes for all.
    pub(crate) leading: bool,
    /// In the syncer's queue because callbacks wait.
    pub(crate) queued: bool,
    /// In the syncer's queue because the interval runs.
    scheduled: bool,
    parked: usize,
    failure: Option<Arc<Error>>,
    pub(crate) counts: Counts,
    pub(crate) committed: Counts,
    pub(crate) segments: usize,
    pub(crate) first_seq: u64,
}

impl State {
    pub(crate) fn safe(&self) -> u64 {
        match self.durability {
            Durability::Request => self.durable,
            Durability::Async { .. } => self.written,
        }
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        self.failure.as_ref().map_or(Ok(()), |cause| Err(Error::Failed { cause: cause.clone() }))
    }

    pub(crate) fn push(&mut self, header: &Header, head: &[u8], payload: &[u8]) -> Position {
        self.buffer.bytes.extend_from_slice(head);
        self.buffer.bytes.extend_from_slice(payload);
        self.buffer.entries += 1;
        self.buffer.next_seq = header.seq + 1;
        self.next_seq = header.seq + 1;
        self.counts.entries += 1;
        self.counts.bytes += header.frame_length();
        self.appended += 1;
        Position(self.appended)
    }

    pub(crate) fn call_back(&mut self, position: Position, then: Callback) {
        let key = (position.0, self.callback_number);
        self.callbacks.insert(key, then);
        self.callback_number += 1;
    }

    fn take_batch(&mut self) -> Batch {
        let empty = Batch { bytes: std::mem::take(&mut self.spare), ..Batch::default() };
        std::mem::replace(&mut self.buffer, empty)
    }

    fn give_back(&mut self, batch: Batch) {
        if batch.bytes.capacity() <= KEPT_BUFFER {
            self.spare = batch.bytes;
            self.spare.clear();
        }
    }

    /// Takes over what the writer has reached.
    fn advance(&mut self, writer: &Writer) {
        self.written = writer.written;
        if !writer.unsynced {
            self.durable = writer.written;
            self.durable_next_seq = writer.active.next_seq;
        }
        self.first_seq = writer.first_seq();
        self.segments = writer.segments();
        let counts = writer.counts();
        let (entries, bytes) = (self.buffer.entries, self.buffer.bytes.len() as u64);
        self.counts = Counts { entries: counts.entries + entries, bytes: counts.bytes + bytes };
        let waiting = self.callbacks.split_off(&(self.safe() + 1, 0));
        let safe = std::mem::replace(&mut self.callbacks, waiting);
        self.answered.extend(safe.into_values().map(|then| (then, Ok(()))));
    }

    fn fail(&mut self, cause: &Error) {
        let cause = self.failure.get_or_insert_with(|| Arc::new(cause.clone())).clone();
        let failed = Error::Failed { cause };
        let waiting = std::mem::take(&mut self.callbacks);
        self.answered.extend(waiting.into_values().map(|then| (then, Err(failed.clone()))));
    }
}

impl Shared {
    pub(crate) fn new(writer: Writer, options: &Options, queue: Arc<Queue>) -> Self {
        let next_seq = writer.active.next_seq;
        let state = State {
            durability: options.durability,
            buffer: Batch::default(),
            spare: Vec::new(),
            next_seq,
            appended: 0,
            written: 0,
            durable: 0,
            durable_next_seq: next_seq,
            callbacks: BTreeMap::new(),
            callback_number: 0,
            answered: Vec::new(),
            leading: false,
            queued: false,
            scheduled: false,
            parked: 0,
            failure: None,
            counts: writer.counts(),
            committed: Counts::default(),
            segments: writer.segments(),
            first_seq: writer.first_seq(),
        };
        Self {
            salt: writer.salt,
            max_entry: options.max_entry,
            buffer_limit: options.buffer,
            queue,
            writer: Mutex::new(writer),
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn park<'a>(&self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        state.parked += 1;
        state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        state.parked -= 1;
        state
    }

    fn wake(&self, state: &State) {
        if state.parked > 0 {
            self.changed.notify_all();
        }
    }

    /// The state, once the buffer can take so many bytes more. An empty buffer takes any entry.
    pub(crate) fn room_for(self: &Arc<Self>, bytes: usize) -> Result<MutexGuard<'_, State>, Error> {
        let mut state = self.state();
        loop {
            state.check()?;
            let used = state.buffer.bytes.len();
            if used == 0 || used + bytes <= self.buffer_limit {
                return Ok(state);
            }
            state = if state.leading { self.park(state) } else { self.lead(state) };
        }
    }

    /// Writes what is buffered, and syncs it unless durability is asynchronous. Nobody else leads meanwhile. How it ended is in the state.
    pub(crate) fn lead<'a>(self: &'a Arc<Self>, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        state.leading = true;
        let sync = state.durability == Durability::Request;
        drop(state);
        self.queue.lead();
        // A failure is kept in the state.
        let _ = self.with_writer(|writer| if sync { writer.sync() } else { Ok(()) });
        self.queue.end_lead();
        let mut state = self.state();
        state.leading = false;
        if !state.callbacks.is_empty() && !state.queued {
            self.enqueue(&mut state);
        }
        self.wake(&state);
        state
    }

    /// Whether a thread that needs a sync does best to do it itself, which spares it two changes of thread. With other writers about,
    /// the syncing threads are faster: they run first when the disk has answered.
    pub(crate) fn is_alone(&self, state: &State) -> bool {
        !state.leading && !state.queued && self.queue.is_quiet()
    }

    pub(crate) fn enqueue(self: &Arc<Self>, state: &mut State) {
        state.queued = true;
        self.queue.commit(self.clone());
    }

    /// On a syncing thread: callbacks wait.
    pub(crate) fn commit_queued(self: &Arc<Self>) {
        let mut state = self.state();
        state.queued = false;
        if !state.leading && !state.callbacks.is_empty() {
            drop(self.lead(state));
        }
    }

    /// On a syncing thread: the interval is over.
    pub(crate) fn sync_due(self: &Arc<Self>) {
        self.state().scheduled = false;
        // A failure is kept in the state and answers the next writer.
        let _ = self.with_writer(Writer::sync);
    }

    /// Writes what is buffered, then does `work` with the disk. Whatever fails, fails the log.
    pub(crate) fn with_writer<R>(
        self: &Arc<Self>,
        work: impl FnOnce(&mut Writer) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = self.state();
        state.check()?;
        let mut batch = state.take_batch();
        drop(state);
        let done = writer.write(&mut batch).and_then(|()| work(&mut writer));
        let mut state = self.state();
        state.give_back(batch);
        self.publish(&writer, &mut state, done.as_ref().err());
        drop((state, writer));
        self.settle();
        done
    }

    fn publish(self: &Arc<Self>, writer: &Writer, state: &mut State, failed: Option<&Error>) {
        match failed {
            Some(cause) => state.fail(cause),
            None => state.advance(writer),
        }
        if let Durability::Async { interval } = state.durability
            && failed.is_none()
            && writer.unsynced
            && !state.scheduled
        {
            state.scheduled = true;
            self.queue.sync_at(Instant::now() + interval, self.clone());
        }
        self.wake(state);
    }

    /// After whoever writes just now, nobody does.
    pub(crate) fn close(&self) {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = self.state();
        state.fail(&Error::Closed);
        self.wake(&state);
        drop((state, writer));
        self.settle();
    }

    /// Calls the callbacks whose answer is known. No lock may be held.
    fn settle(&self) {
        let answered = std::mem::take(&mut self.state().answered);
        for (then, answer) in answered {
            // One that panics must not take the others' answers, or the syncing thread, with it. The panic hook has told it.
            let _ = catch_unwind(AssertUnwindSafe(|| then(answer)));
        }
    }

    pub(crate) fn truncate_from(self: &Arc<Self>, next_seq: u64) -> Result<(), Error> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        // Held during the I/O: an entry appended meanwhile would be above the cut.
        let mut state = self.state();
        state.check()?;
        let first_seq = writer.first_seq();
        if next_seq < first_seq {
            return Err(Error::Trimmed { seq: next_seq.saturating_sub(1), first_seq });
        }
        let mut batch = state.take_batch();
        let done = writer.write(&mut batch).and_then(|()| writer.sync()).and_then(|()| writer.cut_from(next_seq));
        self.publish(&writer, &mut state, done.as_ref().err());
        if done.is_ok() {
            state.next_seq = writer.active.next_seq;
            state.committed.entries = state.committed.entries.min(state.counts.entries);
            state.committed.bytes = state.committed.bytes.min(state.counts.bytes);
        }
        drop((state, writer));
        self.settle();
        done
    }
}
