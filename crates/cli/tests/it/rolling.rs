//! Nodes that come and go as planned: restarted one after the other under clients, and counted by `auto_expand_replicas`.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::nodes::{Peers, until};
use crate::replicas::{Written, check, copies, create, write};
use crate::server::Server;

fn green(server: &Server, nodes: u64) {
    until(server, "/_cluster/health", |health| {
        health["status"] == "green" && health["number_of_nodes"] == nodes && health["relocating_shards"] == 0
    });
}

fn id_of(server: &Server, name: &str) -> String {
    let nodes = server.ok("GET", "/_nodes", "")["nodes"].as_object().cloned().expect("nodes");
    nodes.into_iter().find(|(_, node)| node["name"] == name).map(|(id, _)| id).expect("a node of that name")
}

/// Operations that primaries have taken.
fn taken(server: &Server) -> u64 {
    let stats = server.ok("GET", "/films/_stats", "");
    stats["_all"]["primaries"]["indexing"]["index_total"].as_u64().expect("a count")
}

/// Writes and searches through the nodes that stay while one is restarted. Out: what was written.
fn restart_under_load(rest: &[&Server], gone: &mut Server, round: u64) -> Written {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let stop = &stop;
        let writers: Vec<_> = (0..2).map(|n| scope.spawn(move || write(rest, stop, (round * 2 + n) * 1000))).collect();
        let searchers: Vec<_> = rest
            .iter()
            .map(|server| {
                scope.spawn(move || {
                    let mut searches = 0u64;
                    while !stop.load(Ordering::Relaxed) {
                        let found = server.ok("GET", "/films/_search?size=5", "");
                        assert_eq!(found["_shards"]["failed"], 0, "{found}");
                        searches += 1;
                    }
                    searches
                })
            })
            .collect();
        // Whatever fails here, the others end, too.
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            until(rest[0], "/films/_count", |answer| answer["count"].as_u64() > Some(10));
            assert!(gone.stop().success(), "it ends well when it is asked to");
            until(rest[0], "/_cluster/health", |health| {
                health["number_of_nodes"] == 2 && health["active_primary_shards"] == 2
            });
            let before = taken(rest[0]);
            until(rest[0], "/films/_stats", |stats| {
                stats["_all"]["primaries"]["indexing"]["index_total"].as_u64() > Some(before + 20)
            });
            gone.restart();
            green(rest[0], 3);
        }));
        stop.store(true, Ordering::Relaxed);
        let searches: Vec<u64> = searchers.into_iter().map(|one| one.join().expect("searches do not fail")).collect();
        assert!(searches.iter().all(|searches| *searches > 0), "{searches:?}");
        let mut all = Written::new();
        writers.into_iter().for_each(|writer| all.extend(writer.join().expect("a writer")));
        done.unwrap_or_else(|failure| std::panic::resume_unwind(failure));
        all
    })
}

#[test]
fn nodes_are_restarted_one_by_one_and_nobody_notices() {
    let mut peers = Peers::start();
    // Copies come back to where they were, and go nowhere else.
    let held = json!({"persistent": {"cluster.routing.rebalance.enable": "none"}});
    peers.servers[0].ok("PUT", "/_cluster/settings", &held.to_string());
    create(&peers.servers[0], "films", 2, 2);
    green(&peers.servers[0], 3);
    let mut written = Written::new();
    for victim in 0..3usize {
        let mut gone = peers.servers.remove(victim);
        let rest: Vec<&Server> = peers.servers.iter().collect();
        written.extend(restart_under_load(&rest, &mut gone, victim as u64));
        check(rest[0], &written);
        // What it lacked came as operations: no file was sent, and none had to be.
        let (id, all) = (id_of(rest[0], &format!("n{victim}")), rest[0].ok("GET", "/films/_recovery", ""));
        let shards = all["films"]["shards"].as_array().cloned().unwrap_or_default();
        let own: Vec<&Value> = shards.iter().filter(|shard| shard["target"]["id"] == *id).collect();
        assert_eq!(own.len(), 2, "{all}");
        for shard in &own {
            assert_eq!((&shard["type"], &shard["stage"]), (&json!("PEER"), &json!("DONE")), "{shard}");
            assert_eq!(shard["index"]["files"]["total"], 0, "files were sent: {shard}");
        }
        let operations: u64 = own.iter().filter_map(|shard| shard["translog"]["recovered"].as_u64()).sum();
        assert!(operations >= 20, "{operations} came: {all}");
        let left = format!("node n{victim} has left: it was stopped");
        assert!(rest.iter().any(|server| server.log().contains(&left)), "nobody tells that n{victim} was stopped");
        peers.servers.insert(victim, gone);
    }
    let complaints: Vec<String> = peers.servers.iter().flat_map(Server::complaints).collect();
    assert!(!complaints.iter().any(|line| line.contains("does not answer")), "{complaints:?}");
    let door = &peers.servers[0];
    door.ok("POST", "/films/_refresh", "");
    let counted = |server: &Server| {
        server.ok("GET", "/films/_search?size=0&track_total_hits=true&preference=_only_local", "")["hits"]["total"]["value"].clone()
    };
    let counts: Vec<Value> = peers.servers.iter().map(counted).collect();
    assert!(counts.iter().all(|count| *count == counts[0]), "{counts:?}");
}

#[test]
fn replicas_are_as_many_as_there_are_nodes_for_them() {
    let mut peers = Peers::prepared(3);
    peers.launch(0..2);
    let settings = json!({"settings": {"number_of_shards": 1, "auto_expand_replicas": "0-all"}});
    peers.servers[0].ok("PUT", "/films", &settings.to_string());
    let replicas = |server: &Server, wanted: &str| {
        until(server, "/films/_settings", |all| all["films"]["settings"]["index"]["number_of_replicas"] == wanted);
    };
    replicas(&peers.servers[0], "1");
    green(&peers.servers[0], 2);
    for n in 0..10 {
        peers.servers[n % 2].ok("PUT", &format!("/films/_doc/{n}?refresh=true"), r#"{"t":"pearl"}"#);
    }
    peers.launch(2..3);
    replicas(&peers.servers[0], "2");
    green(&peers.servers[0], 3);
    assert_eq!(copies(&peers.servers[0], "films", false).len(), 2);
    let mut gone = peers.servers.remove(2);
    gone.kill();
    // Nobody waits for a copy that there is not to be any more.
    replicas(&peers.servers[0], "1");
    green(&peers.servers[0], 2);
    peers.servers[0].ok("PUT", "/films/_doc/10?refresh=true", r#"{"t":"pearl"}"#);
    gone.restart();
    replicas(&peers.servers[1], "2");
    green(&peers.servers[1], 3);
    let found = gone.ok("GET", "/films/_search?size=0&preference=_only_local", "");
    assert_eq!((&found["hits"]["total"]["value"], &found["_shards"]["failed"]), (&json!(11), &json!(0)));
}
