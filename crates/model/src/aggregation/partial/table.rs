//! Buckets by key.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::{Bucket, two_kinds};
use crate::aggregation::key::Key;
use crate::error::Error;

/// Rows in order of their keys, each key once, and what was left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Table {
    pub rows: Vec<Row>,
    /// Documents of the buckets that shards left out.
    pub other: u64,
    /// How many documents a key that no shard named may have at most: the sum of the last counts of the shards that left something out.
    pub error: u64,
    /// How many shards it comes from.
    pub shards: u32,
}

/// One bucket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    pub key: Key,
    pub bucket: Bucket,
    /// The part of [`Table::error`] that comes from shards which did name this key: they cannot be wrong about it.
    pub known: u64,
}

impl Table {
    /// Adds another shard's buckets.
    ///
    /// # Errors
    /// As [`super::Partial::merge`].
    pub fn merge(&mut self, other: Self) -> Result<(), Error> {
        self.other = self.other.saturating_add(other.other);
        self.error = self.error.saturating_add(other.error);
        self.shards = self.shards.saturating_add(other.shards);
        if self.rows.is_empty() {
            self.rows = other.rows;
            return Ok(());
        }
        if let (Some(mine), Some(theirs)) = (self.rows.first(), other.rows.first())
            && matches!(mine.key, Key::Bytes(_)) != matches!(theirs.key, Key::Bytes(_))
        {
            return Err(two_kinds());
        }
        let mut merged = Vec::with_capacity(self.rows.len().max(other.rows.len()));
        let mut theirs = other.rows.into_iter().peekable();
        for mut row in std::mem::take(&mut self.rows) {
            while let Some(next) = theirs.next_if(|next| next.key < row.key) {
                merged.push(next);
            }
            if let Some(same) = theirs.next_if(|next| next.key.cmp(&row.key) == Ordering::Equal) {
                row.bucket.merge(same.bucket)?;
                row.known = row.known.saturating_add(same.known);
            }
            merged.push(row);
        }
        merged.extend(theirs);
        self.rows = merged;
        Ok(())
    }
}
