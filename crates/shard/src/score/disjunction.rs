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
    /// It scores no more; not known before a floor was set.
    bound: f32,
}

pub(crate) struct Disjunction {
    parts: Vec<Part>,
    combine: Combine,
    /// At least 1.
    minimum: usize,
    doc: DocId,
    order: Vec<DocId>,
    /// So many parts, the first, cannot reach the floor together: their documents are not sought, only looked up.
    idle: usize,
    floored: bool,
}

impl Disjunction {
    pub(crate) fn new(scorers: Vec<Box<dyn Scorer>>, combine: Combine, minimum: usize) -> Self {
        let parts =
            scorers.into_iter().map(|scorer| Part { scorer, next: 0, sure: false, bound: f32::INFINITY }).collect();
        Self { parts, combine, minimum: minimum.max(1), doc: 0, order: Vec::new(), idle: 0, floored: false }
    }

    /// Lower bound of the first document that enough parts may match.
    fn earliest(&mut self) -> DocId {
        if self.minimum == 1 {
            return self.parts[self.idle..].iter().map(|part| part.next).min().unwrap_or(NO_MORE_DOCS);
        }
        if self.minimum > self.parts.len() {
            return NO_MORE_DOCS;
        }
        self.order.clear();
        self.order.extend(self.parts.iter().map(|part| part.next));
        *self.order.select_nth_unstable(self.minimum - 1).1
    }
}

impl Part {
    /// Learns whether it matches `doc`.
    fn probe(&mut self, doc: DocId) -> Outcome<()> {
        if self.next < doc || self.next == doc && !self.sure {
            self.next = self.scorer.probe(doc)?;
            self.sure = self.next == doc;
        }
        Ok(())
    }
}

impl Scorer for Disjunction {
    fn probe(&mut self, doc: DocId) -> Outcome<DocId> {
        self.doc = doc;
        if doc == NO_MORE_DOCS {
            return Ok(doc);
        }
        for part in &mut self.parts[self.idle..] {
            part.probe(doc)?;
        }
        Ok(self.earliest())
    }

    fn score(&mut self) -> Outcome<f32> {
        let (mut sum, mut best) = (0.0f64, 0.0f32);
        for part in &mut self.parts[..self.idle] {
            part.probe(self.doc)?;
        }
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

    fn raise_floor(&mut self, floor: f32) {
        if self.minimum > 1 || floor <= 0.0 {
            return;
        }
        if !self.floored {
            self.floored = true;
            for part in &mut self.parts {
                part.bound = part.scorer.bound(self.doc, NO_MORE_DOCS);
            }
            self.parts.sort_by(|a, b| a.bound.total_cmp(&b.bound));
        }
        let floor = f64::from(floor) * (1.0 - 1e-6);
        let (mut sum, mut best) = (0.0f64, 0.0f64);
        self.idle = 0;
        for part in &self.parts {
            let bound = f64::from(part.bound);
            sum += bound;
            best = best.max(bound);
            let together = match self.combine {
                Combine::Sum => sum,
                Combine::Best(tie_breaker) => best + (sum - best) * f64::from(tie_breaker.max(0.0)),
            };
            // Not a number where a bound is infinite.
            if together.is_nan() || together >= floor {
                break;
            }
            self.idle += 1;
        }
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
