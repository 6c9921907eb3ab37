//! The clients: each keeps a record of what it was told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::door::Door;
use super::faults::Field;

/// Documents that are changed under a condition, and those that one client rewrites.
const CELLS: u64 = 4;
const REGISTERS: u64 = 8;
const PACE: Duration = Duration::from_millis(2);
const NOBODY: usize = usize::MAX;
/// Something is acknowledged within this, whatever happens.
const STUCK: Duration = Duration::from_secs(60);

/// What clients were told.
#[derive(Clone, Default)]
pub(super) struct Record {
    /// Documents that were written once: told so, and tried.
    pub(super) written: BTreeSet<u64>,
    pub(super) tried: BTreeSet<u64>,
    /// Documents whose deletion was acknowledged.
    pub(super) deleted: BTreeSet<u64>,
    /// Of each register the value acknowledged last, and the one tried last.
    pub(super) registers: BTreeMap<u64, (u64, u64)>,
    /// Of each cell how many changes were acknowledged, and of how many nobody knows.
    pub(super) cells: BTreeMap<u64, (u64, u64)>,
    pub(super) searches: u64,
    /// What must not be.
    pub(super) wrong: Vec<String>,
    /// The longest time in which no write was acknowledged, in milliseconds.
    pub(super) gap_ms: u64,
}

#[derive(Default)]
struct Shared {
    record: Mutex<Record>,
    stop: AtomicBool,
    /// Searches may fail.
    lenient: AtomicBool,
    /// They may at any time: on a machine that does too much, a copy that is only slow is left out, and then none may be left.
    busy: bool,
    /// The node that something happens to.
    away: AtomicUsize,
    /// The one that something happened to last, and how often that was the case of any.
    struck: Mutex<(usize, u64)>,
    acknowledged: AtomicU64,
}

pub(super) struct Load {
    shared: Arc<Shared>,
    clients: Vec<JoinHandle<()>>,
}

/// What a client of one kind needs.
struct Client {
    shared: Arc<Shared>,
    doors: Vec<Door>,
    turn: usize,
}

impl Record {
    pub(super) fn figures(&self) -> String {
        let cells: u64 = self.cells.values().map(|(done, _)| done).sum();
        let registers: u64 = self.registers.values().map(|(done, _)| done).sum();
        format!(
            "{} documents, {} deletions, {registers} rewrites, {cells} compare-and-sets acknowledged; {} searches; longest without an acknowledged write {} ms",
            self.written.len(),
            self.deleted.len(),
            self.searches,
            self.gap_ms
        )
    }
}

impl Load {
    /// `busy`: searches may fail.
    pub(super) fn start(field: &Field, busy: bool) -> Self {
        let shared = Arc::new(Shared { busy, away: AtomicUsize::new(NOBODY), ..Shared::default() });
        let door = field.door(0);
        for cell in 0..CELLS {
            door.ok("PUT", &format!("/nemesis/_doc/c{cell}"), r#"{"kind":"cell","v":0}"#);
        }
        let kinds: [fn(&mut Client); 6] =
            [Client::write, Client::delete, Client::rewrite, Client::compare, Client::compare, Client::search];
        let begin = |(turn, act): (usize, fn(&mut Client))| {
            let mut client = Client { shared: shared.clone(), doors: field.doors(), turn };
            std::thread::spawn(move || {
                while !client.shared.stop.load(Ordering::Relaxed) {
                    act(&mut client);
                    std::thread::sleep(PACE);
                }
            })
        };
        let mut clients: Vec<JoinHandle<()>> = kinds.into_iter().enumerate().map(begin).collect();
        let watched = shared.clone();
        clients.push(std::thread::spawn(move || watch(&watched)));
        Self { shared, clients }
    }

    /// Waits until so many more writes are acknowledged.
    pub(super) fn progress(&self, writes: u64) {
        let (begun, before) = (Instant::now(), self.shared.acknowledged.load(Ordering::Relaxed));
        while self.shared.acknowledged.load(Ordering::Relaxed) < before + writes {
            assert!(begun.elapsed() < STUCK, "nothing is acknowledged for {STUCK:?}");
            std::thread::sleep(PACE);
        }
    }

    pub(super) fn lenient(&self, lenient: bool) {
        self.shared.lenient.store(lenient, Ordering::Relaxed);
    }

    /// Whom nobody asks to search for a while.
    pub(super) fn away(&self, node: Option<usize>) {
        if let Some(node) = node {
            let mut struck = self.shared.struck.lock().expect("a node");
            *struck = (node, struck.1 + 1);
        }
        self.shared.away.store(node.unwrap_or(NOBODY), Ordering::Relaxed);
    }

    /// Fails as soon as something was wrong.
    pub(super) fn told(&self) {
        let wrong = self.shared.record.lock().expect("a record").wrong.clone();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    pub(super) fn stop(mut self) -> Record {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.clients.drain(..).for_each(|client| client.join().expect("a client"));
        self.told();
        self.shared.record.lock().expect("a record").clone()
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
    }
}

/// Measures how long no write is acknowledged.
fn watch(shared: &Shared) {
    let (mut last, mut since) = (0, Instant::now());
    while !shared.stop.load(Ordering::Relaxed) {
        let now = shared.acknowledged.load(Ordering::Relaxed);
        if now != last {
            (last, since) = (now, Instant::now());
        }
        let gap = since.elapsed().as_millis() as u64;
        let mut record = shared.record.lock().expect("a record");
        record.gap_ms = record.gap_ms.max(gap);
        drop(record);
        std::thread::sleep(PACE);
    }
}

impl Client {
    fn door(&mut self) -> Door {
        self.turn += 1;
        self.doors[self.turn % self.doors.len()].clone()
    }

    fn record<T>(&self, note: impl FnOnce(&mut Record) -> T) -> T {
        note(&mut self.shared.record.lock().expect("a record"))
    }

    /// Sends a change. Out: whether it was acknowledged; `None`: nobody knows.
    fn change(&mut self, method: &str, target: &str, body: &Value) -> Option<(bool, Value)> {
        let (status, answer) = self.door().ask(method, target, &body.to_string())?;
        match status {
            200 | 201 => {
                self.shared.acknowledged.fetch_add(1, Ordering::Relaxed);
                Some((true, answer))
            }
            404 | 409 => Some((false, answer)),
            _ => None,
        }
    }

    fn fresh(&self) -> u64 {
        self.record(|record| {
            let next = record.tried.last().map_or(0, |last| last + 1);
            record.tried.insert(next);
            next
        })
    }

    fn write(&mut self) {
        let n = self.fresh();
        if let Some((true, _)) =
            self.change("PUT", &format!("/nemesis/_create/{n}?timeout=10s"), &json!({"kind": "set", "n": n}))
        {
            self.record(|record| record.written.insert(n));
        }
    }

    fn delete(&mut self) {
        let n = self.fresh();
        let body = json!({"kind": "set", "n": n});
        if !matches!(self.change("PUT", &format!("/nemesis/_doc/{n}?timeout=10s"), &body), Some((true, _))) {
            return;
        }
        let gone = self.change("DELETE", &format!("/nemesis/_doc/{n}?timeout=10s"), &Value::Null);
        if let Some((done, answer)) = gone {
            // A deletion that was tried once finds what was acknowledged.
            if !done {
                return self
                    .record(|record| record.wrong.push(format!("document {n} was acknowledged, and: {answer}")));
            }
            self.record(|record| record.deleted.insert(n));
        }
    }

    /// One client writes rising values, and reads none lower than was acknowledged.
    fn rewrite(&mut self) {
        let register = self.turn as u64 % REGISTERS;
        let (told, last) = self.record(|record| *record.registers.entry(register).or_default());
        let next = last + 1;
        self.record(|record| record.registers.insert(register, (told, next)));
        let target = format!("/nemesis/_doc/r{register}");
        let done = self.change("PUT", &format!("{target}?timeout=10s"), &json!({"kind": "register", "v": next}));
        let told = if matches!(done, Some((true, _))) { next } else { told };
        self.record(|record| record.registers.insert(register, (told, next)));
        let Some((status, found)) = self.door().ask("GET", &target, "") else { return };
        let value = found["_source"]["v"].as_u64();
        let stale = (status == 200 && value.is_none_or(|value| value < told)) || (status == 404 && told > 0);
        if stale {
            self.record(|record| {
                record.wrong.push(format!("register {register} has {told}, and is read as {status} {found}"))
            });
        }
    }

    /// Adds one to a cell, if nobody else does.
    fn compare(&mut self) {
        let cell = self.turn as u64 % CELLS;
        let Some((200, found)) = self.door().ask("GET", &format!("/nemesis/_doc/c{cell}"), "") else { return };
        let (Some(seq_no), Some(term), Some(value)) =
            (found["_seq_no"].as_u64(), found["_primary_term"].as_u64(), found["_source"]["v"].as_u64())
        else {
            return self.record(|record| record.wrong.push(format!("cell {cell} is read as {found}")));
        };
        let target = format!("/nemesis/_doc/c{cell}?if_seq_no={seq_no}&if_primary_term={term}&timeout=10s");
        let done = self.change("PUT", &target, &json!({"kind": "cell", "v": value + 1}));
        self.record(|record| {
            let (told, unknown) = record.cells.entry(cell).or_default();
            match done {
                Some((true, _)) => *told += 1,
                Some((false, _)) => {}
                None => *unknown += 1,
            }
        });
    }

    fn search(&mut self) {
        let away = self.shared.away.load(Ordering::Relaxed);
        self.turn += 1;
        let at = self.turn % self.doors.len();
        if at == away {
            return;
        }
        let struck = || *self.shared.struck.lock().expect("a node");
        let (_, before) = struck();
        let Some((status, found)) = self.doors[at].ask("GET", "/nemesis/_search?size=3", "") else { return };
        let failed = status != 200 || found["_shards"]["failed"] != 0;
        // The node may be one to which something has happened meanwhile, and be over: frozen, and thawed.
        let (node, times) = struck();
        let excused = self.shared.busy || self.shared.lenient.load(Ordering::Relaxed) || node == at && times > before;
        self.record(|record| {
            record.searches += 1;
            if failed && !excused {
                record.wrong.push(format!("a search failed at n{at}: {status} {found}"));
            }
        });
    }
}
