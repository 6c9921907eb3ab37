//! Metrics that keep more than a few numbers a bucket: sketches, moments, hits.

use super::Budget;
use crate::score::Outcome;

pub(super) mod cardinality;
pub(super) mod geo;
pub(super) mod matrix;
pub(super) mod percentiles;
pub(super) mod scripted_metric;
pub(super) mod top_hits;
pub(super) mod weighted;

/// What sketches hold together, charged to the budget as they grow.
#[derive(Default)]
struct Charged {
    held: usize,
    taken: usize,
}

impl Charged {
    /// One of them held `before` bytes, and holds `now`.
    fn change(&mut self, before: usize, now: usize, budget: &Budget) -> Outcome<()> {
        self.held = (self.held + now).saturating_sub(before);
        if self.held > self.taken {
            budget.take(self.held - self.taken)?;
            self.taken = self.held;
        }
        Ok(())
    }
}
