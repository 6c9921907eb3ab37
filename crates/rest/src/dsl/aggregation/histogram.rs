//! `histogram`, `date_histogram`, `auto_date_histogram`, `variable_width_histogram`.

use std::sync::Arc;

use model::aggregation::request::Kind;
use model::aggregation::request::histogram::{
    AutoDateHistogram, BoundText, Bounds, CalendarUnit, DateHistogram, Histogram, VariableWidthHistogram,
};
use model::error::{Error, ErrorKind};
use serde_json::Value;

use super::super::field::{Field, build_failed, fields};
use super::declared::At;
use super::interval::{IntervalReader, offset_ms};
use super::order::order;
use super::source::{Keys, SourceReader};
use super::terms::count;
use super::{Asked, late};

/// `histogram`.
pub(super) fn histogram(asked: Asked<'_>) -> Result<Kind, Error> {
    const OWN: [&str; 7] = ["interval", "offset", "order", "keyed", "min_doc_count", "extended_bounds", "hard_bounds"];
    let mut source = SourceReader::new(asked, Keys::USUAL);
    let (mut interval, mut offset, mut min_doc_count) = (None, 0.0, 0);
    let (mut extended_bounds, mut hard_bounds) = (None, None);
    let (mut orders, mut keyed) = (Vec::new(), false);
    for field in asked.fields() {
        match field.key {
            "interval" => interval = Some(width(asked, field.declared_double()?).at(field)?),
            "offset" => offset = field.declared_double()?,
            "min_doc_count" => min_doc_count = count(asked, field, "minDocCount")?,
            "extended_bounds" => extended_bounds = Some(double_bounds(field)?),
            "hard_bounds" => hard_bounds = Some(double_bounds(field)?),
            "order" => orders = order(field)?,
            "keyed" => keyed = field.declared_flag()?,
            _ => source.take_last(field, &OWN)?,
        }
    }
    let source = source.finish()?;
    let interval = interval.ok_or_else(|| late(Error::illegal_argument("interval must be positive, got: 0.0")))?;
    if let (Some(hard), Some(extended)) = (&hard_bounds, &extended_bounds) {
        inside(hard, extended)?;
    }
    Ok(Kind::Histogram(Box::new(Histogram {
        source,
        interval,
        offset,
        min_doc_count,
        extended_bounds,
        hard_bounds,
        order: orders,
        keyed,
    })))
}

fn width(asked: Asked<'_>, interval: f64) -> Result<f64, Error> {
    if interval > 0.0 {
        return Ok(interval);
    }
    Err(Error::illegal_argument(format!("[interval] must be >0 for histogram aggregation [{}]", asked.name)))
}

fn double_bounds(field: Field<'_>) -> Result<Bounds<f64>, Error> {
    const OWNER: &str = "double_bounds";
    let object = field.object()?;
    let mut bounds = Bounds { min: None, max: None };
    let mut last = None;
    for bound in fields(OWNER, object) {
        let value = |bound: Field<'_>| match bound.value {
            Value::Null => Ok(None),
            _ => bound.declared_double().map(Some),
        };
        match bound.key {
            "min" => bounds.min = value(bound).at(field)?,
            "max" => bounds.max = value(bound).at(field)?,
            _ => return Err(bound.unknown(&["min", "max"])).at(field),
        }
        last = Some(bound);
    }
    if let (Some(min), Some(max), Some(last)) = (bounds.min, bounds.max, last)
        && max < min
    {
        let reason = format!("max bound [{max:?}] must be greater than min bound [{min:?}]");
        return Err(build_failed(OWNER, Error::illegal_argument(reason))).at(last).at(field);
    }
    Ok(bounds)
}

/// Extended bounds must lie inside hard ones.
fn inside(hard: &Bounds<f64>, extended: &Bounds<f64>) -> Result<(), Error> {
    let below = hard.min.zip(extended.min).is_some_and(|(hard, extended)| extended < hard);
    let beyond = hard.max.zip(extended.max).is_some_and(|(hard, extended)| extended > hard);
    if !below && !beyond {
        return Ok(());
    }
    let shown = |bounds: &Bounds<f64>| {
        format!("[{:?}--{:?}]", bounds.min.unwrap_or(f64::NEG_INFINITY), bounds.max.unwrap_or(f64::INFINITY))
    };
    let reason = format!("hard bounds: {}, extended bounds: {}", shown(hard), shown(extended));
    Err(late(Error::illegal_argument(format!("Extended bounds have to be inside hard bounds, {reason}"))))
}

/// `date_histogram`.
pub(super) fn date_histogram(asked: Asked<'_>) -> Result<Kind, Error> {
    const OWN: [&str; 9] = [
        "calendar_interval",
        "fixed_interval",
        "interval",
        "offset",
        "order",
        "keyed",
        "min_doc_count",
        "extended_bounds",
        "hard_bounds",
    ];
    let mut source = SourceReader::new(asked, Keys::DATES);
    let mut interval = IntervalReader::default();
    let (mut offset, mut min_doc_count) = (0, 0);
    let (mut extended_bounds, mut hard_bounds) = (None, None);
    let (mut orders, mut keyed) = (Vec::new(), false);
    for field in asked.fields() {
        match field.key {
            "offset" => offset = offset_ms(field)?,
            "min_doc_count" => min_doc_count = count(asked, field, "minDocCount")?,
            "extended_bounds" => extended_bounds = Some(date_bounds(field)?),
            "hard_bounds" => hard_bounds = Some(date_bounds(field)?),
            "order" => orders = order(field)?,
            "keyed" => keyed = field.declared_flag()?,
            _ if interval.take(field)? => {}
            _ => source.take_last(field, &OWN)?,
        }
    }
    let source = source.finish()?;
    Ok(Kind::DateHistogram(Box::new(DateHistogram {
        source,
        interval: interval.finish()?,
        offset_ms: offset,
        min_doc_count,
        extended_bounds,
        hard_bounds,
        order: orders,
        keyed,
    })))
}

fn date_bounds(field: Field<'_>) -> Result<Bounds<BoundText>, Error> {
    let mut bounds = Bounds { min: None, max: None };
    for bound in fields("bounds", field.object()?) {
        match bound.key {
            "min" => bounds.min = date_bound(bound).at(field)?,
            "max" => bounds.max = date_bound(bound).at(field)?,
            _ => return Err(bound.unknown(&["min", "max"])).at(field),
        }
    }
    Ok(bounds)
}

fn date_bound(bound: Field<'_>) -> Result<Option<BoundText>, Error> {
    match bound.value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(Arc::from(text.as_str()))),
        Value::Number(number) if number.as_f64().is_some_and(|number| number.fract() != 0.0) => {
            Err(Error::illegal_argument(format!("{number} cannot be converted to Long without data loss"))).at(bound)
        }
        Value::Number(_) => Ok(Some(Arc::from(bound.declared_long()?.to_string()))),
        _ => Err(bound.mistyped()),
    }
}

/// `auto_date_histogram`.
pub(super) fn auto_date_histogram(asked: Asked<'_>) -> Result<Kind, Error> {
    let mut source = SourceReader::new(asked, Keys::DATES);
    let (mut buckets, mut minimum_interval) = (10, None);
    for field in asked.fields() {
        match field.key {
            "buckets" => {
                let reason = || format!("buckets must be greater than 0 for [{}]", asked.name);
                buckets = more_than(field, 0, reason)?;
            }
            "minimum_interval" => minimum_interval = smallest(field)?,
            _ => source.take_last(field, &["buckets", "minimum_interval"])?,
        }
    }
    let source = source.finish()?;
    Ok(Kind::AutoDateHistogram(Box::new(AutoDateHistogram { source, buckets, minimum_interval })))
}

fn smallest(field: Field<'_>) -> Result<Option<CalendarUnit>, Error> {
    let unit = match field.value {
        Value::Null => return Ok(None),
        Value::String(text) => text.as_str(),
        _ => return Err(field.mistyped()),
    };
    Ok(Some(match unit {
        "second" => CalendarUnit::Second,
        "minute" => CalendarUnit::Minute,
        "hour" => CalendarUnit::Hour,
        "day" => CalendarUnit::Day,
        "month" => CalendarUnit::Month,
        "year" => CalendarUnit::Year,
        _ => {
            let reason = "minimum_interval must be one of [[year, hour, minute, second, month, day]]";
            return Err(Error::illegal_argument(reason)).at(field);
        }
    }))
}

/// `variable_width_histogram`.
pub(super) fn variable_width_histogram(asked: Asked<'_>) -> Result<Kind, Error> {
    let mut source = SourceReader::new(asked, Keys::DATES);
    let (mut buckets, mut shard_size, mut initial_buffer) = (10, None, None);
    let above = |what: &str, least: u32| format!("{what} must be greater than [{least}] for [{}]", asked.name);
    for field in asked.fields() {
        match field.key {
            "buckets" => buckets = more_than(field, 0, || above("buckets", 0))?,
            "shard_size" => shard_size = Some(more_than(field, 1, || above("shard_size", 1))?),
            "initial_buffer" => initial_buffer = Some(more_than(field, 0, || above("initial_buffer", 0))?),
            _ => source.take_last(field, &["buckets", "shard_size", "initial_buffer"])?,
        }
    }
    let source = source.finish()?;
    let found = VariableWidthHistogram { source, buckets, shard_size, initial_buffer };
    fits(asked, &found).map_err(late)?;
    Ok(Kind::VariableWidthHistogram(Box::new(found)))
}

fn fits(asked: Asked<'_>, asked_for: &VariableWidthHistogram) -> Result<(), Error> {
    let buckets = asked_for.buckets;
    let shard_size = asked_for.shard_size.unwrap_or_else(|| buckets.saturating_mul(50));
    let buffer = asked_for.initial_buffer.unwrap_or_else(|| shard_size.saturating_mul(10).min(50_000));
    let three_quarters = (f64::from(shard_size) * 0.75) as u32;
    let refused = |what: &str, has: u32| {
        let reason = format!("{what} must be at least buckets but was [{has}<{buckets}] for [{}]", asked.name);
        Err(Error::illegal_argument(reason))
    };
    if buffer < buckets {
        return refused("initial_buffer", buffer);
    }
    if three_quarters < buckets {
        return refused("3/4 of shard_size", three_quarters);
    }
    Ok(())
}

fn more_than(field: Field<'_>, least: u32, reason: impl FnOnce() -> String) -> Result<u32, Error> {
    match u32::try_from(field.declared_int()?) {
        Ok(number) if number > least => Ok(number),
        _ => Err(Error::new(ErrorKind::IllegalArgument, reason())).at(field),
    }
}
