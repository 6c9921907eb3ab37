//! What stored queries are found by.

use crate::bound::{BoundBool, BoundKind, BoundQuery, Phrase, PhrasePosition};
use crate::percolate::needles::of;

fn word(field: &str, term: &str) -> BoundQuery {
    BoundQuery::new(BoundKind::Term(field.into(), term.as_bytes().into()))
}

fn boolean(clauses: BoundBool) -> BoundQuery {
    BoundQuery::new(BoundKind::Bool(clauses))
}

/// The needles of a query as `field:term`, or `any`.
fn check(query: &BoundQuery, expected: &str) {
    let shown = |needle: &[u8]| String::from_utf8_lossy(needle).replace('\0', ":");
    let found = of(query).map(|needles| needles.iter().map(|one| shown(one)).collect::<Vec<_>>().join(" "));
    assert_eq!(found.as_deref().unwrap_or("any"), expected);
}

#[test]
fn words_are_needles() {
    check(&word("t", "fox"), "t:fox");
    check(&BoundQuery::new(BoundKind::MatchAll), "any");
    check(&BoundQuery::new(BoundKind::Terms("k".into(), vec![b"a"[..].into(), b"b"[..].into()])), "k:a k:b");
    // Every document has an id, and it is another there.
    check(&word("_routing", "r"), "any");
}

#[test]
fn one_required_clause_is_enough() {
    let either = BoundQuery::new(BoundKind::DisMax { queries: vec![word("t", "a"), word("u", "a")], tie_breaker: 0.0 });
    let must = vec![either.clone(), word("t", "fox"), word("t", "zebra")];
    check(&boolean(BoundBool { must, ..BoundBool::default() }), "t:zebra");
    let filter = vec![BoundQuery::new(BoundKind::MatchAll), either];
    check(&boolean(BoundBool { filter, ..BoundBool::default() }), "t:a u:a");
    check(&boolean(BoundBool { must_not: vec![word("t", "a")], ..BoundBool::default() }), "any");
}

#[test]
fn of_alternatives_all_are_needed() {
    let should = |queries: &[BoundQuery], minimum_should_match: u32| {
        boolean(BoundBool { should: queries.to_vec(), minimum_should_match, ..BoundBool::default() })
    };
    check(&should(&[word("t", "a"), word("t", "b")], 1), "t:a t:b");
    check(&should(&[word("t", "a"), BoundQuery::new(BoundKind::MatchAll)], 1), "any");
    check(&should(&[word("t", "a"), word("t", "b")], 0), "any");
}

#[test]
fn a_phrase_has_its_rarest_place() {
    let position = |position: u32, terms: &[&str]| PhrasePosition {
        position,
        terms: terms.iter().map(|term| term.as_bytes().into()).collect(),
    };
    let phrase = |prefix_expansions: Option<u32>| {
        let positions = vec![position(0, &["a", "the"]), position(1, &["old"]), position(2, &["harbour"])];
        BoundQuery::new(BoundKind::Phrase(Phrase { field: "t".into(), positions, slop: 0, prefix_expansions }))
    };
    check(&phrase(None), "t:harbour");
    check(&phrase(Some(50)), "t:old");
}
