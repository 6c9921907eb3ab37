//! `MovingFunctions`: what follows from the numbers of a window, oldest first.
//!
//! Smoothing after Holt (1957) and Winters (1960). The sums run in the order and with the starting values of OpenSearch, so that answers
//! agree to the last digit.

use model::error::ErrorKind;

use super::fault::Fault;
use super::value::{Type, Value};

/// Keeps the seasons of a multiplicative model from being divided by zero.
const PADDING: f64 = 1e-10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MovingFunction {
    Max,
    Min,
    Sum,
    StdDev,
    UnweightedAvg,
    LinearWeightedAvg,
    Ewma,
    Holt,
    HoltWinters,
}

impl MovingFunction {
    /// By its name and the number of its arguments.
    pub(crate) fn named(name: &str, arity: usize) -> Option<Self> {
        let found = match name {
            "max" => Self::Max,
            "min" => Self::Min,
            "sum" => Self::Sum,
            "stdDev" => Self::StdDev,
            "unweightedAvg" => Self::UnweightedAvg,
            "linearWeightedAvg" => Self::LinearWeightedAvg,
            "ewma" => Self::Ewma,
            "holt" => Self::Holt,
            "holtWinters" => Self::HoltWinters,
            _ => return None,
        };
        (found.types().len() == arity).then_some(found)
    }

    /// Of its arguments; the window comes first.
    pub(crate) fn types(self) -> &'static [Type] {
        use Type::{Bool, Double, Doubles, Int};
        match self {
            Self::StdDev | Self::Ewma => &[Doubles, Double],
            Self::Holt => &[Doubles, Double, Double],
            Self::HoltWinters => &[Doubles, Double, Double, Double, Int, Bool],
            _ => &[Doubles],
        }
    }

    /// Arguments are of its types.
    pub(crate) fn apply(self, arguments: &[Value], at: usize) -> Result<f64, Fault> {
        let Some(Value::Doubles(values)) = arguments.first() else {
            return Err(Fault::cast(at, "the first argument of a moving function must be [double[]]"));
        };
        let number = |index: usize| arguments.get(index).and_then(Value::as_f64).unwrap_or(f64::NAN);
        Ok(match self {
            Self::Max => values.iter().copied().reduce(f64::max).unwrap_or(f64::NAN),
            Self::Min => values.iter().copied().reduce(f64::min).unwrap_or(f64::NAN),
            Self::Sum => values.iter().fold(0.0, |sum, value| sum + value),
            Self::StdDev => std_dev(values, number(1)),
            Self::UnweightedAvg => unweighted(values),
            Self::LinearWeightedAvg => linear_weighted(values),
            Self::Ewma => ewma(values, number(1)),
            Self::Holt => holt(values, number(1), number(2)),
            Self::HoltWinters => {
                let multiplicative = arguments.get(5) == Some(&Value::Bool(true));
                let weights = Weights { alpha: number(1), beta: number(2), gamma: number(3) };
                return holt_winters(values, weights, number(4), multiplicative)
                    .map_err(|reason| Fault::new(at, ErrorKind::IllegalArgument, reason));
            }
        })
    }
}

fn std_dev(values: &[f64], mean: f64) -> f64 {
    if mean.is_nan() {
        return f64::NAN;
    }
    let squares = values.iter().fold(0.0, |sum, value| sum + (value - mean) * (value - mean));
    (squares / values.len() as f64).sqrt()
}

fn unweighted(values: &[f64]) -> f64 {
    if values.is_empty() {
        return f64::NAN;
    }
    values.iter().fold(0.0, |sum, value| sum + value) / values.len() as f64
}

/// The total of the weights begins with 1, as it does in OpenSearch.
fn linear_weighted(values: &[f64]) -> f64 {
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

fn ewma(values: &[f64], alpha: f64) -> f64 {
    values.iter().copied().reduce(|mean, value| value * alpha + mean * (1.0 - alpha)).unwrap_or(f64::NAN)
}

fn holt(values: &[f64], alpha: f64, beta: f64) -> f64 {
    let Some((first, rest)) = values.split_first() else { return f64::NAN };
    let (mut level, mut trend) = (*first, 0.0);
    for value in rest {
        let before = level;
        level = alpha * value + (1.0 - alpha) * (before + trend);
        trend = beta * (level - before) + (1.0 - beta) * trend;
    }
    level
}

struct Weights {
    alpha: f64,
    beta: f64,
    gamma: f64,
}

fn holt_winters(values: &[f64], weights: Weights, period: f64, multiplicative: bool) -> Result<f64, String> {
    if values.is_empty() {
        return Ok(f64::NAN);
    }
    if period < 1.0 {
        return Err(format!("Holt-Winters aggregation requires a period of at least 1, not [{period}]"));
    }
    let period = period as usize;
    if values.len() < period.saturating_mul(2) {
        let (wanted, found) = (period.saturating_mul(2), values.len());
        return Err(format!(
            "Holt-Winters aggregation requires at least (2 * period == 2 * {period} == {wanted}) data-points to function.  Only [{found}] were provided."
        ));
    }
    let padding = if multiplicative { PADDING } else { 0.0 };
    let values: Vec<f64> = values.iter().map(|value| value + padding).collect();
    // The first trend is none: what the first two seasons say of it is not used by OpenSearch either.
    let (mut level, mut trend) = (values[..period].iter().fold(0.0, |sum, value| sum + value) / period as f64, 0.0);
    let mut seasonal: Vec<f64> =
        values[..period].iter().map(|value| if level == 0.0 { 0.0 } else { value / level }).collect();
    for at in period..values.len() {
        let (value, season) = (values[at], seasonal[at - period]);
        let (before, slope) = (level, trend);
        let without = if multiplicative { value / season } else { value - season };
        level = weights.alpha * without + (1.0 - weights.alpha) * (before + slope);
        trend = weights.beta * (level - before) + (1.0 - weights.beta) * slope;
        let alone = if multiplicative { value / (before + slope) } else { value - (before - slope) };
        seasonal.push(weights.gamma * alone + (1.0 - weights.gamma) * season);
    }
    let season = seasonal[values.len() - period];
    Ok(if multiplicative { (level + trend) * season } else { level + trend + season })
}
