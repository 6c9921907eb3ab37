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
    mut mine: Vec<R>,
    theirs: Vec<R>,
    key: impl Fn(&R) -> &Key,
    mut join: impl FnMut(&mut R, R) -> Result<(), Error>,
) -> Result<Vec<R>, Error> {
    if mine.is_empty() {
        return Ok(theirs);
    }
    let others = theirs.len();
    let mut theirs = theirs.into_iter().peekable();
    // While both name the same keys nothing moves.
    let mut same = 0;
    for row in &mut mine {
        let Some(next) = theirs.next_if(|next| key(next) == key(row)) else { break };
        join(row, next)?;
        same += 1;
    }
    if theirs.peek().is_none() {
        return Ok(mine);
    }
    let rest = mine.split_off(same);
    mine.reserve(rest.len().max(others - same));
    for mut row in rest {
        while let Some(next) = theirs.peek() {
            match key(next).cmp(key(&row)) {
                Ordering::Less => mine.extend(theirs.next()),
                Ordering::Equal => {
                    theirs.next().map_or(Ok(()), |next| join(&mut row, next))?;
                    break;
                }
                Ordering::Greater => break,
            }
        }
        mine.push(row);
    }
    mine.extend(theirs);
    Ok(mine)
}
