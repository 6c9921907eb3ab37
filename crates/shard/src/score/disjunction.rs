//! Documents that at least so many of several scorers match: their scores added, or the best of them.

use super::{Outcome, Scorer, bits};
use crate::segment::{DocId, NO_MORE_DOCS};

/// How the scores of the matching parts become one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Combine {
    Sum,
    /// The best, plus so much of the others.
    Best(f32),
}

struct Part {
    scorer: Box<dyn Scorer>,
    /// It matches nothing before this.
    next: DocId,
    /// It matches `next`.
    sure: bool,
}

pub(crate) struct Disjunction {
    parts: Vec<Part>,
    combine: Combine,
    /// At least 1.
    minimum: usize,
    doc: DocId,
    order: Vec<DocId>,
}

impl Disjunction {
    pub(crate) fn new(scorers: Vec<Box<dyn Scorer>>, combine: Combine, minimum: usize) -> Self {
        let parts = scorers.into_iter().map(|scorer| Part { scorer, next: 0, sure: false }).collect();
        Self { parts, combine, minimum: minimum.max(1), doc: 0, order: Vec::new() }
    }

    /// Lower bound of the first document that enough parts may match.
    fn earliest(&mut self) -> DocId {
        if self.minimum == 1 {
            return self.parts.iter().map(|part| part.next).min().unwrap_or(NO_MORE_DOCS);
        }
        if self.minimum > self.parts.len() {
            return NO_MORE_DOCS;
        }
        self.order.clear();
        self.order.extend(self.parts.iter().map(|part| part.next));
        *self.order.select_nth_unstable(self.minimum - 1).1
    }
}

impl Scorer for Disjunction {
    fn probe(&mut self, doc: DocId) -> Outcome<DocId> {
        self.doc = doc;
        if doc == NO_MORE_DOCS {
            return Ok(doc);
        }
        for part in &mut self.parts {
            if part.next < doc || part.next == doc && !part.sure {
                part.next = part.scorer.probe(doc)?;
                part.sure = part.next == doc;
            }
        }
        Ok(self.earliest())
    }

    fn score(&mut self) -> Outcome<f32> {
        let (mut sum, mut best) = (0.0f64, 0.0f32);
        for part in self.parts.iter_mut().filter(|part| part.next == self.doc) {
            let score = part.scorer.score()?;
            sum += f64::from(score);
            best = best.max(score);
        }
        Ok(match self.combine {
            Combine::Sum => sum as f32,
            Combine::Best(tie_breaker) => (f64::from(best) + (sum - f64::from(best)) * f64::from(tie_breaker)) as f32,
        })
    }

    fn cost(&self) -> u64 {
        self.parts.iter().map(|part| part.scorer.cost()).sum()
    }

    fn bound(&mut self, from: DocId, to: DocId) -> f32 {
        let (mut sum, mut best) = (0.0f32, 0.0f32);
        for part in &mut self.parts {
            let bound = part.scorer.bound(from, to);
            sum += bound;
            best = best.max(bound);
        }
        match self.combine {
            Combine::Best(tie_breaker) if sum.is_finite() => best + (sum - best) * tie_breaker.max(0.0),
            _ => sum,
        }
    }

    fn fill(&mut self, from: DocId, to: DocId, words: &mut [u64]) -> Outcome<()> {
        if self.minimum == 1 {
            return self.parts.iter_mut().try_for_each(|part| part.scorer.fill(from, to, words));
        }
        let mut doc = self.seek(from)?;
        while doc < to {
            bits::set(words, doc - from);
            doc = self.seek(doc + 1)?;
        }
        Ok(())
    }
}
