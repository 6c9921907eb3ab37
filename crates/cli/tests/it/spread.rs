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

    // Each shard has kept what it answered to the first; what is asked in rounds goes over a point in time and is not kept.
    let cache = || {
        let stats = door.ok("GET", "/spread/_stats/request_cache", "");
        let cache = stats["_all"]["total"]["request_cache"].clone();
        let count = |name: &str| cache[name].as_u64().expect("a count");
        (count("hit_count"), count("miss_count"), count("memory_size_in_bytes") > 0)
    };
    assert_eq!(cache(), (0, 5, true));
    assert_eq!(top(&door.ok("POST", "/spread/_search", &asked(false))), top(&cut));
    assert_eq!(cache(), (5, 5, true));
    let cleared = door.ok("POST", "/spread/_cache/clear", "");
    assert_eq!(cleared["_shards"], json!({"total": 5, "successful": 5, "failed": 0}));
    assert_eq!(cache(), (5, 5, false));

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
    assert_eq!((shards.len(), cache()), (5, (5, 5, false)));
}

/// The same documents in one shard and in five: few values are frequent, many are rare, and shards differ in which.
fn twice(nodes: &Nodes) {
    let mut bulk = String::new();
    let mut seed = 7u64;
    let mut next = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    for id in 0..1500 {
        let (wide, narrow) = (next(200), next(20));
        let n = next(wide + 1) + next(narrow + 1);
        let day = format!("2024-{:02}-{:02}", 1 + n % 12, 1 + n % 28);
        let document = json!({"k": format!("w{n}"), "ks": [format!("a{}", n % 90), format!("b{narrow}")], "n": n, "f": n as f64 / 8.0, "d": day, "b": n % 3 == 0, "v": id});
        bulk.push_str(&format!("{}\n{document}\n", json!({"index": {"_id": id.to_string()}})));
    }
    for (index, shards) in [("/one", 1), ("/five", 5)] {
        let body = json!({
            "settings": {"number_of_shards": shards, "number_of_replicas": 0, "refresh_interval": -1},
            "mappings": {"properties": {
                "k": {"type": "keyword"}, "ks": {"type": "keyword"}, "n": {"type": "integer"}, "f": {"type": "double"},
                "d": {"type": "date"}, "b": {"type": "boolean"}, "v": {"type": "long"},
            }},
        });
        nodes.coordinator.ok("PUT", index, &body.to_string());
        let answer = nodes.coordinator.ok("POST", &format!("{index}/_bulk?refresh=true"), &bulk);
        assert_eq!(answer["errors"], false, "{answer}");
    }
}

#[test]
fn exact_lists_are_those_of_one_shard() {
    let nodes = Nodes::start(2);
    twice(&nodes);
    let door = &nodes.coordinator;
    let lists = |index: &str, lists: &Value, exact: bool| {
        let mut asked = lists.clone();
        for list in asked.as_object_mut().into_iter().flat_map(|lists| lists.values_mut()) {
            list["terms"]["exact"] = exact.into();
        }
        let body = json!({"size": 2, "sort": ["v"], "query": {"range": {"v": {"gte": 100}}}, "aggs": asked});
        let mut answer = door.ok("POST", &format!("/{index}/_search"), &body.to_string());
        if let Some(rare) = answer["aggregations"].get_mut("rare") {
            // A shard counts what is too rare among the others only where it has left it out.
            rare["sum_other_doc_count"].take();
        }
        let ids: Vec<String> =
            answer["hits"]["hits"].as_array().into_iter().flatten().map(|hit| hit["_id"].to_string()).collect();
        (answer["aggregations"].take(), answer["hits"]["total"].take(), ids)
    };
    let inside = json!({"s": {"sum": {"field": "v"}}, "top": {"terms": {"field": "b"}}});
    let mut compared = 0;
    for field in ["k", "ks", "n", "f", "d", "b"] {
        for size in [1, 4, 30] {
            let asked = json!({
                "plain": {"terms": {"field": field, "size": size, "shard_size": size}, "aggs": inside},
                "rare": {"terms": {"field": field, "size": size, "shard_size": size, "min_doc_count": 3}},
                "tied": {"terms": {"field": field, "size": size, "order": [{"_count": "desc"}, {"s": "desc"}]}, "aggs": inside},
                "other": {"terms": {"field": field, "size": size, "order": {"s": "desc"}}, "aggs": inside},
            });
            let five = lists("five", &asked, true);
            assert_eq!(five, lists("one", &asked, true), "{field} {size}");
            assert_eq!(five.0["plain"], lists("one", &asked, false).0["plain"], "{field} {size}");
            compared += usize::from(five.0 != lists("five", &asked, false).0);
        }
    }
    assert!(compared > 3, "shards left something out in {compared} of 18");
    let included =
        json!({"k": {"terms": {"field": "k", "size": 3, "shard_size": 3, "include": "w.*[02468]", "exclude": "w1.*"}}});
    assert_eq!(lists("five", &included, true), lists("one", &included, true));
}
