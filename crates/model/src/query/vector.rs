//! Nearest neighbours: `knn`.

use serde::{Deserialize, Serialize};

use super::Query;

/// The documents whose vectors are nearest to one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Knn {
    pub field: String,
    /// As it was given; whether it fits the field is found when it is bound.
    pub vector: Vec<f32>,
    pub reach: Reach,
    /// Only these documents count.
    pub filter: Option<Query>,
    /// Candidates of a walk through a graph; `None`: as the field says.
    pub ef_search: Option<u32>,
    /// How many times `k` candidates are compared in full.
    pub oversample: Option<f32>,
    /// Least similarity in the field's own measure: the distance itself of l2, else the cosine or product.
    pub similarity: Option<f32>,
    pub ignore_unmapped: bool,
    /// Every passage of a document rather than its best.
    pub expand_nested_docs: bool,
    /// How many of the nearest shards are asked, where documents lie by their vectors; `None`: as many as it takes.
    #[serde(default)]
    pub slop: Option<u32>,
    /// A document is found by the nearest of its nested objects, without a `nested` query around it.
    #[serde(default)]
    pub by_passage: bool,
    /// A parameter of another method than the field's.
    pub nprobes: bool,
    /// Scores are distances negated, so that nothing of them is lost.
    #[serde(default)]
    pub by_distance: bool,
}

/// How many documents are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reach {
    /// The so many nearest of each shard.
    Nearest(u32),
    /// All up to this distance, as the engine measures it.
    Distance(f32),
    /// All that score so much.
    Score(f32),
}

impl Knn {
    pub fn new(field: impl Into<String>, vector: Vec<f32>, reach: Reach) -> Self {
        Self {
            field: field.into(),
            vector,
            reach,
            filter: None,
            ef_search: None,
            oversample: None,
            similarity: None,
            ignore_unmapped: false,
            expand_nested_docs: false,
            slop: None,
            by_passage: false,
            nprobes: false,
            by_distance: false,
        }
    }
}
