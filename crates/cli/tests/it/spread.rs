//! Aggregations over several nodes: exact where that is asked, kept until something changes, profiled shard by shard.

use serde_json::{Value, json};

use super::nodes::Nodes;

/// Words by document, so that what is frequent in all shards is frequent in none: `w0` is each shard's third.
fn skewed(nodes: &Nodes) {
    let body = json!({
        "settings": {"number_of_shards": 5, "number_of_replicas": 0, "refresh_interval": -1},
        "mappings": {"properties": {"k": {"type": "keyword"}, "n": {"type": "long"}}},
    });
    nodes.coordinator.ok("PUT", "/spread", &body.to_string());
    nodes.coordinator.ok("GET", "/_cluster/health/spread?wait_for_status=green&timeout=60s", "");
    let mut bulk = String::new();
    let mut add = |routing: usize, word: String, times: usize| {
        for at in 0..times {
            let action = json!({"index": {"_id": format!("{routing}-{word}-{at}"), "routing": routing.to_string()}});
            bulk.push_str(&format!("{action}\n{}\n", json!({"k": word, "n": at})));
        }
    };
    for routing in 0..12 {
        add(routing, format!("own{routing}a"), 9);
        add(routing, format!("own{routing}b"), 8);
        add(routing, "w0".to_owned(), 3);
    }
    let answer = nodes.coordinator.ok("POST", "/spread/_bulk?refresh=true", &bulk);
    assert_eq!(answer["errors"], false, "{answer}");
}

fn top(answer: &Value) -> (Vec<(&str, u64)>, u64, u64) {
    let terms = &answer["aggregations"]["k"];
    let bucket = |bucket: &'_ Value| bucket["doc_count"].as_u64().unwrap_or_default();
    let buckets = terms["buckets"].as_array().map(Vec::as_slice).unwrap_or_default();
    let found = buckets.iter().map(|one| (one["key"].as_str().unwrap_or_default(), bucket(one))).collect();
    let number = |name: &str| terms[name].as_u64().unwrap_or(u64::MAX);
    (found, number("doc_count_error_upper_bound"), number("sum_other_doc_count"))
}

#[test]
fn aggregations_over_nodes_are_exact_kept_and_profiled() {
    let nodes = Nodes::start(2);
    skewed(&nodes);
    let door = &nodes.coordinator;
    let asked = |exact: bool| {
        let terms = json!({"field": "k", "size": 1, "shard_size": 1, "exact": exact});
        json!({"size": 0, "aggs": {"k": {"terms": terms, "aggs": {"s": {"sum": {"field": "n"}}}}}}).to_string()
    };
    let cut = door.ok("POST", "/spread/_search", &asked(false));
    let (found, error, _) = top(&cut);
    assert!(found != [("w0", 36)] && error > 0, "shards cut it off: {cut}");
    let exact = door.ok("POST", "/spread/_search", &asked(true));
    assert_eq!(top(&exact), (vec![("w0", 36)], 0, 12 * 17), "{exact}");
    assert_eq!(exact["aggregations"]["k"]["buckets"][0]["s"]["value"], 36.0);

    // Each shard has kept both answers; one node's are as many as its shards.
    let cache = || {
        let stats = door.ok("GET", "/spread/_stats/request_cache", "");
        let cache = stats["_all"]["total"]["request_cache"].clone();
        let count = |name: &str| cache[name].as_u64().expect("a count");
        (count("hit_count"), count("miss_count"), count("memory_size_in_bytes") > 0)
    };
    assert_eq!(cache(), (0, 10, true));
    assert_eq!(top(&door.ok("POST", "/spread/_search", &asked(true))), top(&exact));
    assert_eq!(cache(), (5, 10, true));
    let cleared = door.ok("POST", "/spread/_cache/clear", "");
    assert_eq!(cleared["_shards"], json!({"total": 5, "successful": 5, "failed": 0}));
    assert_eq!(cache(), (5, 10, false));

    let profiled = asked(true).replacen('{', r#"{"profile": true, "#, 1);
    let answer = door.ok("POST", "/spread/_search", &profiled);
    assert_eq!(top(&answer), top(&exact));
    let shards = answer["profile"]["shards"].as_array().expect("shards").clone();
    let held: Vec<String> = nodes.ids();
    for (number, shard) in shards.iter().enumerate() {
        let id = shard["id"].as_str().unwrap_or_default();
        assert!(held.iter().any(|node| id == format!("[{node}][spread][{number}]")), "{id} of {held:?}");
        assert_eq!(shard["aggregations"][0]["type"], "GlobalOrdinalsStringTermsAggregator");
    }
    assert_eq!((shards.len(), cache()), (5, (5, 10, false)));
}
