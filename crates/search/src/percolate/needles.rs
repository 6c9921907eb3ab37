//! Needles: terms of which a document must have at least one to be matched by a query.
//!
//! A stored query keeps its needles as terms of a hidden field; documents that have none of them need not be compared with it. Of a query that
//! cannot be taken apart this way nothing is known, and it is compared with every document.

use model::query::query_string::Clause;
use model::query::{Kind, Query};

use super::stored::Stored;
use crate::bound::{BoundBool, BoundKind, BoundQuery, Phrase, TermBytes};

/// More needles than this are not worth keeping.
const MOST: usize = 8192;
/// Longest needle, in bytes.
const LONGEST: usize = 4096;

/// The needle of a query that may match any document.
pub const ANY: &[u8] = b"";

/// A term of a field.
pub fn term(field: &str, term: &[u8]) -> Box<[u8]> {
    [field.as_bytes(), &[0], term].concat().into()
}

/// A number of a field, by its code.
pub fn number(field: &str, code: i64) -> Box<[u8]> {
    [field.as_bytes(), &[1], &code.to_be_bytes()].concat().into()
}

/// What a stored query is found by: its needles, or [`ANY`].
pub fn of_stored(stored: &Stored) -> Vec<Box<[u8]>> {
    let known = if is_settled(&stored.query) { of(&stored.bound) } else { None };
    let fits = |needles: &Vec<Box<[u8]>>| needles.len() <= MOST && needles.iter().all(|one| one.len() <= LONGEST);
    known.filter(fits).unwrap_or_else(|| vec![ANY.into()])
}

/// Terms of which each match has one; `None`: not known.
pub(super) fn of(query: &BoundQuery) -> Option<Vec<Box<[u8]>>> {
    use BoundKind as K;
    match &query.kind {
        K::Term(field, one) => fielded(field, std::slice::from_ref(one)),
        K::Synonyms(field, terms) | K::Terms(field, terms) => fielded(field, terms),
        K::Blended { terms, .. } => all(terms.iter().map(|(field, one, _)| fielded(field, std::slice::from_ref(one)))),
        K::Combined(word) => all(word.fields.iter().map(|(field, _)| fielded(field, std::slice::from_ref(&word.term)))),
        K::Numbers(field, codes) if is_mapped(field) => Some(codes.iter().map(|code| number(field, *code)).collect()),
        K::Phrase(phrase) => of_phrase(phrase),
        K::Bool(clauses) => of_bool(clauses),
        K::Boosting { positive, .. } => of(positive),
        K::ConstantScore(inner) => of(inner),
        K::DisMax { queries, .. } => all(queries.iter().map(of)),
        K::FunctionScore(function) => of(&function.query),
        K::Nested(nested) => of(&nested.query),
        K::TermsSet(set) => all(set.terms.iter().map(of)),
        _ => None,
    }
}

/// The fields that every document has are not those of the document that is matched.
fn is_mapped(field: &str) -> bool {
    !field.starts_with('_')
}

fn fielded(field: &str, terms: &[TermBytes]) -> Option<Vec<Box<[u8]>>> {
    is_mapped(field).then(|| terms.iter().map(|one| term(field, one)).collect())
}

fn all(parts: impl Iterator<Item = Option<Vec<Box<[u8]>>>>) -> Option<Vec<Box<[u8]>>> {
    let parts: Vec<_> = parts.collect::<Option<_>>()?;
    Some(parts.concat())
}

/// Those of the position that is the least likely to be met: with the fewest terms, and of these the longest.
fn of_phrase(phrase: &Phrase) -> Option<Vec<Box<[u8]>>> {
    let whole = phrase.positions.len() - usize::from(phrase.prefix_expansions.is_some()).min(phrase.positions.len());
    let terms = phrase.positions[..whole].iter().map(|position| &position.terms);
    let chosen = terms.filter(|terms| !terms.is_empty());
    let chosen = chosen.min_by_key(|terms| (terms.len(), usize::MAX - shortest(terms.iter().map(|term| term.len()))));
    fielded(&phrase.field, chosen?)
}

fn of_bool(clauses: &BoundBool) -> Option<Vec<Box<[u8]>>> {
    let required = clauses.must.iter().chain(&clauses.filter).filter_map(of);
    let rank = |needles: &Vec<Box<[u8]>>| (needles.len(), usize::MAX - shortest(needles.iter().map(|one| one.len())));
    if let Some(best) = required.min_by_key(rank) {
        return Some(best);
    }
    if clauses.minimum_should_match == 0 {
        return None;
    }
    all(clauses.should.iter().map(of))
}

fn shortest(lengths: impl Iterator<Item = usize>) -> usize {
    lengths.min().unwrap_or(0)
}

/// Whether what it means does not depend on which fields there are: later ones would be sought, too, by terms that nobody kept.
fn is_settled(query: &Query) -> bool {
    let named = |fields: &[(String, f32)]| !fields.is_empty() && fields.iter().all(|(name, _)| !name.contains('*'));
    let settled = match &query.kind {
        Kind::MultiMatch(query) => named(&query.fields),
        Kind::CombinedFields(query) => named(&query.fields),
        Kind::QueryString(query) => (!query.syntax.is_bare() || named(&query.fields)) && names_fields(&query.syntax),
        Kind::SimpleQueryString(query) => named(&query.fields),
        _ => true,
    };
    settled && query.parts().into_iter().all(is_settled)
}

fn names_fields(clause: &Clause) -> bool {
    match clause {
        Clause::Field(name, inner) => !name.contains('*') && names_fields(inner),
        Clause::Boosted(inner, _) => names_fields(inner),
        Clause::Group(members) => members.iter().all(|(_, member)| names_fields(member)),
        _ => true,
    }
}
