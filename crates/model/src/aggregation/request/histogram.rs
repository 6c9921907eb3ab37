//! Buckets of equal or chosen widths.

use super::{Order, Source};
use serde::{Deserialize, Serialize};

/// Numbers in buckets of one width.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    pub source: Source,
    pub interval: f64,
    pub offset: f64,
    pub min_doc_count: u64,
    /// Empty buckets are shown at least between these.
    pub extended_bounds: Option<Bounds<f64>>,
    /// No bucket lies beyond these.
    pub hard_bounds: Option<Bounds<f64>>,
    /// Empty: by key.
    pub order: Vec<Order>,
    pub keyed: bool,
}

/// `None`: open at that end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds<T> {
    pub min: Option<T>,
    pub max: Option<T>,
}

/// Dates in buckets of an interval.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DateHistogram {
    /// Its `time_zone` shifts the buckets, too.
    pub source: Source,
    pub interval: DateInterval,
    pub offset_ms: i64,
    pub min_doc_count: u64,
    /// Dates as text (date math too), or as numbers of milliseconds.
    pub extended_bounds: Option<Bounds<BoundText>>,
    pub hard_bounds: Option<Bounds<BoundText>>,
    pub order: Vec<Order>,
    pub keyed: bool,
}

/// A bound of dates as given.
pub type BoundText = std::sync::Arc<str>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DateInterval {
    FixedMs(i64),
    Calendar(CalendarUnit),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum CalendarUnit {
    Second,
    Minute,
    Hour,
    Day,
    /// From Monday.
    Week,
    Month,
    Quarter,
    Year,
}

/// Dates in at most so many buckets, of the smallest round interval that allows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AutoDateHistogram {
    pub source: Source,
    pub buckets: u32,
    pub minimum_interval: Option<CalendarUnit>,
}

/// Numbers in so many buckets that follow how they lie.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VariableWidthHistogram {
    pub source: Source,
    pub buckets: u32,
    /// `None`: 50 × buckets.
    pub shard_size: Option<u32>,
    /// Values read before clusters are formed; `None`: the lesser of 10 × shard_size and 50,000.
    pub initial_buffer: Option<u32>,
}
