//! What rooms of different nodes say to each other: in order from node to node, as much at a time as has gathered meanwhile.
//!
//! In: messages of this node's rooms, bytes of other nodes. Out: messages in the rooms that they are meant for; for a message that finds
//! nobody, the word that its copy cannot be reached. What gets lost is sent again by those who miss an answer.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

use bytes::Bytes;
use cluster::command::Command;
use cluster::state::{NodeId, State};
use grpc::call::CallError;
use grpc::channels::{Ask, Channels};
use grpc::route::{Class, Router};
use model::error::{Error, ErrorKind};
use model::id::{AllocationId, PrimaryTerm, ShardId};
use model::wire::{Damaged, from_bytes, to_bytes};
use parking_lot::{Mutex, RwLock};
use replication::event::{Event, Question};
use replication::message::{Body, Message};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::runtime::Handle;

use super::arrival::Arrival;
use super::pace::Pace;
use super::room::Room;
use super::{files, show};
use crate::clock::now_ms;
use crate::core::Core;
use crate::metadata::Metadata;
use crate::pool::Pool;

const DELIVER: &str = "replication.deliver";
/// How long another node may take to take messages in; it does not carry them out meanwhile.
const TAKE_IN: Duration = Duration::from_secs(10);
/// Before a node that was lost is tried once more: one whose process has ended refuses then.
const PAUSE: Duration = Duration::from_millis(20);
/// Messages and bytes of operations that go together; one message may be larger.
const BATCH: usize = 256;
const BATCH_BYTES: usize = 8 << 20;
/// Bytes of operations that wait for one node. More are dropped, and asked for again.
const MOST_BYTES: usize = 256 << 20;

/// Each recovers one copy at a time; the disk is the limit.
const RECOVER_THREADS: usize = 4;

type Letter = (ShardId, Message);

/// The rooms' way to other nodes.
pub(crate) struct Exchange {
    /// Works off what happens to copies.
    pool: Pool,
    /// How many threads that are.
    threads: usize,
    /// Files and logs of recoveries, refreshes: what must hold nobody up.
    aside: Pool,
    peers: Arc<Channels>,
    metadata: Arc<Metadata>,
    runtime: Handle,
    begun: Instant,
    core: OnceLock<Weak<Core>>,
    outboxes: Mutex<BTreeMap<NodeId, Outbox>>,
    /// How fast recoveries leave this node.
    pub(super) pace: Pace,
    /// What of files has come, by shard.
    pub(super) arrivals: Mutex<BTreeMap<ShardId, Arc<RwLock<Arrival>>>>,
}

#[derive(Default)]
struct Outbox {
    letters: VecDeque<Letter>,
    bytes: usize,
    /// Somebody is carrying.
    carried: bool,
}

impl Exchange {
    /// # Errors
    /// When the system gives no threads.
    pub(crate) fn new(
        peers: Arc<Channels>,
        metadata: Arc<Metadata>,
        runtime: Handle,
        threads: usize,
    ) -> std::io::Result<Arc<Self>> {
        let pool = Pool::start("replicate", threads, usize::MAX)?;
        let aside = Pool::start("recover", RECOVER_THREADS, usize::MAX)?;
        let (begun, core, pace) = (Instant::now(), OnceLock::new(), Pace::new());
        let (outboxes, arrivals) = Default::default();
        Ok(Arc::new(Self { pool, threads, aside, peers, metadata, runtime, begun, core, outboxes, pace, arrivals }))
    }

    /// Where the rooms are. Before it is told, nothing finds its room.
    pub(crate) fn open(&self, core: &Arc<Core>) {
        // Told once; a second time would say the same.
        let _ = self.core.set(Arc::downgrade(core));
    }

    /// Takes nothing more.
    pub(crate) fn finish(&self) {
        self.pool.finish();
        self.aside.finish();
    }

    pub(super) fn core(&self) -> Option<Arc<Core>> {
        self.core.get().and_then(Weak::upgrade)
    }

    pub(super) fn state(&self) -> Arc<State> {
        self.metadata.state()
    }

    /// What people call a node; its id, when it is not in the cluster.
    pub(super) fn name_of(&self, node: &NodeId) -> Arc<str> {
        self.state().nodes.get(node).map_or_else(|| node.0.clone(), |known| known.name.clone())
    }

    /// On how many threads one copy's work may be spread.
    pub(super) fn threads(&self) -> usize {
        self.threads
    }

    /// Milliseconds of a clock that only grows.
    pub(super) fn now_ms(&self) -> u64 {
        self.begun.elapsed().as_millis() as u64
    }

    /// Runs work on a thread that may block.
    pub(super) fn later(&self, work: impl FnOnce() + Send + 'static) {
        self.pool.later(Box::new(work));
    }

    /// Runs work that may take long.
    pub(super) fn aside(&self, work: impl FnOnce() + Send + 'static) {
        self.aside.later(Box::new(work));
    }

    /// As [`Exchange::aside`], with its result.
    pub(super) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        self.aside.run(work).await
    }

    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.runtime.spawn(task);
    }

    /// The room of a copy, if this node has it.
    pub(super) fn room(&self, shard: &ShardId, copy: &AllocationId) -> Option<Arc<Room>> {
        self.core()?.indexes.room(shard).filter(|room| room.me == *copy)
    }

    /// What came of a recovery of the shard is removed.
    pub(crate) fn forget_arrival(&self, shard: &ShardId) {
        self.arrivals.lock().remove(shard);
    }

    /// Asks another node about a copy that it has.
    pub(super) async fn ask<Q: Serialize, A: DeserializeOwned>(
        &self,
        node: &NodeId,
        kind: &'static str,
        question: &Q,
        within: Duration,
    ) -> Result<A, CallError> {
        self.ask_with(node, kind, to_bytes(question).into(), within).await
    }

    /// As [`Exchange::ask`], with a question that is bytes already.
    pub(super) async fn ask_with<A: DeserializeOwned>(
        &self,
        node: &NodeId,
        kind: &'static str,
        question: Bytes,
        within: Duration,
    ) -> Result<A, CallError> {
        let address = self.state().nodes.get(node).map(|node| node.peer_address.clone());
        let address = address.ok_or_else(|| CallError::Refused { address: format!("node {}", node.0) })?;
        let ask = Ask { class: Class::Bulk, kind, within: Some(within), payload: question };
        let bytes = self.peers.ask(&address, ask).await?;
        let unreadable = |error| {
            let reason = format!("[{address}] gave an answer to [{kind}] that does not read: {error}");
            CallError::Answered(Box::new(Error::new(ErrorKind::IllegalState, reason)))
        };
        from_bytes(&bytes).map_err(unreadable)
    }

    /// Sends a message to a copy on `node`, behind those that were sent before.
    pub(super) fn send(self: &Arc<Self>, node: NodeId, shard: ShardId, message: Message) {
        let bytes = size(&message);
        let mut outboxes = self.outboxes.lock();
        let outbox = outboxes.entry(node.clone()).or_default();
        if outbox.bytes + bytes > MOST_BYTES && !outbox.letters.is_empty() {
            return;
        }
        outbox.bytes += bytes;
        outbox.letters.push_back((shard, message));
        if !std::mem::replace(&mut outbox.carried, true) {
            let exchange = self.clone();
            self.runtime.spawn(async move { exchange.carry(node).await });
        }
    }

    async fn carry(self: Arc<Self>, node: NodeId) {
        while let Some(letters) = self.next(&node) {
            let mut taken = self.ask(&node, DELIVER, &letters, TAKE_IN).await;
            if taken.as_ref().is_err_and(|error| !error.nobody_hears()) {
                tokio::time::sleep(PAUSE).await;
                taken = self.ask(&node, DELIVER, &letters, TAKE_IN).await;
            }
            let strangers: Vec<u32> = match taken {
                Ok(strangers) => strangers,
                Err(error) if error.nobody_hears() => (0..letters.len() as u32).collect(),
                Err(error) => {
                    tracing::debug!("node {} did not take {} messages in: {error}", node.0, letters.len());
                    continue;
                }
            };
            for (shard, message) in strangers.iter().filter_map(|at| letters.get(*at as usize)) {
                if let Some(room) = self.room(shard, &message.from) {
                    room.post(Event::Unreachable(message.to.clone()));
                }
            }
        }
    }

    /// What is to be carried now; `None`: nothing, and the next message is carried by another task.
    fn next(&self, node: &NodeId) -> Option<Vec<Letter>> {
        let mut outboxes = self.outboxes.lock();
        let outbox = outboxes.get_mut(node)?;
        let (mut letters, mut bytes) = (Vec::new(), 0);
        while let Some((_, message)) = outbox.letters.front() {
            let size = size(message);
            if !letters.is_empty() && (letters.len() == BATCH || bytes + size > BATCH_BYTES) {
                break;
            }
            bytes += size;
            letters.extend(outbox.letters.pop_front());
        }
        outbox.bytes -= bytes;
        if letters.is_empty() {
            outboxes.remove(node);
            return None;
        }
        Some(letters)
    }

    /// Puts messages into their rooms. Out: those whose copies are not here, as far as the metadata that they were sent with is known.
    fn deliver(&self, letters: Vec<Letter>) -> Vec<u32> {
        let core = self.core();
        let operations = |(_, message): &Letter| match &message.body {
            Body::Replicate { entries, .. } => entries.iter().map(|entry| entry.operation.len() as u64).sum(),
            _ => 0,
        };
        let bytes = letters.iter().map(operations).sum();
        let _in_hand = core.as_ref().map(|core| core.pressure.replica.take(bytes));
        let version = self.state().version;
        let mut strangers = Vec::new();
        for (at, (shard, message)) in letters.into_iter().enumerate() {
            match self.room(&shard, &message.to) {
                Some(room) => room.post(Event::Received(message)),
                None if message.version <= version => strangers.push(at as u32),
                None => {}
            }
        }
        strangers
    }

    /// Has the elected node decide what only it may. Without an answer the protocol asks again.
    pub(super) fn question(self: &Arc<Self>, room: &Arc<Room>, question: Question) {
        let (exchange, room) = (self.clone(), room.clone());
        self.runtime.spawn(async move {
            let (command, term) = command(&room.shard, question);
            match exchange.metadata.propose(vec![command]).await {
                Ok(answers) if answers.iter().all(Result::is_ok) => {}
                Ok(answers) => {
                    for refused in answers.into_iter().filter_map(Result::err) {
                        tracing::debug!("shard {}[{}]: {refused}", room.index, room.shard.number);
                    }
                    let state = exchange.state();
                    let index = state.index_by_uuid(&room.shard.index);
                    let now = index.and_then(|index| index.shard(room.shard.number)).map(|table| table.term);
                    if let Some(now) = now.filter(|now| *now > term) {
                        room.post(Event::MasterRefused { term: now });
                    }
                }
                Err(error) => tracing::debug!("shard {}[{}]: {error}", room.index, room.shard.number),
            }
        });
    }
}

/// Also the term of the primary that asks.
fn command(shard: &ShardId, question: Question) -> (Command, PrimaryTerm) {
    let shard = shard.clone();
    match question {
        Question::FailCopy { copy: allocation, term, reason } => {
            let (reason, at_ms) = (reason.to_owned(), now_ms());
            (Command::CopyFailed { shard, allocation, term: Some(term), reason, at_ms }, term)
        }
        Question::CopyStarted { copy: allocation, term } => (Command::CopyStarted { shard, allocation, term }, term),
        Question::HandOver { to, term } => (Command::HandOver { shard, to, term }, term),
    }
}

fn size(message: &Message) -> usize {
    match &message.body {
        Body::Replicate { entries, .. } => entries.iter().map(|entry| 32 + entry.operation.len()).sum::<usize>() + 128,
        _ => 128,
    }
}

/// What this node answers to other nodes' rooms.
pub(crate) fn routes(core: &Arc<Core>, router: &mut Router) {
    on(core, router, DELIVER, |exchange, letters| async move { Ok(exchange.deliver(letters)) });
    files::routes(core, router);
    show::routes(core, router);
}

/// Answers questions of `kind`.
pub(super) fn on<Q, A, F>(
    core: &Arc<Core>,
    router: &mut Router,
    kind: &'static str,
    answer: impl Fn(Arc<Exchange>, Q) -> F + Send + Sync + 'static,
) where
    Q: DeserializeOwned + Send + 'static,
    A: Serialize,
    F: Future<Output = Result<A, Error>> + Send + 'static,
{
    let answer = Arc::new(answer);
    on_bytes(core, router, kind, move |exchange, question| {
        let answer = answer.clone();
        async move {
            let asked: Q = from_bytes(&question).map_err(|error| unreadable(kind, &error))?;
            drop(question);
            answer(exchange, asked).await
        }
    });
}

/// As [`on`], with the question as it came.
pub(super) fn on_bytes<A, F>(
    core: &Arc<Core>,
    router: &mut Router,
    kind: &'static str,
    answer: impl Fn(Arc<Exchange>, Bytes) -> F + Send + Sync + 'static,
) where
    A: Serialize,
    F: Future<Output = Result<A, Error>> + Send + 'static,
{
    let (core, answer) = (Arc::downgrade(core), Arc::new(answer));
    router.on(Class::Bulk, kind, move |question| {
        let (core, answer) = (core.upgrade(), answer.clone());
        async move {
            let core = core.ok_or_else(|| Error::new(ErrorKind::NodeDisconnected, "the node is shutting down"))?;
            answer(core.exchange.clone(), question.payload).await.map(|answer| to_bytes(&answer))
        }
    });
}

pub(super) fn unreadable(kind: &str, error: &Damaged) -> Error {
    Error::illegal_argument(format!("the question [{kind}] does not read: {error}"))
}
