//! A shard copy that fails says so, harms nobody else, and comes back when it is asked to.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::json;

use super::server::Server;

const PATIENCE: Duration = Duration::from_secs(20);

/// The largest file of each sealed segment of an index' only shard, whatever its name.
fn segment_files(data: &Path, uuid: &str) -> Vec<PathBuf> {
    let segments = data.join("indexes").join(uuid).join("0").join("segments");
    let folders = fs::read_dir(segments).expect("segments").map(|entry| entry.expect("an entry").path());
    let files = folders.filter(|path| path.is_dir()).flat_map(|folder| fs::read_dir(folder).expect("a folder"));
    files.map(|file| file.expect("a file").path()).filter(|file| !file.ends_with("segment.json")).collect()
}

fn eventually(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_copy_that_failed_says_so_and_is_opened_again_on_request() {
    let server = Server::start();
    let settings = json!({"settings": {"number_of_replicas": 0}}).to_string();
    for index in ["broken", "well"] {
        server.ok("PUT", &format!("/{index}"), &settings);
    }
    for round in 0..2 {
        let lines: String = (0..1100)
            .map(|n| {
                let words: String = (0..40).map(|k| format!(" w{}", n * 7919 * (k + 1) % 30_011)).collect();
                format!("{{\"index\":{{\"_id\":\"{round}-{n}\"}}}}\n{{\"text\":\"common{words}\"}}\n")
            })
            .collect();
        server.ok("POST", "/broken/_bulk", &lines);
        server.ok("POST", "/broken/_flush", "");
    }
    server.ok("PUT", "/broken/_doc/last?refresh=true", "{\"text\":\"in the log alone\"}");
    let uuid = server.ok("GET", "/broken/_settings", "")["broken"]["settings"]["index"]["uuid"].clone();
    let files = segment_files(&server.data(), uuid.as_str().expect("a uuid"));
    let whole: Vec<Vec<u8>> = files.iter().map(|file| fs::read(file).expect("a file")).collect();

    // In place, for the node has the larger files mapped.
    let damage = |file: &PathBuf, bytes: &[u8]| {
        let open = fs::OpenOptions::new().write(true).open(file).expect("a file");
        std::os::unix::fs::FileExt::write_all_at(&open, bytes, 0).expect("to write");
    };
    files.iter().zip(&whole).for_each(|(file, bytes)| damage(file, &vec![0xAB; bytes.len()]));
    server.ask("POST", "/broken/_forcemerge?max_num_segments=1", "");

    let health = |index: &str| server.ok("GET", &format!("/_cluster/health/{index}"), "")["status"].clone();
    eventually("the failure is in the health", || health("broken") == "red");
    assert_eq!(health("well"), "green");
    let shards = server.ok("GET", "/_cat/shards/broken?format=json", "");
    assert_eq!(shards[0]["state"], "UNASSIGNED");
    let metrics = server.ok("GET", "/_prometheus/metrics", "");
    assert!(metrics.as_str().is_some_and(|text| text.contains("shoal_shards_failed 1")), "{metrics}");
    assert_eq!(server.ask("PUT", "/broken/_doc/1", "{}").0, 503, "it takes nothing");
    assert_eq!(server.ask("PUT", "/well/_doc/1?refresh=true", "{}").0, 201);

    // What is still damaged fails again, and the node goes on.
    server.ok("POST", "/_cluster/reroute?retry_failed=true", "");
    assert_eq!(health("broken"), "red");
    files.iter().zip(&whole).for_each(|(file, bytes)| damage(file, bytes));
    let answer = server.ok("POST", "/_cluster/reroute?retry_failed=true&metric=none", "");
    assert_eq!(answer["acknowledged"], true);
    assert_eq!(health("broken"), "green");
    assert_eq!(server.ok("GET", "/broken/_count", "")["count"], 2201);
    assert_eq!(server.ok("GET", "/broken/_doc/last", "")["found"], true);
    server.ok("POST", "/broken/_forcemerge?max_num_segments=1", "");
    assert_eq!(server.ok("GET", "/broken/_count?q=text:common", "")["count"], 2200);
}

#[test]
fn an_index_that_is_closed_and_opened_amid_writes_keeps_what_was_acknowledged() {
    let server = Server::start();
    server.ok("PUT", "/i", &json!({"settings": {"number_of_replicas": 0}}).to_string());
    let (mut acknowledged, over) = (0, std::sync::atomic::AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..20 {
                server.ok("POST", "/i/_close", "");
                server.ok("POST", "/i/_open", "");
            }
            over.store(true, std::sync::atomic::Ordering::SeqCst);
        });
        let mut n = 0;
        while !over.load(std::sync::atomic::Ordering::SeqCst) {
            n += 1;
            if server.ask("PUT", &format!("/i/_doc/{n}"), "{\"a\":1}").0 == 201 {
                acknowledged += 1;
            }
        }
    });
    server.ok("POST", "/i/_refresh", "");
    let count = server.ok("GET", "/i/_count", "")["count"].as_u64();
    assert!(count >= Some(acknowledged), "{count:?} of {acknowledged}");
    assert_eq!(server.ok("GET", "/_cluster/health/i", "")["status"], "green");
}
