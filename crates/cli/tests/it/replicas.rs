//! Three `shoal serve` with a replica of every shard: what was acknowledged is there, whoever is killed; searches do not fail; the cluster
//! becomes whole again.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::nodes::{Peers, until};
use crate::server::Server;

pub(crate) fn create(server: &Server, index: &str, shards: u32, replicas: u32) {
    let settings = json!({"settings": {"number_of_shards": shards, "number_of_replicas": replicas}});
    server.ok("PUT", &format!("/{index}"), &settings.to_string());
}

fn green(server: &Server) {
    until(server, "/_cluster/health", |health| health["status"] == "green" && health["number_of_nodes"] == 3);
}

/// Each copy of an index: shard and node; of primaries or of replicas.
pub(crate) fn copies(server: &Server, index: &str, primary: bool) -> Vec<(u64, String)> {
    let state = server.ok("GET", &format!("/_cluster/state/routing_table/{index}"), "");
    let shards = state["routing_table"]["indices"][index]["shards"].as_object().cloned().expect("shards");
    let all = shards.values().flat_map(|copies| copies.as_array().cloned().unwrap_or_default());
    all.filter(|copy| copy["primary"] == primary && copy["state"] == "STARTED")
        .map(|copy| (copy["shard"].as_u64().expect("a number"), copy["node"].as_str().expect("a node").to_owned()))
        .collect()
}

/// What a writer did, by document: the last value that was acknowledged, and the last that was tried.
pub(crate) type Written = BTreeMap<u64, (Option<u64>, u64)>;

/// Writes documents one after the other until it is told to stop, through whichever node answers.
pub(crate) fn write(servers: &[&Server], stop: &AtomicBool, first: u64) -> Written {
    let (mut written, mut round) = (Written::new(), 0u64);
    while !stop.load(Ordering::Relaxed) {
        round += 1;
        let id = first + round % 50;
        let entry = written.entry(id).or_default();
        entry.1 = round;
        let server = servers[(round % servers.len() as u64) as usize];
        let (target, body) = (format!("/films/_doc/{id}?timeout=20s"), json!({"n": round}).to_string());
        if let Ok((200 | 201, answer)) = server.try_ask("PUT", &target, &body) {
            assert_eq!(answer["_shards"]["failed"], 0, "{answer}");
            entry.0 = Some(round);
        }
    }
    written
}

/// Every document has a value not older than the last acknowledged, nor newer than the last tried.
pub(crate) fn check(server: &Server, written: &Written) {
    for (id, (acknowledged, tried)) in written {
        let (status, found) = server.ask("GET", &format!("/films/_doc/{id}"), "");
        let value = found["_source"]["n"].as_u64();
        match (acknowledged, value) {
            // What was tried and not acknowledged may be there or not.
            (None, None) => assert_eq!(status, 404, "{found}"),
            (_, Some(value)) => {
                let least = acknowledged.unwrap_or(0);
                assert!((least..=*tried).contains(&value), "document {id}: {value} is not in {least}..={tried}");
            }
            (Some(least), None) => panic!("document {id} is lost: {least} was acknowledged, {tried} tried: {found}"),
        }
    }
}

#[test]
fn writes_reach_every_copy_before_they_are_acknowledged() {
    let peers = Peers::start();
    let door = &peers.servers[0];
    create(door, "films", 3, 1);
    green(door);
    assert_eq!((copies(door, "films", true).len(), copies(door, "films", false).len()), (3, 3));
    for n in 0..12 {
        let answer = peers.servers[n % 3].ok("PUT", &format!("/films/_doc/{n}?refresh=true"), r#"{"t":"pearl"}"#);
        assert_eq!(answer["_shards"], json!({"total": 2, "successful": 2, "failed": 0}), "{answer}");
        // A refresh shows it on every copy.
        for server in &peers.servers {
            for preference in ["_primary", "_replica"] {
                let target = format!("/films/_count?q=t:pearl&preference={preference}");
                let searched = server.ok("GET", &format!("/films/_search?size=0&preference={preference}"), "");
                assert_eq!(searched["hits"]["total"]["value"], n as u64 + 1, "{target}: {searched}");
            }
        }
    }
    let refreshed = door.ok("POST", "/films/_refresh", "");
    assert_eq!(refreshed["_shards"], json!({"total": 6, "successful": 6, "failed": 0}));
    let stats = door.ok("GET", "/films/_stats", "");
    assert_eq!(
        (&stats["_all"]["primaries"]["docs"]["count"], &stats["_all"]["total"]["docs"]["count"]),
        (&json!(12), &json!(24)),
    );
    let fewer = json!({"index": {"number_of_replicas": 0}}).to_string();
    door.ok("PUT", "/films/_settings", &fewer);
    until(door, "/_cluster/health/films", |health| health["active_shards"] == 3 && health["status"] == "green");
    let answer = door.ok("PUT", "/films/_doc/alone?refresh=true", r#"{"t":"pearl"}"#);
    assert_eq!(answer["_shards"], json!({"total": 1, "successful": 1, "failed": 0}));
    let more = json!({"index": {"number_of_replicas": 2}}).to_string();
    door.ok("PUT", "/films/_settings", &more);
    until(door, "/_cluster/health/films", |health| health["active_shards"] == 9 && health["status"] == "green");
    let answer = door.ok("PUT", "/films/_doc/together?refresh=true", r#"{"t":"pearl"}"#);
    assert_eq!(answer["_shards"], json!({"total": 3, "successful": 3, "failed": 0}));
    for server in &peers.servers {
        let found = server.ok("GET", "/films/_search?size=0&preference=_only_local", "");
        assert_eq!((&found["hits"]["total"]["value"], &found["_shards"]["failed"]), (&json!(14), &json!(0)));
    }
    // An explained hit names the node whose copy was searched.
    for (id, _) in door.ok("GET", "/_nodes", "")["nodes"].as_object().expect("nodes") {
        let found = door.ok("GET", &format!("/films/_search?size=20&explain=true&preference=_only_nodes:{id}"), "");
        let hits = found["hits"]["hits"].as_array().expect("hits");
        assert_eq!(hits.len(), 14, "{found}");
        hits.iter().for_each(|hit| assert_eq!(&hit["_node"], id, "{hit}"));
    }
}

#[test]
fn a_killed_node_takes_nothing_with_it_and_its_return_makes_the_cluster_whole() {
    let mut peers = Peers::start();
    create(&peers.servers[0], "films", 3, 1);
    green(&peers.servers[0]);
    for round in 0..2usize {
        let victim = (round + 1) % 3;
        let mut gone = peers.servers.remove(victim);
        let rest: Vec<&Server> = peers.servers.iter().collect();
        let stop = AtomicBool::new(false);
        let written = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..2)
                .map(|n| {
                    scope.spawn({
                        let (rest, stop) = (&rest, &stop);
                        move || write(rest, stop, (round as u64 * 2 + n) * 1000)
                    })
                })
                .collect();
            let searcher = scope.spawn(|| {
                let mut searches = 0;
                while !stop.load(Ordering::Relaxed) {
                    let found = rest[searches % 2].ok("GET", "/films/_search?size=5", "");
                    assert_eq!(found["_shards"]["failed"], 0, "{found}");
                    searches += 1;
                }
                searches
            });
            until(rest[0], "/films/_count", |answer| answer["count"].as_u64() > Some(20));
            gone.kill();
            until(rest[0], "/_cluster/health", |health| {
                health["number_of_nodes"] == 2 && health["active_primary_shards"] == 3
            });
            let before: Value =
                rest[0].ok("GET", "/films/_stats", "")["_all"]["primaries"]["indexing"]["index_total"].clone();
            until(rest[0], "/films/_stats", |stats| {
                stats["_all"]["primaries"]["indexing"]["index_total"].as_u64() > before.as_u64().map(|n| n + 20)
            });
            gone.restart();
            green(rest[0]);
            stop.store(true, Ordering::Relaxed);
            assert!(searcher.join().expect("searches do not fail") > 0);
            let mut all = Written::new();
            writers.into_iter().for_each(|writer| all.extend(writer.join().expect("a writer")));
            all
        });
        check(rest[0], &written);
        peers.servers.insert(victim, gone);
        green(&peers.servers[0]);
        peers.servers[0].ok("POST", "/films/_refresh", "");
        let counts: Vec<Value> = peers
            .servers
            .iter()
            .flat_map(|server| {
                ["_primary", "_replica"].map(|preference| {
                    let target = format!("/films/_search?size=0&track_total_hits=true&preference={preference}");
                    server.ok("GET", &target, "")["hits"]["total"]["value"].clone()
                })
            })
            .collect();
        assert!(counts.iter().all(|count| *count == counts[0]), "{counts:?}");
    }
}
