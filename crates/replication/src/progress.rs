//! How far the primary knows one other copy to be.

use model::id::SeqNo;

/// One tracked copy (rule R5): every copy that the metadata names is tracked from then on, whatever its role.
#[cfg_attr(test, derive(Clone, Hash))]
pub(crate) struct Progress {
    pub(crate) stage: Stage,
    /// It counts for the global checkpoint.
    pub(crate) in_sync: bool,
    /// The metadata says so, too.
    pub(crate) confirmed: bool,
    /// It shows what this primary had shown when it came to be in-sync, and is refreshed with it since.
    pub(crate) shown: bool,
    /// It was asked to, and has not answered.
    pub(crate) showing: bool,
    pub(crate) takes_over: bool,
    /// What it answered last.
    pub(crate) local: SeqNo,
    pub(crate) global: SeqNo,
    /// The first operation that was not sent.
    pub(crate) next: SeqNo,
    /// It has answered this primary.
    pub(crate) heard: bool,
    /// A read of the log is under way for it.
    pub(crate) reading: bool,
    /// What it has, when the log had no longer what it lacks: files are on their way for it.
    pub(crate) beyond_log: Option<SeqNo>,
    /// When it last came forward, or began to owe an answer.
    since: u64,
    sent_at: u64,
    failed_at: Option<u64>,
    started_at: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(Hash))]
pub(crate) enum Stage {
    /// Has not said yet what it has.
    Expected,
    /// Is given files.
    Files,
    /// Is sent operations.
    Streaming,
}

impl Progress {
    /// A copy that the metadata counts as in-sync: it has everything below the global checkpoint.
    pub(crate) fn replica(global: SeqNo, now: u64) -> Self {
        Self { in_sync: true, confirmed: true, shown: true, ..Self::new(Stage::Streaming, global, now) }
    }

    pub(crate) fn initializing(takes_over: bool, now: u64) -> Self {
        Self { takes_over, ..Self::new(Stage::Expected, SeqNo(0), now) }
    }

    fn new(stage: Stage, from: SeqNo, now: u64) -> Self {
        Self {
            stage,
            in_sync: false,
            confirmed: false,
            shown: false,
            showing: false,
            takes_over: false,
            local: from,
            global: SeqNo(0),
            next: from,
            heard: false,
            reading: false,
            beyond_log: None,
            since: now,
            sent_at: now,
            failed_at: None,
            started_at: None,
        }
    }

    /// It says that it has everything below `from`: sending begins there.
    pub(crate) fn begin(&mut self, from: SeqNo, now: u64) {
        self.stage = Stage::Streaming;
        (self.local, self.next) = (self.local.max(from), from);
        (self.reading, self.beyond_log) = (false, None);
        self.since = now;
    }

    pub(crate) fn sent(&mut self, count: usize, now: u64) {
        if self.local == self.next {
            self.since = now;
        }
        self.next = SeqNo(self.next.0 + count as u64);
        self.sent_at = now;
    }

    pub(crate) fn answered(&mut self, local: SeqNo, global: SeqNo, now: u64) {
        if local > self.local || !self.heard || local == self.next {
            self.since = now;
        }
        self.heard = true;
        self.local = self.local.max(local);
        self.global = self.global.max(global);
        self.next = self.next.max(self.local);
    }

    /// Whether it owes an answer.
    pub(crate) fn owes(&self) -> bool {
        self.stage == Stage::Streaming && (!self.heard || self.reading || self.local < self.next)
    }

    /// For how long nothing came from it.
    pub(crate) fn silent_ms(&self, now: u64) -> u64 {
        now.saturating_sub(self.since)
    }

    /// Whether what was sent is to be sent again; then it is as if it had not been sent.
    pub(crate) fn rewind(&mut self, now: u64, after_ms: u64) -> bool {
        let due = self.owes() && now.saturating_sub(self.sent_at) >= after_ms;
        if due {
            self.next = self.local;
            self.reading = false;
            self.sent_at = now;
        }
        due
    }

    /// Whether the master is to be told now that it has failed: at once, then every `every_ms` until the metadata answers.
    pub(crate) fn says_failed(&mut self, now: u64, every_ms: u64) -> bool {
        is_due(&mut self.failed_at, now, every_ms)
    }

    /// The same for that it has everything.
    pub(crate) fn says_started(&mut self, now: u64, every_ms: u64) -> bool {
        is_due(&mut self.started_at, now, every_ms)
    }

    /// A sign that its recovery goes on.
    pub(crate) fn is_alive(&mut self, now: u64) {
        self.since = now;
    }
}

fn is_due(last: &mut Option<u64>, now: u64, every_ms: u64) -> bool {
    let due = last.is_none_or(|at| now.saturating_sub(at) >= every_ms);
    if due {
        *last = Some(now);
    }
    due
}
