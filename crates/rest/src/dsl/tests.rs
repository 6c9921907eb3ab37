//! Tests of the search language against what OpenSearch answers.

use model::error::{Error, ErrorKind};
use model::query::Kind;
use model::query::full_text::{Fuzziness, Operator};
use model::search::{Missing, SearchRequest, SourceFilter, TrackTotal};
use model::target::Target;
use serde_json::json;

use super::*;
use crate::params::Params;

pub(super) fn search(body: &str) -> Result<SearchRequest, Error> {
    search_request(body.as_bytes(), Target::default())
}

fn read(value: serde_json::Value) -> model::query::Query {
    query(&value).unwrap_or_else(|error| panic!("{value}: {error}"))
}

/// Status, type, types of causes and root causes, as the recording has them.
fn describe(error: &Error) -> String {
    let mut chain = Vec::new();
    let mut cause = Some(error);
    while let Some(error) = cause {
        chain.push(error.kind.row().name);
        cause = error.cause.as_deref();
    }
    let root: Vec<&str> = error.root_causes.iter().map(|error| error.kind.row().name).collect();
    let root = if root.is_empty() { chain[0].to_owned() } else { root.join(",") };
    format!("{} {} root {root}", error.status(), chain.join(" < "))
}

/// Where Shoal means to differ: a 5xx of OpenSearch's for what is the client's mistake, what is not there yet, and what is checked
/// when the query is bound.
fn differs(body: &str, expected: &str, error: Option<&Error>) -> bool {
    let bound_later = ["\"format\":\"zzzzz"];
    match error {
        Some(error) if error.kind == ErrorKind::NotImplemented => true,
        Some(error) => {
            ((expected.starts_with("500") || expected == "late") && error.status() == 400) || STRICTER.contains(&body)
        }
        None => {
            expected.starts_with("500") || bound_later.iter().any(|key| body.contains(key)) || LATER.contains(&body)
        }
    }
}

/// Bodies that OpenSearch takes although it makes nothing of what they say, or refuses as if it had failed itself; Shoal refuses
/// them as the client's mistake.
const STRICTER: [&str; 13] = [
    r#"{"query":{"bool":{"must":[{"match":{"t":["a"]}}]}}}"#,
    r#"{"size":"NaN"}"#,
    r#"{"min_score":"NaN"}"#,
    r#"{"min_score":1e39}"#,
    r#"{"query":{"term":{"k":{"value":["a"]}}}}"#,
    r#"{"query":{"terms":{"k":[{"a":1}]}}}"#,
    r#"{"query":{"boosting":{"positive":[{"match_all":{}}],"negative":{"match_all":{}},"negative_boost":0.5}}}"#,
    r#"{"query":{"function_score":{"field_value_factor":{"field":["n"]}}}}"#,
    r#"{"query":{"function_score":{"functions":[{"filter":[],"weight":1}]}}}"#,
    r#"{"query":{"query_string":{"query":"a","fuzzy_prefix_length":-1}}}"#,
    r#"{"query":{"query_string":{"query":"a~","fuzzy_prefix_length":-1}}}"#,
    r#"{"query":{"query_string":{"query":"a","phrase_slop":-1}}}"#,
    // The server that was asked knows no hybrid queries at all.
    r#"{"query":{"hybrid":{}}}"#,
];

/// Numbers beyond 64 bits are text here, and a text is a seed; documents and pipelines are looked up later.
const LATER: [&str; 3] = [
    r#"{"query":{"terms":{"k":{"index":"x","id":"1","path":"p"}}}}"#,
    r#"{"search_pipeline":"x"}"#,
    r#"{"query":{"function_score":{"query":{"match_all":{}},"random_score":{"seed":99999999999999999999,"field":"n"}}}}"#,
];

/// The recorded lines that are not answered as recorded, and how many are.
pub(super) fn compare(recorded: &str, answer: impl Fn(&str) -> Result<(), Error>) -> (Vec<String>, usize) {
    let mut wrong = Vec::new();
    let mut equal = 0;
    for line in recorded.lines().filter(|line| !line.starts_with("# ")) {
        let (body, expected) = line.rsplit_once('\t').expect("two columns");
        let found = answer(body);
        let shown = found.as_ref().map_or_else(describe, |()| "ok".to_owned());
        let as_recorded = match expected {
            "late" => shown == "ok" || found.as_ref().is_err_and(|error| error.kind == ErrorKind::QueryShard),
            expected => shown == expected,
        };
        if as_recorded {
            equal += 1;
        } else if !differs(body, expected, found.as_ref().err()) {
            wrong.push(format!("{body}\n    expected {expected}\n    found    {shown}"));
        }
    }
    (wrong, equal)
}

#[test]
fn every_recorded_body_is_answered_as_opensearch_answers() {
    let (wrong, equal) = compare(include_str!("../../testdata/requests.txt"), |body| search(body).map(drop));
    assert!(wrong.is_empty(), "{} differ, {equal} are equal\n{}", wrong.len(), wrong.join("\n"));
    assert!(equal > 700, "only {equal}");
}

#[test]
fn a_body_with_a_query_alone_is_answered_as_opensearch_answers() {
    let (wrong, equal) =
        compare(include_str!("../../testdata/query_bodies.txt"), |body| body_query(body.as_bytes()).map(drop));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(equal, 15);
}

#[test]
fn queries_are_read_with_their_options() {
    let Kind::Match(found) =
        read(json!({"match": {"t": {"query": "a b", "operator": "And", "fuzziness": "auto:2,5", "prefix_length": 1,
        "max_expansions": 9, "minimum_should_match": "75%", "lenient": "true"}}}))
        .kind
    else {
        panic!("match")
    };
    assert_eq!((found.field.as_str(), &found.text), ("t", &json!("a b")));
    assert_eq!(found.options.operator, Operator::And);
    assert_eq!(found.options.fuzziness, Some(Fuzziness::Auto { low: 2, high: 5 }));
    assert_eq!((found.options.fuzzy.prefix_length, found.options.fuzzy.max_expansions), (1, 9));
    assert_eq!(found.options.minimum_should_match.as_deref(), Some("75%"));
    assert_eq!(found.options.lenient, Some(true));

    let Kind::Range(range) = read(json!({"range": {"n": {"gt": 1, "lte": "now/d", "time_zone": "+01:00"}}})).kind
    else {
        panic!("range")
    };
    let (lower, upper) = (range.lower.unwrap(), range.upper.unwrap());
    assert_eq!((lower.value, lower.inclusive, upper.value, upper.inclusive), (json!(1), false, json!("now/d"), true));

    let Kind::MultiMatch(multi) = read(json!({"multi_match": {"query": "a", "fields": ["t^2", "k", "t^3.5"]}})).kind
    else {
        panic!("multi")
    };
    assert_eq!(multi.fields, [("t".to_owned(), 3.5), ("k".to_owned(), 1.0)]);

    let whole = read(
        json!({"bool": {"must": {"term": {"k": {"value": 1, "boost": 2.5, "_name": "x"}}}, "filter": [{"ids": {"values": ["a", 1]}}],
        "minimum_should_match": -1, "boost": "3"}}),
    );
    let Kind::Bool(found) = &whole.kind else { panic!("bool") };
    assert_eq!((whole.boost, found.minimum_should_match.as_deref()), (3.0, Some("-1")));
    assert_eq!((found.must[0].boost, found.must[0].name.as_deref()), (2.5, Some("x")));
    assert_eq!(found.filter[0].kind, Kind::Ids { values: vec!["a".into(), "1".into()] });
    assert_eq!(read(json!({"wrapper": {"query": "eyJtYXRjaF9hbGwiOnt9fQ=="}})), model::query::Query::match_all());
}

#[test]
fn what_is_missing_is_named() {
    for (body, name) in [
        (r#"{"query":{"neural":{}}}"#, "neural"),
        (r#"{"query":{"bool":{"must":[{"bool":{"filter":{"xy_shape":{}}}}]}}}"#, "xy_shape"),
        (r#"{"sort":{"_script":{"type":"number","script":"1","nested":{}}}}"#, "nested"),
        (r#"{"highlight":{"fields":{"t":{"type":"semantic"}}}}"#, "semantic"),
    ] {
        let error = search(body).expect_err(body);
        assert_eq!(error.status(), 501, "{body}");
        assert!(error.reason.contains(name), "{}", error.reason);
    }
    search(r#"{"profile":false,"aggs":{}}"#).unwrap();
}

#[test]
fn nesting_is_limited() {
    let body = |depth: usize| {
        format!("{{\"query\":{}{{\"match_all\":{{}}}}{}}}", r#"{"bool":{"must":["#.repeat(depth), "]}}".repeat(depth))
    };
    search(&body(MAX_QUERY_DEPTH - 1)).unwrap();
    for depth in [MAX_QUERY_DEPTH, 300, 10_000] {
        assert_eq!(search(&body(depth)).unwrap_err().status(), 400, "{depth}");
    }
    let unknown = body(MAX_QUERY_DEPTH - 1).replace("match_all", "nope");
    assert_eq!(search(&unknown).unwrap_err().root_causes[0].kind, ErrorKind::Parsing);
}

#[test]
fn a_body_sets_what_it_names() {
    let request = search(
        r#"{"from":1,"size":2,"sort":["_score",{"n":{"order":"desc","missing":"_first","unmapped_type":"long"}}],"search_after":[1,"a"],
        "_source":{"includes":["a*"],"excludes":"b"},"fields":["x",{"field":"d","format":"yyyy"}],"stored_fields":"_none_","track_total_hits":7,
        "min_score":0.5,"timeout":"2s","terminate_after":3,"version":true,"seq_no_primary_term":"true","explain":true,"post_filter":{"match_none":{}},
        "highlight":{"pre_tags":"<b>","post_tags":["</b>"],"number_of_fragments":0,"fields":[{"t":{}},{"k":{"fragment_size":7,"type":"plain"}}]}}"#,
    )
    .unwrap();
    assert_eq!((request.from, request.size, request.min_score, request.timeout_ms), (1, 2, Some(0.5), Some(2000)));
    assert_eq!(
        (request.terminate_after, request.track_total_hits, request.explain),
        (Some(3), TrackTotal::UpTo(7), true)
    );
    assert!(request.sort[0].descending && request.sort[1].descending);
    assert_eq!((&request.sort[1].missing, request.sort[1].unmapped_type.as_deref()), (&Missing::First, Some("long")));
    let fetch = request.fetch;
    assert_eq!(fetch.source.unwrap().includes, ["a*"]);
    assert_eq!(fetch.fields[1].format.as_deref(), Some("yyyy"));
    let fields = fetch.highlight.unwrap().fields;
    assert_eq!(
        (fields[0].pre_tags[0].as_str(), fields[0].number_of_fragments, fields[0].fragment_size),
        ("<b>", 0, 100)
    );
    assert_eq!((fields[1].post_tags[0].as_str(), fields[1].fragment_size), ("</b>", 7));
    assert_eq!(search("").unwrap(), SearchRequest::new(Target::default()));
}

fn with_params(url: &str) -> Result<(SearchRequest, Params), Error> {
    let mut request = SearchRequest::new(Target::default());
    let mut params = Params::parse(url);
    apply_params(&mut request, &mut params)?;
    Ok((request, params))
}

#[test]
fn the_url_sets_what_it_names() {
    let url = "q=a:b&df=t&default_operator=and&from=1&size=2&sort=n:desc,_score,k:nonsense&_source=a,b&_source_excludes=c&track_total_hits=true\
               &routing=x,y&version&timeout=1s&foo=1";
    let (request, params) = with_params(url).unwrap();
    assert_eq!((request.from, request.size, request.track_total_hits), (1, 2, TrackTotal::All));
    let sort: Vec<_> = request.sort.iter().map(|key| (key.field.as_str(), key.descending)).collect();
    assert_eq!(sort, [("n", true), ("_score", true)]);
    let filter = SourceFilter { enabled: true, includes: vec!["a".into(), "b".into()], excludes: vec!["c".into()] };
    assert_eq!(request.fetch.source, Some(filter));
    assert_eq!((request.routing.len(), request.fetch.version, request.timeout_ms), (2, true, Some(1000)));
    let Kind::QueryString(asked) = request.query.kind else { panic!("query_string") };
    assert_eq!((asked.fields, asked.options.default_operator), (vec![("t".into(), 1.0)], Operator::And));
    assert!(params.finish("/_search").unwrap_err().reason.contains("[foo]"));
    // Without `q`, what belongs to it is unknown.
    assert!(with_params("df=t").unwrap().1.finish("/_search").is_err());
}

#[test]
fn wrong_parameters_are_refused() {
    for url in [
        "from=x",
        "from=-1",
        "size=",
        "size=99999999999",
        "track_total_hits=x",
        "track_total_hits=-5",
        "timeout=5",
        "terminate_after=-1",
        "explain=1",
        "q=a&default_operator=x",
        "q=a&lenient=x",
        "version=x",
        "stored_fields=_none_,a",
    ] {
        let error = with_params(url).expect_err(url);
        assert_eq!((error.kind, error.status()), (ErrorKind::IllegalArgument, 400), "{url}");
    }
    assert_eq!(with_params("q=(").unwrap_err().kind, ErrorKind::QueryShard);
}
