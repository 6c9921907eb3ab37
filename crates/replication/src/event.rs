//! What happens to a copy, and what it wants done.

use model::id::{AllocationId, PrimaryTerm, SeqNo};

use crate::assignment::Assignment;
use crate::message::{Entry, History, Message};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// The metadata was applied on this node. Versions may be skipped.
    Assigned(Assignment),
    /// The engine of the primary decided these and appended them to the log: in order, from [`crate::copy::Copy::next`] on, under the
    /// term that [`crate::copy::Copy::may_write`] gave.
    Written(Vec<Entry>),
    /// Everything up to the ticket is on the disk.
    Synced(Ticket),
    Received(Message),
    /// Nobody is there to take a message, or the files of a recovery could not be sent.
    Unreachable(AllocationId),
    /// Answers [`Effect::ReadLog`]: entries from there on, in order.
    LogRead {
        to: AllocationId,
        entries: Vec<Entry>,
    },
    /// Answers [`Effect::ReadLog`]: the log begins later.
    LogLacks {
        to: AllocationId,
    },
    /// Answers [`Effect::Show`]: whether the copy shows it.
    Shown {
        copy: AllocationId,
        term: PrimaryTerm,
        done: bool,
    },
    /// The primary's files have replaced those of this copy: they contain everything below `below`, and
    /// [`crate::copy::Copy::takes_files`] had said yes.
    FilesInstalled {
        below: SeqNo,
        history: History,
    },
    /// The master did not do what it was asked, because the shard has this term.
    MasterRefused {
        term: PrimaryTerm,
    },
    /// Comes every few hundred milliseconds.
    Tick,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Append to the log; [`Event::Synced`] says when it is safe. An entry takes the place of an earlier one with its number.
    Append {
        entries: Vec<Entry>,
        ticket: Ticket,
    },
    /// Say when everything that was appended is safe.
    Sync {
        ticket: Ticket,
    },
    /// The log's entries at or above `from` with a term lower than `below_term` are no part of the history.
    Drop {
        from: SeqNo,
        below_term: PrimaryTerm,
    },
    Send(Message),
    /// Read entries from `from`, some hundreds, none at or above `below`.
    ReadLog {
        to: AllocationId,
        from: SeqNo,
        below: SeqNo,
    },
    /// Flush, and send the files that then count: they contain everything below the global checkpoint at least.
    SendFiles {
        to: AllocationId,
    },
    /// Have the copy apply everything below `below` and show it to searches, for which it is to count soon (rule R10).
    Show {
        to: AllocationId,
        below: SeqNo,
        term: PrimaryTerm,
    },
    /// The log must keep what lies at or above this.
    Retain {
        from: SeqNo,
    },
    /// Rule R6: the search engine may have everything below this.
    Apply {
        below: SeqNo,
    },
    /// Rule R4: writes below this are safe.
    Acknowledge {
        below: SeqNo,
    },
    /// The outcome of writes at or above this is unknown; the engine forgets what it held of them.
    Abandon {
        from: SeqNo,
    },
    /// For the master, until the metadata shows it or it is refused.
    Ask(Question),
}

/// What only the master may decide. `term` is the asking primary's: with another one the master refuses.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Question {
    FailCopy {
        copy: AllocationId,
        term: PrimaryTerm,
        reason: &'static str,
    },
    CopyStarted {
        copy: AllocationId,
        term: PrimaryTerm,
    },
    /// Appoint this copy in the place of the asking one (rule R11).
    HandOver {
        to: AllocationId,
        term: PrimaryTerm,
    },
}

/// Numbers what was appended, rising.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);
