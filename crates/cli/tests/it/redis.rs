//! The Redis dialect as its clients meet it: recorded scenarios replayed, and what a connection may and may not do.
//!
//! `tests/redis/NAME.redis` holds a command a line, the record beside it what a real Redis with its search and JSON modules answered.

mod client;
mod cluster;
mod connections;
mod diagnostics;
mod fields;
mod ours;
mod python;
mod script;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::server::Server;
use client::Client;

/// A node that answers Redis clients on a port of the system's choice.
pub(crate) fn start(settings: &[&str]) -> Server {
    let mut all = vec!["resp.address=127.0.0.1:0"];
    all.extend_from_slice(settings);
    Server::start_with(&all)
}

/// Every script of the folder of scenarios, by name.
fn scripts() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/redis");
    let entries = std::fs::read_dir(&folder).expect("the folder of scenarios");
    let paths = entries.map(|entry| entry.expect("an entry of it").path());
    let mut found: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|end| end == "redis")).collect();
    found.sort();
    found
}

/// `known.txt` beside the scripts: `SCRIPT:LINE why`.
fn known() -> BTreeMap<String, String> {
    let text = include_str!("../redis/known.txt");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (place, why) = line.split_once(' ').expect("a place and a reason");
            (place.to_owned(), why.to_owned())
        })
        .collect()
}

#[test]
fn redis_clients_are_answered_as_recorded_but_for_what_is_known() {
    let server = start(&[]);
    let known = known();
    let Replayed { met, unknown, count } = replay(&known, |_| Some(Client::connect(&server)));
    assert!(count > 400, "only {count} commands were replayed");
    assert!(
        unknown.is_empty(),
        "{} answers differ that known.txt does not name:\n{}",
        unknown.len(),
        unknown.join("\n")
    );
    let vanished: Vec<&String> = known.keys().filter(|place| !met.contains(*place)).collect();
    assert!(vanished.is_empty(), "these answers are as recorded now; take them out of known.txt: {vanished:?}");
    assert_eq!(server.complaints(), Vec::<String>::new());
}

/// Whether a command has the keys that are there written into an index in the background.
fn is_scanned(words: &[Vec<u8>]) -> bool {
    words.len() > 1 && [b"FT.CREATE".as_slice(), b"FT.ALTER"].iter().any(|name| words[0].eq_ignore_ascii_case(name))
}

/// Waits until an index has all keys that were there before it.
fn scanned(client: &mut Client, index: &[u8]) {
    let words = [b"FT.INFO".to_vec(), index.to_vec()];
    let deadline = Instant::now() + client::PATIENCE;
    loop {
        let said = client.ask(&words);
        let flat = |pairs: &Vec<Value>| pairs.chunks(2).map(<[Value]>::to_vec).collect::<Vec<_>>();
        let pairs = match &said {
            Value::Array(pairs) => flat(pairs),
            map => map["map"].as_array().into_iter().flatten().filter_map(|pair| pair.as_array().cloned()).collect(),
        };
        let indexing = pairs.iter().find(|pair| pair[0] == "indexing").unwrap_or_else(|| panic!("{said}"));
        if indexing[1].to_string().trim_matches('"') == "0" {
            return;
        }
        assert!(Instant::now() < deadline, "keys are scanned for ever: {said}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Whether a time that is left is shorter by no more than a slow machine takes.
fn has_run(recorded: &Value, answer: &Value) -> bool {
    let (Some(recorded), Some(answer)) = (recorded.as_i64(), answer.as_i64()) else { return false };
    answer > 0 && (0..60).contains(&(recorded - answer))
}

/// What came of all scripts.
struct Replayed {
    /// Places that differ.
    met: BTreeSet<String>,
    /// Those of them that are not known, as a person reads them.
    unknown: Vec<String>,
    count: usize,
}

/// Replays every script through the client that there is for its name; `None`: passes it over.
fn replay(known: &BTreeMap<String, String>, mut client: impl FnMut(&str) -> Option<Client>) -> Replayed {
    let (mut met, mut unknown, mut count) = (BTreeSet::new(), Vec::new(), 0);
    for path in scripts() {
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name of letters").to_owned();
        let Some(mut client) = client(&name) else { continue };
        for (request, recorded) in script::recorded(&path) {
            let answer = client.ask(&request.words);
            count += 1;
            if answer == "OK" && is_scanned(&request.words) {
                scanned(&mut client, &request.words[1]);
            }
            let is_same = script::same(&recorded, &answer, request.unordered)
                || request.words[0].eq_ignore_ascii_case(b"TTL") && has_run(&recorded, &answer);
            if request.skip || is_same {
                continue;
            }
            let place = format!("{name}:{}", request.line);
            if !known.contains_key(&place) {
                unknown.push(format!("{place}: {}\n    {recorded}\n    {answer}", request.label));
            }
            met.insert(place);
        }
    }
    Replayed { met, unknown, count }
}
