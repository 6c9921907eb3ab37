//! Queries that the fast paths can run: terms, any or all of several terms, exact phrases, each with filters or without.

use super::{BoolWeight, Kind, PhraseWeight, TermWeight, Weight};

/// What scores.
pub(crate) enum Scoring<'w> {
    /// All of these terms; one: a single term.
    All(Vec<&'w TermWeight>),
    /// Any of these.
    Any(Vec<&'w TermWeight>),
    /// Single terms in exact order.
    Phrase(&'w PhraseWeight),
}

/// A query taken apart.
pub(crate) struct Shape<'w> {
    pub(crate) scoring: Scoring<'w>,
    pub(crate) filters: Vec<&'w Weight>,
    pub(crate) excluded: Vec<&'w Weight>,
}

impl<'w> Shape<'w> {
    /// `None`: only document at a time will do.
    pub(crate) fn of(weight: &'w Weight) -> Option<Self> {
        // A profile tells the parts of a query apart, which the fast paths do not.
        if weight.gauge.is_some() {
            return None;
        }
        let (mut filters, mut excluded) = (Vec::new(), Vec::new());
        let scoring = scoring(weight, &mut filters, &mut excluded)?;
        Some(Self { scoring, filters, excluded })
    }
}

fn scoring<'w>(
    weight: &'w Weight,
    filters: &mut Vec<&'w Weight>,
    excluded: &mut Vec<&'w Weight>,
) -> Option<Scoring<'w>> {
    match &weight.kind {
        Kind::Term(term) => positive(term).map(|term| Scoring::All(vec![term])),
        Kind::Phrase(phrase) => {
            let exact = phrase.slop == 0 && phrase.positions.iter().all(|(_, terms)| terms.len() == 1);
            (exact && phrase.score.is_positive()).then_some(Scoring::Phrase(phrase))
        }
        Kind::Bool(clauses) => {
            let found = clauses_scoring(clauses, filters, excluded)?;
            filters.extend(&clauses.filter);
            excluded.extend(&clauses.must_not);
            Some(found)
        }
        _ => None,
    }
}

fn clauses_scoring<'w>(
    clauses: &'w BoolWeight,
    filters: &mut Vec<&'w Weight>,
    excluded: &mut Vec<&'w Weight>,
) -> Option<Scoring<'w>> {
    let BoolWeight { must, should, minimum, .. } = clauses;
    match (must.as_slice(), should.as_slice()) {
        ([one], []) if *minimum == 0 => scoring(one, filters, excluded),
        ([], [one]) if *minimum == 1 => scoring(one, filters, excluded),
        (must, []) if *minimum == 0 => terms(must).map(Scoring::All),
        ([], should) if *minimum == 1 => terms(should).map(Scoring::Any),
        ([], should) if *minimum as usize == should.len() => terms(should).map(Scoring::All),
        _ => None,
    }
}

fn terms(weights: &[Weight]) -> Option<Vec<&TermWeight>> {
    let terms: Option<Vec<&TermWeight>> = weights
        .iter()
        .map(|weight| match &weight.kind {
            Kind::Term(term) => positive(term),
            _ => None,
        })
        .collect();
    terms.filter(|terms| !terms.is_empty())
}

/// Sums of nothing tell no match from a match without score.
fn positive(term: &TermWeight) -> Option<&TermWeight> {
    term.score.is_positive().then_some(term)
}
