//! Pipelines that follow the buckets of a histogram from one to the next.

use std::collections::VecDeque;

use model::aggregation::answer::{Body, Buckets, Metric};
use model::aggregation::request::pipeline::GapPolicy;
use model::error::Error;
use model::script::Script;
use script::expression::{Expression, Purpose};
use serde_json::Value;

use super::path::{self, Path};
use super::{Step, scripts};
use crate::aggregation::format::Format;

/// A number for each bucket that has one.
pub(super) fn values(step: &Step, path: &str, gap: GapPolicy, buckets: &Buckets) -> Result<Vec<Option<f64>>, Error> {
    let path = Path::parse(path)?.flat();
    buckets.list.iter().map(|bucket| path::value(bucket, &path, gap, &step.name)).collect()
}

/// What each bucket differs by from the one before it; `normalized_value`: by so many milliseconds.
pub(super) fn derivative(step: &Step, path: &str, unit_ms: Option<i64>, buckets: &mut Buckets) -> Result<(), Error> {
    let format = step.format()?;
    let values = values(step, path, step.pipeline.gap_policy, buckets)?;
    let mut last: Option<(f64, f64)> = None;
    for (bucket, value) in buckets.list.iter_mut().zip(values) {
        let key = bucket.key.as_f64().unwrap_or(f64::NAN);
        if let (Some((last_key, last_value)), Some(value)) = (last, value) {
            let slope = value - last_value;
            let units = unit_ms.map(|unit| (key - last_key) / unit as f64);
            bucket.answers.push(step.answer("derivative", Body::Metric(slopes(slope, units, &format))));
        }
        last = value.map(|value| (key, value));
    }
    Ok(())
}

fn slopes(slope: f64, units: Option<f64>, format: &Format) -> Metric {
    let mut metric = Metric::default();
    let mut put = |name: &'static str, number: f64| {
        metric.numbers.push((name.into(), number));
        metric.shown.insert(name.to_owned(), number.into());
        if let Some(text) = format.number(number).filter(|_| number.is_finite()) {
            metric.shown.insert(format!("{name}_as_string"), Value::String(text));
        }
    };
    put("value", slope);
    if let Some(units) = units {
        put("normalized_value", slope / units);
    }
    metric
}

/// The sum of all buckets so far; gaps add nothing.
pub(super) fn cumulative_sum(step: &Step, path: &str, buckets: &mut Buckets) -> Result<(), Error> {
    let format = step.format()?;
    let values = values(step, path, GapPolicy::InsertZeros, buckets)?;
    let mut sum = 0.0;
    for (bucket, value) in buckets.list.iter_mut().zip(values) {
        sum += value.unwrap_or(0.0);
        bucket.answers.push(step.number(sum, &format));
    }
    Ok(())
}

/// What differs from the bucket so many before.
pub(super) fn serial_diff(step: &Step, path: &str, lag: usize, buckets: &mut Buckets) -> Result<(), Error> {
    let format = step.format()?;
    let values = values(step, path, step.pipeline.gap_policy, buckets)?;
    let mut before: VecDeque<f64> = VecDeque::new();
    for (bucket, value) in buckets.list.iter_mut().zip(values) {
        let value = value.unwrap_or(f64::NAN);
        let earlier = if before.len() < lag { None } else { before.pop_front() };
        if let Some(difference) = earlier.map(|earlier| value - earlier).filter(|difference| !difference.is_nan()) {
            bucket.answers.push(step.number(difference, &format));
        }
        before.push_back(value);
    }
    Ok(())
}

/// Which buckets a moving function sees.
#[derive(Clone, Copy)]
pub(super) struct Window<'a> {
    pub(super) path: &'a str,
    pub(super) size: i64,
    /// 0: the window ends before the bucket.
    pub(super) shift: i64,
}

/// A script over the window of each bucket that has a number; gaps are in no window.
pub(super) fn moving_fn(step: &Step, window: Window<'_>, script: &Script, buckets: &mut Buckets) -> Result<(), Error> {
    let format = step.format()?;
    let function = Expression::compile(&script.source, Purpose::Moving)?;
    let params = scripts::params(script);
    let values = values(step, window.path, step.pipeline.gap_policy, buckets)?;
    let known: Vec<f64> = values.iter().copied().flatten().filter(|value| !value.is_nan()).collect();
    let inside = |at: i64| usize::try_from(at).unwrap_or(0).min(known.len());
    let mut at = 0;
    for (bucket, value) in buckets.list.iter_mut().zip(values) {
        if value.is_none_or(f64::is_nan) {
            continue;
        }
        let (from, to) = (inside(at - window.size + window.shift), inside(at + window.shift));
        let found = function.run(&params, known.get(from..to).unwrap_or_default())?;
        bucket.answers.push(step.number(found.as_f64().unwrap_or(f64::NAN), &format));
        at += 1;
    }
    Ok(())
}
