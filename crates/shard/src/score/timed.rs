//! Scorers of profiled searches: as those that they hold, with their times.

use std::rc::Rc;

use super::{Outcome, Scorer};
use crate::gauge::Gauge;
use crate::segment::DocId;

/// What scorers do, in the words of Lucene's profiles. Our bounds stand where its maximal scores do; it looks ahead in blocks, which is
/// no step of its own here, and neither is the second half of a match in two.
pub(crate) const STEPS: &[&str] = &[
    "advance",
    "build_scorer",
    "compute_max_score",
    "create_weight",
    "match",
    "next_doc",
    "score",
    "set_min_competitive_score",
    "shallow_advance",
];

const ADVANCE: usize = 0;
pub(crate) const BUILD_SCORER: usize = 1;
const COMPUTE_MAX_SCORE: usize = 2;
pub(crate) const CREATE_WEIGHT: usize = 3;
const NEXT_DOC: usize = 5;
const SCORE: usize = 6;
const SET_MIN_COMPETITIVE_SCORE: usize = 7;

/// A scorer whose calls are timed.
pub(crate) struct Timed {
    inner: Box<dyn Scorer>,
    gauge: Rc<Gauge>,
    /// What the next document would be.
    next: DocId,
}

impl Timed {
    pub(crate) fn new(inner: Box<dyn Scorer>, gauge: Rc<Gauge>) -> Self {
        Self { inner, gauge, next: 0 }
    }
}

impl Scorer for Timed {
    fn probe(&mut self, doc: DocId) -> Outcome<DocId> {
        let found = self.gauge.time(ADVANCE, || self.inner.probe(doc))?;
        self.next = found.saturating_add(1);
        Ok(found)
    }

    fn seek(&mut self, target: DocId) -> Outcome<DocId> {
        let step = if target == self.next { NEXT_DOC } else { ADVANCE };
        let found = self.gauge.time(step, || self.inner.seek(target))?;
        self.next = found.saturating_add(1);
        Ok(found)
    }

    fn score(&mut self) -> Outcome<f32> {
        self.gauge.time(SCORE, || self.inner.score())
    }

    fn cost(&self) -> u64 {
        self.inner.cost()
    }

    fn bound(&mut self, from: DocId, to: DocId) -> f32 {
        self.gauge.time(COMPUTE_MAX_SCORE, || self.inner.bound(from, to))
    }

    fn raise_floor(&mut self, floor: f32) {
        self.gauge.time(SET_MIN_COMPETITIVE_SCORE, || self.inner.raise_floor(floor));
    }

    fn matches_all(&self) -> bool {
        self.inner.matches_all()
    }

    fn exact_count(&self) -> Option<u64> {
        self.inner.exact_count()
    }

    fn list(&mut self, from: DocId, to: DocId, out: &mut Vec<DocId>) -> Outcome<bool> {
        self.gauge.time(NEXT_DOC, || self.inner.list(from, to, out))
    }

    fn fill(&mut self, from: DocId, to: DocId, words: &mut [u64]) -> Outcome<()> {
        self.gauge.time(NEXT_DOC, || self.inner.fill(from, to, words))
    }
}
