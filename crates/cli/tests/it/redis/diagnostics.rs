//! What dashboards ask of a node: slow commands, how long commands take, how often they ran, when keys were saved.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::{Client, PATIENCE};
use super::start;

/// The value of a line `name:value` of INFO.
fn told(client: &mut Client, section: &str, name: &str) -> Option<String> {
    let text = client.say(&format!("INFO {section}"));
    let text = text.as_str().expect("a text").to_owned();
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(str::to_owned))
}

#[test]
fn slow_commands_are_kept_without_passwords() {
    let server = start(&[]);
    let mut client = Client::connect(&server);
    assert_eq!(client.say("CLIENT SETNAME watcher"), "OK");
    assert_eq!(client.say("CONFIG SET slowlog-log-slower-than 0 slowlog-max-len 3"), "OK");
    assert_eq!(client.say("CONFIG GET slowlog*"), json!(["slowlog-log-slower-than", "0", "slowlog-max-len", "3"]));
    assert_eq!(client.say("GET none"), Value::Null);
    let kept = client.say("SLOWLOG GET 1");
    assert_eq!((&kept[0][3], &kept[0][5]), (&json!(["GET", "none"]), &json!("watcher")), "{kept}");
    assert!(kept[0][1].as_u64() > Some(1_700_000_000) && kept[0][2].is_u64(), "{kept}");
    assert_eq!(client.say("CONFIG SET requirepass secret"), "OK");
    assert_eq!(client.say("AUTH secret"), "OK");
    let kept = client.say("SLOWLOG GET -1");
    assert_eq!(kept[0][3], json!(["CONFIG", "SET", "requirepass", "(redacted)"]), "{kept}");
    assert_eq!(client.say("SLOWLOG LEN"), 3);
    assert_eq!(client.say("CONFIG SET slowlog-log-slower-than -1"), "OK");
    assert_eq!(client.say("SLOWLOG RESET"), "OK");
    assert_eq!(client.say("SLOWLOG GET"), json!([]));
}

#[test]
fn runs_are_counted_until_counts_are_reset() {
    let server = start(&[]);
    let mut client = Client::connect(&server);
    for line in ["SET a 1", "GET a", "GET b", "GET", "HGET a x"] {
        client.say(line);
    }
    let gets = told(&mut client, "commandstats", "cmdstat_get").expect("counts of it");
    assert!(gets.starts_with("calls=2,usec=") && gets.ends_with(",rejected_calls=1,failed_calls=0"), "{gets}");
    let wrong = told(&mut client, "all", "cmdstat_hget").expect("counts of it");
    assert!(wrong.starts_with("calls=1,") && wrong.ends_with("failed_calls=1"), "{wrong}");
    assert_eq!(told(&mut client, "default", "cmdstat_get"), None, "only where it is asked for");
    for (name, value) in [("keyspace_hits", "2"), ("keyspace_misses", "1"), ("total_error_replies", "2")] {
        assert_eq!(told(&mut client, "stats", name).as_deref(), Some(value), "{name}");
    }
    let times = client.say("LATENCY HISTOGRAM get nosuch");
    assert_eq!((&times[0], &times[1][1]), (&json!("get"), &json!(2)), "{times}");
    let classes = times[1][3].as_array().expect("classes of it");
    assert_eq!(classes.last(), Some(&json!(2)), "{times}");
    assert_eq!(client.say("CONFIG RESETSTAT"), "OK");
    assert_eq!(client.say("LATENCY HISTOGRAM get"), json!([]));
    assert_eq!(told(&mut client, "stats", "keyspace_hits").as_deref(), Some("0"));
}

#[test]
fn keys_are_saved_when_that_is_asked_for() {
    let server = start(&[]);
    let mut client = Client::connect(&server);
    assert_eq!(client.say("SAVE"), "OK", "without keys");
    assert_eq!(client.say("SET a 1"), "OK");
    let before = client.say("LASTSAVE");
    assert_eq!(client.say("SAVE"), "OK");
    assert!(client.say("LASTSAVE").as_u64() >= before.as_u64());
    assert_eq!(client.say("BGSAVE SCHEDULE"), "Background saving started");
    let deadline = Instant::now() + PATIENCE;
    while told(&mut client, "persistence", "rdb_bgsave_in_progress").as_deref() != Some("0") {
        assert!(Instant::now() < deadline, "it is saved for ever");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(told(&mut client, "persistence", "rdb_last_bgsave_status").as_deref(), Some("ok"));
    assert_eq!(client.say("WAITAOF 1 0 0"), json!([1, 0]));
    let stats = client.say("MEMORY STATS");
    assert_eq!((&stats[2], &stats[3]), (&json!("keys.count"), &json!(1)), "{stats}");
    assert_eq!(client.say("GET a"), "1");
}
