//! Aggregations of the answers of others.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::script::Script;

/// A pipeline with what all share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pipeline {
    pub kind: PipelineKind,
    /// A decimal format.
    pub format: Option<String>,
    pub gap_policy: GapPolicy,
}

/// What a bucket without a value counts as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum GapPolicy {
    #[default]
    Skip,
    InsertZeros,
}

/// Where numbers come from, as in `sales>stats.avg`, `_count`, `genres['rock']>price`.
pub type BucketsPath = Arc<str>;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum PipelineKind {
    AvgBucket(BucketsPath),
    MinBucket(BucketsPath),
    MaxBucket(BucketsPath),
    SumBucket(BucketsPath),
    StatsBucket(BucketsPath),
    ExtendedStatsBucket {
        path: BucketsPath,
        sigma: f64,
    },
    PercentilesBucket {
        path: BucketsPath,
        percents: Vec<f64>,
        keyed: bool,
    },
    /// `unit_ms`: of `normalized_value`, in milliseconds.
    Derivative {
        path: BucketsPath,
        unit_ms: Option<i64>,
    },
    CumulativeSum(BucketsPath),
    /// `script` calls one of `MovingFunctions` with `values`.
    MovingFn {
        path: BucketsPath,
        window: u32,
        shift: i32,
        script: Script,
    },
    /// `predict`: buckets behind the last that are foretold.
    MovingAvg {
        path: BucketsPath,
        window: u32,
        model: MovingModel,
        predict: u32,
    },
    SerialDiff {
        path: BucketsPath,
        lag: u32,
    },
    Normalize {
        path: BucketsPath,
        method: Normalization,
    },
    BucketSort {
        sort: Vec<super::Order>,
        from: u32,
        size: Option<u32>,
    },
    BucketScript {
        paths: Vec<(String, BucketsPath)>,
        script: Script,
    },
    BucketSelector {
        paths: Vec<(String, BucketsPath)>,
        script: Script,
    },
}

/// What an average is made of the numbers before it. Weights are between 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum MovingModel {
    Simple,
    Linear,
    Ewma {
        alpha: f64,
    },
    Holt {
        alpha: f64,
        beta: f64,
    },
    /// `period`: numbers of a season, not 0. `padded`: numbers are kept from being 0 where seasons are factors.
    HoltWinters {
        alpha: f64,
        beta: f64,
        gamma: f64,
        period: u32,
        multiplicative: bool,
        padded: bool,
    },
}

/// How the number of a bucket is put in proportion to those of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Normalization {
    /// The least is 0, the greatest 1.
    Rescale01,
    /// The least is 0, the greatest 100.
    Rescale0100,
    /// Its share of the sum.
    PercentOfSum,
    /// Its distance from the mean, in ranges.
    Mean,
    /// Its distance from the mean, in standard deviations.
    ZScore,
    /// Its power of e, as a share of the sum of all.
    Softmax,
}

impl PipelineKind {
    /// As in the request.
    pub fn name(&self) -> &'static str {
        match self {
            Self::AvgBucket(_) => "avg_bucket",
            Self::MinBucket(_) => "min_bucket",
            Self::MaxBucket(_) => "max_bucket",
            Self::SumBucket(_) => "sum_bucket",
            Self::StatsBucket(_) => "stats_bucket",
            Self::ExtendedStatsBucket { .. } => "extended_stats_bucket",
            Self::PercentilesBucket { .. } => "percentiles_bucket",
            Self::Derivative { .. } => "derivative",
            Self::CumulativeSum(_) => "cumulative_sum",
            Self::MovingFn { .. } => "moving_fn",
            Self::MovingAvg { .. } => "moving_avg",
            Self::SerialDiff { .. } => "serial_diff",
            Self::Normalize { .. } => "normalize",
            Self::BucketSort { .. } => "bucket_sort",
            Self::BucketScript { .. } => "bucket_script",
            Self::BucketSelector { .. } => "bucket_selector",
        }
    }

    /// Whether it stands inside the buckets whose numbers it follows, rather than beside them.
    pub fn is_parent(&self) -> bool {
        !matches!(
            self,
            Self::AvgBucket(_)
                | Self::MinBucket(_)
                | Self::MaxBucket(_)
                | Self::SumBucket(_)
                | Self::StatsBucket(_)
                | Self::ExtendedStatsBucket { .. }
                | Self::PercentilesBucket { .. }
        )
    }
}
