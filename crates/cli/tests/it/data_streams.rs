//! Data streams are part of what a cluster agrees on: they are there after a loss of power, and the same through every node.

use serde_json::{Value, json};

use super::nodes::{Peers, until};
use super::server::Server;

const TEMPLATE: &str = r#"{
    "index_patterns": ["logs-*"], "data_stream": {},
    "template": {"settings": {"number_of_shards": 2, "number_of_replicas": 1}}
}"#;

fn append(server: &Server, stream: &str, id: u32) -> Value {
    let document = json!({"@timestamp": 1_000 + id, "level": "info"}).to_string();
    server.ok("PUT", &format!("/{stream}/_create/{id}?refresh=true"), &document)
}

/// The stream and what it holds, as a server tells it.
fn told(server: &Server, stream: &str) -> (Value, Value) {
    let mut shown = server.ok("GET", &format!("/_data_stream/{stream}"), "")["data_streams"][0].take();
    shown.as_object_mut().expect("a stream").remove("status");
    let found = server.ok("GET", &format!("/{stream}/_search?sort=@timestamp&size=100"), "");
    (shown, found["hits"]["hits"].clone())
}

#[test]
fn a_stream_outlives_a_loss_of_power() {
    let mut server = Server::start();
    server.ok("PUT", "/_index_template/logs", TEMPLATE);
    for id in 0..4 {
        append(&server, "logs-a", id);
        assert_eq!(server.ok("POST", "/logs-a/_rollover", "")["rolled_over"], true);
    }
    server.ok("DELETE", "/.ds-logs-a-000001", "");
    server.ok("PUT", "/_data_stream/logs-b", "");
    server.ok("DELETE", "/_data_stream/logs-b", "");
    let before = told(&server, "logs-a");
    assert_eq!((&before.0["generation"], before.0["indices"].as_array().map(Vec::len)), (&json!(5), Some(4)));
    assert_eq!(before.1.as_array().map(Vec::len), Some(3));
    server.kill();
    server.restart();
    until(&server, "/_cluster/health", |health| health["active_primary_shards"] == 8);
    assert_eq!(told(&server, "logs-a"), before);
    assert_eq!(server.ask("GET", "/_data_stream/logs-b", "").0, 404);
    // It goes on where it was.
    assert_eq!(append(&server, "logs-a", 0)["_index"], ".ds-logs-a-000005");
    let (status, refused) = server.ask("DELETE", "/_index_template/logs", "");
    assert_eq!((status, &refused["error"]["type"]), (400, &json!("illegal_argument_exception")));
}

#[test]
fn a_stream_is_the_same_through_every_node() {
    let mut peers = Peers::start();
    peers.servers[0].ok("PUT", "/_index_template/logs", TEMPLATE);
    // Made by a document through one node, rolled over through another.
    for (id, server) in (0..).zip(&peers.servers) {
        append(server, "logs-a", id);
        let rolled = server.ok("POST", "/logs-a/_rollover", r#"{"conditions": {"max_docs": 1}}"#);
        assert_eq!(rolled["new_index"], format!(".ds-logs-a-{:06}", id + 2), "{rolled}");
    }
    let first = told(&peers.servers[0], "logs-a");
    assert_eq!((&first.0["generation"], first.1.as_array().map(Vec::len)), (&json!(4), Some(3)));
    for server in &peers.servers {
        assert_eq!(told(server, "logs-a"), first);
        let (status, refused) = server.ask("PUT", "/logs-a/_doc/1", "{}");
        assert_eq!((status, &refused["error"]["type"]), (400, &json!("illegal_argument_exception")));
    }
    until(&peers.servers[0], "/_cluster/health", |health| health["status"] == "green");
    peers.servers.iter_mut().for_each(Server::kill);
    peers.launch(0..3);
    until(&peers.servers[1], "/_cluster/health", |health| health["active_primary_shards"] == 8);
    for server in &peers.servers {
        assert_eq!(told(server, "logs-a"), first);
    }
    peers.servers[2].ok("DELETE", "/_data_stream/logs-*", "");
    for server in &peers.servers {
        assert_eq!(server.ok("GET", "/_data_stream", ""), json!({"data_streams": []}));
        assert_eq!(server.ask("GET", "/.ds-logs-a-000004", "").0, 404);
    }
}
