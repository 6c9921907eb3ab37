//! What a cluster is worth while it falls apart: the leader is killed amid searches, three of five nodes go one after another, a node is slow, or cut off
//! from the others, a search has next to no time while a node does not answer. No answer looks complete when it is not. (One data node gone, a frozen node and the error when everything
//! fails: `scatter`.)

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::cluster::{node, start, wait_for};
use crate::nodes::Nodes;
use crate::ports::free_addresses;
use crate::server::Server;
use crate::wire::{Wire, isolate};

/// There and back again.
const HALF_A_SECOND: Duration = Duration::from_millis(500);

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

/// As many as vote, and whether all of them are there.
fn voters(server: &Server) -> (usize, bool) {
    let (_, state) = server.ask("GET", "/_cluster/state/metadata,nodes", "");
    let voters =
        state["metadata"]["cluster_coordination"]["last_committed_config"].as_array().cloned().unwrap_or_default();
    let is_here = |id: &Value| id.as_str().is_some_and(|id| state["nodes"][id].is_object());
    (voters.len(), voters.iter().all(is_here))
}

/// Who is gone votes no more while there are three who can, so that those who are left are a majority of those who vote.
#[test]
fn three_of_five_go_one_after_another() {
    let mut servers = full_nodes(&["a", "b", "c", "d", "e"], 100);
    wait_for("all vote", || voters(&servers[0]) == (5, true));
    for (lost, gone) in [(1, 4), (2, 3), (3, 2)] {
        servers[gone].kill();
        wait_for("the cluster is told, and votes without it", || {
            let (_, health) = servers[0].ask("GET", "/_cluster/health", "");
            health["number_of_nodes"] == 5 - lost && health["status"] == "red" && (lost > 2 || voters(&servers[0]).1)
        });
        let (total, failed) = found(&servers[1], 100);
        assert_eq!(failed, lost);
        assert!(total < 100 && total > 0, "{total}");
        let name = format!("/after{lost}");
        servers[1].ok("PUT", &name, &json!({"settings": {"number_of_replicas": 0}}).to_string());
        assert_eq!(servers[0].ask("HEAD", &name, "").0, 200);
    }
    (2..5).for_each(|at| servers[at].restart());
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

/// Three nodes that vote and hold shards, each behind a wire, and `books` with a replica of each shard.
fn wired() -> (Vec<Server>, Vec<Wire>) {
    let addresses = free_addresses(3);
    let wires: Vec<Wire> = addresses.iter().map(|own| Wire::to(own)).collect();
    let seeds: Vec<&str> = wires.iter().map(|wire| wire.address.as_str()).collect();
    let seeds = seeds.join(",");
    let prepared = |((own, name), wire): ((&String, &str), &Wire)| {
        Server::prepared(&[
            &format!("node.name={name}"),
            &format!("peer.address={own}"),
            &format!("peer.publish={}", wire.address),
            &format!("peer.seeds={seeds}"),
            "cluster.secret=pearl",
        ])
    };
    let mut servers: Vec<Server> = addresses.iter().zip(["a", "b", "c"]).zip(&wires).map(prepared).collect();
    start(&mut servers);
    // Copies stay where they are.
    let settings = json!({"persistent": {"cluster.routing.allocation.disk.threshold_enabled": false,
        "cluster.routing.rebalance.enable": "none"}});
    servers[0].ok("PUT", "/_cluster/settings", &settings.to_string());
    // No node has a copy of every shard: cut off, it would answer alone, with what it knows.
    let index = json!({"settings": {"number_of_shards": 3, "number_of_replicas": 1,
        "index.routing.allocation.total_shards_per_node": 2}});
    servers[0].ok("PUT", "/books", &index.to_string());
    servers[0].ok("GET", "/_cluster/health/books?wait_for_status=green&timeout=60s", "");
    write(&servers[0], 0..60);
    (servers, wires)
}

fn write(server: &Server, numbers: std::ops::Range<u64>) {
    let lines: String = numbers.map(|n| format!("{{\"index\":{{\"_id\":\"{n}\"}}}}\n{{\"n\":{n}}}\n")).collect();
    wait_for("all are written", || {
        let (status, written) = server.ask("POST", "/books/_bulk?refresh=true&timeout=30s", &lines);
        status == 200 && written["errors"] == false
    });
}

#[test]
fn a_partition_leaves_the_majority_whole_and_the_minority_honest() {
    let (servers, wires) = wired();
    let former = leader(&servers[0]).expect("a leader");
    let alone = ["a", "b", "c"].iter().position(|name| *name == former).expect("one of the three");
    isolate(&wires, alone, Some(servers[alone].pid()));
    let other = &servers[(alone + 1) % 3];
    wait_for("another leads", || leader(other).is_some_and(|name| name != former));
    wait_for("copies of the majority serve", || found(other, 60) == (60, 0));
    write(other, 60..70);
    assert_eq!(found(other, 70), (70, 0));

    // Who is alone has not heard of it: what it cannot know it does not claim, and what it cannot do it does not acknowledge.
    let (total, failed) = found(&servers[alone], 70);
    assert!(failed > 0 && total <= 60, "{total} with {failed} failed");
    let (written, made) = std::thread::scope(|scope| {
        let written = scope.spawn(|| servers[alone].ask("PUT", "/books/_doc/lone?timeout=1s", r#"{"lone":true}"#));
        let made = scope.spawn(|| servers[alone].ask("PUT", "/lone?timeout=1s", ""));
        (written.join().expect("an answer"), made.join().expect("an answer"))
    });
    assert!(written.0 >= 500, "{written:?}");
    assert!(made.0 >= 500 || made.1["acknowledged"] == false, "{made:?}");

    isolate(&wires, alone, None);
    wait_for("the node is back", || leader(&servers[alone]).is_some() && leader(&servers[alone]) == leader(other));
    let others = || servers.iter().enumerate().filter(|(at, _)| *at != alone).map(|(_, server)| server.log());
    let decided =
        others().filter_map(|log| log.rsplit_once("is the elected cluster manager").map(|(_, since)| since.to_owned()));
    let joined: Vec<String> = decided
        .flat_map(|log| log.lines().filter(|line| line.contains("has joined")).map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let lone = format!("node {} has joined", ["a", "b", "c"][alone]);
    assert!(
        joined.iter().all(|line| line.ends_with(&lone)),
        "what the lone one thought of the others was carried out: {joined:?}"
    );
    servers[alone].ok("GET", "/_cluster/health/books?wait_for_status=green&timeout=60s", "");
    let known = r#"{"size":0,"track_total_hits":true,"query":{"exists":{"field":"n"}}}"#;
    for server in &servers {
        server.ok("POST", "/books/_refresh", "");
        let answer = server.ok("POST", "/books/_search", known);
        assert_eq!(
            (&answer["hits"]["total"]["value"], &answer["_shards"]["failed"]),
            (&json!(70), &json!(0)),
            "{answer}"
        );
    }
}

#[test]
fn a_node_slowed_by_half_a_second_is_waited_for_or_said_to_be_late() {
    let (servers, wires) = wired();
    servers[0].ok("PUT", "/books/_settings", r#"{"index":{"number_of_replicas":0}}"#);
    servers[0].ok("GET", "/_cluster/health/books?wait_for_active_shards=3&wait_for_status=green&timeout=60s", "");
    let table = servers[0].ok("GET", "/_cat/shards/books?format=json&h=node", "");
    let holds = |name: &str| table.as_array().into_iter().flatten().any(|copy| copy["node"] == name);
    let names = ["a", "b", "c"];
    let slow = names.iter().position(|name| holds(name) && leader(&servers[0]).is_none_or(|led| led != *name));
    let slow = slow.expect("a node that holds a shard and does not lead");
    let asked = &servers[(slow + 1) % 3];
    assert_eq!(found(asked, 60), (60, 0));
    wires[slow].delay(HALF_A_SECOND / 2);
    assert_eq!(found(asked, 60), (60, 0), "what is slow is waited for");
    let (status, answer) = asked.ask("POST", "/books/_search?timeout=100ms", ALL);
    if holds(names[(slow + 1) % 3]) || holds(names[(slow + 2) % 3]) {
        assert_eq!(status, 200, "{answer}");
        assert!(answer["timed_out"] == true && answer["_shards"]["failed"].as_u64() > Some(0), "{answer}");
    }
    assert_eq!(found(asked, 60), (60, 0), "it is slow and has not left");
    wires[slow].delay(Duration::ZERO);
    assert_eq!(found(asked, 60), (60, 0));
}
