//! Words apart by how frequent they are: `common`, and `cutoff_frequency` of other queries.

use model::query::full_text::{ByFrequency, Frequency, FuzzyOptions, Operator, ZeroTerms};

use super::Binder;
use super::fault::Outcome;
use super::target::Target;
use super::term::bytes;
use super::text::{Cut, Form, Reading, zero_terms};
use crate::bound::{BoundKind, BoundQuery, FieldName, TermBytes, WordsByFrequency};

impl Binder<'_> {
    pub(super) fn by_frequency(&self, query: &ByFrequency) -> Outcome<BoundQuery> {
        let target = self.target(&query.field);
        let fuzzy = FuzzyOptions::default();
        let reading = Reading::plain("common", Form::Words, query.analyzer.as_deref(), &fuzzy);
        let terms: Vec<TermBytes> = match self.cut(&target, &reading)? {
            Cut::Whole => vec![bytes(&query.text)],
            Cut::Analyzer(analyzer) => {
                analyzer.analyze(&query.text).tokens.iter().map(|token| bytes(&token.text)).collect()
            }
        };
        let Target::Field(field) = target else { return Ok(zero_terms(ZeroTerms::None)) };
        if terms.is_empty() {
            return Ok(zero_terms(ZeroTerms::None));
        }
        Ok(BoundQuery::new(BoundKind::ByFrequency(Box::new(WordsByFrequency {
            field: field.path.clone(),
            terms,
            cutoff: query.cutoff_frequency,
            rare: query.low_freq.clone(),
            frequent: query.high_freq.clone(),
        }))))
    }
}

/// Takes words that are joined by one operator apart; what is more than words of one field stays as it is.
pub(super) fn split(query: &mut BoundQuery, cutoff: f32) {
    let BoundKind::Bool(clauses) = &query.kind else { return };
    let (words, operator) = match (clauses.must.as_slice(), clauses.should.as_slice()) {
        ([], words) => (words, Operator::Or),
        (words, []) => (words, Operator::And),
        _ => return,
    };
    if !clauses.filter.is_empty() || !clauses.must_not.is_empty() {
        return;
    }
    let mut field: Option<&FieldName> = None;
    let mut terms = Vec::with_capacity(words.len());
    for word in words {
        let BoundKind::Term(name, term) = &word.kind else { return };
        if word.boost != 1.0 || field.is_some_and(|field| field != name) {
            return;
        }
        field = Some(name);
        terms.push(term.clone());
    }
    let Some(field) = field.cloned() else { return };
    let frequency = || Frequency { operator, minimum_should_match: None };
    query.kind = BoundKind::ByFrequency(Box::new(WordsByFrequency {
        field,
        terms,
        cutoff,
        rare: frequency(),
        frequent: frequency(),
    }));
}
