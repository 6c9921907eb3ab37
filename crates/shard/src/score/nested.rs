//! From objects inside to the documents around them: matches, scores, values.
//!
//! The objects of a document come right before it, so a document's objects are those between the document of its kind before it and itself.

use std::ops::RangeInclusive;
use std::sync::Arc;

use model::query::nested::NestedScore;

use super::{Outcome, Scorer, bits};
use crate::segment::column::{NumberColumn, StringColumn};
use crate::segment::{DocId, DocRange, NO_MORE_DOCS};

/// Documents of which some object matches.
pub(crate) struct ToParent {
    inner: Box<dyn Scorer>,
    inside: Arc<[u64]>,
    parents: Arc<[u64]>,
    mode: NestedScore,
    /// The next object that matches.
    child: DocId,
    /// The last document that was found, and its score.
    found: Option<(DocId, f32)>,
}

impl ToParent {
    pub(crate) fn new(inner: Box<dyn Scorer>, inside: Arc<[u64]>, parents: Arc<[u64]>, mode: NestedScore) -> Self {
        Self { inner, inside, parents, mode, child: 0, found: None }
    }

    /// Moves to the first object at or behind `target` that matches.
    fn seek_child(&mut self, mut target: DocId) -> Outcome<DocId> {
        loop {
            let Some(next) = bits::next(&self.inside, target) else { return Ok(NO_MORE_DOCS) };
            let found = self.inner.seek(next)?;
            if found == NO_MORE_DOCS || bits::contains(&self.inside, found) {
                return Ok(found);
            }
            target = found;
        }
    }

    /// Takes the scores of all matching objects before `parent`, the first of which is the current one.
    fn combine(&mut self, parent: DocId) -> Outcome<f32> {
        let (mut sum, mut count) = (0f64, 0u32);
        let (mut least, mut greatest) = (f32::INFINITY, f32::NEG_INFINITY);
        while self.child < parent {
            if self.mode != NestedScore::None {
                let score = self.inner.score()?;
                sum += f64::from(score);
                (least, greatest) = (least.min(score), greatest.max(score));
            }
            count += 1;
            self.child = self.seek_child(self.child + 1)?;
        }
        Ok(match self.mode {
            NestedScore::None => 0.0,
            NestedScore::Avg => (sum / f64::from(count)) as f32,
            NestedScore::Sum => sum as f32,
            NestedScore::Max => greatest,
            NestedScore::Min => least,
        })
    }

    /// As an explanation wants it: the best object of `parent`, how many match.
    pub(crate) fn best_child(&mut self, parent: DocId) -> Outcome<(Option<DocId>, u32)> {
        let first = bits::last_before(&self.parents, parent).map_or(0, |before| before + 1);
        let (mut best, mut count): (Option<(DocId, f32)>, u32) = (None, 0);
        let mut child = self.seek_child(first)?;
        while child < parent {
            let score = if self.mode == NestedScore::None { 0.0 } else { self.inner.score()? };
            if best.is_none_or(|(_, known)| score > known) {
                best = Some((child, score));
            }
            count += 1;
            child = self.seek_child(child + 1)?;
        }
        Ok((best.map(|(doc, _)| doc), count))
    }
}

impl Scorer for ToParent {
    fn probe(&mut self, doc: DocId) -> Outcome<DocId> {
        if let Some((found, _)) = self.found
            && doc <= found
        {
            return Ok(found);
        }
        let Some(parent) = bits::next(&self.parents, doc) else { return Ok(NO_MORE_DOCS) };
        let first = bits::last_before(&self.parents, parent).map_or(0, |before| before + 1);
        if self.child < first || self.found.is_none() {
            self.child = self.seek_child(first.max(self.child))?;
        }
        let Some(parent) =
            Some(self.child).filter(|child| *child != NO_MORE_DOCS).and_then(|child| bits::next(&self.parents, child))
        else {
            return Ok(NO_MORE_DOCS);
        };
        let score = self.combine(parent)?;
        self.found = Some((parent, score));
        Ok(parent)
    }

    fn score(&mut self) -> Outcome<f32> {
        Ok(self.found.map_or(0.0, |(_, score)| score))
    }

    fn cost(&self) -> u64 {
        self.inner.cost()
    }
}

/// Whatever lies inside of documents that match.
pub(crate) struct InsideOf {
    outer: Box<dyn Scorer>,
    parents: Arc<[u64]>,
    score: f32,
    /// The first document inside of the last match that was found, and that match.
    block: Option<(DocId, DocId)>,
}

impl InsideOf {
    pub(crate) fn new(outer: Box<dyn Scorer>, parents: Arc<[u64]>, score: f32) -> Self {
        Self { outer, parents, score, block: None }
    }
}

impl Scorer for InsideOf {
    fn probe(&mut self, doc: DocId) -> Outcome<DocId> {
        if let Some((first, parent)) = self.block
            && doc < parent
        {
            return Ok(doc.max(first));
        }
        let mut from = doc;
        loop {
            let Some(parent) = bits::next(&self.parents, from) else { return Ok(NO_MORE_DOCS) };
            let found = self.outer.seek(parent)?;
            if found == NO_MORE_DOCS {
                return Ok(NO_MORE_DOCS);
            }
            let first = bits::last_before(&self.parents, found).map_or(0, |before| before + 1).max(doc);
            if first < found && bits::contains(&self.parents, found) {
                self.block = Some((first, found));
                return Ok(first);
            }
            from = found + 1;
        }
    }

    fn score(&mut self) -> Outcome<f32> {
        Ok(self.score)
    }

    fn cost(&self) -> u64 {
        self.outer.cost()
    }
}

/// Which objects stand for the documents around them.
#[derive(Clone)]
pub(crate) struct Children {
    pub(crate) chosen: Arc<[u64]>,
    pub(crate) parents: Arc<[u64]>,
    /// Only so many of each document.
    pub(crate) most: u32,
}

impl Children {
    /// The chosen objects of a document, in order.
    fn of(&self, parent: DocId) -> impl Iterator<Item = DocId> + '_ {
        let first = bits::last_before(&self.parents, parent).map_or(0, |before| before + 1);
        let next = move |from: DocId| bits::next(&self.chosen, from).filter(|child| *child < parent);
        std::iter::successors(next(first), move |child| next(child + 1)).take(self.most as usize)
    }
}

/// The numbers of objects, as those of the documents around them.
pub(crate) struct InnerNumbers {
    pub(crate) column: Arc<dyn NumberColumn>,
    pub(crate) children: Children,
}

impl NumberColumn for InnerNumbers {
    fn min_max(&self) -> Option<(i64, i64)> {
        self.column.min_max()
    }

    fn is_single(&self) -> bool {
        false
    }

    fn first(&self, doc: DocId) -> Option<i64> {
        self.children.of(doc).filter_map(|child| self.column.first(child)).min()
    }

    fn values(&self, doc: DocId, out: &mut Vec<i64>) {
        let from = out.len();
        self.children.of(doc).for_each(|child| self.column.values(child, out));
        out[from..].sort_unstable();
    }

    fn docs_in_range(&self, range: RangeInclusive<i64>, docs: DocRange, out: &mut Vec<DocId>) {
        let mut values = Vec::new();
        for doc in docs.filter(|doc| bits::contains(&self.children.parents, *doc)) {
            values.clear();
            self.values(doc, &mut values);
            if values.iter().any(|value| range.contains(value)) {
                out.push(doc);
            }
        }
    }
}

/// The strings of objects, as those of the documents around them.
pub(crate) struct InnerStrings {
    pub(crate) column: Arc<dyn StringColumn>,
    pub(crate) children: Children,
}

impl StringColumn for InnerStrings {
    fn ord_count(&self) -> u64 {
        self.column.ord_count()
    }

    fn is_single(&self) -> bool {
        false
    }

    fn first(&self, doc: DocId) -> Option<u64> {
        self.children.of(doc).filter_map(|child| self.column.first(child)).min()
    }

    fn ords(&self, doc: DocId, out: &mut Vec<u64>) {
        let mut own = Vec::new();
        self.children.of(doc).for_each(|child| self.column.ords(child, &mut own));
        own.sort_unstable();
        own.dedup();
        out.append(&mut own);
    }

    fn first_batch(&self, docs: &[DocId], out: &mut [u64]) {
        docs.iter().zip(out).for_each(|(&doc, out)| *out = self.first(doc).unwrap_or(u64::MAX));
    }

    fn value(&self, ord: u64, out: &mut Vec<u8>) -> std::io::Result<()> {
        self.column.value(ord, out)
    }

    fn find(&self, value: &[u8]) -> std::io::Result<Result<u64, u64>> {
        self.column.find(value)
    }

    fn docs_in_range(&self, ords: RangeInclusive<u64>, docs: DocRange, out: &mut Vec<DocId>) {
        let mut own = Vec::new();
        for doc in docs.filter(|doc| bits::contains(&self.children.parents, *doc)) {
            own.clear();
            self.ords(doc, &mut own);
            if own.iter().any(|ord| ords.contains(ord)) {
                out.push(doc);
            }
        }
    }
}
