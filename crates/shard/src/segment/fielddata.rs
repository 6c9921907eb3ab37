//! The terms of a text by document: its inverted index turned around, for sorting by it and for aggregations over it.
//!
//! Made anew for each search that asks, from all postings of the field in the segment; nothing is kept.

use std::io;
use std::ops::{Bound, RangeInclusive};

use super::column::StringColumn;
use super::postings::BLOCK;
use super::{Detail, DocId, DocRange, EveryTerm, Segment, TermEntry, Terms};
use crate::fields::FieldSlot;

/// A text's terms as a column.
pub struct Fielddata {
    /// All terms, ascending, one behind the other.
    keys: Vec<u8>,
    /// By term: where it ends.
    ends: Vec<usize>,
    /// By document: where its ordinals begin; and the end.
    starts: Vec<u32>,
    ords: Vec<u32>,
}

impl Fielddata {
    /// `None`: the segment has nothing of the field.
    ///
    /// # Errors
    /// As the segment; more than 4,294,967,295 postings.
    pub fn new(segment: &dyn Segment, field: FieldSlot) -> io::Result<Option<Self>> {
        let Some(terms) = segment.terms(field)? else { return Ok(None) };
        let mut gathered = Gathered { counts: vec![0; segment.doc_count() as usize + 1], ..Gathered::default() };
        let mut outcome = Ok(());
        terms.walk((Bound::Unbounded, Bound::Unbounded), &EveryTerm, &mut |term, entry| {
            outcome = gathered.term(&*terms, term, &entry);
            outcome.is_ok()
        })?;
        outcome?;
        if u32::try_from(gathered.postings.len()).is_err() {
            return Err(io::Error::other("the field of one segment has too many terms to be sorted by"));
        }
        Ok(Some(gathered.turned()))
    }

    /// What it takes in memory.
    pub(crate) fn bytes(&self) -> usize {
        let ends = self.ends.len() * size_of::<usize>();
        self.keys.len() + ends + (self.starts.len() + self.ords.len()) * size_of::<u32>()
    }

    fn of(&self, doc: DocId) -> &[u32] {
        let at = |doc: usize| self.starts.get(doc).copied().unwrap_or(self.ords.len() as u32) as usize;
        &self.ords[at(doc as usize)..at(doc as usize + 1)]
    }

    fn key(&self, ord: usize) -> Option<&[u8]> {
        let start = ord.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.keys[start..*self.ends.get(ord)?])
    }
}

#[derive(Default)]
struct Gathered {
    keys: Vec<u8>,
    ends: Vec<usize>,
    /// Document and ordinal, by ordinal.
    postings: Vec<(DocId, u32)>,
    /// By document: how many ordinals those before it have together, once they are summed.
    counts: Vec<u32>,
}

impl Gathered {
    fn term(&mut self, terms: &dyn Terms, term: &[u8], entry: &TermEntry) -> io::Result<()> {
        let ord = self.ends.len() as u32;
        self.keys.extend_from_slice(term);
        self.ends.push(self.keys.len());
        let mut postings = terms.postings(entry, Detail::Docs)?;
        let mut docs = [0; BLOCK];
        for block in 0..postings.table.last.len() {
            let count = postings.source.docs(block, &mut docs)?;
            for &doc in &docs[..count] {
                let behind = self.counts.get_mut(doc as usize + 1).ok_or(io::ErrorKind::InvalidData)?;
                *behind += 1;
                self.postings.push((doc, ord));
            }
        }
        Ok(())
    }

    fn turned(mut self) -> Fielddata {
        for at in 1..self.counts.len() {
            self.counts[at] += self.counts[at - 1];
        }
        let mut next = self.counts.clone();
        let mut ords = vec![0; self.postings.len()];
        for (doc, ord) in self.postings {
            let at = &mut next[doc as usize];
            ords[*at as usize] = ord;
            *at += 1;
        }
        Fielddata { keys: self.keys, ends: self.ends, starts: self.counts, ords }
    }
}

impl StringColumn for Fielddata {
    fn ord_count(&self) -> u64 {
        self.ends.len() as u64
    }

    fn is_single(&self) -> bool {
        self.starts.windows(2).all(|pair| pair[1] - pair[0] <= 1)
    }

    fn first(&self, doc: DocId) -> Option<u64> {
        self.of(doc).first().map(|&ord| u64::from(ord))
    }

    fn ords(&self, doc: DocId, out: &mut Vec<u64>) {
        out.extend(self.of(doc).iter().map(|&ord| u64::from(ord)));
    }

    fn first_batch(&self, docs: &[DocId], out: &mut [u64]) {
        for (out, &doc) in out.iter_mut().zip(docs) {
            *out = self.first(doc).unwrap_or(u64::MAX);
        }
    }

    fn value(&self, ord: u64, out: &mut Vec<u8>) -> io::Result<()> {
        let key = usize::try_from(ord).ok().and_then(|ord| self.key(ord)).ok_or(io::ErrorKind::InvalidInput)?;
        out.clear();
        out.extend_from_slice(key);
        Ok(())
    }

    fn find(&self, value: &[u8]) -> io::Result<Result<u64, u64>> {
        let (mut low, mut high) = (0, self.ends.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.key(middle).is_some_and(|key| key < value) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let found = self.key(low).is_some_and(|key| key == value);
        Ok(if found { Ok(low as u64) } else { Err(low as u64) })
    }

    fn docs_in_range(&self, ords: RangeInclusive<u64>, docs: DocRange, out: &mut Vec<DocId>) {
        let last = (self.starts.len() as DocId).saturating_sub(1);
        let inside = |doc: &DocId| self.of(*doc).iter().any(|&ord| ords.contains(&u64::from(ord)));
        out.extend((docs.start..docs.end.min(last)).filter(inside));
    }
}
