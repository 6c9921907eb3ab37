//! What those see who watch a cluster: the questions between nodes, Raft, leases; and what nodes say of themselves, whichever is asked.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::cluster::wait_for;
use crate::nodes::Nodes;
use crate::server::Server;

fn metrics(server: &Server) -> String {
    server.ok("GET", "/_prometheus/metrics", "").as_str().unwrap_or_default().to_owned()
}

/// The value of a line that begins so; 0 where there is none.
fn value(text: &str, begin: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(begin));
    line.map_or(0.0, |rest| rest.trim().parse().expect("a number"))
}

#[test]
fn a_node_is_asked_once_a_phase_however_many_shards_it_has() {
    let nodes = Nodes::start(3);
    nodes.fill("films", 6, 60);
    let door = &nodes.coordinator;
    let asked = |kind: &str| asked(door, kind);
    let before = ["count", "query", "fetch"].map(asked);
    for n in 0..5 {
        // A word that has not been counted yet.
        let body = format!(r#"{{"query":{{"match":{{"t":"all word{n}"}}}},"size":60}}"#);
        let found = door.ok("POST", "/films/_search", &body);
        assert_eq!((&found["_shards"]["successful"], &found["hits"]["total"]["value"]), (&json!(6), &json!(60)));
    }
    let after = ["count", "query", "fetch"].map(asked);
    let each: Vec<f64> = after.iter().zip(before).map(|(after, before)| (after - before) / 5.0).collect();
    assert_eq!(each, [3.0, 3.0, 3.0], "three nodes, with two shards each");
}

/// What other nodes have told of a word is trusted until one of their shards has changed; no score is one of before.
#[test]
fn words_are_counted_anew_when_a_shard_has_changed() {
    let nodes = Nodes::start(2);
    nodes.fill("films", 4, 40);
    let door = &nodes.coordinator;
    let query = r#"{"query":{"match":{"t":"all"}},"size":100}"#;
    let first = door.ok("POST", "/films/_search", query);
    let counted = asked(door, "count");
    for _ in 0..5 {
        assert_eq!(door.ok("POST", "/films/_search", query)["hits"], first["hits"]);
    }
    assert_eq!(asked(door, "count"), counted, "it is known");
    for n in 0..8 {
        door.ok("PUT", &format!("/films/_doc/more{n}"), r#"{"t":"other words"}"#);
    }
    door.ok("POST", "/films/_refresh", "");
    let then = door.ok("POST", "/films/_search", query);
    assert_eq!(then["hits"]["total"], first["hits"]["total"]);
    assert!(asked(door, "count") > counted, "shards have changed");
    // Rarer than it was, it tells more; and as much as with one node that counts for itself.
    let best = |answer: &Value| answer["hits"]["max_score"].as_f64().expect("a score");
    assert!(best(&then) > best(&first), "{then}");
    let counted = asked(door, "count");
    assert_eq!(door.ok("POST", "/films/_search", query)["hits"], then["hits"]);
    assert_eq!(asked(door, "count"), counted, "it is known again");
    for holder in &nodes.holders {
        assert_eq!(holder.ok("POST", "/films/_search", query)["hits"], then["hits"]);
    }
}

/// How often a node has asked others in a phase of searches.
fn asked(server: &Server, kind: &str) -> f64 {
    let begin = format!("shoal_peer_questions_total{{class=\"search\",kind=\"search.{kind}\",ending=\"answered\"}}");
    value(&metrics(server), &begin)
}

#[test]
fn raft_and_leases_are_told() {
    let nodes = Nodes::start(2);
    let beats = "shoal_peer_questions_total{class=\"control\",kind=\"membership.beat\",ending=\"answered\"}";
    for (server, is_elected) in [(&nodes.coordinator, 1.0), (&nodes.holders[0], 0.0)] {
        // A moment after its start a node has sent no heartbeat, and not heard of all that have joined.
        wait_for("it has a lease and knows all nodes", || {
            let text = metrics(server);
            value(&text, "shoal_lease_left_seconds ") > 0.0 && value(&text, "shoal_nodes ") == 3.0
        });
        let text = metrics(server);
        assert_eq!(value(&text, "shoal_raft_is_elected "), is_elected);
        assert_eq!(value(&text, "shoal_raft_has_elected "), 1.0);
        assert_eq!(value(&text, "shoal_raft_voters "), 1.0);
        assert!(value(&text, "shoal_raft_term ") >= 1.0 && value(&text, "shoal_raft_applied_index ") > 0.0, "{text}");
        assert_eq!(value(&text, beats) > 0.0, is_elected == 0.0, "who is elected tells itself nothing: {text}");
    }
}

#[test]
fn nodes_say_of_themselves_the_same_through_any_node() {
    let nodes = Nodes::start(2);
    let all: Vec<&Server> = nodes.holders.iter().chain([&nodes.coordinator]).collect();
    let told = |server: &&Server| server.ok("GET", "/_nodes/process,settings", "")["nodes"].clone();
    let answers: Vec<Value> = all.iter().map(told).collect();
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    let ids = answers[0].as_object().into_iter().flatten().filter_map(|(_, node)| node["process"]["id"].as_u64());
    let processes: BTreeSet<u64> = all.iter().map(|server| u64::from(server.pid())).collect();
    assert_eq!(ids.collect::<BTreeSet<u64>>(), processes);
}
