//! Indexes are put into a repository and come back, on one node and over several.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::nodes::{Peers, until};
use crate::server::Server;

fn repository(server: &Server, location: &str) {
    let body = json!({"type": "fs", "settings": {"location": location}});
    assert_eq!(server.ok("PUT", "/_snapshot/vault", &body.to_string())["acknowledged"], true);
}

/// Writes documents `from..to` and shows them.
fn fill(server: &Server, index: &str, from: u64, to: u64) {
    let line = |n: u64| format!("{{\"index\":{{\"_id\":\"{n}\"}}}}\n{{\"n\":{n},\"text\":\"pearl number {n}\"}}\n");
    let bulk: String = (from..to).map(line).collect();
    let answer = server.ok("POST", &format!("/{index}/_bulk?refresh=true"), &bulk);
    assert_eq!(answer["errors"], false, "{answer}");
}

fn create(server: &Server, index: &str, shards: u32, replicas: u32) {
    let body = json!({
        "settings": {"number_of_shards": shards, "number_of_replicas": replicas},
        "mappings": {"properties": {"n": {"type": "long"}, "text": {"type": "text"}}},
        "aliases": {"all_pearls": {}}
    });
    server.ok("PUT", &format!("/{index}"), &body.to_string());
}

fn snapshot(server: &Server, name: &str) -> Value {
    let body = json!({"indices": "pearls*", "include_global_state": false});
    let target = format!("/_snapshot/vault/{name}?wait_for_completion=true");
    let made = server.ok("PUT", &target, &body.to_string())["snapshot"].clone();
    assert_eq!(made["state"], "SUCCESS", "{made}");
    made
}

fn restore(server: &Server, name: &str, body: &Value) -> Value {
    let target = format!("/_snapshot/vault/{name}/_restore?wait_for_completion=true");
    let restored = server.ok("POST", &target, &body.to_string())["snapshot"].clone();
    assert_eq!(restored["shards"]["failed"], 0, "{restored}");
    restored
}

/// The ids, scores and sources of what a search finds.
fn hits(server: &Server, index: &str) -> Value {
    let body = json!({"query": {"match": {"text": "pearl 7 12 30"}}, "size": 100, "version": true, "seq_no_primary_term": true});
    let found = server.ok("POST", &format!("/{index}/_search"), &body.to_string());
    let mut hits = found["hits"]["hits"].clone();
    for hit in hits.as_array_mut().expect("hits") {
        hit.as_object_mut().expect("a hit").remove("_index");
    }
    json!({"total": found["hits"]["total"], "hits": hits})
}

fn files_of(server: &Server, name: &str) -> (u64, u64) {
    let status = server.ok("GET", &format!("/_snapshot/vault/{name}/_status"), "")["snapshots"][0]["stats"].clone();
    let of = |part: &str| status[part]["file_count"].as_u64().expect("a count");
    (of("incremental"), of("total"))
}

#[test]
fn what_a_snapshot_holds_comes_back_as_it_was() {
    let mut server = Server::start();
    repository(&server, "pearls");
    create(&server, "pearls", 3, 0);
    fill(&server, "pearls", 0, 200);
    server.ok("DELETE", "/pearls/_doc/7?refresh=true", "");
    server.ok("PUT", "/pearls/_doc/12?refresh=true", r#"{"n":12,"text":"pearl of great price","new":"field"}"#);
    assert_eq!(snapshot(&server, "first")["shards"], json!({"total": 3, "failed": 0, "successful": 3}));
    // Replaced documents count for scores until they are written out, which the snapshot has done.
    server.ok("POST", "/pearls/_refresh", "");
    let before = hits(&server, "pearls");
    // What is written later is not in it.
    fill(&server, "pearls", 300, 310);
    server.ok("DELETE", "/pearls", "");
    restore(&server, "first", &json!({}));
    assert_eq!(hits(&server, "pearls"), before);
    assert_eq!(server.ok("GET", "/all_pearls/_count", "")["count"], 199);
    // It is an index like any other: written to, restarted.
    fill(&server, "pearls", 400, 450);
    let written = server.ok("PUT", "/pearls/_doc/12", r#"{"n":1}"#);
    assert_eq!((&written["_version"], &written["result"]), (&json!(3), &json!("updated")), "{written}");
    server.kill();
    server.restart();
    until(&server, "/pearls/_count", |answer| answer["count"] == 249);
    assert_eq!(server.ok("GET", "/pearls/_doc/12", "")["_source"], json!({"n": 1}));
}

#[test]
fn later_snapshots_add_what_is_new_and_deletions_take_what_nobody_names() {
    let server = Server::start();
    repository(&server, "pearls");
    create(&server, "pearls", 1, 0);
    fill(&server, "pearls", 0, 50);
    snapshot(&server, "one");
    let (added, all) = files_of(&server, "one");
    assert_eq!(added, all);
    fill(&server, "pearls", 50, 60);
    snapshot(&server, "two");
    let (added, all) = files_of(&server, "two");
    assert!(added < all, "{added} of {all} files were written again");
    server.ok("DELETE", "/_snapshot/vault/one", "");
    // What both named is still there, and nothing is left to be cleaned.
    let cleaned = server.ok("POST", "/_snapshot/vault/_cleanup", "");
    assert_eq!(cleaned["results"]["deleted_blobs"], 0, "{cleaned}");
    let renamed = json!({"rename_pattern": "(.+)", "rename_replacement": "old_$1", "include_aliases": false});
    assert_eq!(restore(&server, "two", &renamed)["indices"], json!(["old_pearls"]));
    assert_eq!(hits(&server, "old_pearls"), hits(&server, "pearls"));
    assert_eq!(server.ok("GET", "/all_pearls/_count", "")["count"], 60);
    server.ok("DELETE", "/_snapshot/vault/two", "");
    let (status, missing) = server.ask(
        "POST",
        "/_snapshot/vault/two/_restore",
        &json!({"rename_pattern": "p", "rename_replacement": "q"}).to_string(),
    );
    assert_eq!((status, &missing["error"]["type"]), (500, &json!("snapshot_restore_exception")), "{missing}");
    let folder = server.data().join("repo/pearls/indices");
    let left = std::fs::read_dir(folder).map_or(0, Iterator::count);
    assert_eq!(left, 0, "files of deleted snapshots are still there");
}

#[test]
fn a_damaged_file_is_told_and_not_restored() {
    let server = Server::start();
    repository(&server, "pearls");
    create(&server, "pearls", 1, 0);
    fill(&server, "pearls", 0, 50);
    snapshot(&server, "one");
    server.ok("DELETE", "/pearls", "");
    let terms = files_below(&server.data().join("repo/pearls/indices")).into_iter().find(|path| path.contains("terms"));
    let terms = terms.expect("a file of terms");
    let mut bytes = std::fs::read(&terms).expect("the file");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xFF;
    std::fs::write(&terms, bytes).expect("to write it");
    let restored = server.ok("POST", "/_snapshot/vault/one/_restore?wait_for_completion=true", "");
    assert_eq!(restored["snapshot"]["shards"], json!({"total": 1, "failed": 1, "successful": 0}), "{restored}");
    let why = server.ok("GET", "/_cluster/allocation/explain", "");
    let details = why["unassigned_info"]["details"].as_str().unwrap_or_default();
    assert!(details.contains("is damaged"), "{why}");
    assert_eq!(server.ok("GET", "/_cluster/health", "")["status"], "red");
}

fn files_below(folder: &std::path::Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => found.extend(files_below(&path)),
            false => found.push(path.display().to_string()),
        }
    }
    found
}

/// Three nodes with a repository that they share, and an index `pearls` whose copies serve.
fn cluster(shards: u32, replicas: u32) -> (TempDir, Peers) {
    let shared = tempfile::tempdir().expect("a folder");
    let peers = Peers::start_with(&[&format!("path.repo={}", shared.path().display())]);
    repository(&peers.servers[0], "pearls");
    create(&peers.servers[1], "pearls", shards, replicas);
    until(&peers.servers[0], "/_cluster/health", |health| health["status"] == "green");
    (shared, peers)
}

#[test]
fn a_cluster_saves_and_restores_with_any_node_asked() {
    let (_shared, mut peers) = cluster(4, 1);
    fill(&peers.servers[1], "pearls", 0, 300);
    let before = hits(&peers.servers[2], "pearls");
    snapshot(&peers.servers[2], "one");
    peers.servers[0].ok("DELETE", "/pearls", "");
    restore(&peers.servers[1], "one", &json!({}));
    until(&peers.servers[0], "/_cluster/health", |health| health["status"] == "green");
    peers.servers[0].ok("POST", "/pearls/_refresh", "");
    assert_eq!(hits(&peers.servers[0], "pearls"), before);
    // Each copy has everything: whoever holds a primary may go.
    peers.servers[1].kill();
    until(&peers.servers[0], "/_cluster/health", |health| {
        health["number_of_nodes"] == 2 && health["active_primary_shards"] == 4
    });
    assert_eq!(hits(&peers.servers[0], "pearls"), before);
}

/// Writes documents one after the other until it is told to stop. `written`: how many were acknowledged.
fn write(server: &Server, stop: &AtomicBool, written: &AtomicU64) {
    while !stop.load(Ordering::Relaxed) {
        let n = written.load(Ordering::Acquire);
        server.ok("PUT", &format!("/pearls/_doc/{n}"), &json!({"n": n, "text": "pearl"}).to_string());
        written.store(n + 1, Ordering::Release);
    }
}

#[test]
fn writes_go_on_and_what_was_acknowledged_before_is_in_the_snapshot() {
    let (_shared, peers) = cluster(2, 1);
    let door = &peers.servers[0];
    let (stop, written) = (AtomicBool::new(false), AtomicU64::new(0));
    let begun: Vec<(String, u64)> = std::thread::scope(|scope| {
        let writer = scope.spawn(|| write(&peers.servers[1], &stop, &written));
        let one = |at: u64| {
            until(door, "/pearls/_count", |_| written.load(Ordering::Acquire) >= 40 * (at + 1));
            let (name, before) = (format!("s{at}"), written.load(Ordering::Acquire));
            snapshot(&peers.servers[2], &name);
            (name, before)
        };
        let begun = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| (0..3).map(one).collect()));
        stop.store(true, Ordering::Relaxed);
        writer.join().expect("writes do not fail");
        begun.unwrap_or_else(|failure| std::panic::resume_unwind(failure))
    });
    for (name, before) in begun {
        let renamed = json!({"rename_pattern": "(.+)", "rename_replacement": format!("{name}_$1")});
        restore(door, &name, &renamed);
        let ids: Vec<String> = (0..before).map(|n| n.to_string()).collect();
        let found = door.ok("POST", &format!("/{name}_pearls/_mget"), &json!({"ids": ids}).to_string());
        let docs = found["docs"].as_array().expect("documents");
        let missing: Vec<&Value> = docs.iter().filter(|doc| doc["found"] != true).collect();
        assert!(
            docs.len() as u64 == before && missing.is_empty(),
            "{name}: of {before} documents {missing:?} are missing"
        );
    }
}

#[test]
fn a_snapshot_that_waits_for_a_node_is_deleted_at_once() {
    let (_shared, peers) = cluster(3, 0);
    let door = &peers.servers[0];
    fill(door, "pearls", 0, 60);
    peers.servers[2].freeze();
    let begun =
        door.ok("PUT", "/_snapshot/vault/late", r#"{"indices":"pearls","include_global_state":false,"partial":true}"#);
    assert_eq!(begun["accepted"], true, "{begun}");
    door.ok("DELETE", "/_snapshot/vault/late", "");
    assert_eq!(peers.servers[1].ask("GET", "/_snapshot/vault/late", "").0, 404);
    peers.servers[2].thaw();
    until(door, "/_cluster/health", |health| health["number_of_nodes"] == 3 && health["status"] == "green");
    // What it had begun stands in nobody's way.
    snapshot(door, "late");
    door.ok("DELETE", "/_snapshot/vault/late", "");
    let listed = door.ok("GET", "/_snapshot/vault/_all", "");
    assert_eq!(listed["snapshots"], json!([]));
}

#[test]
fn a_snapshot_without_a_node_is_refused_or_lacks_its_shards() {
    let (_shared, mut peers) = cluster(3, 0);
    fill(&peers.servers[0], "pearls", 0, 60);
    peers.servers[2].kill();
    until(&peers.servers[0], "/_cluster/health", |health| {
        health["number_of_nodes"] == 2 && health["active_primary_shards"] == 2
    });
    let body = json!({"indices": "pearls", "include_global_state": false});
    let target = "/_snapshot/vault/whole?wait_for_completion=true";
    let (status, refused) = peers.servers[0].ask("PUT", target, &body.to_string());
    assert_eq!((status, &refused["error"]["type"]), (500, &json!("snapshot_exception")), "{refused}");
    let body = json!({"indices": "pearls", "include_global_state": false, "partial": true});
    let target = "/_snapshot/vault/part?wait_for_completion=true";
    let made = peers.servers[1].ok("PUT", target, &body.to_string())["snapshot"].clone();
    assert_eq!(made["state"], "PARTIAL", "{made}");
    assert_eq!(made["shards"], json!({"total": 3, "failed": 1, "successful": 2}));
    // What is not whole comes back only where that is accepted, and its shard is empty then.
    let renamed = json!({"rename_pattern": "(.+)", "rename_replacement": "some_$1"});
    let (status, refused) = peers.servers[0].ask("POST", "/_snapshot/vault/part/_restore", &renamed.to_string());
    assert_eq!((status, &refused["error"]["type"]), (500, &json!("snapshot_restore_exception")), "{refused}");
    let accepted = json!({"rename_pattern": "(.+)", "rename_replacement": "some_$1", "partial": true});
    restore(&peers.servers[0], "part", &accepted);
    let count = peers.servers[0].ok("GET", "/some_pearls/_count", "")["count"].as_u64().expect("a count");
    assert!(0 < count && count < 60, "{count} of 60 documents");
}

#[test]
fn a_folder_that_nodes_do_not_share_is_no_repository() {
    let peers = Peers::start();
    let body = json!({"type": "fs", "settings": {"location": "pearls"}});
    let (status, refused) = peers.servers[0].ask("PUT", "/_snapshot/vault", &body.to_string());
    assert_eq!((status, &refused["error"]["type"]), (500, &json!("repository_verification_exception")), "{refused}");
    assert_eq!(peers.servers[1].ask("GET", "/_snapshot/vault", "").0, 404);
}
