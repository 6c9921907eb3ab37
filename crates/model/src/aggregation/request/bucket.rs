//! Buckets by ranges, queries, combinations and samples.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Source;
use super::histogram::{CalendarUnit, DateInterval};
use crate::geo::GeoBox;
use crate::query::Query;
use crate::wire::Json;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Range {
    pub source: Source,
    /// Numbers, also as text; dates as text for fields of dates.
    pub ranges: Vec<RangeSpec<Value>>,
    pub keyed: bool,
}

/// From `from` (inside) to `to` (outside).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "T: Json")]
pub struct RangeSpec<T> {
    pub key: Option<String>,
    #[serde(with = "crate::wire::json")]
    pub from: Option<T>,
    #[serde(with = "crate::wire::json")]
    pub to: Option<T>,
}

/// Bounds are dates, date math, or numbers of milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DateRange {
    pub source: Source,
    pub ranges: Vec<RangeSpec<Value>>,
    pub keyed: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IpRange {
    pub source: Source,
    pub ranges: Vec<IpRangeSpec>,
    pub keyed: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum IpRangeSpec {
    /// Addresses as text.
    Between(RangeSpec<String>),
    /// `10.0.0.0/25`
    Mask { key: Option<String>, mask: String },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Filters {
    pub filters: FilterList,
    /// The name of the bucket of what matches none; `None`: there is no such bucket.
    pub other_bucket: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum FilterList {
    Anonymous(Vec<Query>),
    /// In order of names.
    Named(Vec<(String, Query)>),
}

/// A bucket for each filter and for each pair that overlaps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdjacencyMatrix {
    /// In order of names.
    pub filters: Vec<(String, Query)>,
    /// Between the names of a pair.
    pub separator: String,
    /// No buckets of single filters.
    pub show_only_intersecting: bool,
}

/// All combinations of values, in pages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Composite {
    pub size: u32,
    pub sources: Vec<CompositeSource>,
    /// By name: only combinations behind these.
    #[serde(with = "crate::wire::json")]
    pub after: Option<Vec<(String, Value)>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CompositeSource {
    pub name: String,
    pub kind: CompositeKind,
    pub source: Source,
    pub descending: bool,
    /// Documents without a value come under the key null.
    pub missing_bucket: bool,
    pub missing_order: MissingOrder,
}

/// Where null stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum MissingOrder {
    /// First when ascending, last when descending.
    #[default]
    Default,
    First,
    Last,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum CompositeKind {
    Terms,
    Histogram { interval: f64 },
    DateHistogram { interval: DateInterval, offset_ms: i64 },
    GeotileGrid { precision: u8, bounds: Option<GeoBox> },
}

/// The best documents of each shard, few of one value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DiversifiedSampler {
    pub source: Source,
    pub shard_size: u32,
    pub max_docs_per_value: u32,
}

impl CalendarUnit {
    /// As in `calendar_interval`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }
}
