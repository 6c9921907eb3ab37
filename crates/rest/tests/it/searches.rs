//! Searches: request to model, model to bytes.

use std::sync::Arc;

use model::error::{Error, ErrorKind};
use model::id::{PrimaryTerm, SeqNo, ShardNumber, Version};
use model::search::{Explanation, Hit, SearchResponse, ShardFailure, Shards, Total, TrackTotal};
use model::target::Expand;
use serde_json::json;

use crate::client::Server;

fn hit() -> Hit {
    Hit {
        index: Arc::from("f"),
        id: Arc::from("1"),
        routing: Some(Arc::from("r")),
        score: Some(1.5),
        source: Some(Arc::from(&b"{\"a\":1}"[..])),
        version: Some(Version(2)),
        seq_no: Some((SeqNo(3), PrimaryTerm(1))),
        sort: vec![json!(1.5), json!("x")],
        fields: vec![("a".into(), vec![json!(1)])],
        ignored: vec!["n".into()],
        highlight: vec![("t".into(), vec!["<em>a</em>".into()])],
        matched_queries: vec![("q".into(), None)],
        explanation: Some(Box::new(Explanation::matched(1.5, "d", vec![]))),
        shard: Some((ShardNumber(0), "node-id-1".into())),
        nested: None,
        inner_hits: Vec::new(),
    }
}

#[test]
fn a_search_with_parameters_and_body() {
    let server = Server::start();
    let path = "/a,-b*/_search?size=3&from=2&ignore_unavailable=true&expand_wildcards=open,hidden&routing=x,y&typed_keys\
        &search_type=dfs_query_then_fetch&rest_total_hits_as_int=true&q=n:1&request_cache=true&batched_reduce_size=5";
    server.check(&format!("POST {path}"),
        r#"{"size":9,"sort":["n"]}"#,
        200,
        r#"{"took":3,"timed_out":false,"_shards":{"total":1,"successful":1,"skipped":0,"failed":0},"hits":{"total":0,"max_score":null,"hits":[]}}"#,
    );
    let asked = server.gateway.searches.lock().unwrap().pop().unwrap();
    assert_eq!(asked.target.names, ["a", "-b*"]);
    assert_eq!(asked.target.options.ignore_unavailable, Some(true));
    assert_eq!(asked.target.options.expand_wildcards, Some(Expand { open: true, closed: false, hidden: true }));
    assert_eq!((asked.from, asked.size, asked.sort.len(), asked.routing.len()), (2, 3, 1, 2));
    assert_eq!(asked.track_total_hits, TrackTotal::All);
    server.refuses("GET /_search", " ", 400, "Expected [START_OBJECT] but found [null]");
    server.refuses("GET /_search?allow_no_indices=maybe", "", 400, "Could not convert [allow_no_indices] to boolean");
    server.refuses("GET /_search?search_type=foo", "", 400, "No search type for [foo]");
    server.refuses("GET /_search?batched_reduce_size=1", "", 400, "batchedReduceSize must be >= 2");
    server.refuses(
        "GET /_search?rest_total_hits_as_int&track_total_hits=5",
        "",
        400,
        "cannot be used if the tracking of total hits is not accurate, got 5",
    );
    server.refuses("GET /_search?source={}", "", 500, "source and source_content_type parameters are required");
    assert_eq!(
        server.ask("GET", "/_search?source=%7B%22size%22:0%7D&source_content_type=application/json", "").status,
        200
    );
    assert_eq!(server.gateway.searches.lock().unwrap().pop().unwrap().size, 0);
}

#[test]
fn a_hit_with_everything() {
    let server = Server::start();
    let failure = ShardFailure {
        index: Arc::from("f"),
        shard: ShardNumber(1),
        node: Some(Arc::from("n1")),
        error: Error::illegal_argument("no"),
    };
    *server.gateway.search_answer.lock().unwrap() = Some(Ok(SearchResponse {
        took_ms: 5,
        timed_out: true,
        terminated_early: Some(true),
        shards: Shards { total: 2, successful: 1, skipped: 0, failures: vec![failure] },
        total: Some(Total { value: 10_000, exact: false }),
        max_score: Some(1.5),
        hits: vec![hit()],
        profile: None,
        phases: None,
        aggregations: None,
        suggest: Vec::new(),
        scroll_id: None,
        point_id: None,
        last: None,
    }));
    let expected = concat!(
        r#"{"took":5,"timed_out":true,"terminated_early":true,"_shards":{"total":2,"successful":1,"skipped":0,"failed":1,"#,
        r#""failures":[{"shard":1,"index":"f","node":"n1","reason":{"type":"illegal_argument_exception","reason":"no"}}]},"#,
        r#""hits":{"total":{"value":10000,"relation":"gte"},"max_score":1.5,"hits":[{"_shard":"[f][0]","_node":"node-id-1","_index":"f","_id":"1","#,
        r#""_version":2,"_seq_no":3,"_primary_term":1,"_score":1.5,"_routing":"r","_ignored":["n"],"_source":{"a":1},"#,
        r#""fields":{"a":[1]},"highlight":{"t":["<em>a</em>"]},"sort":[1.5,"x"],"matched_queries":["q"],"#,
        r#""_explanation":{"value":1.5,"description":"d","details":[]}}]}}"#,
    );
    server.check("GET /f/_search", "", 200, expected);
    server.check(
        "GET /f/_search?filter_path=hits.hits._so*,**._score",
        "",
        200,
        r#"{"hits":{"hits":[{"_score":1.5,"_source":{"a":1}}]}}"#,
    );
}

#[test]
fn a_failed_search() {
    let server = Server::start();
    let mut failed = Error::new(ErrorKind::SearchPhaseExecution, "all shards failed").with_detail("phase", "query");
    failed.root_causes.push(Error::illegal_argument("too large"));
    *server.gateway.search_answer.lock().unwrap() = Some(Err(failed));
    server.check("GET /f/_search",
        "",
        400,
        r#"{"error":{"root_cause":[{"type":"illegal_argument_exception","reason":"too large"}],"type":"search_phase_execution_exception","reason":"all shards failed","phase":"query"},"status":400}"#,
    );
    // What OpenSearch finds on its shards.
    server.refuses("GET /f/_search?q=t:(", "", 400, "search_phase_execution_exception");
    server.refuses("GET /f/_count?q=t:(", "", 400, "search_phase_execution_exception");
    server.refuses("GET /missing/_search?q=t:(", "", 404, "index_not_found_exception");
    server.refuses("GET /f/_explain/1?q=t:(", "", 400, r#""type":"query_shard_exception""#);
}

#[test]
fn msearch() {
    let server = Server::start();
    let body = "{}\n{\"size\":1}\n{\"index\":[\"a\",\"b\"],\"routing\":\"r\",\"preference\":\"_local\"}\n\n{\"index\":\"missing\"}\n{\"query\":{\"query_string\":{\"query\":\"(\"}}}\n{}\n";
    let response = server.ask("POST", "/f/_msearch", body);
    let answer: serde_json::Value = serde_json::from_slice(&response.body).expect("JSON");
    let statuses: Vec<_> = answer["responses"].as_array().unwrap().iter().map(|one| one["status"].as_u64()).collect();
    assert_eq!(statuses, [Some(200), Some(200), Some(404)]);
    let mut asked = server.gateway.searches.lock().unwrap();
    asked.sort_by_key(|one| one.size);
    assert_eq!((asked[0].size, &asked[0].target.names[..]), (1, &["f".to_owned()][..]));
    assert_eq!((asked[1].target.names.len(), asked[1].routing.len()), (2, 1));
    drop(asked);
    server.refuses(
        "POST /_msearch",
        "{\"colour\":1}\n{}\n",
        400,
        "key [colour] is not supported in the metadata section",
    );
    server.refuses("POST /_msearch", "{}\n{\"query\":{\"no_such\":{}}}\n", 400, "unknown query [no_such]");
    server.refuses("POST /_msearch", "{}\n{}", 400, "must be terminated by a newline");
    server.refuses("POST /_msearch", "", 400, "request body or source parameter is required");
    server.refuses("POST /_msearch?max_concurrent_searches=0", "{}\n{}\n", 400, "must be positive");
}

#[test]
fn count_explain_validate() {
    let server = Server::start();
    let shards = r#""_shards":{"total":1,"successful":1,"skipped":0,"failed":0}"#;
    server.check("GET /f/_count", "", 200, &format!(r#"{{"count":42,{shards}}}"#));
    server.check(
        "GET /_count?terminate_after=9",
        "",
        200,
        &format!(r#"{{"terminated_early":false,"count":42,{shards}}}"#),
    );
    server.refuses("GET /f/_count", r#"{"size":1}"#, 400, "request does not support [size]");
    server.check("GET /f/_explain/1?q=a",
        "",
        200,
        r#"{"_index":"f","_id":"1","matched":true,"explanation":{"value":0.5,"description":"sum of:","details":[{"value":2,"description":"n","details":[]}]}}"#,
    );
    server.check("GET /f/_explain/nothing?q=a", "", 404, r#"{"_index":"f","_id":"nothing","matched":false}"#);
    server.refuses("GET /f/_explain/1", "", 400, "query is missing");
    let valid = r#""_shards":{"total":1,"successful":1,"failed":0},"valid":true"#;
    server.check("GET /f/_validate/query", "", 200, &format!("{{{valid}}}"));
    server.check(
        "GET /f/_validate/query?explain",
        "",
        200,
        &format!(r#"{{{valid},"explanations":[{{"index":"films","valid":true,"explanation":"*:*"}}]}}"#),
    );
    server.check("GET /f/_validate/query", r#"{"query":{"no_such":{}}}"#, 200, r#"{"valid":false}"#);
    server.check(
        "GET /f/_validate/query?q=(a",
        "",
        200,
        r#"{"_shards":{"total":1,"successful":1,"failed":0},"valid":false}"#,
    );
}
