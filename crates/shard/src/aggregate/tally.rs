//! Counting by number, where nothing but the number of documents is wanted.

use super::Budget;
use crate::score::Outcome;

/// Numbers below it are counted in a plain table.
pub(super) const NARROW: u64 = 1 << 16;

/// Documents of one segment by number.
#[derive(Default)]
pub(super) struct Tally {
    width: usize,
    counts: Vec<u64>,
}

impl Tally {
    /// Numbers that follow lie below `width`, at most [`NARROW`].
    pub(super) fn reset(&mut self, width: u64) {
        self.counts.clear();
        self.width = width.min(NARROW) as usize;
    }

    /// Counts each of `codes` at the number that `place` gives it.
    #[inline]
    pub(super) fn add(&mut self, codes: &[i64], place: impl Fn(i64) -> i64, budget: &Budget) -> Outcome<()> {
        if self.counts.is_empty() {
            budget.take(self.width.saturating_sub(self.counts.capacity()) * size_of::<u64>())?;
            self.counts.resize(self.width, 0);
        }
        for &code in codes {
            debug_assert!((place(code) as usize) < self.counts.len(), "a code lies outside the segment's range");
            if let Some(count) = self.counts.get_mut(place(code) as usize) {
                *count += 1;
            }
        }
        Ok(())
    }

    /// Calls `each` with every number that was counted; none is afterwards.
    pub(super) fn drain(&mut self, mut each: impl FnMut(i64, u64) -> Outcome<()>) -> Outcome<()> {
        let counts = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        for (at, &count) in counts {
            each(at as i64, count)?;
        }
        self.counts.clear();
        Ok(())
    }
}
