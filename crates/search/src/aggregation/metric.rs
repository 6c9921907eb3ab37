//! Metrics bound to one index.

use std::sync::Arc;

use model::aggregation::request::metric::{PercentilesMethod, TopHits as Asked};
use model::script::Script;
use model::search::SortMode;

use super::format::Format;
use super::values::Values;
use crate::bind::BindContext;
use crate::bound::BoundScript;
use crate::shard_query::{BoundSort, SortBy};

/// One or several of the moments of a field.
#[derive(Clone, Debug, PartialEq)]
pub struct Stats {
    pub values: Values,
    pub shown: StatsShown,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum StatsShown {
    Avg,
    Min,
    Max,
    Sum,
    Stats,
    /// With the bounds so many standard deviations away.
    Extended {
        sigma: f64,
    },
}

impl StatsShown {
    pub fn needs_squares(self) -> bool {
        matches!(self, Self::Extended { .. })
    }
}

/// `percentiles` and `percentile_ranks`
#[derive(Clone, Debug, PartialEq)]
pub struct Percentiles {
    pub values: Values,
    /// Percents, or values for ranks; ascending.
    pub points: Vec<f64>,
    pub ranks: bool,
    pub keyed: bool,
    pub method: PercentilesMethod,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Cardinality {
    pub values: Values,
    /// As in the request.
    pub threshold: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct WeightedAvg {
    pub value: Values,
    pub weight: Values,
    pub format: Format,
}

#[derive(Clone, Debug, PartialEq)]
pub struct MedianAbsoluteDeviation {
    pub values: Values,
    pub compression: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct MatrixStats {
    /// Those that the index has, by name.
    pub fields: Vec<(String, Values)>,
    /// Which of several values of a document counts.
    pub mode: SortMode,
}

/// The best hits of a bucket, fetched where they are found.
#[derive(Clone, Debug)]
pub struct TopHits {
    pub asked: Asked,
    /// Bound keys of `asked.sort`, one each.
    pub sort: Arc<[BoundSort]>,
    /// The index, for what is shown of a hit.
    pub context: Arc<BindContext>,
}

impl TopHits {
    /// Hits that are kept of each shard.
    pub fn keep(&self) -> usize {
        self.asked.from.saturating_add(self.asked.size) as usize
    }

    pub fn needs_scores(&self) -> bool {
        self.asked.track_scores || self.by_score() || self.sort.iter().any(|key| key.by == SortBy::Score)
    }

    /// Best score first, and nothing else.
    pub fn by_score(&self) -> bool {
        matches!(&*self.sort, [] | [BoundSort { by: SortBy::Score, descending: true }])
    }
}

impl PartialEq for TopHits {
    fn eq(&self, other: &Self) -> bool {
        self.asked == other.asked && self.sort == other.sort && Arc::ptr_eq(&self.context, &other.context)
    }
}

/// Scripts over the documents of a shard, and over what they made of all shards.
#[derive(Clone, Debug, PartialEq)]
pub struct ScriptedMetric {
    pub init: Option<Arc<BoundScript>>,
    pub map: Arc<BoundScript>,
    pub combine: Arc<BoundScript>,
    /// Read where the answer is made.
    pub reduce: Script,
}
