//! Sketches, moments and best hits: over every layout of the same documents, and against what a look at each document gives.

use std::collections::BTreeSet;

use analysis::Registry;
use model::aggregation::answer::{Answer, Body};
use model::aggregation::request::metric::{PercentilesMethod, TopHits as AskedHits};
use model::id::{IndexRef, IndexUuid};
use model::mapping::Mapping;
use model::script::Script;
use model::search::{Fetch, SortKey};
use script::program::Program;
use search::aggregation::format::Format;
use search::aggregation::metric::{
    Cardinality, MatrixStats, MedianAbsoluteDeviation, Percentiles, ScriptedMetric, TopHits, WeightedAvg,
};
use search::aggregation::values::Values;
use search::aggregation::{Kind, Level};
use search::bind::{BindContext, BindSettings};
use search::bound::{BoundKind, BoundScript};
use serde_json::json;

use super::aggregations::{answers, numbers, one, strings, terms_by_count};
use super::corpus::Doc;
use super::*;

fn percentiles(field: &str, points: &[f64], ranks: bool) -> Kind {
    let method = PercentilesMethod::TDigest { compression: 100.0 };
    let (values, points) = (numbers(field), points.to_vec());
    Kind::Percentiles(Box::new(Percentiles { values, points, ranks, keyed: true, method }))
}

fn cardinality(values: Values, threshold: u32) -> Kind {
    Kind::Cardinality(Box::new(Cardinality { values, threshold }))
}

/// Ordered by `n`, greatest first; without a field: by score.
pub(super) fn top_hits(field: Option<&str>) -> Kind {
    let mapping = Mapping::parse(&json!({"properties": {"n": {"type": "long"}}})).expect("a mapping");
    let key = |field: &str| SortKey { mode: Some(SortMode::Max), ..SortKey::descending(field) };
    let bound = |field: &str| BoundSort {
        by: SortBy::Field {
            field: field.into(),
            values: SortValues::Number(NumberCode::Long),
            missing: Missing::Last,
            mode: SortMode::Max,
            nested: None,
        },
        descending: true,
    };
    let asked = AskedHits {
        from: 0,
        size: 3,
        sort: field.into_iter().map(key).collect(),
        track_scores: false,
        explain: false,
        fetch: Fetch::default(),
    };
    let context = BindContext {
        index: IndexRef { name: "things".into(), uuid: IndexUuid("uuid".into()) },
        mapping: Arc::new(mapping),
        analysis: Arc::new(Registry::builtin()),
        now_ms: 0,
        settings: BindSettings::default(),
        read_query: |_| Ok(model::query::Query::match_all()),
    };
    let sort: Vec<BoundSort> = field.into_iter().map(bound).collect();
    Kind::TopHits(Box::new(TopHits { asked, sort: sort.into(), context: Arc::new(context) }))
}

/// How many documents and numbers there are, and their sum.
fn gathered() -> Kind {
    let mapping = Arc::new(Mapping::parse(&json!({"properties": {"n": {"type": "long"}}})).expect("a mapping"));
    let script = |source: &str| {
        let program = Program::compile(source, &["state", "params", "doc"]).expect("a script");
        let params = json!({"step": 1}).as_object().cloned().unwrap_or_default();
        Arc::new(BoundScript { source: source.to_owned(), params, program, mapping: mapping.clone() })
    };
    Kind::ScriptedMetric(Arc::new(ScriptedMetric {
        init: Some(script("state.docs = 0; state.all = []")),
        // What is made on the way is let go.
        map: script("def lost = [1, 2, [:]]; state.docs += params.step; for (n in doc['n']) { state.all.add(n) }"),
        combine: script("long sum = 0; for (n in state.all) { sum += n } return [state.docs, state.all.size(), sum]"),
        reduce: Script::painless(
            "def all = [0, 0, 0]; for (s in states) { for (int i = 0; i < 3; i++) { all[i] += s[i] } } return all"
                .to_owned(),
            Vec::new(),
        ),
    }))
}

#[test]
fn scripts_gather_what_the_documents_have() {
    for seed in 0..8 {
        let mut rng = Rng(seed * 911 + 3);
        let corpus = Corpus::random(&mut rng, 90);
        let alive: Vec<&Doc> = corpus.docs.iter().filter(|doc| doc.alive).collect();
        let all: Vec<i64> = alive.iter().flat_map(|doc| doc.n.iter().copied()).collect();
        let expected = json!([alive.len(), all.len(), all.iter().sum::<i64>()]);
        let query = BoundQuery::new(BoundKind::MatchAll);
        let found = answers(&corpus.reader(Layouts::Blocks(4)), &query, &level(vec![("made", gathered())]));
        assert_eq!(found[0].body, Body::Made(expected), "seed {seed}");
    }
}

fn metrics() -> Vec<(&'static str, Kind)> {
    let (value, weight) = (numbers("n"), numbers("_seq_no"));
    let hdr = PercentilesMethod::Hdr { significant_digits: 3 };
    let hdr =
        Percentiles { values: numbers("_seq_no"), points: vec![10.0, 99.0], ranks: false, keyed: true, method: hdr };
    vec![
        ("percentiles", percentiles("d", &[0.0, 25.0, 50.0, 99.0], false)),
        ("ranks", percentiles("d", &[-3.0, 0.0, 4.0], true)),
        ("hdr", Kind::Percentiles(Box::new(hdr))),
        ("keys", cardinality(strings("k"), 3000)),
        ("numbers", cardinality(numbers("n"), 3000)),
        ("weighted", Kind::WeightedAvg(Box::new(WeightedAvg { value, weight, format: Format::Raw }))),
        (
            "deviation",
            Kind::MedianAbsoluteDeviation(Box::new(MedianAbsoluteDeviation {
                values: numbers("d"),
                compression: 1000.0,
            })),
        ),
        ("greatest", top_hits(Some("n"))),
        ("best", top_hits(None)),
    ]
}

fn level(list: Vec<(&str, Kind)>) -> Level {
    let list = list.into_iter().map(|(name, kind)| one(name, kind, Vec::new())).collect();
    Level { list, pipelines: Vec::new() }
}

#[test]
fn where_documents_lie_changes_no_metric() {
    for seed in 0..12 {
        let mut rng = Rng(seed * 7451 + 5);
        let corpus = Corpus::random(&mut rng, 90);
        let directory = tempfile::tempdir().expect("a directory");
        let layouts = [Layouts::OneBlock, Layouts::Blocks(4), Layouts::Sealed(1), Layouts::Mixed(3)];
        let places = layouts.iter().enumerate();
        let reader = |(n, layout): (usize, &Layouts)| corpus.reader_in(*layout, &directory.path().join(n.to_string()));
        let readers: Vec<Reader> = places.map(reader).collect();
        let inside = metrics().into_iter().map(|(name, kind)| one(name, kind, Vec::new())).collect();
        let mut tree = level(metrics());
        tree.list.push(one("by", terms_by_count(strings("k"), 4), inside));
        for _ in 0..5 {
            let query = queries::random(&mut rng, 2, true);
            let expected = format!("{:?}", answers(&readers[0], &query, &tree));
            for (reader, layout) in readers.iter().zip(&layouts).skip(1) {
                let found = format!("{:?}", answers(reader, &query, &tree));
                assert_eq!(found, expected, "seed {seed} {layout:?} {query:?}");
            }
        }
    }
}

fn value(answer: &Answer) -> f64 {
    let Body::Value { value, .. } = &answer.body else { panic!("no number: {answer:?}") };
    value.as_f64()
}

fn metric(answer: &Answer) -> Vec<f64> {
    let Body::Metric(metric) = &answer.body else { panic!("no numbers: {answer:?}") };
    metric.numbers.iter().map(|(_, number)| *number).collect()
}

#[test]
fn a_look_at_each_document_gives_the_same_numbers() {
    let mut rng = Rng(31);
    // Few enough that a digest keeps each number apart.
    let corpus = Corpus::random(&mut rng, 24);
    let directory = tempfile::tempdir().expect("a directory");
    let reader = corpus.reader_in(Layouts::Mixed(3), directory.path());
    let matrix = MatrixStats { fields: vec![("n".to_owned(), numbers("n"))], mode: SortMode::Max };
    let mut list = metrics();
    list.push(("matrix", Kind::MatrixStats(Box::new(matrix))));
    let found = answers(&reader, &BoundQuery::new(BoundKind::MatchAll), &level(list));
    let docs: Vec<&Doc> = corpus.docs.iter().filter(|doc| doc.alive).collect();
    let mut numbers: Vec<i64> = docs.iter().flat_map(|doc| doc.d.clone()).collect();
    numbers.sort_unstable();
    let at = |share: f64| numbers[((share * numbers.len() as f64) as usize).min(numbers.len() - 1)] as f64;
    assert_eq!(metric(&found[0]), [0.0, 0.25, 0.5, 0.99].map(at));
    let distinct = docs.iter().flat_map(|doc| &doc.keys).collect::<BTreeSet<_>>().len();
    assert_eq!(value(&found[3]), distinct as f64);
    let distinct = docs.iter().flat_map(|doc| &doc.n).collect::<BTreeSet<_>>().len();
    assert_eq!(value(&found[4]), distinct as f64);
    let count = docs.iter().filter(|doc| !doc.n.is_empty()).count();
    let Body::Metric(matrix) = &found[9].body else { panic!("no moments") };
    assert_eq!(matrix.shown["doc_count"], json!(count));
    let mean = docs.iter().filter_map(|doc| doc.n.iter().max()).sum::<i64>() as f64 / count as f64;
    let shown = matrix.shown["fields"][0]["mean"].as_f64().expect("a mean");
    assert!((shown - mean).abs() < 1e-9 * mean.abs().max(1.0), "{shown} {mean}");
}

#[test]
fn the_best_hits_are_those_of_a_search() {
    let mut rng = Rng(77);
    let corpus = Corpus::random(&mut rng, 80);
    let directory = tempfile::tempdir().expect("a directory");
    let reader = corpus.reader_in(Layouts::Mixed(3), directory.path());
    for _ in 0..20 {
        let query = queries::random(&mut rng, 2, false);
        let found = answers(&reader, &query, &level(vec![("best", top_hits(None))]));
        let Body::TopHits(best) = &found[0].body else { panic!("no hits") };
        let expected = ask(&reader, &request(&query, 3));
        let seen: Vec<_> =
            best.hits.iter().map(|hit| (hit.id.to_string(), hit.score.unwrap_or(f32::NAN).to_bits())).collect();
        assert_eq!(seen, super::seen(&expected), "{query:?}");
        assert_eq!((best.total.value, best.max_score), (expected.total, expected.max_score));
    }
}

#[test]
fn histograms_of_high_range_refuse_what_is_below_zero() {
    let corpus = Corpus::random(&mut Rng(3), 60);
    let method = PercentilesMethod::Hdr { significant_digits: 3 };
    let asked = Percentiles { values: numbers("d"), points: vec![50.0], ranks: false, keyed: true, method };
    let aggregations = Some(Arc::new(level(vec![("p", Kind::Percentiles(Box::new(asked)))])));
    let request = ShardQuery { aggregations, ..request(&BoundQuery::new(BoundKind::MatchAll), 0) };
    let error = query(&corpus.reader(Layouts::OneBlock), &request, &Endless).expect_err("there are negative numbers");
    assert!(error.reason.contains("Negative values cannot be recorded"), "{error}");
}

#[test]
fn sketches_count_against_the_budget() {
    let corpus = Corpus::zipf(&mut Rng(9), 4000);
    let reader = corpus.reader(Layouts::OneBlock);
    let all = BoundQuery::new(BoundKind::MatchAll);
    let quantiles = percentiles("n", &[50.0], false);
    for kind in [quantiles, cardinality(strings("_id"), 40_000), top_hits(Some("n")), gathered()] {
        let aggregations = Some(Arc::new(level(vec![("m", kind)])));
        let request = ShardQuery { aggregations, ..request(&all, 0) };
        let small = Arc::new(Budget::new(Arc::default(), 2000, 10));
        let error =
            query_within(&reader, &request, &Endless, &Limits::of(&small)).expect_err("too much for 2000 bytes");
        assert!(error.reason.contains("Data too large"), "{error}");
    }
}
