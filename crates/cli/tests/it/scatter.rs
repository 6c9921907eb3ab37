//! One search, one write, one get, wherever the shards are: asked of a node that holds none. And what the answers say when nodes are gone,
//! frozen, or out of time.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::nodes::{Nodes, until};
use crate::server::Server;

const ALL: &str = r#"{"size":100,"track_total_hits":true}"#;

fn total(answer: &Value) -> u64 {
    answer["hits"]["total"]["value"].as_u64().unwrap_or_default()
}

#[test]
fn a_node_that_holds_nothing_writes_reads_and_searches() {
    let nodes = Nodes::start(3);
    nodes.fill("films", 6, 60);
    let door = &nodes.coordinator;
    let ids = nodes.ids();
    let held: Vec<usize> = ids.iter().map(|id| nodes.shards_of("films", id)).collect();
    assert_eq!(held, [2, 2, 2], "shards are spread");
    for asked in nodes.holders.iter().chain([door]) {
        let found = asked.ok("POST", "/films/_search", ALL);
        assert_eq!((total(&found), &found["_shards"]), (60, &json!({"total":6,"successful":6,"skipped":0,"failed":0})));
        assert_eq!(found["hits"]["hits"].as_array().map(Vec::len), Some(60));
    }
    // One score, whoever is asked.
    let query = r#"{"query":{"match":{"t":"word3 all"}},"size":20}"#;
    let through = |server: &Server| server.ok("POST", "/films/_search", query)["hits"].clone();
    let answers: Vec<Value> = nodes.holders.iter().chain([door]).map(through).collect();
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    // Writes, reads, counts.
    for n in 0..6 {
        let path = format!("/films/_doc/fresh{n}");
        let written = door.ok("PUT", &format!("{path}?refresh=true"), r#"{"a":1000,"new":{"field":"x"}}"#);
        assert_eq!((&written["result"], &written["forced_refresh"]), (&json!("created"), &json!(true)));
        assert_eq!(door.ok("GET", &path, "")["_source"]["a"], 1000);
    }
    assert_eq!(door.ok("POST", "/films/_count", r#"{"query":{"term":{"new.field.keyword":"x"}}}"#)["count"], 6);
    assert_eq!(door.ask("GET", "/films/_doc/nowhere", "").0, 404);
    assert_eq!(door.ask("PUT", "/films/_create/fresh1", "{}").0, 409);
    let updated = door.ok("POST", "/films/_update/fresh1", r#"{"doc":{"a":7},"_source":true}"#);
    assert_eq!(updated["get"]["_source"]["a"], 7);
    let many = door.ok("POST", "/films/_mget", r#"{"ids":["fresh0","fresh1","nowhere"]}"#);
    let found: Vec<&Value> = many["docs"].as_array().expect("docs").iter().map(|doc| &doc["found"]).collect();
    assert_eq!(found, [&json!(true), &json!(true), &json!(false)]);
    let why = door.ok("POST", "/films/_explain/3", r#"{"query":{"match":{"t":"word3"}}}"#);
    let scored = door.ok(
        "POST",
        "/films/_search",
        r#"{"query":{"bool":{"must":{"match":{"t":"word3"}},"filter":{"ids":{"values":["3"]}}}}}"#,
    );
    assert_eq!((&why["matched"], &why["explanation"]["value"]), (&json!(true), &scored["hits"]["max_score"]));
    for upkeep in ["_refresh", "_flush", "_forcemerge?max_num_segments=1"] {
        let done = door.ok("POST", &format!("/films/{upkeep}"), "");
        assert_eq!(done["_shards"], json!({"total":6,"successful":6,"failed":0}), "{upkeep}");
    }
    let stats = door.ok("GET", "/films/_stats", "");
    assert_eq!(
        (&stats["_shards"]["successful"], &stats["_all"]["primaries"]["docs"]["count"]),
        (&json!(6), &json!(66))
    );
}

/// One data node of three is gone: what it held is missing, is said to be, and comes back with it.
#[test]
fn a_node_that_is_gone_is_missing_and_said_to_be() {
    let mut nodes = Nodes::start(3);
    nodes.fill("films", 6, 60);
    nodes.holders[2].kill();
    let door = &nodes.coordinator;
    let found = door.ok("POST", "/films/_search", ALL);
    let shards = &found["_shards"];
    assert_eq!(
        (&shards["total"], &shards["successful"], &shards["failed"]),
        (&json!(6), &json!(4), &json!(2)),
        "{shards}"
    );
    assert_eq!(found["hits"]["hits"].as_array().map(Vec::len), Some(total(&found) as usize));
    let missing: Vec<u64> =
        shards["failures"].as_array().expect("failures").iter().filter_map(|one| one["shard"].as_u64()).collect();
    assert!(total(&found) < 60 && !missing.is_empty(), "{shards}");
    let whole = r#"{"query":{"match_all":{}}}"#;
    let (status, refused) = door.ask("POST", "/films/_search?allow_partial_search_results=false", whole);
    assert_eq!((status, &refused["error"]["type"]), (503, &json!("search_phase_execution_exception")), "{refused}");
    // Once the cluster knows, writes to what is missing wait no longer than they are told to.
    until(door, "/_cluster/health", |health| health["status"] == "red");
    let bulk: String = (0..24).map(|n| format!("{{\"index\":{{\"_id\":\"late{n}\"}}}}\n{{\"a\":1}}\n")).collect();
    let begun = Instant::now();
    let written = door.ok("POST", "/films/_bulk?timeout=300ms", &bulk);
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    let kinds: Vec<&Value> = written["items"].as_array().expect("items").iter().map(|item| &item["index"]).collect();
    assert!(kinds.iter().any(|item| item["status"] == 201), "{written}");
    let refused: Vec<&&Value> = kinds.iter().filter(|item| item["status"] == 503).collect();
    assert!(refused.iter().all(|item| item["error"]["type"] == "unavailable_shards_exception"), "{written}");
    assert!(!refused.is_empty(), "{written}");
    nodes.holders[2].restart();
    let door = &nodes.coordinator;
    until(door, "/_cluster/health", |health| health["status"] == "green");
    let all = 60 + 24 - refused.len() as u64;
    until(door, "/films/_search?size=0&track_total_hits=true", |found| {
        found["_shards"]["failed"] == 0 && total(found) == all
    });
}

/// A node that does not answer, but is not gone either: the search ends by its deadline, with what the others have.
#[test]
fn a_frozen_node_costs_its_shards_and_no_more_than_the_time_allowed() {
    let nodes = Nodes::start(3);
    nodes.fill("films", 6, 60);
    let ids = nodes.ids();
    nodes.holders[1].freeze();
    let begun = Instant::now();
    let found =
        nodes.coordinator.ok("POST", "/films/_search?timeout=2s", r#"{"query":{"match":{"t":"all"}},"size":100}"#);
    let took = begun.elapsed();
    nodes.holders[1].thaw();
    assert!(took < Duration::from_secs(10), "{took:?}");
    let shards = &found["_shards"];
    assert_eq!(
        (&found["timed_out"], &shards["total"], &shards["failed"]),
        (&json!(true), &json!(6), &json!(2)),
        "{found}"
    );
    let failures = shards["failures"].as_array().expect("failures");
    assert!(failures.iter().all(|one| one["node"] == ids[1].as_str()), "{failures:?}");
    assert!(total(&found) > 0 && total(&found) < 60);
    until(&nodes.coordinator, "/films/_search?size=0&track_total_hits=true", |found| total(found) == 60);
}

/// When everything fails, the answer is an error that says why.
#[test]
fn when_everything_fails_it_is_an_error_with_reasons() {
    let mut nodes = Nodes::start(2);
    nodes.fill("films", 4, 8);
    nodes.holders.iter_mut().for_each(Server::kill);
    let (status, refused) = nodes.coordinator.ask("POST", "/films/_search", ALL);
    let error = &refused["error"];
    assert_eq!(
        (&error["type"], &error["reason"]),
        (&json!("search_phase_execution_exception"), &json!("all shards failed"))
    );
    assert!(status == 503 || status == 500, "{status}");
    let failed = error["failed_shards"].as_array().expect("failed shards");
    assert!(!failed.is_empty() && failed.iter().all(|one| one["reason"]["reason"].is_string()), "{error}");
}

/// Searches that run are tasks with children on the nodes that hold shards; ending the parent ends them all.
#[test]
fn a_search_is_a_task_over_nodes_and_can_be_ended() {
    let nodes = Nodes::start(2);
    nodes.fill("films", 4, 8000);
    let door = &nodes.coordinator;
    let clauses: Vec<Value> = (0..900).map(|n| json!({"range":{"a":{"gte":-n - 1}}})).collect();
    let slow = json!({"size":0,"query":{"bool":{"should":clauses}},"aggs":{"t":{"terms":{"field":"a","size":10000},
        "aggs":{"u":{"terms":{"field":"a"}}}}}});
    let (url, slow) = (format!("{}/films/_search?request_cache=false", door.url()), slow.to_string());
    // One after the other, until one of them is ended: each may be over before it is seen.
    let searches = std::thread::spawn(move || {
        let config = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build();
        let agent: ureq::Agent = config.into();
        let deadline = Instant::now() + Duration::from_secs(120);
        let mut text = String::new();
        while Instant::now() < deadline && !text.contains("task_cancelled_exception") {
            let request = agent.post(&url).header("content-type", "application/json");
            text = request.send(&slow).expect("an answer").body_mut().read_to_string().expect("text");
        }
        text
    });
    let mut ended = false;
    while !searches.is_finished() {
        let listed = door.ok("GET", "/_tasks?actions=*search*&group_by=parents&detailed=true", "");
        let tasks = listed["tasks"].as_object().expect("tasks");
        let Some((id, task)) = tasks.iter().find(|(_, task)| !task["children"].is_null()) else { continue };
        assert_eq!((&task["action"], &task["cancellable"]), (&json!("indices:data/read/search"), &json!(true)));
        let child = &task["children"][0];
        assert_eq!(child["parent_task_id"], id.as_str());
        assert_ne!(child["node"], task["node"]);
        let answer = door.ask("POST", &format!("/_tasks/{id}/_cancel"), "").1;
        ended |= answer["nodes"].as_object().is_some_and(|nodes| nodes.len() == 1);
    }
    let text = searches.join().expect("searches that end");
    assert!(ended && text.contains("task_cancelled_exception"), "{text}");
    // What nobody waits for ends on the nodes that hold the shards, too.
    until(door, "/_tasks?actions=*search*", |tasks| tasks["nodes"] == json!({}));
}
