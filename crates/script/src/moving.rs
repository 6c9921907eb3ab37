//! Averages that move over numbers, oldest first, and what they say will follow.
//!
//! Smoothing after Holt (1957) and Winters (1960). The sums run in the order and with the starting values of OpenSearch, so that answers
//! agree to the last digit. Not here: which numbers a window holds.

/// Keeps the seasons of a multiplicative model from being divided by zero.
pub const PADDING: f64 = 1e-10;

/// The mean.
pub fn unweighted(values: &[f64]) -> f64 {
    if values.is_empty() {
        return f64::NAN;
    }
    values.iter().fold(0.0, |sum, value| sum + value) / values.len() as f64
}

/// The later the heavier. The total of the weights begins with 1, as it does in OpenSearch.
pub fn linear_weighted(values: &[f64]) -> f64 {
    if values.is_empty() {
        return f64::NAN;
    }
    let (mut sum, mut total) = (0.0, 1.0);
    for (at, value) in values.iter().enumerate() {
        let weight = (at + 1) as f64;
        sum += value * weight;
        total += weight;
    }
    sum / total
}

/// Weighted exponentially: the last by `alpha`.
pub fn ewma(values: &[f64], alpha: f64) -> f64 {
    values.iter().copied().reduce(|mean, value| value * alpha + mean * (1.0 - alpha)).unwrap_or(f64::NAN)
}

/// What follows from a level and a trend: so many numbers.
pub fn holt(values: &[f64], (alpha, beta): (f64, f64), count: usize) -> Vec<f64> {
    let Some((first, rest)) = values.split_first() else { return vec![f64::NAN; count] };
    let (mut level, mut trend) = (*first, 0.0);
    for value in rest {
        let before = level;
        level = alpha * value + (1.0 - alpha) * (before + trend);
        trend = beta * (level - before) + (1.0 - beta) * trend;
    }
    (0..count).map(|at| level + at as f64 * trend).collect()
}

/// How a level, a trend and seasons follow what comes.
#[derive(Clone, Copy, Debug)]
pub struct Seasons {
    pub alpha: f64,
    pub beta: f64,
    pub gamma: f64,
    /// Numbers of a season.
    pub period: usize,
    /// Seasons are factors rather than summands.
    pub multiplicative: bool,
    /// Added to each number.
    pub padding: f64,
}

/// What follows from a level, a trend and seasons: so many numbers. `values` are those of two seasons at least.
///
/// # Panics
/// For fewer values, and for a period of 0.
pub fn holt_winters(values: &[f64], seasons: &Seasons, count: usize) -> Vec<f64> {
    let Seasons { alpha, beta, gamma, period, multiplicative, padding } = *seasons;
    assert!(period > 0 && values.len() >= period.saturating_mul(2), "there are not the values of two seasons");
    let values: Vec<f64> = values.iter().map(|value| value + padding).collect();
    // The first trend is none: what the first two seasons say of it is not used by OpenSearch either.
    let (mut level, mut trend) = (values[..period].iter().fold(0.0, |sum, value| sum + value) / period as f64, 0.0);
    let mut seasonal: Vec<f64> =
        values[..period].iter().map(|value| if level == 0.0 { 0.0 } else { value / level }).collect();
    for at in period..values.len() {
        let (value, season) = (values[at], seasonal[at - period]);
        let (before, slope) = (level, trend);
        let without = if multiplicative { value / season } else { value - season };
        level = alpha * without + (1.0 - alpha) * (before + slope);
        trend = beta * (level - before) + (1.0 - beta) * slope;
        let alone = if multiplicative { value / (before + slope) } else { value - (before - slope) };
        seasonal.push(gamma * alone + (1.0 - gamma) * season);
    }
    let last = &seasonal[values.len() - period..];
    let forecast = |at: usize| {
        let (reached, season) = (level + (at + 1) as f64 * trend, last[at % period]);
        if multiplicative { reached * season } else { reached + season }
    };
    (0..count).map(forecast).collect()
}
