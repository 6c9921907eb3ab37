//! Histograms by powers of two, as `openraft` keeps them of its own work.
//!
//! In: numbers. Out: how many there were, and about how large. Stands in the place of the crate of this name, which builds tables of
//! 26 MB in every process that makes one histogram: more than the rest of an idle node. Nothing of ours but Raft's own statistics uses it, and what
//! `openraft` does not call is not here.

use std::fmt;
use std::marker::PhantomData;

/// Numbers of no bits, of one bit, .. of 64 bits.
const BUCKETS: usize = u64::BITS as usize + 1;

/// How many numbers there were of each length in bits. `T` is what callers of the other crate may attach to a stretch of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram<T = ()> {
    counts: [u64; BUCKETS],
    of: PhantomData<T>,
}

/// About how large numbers are: each figure is the smallest number of the bucket that holds the percentile; 0 when there were none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PercentileStats {
    pub samples: u64,
    pub p0_1: u64,
    pub p1: u64,
    pub p5: u64,
    pub p10: u64,
    pub p50: u64,
    pub p90: u64,
    pub p99: u64,
    pub p99_9: u64,
}

/// Several histograms by name, to be printed.
#[derive(Clone, Debug, Default)]
pub struct AsciiChart(Vec<(String, Histogram)>);

impl<T> Default for Histogram<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Histogram<T> {
    pub fn new() -> Self {
        Self { counts: [0; BUCKETS], of: PhantomData }
    }

    pub fn record(&mut self, value: u64) {
        self.record_n(value, 1);
    }

    /// Records a number `times` over.
    pub fn record_n(&mut self, value: u64, times: u64) {
        let count = &mut self.counts[(u64::BITS - value.leading_zeros()) as usize];
        *count = count.saturating_add(times);
    }

    /// How many there were.
    pub fn total(&self) -> u64 {
        self.counts.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    pub fn percentile_stats(&self) -> PercentileStats {
        PercentileStats {
            samples: self.total(),
            p0_1: self.at(1),
            p1: self.at(10),
            p5: self.at(50),
            p10: self.at(100),
            p50: self.at(500),
            p90: self.at(900),
            p99: self.at(990),
            p99_9: self.at(999),
        }
    }

    /// The number that `permille` of all do not exceed, rounded down to a power of two.
    fn at(&self, permille: u128) -> u64 {
        let rank = (u128::from(self.total()) * permille).div_ceil(1000);
        let mut seen = 0;
        for (bits, count) in self.counts.iter().enumerate() {
            seen += u128::from(*count);
            if seen >= rank.max(1) {
                return if bits == 0 { 0 } else { 1 << (bits - 1) };
            }
        }
        0
    }
}

impl fmt::Display for PercentileStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} numbers, half up to {}, 99 % up to {}", self.samples, self.p50, self.p99)
    }
}

impl AsciiChart {
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more.
    #[must_use]
    pub fn add(mut self, name: impl Into<String>, histogram: Histogram) -> Self {
        self.0.push((name.into(), histogram));
        self
    }

    /// As it is printed.
    pub fn detailed(&self) -> &Self {
        self
    }
}

impl fmt::Display for AsciiChart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(name, histogram)| writeln!(f, "{name}: {}", histogram.percentile_stats()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_right_to_a_factor_of_two() {
        let mut histogram = Histogram::<()>::new();
        (1..=1000).for_each(|value| histogram.record(value));
        let stats = histogram.percentile_stats();
        assert_eq!((stats.samples, stats.p0_1, stats.p50, stats.p99), (1000, 1, 256, 512));
    }

    #[test]
    fn the_least_and_the_greatest_number_have_a_place() {
        let mut histogram = Histogram::<()>::new();
        assert_eq!(histogram.percentile_stats(), PercentileStats::default());
        histogram.record_n(0, 3);
        histogram.record_n(u64::MAX, u64::MAX);
        histogram.record(u64::MAX);
        assert_eq!((histogram.total(), histogram.percentile_stats().p99), (u64::MAX, 1 << 63));
    }

    #[test]
    fn a_chart_names_what_it_shows() {
        let mut histogram = Histogram::new();
        histogram.record(5);
        let chart = AsciiChart::new().add("waiting", histogram);
        assert_eq!(chart.detailed().to_string(), "waiting: 1 numbers, half up to 4, 99 % up to 4\n");
    }
}
