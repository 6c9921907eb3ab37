//! Moments of numbers.

use serde::{Deserialize, Serialize};

use crate::aggregation::sum::Sum;

/// Count, extremes and sums. Squares are summed only where they are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stats {
    pub count: u64,
    /// ∞ without values.
    pub min: f64,
    /// -∞ without values.
    pub max: f64,
    pub sum: Sum,
    pub squares: Sum,
}

impl Default for Stats {
    fn default() -> Self {
        Self { count: 0, min: f64::INFINITY, max: f64::NEG_INFINITY, sum: Sum::default(), squares: Sum::default() }
    }
}

impl Stats {
    pub fn merge(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.sum.merge(other.sum);
        self.squares.merge(other.squares);
    }
}
