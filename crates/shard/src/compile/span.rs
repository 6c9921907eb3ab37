//! Queries about where words stand: patterns expanded, words counted.

use std::collections::BTreeSet;
use std::ops::{Bound, RangeBounds};
use std::sync::Arc;

use model::error::{Error, ErrorKind};
use search::bound::{BoundKind, BoundQuery, FieldName, TermBytes};
use search::span::{BoundSpan, BoundSpans, Spans};

use super::scorer::Leaf;
use super::{Compiler, Context, Kind, Place, Weight};
use crate::score::Outcome;
use crate::score::bm25::TermScore;
use crate::score::occurrences::Occurrences;
use crate::score::span::SpanScorer;
use crate::segment::{EveryTerm, TermRange};

/// Words that one pattern may stand for.
const MAX_WORDS: usize = 1024;

/// Stretches of words with all patterns expanded.
pub(crate) struct SpanWeight {
    /// Whose lengths count.
    place: Place,
    span: BoundSpan,
    pub(crate) doc_freqs: Vec<u64>,
    pub(crate) score: TermScore,
    /// In Lucene's notation.
    pub(crate) notation: String,
}

impl Compiler<'_, '_> {
    pub(super) fn spans(&mut self, spans: &BoundSpans, context: Context) -> Outcome<Weight> {
        let mut span = spans.span.clone();
        self.expanded(&mut span)?;
        let mut words = Vec::new();
        let scale = self.counts.scale(&spans.field)?;
        for (field, term) in scored(&span) {
            let word = self.counts.term(field, term)?;
            words.extend(Some(word).filter(|word| word.doc_freq > 0 && context.scoring));
        }
        let score = TermScore::of_words(scale, context.boost, &words);
        let doc_freqs = words.iter().map(|word| word.doc_freq).collect();
        let notation = spans.span.to_string();
        let weight = SpanWeight { place: self.place(&spans.field), span, doc_freqs, score, notation };
        Ok(Weight::new(Kind::Spans(Box::new(weight)), context.boost))
    }

    /// Patterns become the words that they accept.
    fn expanded(&mut self, span: &mut BoundSpan) -> Outcome<()> {
        match span {
            BoundSpan::Multi(query) => {
                let (field, words) = self.accepted(query)?;
                *span = BoundSpan::Or(words.into_iter().map(|word| BoundSpan::Term(field.clone(), word)).collect());
            }
            BoundSpan::Term(..) | BoundSpan::Gap(_) => {}
            BoundSpan::Or(clauses) | BoundSpan::Near { clauses, .. } => {
                for clause in clauses {
                    self.expanded(clause)?;
                }
            }
            BoundSpan::First(inner, _) | BoundSpan::Masked(inner, _) => self.expanded(inner)?,
            BoundSpan::Not { include: one, exclude: other, .. }
            | BoundSpan::Containing(one, other)
            | BoundSpan::Within(one, other) => {
                self.expanded(one)?;
                self.expanded(other)?;
            }
        }
        Ok(())
    }

    fn accepted(&mut self, query: &BoundQuery) -> Outcome<(FieldName, Vec<TermBytes>)> {
        let (field, words) = match &query.kind {
            BoundKind::Expand(expand) => (expand.field.clone(), self.accepted_terms(expand, MAX_WORDS + 1)?),
            BoundKind::TermRange(field, from, to) => (field.clone(), self.between(field, (from, to))?),
            _ => return Err(Error::new(ErrorKind::IllegalState, "a span over a query that has no words").into()),
        };
        if words.len() > MAX_WORDS {
            let reason = format!("maxClauseCount is set to {MAX_WORDS}");
            return Err(Error::new(ErrorKind::TooManyClauses, reason).into());
        }
        Ok((field, words))
    }

    /// The first words of a range; those of other shards that were counted, too.
    fn between(&mut self, field: &FieldName, range: (&Bound<TermBytes>, &Bound<TermBytes>)) -> Outcome<Vec<TermBytes>> {
        let bounds: TermRange<'_> = (range.0.as_ref().map(|from| &**from), range.1.as_ref().map(|to| &**to));
        let given = self.counts.given_terms(field).filter(|term| bounds.contains(&***term));
        let mut found: BTreeSet<TermBytes> = given.cloned().collect();
        let reader = self.counts.reader();
        if let Some(entry) = reader.fields.by_path(field) {
            for view in reader.segments.iter() {
                let Some(terms) = view.segment.terms(entry.slot)? else { continue };
                let mut left = MAX_WORDS + 1;
                terms.walk(bounds, &EveryTerm, &mut |term, _| {
                    found.insert(Arc::from(term));
                    left -= 1;
                    left > 0
                })?;
            }
        }
        Ok(found.into_iter().take(MAX_WORDS + 1).collect())
    }
}

/// The words that are counted: of what is shut out, none.
fn scored(span: &BoundSpan) -> Vec<(&FieldName, &TermBytes)> {
    match span {
        BoundSpan::Term(field, term) => vec![(field, term)],
        BoundSpan::Not { include, .. } => scored(include),
        other => {
            let mut all: Vec<_> = other.parts().into_iter().flat_map(scored).collect();
            all.sort();
            all.dedup();
            all
        }
    }
}

impl Leaf<'_> {
    pub(crate) fn spans(&self, weight: &SpanWeight) -> Outcome<SpanScorer> {
        let norms = match weight.place.slot {
            Some(slot) => self.segment.norms(slot)?,
            None => None,
        };
        let spans = Spans::new(&weight.span, &mut |leaf| match leaf {
            BoundSpan::Term(field, term) => self.occurrences(field, term),
            // Queries that accept words were replaced by the words.
            _ => Ok(Occurrences(None)),
        })?;
        Ok(SpanScorer::new(spans, norms, weight.score.clone()))
    }
}
