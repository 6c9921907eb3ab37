//! A t-digest: how numbers lie, closely at the ends and roughly in the middle.
//!
//! In: numbers, one by one or another digest. Out: [`Quantiles`], made once at the end. The first thousand numbers are kept as they
//! are, so that few numbers, however they are spread over shards, give one answer; more are gathered into centroids whose weight the
//! scale function k2 bounds. While it collects it keeps twice the centroids that were asked for, as merging costs accuracy.
//!
//! Source: Dunning and Ertl, "Computing extremely accurate quantiles using t-digests" (2019), the merging variant with
//! alternating direction.

use serde::{Deserialize, Serialize};

mod many;
mod quantiles;
#[cfg(test)]
mod tests;

pub use quantiles::Quantiles;

/// Numbers kept as they are before they are gathered.
const FRESH: usize = 1024;
/// A digest of less keeps too few centroids to answer anything.
const LEAST_COMPRESSION: f64 = 10.0;

/// Numbers, gathered. Infinite and undefined ones are not taken in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Wire")]
pub struct TDigest {
    compression: f64,
    /// In order of their means.
    centroids: Vec<Centroid>,
    /// Not gathered yet, in no order.
    fresh: Vec<f64>,
    /// ∞ without numbers.
    min: f64,
    /// -∞ without numbers.
    max: f64,
    /// The next gathering goes from the greatest to the least: always the same way would lean to one side.
    backward: bool,
}

/// So many numbers around a mean.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Centroid {
    mean: f64,
    weight: u64,
}

impl TDigest {
    /// `compression`: about how many centroids the answer is made from, at least 10.
    pub fn new(compression: f64) -> Self {
        Self {
            compression: compression.max(LEAST_COMPRESSION),
            centroids: Vec::new(),
            fresh: Vec::new(),
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            backward: false,
        }
    }

    #[inline]
    pub fn add(&mut self, number: f64) {
        if number.is_finite() {
            self.min = self.min.min(number);
            self.max = self.max.max(number);
            self.fresh.push(number);
            if self.fresh.len() >= FRESH {
                self.gather();
            }
        }
    }

    /// As [`TDigest::add`] for each; in far less time where they are thousands.
    pub fn add_all(&mut self, numbers: &[f64]) {
        if numbers.len() < many::MANY || !numbers.iter().all(|number| number.is_finite()) {
            numbers.iter().for_each(|&number| self.add(number));
            return;
        }
        // Finer than what is kept, since it is gathered once more.
        let centroids = many::centroids(numbers, 4.0 * self.compression);
        let ends = |centroid: Option<&Centroid>, none: f64| centroid.map_or(none, |centroid| centroid.mean);
        let (min, max) = (ends(centroids.first(), f64::INFINITY), ends(centroids.last(), f64::NEG_INFINITY));
        self.merge(Self { compression: self.compression, centroids, fresh: Vec::new(), min, max, backward: false });
    }

    /// Takes in another's numbers. The finer of two compressions stays.
    pub fn merge(&mut self, other: Self) {
        self.compression = self.compression.max(other.compression);
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        if self.fresh.len() + other.fresh.len() >= FRESH || !other.centroids.is_empty() {
            self.centroids.extend(other.centroids);
            self.centroids.sort_by(|a, b| a.mean.total_cmp(&b.mean));
            self.fresh.extend(other.fresh);
            self.gather();
        } else {
            self.fresh.extend(other.fresh);
        }
    }

    /// Bytes that it holds.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.centroids.capacity() * size_of::<Centroid>() + self.fresh.capacity() * size_of::<f64>()
    }

    /// What can be asked of it.
    pub fn quantiles(&self) -> Quantiles {
        let mut all = self.clone();
        let sorted = all.sorted();
        Quantiles::new(compress(sorted, all.compression), self.min, self.max)
    }

    /// The median distance of a number from the median; NaN without numbers.
    pub fn median_absolute_deviation(&self) -> f64 {
        // As fine as what is gathered: distances are made of places, not of a few quantiles.
        let fine = 2.0 * self.compression;
        let quantiles = Quantiles::new(compress(self.clone().sorted(), fine), self.min, self.max);
        let median = quantiles.quantile(0.5);
        let mut away: Vec<Centroid> = quantiles.centroids().to_vec();
        away.iter_mut().for_each(|centroid| centroid.mean = (centroid.mean - median).abs());
        away.sort_by(|a, b| a.mean.total_cmp(&b.mean));
        let ends = away.first().zip(away.last()).map_or((median, median), |(first, last)| (first.mean, last.mean));
        Quantiles::new(compress(away, fine), ends.0, ends.1).quantile(0.5)
    }

    fn gather(&mut self) {
        let mut sorted = self.sorted();
        if self.backward {
            sorted.reverse();
        }
        self.centroids = compress(sorted, 2.0 * self.compression);
        self.centroids.shrink_to_fit();
        if self.backward {
            self.centroids.reverse();
        }
        self.backward = !self.backward;
    }

    /// All numbers and centroids in order; those that were fresh are no longer.
    fn sorted(&mut self) -> Vec<Centroid> {
        self.fresh.sort_unstable_by(f64::total_cmp);
        let mut sorted = Vec::with_capacity(self.centroids.len() + self.fresh.len());
        let mut gathered = self.centroids.iter().peekable();
        for mean in self.fresh.drain(..) {
            while let Some(centroid) = gathered.next_if(|centroid| centroid.mean < mean) {
                sorted.push(*centroid);
            }
            sorted.push(Centroid { mean, weight: 1 });
        }
        sorted.extend(gathered);
        sorted
    }
}

/// Neighbours become one as long as the scale function admits their weight. The first and the last stay alone, so that the ends are
/// exact.
fn compress(mut sorted: Vec<Centroid>, compression: f64) -> Vec<Centroid> {
    let Some(count) = sorted.len().checked_sub(1).filter(|count| *count > 1) else { return sorted };
    let total = sorted.iter().map(|centroid| centroid.weight as f64).sum::<f64>();
    let share = scale(total, compression);
    let (mut kept, mut before) = (0, 0.0);
    let (mut weight, mut admitted) = (sorted[0].weight as f64, share(0.0));
    // The mean of what is together is its first mean and the mean distance from it: no division for each number.
    let (mut base, mut away) = (sorted[0].mean, 0.0);
    for at in 1..=count {
        let next = sorted[at];
        let together = weight + next.weight as f64;
        if at != 1 && at != count && together <= admitted.min(share(before + together)) {
            weight = together;
            away += (next.mean - base) * next.weight as f64;
            sorted[kept].weight = sorted[kept].weight.saturating_add(next.weight);
        } else {
            sorted[kept].mean = mean_of(base, sorted[at - 1].mean, away / weight);
            before += weight;
            kept += 1;
            sorted[kept] = next;
            (weight, admitted) = (next.weight as f64, share(before));
            (base, away) = (next.mean, 0.0);
        }
    }
    sorted.truncate(kept + 1);
    sorted
}

/// How much may lie together where so much lies before it. k2: the most at quantile q is q (1 - q) / normalizer of the total.
fn scale(total: f64, compression: f64) -> impl Fn(f64) -> f64 {
    let most = total * (4.0 * (total / compression).ln() + 24.0) / compression;
    move |weight| {
        let q = weight / total;
        most * q * (1.0 - q)
    }
}

/// The mean that lies `away` from the first of several numbers in order, not beyond them: rounding may put it there, and the
/// distance of the greatest numbers overflows.
fn mean_of(first: f64, last: f64, away: f64) -> f64 {
    let mean = first + away;
    if mean.is_nan() { first } else { mean.clamp(first.min(last), first.max(last)) }
}

/// What a digest is on the wire, before it is believed.
#[derive(Deserialize)]
struct Wire {
    compression: f64,
    centroids: Vec<Centroid>,
    fresh: Vec<f64>,
    min: f64,
    max: f64,
    backward: bool,
}

impl TryFrom<Wire> for TDigest {
    type Error = &'static str;

    fn try_from(wire: Wire) -> Result<Self, Self::Error> {
        let Wire { compression, centroids, fresh, min, max, backward } = wire;
        let finite = compression.is_finite()
            && fresh.iter().all(|number| number.is_finite())
            && centroids.iter().all(|centroid| centroid.mean.is_finite() && centroid.weight > 0);
        let empty = centroids.is_empty() && fresh.is_empty();
        let ordered =
            centroids.is_sorted_by(|a, b| a.mean <= b.mean) && (empty || (min.is_finite() && max.is_finite()));
        if !finite || !ordered || compression < LEAST_COMPRESSION || min.is_nan() || max.is_nan() {
            return Err("no t-digest");
        }
        Ok(Self { compression, centroids, fresh, min, max, backward })
    }
}
