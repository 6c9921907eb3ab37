//! One home per third-party crate.
//!
//! [`HOMES`] says which crates of ours may name which of theirs, so that a library can be replaced in one place. What is not
//! in the table is refused: a new dependency is a decision, and this is where it is written down (`deny.toml` has its licence).

use super::Finding;
use crate::workspace::{Dependency, Workspace};

const RULE: &str = "homes";
const HERE: &str = "crates/xtask/src/tidy/homes.rs";

/// Who may use a third-party crate.
pub(crate) enum Home {
    /// Everyone.
    Everyone,
    /// Everyone but the pure cores ([`PURE`]), which have no locks and write no log.
    NotPure,
    /// These crates.
    Rooms(&'static [&'static str]),
    /// Everyone, in tests and examples.
    Tests,
}

use Home::{Everyone, NotPure, Rooms, Tests};

/// The crates that decide and never do.
const PURE: &[&str] = &["model", "ingest", "cluster", "search"];

/// Every third-party crate that a `Cargo.toml` of ours names.
pub(crate) const HOMES: &[(&str, Home)] = &[
    ("serde", Everyone),
    ("serde_json", Everyone),
    ("thiserror", Everyone),
    ("tracing", NotPure),
    ("parking_lot", NotPure),
    ("proptest", Tests),
    ("tempfile", Tests),
    ("async-compression", Rooms(&["rest"])),
    ("async-trait", Rooms(&["model", "node", "rest"])),
    ("axum", Rooms(&["rest"])),
    ("base64", Rooms(&["model"])),
    ("bitpacking", Rooms(&["shard"])),
    ("bytes", Rooms(&["node", "resp"])),
    ("clap", Rooms(&["cli", "xtask"])),
    ("clap_complete", Rooms(&["cli"])),
    ("crc32fast", Rooms(&["wal", "vector", "shard"])),
    ("flate2", Rooms(&["rest", "cli"])),
    ("half", Rooms(&["vector"])),
    ("hashbrown", Rooms(&["shard"])),
    ("hyper", Rooms(&["grpc"])),
    ("indexmap", Rooms(&["resp"])),
    ("indicatif", Rooms(&["cli"])),
    ("jiff", Rooms(&["model"])),
    ("levenshtein_automata", Rooms(&["shard"])),
    ("lru", Rooms(&["node", "shard"])),
    ("md-5", Rooms(&["ingest"])),
    ("memchr", Rooms(&["resp", "shard"])),
    ("mimalloc", Rooms(&["cli", "shard"])),
    ("murmur3", Rooms(&["analysis", "cluster", "shard"])),
    ("openraft", Rooms(&["node"])),
    ("postcard", Rooms(&["model", "grpc"])),
    ("prometheus-client", Rooms(&["node"])),
    ("prost", Rooms(&["grpc"])),
    ("protox", Rooms(&["grpc"])),
    ("redb", Rooms(&["node"])),
    ("regex", Rooms(&["analysis", "model", "resp", "ingest", "script"])),
    ("regex-automata", Rooms(&["shard"])),
    ("regex-syntax", Rooms(&["search", "shard"])),
    ("roaring", Rooms(&["shard"])),
    ("rphonetic", Rooms(&["analysis"])),
    ("rust-stemmers", Rooms(&["analysis"])),
    ("rustix", Rooms(&["wal", "node", "cli", "vector"])),
    ("sha1", Rooms(&["ingest"])),
    ("sha2", Rooms(&["ingest"])),
    ("sha3", Rooms(&["ingest"])),
    ("signal-hook", Rooms(&["node"])),
    ("smallvec", Rooms(&["shard"])),
    ("strsim", Rooms(&["node"])),
    ("tantivy", Rooms(&["shard"])),
    ("tantivy-fst", Rooms(&["shard"])),
    ("thread-priority", Rooms(&["wal"])),
    ("tokio", Rooms(&["rest", "resp", "grpc", "node", "cli"])),
    ("tokio-stream", Rooms(&["grpc", "node"])),
    ("toml", Rooms(&["node"])),
    ("tonic", Rooms(&["grpc"])),
    ("tonic-prost", Rooms(&["grpc"])),
    ("tonic-prost-build", Rooms(&["grpc"])),
    ("tower", Rooms(&["rest"])),
    ("tower-http", Rooms(&["rest"])),
    ("tracing-subscriber", Rooms(&["node"])),
    ("twox-hash", Rooms(&["model"])),
    ("unicode-normalization", Rooms(&["analysis"])),
    ("unicode-segmentation", Rooms(&["analysis"])),
    ("ureq", Rooms(&["cli"])),
    ("waken_snowball", Rooms(&["analysis"])),
];

/// Every dependency on somebody else's crate stands where `homes` admits it.
pub(crate) fn check(workspace: &Workspace, homes: &[(&str, Home)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in &workspace.packages {
        for dependency in package.dependencies.iter().filter(|d| !workspace.contains(&d.name)) {
            if let Some(message) = check_one(&package.name, dependency, homes) {
                let path = format!("{}/Cargo.toml", package.folder);
                findings.push(Finding { path, line: 0, rule: RULE, message });
            }
        }
    }
    findings
}

fn check_one(room: &str, dependency: &Dependency, homes: &[(&str, Home)]) -> Option<String> {
    let name = &dependency.name;
    let Some((_, home)) = homes.iter().find(|(known, _)| known == name) else {
        return Some(format!("`{name}` has no home: add it to HOMES in {HERE}, with the one crate that names it"));
    };
    match home {
        Everyone => None,
        NotPure if PURE.contains(&room) => Some(format!("`{room}` is pure: no `{name}` in it")),
        NotPure => None,
        Rooms(rooms) if rooms.contains(&room) => None,
        Rooms(rooms) => Some(format!("`{name}` lives in {}, not in `{room}` (HOMES in {HERE})", rooms.join(", "))),
        Tests if dependency.tests_only => None,
        Tests => Some(format!("`{name}` is for tests: it belongs under [dev-dependencies]")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &[(&str, Home)] =
        &[("serde", Everyone), ("tracing", NotPure), ("axum", Rooms(&["rest"])), ("proptest", Tests)];

    fn message(room: &str, name: &str, tests_only: bool) -> String {
        check_one(room, &Dependency { name: name.to_owned(), tests_only }, SAMPLE).unwrap_or_default()
    }

    #[test]
    fn what_is_at_home_is_good() {
        assert_eq!(message("model", "serde", false), "");
        assert_eq!(message("rest", "tracing", false), "");
        assert_eq!(message("rest", "axum", false), "");
        assert_eq!(message("model", "proptest", true), "");
    }

    #[test]
    fn what_is_elsewhere_is_refused() {
        assert!(message("shard", "axum", false).contains("lives in rest"));
        assert!(message("shard", "axum", true).contains("lives in rest"));
        assert!(message("search", "tracing", false).contains("is pure"));
        assert!(message("rest", "proptest", false).contains("[dev-dependencies]"));
    }

    #[test]
    fn what_is_unknown_is_refused_and_told_where_to_go() {
        let message = message("shard", "left-pad", false);
        assert!(message.contains("`left-pad` has no home") && message.contains(HERE), "{message}");
    }

    #[test]
    fn the_table_names_each_crate_once_and_only_rooms_that_exist() {
        for (index, (name, home)) in HOMES.iter().enumerate() {
            assert!(HOMES[..index].iter().all(|(other, _)| other != name), "{name} twice");
            if let Rooms(rooms) = home {
                for room in *rooms {
                    assert!(super::super::levels::is_room(room), "{name}: no room {room}");
                }
            }
        }
    }
}
