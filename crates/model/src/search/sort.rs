//! The order of hits: what is asked for, and the values that a hit is ordered by.

use std::cmp::Ordering;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::geo::GeoPoint;
use crate::geo::distance::{DistanceKind, DistanceUnit};
use crate::query::Query;
use crate::script::Script;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SortKey {
    /// A field, or `_score`, `_doc`, `_shard_doc`, `_id`.
    pub field: String,
    pub descending: bool,
    pub missing: Missing,
    pub mode: Option<SortMode>,
    pub unmapped_type: Option<String>,
    pub format: Option<String>,
    /// `date` or `date_nanos` where indexes disagree.
    pub numeric_type: Option<String>,
    /// The values of objects inside.
    pub nested: Option<Box<NestedSort>>,
    /// `_geo_distance`: sort by how far the field's places are from these.
    pub distance: Option<Box<GeoDistanceSort>>,
    /// `_script`: sort by what a script gives.
    pub script: Option<Box<ScriptSort>>,
}

impl SortKey {
    /// Whether this alone is no sort: hits come by their scores, best first.
    pub fn is_best_score(&self) -> bool {
        self.field == "_score" && self.descending
    }

    /// By a field without options: the smallest first.
    pub fn ascending(field: &str) -> Self {
        Self {
            field: field.to_owned(),
            descending: false,
            missing: Missing::Last,
            mode: None,
            unmapped_type: None,
            format: None,
            numeric_type: None,
            nested: None,
            distance: None,
            script: None,
        }
    }

    /// As [`SortKey::ascending`], the greatest first.
    pub fn descending(field: &str) -> Self {
        Self { descending: true, ..Self::ascending(field) }
    }
}

/// What `_script` sorts by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScriptSort {
    pub script: Script,
    /// By texts rather than numbers.
    pub texts: bool,
}

/// Which objects inside a document are sorted by.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NestedSort {
    pub path: String,
    /// Only objects that it matches.
    pub filter: Option<Query>,
    /// Only so many of them, in their order.
    pub max_children: Option<u32>,
    /// Objects inside of these.
    pub inner: Option<Box<NestedSort>>,
}

/// What `_geo_distance` asks besides the field, the order and the mode.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GeoDistanceSort {
    /// As given, on the globe or not.
    pub points: Vec<GeoPoint>,
    pub unit: DistanceUnit,
    pub kind: DistanceKind,
    pub validation: crate::query::geo::Validation,
    pub ignore_unmapped: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Missing {
    First,
    Last,
    Value(#[serde(with = "crate::wire::json")] Value),
}

/// One sort key of one hit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum SortValue {
    /// No value; `missing` says where it goes.
    Missing,
    Long(i64),
    Unsigned(u64),
    Double(f64),
    Bytes(#[serde(with = "crate::wire::bytes")] Arc<[u8]>),
}

/// Which of several values of a document stands for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SortMode {
    Min,
    Max,
    Sum,
    Avg,
    Median,
}

impl SortValue {
    /// Ascending order; numbers of different types compare by value, NaN above everything; `Missing` last.
    pub fn order(&self, other: &Self) -> Ordering {
        use SortValue::{Bytes, Long, Missing, Unsigned};
        match (self, other) {
            (Missing, Missing) => Ordering::Equal,
            (Missing, _) => Ordering::Greater,
            (_, Missing) => Ordering::Less,
            (Bytes(a), Bytes(b)) => a.cmp(b),
            (Bytes(_), _) => Ordering::Greater,
            (_, Bytes(_)) => Ordering::Less,
            (Long(a), Long(b)) => a.cmp(b),
            (Unsigned(a), Unsigned(b)) => a.cmp(b),
            (Long(a), Unsigned(b)) => i128::from(*a).cmp(&i128::from(*b)),
            (Unsigned(a), Long(b)) => i128::from(*a).cmp(&i128::from(*b)),
            (a, b) => a.double().total_cmp(&b.double()),
        }
    }

    fn double(&self) -> f64 {
        match self {
            Self::Long(v) => *v as f64,
            Self::Unsigned(v) => *v as f64,
            Self::Double(v) => *v,
            Self::Missing | Self::Bytes(_) => f64::NAN,
        }
    }
}
