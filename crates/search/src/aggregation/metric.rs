//! Metrics bound to one index.

use super::values::Values;

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
