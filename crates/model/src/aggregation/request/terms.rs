//! Buckets by value: `terms` and its kin.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Order, Source};
use crate::aggregation::key::Key;
use crate::query::Query;

/// The commonest values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    pub source: Source,
    pub cut: Cut,
    /// Empty: by count, most first.
    pub order: Vec<Order>,
    pub include: Option<Include>,
    pub exclude: Option<Exclude>,
    pub show_error: bool,
    /// Shards are asked again until the list is proven.
    pub exact: bool,
}

/// How many buckets are kept, where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    pub size: u32,
    /// Of each shard; `None`: 1.5 × size + 10.
    pub shard_size: Option<u32>,
    pub min_doc_count: u64,
    pub shard_min_doc_count: u64,
}

/// Which values may make buckets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Include {
    /// A regular expression over the whole value.
    Pattern(String),
    Values(#[serde(with = "crate::wire::json")] Vec<Value>),
    /// The values of these buckets: what is asked for again. No client can ask for it.
    Keys(Vec<Key>),
    /// Those whose hash falls into this part of so many.
    Partition {
        partition: u32,
        num_partitions: u32,
    },
}

/// Which values make none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Exclude {
    Pattern(String),
    Values(#[serde(with = "crate::wire::json")] Vec<Value>),
}

/// The commonest combinations of the values of several fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MultiTerms {
    pub terms: Vec<Source>,
    pub cut: Cut,
    pub order: Vec<Order>,
    pub show_error: bool,
}

/// Values of at most `max_doc_count` documents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RareTerms {
    pub source: Source,
    pub max_doc_count: u32,
    /// Of the filter that remembers values that are not rare; ours is exact.
    pub precision: f64,
    pub include: Option<Include>,
    pub exclude: Option<Exclude>,
}

/// Values that are commoner among the matches than in the background.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SignificantTerms {
    pub source: Source,
    pub cut: Cut,
    pub include: Option<Include>,
    pub exclude: Option<Exclude>,
    pub background_filter: Option<Query>,
    pub heuristic: Heuristic,
}

/// Words that are commoner among the matches than in the background; those of the matches are read from their sources.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SignificantText {
    /// Its field tells how texts become words, and which words the background has.
    pub terms: SignificantTerms,
    /// Where in the sources the texts are; empty: where the field is.
    pub source_fields: Vec<String>,
    /// Words of passages that were there before do not count.
    pub filter_duplicate_text: bool,
}

/// How significance is scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Heuristic {
    Jlh,
    ChiSquare { include_negatives: bool, background_is_superset: bool },
    MutualInformation { include_negatives: bool, background_is_superset: bool },
    Gnd { background_is_superset: bool },
    Percentage,
}
