//! Connections: pipelines, limits, passwords, clients that do not read, restarts.

use std::io::Write;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::Client;
use super::start;

const PATIENCE: Duration = Duration::from_secs(30);

fn words(line: &str) -> Vec<Vec<u8>> {
    line.split(' ').map(|word| word.as_bytes().to_vec()).collect()
}

/// Asks until `wanted` is answered.
pub(super) fn until(client: &mut Client, line: &str, wanted: &Value) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = client.say(line);
        if answer == *wanted {
            return;
        }
        assert!(Instant::now() < deadline, "{line} answers {answer}, never {wanted}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn redis_pipelines_are_answered_in_order() {
    let server = start(&[]);
    let mut client = Client::connect(&server);
    for number in 0..500 {
        client.send(&words(&format!("SET key:{number} {number}")));
        client.send(&words(&format!("GET key:{number}")));
        client.send(&words("INCR count"));
    }
    for number in 0..500 {
        assert_eq!(client.answer(), "OK");
        assert_eq!(client.answer(), number.to_string());
        assert_eq!(client.answer(), number + 1);
    }
    client.stream.write_all(b"PING\r\nECHO 'a b'\r\n").unwrap();
    assert_eq!((client.answer(), client.answer()), (json!("PONG"), json!("a b")));
    assert_eq!(client.say("DBSIZE"), 501);
}

#[test]
fn redis_counters_lose_nothing_between_clients() {
    let server = start(&[]);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut client = Client::connect(&server);
                for _ in 0..100 {
                    client.say("INCR shared");
                    client.say("HINCRBY hash field 2");
                }
            });
        }
    });
    let mut client = Client::connect(&server);
    assert_eq!((client.say("GET shared"), client.say("HGET hash field")), (json!("400"), json!("800")));
}

#[test]
fn redis_keys_survive_a_kill_and_expire() {
    let mut server = start(&["resp.appendfsync=always"]);
    let mut client = Client::connect(&server);
    client.say("HSET film:1 title Alien year 1979");
    client.say("SET soon gone PX 1");
    client.say("SET later v EX 1000");
    until(&mut client, "DBSIZE", &json!(2));
    assert_eq!(client.say("GET soon"), Value::Null);
    // Swept, not merely passed over: what the next start sweeps is counted below.
    until_info(&mut client, "stats", "expired_keys:1\r\n");
    server.kill();
    server.restart();
    let mut client = Client::connect(&server);
    until(&mut client, "HGET film:1 title", &json!("Alien"));
    until(&mut client, "TTL film:1", &json!(-1));
    // Long enough that it is not over when it is said: the key would be deleted at once, and expire no more.
    until(&mut client, "PEXPIRE later 500", &json!(1));
    until(&mut client, "DBSIZE", &json!(1));
    until_info(&mut client, "stats", "expired_keys:1\r\n");
}

#[test]
fn redis_strangers_say_the_password_first() {
    let server = start(&["resp.password=sesame"]);
    let mut client = Client::connect(&server);
    let refused = |answer: Value, prefix: &str| {
        let error = answer["error"].as_str().unwrap_or_default().to_owned();
        assert!(error.starts_with(prefix), "{answer}");
    };
    refused(client.say("GET a"), "NOAUTH");
    refused(client.say("NOSUCH"), "NOAUTH");
    refused(client.say("HELLO 3"), "NOAUTH");
    refused(client.say("AUTH wrong"), "WRONGPASS");
    assert_eq!(client.say("AUTH sesame"), "OK");
    assert_eq!(client.say("SET a 1"), "OK");
    let mut stranger = Client::connect(&server);
    stranger.stream.write_all(b"*1000\r\n").unwrap();
    refused(stranger.answer(), "ERR Protocol error: unauthenticated multibulk length");
    assert!(stranger.is_closed());
    let log = server.log();
    assert!(!log.contains("sesame"), "{log}");
}

#[test]
fn redis_connections_have_limits() {
    let server = start(&["resp.max_connections=2", "resp.max_bulk_bytes=1kb", "resp.stall_timeout=300ms"]);
    let mut one = Client::connect(&server);
    let mut two = Client::connect(&server);
    assert_eq!((one.say("PING"), two.say("PING")), (json!("PONG"), json!("PONG")));
    let mut three = Client::connect(&server);
    assert_eq!(three.answer()["error"], "ERR max number of clients reached");
    assert!(three.is_closed());
    two.stream.write_all(b"*1\r\n$2000\r\n").unwrap();
    assert_eq!(two.answer()["error"], "ERR Protocol error: invalid bulk length");
    assert!(two.is_closed());
    // Who asks and never reads is cut off, and what was gathered for him is given back.
    one.say(&format!("SET big {}", "x".repeat(1000)));
    let mut deaf = Client::connect(&server);
    let many = b"GET big\r\n".repeat(20_000);
    let deadline = Instant::now() + PATIENCE;
    while deaf.stream.write_all(&many).is_ok() {
        assert!(Instant::now() < deadline, "the node goes on reading");
    }
    until_info(&mut one, "clients", "connected_clients:1\r\n");
}

/// Asks until a section of INFO says `wanted`.
fn until_info(client: &mut Client, section: &str, wanted: &str) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let said = client.say(&format!("INFO {section}"));
        if said.as_str().unwrap_or_default().contains(wanted) {
            return;
        }
        assert!(Instant::now() < deadline, "INFO {section} never says {wanted:?}: {said}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn redis_clients_can_be_listed_and_killed() {
    let server = start(&[]);
    let (mut one, mut two) = (Client::connect(&server), Client::connect(&server));
    let id = two.say("CLIENT ID");
    two.say("CLIENT SETNAME victim");
    let list = one.say("CLIENT LIST");
    assert!(list.as_str().unwrap_or_default().contains("name=victim"), "{list}");
    assert_eq!(one.say(&format!("CLIENT KILL ID {id}")), 1);
    assert!(two.is_closed());
    one.send(&words("CLIENT REPLY SKIP"));
    one.send(&words("ECHO unheard"));
    assert_eq!(one.say("ECHO heard"), "heard");
}

#[test]
fn redis_searches_end_when_their_clients_leave() {
    let server = start(&[]);
    let mut client = Client::connect(&server);
    client.say("FT.CREATE long ON HASH PREFIX 1 long: SCHEMA code TAG");
    // Letters of chance: under a pattern of many ways that none of them has, every letter takes its time.
    let mut seed = 1_u32;
    let mut letter = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b'a' + (seed >> 24) as u8 % 26)
    };
    for number in 0..2_000 {
        let code: String = (0..300).map(|_| letter()).collect();
        client.say(&format!("HSET long:{number} code {code}"));
    }
    let searches = || {
        let tasks = server.ok("GET", "/_tasks?actions=indices:data/read/search", "");
        let nodes = tasks["nodes"].as_object().cloned().unwrap_or_default();
        nodes.values().filter_map(|node| node["tasks"].as_object()).map(serde_json::Map::len).sum::<usize>()
    };
    let wait = |wanted: usize| {
        let deadline = Instant::now() + PATIENCE;
        while searches() != wanted {
            assert!(Instant::now() < deadline, "{} searches run, not {wanted}", searches());
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    let slow = "FT.REGEX long code (?:[a-m].{40}[n-z].{40}){5}0000 K 3";
    let late = client.say(&format!("{slow} TIMEOUT 20"));
    assert!(late["error"].as_str().is_some_and(|error| error.starts_with("TIMEOUT ")), "{late}");
    wait(0);
    let mut leaving = Client::connect(&server);
    leaving.send(&words(slow));
    wait(1);
    drop(leaving);
    wait(0);
    assert_eq!(client.say("PING"), "PONG");
    assert_eq!(server.complaints(), Vec::<String>::new());
}

#[test]
fn redis_walks_meet_every_key_once() {
    let server = start(&[]);
    let mut client = Client::connect(&server);
    for batch in 0..10 {
        let pairs: Vec<String> = (0..100).map(|number| format!("k{} v", batch * 100 + number)).collect();
        client.say(&format!("MSET {}", pairs.join(" ")));
    }
    let (mut cursor, mut met) = ("0".to_owned(), Vec::new());
    loop {
        let page = client.say(&format!("SCAN {cursor} COUNT 37"));
        met.extend(page[1].as_array().unwrap().iter().map(Value::to_string));
        cursor = page[0].as_str().unwrap().to_owned();
        if cursor == "0" {
            break;
        }
    }
    let count = met.len();
    met.sort();
    met.dedup();
    assert_eq!((count, met.len()), (1000, 1000));
    assert!(client.say("RANDOMKEY").as_str().unwrap_or_default().starts_with('k'));
    // The other dialect sees them, too.
    let found = server.ok("GET", "/.keys/_count", "");
    assert_eq!(found["count"], 1000);
}

#[test]
fn redis_indexes_are_mended_at_the_start() {
    let mut server = start(&[]);
    let mut client = Client::connect(&server);
    client.say("FT.CREATE films ON HASH PREFIX 1 film: SCHEMA title TEXT");
    client.say("HSET film:1 title alien");
    client.say("HSET film:2 title alien");
    let search = "FT.SEARCH films alien NOCONTENT";
    until(&mut client, search, &json!([2, "film:1", "film:2"]));
    // As if a crash had come between the key and its document.
    server.ok("DELETE", "/films/_doc/film:2", "");
    until(&mut client, search, &json!([1, "film:1"]));
    server.kill();
    server.restart();
    until(&mut Client::connect(&server), search, &json!([2, "film:1", "film:2"]));
}
