//! Scorers made of scorers: all of them, one without another, one with optional others, factors, floors.

use super::sets::Ranged;
use super::{Outcome, Scorer, bits, keep_each};
use crate::segment::{DocId, NO_MORE_DOCS};

/// A part of a conjunction.
pub(crate) struct Required {
    pub(crate) scorer: Box<dyn Scorer>,
    /// Whether its score counts.
    pub(crate) scoring: bool,
}

/// Documents that all parts match; the sum of the scoring ones.
pub(crate) struct Conjunction {
    /// Cheapest first.
    parts: Vec<Required>,
    max: u32,
    scratch: Vec<u64>,
}

impl Conjunction {
    pub(crate) fn new(mut parts: Vec<Required>, max: u32) -> Self {
        parts.sort_by_key(|part| part.scorer.cost());
        Self { parts, max, scratch: Vec::new() }
    }
}

impl Scorer for Conjunction {
    fn probe(&mut self, doc: DocId) -> Outcome<DocId> {
        for part in &mut self.parts {
            let next = part.scorer.probe(doc)?;
            if next != doc {
                return Ok(next);
            }
        }
        Ok(doc)
    }

    fn seek(&mut self, mut target: DocId) -> Outcome<DocId> {
        'candidates: loop {
            let Some((lead, rest)) = self.parts.split_first_mut() else { return Ok(NO_MORE_DOCS) };
            let doc = lead.scorer.seek(target)?;
            if doc == NO_MORE_DOCS {
                return Ok(doc);
            }
            for part in rest {
                let next = part.scorer.probe(doc)?;
                if next == NO_MORE_DOCS {
                    return Ok(next);
                }
                if next != doc {
                    target = next;
                    continue 'candidates;
                }
            }
            return Ok(doc);
        }
    }

    fn score(&mut self) -> Outcome<f32> {
        let mut sum = 0.0;
        for part in self.parts.iter_mut().filter(|part| part.scoring) {
            sum += f64::from(part.scorer.score()?);
        }
        Ok(sum as f32)
    }

    fn score_from(&mut self, floor: f32) -> Outcome<f32> {
        let mut scoring = self.parts.iter_mut().filter(|part| part.scoring);
        match (scoring.next(), scoring.next()) {
            (Some(only), None) => only.scorer.score_from(floor),
            _ => self.score(),
        }
    }

    fn raise_floor(&mut self, floor: f32) {
        let mut scoring = self.parts.iter_mut().filter(|part| part.scoring);
        if let (Some(only), None) = (scoring.next(), scoring.next()) {
            only.scorer.raise_floor(floor);
        }
    }

    fn cost(&self) -> u64 {
        self.parts.first().map_or(0, |part| part.scorer.cost())
    }

    fn bound(&mut self, from: DocId, to: DocId) -> f32 {
        self.parts.iter_mut().filter(|part| part.scoring).map(|part| part.scorer.bound(from, to)).sum()
    }

    fn list(&mut self, from: DocId, to: DocId, out: &mut Vec<DocId>) -> Outcome<bool> {
        match &mut self.parts[..] {
            [only] => only.scorer.list(from, to, out),
            _ => Ok(false),
        }
    }

    fn exact_count(&self) -> Option<u64> {
        match &self.parts[..] {
            [only] => only.scorer.exact_count(),
            _ => None,
        }
    }

    fn matches_all(&self) -> bool {
        self.parts.iter().all(|part| part.scorer.matches_all())
    }

    fn fill(&mut self, from: DocId, to: DocId, words: &mut [u64]) -> Outcome<()> {
        if let [only] = &mut self.parts[..] {
            return only.scorer.fill(from, to, words);
        }
        if self.cost() * 32 < u64::from(self.max) {
            let mut doc = self.seek(from)?;
            while doc < to {
                bits::set(words, doc - from);
                doc = self.seek(doc + 1)?;
            }
            return Ok(());
        }
        let Some((cheapest, rest)) = self.parts.split_first_mut() else { return Ok(()) };
        let mut all = std::mem::take(&mut self.scratch);
        all.clear();
        all.resize(words.len(), 0);
        cheapest.scorer.fill(from, to, &mut all)?;
        for part in rest {
            if all.iter().all(|word| *word == 0) {
                break;
            }
            part.scorer.keep(from, to, &mut all)?;
        }
        words.iter_mut().zip(&all).for_each(|(word, all)| *word |= all);
        self.scratch = all;
        Ok(())
    }
}

/// `base` where `excluded` does not match.
pub(crate) struct Excluding {
    pub(crate) base: Box<dyn Scorer>,
    pub(crate) excluded: Box<dyn Scorer>,
}

impl Scorer for Excluding {
    fn probe(&mut self, doc: DocId) -> Outcome<DocId> {
        let next = self.base.probe(doc)?;
        Ok(if next == doc && doc != NO_MORE_DOCS && self.excluded.probe(doc)? == doc { doc + 1 } else { next })
    }

    fn score(&mut self) -> Outcome<f32> {
        self.base.score()
    }

    fn score_from(&mut self, floor: f32) -> Outcome<f32> {
        self.base.score_from(floor)
    }

    fn raise_floor(&mut self, floor: f32) {
        self.base.raise_floor(floor);
    }

    fn cost(&self) -> u64 {
        self.base.cost()
    }

    fn bound(&mut self, from: DocId, to: DocId) -> f32 {
        self.base.bound(from, to)
    }

    fn fill(&mut self, from: DocId, to: DocId, words: &mut [u64]) -> Outcome<()> {
        let mut base = vec![0; words.len()];
        self.base.fill(from, to, &mut base)?;
        let mut excluded = base.clone();
        self.excluded.keep(from, to, &mut excluded)?;
        bits::and_not(&mut base, &excluded);
        words.iter_mut().zip(&base).for_each(|(word, base)| *word |= base);
        Ok(())
    }
}

/// `base`, plus the score of `optional` where it matches.
pub(crate) struct WithOptional {
    base: Box<dyn Scorer>,
    optional: Box<dyn Scorer>,
    doc: DocId,
}

impl WithOptional {
    pub(crate) fn new(base: Box<dyn Scorer>, optional: Box<dyn Scorer>) -> Self {
        Self { base, optional, doc: 0 }
    }
}

impl Scorer for WithOptional {
    fn probe(&mut self, doc: DocId) -> Outcome<DocId> {
        self.doc = doc;
        self.base.probe(doc)
    }

    fn seek(&mut self, target: DocId) -> Outcome<DocId> {
        self.doc = self.base.seek(target)?;
        Ok(self.doc)
    }

    fn score(&mut self) -> Outcome<f32> {
        let mut sum = f64::from(self.base.score()?);
        if self.optional.probe(self.doc)? == self.doc {
            sum += f64::from(self.optional.score()?);
        }
        Ok(sum as f32)
    }

    fn cost(&self) -> u64 {
        self.base.cost()
    }

    fn bound(&mut self, from: DocId, to: DocId) -> f32 {
        self.base.bound(from, to) + self.optional.bound(from, to)
    }

    fn fill(&mut self, from: DocId, to: DocId, words: &mut [u64]) -> Outcome<()> {
        self.base.fill(from, to, words)
    }
}

/// `base`, its score times `factor` where `negative` matches.
pub(crate) struct Boosting {
    base: Box<dyn Scorer>,
    negative: Box<dyn Scorer>,
    factor: f32,
    doc: DocId,
}

impl Boosting {
    pub(crate) fn new(base: Box<dyn Scorer>, negative: Box<dyn Scorer>, factor: f32) -> Self {
        Self { base, negative, factor, doc: 0 }
    }
}

impl Scorer for Boosting {
    fn probe(&mut self, doc: DocId) -> Outcome<DocId> {
        self.doc = doc;
        self.base.probe(doc)
    }

    fn seek(&mut self, target: DocId) -> Outcome<DocId> {
        self.doc = self.base.seek(target)?;
        Ok(self.doc)
    }

    fn score(&mut self) -> Outcome<f32> {
        let score = self.base.score()?;
        Ok(if self.negative.probe(self.doc)? == self.doc { score * self.factor } else { score })
    }

    fn raise_floor(&mut self, floor: f32) {
        if self.factor <= 1.0 {
            self.base.raise_floor(floor);
        }
    }

    fn cost(&self) -> u64 {
        self.base.cost()
    }

    fn bound(&mut self, from: DocId, to: DocId) -> f32 {
        self.base.bound(from, to) * self.factor.max(1.0)
    }

    fn fill(&mut self, from: DocId, to: DocId, words: &mut [u64]) -> Outcome<()> {
        self.base.fill(from, to, words)
    }
}

/// The matches of another scorer, all with one score.
pub(crate) struct Constant {
    pub(crate) matches: Box<dyn Scorer>,
    pub(crate) score: f32,
}

impl Scorer for Constant {
    fn probe(&mut self, doc: DocId) -> Outcome<DocId> {
        self.matches.probe(doc)
    }

    fn seek(&mut self, target: DocId) -> Outcome<DocId> {
        self.matches.seek(target)
    }

    fn score(&mut self) -> Outcome<f32> {
        Ok(self.score)
    }

    fn cost(&self) -> u64 {
        self.matches.cost()
    }

    fn bound(&mut self, _: DocId, _: DocId) -> f32 {
        self.score
    }

    fn fill(&mut self, from: DocId, to: DocId, words: &mut [u64]) -> Outcome<()> {
        self.matches.fill(from, to, words)
    }

    fn list(&mut self, from: DocId, to: DocId, out: &mut Vec<DocId>) -> Outcome<bool> {
        self.matches.list(from, to, out)
    }

    fn as_range(&self) -> Option<Ranged> {
        self.matches.as_range()
    }

    fn exact_count(&self) -> Option<u64> {
        self.matches.exact_count()
    }

    fn matches_all(&self) -> bool {
        self.matches.matches_all()
    }
}

/// Only documents that score at least so much.
pub(crate) struct AtLeast {
    pub(crate) base: Box<dyn Scorer>,
    pub(crate) least: f32,
    pub(crate) score: f32,
}

impl Scorer for AtLeast {
    fn keep(&mut self, from: DocId, _: DocId, words: &mut [u64]) -> Outcome<()> {
        keep_each(self, from, words)
    }

    fn probe(&mut self, doc: DocId) -> Outcome<DocId> {
        let next = self.base.probe(doc)?;
        if next != doc || doc == NO_MORE_DOCS {
            return Ok(next);
        }
        self.score = self.base.score()?;
        Ok(if self.score >= self.least { doc } else { doc + 1 })
    }

    fn score(&mut self) -> Outcome<f32> {
        Ok(self.score)
    }

    fn cost(&self) -> u64 {
        self.base.cost()
    }

    fn bound(&mut self, from: DocId, to: DocId) -> f32 {
        self.base.bound(from, to)
    }
}
