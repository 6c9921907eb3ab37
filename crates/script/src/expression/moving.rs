//! `MovingFunctions`: what follows from the numbers of a window, oldest first, as scripts ask for it ([`crate::moving`]).

use model::error::ErrorKind;

use super::fault::Fault;
use super::value::{Type, Value};
use crate::moving::{self, PADDING, Seasons};

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
            Self::UnweightedAvg => moving::unweighted(values),
            Self::LinearWeightedAvg => moving::linear_weighted(values),
            Self::Ewma => moving::ewma(values, number(1)),
            Self::Holt => only(&moving::holt(values, (number(1), number(2)), 1)),
            Self::HoltWinters => {
                let multiplicative = arguments.get(5) == Some(&Value::Bool(true));
                let padding = if multiplicative { PADDING } else { 0.0 };
                let (alpha, beta, gamma) = (number(1), number(2), number(3));
                let seasons = Seasons { alpha, beta, gamma, period: 1, multiplicative, padding };
                return holt_winters(values, seasons, number(4))
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

fn holt_winters(values: &[f64], seasons: Seasons, period: f64) -> Result<f64, String> {
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
    Ok(only(&moving::holt_winters(values, &Seasons { period, ..seasons }, 1)))
}

/// Of the one number that was asked for.
fn only(forecast: &[f64]) -> f64 {
    forecast.first().copied().unwrap_or(f64::NAN)
}
