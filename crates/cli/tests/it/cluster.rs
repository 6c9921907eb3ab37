//! Several `shoal serve` that are one cluster: begun, joined, bereft of its leader, stopped and started as a whole.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;

use super::ports::free_addresses;
use super::server::Server;

/// An election, a join, or a departure that takes longer is a failure of the test.
const PATIENCE: Duration = Duration::from_secs(60);

/// A node that hears its peers on `own` and looks for others at `seeds`.
pub(crate) fn node(name: &str, own: &str, seeds: &str, secret: &str) -> Server {
    Server::prepared(&[
        &format!("node.name={name}"),
        &format!("peer.address={own}"),
        &format!("peer.seeds={seeds}"),
        &format!("cluster.secret={secret}"),
    ])
}

/// Starts all at once, in this order, and waits until all are ready.
pub(crate) fn start(servers: &mut [Server]) {
    let before: Vec<usize> = servers.iter_mut().map(Server::launch).collect();
    servers.iter_mut().zip(before).for_each(|(server, before)| server.wait_until_ready(before));
}

/// Three nodes with the same seeds, as one cluster.
fn cluster() -> (Vec<Server>, String) {
    let addresses = free_addresses(3);
    let seeds = addresses.join(",");
    let mut servers: Vec<Server> =
        addresses.iter().zip(["a", "b", "c"]).map(|(own, name)| node(name, own, &seeds, "pearl")).collect();
    start(&mut servers);
    // The tests' machine may have a full disk.
    let settings = json!({"persistent": {"cluster.routing.allocation.disk.threshold_enabled": false}});
    servers[0].ok("PUT", "/_cluster/settings", &settings.to_string());
    (servers, seeds)
}

pub(crate) fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}: not after {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Which of them was elected last.
fn leader(servers: &[Server]) -> usize {
    let elected = |server: &Server| {
        let log = server.log();
        let line = log.lines().rfind(|line| line.contains("is the elected cluster manager"))?;
        let term = line.rsplit_once("(term ")?.1.trim_end_matches(')').parse::<u64>().ok()?;
        Some(term)
    };
    (0..servers.len()).max_by_key(|at| elected(&servers[*at])).expect("some servers")
}

fn count(server: &Server) -> u64 {
    server.ok("POST", "/books/_refresh", "");
    let answer = server.ok("GET", "/books/_count", "");
    assert_eq!(answer["_shards"]["failed"], 0, "{answer}");
    answer["count"].as_u64().expect("a count")
}

#[test]
fn same_seeds_are_one_cluster_that_outlives_its_leader_and_a_stop() {
    let (mut servers, _) = cluster();
    let uuids: Vec<_> = servers.iter().map(|server| server.ok("GET", "/", "")["cluster_uuid"].clone()).collect();
    assert!(uuids.iter().all(|uuid| *uuid == uuids[0]), "{uuids:?}");
    let settings = json!({"settings": {"number_of_shards": 6, "number_of_replicas": 0}});
    servers[1].ok("PUT", "/books", &settings.to_string());
    for n in 0..12 {
        servers[n % 3].ok("PUT", &format!("/books/_doc/{n}"), &json!({"n": n}).to_string());
    }
    for server in &servers {
        assert_eq!(count(server), 12);
    }
    let gone = leader(&servers);
    servers[gone].kill();
    let rest: Vec<usize> = (0..3).filter(|at| *at != gone).collect();
    for at in &rest {
        let name = format!("/after-{at}");
        wait_for("a change without the former leader", || {
            servers[*at].ask("PUT", &name, &json!({"settings": {"number_of_replicas": 0}}).to_string()).0 < 500
        });
        assert_eq!(servers[rest[0]].ask("HEAD", &name, "").0, 200);
    }
    servers[gone].restart();
    assert_eq!(servers[gone].ask("HEAD", "/after-0", "").0, servers[rest[0]].ask("HEAD", "/after-0", "").0);
    wait_for("all documents are back with their node", || {
        let answer = servers[rest[0]].ok("GET", "/books/_count", "");
        answer["count"] == 12 && answer["_shards"]["failed"] == 0
    });
    servers.iter_mut().for_each(Server::kill);
    start(&mut servers);
    for server in &servers {
        wait_for("all shards are back", || server.ok("GET", "/books/_count", "")["_shards"]["failed"] == 0);
        assert_eq!(count(server), 12);
    }
    let again = servers[0].ok("GET", "/", "")["cluster_uuid"].clone();
    assert_eq!(again, uuids[0]);
}

#[test]
fn a_later_node_joins_through_any_seed_and_one_without_the_secret_does_not() {
    let (servers, seeds) = cluster();
    let addresses = free_addresses(2);
    let one_seed = seeds.split(',').next_back().expect("a seed");
    let mut later = node("d", &addresses[0], one_seed, "pearl");
    later.restart();
    let uuid = |server: &Server| server.ok("GET", "/", "")["cluster_uuid"].clone();
    assert_eq!(uuid(&later), uuid(&servers[0]));
    later.ok("PUT", "/late", "");
    assert_eq!(servers[0].ask("HEAD", "/late", "").0, 200);
    let mut stranger = node("x", &addresses[1], &seeds, "stone");
    stranger.launch();
    wait_for("the stranger is told", || stranger.log().contains("secret is missing or wrong"));
    assert!(!stranger.log().contains("is in the cluster"), "{}", stranger.log());
    assert!(!servers.iter().any(|server| server.log().contains("node x has joined")));
}

/// Whatever one node has acknowledged is there for whoever asks another a moment later.
#[test]
fn what_one_node_has_acknowledged_every_other_knows() {
    let (servers, _) = cluster();
    let (at, next) = (|n: usize| &servers[n % 3], |n: usize| &servers[(n + 1) % 3]);
    for n in 0..9 {
        let index = format!("/i{n}");
        at(n).ok("PUT", &index, &json!({"settings": {"number_of_replicas": 0}}).to_string());
        next(n).ok("PUT", &format!("{index}/_mapping"), &json!({"properties": {"a": {"type": "long"}}}).to_string());
        let mapping = at(n).ok("GET", &format!("{index}/_mapping"), "");
        assert_eq!(mapping[&index[1..]]["mappings"]["properties"]["a"]["type"], "long");
        at(n).ok("PUT", &format!("{index}/_doc/1?refresh=true"), &json!({"a": n}).to_string());
        assert_eq!(next(n).ok("GET", &format!("{index}/_doc/1"), "")["_source"]["a"], n);
        next(n).ok("DELETE", &index, "");
        assert_eq!(at(n).ask("GET", &format!("{index}/_doc/1"), "").0, 404);
    }
}

#[test]
fn a_node_that_is_excluded_from_voting_leads_no_more_and_may_be_stopped() {
    let (mut servers, _) = cluster();
    let leads = |server: &Server| {
        let table = server.ok("GET", "/_cat/cluster_manager?h=node&format=json", "");
        table[0]["node"].as_str().unwrap_or_default().to_owned()
    };
    let name = leads(&servers[0]);
    let excluded = ["a", "b", "c"].iter().position(|known| *known == name).expect("one of the three");
    let coordination = |server: &Server| {
        let state = server.ok("GET", "/_cluster/state/metadata,nodes", "");
        let coordination = &state["metadata"]["cluster_coordination"];
        let voters = coordination["last_committed_config"].as_array().into_iter().flatten();
        let named = voters.map(|id| state["nodes"][id.as_str().unwrap_or_default()]["name"].to_string());
        (coordination["term"].as_u64().expect("a term"), named.collect::<BTreeSet<String>>())
    };
    let (term, voters) = coordination(&servers[0]);
    assert_eq!(voters.len(), 3, "{voters:?}");
    let path = format!("/_cluster/voting_config_exclusions?node_names={name}&timeout=60s");
    // Who was asked knows it when it has answered; others may learn it a moment later.
    let asked = (excluded + 1) % 3;
    servers[asked].ok("POST", &path, "");
    let rest: Vec<usize> = (0..3).filter(|at| *at != excluded).collect();
    let next = leads(&servers[asked]);
    assert!(!next.is_empty() && next != name, "{next} leads after {name}");
    let (later, voters) = coordination(&servers[asked]);
    assert!(later > term && !voters.contains(&format!("{name:?}")), "{later} after {term}, {voters:?}");
    servers[excluded].kill();
    for at in &rest {
        servers[*at].ok("PUT", &format!("/after{at}"), &json!({"settings": {"number_of_replicas": 0}}).to_string());
    }
    servers[rest[1]].ok("DELETE", "/_cluster/voting_config_exclusions", "");
}

#[test]
fn who_does_not_speak_the_protocol_gets_nothing() {
    let address = free_addresses(1).remove(0);
    let mut server = node("a", &address, &address, "pearl");
    server.restart();
    for said in [&b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"[..], b"\0\0\0\0", &[0xff; 4096]] {
        let mut stream = TcpStream::connect(&address).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_millis(200))).expect("a timeout");
        stream.write_all(said).expect("a stream to write to");
        let mut heard = Vec::new();
        // The end of the stream, its reset, or silence.
        let _ = stream.read_to_end(&mut heard);
        let text = String::from_utf8_lossy(&heard);
        assert!(!text.contains("shoal") && heard.len() < 200, "{text}");
    }
    server.ok("PUT", "/still-here", "");
    assert_eq!(server.complaints(), Vec::<String>::new());
}
