//! Recovery by files: the primary's commit goes to a copy that lacks too much for operations.
//!
//! The primary commits, holds the commit's files by links, and sends those that the other has not; then the other puts them in the place of
//! its own and goes on with operations. Several chunks are under way at a time, and the next is read meanwhile. They leave this node no faster than
//! they may ([`super::pace`]). A connection that breaks is waited for; what breaks off for longer is begun again by the protocol, under another
//! session, and goes on where it was ([`super::arrival`]), which also compares checksums.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use cluster::state::NodeId;
use grpc::call::CallError;
use grpc::route::Router;
use model::error::{Error, ErrorKind};
use model::id::{AllocationId, SeqNo, ShardId};
use model::wire::{from_beginning, to_bytes};
use replication::event::Event;
use replication::message::History;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use shard::engine::ShardCopy;
use shard::engine::snapshot::{HeldFile, Snapshot};
use tokio::task::JoinSet;

use super::arrival::{self, failed};
use super::exchange::{Exchange, on, on_bytes, unreadable};
use super::pace;
use super::room::Room;
use crate::core::Core;
use crate::identity;

const OFFER: &str = "replication.offer";
const CHUNK: &str = "replication.chunk";
/// Of one message.
const CHUNK_BYTES: u64 = 512 << 10;
/// Chunks that are on their way to a copy at a time: one is written there while the others travel.
const UNDER_WAY: usize = 8;
const INSTALL: &str = "replication.install";
/// For how long a node that cannot be reached is tried again, and how often.
const RESUME: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_secs(60);
/// Files are synced and a copy is opened.
const INSTALLING: Duration = Duration::from_secs(600);

/// What the files are for.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Target {
    shard: ShardId,
    copy: AllocationId,
    pub(super) session: u64,
}

/// What the files are; the answer is which of them are to be sent, and from where on.
#[derive(Serialize, Deserialize)]
pub(super) struct Offer {
    pub(super) target: Target,
    pub(super) files: Vec<Offered>,
}

/// A file, as the primary has it written down.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Offered {
    pub(super) name: String,
    pub(super) length: u64,
    pub(super) crc32: Option<u32>,
}

/// A part of a file. Its bytes follow as they are, to the end of the message.
#[derive(Serialize, Deserialize)]
pub(super) struct Chunk {
    pub(super) target: Target,
    pub(super) file: String,
    pub(super) offset: u64,
    /// How long the sender has held this recovery back so far.
    pub(super) throttled_ms: u64,
}

#[derive(Serialize, Deserialize)]
struct Install {
    target: Target,
    /// The files contain everything below it.
    below: u64,
    history: String,
}

/// Sends the files of the primary here to another copy.
pub(super) fn send(room: &Arc<Room>, engine: &Arc<ShardCopy>, to: AllocationId) {
    let (room, engine) = (room.clone(), engine.clone());
    let exchange = room.exchange.clone();
    exchange.spawn(async move {
        if let Err(error) = send_all(&room, engine, &to).await {
            tracing::warn!("files of shard {}[{}] could not be sent: {error}", room.index, room.shard.number);
            room.post(Event::Unreachable(to));
        }
    });
}

async fn send_all(room: &Arc<Room>, engine: Arc<ShardCopy>, to: &AllocationId) -> Result<(), Error> {
    let (begun, exchange) = (Instant::now(), &room.exchange);
    let node = room.desk.lock().places.get(to).cloned();
    let node = node.ok_or_else(|| Error::new(ErrorKind::NoShardAvailable, "the copy is no more"))?;
    let name = identity::random();
    let session = name.bytes().fold(0u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
    let held = exchange.run(move || engine.snapshot(&name)).await??;
    let target = Target { shard: room.shard.clone(), copy: to.clone(), session };
    let offered = |file: &HeldFile| Offered { name: file.name.clone(), length: file.length, crc32: file.crc32 };
    let offer = Offer { target: target.clone(), files: held.files.iter().map(offered).collect() };
    let offer = Bytes::from(to_bytes(&offer));
    let wanted: Vec<(String, u64)> = insist(exchange, &node, OFFER, offer).await?;
    let (below, history) = (held.next_seq, held.history.clone());
    let mut shipment = Shipment {
        exchange: exchange.clone(),
        node: node.clone(),
        target: target.clone(),
        held: Arc::new(held),
        under_way: JoinSet::new(),
        sent: 0,
        throttled: Duration::ZERO,
    };
    shipment.ship(&wanted).await?;
    let Shipment { sent, throttled, held: _held, .. } = shipment;
    let install = Install { target, below, history };
    match exchange.ask::<_, ()>(&node, INSTALL, &install, INSTALLING).await {
        Ok(()) => {}
        Err(CallError::Answered(refusal)) => return Err(*refusal),
        Err(error) if error.nothing_happened() => return Err(error.into()),
        // The copy tells by itself what it has from now on, or is waited for in vain.
        Err(error) => tracing::debug!("whether node {} has put files in their place is unknown: {error}", node.0),
    }
    tracing::info!(
        "shard {}[{}]: {} files, {sent} bytes went to node {} in {} ms, of which they were held back for {} ms",
        room.index,
        room.shard.number,
        wanted.len(),
        exchange.name_of(&node),
        begun.elapsed().as_millis(),
        throttled.as_millis()
    );
    Ok(())
}

/// Files on their way to one copy.
struct Shipment {
    exchange: Arc<Exchange>,
    node: NodeId,
    target: Target,
    held: Arc<Snapshot>,
    /// No longer than the shipment itself.
    under_way: JoinSet<Result<(), Error>>,
    sent: u64,
    throttled: Duration,
}

impl Shipment {
    /// `wanted`: names of files, and from where on. Returns when all of it has arrived.
    async fn ship(&mut self, wanted: &[(String, u64)]) -> Result<(), Error> {
        for (file, from) in wanted {
            self.ship_one(file, *from).await?;
        }
        while !self.under_way.is_empty() {
            self.one_arrives().await?;
        }
        Ok(())
    }

    async fn ship_one(&mut self, file: &str, from: u64) -> Result<(), Error> {
        let mut offset = from;
        loop {
            let most = pace::part(&self.exchange, CHUNK_BYTES);
            let (chunk, length) = self.read(file, offset, most).await?;
            while self.under_way.len() >= UNDER_WAY {
                self.one_arrives().await?;
            }
            let (exchange, node) = (self.exchange.clone(), self.node.clone());
            self.under_way.spawn(async move { insist(&exchange, &node, CHUNK, chunk).await });
            (self.sent, offset) = (self.sent + length, offset + length);
            self.throttled += pace::hold_back(&self.exchange, length).await;
            if length < most {
                return Ok(());
            }
        }
    }

    async fn one_arrives(&mut self) -> Result<(), Error> {
        let ended = |_| Error::new(ErrorKind::IllegalState, "a part of a file ended without an answer");
        self.under_way.join_next().await.map_or(Ok(()), |done| done.map_err(ended)?)
    }

    /// The message with so many bytes, fewer at the end; and how many.
    async fn read(&self, file: &str, offset: u64, most: u64) -> Result<(Bytes, u64), Error> {
        let throttled_ms = self.throttled.as_millis() as u64;
        let chunk = Chunk { target: self.target.clone(), file: file.to_owned(), offset, throttled_ms };
        let held = self.held.clone();
        let read = move || -> io::Result<(Bytes, u64)> {
            let mut bytes = to_bytes(&chunk);
            bytes.reserve_exact(most as usize);
            let mut file = File::open(held.path(&chunk.file))?;
            file.seek(SeekFrom::Start(offset))?;
            let length = file.take(most).read_to_end(&mut bytes)?;
            Ok((bytes.into(), length as u64))
        };
        self.exchange.run(read).await?.map_err(|error| failed(&error))
    }
}

/// Asks what may be carried out twice, and again while the node is in the cluster and cannot be reached.
async fn insist<A: DeserializeOwned>(
    exchange: &Exchange,
    node: &NodeId,
    kind: &'static str,
    question: Bytes,
) -> Result<A, Error> {
    let begun = Instant::now();
    loop {
        let error = match exchange.ask_with(node, kind, question.clone(), PATIENCE).await {
            Ok(answer) => return Ok(answer),
            Err(CallError::Answered(refusal)) => return Err(*refusal),
            Err(error) => error,
        };
        if begun.elapsed() > RESUME || !exchange.state().nodes.contains_key(node) {
            return Err(error.into());
        }
        tracing::debug!("[{kind}] goes to node {} once more: {error}", node.0);
        tokio::time::sleep(PAUSE).await;
    }
}

/// The room that receives.
fn receiver(exchange: &Exchange, target: &Target) -> Result<Arc<Room>, Error> {
    let gone = || Error::new(ErrorKind::NoShardAvailable, "the copy does not recover here");
    exchange.room(&target.shard, &target.copy).ok_or_else(gone)
}

impl Room {
    /// Puts what was gathered in the place of the copy. Blocks until nobody uses the former one; nobody else waits for that: until then
    /// the copy has no engine, and what comes in is lost and sent again.
    fn install(self: &Arc<Self>, core: &Core, below: u64, history: String) -> Result<(), Error> {
        let history = History(history.into());
        {
            let mut desk = self.desk.lock();
            if !desk.protocol().is_some_and(|protocol| protocol.takes_files(SeqNo(below), &history)) {
                return Err(Error::new(ErrorKind::NoShardAvailable, "the copy has more than the files"));
            }
            drop(desk.take_engine());
        }
        let replaced = core.indexes.replace_files(self);
        let mut desk = self.desk.lock();
        match replaced {
            Ok(engine) => {
                desk.reopened(self, engine, below);
                self.follow_now(&mut desk);
                Ok(())
            }
            Err(reason) => {
                desk.close();
                Err(Error::new(ErrorKind::Io, reason))
            }
        }
    }
}

pub(super) fn routes(core: &Arc<Core>, router: &mut Router) {
    on(core, router, OFFER, |exchange, offer: Offer| async move {
        let room = receiver(&exchange, &offer.target)?;
        exchange.run(move || arrival::of(&room).write().begin(&room, &offer)).await?
    });
    on_bytes(core, router, CHUNK, |exchange, message| async move {
        let (chunk, bytes) = from_beginning::<Chunk>(&message).map_err(|error| unreadable(CHUNK, &error))?;
        let (room, bytes) = (receiver(&exchange, &chunk.target)?, message.slice_ref(bytes));
        exchange.run(move || arrival::of(&room).read().take(&room, &chunk, &bytes)).await?
    });
    on(core, router, INSTALL, |exchange, install: Install| async move {
        let room = receiver(&exchange, &install.target)?;
        let core =
            exchange.core().ok_or_else(|| Error::new(ErrorKind::NodeDisconnected, "the node is shutting down"))?;
        let install = move || {
            let arrival = arrival::of(&room);
            let mut arrival = arrival.write();
            arrival.finish(&room, &install.target)?;
            room.install(&core, install.below, install.history)
        };
        exchange.run(install).await?
    });
}
