//! What survives a crash: the synced part of the log, the files of the last flush, the checkpoint that was written down.

use std::collections::BTreeMap;

use model::id::{AllocationId, PrimaryTerm, SeqNo};

use crate::copy::Found;
use crate::event::Event;
use crate::message::{Entry, History};

pub(super) type Applied = BTreeMap<SeqNo, Entry>;

/// What a recovery by files brings.
#[derive(Clone, Debug, Hash)]
pub(super) struct Files {
    pub(super) history: History,
    pub(super) below: SeqNo,
    pub(super) applied: Applied,
}

#[derive(Clone, Hash)]
enum Record {
    Entry(Entry),
    Drop { from: SeqNo, below_term: PrimaryTerm },
}

#[derive(Clone, Hash)]
pub(super) struct Disk {
    records: Vec<Record>,
    pub(super) synced: usize,
    start: SeqNo,
    pub(super) flushed: Files,
    /// A global checkpoint that was written down.
    pub(super) base: SeqNo,
}

impl Disk {
    pub(super) fn empty(history: &str) -> Self {
        let flushed = Files { history: History(history.into()), below: SeqNo(0), applied: Applied::new() };
        Self { records: Vec::new(), synced: 0, start: SeqNo(0), flushed, base: SeqNo(0) }
    }

    pub(super) fn append(&mut self, entries: Vec<Entry>) {
        self.records.extend(entries.into_iter().map(Record::Entry));
    }

    pub(super) fn drop_beyond(&mut self, from: SeqNo, below_term: PrimaryTerm) {
        self.records.push(Record::Drop { from, below_term });
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// The log as it reads: the newest entry of each number.
    pub(super) fn log(&self, records: usize) -> Applied {
        let mut log = Applied::new();
        for record in &self.records[..records] {
            match record {
                Record::Entry(entry) => {
                    log.insert(entry.seq_no, entry.clone());
                }
                Record::Drop { from, below_term } => {
                    log.retain(|seq_no, entry| seq_no < from || entry.term >= *below_term);
                }
            }
        }
        log.split_off(&self.start)
    }

    /// Everything that a restart would find.
    pub(super) fn durable(&self) -> Applied {
        let mut all = self.flushed.applied.clone();
        all.extend(self.log(self.synced).into_iter().filter(|(seq_no, _)| *seq_no >= self.flushed.below));
        all
    }

    pub(super) fn read(&self, to: AllocationId, from: SeqNo, below: SeqNo) -> Event {
        if from < self.start {
            return Event::LogLacks { to };
        }
        let log = self.log(self.records.len());
        Event::LogRead { to, entries: log.range(from..below).take(3).map(|(_, entry)| entry.clone()).collect() }
    }

    /// Only `kept` records outlive the crash.
    pub(super) fn crash(&mut self, kept: usize) {
        self.records.truncate(kept);
        self.synced = kept;
    }

    pub(super) fn trim(&mut self, below: SeqNo) {
        self.start = self.start.max(below.min(self.flushed.below));
    }

    pub(super) fn install(&mut self, files: Files) {
        self.records.clear();
        self.synced = 0;
        self.start = files.below;
        self.base = files.below;
        self.flushed = files;
    }

    /// The state of an opening copy, and what its engine then holds.
    pub(super) fn open(&mut self) -> (Found, Applied) {
        self.synced = self.records.len();
        let log = self.log(self.records.len());
        let mut applied = self.flushed.applied.clone();
        let base = self.base.max(self.flushed.below);
        applied.extend(log.range(self.flushed.below..base).map(|(seq_no, entry)| (*seq_no, entry.clone())));
        let entries = log.range(base..).map(|(_, entry)| entry.clone()).collect();
        (Found { history: self.flushed.history.clone(), base, entries }, applied)
    }
}
