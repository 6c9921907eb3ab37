//! Replays the recorded scenarios of `tests/compat` and compares each answer with what OpenSearch gave.
//!
//! In: a script `NAME.console`, the record beside it, the address of a server. Out: the [`Difference`]s. What counts as equal is
//! `compare`'s to say, how a script is written `parse`'s. Not here: the starting of servers.

mod client;
mod compare;
mod parse;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use compare::{Answer, differences};
use parse::{Record, Request};

use crate::nodes::Nodes;
use crate::server::Server;

/// One request that a server answers otherwise than OpenSearch did.
#[derive(Debug)]
pub(crate) struct Difference {
    /// The script's file name.
    pub(crate) script: String,
    /// The line of the script on which the request's block begins.
    pub(crate) line: usize,
    /// `METHOD target`.
    pub(crate) request: String,
    /// What differs: a path into the body, the recorded value, the value that was answered.
    pub(crate) found: Vec<String>,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}:{}: {}", self.script, self.line, self.request)?;
        for found in self.found.iter().take(8) {
            write!(out, "\n    {found}")?;
        }
        if self.found.len() > 8 {
            write!(out, "\n    and {} more", self.found.len() - 8)?;
        }
        Ok(())
    }
}

/// Sends every request of the script at `path` to the server at `url` (`http://host:port`), in order, and compares its answers with
/// the record beside the script.
///
/// # Errors
/// A script or record that cannot be read, a record that belongs to another state of the script, a server that does not answer.
pub(crate) fn replay(path: &Path, url: &str) -> Result<Vec<Difference>, String> {
    let (mut out, mut kept) = (Vec::new(), parse::Kept::default());
    for (request, record) in recorded(path)? {
        let answer = client::ask(url, &kept.filled(&request))
            .map_err(|error| format!("{}:{}: {}: {error}", path.display(), request.line, request.label()))?;
        kept.keep(&request, &answer);
        out.extend(difference(path, &request, &record.answer, &answer));
    }
    Ok(out)
}

/// Every script of the folder of scenarios, by name.
pub(crate) fn scripts() -> Vec<PathBuf> {
    scripts_of("tests/compat")
}

/// Every script there is, those of what is not built yet too.
fn all_scripts() -> Vec<PathBuf> {
    [scripts(), scripts_of("tests/compat/pending")].concat()
}

fn scripts_of(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = std::fs::read_dir(&folder).expect("the folder of scenarios is part of the repository");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "console"));
    paths.sort();
    paths
}

fn recorded(path: &Path) -> Result<Vec<(Request, Record)>, String> {
    let requests = parse::script(path)?;
    let records = parse::records(path)?;
    if requests.len() != records.len() {
        let counts = format!("{} requests, {} answers", requests.len(), records.len());
        return Err(format!("{}: {counts}: record it again", path.display()));
    }
    let pairs: Vec<_> = requests.into_iter().zip(records).collect();
    match pairs.iter().find(|(request, record)| request.label() != record.request) {
        Some((request, record)) => Err(format!(
            "{}:{}: the record answers `{}`: record it again",
            path.display(),
            request.line,
            record.request
        )),
        None => Ok(pairs),
    }
}

fn difference(path: &Path, request: &Request, recorded: &Answer, answered: &Answer) -> Option<Difference> {
    let found = differences(recorded, answered, &request.directives);
    (!found.is_empty()).then(|| Difference { script: name(path), line: request.line, request: request.label(), found })
}

fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// `known.txt` beside the scripts: `SCRIPT:LINE why`, a line each request that is answered otherwise.
fn known() -> BTreeMap<String, String> {
    let text = include_str!("../compat/known.txt");
    let rows = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    rows.filter_map(|line| line.split_once(' ')).map(|(place, why)| (place.to_owned(), why.to_owned())).collect()
}

#[test]
fn a_node_answers_as_recorded_but_for_what_is_known() {
    let server = Server::start();
    let known = known();
    let mut unknown = Vec::new();
    let mut met = BTreeSet::new();
    for path in scripts() {
        for difference in replay(&path, &server.url()).expect("a node that answers") {
            let place = format!("{}:{}", difference.script, difference.line);
            if known.contains_key(&place) {
                met.insert(place);
            } else {
                unknown.push(difference.to_string());
            }
        }
    }
    let vanished: Vec<&String> = known.keys().filter(|place| !met.contains(*place)).collect();
    assert!(
        unknown.is_empty(),
        "{} answers differ that known.txt does not name:\n{}",
        unknown.len(),
        unknown.join("\n")
    );
    assert!(vanished.is_empty(), "these answers are as recorded now; take them out of known.txt: {vanished:?}");
}

/// By hand, against any server: `SHOAL_URL=http://127.0.0.1:9200 cargo test -p cli --test it compat -- --nocapture`. With
/// `SHOAL_SCRIPTS=aggs_terms` only the scripts whose names begin so, pending ones too.
#[test]
fn a_server_named_by_hand_answers_as_recorded() {
    let Ok(url) = std::env::var("SHOAL_URL") else {
        eprintln!("skipped: SHOAL_URL names no server");
        return;
    };
    let chosen = match std::env::var("SHOAL_SCRIPTS") {
        Ok(begin) => all_scripts().into_iter().filter(|path| name(path).starts_with(&begin)).collect(),
        Err(_) => scripts(),
    };
    let (mut count, mut different) = (0, 0);
    for path in chosen {
        count += recorded(&path).expect("a record that fits its script").len();
        for difference in replay(&path, &url).expect("a server that answers") {
            different += 1;
            println!("{difference}");
        }
    }
    assert_eq!(different, 0, "requests of {count} that are answered otherwise than recorded");
}

#[test]
fn every_script_has_its_record_and_equals_itself() {
    let mut count = 0;
    for path in all_scripts() {
        for (request, record) in recorded(&path).expect("a record that fits its script") {
            let found = difference(&path, &request, &record.answer, &record.answer);
            assert!(found.is_none(), "{}", found.expect("a difference"));
            count += 1;
        }
    }
    assert!(count >= 400, "{count} requests are recorded");
}

#[test]
fn every_script_ends_by_deleting_its_indexes() {
    for path in all_scripts() {
        let requests = parse::script(&path).expect("a script");
        let last = requests.last().expect("a request");
        let makes_none = ["analyze.console", "ingest_values.console"].iter().any(|name| path.ends_with(name));
        assert!(last.method == "DELETE" || makes_none, "{}: {}", path.display(), last.label());
    }
}

/// What a node with the shards answers, one without them answers, too: everything but what tells how many nodes there are and which shards they hold.
#[test]
fn a_node_that_holds_no_shard_answers_as_recorded() {
    let nodes = Nodes::start(3);
    // Replicas stay unassigned, as on the one node that was asked for the record; the tests' machine may have a full disk.
    let alone = r#"{"persistent":{"cluster.routing.allocation.enable":"primaries",
        "cluster.routing.allocation.disk.threshold_enabled":false}}"#;
    nodes.coordinator.ok("PUT", "/_cluster/settings", alone);
    let known = known();
    let others = ["allocation", "cat", "cluster", "stats"];
    let mut unknown = Vec::new();
    for path in scripts().into_iter().filter(|path| !others.iter().any(|begin| name(path).starts_with(begin))) {
        let differences = replay(&path, &nodes.coordinator.url()).expect("a node that answers");
        let fresh = differences.iter().filter(|one| !known.contains_key(&format!("{}:{}", one.script, one.line)));
        unknown.extend(fresh.map(ToString::to_string));
    }
    assert!(unknown.is_empty(), "{} answers differ over nodes:\n{}", unknown.len(), unknown.join("\n"));
}
