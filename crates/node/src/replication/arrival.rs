//! What of a recovery's files has come to this node, gathered beside the copy's folder.
//!
//! It stays when a recovery breaks off: the next one of the shard is sent the rest, as long as the process lives. Segments never change, and
//! their names are drawn at random: what begins like one of the same name and length is its beginning. What the copy has already is taken where
//! name, length and checksum are written down there as they are with the primary. What tells which documents count is named by its commit, and
//! each copy has commits of its own: such files are sent again. Before anything is put in its place all of it is read, and what is not as it
//! was made is forgotten, for the next recovery to bring.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use model::error::{Error, ErrorKind};
use model::recovery::RecoveredFile;
use parking_lot::{Mutex, RwLock};
use shard::engine::snapshot;

use super::files::{Chunk, Offer, Offered, Target};
use super::room::Room;

/// What of a file is not on the disk yet goes there when it is so much, or when the file is whole: while the rest is on its way.
const SYNC_BYTES: u64 = 8 << 20;
/// Threads that read what has come, in the end.
const READERS: usize = 4;

/// The files of one shard. Who takes parts in holds it for reading, so that none of a former recovery comes in late.
#[derive(Default)]
pub(super) struct Arrival {
    /// The recovery that goes on.
    session: Option<u64>,
    /// Every file that lies there.
    files: Mutex<BTreeMap<String, Gathered>>,
    /// What the copy's folder has otherwise than it was made.
    damaged: BTreeSet<String>,
}

/// What there is of a file.
#[derive(Debug, Default, PartialEq, Eq)]
struct Gathered {
    /// Of the whole, in bytes.
    length: u64,
    /// How many are here, from the first one on.
    here: u64,
    /// Where parts begin that came before those in front of them, and where they end.
    beyond: BTreeMap<u64, u64>,
    /// Bytes that came since it was last synced.
    unsynced: u64,
}

impl Gathered {
    /// A part has been written. Out: whether the file is to be synced now.
    fn take(&mut self, from: u64, to: u64) -> bool {
        let end = self.beyond.entry(from).or_insert(to);
        *end = to.max(*end);
        while let Some(next) = self.beyond.first_entry().filter(|next| *next.key() <= self.here) {
            self.here = self.here.max(next.remove());
        }
        self.unsynced += to.saturating_sub(from);
        let syncs = self.here == self.length || self.unsynced >= SYNC_BYTES;
        if syncs {
            self.unsynced = 0;
        }
        syncs
    }
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
            let here = self.files.get_mut().get(name).map_or(0, |file| file.here);
            let is_here = here == *length && here > 0
                || !self.damaged.contains(name) && own.has(name, *length, *crc32) && link(room, name, &to);
            let here = if is_here { *length } else { here };
            let gathered = Gathered { length: *length, here, ..Gathered::default() };
            self.files.get_mut().insert(name.clone(), gathered);
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
        let files = self.files.get_mut();
        if files.is_empty() {
            return Ok(snapshot::clear_incoming(directory)?);
        }
        // Beyond what counts there may be parts that came before others.
        let is_there = |name: &str, here: u64| {
            place(directory, name).is_ok_and(|path| fs::metadata(path).is_ok_and(|file| file.len() >= here))
        };
        let lengths: BTreeMap<&str, u64> = offered.iter().map(|file| (file.name.as_str(), file.length)).collect();
        let fits = |name: &str, here: u64| {
            lengths.get(name).is_some_and(|length| here <= *length) && is_fixed(name) && is_there(name, here)
        };
        let stale: Vec<String> =
            files.iter().filter(|(name, file)| !fits(name, file.here)).map(|(name, _)| name.clone()).collect();
        for name in stale {
            match fs::remove_file(place(directory, &name)?) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(&error)),
                _ => drop(files.remove(&name)),
            }
        }
        Ok(())
    }

    /// Takes in a part of a file, in whatever order they come. One that comes twice is taken in twice.
    pub(super) fn take(&self, room: &Room, chunk: &Chunk, bytes: &[u8]) -> Result<(), Error> {
        self.check(&chunk.target)?;
        let (name, end) = (&chunk.file, chunk.offset.saturating_add(bytes.len() as u64));
        let wrong = || Error::illegal_argument(format!("[{name}] is not expected up to [{end}]"));
        if self.files.lock().get(name).is_none_or(|file| end > file.length) {
            return Err(wrong());
        }
        let path = place(&room.directory, name)?;
        let write = || -> io::Result<File> {
            let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path)?;
            file.write_all_at(bytes, chunk.offset).map(|()| file)
        };
        let written = write().map_err(|error| failed(&error))?;
        let syncs = {
            let mut files = self.files.lock();
            let file = files.get_mut(name).ok_or_else(wrong)?;
            let syncs = file.take(chunk.offset, end);
            room.recovery.received(name, file.here, chunk.throttled_ms);
            syncs
        };
        match if syncs { written.sync_data() } else { Ok(()) } {
            Ok(()) => Ok(()),
            Err(error) => {
                // What of it is on the disk nobody knows: all of it comes again.
                self.files.lock().remove(name);
                Err(failed(&error))
            }
        }
    }

    /// Everything has come: nothing more is taken, and nothing of it is kept for another recovery. What has come to harm is named, and only that
    /// is to come again.
    pub(super) fn finish(&mut self, room: &Room, target: &Target) -> Result<(), Error> {
        self.check(target)?;
        let is_part = |file: &Gathered| file.here < file.length;
        let parts: Vec<String> =
            self.files.get_mut().iter().filter(|(_, file)| is_part(file)).map(|(name, _)| name.clone()).collect();
        if !parts.is_empty() {
            return Err(Error::illegal_argument(format!("files of a recovery are not whole: {}", parts.join(", "))));
        }
        let damaged = snapshot::damaged(&room.directory, READERS)?;
        if damaged.is_empty() {
            *self = Self::default();
            return Ok(());
        }
        self.session = None;
        for name in &damaged {
            self.files.get_mut().remove(name);
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
pub(super) fn of(room: &Room) -> Arc<RwLock<Arrival>> {
    room.exchange.arrivals.lock().entry(room.shard.clone()).or_default().clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_file_count_when_those_before_them_are_here() {
        let mut file = Gathered { length: 10, here: 2, ..Gathered::default() };
        for (from, to, here) in [(6, 8, 2), (4, 6, 2), (2, 4, 8), (2, 4, 8), (0, 6, 8)] {
            assert!(!file.take(from, to));
            assert_eq!(file.here, here, "after {from}..{to}");
        }
        assert!(file.take(8, 10), "the whole is synced");
        assert_eq!((file.here, file.beyond.len(), file.unsynced), (10, 0, 0));
    }

    #[test]
    fn a_long_file_is_synced_as_it_comes() {
        let mut file = Gathered { length: 4 * SYNC_BYTES, ..Gathered::default() };
        let part = SYNC_BYTES / 4;
        let synced: Vec<bool> = (1..9).map(|n| file.take(n * part, (n + 1) * part)).collect();
        assert_eq!(synced, [false, false, false, true, false, false, false, true]);
        assert_eq!(file.here, 0, "its beginning is missing");
    }
}
