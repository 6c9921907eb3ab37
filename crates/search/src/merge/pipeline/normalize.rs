//! `normalize`: the numbers of all buckets in proportion to each other.

use model::aggregation::answer::Buckets;
use model::aggregation::request::pipeline::Normalization;
use model::error::Error;

use super::Step;
use super::sequence::values;

/// A number for each bucket that has one.
pub(super) fn normalize(step: &Step, path: &str, method: Normalization, buckets: &mut Buckets) -> Result<(), Error> {
    let format = step.format()?;
    let values = values(step, path, step.pipeline.gap_policy, buckets)?;
    let all: Vec<f64> = values.iter().copied().flatten().filter(|value| !value.is_nan()).collect();
    let scale = Scale::of(&all);
    for (bucket, value) in buckets.list.iter_mut().zip(values) {
        if let Some(value) = value.filter(|value| !value.is_nan()) {
            bucket.answers.push(step.number(scale.place(value, method), &format));
        }
    }
    Ok(())
}

/// What is known of all numbers together.
struct Scale {
    min: f64,
    max: f64,
    sum: f64,
    mean: f64,
    /// Of the numbers as a whole.
    deviation: f64,
    powers: f64,
}

impl Scale {
    fn of(all: &[f64]) -> Self {
        let count = all.len() as f64;
        let sum: f64 = all.iter().sum();
        let mean = sum / count;
        let max = all.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Self {
            min: all.iter().copied().fold(f64::INFINITY, f64::min),
            max,
            sum,
            mean,
            deviation: (all.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt(),
            // Relative to the greatest, so that large numbers have finite powers.
            powers: all.iter().map(|value| (value - max).exp()).sum(),
        }
    }

    fn place(&self, value: f64, method: Normalization) -> f64 {
        let range = self.max - self.min;
        match method {
            Normalization::Rescale01 => (value - self.min) / range,
            Normalization::Rescale0100 => 100.0 * (value - self.min) / range,
            Normalization::PercentOfSum => value / self.sum,
            Normalization::Mean => (value - self.mean) / range,
            Normalization::ZScore => (value - self.mean) / self.deviation,
            Normalization::Softmax => (value - self.max).exp() / self.powers,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(method: Normalization, expected: [f64; 3]) {
        let all = [1.0, 2.0, 5.0];
        let scale = Scale::of(&all);
        for (value, expected) in all.into_iter().zip(expected) {
            let found = scale.place(value, method);
            assert!((found - expected).abs() < 1e-9, "{method:?} of {value}: {found}, not {expected}");
        }
    }

    #[test]
    fn numbers_are_put_in_proportion() {
        check(Normalization::Rescale01, [0.0, 0.25, 1.0]);
        check(Normalization::Rescale0100, [0.0, 25.0, 100.0]);
        check(Normalization::PercentOfSum, [0.125, 0.25, 0.625]);
        check(Normalization::Mean, [-5.0 / 12.0, -2.0 / 12.0, 7.0 / 12.0]);
        let deviation = (26.0f64 / 9.0).sqrt();
        check(Normalization::ZScore, [-5.0 / 3.0, -2.0 / 3.0, 7.0 / 3.0].map(|distance| distance / deviation));
        let powers = [1.0f64, 2.0, 5.0].map(f64::exp);
        check(Normalization::Softmax, powers.map(|power| power / powers.iter().sum::<f64>()));
    }
}
