//! Random trees of aggregations over random documents, laid out in any way and spread over any number of shards: one answer.

use model::aggregation::request::OrderBy;
use model::aggregation::request::metric::PercentilesMethod;
use search::aggregation::metric::{Cardinality, Percentiles, StatsShown};
use search::aggregation::{BoundAggregation, Filters, Kind, Level};
use search::bound::BoundKind;
use search::merge::aggregations::{Limit, finish};

use super::aggregations::{
    answers, histogram, keys, matrix, numbers, one, ranges, rare, sent, stats, terms, with_empty,
};
use super::*;

/// Buckets inside buckets at most.
const DEPTH: usize = 3;

fn number(rng: &mut Rng) -> &'static str {
    ["n", "d"][rng.below(2)]
}

fn metric(rng: &mut Rng) -> Kind {
    let field = number(rng);
    match rng.below(8) {
        0 => stats(field, StatsShown::Avg),
        1 => stats(field, StatsShown::Sum),
        2 => stats(field, StatsShown::Min),
        3 => stats(field, StatsShown::Stats),
        4 => stats(field, StatsShown::Extended { sigma: 1.5 }),
        5 => Kind::ValueCount(numbers(field)),
        6 => Kind::Cardinality(Box::new(Cardinality { values: keys(), threshold: 100 })),
        // So few numbers are kept as they are.
        _ => Kind::Percentiles(Box::new(Percentiles {
            values: numbers(field),
            points: vec![10.0, 50.0, 99.0],
            ranks: false,
            keyed: true,
            method: PercentilesMethod::TDigest { compression: 100.0 },
        })),
    }
}

/// Those that leave nothing out, so that shards add up.
fn buckets(rng: &mut Rng, depth: usize) -> Kind {
    let field = number(rng);
    let filter = |from: i64| Arc::new(BoundQuery::new(BoundKind::NumberRange("d".into(), from, from + 20)));
    // A shard without a bucket does not name values that nobody in it has: empty ones only where every shard has the bucket around them.
    match rng.below(if depth == 0 { 9 } else { 8 }) {
        0 => terms(keys(), OrderBy::Count, 100),
        1 => terms(numbers(field), OrderBy::Key, 100),
        2 => rare(numbers(field), 3),
        3 => histogram([0.5, 3.0, 17.0][rng.below(3)]),
        4 => ranges(),
        5 => Kind::Missing(numbers(field)),
        6 => rare(keys(), 1 + rng.below(12) as u64),
        8 => with_empty(numbers(field)),
        7 if rng.below(2) == 0 => matrix(),
        _ => Kind::Filters(Box::new(Filters {
            filters: vec![filter(-20), filter(-5), filter(10)],
            names: None,
            other: rng.below(2) == 0,
        })),
    }
}

pub(super) fn tree(rng: &mut Rng, depth: usize) -> BoundAggregation {
    let name = format!("a{}", rng.below(1000));
    if depth == DEPTH || rng.below(3) == 0 {
        return one(&name, metric(rng), Vec::new());
    }
    let kind = buckets(rng, depth);
    let children = (0..rng.below(3)).map(|_| tree(rng, depth + 1)).collect();
    one(&name, kind, children)
}

fn level(rng: &mut Rng) -> Level {
    Level { list: (0..1 + rng.below(3)).map(|_| tree(rng, 0)).collect(), pipelines: Vec::new() }
}

/// What matches without a look at scores, which depend on what else a shard holds.
fn unscored(rng: &mut Rng) -> BoundQuery {
    let from = rng.below(30) as i64 - 20;
    BoundQuery::new(match rng.below(3) {
        0 => BoundKind::MatchAll,
        1 => BoundKind::NumberRange("d".into(), from, from + 25),
        _ => BoundKind::Terms("k".into(), vec![queries::term("k0"), queries::term("K3"), queries::term("z")]),
    })
}

/// As text: what is not a number equals itself there.
fn text(answers: &[model::aggregation::answer::Answer]) -> String {
    format!("{answers:?}")
}

#[test]
fn any_tree_answers_alike_wherever_documents_lie() {
    for seed in 0..12 {
        let mut rng = Rng(seed * 4447 + 11);
        let corpus = Corpus::random(&mut rng, 80);
        let directory = tempfile::tempdir().expect("a directory");
        let layouts = [Layouts::Blocks(4), Layouts::Sealed(1), Layouts::Mixed(3)];
        let place = |(at, layout): (usize, &Layouts)| corpus.reader_in(*layout, &directory.path().join(at.to_string()));
        let readers: Vec<Reader> = layouts.iter().enumerate().map(place).collect();
        let block = corpus.reader(Layouts::OneBlock);
        for _ in 0..10 {
            let (query, level) = (queries::random(&mut rng, 1, true), level(&mut rng));
            let expected = text(&answers(&block, &query, &level));
            for (reader, layout) in readers.iter().zip(&layouts) {
                assert_eq!(
                    text(&answers(reader, &query, &level)),
                    expected,
                    "seed {seed} {layout:?} {query:?} {level:?}"
                );
            }
        }
    }
}

#[test]
fn any_tree_over_any_number_of_shards_answers_as_over_one() {
    for seed in 0..40 {
        let mut rng = Rng(seed * 9721 + 3);
        let corpus = Corpus::random(&mut rng, 100);
        let (query, level) = (unscored(&mut rng), level(&mut rng));
        let expected = text(&answers(&corpus.reader(Layouts::OneBlock), &query, &level));
        for shards in [1, 2, 5, 13] {
            let mut docs: Vec<Vec<_>> = vec![Vec::new(); shards];
            corpus.docs.iter().for_each(|doc| docs[rng.below(shards)].push(doc.clone()));
            let asked = ShardQuery { aggregations: Some(Arc::new(level.clone())), ..request(&query, 0) };
            let shown = docs.into_iter().filter(|docs| !docs.is_empty());
            let found = |docs| sent(ask(&Corpus::new(docs).reader(Layouts::OneBlock), &asked).aggregations);
            let mut found: Vec<_> = shown.map(found).collect();
            let at = rng.below(found.len());
            found.rotate_left(at);
            let merged = finish(&level, found, &mut Limit::new(10_000)).expect("finishes");
            assert_eq!(text(&merged), expected, "seed {seed}, {shards} shards, {query:?} {level:?}");
        }
    }
}
