//! What nodes keep for clients between requests: scrolls, points in time, work by query. Begun on one node, gone on with on others, and
//! never kept for ever.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::nodes::Nodes;
use super::server::Server;

/// What happens by itself is waited for so long.
const PATIENCE: Duration = Duration::from_secs(30);

fn ids(answer: &Value) -> Vec<i64> {
    let hits = answer["hits"]["hits"].as_array().expect("hits");
    hits.iter().map(|hit| hit["_source"]["a"].as_i64().expect("a number")).collect()
}

/// Asks until the answer is as wanted.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_scroll_and_a_point_go_on_through_any_node() {
    let nodes = Nodes::start(2);
    nodes.fill("kept", 3, 50);
    let (first, second) = (&nodes.coordinator, &nodes.holders[0]);
    let search = json!({"size": 8, "sort": [{"a": "desc"}], "query": {"range": {"a": {"gte": 10}}}});
    let mut page = first.ok("POST", "/kept/_search?scroll=5m", &search.to_string());
    let id = page["_scroll_id"].as_str().expect("an id").to_owned();
    let point = second.ok("POST", "/kept/_search/point_in_time?keep_alive=5m", "")["pit_id"].clone();
    // What is written now neither sees.
    let gone = json!({"query": {"match_all": {}}}).to_string();
    assert_eq!(second.ok("POST", "/kept/_delete_by_query?refresh=true&slices=2", &gone)["deleted"], 50);
    let mut seen = Vec::new();
    for turn in 0.. {
        assert!(turn < 20 && page["_shards"]["failed"] == 0, "{page}");
        if ids(&page).is_empty() {
            break;
        }
        seen.extend(ids(&page));
        let next = json!({"scroll": "5m", "scroll_id": id}).to_string();
        page = if turn % 2 == 0 { second } else { first }.ok("POST", "/_search/scroll", &next);
    }
    assert_eq!(seen, (10..50).rev().collect::<Vec<i64>>());
    let over = json!({"pit": {"id": point}, "size": 100, "sort": ["_shard_doc"]}).to_string();
    for node in [first, second, &nodes.holders[1]] {
        let mut found = ids(&node.ok("POST", "/_search", &over));
        found.sort_unstable();
        assert_eq!(found, (0..50).collect::<Vec<i64>>());
    }
    let cleared = second.ok("DELETE", "/_search/scroll", &json!({"scroll_id": id}).to_string());
    assert_eq!(cleared["num_freed"], 3);
    assert_eq!(first.ok("GET", "/_search/point_in_time/_all", "")["pits"].as_array().map(Vec::len), Some(1));
    first.ok("DELETE", "/_search/point_in_time", &json!({"pit_id": point}).to_string());
    assert_eq!(second.ask("POST", "/_search", &over).0, 404);
}

#[test]
fn what_nobody_uses_is_forgotten_and_there_is_never_too_much() {
    let server = Server::start();
    server.ok("PUT", "/kept/_doc/1?refresh=true", r#"{"a": 1}"#);
    let scroll = server.ok("POST", "/kept/_search?scroll=1ms", "")["_scroll_id"].clone();
    let point = server.ok("POST", "/kept/_search/point_in_time?keep_alive=1ms", "")["pit_id"].clone();
    // Looking at the list keeps nothing alive, as searches would.
    let kept =
        || server.ok("GET", "/_search/point_in_time/_all", "")["pits"].as_array().is_none_or(|all| !all.is_empty());
    until("the point in time is kept for ever", || !kept());
    let over = json!({"pit": {"id": point}}).to_string();
    assert_eq!(server.ask("POST", "/_search", &over).0, 404);
    // It is older, and was kept as long.
    let next = json!({"scroll": "1ms", "scroll_id": scroll}).to_string();
    assert_eq!(server.ask("POST", "/_search/scroll", &next).0, 404);
    let limit = |most: Value| {
        let settings = json!({"transient": {"search.max_open_scroll_context": most}});
        server.ok("PUT", "/_cluster/settings", &settings.to_string());
    };
    limit(json!(2));
    let begin = || server.ask("POST", "/kept/_search?scroll=5m", "").0;
    assert_eq!([begin(), begin(), begin()], [200, 200, 429]);
    server.ok("DELETE", "/_search/scroll/_all", "");
    assert_eq!(begin(), 200);
    limit(Value::Null);
}

#[test]
fn work_by_query_is_watched_slowed_down_and_ended_from_any_node() {
    let nodes = Nodes::start(2);
    nodes.fill("kept", 2, 30);
    let (one, other) = (&nodes.holders[0], &nodes.holders[1]);
    let body = json!({"source": {"index": "kept", "size": 1}, "dest": {"index": "copy"}}).to_string();
    let start = |pace: &str| {
        let path = format!("/_reindex?wait_for_completion=false&requests_per_second={pace}");
        one.ok("POST", &path, &body)["task"].as_str().expect("a task").to_owned()
    };
    let task = start("0.01");
    let shown = other.ok("GET", &format!("/_tasks/{task}"), "");
    assert_eq!((&shown["completed"], &shown["task"]["action"]), (&json!(false), &json!("indices:data/write/reindex")));
    let faster = other.ok("POST", &format!("/_reindex/{task}/_rethrottle?requests_per_second=-1"), "");
    assert!(faster["node_failures"].is_null(), "{faster}");
    let mut shown = Value::Null;
    until("the work does not end", || {
        shown = other.ok("GET", &format!("/_tasks/{task}"), "");
        shown["completed"] == true
    });
    assert_eq!((&shown["response"]["created"], &shown["response"]["failures"]), (&json!(30), &json!([])));
    let task = start("0.01");
    other.ok("POST", &format!("/_tasks/{task}/_cancel"), "");
    until("the work is not ended", || {
        shown = other.ok("GET", &format!("/_tasks/{task}"), "");
        shown["completed"] == true
    });
    assert_eq!(shown["response"]["canceled"], "by user request", "{shown}");
}
