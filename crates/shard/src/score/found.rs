//! The matches in a stretch of one segment: as bits, and as a list once somebody asks for it.

use std::cell::OnceCell;

use super::bits;
use crate::segment::{DocId, DocRange};

/// Matches that are shown together.
pub(crate) struct Found<'a> {
    /// Where they lie: no other match does.
    range: DocRange,
    /// Bit 0 stands for the first of the range. None: they came as a list.
    words: &'a [u64],
    count: usize,
    docs: OnceCell<Vec<DocId>>,
    scores: &'a [f32],
}

impl<'a> Found<'a> {
    /// From bits; `spare` is an empty list whose memory is used.
    pub(crate) fn bits(range: DocRange, words: &'a [u64], spare: &mut Vec<DocId>) -> Self {
        let docs = OnceCell::new();
        let count = bits::count(words) as usize;
        if count == range.len() {
            // All of them: the list is made without looking at bits.
            let mut all = std::mem::take(spare);
            all.extend(range.clone());
            let _ = docs.set(all);
        }
        Self { range, words, count, docs, scores: &[] }
    }

    /// From ascending documents with their scores, one each or none at all.
    pub(crate) fn list(docs: Vec<DocId>, scores: &'a [f32]) -> Self {
        let range = docs.first().copied().unwrap_or(0)..docs.last().map_or(0, |last| last + 1);
        Self { range, words: &[], count: docs.len(), docs: OnceCell::from(docs), scores }
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    pub(crate) fn range(&self) -> DocRange {
        self.range.clone()
    }

    /// Reads one value a match, where nearly all of the range matches: all are read by `run`, and the others left out, which is sooner done than
    /// reading one by one. False: few match, or `run` cannot; `out` means nothing then.
    pub(crate) fn read_all<T: Copy + Default>(
        &self,
        out: &mut Vec<T>,
        run: impl FnOnce(DocId, &mut [T]) -> bool,
    ) -> bool {
        if self.words.is_empty() || self.count < self.range.len() / 4 * 3 {
            return false;
        }
        out.resize(self.range.len(), T::default());
        let read = run(self.range.start, out);
        if read && self.count < self.range.len() {
            bits::compact(self.words, out);
        }
        read
    }

    /// Of the range, what does not match.
    pub(crate) fn absent(&self) -> Vec<DocId> {
        let mut absent = Vec::with_capacity(self.range.len() - self.count);
        bits::absent(self.words, self.range.start, self.range.len() as u32, &mut absent);
        absent
    }

    /// Ascending.
    pub(crate) fn docs(&self) -> &[DocId] {
        self.docs.get_or_init(|| {
            let mut docs = Vec::with_capacity(self.count);
            bits::docs(self.words, self.range.start, &mut docs);
            docs
        })
    }

    /// One a document; empty unless they were asked for.
    pub(crate) fn scores(&self) -> &'a [f32] {
        self.scores
    }

    /// The list's memory, for the next one.
    pub(crate) fn into_spare(self) -> Vec<DocId> {
        let mut docs = self.docs.into_inner().unwrap_or_default();
        docs.clear();
        docs
    }
}
