//! Aggregations as a client asks for them: fields by name, values as JSON.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::query::Query;
use crate::script::Script;

pub mod bucket;
pub mod geo;
pub mod histogram;
pub mod metric;
pub mod pipeline;
pub mod terms;

use bucket::{AdjacencyMatrix, Composite, DateRange, DiversifiedSampler, Filters, IpRange, Range};
use geo::{GeoBounds, GeoDistance, GeoGrid};
use histogram::{AutoDateHistogram, DateHistogram, Histogram, VariableWidthHistogram};
use metric::{
    Cardinality, ExtendedStats, MatrixStats, MedianAbsoluteDeviation, Percentiles, ScriptedMetric, TopHits, WeightedAvg,
};
use pipeline::Pipeline;
use terms::{MultiTerms, RareTerms, SignificantTerms, SignificantText, Terms};

/// One named aggregation with those inside each of its buckets, in the order given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Aggregation {
    pub name: Arc<str>,
    pub kind: Kind,
    /// Pipelines too.
    pub children: Vec<Aggregation>,
    /// Comes back with the answer.
    #[serde(with = "crate::wire::json")]
    pub meta: Option<Map<String, Value>>,
}

/// What kind, with its parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Kind {
    Terms(Box<Terms>),
    MultiTerms(Box<MultiTerms>),
    RareTerms(Box<RareTerms>),
    SignificantTerms(Box<SignificantTerms>),
    SignificantText(Box<SignificantText>),
    Histogram(Box<Histogram>),
    DateHistogram(Box<DateHistogram>),
    AutoDateHistogram(Box<AutoDateHistogram>),
    VariableWidthHistogram(Box<VariableWidthHistogram>),
    Range(Box<Range>),
    DateRange(Box<DateRange>),
    IpRange(Box<IpRange>),
    Filter(Box<Query>),
    Filters(Box<Filters>),
    Missing(Source),
    Global,
    Nested {
        path: String,
    },
    /// `None`: back to the document itself.
    ReverseNested {
        path: Option<String>,
    },
    /// The children, of this kind, of the documents of a bucket.
    Children {
        kind: String,
    },
    /// The parents of the documents of a bucket that are of this kind.
    Parent {
        kind: String,
    },
    Composite(Box<Composite>),
    AdjacencyMatrix(Box<AdjacencyMatrix>),
    Sampler {
        shard_size: u32,
    },
    DiversifiedSampler(Box<DiversifiedSampler>),
    GeoDistance(Box<GeoDistance>),
    GeohashGrid(Box<GeoGrid>),
    GeotileGrid(Box<GeoGrid>),
    Avg(Source),
    Min(Source),
    Max(Source),
    Sum(Source),
    ValueCount(Source),
    Stats(Source),
    ExtendedStats(Box<ExtendedStats>),
    Percentiles(Box<Percentiles>),
    PercentileRanks(Box<Percentiles>),
    Cardinality(Box<Cardinality>),
    WeightedAvg(Box<WeightedAvg>),
    MedianAbsoluteDeviation(Box<MedianAbsoluteDeviation>),
    TopHits(Box<TopHits>),
    GeoBounds(Box<GeoBounds>),
    GeoCentroid(Source),
    MatrixStats(Box<MatrixStats>),
    ScriptedMetric(Box<ScriptedMetric>),
    Pipeline(Box<Pipeline>),
}

/// Where values come from and how they are shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// Empty: a script alone makes the values.
    pub field: String,
    /// Makes values of documents, or of the values of `field`.
    pub script: Option<Script>,
    /// Stands for the value of documents without one.
    #[serde(with = "crate::wire::json")]
    pub missing: Option<Value>,
    /// A date format, or a decimal format (`#,##0.00`).
    pub format: Option<String>,
    /// How an unmapped field is read: `long`, `double`, `string`, `date`, `ip`, `boolean` ..
    pub value_type: Option<String>,
    /// For dates.
    pub time_zone: Option<String>,
}

/// How buckets are ordered; the keys, ascending, decide what is left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    pub by: OrderBy,
    pub descending: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum OrderBy {
    /// `_count`
    Count,
    /// `_key`
    Key,
    /// A metric inside the bucket, as in `single>stats.avg`.
    Path(String),
}

impl Kind {
    /// As in the request.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Terms(_) => "terms",
            Self::MultiTerms(_) => "multi_terms",
            Self::RareTerms(_) => "rare_terms",
            Self::SignificantTerms(_) => "significant_terms",
            Self::SignificantText(_) => "significant_text",
            Self::Histogram(_) => "histogram",
            Self::DateHistogram(_) => "date_histogram",
            Self::AutoDateHistogram(_) => "auto_date_histogram",
            Self::VariableWidthHistogram(_) => "variable_width_histogram",
            Self::Range(_) => "range",
            Self::DateRange(_) => "date_range",
            Self::IpRange(_) => "ip_range",
            Self::Filter(_) => "filter",
            Self::Filters(_) => "filters",
            Self::Missing(_) => "missing",
            Self::Global => "global",
            Self::Nested { .. } => "nested",
            Self::ReverseNested { .. } => "reverse_nested",
            Self::Children { .. } => "children",
            Self::Parent { .. } => "parent",
            Self::Composite(_) => "composite",
            Self::AdjacencyMatrix(_) => "adjacency_matrix",
            Self::Sampler { .. } => "sampler",
            Self::DiversifiedSampler(_) => "diversified_sampler",
            Self::GeoDistance(_) => "geo_distance",
            Self::GeohashGrid(_) => "geohash_grid",
            Self::GeotileGrid(_) => "geotile_grid",
            Self::Avg(_) => "avg",
            Self::Min(_) => "min",
            Self::Max(_) => "max",
            Self::Sum(_) => "sum",
            Self::ValueCount(_) => "value_count",
            Self::Stats(_) => "stats",
            Self::ExtendedStats(_) => "extended_stats",
            Self::Percentiles(_) => "percentiles",
            Self::PercentileRanks(_) => "percentile_ranks",
            Self::Cardinality(_) => "cardinality",
            Self::WeightedAvg(_) => "weighted_avg",
            Self::MedianAbsoluteDeviation(_) => "median_absolute_deviation",
            Self::TopHits(_) => "top_hits",
            Self::GeoBounds(_) => "geo_bounds",
            Self::GeoCentroid(_) => "geo_centroid",
            Self::MatrixStats(_) => "matrix_stats",
            Self::ScriptedMetric(_) => "scripted_metric",
            Self::Pipeline(pipeline) => pipeline.kind.name(),
        }
    }
}
