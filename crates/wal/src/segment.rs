//! One file of a log: a header of 32 bytes, then frames, then zeros that were written ahead.
//!
//! ```text
//! 0 "shoalwal"   8 format, u32   12 base, u64   20 salt, u64   28 CRC-32 of bytes 0..28, u32
//! ```
//!
//! `base` is one above the last sequence number before the segment, and its name. A segment is created whole under another name,
//! synced and renamed, and the one before it is synced first: so only the last segment can have a torn tail.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::disk::{Disk, File};
use crate::error::{Damage, Error};
use crate::frame::{HEADER_LENGTH, Header, is_zero, u64_at};

pub(crate) const SEGMENT_HEADER: u64 = 32;
pub(crate) const UNFINISHED: &str = ".new";
const MAGIC: &[u8; 8] = b"shoalwal";
const FORMAT: u32 = 1;
/// Bytes read at once, and the distance of the marks.
const WINDOW: u64 = 128 << 10;

/// What the log remembers of one segment.
#[derive(Debug, Clone)]
pub(crate) struct Segment {
    pub(crate) path: PathBuf,
    pub(crate) base: u64,
    /// One above the last entry, or `base`.
    pub(crate) next_seq: u64,
    pub(crate) entries: u64,
    /// Where the last frame ends.
    pub(crate) length: u64,
    marks: Vec<Mark>,
}

/// A place between two frames: all `entries` before it have sequence numbers below `seq`, all from `offset` on have not. `seq` is one
/// above the last entry before it, or the segment's base.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    pub(crate) seq: u64,
    pub(crate) offset: u64,
    pub(crate) entries: u64,
}

impl Segment {
    pub(crate) fn empty(directory: &Path, base: u64) -> Self {
        let path = directory.join(format!("{base:020}.log"));
        Self { path, base, next_seq: base, entries: 0, length: SEGMENT_HEADER, marks: Vec::new() }
    }

    /// The base in a segment's name; `None` for other files.
    pub(crate) fn base_of(name: &str) -> Option<u64> {
        let digits = name.strip_suffix(".log").filter(|d| d.len() == 20 && d.bytes().all(|b| b.is_ascii_digit()))?;
        digits.parse().ok()
    }

    /// Writes an empty segment with `preallocation` zeros, durably. Gives its open file.
    pub(crate) fn create(&self, disk: &dyn Disk, salt: u64, preallocation: u64) -> Result<Arc<dyn File>, Error> {
        let unfinished = self.path.with_extension(format!("log{UNFINISHED}"));
        let failed = |action| move |source| Error::io(action, &self.path, source);
        let file = disk.create(&unfinished).map_err(failed("create"))?;
        let mut bytes = encode_header(self.base, salt);
        bytes.resize(bytes.len() + preallocation as usize, 0);
        file.write_at(&bytes, 0).map_err(failed("write"))?;
        file.sync_data().map_err(failed("sync"))?;
        disk.rename(&unfinished, &self.path).map_err(failed("name"))?;
        let directory = self.path.parent().unwrap_or(Path::new("."));
        disk.sync_dir(directory).map_err(|source| Error::io("sync", directory, source))?;
        Ok(file)
    }

    /// Counts frames that were added at the end.
    pub(crate) fn grow(&mut self, next_seq: u64, entries: u64, bytes: u64) {
        if self.marks.last().is_none_or(|mark| self.length - mark.offset >= WINDOW) {
            self.marks.push(self.end());
        }
        self.next_seq = next_seq;
        self.entries += entries;
        self.length += bytes;
    }

    /// Forgets the frames from a place on.
    pub(crate) fn cut(&mut self, at: Mark) {
        self.marks.retain(|mark| mark.offset < at.offset);
        self.next_seq = at.seq;
        self.entries = at.entries;
        self.length = at.offset;
    }

    fn end(&self) -> Mark {
        Mark { seq: self.next_seq, offset: self.length, entries: self.entries }
    }

    /// A place at or before the first entry with at least this sequence number.
    pub(crate) fn mark_before(&self, seq: u64) -> Mark {
        let after = self.marks.partition_point(|mark| mark.seq <= seq);
        let start = Mark { seq: self.base, offset: SEGMENT_HEADER, entries: 0 };
        after.checked_sub(1).map_or(start, |i| self.marks[i])
    }

    /// The place of the first entry with at least this sequence number, or of the end. Reads at most a window or one batch.
    pub(crate) fn find(&self, file: Arc<dyn File>, salt: u64, seq: u64) -> Result<Mark, Error> {
        if self.entries == 0 || seq >= self.next_seq {
            return Ok(self.end());
        }
        let mut at = self.mark_before(seq);
        let mut reader = self.reader(file, salt, at);
        loop {
            (at.seq, at.offset) = (reader.next_seq, reader.offset);
            match reader.next()? {
                Step::Frame { seq: found, .. } if found >= seq => return Ok(at),
                Step::Frame { .. } => at.entries += 1,
                Step::End => return Err(Error::corrupt(&self.path, at.offset, Damage::Header)),
                Step::Damaged(damage) => return Err(Error::corrupt(&self.path, at.offset, damage)),
            }
        }
    }

    /// Reads the frames from a mark to the end of what is known to be written.
    pub(crate) fn reader(&self, file: Arc<dyn File>, salt: u64, from: Mark) -> SegmentReader {
        SegmentReader::new(file, self.path.clone(), salt, from, self.length)
    }
}

fn encode_header(base: u64, salt: u64) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&FORMAT.to_le_bytes());
    bytes.extend_from_slice(&base.to_le_bytes());
    bytes.extend_from_slice(&salt.to_le_bytes());
    let crc = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&crc.to_le_bytes());
    bytes
}

/// The salt in a segment's header, or `None` when it is not the header of a segment with this base.
pub(crate) fn decode_header(bytes: &[u8], base: u64) -> Option<u64> {
    let salt = (bytes.len() == SEGMENT_HEADER as usize).then(|| u64_at(bytes, 20))?;
    (bytes == encode_header(base, salt)).then_some(salt)
}

/// What lies at the reader's place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step<'a> {
    Frame {
        seq: u64,
        /// Entries below this were on the disk when this one was written.
        durable_next_seq: u64,
        payload: &'a [u8],
    },
    /// Zeros, or nothing.
    End,
    Damaged(Damage),
}

/// What follows a damaged place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wreck {
    /// A header behind it says that it was on the disk.
    pub(crate) was_durable: bool,
    /// Bytes up to the last one that is not zero.
    pub(crate) length: u64,
}

/// Walks over the frames of one segment with bounded memory: a window, or the longest entry.
pub(crate) struct SegmentReader {
    file: Arc<dyn File>,
    pub(crate) path: PathBuf,
    salt: u64,
    /// The least sequence number that may come next.
    pub(crate) next_seq: u64,
    /// Where the next frame begins.
    pub(crate) offset: u64,
    pub(crate) end: u64,
    window: Vec<u8>,
    window_at: u64,
}

impl SegmentReader {
    pub(crate) fn new(file: Arc<dyn File>, path: PathBuf, salt: u64, from: Mark, end: u64) -> Self {
        Self {
            file,
            path,
            salt,
            next_seq: from.seq,
            offset: from.offset,
            end,
            window: Vec::new(),
            window_at: from.offset,
        }
    }

    /// The next entry. After anything but a frame it answers the same again.
    pub(crate) fn next(&mut self) -> Result<Step<'_>, Error> {
        let start = self.offset;
        let head = self.peek(start, HEADER_LENGTH as u64)?;
        let empty = is_zero(head);
        let head = head.first_chunk().copied();
        let Some(header) = head.and_then(|head| Header::decode(self.salt, &head)) else {
            let clean = empty && self.wreck()?.length == 0;
            return Ok(if clean { Step::End } else { Step::Damaged(Damage::Header) });
        };
        if header.seq < self.next_seq {
            return Ok(Step::Damaged(Damage::OutOfOrder));
        }
        if header.frame_length() > self.end - start {
            return Ok(Step::Damaged(Damage::Payload));
        }
        let whole = crc32fast::hash(&self.peek(start, header.frame_length())?[HEADER_LENGTH..]) == header.payload_crc;
        if !whole {
            return Ok(Step::Damaged(Damage::Payload));
        }
        self.next_seq = header.seq + 1;
        self.offset = start + header.frame_length();
        let payload = &self.peek(start, header.frame_length())?[HEADER_LENGTH..];
        Ok(Step::Frame { seq: header.seq, durable_next_seq: header.durable_next_seq, payload })
    }

    /// Looks at everything from the reader's place to the end of the file.
    pub(crate) fn wreck(&mut self) -> Result<Wreck, Error> {
        let (start, salt, next_seq) = (self.offset, self.salt, self.next_seq);
        let mut wreck = Wreck { was_durable: false, length: 0 };
        let mut at = start;
        while at < self.end {
            let bytes = self.peek(at, WINDOW)?;
            if let Some(last) = bytes.iter().rposition(|b| *b != 0) {
                wreck.length = at + last as u64 + 1 - start;
                wreck.was_durable |= bytes
                    .windows(HEADER_LENGTH)
                    .filter_map(|head| head.first_chunk().and_then(|head| Header::decode(salt, head)))
                    .any(|header| header.durable_next_seq > next_seq);
            }
            // A header may lie across two windows.
            let step = (bytes.len() as u64).saturating_sub(HEADER_LENGTH as u64 - 1).max(1);
            at = if at + bytes.len() as u64 >= self.end { self.end } else { at + step };
        }
        Ok(wreck)
    }

    /// Up to `length` bytes at `offset`; fewer only at the end.
    fn peek(&mut self, offset: u64, length: u64) -> Result<&[u8], Error> {
        let length = length.min(self.end - offset.min(self.end));
        let inside = offset >= self.window_at && offset + length <= self.window_at + self.window.len() as u64;
        if !inside {
            let read = length.max(WINDOW).min(self.end - offset);
            // Not kept at the size of the longest entry ever seen.
            if self.window.capacity() as u64 > 2 * WINDOW.max(read) {
                self.window = Vec::new();
            }
            self.window.resize(read as usize, 0);
            self.window_at = offset;
            if let Err(source) = self.file.read_at(&mut self.window, offset) {
                self.window.clear();
                return Err(Error::io("read", &self.path, source));
            }
        }
        let from = (offset - self.window_at) as usize;
        Ok(&self.window[from..from + length as usize])
    }
}
