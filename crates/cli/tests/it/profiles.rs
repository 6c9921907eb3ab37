//! `profile: true`: its shape is as OpenSearch's was recorded (`compat/data/profiles.jsonl`: times and numbers left out, its notes for
//! debugging too, searched with one thread a shard); its counts are those of the documents.

use serde_json::{Map, Value, json};

use super::server::Server;

const RECORDED: &str = include_str!("../compat/data/profiles.jsonl");

fn films(settings: &Value) -> Server {
    let server = Server::start();
    let properties =
        json!({"t": {"type": "text"}, "k": {"type": "keyword"}, "n": {"type": "long"}, "d": {"type": "date"}});
    let index = json!({"settings": settings, "mappings": {"properties": properties}});
    server.ok("PUT", "/profiled", &index.to_string());
    for i in 1..4 {
        let document =
            json!({"t": format!("the quick fox {i}"), "k": format!("a{i}"), "n": i, "d": format!("2024-01-0{i}")});
        server.ok("PUT", &format!("/profiled/_doc/{i}"), &document.to_string());
    }
    server.ok("POST", "/profiled/_refresh", "");
    server
}

/// Without numbers and names of nodes; parts in order of their descriptions.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let kept = object.iter().filter(|(key, _)| *key != "id");
            Value::Object(kept.map(|(key, value)| (key.clone(), shape(value))).collect::<Map<_, _>>())
        }
        Value::Array(list) => {
            let mut list: Vec<Value> = list.iter().map(shape).collect();
            list.sort_by_key(|one| one["description"].to_string());
            Value::Array(list)
        }
        Value::Number(_) => json!(0),
        other => other.clone(),
    }
}

#[test]
fn profiles_have_the_shape_that_was_recorded() {
    let server = films(&json!({"index.search.concurrent_segment_search.mode": "none"}));
    for line in RECORDED.lines() {
        let line: Value = serde_json::from_str(line).expect("a line is JSON");
        let answer = server.ok("POST", "/profiled/_search", &line["request"].to_string());
        let (found, recorded) = (shape(&answer["profile"]), shape(&line["profile"]));
        assert_eq!(found, recorded, "\n{}\nfound    {found}\nrecorded {recorded}", line["request"]);
        let mut plain = line["request"].clone();
        plain["profile"] = json!(false);
        let plain = server.ok("POST", "/profiled/_search", &plain.to_string());
        assert_eq!((&plain["hits"], &plain["aggregations"]), (&answer["hits"], &answer["aggregations"]));
        assert_eq!(plain.get("profile"), None);
    }
}

/// The sum of a number over all shards.
fn sum(shards: &[Value], of: impl Fn(&Value) -> &Value) -> u64 {
    shards.iter().map(|shard| of(shard).as_u64().unwrap_or_default()).sum()
}

#[test]
fn a_profile_counts_what_was_done() {
    let server = films(&json!({"number_of_shards": 3}));
    let asked = json!({
        "profile": true, "query": {"match": {"t": "quick"}},
        "aggs": {"k": {"terms": {"field": "k"}, "aggs": {"m": {"max": {"field": "n"}}}}},
    });
    let answer = server.ok("POST", "/profiled/_search", &asked.to_string());
    let shards = answer["profile"]["shards"].as_array().expect("shards").clone();
    let ids: Vec<&str> = shards.iter().filter_map(|shard| shard["id"].as_str()).collect();
    assert_eq!(ids.len(), 3);
    assert!((0..3).all(|number| ids[number].ends_with(&format!("][profiled][{number}]"))), "{ids:?}");
    let terms = |shard: &Value, name: &str| shard["aggregations"][0]["breakdown"][name].clone();
    let count = |name: &str| shards.iter().map(|shard| terms(shard, name).as_u64().unwrap_or_default()).sum::<u64>();
    assert_eq!((count("collect_count"), count("initialize_count")), (3, 3));
    // Merged once, for all shards.
    assert_eq!(count("reduce_count"), 1);
    assert!(count("reduce") > 0 && count("build_aggregation") > 0);
    let spent = |shard: &Value| shard["searches"][0]["query"][0].clone();
    let nanos: u64 = shards.iter().filter_map(|shard| spent(shard)["time_in_nanos"].as_u64()).sum();
    let scored = sum(&shards, |shard| &shard["searches"][0]["query"][0]["breakdown"]["score_count"]);
    assert!(nanos > 0 && scored == 3, "{shards:?}");
    let loaded = sum(&shards, |shard| &shard["fetch"][0]["children"][0]["breakdown"]["process_count"]);
    assert_eq!(loaded, 3);
}
