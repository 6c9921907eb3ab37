//! Quantiles and ranks from the centroids of a t-digest.

use super::Centroid;

/// A digest that is finished.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantiles {
    centroids: Vec<Centroid>,
    total: f64,
    min: f64,
    max: f64,
}

impl Quantiles {
    pub(super) fn new(centroids: Vec<Centroid>, min: f64, max: f64) -> Self {
        let total = centroids.iter().map(|centroid| centroid.weight as f64).sum();
        Self { centroids, total, min, max }
    }

    pub(super) fn centroids(&self) -> &[Centroid] {
        &self.centroids
    }

    /// The number below which the share `q` (0 to 1) of all lies; NaN without numbers.
    ///
    /// A centroid of one number stands for that number alone, others for numbers that lie evenly around them: half of the weight on
    /// either side.
    pub fn quantile(&self, q: f64) -> f64 {
        let (Some(first), Some(last)) = (self.centroids.first(), self.centroids.last()) else { return f64::NAN };
        let index = q * self.total;
        if index < 1.0 {
            return self.min;
        }
        if index > self.total - 1.0 {
            return self.max;
        }
        let half = first.weight as f64 / 2.0;
        if first.weight > 1 && index < half {
            return self.min + (index - 1.0) / (half - 1.0) * (first.mean - self.min);
        }
        let (half, above) = (last.weight as f64 / 2.0, self.total - index);
        if last.weight > 1 && above <= half {
            return self.max - (above - 1.0) / (half - 1.0) * (self.max - last.mean);
        }
        self.between(index).unwrap_or(self.max)
    }

    /// Between the middles of two neighbours.
    fn between(&self, index: f64) -> Option<f64> {
        let mut before = self.centroids.first()?.weight as f64 / 2.0;
        for pair in self.centroids.windows(2) {
            let [left, right] = pair else { continue };
            let width = (left.weight as f64 + right.weight as f64) / 2.0;
            if before + width > index {
                let (from_left, from_right) = (index - before, before + width - index);
                if left.weight == 1 && from_left < 0.5 {
                    return Some(left.mean);
                }
                if right.weight == 1 && from_right <= 0.5 {
                    return Some(right.mean);
                }
                let near_left = from_left - alone(left);
                let near_right = from_right - alone(right);
                let mixed = (left.mean * near_right + right.mean * near_left) / (near_left + near_right);
                return Some(mixed.clamp(left.mean, right.mean));
            }
            before += width;
        }
        None
    }

    /// Which share (0 to 1) of all numbers lies at or below `number`, half of those that equal it; NaN without numbers.
    pub fn rank(&self, number: f64) -> f64 {
        let (Some(first), Some(last)) = (self.centroids.first(), self.centroids.last()) else { return f64::NAN };
        if number < self.min {
            return 0.0;
        }
        if number > self.max {
            return 1.0;
        }
        if number < first.mean {
            return self.tail(first, number - self.min, first.mean - self.min);
        }
        if number > last.mean {
            return 1.0 - self.tail(last, self.max - number, self.max - last.mean);
        }
        self.rank_within(number)
    }

    /// The rank at `away` from an end of all numbers, `width` from the middle of the centroid there.
    fn tail(&self, centroid: &Centroid, away: f64, width: f64) -> f64 {
        if away == 0.0 {
            return 0.5 / self.total;
        }
        (1.0 + away / width * (centroid.weight as f64 / 2.0 - 1.0)) / self.total
    }

    fn rank_within(&self, number: f64) -> f64 {
        let below: f64 = self.weight(|mean| mean < number);
        let equal: f64 = self.weight(|mean| mean == number);
        let next = self.centroids.partition_point(|centroid| centroid.mean <= number);
        let (Some(left), Some(right)) = (next.checked_sub(1).map(|at| &self.centroids[at]), self.centroids.get(next))
        else {
            return (below + equal / 2.0) / self.total;
        };
        if equal > 0.0 {
            return (below + equal / 2.0) / self.total;
        }
        if left.weight == 1 && right.weight == 1 {
            return below / self.total;
        }
        let base = below - left.weight as f64 / 2.0 + alone(left);
        let width = (left.weight as f64 + right.weight as f64) / 2.0 - alone(left) - alone(right);
        (base + width * (number - left.mean) / (right.mean - left.mean)) / self.total
    }

    fn weight(&self, of: impl Fn(f64) -> bool) -> f64 {
        self.centroids.iter().filter(|centroid| of(centroid.mean)).map(|centroid| centroid.weight as f64).sum()
    }
}

/// A single number has no numbers beside it that would be mixed in.
fn alone(centroid: &Centroid) -> f64 {
    if centroid.weight == 1 { 0.5 } else { 0.0 }
}
