//! Every call to the disk made to fail in turn, then a crash: what was reported safe is there, once and in order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::support::{append_safely, open, payload, read_all, small};
use wal::faulty::{Crash, FaultyDisk};
use wal::{Durability, Error, Log, Options, Syncer};

const CRASHES: [Crash; 7] = [
    Crash::Process,
    Crash::Lost,
    Crash::Torn { seed: 1 },
    Crash::Torn { seed: 2 },
    Crash::Torn { seed: 3 },
    Crash::Torn { seed: 4 },
    Crash::Torn { seed: 5 },
];

/// What the log owes and what it may hold besides.
#[derive(Default, Clone)]
struct Promise {
    must: BTreeMap<u64, Vec<u8>>,
    may: BTreeSet<(u64, Vec<u8>)>,
}

impl Promise {
    fn append(&mut self, log: &Log, seqs: impl Iterator<Item = u64>, version: u64) -> Result<(), Error> {
        let mut last = None;
        let mut appended = Vec::new();
        for seq in seqs {
            let bytes = payload(seq, version);
            self.may.insert((seq, bytes.clone()));
            last = Some(log.append(seq, &bytes)?);
            appended.push((seq, bytes));
        }
        last.map_or(Ok(()), |position| log.wait(position))?;
        self.must.extend(appended);
        Ok(())
    }

    fn trim(&mut self, log: &Log, seq: u64) -> Result<(), Error> {
        self.must.retain(|kept, _| *kept >= seq);
        log.trim_below(seq)
    }

    fn truncate(&mut self, log: &Log, seq: u64) -> Result<(), Error> {
        self.must.retain(|kept, _| *kept <= seq);
        log.truncate_above(seq)?;
        self.may.retain(|(kept, _)| *kept <= seq);
        Ok(())
    }

    fn check(&self, found: &[(u64, Vec<u8>)], context: &str) {
        assert!(found.windows(2).all(|pair| pair[0].0 < pair[1].0), "{context}: order of {found:?}");
        let unknown = found.iter().find(|entry| !self.may.contains(entry));
        assert_eq!(unknown, None, "{context}: never appended");
        let found: BTreeMap<_, _> = found.iter().cloned().collect();
        let lost = self.must.iter().find(|(seq, bytes)| found.get(seq) != Some(bytes));
        assert_eq!(lost, None, "{context}: lost");
    }
}

/// Every kind of call, several segments, batches of one and of many.
fn workload(disk: &FaultyDisk, syncer: &Arc<Syncer>, promise: &mut Promise) -> Result<(), Error> {
    let (log, _) = open(disk, small(), syncer)?;
    let done = operations(&log, promise);
    if done.is_err() {
        let refused = [log.append(1000, b"after").map(drop), log.sync(), log.roll(), log.read_from(0).map(drop)];
        assert!(refused.iter().all(|answer| matches!(answer, Err(Error::Failed { .. }))), "{refused:?}");
    }
    done
}

fn operations(log: &Log, promise: &mut Promise) -> Result<(), Error> {
    for seq in 0..4 {
        promise.append(log, seq..seq + 1, 0)?;
    }
    promise.append(log, 4..9, 0)?;
    log.roll()?;
    promise.append(log, 10..13, 0)?;
    promise.trim(log, 6)?;
    promise.append(log, (14..30).step_by(3), 0)?;
    promise.truncate(log, 16)?;
    promise.append(log, 17..20, 1)?;
    promise.truncate(log, 11)?;
    promise.append(log, 12..15, 2)?;
    promise.trim(log, 15)?;
    promise.append(log, 15..17, 2)
}

/// Opens after a crash, checks, and goes on writing: a log that was recovered must be as good as a new one.
fn check_recovery(disk: &FaultyDisk, syncer: &Arc<Syncer>, promise: &Promise, context: &str) {
    let checkpoint = promise.must.last_key_value().map(|(seq, _)| *seq);
    let options = Options { checkpoint, ..small() };
    let (log, recovery) = open(disk, options, syncer).unwrap_or_else(|error| panic!("{context}: {error}"));
    let found = read_all(&log);
    promise.check(&found, context);
    assert_eq!(recovery.entries, found.len() as u64, "{context}");
    let mut promise = promise.clone();
    promise.must.extend(found);
    let next = log.stats().next_seq;
    promise.append(&log, next..next + 4, 9).unwrap_or_else(|error| panic!("{context}: {error}"));
    drop(log);
    disk.crash(Crash::Lost);
    let (log, _) = open(disk, small(), syncer).unwrap_or_else(|error| panic!("{context}, again: {error}"));
    promise.check(&read_all(&log), context);
}

#[test]
fn each_call_fails_once() {
    let syncer = Syncer::start(1).unwrap();
    for crash in CRASHES {
        for call in 0.. {
            let (disk, mut promise) = (FaultyDisk::default(), Promise::default());
            disk.fail_call(call);
            let done = workload(&disk, &syncer, &mut promise);
            let fired = disk.stop_failing();
            assert_eq!(done.is_err(), fired, "call {call}: {done:?}");
            disk.crash(crash);
            check_recovery(&disk, &syncer, &promise, &format!("call {call} failed, {crash:?}"));
            if !fired {
                assert!(call > 50, "the workload makes too few calls to mean anything: {call}");
                break;
            }
        }
    }
}

#[test]
fn recovery_fails_at_each_call_too() {
    let syncer = Syncer::start(1).unwrap();
    for (call, crash) in (0..100).step_by(7).flat_map(|call| CRASHES.map(|crash| (call, crash))) {
        for second in 0.. {
            let (disk, mut promise) = (FaultyDisk::default(), Promise::default());
            disk.fail_call(call);
            let _ = workload(&disk, &syncer, &mut promise);
            disk.crash(crash);
            disk.fail_call(second);
            let opened = open(&disk, small(), &syncer).map(drop);
            let fired = disk.stop_failing();
            assert_eq!(opened.is_err(), fired, "{opened:?}");
            disk.crash(Crash::Torn { seed: second });
            check_recovery(&disk, &syncer, &promise, &format!("calls {call} and {second} failed, {crash:?}"));
            if !fired {
                break;
            }
        }
    }
}

#[test]
fn asynchronous_entries_survive_the_process_and_synced_ones_the_power() {
    let syncer = Syncer::start(1).unwrap();
    let durability = Durability::Async { interval: Duration::from_secs(3600) };
    for seed in 0..200 {
        for crash in [Crash::Process, Crash::Torn { seed }] {
            let disk = FaultyDisk::default();
            let options = Options { durability, segment_size: 4000, preallocation: 4096, ..Options::default() };
            let (log, _) = open(&disk, options.clone(), &syncer).unwrap();
            for seq in 0..60 {
                append_safely(&log, seq).unwrap();
                if seq == 20 {
                    log.sync().unwrap();
                }
            }
            drop(log);
            disk.crash(crash);
            let synced = Options { checkpoint: Some(20), ..options };
            let (log, _) = open(&disk, synced, &syncer).unwrap_or_else(|error| panic!("{crash:?}: {error}"));
            let found = read_all(&log);
            let kept = if crash == Crash::Process { 60 } else { 21 };
            assert!(found.len() >= kept, "{crash:?}: {} entries", found.len());
            assert!(found.iter().zip(0..).all(|(entry, seq)| *entry == (seq, payload(seq, 0))), "{crash:?}");
        }
    }
}

#[test]
fn what_was_found_on_opening_survives_the_power() {
    let syncer = Syncer::start(1).unwrap();
    let disk = FaultyDisk::default();
    let durability = Durability::Async { interval: Duration::from_secs(3600) };
    let (log, _) = open(&disk, Options { durability, ..small() }, &syncer).unwrap();
    (0..3).for_each(|seq| append_safely(&log, seq).unwrap());
    drop(log);
    disk.crash(Crash::Process);
    let (log, recovery) = open(&disk, small(), &syncer).unwrap();
    assert_eq!((recovery.next_seq, log.stats().durable_next_seq), (3, 3));
    drop(log);
    disk.crash(Crash::Lost);
    let (log, _) = open(&disk, small(), &syncer).unwrap();
    assert_eq!(read_all(&log).len(), 3);
}

#[test]
fn a_failed_sync_is_not_tried_again() {
    let syncer = Syncer::start(1).unwrap();
    let disk = FaultyDisk::default();
    let (log, _) = open(&disk, small(), &syncer).unwrap();
    append_safely(&log, 0).unwrap();
    let position = log.append(1, b"one").unwrap();
    disk.fail_call(1); // 0 writes, 1 syncs
    let error = log.wait(position).unwrap_err();
    let told =
        "the log takes no more operations since it failed: cannot sync /log/00000000000000000000.log: injected fault";
    assert_eq!(error.to_string(), told);
    disk.stop_failing();
    let calls = disk.calls();
    let (tell, told) = std::sync::mpsc::channel();
    log.on_safe(position, move |answer| tell.send(answer).unwrap());
    assert!(matches!(told.recv().unwrap(), Err(Error::Failed { .. })));
    assert!(matches!(log.wait(position), Err(Error::Failed { .. })));
    assert!(matches!(log.append(2, b"two"), Err(Error::Failed { .. })));
    assert!(log.failure().is_some());
    assert_eq!(disk.calls(), calls, "the disk was asked again");
}
