//! Percolation: stored queries are run on documents that a search brings along.
//!
//! In: a bound `percolate` query. The documents become a memory block, on which the same engine runs that runs on shards. A segment's queries
//! are chosen by what they are found by ([`Percolation::candidates`]), and each of these is read, bound and run. Out: whether it matches, with
//! which score, and which documents.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use model::error::{Error, ErrorKind};
use search::bind::BindContext;
use search::bound::BoundQuery;
use search::percolate::{BoundPercolate, needles};

use crate::compile::scorer::Leaf;
use crate::compile::{Compiler, Counts, Weight};
use crate::execute::{Patience, Verdict};
use crate::fields::FieldTable;
use crate::layout;
use crate::reader::Reader;
use crate::score::{Outcome, bits};
use crate::segment::column::StringColumn;
use crate::segment::{DocId, NO_MORE_DOCS, Segment};

mod documents;
mod memo;
#[cfg(test)]
mod tests;

use documents::Haystack;
pub use memo::StoredQueries;

/// The documents of a search, ready to be searched.
pub(crate) struct Percolation {
    asked: BoundPercolate,
    haystack: Haystack,
    /// Those that were bound lately.
    stored: Arc<StoredQueries>,
    patience: Option<Arc<dyn Patience + Send>>,
    /// It ended before all queries were run.
    cut: AtomicBool,
}

impl Percolation {
    /// Reads the documents. `reader`: of the shard whose queries are asked.
    ///
    /// # Errors
    /// What is wrong with a document, as a query that cannot be created.
    pub(crate) fn new(asked: &BoundPercolate, reader: &Reader) -> Outcome<Self> {
        let (haystack, stored) = (Haystack::new(asked, reader)?, reader.stored.clone());
        Ok(Self { asked: asked.clone(), haystack, stored, patience: None, cut: AtomicBool::new(false) })
    }

    /// How long running queries may take.
    pub(crate) fn within(self, patience: Option<Arc<dyn Patience + Send>>) -> Self {
        Self { patience, ..self }
    }

    /// Whether another query may be run. False: time is over, and what is left is not found.
    ///
    /// # Errors
    /// `task_cancelled_exception`.
    pub(crate) fn goes_on(&self) -> Outcome<bool> {
        match self.patience.as_ref().map_or(Verdict::GoOn, |patience| patience.verdict()) {
            Verdict::GoOn => Ok(true),
            Verdict::TimedOut => {
                self.cut.store(true, Ordering::Relaxed);
                Ok(false)
            }
            Verdict::Cancelled => Err(Error::new(ErrorKind::TaskCancelled, "the search was cancelled").into()),
        }
    }

    /// Whether time was over before all queries had been run.
    pub(crate) fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Relaxed)
    }

    pub(crate) fn asked(&self) -> &BoundPercolate {
        &self.asked
    }

    /// What a query's notation names it.
    pub(crate) fn notation(&self) -> String {
        self.asked.to_string()
    }

    /// The documents of a segment whose queries may match: a set of bits.
    pub(crate) fn candidates(&self, segment: &dyn Segment, fields: &FieldTable) -> Outcome<Vec<u64>> {
        let (mut found, mut docs) = (bits::none(segment.doc_count()), Vec::new());
        let Some(entry) = fields.by_path(&layout::needles_path(&self.asked.field)) else { return Ok(found) };
        let Some(terms) = segment.terms(entry.slot)? else { return Ok(found) };
        for needle in std::iter::once(needles::ANY).chain(self.haystack.needles.iter().map(|one| &**one)) {
            let Some(entry) = terms.get(needle)? else { continue };
            docs.clear();
            terms.docs(&entry, &mut docs)?;
            docs.iter().for_each(|&doc| bits::set(&mut found, doc));
        }
        Ok(found)
    }

    /// The stored queries of a segment.
    pub(crate) fn queries(&self, segment: &dyn Segment, fields: &FieldTable) -> Outcome<Option<Arc<dyn StringColumn>>> {
        let Some(entry) = fields.by_path(&self.asked.field) else { return Ok(None) };
        Ok(segment.strings(entry.slot)?)
    }

    /// The score of the best document that a document's query matches; `None`: it matches none.
    pub(crate) fn best(&self, queries: &dyn StringColumn, doc: DocId, scoring: bool) -> Outcome<Option<f32>> {
        let mut best = None;
        self.run(queries, doc, scoring, &mut |_, score| {
            best = Some(best.map_or(score, |best: f32| best.max(score)));
            // Without scores one match is as good as all.
            scoring
        })?;
        Ok(best)
    }

    /// The places, among the documents, of those that a document's query matches.
    pub(crate) fn slots(&self, queries: &dyn StringColumn, doc: DocId) -> Outcome<Vec<usize>> {
        let mut slots = Vec::new();
        self.run(queries, doc, false, &mut |slot, _| {
            slots.push(slot);
            true
        })?;
        Ok(slots)
    }

    /// The query that a document holds, bound; `None`: it holds none.
    pub(crate) fn query(&self, queries: &dyn StringColumn, doc: DocId) -> Outcome<Option<Arc<BoundQuery>>> {
        let Some(ord) = queries.first(doc) else { return Ok(None) };
        let mut text = Vec::new();
        queries.value(ord, &mut text)?;
        Ok(Some(self.stored.bound(&text, &self.asked.context)?))
    }

    pub(crate) fn context(&self) -> &BindContext {
        &self.asked.context
    }

    /// The documents, and the weight of a query on them.
    pub(crate) fn weight(&self, query: &BoundQuery, scoring: bool) -> Outcome<(&Reader, Weight)> {
        let reader = &self.haystack.reader;
        let weight = Compiler::new(&mut Counts::new(reader, None)).compile(query, scoring)?;
        Ok((reader, weight))
    }

    /// Calls `visit` with the place and score of each document that matches, until it says no more.
    fn run(
        &self,
        queries: &dyn StringColumn,
        doc: DocId,
        scoring: bool,
        visit: &mut dyn FnMut(usize, f32) -> bool,
    ) -> Outcome<()> {
        let Some(query) = self.query(queries, doc)? else { return Ok(()) };
        let (reader, weight) = self.weight(&query, scoring)?;
        let mut scorer = Leaf::new(reader, 0).scorer(&weight)?;
        for (slot, &root) in self.haystack.roots.iter().enumerate() {
            match scorer.seek(root)? {
                NO_MORE_DOCS => break,
                found if found == root => {}
                _ => continue,
            }
            let score = if scoring { scorer.score()? } else { 0.0 };
            if !visit(slot, score) {
                break;
            }
        }
        Ok(())
    }

    /// Where the document at a place lies in the block.
    pub(crate) fn root(&self, slot: usize) -> DocId {
        self.haystack.roots[slot]
    }
}
