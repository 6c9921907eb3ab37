//! A histogram of high dynamic range: how often each number occurs, to so many significant digits.
//!
//! A bin is the exponent of a double and the first bits of its mantissa: all that a number keeps. So bins are the same everywhere,
//! and merging adds counts: exact in any order. Source: Tene's HdrHistogram, whose bins are the same once the least number is known
//! ([`Hdr::percentile`] says where that matters).

use serde::{Deserialize, Serialize};

/// Bins noted before they are sorted in.
const FRESH: usize = 256;
/// Places for each bin that is not empty, where bins lie side by side.
const DENSE: usize = 16;
/// Bits of a double's mantissa.
const MANTISSA: u32 = 52;

/// Counts of numbers that are zero or greater.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(into = "Wire", try_from = "Wire")]
pub struct Hdr {
    significant_digits: u8,
    count: u64,
    bins: Bins,
    /// Not sorted in yet.
    fresh: Vec<u32>,
}

#[derive(Clone, Debug)]
enum Bins {
    /// In order, each once.
    Sparse(Vec<(u32, u64)>),
    /// A count for each bin from `first`, as long as one in sixteen is not zero.
    Dense { first: u32, counts: Vec<u64> },
}

impl Hdr {
    /// `significant_digits`: 0 to 5.
    pub fn new(significant_digits: u8) -> Self {
        let significant_digits = significant_digits.min(5);
        Self { significant_digits, count: 0, bins: Bins::Sparse(Vec::new()), fresh: Vec::new() }
    }

    /// Takes in a number; one below zero it gives back. What is not finite is not counted.
    pub fn add(&mut self, number: f64) -> Result<(), f64> {
        if number < 0.0 {
            return Err(number);
        }
        if !number.is_finite() {
            return Ok(());
        }
        // Minus zero is zero.
        let bin = (number.abs().to_bits() >> self.shift()) as u32;
        self.count += 1;
        if let Bins::Dense { first, counts } = &mut self.bins
            && let Some(count) = counts.get_mut(bin.wrapping_sub(*first) as usize)
        {
            *count += 1;
            return Ok(());
        }
        self.fresh.push(bin);
        if self.fresh.len() >= FRESH {
            self.sort_in();
        }
        Ok(())
    }

    /// Whether the other counts to as many digits: only then can the two be one.
    pub fn admits(&self, other: &Self) -> bool {
        self.significant_digits == other.significant_digits
    }

    /// Takes in the counts of another to as many digits.
    pub fn merge(&mut self, other: &Self) {
        debug_assert!(self.admits(other), "histograms of different digits");
        self.count = self.count.saturating_add(other.count);
        let all = merged(self.sorted(), other.sorted());
        self.fresh = Vec::new();
        self.bins = shaped(all);
    }

    /// Bytes that it holds.
    pub fn bytes(&self) -> usize {
        let bins = match &self.bins {
            Bins::Sparse(bins) => bins.capacity() * size_of::<(u32, u64)>(),
            Bins::Dense { counts, .. } => counts.capacity() * size_of::<u64>(),
        };
        size_of::<Self>() + bins + self.fresh.capacity() * size_of::<u32>()
    }

    /// The number at or below which `percent` (0 to 100) of all lie; NaN without numbers.
    ///
    /// It is the greatest number of its bin, as far as the bins of the least numbers tell numbers apart: within those, a bin is one
    /// number.
    pub fn percentile(&self, percent: f64) -> f64 {
        let bins = self.sorted();
        if bins.is_empty() {
            return f64::NAN;
        }
        let wanted = ((percent / 100.0 * self.count as f64).ceil() as u64).max(1);
        let mut so_far = 0u64;
        let at = bins.iter().find(|(_, count)| {
            so_far = so_far.saturating_add(*count);
            so_far >= wanted
        });
        let Some((bin, _)) = at.or(bins.last()) else { return f64::NAN };
        let low = self.least_of(*bin);
        if percent == 0.0 {
            return low;
        }
        let high = self.least_of(bin + 1);
        (high - self.unit(&bins)).max(low)
    }

    /// Which percentage of all numbers lies at or below `number`; NaN without numbers.
    pub fn rank(&self, number: f64) -> f64 {
        let bins = self.sorted();
        if bins.is_empty() || number.is_nan() {
            return f64::NAN;
        }
        if number < 0.0 {
            return 0.0;
        }
        let last = (number.abs().to_bits() >> self.shift()) as u32;
        let below: u64 = bins.iter().take_while(|(bin, _)| *bin <= last).map(|(_, count)| count).sum();
        100.0 * below as f64 / self.count as f64
    }

    /// The numbers that its bins can hold: powers of two, eight times apart or more.
    pub fn covered(&self) -> (f64, f64) {
        let bins = self.sorted();
        let (Some(low), Some((last, _))) = (self.least_octave(&bins), bins.last()) else { return (1.0, 8.0) };
        let above = octave(self.least_of(*last)) * 2.0;
        (low, above.max(low * 8.0))
    }

    /// How far numbers are apart that the least octave tells apart.
    fn unit(&self, bins: &[(u32, u64)]) -> f64 {
        let low = self.least_octave(bins).unwrap_or(0.0);
        low / f64::from(1u32 << self.bits())
    }

    /// The power of two at or below the least number that is not zero.
    fn least_octave(&self, bins: &[(u32, u64)]) -> Option<f64> {
        let (least, _) = bins.iter().find(|(bin, _)| *bin > 0)?;
        Some(octave(self.least_of(*least)))
    }

    fn least_of(&self, bin: u32) -> f64 {
        f64::from_bits(u64::from(bin) << self.shift())
    }

    fn shift(&self) -> u32 {
        MANTISSA - self.bits()
    }

    /// Bits of the mantissa that tell numbers apart: 10^digits steps and more in each octave.
    fn bits(&self) -> u32 {
        [0, 4, 7, 10, 14, 17][usize::from(self.significant_digits.min(5))]
    }

    fn sort_in(&mut self) {
        let all = self.sorted();
        self.fresh.clear();
        self.bins = shaped(all);
    }

    /// All bins in order.
    fn sorted(&self) -> Vec<(u32, u64)> {
        let bins = match &self.bins {
            Bins::Sparse(bins) => bins.clone(),
            Bins::Dense { first, counts } => {
                let bins = counts.iter().zip(*first..).filter(|(count, _)| **count > 0);
                bins.map(|(count, bin)| (bin, *count)).collect()
            }
        };
        if self.fresh.is_empty() {
            return bins;
        }
        let mut fresh = self.fresh.clone();
        fresh.sort_unstable();
        merged(bins, fresh.chunk_by(|a, b| a == b).map(|same| (same[0], same.len() as u64)).collect())
    }
}

impl PartialEq for Hdr {
    fn eq(&self, other: &Self) -> bool {
        self.significant_digits == other.significant_digits && self.sorted() == other.sorted()
    }
}

fn shaped(bins: Vec<(u32, u64)>) -> Bins {
    let (Some((first, _)), Some((last, _))) = (bins.first(), bins.last()) else { return Bins::Sparse(bins) };
    let (first, span) = (*first, (last - first) as usize + 1);
    if span > bins.len().saturating_mul(DENSE) {
        return Bins::Sparse(bins);
    }
    let mut counts = vec![0; span];
    bins.iter().for_each(|(bin, count)| counts[(bin - first) as usize] = *count);
    Bins::Dense { first, counts }
}

/// The power of two at or below a number.
fn octave(number: f64) -> f64 {
    f64::from_bits(number.to_bits() >> MANTISSA << MANTISSA)
}

fn merged(mine: Vec<(u32, u64)>, theirs: Vec<(u32, u64)>) -> Vec<(u32, u64)> {
    let mut all = Vec::with_capacity(mine.len() + theirs.len());
    let mut theirs = theirs.into_iter().peekable();
    for (bin, mut count) in mine {
        while let Some(next) = theirs.next_if(|(next, _)| *next < bin) {
            all.push(next);
        }
        if let Some((_, same)) = theirs.next_if(|(next, _)| *next == bin) {
            count = count.saturating_add(same);
        }
        all.push((bin, count));
    }
    all.extend(theirs);
    all
}

/// Bins in order.
#[derive(Serialize, Deserialize)]
struct Wire {
    significant_digits: u8,
    bins: Vec<(u32, u64)>,
}

impl From<Hdr> for Wire {
    fn from(hdr: Hdr) -> Self {
        Self { significant_digits: hdr.significant_digits, bins: hdr.sorted() }
    }
}

impl TryFrom<Wire> for Hdr {
    type Error = &'static str;

    fn try_from(wire: Wire) -> Result<Self, Self::Error> {
        let mut hdr = Self::new(wire.significant_digits);
        let last = f64::MAX.to_bits() >> hdr.shift();
        let sorted = wire.bins.is_sorted_by(|(a, _), (b, _)| a < b);
        let count = wire.bins.iter().try_fold(0u64, |sum, (_, count)| sum.checked_add(*count));
        let (true, true, Some(count)) = (wire.significant_digits <= 5, sorted, count) else {
            return Err("no histogram");
        };
        if wire.bins.iter().any(|(bin, count)| u64::from(*bin) > last || *count == 0) {
            return Err("no histogram");
        }
        hdr.count = count;
        hdr.bins = shaped(wire.bins);
        Ok(hdr)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(digits: u8, numbers: impl IntoIterator<Item = f64>) -> Hdr {
        let mut hdr = Hdr::new(digits);
        numbers.into_iter().for_each(|number| hdr.add(number).unwrap());
        hdr
    }

    /// OpenSearch 3.4 answers these for 20 to 40, each once.
    #[test]
    fn percentiles_are_the_greatest_numbers_of_their_bins() {
        let ages = of(3, (20..=40).map(f64::from));
        let found = [0.0, 1.0, 25.0, 75.0, 100.0].map(|percent| ages.percentile(percent));
        assert_eq!(found, [20.0, 20.0, 25.0, 35.015625, 40.015625]);
        assert_eq!((ages.rank(19.0), ages.rank(40.0), ages.rank(-1.0)), (0.0, 100.0, 0.0));
        assert_eq!(of(1, [1011.0, 26000.0]).percentile(100.0), 26592.0 + 32.0 - 32.0);
    }

    #[test]
    fn zero_counts_and_negatives_come_back() {
        let mut hdr = of(3, [0.0, -0.0, 5.0]);
        assert_eq!((hdr.percentile(50.0), hdr.percentile(100.0)), (0.0, 5.0));
        assert_eq!(hdr.add(-4.0), Err(-4.0));
        assert!(Hdr::new(3).percentile(50.0).is_nan() && Hdr::new(3).rank(1.0).is_nan());
        assert_eq!(of(3, [1.5, 2.5]).covered(), (1.0, 8.0));
    }

    #[test]
    fn memory_follows_the_numbers() {
        assert!(of(5, (1..300).map(|n| 10f64.powi(n - 150))).bytes() < 8192);
        let many = of(3, (0..200_000).map(|n| f64::from(n % 50_000)));
        assert!(many.bytes() < 200_000, "{}", many.bytes());
        assert_eq!(many.percentile(100.0).floor(), 50015.0);
    }

    proptest! {
        #[test]
        fn any_split_in_any_order_gives_one_histogram(
            numbers in proptest::collection::vec(prop_oneof![0.0f64..1e9, 0.0f64..100.0, Just(0.0)], 0..900),
            shards in 1usize..7,
            digits in 0u8..=5,
        ) {
            let mut parts = vec![Hdr::new(digits); shards];
            numbers.iter().enumerate().for_each(|(n, number)| parts[n % shards].add(*number).unwrap());
            let mut all = Hdr::new(digits);
            for part in parts.iter().rev() {
                all.merge(part);
            }
            prop_assert_eq!(&all, &of(digits, numbers.clone()));
            let mut numbers = numbers;
            numbers.sort_unstable_by(f64::total_cmp);
            if let Some(median) = numbers.get(numbers.len().div_ceil(2).saturating_sub(1)) {
                let found = all.percentile(50.0);
                prop_assert!((found - median).abs() <= median * 10f64.powi(-i32::from(digits)) + 1e-9, "{} {}", found, median);
            }
        }
    }
}
