//! `hybrid`: several queries whose hits are ranked together.

use serde::{Deserialize, Serialize};

use super::Query;

/// The most queries that are fused.
pub const MAX_QUERIES: usize = 5;

/// Documents that any of `queries` matches; how their scores become one is a [`Fusion`]'s business.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hybrid {
    pub queries: Vec<Query>,
    /// Only documents that it matches.
    pub filter: Option<Query>,
    /// How many of the best hits of each query are fused; `None`: ten, or as many as the page needs.
    pub depth: Option<u64>,
    /// `None`: as the search pipeline says.
    pub fusion: Option<Fusion>,
}

/// How scores of several queries become one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Fusion {
    /// Scores of each query brought to one scale, then their mean.
    Normalized {
        normalization: Normalization,
        combination: Combination,
        /// One a query, together 1; empty: all alike.
        weights: Vec<f32>,
    },
    /// The sum of `weight / (constant + rank)`, ranks from 1.
    ReciprocalRank {
        constant: u32,
        /// One a query; empty: 1 each.
        weights: Vec<f32>,
    },
}

impl Default for Fusion {
    fn default() -> Self {
        let (normalization, combination) = (Normalization::MinMax, Combination::Arithmetic);
        Self::Normalized { normalization, combination, weights: Vec::new() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Normalization {
    /// From the least to the greatest score.
    MinMax,
    /// By the root of the sum of squares.
    L2,
    /// By mean and deviation.
    ZScore,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Combination {
    Arithmetic,
    Geometric,
    Harmonic,
}
