//! Recovery by files: the primary's commit goes to a copy that lacks too much for operations.
//!
//! The primary commits, holds the commit's files by links, and sends those that the other has not; then the other puts them in the place of
//! its own and goes on with operations. Segments never change and their names are drawn at random, so one of the same name and length is the
//! same. What breaks off is begun again by the protocol, under another session.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use grpc::route::Router;
use model::error::{Error, ErrorKind};
use model::id::{AllocationId, SeqNo, ShardId};
use replication::event::Event;
use replication::message::History;
use serde::{Deserialize, Serialize};
use shard::engine::ShardCopy;
use shard::engine::snapshot::{self, Snapshot};

use super::exchange::{Exchange, on};
use super::room::Room;
use crate::core::Core;
use crate::identity;

const OFFER: &str = "replication.offer";
const CHUNK: &str = "replication.chunk";
const INSTALL: &str = "replication.install";
const CHUNK_BYTES: usize = 512 << 10;
const PATIENCE: Duration = Duration::from_secs(60);
/// Files are synced and a copy is opened.
const INSTALLING: Duration = Duration::from_secs(600);

/// What the files are for.
#[derive(Clone, Serialize, Deserialize)]
struct Target {
    shard: ShardId,
    copy: AllocationId,
    session: u64,
}

/// Names and lengths; the answer is which of them are to be sent.
#[derive(Serialize, Deserialize)]
struct Offer {
    target: Target,
    files: Vec<(String, u64)>,
}

#[derive(Serialize, Deserialize)]
struct Chunk {
    target: Target,
    file: String,
    offset: u64,
    #[serde(with = "model::wire::bytes")]
    bytes: Arc<[u8]>,
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
    let offer = Offer { target: target.clone(), files: held.files.clone() };
    let wanted: Vec<String> = exchange.ask(&node, OFFER, &offer, PATIENCE).await?;
    let held = Arc::new(held);
    let mut sent = 0;
    for file in &wanted {
        let mut offset = 0;
        loop {
            let bytes = read(exchange, &held, file, offset).await?;
            let length = bytes.len() as u64;
            let chunk = Chunk { target: target.clone(), file: file.clone(), offset, bytes };
            exchange.ask::<_, ()>(&node, CHUNK, &chunk, PATIENCE).await?;
            (sent, offset) = (sent + length, offset + length);
            if length < CHUNK_BYTES as u64 {
                break;
            }
        }
    }
    let install = Install { target, below: held.next_seq, history: held.history.clone() };
    exchange.ask::<_, ()>(&node, INSTALL, &install, INSTALLING).await?;
    tracing::info!(
        "shard {}[{}]: {} files, {sent} bytes went to node {} in {} ms",
        room.index,
        room.shard.number,
        wanted.len(),
        node.0,
        begun.elapsed().as_millis()
    );
    Ok(())
}

/// As many bytes as a chunk has, fewer at the end.
async fn read(exchange: &Exchange, held: &Arc<Snapshot>, file: &str, offset: u64) -> Result<Arc<[u8]>, Error> {
    let path = held.path(file);
    let held = held.clone();
    let read = move || -> io::Result<Arc<[u8]>> {
        let _held = held;
        let mut bytes = Vec::with_capacity(CHUNK_BYTES);
        let mut file = File::open(&path)?;
        file.seek(SeekFrom::Start(offset))?;
        file.take(CHUNK_BYTES as u64).read_to_end(&mut bytes)?;
        Ok(bytes.into())
    };
    exchange.run(read).await?.map_err(|error| failed(&error))
}

fn failed(error: &io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("files of a recovery: {error}"))
}

/// The room that receives, if the session is the one that goes on there.
fn receiver(exchange: &Exchange, target: &Target, begins: bool) -> Result<Arc<Room>, Error> {
    let gone = || Error::new(ErrorKind::NoShardAvailable, "the copy does not recover here");
    let room = exchange.room(&target.shard, &target.copy).ok_or_else(gone)?;
    let mut desk = room.desk.lock();
    if begins {
        desk.receiving = Some(target.session);
    }
    let goes_on = desk.receiving == Some(target.session);
    drop(desk);
    if goes_on { Ok(room) } else { Err(gone()) }
}

/// What of the offered files is to be sent: what lies here already is linked.
fn gather(directory: &Path, files: &[(String, u64)]) -> Result<Vec<String>, Error> {
    snapshot::clear_incoming(directory)?;
    let mut wanted = Vec::new();
    for (file, length) in files {
        let unknown = || Error::illegal_argument(format!("[{file}] is no file of a copy"));
        let to = snapshot::incoming(directory, file).ok_or_else(unknown)?;
        to.parent().map_or(Ok(()), fs::create_dir_all).map_err(|error| failed(&error))?;
        let own = directory.join(file);
        // What tells which documents count is named by its commit, and each copy has commits of its own.
        let same = file.matches('/').count() == 2 && fs::metadata(&own).is_ok_and(|own| own.len() == *length);
        if !same || fs::hard_link(&own, &to).is_err() {
            wanted.push(file.clone());
        }
    }
    Ok(wanted)
}

fn write(directory: &Path, chunk: &Chunk) -> Result<(), Error> {
    let unknown = || Error::illegal_argument(format!("[{}] is no file of a copy", chunk.file));
    let path = snapshot::incoming(directory, &chunk.file).ok_or_else(unknown)?;
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new().create(true).truncate(false).write(true).open(&path)?;
        file.seek(SeekFrom::Start(chunk.offset))?;
        file.write_all(&chunk.bytes)
    };
    write().map_err(|error| failed(&error))
}

impl Room {
    /// Puts what was gathered in the place of the copy. Blocks until nobody uses the former one; nobody else waits for that: until then
    /// the copy has no engine, and what comes in is lost and sent again.
    fn install(self: &Arc<Self>, core: &Core, below: u64, history: String) -> Result<(), Error> {
        let history = History(history.into());
        {
            let mut desk = self.desk.lock();
            desk.receiving = None;
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
        let room = receiver(&exchange, &offer.target, true)?;
        exchange.run(move || gather(&room.directory, &offer.files)).await?
    });
    on(core, router, CHUNK, |exchange, chunk: Chunk| async move {
        let room = receiver(&exchange, &chunk.target, false)?;
        exchange.run(move || write(&room.directory, &chunk)).await?
    });
    on(core, router, INSTALL, |exchange, install: Install| async move {
        let room = receiver(&exchange, &install.target, false)?;
        let core =
            exchange.core().ok_or_else(|| Error::new(ErrorKind::NodeDisconnected, "the node is shutting down"))?;
        exchange.run(move || room.install(&core, install.below, install.history)).await?
    });
}
