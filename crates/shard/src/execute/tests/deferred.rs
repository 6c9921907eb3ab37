//! Whether what is inside of buckets is collected with them or when it is known which of them are told: one answer.

use model::aggregation::request::OrderBy;
use search::aggregation::geo::Cell;
use search::aggregation::{Kind, Level};
use search::bound::BoundKind;

use super::aggregations::{first_two, histogram, keys, numbers, one, pairs, rare, sampler, significant, terms};
use super::corpus::Doc;
use super::metrics::top_hits;
use super::places::grid;
use super::trees::tree;
use super::*;
use crate::aggregate::Budget;
use crate::execute::query_within;

/// Lists that leave buckets out, and others beside them.
fn outer(rng: &mut Rng) -> Kind {
    match rng.below(9) {
        0 => first_two(keys()),
        1 => first_two(numbers("n")),
        2 => terms(numbers("d"), OrderBy::Key, 3),
        3 => pairs(),
        4 => grid(Cell::Hash, 2, None, 2),
        5 => rare(keys(), 4),
        6 => significant(keys()),
        7 => sampler(5, None),
        _ => histogram(3.0),
    }
}

fn level(rng: &mut Rng) -> Level {
    let inner = (0..2).map(|at| one(&format!("i{at}"), outer(rng), vec![tree(rng, 2), hits(rng)])).collect();
    let outer = vec![one("a", outer(rng), inner), one("b", outer(rng), vec![tree(rng, 1), hits(rng)])];
    Level { list: outer, pipelines: Vec::new() }
}

fn hits(rng: &mut Rng) -> search::aggregation::BoundAggregation {
    one("hits", top_hits([None, Some("n")][rng.below(2)]), Vec::new())
}

#[test]
fn what_is_collected_late_is_what_would_have_been_collected_at_once() {
    for seed in 0..16 {
        let mut rng = Rng(seed * 5417 + 5);
        let corpus = Corpus::random(&mut rng, 80);
        let directory = tempfile::tempdir().expect("a directory");
        let reader = corpus.reader_in(Layouts::Mixed(3), directory.path());
        for _ in 0..8 {
            let (query, level) = (queries::random(&mut rng, 1, true), level(&mut rng));
            let asked = ShardQuery { aggregations: Some(Arc::new(level)), ..request(&query, 3) };
            let found = |depth_first: usize| {
                let budget = Arc::new(Budget::unlimited().with_depth_first(depth_first));
                let found = query_within(&reader, &asked, &Endless, &Limits::of(&budget)).expect("answers");
                format!("{:?}", found.aggregations)
            };
            let expected = found(usize::MAX);
            for buckets in [0, 1, 5] {
                assert_eq!(found(buckets), expected, "seed {seed}, beyond {buckets}: {asked:?}");
            }
        }
    }
}

/// What a list leaves out takes no room inside of its buckets.
#[test]
fn a_short_list_of_many_values_does_not_hold_what_is_inside_of_all() {
    let doc =
        |at: i64| Doc { id: at.to_string(), n: vec![at], keys: vec![format!("v{at}")], alive: true, ..Doc::default() };
    let reader = Corpus::new((0..4000).map(doc).collect()).reader(Layouts::OneBlock);
    let inside = one("i", terms(keys(), OrderBy::Count, 10), Vec::new());
    let level = Level { list: vec![one("a", first_two(numbers("n")), vec![inside])], pipelines: Vec::new() };
    let all = BoundQuery::new(BoundKind::MatchAll);
    let asked = ShardQuery { aggregations: Some(Arc::new(level)), ..request(&all, 0) };
    let ends = |depth_first: usize| {
        let budget = Arc::new(Budget::new(Arc::default(), 300_000, 10_000).with_depth_first(depth_first));
        query_within(&reader, &asked, &Endless, &Limits::of(&budget)).is_ok()
    };
    assert!(!ends(usize::MAX), "all of it takes too much");
    assert!(ends(0));
}
