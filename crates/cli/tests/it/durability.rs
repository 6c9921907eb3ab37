//! What a node has acknowledged is there after it was killed, once, as it was acknowledged.
//!
//! Several writers, each with ids of its own, keep a ledger of what every id may hold; a kill leaves at most their last batch open.
//! Not here: failing disks (`wal` has them behind its disk trait) and loss of power.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::server::Server;

const WRITERS: u64 = 4;
/// Ids of one writer.
const IDS: u64 = 60;
/// Operations of one batch.
const BATCH: u64 = 25;

/// What an id holds; `None`: no document.
type Held = Option<Document>;

#[derive(Clone, Debug, PartialEq)]
struct Document {
    source: Value,
    /// As acknowledged; `None` of an operation that was not.
    sequence: Option<(u64, u64)>,
}

/// What an id may hold: the last acknowledged state, then one for each operation after it of which no answer came.
type May = Vec<Held>;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Index,
    Create,
    Delete,
    Update,
    Upsert,
}

/// One writer's ids, and the dice that choose what it does next.
struct Ledger {
    ids: BTreeMap<String, May>,
    writer: u64,
    dice: u64,
    /// Counts operations, so that no two write the same.
    operation: u64,
}

impl Ledger {
    fn new(writer: u64) -> Self {
        let ids = (0..IDS).map(|number| (format!("{writer}-{number}"), vec![None])).collect();
        Self { ids, writer, dice: 0x9E37_79B9_7F4A_7C15 ^ (writer + 1), operation: 0 }
    }

    /// Xorshift: below `bound`.
    fn roll(&mut self, bound: u64) -> u64 {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        self.dice % bound
    }

    /// The next batch: its lines, and each operation with its id and the document it writes.
    fn batch(&mut self) -> (String, Vec<(Kind, String, Value)>) {
        let (mut lines, mut operations) = (String::new(), Vec::new());
        for _ in 0..BATCH {
            let (writer, number) = (self.writer, self.roll(IDS));
            let id = format!("{writer}-{number}");
            let kinds = [Kind::Index, Kind::Index, Kind::Create, Kind::Delete, Kind::Update, Kind::Upsert];
            let kind = kinds[self.roll(kinds.len() as u64) as usize];
            self.operation += 1;
            let field = if matches!(kind, Kind::Update | Kind::Upsert) { "changed" } else { "made" };
            let document = json!({ "writer": writer, field: self.operation, "text": format!("word{}", self.roll(50)) });
            let action = match kind {
                Kind::Index => "index",
                Kind::Create => "create",
                Kind::Delete => "delete",
                Kind::Update | Kind::Upsert => "update",
            };
            lines += &format!("{}\n", json!({ action: { "_id": id } }));
            match kind {
                Kind::Index | Kind::Create => lines += &format!("{document}\n"),
                Kind::Update => lines += &format!("{}\n", json!({ "doc": document })),
                Kind::Upsert => lines += &format!("{}\n", json!({ "doc": document, "doc_as_upsert": true })),
                Kind::Delete => {}
            }
            operations.push((kind, id, document));
        }
        (lines, operations)
    }

    /// Books an answered batch: every item must say what its operation does to what the id held.
    fn acknowledged(&mut self, operations: &[(Kind, String, Value)], answer: &Value) {
        let items = answer["items"].as_array().unwrap_or_else(|| panic!("no items: {answer}"));
        assert_eq!(items.len(), operations.len());
        for ((kind, id, document), item) in operations.iter().zip(items) {
            let item = item.as_object().and_then(|item| item.values().next()).expect("an item");
            let may = self.ids.get_mut(id).expect("an id of this writer");
            let before = may.last().expect("a state").clone();
            let (after, status) = outcome(*kind, before.as_ref(), document);
            assert_eq!(item["status"], status, "{kind:?} of {before:?}: {item}");
            let sequence = item["_version"].as_u64().zip(item["_seq_no"].as_u64());
            let wrote = status < 300;
            let after =
                after.map(|state| Document { sequence: if wrote { sequence } else { state.sequence }, ..state });
            *may = vec![after];
        }
    }

    /// Books a batch of which no answer came: any part of it may have happened, in order.
    fn unanswered(&mut self, operations: &[(Kind, String, Value)]) {
        for (kind, id, document) in operations {
            let may = self.ids.get_mut(id).expect("an id of this writer");
            let (after, _) = outcome(*kind, may.last().expect("a state").as_ref(), document);
            may.push(after);
        }
    }

    /// Compares with what a node holds now, by `_mget`, and goes on from there.
    fn check(&mut self, server: &Server) {
        let ids: Vec<&String> = self.ids.keys().collect();
        let answer = server.ok("POST", "/ledger/_mget", &json!({ "ids": ids }).to_string());
        let found = answer["docs"].as_array().expect("docs");
        for ((id, may), found) in self.ids.iter_mut().zip(found) {
            assert_eq!(found["_id"], json!(id));
            let held = held(found);
            let fits = |state: &&Held| is_same(state, &held);
            assert!(may.iter().any(|state| fits(&state)), "{id} holds {held:?}, it may hold {may:?}");
            *may = vec![held];
        }
    }

    fn present(&self) -> impl Iterator<Item = (&String, &Document)> {
        self.ids.iter().filter_map(|(id, may)| Some((id, may.last()?.as_ref()?)))
    }
}

fn outcome(kind: Kind, before: Option<&Document>, document: &Value) -> (Held, u64) {
    let written = |source: Value| Some(Document { source, sequence: None });
    let merged = |before: &Document| {
        let mut source = before.source.clone();
        for (name, value) in document.as_object().expect("an object") {
            source[name] = value.clone();
        }
        source
    };
    match (kind, before) {
        (Kind::Index, Some(_)) => (written(document.clone()), 200),
        (Kind::Index | Kind::Create | Kind::Upsert, None) => (written(document.clone()), 201),
        (Kind::Create, Some(before)) => (Some(before.clone()), 409),
        (Kind::Delete, Some(_)) => (None, 200),
        (Kind::Delete | Kind::Update, None) => (None, 404),
        (Kind::Update | Kind::Upsert, Some(before)) => (written(merged(before)), 200),
    }
}

/// The state in an answer of `_mget` or in a hit.
fn held(found: &Value) -> Held {
    let source = found.get("_source")?.clone();
    Some(Document { source, sequence: found["_version"].as_u64().zip(found["_seq_no"].as_u64()) })
}

fn is_same(expected: &Held, found: &Held) -> bool {
    match (expected, found) {
        (None, None) => true,
        (Some(expected), Some(found)) => {
            expected.source == found.source && (expected.sequence.is_none() || expected.sequence == found.sequence)
        }
        _ => false,
    }
}

/// Lets all writers write until `enough` batches are acknowledged, then sends `signal` while they go on, and waits for the end.
fn write_until(server: &mut Server, ledgers: &mut [Ledger], enough: usize, signal: Signal) -> Option<i32> {
    let (acknowledged, over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let pid = Pid::from_raw(i32::try_from(server.pid()).expect("a process id")).expect("a process id");
    let shared: &Server = server;
    std::thread::scope(|scope| {
        let writers: Vec<_> = ledgers
            .iter_mut()
            .map(|ledger| {
                let acknowledged = &acknowledged;
                scope.spawn(move || write(shared, ledger, acknowledged))
            })
            .collect();
        let over = &over;
        let upkeep = scope.spawn(move || keep_up(shared, over));
        while acknowledged.load(Ordering::Relaxed) < enough && !writers.iter().any(|writer| writer.is_finished()) {
            std::thread::yield_now();
        }
        kill_process(pid, signal).expect("a process to signal");
        for writer in writers {
            writer.join().expect("a writer that found no mistake");
        }
        over.store(true, Ordering::Relaxed);
        upkeep.join().expect("upkeep");
    });
    assert!(acknowledged.load(Ordering::Relaxed) >= enough, "{}", server.log());
    server.wait().code()
}

fn write(server: &Server, ledger: &mut Ledger, acknowledged: &AtomicUsize) {
    loop {
        let (lines, operations) = ledger.batch();
        match server.try_ask("POST", "/ledger/_bulk", &lines) {
            Ok((200, answer)) => {
                ledger.acknowledged(&operations, &answer);
                acknowledged.fetch_add(1, Ordering::Relaxed);
            }
            Ok((status, answer)) => panic!("{status} {answer}"),
            Err(_) => return ledger.unanswered(&operations),
        }
    }
}

/// What goes on beside writing, so that a kill finds the shard in every state.
fn keep_up(server: &Server, over: &AtomicBool) {
    let tasks = ["/ledger/_refresh", "/ledger/_flush", "/ledger/_refresh", "/ledger/_forcemerge?max_num_segments=1"];
    for task in tasks.iter().cycle() {
        if over.load(Ordering::Relaxed) || server.try_ask("POST", task, "").is_err() {
            return;
        }
    }
}

/// After a restart: real-time reads, counts and searches all say what the ledgers say.
fn check_all(server: &Server, ledgers: &mut [Ledger]) {
    for ledger in ledgers.iter_mut() {
        ledger.check(server);
    }
    let expected: BTreeMap<&String, &Document> = ledgers.iter().flat_map(Ledger::present).collect();
    server.ok("POST", "/ledger/_refresh", "");
    let all = json!({ "size": 10_000, "version": true, "seq_no_primary_term": true, "track_total_hits": true });
    let answer = server.ok("POST", "/ledger/_search", &all.to_string());
    let hits = answer["hits"]["hits"].as_array().expect("hits");
    let mut found: BTreeMap<&str, Vec<Held>> = BTreeMap::new();
    for hit in hits {
        found.entry(hit["_id"].as_str().expect("an id")).or_default().push(held(hit));
    }
    for (id, held) in &found {
        let expected = expected.get(&(*id).to_owned()).map(|document| Some((*document).clone()));
        assert_eq!(held.as_slice(), expected.as_slice(), "{id}");
    }
    assert_eq!(found.len(), expected.len());
    assert_eq!(answer["hits"]["total"]["value"], expected.len());
    let count = server.ok("GET", "/ledger/_count", "");
    assert_eq!(count["count"], expected.len(), "{count}");
}

fn rounds_of_kills(durability: &str, rounds: usize) {
    let mut server = Server::start();
    let settings = json!({ "settings": { "number_of_shards": 3, "translog.durability": durability,
        "translog.sync_interval": "60s", "refresh_interval": "100ms" } });
    server.ok("PUT", "/ledger", &settings.to_string());
    let mut ledgers: Vec<Ledger> = (0..WRITERS).map(Ledger::new).collect();
    for round in 0..rounds {
        let code = write_until(&mut server, &mut ledgers, 20 + 17 * round, Signal::KILL);
        assert_eq!(code, None, "ended by a signal");
        server.restart();
        if round % 2 == 1 {
            // Killed before anything of what was replayed is flushed.
            server.kill();
            server.restart();
        }
        check_all(&server, &mut ledgers);
    }
    assert_eq!(server.complaints(), Vec::<String>::new());
}

#[test]
fn every_acknowledged_operation_survives_kills_amid_bulk() {
    rounds_of_kills("request", 5);
}

#[test]
fn with_async_durability_the_end_of_the_process_alone_loses_nothing() {
    rounds_of_kills("async", 4);
}

#[test]
fn sigterm_amid_bulk_finishes_flushes_and_leaves_nothing_to_replay() {
    let mut server = Server::start();
    server.ok("PUT", "/ledger", r#"{"settings": {"number_of_shards": 3, "refresh_interval": "100ms"}}"#);
    let mut ledgers: Vec<Ledger> = (0..WRITERS).map(Ledger::new).collect();
    for round in 0..3 {
        let code = write_until(&mut server, &mut ledgers, 20 + 11 * round, Signal::TERM);
        assert_eq!(code, Some(0), "{}", server.log());
        server.restart();
        check_all(&server, &mut ledgers);
    }
    assert!(!server.log().contains("replayed"), "{}", server.log());
    assert_eq!(server.complaints(), Vec::<String>::new());
}

#[test]
fn a_kill_without_flush_is_said_to_have_been_replayed() {
    let mut server = Server::start();
    server.ok("PUT", "/ledger", r#"{"settings": {"refresh_interval": -1}}"#);
    server.ok("PUT", "/ledger/_doc/flushed", "{}");
    server.ok("POST", "/ledger/_flush", "");
    for id in ["a", "b", "c"] {
        server.ok("PUT", &format!("/ledger/_doc/{id}"), "{}");
    }
    server.kill();
    server.restart();
    assert!(server.log().contains("ledger[0] is open: 3 operations replayed"), "{}", server.log());
    assert_eq!(server.ok("GET", "/ledger/_count", "")["count"], 4, "what is replayed is found at once");
}
