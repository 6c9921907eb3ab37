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
        // A word that has not been counted yet, and highlights, which are made of winners alone.
        let highlight = r#""highlight":{"fields":{"t":{}}}"#;
        let body = format!(r#"{{"query":{{"match":{{"t":"all word{n}"}}}},"size":60,{highlight}}}"#);
        let found = door.ok("POST", "/films/_search", &body);
        assert_eq!((&found["_shards"]["successful"], &found["hits"]["total"]["value"]), (&json!(6), &json!(60)));
    }
    let after = ["count", "query", "fetch"].map(asked);
    let each: Vec<f64> = after.iter().zip(before).map(|(after, before)| (after - before) / 5.0).collect();
    assert_eq!(each, [3.0, 3.0, 3.0], "three nodes, with two shards each");
}

/// What is read in no time comes with the answer that names it, as long as it is likely to win.
#[test]
fn likely_winners_are_not_asked_for_once_more() {
    let nodes = Nodes::start(3);
    nodes.fill("films", 6, 60);
    let door = &nodes.coordinator;
    let query = r#"{"query":{"match":{"t":"all"}},"size":60}"#;
    // A search that takes longer than usual leaves the winners for a question of their own.
    wait_for("all winners to come with the answers", || {
        let before = asked(door, "fetch");
        assert_eq!(door.ok("POST", "/films/_search", query)["hits"]["hits"].as_array().map(Vec::len), Some(60));
        asked(door, "fetch") == before
    });
}

/// More winners on one node than was likely, and sources too large to be sent on suspicion: every hit is shown all the same, and in order.
#[test]
fn unlikely_winners_are_asked_for() {
    let nodes = Nodes::start(3);
    nodes.fill("films", 6, 60);
    let door = &nodes.coordinator;
    let long = "x".repeat(20_000);
    for n in 0..30 {
        let source = json!({"a": n, "t": "all all all all", "long": if n % 3 == 0 { &long } else { "" }});
        door.ok("PUT", &format!("/films/_doc/together{n}?routing=here"), &source.to_string());
    }
    door.ok("POST", "/films/_refresh", "");
    for page in [r#""size":20"#, r#""size":20,"from":5"#, r#""size":90"#, r#""size":20,"sort":[{"a":"asc"}]"#] {
        let found = |more: &str| {
            let body = format!(r#"{{"query":{{"match":{{"t":"all"}}}},{page}{more}}}"#);
            let answer = door.ok("POST", "/films/_search", &body);
            let mut hits = answer["hits"]["hits"].as_array().cloned().expect("hits");
            hits.iter_mut().filter_map(Value::as_object_mut).for_each(|hit| drop(hit.remove("highlight")));
            hits
        };
        let (before, hits) = (asked(door, "fetch"), found(""));
        assert!(asked(door, "fetch") > before, "{page}");
        // Highlights are made of winners alone.
        assert_eq!(hits, found(r#","highlight":{"fields":{"t":{}}}"#), "{page}");
    }
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
