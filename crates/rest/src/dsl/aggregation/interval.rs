//! Intervals of dates: `calendar_interval`, `fixed_interval`, the older `interval`, and `offset`.

use model::aggregation::request::histogram::{CalendarUnit, DateInterval};
use model::error::{Error, ErrorKind};
use serde_json::Value;

use super::super::field::Field;
use super::declared::At;
use super::late;
use crate::params::time_ms;

/// The interval of dates, of which there is one.
#[derive(Debug, Default)]
pub(super) struct IntervalReader {
    found: Option<(&'static str, DateInterval)>,
}

impl IntervalReader {
    /// Whether `field` was one of the keys of an interval. `owner` is what errors about empty ones name.
    pub(super) fn take(&mut self, field: Field<'_>) -> Result<bool, Error> {
        match field.key {
            "calendar_interval" => {
                let text = self.text(field)?;
                let unit = unit(text).ok_or_else(|| {
                    let reason = format!("The supplied interval [{text}] could not be parsed as a calendar interval.");
                    Error::illegal_argument(reason)
                });
                self.put(field, "calendar_interval", unit.map(DateInterval::Calendar))?;
            }
            "fixed_interval" => {
                let text = self.text(field)?;
                let interval = time("date_histogram.fixedInterval", text).map(fixed);
                self.put(field, "fixed_interval", interval)?;
            }
            "interval" => {
                let interval = older(field)?;
                self.put(field, "interval", Ok(interval))?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn text<'a>(&self, field: Field<'a>) -> Result<&'a str, Error> {
        let text = field.string()?;
        if text.is_empty() {
            return Err(Error::illegal_argument("[interval] must not be null: [date_histogram]")).at(field);
        }
        Ok(text)
    }

    fn put(&mut self, field: Field<'_>, key: &'static str, interval: Result<DateInterval, Error>) -> Result<(), Error> {
        if let Some((before, _)) = self.found {
            let others = match key {
                "interval" => "with [fixed_interval] or [calendar_interval] configuration options.".to_owned(),
                _ => format!("with [{before}] configuration option."),
            };
            return Err(Error::illegal_argument(format!("Cannot use [{key}] {others}"))).at(field);
        }
        self.found = Some((key, interval.at(field)?));
        Ok(())
    }

    /// The interval, which there must be.
    pub(super) fn finish(self) -> Result<DateInterval, Error> {
        match self.found {
            None => Err(late(Error::illegal_argument("Invalid interval specified, must be non-null and non-empty"))),
            Some((_, DateInterval::FixedMs(ms))) if ms <= 0 => {
                Err(late(Error::illegal_argument("Zero or negative time interval not supported")))
            }
            Some((_, interval)) => Ok(interval),
        }
    }
}

/// As [`time_ms`], `M` being no minutes.
pub(super) fn time(name: &str, text: &str) -> Result<Option<u64>, Error> {
    if text.ends_with('M') {
        let why = "as a time value: unit is missing or unrecognized";
        return Err(Error::illegal_argument(format!("failed to parse setting [{name}] with value [{text}] {why}")));
    }
    time_ms(name, text)
}

/// Whole milliseconds: parts of one are none. What is beyond 64 bits is the most.
fn fixed(ms: Option<u64>) -> DateInterval {
    DateInterval::FixedMs(ms.map_or(0, |ms| i64::try_from(ms).unwrap_or(i64::MAX)))
}

/// `interval`: a calendar's unit, a time, or a number of milliseconds.
fn older(field: Field<'_>) -> Result<DateInterval, Error> {
    match field.value {
        Value::String(text) if text.is_empty() => {
            Err(Error::illegal_argument("[dateHistogramInterval] must not be null: [date_histogram]")).at(field)
        }
        Value::String(text) => match unit(text) {
            Some(unit) => Ok(DateInterval::Calendar(unit)),
            None => time("interval", text)
                .map(fixed)
                .map_err(|_| late(Error::illegal_argument(format!("Unable to parse interval [{text}]")))),
        },
        Value::Number(_) => {
            let ms = field.declared_long()?;
            if ms < 1 {
                let reason = "[interval] must be 1 or greater for aggregation [date_histogram]";
                return Err(Error::illegal_argument(reason)).at(field);
            }
            Ok(DateInterval::FixedMs(ms))
        }
        _ => Err(field.mistyped()),
    }
}

/// The unit of a calendar, by name or as one of it.
pub(super) fn unit(text: &str) -> Option<CalendarUnit> {
    Some(match text {
        "second" | "1s" => CalendarUnit::Second,
        "minute" | "1m" => CalendarUnit::Minute,
        "hour" | "1h" => CalendarUnit::Hour,
        "day" | "1d" => CalendarUnit::Day,
        "week" | "1w" => CalendarUnit::Week,
        "month" | "1M" => CalendarUnit::Month,
        "quarter" | "1q" => CalendarUnit::Quarter,
        "year" | "1y" => CalendarUnit::Year,
        _ => return None,
    })
}

/// `offset`: a time with or without a sign, or a number of milliseconds.
pub(super) fn offset_ms(field: Field<'_>) -> Result<i64, Error> {
    match field.value {
        Value::Number(_) => field.declared_long(),
        Value::String(text) => signed_ms(text).at(field),
        _ => Err(field.mistyped()),
    }
}

fn signed_ms(text: &str) -> Result<i64, Error> {
    if text.is_empty() {
        return Err(Error::new(ErrorKind::IndexOutOfBounds, "Index 0 out of bounds for length 0"));
    }
    let (negative, time) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (negative, time) = match time.strip_prefix('-') {
        // OpenSearch reads a second sign, too.
        Some(rest) if !rest.is_empty() => (!negative, rest),
        _ => (negative, time),
    };
    let ms = self::time("DateHistogramAggregationBuilder.parseOffset", time)?.unwrap_or(0);
    let ms = i64::try_from(ms).unwrap_or(i64::MAX);
    Ok(if negative { -ms } else { ms })
}
