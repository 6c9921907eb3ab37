//! All terms of a field in one piece of memory, in order, and the documents of those that stand in one alone: what looks at every term
//! reads it far faster than a dictionary.

use std::cmp::Ordering;
use std::io;
use std::ops::Bound;

use super::{DocId, EveryTerm, NO_MORE_DOCS, Terms};
use crate::gallop;

/// More bytes than this are not kept.
const MAX_BYTES: usize = 128 << 20;

/// Terms one behind the other.
pub struct FlatTerms {
    bytes: Vec<u8>,
    /// Where each ends.
    ends: Vec<u32>,
}

/// All terms of a field, with the documents of those that stand in one alone.
pub struct FlatField {
    terms: FlatTerms,
    /// Of each term; `NO_MORE_DOCS`: there are several.
    lone: Vec<DocId>,
}

impl FlatField {
    /// `None`: it would be too much.
    pub(crate) fn of(terms: &dyn Terms) -> io::Result<Option<Self>> {
        let (mut kept, mut lone) = (Gathered::new(MAX_BYTES), Vec::new());
        let (mut docs, mut failed) = (Vec::new(), Ok(()));
        terms.walk((Bound::Unbounded, Bound::Unbounded), &EveryTerm, &mut |term, entry| {
            docs.clear();
            if entry.statistics.doc_freq == 1 {
                failed = terms.docs(&entry, &mut docs);
            }
            lone.push(docs.first().copied().unwrap_or(NO_MORE_DOCS));
            failed.is_ok() && kept.push(term)
        })?;
        failed?;
        lone.shrink_to_fit();
        Ok(kept.finish().map(|terms| Self { terms, lone }))
    }

    /// Bytes of memory.
    pub(crate) fn memory_bytes(&self) -> u64 {
        self.terms.memory_bytes() + size_of_val(&self.lone[..]) as u64
    }

    pub(crate) fn terms(&self) -> &FlatTerms {
        &self.terms
    }

    /// The document of the term with this number; `None`: there are several.
    pub(crate) fn lone(&self, at: usize) -> Option<DocId> {
        Some(self.lone[at]).filter(|doc| *doc != NO_MORE_DOCS)
    }
}

impl FlatTerms {
    /// Bytes of memory.
    pub(crate) fn memory_bytes(&self) -> u64 {
        (self.bytes.len() + size_of_val(&self.ends[..])) as u64
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

    /// The number of a term, or that of the first greater one.
    pub(crate) fn find(&self, term: &[u8]) -> Result<usize, usize> {
        let (mut from, mut to) = (0, self.len());
        while from < to {
            let middle = from.midpoint(to);
            match self.get(middle).cmp(term) {
                Ordering::Less => from = middle + 1,
                Ordering::Greater => to = middle,
                Ordering::Equal => return Ok(middle),
            }
        }
        Err(from)
    }

    /// The number of the term that the byte at `place` belongs to, which is none of those before `from`; soon found when it is near.
    pub(crate) fn at(&self, place: usize, from: usize) -> usize {
        from + gallop::partition_point(&self.ends[from..], |end| *end as usize <= place)
    }
}

/// Terms that come one by one.
pub(crate) struct Gathered {
    terms: FlatTerms,
    most: usize,
    fits: bool,
}

impl Gathered {
    /// `most`: bytes that are kept.
    pub(crate) fn new(most: usize) -> Self {
        Self { terms: FlatTerms { bytes: Vec::new(), ends: Vec::new() }, most, fits: true }
    }

    /// Takes the next one, if it fits.
    pub(crate) fn push(&mut self, term: &[u8]) -> bool {
        let FlatTerms { bytes, ends } = &mut self.terms;
        self.fits = self.fits && bytes.len() + term.len() + 4 * ends.len() <= self.most;
        if self.fits {
            bytes.extend_from_slice(term);
            ends.push(bytes.len() as u32);
        }
        self.fits
    }

    /// `None`: it was too much.
    pub(crate) fn finish(mut self) -> Option<FlatTerms> {
        self.terms.bytes.shrink_to_fit();
        self.terms.ends.shrink_to_fit();
        self.fits.then_some(self.terms)
    }
}
