//! Values in clusters of chosen widths, and dates at roundings that grow.

use serde::{Deserialize, Serialize};

use super::{Bucket, Table};
use crate::aggregation::sum::Sum;
use crate::error::Error;

/// Values that lie close together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cluster {
    pub sum: Sum,
    pub min: f64,
    pub max: f64,
    pub bucket: Bucket,
}

impl Cluster {
    /// The mean.
    pub fn centroid(&self) -> f64 {
        self.sum.value() / self.bucket.doc_count as f64
    }

    /// Takes in another one.
    ///
    /// # Errors
    /// As [`super::Partial::merge`].
    pub fn merge(&mut self, other: Self) -> Result<(), Error> {
        self.sum.merge(other.sum);
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.bucket.merge(other.bucket)
    }
}

/// Clusters of all shards side by side: they are joined at the end, so that the order of shards changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Clusters {
    pub list: Vec<Cluster>,
}

impl Clusters {
    pub fn merge(&mut self, other: Self) {
        self.list.extend(other.list);
        let order = |a: &Cluster, b: &Cluster| {
            let key = |c: &Cluster| (c.centroid(), c.min, c.max);
            let (a, b) = ((key(a), a.bucket.doc_count), (key(b), b.bucket.doc_count));
            a.0.0.total_cmp(&b.0.0).then(a.0.1.total_cmp(&b.0.1)).then(a.0.2.total_cmp(&b.0.2)).then(a.1.cmp(&b.1))
        };
        self.list.sort_by(order);
    }
}

/// `auto_date_histogram`: beginnings of intervals, which may be of finer roundings than the one that was needed in the end.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AutoDates {
    /// The coarsest rounding that a shard needed, by its place in the list of roundings.
    pub rounding: u8,
    pub table: Table,
}

impl AutoDates {
    /// Adds another shard's.
    ///
    /// # Errors
    /// As [`super::Partial::merge`].
    pub fn merge(&mut self, other: Self) -> Result<(), Error> {
        self.rounding = self.rounding.max(other.rounding);
        self.table.merge(other.table)
    }
}
