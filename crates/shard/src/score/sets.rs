//! Sets of documents that all score the same: everything, bitsets, lists, ranges of a column.

use std::ops::RangeInclusive;
use std::sync::Arc;

use super::bits::Bits;
use super::geo::Within;
use super::{Outcome, Scorer, bits};
use crate::gallop;
use crate::segment::column::{NumberColumn, StringColumn};
use crate::segment::{DocId, NO_MORE_DOCS};

/// Every document of a segment.
pub(crate) struct Everything {
    pub(crate) max: u32,
    pub(crate) score: f32,
}

impl Scorer for Everything {
    fn probe(&mut self, doc: DocId) -> Outcome<DocId> {
        Ok(if doc < self.max { doc } else { NO_MORE_DOCS })
    }

    fn score(&mut self) -> Outcome<f32> {
        Ok(self.score)
    }

    fn cost(&self) -> u64 {
        u64::from(self.max)
    }

    fn bound(&mut self, _: DocId, _: DocId) -> f32 {
        self.score
    }

    fn fill(&mut self, from: DocId, to: DocId, words: &mut [u64]) -> Outcome<()> {
        bits::set_range(words, 0, to.min(self.max).saturating_sub(from));
        Ok(())
    }

    fn matches_all(&self) -> bool {
        true
    }

    fn exact_count(&self) -> Option<u64> {
        Some(u64::from(self.max))
    }
}

/// One bit a document.
pub(crate) struct BitSet {
    bits: Arc<Bits>,
    score: f32,
}

impl BitSet {
    pub(crate) fn new(words: Vec<u64>, score: f32) -> Self {
        Self::of(Arc::new(Bits::new(words)), score)
    }

    pub(crate) fn of(bits: Arc<Bits>, score: f32) -> Self {
        Self { bits, score }
    }
}

impl Scorer for BitSet {
    fn as_range(&self) -> Option<Ranged> {
        Some(Ranged::Bits(self.bits.clone()))
    }

    fn probe(&mut self, doc: DocId) -> Outcome<DocId> {
        Ok(bits::next(self.bits.words(), doc).unwrap_or(NO_MORE_DOCS))
    }

    fn score(&mut self) -> Outcome<f32> {
        Ok(self.score)
    }

    fn cost(&self) -> u64 {
        self.bits.count()
    }

    fn exact_count(&self) -> Option<u64> {
        Some(self.bits.count())
    }

    fn bound(&mut self, _: DocId, _: DocId) -> f32 {
        self.score
    }

    fn fill(&mut self, from: DocId, to: DocId, words: &mut [u64]) -> Outcome<()> {
        self.bits.fill(from, to, words);
        Ok(())
    }
}

/// Few documents, ascending, distinct.
pub(crate) struct DocList {
    docs: Vec<DocId>,
    at: usize,
    score: f32,
}

impl DocList {
    pub(crate) fn new(docs: Vec<DocId>, score: f32) -> Self {
        Self { docs, at: 0, score }
    }
}

impl Scorer for DocList {
    fn probe(&mut self, doc: DocId) -> Outcome<DocId> {
        if self.docs.get(self.at).is_some_and(|&at| at < doc) {
            self.at += self.docs[self.at..].partition_point(|&at| at < doc);
        }
        Ok(self.docs.get(self.at).copied().unwrap_or(NO_MORE_DOCS))
    }

    fn score(&mut self) -> Outcome<f32> {
        Ok(self.score)
    }

    fn cost(&self) -> u64 {
        self.docs.len() as u64
    }

    fn bound(&mut self, _: DocId, _: DocId) -> f32 {
        self.score
    }
}

/// Few documents with a score each, ascending, distinct.
pub(crate) struct Scored {
    hits: Vec<(DocId, f32)>,
    at: usize,
    best: f32,
}

impl Scored {
    pub(crate) fn new(hits: Vec<(DocId, f32)>) -> Self {
        let best = hits.iter().map(|(_, score)| *score).fold(0.0, f32::max);
        Self { hits, at: 0, best }
    }
}

impl Scorer for Scored {
    fn probe(&mut self, doc: DocId) -> Outcome<DocId> {
        self.at += gallop::partition_point(&self.hits[self.at..], |&(at, _)| at < doc);
        Ok(self.hits.get(self.at).map_or(NO_MORE_DOCS, |&(at, _)| at))
    }

    fn score(&mut self) -> Outcome<f32> {
        Ok(self.hits.get(self.at).map_or(0.0, |&(_, score)| score))
    }

    fn cost(&self) -> u64 {
        self.hits.len() as u64
    }

    fn bound(&mut self, _: DocId, _: DocId) -> f32 {
        self.best
    }

    fn fill(&mut self, from: DocId, to: DocId, words: &mut [u64]) -> Outcome<()> {
        self.probe(from)?;
        while let Some(&(doc, _)) = self.hits.get(self.at).filter(|(doc, _)| *doc < to) {
            bits::set(words, doc - from);
            self.at += 1;
        }
        Ok(())
    }
}

/// Which documents may be hits: those of a set, of which any further check is asked only when it matters.
#[derive(Clone, Copy, Default)]
pub(crate) struct Accept<'a> {
    /// Alive and admitted by the filters that were evaluated; `None`: all.
    pub(crate) words: Option<&'a [u64]>,
    /// Filters that are asked document by document.
    pub(crate) checks: &'a [Ranged],
}

impl Accept<'_> {
    #[inline]
    pub(crate) fn accepts(&self, doc: DocId) -> bool {
        self.words.is_none_or(|words| bits::contains(words, doc)) && self.checks.iter().all(|check| check.has(doc))
    }
}

/// What can be asked of any document at any time: whether its value lies in a range, or it is in a set.
#[derive(Clone)]
pub(crate) enum Ranged {
    Bits(Arc<Bits>),
    Numbers(Arc<dyn NumberColumn>, RangeInclusive<i64>),
    Strings(Arc<dyn StringColumn>, RangeInclusive<u64>),
    Within(Arc<Within>),
    HasNumber(Arc<dyn NumberColumn>),
    HasString(Arc<dyn StringColumn>),
}

impl Ranged {
    fn collect(&self, from: DocId, to: DocId, out: &mut Vec<DocId>) {
        match self {
            Self::Bits(set) => out.extend((from..to).filter(|&doc| bits::contains(set.words(), doc))),
            Self::Numbers(column, range) => column.docs_in_range(range.clone(), from..to, out),
            Self::Strings(column, range) => column.docs_in_range(range.clone(), from..to, out),
            Self::Within(within) => within.collect(from..to, out),
            Self::HasNumber(column) => column.docs_in_range(i64::MIN..=i64::MAX, from..to, out),
            Self::HasString(column) => column.docs_in_range(0..=u64::MAX, from..to, out),
        }
    }

    /// As [`Scorer::fill`].
    fn fill(&self, from: DocId, to: DocId, words: &mut [u64]) {
        match self {
            Self::Bits(set) => set.fill(from, to, words),
            Self::Numbers(column, range) => column.fill_range(range.clone(), from..to, words),
            Self::Strings(column, range) => column.fill_range(range.clone(), from..to, words),
            Self::HasNumber(column) => column.fill_range(i64::MIN..=i64::MAX, from..to, words),
            Self::HasString(column) => column.fill_range(0..=u64::MAX, from..to, words),
            Self::Within(within) => {
                let mut found = Vec::new();
                within.collect(from..to, &mut found);
                found.iter().for_each(|doc| bits::set(words, doc - from));
            }
        }
    }

    /// Whether a document has such a value; in any order of documents.
    fn has(&self, doc: DocId) -> bool {
        self.contains(doc, &mut Vec::new())
    }

    fn contains(&self, doc: DocId, found: &mut Vec<DocId>) -> bool {
        match self {
            Self::Bits(set) => bits::contains(set.words(), doc),
            Self::Numbers(column, range) if column.is_single() => column.first(doc).is_some_and(|v| range.contains(&v)),
            Self::Strings(column, range) if column.is_single() => column.first(doc).is_some_and(|v| range.contains(&v)),
            Self::Within(within) => within.has(doc, &mut Vec::new()),
            Self::HasNumber(column) => column.has(doc),
            Self::HasString(column) => column.has(doc),
            _ => {
                found.clear();
                self.collect(doc, doc + 1, found);
                !found.is_empty()
            }
        }
    }
}

/// A range over a column, evaluated in stretches that grow while the walk goes on without jumps.
pub(crate) struct ColumnRange {
    ranged: Ranged,
    max: u32,
    score: f32,
    /// Matches of `start..end`, those before `at` passed.
    found: Vec<DocId>,
    at: usize,
    start: DocId,
    end: DocId,
    stretch: u32,
    scratch: Vec<DocId>,
}

const SHORTEST: u32 = 64;
const LONGEST: u32 = 4096;

impl ColumnRange {
    pub(crate) fn new(ranged: Ranged, max: u32, score: f32) -> Self {
        Self { ranged, max, score, found: Vec::new(), at: 0, start: 0, end: 0, stretch: SHORTEST, scratch: Vec::new() }
    }
}

impl Scorer for ColumnRange {
    fn as_range(&self) -> Option<Ranged> {
        Some(self.ranged.clone())
    }

    fn probe(&mut self, doc: DocId) -> Outcome<DocId> {
        if doc >= self.max {
            return Ok(NO_MORE_DOCS);
        }
        if doc >= self.start && doc < self.end {
            return self.seek(doc);
        }
        Ok(if self.ranged.contains(doc, &mut self.scratch) { doc } else { doc + 1 })
    }

    fn seek(&mut self, mut target: DocId) -> Outcome<DocId> {
        loop {
            if target >= self.max {
                return Ok(NO_MORE_DOCS);
            }
            if target < self.start || target >= self.end {
                let on = target == self.end;
                self.stretch = if on { (self.stretch * 2).min(LONGEST) } else { SHORTEST };
                (self.start, self.end, self.at) = (target, (target + self.stretch).min(self.max), 0);
                self.found.clear();
                self.ranged.collect(self.start, self.end, &mut self.found);
            }
            while self.found.get(self.at).is_some_and(|&doc| doc < target) {
                self.at += 1;
            }
            match self.found.get(self.at) {
                Some(&doc) => return Ok(doc),
                None => target = self.end,
            }
        }
    }

    fn score(&mut self) -> Outcome<f32> {
        Ok(self.score)
    }

    fn cost(&self) -> u64 {
        u64::from(self.max)
    }

    fn bound(&mut self, _: DocId, _: DocId) -> f32 {
        self.score
    }

    fn fill(&mut self, from: DocId, to: DocId, words: &mut [u64]) -> Outcome<()> {
        self.ranged.fill(from, to.min(self.max).max(from), words);
        Ok(())
    }
}

/// Documents whose norm code says that they have the field.
pub(crate) struct HasNorm {
    pub(crate) norms: crate::segment::Norms,
    pub(crate) score: f32,
}

impl Scorer for HasNorm {
    fn probe(&mut self, doc: DocId) -> Outcome<DocId> {
        let codes = (*self.norms).as_ref();
        let rest = codes.get(doc as usize..).unwrap_or_default();
        Ok(rest.iter().position(|&code| code != 0).map_or(NO_MORE_DOCS, |at| doc + at as u32))
    }

    fn score(&mut self) -> Outcome<f32> {
        Ok(self.score)
    }

    fn cost(&self) -> u64 {
        (*self.norms).as_ref().len() as u64
    }

    fn bound(&mut self, _: DocId, _: DocId) -> f32 {
        self.score
    }
}
