//! Stored queries: on every copy, after a kill, in memory and on the disk, within the time that a search has.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::nodes::{Peers, until};
use crate::server::Server;

const MAPPING: &str = r#"{"q": {"type": "percolator"}, "body": {"type": "text"}, "n": {"type": "integer"}}"#;

fn create(server: &Server, shards: u32, replicas: u32) {
    let mapping: Value = serde_json::from_str(MAPPING).expect("a mapping");
    let settings = json!({"number_of_shards": shards, "number_of_replicas": replicas});
    let body = json!({"settings": settings, "mappings": {"properties": mapping}});
    server.ok("PUT", "/alerts", &body.to_string());
}

/// Stores `count` queries from `first` on, each for a word of its own.
fn store(server: &Server, first: u32, count: u32) {
    let mut lines = String::new();
    for n in first..first + count {
        let query = json!({"q": {"match": {"body": format!("word{n}")}}, "n": n});
        // Writing to a string cannot fail.
        let _ = writeln!(lines, "{}\n{query}", json!({"index": {"_id": n.to_string()}}));
    }
    let answer = server.ok("POST", "/alerts/_bulk?refresh=true", &lines);
    assert_eq!(answer["errors"], false, "{answer}");
}

/// The ids of the queries that match a text, as the copies say that `preference` names.
fn alerts(server: &Server, text: &str, preference: &str) -> Vec<String> {
    let query = json!({"percolate": {"field": "q", "document": {"body": text}}});
    let search = json!({"size": 100, "sort": ["n"], "query": query});
    let answer = server.ok("GET", &format!("/alerts/_search?preference={preference}"), &search.to_string());
    assert_eq!(answer["_shards"]["failed"], 0, "{answer}");
    let hits = answer["hits"]["hits"].as_array().expect("hits");
    hits.iter().map(|hit| hit["_id"].as_str().expect("an id").to_owned()).collect()
}

#[test]
fn they_are_found_on_every_copy() {
    let peers = Peers::start();
    let door = &peers.servers[0];
    create(door, 2, 1);
    until(door, "/_cluster/health", |health| health["status"] == "green" && health["number_of_nodes"] == 3);
    store(door, 0, 40);
    for server in &peers.servers {
        for preference in ["_primary", "_replica"] {
            assert_eq!(alerts(server, "word3 and word17, word39", preference), ["3", "17", "39"]);
        }
    }
    let answer = peers.servers[1].ask("PUT", "/alerts/_doc/x", r#"{"q": {"match": {"nothing": "there"}}}"#);
    assert_eq!((answer.0, &answer.1["error"]["root_cause"][0]["type"]), (400, &json!("query_shard_exception")));
}

#[test]
fn they_survive_a_kill_wherever_they_lie() {
    let mut server = Server::start();
    create(&server, 1, 0);
    store(&server, 0, 10);
    server.ok("POST", "/alerts/_flush", "");
    store(&server, 10, 10);
    server.ok("PUT", "/alerts/_doc/2?refresh=true", r#"{"n": 2}"#);
    let check = |server: &Server| assert_eq!(alerts(server, "word1 word2 word12 word20", "_local"), ["1", "12"]);
    check(&server);
    server.kill();
    server.restart();
    server.ok("POST", "/alerts/_refresh", "");
    check(&server);
    server.ok("POST", "/alerts/_forcemerge?max_num_segments=1", "");
    check(&server);
}

#[test]
fn fields_that_come_later_are_sought_by_all_of_them() {
    let server = Server::start();
    create(&server, 1, 0);
    server.ok("PUT", "/alerts/_doc/1", r#"{"q": {"multi_match": {"query": "sea", "fields": ["b*"]}}}"#);
    server.ok("PUT", "/alerts/_mapping?", r#"{"properties": {"byline": {"type": "text"}}}"#);
    server.ok("POST", "/alerts/_refresh", "");
    let search = json!({"query": {"percolate": {"field": "q", "document": {"byline": "by the sea"}}}});
    let answer = server.ok("GET", "/alerts/_search", &search.to_string());
    assert_eq!(answer["hits"]["total"]["value"], 1, "{answer}");
}

/// A query within so many others, as deep as JSON and levels of queries allow.
fn deep(query: Value, levels: usize) -> Value {
    (0..levels).fold(query, |inner, _| json!({"bool": {"must": [inner], "should": [{"match": {"body": "fox"}}]}}))
}

#[test]
fn no_depth_of_queries_ends_a_node() {
    let mut server = Server::start();
    create(&server, 1, 0);
    let fox = || json!({"match": {"body": "fox"}});
    let stored = json!({"q": deep(fox(), 29)});
    server.ok("PUT", "/alerts/_doc/1?refresh=true", &stored.to_string());
    for (levels, reason) in [(30, "too_many_nested_clauses"), (90, "illegal_argument_exception")] {
        let (status, answer) = server.ask("PUT", "/alerts/_doc/2", &json!({"q": deep(fox(), levels)}).to_string());
        assert_eq!((status, &answer["error"]["caused_by"]["type"]), (400, &json!(reason)), "{answer}");
    }
    let document = json!({"body": "fox"});
    let percolate = |document: &Value| json!({"percolate": {"field": "q", "document": document}});
    let search = json!({"query": deep(percolate(&document), 95)});
    let ask = |server: &Server| server.ok("GET", "/alerts/_search", &search.to_string());
    assert_eq!(ask(&server)["hits"]["total"]["value"], 1);
    // Queries of documents of queries of documents.
    let (mut nested, mut refused) = (document, 0);
    for _ in 0..60 {
        nested = json!({"q": percolate(&nested)});
        let (status, answer) = server.ask("GET", "/alerts/_search", &json!({"query": percolate(&nested)}).to_string());
        assert!(matches!(status, 200 | 400 | 501), "{answer}");
        refused += u32::from(status != 200);
    }
    assert!(refused > 50, "{refused}");
    server.kill();
    server.restart();
    server.ok("POST", "/alerts/_refresh", "");
    assert_eq!(ask(&server)["hits"]["total"]["value"], 1);
}

#[test]
fn what_is_to_be_looked_up_is_not_stored() {
    let server = Server::start();
    create(&server, 1, 0);
    server.ok("PUT", "/alerts/_doc/1", r#"{"body":"fox"}"#);
    for query in [
        json!({"terms": {"body": {"index": "alerts", "id": "1", "path": "body"}}}),
        json!({"more_like_this": {"fields": ["body"], "like": [{"_id": "1"}], "min_term_freq": 1}}),
        json!({"bool": {"must": [{"more_like_this": {"fields": ["body"], "like": "fox", "unlike": {"_id": "1"}}}]}}),
    ] {
        let (status, answer) = server.ask("PUT", "/alerts/_doc/2", &json!({"q": query}).to_string());
        assert_eq!((status, &answer["error"]["type"]), (501, &json!("not_implemented_exception")), "{answer}");
    }
    server.ok("PUT", "/alerts/_doc/2", r#"{"q":{"more_like_this":{"fields":["body"],"like":"fox"}}}"#);
}
