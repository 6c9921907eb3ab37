//! Numbers about the documents of a bucket.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Source;
use crate::script::Script;
use crate::search::{Fetch, SortKey};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExtendedStats {
    pub source: Source,
    /// Standard deviations between the mean and its bounds.
    pub sigma: f64,
}

/// `percentiles`, and `percentile_ranks` with values in place of percents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Percentiles {
    pub source: Source,
    pub points: Vec<f64>,
    pub keyed: bool,
    pub method: PercentilesMethod,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum PercentilesMethod {
    TDigest { compression: f64 },
    Hdr { significant_digits: u8 },
}

/// How many distinct values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cardinality {
    pub source: Source,
    /// Counts up to about this are close to exact; default 3,000, at most 40,000.
    pub precision_threshold: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WeightedAvg {
    pub value: Source,
    pub weight: Source,
    pub format: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MedianAbsoluteDeviation {
    pub source: Source,
    pub compression: f64,
}

/// The best hits of a bucket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TopHits {
    pub from: u32,
    pub size: u32,
    /// Empty: by score.
    pub sort: Vec<SortKey>,
    pub track_scores: bool,
    pub explain: bool,
    pub fetch: Fetch,
}

/// Moments of several fields and how they vary together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MatrixStats {
    /// Missing values stand in `Source::missing`.
    pub fields: Vec<Source>,
    pub mode: crate::search::SortMode,
}

/// What scripts make of documents: `map` sees each of them, `combine` what a shard gathered, `reduce` what all shards made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScriptedMetric {
    pub init: Option<Script>,
    pub map: Script,
    pub combine: Option<Script>,
    pub reduce: Option<Script>,
    /// Of all of them, beside their own.
    #[serde(with = "crate::wire::json")]
    pub params: Map<String, Value>,
}
