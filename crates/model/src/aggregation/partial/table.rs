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
        if let (Some(mine), Some(theirs)) = (self.rows.first(), other.rows.first())
            && !mine.key.is_like(&theirs.key)
        {
            return Err(two_kinds());
        }
        let mine = std::mem::take(&mut self.rows);
        self.rows = merge_sorted(
            mine,
            other.rows,
            |row| &row.key,
            |row, same| {
                row.known = row.known.saturating_add(same.known);
                row.bucket.merge(same.bucket)
            },
        )?;
        Ok(())
    }
}

/// Two lists in order of their keys as one; `join` adds to a row the other of the same key.
pub(super) fn merge_sorted<R>(
    mine: Vec<R>,
    theirs: Vec<R>,
    key: impl Fn(&R) -> &Key,
    mut join: impl FnMut(&mut R, R) -> Result<(), Error>,
) -> Result<Vec<R>, Error> {
    if mine.is_empty() || theirs.is_empty() {
        return Ok(if mine.is_empty() { theirs } else { mine });
    }
    let mut merged = Vec::with_capacity(mine.len().max(theirs.len()));
    let mut theirs = theirs.into_iter().peekable();
    for mut row in mine {
        while let Some(next) = theirs.next_if(|next| key(next) < key(&row)) {
            merged.push(next);
        }
        if let Some(same) = theirs.next_if(|next| key(next).cmp(key(&row)) == Ordering::Equal) {
            join(&mut row, same)?;
        }
        merged.push(row);
    }
    merged.extend(theirs);
    Ok(merged)
}
