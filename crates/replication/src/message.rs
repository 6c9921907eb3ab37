//! What copies of a shard say to each other.

use std::sync::Arc;

use model::id::{AllocationId, PrimaryTerm, SeqNo, StateVersion};
use serde::{Deserialize, Serialize};

/// Rule R1: the head says who means whom, at which term, and what the sender knew.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Message {
    pub from: AllocationId,
    pub to: AllocationId,
    pub term: PrimaryTerm,
    pub version: StateVersion,
    pub body: Body,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Body {
    /// Primary to copy. May be empty; is answered in any case.
    Replicate {
        /// In order, without gaps.
        entries: Vec<Entry>,
        /// The primary's global checkpoint.
        global: SeqNo,
        /// Where the primary's own term begins: entries at or above it with a lower term are of another history (rule R7).
        term_from: SeqNo,
    },
    /// Primary to copy, when there is nothing to send: what may be applied. Not answered.
    Checkpoint { global: SeqNo },
    /// Copy to primary: everything below `local` is on the disk, and the copy knows the global checkpoint `global`.
    Replicated { local: SeqNo, global: SeqNo },
    /// Copy to primary: not from you. The head's term is the highest the copy knows.
    Refused,
    /// A copy without all operations to the primary: it has everything below `from` of this history.
    Recover { history: History, from: SeqNo },
}

/// An operation with its place in the history of the shard.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Entry {
    pub seq_no: SeqNo,
    /// The term under which it was first written; resending does not change it.
    pub term: PrimaryTerm,
    /// Empty: a no-op.
    #[serde(with = "model::wire::bytes")]
    pub operation: Arc<[u8]>,
}

/// The identity of a shard's history: a new one when data was accepted as lost.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct History(pub Arc<str>);
