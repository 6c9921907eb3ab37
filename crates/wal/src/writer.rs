//! The side of a log that touches the disk: one active segment that grows, and the closed ones before it.
//!
//! In: batches of encoded frames. Every method that fails leaves the writer in a state nobody knows: the log is failed then.
//! Not here: who waits for what (`log`).

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

use crate::disk::{Disk, File};
use crate::error::Error;
use crate::segment::{SEGMENT_HEADER, Segment, SegmentReader};

/// The least that is written ahead, and what a new segment begins with.
const FIRST_PREALLOCATION: u64 = 64 << 10;

/// Encoded frames on their way to the disk.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) bytes: Vec<u8>,
    pub(crate) entries: u64,
    pub(crate) next_seq: u64,
}

/// Entries, and bytes with their headers.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) entries: u64,
    pub(crate) bytes: u64,
}

pub(crate) struct Writer {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) directory: PathBuf,
    pub(crate) salt: u64,
    pub(crate) segment_size: u64,
    pub(crate) preallocation: u64,
    pub(crate) closed: VecDeque<Segment>,
    pub(crate) active: Segment,
    pub(crate) file: Arc<dyn File>,
    /// The length of the active file; zeros from `active.length` on.
    pub(crate) allocated: u64,
    /// Something was written after the last sync.
    pub(crate) unsynced: bool,
    /// The log was opened, and neither the segments' names nor what is in them is known to be on the disk.
    pub(crate) unsynced_names: bool,
    /// All entries ever handed to [`Writer::write`].
    pub(crate) written: u64,
}

impl Writer {
    /// Hands the frames to the operating system. Leaves the batch empty; its memory can be used again.
    pub(crate) fn write(&mut self, batch: &mut Batch) -> Result<(), Error> {
        if batch.entries == 0 {
            return Ok(());
        }
        if self.unsynced_names {
            // The frames say that all before them is on the disk.
            self.sync()?;
        }
        let length = batch.bytes.len() as u64;
        if self.active.entries > 0 && self.active.length + length > self.segment_size {
            self.roll()?;
        }
        self.unsynced = true;
        let end = self.active.length + length;
        if end > self.allocated {
            // Zeros go with the entries in one write, so that the next syncs find blocks and length unchanged.
            let ahead = if length < self.preallocation { preallocation(end, self.preallocation) } else { 0 };
            batch.bytes.resize((length + ahead) as usize, 0);
            self.allocated = end + ahead;
        }
        self.file.write_at(&batch.bytes, self.active.length).map_err(|e| Error::io("write", &self.active.path, e))?;
        self.active.grow(batch.next_seq, batch.entries, length);
        self.written += batch.entries;
        batch.bytes.clear();
        batch.entries = 0;
        Ok(())
    }

    /// Makes everything written durable.
    pub(crate) fn sync(&mut self) -> Result<(), Error> {
        if self.unsynced_names {
            self.disk.sync_dir(&self.directory).map_err(|e| Error::io("sync", &self.directory, e))?;
            self.unsynced_names = false;
        }
        if self.unsynced {
            self.file.sync_data().map_err(|e| Error::io("sync", &self.active.path, e))?;
            self.unsynced = false;
        }
        Ok(())
    }

    /// Closes the active segment, durably, and begins the next. Does nothing while it is empty.
    pub(crate) fn roll(&mut self) -> Result<(), Error> {
        if self.active.entries == 0 {
            return Ok(());
        }
        if self.allocated > self.active.length {
            self.file.truncate(self.active.length).map_err(|e| Error::io("truncate", &self.active.path, e))?;
            self.unsynced = true;
        }
        self.sync()?;
        let next = Segment::empty(&self.directory, self.active.next_seq);
        let ahead = preallocation(0, self.preallocation);
        self.file = next.create(&*self.disk, self.salt, ahead)?;
        self.allocated = next.length + ahead;
        self.closed.push_back(std::mem::replace(&mut self.active, next));
        Ok(())
    }

    /// Removes the segments whose entries are all below `seq`, the oldest first; closes the active one when it is such a one.
    /// Gives how many entries below `seq` remain, in the segment that also holds later ones.
    pub(crate) fn trim_below(&mut self, seq: u64) -> Result<Counts, Error> {
        if self.active.next_seq <= seq {
            self.roll()?;
        }
        while let Some(first) = self.closed.front()
            && first.next_seq <= seq
        {
            // One by one: were a later removal to reach the disk alone, a hole would look like a lost segment.
            self.remove(first.path.clone())?;
            self.closed.pop_front();
        }
        let at = match self.closed.front() {
            Some(first) => {
                let file = self.disk.open(&first.path).map_err(|e| Error::io("open", &first.path, e))?;
                first.find(file, self.salt, seq)?
            }
            None => self.active.find(self.file.clone(), self.salt, seq)?,
        };
        Ok(Counts { entries: at.entries, bytes: at.offset - SEGMENT_HEADER })
    }

    /// Removes the entries from `next_seq` on, the last first. The caller has checked that the log begins at or below it.
    pub(crate) fn cut_from(&mut self, next_seq: u64) -> Result<(), Error> {
        while self.active.base >= next_seq
            && let Some(before) = self.closed.pop_back()
        {
            self.remove(self.active.path.clone())?;
            self.file = self.disk.open(&before.path).map_err(|e| Error::io("open", &before.path, e))?;
            self.allocated = before.length;
            self.active = before;
        }
        if self.active.next_seq > next_seq {
            let at = self.active.find(self.file.clone(), self.salt, next_seq)?;
            self.file.truncate(at.offset).map_err(|e| Error::io("truncate", &self.active.path, e))?;
            self.allocated = at.offset;
            self.unsynced = true;
            self.active.cut(at);
        }
        self.sync()
    }

    fn remove(&self, path: PathBuf) -> Result<(), Error> {
        self.disk.remove(&path).map_err(|e| Error::io("remove", &path, e))?;
        self.disk.sync_dir(&self.directory).map_err(|e| Error::io("sync", &self.directory, e))
    }

    /// Readers over everything written, from a place at or before `seq`, in order. All files are opened now, so that trimming
    /// while one reads takes nothing away.
    pub(crate) fn readers(&self, seq: u64) -> Result<VecDeque<SegmentReader>, Error> {
        let mut readers = VecDeque::new();
        for segment in self.closed.iter().filter(|s| s.next_seq > seq) {
            let file = self.disk.open(&segment.path).map_err(|e| Error::io("open", &segment.path, e))?;
            readers.push_back(segment.reader(file, self.salt, segment.mark_before(seq)));
        }
        readers.push_back(self.active.reader(self.file.clone(), self.salt, self.active.mark_before(seq)));
        Ok(readers)
    }

    pub(crate) fn first_seq(&self) -> u64 {
        self.closed.front().unwrap_or(&self.active).base
    }

    pub(crate) fn segments(&self) -> usize {
        self.closed.len() + 1
    }

    pub(crate) fn counts(&self) -> Counts {
        let all = self.closed.iter().chain([&self.active]);
        all.fold(Counts::default(), |sum, segment| Counts {
            entries: sum.entries + segment.entries,
            bytes: sum.bytes + segment.length - SEGMENT_HEADER,
        })
    }
}

/// Zeros to write ahead of a file of this length: as much again, within bounds, so that a log that is hardly used stays small.
pub(crate) fn preallocation(length: u64, limit: u64) -> u64 {
    length.max(FIRST_PREALLOCATION).min(limit)
}
