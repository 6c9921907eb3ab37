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

/// Hits, filters kept now and ever, and whether they take memory.
fn filters(server: &Server) -> (u64, u64, u64, bool) {
    let stats = server.ok("GET", "/many/_stats/query_cache", "");
    let cache = &stats["_all"]["total"]["query_cache"];
    let count = |name: &str| cache[name].as_u64().expect("a count");
    assert_eq!(count("total_count"), count("hit_count") + count("miss_count"));
    (count("hit_count"), count("cache_size"), count("cache_count"), count("memory_size_in_bytes") > 0)
}

#[test]
fn filters_that_are_asked_again_are_kept_and_find_the_same() {
    let server = Server::start();
    let settings = json!({"settings": {"number_of_shards": 1, "refresh_interval": -1}}).to_string();
    server.ok("PUT", "/many", &settings);
    let line = |n: u32| format!("{{\"index\":{{\"_id\":\"{n}\"}}}}\n{{\"n\":{n},\"k\":\"k{}\"}}\n", n % 7);
    let bulk: String = (0..12_000).map(line).collect();
    assert_eq!(server.ok("POST", "/many/_bulk", &bulk)["errors"], false);
    server.ok("POST", "/many/_flush", "");
    server.ok("POST", "/many/_forcemerge?max_num_segments=1", "");
    let body = json!({"size": 0, "track_total_hits": true, "query": {"range": {"n": {"gte": 100}}},
        "aggs": {"k": {"terms": {"field": "k.keyword"}}, "s": {"sum": {"field": "n"}}, "c": {"cardinality": {"field": "k.keyword"}}}});
    let ask = || {
        let answer = server.ok("POST", "/many/_search?request_cache=false", &body.to_string());
        (answer["hits"]["total"]["value"].as_u64(), answer["aggregations"].clone())
    };
    let first = ask();
    assert_eq!((first.0, filters(&server)), (Some(11_900), (0, 0, 0, false)));
    assert_eq!((ask(), ask()), (first.clone(), first));
    let (hits, now, ever, memory) = filters(&server);
    assert!(hits > 0 && (now, ever, memory) == (1, 1, true), "{hits} {now} {ever} {memory}");
    // Documents that are gone are found no more, though what is kept is as it was.
    server.ok("DELETE", "/many/_doc/100?refresh=true", "");
    server.ok("DELETE", "/many/_doc/7?refresh=true", "");
    let fewer = ask();
    assert_eq!((fewer.0, &fewer.1["s"]["value"]), (Some(11_899), &json!((101..12_000).sum::<u32>() as f64)));
    let counts =
        fewer.1["k"]["buckets"].as_array().expect("buckets").iter().map(|b| b["doc_count"].as_u64().expect("a count"));
    assert_eq!((counts.sum::<u64>(), &fewer.1["c"]["value"]), (11_899, &json!(7)));
    server.ok("POST", "/many/_cache/clear?request=true", "");
    assert_eq!(filters(&server).1, 1);
    server.ok("POST", "/many/_cache/clear?query=true", "");
    assert_eq!((filters(&server).1, filters(&server).3), (0, false));
    assert_eq!(ask(), fewer);
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
