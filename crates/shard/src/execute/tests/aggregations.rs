//! Aggregations over every layout of the same documents, and against what a look at each document gives.

use std::collections::BTreeMap;

use model::aggregation::answer::{Answer, Body};
use model::aggregation::request::terms::Cut;
use model::aggregation::request::{Order, OrderBy};
use search::aggregation::choice::Choice;
use search::aggregation::format::Format;
use search::aggregation::histogram::{Histogram, Step};
use search::aggregation::metric::{Stats, StatsShown};
use search::aggregation::range::{Range, Ranges};
use search::aggregation::terms::Terms;
use search::aggregation::values::{Column, Values};
use search::aggregation::{BoundAggregation, Kind, Level};
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

fn terms(values: Values, order: OrderBy, size: u32) -> Kind {
    Kind::Terms(Box::new(Terms {
        values,
        cut: Cut { size, shard_size: None, min_doc_count: 1, shard_min_doc_count: 0 },
        order: vec![Order { by: order, descending: true }],
        show_error: true,
        choice: Choice::default(),
    }))
}

pub(super) fn strings(field: &str) -> Values {
    values(Column::Strings(field.into()))
}

pub(super) fn terms_by_count(values: Values, size: u32) -> Kind {
    terms(values, OrderBy::Count, size)
}

fn stats(field: &str, shown: StatsShown) -> Kind {
    Kind::Stats(Box::new(Stats { values: numbers(field), shown }))
}

fn histogram(interval: f64) -> Kind {
    Kind::Histogram(Box::new(Histogram {
        values: numbers("d"),
        step: Step::Width { interval, offset: 1.0, extended: None, hard: None },
        min_doc_count: 0,
        order: vec![Order { by: OrderBy::Key, descending: false }],
        keyed: false,
    }))
}

fn ranges() -> Kind {
    let range = |from: f64, to: f64| Range { key: None, from, to };
    let ranges = vec![range(f64::NEG_INFINITY, 3.0), range(-5.0, 5.0), range(4.0, f64::INFINITY)];
    Kind::Ranges(Box::new(Ranges { values: numbers("d"), ranges, keyed: false, kind: "range" }))
}

fn tree() -> Level {
    let extended = || one("x", stats("d", StatsShown::Extended { sigma: 2.0 }), Vec::new());
    let avg = || one("avg", stats("n", StatsShown::Avg), Vec::new());
    let by_number = one("n", terms(numbers("n"), OrderBy::Count, 3), vec![extended()]);
    let list = vec![
        one("keys", terms(values(Column::Strings("k".into())), OrderBy::Count, 3), Vec::new()),
        one(
            "tree",
            terms(values(Column::Strings("k".into())), OrderBy::Path("avg".to_owned()), 4),
            vec![avg(), by_number],
        ),
        one("gap", Kind::Missing(numbers("d")), vec![extended()]),
        one("wide", histogram(4.0), vec![extended()]),
        one("ranges", ranges(), vec![one("inside", histogram(2.5), Vec::new())]),
        one("all", Kind::Global, vec![one("count", Kind::ValueCount(numbers("d")), Vec::new())]),
    ];
    Level { list, pipelines: Vec::new() }
}

pub(super) fn answers(reader: &Reader, query: &BoundQuery, level: &Level) -> Vec<Answer> {
    let request = ShardQuery { aggregations: Some(Arc::new(level.clone())), ..request(query, 3) };
    let found = ask(reader, &request).aggregations;
    finish(level, vec![found], &mut Limit::new(10_000)).expect("finishes")
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
