//! What an owner of a log sees: order, trimming, cutting, counts, group commit, callbacks.

use std::io;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use crate::support::{DIRECTORY, append_safely, open, payload, read_all, small};
use proptest::prelude::*;
use wal::faulty::FaultyDisk;
use wal::{Disk, Durability, Error, File, Log, Options, RealDisk, Stats, Syncer};

const LONG: Duration = Duration::from_secs(30);

#[test]
fn a_real_directory_is_written_and_read_again() {
    let syncer = Syncer::start(1).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("deep/below");
    let options = Options { segment_size: 2000, ..Options::default() };
    let (log, recovery) = Log::open(Arc::new(RealDisk), &path, options.clone(), &syncer).unwrap();
    assert!(recovery.created);
    (0..100).for_each(|seq| append_safely(&log, seq).unwrap());
    log.trim_below(50).unwrap();
    log.truncate_above(90).unwrap();
    let before = read_all(&log);
    drop(log);
    let (log, recovery) = Log::open(Arc::new(RealDisk), &path, options, &syncer).unwrap();
    assert_eq!((recovery.created, recovery.torn, recovery.next_seq), (false, None, 91));
    assert_eq!(read_all(&log), before);
    assert!(before.first().unwrap().0 <= 50 && before.last().unwrap().0 == 90);
}

#[test]
fn numbers_rise_and_entries_have_a_limit() {
    let syncer = Syncer::start(1).unwrap();
    let options = Options { max_entry: 10, ..small() };
    let (log, _) = open(&FaultyDisk::default(), options, &syncer).unwrap();
    log.append(5, b"five").unwrap();
    let refused = |seq, bytes: &[u8]| log.append(seq, bytes).unwrap_err().to_string();
    assert_eq!(
        refused(5, b"again"),
        "sequence number 5 cannot be appended: the next one must be at least 6 and below 2^64-1"
    );
    assert!(matches!(log.append(u64::MAX, b""), Err(Error::OutOfOrder { .. })));
    assert_eq!(refused(6, b"eleven bytes"), "an entry of 12 bytes is longer than the limit of 10 bytes");
    log.append(u64::MAX - 1, b"last").unwrap();
    assert_eq!(read_all(&log), [(5, b"five".to_vec()), (u64::MAX - 1, b"last".to_vec())]);
}

#[test]
fn trimming_removes_whole_segments_and_counts_the_rest() {
    let syncer = Syncer::start(1).unwrap();
    let disk = FaultyDisk::default();
    let (log, _) = open(&disk, small(), &syncer).unwrap();
    (0..20).for_each(|seq| append_safely(&log, seq).unwrap());
    let before = log.stats();
    assert_eq!((before.entries, before.uncommitted_entries), (20, 20));
    log.trim_below(15).unwrap();
    let stats = log.stats();
    assert_eq!(stats.uncommitted_entries, 5);
    let uncommitted: usize = (15..20).map(|seq| wal::HEADER_LENGTH + payload(seq, 0).len()).sum();
    assert_eq!(stats.uncommitted_bytes, uncommitted as u64);
    assert!(stats.segments < before.segments && stats.segments == disk.paths().len());
    let first = stats.first_seq;
    assert!(first > 0 && first <= 15);
    assert!(matches!(log.read_from(first - 1), Err(Error::Trimmed { .. })));

    log.trim_below(20).unwrap();
    let empty = Stats { segments: 1, first_seq: 20, next_seq: 20, durable_next_seq: 20, ..Stats::default() };
    assert_eq!(log.stats(), empty);
    drop(log);
    // An empty log knows what it once held.
    let (log, recovery) = open(&disk, Options { checkpoint: Some(19), ..small() }, &syncer).unwrap();
    assert_eq!((recovery.entries, recovery.next_seq), (0, 20));
    assert!(matches!(log.append(19, b""), Err(Error::OutOfOrder { .. })));
}

#[test]
fn a_reader_keeps_what_is_trimmed_meanwhile() {
    let syncer = Syncer::start(1).unwrap();
    let (log, _) = open(&FaultyDisk::default(), small(), &syncer).unwrap();
    (0..20).for_each(|seq| append_safely(&log, seq).unwrap());
    let entries = log.read_from(0).unwrap();
    log.trim_below(20).unwrap();
    append_safely(&log, 20).unwrap();
    let seqs: Vec<u64> = entries.map(|entry| entry.unwrap().seq).collect();
    assert_eq!(seqs, (0..20).collect::<Vec<_>>());
}

#[test]
fn a_cut_tail_can_be_written_anew() {
    let syncer = Syncer::start(1).unwrap();
    let disk = FaultyDisk::default();
    let (log, _) = open(&disk, small(), &syncer).unwrap();
    (0..40).step_by(2).for_each(|seq| append_safely(&log, seq).unwrap());
    log.truncate_above(7).unwrap();
    log.append(7, b"seven").unwrap();
    log.roll().unwrap();
    append_safely(&log, 9).unwrap();
    drop(log);
    let (log, _) = open(&disk, small(), &syncer).unwrap();
    let seqs: Vec<u64> = read_all(&log).iter().map(|entry| entry.0).collect();
    assert_eq!(seqs, [0, 2, 4, 6, 7, 9]);
    log.trim_below(9).unwrap();
    assert!(matches!(log.truncate_above(1), Err(Error::Trimmed { .. })));
}

#[test]
fn a_full_buffer_is_written_by_the_next_append() {
    let syncer = Syncer::start(1).unwrap();
    let disk = FaultyDisk::default();
    let (log, _) = open(&disk, Options { buffer: 300, ..small() }, &syncer).unwrap();
    let before = disk.calls().writes;
    for seq in 0..50 {
        log.append(seq, &payload(seq, 0)).unwrap();
    }
    assert!(disk.calls().writes > before + 10);
    log.append(50, &[7; 1000]).unwrap(); // longer than the buffer
    assert_eq!(read_all(&log).len(), 51);
}

/// A disk whose syncs of data wait for the test's permission, and are announced.
#[derive(Clone)]
struct GatedDisk {
    disk: FaultyDisk,
    gate: Arc<Gate>,
}

struct Gate {
    open: Mutex<bool>,
    changed: Condvar,
    synced: Mutex<Sender<()>>,
}

impl GatedDisk {
    fn new() -> (Self, Receiver<()>) {
        let (synced, announced) = mpsc::channel();
        let gate = Gate { open: Mutex::new(true), changed: Condvar::new(), synced: Mutex::new(synced) };
        (Self { disk: FaultyDisk::default(), gate: Arc::new(gate) }, announced)
    }

    fn set_open(&self, open: bool) {
        *self.gate.open.lock().unwrap() = open;
        self.gate.changed.notify_all();
    }
}

struct GatedFile(Arc<dyn File>, Arc<Gate>);

impl Disk for GatedDisk {
    fn create(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        Ok(Arc::new(GatedFile(self.disk.create(path)?, self.gate.clone())))
    }
    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        Ok(Arc::new(GatedFile(self.disk.open(path)?, self.gate.clone())))
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.disk.rename(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        self.disk.remove(path)
    }
    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        self.disk.list(directory)
    }
    fn create_dir(&self, directory: &Path) -> io::Result<()> {
        self.disk.create_dir(directory)
    }
    fn sync_dir(&self, directory: &Path) -> io::Result<()> {
        self.disk.sync_dir(directory)
    }
}

impl File for GatedFile {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_at(bytes, offset)
    }
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        self.0.read_at(bytes, offset)
    }
    fn length(&self) -> io::Result<u64> {
        self.0.length()
    }
    fn truncate(&self, length: u64) -> io::Result<()> {
        self.0.truncate(length)
    }
    fn sync_data(&self) -> io::Result<()> {
        let mut open = self.1.open.lock().unwrap();
        while !*open {
            open = self.1.changed.wait(open).unwrap();
        }
        self.0.sync_data()?;
        let _ = self.1.synced.lock().unwrap().send(());
        Ok(())
    }
}

fn open_gated(disk: &GatedDisk, options: Options, syncer: &Arc<Syncer>) -> Log {
    Log::open(Arc::new(disk.clone()), Path::new(DIRECTORY), options, syncer).unwrap().0
}

/// Threads that draw a number and append under one lock, as a shard copy does, and wait apart.
#[test]
fn waiting_threads_share_syncs() {
    const THREADS: usize = 32;
    const ROUNDS: u64 = 10;
    let syncer = Syncer::start(1).unwrap();
    let (disk, _announced) = GatedDisk::new();
    let log = open_gated(&disk, Options::default(), &syncer);
    let next = Mutex::new(0);
    let before = disk.disk.calls().syncs;
    for _ in 0..ROUNDS {
        disk.set_open(false);
        let (appended, count) = mpsc::channel();
        thread::scope(|scope| {
            for _ in 0..THREADS {
                let (log, next, appended) = (&log, &next, appended.clone());
                scope.spawn(move || {
                    let mut seq = next.lock().unwrap();
                    let position = log.append(*seq, b"entry").unwrap();
                    *seq += 1;
                    drop(seq);
                    appended.send(()).unwrap();
                    log.wait(position).unwrap();
                });
            }
            count.iter().take(THREADS).for_each(drop);
            disk.set_open(true);
        });
    }
    let syncs = disk.disk.calls().syncs - before;
    assert!(syncs <= 2 * ROUNDS, "{syncs} syncs for {} entries", THREADS as u64 * ROUNDS);
    assert_eq!(log.stats().durable_next_seq, THREADS as u64 * ROUNDS);
}

#[test]
fn callbacks_share_syncs_and_come_once_in_order() {
    let syncer = Syncer::start(1).unwrap();
    let (disk, _announced) = GatedDisk::new();
    let log = open_gated(&disk, Options::default(), &syncer);
    let before = disk.disk.calls().syncs;
    disk.set_open(false);
    let (tell, told) = mpsc::channel();
    for seq in 0..100 {
        let position = log.append(seq, b"entry").unwrap();
        let tell = tell.clone();
        log.on_safe(position, move |answer| tell.send((seq, answer.is_ok())).unwrap());
    }
    assert!(told.try_recv().is_err(), "told before the sync");
    disk.set_open(true);
    let order: Vec<_> = (0..100).map(|_| told.recv_timeout(LONG).unwrap()).collect();
    assert_eq!(order, (0..100).map(|seq| (seq, true)).collect::<Vec<_>>());
    assert!(disk.disk.calls().syncs - before <= 2);
}

#[test]
fn one_thread_serves_many_logs_and_survives_a_callback_that_panics() {
    let syncer = Syncer::start(1).unwrap();
    let disk = Arc::new(FaultyDisk::default());
    let logs: Vec<Log> =
        (0..200).map(|i| Log::open(disk.clone(), Path::new(&format!("/{i}")), small(), &syncer).unwrap().0).collect();
    logs[0].on_safe(logs[0].append(0, b"x").unwrap(), |_| panic!("of the test"));
    let (tell, told) = mpsc::channel();
    for (i, log) in logs.iter().enumerate() {
        let tell = tell.clone();
        log.on_safe(log.append(1, b"y").unwrap(), move |answer| tell.send((i, answer.is_ok())).unwrap());
    }
    let mut answers: Vec<_> = (0..200).map(|_| told.recv_timeout(LONG).unwrap()).collect();
    answers.sort_unstable();
    assert_eq!(answers, (0..200).map(|i| (i, true)).collect::<Vec<_>>());
}

#[test]
fn a_callback_may_drop_the_last_log_and_its_syncer() {
    let syncer = Syncer::start(1).unwrap();
    let log = Arc::new(open(&FaultyDisk::default(), small(), &syncer).unwrap().0);
    drop(syncer);
    let (tell, told) = mpsc::channel();
    let (position, held) = (log.append(0, b"x").unwrap(), log.clone());
    log.on_safe(position, move |answer| {
        drop(held);
        tell.send(answer.is_ok()).unwrap();
    });
    drop(log);
    assert!(told.recv_timeout(LONG).unwrap());
}

#[test]
fn asynchronous_durability_answers_after_the_write_and_syncs_after_the_interval() {
    let syncer = Syncer::start(1).unwrap();
    let (disk, announced) = GatedDisk::new();
    let durability = Durability::Async { interval: Duration::from_millis(20) };
    let log = open_gated(&disk, Options { durability, ..small() }, &syncer);
    while announced.try_recv().is_ok() {}
    disk.set_open(false);
    let (tell, told) = mpsc::channel();
    log.on_safe(log.append(0, b"x").unwrap(), move |answer| tell.send(answer.is_ok()).unwrap());
    assert_eq!(told.try_recv(), Ok(true), "answered by the write");
    assert_eq!(log.stats().durable_next_seq, 0);
    disk.set_open(true);
    announced.recv_timeout(LONG).unwrap();
    log.sync().unwrap();
    assert_eq!(log.stats().durable_next_seq, 1);
}

#[test]
fn ending_the_syncer_syncs_what_is_scheduled() {
    let syncer = Syncer::start(1).unwrap();
    let (disk, announced) = GatedDisk::new();
    let durability = Durability::Async { interval: Duration::from_secs(3600) };
    let log = open_gated(&disk, Options { durability, ..small() }, &syncer);
    while announced.try_recv().is_ok() {}
    append_safely(&log, 0).unwrap();
    drop((log, syncer));
    assert!(announced.try_recv().is_ok());
}

#[derive(Debug, Clone)]
enum Step {
    Append { gap: u64, length: usize },
    Sync,
    Roll,
    Trim(u64),
    Truncate(u64),
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0u64..3, 0usize..300).prop_map(|(gap, length)| Step::Append { gap, length }),
        1 => Just(Step::Sync),
        1 => Just(Step::Roll),
        1 => (0u64..60).prop_map(Step::Trim),
        1 => (0u64..60).prop_map(Step::Truncate),
        1 => Just(Step::Reopen),
    ];
    prop::collection::vec(step, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// The log against a plain list.
    #[test]
    fn any_steps_leave_what_a_list_would(steps in steps(), segment_size in 50u64..2000, preallocation in 0u64..600) {
        let syncer = Syncer::start(1).unwrap();
        let disk = FaultyDisk::default();
        let options = Options { segment_size, preallocation, ..Options::default() };
        let mut log = open(&disk, options.clone(), &syncer).unwrap().0;
        let (mut list, mut trimmed) = (Vec::new(), 0);
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Append { gap, length } => {
                    let (seq, bytes) = (log.stats().next_seq + gap, vec![number as u8; length]);
                    log.append(seq, &bytes).unwrap();
                    list.push((seq, bytes));
                }
                Step::Sync => log.sync().unwrap(),
                Step::Roll => log.roll().unwrap(),
                Step::Trim(seq) => {
                    log.trim_below(seq).unwrap();
                    trimmed = trimmed.max(seq);
                    let from = seq.max(log.stats().first_seq);
                    let uncommitted = list.iter().filter(|(found, _)| *found >= from).count();
                    prop_assert_eq!(log.stats().uncommitted_entries, uncommitted as u64);
                }
                Step::Truncate(seq) => {
                    if seq + 1 >= log.stats().first_seq {
                        log.truncate_above(seq).unwrap();
                        list.retain(|(found, _)| *found <= seq);
                    }
                }
                Step::Reopen => {
                    log.sync().unwrap();
                    drop(log);
                    log = open(&disk, options.clone(), &syncer).unwrap().0;
                }
            }
        }
        let found = read_all(&log);
        prop_assert_eq!(log.stats().entries, found.len() as u64);
        prop_assert!(list.ends_with(&found), "{:?} of {:?}", found, list);
        let kept = |entries: &[(u64, Vec<u8>)]| entries.iter().filter(|(seq, _)| *seq >= trimmed).count();
        prop_assert_eq!(kept(&found), kept(&list));
        if let Some((seq, _)) = found.get(found.len() / 2) {
            let rest: Vec<_> = log.read_from(*seq).unwrap().map(|entry| entry.unwrap().seq).collect();
            let expected: Vec<_> = found[found.len() / 2..].iter().map(|entry| entry.0).collect();
            prop_assert_eq!(rest, expected);
        }
    }
}
