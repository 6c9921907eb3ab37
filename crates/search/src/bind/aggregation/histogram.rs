//! `histogram` and `date_histogram`.

use std::sync::Arc;

use model::aggregation::request::histogram::{
    AutoDateHistogram, Bounds, DateHistogram, Histogram as Numeric, VariableWidthHistogram,
};
use model::aggregation::request::{Aggregation, Order, OrderBy};
use model::date::rounding::Rounding;
use model::date::{DateFormat, Zone};
use model::error::Error;

use super::Binding;
use super::values::Accepts;
use crate::aggregation::Kind;
use crate::aggregation::auto_date::{AutoDateHistogram as Auto, Candidate};
use crate::aggregation::format::Format;
use crate::aggregation::histogram::{Histogram, Step, VariableWidth};

/// Intervals that are joined at most, as far as the number of buckets is concerned.
const LARGEST_JOINED: u32 = 30;

const BY_KEY: Order = Order { by: OrderBy::Key, descending: false };

impl Binding<'_> {
    pub(super) fn histogram(self, whole: &Aggregation, asked: &Numeric) -> Result<Kind, Error> {
        Ok(Kind::Histogram(Box::new(Histogram {
            values: match self.ranges(&asked.source)? {
                Some(ranges) => ranges.numbers()?,
                None => self.computed_values(&asked.source, Accepts::Numbers, "histogram")?,
            },
            step: Step::Width {
                interval: asked.interval,
                offset: asked.offset,
                extended: asked.extended_bounds,
                hard: asked.hard_bounds,
            },
            min_doc_count: asked.min_doc_count,
            order: self.order(whole, &asked.order, BY_KEY)?,
            keyed: asked.keyed,
        })))
    }

    pub(super) fn date_histogram(self, whole: &Aggregation, asked: &DateHistogram) -> Result<Kind, Error> {
        let values = match self.ranges(&asked.source)? {
            Some(ranges) => ranges.dates()?,
            None => self.values(&asked.source, Accepts::Dates, "date_histogram")?,
        };
        let zone = asked.source.time_zone.as_deref().map(Zone::parse).transpose()?.unwrap_or_else(Zone::utc);
        let rounding = Rounding::new(asked.interval, zone.clone(), asked.offset_ms);
        let bounds = |given: &Option<Bounds<Arc<str>>>| {
            given.as_ref().map(|given| self.date_bounds(given, &values.format, &zone)).transpose()
        };
        // `offset` does not bring bounds into another bucket: those that extend are moved with the buckets, hard ones stay where they are.
        let rounded = |bounds: Bounds<i64>, moved: i64| {
            let end = |ms: i64| rounding.round(ms.saturating_add(asked.offset_ms)) - moved;
            Bounds { min: bounds.min.map(end), max: bounds.max.map(end) }
        };
        let extended = bounds(&asked.extended_bounds)?;
        let hard = bounds(&asked.hard_bounds)?;
        check_bounds(extended, hard, &whole.name)?;
        let extended = extended.map(|bounds| rounded(bounds, 0));
        let hard = hard.map(|bounds| rounded(bounds, asked.offset_ms));
        Ok(Kind::Histogram(Box::new(Histogram {
            step: Step::Dates { rounding, extended, hard },
            values,
            min_doc_count: asked.min_doc_count,
            order: self.order(whole, &asked.order, BY_KEY)?,
            keyed: asked.keyed,
        })))
    }

    pub(super) fn auto_date(self, asked: &AutoDateHistogram) -> Result<Kind, Error> {
        let zone = asked.source.time_zone.as_deref().map(Zone::parse).transpose()?.unwrap_or_else(Zone::utc);
        let roundings = Candidate::from(asked.minimum_interval, &zone);
        let joined = roundings.iter().map(Candidate::most_joined).max().unwrap_or(1);
        let most = self.context.settings.max_buckets / u64::from(joined.min(LARGEST_JOINED));
        if u64::from(asked.buckets) > most {
            return Err(Error::illegal_argument(format!("buckets must be less than {most}")));
        }
        Ok(Kind::AutoDateHistogram(Box::new(Auto {
            values: self.values(&asked.source, Accepts::Dates, "auto_date_histogram")?,
            buckets: asked.buckets,
            roundings,
        })))
    }

    pub(super) fn variable_width(self, asked: &VariableWidthHistogram, name: &str) -> Result<Kind, Error> {
        if self.several {
            return Err(Error::illegal_argument(
                "[variable_width_histogram] cannot be nested inside an aggregation that collects more than a single bucket.",
            ));
        }
        let shard_size = asked.shard_size.unwrap_or(asked.buckets.saturating_mul(50));
        let buffer = asked.initial_buffer.unwrap_or(shard_size.saturating_mul(10).min(50_000));
        if buffer < asked.buckets {
            return Err(Error::illegal_argument(format!(
                "initial_buffer must be at least buckets but was [{buffer}<{}] for [{name}]",
                asked.buckets
            )));
        }
        Ok(Kind::VariableWidth(Box::new(VariableWidth {
            values: self.values(&asked.source, Accepts::Numbers, "variable_width_histogram")?,
            buckets: asked.buckets,
            shard_size,
        })))
    }

    fn date_bounds(self, given: &Bounds<Arc<str>>, format: &Format, zone: &Zone) -> Result<Bounds<i64>, Error> {
        let read = |text: &Arc<str>| -> Result<i64, Error> {
            let plain = DateFormat::parse_pattern("")?;
            let reading = if let Format::Date(shown) = format { &shown.format } else { &plain };
            Ok(reading.parse_math(text, self.context.now_ms, false, Some(zone))?.ms)
        };
        Ok(Bounds { min: given.min.as_ref().map(read).transpose()?, max: given.max.as_ref().map(read).transpose()? })
    }
}

/// Bounds whose ends are in order, the extended ones inside the hard ones.
fn check_bounds(extended: Option<Bounds<i64>>, hard: Option<Bounds<i64>>, name: &str) -> Result<(), Error> {
    for (kind, bounds) in [("extended_bounds", extended), ("hard_bounds", hard)] {
        if let Some(Bounds { min: Some(min), max: Some(max) }) = bounds
            && min > max
        {
            return Err(Error::illegal_argument(format!(
                "[{kind}.min][{min}] cannot be greater than [{kind}.max][{max}] for histogram aggregation [{name}]"
            )));
        }
    }
    let (Some(extended), Some(hard)) = (extended, hard) else { return Ok(()) };
    let below = matches!((extended.min, hard.min), (Some(extended), Some(hard)) if extended < hard);
    let above = matches!((extended.max, hard.max), (Some(extended), Some(hard)) if extended > hard);
    if below || above {
        let shown = |bounds: Bounds<i64>| {
            let end = |end: Option<i64>| end.map(|end| end.to_string()).unwrap_or_default();
            format!("{}--{}", end(bounds.min), end(bounds.max))
        };
        return Err(Error::illegal_argument(format!(
            "Extended bounds have to be inside hard bounds, hard bounds: [{}], extended bounds: [{}]",
            shown(hard),
            shown(extended)
        )));
    }
    Ok(())
}
