//! Answers made from sketches and averages.

use model::aggregation::answer::{Body, Metric, Number};
use model::aggregation::partial::Partial;
use serde_json::{Map, Value};

use super::json;
use crate::aggregation::metric::{MedianAbsoluteDeviation, Percentiles, WeightedAvg};
use model::aggregation::request::metric::PercentilesMethod;
use model::number::float_text;

pub(super) fn percentiles(asked: &Percentiles, partial: &Partial) -> (&'static str, Body) {
    let kind = match (asked.method, asked.ranks) {
        (PercentilesMethod::TDigest { .. }, false) => "tdigest_percentiles",
        (PercentilesMethod::TDigest { .. }, true) => "tdigest_percentile_ranks",
        (PercentilesMethod::Hdr { .. }, false) => "hdr_percentiles",
        (PercentilesMethod::Hdr { .. }, true) => "hdr_percentile_ranks",
    };
    let found: Vec<f64> = match (partial, asked.ranks) {
        (Partial::TDigest(digest), false) => {
            let quantiles = digest.quantiles();
            asked.points.iter().map(|percent| quantiles.quantile(percent / 100.0)).collect()
        }
        (Partial::TDigest(digest), true) => {
            let quantiles = digest.quantiles();
            asked.points.iter().map(|value| quantiles.rank(*value) * 100.0).collect()
        }
        (Partial::Hdr(hdr), false) => asked.points.iter().map(|percent| hdr.percentile(*percent)).collect(),
        (Partial::Hdr(hdr), true) => asked.points.iter().map(|value| hdr.rank(*value)).collect(),
        _ => vec![f64::NAN; asked.points.len()],
    };
    (kind, Body::Metric(shown(asked, &found)))
}

fn shown(asked: &Percentiles, found: &[f64]) -> Metric {
    let format = &asked.values.format;
    let mut metric = Metric::default();
    let (mut object, mut list) = (Map::new(), Vec::new());
    for (point, &value) in asked.points.iter().zip(found) {
        let name = float_text(*point);
        let text = if value.is_finite() { format.number(value) } else { None };
        if asked.keyed {
            object.insert(name.clone(), json(value));
            if let Some(text) = text {
                object.insert(format!("{name}_as_string"), text.into());
            }
        } else {
            let mut one = Map::new();
            one.insert("key".to_owned(), json(*point));
            one.insert("value".to_owned(), json(value));
            if let Some(text) = text {
                one.insert("value_as_string".to_owned(), text.into());
            }
            list.push(Value::Object(one));
        }
        metric.numbers.push((name.into(), value));
    }
    let values = if asked.keyed { Value::Object(object) } else { Value::Array(list) };
    metric.shown.insert("values".to_owned(), values);
    metric
}

pub(super) fn cardinality(partial: &Partial) -> (&'static str, Body) {
    let count = if let Partial::Cardinality(found) = partial { found.count() } else { 0 };
    ("cardinality", Body::Value { value: Number::Whole(i64::try_from(count).unwrap_or(i64::MAX)), text: None })
}

pub(super) fn weighted_avg(asked: &WeightedAvg, partial: &Partial) -> (&'static str, Body) {
    let average = if let Partial::Weighted(found) = partial { found.average() } else { f64::NAN };
    let (value, text) = asked.format.value(average);
    ("weighted_avg", Body::Value { value, text })
}

pub(super) fn median_absolute_deviation(asked: &MedianAbsoluteDeviation, partial: &Partial) -> (&'static str, Body) {
    let found = if let Partial::TDigest(found) = partial { found.median_absolute_deviation() } else { f64::NAN };
    let (value, text) = asked.values.format.value(found);
    ("median_absolute_deviation", Body::Value { value, text })
}
