//! What is asked of and said about data streams.

use std::sync::Arc;

use crate::id::IndexRef;
use crate::write::ActiveShards;

/// Everything that a client may read of one data stream.
#[derive(Clone, Debug, PartialEq)]
pub struct DataStreamInfo {
    pub name: Arc<str>,
    /// Full dotted path.
    pub timestamp_field: String,
    /// The number of its newest index: grows with each.
    pub generation: u64,
    /// The oldest first; the last one is written to.
    pub indexes: Vec<IndexRef>,
    /// The index template that its next index is made by; `None`: none fits any more.
    pub template: Option<Arc<str>>,
}

/// A data stream is to write to a new index.
#[derive(Clone, Debug, PartialEq)]
pub struct RollOver {
    pub stream: Arc<str>,
    /// The index that it writes to, as the client saw it: another one is not rolled over.
    pub from: Arc<str>,
    pub active_shards: Option<ActiveShards>,
    pub timeout_ms: u64,
}
