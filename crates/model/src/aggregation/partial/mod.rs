//! What one shard, or several together, found: values that merge associatively and commutatively.
//!
//! A partial has the shape of the request's tree. Nothing is rounded, averaged or cut here: what a shard leaves out it says
//! ([`Table::other`], [`Table::error`]), and the answer is made at the end.

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind};

mod cardinality;
mod clusters;
mod geo;
pub mod hash;
mod hdr;
mod moments;
mod significance;
mod size;
mod state;
mod stats;
mod table;
mod tdigest;
#[cfg(test)]
mod tests;
mod top_hits;
mod weighted;
mod wire;

pub use cardinality::Cardinality;
pub use clusters::{AutoDates, Cluster, Clusters};
pub use geo::{Centroid, Extent};
pub use hdr::Hdr;
pub use moments::Moments;
pub use significance::{Significance, SignificantRow};
pub use state::{ScriptState, ScriptStates};
pub use stats::Stats;
pub use table::{Row, Table};
pub use tdigest::{Quantiles, TDigest};
pub use top_hits::{HitOrder, TopHit, TopHits};
pub use weighted::Weighted;
pub use wire::Damaged;

/// One aggregation's findings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Partial {
    /// The index does not have the field: gives way to whatever another found.
    Unmapped,
    /// `value_count`
    Count(u64),
    /// `avg`, `min`, `max`, `sum`, `stats`, `extended_stats`
    Stats(Box<Stats>),
    /// `percentiles`, `percentile_ranks` and `median_absolute_deviation`
    TDigest(Box<TDigest>),
    /// `percentiles` and `percentile_ranks` by HDR
    Hdr(Box<Hdr>),
    /// `cardinality`
    Cardinality(Box<Cardinality>),
    /// `weighted_avg`
    Weighted(Box<Weighted>),
    /// `geo_bounds`
    Extent(Box<Extent>),
    /// `geo_centroid`
    Centroid(Box<Centroid>),
    /// `matrix_stats`
    Moments(Box<Moments>),
    /// `top_hits`
    TopHits(Box<TopHits>),
    /// `filter`, `missing`, `global`, `sampler`
    Bucket(Bucket),
    /// Buckets by their place in the request: `filters`, ranges.
    Slots(Vec<Bucket>),
    /// Buckets by key: terms, histograms.
    Table(Table),
    /// `auto_date_histogram`
    AutoDates(AutoDates),
    /// `variable_width_histogram`
    Clusters(Clusters),
    /// `significant_terms`
    Significance(Box<Significance>),
    /// `scripted_metric`
    Scripted(ScriptStates),
}

/// Documents of one bucket, and what the aggregations inside it found, in order of the request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    pub doc_count: u64,
    pub children: Vec<Partial>,
}

impl Partial {
    /// Takes in what another shard found.
    ///
    /// # Errors
    /// `aggregation_execution_exception` where the two cannot be one answer: a field is a number in one index and a text in another.
    pub fn merge(&mut self, other: Self) -> Result<(), Error> {
        match (&mut *self, other) {
            (_, Self::Unmapped) => {}
            (Self::Unmapped, other) => *self = other,
            (Self::Count(mine), Self::Count(theirs)) => *mine = mine.saturating_add(theirs),
            (Self::Stats(mine), Self::Stats(theirs)) => mine.merge(&theirs),
            (Self::TDigest(mine), Self::TDigest(theirs)) => mine.merge(*theirs),
            (Self::Hdr(mine), Self::Hdr(theirs)) if mine.admits(&theirs) => mine.merge(&theirs),
            (Self::Cardinality(mine), Self::Cardinality(theirs)) if mine.admits(&theirs) => mine.merge(*theirs),
            (Self::Weighted(mine), Self::Weighted(theirs)) => mine.merge(&theirs),
            (Self::Extent(mine), Self::Extent(theirs)) => mine.merge(&theirs),
            (Self::Centroid(mine), Self::Centroid(theirs)) => mine.merge(&theirs),
            (Self::Moments(mine), Self::Moments(theirs)) if mine.admits(&theirs) => mine.merge(&theirs),
            (Self::TopHits(mine), Self::TopHits(theirs)) => mine.merge(*theirs),
            (Self::Bucket(mine), Self::Bucket(theirs)) => mine.merge(theirs)?,
            (Self::Slots(mine), Self::Slots(theirs)) if mine.len() == theirs.len() => {
                mine.iter_mut().zip(theirs).try_for_each(|(mine, theirs)| mine.merge(theirs))?;
            }
            (Self::Table(mine), Self::Table(theirs)) => mine.merge(theirs)?,
            (Self::AutoDates(mine), Self::AutoDates(theirs)) => mine.merge(theirs)?,
            (Self::Clusters(mine), Self::Clusters(theirs)) => mine.merge(theirs),
            (Self::Significance(mine), Self::Significance(theirs)) => mine.merge(*theirs)?,
            (Self::Scripted(mine), Self::Scripted(theirs)) => mine.merge(theirs),
            _ => return Err(two_kinds()),
        }
        Ok(())
    }

    /// All of one aggregation as one, by halves, so that each part is moved a logarithmic number of times.
    ///
    /// # Errors
    /// As [`Partial::merge`].
    pub fn merge_all(mut parts: Vec<Self>) -> Result<Self, Error> {
        while parts.len() > 1 {
            let mut merged = Vec::with_capacity(parts.len().div_ceil(2));
            let mut rest = parts.into_iter();
            while let Some(mut one) = rest.next() {
                if let Some(other) = rest.next() {
                    one.merge(other)?;
                }
                merged.push(one);
            }
            parts = merged;
        }
        Ok(parts.pop().unwrap_or(Self::Unmapped))
    }
}

impl Bucket {
    /// Adds another shard's part of the bucket.
    ///
    /// # Errors
    /// As [`Partial::merge`].
    pub fn merge(&mut self, other: Self) -> Result<(), Error> {
        self.doc_count = self.doc_count.saturating_add(other.doc_count);
        if self.children.is_empty() {
            self.children = other.children;
            return Ok(());
        }
        self.children.iter_mut().zip(other.children).try_for_each(|(mine, theirs)| mine.merge(theirs))
    }
}

/// Findings that cannot be one answer.
fn two_kinds() -> Error {
    Error::new(
        ErrorKind::AggregationExecution,
        "Merging/Reducing the aggregations failed: the field exists as two different types in two different indices",
    )
}
