//! From a directory to a log that can be written: what is there, whether it is whole, what a crash left behind.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::disk::{Disk, File};
use crate::error::{Damage, Error};
use crate::options::Options;
use crate::segment::{Mark, SEGMENT_HEADER, Segment, SegmentReader, Step, UNFINISHED, decode_header};
use crate::writer::{Writer, preallocation};

const COPIED_AT_ONCE: u64 = 1 << 20;

/// What [`crate::Log::open`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    pub entries: u64,
    /// With the header of each entry.
    pub bytes: u64,
    /// Entries below this are not in the log.
    pub first_seq: u64,
    /// One above the last entry.
    pub next_seq: u64,
    pub segments: usize,
    /// The log did not exist.
    pub created: bool,
    /// The end of the last segment that a crash left unfinished and that was cut off. None of it was ever reported safe under
    /// [`crate::Durability::Request`].
    pub torn: Option<Torn>,
}

/// A tail that was cut off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Torn {
    pub path: PathBuf,
    pub offset: u64,
    pub dropped_bytes: u64,
}

/// Reads every frame of the log in `directory` and makes what is there durable.
pub(crate) fn open(disk: Arc<dyn Disk>, directory: &Path, options: &Options) -> Result<(Writer, Recovery), Error> {
    let in_directory = |action| move |source| Error::io(action, directory, source);
    disk.create_dir(directory).map_err(in_directory("create"))?;
    let bases = list(&*disk, directory)?;
    let created = bases.is_empty();
    let (mut writer, torn) = match bases.split_last() {
        Some((last, closed)) => reopen(disk, directory, options, (closed, *last))?,
        None => (create(disk, directory, options)?, None),
    };
    let next_seq = writer.active.next_seq;
    // By the process before this one, perhaps. Entries that the owner has elsewhere need not be on the disk before the log is written
    // again: a node with hundreds of logs at rest must not sync each when it starts.
    writer.unsynced = !created;
    writer.unsynced_names = !created;
    if options.checkpoint.is_none_or(|checkpoint| next_seq > checkpoint + 1) {
        writer.sync()?;
    }
    if let Some(checkpoint) = options.checkpoint.filter(|checkpoint| next_seq <= *checkpoint) {
        return Err(Error::Lost { directory: directory.to_owned(), checkpoint, next_seq });
    }
    let counts = writer.counts();
    let recovery = Recovery {
        entries: counts.entries,
        bytes: counts.bytes,
        first_seq: writer.first_seq(),
        next_seq,
        segments: writer.segments(),
        created,
        torn,
    };
    Ok((writer, recovery))
}

/// The bases of the segments, rising. Removes what was being created when a process ended.
fn list(disk: &dyn Disk, directory: &Path) -> Result<Vec<u64>, Error> {
    let names = disk.list(directory).map_err(|e| Error::io("list", directory, e))?;
    for name in names.iter().filter(|name| name.strip_suffix(UNFINISHED).and_then(Segment::base_of).is_some()) {
        let path = directory.join(name);
        disk.remove(&path).map_err(|e| Error::io("remove", &path, e))?;
    }
    let mut bases: Vec<u64> = names.iter().filter_map(|name| Segment::base_of(name)).collect();
    bases.sort_unstable();
    Ok(bases)
}

fn create(disk: Arc<dyn Disk>, directory: &Path, options: &Options) -> Result<Writer, Error> {
    let salt = RandomState::new().hash_one(options.start);
    let active = Segment::empty(directory, options.start);
    let ahead = preallocation(0, options.preallocation);
    let file = active.create(&*disk, salt, ahead)?;
    Ok(writer(disk, options, salt, Found { closed: VecDeque::new(), allocated: active.length + ahead, active, file }))
}

struct Found {
    closed: VecDeque<Segment>,
    active: Segment,
    file: Arc<dyn File>,
    allocated: u64,
}

fn writer(disk: Arc<dyn Disk>, options: &Options, salt: u64, found: Found) -> Writer {
    Writer {
        disk,
        directory: found.active.path.parent().map(Path::to_owned).unwrap_or_default(),
        salt,
        segment_size: options.segment_size,
        preallocation: options.preallocation,
        closed: found.closed,
        active: found.active,
        file: found.file,
        allocated: found.allocated,
        unsynced: false,
        unsynced_names: false,
        written: 0,
    }
}

type Reopened = (Writer, Option<Torn>);

fn reopen(
    disk: Arc<dyn Disk>,
    directory: &Path,
    options: &Options,
    (bases, last): (&[u64], u64),
) -> Result<Reopened, Error> {
    let mut closed = VecDeque::new();
    let mut before = None;
    for base in bases {
        let mut scan = Scan::start(&*disk, directory, *base)?;
        scan.follow(before)?;
        if let Some(damage) = scan.damage {
            return Err(Error::corrupt(&scan.segment.path, scan.segment.length, damage));
        }
        before = Some((scan.salt, scan.segment.next_seq));
        closed.push_back(scan.segment);
    }
    let mut scan = Scan::start(&*disk, directory, last)?;
    scan.follow(before)?;
    let torn = scan.cut_torn_tail(options.checkpoint)?;
    scan.write_unproven_again()?;
    let found = Found { closed, active: scan.segment, file: scan.file, allocated: scan.length };
    Ok((writer(disk, options, scan.salt, found), torn))
}

/// One segment being read from its first byte to its last.
struct Scan {
    segment: Segment,
    file: Arc<dyn File>,
    /// Of the file.
    length: u64,
    salt: u64,
    reader: SegmentReader,
    /// Entries below this are known to be on the disk.
    durable_next_seq: u64,
    damage: Option<Damage>,
}

impl Scan {
    fn start(disk: &dyn Disk, directory: &Path, base: u64) -> Result<Self, Error> {
        let segment = Segment::empty(directory, base);
        let failed = |action| move |source| Error::io(action, &directory.join(format!("{base:020}.log")), source);
        let file = disk.open(&segment.path).map_err(failed("open"))?;
        let length = file.length().map_err(failed("measure"))?;
        let mut header = vec![0; SEGMENT_HEADER.min(length) as usize];
        file.read_at(&mut header, 0).map_err(failed("read"))?;
        let salt = decode_header(&header, base).ok_or_else(|| Error::corrupt(&segment.path, 0, Damage::NotASegment))?;
        let from = Mark { seq: base, offset: SEGMENT_HEADER, entries: 0 };
        let reader = SegmentReader::new(file.clone(), segment.path.clone(), salt, from, length);
        Ok(Self { segment, file, length, salt, reader, durable_next_seq: base, damage: None })
    }

    /// Reads the frames, after checking that the segment continues the one before it: of the same salt, up to this number.
    fn follow(&mut self, before: Option<(u64, u64)>) -> Result<(), Error> {
        let damage = match before {
            Some((salt, _)) if salt != self.salt => Damage::OtherLog,
            Some((_, next_seq)) if next_seq != self.segment.base => Damage::Gap,
            _ => return self.frames(),
        };
        Err(Error::corrupt(&self.segment.path, 0, damage))
    }

    fn frames(&mut self) -> Result<(), Error> {
        loop {
            let start = self.reader.offset;
            let seq = match self.reader.next()? {
                Step::Frame { seq, durable_next_seq, .. } => {
                    self.durable_next_seq = self.durable_next_seq.max(durable_next_seq);
                    seq
                }
                Step::End => return Ok(()),
                Step::Damaged(damage) => {
                    self.damage = Some(damage);
                    return Ok(());
                }
            };
            self.segment.grow(seq + 1, 1, self.reader.offset - start);
        }
    }

    /// Decides whether what does not read back was ever durable: an error if so, else it is cut off.
    fn cut_torn_tail(&mut self, checkpoint: Option<u64>) -> Result<Option<Torn>, Error> {
        let Some(damage) = self.damage else { return Ok(None) };
        let (path, offset) = (&self.segment.path, self.segment.length);
        let wreck = self.reader.wreck()?;
        if wreck.was_durable || checkpoint.is_some_and(|checkpoint| self.segment.next_seq <= checkpoint) {
            return Err(Error::corrupt(path, offset, damage));
        }
        self.file.truncate(offset).map_err(|e| Error::io("truncate", path, e))?;
        self.length = offset;
        Ok(Some(Torn { path: path.clone(), offset, dropped_bytes: wreck.length }))
    }

    /// Writes the entries again that nothing says were synced. Were the sync before the last end of the process one that failed, the
    /// operating system would hold them as clean and read them back, and a new sync would do nothing.
    fn write_unproven_again(&self) -> Result<(), Error> {
        let (path, end) = (&self.segment.path, self.segment.length);
        let mut at = self.segment.find(self.file.clone(), self.salt, self.durable_next_seq)?.offset;
        let mut bytes = vec![0; COPIED_AT_ONCE.min(end - at) as usize];
        while at < end {
            bytes.truncate((end - at).min(COPIED_AT_ONCE) as usize);
            self.file.read_at(&mut bytes, at).map_err(|e| Error::io("read", path, e))?;
            self.file.write_at(&bytes, at).map_err(|e| Error::io("write", path, e))?;
            at += bytes.len() as u64;
        }
        Ok(())
    }
}
