//! `match` and its kin about one field.

use model::query::full_text::{FuzzyOptions, Match, MatchOptions, MatchPhrase};

use super::fault::Outcome;
use super::number::java_text;
use super::text::{Form, Reading, zero_terms};
use super::{Binder, minimum};
use crate::bound::BoundQuery;

/// How the options of an analysed query read text.
pub(super) fn reading<'q>(owner: &'static str, form: Form, options: &'q MatchOptions) -> Reading<'q> {
    Reading {
        owner,
        form,
        operator: options.operator,
        analyzer: options.analyzer.as_deref(),
        lenient: options.lenient.unwrap_or(false),
        fuzziness: options.fuzziness,
        fuzzy: &options.fuzzy,
        synonym_phrases: options.auto_generate_synonyms_phrase_query,
        slop: options.slop,
        max_expansions: options.fuzzy.max_expansions,
        cutoff: options.cutoff_frequency,
    }
}

impl Binder<'_> {
    pub(super) fn match_query(&self, query: &Match) -> Outcome<BoundQuery> {
        self.one_field(query, &reading("match", Form::Words, &query.options))
    }

    pub(super) fn match_bool_prefix(&self, query: &Match) -> Outcome<BoundQuery> {
        self.one_field(query, &reading("match_bool_prefix", Form::WordsAndPrefix, &query.options))
    }

    fn one_field(&self, query: &Match, reading: &Reading<'_>) -> Outcome<BoundQuery> {
        let found = self.text(&query.field, &java_text(&query.text), reading)?;
        let mut bound = found.unwrap_or_else(|| zero_terms(query.options.zero_terms));
        minimum::apply(&mut bound, query.options.minimum_should_match.as_deref())?;
        Ok(bound)
    }

    pub(super) fn match_phrase(&self, query: &MatchPhrase) -> Outcome<BoundQuery> {
        self.phrase_of("match_phrase", Form::Phrase, query)
    }

    pub(super) fn match_phrase_prefix(&self, query: &MatchPhrase) -> Outcome<BoundQuery> {
        self.phrase_of("match_phrase_prefix", Form::PhrasePrefix, query)
    }

    fn phrase_of(&self, owner: &'static str, form: Form, query: &MatchPhrase) -> Outcome<BoundQuery> {
        let fuzzy = FuzzyOptions::default();
        let plain = Reading::plain(owner, form, query.analyzer.as_deref(), &fuzzy);
        let reading = Reading { slop: query.slop, max_expansions: query.max_expansions, ..plain };
        let found = self.text(&query.field, &java_text(&query.text), &reading)?;
        Ok(found.unwrap_or_else(|| zero_terms(query.zero_terms)))
    }
}
