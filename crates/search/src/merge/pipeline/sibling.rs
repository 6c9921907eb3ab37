//! Pipelines that stand beside an aggregation of many buckets and make one answer of their numbers.

use model::aggregation::answer::{Answer, Body, Metric};
use model::aggregation::partial::Stats;
use model::aggregation::request::pipeline::PipelineKind;
use model::error::{Error, ErrorKind};
use model::number::float_text;
use serde_json::{Map, Value, json};

use super::path::{self, Path, key_text};
use super::{Step, paths};
use crate::aggregation::format::Format;
use crate::merge::aggregations::stats;

/// Keys of buckets and their numbers, without gaps.
type Numbers = Vec<(String, f64)>;

/// Computes one pipeline over the answers of its level, and adds its answer to them.
pub(super) fn add(step: &Step, level: &mut Vec<Answer>) -> Result<(), Error> {
    let numbers = numbers(step, level)?;
    let format = step.format()?;
    let all = || numbers.iter().map(|(_, number)| *number);
    let (count, sum) = (numbers.len() as f64, all().fold(0.0, |sum, number| sum + number));
    let answer = match &step.pipeline.kind {
        PipelineKind::AvgBucket(_) => step.number(sum / count, &format),
        PipelineKind::SumBucket(_) => step.number(sum, &format),
        PipelineKind::MinBucket(_) => extreme(step, all().fold(f64::INFINITY, f64::min), &numbers, &format),
        PipelineKind::MaxBucket(_) => extreme(step, all().fold(f64::NEG_INFINITY, f64::max), &numbers, &format),
        PipelineKind::StatsBucket(_) => {
            step.answer("stats_bucket", Body::Metric(stats::plain(&moments(&numbers), &format)))
        }
        PipelineKind::ExtendedStatsBucket { sigma, .. } => {
            let metric = stats::extended(&moments(&numbers), *sigma, &format);
            step.answer("extended_stats_bucket", Body::Metric(metric))
        }
        PipelineKind::PercentilesBucket { percents, keyed, .. } => {
            let metric = percentiles(all().collect(), percents, *keyed, &format);
            step.answer("percentiles_bucket", Body::Metric(metric))
        }
        _ => return Ok(()),
    };
    level.push(answer);
    Ok(())
}

fn numbers(step: &Step, level: &[Answer]) -> Result<Numbers, Error> {
    let paths = paths(&step.pipeline.kind);
    let path = Path::parse(paths.first().copied().unwrap_or_default())?.flat();
    let Some((first, rest)) = path.split_first() else { return Ok(Vec::new()) };
    let mut numbers = Vec::new();
    for answer in level.iter().filter(|answer| *answer.name == **first) {
        let Body::Buckets(buckets) = &answer.body else {
            let reason = format!("aggregation [{first}] of pipeline [{}] has not many buckets", step.name);
            return Err(Error::new(ErrorKind::ClassCast, reason));
        };
        for bucket in &buckets.list {
            let value = path::value(bucket, rest, step.pipeline.gap_policy, first)?;
            if let Some(value) = value.filter(|value| !value.is_nan()) {
                numbers.push((key_text(bucket), value));
            }
        }
    }
    Ok(numbers)
}

fn moments(numbers: &Numbers) -> Stats {
    let mut found = Stats::default();
    for (_, number) in numbers {
        found.count += 1;
        found.min = found.min.min(*number);
        found.max = found.max.max(*number);
        found.sum.add(*number);
        found.squares.add(number * number);
    }
    found
}

/// A number, and the keys of all buckets that have it.
fn extreme(step: &Step, value: f64, numbers: &Numbers, format: &Format) -> Answer {
    let keys: Vec<&str> = numbers.iter().filter(|(_, number)| *number == value).map(|(key, _)| key.as_str()).collect();
    let mut shown = Map::new();
    shown.insert("value".to_owned(), value.into());
    if let Some(text) = format.number(value).filter(|_| value.is_finite()) {
        shown.insert("value_as_string".to_owned(), text.into());
    }
    shown.insert("keys".to_owned(), json!(keys));
    step.answer("bucket_metric_value", Body::Metric(Metric { numbers: vec![("value".into(), value)], shown }))
}

/// The nearest number for each percent.
fn percentiles(mut numbers: Vec<f64>, percents: &[f64], keyed: bool, format: &Format) -> Metric {
    numbers.sort_unstable_by(f64::total_cmp);
    let last = numbers.len().saturating_sub(1) as f64;
    let mut metric = Metric::default();
    let (mut by_key, mut list) = (Map::new(), Vec::new());
    for percent in percents {
        let place = (percent / 100.0 * last + 0.5).floor() as usize;
        let value = numbers.get(place).copied().unwrap_or(f64::NAN);
        let key = float_text(*percent);
        let text = format.number(value).filter(|_| value.is_finite()).map(Value::String);
        metric.numbers.push((key.as_str().into(), value));
        let text_key = format!("{key}_as_string");
        if keyed {
            by_key.insert(key, value.into());
            text.into_iter().for_each(|text| drop(by_key.insert(text_key.clone(), text)));
        } else {
            let mut entry = Map::new();
            entry.insert("key".to_owned(), (*percent).into());
            entry.insert("value".to_owned(), value.into());
            text.into_iter().for_each(|text| drop(entry.insert(text_key.clone(), text)));
            list.push(Value::Object(entry));
        }
    }
    let values = if keyed { Value::Object(by_key) } else { Value::Array(list) };
    metric.shown.insert("values".to_owned(), values);
    metric
}
