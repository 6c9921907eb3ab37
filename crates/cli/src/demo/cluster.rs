//! `shoal demo --nodes N`: a cluster of processes with the voyages spread over it; one of them is killed, and what the answers say is shown.

use std::io::Write;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::folder::Folder;
use super::processes::Processes;
use super::{show, voyages};
use crate::client::{Body, Client, reason};
use crate::failure::Failure;
use crate::print::{self, Style};
use crate::{serve, stop};

/// What the cluster may take to notice a node that is gone or back.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);
const INDEX: &str = voyages::INDEX;

/// # Errors
/// Why a node cannot start, or an answer is not what it should be.
pub(super) fn demo(nodes: usize, http: SocketAddr, exit: bool) -> Result<(), Failure> {
    let folder = Folder::create()?;
    let mut out = std::io::stdout().lock();
    let begun = Instant::now();
    let mut processes = Processes::start(folder.path(), nodes, http)?;
    say(&mut out, &format!("{nodes} processes are one cluster after {}", print::time(begun.elapsed())))?;
    act(&mut processes, nodes, &mut out)?;
    if exit {
        return Ok(());
    }
    let url = processes.client(0).url();
    say(
        &mut out,
        &format!(
            "\nThe nodes answer until Ctrl-C, the first on {url}; their folder goes with them. Try:\n\n  \
             curl '{url}/_cat/nodes?v'\n  curl '{url}/_cat/shards?v'\n  curl '{url}/{INDEX}/_search?q=log:storm&pretty'"
        ),
    )?;
    drop(out);
    let runtime = serve::runtime()?;
    let until_signal = async {
        stop::at_signal()?.await;
        Ok(())
    };
    runtime.block_on(until_signal).map_err(Failure::Node)
}

/// The play, from the first document to the killed node's return.
fn act(processes: &mut Processes, nodes: usize, out: &mut dyn Write) -> Result<(), Failure> {
    let style = Style::of_output();
    let mut index = voyages::index();
    // One copy each: what its node takes along is missing until it is back.
    index["settings"]["number_of_shards"] = json!(nodes);
    index["settings"]["number_of_replicas"] = json!(0);
    index["settings"]["index.routing.allocation.total_shards_per_node"] = json!(1);
    show::load(processes.client(0), &index, out)?;
    for (told, path) in [
        (
            "Who is in the cluster, and who leads it (*)",
            "/_cat/nodes?h=name,node.role,cluster_manager&s=name".to_owned(),
        ),
        ("Where the shards are", format!("/_cat/shards/{INDEX}?h=index,shard,state,docs,node&s=shard")),
    ] {
        say(out, &format!("\n{}\n{}", style.bold(told), style.dim(&format!("GET {path}"))))?;
        say(out, text(processes.client(0), &path)?.trim_end())?;
    }
    say(out, &format!("\n{}", style.bold("Any node answers for all of them")))?;
    for at in 0..nodes {
        let told = search(processes.client(at))?;
        say(out, &format!("  asked of {}: {told}", processes.name(at)))?;
    }
    let leads = processes.client(0).ask("GET", "/_cat/cluster_manager?h=node&format=json", &Value::Null)?;
    let gone = processes.last_but(leads[0]["node"].as_str().unwrap_or_default());
    lose(processes, gone, out, style)?;
    regain(processes, gone, out, style)
}

/// A node is killed: what is missing is said to be.
fn lose(processes: &mut Processes, gone: usize, out: &mut dyn Write, style: Style) -> Result<(), Failure> {
    let name = processes.name(gone).to_owned();
    processes.kill(gone)?;
    let killed = Instant::now();
    say(out, &format!("\n{}", style.bold(&format!("{name} is killed (SIGKILL)"))))?;
    let client = processes.client(0);
    say(out, &format!("  the same search at once: {}", search(client)?))?;
    let whole = client.post(&format!("/{INDEX}/_search?allow_partial_search_results=false"), Body::Json, b"{}")?;
    say(out, &format!("  all or nothing: {} {}", whole.status, reason(&whole.text)))?;
    until(client, "red", killed)?;
    say(out, &format!("  health is red {} after the kill; the cluster goes on:", print::time(killed.elapsed())))?;
    say(out, &format!("  {}", search(client)?))
}

/// It comes back with its data.
fn regain(processes: &mut Processes, gone: usize, out: &mut dyn Write, style: Style) -> Result<(), Failure> {
    let (name, begun) = (processes.name(gone).to_owned(), Instant::now());
    processes.restart(gone)?;
    until(processes.client(0), "green", begun)?;
    say(out, &format!("\n{}", style.bold(&format!("{name} is started again"))))?;
    say(out, &format!("  green after {}: {}", print::time(begun.elapsed()), search(processes.client(gone))?))
}

/// How many voyages are found, and which shards have not answered.
fn search(client: &Client) -> Result<String, Failure> {
    let body = json!({"size": 0, "track_total_hits": true});
    let answer = client.ask("POST", &format!("/{INDEX}/_search"), &body)?;
    let shards = &answer["_shards"];
    let found = answer["hits"]["total"]["value"].as_u64().unwrap_or(0);
    let mut told = format!(
        "{} voyages from {} of {} shards in {} ms",
        print::count(found),
        shards["successful"],
        shards["total"],
        answer["took"]
    );
    if let Some(failure) = shards["failures"].get(0) {
        told += &format!("; {} failed: {}", shards["failed"], failure["reason"]["reason"].as_str().unwrap_or("?"));
    }
    Ok(told)
}

fn until(client: &Client, status: &str, begun: Instant) -> Result<(), Failure> {
    while client.ask("GET", "/_cluster/health", &Value::Null)?["status"] != status {
        if begun.elapsed() > PATIENCE {
            let reason = format!("the cluster is not {status} after {}", print::time(begun.elapsed()));
            return Err(Failure::Answer { url: client.url().to_owned(), reason });
        }
        std::thread::sleep(PAUSE);
    }
    Ok(())
}

fn text(client: &Client, path: &str) -> Result<String, Failure> {
    let answer = client.get(path)?;
    if answer.status == 200 {
        return Ok(answer.text);
    }
    Err(Failure::Refused { url: client.url().to_owned(), status: answer.status, reason: reason(&answer.text) })
}

fn say(out: &mut dyn Write, line: &str) -> Result<(), Failure> {
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(Failure::Output)
}
