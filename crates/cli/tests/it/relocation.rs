//! Copies that go from node to node while clients write and search: an operator moves them, a node is emptied, a node comes.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::nodes::{Peers, until};
use crate::replicas::{Written, check, copies, create, write};
use crate::server::Server;

/// Runs `act` while two clients write and one searches; no search may fail. Out: what was written.
fn under_load(servers: &[&Server], act: impl FnOnce()) -> Written {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let stop = &stop;
        let writers: Vec<_> = (0..2).map(|n| scope.spawn(move || write(servers, stop, n * 1000))).collect();
        let searcher = scope.spawn(move || {
            let mut searches = 0;
            while !stop.load(Ordering::Relaxed) {
                let found = servers[searches % servers.len()].ok("GET", "/films/_search?size=5", "");
                assert_eq!(found["_shards"]["failed"], 0, "{found}");
                searches += 1;
            }
            searches
        });
        until(servers[0], "/films/_count", |answer| answer["count"].as_u64() > Some(20));
        // The others end, too, when this fails.
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(act));
        stop.store(true, Ordering::Relaxed);
        assert!(searcher.join().expect("searches do not fail") > 0);
        let mut all = Written::new();
        writers.into_iter().for_each(|writer| all.extend(writer.join().expect("a writer")));
        done.unwrap_or_else(|failure| std::panic::resume_unwind(failure));
        all
    })
}

fn quiet(server: &Server) -> Value {
    let health =
        server.ok("GET", "/_cluster/health?wait_for_no_relocating_shards=true&wait_for_status=green&timeout=60s", "");
    assert_eq!((&health["timed_out"], &health["relocating_shards"]), (&json!(false), &json!(0)), "{health}");
    health
}

fn names(server: &Server) -> Vec<(String, String)> {
    let nodes = server.ok("GET", "/_nodes", "")["nodes"].as_object().cloned().expect("nodes");
    nodes.into_iter().map(|(id, node)| (id, node["name"].as_str().expect("a name").to_owned())).collect()
}

/// The folders of shards that a node has.
fn folders(server: &Server) -> BTreeSet<std::path::PathBuf> {
    let below =
        |path: std::path::PathBuf| std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
    below(server.data().join("indexes")).flat_map(below).filter(|path| path.is_dir()).collect()
}

#[test]
fn copies_move_under_writers_and_nothing_is_lost() {
    let peers = Peers::start();
    let servers: Vec<&Server> = peers.servers.iter().collect();
    let door = servers[0];
    for replicas in [0, 1] {
        create(door, "films", 1, replicas);
        quiet(door);
        let held = json!({"persistent": {"cluster.routing.rebalance.enable": "none"}}).to_string();
        door.ok("PUT", "/_cluster/settings", &held);
        let nodes: Vec<String> = names(door).into_iter().map(|(id, _)| id).collect();
        let written = under_load(&servers, || {
            for _ in 0..4 {
                for primary in [true, false].into_iter().take(1 + replicas as usize) {
                    let held: Vec<String> = [true, false]
                        .iter()
                        .flat_map(|primary| copies(door, "films", *primary))
                        .map(|(_, node)| node)
                        .collect();
                    let from = copies(door, "films", primary).remove(0).1;
                    let to = nodes.iter().find(|node| !held.contains(node)).expect("a free node");
                    let moved = json!({"commands": [{"move": {"index": "films", "shard": 0, "from_node": from, "to_node": to}}]});
                    door.ok("POST", "/_cluster/reroute", &moved.to_string());
                    quiet(door);
                    assert_eq!(copies(door, "films", primary)[0].1, *to);
                }
            }
        });
        check(door, &written);
        door.ok("DELETE", "/films", "");
    }
    let complaints: Vec<String> = servers.iter().flat_map(|server| server.complaints()).collect();
    assert!(complaints.is_empty(), "{complaints:?}");
}

#[test]
fn an_excluded_node_is_emptied_under_writers() {
    let peers = Peers::start();
    let servers: Vec<&Server> = peers.servers.iter().collect();
    let door = servers[0];
    create(door, "films", 3, 1);
    quiet(door);
    let (id, _) = names(door).into_iter().find(|(_, name)| name == "n1").expect("a node of that name");
    assert!(!folders(servers[1]).is_empty());
    let written = under_load(&servers, || {
        let exclude = json!({"persistent": {"cluster.routing.allocation.exclude._name": "n1"}});
        door.ok("PUT", "/_cluster/settings", &exclude.to_string());
        until(door, "/_cluster/state/routing_table/films", |state| {
            let health = door.ok("GET", "/_cluster/health", "");
            assert_eq!(health["status"], "green", "{health}");
            !state["routing_table"].to_string().contains(&id)
        });
    });
    check(servers[2], &written);
    // What it held is gone from its disk, too.
    until(door, "/_cluster/health", |_| folders(servers[1]).is_empty());
    let back = json!({"persistent": {"cluster.routing.allocation.exclude._name": null}});
    door.ok("PUT", "/_cluster/settings", &back.to_string());
    // Six copies over three nodes again.
    until(door, "/_cat/shards/films?format=json&h=node,state", |shards| {
        let shards = shards.as_array().cloned().unwrap_or_default();
        let on =
            |name: &str| shards.iter().filter(|shard| shard["node"] == name && shard["state"] == "STARTED").count();
        [on("n0"), on("n1"), on("n2")] == [2, 2, 2]
    });
    check(servers[1], &written);
}

#[test]
fn a_node_that_comes_gets_its_part() {
    let mut peers = Peers::prepared(3);
    peers.launch(0..2);
    create(&peers.servers[0], "films", 4, 0);
    quiet(&peers.servers[0]);
    for n in 0..40 {
        peers.servers[0].ok("PUT", &format!("/films/_doc/{n}"), r#"{"t":"pearl"}"#);
    }
    peers.launch(2..3);
    let door = &peers.servers[0];
    until(door, "/_cat/shards/films?format=json&h=node,state", |shards| {
        let shards = shards.as_array().cloned().unwrap_or_default();
        shards.iter().filter(|shard| shard["node"] == "n2" && shard["state"] == "STARTED").count() == 1
    });
    quiet(door);
    door.ok("POST", "/films/_refresh", "");
    for server in &peers.servers {
        let found = server.ok("GET", "/films/_search?size=0", "");
        assert_eq!((&found["hits"]["total"]["value"], &found["_shards"]["failed"]), (&json!(40), &json!(0)));
    }
}
