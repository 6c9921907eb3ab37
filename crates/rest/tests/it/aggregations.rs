//! Aggregations: from the request to the gateway, from answers to bytes.

use std::sync::Arc;

use model::aggregation::answer::{Answer, Body, Bucket, Buckets, Metric, Number, TopHits};
use model::search::{Hit, SearchResponse, Total};
use serde_json::{Map, Value, json};

use crate::client::Server;
use crate::fake::shards;
use crate::script::Script;

fn answer(name: &str, kind: &'static str, body: Body) -> Answer {
    Answer { name: Arc::from(name), kind, meta: None, body }
}

fn value(name: &str, kind: &'static str, value: Number) -> Answer {
    answer(name, kind, Body::Value { value, text: None })
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().expect("an object").clone()
}

fn hit() -> Hit {
    Hit {
        index: Arc::from("f"),
        id: Arc::from("1"),
        routing: None,
        score: None,
        source: None,
        version: None,
        seq_no: None,
        sort: vec![json!(7)],
        fields: vec![],
        ignored: vec![],
        highlight: vec![],
        matched_queries: vec![],
        explanation: None,
        shard: None,
        nested: None,
        inner_hits: Vec::new(),
    }
}

/// A server that answers every search with these aggregations.
fn answering(answers: Vec<Answer>) -> Server {
    let server = Server::start();
    *server.gateway.search_answer.lock().unwrap() = Some(Ok(SearchResponse {
        took_ms: 1,
        timed_out: false,
        terminated_early: None,
        shards: shards(),
        total: None,
        max_score: None,
        hits: vec![],
        profile: None,
        phases: None,
        aggregations: Some(answers),
        suggest: Vec::new(),
        scroll_id: None,
        point_id: None,
        last: None,
    }));
    server
}

/// What `aggregations` are written as.
fn check(answers: Vec<Answer>, params: &str, expected: &str) {
    let server = answering(answers);
    let path = format!("GET /f/_search?filter_path=aggregations{params}");
    server.check(&path, "", 200, &format!("{{\"aggregations\":{expected}}}"));
}

#[test]
fn metrics_are_written() {
    let text = Body::Value { value: Number::Float(1.5), text: Some("1.50".into()) };
    let with_meta = Answer { meta: Some(object(json!({"z": 1, "a": [null]}))), ..answer("m", "avg", text) };
    check(vec![with_meta], "", r#"{"m":{"meta":{"z":1,"a":[null]},"value":1.5,"value_as_string":"1.50"}}"#);
    let several = vec![value("n", "value_count", Number::Whole(3)), value("x", "max", Number::Float(f64::INFINITY))];
    check(several, "&typed_keys", r#"{"value_count#n":{"value":3},"max#x":{"value":null}}"#);
    let shown = object(json!({"count": 2, "min": 1.0, "avg": null}));
    let stats = answer("s", "stats", Body::Metric(Metric { numbers: vec![], shown }));
    check(vec![stats], "", r#"{"s":{"count":2,"min":1.0,"avg":null}}"#);
    check(vec![], "", "{}");
}

#[test]
fn buckets_are_written() {
    let inside = vec![value("m", "sum", Number::Float(2.0))];
    let term = Bucket {
        shown_key: Some(json!(1)),
        text: Some("true".into()),
        shows_text: true,
        doc_count: 2,
        beside: vec![("doc_count_error_upper_bound", json!(0))],
        answers: inside.clone(),
        ..Bucket::default()
    };
    let beside = vec![("doc_count_error_upper_bound", json!(0)), ("sum_other_doc_count", json!(5))];
    let terms = Buckets { list: vec![term], keyed: false, beside };
    check(
        vec![answer("t", "lterms", Body::Buckets(terms))],
        "&typed_keys=true",
        r#"{"lterms#t":{"doc_count_error_upper_bound":0,"sum_other_doc_count":5,"buckets":[{"key":1,"key_as_string":"true","doc_count":2,"doc_count_error_upper_bound":0,"sum#m":{"value":2.0}}]}}"#,
    );
    let day = Bucket { shown_key: Some(json!(0)), text: Some("1970".into()), shows_text: true, ..Bucket::default() };
    let days = Buckets { list: vec![day.clone()], keyed: true, beside: vec![("interval", json!("1d"))] };
    check(
        vec![answer("d", "auto_date_histogram", Body::Buckets(days))],
        "",
        r#"{"d":{"buckets":{"1970":{"key_as_string":"1970","key":0,"doc_count":0}},"interval":"1d"}}"#,
    );
    let range = Bucket {
        text: Some("*-1.0".into()),
        doc_count: 1,
        beside: vec![("to", json!(1.0)), ("to_as_string", json!("1"))],
        ..Bucket::default()
    };
    let ranges = Buckets { list: vec![range.clone()], keyed: true, beside: vec![] };
    check(
        vec![answer("r", "range", Body::Buckets(ranges))],
        "",
        r#"{"r":{"buckets":{"*-1.0":{"to":1.0,"to_as_string":"1","doc_count":1}}}}"#,
    );
    let one = Bucket { doc_count: 3, answers: inside, ..Bucket::default() };
    check(vec![answer("f", "filter", Body::Bucket(one))], "", r#"{"f":{"doc_count":3,"m":{"value":2.0}}}"#);
    let pair = Bucket { shown_key: Some(json!({"a": 1, "b": null})), doc_count: 1, ..Bucket::default() };
    let page = Buckets { list: vec![pair], keyed: false, beside: vec![("after_key", json!({"a": 1, "b": null}))] };
    check(
        vec![answer("c", "composite", Body::Buckets(page))],
        "",
        r#"{"c":{"after_key":{"a":1,"b":null},"buckets":[{"key":{"a":1,"b":null},"doc_count":1}]}}"#,
    );
}

#[test]
fn top_hits_are_written_as_hits() {
    let top =
        TopHits { without_ids: false, total: Total { value: 4, exact: true }, max_score: None, hits: vec![hit()] };
    let answers = vec![answer("t", "top_hits", Body::TopHits(top))];
    let written = r#""max_score":null,"hits":[{"_index":"f","_id":"1","_score":null,"sort":[7]}]}}}"#;
    check(answers.clone(), "", &format!(r#"{{"t":{{"hits":{{"total":{{"value":4,"relation":"eq"}},{written}"#));
    check(answers.clone(), "&rest_total_hits_as_int", &format!(r#"{{"t":{{"hits":{{"total":4,{written}"#));
    // As any answer.
    let server = answering(answers);
    server.check(
        "GET /f/_search?filter_path=aggregations.t.hits.hits._id",
        "",
        200,
        r#"{"aggregations":{"t":{"hits":{"hits":[{"_id":"1"}]}}}}"#,
    );
    let yaml = server.ask(
        "GET",
        "/f/_search?format=yaml&filter_path=aggregations.*.hits.max*,aggregations.*.hits.total.value",
        "",
    );
    assert!(
        String::from_utf8_lossy(&yaml.body).contains("        value: 4\n"),
        "{}",
        String::from_utf8_lossy(&yaml.body)
    );
}

#[test]
fn requests_reach_the_gateway() {
    let server = Server::start();
    let body = r#"{"size":0,"aggs":{"a":{"terms":{"field":"k"},"aggs":{"b":{"avg":{"field":"n"}}}}}}"#;
    assert_eq!(server.ask("POST", "/f/_search?typed_keys=true&request_cache=false", body).status, 200);
    let asked = server.gateway.searches.lock().unwrap().pop().unwrap();
    assert_eq!((asked.typed_keys, asked.request_cache), (true, Some(false)));
    assert_eq!((asked.aggregations.len(), asked.aggregations[0].children.len()), (1, 1));
    let lines = format!("{{\"request_cache\":true}}\n{body}\n");
    assert_eq!(server.ask("POST", "/f/_msearch?typed_keys", &lines).status, 200);
    let asked = server.gateway.searches.lock().unwrap().pop().unwrap();
    assert_eq!((asked.typed_keys, asked.request_cache, asked.aggregations.len()), (true, Some(true), 1));
    server.refuses(
        "GET /f/_search",
        r#"{"aggs":{"a":{"term":{}}}}"#,
        400,
        "Unknown aggregation type [term] did you mean [terms]?",
    );
    // What OpenSearch finds on its shards.
    server.gateway.play(Script::default());
    server.refuses(
        "GET /films/_search",
        r#"{"aggs":{"a":{"histogram":{"field":"n"}}}}"#,
        400,
        r#""failed_shards":[{"shard":0,"index":"films""#,
    );
    server.refuses(
        "GET /missing/_search",
        r#"{"aggs":{"a":{"histogram":{"field":"n"}}}}"#,
        404,
        "index_not_found_exception",
    );
    server.refuses(
        "GET /f/_search",
        r#"{"aggs":{"a":{"avg":{"field":"n"},"aggs":{"b":{"global":{}}}}}}"#,
        500,
        "cannot accept sub-aggregations",
    );
}
