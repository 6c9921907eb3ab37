//! What a cluster is worth while it falls apart: the leader is killed amid searches, two of five nodes go one after another, a search has next to
//! no time while a node does not answer. No answer looks complete when it is not. (One data node gone, a frozen node and the error when everything
//! fails: `scatter`.)

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::cluster::{free_addresses, node, start, wait_for};
use crate::nodes::Nodes;
use crate::server::Server;

const ALL: &str = r#"{"size":0,"track_total_hits":true}"#;

/// Nodes that vote and hold a shard of `books` each, with `documents` in it.
fn full_nodes(names: &[&str], documents: u64) -> Vec<Server> {
    let addresses = free_addresses(names.len());
    let seeds = addresses.join(",");
    let mut servers: Vec<Server> =
        addresses.iter().zip(names).map(|(own, name)| node(name, own, &seeds, "pearl")).collect();
    start(&mut servers);
    let settings = json!({"persistent": {"cluster.routing.allocation.disk.threshold_enabled": false}});
    servers[0].ok("PUT", "/_cluster/settings", &settings.to_string());
    let index = json!({"settings": {"number_of_shards": names.len(), "number_of_replicas": 0,
        "index.routing.allocation.total_shards_per_node": 1}});
    servers[0].ok("PUT", "/books", &index.to_string());
    servers[0].ok("GET", "/_cluster/health/books?wait_for_status=green&timeout=60s", "");
    let lines: String = (0..documents).map(|n| format!("{{\"index\":{{\"_id\":\"{n}\"}}}}\n{{\"n\":{n}}}\n")).collect();
    let written = servers[0].ok("POST", "/books/_bulk?refresh=true", &lines);
    assert_eq!(written["errors"], false, "{written}");
    servers
}

/// What a search finds, and how many shards have failed. What claims to be whole is.
fn found(server: &Server, documents: u64) -> (u64, u64) {
    let answer = server.ok("POST", "/books/_search", ALL);
    let shards = &answer["_shards"];
    let number = |value: &Value| value.as_u64().expect("a number");
    let (total, failed) = (number(&answer["hits"]["total"]["value"]), number(&shards["failed"]));
    assert_eq!(number(&shards["successful"]) + failed, number(&shards["total"]), "{answer}");
    assert!(total == documents || failed > 0, "documents are missing and nothing says so: {answer}");
    (total, failed)
}

fn leader(server: &Server) -> Option<String> {
    let (_, table) = server.ask("GET", "/_cat/cluster_manager?h=node&format=json", "");
    table[0]["node"].as_str().filter(|name| name.len() == 1).map(str::to_owned)
}

#[test]
fn the_leader_is_killed_and_searches_go_on() {
    let names = ["a", "b", "c"];
    let mut servers = full_nodes(&names, 60);
    let former = leader(&servers[0]).expect("a leader");
    let gone = names.iter().position(|name| *name == former).expect("one of the three");
    servers[gone].kill();
    let asked = &servers[(gone + 1) % 3];
    let mut missing = 0;
    wait_for("another leads", || {
        missing += found(asked, 60).1;
        leader(asked).is_some_and(|name| name != former)
    });
    assert!(found(asked, 60).1 > 0 || missing > 0, "the killed node's shard is missing");
    servers[gone].restart();
    wait_for("everything is back", || found(&servers[(gone + 1) % 3], 60) == (60, 0));
}

/// Two of five voters are no majority's end, whatever the others have agreed on in between.
#[test]
fn two_of_five_go_one_after_another() {
    let mut servers = full_nodes(&["a", "b", "c", "d", "e"], 100);
    for (lost, gone) in [(1, 4), (2, 3)] {
        servers[gone].kill();
        wait_for("the cluster is told", || {
            let (_, health) = servers[0].ask("GET", "/_cluster/health", "");
            health["number_of_nodes"] == 5 - lost && health["status"] == "red"
        });
        let (total, failed) = found(&servers[1], 100);
        assert_eq!(failed, lost);
        assert!(total < 100 && total > 0, "{total}");
        let name = format!("/after{lost}");
        servers[1].ok("PUT", &name, &json!({"settings": {"number_of_replicas": 0}}).to_string());
        assert_eq!(servers[0].ask("HEAD", &name, "").0, 200);
    }
    (3..5).for_each(|at| servers[at].restart());
    wait_for("everything is back", || found(&servers[1], 100) == (100, 0));
}

#[test]
fn a_search_of_fifty_milliseconds_ends_though_a_node_does_not_answer() {
    let nodes = Nodes::start(2);
    nodes.fill("films", 4, 40);
    nodes.holders[0].freeze();
    let begun = Instant::now();
    let (status, answer) = nodes.coordinator.ask("POST", "/films/_search?timeout=50ms", ALL);
    let took = begun.elapsed();
    nodes.holders[0].thaw();
    assert!(took < Duration::from_secs(20), "{took:?}");
    if status == 200 {
        // Half of the shards are on the node that does not answer.
        assert!(answer["timed_out"] == true && answer["_shards"]["failed"].as_u64() >= Some(2), "{answer}");
    } else {
        let reasons = answer["error"]["failed_shards"].as_array().map_or(0, Vec::len);
        assert!(status >= 500 && reasons > 0, "{status} {answer}");
    }
}
