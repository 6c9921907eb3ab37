//! What one shard is asked in a search's two phases, and what it answers.

use std::sync::Arc;

use model::aggregation::partial::Partial;
use model::geo::GeoPoint;
use model::geo::distance::{DistanceKind, DistanceUnit};
use model::number::ordered_from_f64;
use model::profile::QuerySpent;
use model::search::{Explanation, Missing, SortMode, SortValue, TrackTotal};

use serde::{Deserialize, Serialize};

use crate::aggregation::Level;
use crate::aggregation::values::number;
use crate::bound::{BoundQuery, BoundScript, FieldName, NumberCode};
use crate::statistics::Statistics;

/// The query phase: which documents, in which order.
#[derive(Clone, Debug, PartialEq)]
pub struct ShardQuery {
    pub query: Arc<BoundQuery>,
    pub post_filter: Option<Arc<BoundQuery>>,
    /// `None`: the shard's own are the index' (one shard).
    pub statistics: Option<Arc<Statistics>>,
    /// How many best hits: from + size.
    pub top: usize,
    /// Empty: by score, best first. Ties always go to the lower `_id`.
    pub sort: Arc<[BoundSort]>,
    /// Only hits behind these values, one a sort key (by score: one).
    pub after: Option<Arc<[SortValue]>>,
    pub track_scores: bool,
    pub track_total: TrackTotal,
    pub min_score: Option<f32>,
    pub terminate_after: Option<u64>,
    /// Of the documents that `query` matches, `post_filter` or not.
    pub aggregations: Option<Arc<Level>>,
}

impl ShardQuery {
    /// The same for the shard at a place of a point in time.
    pub fn of_shard(self: &Arc<Self>, place: u32) -> Arc<Self> {
        let by_shard = |key: &BoundSort| matches!(key.by, SortBy::ShardDoc(_));
        if !self.sort.iter().any(by_shard) {
            return self.clone();
        }
        let mut query = (**self).clone();
        let placed = |key: &BoundSort| match key.by {
            SortBy::ShardDoc(_) => BoundSort { by: SortBy::ShardDoc(place), descending: key.descending },
            _ => key.clone(),
        };
        query.sort = self.sort.iter().map(placed).collect();
        Arc::new(query)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct BoundSort {
    pub by: SortBy,
    pub descending: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum SortBy {
    Score,
    /// Index order, which only means something within one shard copy.
    Doc,
    /// Index order, shard by shard in the order of a point in time; this is the shard's place there.
    ShardDoc(u32),
    Id,
    Field {
        field: FieldName,
        values: SortValues,
        missing: Missing,
        mode: SortMode,
        /// The values are those of objects inside.
        nested: Option<Arc<BoundNestedSort>>,
    },
    /// What a script gives: numbers, or texts.
    Script {
        script: Arc<BoundScript>,
        texts: bool,
    },
    /// No such field here (`unmapped_type`): every document is missing it.
    Unmapped {
        missing: Missing,
    },
}

/// Objects inside of documents, by whose values those are sorted.
#[derive(Clone, Debug, PartialEq)]
pub struct BoundNestedSort {
    /// The path of the nested objects that are sorted; `None`: the outermost documents.
    pub parent: Option<FieldName>,
    /// From outside in; the last are those whose values count. Never empty.
    pub levels: Vec<NestedLevel>,
    /// Only so many objects of a document, in their order.
    pub max_children: Option<u32>,
}

/// The objects at a path that a filter matches.
#[derive(Clone, Debug, PartialEq)]
pub struct NestedLevel {
    pub path: FieldName,
    pub filter: Option<Arc<BoundQuery>>,
}

/// How the values of a sorted field are read.
#[derive(Clone, Debug, PartialEq)]
pub enum SortValues {
    Number(NumberCode),
    Bytes,
    /// Numbers and dates, as those of another type.
    Cast(Cast),
    /// Places, by their distances.
    Distance(Arc<BoundDistance>),
}

/// How the codes of a column become those of another type. The greater stays the greater.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cast {
    /// Fractions are cut off.
    Whole(NumberCode),
    Double(NumberCode),
    NanosToMillis,
    MillisToNanos,
}

impl Cast {
    /// What comes out.
    pub fn code(self) -> NumberCode {
        match self {
            Self::Double(_) => NumberCode::Double,
            Self::Whole(_) | Self::NanosToMillis | Self::MillisToNanos => NumberCode::Long,
        }
    }

    pub fn apply(self, value: i64) -> i64 {
        match self {
            Self::Whole(from) => number(value, from) as i64,
            Self::Double(from) => ordered_from_f64(number(value, from)),
            Self::NanosToMillis => value.div_euclid(NANOS_IN_MS),
            Self::MillisToNanos => value.saturating_mul(NANOS_IN_MS),
        }
    }
}

const NANOS_IN_MS: i64 = 1_000_000;

/// Distances from some places: of each pair one value.
#[derive(Clone, Debug, PartialEq)]
pub struct BoundDistance {
    pub from: Vec<GeoPoint>,
    pub kind: DistanceKind,
    pub unit: DistanceUnit,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ShardHits {
    /// Best first, at most `top`.
    pub hits: Vec<ShardHit>,
    /// Matches counted; exact unless `at_least`.
    pub total: u64,
    pub at_least: bool,
    pub max_score: Option<f32>,
    pub terminated_early: bool,
    pub timed_out: bool,
    /// It was not searched, for nothing in it can match.
    pub skipped: bool,
    /// Of a profiled search: what it spent its time on.
    pub profile: Option<Box<QuerySpent>>,
    /// In order of the query's; empty: none were asked for.
    pub aggregations: Vec<Partial>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShardHit {
    pub id: Arc<str>,
    /// Where it lies in the reader that answered.
    pub address: DocAddress,
    /// NaN when not computed.
    pub score: f32,
    pub sort: Vec<SortValue>,
}

/// A document of one point-in-time reader of one shard copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DocAddress {
    pub segment: u32,
    pub doc: u32,
}

/// A score's derivation, kept apart from fetching because it needs the compiled query.
pub type ExplanationOf = (DocAddress, Explanation);
