//! All terms of a field in one piece of memory, in order: what looks at every term reads it far faster than a dictionary.

use std::io;
use std::ops::Bound;

use super::{EveryTerm, Terms};

/// More bytes than this are not kept.
const MAX_BYTES: usize = 128 << 20;

/// Terms one behind the other.
pub struct FlatTerms {
    bytes: Vec<u8>,
    /// Where each ends.
    ends: Vec<u32>,
}

impl FlatTerms {
    /// `None`: it would be too much.
    pub(crate) fn of(terms: &dyn Terms) -> io::Result<Option<Self>> {
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        let mut fits = true;
        terms.walk((Bound::Unbounded, Bound::Unbounded), &EveryTerm, &mut |term, _| {
            fits = bytes.len() + term.len() + 4 * ends.len() <= MAX_BYTES;
            if fits {
                bytes.extend_from_slice(term);
                ends.push(bytes.len() as u32);
            }
            fits
        })?;
        bytes.shrink_to_fit();
        ends.shrink_to_fit();
        Ok(fits.then_some(Self { bytes, ends }))
    }

    /// The terms as one text; a find may begin in one and end in the next.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn get(&self, at: usize) -> &[u8] {
        let from = at.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        &self.bytes[from..self.ends[at] as usize]
    }

    /// The number of the term that the byte at `place` belongs to.
    pub(crate) fn at(&self, place: usize) -> usize {
        self.ends.partition_point(|end| *end as usize <= place)
    }
}
