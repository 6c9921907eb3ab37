//! Four nodes as real processes: what it costs that shards lie on several of them.
//!
//! `cargo xtask bench cluster -- [--binary FILE] [--documents N] [--more N] [--seconds N] [--opensearch URL]`, after `cargo build --release`. Processor
//! time is that of all processes of a cluster, less what idle ones take; it can be compared on a machine with other work, times of answers cannot.
//! With `--opensearch` the address of one of three nodes that hold nothing: the same documents and searches go there, too.
//!
//! The aims: of a `match` at 4 connections over 100,000 documents the 99th of 100 answers takes < 10 ms; one question to a node and phase; at most
//! 0.1 ms of processor time for each node asked; over a million documents at most 1.15 times the processor time of one node with the same shards,
//! of aggregations 1.05 times; a bulk through a node that holds nothing at most 1.3 times a direct one; at most 0.33 times OpenSearch.

mod corpus;
mod load;
mod processes;
mod server;

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Parser;
use serde_json::{Value, json};

use load::{Site, in_turns};
use processes::{Processes, on};
use server::Server;

type Outcome<T> = Result<T, Box<dyn Error>>;
/// Makes the search of a number.
type Body = fn(u64) -> Value;

const NODES: usize = 4;
const SHARDS: u32 = 8;
/// Those that a search asks besides the one that it came to.
const OTHERS: f64 = NODES as f64 - 1.0;
/// Rounds of each bulk, in turns.
const ROUNDS: usize = 3;
/// Measurements at most until one counts beside what compiles while it runs.
const WARM_ROUNDS: usize = 10;

#[derive(Parser)]
struct Arguments {
    /// The program; by default the one that `cargo build --release` makes.
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Documents of the smaller indexes.
    #[arg(long, default_value_t = 100_000)]
    documents: u64,
    /// Documents of the larger ones.
    #[arg(long, default_value_t = 1_000_000)]
    more: u64,
    /// How long each measurement takes at each place.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// A node of a cluster of three, for comparison.
    #[arg(long)]
    opensearch: Option<String>,
}

fn main() -> Outcome<()> {
    let arguments = Arguments::parse();
    let binary = match &arguments.binary {
        Some(binary) => binary.clone(),
        None => built()?,
    };
    let folder = std::env::temp_dir().join(format!("shoal-cluster-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let done = run(&arguments, &binary, &folder);
    std::fs::remove_dir_all(&folder)?;
    done
}

/// The program beside the folder of examples that this one is in.
fn built() -> Outcome<PathBuf> {
    let own = std::env::current_exe()?;
    let folder = own.parent().and_then(Path::parent).ok_or("this program is nowhere")?;
    let binary = folder.join("shoal");
    match binary.exists() {
        true => Ok(binary),
        false => Err(format!("{} is not there: cargo build --release, or --binary FILE", binary.display()).into()),
    }
}

fn run(arguments: &Arguments, binary: &Path, folder: &Path) -> Outcome<()> {
    let nodes = Processes::start(binary, folder, NODES)?;
    let all_settings = json!({"persistent": {"cluster.routing.allocation.disk.threshold_enabled": false}});
    nodes.door().ask("PUT", "/_cluster/settings", &all_settings)?;
    let site = Site::new(nodes.door().clone(), nodes.ids())?;
    println!("{NODES} idle nodes: {:.1} % of a core", site.idle * 100.0);
    let time = Duration::from_secs(arguments.seconds);
    spread_and_together(&site, "", arguments.documents)?;
    times(&site, time)?;
    questions(&site)?;
    let used = in_turns(&[(&site, "spread"), (&site, "together")], corpus::matches, time)?;
    println!(
        "match over {} documents: {:.3} ms of processor time spread, {:.3} together: {:.3} ms a node asked (aim: 0.1)",
        arguments.documents,
        used[0],
        used[1],
        (used[0] - used[1]) / OTHERS
    );
    bulks(&nodes, &site, arguments.documents)?;
    if let Some(url) = &arguments.opensearch {
        beside(&site, &Server::new(url), arguments.documents, time)?;
    }
    ratios(&site, arguments.more, time)
}

/// Two indexes of the same documents, one with two shards on each node, one with all on the first.
fn spread_and_together(site: &Site, suffix: &str, documents: u64) -> Outcome<()> {
    for (name, names, each) in [("spread", "n0,n1,n2,n3", SHARDS / NODES as u32), ("together", "n0", SHARDS)] {
        let index = format!("{name}{suffix}");
        site.server.create(&index, SHARDS, &on(names, each))?;
        site.fill(&index, documents)?;
        site.finish(&index)?;
    }
    site.settle()
}

fn times(site: &Site, time: Duration) -> Outcome<()> {
    let begun = std::time::Instant::now();
    let (mut taken, mut from) = (Vec::new(), 0);
    while begun.elapsed() < time {
        taken.extend(site.search("spread", corpus::matches, from..from + 1_000)?);
        from += 1_000;
    }
    taken.sort_unstable();
    let at = |share: f64| taken[(taken.len() as f64 * share) as usize].as_secs_f64() * 1e3;
    let (each, count) = (taken.len() as f64 / begun.elapsed().as_secs_f64(), load::CONNECTIONS);
    println!(
        "match at {count} connections: median {:.2} ms, p99 {:.2} ms (aim: 10), {each:.0} a second",
        at(0.5),
        at(0.99)
    );
    Ok(())
}

/// Counts what the asked node asks others during searches.
fn questions(site: &Site) -> Outcome<()> {
    const SEARCHES: u64 = 400;
    let before = asked(&site.server)?;
    site.search("spread", corpus::matches, 0..SEARCHES)?;
    for (kind, count) in asked(&site.server)? {
        let each = (count - before.get(&kind).copied().unwrap_or(0.0)) / SEARCHES as f64 / OTHERS;
        if each > 0.0 {
            println!(
                "questions of kind {kind}: {each:.2} a search and other node (aim: 1), which holds {} shards",
                SHARDS / NODES as u32
            );
        }
    }
    Ok(())
}

/// Questions of searches that a node has asked, by kind.
fn asked(server: &Server) -> Outcome<BTreeMap<String, f64>> {
    let mut counts = BTreeMap::new();
    for line in server.send("GET", "/_prometheus/metrics", b"")?.lines() {
        let Some(labels) = line.strip_prefix("shoal_peer_questions_total{class=\"search\",kind=\"") else { continue };
        let kind = labels.split('"').next().unwrap_or_default();
        let count: f64 = line.rsplit(' ').next().unwrap_or_default().parse()?;
        *counts.entry(kind.to_owned()).or_default() += count;
    }
    Ok(counts)
}

/// Writes to shards of the first node directly, and through another.
fn bulks(nodes: &Processes, site: &Site, documents: u64) -> Outcome<()> {
    let doors = [site.clone(), site.through(&nodes.servers[1])];
    let mut used = [0.0; 2];
    for round in 0..=ROUNDS {
        for (door, used) in doors.iter().zip(&mut used) {
            site.server.create("bulk", SHARDS, &on("n0", SHARDS))?;
            site.settle()?;
            let write = || {
                door.fill("bulk", documents)?;
                site.finish("bulk")?;
                site.settle()
            };
            let ((), _, spent) = site.spend(write)?;
            // The first round warms up.
            *used += if round > 0 { spent } else { 0.0 };
            site.server.ask("DELETE", "/bulk", &json!({}))?;
        }
    }
    let each = |used: f64| used * 1e6 / (documents * ROUNDS as u64) as f64;
    let (direct, through) = (each(used[0]), each(used[1]));
    println!(
        "bulk: {direct:.1} µs of processor time a document directly, {through:.1} through another node: {:.2}x (aim: 1.3)",
        through / direct
    );
    Ok(())
}

/// Three nodes of ours and three of OpenSearch's, the same shards, documents and searches.
fn beside(site: &Site, other: &Server, documents: u64, time: Duration) -> Outcome<()> {
    let free = json!({"persistent": {"cluster.routing.allocation.disk.threshold_enabled": false}});
    other.ask("PUT", "/_cluster/settings", &free)?;
    let other = Site::new(other.clone(), other.processes()?)?;
    let each = SHARDS.div_ceil(other.processes.len() as u32);
    other.server.create("bench-cluster", SHARDS, &json!({"index.routing.allocation.total_shards_per_node": each}))?;
    site.server.create("bench-cluster", SHARDS, &on("n0,n1,n2", each))?;
    for site in [site, &other] {
        site.fill("bench-cluster", documents)?;
        site.finish("bench-cluster")?;
        site.settle()?;
    }
    let kinds: [(&str, Body); 2] = [("match", corpus::matches), ("aggregation", corpus::groups)];
    for (name, body) in kinds {
        let used = warm(&[(site, "bench-cluster"), (&other, "bench-cluster")], body, time)?;
        println!(
            "{name} over {} nodes: {:.3} ms of processor time, OpenSearch {:.3}: {:.2}x (aim: 0.33)",
            other.processes.len(),
            used[0],
            used[1],
            used[0] / used[1]
        );
    }
    other.server.ask("DELETE", "/bench-cluster", &json!({}))?;
    site.server.ask("DELETE", "/bench-cluster", &json!({})).map(drop)
}

/// As [`in_turns`], again and again until the second place gets no better: it compiles while it runs.
fn warm(places: &[(&Site, &str)], body: Body, time: Duration) -> Outcome<Vec<f64>> {
    let mut before = in_turns(places, body, time)?;
    for _ in 0..WARM_ROUNDS {
        let used = in_turns(places, body, time)?;
        if used[1] > before[1] * 0.9 {
            return Ok(used);
        }
        before = used;
    }
    Ok(before)
}

/// Four nodes beside one with the same shards, when there is more to do.
fn ratios(site: &Site, documents: u64, time: Duration) -> Outcome<()> {
    spread_and_together(site, "-more", documents)?;
    let kinds: [(&str, Body, f64); 2] = [("match", corpus::matches, 1.15), ("aggregation", corpus::groups, 1.05)];
    for (name, body, aim) in kinds {
        let used = in_turns(&[(site, "spread-more"), (site, "together-more")], body, time)?;
        println!(
            "{name} over {documents} documents: {:.3} ms of processor time spread, {:.3} together: {:.2}x (aim: {aim})",
            used[0],
            used[1],
            used[0] / used[1]
        );
    }
    Ok(())
}
