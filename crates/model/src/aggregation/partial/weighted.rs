//! Averages by weight.

use serde::{Deserialize, Serialize};

use crate::aggregation::sum::Sum;

/// The sums of a weighted average.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Weighted {
    /// Of values, each times its weight.
    pub values: Sum,
    pub weights: Sum,
}

impl Weighted {
    pub fn add(&mut self, value: f64, weight: f64) {
        self.values.add(value * weight);
        self.weights.add(weight);
    }

    pub fn merge(&mut self, other: &Self) {
        self.values.merge(other.values);
        self.weights.merge(other.weights);
    }

    /// NaN without weights.
    pub fn average(&self) -> f64 {
        self.values.value() / self.weights.value()
    }
}
