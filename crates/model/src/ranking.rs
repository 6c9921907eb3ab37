//! What is made of the hits of a query: one of each group, other scores for the best, some indexes before others.

use serde::{Deserialize, Serialize};

use crate::query::Query;
use crate::query::nested::InnerHits;

/// Of all hits with the same value of a field only the best; those without a value are one group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Collapse {
    pub field: String,
    /// Which others of each group to show; each has a name.
    pub inner_hits: Vec<InnerHits>,
    /// The search has no query: hits of a group score nothing.
    pub unscored: bool,
}

/// Other scores for the best hits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rescore {
    /// How many of the best.
    pub window: u32,
    pub query: Query,
    pub query_weight: f32,
    pub rescore_weight: f32,
    pub mode: RescoreMode,
}

/// How two scores become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RescoreMode {
    #[default]
    Total,
    Multiply,
    Avg,
    Max,
    Min,
}

impl RescoreMode {
    /// As explanations call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Total => "sum",
            Self::Multiply => "product",
            Self::Avg => "avg",
            Self::Max => "max",
            Self::Min => "min",
        }
    }

    /// The score of a hit with both.
    pub fn combine(self, first: f32, second: f32) -> f32 {
        match self {
            Self::Total => first + second,
            Self::Multiply => first * second,
            Self::Avg => (first + second) / 2.0,
            Self::Max => first.max(second),
            Self::Min => first.min(second),
        }
    }
}

/// Scores of an index (or of what a pattern or an alias names) count as many times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IndexBoost {
    pub name: String,
    pub boost: f32,
}
