//! What of a recovery's files has come to this node, gathered beside the copy's folder.
//!
//! It stays when a recovery breaks off: the next one of the shard is sent the rest, as long as the process lives. Segments never change, and
//! their names are drawn at random: what begins like one of the same name and length is its beginning. What the copy has already is taken where
//! name, length and checksum are written down there as they are with the primary. What tells which documents count is named by its commit, and
//! each copy has commits of its own: such files are sent again. Before anything is put in its place all of it is read, and what is not as it
//! was made is forgotten, for the next recovery to bring.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

use model::error::{Error, ErrorKind};
use model::recovery::RecoveredFile;
use shard::engine::snapshot;

use super::files::{Chunk, Offer, Offered, Target};
use super::room::Room;

/// The files of one shard.
#[derive(Default)]
pub(super) struct Arrival {
    /// The recovery that goes on.
    session: Option<u64>,
    /// Every file that lies there, and how many of its bytes, from the first one on.
    files: BTreeMap<String, u64>,
    /// What the copy's folder has otherwise than it was made.
    damaged: BTreeSet<String>,
}

impl Arrival {
    /// Begins a recovery. Out: which files are to be sent, and from where on; what lies in the copy's folder already is linked.
    pub(super) fn begin(&mut self, room: &Room, offer: &Offer) -> Result<Vec<(String, u64)>, Error> {
        self.session = Some(offer.target.session);
        self.keep(&room.directory, &offer.files)?;
        let (mut wanted, mut known) = (Vec::new(), Vec::new());
        let mut own = Own { directory: &room.directory, segment: String::new(), checksums: BTreeMap::new() };
        for Offered { name, length, crc32 } in &offer.files {
            let to = place(&room.directory, name)?;
            to.parent().map_or(Ok(()), fs::create_dir_all).map_err(|error| failed(&error))?;
            let here = self.files.get(name).copied().unwrap_or(0);
            let is_here = here == *length && here > 0
                || !self.damaged.contains(name) && own.has(name, *length, *crc32) && link(room, name, &to);
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
    fn keep(&mut self, directory: &Path, offered: &[Offered]) -> Result<(), Error> {
        if self.files.is_empty() {
            return Ok(snapshot::clear_incoming(directory)?);
        }
        let is_there = |name: &str, here: u64| {
            place(directory, name).is_ok_and(|path| fs::metadata(path).is_ok_and(|file| file.len() == here))
        };
        let lengths: BTreeMap<&str, u64> = offered.iter().map(|file| (file.name.as_str(), file.length)).collect();
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

    /// Everything has come: nothing more is taken, and nothing of it is kept for another recovery. What has come to harm is named, and only that
    /// is to come again.
    pub(super) fn finish(&mut self, room: &Room, target: &Target) -> Result<(), Error> {
        self.check(target)?;
        let damaged = snapshot::damaged(&room.directory)?;
        if damaged.is_empty() {
            *self = Self::default();
            return Ok(());
        }
        self.session = None;
        for name in &damaged {
            self.files.remove(name);
            fs::remove_file(place(&room.directory, name)?).map_err(|error| failed(&error))?;
        }
        let reason = format!("files of a recovery are not as they were made: {}", damaged.join(", "));
        self.damaged.extend(damaged);
        Err(Error::new(ErrorKind::Io, reason))
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

/// What lies in the copy's folder.
struct Own<'a> {
    directory: &'a Path,
    /// Whose checksums were read last: files are offered by segment.
    segment: String,
    checksums: BTreeMap<String, u32>,
}

impl Own<'_> {
    /// Whether a file is there as it was offered.
    fn has(&mut self, name: &str, length: u64, crc32: Option<u32>) -> bool {
        let Some(segment) = name.split('/').nth(1).filter(|_| is_fixed(name)) else { return false };
        if self.segment != segment {
            (self.segment, self.checksums) = (segment.to_owned(), snapshot::checksums(self.directory, segment));
        }
        let is_as_long = fs::metadata(self.directory.join(name)).is_ok_and(|own| own.len() == length);
        is_as_long && self.checksums.get(name).copied() == crc32
    }
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
