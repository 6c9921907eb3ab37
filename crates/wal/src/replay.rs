//! Reading a log back, in order and in bounded memory.

use std::collections::VecDeque;

use crate::error::{Damage, Error};
use crate::segment::{SegmentReader, Step};

/// One entry as it was appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub seq: u64,
    pub payload: Vec<u8>,
}

/// The entries from a sequence number up to the last one appended when [`crate::Log::read_from`] was called.
///
/// Ends after the first error. Trimming meanwhile takes nothing away; cutting off entries that are still to be read is an error.
pub struct Entries {
    readers: VecDeque<SegmentReader>,
    from: u64,
}

impl Entries {
    pub(crate) fn new(readers: VecDeque<SegmentReader>, from: u64) -> Self {
        Self { readers, from }
    }

    fn read(&mut self) -> Result<Option<Entry>, Error> {
        while let Some(reader) = self.readers.front_mut() {
            let (offset, end) = (reader.offset, reader.end);
            match reader.next()? {
                Step::Frame { seq, payload, .. } if seq >= self.from => {
                    return Ok(Some(Entry { seq, payload: payload.to_vec() }));
                }
                Step::Frame { .. } => {}
                // Written were frames up to the reader's end.
                Step::End if offset == end => drop(self.readers.pop_front()),
                Step::End => return Err(Error::corrupt(&reader.path, offset, Damage::Header)),
                Step::Damaged(damage) => return Err(Error::corrupt(&reader.path, offset, damage)),
            }
        }
        Ok(None)
    }
}

impl Iterator for Entries {
    type Item = Result<Entry, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let read = self.read();
        if read.is_err() {
            self.readers.clear();
        }
        read.transpose()
    }
}
