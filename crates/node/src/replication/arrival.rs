//! What of a recovery's files has come to this node, gathered beside the copy's folder.
//!
//! It stays when a recovery breaks off: the next one of the shard is sent the rest, as long as the process lives. Segments never change, and
//! their names are drawn at random: what begins like one of the same name and length is its beginning. What tells which documents count is
//! named by its commit, and each copy has commits of its own: such files are sent again.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

use model::error::{Error, ErrorKind};
use model::recovery::RecoveredFile;
use shard::engine::snapshot;

use super::files::{Chunk, Offer, Target};
use super::room::Room;

/// The files of one shard.
#[derive(Default)]
pub(super) struct Arrival {
    /// The recovery that goes on.
    session: Option<u64>,
    /// Every file that lies there, and how many of its bytes, from the first one on.
    files: BTreeMap<String, u64>,
}

impl Arrival {
    /// Begins a recovery. Out: which files are to be sent, and from where on; what lies in the copy's folder already is linked.
    pub(super) fn begin(&mut self, room: &Room, offer: &Offer) -> Result<Vec<(String, u64)>, Error> {
        self.session = Some(offer.target.session);
        self.keep(&room.directory, &offer.files)?;
        let (mut wanted, mut known) = (Vec::new(), Vec::new());
        for (name, length) in &offer.files {
            let to = place(&room.directory, name)?;
            to.parent().map_or(Ok(()), fs::create_dir_all).map_err(|error| failed(&error))?;
            let here = self.files.get(name).copied().unwrap_or(0);
            let is_here =
                here == *length && here > 0 || is_same(&room.directory, name, *length) && link(room, name, &to);
            let here = if is_here { *length } else { here };
            self.files.insert(name.clone(), here);
            let recovered = if is_here { 0 } else { here };
            known.push(RecoveredFile { name: name.clone(), length: *length, reused: is_here, recovered });
            if !is_here {
                wanted.push((name.clone(), here));
            }
        }
        room.recovery.files(known);
        Ok(wanted)
    }

    /// Forgets what is not offered, and what may be otherwise than it is offered.
    fn keep(&mut self, directory: &Path, offered: &[(String, u64)]) -> Result<(), Error> {
        if self.files.is_empty() {
            return Ok(snapshot::clear_incoming(directory)?);
        }
        let is_there = |name: &str, here: u64| {
            place(directory, name).is_ok_and(|path| fs::metadata(path).is_ok_and(|file| file.len() == here))
        };
        let lengths: BTreeMap<&str, u64> = offered.iter().map(|(name, length)| (name.as_str(), *length)).collect();
        let fits = |name: &str, here: u64| {
            lengths.get(name).is_some_and(|length| here <= *length) && is_fixed(name) && is_there(name, here)
        };
        let stale: Vec<String> =
            self.files.iter().filter(|(name, here)| !fits(name, **here)).map(|(name, _)| name.clone()).collect();
        for name in stale {
            match fs::remove_file(place(directory, &name)?) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(&error)),
                _ => drop(self.files.remove(&name)),
            }
        }
        Ok(())
    }

    /// Takes in a part of a file. One that comes twice is taken in twice.
    pub(super) fn take(&mut self, room: &Room, chunk: &Chunk) -> Result<(), Error> {
        self.check(&chunk.target)?;
        let here = self.files.get_mut(&chunk.file).filter(|here| chunk.offset <= **here);
        let gap = || Error::illegal_argument(format!("[{}] has a gap before [{}]", chunk.file, chunk.offset));
        let here = here.ok_or_else(gap)?;
        let path = place(&room.directory, &chunk.file)?;
        let write = || -> io::Result<()> {
            let mut file = OpenOptions::new().create(true).truncate(false).write(true).open(&path)?;
            file.seek(SeekFrom::Start(chunk.offset))?;
            file.write_all(&chunk.bytes)
        };
        write().map_err(|error| failed(&error))?;
        *here = (*here).max(chunk.offset + chunk.bytes.len() as u64);
        room.recovery.received(&chunk.file, *here, chunk.throttled_ms);
        Ok(())
    }

    /// Everything has come: nothing more is taken, and nothing of it is kept for another recovery.
    pub(super) fn finish(&mut self, target: &Target) -> Result<(), Error> {
        self.check(target)?;
        *self = Self::default();
        Ok(())
    }

    fn check(&self, target: &Target) -> Result<(), Error> {
        match self.session == Some(target.session) {
            true => Ok(()),
            false => Err(Error::new(ErrorKind::NoShardAvailable, "the recovery does not go on here")),
        }
    }
}

/// Whether a file of this name is always the same: a part of a segment.
fn is_fixed(name: &str) -> bool {
    name.matches('/').count() == 2
}

fn is_same(directory: &Path, name: &str, length: u64) -> bool {
    is_fixed(name) && fs::metadata(directory.join(name)).is_ok_and(|own| own.len() == length)
}

/// Whether it worked. A beginning that came before gives way to the whole.
fn link(room: &Room, name: &str, to: &Path) -> bool {
    // Where there is none there is nothing to remove.
    let _ = fs::remove_file(to);
    fs::hard_link(room.directory.join(name), to).is_ok()
}

fn place(directory: &Path, name: &str) -> Result<std::path::PathBuf, Error> {
    snapshot::incoming(directory, name).ok_or_else(|| Error::illegal_argument(format!("[{name}] is no file of a copy")))
}

pub(super) fn failed(error: &io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("files of a recovery: {error}"))
}

/// Of the room's shard.
pub(super) fn of(room: &Room) -> Arc<parking_lot::Mutex<Arrival>> {
    room.exchange.arrivals.lock().entry(room.shard.clone()).or_default().clone()
}
