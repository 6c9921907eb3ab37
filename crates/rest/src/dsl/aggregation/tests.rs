//! Tests of aggregations against what OpenSearch answers, and of what they become.

use model::aggregation::request::bucket::*;
use model::aggregation::request::geo::*;
use model::aggregation::request::histogram::*;
use model::aggregation::request::metric::*;
use model::aggregation::request::pipeline::*;
use model::aggregation::request::terms::*;
use model::aggregation::request::{Aggregation, Kind, Order, OrderBy, Source};
use model::error::ErrorKind;
use model::geo::GeoBox;
use model::query::Query;
use model::script::Script;
use model::search::SortMode;
use serde_json::{Value, json};

use super::super::tests::{compare, search};
use super::*;

/// Bodies that OpenSearch takes although it fails by them or makes nothing of them, and bodies whose refusal names a failure of Java.
const STRICTER: [&str; 17] = [
    r#"{"aggs":{"a":{"geo_distance":{"field":"g","origin":[],"ranges":[{"to":5}]}}}}"#,
    r#"{"aggs":{"a":{"geo_distance":{"field":"g","origin":[1],"ranges":[{"to":5}]}}}}"#,
    r#"{"aggs":{"a":{"geo_distance":{"field":"g","origin":[1],"ranges":[{"to":1}]}}}}"#,
    r#"{"aggs":{"a":{"histogram":{"field":"n","interval":"NaN"}}}}"#,
    r#"{"aggs":{"a":{"histogram":{"field":"n","interval":"Infinity"}}}}"#,
    r#"{"aggs":{"a":{"extended_stats":{"field":"n","sigma":"NaN"}}}}"#,
    r#"{"aggs":{"a":{"composite":{"sources":[{"s":{"histogram":{"field":"n"}}}]}}}}"#,
    r#"{"aggs":{"a":{"weighted_avg":{"value":{"field":"n"}}}}}"#,
    r#"{"aggs":{"a":{"date_histogram":{"field":"d","calendar_interval":"month","offset":""}}}}"#,
    r#"{"aggs":{"a":{"weighted_avg":{"value":{"field":"n"},"weight":{"field":"l"},"value_type":"x"}}}}"#,
    r#"{"aggs":{"a":{"weighted_avg":{"value":{"field":"n"},"weight":{"field":"l"},"value_type":""}}}}"#,
    r#"{"aggs":{"a":{"weighted_avg":{"value":{"field":"n"},"weight":{"field":"l"},"value_type":"2"}}}}"#,
    r#"{"aggs":{"a":{"histogram":{"field":"n","interval":1,"extended_bounds":{"min":5,"max":1}}}}}"#,
    r#"{"aggs":{"a":{"histogram":{"field":"n","interval":1,"hard_bounds":{"min":5,"max":1}}}}}"#,
    // Numbers beyond 64 bits are text here.
    r#"{"aggs":{"a":{"histogram":{"field":"n","interval":1,"min_doc_count":99999999999999999999}}}}"#,
    r#"{"aggs":{"a":{"cardinality":{"field":"n","precision_threshold":99999999999999999999}}}}"#,
    r#"{"aggs":{"a":{"terms":{"field":"k","size":99999999999999999999}}}}"#,
];

#[test]
fn every_recorded_aggregation_is_answered_as_opensearch_answers() {
    let recorded = include_str!("../../../testdata/aggregations.txt");
    let (mut wrong, equal) = compare(recorded, |body| search(body).map(drop));
    wrong.retain(|line| !line.split('\n').next().is_some_and(|body| STRICTER.contains(&body)));
    assert!(wrong.is_empty(), "{} differ, {equal} are equal\n{}", wrong.len(), wrong.join("\n"));
    assert!(equal > 2_600, "only {equal}");
}

fn read(aggs: Value) -> Vec<Aggregation> {
    let body = json!({ "aggs": aggs }).to_string();
    search(&body).unwrap_or_else(|error| panic!("{body}: {error}")).aggregations
}

/// The one aggregation of type `kind` with these parameters.
fn kind(kind: &str, parameters: Value) -> Kind {
    read(json!({"a": {kind: parameters}})).remove(0).kind
}

fn source(field: &str) -> Source {
    Source { field: field.to_owned(), ..Source::default() }
}

#[test]
fn aggregations_nest_in_their_order_with_meta() {
    let found = read(
        json!({"z": {"meta": {"m": [1]}, "aggs": {"c": {"max": {"field": "n"}}, "b": {"derivative": {"buckets_path": "c"}}},
        "histogram": {"field": "n", "interval": 5}}, "a": {"global": {}, "aggregations": {}}}),
    );
    assert_eq!(found.iter().map(|one| &*one.name).collect::<Vec<_>>(), ["z", "a"]);
    assert_eq!(found[0].meta.as_ref().map(|meta| meta["m"].clone()), Some(json!([1])));
    assert_eq!(
        found[0].children.iter().map(|one| (&*one.name, one.kind.name())).collect::<Vec<_>>(),
        [("c", "max"), ("b", "derivative")]
    );
    assert_eq!((&found[1].kind, found[1].children.len()), (&Kind::Global, 0));
    // Of two definitions the last counts.
    let twice = search(r#"{"aggs":{"a":{"global":{}}},"aggregations":{"b":{"global":{}}}}"#).unwrap();
    assert_eq!(&*twice.aggregations[0].name, "b");
}

#[test]
fn terms_and_their_kin() {
    let Kind::Terms(terms) = kind(
        "terms",
        json!({"field": "k", "size": "20", "shard_size": 40.9, "min_doc_count": 0, "shard_min_doc_count": 2,
        "missing": "N/A", "value_type": "string", "format": "0", "show_term_doc_count_error": "true", "exact": true, "collect_mode": "breadth_first",
        "execution_hint": "map", "order": [{"_count": "ASC"}, {"s>t.avg": "desc"}, {"_term": "asc"}],
        "include": ["a", 1], "exclude": ["b"]}),
    ) else {
        panic!()
    };
    let by = |by, descending| Order { by, descending };
    assert_eq!(
        *terms,
        Terms {
            source: Source {
                missing: Some(json!("N/A")),
                value_type: Some("string".into()),
                format: Some("0".into()),
                ..source("k")
            },
            cut: Cut { size: 20, shard_size: Some(40), min_doc_count: 0, shard_min_doc_count: 2 },
            order: vec![by(OrderBy::Count, false), by(OrderBy::Path("s>t.avg".into()), true), by(OrderBy::Key, false)],
            include: Some(Include::Values(vec![json!("a"), json!(1)])),
            exclude: Some(Exclude::Values(vec![json!("b")])),
            show_error: true,
            exact: true,
        }
    );
    let Kind::Terms(plain) = kind("terms", json!({"field": "k", "include": {"partition": 1, "num_partitions": "4"}}))
    else {
        panic!()
    };
    assert_eq!(plain.include, Some(Include::Partition { partition: 1, num_partitions: 4 }));
    assert_eq!((plain.cut.size, plain.cut.shard_size, plain.cut.min_doc_count, plain.exact), (10, None, 1, false));
    let Kind::MultiTerms(multi) = kind(
        "multi_terms",
        json!({"terms": [{"field": "a", "missing": 1}, {"field": "b", "format": "yyyy", "time_zone": 2}]}),
    ) else {
        panic!()
    };
    assert_eq!(multi.terms[0], Source { missing: Some(json!(1)), ..source("a") });
    assert_eq!(multi.terms[1], Source { format: Some("yyyy".into()), time_zone: Some("+02:00".into()), ..source("b") });
    let Kind::RareTerms(rare) = kind("rare_terms", json!({"field": "k", "max_doc_count": 3, "include": "a.*"})) else {
        panic!()
    };
    assert_eq!((rare.max_doc_count, rare.precision, &rare.include), (3, 0.001, &Some(Include::Pattern("a.*".into()))));
    let Kind::SignificantTerms(found) = kind(
        "significant_terms",
        json!({"field": "k", "gnd": {"background_is_superset": false},
        "background_filter": {"match_all": {}}}),
    ) else {
        panic!()
    };
    assert_eq!((found.cut.min_doc_count, found.heuristic), (3, Heuristic::Gnd { background_is_superset: false }));
    assert_eq!(found.background_filter, Some(Query::match_all()));
}

#[test]
fn histograms() {
    let Kind::Histogram(found) = kind(
        "histogram",
        json!({"field": "n", "interval": 2.5, "offset": "1", "min_doc_count": 1, "keyed": true,
        "extended_bounds": {"min": 0, "max": null}, "hard_bounds": {"max": "9"}, "order": {"_key": "desc"}}),
    ) else {
        panic!()
    };
    assert_eq!((found.interval, found.offset, found.min_doc_count, found.keyed), (2.5, 1.0, 1, true));
    assert_eq!(found.extended_bounds, Some(Bounds { min: Some(0.0), max: None }));
    assert_eq!(found.hard_bounds, Some(Bounds { min: None, max: Some(9.0) }));
    let dates = |more: Value| {
        let mut parameters = json!({"field": "d"});
        parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let Kind::DateHistogram(found) = kind("date_histogram", parameters) else { panic!() };
        *found
    };
    let found =
        dates(json!({"calendar_interval": "1q", "offset": "-1h", "time_zone": "Europe/Berlin", "format": "yyyy",
        "extended_bounds": {"min": "now-1y", "max": 5}}));
    assert_eq!((found.interval, found.offset_ms), (DateInterval::Calendar(CalendarUnit::Quarter), -3_600_000));
    assert_eq!(found.source.time_zone.as_deref(), Some("Europe/Berlin"));
    assert_eq!(found.extended_bounds, Some(Bounds { min: Some("now-1y".into()), max: Some("5".into()) }));
    for (given, expected) in [
        (json!({"fixed_interval": "90m"}), DateInterval::FixedMs(5_400_000)),
        (json!({"interval": "1M"}), DateInterval::Calendar(CalendarUnit::Month)),
        (json!({"interval": "2d"}), DateInterval::FixedMs(172_800_000)),
        (json!({"interval": 1000}), DateInterval::FixedMs(1000)),
        (json!({"fixed_interval": "9999999999d"}), DateInterval::FixedMs(863_999_999_913_600_000)),
    ] {
        assert_eq!(dates(given.clone()).interval, expected, "{given}");
    }
    let Kind::AutoDateHistogram(found) =
        kind("auto_date_histogram", json!({"field": "d", "buckets": 7, "minimum_interval": "hour"}))
    else {
        panic!()
    };
    assert_eq!((found.buckets, found.minimum_interval), (7, Some(CalendarUnit::Hour)));
    let Kind::VariableWidthHistogram(found) = kind("variable_width_histogram", json!({"field": "n", "shard_size": 90}))
    else {
        panic!()
    };
    assert_eq!((found.buckets, found.shard_size, found.initial_buffer), (10, Some(90), None));
}

#[test]
fn ranges_and_filters() {
    let spec = |key: Option<&str>, from, to| RangeSpec { key: key.map(str::to_owned), from, to };
    let Kind::Range(found) = kind(
        "range",
        json!({"field": "n", "keyed": true, "ranges": [{"to": "1.5"}, {"key": 7, "from": 1.5, "to": null}]}),
    ) else {
        panic!()
    };
    assert_eq!(
        (found.ranges, found.keyed),
        (vec![spec(None, None, Some(json!("1.5"))), spec(Some("7"), Some(json!(1.5)), None)], true)
    );
    let Kind::DateRange(found) =
        kind("date_range", json!({"field": "d", "time_zone": "CET", "ranges": [{"from": "now-1d/d", "to": 5}]}))
    else {
        panic!()
    };
    assert_eq!(found.ranges[0].from, Some(json!("now-1d/d")));
    let Kind::IpRange(found) =
        kind("ip_range", json!({"field": "ip", "ranges": [{"mask": "10.0.0.0/25", "key": "k"}, {"from": "::1"}]}))
    else {
        panic!()
    };
    let mask = IpRangeSpec::Mask { key: Some("k".into()), mask: "10.0.0.0/25".into() };
    let between = IpRangeSpec::Between(RangeSpec { key: None, from: Some("::1".into()), to: None });
    assert_eq!(found.ranges, [mask, between]);
    let all = json!({"match_all": {}});
    let Kind::Filters(found) = kind("filters", json!({"filters": {"b": all, "a": all}, "other_bucket_key": "rest"}))
    else {
        panic!()
    };
    assert_eq!(
        found.filters,
        FilterList::Named(vec![("a".into(), Query::match_all()), ("b".into(), Query::match_all())])
    );
    assert_eq!(found.other_bucket.as_deref(), Some("rest"));
    let Kind::Filters(found) = kind("filters", json!({"filters": [all], "other_bucket": true})) else { panic!() };
    assert_eq!(
        (found.filters, found.other_bucket.as_deref()),
        (FilterList::Anonymous(vec![Query::match_all()]), Some("_other_"))
    );
    assert_eq!(kind("filter", all.clone()), Kind::Filter(Box::new(Query::match_all())));
    let Kind::AdjacencyMatrix(found) =
        kind("adjacency_matrix", json!({"filters": {"b": all, "a": all}, "show_only_intersecting": true}))
    else {
        panic!()
    };
    assert_eq!((found.filters[0].0.as_str(), found.separator.as_str(), found.show_only_intersecting), ("a", "&", true));
    assert_eq!(kind("missing", json!({"field": "n"})), Kind::Missing(source("n")));
    assert_eq!(kind("nested", json!({"path": "o"})), Kind::Nested { path: "o".into() });
    assert_eq!(kind("reverse_nested", json!({})), Kind::ReverseNested { path: None });
    assert_eq!(kind("sampler", json!({"shard_size": 5})), Kind::Sampler { shard_size: 5 });
    let Kind::DiversifiedSampler(found) = kind("diversified_sampler", json!({"field": "k", "max_docs_per_value": 3}))
    else {
        panic!()
    };
    assert_eq!((found.shard_size, found.max_docs_per_value), (100, 3));
}

#[test]
fn composites() {
    let Kind::Composite(found) = kind(
        "composite",
        json!({"size": 3, "after": {"t": "a", "h": 1, "d": 2, "g": null}, "sources": [
        {"t": {"terms": {"field": "k", "order": "desc"}}}, {"h": {"histogram": {"field": "n", "interval": 5}}},
        {"d": {"date_histogram": {"field": "d", "calendar_interval": "day", "format": "yyyy", "offset": 5}}},
        {"g": {"geotile_grid": {"field": "g", "precision": 8, "missing_bucket": true, "missing_order": "last"}}}]}),
    ) else {
        panic!()
    };
    assert_eq!((found.size, found.after.as_ref().map(|after| after[1].clone())), (3, Some(("h".into(), json!(1)))));
    let kinds: Vec<_> = found.sources.iter().map(|source| (source.name.as_str(), &source.kind)).collect();
    let day = DateInterval::Calendar(CalendarUnit::Day);
    assert_eq!(
        kinds,
        [
            ("t", &CompositeKind::Terms),
            ("h", &CompositeKind::Histogram { interval: 5.0 }),
            ("d", &CompositeKind::DateHistogram { interval: day, offset_ms: 5 }),
            ("g", &CompositeKind::GeotileGrid { precision: 8, bounds: None }),
        ]
    );
    assert!(found.sources[0].descending && found.sources[3].missing_bucket);
    assert_eq!(
        (found.sources[2].source.format.as_deref(), found.sources[3].missing_order),
        (Some("yyyy"), MissingOrder::Last)
    );
}

#[test]
fn metrics() {
    assert_eq!(
        kind("avg", json!({"field": "n", "missing": 0})),
        Kind::Avg(Source { missing: Some(json!(0)), ..source("n") })
    );
    let Kind::Percentiles(found) =
        kind("percentiles", json!({"field": "n", "percents": [99, "50"], "keyed": false, "hdr": {}}))
    else {
        panic!()
    };
    assert_eq!(
        (found.points, found.keyed, found.method),
        (vec![50.0, 99.0], false, PercentilesMethod::Hdr { significant_digits: 3 })
    );
    let Kind::PercentileRanks(found) =
        kind("percentile_ranks", json!({"field": "n", "values": 7, "tdigest": {"compression": 50}}))
    else {
        panic!()
    };
    assert_eq!(
        (found.points, found.keyed, found.method),
        (vec![7.0], true, PercentilesMethod::TDigest { compression: 50.0 })
    );
    let Kind::Cardinality(found) = kind("cardinality", json!({"field": "n", "precision_threshold": 1_000_000})) else {
        panic!()
    };
    assert_eq!(found.precision_threshold, 40_000);
    let Kind::WeightedAvg(found) =
        kind("weighted_avg", json!({"value": {"field": "n", "missing": 2}, "weight": {"field": "w"}, "format": "0"}))
    else {
        panic!()
    };
    assert_eq!((found.value.missing, found.weight, found.format.as_deref()), (Some(json!(2)), source("w"), Some("0")));
    let Kind::TopHits(found) =
        kind("top_hits", json!({"from": 1, "sort": [{"n": "desc"}], "_source": "a*", "version": true}))
    else {
        panic!()
    };
    assert_eq!((found.from, found.size, found.sort[0].descending, found.fetch.version), (1, 3, true, true));
    let Kind::MatrixStats(found) =
        kind("matrix_stats", json!({"fields": ["a", "b"], "missing": {"b": 1}, "mode": "MIN"}))
    else {
        panic!()
    };
    assert_eq!((found.fields[1].missing.clone(), found.mode), (Some(json!(1)), SortMode::Min));
}

#[test]
fn places() {
    let Kind::GeoDistance(found) = kind(
        "geo_distance",
        json!({"field": "g", "origin": "52.5, 13.4", "unit": "km", "distance_type": "plane",
        "ranges": [{"to": 100}, {"key": "far", "from": "100"}]}),
    ) else {
        panic!()
    };
    assert_eq!((found.origin, found.unit_metres, found.plane), ((52.5, 13.4), 1000.0, true));
    assert_eq!(found.ranges[1], RangeSpec { key: Some("far".into()), from: Some(100.0), to: None });
    let Kind::GeoDistance(found) =
        kind("geo_distance", json!({"field": "g", "origin": [13.4, 52.5], "ranges": [{"to": 1}]}))
    else {
        panic!()
    };
    assert_eq!(found.origin, (52.5, 13.4));
    let Kind::GeohashGrid(found) = kind(
        "geohash_grid",
        json!({"field": "g", "precision": "100km", "bounds": {"top_left": "5,170", "bottom_right": {"lat": 0, "lon": -170}}}),
    ) else {
        panic!()
    };
    assert_eq!((found.precision, found.size), (4, 10_000));
    assert_eq!(found.bounds, Some(GeoBox { top: 5.0, left: 170.0, bottom: 0.0, right: -170.0 }));
    let Kind::GeotileGrid(found) = kind("geotile_grid", json!({"field": "g"})) else { panic!() };
    assert_eq!((found.precision, found.bounds), (7, None));
    let expected = GeoBounds { source: source("g"), wrap_longitude: false };
    assert_eq!(kind("geo_bounds", json!({"field": "g", "wrap_longitude": false})), Kind::GeoBounds(Box::new(expected)));
}

/// A pipeline beside, or within, buckets `h` with a metric `m`.
fn pipeline(within: bool, kind: &str, parameters: Value) -> Pipeline {
    let mut aggs = json!({"h": {"histogram": {"field": "n", "interval": 1}, "aggs": {"m": {"avg": {"field": "n"}}}}});
    let level = if within { &mut aggs["h"]["aggs"] } else { &mut aggs };
    level["p"] = json!({kind: parameters});
    let mut found = read(aggs);
    let one = if within { found[0].children.pop() } else { found.pop() };
    let Some(Kind::Pipeline(pipeline)) = one.map(|one| one.kind) else { panic!("{kind}") };
    *pipeline
}

#[test]
fn pipelines() {
    let found = pipeline(
        false,
        "extended_stats_bucket",
        json!({"buckets_path": ["h>m"], "sigma": 3, "gap_policy": "insert_zeros", "format": "0.0"}),
    );
    assert_eq!(
        found,
        Pipeline {
            kind: PipelineKind::ExtendedStatsBucket { path: "h>m".into(), sigma: 3.0 },
            format: Some("0.0".into()),
            gap_policy: GapPolicy::InsertZeros
        }
    );
    let found = pipeline(true, "derivative", json!({"buckets_path": "m", "unit": "month"}));
    assert_eq!(found.kind, PipelineKind::Derivative { path: "m".into(), unit_ms: Some(2_629_746_000) });
    let found =
        pipeline(true, "bucket_sort", json!({"sort": ["_key", {"m": {"order": "desc"}}], "from": 1, "size": 2}));
    let sort =
        vec![Order { by: OrderBy::Key, descending: false }, Order { by: OrderBy::Path("m".into()), descending: true }];
    assert_eq!(found.kind, PipelineKind::BucketSort { sort, from: 1, size: Some(2) });
    let script = json!({"source": "params.a + params.k", "lang": "painless", "params": {"k": 2}});
    let expected = Script::painless("params.a + params.k".into(), vec![("k".into(), json!(2))]);
    let found = pipeline(true, "bucket_script", json!({"buckets_path": {"a": "m", "c": "_count"}, "script": script}));
    let paths = vec![("a".into(), "m".into()), ("c".into(), "_count".into())];
    assert_eq!(found.kind, PipelineKind::BucketScript { paths, script: expected });
    let found = pipeline(true, "bucket_selector", json!({"buckets_path": ["m"], "script": "params._value0 > 1"}));
    assert!(matches!(found.kind, PipelineKind::BucketSelector { paths, .. } if paths[0].0 == "_value0"));
    let found = pipeline(
        true,
        "moving_fn",
        json!({"buckets_path": "m", "window": 3, "shift": -1, "script": "MovingFunctions.max(values)"}),
    );
    assert!(matches!(found.kind, PipelineKind::MovingFn { window: 3, shift: -1, .. }));
}

#[test]
fn what_is_missing_is_named() {
    for (body, name) in [
        (json!({"moving_avg": {"buckets_path": "x", "model": "ewma", "minimize": true}}), "[minimize] of [moving_avg]"),
        (json!({"significant_terms": {"field": "k", "script_heuristic": {"script": "1"}}}), "[script_heuristic]"),
    ] {
        let error = search(&json!({"aggs": {"a": body}}).to_string()).expect_err(name);
        assert!(error.status() == 501 && error.reason.contains(name), "{error}");
    }
}

#[test]
fn depth_and_cycles_are_limited() {
    let body = |depth: usize| {
        let (open, close) = (r#"{"a":{"global":{},"aggs":"#, "}}");
        format!("{{\"aggs\":{}{{}}{}}}", open.repeat(depth), close.repeat(depth))
    };
    search(&body(MAX_AGGREGATION_DEPTH - 1)).unwrap();
    for depth in [MAX_AGGREGATION_DEPTH, 480, 100_000] {
        assert_eq!(search(&body(depth)).unwrap_err().status(), 400, "{depth}");
    }
    // A long chain of pipelines, and one that bites its tail.
    let chain = |last: &str| {
        let mut aggs = json!({"m": {"avg": {"field": "n"}}, "p0": {"derivative": {"buckets_path": last}}});
        for at in 1..5_000 {
            aggs[format!("p{at}")] = json!({"derivative": {"buckets_path": format!("p{}", at - 1)}});
        }
        search(&json!({"aggs": {"h": {"histogram": {"field": "n", "interval": 1}, "aggs": aggs}}}).to_string())
    };
    chain("m").unwrap();
    assert_eq!(chain("p4999").unwrap_err().kind, ErrorKind::ActionRequestValidation);
}
