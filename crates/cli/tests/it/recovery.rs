//! What nodes tell of recoveries, and how fast they go: `_recovery`, `_cat/recovery`, `_shard_stores`, `indices.recovery.max_bytes_per_sec`.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::nodes::{PATIENCE, Peers, until};
use crate::replicas::{copies, create};
use crate::server::Server;

fn green(server: &Server) {
    let health = server.ok("GET", "/_cluster/health?wait_for_status=green&timeout=60s", "");
    assert_eq!(health["status"], "green", "{health}");
}

fn rate(server: &Server, rate: &str) {
    let settings = json!({"persistent": {"indices.recovery.max_bytes_per_sec": rate}});
    server.ok("PUT", "/_cluster/settings", &settings.to_string());
}

/// The recovery of a replica.
fn of_replica(server: &Server) -> Value {
    let all = server.ok("GET", "/films/_recovery?detailed=true", "");
    let shards = all["films"]["shards"].as_array().cloned().unwrap_or_default();
    shards.into_iter().find(|shard| shard["primary"] == false).unwrap_or_default()
}

/// Documents that do not compress, in `segments` committed segments.
fn fill(server: &Server, segments: u64, each: u64) {
    let mut seed = 7u64;
    let mut word = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        format!("{:x}", seed >> 8)
    };
    for segment in 0..segments {
        let line = |n: u64| {
            let words: Vec<String> = (0..40).map(|_| word()).collect();
            format!("{{\"index\":{{\"_id\":\"{segment}-{n}\"}}}}\n{}\n", json!({"t": words.join(" ")}))
        };
        let lines: String = (0..each).map(line).collect();
        let answer = server.ok("POST", "/films/_bulk?refresh=true", &lines);
        assert_eq!(answer["errors"], false, "{answer}");
        server.ok("POST", "/films/_flush?force=true", "");
    }
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn recoveries_say_what_came_and_from_where() {
    let mut peers = Peers::start();
    let door = &peers.servers[0];
    create(door, "films", 1, 1);
    green(door);
    let (primary, replica) = (copies(door, "films", true).remove(0).1, copies(door, "films", false).remove(0).1);
    let names: Value = door.ok("GET", "/_nodes", "")["nodes"].clone();
    let all = door.ok("GET", "/films/_recovery", "")["films"]["shards"].clone();
    assert_eq!(
        (&all[0]["type"], &all[0]["stage"], &all[0]["primary"]),
        (&json!("EMPTY_STORE"), &json!("DONE"), &json!(true))
    );
    assert_eq!(
        (&all[1]["type"], &all[1]["stage"], &all[1]["primary"]),
        (&json!("PEER"), &json!("DONE"), &json!(false))
    );
    assert_eq!((&all[1]["source"]["id"], &all[1]["target"]["id"]), (&json!(primary), &json!(replica)));
    assert_eq!(all[1]["target"]["name"], names[&replica]["name"]);
    // Every node tells the same, and as a table, too.
    assert_eq!(peers.servers[1].ok("GET", "/films/_recovery", "")["films"]["shards"], all);
    let table = door.ok("GET", "/_cat/recovery/films?h=index,shard,type,stage,source_node,target_node", "");
    let expected = format!(
        "films 0 empty_store done n/a {}\nfilms 0 peer        done {} {}\n",
        names[&primary]["name"].as_str().unwrap(),
        names[&primary]["name"].as_str().unwrap(),
        names[&replica]["name"].as_str().unwrap()
    );
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(table.as_str().unwrap()), words(&expected), "{table}");
    // What the node of the replica misses comes as operations.
    let at = ["n0", "n1", "n2"].iter().position(|name| names[&replica]["name"] == *name).expect("one of them");
    let mut gone = peers.servers.remove(at);
    gone.kill();
    let door = &peers.servers[0];
    until(door, "/_cluster/health", |health| health["number_of_nodes"] == 2 && health["status"] == "yellow");
    for n in 0..25 {
        door.ok("PUT", &format!("/films/_doc/{n}"), r#"{"t":"pearl"}"#);
    }
    let stores = door.ok("GET", "/films/_shard_stores", "")["indices"]["films"]["shards"]["0"]["stores"].clone();
    assert_eq!((stores.as_array().map(Vec::len), &stores[0]["allocation"]), (Some(1), &json!("primary")), "{stores}");
    assert_eq!(stores[0]["allocation_id"].as_str().map(str::len), Some(22));
    gone.restart();
    green(door);
    let recovered = of_replica(door);
    assert_eq!((&recovered["type"], &recovered["stage"]), (&json!("PEER"), &json!("DONE")), "{recovered}");
    assert_eq!(
        (&recovered["index"]["files"]["total"], &recovered["translog"]["percent"]),
        (&json!(0), &json!("100.0%"))
    );
    assert!(number(&recovered["translog"]["recovered"]) >= 25, "{recovered}");
    assert!(number(&recovered["stop_time_in_millis"]) >= number(&recovered["start_time_in_millis"]));
    // Green shards are shown to those who ask for them.
    assert_eq!(door.ok("GET", "/films/_shard_stores", ""), json!({"indices": {}}));
    let stores = door.ok("GET", "/films/_shard_stores?status=green", "")["indices"]["films"]["shards"]["0"].clone();
    assert_eq!(
        (&stores["stores"][0]["allocation"], &stores["stores"][1]["allocation"]),
        (&json!("primary"), &json!("replica"))
    );
    // A start from the disk.
    peers.servers.push(gone);
    assert!(peers.servers.iter_mut().all(|server| server.stop().success()));
    let begun: Vec<usize> = peers.servers.iter_mut().map(Server::launch).collect();
    peers.servers.iter_mut().zip(begun).for_each(|(server, before)| server.wait_until_ready(before));
    let door = &peers.servers[0];
    green(door);
    let all = door.ok("GET", "/films/_recovery", "")["films"]["shards"].clone();
    assert_eq!(all[0]["type"], "EXISTING_STORE", "{all}");
    assert!(number(&all[0]["index"]["files"]["reused"]) > 0, "{all}");
    assert_eq!(door.ok("GET", "/films/_recovery?active_only=true", ""), json!({}));
}

#[test]
fn files_come_no_faster_than_they_may_and_what_came_is_not_sent_again() {
    let mut peers = Peers::prepared(2);
    peers.launch(0..2);
    let door = &peers.servers[0];
    create(door, "films", 1, 0);
    green(door);
    fill(door, 6, 150);
    rate(door, "60kb");
    door.ok("PUT", "/films/_settings", r#"{"index":{"number_of_replicas":1}}"#);
    let some = until(door, "/films/_recovery?active_only=true", |all| {
        all["films"]["shards"][0]["index"]["files"]["recovered"].as_u64() >= Some(3)
    });
    let going = &some["films"]["shards"][0];
    assert_eq!((&going["type"], &going["stage"]), (&json!("PEER"), &json!("INDEX")), "{some}");
    assert!(number(&going["index"]["source_throttle_time_in_millis"]) > 0, "{some}");
    let (total, come) = (&going["index"]["size"]["total_in_bytes"], &going["index"]["size"]["recovered_in_bytes"]);
    assert!(number(come) < number(total), "{some}");
    // A recovery that is broken off leaves what has come to the next one.
    let node = going["target"]["id"].clone();
    let cancel = json!({"commands": [{"cancel": {"index": "films", "shard": 0, "node": node}}]});
    door.ok("POST", "/_cluster/reroute", &cancel.to_string());
    until(door, "/films/_recovery?active_only=true", |all| {
        let again = &all["films"]["shards"][0];
        again["start_time_in_millis"] != going["start_time_in_millis"]
            && again["index"]["files"]["reused"].as_u64() >= Some(2)
    });
    // As fast as it goes, from now on.
    rate(door, "-1");
    green(door);
    let done = of_replica(door);
    let size = &done["index"]["size"];
    assert_eq!((&done["stage"], &size["percent"]), (&json!("DONE"), &json!("100.0%")), "{done}");
    assert_eq!(number(&size["reused_in_bytes"]) + number(&size["recovered_in_bytes"]), number(&size["total_in_bytes"]));
    let counted = |preference: &str| {
        let target = format!("/films/_search?size=0&track_total_hits=true&preference={preference}");
        door.ok("GET", &target, "")["hits"]["total"]["value"].clone()
    };
    assert_eq!((counted("_replica"), counted("_primary")), (json!(900), json!(900)));
}

#[test]
fn operations_come_no_faster_than_they_may() {
    let mut peers = Peers::start();
    create(&peers.servers[0], "films", 1, 1);
    green(&peers.servers[0]);
    let replica = copies(&peers.servers[0], "films", false).remove(0).1;
    let names = peers.servers[0].ok("GET", "/_nodes", "")["nodes"].clone();
    let at = ["n0", "n1", "n2"].iter().position(|name| names[&replica]["name"] == *name).expect("one of them");
    let mut gone = peers.servers.remove(at);
    gone.kill();
    let door = &peers.servers[0];
    until(door, "/_cluster/health", |health| health["number_of_nodes"] == 2 && health["status"] == "yellow");
    let (text, lacks) = ("x".repeat(1000), 200);
    let line = |n: u64| format!("{{\"index\":{{\"_id\":\"{n}\"}}}}\n{}\n", json!({"t": text}));
    let bulk = |range: std::ops::Range<u64>| {
        let answer = door.ok("POST", "/films/_bulk", &range.map(line).collect::<String>());
        assert_eq!(answer["errors"], false, "{answer}");
    };
    bulk(0..lacks);
    let per_second = 20_000;
    rate(door, "20000b");
    gone.restart();
    let some = until(door, "/films/_recovery?active_only=true", |all| {
        all["films"]["shards"][0]["translog"]["recovered"].as_u64() >= Some(50)
    });
    let going = &some["films"]["shards"][0];
    assert_eq!((&going["type"], &going["index"]["files"]["total"]), (&json!("PEER"), &json!(0)), "{some}");
    // A part of an eighth of a second goes ahead of its time, and an operation beyond it.
    let (come, took) = (number(&going["translog"]["recovered"]) * 1000, number(&going["total_time_in_millis"]));
    assert!(come <= per_second * took / 1000 + per_second / 4, "{come} bytes in {took} ms: {some}");
    // What is written meanwhile does not have to wait for them, nor they for it, once they may go faster.
    bulk(lacks..lacks + 50);
    rate(door, "-1");
    green(door);
    door.ok("POST", "/films/_refresh", "");
    let found = door.ok("GET", "/films/_search?preference=_replica&track_total_hits=true&size=0", "");
    assert_eq!(found["hits"]["total"]["value"], lacks + 50);
}

/// The files of a segment that have come for a shard which recovers, and are whole.
fn arrived(server: &Server) -> Vec<std::path::PathBuf> {
    let below =
        |path: std::path::PathBuf| std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
    let incoming = below(server.data().join("indexes")).flat_map(below).filter(|path| path.ends_with("0.incoming"));
    let segments = incoming.flat_map(|path| below(path.join("segments"))).filter(|path| path.is_dir());
    segments.filter(|path| path.join("segment.json").exists()).flat_map(below).collect()
}

#[test]
fn what_comes_to_harm_on_its_way_comes_again() {
    let mut peers = Peers::prepared(2);
    peers.launch(0..2);
    let door = &peers.servers[0];
    create(door, "films", 1, 0);
    green(door);
    fill(door, 6, 150);
    rate(door, "60kb");
    let held = copies(door, "films", true).remove(0).1;
    let names = door.ok("GET", "/_nodes", "")["nodes"].clone();
    let target = &peers.servers[usize::from(names[&held]["name"] == "n0")];
    door.ok("PUT", "/films/_settings", r#"{"index":{"number_of_replicas":1}}"#);
    let (deadline, mut here) = (Instant::now() + PATIENCE, Vec::new());
    while here.is_empty() {
        assert!(Instant::now() < deadline, "no segment comes");
        std::thread::sleep(Duration::from_millis(20));
        here = arrived(target);
    }
    let file = here.iter().find(|path| path.ends_with("columns")).expect("columns");
    let mut bytes = std::fs::read(file).expect("a file that came");
    *bytes.last_mut().expect("its end") ^= 1;
    std::fs::write(file, bytes).expect("a file to write to");
    rate(door, "-1");
    // It is noticed before anything is made of it, and only that file comes once more.
    green(door);
    let done = of_replica(door);
    let files = &done["index"]["files"];
    assert_eq!(done["stage"], "DONE", "{done}");
    assert!(number(&files["recovered"]) >= 2 && number(&files["reused"]) > number(&files["recovered"]), "{done}");
    let found = door.ok("GET", "/films/_search?preference=_replica&track_total_hits=true&size=900", "");
    assert_eq!(found["hits"]["total"]["value"], 900);
    assert_eq!(found["hits"]["hits"].as_array().map(Vec::len), Some(900));
    let complaints: Vec<String> = peers.servers.iter().flat_map(Server::complaints).collect();
    assert!(complaints.iter().any(|line| line.contains("not as they were made")), "{complaints:?}");
}

#[test]
fn a_recovery_outlives_its_connections() {
    let (mut peers, link) = Peers::prepared_behind_a_link(2, 1);
    peers.launch(0..2);
    let door = &peers.servers[0];
    // Everything is on the first node, and a copy goes through the link.
    let settings = json!({"settings": {"number_of_shards": 1, "number_of_replicas": 0,
        "index.routing.allocation.require._name": "n0"}});
    door.ok("PUT", "/films", &settings.to_string());
    green(door);
    fill(door, 6, 150);
    rate(door, "100kb");
    let more = json!({"index": {"number_of_replicas": 1, "routing.allocation.require._name": null}});
    door.ok("PUT", "/films/_settings", &more.to_string());
    let begun = until(door, "/films/_recovery?active_only=true", |all| {
        all["films"]["shards"][0]["index"]["size"]["recovered_in_bytes"].as_u64() > Some(0)
    });
    let begun = &begun["films"]["shards"][0];
    let mut last = number(&begun["index"]["size"]["recovered_in_bytes"]);
    let deadline = Instant::now() + PATIENCE;
    let mut cuts = 0;
    while cuts < 3 {
        link.cut();
        cuts += 1;
        // It goes on from where it was.
        loop {
            let now = of_replica(door);
            // A node whose connection has just been cut may not have been heard.
            if now.is_null() && Instant::now() < deadline {
                continue;
            }
            let here = number(&now["index"]["size"]["recovered_in_bytes"]);
            assert_eq!(now["start_time_in_millis"], begun["start_time_in_millis"], "it began anew: {now}");
            assert!(here >= last, "it forgot what had come: {now}");
            if here > last || now["stage"] == "DONE" {
                last = here;
                break;
            }
            assert!(Instant::now() < deadline, "it does not go on: {now}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    rate(door, "-1");
    green(door);
    let done =
        until(door, "/films/_recovery", |all| all["films"]["shards"].as_array().is_some_and(|all| all.len() == 2));
    let done = done["films"]["shards"].as_array().into_iter().flatten().find(|shard| shard["primary"] == false);
    let done = done.expect("that of the replica");
    assert_eq!((&done["stage"], &done["start_time_in_millis"]), (&json!("DONE"), &begun["start_time_in_millis"]));
    assert!(link.sent() as u64 > number(&done["index"]["size"]["recovered_in_bytes"]));
}
