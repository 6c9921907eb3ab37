//! Aggregations over every layout of the same documents, and against what a look at each document gives.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use model::aggregation::answer::{Answer, Body};
use model::aggregation::partial::Partial;
use model::aggregation::request::terms::{Cut, Heuristic};
use model::aggregation::request::{Order, OrderBy};
use model::error::ErrorKind;
use search::aggregation::choice::Choice;
use search::aggregation::format::Format;
use search::aggregation::histogram::{Histogram, Step};
use search::aggregation::metric::{Stats, StatsShown};
use search::aggregation::range::{Range, Ranges};
use search::aggregation::sample::{Diversity, Sampler};
use search::aggregation::terms::{MultiTerms, Ranking, RareTerms, SignificantTerms, Terms};
use search::aggregation::values::{Column, Values};
use search::aggregation::{AdjacencyMatrix, BoundAggregation, Kind, Level};
use search::bound::BoundKind;
use search::merge::aggregations::{Limit, finish};

use super::*;

fn values(column: Column) -> Values {
    Values { column, missing: None, format: Format::Raw }
}

pub(super) fn numbers(field: &str) -> Values {
    values(Column::Number(field.into(), NumberCode::Long))
}

pub(super) fn one(name: &str, kind: Kind, children: Vec<BoundAggregation>) -> BoundAggregation {
    let children = Level { list: children, pipelines: Vec::new() };
    BoundAggregation { name: name.into(), kind, children, meta: None }
}

pub(super) fn terms(values: Values, order: OrderBy, size: u32) -> Kind {
    Kind::Terms(Box::new(Terms { values, ranking: ranking(order, size, 1), choice: Choice::default() }))
}

fn ranking(order: OrderBy, size: u32, min_doc_count: u64) -> Ranking {
    Ranking {
        cut: Cut { size, shard_size: None, min_doc_count, shard_min_doc_count: 0 },
        order: vec![Order { by: order, descending: true }],
        show_error: true,
        exact: false,
    }
}

/// The best two of a shard, by count.
pub(super) fn first_two(values: Values) -> Kind {
    let mut ranking = ranking(OrderBy::Count, 2, 1);
    ranking.cut.shard_size = Some(2);
    Kind::Terms(Box::new(Terms { values, ranking, choice: Choice::default() }))
}

/// The best two, of which shards would leave some out.
fn best_two(values: Values) -> Kind {
    let mut ranking = Ranking { exact: true, ..ranking(OrderBy::Count, 2, 1) };
    ranking.cut.shard_size = Some(2);
    Kind::Terms(Box::new(Terms { values, ranking, choice: Choice::default() }))
}

pub(super) fn keys() -> Values {
    values(Column::Strings("k".into()))
}

/// Every value of the index, of whatever matches.
pub(super) fn with_empty(values: Values) -> Kind {
    let ranking = ranking(OrderBy::Count, 100, 0);
    Kind::Terms(Box::new(Terms { values, ranking, choice: Choice::default() }))
}

pub(super) fn pairs() -> Kind {
    Kind::MultiTerms(Box::new(MultiTerms {
        fields: vec![keys(), numbers("d")],
        ranking: ranking(OrderBy::Count, 5, 1),
    }))
}

pub(super) fn strings(field: &str) -> Values {
    values(Column::Strings(field.into()))
}

pub(super) fn terms_by_count(values: Values, size: u32) -> Kind {
    terms(values, OrderBy::Count, size)
}

pub(super) fn rare(values: Values, most: u64) -> Kind {
    Kind::RareTerms(Box::new(RareTerms { values, most, choice: Choice::default() }))
}

pub(super) fn matrix() -> Kind {
    let filter = |key: &str| Arc::new(BoundQuery::new(BoundKind::Terms("k".into(), vec![queries::term(key)])));
    Kind::AdjacencyMatrix(Box::new(AdjacencyMatrix {
        filters: vec![filter("k0"), filter("k1"), filter("k2")],
        names: ["a", "b", "c"].map(str::to_owned).to_vec(),
        separator: "&".to_owned(),
        pairs_only: false,
    }))
}

pub(super) fn significant(values: Values) -> Kind {
    Kind::SignificantTerms(Box::new(SignificantTerms {
        values,
        cut: Cut { size: 100, shard_size: None, min_doc_count: 1, shard_min_doc_count: 0 },
        choice: Choice::default(),
        background: None,
        heuristic: Heuristic::Percentage,
    }))
}

pub(super) fn sampler(shard_size: usize, diversity: Option<Diversity>) -> Kind {
    Kind::Sampler(Box::new(Sampler { shard_size, diversity }))
}

pub(super) fn stats(field: &str, shown: StatsShown) -> Kind {
    Kind::Stats(Box::new(Stats { values: numbers(field), shown }))
}

pub(super) fn histogram(interval: f64) -> Kind {
    Kind::Histogram(Box::new(Histogram {
        values: numbers("d"),
        step: Step::Width { interval, offset: 1.0, extended: None, hard: None },
        min_doc_count: 0,
        order: vec![Order { by: OrderBy::Key, descending: false }],
        keyed: false,
    }))
}

pub(super) fn ranges() -> Kind {
    let range = |from: f64, to: f64| Range { key: None, from, to, least: from, beyond: to };
    let ranges = vec![range(f64::NEG_INFINITY, 3.0), range(-5.0, 5.0), range(4.0, f64::INFINITY)];
    Kind::Ranges(Box::new(Ranges { values: numbers("d"), ranges, keyed: false, kind: "range" }))
}

/// Two documents, since all are of one value.
fn two_of_all() -> Option<Diversity> {
    Some(Diversity { values: values(Column::Constant(queries::term("index"))), most: 2 })
}

/// Aggregations that leave nothing out, so that shards may be added up.
fn whole_tree() -> Level {
    let extended = || one("x", stats("d", StatsShown::Extended { sigma: 2.0 }), Vec::new());
    let every = |values: Values| terms(values, OrderBy::Count, 100);
    let mut some_pairs = pairs();
    if let Kind::MultiTerms(terms) = &mut some_pairs {
        terms.ranking.cut.shard_size = Some(1000);
    }
    let mut list = vec![
        one("keys", every(keys()), vec![one("n", every(numbers("n")), vec![extended()])]),
        one("empty", with_empty(numbers("d")), vec![extended()]),
        one("exact", best_two(numbers("d")), vec![one("k", best_two(keys()), Vec::new())]),
        one("pairs", some_pairs, vec![extended()]),
        one("rare", rare(keys(), 12), vec![extended()]),
        one("rarer", rare(numbers("d"), 2), vec![one("d", rare(numbers("n"), 1), Vec::new())]),
        one("matrix", matrix(), vec![extended()]),
        one(
            "ranges",
            ranges(),
            vec![one("inside", histogram(2.5), Vec::new()), one("k", with_empty(keys()), Vec::new())],
        ),
        one("gap", Kind::Missing(numbers("d")), vec![extended()]),
    ];
    list.extend(places::kinds());
    Level { list, pipelines: Vec::new() }
}

fn tree() -> Level {
    let extended = || one("x", stats("d", StatsShown::Extended { sigma: 2.0 }), Vec::new());
    let avg = || one("avg", stats("n", StatsShown::Avg), Vec::new());
    let by_number = one("n", terms(numbers("n"), OrderBy::Count, 3), vec![extended()]);
    let mut list = vec![
        one("keys", terms(values(Column::Strings("k".into())), OrderBy::Count, 3), Vec::new()),
        one(
            "tree",
            terms(values(Column::Strings("k".into())), OrderBy::Path("avg".to_owned()), 4),
            vec![avg(), by_number],
        ),
        one("gap", Kind::Missing(numbers("d")), vec![extended()]),
        one("wide", histogram(4.0), vec![extended()]),
        one("ranges", ranges(), vec![one("inside", histogram(2.5), Vec::new())]),
        one("empty", with_empty(numbers("d")), vec![one("k", with_empty(keys()), vec![extended()])]),
        one("pairs", pairs(), vec![extended()]),
        one("rare", rare(keys(), 9), vec![one("d", rare(numbers("d"), 1), Vec::new())]),
        one("matrix", matrix(), vec![extended(), one("stands out", significant(numbers("d")), vec![extended()])]),
        one("best", sampler(7, None), vec![extended(), one("k", with_empty(keys()), Vec::new())]),
        one("few", ranges(), vec![one("best", sampler(3, two_of_all()), vec![extended()])]),
        one("all", Kind::Global(None), vec![one("count", Kind::ValueCount(numbers("d")), Vec::new())]),
    ];
    list.extend(places::kinds());
    Level { list, pipelines: Vec::new() }
}

pub(super) fn answers(reader: &Reader, query: &BoundQuery, level: &Level) -> Vec<Answer> {
    let request = ShardQuery { aggregations: Some(Arc::new(level.clone())), ..request(query, 3) };
    let found = ask(reader, &request).aggregations;
    finish(level, vec![found], &mut Limit::new(10_000)).expect("finishes")
}

/// Lists that are cut off: of several segments they are found without a table of all values.
#[test]
fn short_lists_are_alike_wherever_documents_lie() {
    let by = |by: OrderBy, descending| Order { by, descending };
    let orders = [
        vec![by(OrderBy::Count, true)],
        vec![by(OrderBy::Count, true), by(OrderBy::Key, false)],
        vec![by(OrderBy::Count, true), by(OrderBy::Key, true)],
        vec![by(OrderBy::Key, true)],
        vec![by(OrderBy::Key, false)],
        vec![by(OrderBy::Count, false)],
    ];
    for seed in 0..8 {
        let mut rng = Rng(seed * 7 + 1);
        let corpus = Corpus::random(&mut rng, 60);
        let directory = tempfile::tempdir().expect("a directory");
        let layouts = [Layouts::Blocks(4), Layouts::Sealed(3), Layouts::Mixed(5)];
        let place = |(at, layout): (usize, &Layouts)| corpus.reader_in(*layout, &directory.path().join(at.to_string()));
        let readers: Vec<Reader> = layouts.iter().enumerate().map(place).collect();
        let block = corpus.reader(Layouts::OneBlock);
        for (order, size, least) in variants(&orders) {
            let cut = Cut { size, shard_size: Some(size), min_doc_count: least, shard_min_doc_count: least };
            let ranking = Ranking { cut, order: order.clone(), show_error: true, exact: false };
            let list = [keys(), numbers("d")].map(|values| {
                let asked = Terms { values, ranking: ranking.clone(), choice: Choice::default() };
                one("list", Kind::Terms(Box::new(asked)), Vec::new())
            });
            let level = Level { list: list.to_vec(), pipelines: Vec::new() };
            let query = queries::random(&mut rng, 1, true);
            let expected = format!("{:?}", answers(&block, &query, &level));
            for (reader, layout) in readers.iter().zip(&layouts) {
                let found = format!("{:?}", answers(reader, &query, &level));
                assert_eq!(found, expected, "seed {seed} {layout:?} {query:?} {order:?} {size} {least}");
            }
        }
    }
}

fn variants(orders: &[Vec<Order>]) -> impl Iterator<Item = (&Vec<Order>, u32, u64)> {
    orders.iter().flat_map(|order| [(1, 1), (3, 0), (3, 2), (100, 1)].map(|(size, least)| (order, size, least)))
}

#[test]
fn where_documents_lie_changes_no_aggregation() {
    for seed in 0..20 {
        let mut rng = Rng(seed * 6151 + 7);
        let corpus = Corpus::random(&mut rng, 90);
        let directory = tempfile::tempdir().expect("a directory");
        let layouts = [Layouts::OneBlock, Layouts::Blocks(4), Layouts::Sealed(1), Layouts::Mixed(3)];
        let places = layouts.iter().enumerate();
        let reader = |(n, layout): (usize, &Layouts)| corpus.reader_in(*layout, &directory.path().join(n.to_string()));
        let readers: Vec<Reader> = places.map(reader).collect();
        for _ in 0..5 {
            let query = queries::random(&mut rng, 2, true);
            let expected = format!("{:?}", answers(&readers[0], &query, &tree()));
            for (reader, layout) in readers.iter().zip(&layouts).skip(1) {
                // As text: what is not a number equals itself there.
                let same = format!("{:?}", answers(reader, &query, &tree())) == expected;
                assert!(same, "seed {seed} {layout:?} {query:?}");
            }
        }
    }
}

/// What another node reads of it.
pub(super) fn sent(partials: Vec<Partial>) -> Vec<Partial> {
    partials.into_iter().map(|partial| Partial::from_bytes(&partial.to_bytes()).expect("what was written")).collect()
}

#[test]
fn any_number_of_shards_in_any_order_answers_as_one() {
    for seed in 0..8 {
        let mut rng = Rng(seed * 7877 + 5);
        let corpus = Corpus::random(&mut rng, 120);
        let query =
            if seed % 4 == 0 { BoundQuery::new(BoundKind::MatchAll) } else { queries::random(&mut rng, 2, true) };
        let mut level = whole_tree();
        if seed % 4 == 0 {
            // Of everything: a shard that does not name a value does not have it in its background, either.
            level.list.push(one(
                "stands out",
                significant(keys()),
                vec![one("gap", Kind::Missing(numbers("d")), Vec::new())],
            ));
        }
        let expected = answers(&corpus.reader(Layouts::OneBlock), &query, &level);
        for shards in [1, 2, 5, 13] {
            let mut docs: Vec<Vec<_>> = vec![Vec::new(); shards];
            corpus.docs.iter().for_each(|doc| docs[rng.below(shards)].push(doc.clone()));
            let request = ShardQuery { aggregations: Some(Arc::new(level.clone())), ..request(&query, 3) };
            let mut found: Vec<_> = docs
                .into_iter()
                .filter(|docs| !docs.is_empty())
                .map(|docs| sent(ask(&Corpus::new(docs).reader(Layouts::OneBlock), &request).aggregations))
                .collect();
            for _ in 0..3 {
                let at = rng.below(found.len());
                found.rotate_left(at);
                let merged = finish(&level, found.clone(), &mut Limit::new(10_000)).expect("finishes");
                for (found, expected) in merged.iter().zip(&expected) {
                    // As text: what is not a number equals itself there.
                    assert_eq!(
                        format!("{found:?}"),
                        format!("{expected:?}"),
                        "seed {seed}, {shards} shards, {query:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_sample_holds_the_best_documents_of_each_bucket() {
    let mut rng = Rng(17);
    let corpus = Corpus::random(&mut rng, 300);
    let directory = tempfile::tempdir().expect("a directory");
    let reader = corpus.reader_in(Layouts::Mixed(3), directory.path());
    let query = BoundQuery::new(BoundKind::Term("title".into(), queries::term("ship")));
    let count = || one("d", Kind::ValueCount(numbers("d")), Vec::new());
    let list =
        vec![one("best", sampler(10, None), vec![count()]), one("two", sampler(10, two_of_all()), vec![count()])];
    let found = answers(&reader, &query, &Level { list, pipelines: Vec::new() });
    let best = ask(&reader, &request(&query, 10)).hits;
    let values = |id: &str| corpus.docs.iter().find(|doc| doc.alive && doc.id == id).map_or(0, |doc| doc.d.len());
    for (answer, most) in found.iter().zip([10, 2]) {
        let Body::Bucket(bucket) = &answer.body else { panic!("no bucket: {answer:?}") };
        assert_eq!(bucket.doc_count, most as u64);
        let Body::Value { value, .. } = &bucket.answers[0].body else { panic!("no value: {answer:?}") };
        // Ties at the cut may fall either way: only scores are compared, unless the cut is clear.
        let clear = best.get(most).is_some_and(|next| next.score < best[most - 1].score);
        if clear {
            let expected: usize = best[..most].iter().map(|hit| values(&hit.id)).sum();
            assert_eq!(value.as_f64(), expected as f64);
        }
    }
}

#[test]
fn a_look_at_each_document_counts_the_same() {
    let mut rng = Rng(99);
    let corpus = Corpus::random(&mut rng, 400);
    let mut expected: BTreeMap<&str, u64> = BTreeMap::new();
    for doc in corpus.docs.iter().filter(|doc| doc.alive) {
        doc.keys.iter().for_each(|key| *expected.entry(key).or_default() += 1);
    }
    let all = BoundQuery::new(BoundKind::MatchAll);
    let kind = terms(values(Column::Strings("k".into())), OrderBy::Key, 100);
    let level = Level { list: vec![one("keys", kind, Vec::new())], pipelines: Vec::new() };
    let directory = tempfile::tempdir().expect("a directory");
    let found = answers(&corpus.reader_in(Layouts::Mixed(3), directory.path()), &all, &level);
    let Body::Buckets(buckets) = &found[0].body else { panic!("no buckets: {found:?}") };
    let seen: Vec<(&str, u64)> =
        buckets.list.iter().map(|bucket| (bucket.text.as_deref().unwrap_or_default(), bucket.doc_count)).collect();
    assert_eq!(seen, expected.into_iter().rev().collect::<Vec<_>>());
}

#[test]
fn histograms_and_ranges_count_what_lies_in_them() {
    let mut rng = Rng(7);
    let corpus = Corpus::random(&mut rng, 300);
    let level = Level {
        list: vec![one("h", histogram(4.0), Vec::new()), one("r", ranges(), Vec::new())],
        pipelines: Vec::new(),
    };
    let directory = tempfile::tempdir().expect("a directory");
    let reader = corpus.reader_in(Layouts::Mixed(3), directory.path());
    let found = answers(&reader, &BoundQuery::new(BoundKind::MatchAll), &level);
    let counts = |answer: &Answer| -> Vec<(f64, u64)> {
        let Body::Buckets(buckets) = &answer.body else { panic!("no buckets: {answer:?}") };
        buckets.list.iter().map(|bucket| (bucket.key.as_f64().unwrap_or(f64::NAN), bucket.doc_count)).collect()
    };
    let docs = || corpus.docs.iter().filter(|doc| doc.alive);
    for (key, count) in counts(&found[0]) {
        let holds = |&&n: &&i64| (n as f64) >= key && (n as f64) < key + 4.0;
        let expected = docs().filter(|doc| doc.d.iter().any(|n| holds(&n))).count() as u64;
        assert_eq!(count, expected, "the bucket of {key}");
    }
    let total: u64 = counts(&found[0]).iter().map(|(_, count)| count).sum();
    assert!(total >= docs().filter(|doc| !doc.d.is_empty()).count() as u64);
    let expected = [i64::MIN..3, -5..5, 4..i64::MAX]
        .map(|range| docs().filter(|doc| doc.d.iter().any(|n| range.contains(n))).count() as u64);
    assert_eq!(counts(&found[1]).iter().map(|(_, count)| *count).collect::<Vec<_>>(), expected);
}

/// Why aggregations within a budget are refused.
fn refused(reader: &Reader, kind: Kind, (bytes, buckets): (u64, u64)) -> ErrorKind {
    let level = Level { list: vec![one("a", kind, Vec::new())], pipelines: Vec::new() };
    let all = BoundQuery::new(BoundKind::MatchAll);
    let request = ShardQuery { aggregations: Some(Arc::new(level.clone())), ..request(&all, 0) };
    let node = Arc::new(AtomicU64::new(0));
    let budget = Arc::new(Budget::new(node.clone(), bytes, buckets));
    let found = query_within(reader, &request, &Endless, &Limits::of(&budget));
    let refused = found.and_then(|hits| finish(&level, vec![hits.aggregations], &mut Limit::new(buckets)));
    drop(budget);
    assert_eq!(node.load(Ordering::Relaxed), 0, "what was taken is given back");
    refused.expect_err("too much").kind
}

/// A shard need not make buckets that no answer may have; what lies around may leave some out, which only the whole answer knows.
#[test]
fn too_many_buckets_are_refused_where_they_are_made() {
    let reader = Corpus::random(&mut Rng(3), 90).reader(Layouts::OneBlock);
    let all = BoundQuery::new(BoundKind::MatchAll);
    let by_key = || one("k", terms(keys(), OrderBy::Count, 100), Vec::new());
    let few = || terms(numbers("n"), OrderBy::Count, 1);
    for (outer, refused) in [(histogram(1e3), true), (Kind::Missing(strings("none")), true), (few(), false)] {
        let level = Level { list: vec![one("a", outer, vec![by_key()])], pipelines: Vec::new() };
        let request = ShardQuery { aggregations: Some(Arc::new(level)), ..request(&all, 0) };
        let budget = Arc::new(Budget::new(Arc::default(), 1 << 20, 3));
        let found = query_within(&reader, &request, &Endless, &Limits::of(&budget));
        assert_eq!(found.err().map(|error| error.kind), refused.then_some(ErrorKind::TooManyBuckets));
    }
}

#[test]
fn what_would_take_too_much_is_refused() {
    let corpus = Corpus::random(&mut Rng(3), 90);
    let directory = tempfile::tempdir().expect("a directory");
    for (at, layout) in [Layouts::OneBlock, Layouts::Blocks(4), Layouts::Sealed(1)].into_iter().enumerate() {
        let reader = corpus.reader_in(layout, &directory.path().join(at.to_string()));
        // Far more gaps than memory holds.
        assert_eq!(refused(&reader, histogram(1e-9), (1 << 24, 10_000)), ErrorKind::TooManyBuckets);
        let by_key = || terms(keys(), OrderBy::Count, 100);
        assert_eq!(refused(&reader, by_key(), (16, 10_000)), ErrorKind::CircuitBreaking);
        assert_eq!(refused(&reader, by_key(), (1 << 20, 1)), ErrorKind::TooManyBuckets);
        assert_eq!(refused(&reader, histogram(0.5), (16, 10_000)), ErrorKind::CircuitBreaking);
    }
}
