//! Connections between nodes that break while something is asked over them: who searches or reads does not notice.

use serde_json::json;

use crate::nodes::{Peers, until};
use crate::server::Server;

const ROUNDS: usize = 3;

/// Reads and searches, and what each is asked.
fn questions() -> Vec<(&'static str, &'static str, String)> {
    let matches = json!({"query": {"match": {"t": "pearl"}}});
    let suggests = json!({"size": 0, "suggest": {"meant": {"text": "perl", "term": {"field": "t"}}}});
    let counts = json!({"size": 0, "aggs": {"words": {"terms": {"field": "n"}}}});
    let looks_up = json!({"query": {"terms": {"n": {"index": "films", "id": "1", "path": "n"}}}});
    let many = format!("{{\"index\":\"films\"}}\n{matches}\n{{\"index\":\"films\"}}\n{counts}\n");
    [
        ("POST", "/films/_search", matches.to_string()),
        ("POST", "/films/_search?sort=n:desc&size=3", String::new()),
        ("POST", "/films/_search", suggests.to_string()),
        ("POST", "/films/_search", counts.to_string()),
        ("POST", "/films/_search", looks_up.to_string()),
        ("POST", "/_msearch", many),
        ("POST", "/films/_count", matches.to_string()),
        ("POST", "/films/_search?scroll=1m&size=2", String::new()),
        ("POST", "/films/_search/point_in_time?keep_alive=1m", String::new()),
        ("GET", "/films/_doc/1", String::new()),
        ("GET", "/films/_doc/1?realtime=false", String::new()),
        ("POST", "/films/_mget", json!({"ids": ["1", "2", "3"]}).to_string()),
        ("POST", "/films/_explain/1", matches.to_string()),
        ("POST", "/films/_termvectors/1?fields=t&term_statistics=true", String::new()),
    ]
    .into()
}

/// Two nodes; all documents are on the second, which the first reaches through a link.
fn filled(door: &Server) {
    let settings = json!({"settings": {"number_of_shards": 2, "number_of_replicas": 0,
        "index.routing.allocation.require._name": "n1"}});
    door.ok("PUT", "/films", &settings.to_string());
    until(door, "/_cluster/health", |health| health["status"] == "green");
    let line = |n: u64| format!("{{\"index\":{{\"_id\":\"{n}\"}}}}\n{}\n", json!({"t": "a pearl", "n": n}));
    let answer = door.ok("POST", "/films/_bulk?refresh=true", &(0..20).map(line).collect::<String>());
    assert_eq!(answer["errors"], false, "{answer}");
}

#[test]
fn searches_and_reads_outlive_the_connections_that_they_go_over() {
    let (mut peers, link) = Peers::prepared_behind_a_link(2, 1);
    peers.launch(0..2);
    let door = &peers.servers[0];
    filled(door);
    for (method, target, body) in questions() {
        let expected = door.ok(method, target, &body);
        for _ in 0..ROUNDS {
            link.condemn();
            let (status, answer) = door.ask(method, target, &body);
            assert_eq!(status, 200, "{method} {target} {body}: {answer}");
            let parts = answer["responses"].as_array().cloned().unwrap_or_else(|| vec![answer.clone()]);
            for part in &parts {
                assert!(part["error"].is_null(), "{method} {target} {body}: {answer}");
                assert!(
                    part["_shards"].is_null() || part["_shards"]["failed"] == 0,
                    "{method} {target} {body}: {answer}"
                );
            }
            assert_eq!(answer["hits"]["total"], expected["hits"]["total"], "{method} {target} {body}");
            assert_eq!((&answer["count"], &answer["found"]), (&expected["count"], &expected["found"]));
        }
    }
}
