//! Three processes with a replica of every shard, asked in Redis' words: they answer as one does, and whoever is killed takes nothing away.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use resp::frame::parse::{self, Parsed, Unread};

use super::client::{self, Client};
use super::{known, replay};
use crate::nodes::{PATIENCE, Peers, until};

/// Indexes of several shards, so that every answer is merged.
const SETTINGS: [&str; 2] = ["resp.address=127.0.0.1:0", "resp.index_shards=2"];

#[test]
fn redis_scenarios_are_answered_by_three_nodes_as_by_one() {
    let peers = Peers::start_with(&SETTINGS);
    let known = known();
    let mut at = 0;
    // Those that say most with the fewest indexes: making one takes three processes a while.
    let replayed = replay(&known, |name| {
        at += 1;
        matches!(name, "ft_search.redis" | "ft_format.redis" | "ft_explain.redis" | "hashes.redis")
            .then(|| Client::connect(&peers.servers[at % 3]))
    });
    assert!(replayed.count > 300, "only {} commands were replayed", replayed.count);
    let unknown = replayed.unknown;
    assert!(unknown.is_empty(), "{} answers differ from those of one node:\n{}", unknown.len(), unknown.join("\n"));
}

/// One command over a connection of its own; `None`: the node is not there.
fn once(address: &str, line: &str) -> Option<Parsed> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
    stream.write_all(format!("{line}\r\n").as_bytes()).ok()?;
    let mut read = Vec::new();
    let mut chunk = [0; 16 << 10];
    loop {
        match parse::reply(&read) {
            Ok((parsed, _)) => return Some(parsed),
            Err(Unread::Malformed) => panic!("no reply: {:?}", String::from_utf8_lossy(&read)),
            Err(Unread::Incomplete) => match stream.read(&mut chunk) {
                Ok(0) | Err(_) => return None,
                Ok(count) => read.extend_from_slice(&chunk[..count]),
            },
        }
    }
}

/// Whether it is an error that says that the cluster is not whole, or that time was short.
fn is_stated(error: &str) -> bool {
    ["CLUSTERDOWN ", "TRYAGAIN ", "TIMEOUT "].iter().any(|prefix| error.starts_with(prefix))
}

/// Searches in turns until it is told to stop: every answer is whole, or an error as stated; how many were whole.
fn search(address: &str, keys: i64, stop: &AtomicBool, whole: &AtomicU64) {
    let lines = [
        format!("FT.SEARCH c all NOCONTENT LIMIT 0 {keys}"),
        "FT.AGGREGATE c * GROUPBY 0 REDUCE COUNT 0 AS n REDUCE SUM 1 @n AS s".to_owned(),
    ];
    let sum = (keys * (keys - 1) / 2).to_string();
    let mut turn = 0;
    while !stop.load(Ordering::Relaxed) {
        turn += 1;
        let line = &lines[turn % 2];
        match once(address, line) {
            Some(Parsed::Array(items)) if turn % 2 == 0 => {
                assert_eq!(items.len() as i64, keys + 1, "{line}");
                assert_eq!(items[0], Parsed::Integer(keys), "{line}");
            }
            Some(Parsed::Array(items)) => {
                let shown = format!("{items:?}");
                let row = [keys.to_string(), sum.clone()].map(|text| Parsed::Bulk(text.into()));
                let Some(Parsed::Array(found)) = items.get(1) else { panic!("{line}: {shown}") };
                assert!(row.iter().all(|value| found.contains(value)), "{line}: {shown}");
            }
            Some(Parsed::Error(error)) => {
                assert!(is_stated(&error), "{line}: {error}");
                continue;
            }
            Some(other) => panic!("{line}: {other:?}"),
            None => continue,
        }
        whole.fetch_add(1, Ordering::Relaxed);
    }
}

/// Ends searchers, however it is left.
struct Stops<'s>(&'s AtomicBool);

impl Drop for Stops<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_redis_node_that_is_killed_makes_no_answer_wrong() {
    const KEYS: i64 = 200;
    let mut peers = Peers::start_with(&SETTINGS);
    let mut client = Client::connect(&peers.servers[0]);
    assert_eq!(client.say("FT.CREATE c PREFIX 1 c: SCHEMA t TEXT n NUMERIC"), "OK");
    for n in 0..KEYS {
        assert_eq!(client.say(&format!("HSET c:{n} t all n {n}")), 2);
    }
    until(&peers.servers[0], "/_cluster/health", |health| {
        health["status"] == "green" && health["number_of_nodes"] == 3
    });
    let addresses: Vec<String> = peers.servers.iter().take(2).map(client::address).collect();
    let (stop, whole) = (AtomicBool::new(false), AtomicU64::new(0));
    let enough = |least: u64| {
        let deadline = Instant::now() + PATIENCE;
        while whole.load(Ordering::Relaxed) < least {
            assert!(Instant::now() < deadline, "searches do not come back");
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    std::thread::scope(|scope| {
        // A failure here ends them, too.
        let _stops = Stops(&stop);
        let searchers: Vec<_> =
            addresses.iter().map(|address| scope.spawn(|| search(address, KEYS, &stop, &whole))).collect();
        enough(20);
        peers.servers[2].kill();
        let before = whole.load(Ordering::Relaxed);
        enough(before + 40);
        stop.store(true, Ordering::Relaxed);
        for searcher in searchers {
            searcher.join().expect("every answer was as it should be");
        }
    });
    // What is written now is found, too.
    let mut client = Client::connect(&peers.servers[1]);
    let deadline = Instant::now() + PATIENCE;
    // Tried again, it may have been written before.
    while !client.say("HSET c:new t all n 0").is_number() {
        assert!(Instant::now() < deadline, "writes do not come back");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(client.say("FT.SEARCH c all LIMIT 0 0"), serde_json::json!([KEYS + 1]));
}
