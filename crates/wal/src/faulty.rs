//! A disk in memory for tests: it fails on demand, forgets what was not synced, and can be damaged by hand.
//!
//! After [`FaultyDisk::crash`] files hold what was synced and, as [`Crash`] has it, some of what was not, sector by sector; names
//! likewise, in the order in which they were made. A sync that failed marks its bytes as clean without having written them, as some
//! operating systems do: a second sync succeeds and they are lost all the same. Handles from before a crash fail.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::disk::{Disk, File};

/// What a disk writes as a whole.
pub const SECTOR: usize = 512;

/// What becomes of bytes and names that were not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crash {
    /// The process ended; the operating system lives: everything is kept.
    Process,
    /// The power failed before any of it was written.
    Lost,
    /// The power failed; each sector was written or not as drawn from the seed, and a part of the names.
    Torn { seed: u64 },
}

/// How often each kind of call was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Calls {
    pub total: u64,
    pub writes: u64,
    pub syncs: u64,
    pub dir_syncs: u64,
}

/// Cloned handles are the same disk. Paths are plain names: directories need not be made and are never listed as entries.
#[derive(Clone, Default)]
pub struct FaultyDisk {
    world: Arc<Mutex<World>>,
}

#[derive(Default)]
struct World {
    files: Vec<Content>,
    names: Names,
    durable_names: Names,
    /// Changes of names since the last sync of a directory, in order.
    changes: Vec<Change>,
    calls: Calls,
    fail_at: Option<u64>,
    fired: bool,
    epoch: u64,
}

type Names = BTreeMap<PathBuf, usize>;

#[derive(Clone)]
enum Change {
    Create(PathBuf, usize),
    Rename(PathBuf, PathBuf),
    Remove(PathBuf),
}

#[derive(Default)]
struct Content {
    current: Vec<u8>,
    durable: Vec<u8>,
    /// Sectors that a failed sync gave up.
    given_up: BTreeSet<usize>,
}

impl FaultyDisk {
    /// Makes the call with this number fail, counted from the next one as 0. A write that fails has written half.
    pub fn fail_call(&self, number: u64) {
        let mut world = self.world();
        world.fail_at = Some(world.calls.total + number);
        world.fired = false;
    }

    /// Makes no call fail from now on. Says whether one did.
    pub fn stop_failing(&self) -> bool {
        let mut world = self.world();
        world.fail_at = None;
        world.fired
    }

    pub fn calls(&self) -> Calls {
        self.world().calls
    }

    /// The machine or the process ends and starts again.
    pub fn crash(&self, crash: Crash) {
        let mut world = self.world();
        world.epoch += 1;
        world.fail_at = None;
        let mut draw = Draw(match crash {
            Crash::Torn { seed } => seed.wrapping_mul(2).wrapping_add(1),
            _ => 1,
        });
        let kept = match crash {
            Crash::Process => world.changes.len(),
            Crash::Lost => 0,
            Crash::Torn { .. } => draw.below(world.changes.len() + 1),
        };
        if crash == Crash::Process {
            return;
        }
        let mut names = world.durable_names.clone();
        for change in world.changes.drain(..).take(kept) {
            change.apply(&mut names);
        }
        world.durable_names.clone_from(&names);
        world.names = names;
        for content in &mut world.files {
            content.crash(crash, &mut draw);
        }
    }

    /// The bytes of a file, for tests that damage them.
    pub fn read(&self, path: &Path) -> Option<Vec<u8>> {
        let world = self.world();
        world.names.get(path).map(|file| world.files[*file].current.clone())
    }

    /// Replaces a file's bytes, durably.
    pub fn overwrite(&self, path: &Path, bytes: Vec<u8>) {
        let mut world = self.world();
        if let Some(file) = world.names.get(path).copied() {
            world.files[file] = Content { current: bytes.clone(), durable: bytes, given_up: BTreeSet::new() };
        }
    }

    /// All files, by name.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.world().names.keys().cloned().collect()
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call; an error when it is the one to fail.
    fn call(&self) -> io::Result<MutexGuard<'_, World>> {
        let mut world = self.world();
        if world.count() { Err(injected()) } else { Ok(world) }
    }

    fn handle(&self, world: &World, file: usize) -> Arc<dyn File> {
        Arc::new(Handle { disk: self.clone(), file, epoch: world.epoch })
    }
}

fn injected() -> io::Error {
    io::Error::other("injected fault")
}

impl World {
    fn count(&mut self) -> bool {
        let fails = self.fail_at == Some(self.calls.total);
        self.calls.total += 1;
        self.fired |= fails;
        fails
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.names);
        self.changes.push(change);
    }

    fn file(&self, path: &Path) -> io::Result<usize> {
        self.names.get(path).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Change {
    fn apply(&self, names: &mut Names) {
        match self {
            Change::Create(path, file) => drop(names.insert(path.clone(), *file)),
            Change::Rename(from, to) => {
                if let Some(file) = names.remove(from) {
                    names.insert(to.clone(), file);
                }
            }
            Change::Remove(path) => drop(names.remove(path)),
        }
    }
}

impl Content {
    /// Brings a sector, or what the file has of it, to the disk.
    fn settle(&mut self, sector: usize) {
        let start = (sector * SECTOR).min(self.current.len());
        let end = (start + SECTOR).min(self.current.len());
        if self.durable.len() < end {
            self.durable.resize(end, 0);
        }
        self.durable[start..end].copy_from_slice(&self.current[start..end]);
    }

    fn sectors(&self) -> usize {
        self.current.len().div_ceil(SECTOR)
    }

    fn touch(&mut self, start: usize, end: usize) {
        let touched = start / SECTOR..end.div_ceil(SECTOR);
        self.given_up.retain(|sector| !touched.contains(sector));
    }

    fn sync(&mut self) {
        self.durable.resize(self.current.len(), 0);
        for sector in 0..self.sectors() {
            if !self.given_up.contains(&sector) {
                self.settle(sector);
            }
        }
    }

    fn sync_failed(&mut self) {
        for sector in 0..self.sectors() {
            let range = sector * SECTOR..(sector * SECTOR + SECTOR).min(self.current.len());
            if self.durable.get(range.clone()) != Some(&self.current[range]) {
                self.given_up.insert(sector);
            }
        }
    }

    fn crash(&mut self, crash: Crash, draw: &mut Draw) {
        if let Crash::Torn { .. } = crash {
            if draw.coin() {
                self.durable.resize(self.current.len(), 0);
            }
            let whole = self.durable.len();
            for sector in 0..whole.div_ceil(SECTOR) {
                if draw.coin() && !self.given_up.contains(&sector) {
                    self.settle(sector);
                }
            }
            self.durable.truncate(whole);
        }
        self.current.clone_from(&self.durable);
        self.given_up.clear();
    }
}

/// Numbers from a seed (the mixing step of SplitMix64, Steele et al. 2014).
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn coin(&mut self) -> bool {
        self.next() & 1 == 1
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}

impl Disk for FaultyDisk {
    fn create(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        let mut world = self.call()?;
        if world.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let file = world.files.len();
        world.files.push(Content::default());
        world.change(Change::Create(path.to_owned(), file));
        Ok(self.handle(&world, file))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        let world = self.call()?;
        let file = world.file(path)?;
        Ok(self.handle(&world, file))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut world = self.call()?;
        world.file(from)?;
        world.change(Change::Rename(from.to_owned(), to.to_owned()));
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut world = self.call()?;
        world.file(path)?;
        world.change(Change::Remove(path.to_owned()));
        Ok(())
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        let world = self.call()?;
        let inside = world.names.keys().filter(|path| path.parent() == Some(directory));
        Ok(inside.filter_map(|path| path.file_name()?.to_str().map(str::to_owned)).collect())
    }

    fn create_dir(&self, _: &Path) -> io::Result<()> {
        self.call().map(drop)
    }

    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        let mut world = self.call()?;
        world.calls.dir_syncs += 1;
        world.changes.clear();
        world.durable_names = world.names.clone();
        Ok(())
    }
}

struct Handle {
    disk: FaultyDisk,
    file: usize,
    epoch: u64,
}

impl Handle {
    /// Counts a call and does it; `on_fault` instead when it is the one to fail.
    fn call<R>(
        &self,
        work: impl FnOnce(&mut Content, &mut Calls) -> R,
        on_fault: impl FnOnce(&mut Content),
    ) -> io::Result<R> {
        let mut world = self.disk.world();
        if world.epoch != self.epoch {
            return Err(io::Error::other("a handle from before the crash"));
        }
        let fails = world.count();
        let World { files, calls, .. } = &mut *world;
        let content = &mut files[self.file];
        if fails {
            on_fault(content);
            return Err(injected());
        }
        Ok(work(content, calls))
    }
}

fn write(content: &mut Content, bytes: &[u8], offset: usize) {
    let end = offset + bytes.len();
    if content.current.len() < end {
        content.current.resize(end, 0);
    }
    content.current[offset..end].copy_from_slice(bytes);
    content.touch(offset, end);
}

impl File for Handle {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let offset = offset as usize;
        let whole = |content: &mut Content, calls: &mut Calls| {
            calls.writes += 1;
            write(content, bytes, offset);
        };
        self.call(whole, |content| write(content, &bytes[..bytes.len() / 2], offset))
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        let offset = offset as usize;
        let read = |content: &mut Content, _: &mut Calls| match content.current.get(offset..offset + bytes.len()) {
            Some(found) => {
                bytes.copy_from_slice(found);
                Ok(())
            }
            None => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
        };
        self.call(read, |_| {})?
    }

    fn length(&self) -> io::Result<u64> {
        self.call(|content, _| content.current.len() as u64, |_| {})
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        let cut = |content: &mut Content, _: &mut Calls| {
            let (before, after) = (content.current.len(), length as usize);
            content.current.resize(after, 0);
            content.touch(before.min(after), before.max(after));
        };
        self.call(cut, |_| {})
    }

    fn sync_data(&self) -> io::Result<()> {
        let sync = |content: &mut Content, calls: &mut Calls| {
            calls.syncs += 1;
            content.sync();
        };
        self.call(sync, Content::sync_failed)
    }
}
