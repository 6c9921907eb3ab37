//! Pipelines over a small histogram, with the numbers that OpenSearch answered over the same.

use model::aggregation::answer::{Bucket, Metric};
use model::aggregation::key::Key;
use model::aggregation::request::histogram::{CalendarUnit, DateHistogram, DateInterval};
use model::aggregation::request::pipeline::GapPolicy;
use model::aggregation::request::{Order, Source};
use model::script::Script;
use serde_json::json;

use super::order::{OrderPath, number_at};
use super::*;

const DAY: i64 = 86_400_000;

/// By month: key, documents, average price.
fn months() -> Buckets {
    let months = [
        ("2024-01", 1_704_067_200_000, 2, 15.25),
        ("2024-02", 1_706_745_600_000, 1, 5.25),
        ("2024-03", 1_709_251_200_000, 0, f64::NAN),
        ("2024-04", 1_711_929_600_000, 1, 40.0),
        ("2024-05", 1_714_521_600_000, 1, f64::NAN),
        ("2024-06", 1_717_200_000_000, 2, 7.5),
        ("2024-07", 1_719_792_000_000, 1, 2.0),
    ];
    let list = months.into_iter().map(|(text, key, doc_count, avg)| Bucket {
        key: Key::Long(key),
        shown_key: Some(key.into()),
        text: Some(text.to_owned()),
        shows_text: true,
        doc_count,
        answers: vec![metric("a", avg), kinds(doc_count)],
        ..Bucket::default()
    });
    Buckets { list: list.collect(), ..Buckets::default() }
}

fn metric(name: &str, value: f64) -> Answer {
    let body = Body::Value { value: Number::Float(value), text: None };
    Answer { name: name.into(), kind: "avg", meta: None, body }
}

/// A `terms` with the bucket `rock`, and a `stats` in it.
fn kinds(doc_count: u64) -> Answer {
    let numbers = vec![("count".into(), 1.0), ("avg".into(), doc_count as f64 + 0.5)];
    let stats = Metric { numbers, shown: Map::new() };
    let stats = Answer { name: "s".into(), kind: "stats", meta: None, body: Body::Metric(stats) };
    let rock = Bucket {
        key: Key::text("rock"),
        text: Some("rock".into()),
        doc_count,
        answers: vec![stats],
        ..Bucket::default()
    };
    let list = if doc_count > 0 { vec![rock] } else { Vec::new() };
    Answer { name: "k".into(), kind: "sterms", meta: None, body: Body::Buckets(Buckets { list, ..Buckets::default() }) }
}

fn step(name: &str, kind: PipelineKind) -> Step {
    Step { name: name.into(), pipeline: Pipeline { kind, format: None, gap_policy: GapPolicy::Skip }, meta: None }
}

fn zeros(mut step: Step) -> Step {
    step.pipeline.gap_policy = GapPolicy::InsertZeros;
    step
}

fn shown_by(mut step: Step, pattern: &str) -> Step {
    step.pipeline.format = Some(pattern.to_owned());
    step
}

fn script(source: &str) -> Script {
    Script::painless(source.to_owned(), vec![("k".to_owned(), json!(2))])
}

fn paths_of(paths: &[(&str, &str)]) -> Vec<(String, BucketsPath)> {
    paths.iter().map(|(name, path)| ((*name).to_owned(), (*path).into())).collect()
}

fn compute(source: &str, paths: &[(&str, &str)]) -> PipelineKind {
    PipelineKind::BucketScript { paths: paths_of(paths), script: script(source) }
}

fn keep(source: &str, paths: &[(&str, &str)]) -> PipelineKind {
    PipelineKind::BucketSelector { paths: paths_of(paths), script: script(source) }
}

fn moving(path: &str, size: u32, shift: i32, source: &str) -> PipelineKind {
    PipelineKind::MovingFn { path: path.into(), window: size, shift, script: script(source) }
}

/// The number of each bucket, if it has one; what is not finite is NaN.
fn numbers(buckets: &Buckets, name: &str) -> Vec<Option<f64>> {
    let one = |bucket: &Bucket| {
        let answer = bucket.answers.iter().find(|answer| &*answer.name == name)?;
        match &answer.body {
            Body::Value { value, .. } => Some(value.as_f64()),
            Body::Metric(metric) => Some(metric.numbers[0].1),
            _ => None,
        }
    };
    buckets.list.iter().map(one).collect()
}

const NULL: Option<f64> = Some(f64::NAN);

#[track_caller]
fn check_numbers(step: Step, expected: &[Option<f64>]) {
    let mut buckets = months();
    let name = step.name.clone();
    parents(&[step], &mut buckets, &|_| None).unwrap();
    same(&numbers(&buckets, &name), expected);
}

#[track_caller]
fn same(found: &[Option<f64>], expected: &[Option<f64>]) {
    let near = |a: f64, b: f64| (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-12 * b.abs();
    let equal = found.iter().zip(expected).all(|(a, b)| match (a, b) {
        (Some(a), Some(b)) => near(*a, *b),
        (a, b) => a.is_none() && b.is_none(),
    });
    assert!(equal && found.len() == expected.len(), "{found:?}, not {expected:?}");
}

#[track_caller]
fn refused(result: Result<(), Error>, kind: ErrorKind, reason: &str) {
    let error = result.unwrap_err();
    assert_eq!((error.kind, error.reason.as_str()), (ErrorKind::SearchPhaseExecution, ""));
    let cause = error.cause.unwrap();
    assert_eq!(cause.kind, kind, "{cause}");
    assert!(cause.reason.contains(reason), "{cause}");
}

#[test]
fn a_derivative_skips_gaps_or_takes_them_for_zeros() {
    let derivative = |unit_ms| PipelineKind::Derivative { path: "a".into(), unit_ms };
    check_numbers(step("d", derivative(None)), &[None, Some(-10.0), NULL, NULL, NULL, NULL, Some(-5.5)]);
    let expected = [None, Some(-10.0), Some(-5.25), Some(40.0), Some(-40.0), Some(7.5), Some(-5.5)];
    check_numbers(zeros(step("d", derivative(None))), &expected);

    let mut buckets = months();
    let daily = shown_by(step("d", derivative(Some(DAY))), "0.00");
    let twice = step("dd", PipelineKind::Derivative { path: "d.normalized_value".into(), unit_ms: None });
    parents(&[twice, daily], &mut buckets, &|_| None).unwrap();
    let Body::Metric(metric) = &buckets.list[1].answers[2].body else { panic!("{:?}", buckets.list[1].answers) };
    let expected = json!({"value": -10.0, "value_as_string": "-10.00", "normalized_value": -0.322_580_645_161_290_3, "normalized_value_as_string": "-0.32"});
    assert_eq!(Value::Object(metric.shown.clone()), expected);
    same(&numbers(&buckets, "dd"), &[None, None, NULL, NULL, NULL, NULL, NULL]);
}

#[test]
fn sums_so_far_and_differences_over_a_lag() {
    let sum = |path: &str| PipelineKind::CumulativeSum(path.into());
    let expected = [15.25, 20.5, 20.5, 60.5, 60.5, 68.0, 70.0].map(Some);
    check_numbers(step("c", sum("a")), &expected);
    check_numbers(step("c", sum("_count")), &[2.0, 3.0, 3.0, 4.0, 5.0, 7.0, 8.0].map(Some));
    let diff = |path: &str, lag| PipelineKind::SerialDiff { path: path.into(), lag };
    check_numbers(step("s", diff("a", 2)), &[None, None, None, Some(34.75), None, Some(-32.5), None]);
    let expected = [None, Some(-1.0), Some(-1.0), Some(1.0), Some(0.0), Some(1.0), Some(-1.0)];
    check_numbers(step("s", diff("_count", 1)), &expected);
}

#[test]
fn moving_functions_see_the_buckets_before() {
    let max = "MovingFunctions.max(values)";
    let expected = [NULL, Some(15.25), None, Some(15.25), None, Some(40.0), Some(40.0)];
    check_numbers(step("m", moving("a", 3, 0, max)), &expected);
    let expected = [15.25, 15.25, 15.25, 40.0, 40.0, 40.0, 7.5].map(Some);
    check_numbers(zeros(step("m", moving("a", 3, 1, max))), &expected);
    let sum = "MovingFunctions.sum(values)";
    check_numbers(
        step("m", moving("a", 2, 0, sum)),
        &[Some(0.0), Some(15.25), None, Some(20.5), None, Some(45.25), Some(47.5)],
    );
}

#[test]
fn every_moving_function_agrees_with_opensearch() {
    for (size, shift, source, expected) in [
        (
            4,
            0,
            "MovingFunctions.stdDev(values, MovingFunctions.unweightedAvg(values))",
            [
                f64::NAN,
                0.0,
                0.5,
                0.816_496_580_927_726,
                std::f64::consts::FRAC_1_SQRT_2,
                0.433_012_701_892_219_3,
                std::f64::consts::FRAC_1_SQRT_2,
            ],
        ),
        (
            4,
            0,
            "MovingFunctions.linearWeightedAvg(values)",
            [
                f64::NAN,
                1.0,
                1.0,
                0.571_428_571_428_571_4,
                0.727_272_727_272_727_3,
                0.727_272_727_272_727_3,
                1.181_818_181_818_181_9,
            ],
        ),
        (4, 0, "MovingFunctions.ewma(values, 0.3)", [f64::NAN, 2.0, 1.7, 1.19, 1.133, 0.853, 0.957]),
        (
            5,
            0,
            "MovingFunctions.holt(values, 0.3,0.1)",
            [
                f64::NAN,
                2.0,
                1.7,
                1.168_999_999_999_999_8,
                1.062_229_999_999_999_8,
                0.985_624_099_999_999_7,
                1.168_164_099_999_999_8,
            ],
        ),
        (
            4,
            3,
            "if (values.length > 3) {MovingFunctions.holtWinters(values, 0.3, 0.1, 0.2, 2, true)}",
            [0.0, 1.198_240_000_094_977_8, 3_300_000_001.33, 502_200_000.517_1, 1.501_320_000_094_978, 0.0, 0.0],
        ),
        (
            4,
            3,
            "if (values.length > 3) {MovingFunctions.holtWinters(values, 0.3, 0.1, 0.2, 2, false)}",
            [0.0, 1.170_216_666_666_666_5, 1.988_35, 0.560_549_999_999_999_9, 1.67, 0.0, 0.0],
        ),
        (
            7,
            4,
            "if (values.length > 6) {MovingFunctions.holtWinters(values, 0.3, 0.1, 0.2, 2, false)}",
            [0.0, 0.0, 0.0, 1.179_416_410_316_666_7, 0.0, 0.0, 0.0],
        ),
        (4, -1, "MovingFunctions.unweightedAvg(values)", [f64::NAN, f64::NAN, 2.0, 1.5, 1.0, 1.0, 0.75]),
        (4, 0, "return values.length * params.k", [0.0, 2.0, 4.0, 6.0, 8.0, 8.0, 8.0]),
    ] {
        check_numbers(step("m", moving("_count", size, shift, source)), &expected.map(Some));
    }
}

#[test]
fn too_few_numbers_for_seasons_are_refused() {
    let short = step("m", moving("_count", 4, 0, "MovingFunctions.holtWinters(values, 0.3, 0.1, 0.2, 2, true)"));
    let failed = parents(&[short], &mut months(), &|_| None);
    // The first window is empty; the second has one number.
    refused(failed, ErrorKind::Script, "runtime error");
}

#[test]
fn scripts_compute_and_select() {
    check_numbers(
        step("b", compute("params.a * params.k + params.n", &[("a", "a"), ("n", "_count")])),
        &[Some(32.5), Some(11.5), None, Some(81.0), None, Some(17.0), Some(5.0)],
    );
    check_numbers(
        zeros(step("b", compute("params.a", &[("a", "a")]))),
        &[15.25, 5.25, 0.0, 40.0, 0.0, 7.5, 2.0].map(Some),
    );
    check_numbers(step("b", compute("0.0/0", &[("a", "a")])), &[NULL, NULL, None, NULL, None, NULL, NULL]);

    let selected = |source: &str| {
        let mut buckets = months();
        parents(&[step("s", keep(source, &[("v", "a")]))], &mut buckets, &|_| None).map(|()| texts(&buckets))
    };
    assert_eq!(selected("params.v > 6").unwrap(), ["2024-01", "2024-04", "2024-06"]);
    assert_eq!(selected("!(params.v > 6)").unwrap(), ["2024-02", "2024-03", "2024-05", "2024-07"]);
    assert!(selected("params.v == null").unwrap().is_empty());
    refused(selected("params.v").map(drop), ErrorKind::Script, "runtime error");
    refused(selected("1").map(drop), ErrorKind::Script, "compile error");
}

fn texts(buckets: &Buckets) -> Vec<String> {
    buckets.list.iter().map(|bucket| bucket.text.clone().unwrap()).collect()
}

#[test]
fn buckets_are_sorted_and_cut() {
    let by = |path: &str, descending| {
        let by = match path {
            "_key" => OrderBy::Key,
            "_count" => OrderBy::Count,
            path => OrderBy::Path(path.to_owned()),
        };
        Order { by, descending }
    };
    let check = |sort: Vec<Order>, from, size, gap, expected: &str| {
        let mut step = step("s", PipelineKind::BucketSort { sort, from, size });
        step.pipeline.gap_policy = gap;
        let mut buckets = months();
        parents(&[step], &mut buckets, &|_| None).unwrap();
        let found: Vec<String> = texts(&buckets).iter().map(|text| text[6..].to_owned()).collect();
        assert_eq!(found.join(" "), expected);
    };
    use GapPolicy::{InsertZeros, Skip};
    check(vec![by("a", false)], 0, None, Skip, "7 2 6 1 4");
    check(vec![by("a", true)], 0, None, Skip, "4 1 6 2 7");
    check(vec![by("a", true)], 0, None, InsertZeros, "4 1 6 2 7 3 5");
    check(vec![by("_count", false), by("_key", false)], 0, None, Skip, "3 2 4 5 7 1 6");
    check(vec![by("_count", true), by("a", false)], 0, None, Skip, "6 1 7 2 4 5 3");
    check(vec![by("_count", true)], 0, Some(3), Skip, "1 6 2");
    check(vec![by("_key", true)], 5, None, Skip, "2 1");
    check(vec![by("a", false)], 6, None, Skip, "");
    check(vec![], 1, Some(2), Skip, "2 3");
    check(vec![], 100, None, Skip, "");
}

#[test]
fn siblings_make_one_answer_of_all_buckets() {
    let path = || -> BucketsPath { "t>a".into() };
    let steps = [
        shown_by(step("av", PipelineKind::AvgBucket(path())), "0.00"),
        step("mi", PipelineKind::MinBucket(path())),
        shown_by(step("mx", PipelineKind::MaxBucket("t>_count".into())), "0.0"),
        zeros(step("su", PipelineKind::SumBucket(path()))),
        shown_by(step("st", PipelineKind::StatsBucket(path())), "0.00"),
        step("es", PipelineKind::ExtendedStatsBucket { path: path(), sigma: 3.0 }),
        shown_by(
            step("pk", PipelineKind::PercentilesBucket { path: path(), percents: vec![10.0, 50.0, 99.9], keyed: true }),
            "0.00",
        ),
        step("pl", PipelineKind::PercentilesBucket { path: path(), percents: vec![25.0, 75.0], keyed: false }),
    ];
    let answers = |buckets: Buckets| {
        let mut level =
            vec![Answer { name: "t".into(), kind: "date_histogram", meta: None, body: Body::Buckets(buckets) }];
        siblings(&steps, &mut level).unwrap();
        let shown = level.drain(1..).map(|answer| {
            let shown = match answer.body {
                Body::Metric(metric) => Value::Object(metric.shown),
                Body::Value { value, text } => json!([value.json(), text]),
                other => panic!("{other:?}"),
            };
            (format!("{}#{}", answer.kind, answer.name), shown)
        });
        Value::Object(shown.collect())
    };
    let expected = json!({
        "simple_value#av": [14.0, "14.00"],
        "bucket_metric_value#mi": {"value": 2.0, "keys": ["2024-07"]},
        "bucket_metric_value#mx": {"value": 2.0, "value_as_string": "2.0", "keys": ["2024-01", "2024-06"]},
        "simple_value#su": [70.0, null],
        "stats_bucket#st": {"count": 5, "min": 2.0, "max": 40.0, "avg": 14.0, "sum": 70.0, "min_as_string": "2.00", "max_as_string": "40.00", "avg_as_string": "14.00", "sum_as_string": "70.00"},
        "extended_stats_bucket#es": {"count": 5, "min": 2.0, "max": 40.0, "avg": 14.0, "sum": 70.0, "sum_of_squares": 1920.375, "variance": 188.075, "variance_population": 188.075, "variance_sampling": 235.09375, "std_deviation": 13.714_043_896_677_595, "std_deviation_population": 13.714_043_896_677_595, "std_deviation_sampling": 15.332_767_199_693_603, "std_deviation_bounds": {"upper": 55.142_131_690_032_784, "lower": -27.142_131_690_032_784, "upper_population": 55.142_131_690_032_784, "lower_population": -27.142_131_690_032_784, "upper_sampling": 59.998_301_599_080_804, "lower_sampling": -31.998_301_599_080_804}},
        "percentiles_bucket#pk": {"values": {"10.0": 2.0, "10.0_as_string": "2.00", "50.0": 7.5, "50.0_as_string": "7.50", "99.9": 40.0, "99.9_as_string": "40.00"}},
        "percentiles_bucket#pl": {"values": [{"key": 25.0, "value": 5.25}, {"key": 75.0, "value": 15.25}]},
    });
    assert_eq!(answers(months()), expected);
    let nothing = answers(Buckets::default());
    assert_eq!(nothing["simple_value#av"], json!([null, null]));
    assert_eq!(nothing["simple_value#su"], json!([0.0, null]));
    assert_eq!(nothing["bucket_metric_value#mx"], json!({"value": null, "keys": []}));
    assert_eq!(nothing["stats_bucket#st"], json!({"count": 0, "min": null, "max": null, "avg": null, "sum": 0.0}));
    assert_eq!(nothing["extended_stats_bucket#es"]["sum_of_squares"], Value::Null);
    assert_eq!(nothing["percentiles_bucket#pk"], json!({"values": {"10.0": null, "50.0": null, "99.9": null}}));
}

#[test]
fn what_stands_beside_aggregations_of_buckets_runs_in_each_of_them() {
    let mut buckets = months();
    let steps =
        [step("x", compute("params.v", &[("v", "best")])), step("best", PipelineKind::MaxBucket("k>s.avg".into()))];
    parents(&steps, &mut buckets, &|_| None).unwrap();
    same(&numbers(&buckets, "x"), &[Some(2.5), Some(1.5), None, Some(1.5), Some(1.5), Some(2.5), Some(1.5)]);
}

#[test]
fn paths_lead_to_numbers() {
    let found = |path: &str| {
        let mut buckets = months();
        parents(&[step("x", compute("params.v", &[("v", path)]))], &mut buckets, &|_| None)
            .map(|()| numbers(&buckets, "x")[0])
    };
    for (path, expected) in [
        ("_count", Some(2.0)),
        ("_key", Some(1_704_067_200_000.0)),
        ("a", Some(15.25)),
        ("a.value", Some(15.25)),
        ("a[value]", Some(15.25)),
        ("k['rock']>_count", Some(2.0)),
        ("k['rock']>s.avg", Some(2.5)),
        ("k._bucket_count", Some(1.0)),
        ("k['jazz']>s.avg", None),
        ("nope", None),
    ] {
        same(&[found(path).unwrap()], &[expected]);
    }
    for (path, kind, reason) in [
        ("k", ErrorKind::AggregationExecution, "got: [StringTerms] at aggregation [k]"),
        ("k>s.avg", ErrorKind::AggregationExecution, "got: [Object[]] at aggregation [k]"),
        ("k['rock']", ErrorKind::AggregationExecution, "got: [Bucket] at aggregation [k]"),
        ("k['rock']>s", ErrorKind::AggregationExecution, "but [k] contains multiple values."),
        ("k['rock']>s.foo", ErrorKind::IllegalArgument, "InternalStats.Metrics.foo"),
        ("a.foo", ErrorKind::IllegalArgument, "path not supported for [a]: [foo]"),
        ("a[", ErrorKind::AggregationExecution, "Invalid path element [a[] in path [a[]"),
        (".a", ErrorKind::AggregationExecution, "Invalid path element [.a] in path [.a]"),
    ] {
        refused(found(path).map(drop), kind, reason);
    }
}

#[test]
fn numbers_to_order_by() {
    let level = &months().list[0].answers;
    assert_eq!(number_at(&OrderPath("a"), level), Ok(15.25));
    assert_eq!(number_at(&OrderPath("a.value"), level), Ok(15.25));
    let single = Bucket { doc_count: 3, answers: level.clone(), ..Bucket::default() };
    let single = [Answer { name: "f".into(), kind: "filter", meta: None, body: Body::Bucket(single) }];
    assert_eq!(number_at(&OrderPath("f"), &single), Ok(3.0));
    assert_eq!(number_at(&OrderPath("f.doc_count"), &single), Ok(3.0));
    assert_eq!(number_at(&OrderPath("f>a"), &single), Ok(15.25));
    for path in ["nope", "f>nope", "f>k", "f>k>s", "f>a>b", "f>a.b.c", ""] {
        assert_eq!(number_at(&OrderPath(path), &single).unwrap_err().kind, ErrorKind::AggregationExecution, "{path}");
    }
}

fn asked(name: &str, kind: Kind, children: Vec<Aggregation>) -> Aggregation {
    Aggregation { name: name.into(), kind, children, meta: None }
}

fn by_month(min_doc_count: u64, children: Vec<Aggregation>) -> Aggregation {
    let histogram = DateHistogram {
        source: Source::default(),
        interval: DateInterval::Calendar(CalendarUnit::Month),
        offset_ms: 0,
        min_doc_count,
        extended_bounds: None,
        hard_bounds: None,
        order: Vec::new(),
        keyed: false,
    };
    asked("t", Kind::DateHistogram(Box::new(histogram)), children)
}

#[test]
fn paths_to_order_by_are_checked() {
    let price = || asked("a", Kind::Avg(Source::default()), Vec::new());
    let stats = || asked("s", Kind::Stats(Source::default()), Vec::new());
    let filter = asked("f", Kind::Filter(Box::new(model::query::Query::match_all())), vec![price(), stats()]);
    let children = [price(), stats(), filter, by_month(0, vec![price()])];
    for path in ["a", "a.value", "a[value]", "s.avg", "s[max]", "f", "f.doc_count", "f>a", "f>s.max", "f>"] {
        assert_eq!(OrderPath(path).check(&children), Ok(()), "{path}");
    }
    for (path, reason) in [
        ("nope", "The provided aggregation [nope] either does not exist"),
        ("f>_count", "The provided aggregation [_count] either does not exist"),
        ("s", "a metric name must be specified"),
        ("s.foo", "Unknown metric name [foo] on multi-value metrics aggregation [s]"),
        ("a.x", "can only be done on its value"),
        ("f._count", "can only be done on its doc_count"),
        ("t", "a final single-bucket or a metrics aggregation at the path end."),
        ("t>a", "[t] is not single-bucket."),
    ] {
        let error = OrderPath(path).check(&children).unwrap_err();
        assert_eq!(error.kind, ErrorKind::AggregationExecution);
        assert!(error.reason.starts_with(&format!("Invalid aggregation order path [{path}]. ")), "{error}");
        assert!(error.reason.contains(reason), "{error}");
    }
}
