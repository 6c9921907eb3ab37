//! Who may import whom: only downward.
//!
//! [`ROOMS`] is the map of the house. A crate imports only what its line names, and a line names only crates of a lower
//! level, with [`SIDEWAYS`] as the exceptions. Tests may use any crate of a lower level.

use super::Finding;
use crate::workspace::{Dependency, Package, Workspace};

const RULE: &str = "levels";
const HERE: &str = "crates/xtask/src/tidy/levels.rs";

/// One crate and its place.
pub(crate) struct Room {
    name: &'static str,
    level: u8,
    imports: &'static [&'static str],
}

const fn room(name: &'static str, level: u8, imports: &'static [&'static str]) -> Room {
    Room { name, level, imports }
}

/// Every crate of the workspace.
pub(crate) const ROOMS: &[Room] = &[
    room("base2histogram", 0, &[]),
    room("model", 0, &[]),
    room("wal", 0, &[]),
    room("vector", 0, &[]),
    room("analysis", 0, &[]),
    room("script", 0, &["model"]),
    room("ingest", 1, &["model", "script"]),
    room("cluster", 1, &["model"]),
    room("replication", 1, &["model"]),
    room("search", 1, &["model", "analysis", "script", "cluster"]),
    room("sim", 2, &["model", "cluster"]),
    room("shard", 2, &["model", "wal", "vector", "analysis", "script", "search"]),
    room("rest", 3, &["model", "script"]),
    room("resp", 3, &["model"]),
    room("grpc", 3, &["model", "cluster", "search"]),
    room(
        "node",
        4,
        &["model", "wal", "analysis", "ingest", "cluster", "replication", "search", "shard", "rest", "resp", "grpc"],
    ),
    room("cli", 5, &["model", "node"]),
    room("xtask", 6, &[]),
];

/// Imports within one level: the coordinator's thinking reads the metadata; a script's mistake is an error of the model.
#[cfg(test)]
const SIDEWAYS: &[(&str, &str)] = &[("search", "cluster"), ("script", "model")];

/// Every crate stands in `rooms`, in a folder of its name, and imports what its line admits.
pub(crate) fn check(workspace: &Workspace, rooms: &[Room]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in &workspace.packages {
        let path = format!("{}/Cargo.toml", package.folder);
        for message in check_package(package, workspace, rooms) {
            findings.push(Finding { path: path.clone(), line: 0, rule: RULE, message });
        }
    }
    for room in rooms.iter().filter(|room| !workspace.contains(room.name)) {
        let message = format!("ROOMS names `{}`, which is no crate: remove the line", room.name);
        findings.push(Finding { path: HERE.to_owned(), line: 0, rule: RULE, message });
    }
    findings
}

fn check_package(package: &Package, workspace: &Workspace, rooms: &[Room]) -> Vec<String> {
    let mut messages = Vec::new();
    if package.folder != format!("crates/{}", package.name) {
        messages.push(format!("the crate `{}` belongs in `crates/{}`", package.name, package.name));
    }
    let Some(own) = find(rooms, &package.name) else {
        messages.push(format!("the crate `{}` has no level: add it to ROOMS in {HERE}", package.name));
        return messages;
    };
    for dependency in package.dependencies.iter().filter(|d| workspace.contains(&d.name)) {
        messages.extend(check_import(own, dependency, rooms));
    }
    messages
}

fn check_import(own: &Room, dependency: &Dependency, rooms: &[Room]) -> Option<String> {
    let name = dependency.name.as_str();
    let other = find(rooms, name)?;
    if own.imports.contains(&name) || (dependency.tests_only && other.level < own.level) {
        return None;
    }
    let (from, to) = (own.level, other.level);
    if to >= from {
        return Some(format!("`{}` (level {from}) imports `{name}` (level {to}): imports go only downward", own.name));
    }
    let admitted = if own.imports.is_empty() { "no other crate".to_owned() } else { own.imports.join(", ") };
    Some(format!("`{}` imports `{name}`, but may import only: {admitted} (ROOMS in {HERE})", own.name))
}

fn find<'a>(rooms: &'a [Room], name: &str) -> Option<&'a Room> {
    rooms.iter().find(|room| room.name == name)
}

/// Whether the map has this crate.
#[cfg(test)]
pub(crate) fn is_room(name: &str) -> bool {
    find(ROOMS, name).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &[Room] = &[room("model", 0, &[]), room("wal", 0, &[]), room("rest", 3, &["model"])];

    fn package(name: &str, dependencies: &[(&str, bool)]) -> Package {
        let dependencies = dependencies
            .iter()
            .map(|(name, tests_only)| Dependency { name: (*name).to_owned(), tests_only: *tests_only });
        Package {
            name: name.to_owned(),
            folder: format!("crates/{name}"),
            dependencies: dependencies.collect(),
            examples: Vec::new(),
        }
    }

    fn messages(packages: Vec<Package>) -> Vec<String> {
        let workspace = Workspace { packages, ..Workspace::default() };
        check(&workspace, SAMPLE).into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn downward_and_admitted_is_good() {
        let rest = package("rest", &[("model", false), ("axum", false), ("wal", true)]);
        assert!(messages(vec![package("model", &[]), package("wal", &[]), rest]).is_empty());
    }

    #[test]
    fn upward_is_refused_for_tests_too() {
        for tests_only in [false, true] {
            let model = package("model", &[("rest", tests_only)]);
            let found = messages(vec![model, package("wal", &[]), package("rest", &[])]);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].contains("`model` (level 0) imports `rest` (level 3)"), "{found:?}");
        }
    }

    #[test]
    fn downward_but_not_admitted_is_refused() {
        let rest = package("rest", &[("wal", false)]);
        let found = messages(vec![package("model", &[]), package("wal", &[]), rest]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("may import only: model"), "{found:?}");
    }

    #[test]
    fn crates_and_table_name_each_other() {
        let stray = package("stray", &[]);
        let mut moved = package("model", &[]);
        moved.folder = "lib/model".to_owned();
        let found = messages(vec![moved, stray, package("rest", &[])]);
        assert!(found.iter().any(|m| m.contains("`stray` has no level")), "{found:?}");
        assert!(found.iter().any(|m| m.contains("belongs in `crates/model`")), "{found:?}");
        assert!(found.iter().any(|m| m.contains("`wal`, which is no crate")), "{found:?}");
        assert_eq!(found.len(), 3, "{found:?}");
    }

    #[test]
    fn the_table_itself_goes_only_downward() {
        for own in ROOMS {
            for name in own.imports {
                let other = find(ROOMS, name).unwrap();
                assert!(other.level < own.level || SIDEWAYS.contains(&(own.name, name)), "{} -> {name}", own.name);
            }
        }
    }
}
