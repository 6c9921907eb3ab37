//! A disk that takes what is written and then refuses to keep it: what lies on it is given up, and whoever has it elsewhere goes on.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use crate::nodes::{Peers, until};
use crate::server::Server;

/// A library that fails `fsync` and `fdatasync` of every file whose path has the words that another file says, as soon as that is there.
fn shim(folder: &Path) -> PathBuf {
    let (source, library) = (folder.join("refuse.c"), folder.join("refuse.so"));
    let refuses = folder.join("refuses").display().to_string();
    let text = format!(
        r#"#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
static int refused(int fd) {{
  char link[64], path[4096] = {{0}}, words[256] = {{0}};
  FILE *told = fopen("{refuses}", "r");
  if (!told) return 0;
  size_t had = fread(words, 1, sizeof words - 1, told);
  fclose(told);
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  if (!had || readlink(link, path, sizeof path - 1) < 0 || !strstr(path, words)) return 0;
  errno = EIO;
  return 1;
}}
int fsync(int fd) {{ return refused(fd) ? -1 : ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(fd); }}
int fdatasync(int fd) {{ return refused(fd) ? -1 : ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(fd); }}
"#
    );
    std::fs::write(&source, text).expect("a source");
    let built = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).arg("-ldl").status();
    assert!(built.expect("a C compiler, as Rust needs one to link").success());
    library
}

/// From now on the disk refuses to keep files whose path has these words; none: it keeps all.
fn refuse(folder: &Path, words: &str) {
    std::fs::write(folder.join("refuses"), words).expect("a file");
}

/// Three nodes, the last of which has a disk that can refuse, and an index of three shards.
fn started(folder: &Path, replicas: u32) -> Peers {
    let mut peers = Peers::prepared(3);
    peers.servers[2].preload(shim(folder));
    peers.launch(0..3);
    let settings = json!({"settings": {"number_of_shards": 3, "number_of_replicas": replicas}}).to_string();
    peers.servers[0].ok("PUT", "/films", &settings);
    until(&peers.servers[0], "/_cluster/health/films", |health| health["status"] == "green");
    peers
}

/// Writes until `enough` says so; every write is answered, whatever the answer. Out: the ids that were acknowledged.
fn written(server: &Server, name: &str, enough: impl Fn(&[String]) -> bool) -> Vec<String> {
    let mut acknowledged = Vec::new();
    for n in 0.. {
        let id = format!("{name}{n}");
        if matches!(server.ask("PUT", &format!("/films/_doc/{id}"), "{}").0, 200 | 201) {
            acknowledged.push(id);
        }
        if enough(&acknowledged) {
            break;
        }
    }
    acknowledged
}

fn all_are_there(server: &Server, ids: &[String]) {
    for id in ids {
        assert_eq!(server.ask("GET", &format!("/films/_doc/{id}"), "").0, 200, "{id} was acknowledged");
    }
}

#[test]
fn a_log_that_the_disk_does_not_keep_costs_one_copy_and_no_write() {
    let folder = tempfile::tempdir().expect("a folder");
    let peers = started(folder.path(), 2);
    let (door, sick) = (&peers.servers[0], &peers.servers[2]);
    let mut ids = written(door, "before", |ids| ids.len() == 30);
    refuse(folder.path(), "/indexes/");
    // Each shard is written to, so that each copy there meets it.
    ids.extend(written(door, "amid", |ids| ids.len() == 60));
    let health = until(door, "/_cluster/health/films", |health| health["unassigned_shards"] != 0);
    assert_eq!((&health["status"], &health["active_primary_shards"]), (&json!("yellow"), &json!(3)));
    all_are_there(door, &ids);
    assert!(sick.log().contains("Input/output error"), "it says why:\n{}", sick.log());
    refuse(folder.path(), "");
    door.ok("POST", "/_cluster/reroute?retry_failed=true", "");
    until(door, "/_cluster/health/films", |health| health["status"] == "green");
    all_are_there(sick, &ids);
}

#[test]
fn copies_that_a_disk_does_not_keep_go_to_other_nodes() {
    let folder = tempfile::tempdir().expect("a folder");
    let peers = started(folder.path(), 1);
    let door = &peers.servers[0];
    refuse(folder.path(), "/indexes/");
    // Two copies of each shard on three nodes: two of them are met.
    let ids = written(door, "amid", |ids| ids.len() == 60);
    let elsewhere = |rows: &serde_json::Value| {
        let started = |row: &&serde_json::Value| row["state"] == "STARTED" && row["node"] != "n2";
        rows.as_array().expect("rows").iter().filter(started).count() == 6
    };
    until(door, "/_cat/shards/films?format=json", elsewhere);
    all_are_there(door, &ids);
}

/// A node that cannot keep the metadata hears of no change any more: it ends, so that its primaries are somebody else's.
#[test]
fn a_node_whose_disk_keeps_nothing_ends_and_the_others_go_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut peers = started(folder.path(), 2);
    let mut ids = written(&peers.servers[0], "before", |ids| ids.len() == 30);
    refuse(folder.path(), "/");
    ids.extend(written(&peers.servers[0], "amid", |ids| ids.len() == 60));
    let status = peers.servers[2].wait();
    assert!(!status.success(), "{status}");
    assert!(peers.servers[2].log().contains("the metadata cannot be written"), "{}", peers.servers[2].log());
    let (door, other) = (&peers.servers[0], &peers.servers[1]);
    let health = until(door, "/_cluster/health/films", |health| health["number_of_nodes"] == 2);
    assert_eq!((&health["status"], &health["active_primary_shards"]), (&json!("yellow"), &json!(3)));
    ids.extend(written(other, "after", |ids| ids.len() == 10));
    all_are_there(other, &ids);
    refuse(folder.path(), "");
    peers.servers[2].restart();
    until(&peers.servers[2], "/_cluster/health/films", |health| health["status"] == "green");
    all_are_there(&peers.servers[2], &ids);
}
