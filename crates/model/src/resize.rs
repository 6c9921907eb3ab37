//! An index made of another: as many shards, fewer or more.

use crate::admin::CreateIndex;

/// What is wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Resize {
    pub kind: ResizeKind,
    /// The name of the index that there is.
    pub source: String,
    /// The new one; its mapping is the source's.
    pub index: CreateIndex,
    /// Of a shrink: as few shards as hold so many bytes each.
    pub max_shard_bytes: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResizeKind {
    Clone,
    Shrink,
    Split,
}
