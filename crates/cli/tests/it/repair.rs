//! A cluster that has lost the majority of its voters for good: one survivor begins anew with what it knows, others join it with their shards.

use std::process::Output;

use serde_json::{Value, json};

use crate::cluster::{node, start, wait_for};
use crate::ports::free_addresses;
use crate::server::{Server, shoal};

/// `shoal node repair` or `detach` over the folder of a node.
fn shoal_node(what: &str, server: &Server, more: &[&str]) -> (i32, String) {
    let output: Output =
        shoal().args(["node", what, "--data"]).arg(server.data()).args(more).output().expect("the program starts");
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (output.status.code().expect("an end without a signal"), said)
}

fn shards_that_answer(server: &Server) -> u64 {
    server.ok("GET", "/books/_count", "")["_shards"]["successful"].as_u64().unwrap_or_default()
}

#[test]
fn a_survivor_begins_anew_and_others_join_it_with_their_shards() {
    let addresses = free_addresses(3);
    let seeds = addresses.join(",");
    let mut servers: Vec<Server> =
        addresses.iter().zip(["a", "b", "c"]).map(|(own, name)| node(name, own, &seeds, "pearl")).collect();
    start(&mut servers);
    let settings = json!({"persistent": {"cluster.routing.allocation.disk.threshold_enabled": false}});
    servers[0].ok("PUT", "/_cluster/settings", &settings.to_string());
    let index = json!({"settings": {"number_of_shards": 6, "number_of_replicas": 0,
        "index.routing.allocation.total_shards_per_node": 2}});
    servers[0].ok("PUT", "/books", &index.to_string());
    servers[0].ok("GET", "/_cluster/health/books?wait_for_status=green&timeout=60s", "");
    for n in 0..24 {
        servers[0].ok("PUT", &format!("/books/_doc/{n}"), &json!({"n": n}).to_string());
    }
    let former = servers[0].ok("GET", "/", "")["cluster_uuid"].clone();

    // Nobody repairs a node that runs, or without saying so.
    let (code, said) = shoal_node("repair", &servers[2], &["--accept-data-loss"]);
    assert!(code == 1 && said.contains("is another node using this folder?"), "{said}");
    servers.iter_mut().for_each(Server::kill);
    let (code, said) = shoal_node("repair", &servers[2], &[]);
    assert!(code == 1 && said.contains("; voters: ") && said.contains("nothing was changed"), "{said}");
    let (code, said) = shoal_node("repair", &servers[2], &["--accept-data-loss"]);
    assert!(code == 0 && said.contains("Done."), "{said}");

    servers[2].restart();
    let uuid = servers[2].ok("GET", "/", "")["cluster_uuid"].clone();
    assert!(uuid != former && uuid != Value::Null && uuid != "_na_", "{uuid}");
    wait_for("its own shards serve", || shards_that_answer(&servers[2]) == 2);
    assert_eq!(servers[2].ok("GET", "/_cluster/health", "")["status"], "red");
    servers[2].ok("PUT", "/fresh", &json!({"settings": {"number_of_replicas": 0}}).to_string());

    // One that has not been detached is no member; one that was brings its shards.
    servers[0].launch();
    wait_for("node a is told", || servers[0].log().contains("belongs to another cluster"));
    assert_eq!(servers[2].ok("GET", "/_cluster/health", "")["number_of_nodes"], 1);
    servers[0].kill();
    for (at, shards) in [(1, 4), (0, 6)] {
        let (code, said) = shoal_node("detach", &servers[at], &["--accept-data-loss"]);
        assert_eq!(code, 0, "{said}");
        servers[at].restart();
        wait_for("its shards are back", || shards_that_answer(&servers[2]) == shards);
    }
    for server in &servers {
        assert_eq!(server.ok("GET", "/", "")["cluster_uuid"], uuid);
        server.ok("POST", "/books/_refresh", "");
        assert_eq!(server.ok("GET", "/books/_count", "")["count"], 24);
    }
    let (code, said) = shoal_node("detach", &Server::prepared(&[]), &[]);
    assert!(code == 1 && said.contains("is no node's folder"), "{said}");
}
