//! Which values may make buckets: `include` and `exclude`.

use std::collections::BTreeSet;

use crate::bound::{Pattern, TermBytes};

/// Both sides; what is excluded is excluded even if it is included.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choice {
    pub include: Option<Include>,
    pub exclude: Option<Set>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Include {
    Set(Set),
    /// Values whose hash leaves this rest when divided by the number of partitions.
    Partition {
        partition: u32,
        num_partitions: u32,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub enum Set {
    /// A regular expression over the whole value.
    Pattern(Pattern),
    Bytes(BTreeSet<TermBytes>),
    /// As the column holds them.
    Codes(BTreeSet<i64>),
}

impl Choice {
    /// Whether everything may make a bucket.
    pub fn is_open(&self) -> bool {
        self.include.is_none() && self.exclude.is_none()
    }
}
