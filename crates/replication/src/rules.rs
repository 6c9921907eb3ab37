//! The rules that keep acknowledged operations, in one sentence each, and how long the protocol waits.
//!
//! - **R1** Every message carries the allocation id it is meant for, the primary term, and the version of the metadata that its sender knew. The
//!   receiver waits until it knows that version, then refuses a lower term and an allocation id that is not its own.
//! - **R2** A primary never learns its term from messages: it writes under the term of its appointment, and stops when it sees a higher one.
//! - **R3** Only in-sync copies are promoted (kept by the master).
//! - **R4** An operation is acknowledged when every in-sync copy has it on its disk. A copy that fails leaves by a decision of the master
//!   before anything is acknowledged without it; a refusal of the master means that the outcome is unknown.
//! - **R5** What the primary counts as in-sync contains what the master does: it adds first and removes last.
//! - **R6** The search engine is given only operations below the global checkpoint.
//! - **R7** A promoted copy fills gaps with no-ops and sends everything above the global checkpoint again. What lies beyond is dropped by the
//!   others.
//! - **R8** A copy that learns of a higher term keeps its tail, without credit for it, until the new primary has replaced it.
//! - **R10** A recovering copy is tracked before anything is read for it, and counts as in-sync first for the primary, then for the master. It
//!   counts for the primary when it has all that was agreed on, and all that the primary began with; for the master, and so for searches, when
//!   it shows what the primary may have shown until then. From the first on it is part of every refresh.
//! - **R11** A primary that moves blocks, drains, and has the master swap, so that the move leaves no write's outcome unknown.

use serde::{Deserialize, Serialize};

/// How long and how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Limits {
    /// After so long without an answer, what was sent is sent again.
    pub resend_ms: u64,
    /// After so long without an answer, the master is asked to remove the copy.
    pub fail_ms: u64,
    /// After so long without a sign of life, a recovering copy is given up.
    pub recovery_ms: u64,
    /// Operations in one message.
    pub batch: usize,
    /// Bytes of operations in one message; one operation may be larger.
    pub batch_bytes: usize,
    /// Operations sent to a copy and not yet answered.
    pub window: u64,
    /// Messages that wait for newer metadata; more are dropped, and will be sent again.
    pub waiting: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            resend_ms: 1_000,
            fail_ms: 10_000,
            recovery_ms: 120_000,
            batch: 512,
            batch_bytes: 4 << 20,
            window: 16_384,
            waiting: 64,
        }
    }
}

/// A rule taken away, so that the tests can show that they would notice.
#[cfg(test)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Defect {
    /// R1: messages of a lower term are taken.
    AnyTerm,
    /// R4: a copy that does not answer is forgotten without asking the master.
    AcknowledgeFirst,
    /// R4: an operation counts before it is on the disk.
    CountUnsynced,
    /// R5, R10: a recovering copy that has caught up does not count for the primary.
    MasterAddsFirst,
    /// R6: operations are applied as they come.
    ApplyAtOnce,
    /// R7: a promoted copy sends nothing again.
    NoResend,
    /// R7: what lies beyond the new primary's history stays.
    KeepBeyond,
    /// R8: a higher term makes a copy forget its tail.
    ForgetTail,
    /// R8: a higher term leaves the credit for the tail.
    KeepCredit,
    /// R10: recovery begins where the primary is, not where the copy is.
    SkipHistory,
    /// R10: the master counts a copy that has not been refreshed.
    StartHidden,
    /// R10: a refresh is for those alone which the master counts.
    ShowCounted,
}
