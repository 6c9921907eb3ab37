//! Queries in Lucene's notation, as explanations show them.

use std::ops::Bound;

use search::bound::TermBytes;

use crate::compile::{BoolWeight, Kind, Set, Weight};

/// A weight as text, its boost included where it shows.
pub(super) fn query(weight: &Weight) -> String {
    match &weight.kind {
        Kind::Nothing(reason) => format!("MatchNoDocsQuery(\"{reason}\")"),
        Kind::All => boosted("*:*".into(), weight.boost),
        Kind::Term(term) => term_query(&term.place.field, &term.term),
        Kind::Synonyms(synonyms) => {
            let terms: Vec<String> =
                synonyms.terms.iter().map(|term| term_query(&synonyms.place.field, term)).collect();
            format!("Synonym({})", terms.join(" "))
        }
        Kind::Combined(combined) => combined.notation.clone(),
        Kind::Set(found) => boosted(set(found), weight.boost),
        Kind::Phrase(phrase) => {
            let words: Vec<String> = phrase.positions.iter().map(|(_, terms)| any_of(terms)).collect();
            let slop = if phrase.slop > 0 { format!("~{}", phrase.slop) } else { String::new() };
            format!("{}:\"{}\"{slop}", phrase.place.field, words.join(" "))
        }
        Kind::Bool(clauses) => boolean(clauses),
        Kind::Boosting { positive, negative, factor } => format!(
            "FunctionScoreQuery({}, scored by boost(queryboost(score({}))^{factor:?}))",
            query(positive),
            constant(negative)
        ),
        Kind::Constant(inner) => boosted(format!("ConstantScore({})", bare(inner)), weight.boost),
        Kind::DisMax { parts, tie_breaker } => {
            let parts: Vec<String> = parts.iter().map(query).collect();
            let tie = if *tie_breaker == 0.0 { String::new() } else { format!("~{tie_breaker:?}") };
            format!("({}){tie}", parts.join(" | "))
        }
        Kind::Ranked(ranked) => format!("ranked({})", query(&ranked.candidates)),
        Kind::Nearest(nearest) => boosted(nearest.notation.clone(), weight.boost),
        Kind::Percolate { percolation, .. } => percolation.notation(),
        Kind::Intervals(intervals) => intervals.notation.clone(),
        Kind::Spans(spans) => spans.notation.clone(),
        Kind::Enough(enough) => {
            let parts: Vec<String> = enough.parts.iter().map(query).collect();
            format!("CoveringQuery({})", parts.join(", "))
        }
        Kind::Function(function) => format!("function score ({})", query(&function.query)),
        Kind::Nested(nested) => format!("ToParentBlockJoinQuery ({})", query(&nested.inner)),
        Kind::InsideOf { matches, .. } => format!("ToChildBlockJoinQuery ({})", query(matches)),
    }
}

/// A weight whose score nobody asks for.
pub(super) fn constant(weight: &Weight) -> String {
    match &weight.kind {
        Kind::Set(Set::NumberRange(..) | Set::Numbers(..) | Set::Within(..) | Set::Shape(..) | Set::Accepted(..))
        | Kind::All => bare(weight),
        Kind::Set(Set::Terms(..)) => bare(weight),
        _ => format!("ConstantScore({})", bare(weight)),
    }
}

/// Without boost.
pub(super) fn bare(weight: &Weight) -> String {
    match &weight.kind {
        Kind::Set(found) => set(found),
        Kind::All => "*:*".into(),
        _ => query(weight),
    }
}

fn boosted(text: String, boost: f32) -> String {
    if boost == 1.0 { text } else { format!("{text}^{boost:?}") }
}

pub(super) fn term_query(field: &str, term: &[u8]) -> String {
    format!("{field}:{}", text(term))
}

fn any_of(terms: &[TermBytes]) -> String {
    match terms {
        [one] => text(one),
        many => format!("({})", many.iter().map(|term| text(term)).collect::<Vec<_>>().join(" ")),
    }
}

/// Bytes as UTF-8, or in hexadecimal.
fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => format!("[{}]", bytes.iter().map(|byte| format!("{byte:x}")).collect::<Vec<_>>().join(" ")),
    }
}

fn set(set: &Set) -> String {
    match set {
        Set::Term { place, term, .. } => format!("{}:{}", place.field, any_of(std::slice::from_ref(term))),
        Set::Terms(place, terms) => format!("{}:{}", place.field, any_of(terms)),
        Set::Numbers(place, codes) => match codes.as_slice() {
            [one] => format!("{}:[{one} TO {one}]", place.field),
            many => format!("{}: {many:?}", place.field),
        },
        Set::NumberRange(place, from, to) => format!("{}:[{from} TO {to}]", place.field),
        Set::TermRange(place, from, to) => {
            let (open, low) = match from {
                Bound::Included(value) => ('[', text(value)),
                Bound::Excluded(value) => ('{', text(value)),
                Bound::Unbounded => ('[', "*".into()),
            };
            let (close, high) = match to {
                Bound::Included(value) => (']', text(value)),
                Bound::Excluded(value) => ('}', text(value)),
                Bound::Unbounded => (']', "*".into()),
            };
            format!("{}:{open}{low} TO {high}{close}", place.field)
        }
        Set::Within(place, area) => format!("{}:{}", place.field, area.notation()),
        Set::Shape(place, _, question) => format!("{}:{}", place.field, question.notation()),
        Set::Accepted(place, accepted) => format!("{}:{}", place.field, accepted.notation),
        Set::Exists(fields) => match fields.as_slice() {
            [one] => format!("FieldExistsQuery [field={one}]"),
            many => {
                let parts: Vec<String> = many.iter().map(|field| format!("FieldExistsQuery [field={field}]")).collect();
                parts.join(" ")
            }
        },
        Set::Slice(field, part, of) => {
            let field = field.as_ref().map_or("_id", |place| &*place.field);
            format!("slice[field={field}, id={part}, max={of}]")
        }
        Set::Ids(ids) => format!("_id:({})", ids.join(" ")),
    }
}

fn boolean(clauses: &BoolWeight) -> String {
    let mut parts = Vec::new();
    for (sign, weights) in
        [("+", &clauses.must), ("", &clauses.should), ("#", &clauses.filter), ("-", &clauses.must_not)]
    {
        for weight in weights {
            let text = if matches!(weight.kind, Kind::Bool(_)) { format!("({})", query(weight)) } else { bare(weight) };
            parts.push(format!("{sign}{text}"));
        }
    }
    let plain = clauses.must.is_empty() && clauses.filter.is_empty() && clauses.minimum == 1;
    let minimum = if clauses.minimum > 0 && !plain { format!("~{}", clauses.minimum) } else { String::new() };
    if minimum.is_empty() { parts.join(" ") } else { format!("({}){minimum}", parts.join(" ")) }
}
