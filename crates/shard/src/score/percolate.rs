//! Documents whose stored query matches those of a search; they score as it does.

use std::sync::Arc;

use super::{Outcome, Scorer, bits};
use crate::percolate::Percolation;
use crate::segment::column::StringColumn;
use crate::segment::{DocId, NO_MORE_DOCS};

/// Looking at a document costs as much as at so many of a word.
const COST: u64 = 256;

pub(crate) struct Percolated {
    percolation: Arc<Percolation>,
    queries: Arc<dyn StringColumn>,
    /// Of the documents of the segment.
    candidates: Vec<u64>,
    scoring: bool,
    /// The last candidate that was looked at, and its score.
    last: Option<(DocId, Option<f32>)>,
}

impl Percolated {
    pub(crate) fn new(
        percolation: Arc<Percolation>,
        queries: Arc<dyn StringColumn>,
        candidates: Vec<u64>,
        scoring: bool,
    ) -> Self {
        Self { percolation, queries, candidates, scoring, last: None }
    }

    fn found(&mut self, doc: DocId) -> Outcome<Option<f32>> {
        if let Some((last, score)) = self.last
            && last == doc
        {
            return Ok(score);
        }
        let score = self.percolation.best(&*self.queries, doc, self.scoring)?;
        self.last = Some((doc, score));
        Ok(score)
    }
}

impl Scorer for Percolated {
    fn probe(&mut self, doc: DocId) -> Outcome<DocId> {
        match bits::next(&self.candidates, doc) {
            None => Ok(NO_MORE_DOCS),
            Some(next) if next > doc => Ok(next),
            Some(_) if !self.percolation.goes_on()? => Ok(NO_MORE_DOCS),
            Some(_) => Ok(if self.found(doc)?.is_some() { doc } else { doc + 1 }),
        }
    }

    fn score(&mut self) -> Outcome<f32> {
        Ok(self.last.and_then(|(_, score)| score).unwrap_or(0.0))
    }

    fn cost(&self) -> u64 {
        bits::count(&self.candidates).saturating_mul(COST)
    }
}
