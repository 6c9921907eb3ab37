//! Moments of several fields, and how they vary together.
//!
//! Source: the one-pass updates and pairwise merges of Pébay, "Formulas for robust, one-pass parallel computation of covariances and
//! arbitrary-order statistical moments" (2008): about a running mean, so that large offsets do not swallow small differences.

use serde::{Deserialize, Serialize};

/// Moments of documents that have a number for each of some fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Wire")]
pub struct Moments {
    count: u64,
    fields: Vec<Central>,
    /// Sums of products of deviations: of each field, in order, with each field before it.
    products: Vec<f64>,
}

/// Sums of powers of the deviations from the mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Central {
    mean: f64,
    second: f64,
    third: f64,
    fourth: f64,
}

impl Moments {
    pub fn new(fields: usize) -> Self {
        Self {
            count: 0,
            fields: vec![Central::default(); fields],
            products: vec![0.0; fields * fields.saturating_sub(1) / 2],
        }
    }

    /// Takes in a document: a number for each field.
    pub fn add(&mut self, numbers: &[f64]) {
        self.count += 1;
        let n = self.count as f64;
        let mut products = self.products.iter_mut();
        for (at, number) in numbers.iter().enumerate().take(self.fields.len()) {
            // Those before it have moved on to their new means already.
            for (other, product) in numbers[..at].iter().zip(&self.fields).zip(&mut products) {
                let (other, field) = other;
                *product += (other - field.mean) * (number - self.fields[at].mean);
            }
            self.fields[at].add(*number, n);
        }
    }

    /// Whether the other has as many fields: only then can the two be one.
    pub fn admits(&self, other: &Self) -> bool {
        self.fields.len() == other.fields.len()
    }

    /// Takes in the documents of another with as many fields.
    pub fn merge(&mut self, other: &Self) {
        debug_assert!(self.admits(other), "moments of different fields");
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            self.clone_from(other);
            return;
        }
        let (mine, theirs) = (self.count as f64, other.count as f64);
        let between: Vec<f64> = self.fields.iter().zip(&other.fields).map(|(a, b)| b.mean - a.mean).collect();
        let mut products = self.products.iter_mut().zip(&other.products);
        for (at, delta) in between.iter().enumerate() {
            for (before, (product, theirs_too)) in between[..at].iter().zip(&mut products) {
                *product += theirs_too + delta * before * mine * theirs / (mine + theirs);
            }
            self.fields[at].merge(&other.fields[at], mine, theirs);
        }
        self.count = self.count.saturating_add(other.count);
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    pub fn mean(&self, field: usize) -> f64 {
        self.fields[field].mean
    }

    /// Of a sample; NaN for less than two documents.
    pub fn variance(&self, field: usize) -> f64 {
        self.fields[field].second / (self.count as f64 - 1.0)
    }

    /// NaN where nothing varies.
    pub fn skewness(&self, field: usize) -> f64 {
        let Central { second, third, .. } = self.fields[field];
        (self.count as f64).sqrt() * third / second.powf(1.5)
    }

    /// 3 for a normal distribution; NaN where nothing varies.
    pub fn kurtosis(&self, field: usize) -> f64 {
        let Central { second, fourth, .. } = self.fields[field];
        self.count as f64 * fourth / (second * second)
    }

    /// Of a sample; of a field with itself: its variance.
    pub fn covariance(&self, a: usize, b: usize) -> f64 {
        if a == b {
            return self.variance(a);
        }
        let (low, high) = (a.min(b), a.max(b));
        self.products[high * (high - 1) / 2 + low] / (self.count as f64 - 1.0)
    }

    /// From -1 to 1.
    pub fn correlation(&self, a: usize, b: usize) -> f64 {
        if a == b {
            return 1.0;
        }
        self.covariance(a, b) / (self.variance(a).sqrt() * self.variance(b).sqrt())
    }

    /// Bytes that it holds.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.fields.capacity() * size_of::<Central>() + self.products.capacity() * size_of::<f64>()
    }
}

impl Central {
    /// `n`: how many there are with it.
    fn add(&mut self, number: f64, n: f64) {
        let delta = number - self.mean;
        let step = delta / n;
        let term = delta * step * (n - 1.0);
        self.mean += step;
        self.fourth +=
            term * step * step * (n * n - 3.0 * n + 3.0) + 6.0 * step * step * self.second - 4.0 * step * self.third;
        self.third += term * step * (n - 2.0) - 3.0 * step * self.second;
        self.second += term;
    }

    fn merge(&mut self, other: &Self, mine: f64, theirs: f64) {
        let n = mine + theirs;
        let delta = other.mean - self.mean;
        let step = delta / n;
        let (one, two) = (mine, theirs);
        self.fourth += other.fourth
            + delta * step * step * step * one * two * (one * one - one * two + two * two)
            + 6.0 * step * step * (one * one * other.second + two * two * self.second)
            + 4.0 * step * (one * other.third - two * self.third);
        self.third += other.third
            + delta * step * step * one * two * (one - two)
            + 3.0 * step * (one * other.second - two * self.second);
        self.second += other.second + delta * step * one * two;
        self.mean += step * two;
    }
}

#[derive(Deserialize)]
struct Wire {
    count: u64,
    fields: Vec<Central>,
    products: Vec<f64>,
}

impl TryFrom<Wire> for Moments {
    type Error = &'static str;

    fn try_from(wire: Wire) -> Result<Self, Self::Error> {
        let Wire { count, fields, products } = wire;
        if products.len() != fields.len() * fields.len().saturating_sub(1) / 2 {
            return Err("no moments");
        }
        Ok(Self { count, fields, products })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(documents: &[[f64; 3]]) -> Moments {
        let mut moments = Moments::new(3);
        documents.iter().for_each(|document| moments.add(document));
        moments
    }

    /// The definition, in two passes.
    fn power(documents: &[[f64; 3]], powers: [i32; 3]) -> f64 {
        let n = documents.len() as f64;
        let mean = |field: usize| documents.iter().map(|document| document[field]).sum::<f64>() / n;
        let means = [mean(0), mean(1), mean(2)];
        let product = |document: &[f64; 3]| (0..3).map(|f| (document[f] - means[f]).powi(powers[f])).product::<f64>();
        documents.iter().map(product).sum()
    }

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-6 * a.abs().max(b.abs()).max(1.0) || (a.is_nan() && b.is_nan())
    }

    #[test]
    fn moments_are_what_they_are_defined_as() {
        let documents = [[1.0, 10.0, 1e9], [2.0, 30.0, 1e9 + 1.0], [4.0, 20.0, 1e9 + 4.0], [8.0, -5.0, 1e9 + 2.0]];
        let found = of(&documents);
        assert_eq!((found.count(), found.mean(0)), (4, 3.75));
        for field in 0..3 {
            let powers = |power: i32| {
                let mut powers = [0; 3];
                powers[field] = power;
                powers
            };
            let (second, third, fourth) =
                (power(&documents, powers(2)), power(&documents, powers(3)), power(&documents, powers(4)));
            assert!(close(found.variance(field), second / 3.0));
            assert!(close(found.skewness(field), 2.0 * third / second.powf(1.5)));
            assert!(close(found.kurtosis(field), 4.0 * fourth / second / second));
        }
        assert!(close(found.covariance(0, 1), power(&documents, [1, 1, 0]) / 3.0));
        assert!(close(found.covariance(2, 0), power(&documents, [1, 0, 1]) / 3.0));
        assert!(close(found.covariance(1, 2), power(&documents, [0, 1, 1]) / 3.0));
        assert_eq!(found.correlation(1, 1), 1.0);
        let one = of(&documents[..1]);
        assert!(one.variance(0).is_nan() && one.skewness(1).is_nan() && one.correlation(0, 1).is_nan());
    }

    proptest! {
        #[test]
        fn any_split_in_any_order_gives_one_answer(
            documents in proptest::collection::vec(proptest::array::uniform3(-1e3f64..1e3), 3..200),
            shards in 1usize..7,
        ) {
            let mut parts = vec![Moments::new(3); shards];
            documents.iter().enumerate().for_each(|(n, document)| parts[n % shards].add(document));
            let merge = |mut one: Moments, other: Moments| { one.merge(&other); one };
            let left = parts.iter().cloned().reduce(merge).unwrap();
            let right = parts.into_iter().rev().reduce(|all, part| merge(part, all)).unwrap();
            let all = of(&documents);
            for found in [left, right] {
                prop_assert_eq!(found.count(), all.count());
                for a in 0..3 {
                    prop_assert!(close(found.mean(a), all.mean(a)) && close(found.variance(a), all.variance(a)));
                    prop_assert!(close(found.skewness(a), all.skewness(a)) && close(found.kurtosis(a), all.kurtosis(a)));
                    (0..3).try_for_each(|b| {
                        prop_assert!(close(found.covariance(a, b), all.covariance(a, b)));
                        Ok(())
                    })?;
                }
            }
        }
    }
}
