//! Aggregations that ask too much are refused soon, and the node goes on; answers that are kept are given again until something changes.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::server::Server;

/// A second is meant; these programs are not optimized, and run beside others.
const SOON: Duration = Duration::from_secs(20);

fn refused(server: &Server, body: &str, status: u16, kind: &str) {
    let begun = Instant::now();
    let (found, answer) = server.ask("POST", "/many/_search", body);
    assert_eq!(found, status, "{answer}");
    assert!(answer.to_string().contains(kind), "{answer}");
    assert!(begun.elapsed() < SOON, "{:?} for {}", begun.elapsed(), &body[..body.len().min(200)]);
}

/// Ten documents, each of 1,000 numbers in two fields: ten million pairs of them.
fn many() -> Server {
    let server = Server::start_with(&["search.request_memory=16mb"]);
    let mapping =
        json!({"mappings": {"properties": {"a": {"type": "long"}, "b": {"type": "long"}, "d": {"type": "double"}}}});
    server.ok("PUT", "/many", &mapping.to_string());
    for at in 0..10u64 {
        let numbers = |salt: u64| (0..1000).map(|n| (at * 1000 + n) * 7919 + salt).collect::<Vec<_>>();
        let document = json!({"a": numbers(0), "b": numbers(1), "d": at as f64 * 1e6});
        server.ok("PUT", &format!("/many/_doc/{at}"), &document.to_string());
    }
    server.ok("POST", "/many/_refresh", "");
    server
}

#[test]
fn too_much_is_refused_soon() {
    let server = many();
    let terms =
        |field: &str, inside: Value| json!({"a": {"terms": {"field": field, "size": 10_000_000}, "aggs": inside}});
    let body = |aggs: Value| json!({"size": 0, "aggs": aggs}).to_string();
    let pairs = body(terms("a", terms("b", json!({}))));
    refused(&server, &pairs, 429, "circuit_breaking_exception");
    let few = |aggs: Value| json!({"size": 0, "query": {"ids": {"values": ["1"]}}, "aggs": aggs}).to_string();
    refused(&server, &few(terms("a", terms("b", json!({})))), 429, "circuit_breaking_exception");
    let fine = json!({"a": {"histogram": {"field": "d", "interval": 1e-9}}});
    refused(&server, &body(fine), 503, "too_many_buckets_exception");
    let fine = json!({"a": {"histogram": {"field": "a", "interval": 1e-9, "min_doc_count": 1}}});
    let (status, answer) = server.ask("POST", "/many/_search", &body(fine));
    assert_eq!((status, &answer["hits"]["total"]["value"]), (200, &json!(10)), "{answer}");
    // As text: the tools of this test go down by themselves.
    let deep = r#"{"a": {"terms": {"field": "a"}, "aggs": "#.repeat(2000) + "{}" + &"}}".repeat(2000);
    refused(&server, &format!(r#"{{"size": 0, "aggs": {deep}}}"#), 400, "exception");
    let counted = server.ok("GET", "/_nodes/stats/breaker", "").to_string();
    assert!(counted.contains(r#""estimated_size_in_bytes":0"#), "what was taken is given back: {counted}");
    assert_eq!(server.ok("GET", "/many/_count", "")["count"], 10);
}

/// Keys descend with the documents: whoever looks at these in their order makes a bucket of each.
#[test]
fn a_page_of_combinations_looks_no_further_than_it_must() {
    let server = Server::start();
    server.ok("PUT", "/keys", r#"{"mappings":{"properties":{"k":{"type":"keyword"},"n":{"type":"long"}}}}"#);
    let line = |n: usize| format!("{{\"index\":{{}}}}\n{{\"k\":\"k{:05}\",\"n\":{}}}\n", 9000 - n / 2, n % 2);
    let bulk: String = (0..6000).map(line).collect();
    assert_eq!(server.ok("POST", "/keys/_bulk?refresh=true", &bulk)["errors"], false);
    let ask = |after: Option<&str>| {
        let sources = json!([{"k": {"terms": {"field": "k"}}}, {"n": {"terms": {"field": "n"}}}]);
        let mut composite = json!({"size": 3, "sources": sources});
        if let Some(after) = after {
            composite["after"] = json!({"k": after, "n": 0});
        }
        json!({"size": 0, "aggs": {"c": {"composite": composite}}}).to_string()
    };
    let page = |after: Option<&str>| {
        let answer = server.ok("POST", "/keys/_search", &ask(after));
        let buckets = answer["aggregations"]["c"]["buckets"].as_array().cloned().unwrap_or_default();
        let key = |one: &Value| format!("{} {} {}", one["key"]["k"], one["key"]["n"], one["doc_count"]);
        buckets.iter().map(key).collect::<Vec<_>>()
    };
    let first = ["\"k06001\" 0 1", "\"k06001\" 1 1", "\"k06002\" 0 1"];
    // A shard may make 200 buckets for each that may be shown: with these, far fewer than there are keys.
    server.ok("PUT", "/_cluster/settings", r#"{"persistent":{"search.max_buckets":3}}"#);
    assert_eq!(page(None), first);
    assert_eq!(page(Some("k07000")), ["\"k07000\" 1 1", "\"k07001\" 0 1", "\"k07001\" 1 1"]);
    server.ok("POST", "/keys/_forcemerge?max_num_segments=1", "");
    assert_eq!(page(None), first);
    let but_one = json!({"bool": {"must_not": {"term": {"k": "none"}}}});
    let mut all: Value = serde_json::from_str(&ask(None)).expect("it was JSON");
    all["query"] = but_one;
    refused_at(&server, "/keys/_search", &all.to_string());
}

fn refused_at(server: &Server, path: &str, body: &str) {
    let (status, answer) = server.ask("POST", path, body);
    assert_eq!(status, 503, "{answer}");
    assert!(answer.to_string().contains("too_many_buckets_exception"), "{answer}");
}

fn cached(server: &Server) -> (u64, u64, bool) {
    let stats = server.ok("GET", "/kept/_stats/request_cache", "");
    let cache = &stats["_all"]["total"]["request_cache"];
    let count = |name: &str| cache[name].as_u64().expect("a count");
    (count("hit_count"), count("miss_count"), count("memory_size_in_bytes") > 0)
}

#[test]
fn answers_without_hits_are_kept_until_something_changes() {
    let server = Server::start();
    server.ok("PUT", "/kept", &json!({"settings": {"refresh_interval": -1}}).to_string());
    server.ok("PUT", "/kept/_doc/1?refresh=true", r#"{"n": 3}"#);
    let ask = |target: &str, body: &str| {
        server.ok("POST", &format!("/kept/_search{target}"), body)["aggregations"]["s"]["value"].clone()
    };
    let sum = r#"{"size": 0, "query": {"range": {"n": {"gte": 1}}}, "aggs": {"s": {"sum": {"field": "n"}}}}"#;
    // Written in another order, it is the same question.
    let same = r#"{"aggs": {"s": {"sum": {"field": "n"}}}, "query": {"range": {"n": {"from": 1}}}, "size": 0}"#;
    assert_eq!((ask("", sum), cached(&server)), (json!(3.0), (0, 1, true)));
    assert_eq!((ask("", same), cached(&server)), (json!(3.0), (1, 1, true)));
    assert_eq!((ask("?request_cache=false", sum), cached(&server)), (json!(3.0), (1, 1, true)));
    // With hits it is asked anew.
    ask("", &sum.replace("\"size\": 0", "\"size\": 1"));
    assert_eq!(cached(&server), (1, 1, true));
    server.ok("PUT", "/kept/_doc/2", r#"{"n": 4}"#);
    assert_eq!((ask("", sum), cached(&server)), (json!(3.0), (2, 1, true)));
    server.ok("POST", "/kept/_refresh", "");
    assert_eq!(cached(&server), (2, 1, false));
    assert_eq!((ask("", sum), cached(&server)), (json!(7.0), (2, 2, true)));
    server.ok("POST", "/kept/_cache/clear?query=true", "");
    assert_eq!(cached(&server), (2, 2, true));
    server.ok("POST", "/kept/_cache/clear?request=true", "");
    assert_eq!(cached(&server), (2, 2, false));
    server.ok("PUT", "/kept/_settings", r#"{"index.requests.cache.enable": false}"#);
    assert_eq!((ask("", sum), cached(&server)), (json!(7.0), (2, 2, false)));
    assert_eq!((ask("?request_cache=true", sum), cached(&server)), (json!(7.0), (2, 3, true)));
}
