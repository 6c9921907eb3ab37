//! Sums that do not depend on the order of their parts.

use serde::{Deserialize, Serialize};

/// Exact where the parts are whole (128 bits), otherwise a double with the error it has made so far, added up apart (Neumaier's
/// variant of Kahan's summation; the two halves together are a double-double).
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Sum {
    whole: i128,
    high: f64,
    /// Undefined where the sum left the numbers.
    low: f64,
}

impl PartialEq for Sum {
    fn eq(&self, other: &Self) -> bool {
        let same = |a: f64, b: f64| a == b || (a.is_nan() && b.is_nan());
        self.whole == other.whole && same(self.high, other.high) && same(self.low, other.low)
    }
}

/// Sums that go on side by side.
const LANES: usize = 4;

impl Sum {
    #[inline]
    pub fn add_whole(&mut self, number: i128) {
        // 2^64 values of 63 bits fit.
        self.whole = self.whole.saturating_add(number);
    }

    #[inline]
    pub fn add(&mut self, number: f64) {
        let sum = self.high + number;
        let shadow = sum - self.high;
        let error = (self.high - (sum - shadow)) + (number - shadow);
        self.high = sum;
        self.low += error;
    }

    /// As [`Sum::add`] for each. Several sums at once: one would wait for itself.
    pub fn add_all<T: Copy>(&mut self, items: &[T], number: impl Fn(T) -> f64) {
        let (mut high, mut low) = ([0.0; LANES], [0.0; LANES]);
        let (whole, rest) = items.as_chunks::<LANES>();
        for chunk in whole {
            for lane in 0..LANES {
                let number = number(chunk[lane]);
                let sum = high[lane] + number;
                let shadow = sum - high[lane];
                low[lane] += (high[lane] - (sum - shadow)) + (number - shadow);
                high[lane] = sum;
            }
        }
        let whole_items = &items[..items.len() - rest.len()];
        if low.iter().all(|low: &f64| low.is_finite()) {
            for (high, low) in high.into_iter().zip(low) {
                self.add(high);
                self.low += low;
            }
        } else {
            whole_items.iter().for_each(|&item| self.add(number(item)));
        }
        rest.iter().for_each(|&item| self.add(number(item)));
    }

    pub fn merge(&mut self, other: Self) {
        self.add_whole(other.whole);
        self.add(other.high);
        self.low += other.low;
    }

    pub fn value(&self) -> f64 {
        let low = self.low + ((self.whole - (self.whole as f64) as i128) as f64);
        let mut all = Self { whole: 0, high: self.whole as f64, low };
        all.add(self.high);
        // What an infinite or undefined sum has made of its error is no correction.
        if all.low.is_finite() { all.high + all.low } else { all.high }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_cancels_leaves_the_small_rest() {
        let mut sum = Sum::default();
        [1e100, 1.0, -1e100, 1e-5].into_iter().for_each(|number| sum.add(number));
        assert_eq!(sum.value(), 1.00001);
        let mut sum = Sum::default();
        sum.add_whole(i128::from(i64::MAX));
        sum.add_whole(i128::from(i64::MAX));
        sum.add_whole(-i128::from(i64::MAX));
        sum.add(0.5);
        assert_eq!(sum.value(), i64::MAX as f64);
        sum.add(f64::INFINITY);
        assert_eq!(sum.value(), f64::INFINITY);
    }

    proptest! {
        #[test]
        fn the_order_of_shards_changes_nothing(numbers in proptest::collection::vec(-1e12f64..1e12, 0..200), shards in 1usize..9) {
            let mut one = Sum::default();
            numbers.iter().for_each(|number| one.add(*number));
            let mut parts = vec![Sum::default(); shards];
            numbers.iter().enumerate().for_each(|(n, number)| parts[n % shards].add(*number));
            let mut all = Sum::default();
            parts.into_iter().rev().for_each(|part| all.merge(part));
            prop_assert_eq!(one.value(), all.value());
        }
    }
}
