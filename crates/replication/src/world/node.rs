//! A process with its copy, and the driver that a real node has around it.

use std::collections::VecDeque;

use model::id::{AllocationId, SeqNo};

use super::LIMITS;
use super::disk::{Applied, Disk, Files};
use super::master::Master;
use crate::assignment::Role;
use crate::copy::Copy;
use crate::event::{Event, Ticket};
use crate::message::Entry;
use crate::rules::Defect;

#[derive(Clone, Hash)]
pub(super) struct Node {
    pub(super) up: bool,
    pub(super) me: Option<AllocationId>,
    pub(super) copy: Option<Copy>,
    pub(super) disk: Disk,
    /// What the search engine was given.
    pub(super) applied: Applied,
    /// Searches see everything below it.
    pub(super) shown: SeqNo,
    /// Writes whose clients wait.
    pub(super) waiting: Vec<Entry>,
    pub(super) retained: SeqNo,
    syncs: VecDeque<(Ticket, usize)>,
}

impl Default for Node {
    fn default() -> Self {
        Self {
            up: true,
            me: None,
            copy: None,
            disk: Disk::empty("h"),
            applied: Applied::new(),
            shown: SeqNo(0),
            waiting: Vec::new(),
            retained: SeqNo(0),
            syncs: VecDeque::new(),
        }
    }
}

impl Node {
    pub(super) fn will_sync(&mut self, ticket: Ticket) {
        self.syncs.push_back((ticket, self.disk.len()));
    }

    pub(super) fn sync(&mut self) -> Option<Ticket> {
        let (ticket, records) = self.syncs.pop_front()?;
        self.disk.synced = self.disk.synced.max(records);
        Some(ticket)
    }

    pub(super) fn waits_for_sync(&self) -> bool {
        !self.syncs.is_empty()
    }

    /// Whether there is metadata that it has not seen.
    pub(super) fn is_behind(&self, node: usize, master: &Master) -> bool {
        let assigned = master.copy_on(node);
        match &self.copy {
            None => assigned.is_some(),
            Some(copy) => copy.assignment().version != master.version(),
        }
    }

    /// The first number that the engine was not given.
    pub(super) fn applied_below(&self) -> SeqNo {
        self.applied.last_key_value().map_or(SeqNo(0), |(last, _)| last.next())
    }

    /// Writes down the checkpoint; and the files, with the log trimmed behind them.
    pub(super) fn flush(&mut self, files: bool) {
        if self.copy.is_none() {
            return;
        }
        self.disk.base = self.disk.base.max(self.applied_below());
        if files {
            self.disk.flushed.applied = self.applied.clone();
            self.disk.flushed.below = self.applied_below();
            self.disk.trim(self.retained);
        }
    }

    pub(super) fn flush_files(&mut self) -> Files {
        self.flush(true);
        self.disk.flushed.clone()
    }

    pub(super) fn install(&mut self, files: Files) {
        self.applied = files.applied.clone();
        self.shown = self.applied_below();
        self.disk.install(files);
        // What was to be synced is gone; it counts as done.
        self.syncs.iter_mut().for_each(|(_, records)| *records = 0);
    }

    pub(super) fn close(&mut self) {
        (self.copy, self.me) = (None, None);
        self.waiting.clear();
        self.syncs.clear();
        self.retained = SeqNo(0);
    }

    /// Follows the metadata: opens and closes copies, tells the copy what changed.
    pub(super) fn reconcile(&mut self, node: usize, master: &Master, defect: Option<Defect>) -> Option<Event> {
        let assigned = master.copy_on(node);
        if assigned.is_none() && self.copy.is_none() {
            return None;
        }
        if let Some((id, _)) = assigned.filter(|(id, _)| self.me.as_ref() != Some(*id)) {
            self.close();
            self.open(id.clone(), defect);
        }
        let me = self.me.clone()?;
        Some(Event::Assigned(master.assignment(me)))
    }

    fn open(&mut self, me: AllocationId, defect: Option<Defect>) {
        let (found, applied) = self.disk.open();
        self.applied = applied;
        self.shown = self.applied_below();
        let mut copy = Copy::open(me.clone(), found, LIMITS);
        copy.break_rule(defect);
        (self.copy, self.me) = (Some(copy), Some(me));
    }
}

/// Whether a role is one of those that must have everything acknowledged.
pub(super) fn is_in_sync(role: Role) -> bool {
    matches!(role, Role::Primary | Role::Replica)
}
