//! Values that stand out of a background.

use serde::{Deserialize, Serialize};

use super::table::merge_sorted;
use super::{Bucket, two_kinds};
use crate::aggregation::key::Key;
use crate::error::Error;

/// Rows in order of their keys, with the sizes of what is compared.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Significance {
    /// Documents looked at.
    pub foreground: u64,
    /// Documents that they are compared with.
    pub background: u64,
    pub rows: Vec<SignificantRow>,
}

/// One value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SignificantRow {
    pub key: Key,
    /// Of the foreground.
    pub bucket: Bucket,
    /// Documents of the background that have it.
    pub background: u64,
}

impl Significance {
    /// Adds another shard's part.
    ///
    /// # Errors
    /// As [`super::Partial::merge`].
    pub fn merge(&mut self, other: Self) -> Result<(), Error> {
        self.foreground = self.foreground.saturating_add(other.foreground);
        self.background = self.background.saturating_add(other.background);
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
                row.background = row.background.saturating_add(same.background);
                row.bucket.merge(same.bucket)
            },
        )?;
        Ok(())
    }
}
