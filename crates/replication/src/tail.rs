//! The part of a copy's log that is not yet agreed on: entries above what was applied, and what they count for.
//!
//! In: entries as they are appended, tickets as they are synced. Out: the local checkpoint. Not here: who sends what.

use std::collections::BTreeMap;

use model::id::{PrimaryTerm, SeqNo};

use crate::event::Ticket;
use crate::message::Entry;

#[cfg_attr(test, derive(Clone, Hash))]
pub(crate) struct Tail {
    /// Below it everything is agreed, on the disk, and given to the search engine. Entries below it are no longer here.
    base: SeqNo,
    /// The highest global checkpoint that the copy was told; not below `base`, and beyond `local` while the copy recovers.
    global: SeqNo,
    /// Below it everything is on this disk and part of the history as the present primary tells it.
    local: SeqNo,
    entries: BTreeMap<SeqNo, Held>,
    issued: Ticket,
    synced: Ticket,
    #[cfg(test)]
    pub(crate) defect: Option<crate::rules::Defect>,
}

#[cfg_attr(test, derive(Clone, Hash))]
struct Held {
    entry: Entry,
    ticket: Ticket,
    /// The present primary has it, too (rule R8).
    confirmed: bool,
}

impl Tail {
    /// `entries`: what the log holds at or above `base`, all of it on the disk, none of it confirmed.
    pub(crate) fn open(base: SeqNo, entries: Vec<Entry>) -> Self {
        let held = |entry: Entry| (entry.seq_no, Held { entry, ticket: Ticket(0), confirmed: false });
        let entries = entries.into_iter().filter(|entry| entry.seq_no >= base).map(held).collect();
        Self {
            base,
            global: base,
            local: base,
            entries,
            issued: Ticket(0),
            synced: Ticket(0),
            #[cfg(test)]
            defect: None,
        }
    }

    pub(crate) fn base(&self) -> SeqNo {
        self.base
    }

    pub(crate) fn global(&self) -> SeqNo {
        self.global
    }

    pub(crate) fn local(&self) -> SeqNo {
        self.local
    }

    /// The first number that no entry has.
    pub(crate) fn next(&self) -> SeqNo {
        self.entries.last_key_value().map_or(self.base, |(last, _)| last.next())
    }

    pub(crate) fn ticket(&mut self) -> Ticket {
        self.issued = Ticket(self.issued.0 + 1);
        self.issued
    }

    /// Entries from `from` on, `count` of `bytes` at most, but for a first one that is larger; none of them missing.
    pub(crate) fn range(&self, from: SeqNo, count: usize, bytes: usize) -> Vec<Entry> {
        let mut taken = 0;
        let entries = self.entries.range(from..).take(count).enumerate().take_while(|(at, (_, held))| {
            taken += held.entry.operation.len();
            *at == 0 || taken <= bytes
        });
        entries.map(|(_, (_, held))| held.entry.clone()).collect()
    }

    /// Takes an entry that the log got under `ticket`.
    pub(crate) fn put(&mut self, entry: Entry, ticket: Ticket, confirmed: bool) {
        self.entries.insert(entry.seq_no, Held { entry, ticket, confirmed });
    }

    /// Credits an entry that a primary of `term` sent, if the copy has it already; otherwise says that it is to be appended.
    pub(crate) fn lacks(&mut self, entry: &Entry, term: PrimaryTerm) -> bool {
        if entry.seq_no < self.base {
            return false;
        }
        match self.entries.get_mut(&entry.seq_no) {
            Some(held) if held.entry.term == entry.term => {
                held.confirmed = true;
                false
            }
            Some(held) => term >= held.entry.term,
            None => true,
        }
    }

    pub(crate) fn is_missing(&self, seq_no: SeqNo) -> bool {
        !self.entries.contains_key(&seq_no)
    }

    /// A promoted copy's word is the history.
    pub(crate) fn confirm_all(&mut self) {
        self.entries.values_mut().for_each(|held| held.confirmed = true);
    }

    /// Rule R8: no credit at or above the global checkpoint until it is given anew.
    pub(crate) fn unconfirm(&mut self) {
        if breaks!(self, ForgetTail) {
            let _ = self.entries.split_off(&self.global);
        }
        if breaks!(self, KeepCredit) {
            return;
        }
        self.entries.range_mut(self.global..).for_each(|(_, held)| held.confirmed = false);
        self.local = self.local.min(self.global);
    }

    /// Rule R7: drops entries at or above `from` with a lower term; whether there were any.
    pub(crate) fn drop_beyond(&mut self, from: SeqNo, term: PrimaryTerm) -> bool {
        let before = self.entries.len();
        self.entries.retain(|seq_no, held| *seq_no < from || held.entry.term >= term);
        self.entries.len() < before
    }

    pub(crate) fn synced(&mut self, ticket: Ticket) {
        self.synced = self.synced.max(ticket);
    }

    /// Moves the local checkpoint over what has become safe and confirmed.
    pub(crate) fn advance_local(&mut self) {
        let counts = |held: &Held| held.confirmed && (held.ticket <= self.synced || breaks!(self, CountUnsynced));
        let mut local = self.local;
        for (seq_no, held) in self.entries.range(local..) {
            if *seq_no != local || !counts(held) {
                break;
            }
            local = local.next();
        }
        self.local = local;
    }

    /// A global checkpoint as it is told; it never goes back.
    pub(crate) fn learn_global(&mut self, global: SeqNo) {
        self.global = self.global.max(global);
    }

    /// What may be applied beyond what was: `Some` when it moved. Those entries leave.
    pub(crate) fn advance_base(&mut self) -> Option<SeqNo> {
        let base = if breaks!(self, ApplyAtOnce) { self.local } else { self.global.min(self.local) };
        if base <= self.base {
            return None;
        }
        self.base = base;
        self.entries = self.entries.split_off(&base);
        Some(base)
    }

    /// Files that contain everything below `below` have replaced the copy's own, and its log.
    pub(crate) fn rebase(&mut self, below: SeqNo) {
        self.base = below;
        self.entries.clear();
        self.learn_global(below);
        self.local = below;
    }
}
