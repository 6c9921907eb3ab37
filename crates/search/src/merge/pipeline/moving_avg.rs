//! `moving_avg`: what models say of each bucket from those before it, and of buckets that are yet to come.

use model::aggregation::answer::{Bucket, Buckets};
use model::aggregation::request::pipeline::MovingModel;
use model::error::Error;
use script::moving::{self, PADDING, Seasons};

use super::{NextBucket, Step, sequence};

/// What is asked of the buckets.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) path: &'a str,
    /// The numbers that are looked back on.
    pub(super) window: usize,
    pub(super) model: &'a MovingModel,
    /// Buckets that are foretold.
    pub(super) predict: usize,
}

/// Adds an average to each bucket that has a number; gaps are in no window.
pub(super) fn moving_avg(
    step: &Step,
    asked: Asked<'_>,
    buckets: &mut Buckets,
    next: NextBucket<'_>,
) -> Result<(), Error> {
    let format = step.format()?;
    let values = sequence::values(step, asked.path, step.pipeline.gap_policy, buckets)?;
    let (mut known, mut last) = (Vec::new(), 0);
    for (at, (bucket, value)) in buckets.list.iter_mut().zip(values).enumerate() {
        let Some(value) = value.filter(|value| !value.is_nan()) else { continue };
        let window = &known[known.len().saturating_sub(asked.window)..];
        if window.len() >= least(asked.model) {
            let found = forecasts(asked.model, window, 1).first().copied().unwrap_or(f64::NAN);
            bucket.answers.push(step.number(found, &format));
        }
        known.push(value);
        last = at;
    }
    if asked.predict == 0 || buckets.list.is_empty() {
        return Ok(());
    }
    let window = &known[known.len().saturating_sub(asked.window)..];
    let foretold = if window.len() >= least(asked.model) {
        forecasts(asked.model, window, asked.predict)
    } else {
        vec![f64::NAN; asked.predict]
    };
    for (at, value) in foretold.into_iter().enumerate() {
        if buckets.list.get(last + at + 1).is_none() {
            let made = buckets.list.last().and_then(next).ok_or_else(|| unknown_next(step))?;
            buckets.list.push(Bucket { doc_count: 0, answers: Vec::new(), ..made });
        }
        if let Some(bucket) = buckets.list.get_mut(last + at + 1) {
            bucket.answers.push(step.number(value, &format));
        }
    }
    Ok(())
}

fn unknown_next(step: &Step) -> Error {
    Error::not_implemented(format!("[predict] of [{}] in other than histograms", step.name))
}

/// Numbers that a model needs.
fn least(model: &MovingModel) -> usize {
    match model {
        MovingModel::HoltWinters { period, .. } => (*period as usize).saturating_mul(2),
        _ => 1,
    }
}

/// What follows the numbers of a window, which are enough.
fn forecasts(model: &MovingModel, window: &[f64], count: usize) -> Vec<f64> {
    match *model {
        MovingModel::Simple => vec![moving::unweighted(window); count],
        MovingModel::Linear => vec![moving::linear_weighted(window); count],
        MovingModel::Ewma { alpha } => vec![moving::ewma(window, alpha); count],
        MovingModel::Holt { alpha, beta } => moving::holt(window, (alpha, beta), count),
        MovingModel::HoltWinters { alpha, beta, gamma, period, multiplicative, padded } => {
            let padding = if multiplicative && padded { PADDING } else { 0.0 };
            let seasons = Seasons { alpha, beta, gamma, period: period as usize, multiplicative, padding };
            moving::holt_winters(window, &seasons, count)
        }
    }
}
