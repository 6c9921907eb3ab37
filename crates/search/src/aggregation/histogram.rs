//! Histograms bound to one index.

use model::aggregation::request::Order;
use model::aggregation::request::histogram::Bounds;
use model::date::rounding::Rounding;

use super::values::Values;

/// Numbers in buckets of one width, or dates in buckets of an interval.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    pub values: Values,
    pub step: Step,
    /// 0: the gaps are shown, too.
    pub min_doc_count: u64,
    pub order: Vec<Order>,
    pub keyed: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    Width {
        interval: f64,
        offset: f64,
        extended: Option<Bounds<f64>>,
        hard: Option<Bounds<f64>>,
    },
    /// Bounds in milliseconds.
    Dates {
        rounding: Rounding,
        extended: Option<Bounds<i64>>,
        hard: Option<Bounds<i64>>,
    },
}

impl Step {
    /// Whether buckets of this number, width's or date's, lie within the hard bounds.
    pub fn admits(&self, index: i64) -> bool {
        match self {
            Self::Width { interval, hard: Some(hard), .. } => {
                let begin = index as f64 * interval;
                hard.min.is_none_or(|min| begin >= min) && hard.max.is_none_or(|max| begin <= max)
            }
            Self::Dates { hard: Some(hard), .. } => {
                hard.min.is_none_or(|min| index >= min) && hard.max.is_none_or(|max| index < max)
            }
            _ => true,
        }
    }
}

/// `variable_width_histogram`
#[derive(Clone, Debug, PartialEq)]
pub struct VariableWidth {
    pub values: Values,
    pub buckets: u32,
    /// Clusters that a shard gives at most.
    pub shard_size: u32,
}
