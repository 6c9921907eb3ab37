//! One copy: the door to its desk. Writers come in here and wait; events queue in order and are worked off by one thread at a time.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cluster::state::{IndexMetadata, State};
use model::error::{Error, ErrorKind};
use model::id::{AllocationId, ShardId, StateVersion};
use parking_lot::{Mutex, RwLock};
use replication::event::Event;
use shard::engine::{Applied, ShardCopy, ShardWrite};
use shard::prepare::Preparer;
use tokio::sync::oneshot;
use wal::Position;

use super::desk::{Desk, Opened};
use super::exchange::Exchange;
use crate::recovery::Recovery;

/// The preparer of a shard, as the mapping grows.
pub(crate) type SharedPreparer = Arc<RwLock<Option<Arc<Preparer>>>>;

/// A copy of a shard that this node holds, under one assignment.
pub(crate) struct Room {
    pub(crate) shard: ShardId,
    pub(crate) index: Arc<str>,
    pub(crate) me: AllocationId,
    /// Of the copy's files.
    pub(crate) directory: PathBuf,
    pub(crate) preparer: SharedPreparer,
    pub(crate) recovery: Arc<Recovery>,
    pub(super) exchange: Arc<Exchange>,
    pub(super) desk: Mutex<Desk>,
    inbox: Mutex<Inbox>,
    /// There are other copies: time matters.
    pub(super) busy: AtomicBool,
    pub(super) leads: AtomicBool,
}

/// What waits to be worked off, in order.
#[derive(Default)]
struct Inbox {
    items: VecDeque<Item>,
    working: bool,
}

enum Item {
    Event(Event),
    Follow(StateVersion, Option<Arc<IndexMetadata>>),
    Close,
}

/// Where a copy is, and how it is mapped.
pub(crate) struct Place {
    pub(crate) shard: ShardId,
    pub(crate) index: Arc<str>,
    pub(crate) me: AllocationId,
    pub(crate) directory: PathBuf,
    pub(crate) preparer: SharedPreparer,
    pub(crate) recovery: Arc<Recovery>,
}

/// What makes a write safe.
#[derive(Default)]
pub(crate) enum Safe {
    /// Nothing was written.
    #[default]
    Nothing,
    /// The log, up to there: no other copy counts.
    Logged(Position),
    /// Every in-sync copy; their number comes.
    Agreed(oneshot::Receiver<Result<u32, Error>>),
}

impl Room {
    pub(crate) fn new(place: Place, opened: Opened, exchange: Arc<Exchange>) -> Arc<Self> {
        let Place { shard, index, me, directory, preparer, recovery } = place;
        let busy = AtomicBool::new(opened.follows());
        let desk = Mutex::new(Desk::new(opened, &me));
        let (inbox, leads) = Default::default();
        Arc::new(Self { shard, index, me, directory, preparer, recovery, exchange, desk, inbox, busy, leads })
    }

    /// Decides writes as the primary.
    ///
    /// # Errors
    /// `no_shard_available_action_exception` where this copy is not the primary that serves: nothing was written. What breaks the copy.
    pub(crate) fn write(
        self: &Arc<Self>,
        engine: &Arc<ShardCopy>,
        writes: &[ShardWrite],
        now_ms: u64,
    ) -> Result<(Vec<Result<Applied, Error>>, Safe), Error> {
        engine.slow_down();
        let decided = {
            let mut desk = self.desk.lock();
            self.follow_now(&mut desk);
            desk.write(self, writes, now_ms)?
        };
        engine.relieve()?;
        Ok(decided)
    }

    /// Whether it is the primary, as it was said last: what it writes was mapped by it.
    pub(crate) fn leads(&self) -> bool {
        self.leads.load(Ordering::Acquire)
    }

    /// Follows the metadata of now.
    pub(crate) fn catch_up(self: &Arc<Self>) {
        let mut desk = self.desk.lock();
        self.follow_now(&mut desk);
    }

    /// Whether writes may begin here, as far as that is known without waiting.
    pub(crate) fn is_writable(self: &Arc<Self>) -> bool {
        let Some(mut desk) = self.desk.try_lock() else { return self.leads() };
        self.follow_now(&mut desk);
        desk.is_writable()
    }

    /// What the desk knows of the metadata is that of now: a write that needs a field is sent to nobody who does not know it (rule R1).
    pub(super) fn follow_now(self: &Arc<Self>, desk: &mut Desk) {
        let state = self.exchange.state();
        if desk.is_behind(state.version) {
            desk.follow(self, state.version, self.own_index(&state).as_deref());
        }
    }

    fn own_index(&self, state: &State) -> Option<Arc<IndexMetadata>> {
        state.indexes.get(&self.index).filter(|index| index.uuid == self.shard.index && index.open).cloned()
    }

    /// The metadata has moved on.
    pub(crate) fn follow(self: &Arc<Self>, state: &State) {
        let index = self.own_index(state);
        let table = index.as_ref().and_then(|index| index.shard(self.shard.number));
        // One that is alone follows when it writes.
        if self.has_others() || table.is_some_and(|table| table.copies.len() > 1) {
            self.put(Item::Follow(state.version, index));
        }
    }

    pub(super) fn post(self: &Arc<Self>, event: Event) {
        self.put(Item::Event(event));
    }

    pub(crate) fn tick(self: &Arc<Self>) {
        if self.busy.load(Ordering::Acquire) {
            self.post(Event::Tick);
        }
    }

    /// Lets go of the copy; who waits for a write is told that nobody knows what became of it.
    pub(crate) fn close(self: &Arc<Self>) {
        self.put(Item::Close);
    }

    fn put(self: &Arc<Self>, item: Item) {
        let begin = {
            let mut inbox = self.inbox.lock();
            inbox.items.push_back(item);
            !std::mem::replace(&mut inbox.working, true)
        };
        if begin {
            let room = self.clone();
            self.exchange.later(move || room.work());
        }
    }

    fn work(self: &Arc<Self>) {
        loop {
            let items = {
                let mut inbox = self.inbox.lock();
                if inbox.items.is_empty() {
                    inbox.working = false;
                    return;
                }
                std::mem::take(&mut inbox.items)
            };
            let engine = {
                let mut desk = self.desk.lock();
                for item in without_earlier_syncs(items) {
                    match item {
                        Item::Event(event) => desk.on(self, event),
                        Item::Follow(version, index) => desk.follow(self, version, index.as_deref()),
                        Item::Close => desk.close(),
                    }
                }
                desk.engine()
            };
            // What a flush finds wrong is the copy's failure, which is told elsewhere.
            let _ = engine.map(|engine| engine.relieve());
        }
    }

    /// Waits until an operation that may be on its way is safe: what it changed is shown to nobody before (rule R9).
    ///
    /// # Errors
    /// When nobody knows whether it is.
    pub(crate) async fn settled(&self, seq_no: u64) -> Result<(), Error> {
        let Some(told) = self.desk.lock().wait_for(seq_no) else { return Ok(()) };
        told.await.unwrap_or_else(|_| Err(self.unknown())).map(drop)
    }

    /// How many copies serve.
    pub(crate) fn active(&self) -> u32 {
        self.desk.lock().active()
    }

    /// Whether there are other copies.
    pub(crate) fn has_others(&self) -> bool {
        self.busy.load(Ordering::Acquire)
    }

    pub(crate) fn unknown(&self) -> Error {
        let (index, number) = (&self.index, self.shard.number);
        let reason =
            format!("shard [{index}][{number}] has another primary now; whether the write was carried out is unknown");
        Error::new(ErrorKind::NoShardAvailable, reason)
    }

    pub(super) fn not_primary(&self) -> Error {
        let (index, number) = (&self.index, self.shard.number);
        Error::new(ErrorKind::NoShardAvailable, format!("shard [{index}][{number}] has its primary elsewhere"))
    }
}

/// What is safe up to a ticket is safe up to those before it: the furthest word of the log is enough, and many operations are carried out at a
/// time. Words may come in another order than they were said in, by several threads.
fn without_earlier_syncs(items: VecDeque<Item>) -> impl Iterator<Item = Item> {
    let ticket = |item: &Item| match item {
        Item::Event(Event::Synced(ticket)) => Some(*ticket),
        _ => None,
    };
    let furthest = items.iter().filter_map(ticket).max();
    items.into_iter().filter(move |item| ticket(item).is_none() || ticket(item) == furthest)
}

#[cfg(test)]
mod tests {
    use replication::event::Ticket;

    use super::*;

    #[test]
    fn of_many_syncs_the_furthest_counts() {
        let synced = |ticket: u64| Item::Event(Event::Synced(Ticket(ticket)));
        let items = [synced(1), Item::Event(Event::Tick), synced(3), synced(2), Item::Close];
        let left: Vec<Item> = without_earlier_syncs(items.into()).collect();
        assert!(matches!(&left[..], [Item::Event(Event::Tick), Item::Event(Event::Synced(Ticket(3))), Item::Close]));
    }
}
