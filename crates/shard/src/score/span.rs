//! Stretches of words in documents: all of them are found of one document at a time, in the order of their starts, as Lucene's spans come.
//!
//! What a document costs grows with how often the words of the query stand in it. Not here: what words a query means (`compile::span`).

use search::span::{Clause, Spans, Stretch};

use super::bm25::{NO_NORMS, TermScore};
use super::occurrences::{Advance, Occurrences, all, any};
use super::{Outcome, Scorer};
use crate::segment::{DocId, NO_MORE_DOCS, Norms};

impl Advance for Spans<Occurrences> {
    fn advance(&mut self, target: DocId) -> Outcome<DocId> {
        match self {
            Self::Word(word) => word.advance(target),
            Self::Or(parts) => any(parts, target),
            Self::Near { clauses, .. } => all(clauses.iter_mut().filter_map(Clause::spans), target),
            Self::First(inner, _) => inner.advance(target),
            Self::Not { include, .. } => include.advance(target),
            Self::Containing(big, little) | Self::Within(big, little) => all([&mut **big, &mut **little], target),
        }
    }
}

/// All stretches of `doc`, to which `advance` has come, by start and end.
fn stretches(spans: &mut Spans<Occurrences>, doc: DocId) -> Outcome<Vec<Stretch>> {
    spans.stretches(&mut |word: &mut Occurrences| {
        // What is shut out was not asked to come here.
        let positions = if word.advance(doc)? == doc { word.positions(doc)? } else { Vec::new() };
        Ok(positions.into_iter().map(|start| Stretch { start, end: start + 1, width: 0, parts: () }).collect())
    })
}

fn cost(spans: &Spans<Occurrences>) -> u64 {
    match spans {
        Spans::Word(word) => word.cost(),
        Spans::Or(parts) => parts.iter().map(cost).sum(),
        Spans::Near { clauses, .. } => {
            let costs = clauses.iter().filter_map(|clause| match clause {
                Clause::Spans(spans) => Some(cost(spans)),
                Clause::Gap(_) => None,
            });
            costs.min().unwrap_or(0)
        }
        Spans::First(inner, _) | Spans::Not { include: inner, .. } => cost(inner),
        Spans::Containing(big, little) | Spans::Within(big, little) => cost(big).min(cost(little)),
    }
}

/// Documents with any stretch; their frequency is the sum of how narrow those are.
pub(crate) struct SpanScorer {
    spans: Spans<Occurrences>,
    norms: Option<Norms>,
    score: TermScore,
    /// In the document found last.
    pub(crate) freq: f32,
    doc: DocId,
}

impl SpanScorer {
    pub(crate) fn new(spans: Spans<Occurrences>, norms: Option<Norms>, score: TermScore) -> Self {
        Self { spans, norms, score, freq: 0.0, doc: 0 }
    }

    /// Norm code of a document.
    pub(crate) fn code(&self, doc: DocId) -> u8 {
        self.norms.as_ref().map_or(NO_NORMS, |norms| (**norms).as_ref().get(doc as usize).copied().unwrap_or(0))
    }
}

impl Scorer for SpanScorer {
    fn probe(&mut self, doc: DocId) -> Outcome<DocId> {
        let next = self.spans.advance(doc)?;
        if next != doc || doc == NO_MORE_DOCS {
            return Ok(next);
        }
        if self.doc != doc || self.freq == 0.0 {
            self.doc = doc;
            self.freq = stretches(&mut self.spans, doc)?.iter().map(|one| 1.0 / (1.0 + one.width as f32)).sum();
        }
        Ok(if self.freq > 0.0 { doc } else { doc + 1 })
    }

    fn score(&mut self) -> Outcome<f32> {
        Ok(self.score.score(self.freq, self.code(self.doc)))
    }

    fn cost(&self) -> u64 {
        // Positions cost more than documents.
        cost(&self.spans).saturating_mul(4)
    }

    fn bound(&mut self, _: DocId, _: DocId) -> f32 {
        self.score.bound(1.0)
    }
}
