//! `multi_match`: one text in several fields.

use model::query::full_text::{MultiMatch, MultiMatchKind, ZeroTerms};

use super::fault::Outcome;
use super::fields::{Weighted, is_everything};
use super::matching::reading;
use super::number::java_text;
use super::text::{Form, Reading, zero_terms};
use super::{Binder, best_of, minimum, unmapped};
use crate::bound::{BoundKind, BoundQuery};

/// What a kind of `multi_match` makes of the words.
pub(super) fn form(kind: MultiMatchKind) -> Form {
    match kind {
        MultiMatchKind::BestFields | MultiMatchKind::MostFields | MultiMatchKind::CrossFields => Form::Words,
        MultiMatchKind::Phrase => Form::Phrase,
        MultiMatchKind::PhrasePrefix => Form::PhrasePrefix,
        MultiMatchKind::BoolPrefix => Form::WordsAndPrefix,
    }
}

/// The share of the fields that are not the best, unless the query says.
pub(super) fn tie_breaker(kind: MultiMatchKind) -> f32 {
    match kind {
        MultiMatchKind::MostFields | MultiMatchKind::BoolPrefix => 1.0,
        _ => 0.0,
    }
}

/// How the fields of one text are put together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Together<'q> {
    pub(super) kind: MultiMatchKind,
    pub(super) tie_breaker: Option<f32>,
    pub(super) minimum_should_match: Option<&'q str>,
    /// What a field in which the text has no token matches.
    pub(super) zero_terms: ZeroTerms,
}

impl Together<'_> {
    pub(super) fn tie_breaker(&self) -> f32 {
        self.tie_breaker.unwrap_or_else(|| tie_breaker(self.kind))
    }
}

/// Multiplies the score of what may match.
pub(super) fn boosted(mut query: BoundQuery, factor: f32) -> BoundQuery {
    if !matches!(query.kind, BoundKind::MatchNone(_)) {
        query.boost *= factor;
    }
    query
}

impl Binder<'_> {
    pub(super) fn multi_match(&self, query: &MultiMatch) -> Outcome<BoundQuery> {
        let defaults: Vec<(String, f32)>;
        let list = match query.fields.as_slice() {
            [] => {
                defaults = self.context.settings.default_field.iter().map(|name| (name.clone(), 1.0)).collect();
                &defaults
            }
            list => list,
        };
        let fields = self.fields(list, None)?;
        if fields.is_empty() {
            return Ok(unmapped(""));
        }
        let mut reading = reading("multi_match", form(query.kind), &query.options);
        reading.lenient = query.options.lenient.unwrap_or_else(|| is_everything(list));
        reading.max_expansions = query.max_expansions;
        let together = Together {
            kind: query.kind,
            tie_breaker: query.tie_breaker,
            minimum_should_match: query.options.minimum_should_match.as_deref(),
            zero_terms: query.options.zero_terms,
        };
        let found = self.in_fields(&fields, &java_text(&query.text), together, &reading)?;
        Ok(found.unwrap_or_else(|| zero_terms(query.options.zero_terms)))
    }

    /// One text in several fields; `None`: it has no token in any of them. A field in which it has none counts as `together` says.
    pub(super) fn in_fields(
        &self,
        fields: &[Weighted],
        text: &str,
        together: Together<'_>,
        reading: &Reading<'_>,
    ) -> Outcome<Option<BoundQuery>> {
        if together.kind == MultiMatchKind::CrossFields {
            return self.across_fields(fields, text, together, reading);
        }
        let mut queries = Vec::with_capacity(fields.len());
        let mut any = false;
        for (name, factor) in fields {
            let found = self.text(name, text, reading)?;
            any |= found.is_some();
            let mut bound = found.unwrap_or_else(|| zero_terms(together.zero_terms));
            minimum::apply(&mut bound, together.minimum_should_match)?;
            queries.push(boosted(bound, *factor));
        }
        Ok(if any { best_of(queries, together.tie_breaker()) } else { None })
    }
}
