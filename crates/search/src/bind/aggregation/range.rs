//! `range`, `date_range`, `ip_range`.

use std::cmp::Ordering;

use model::aggregation::request::bucket::{DateRange, IpRange as AskedIps, IpRangeSpec, Range as Numeric, RangeSpec};
use model::date::{DateFormat, Zone};
use model::error::Error;
use model::mapping::{Field, FieldKind};
use serde_json::Value;

use super::Binding;
use super::values::Accepts;
use crate::aggregation::Kind;
use crate::aggregation::format::{DateShown, Format};
use crate::aggregation::range::{IpRange, IpRanges, Range, Ranges};
use crate::bind::ip;
use crate::bind::number::{java_text, rounded};
use crate::bind::target::Target;
use crate::bound::TermBytes;

impl Binding<'_> {
    pub(super) fn range(self, asked: &Numeric) -> Result<Kind, Error> {
        let values = self.values(&asked.source, Accepts::Numbers, "range")?;
        let stored = |end: f64| match Target::of(&asked.source.field, &self.context.mapping) {
            // Compared as the field stores it; shown as it was given.
            Target::Field(Field { kind: FieldKind::Number(kind), .. }) if asked.source.script.is_none() => {
                rounded(*kind, end)
            }
            _ => end,
        };
        let end = |given: &Option<Value>, open: f64| match given {
            None | Some(Value::Null) => Ok(open),
            // Numbers are what the column holds, whatever the format.
            Some(Value::Number(number)) => Ok(number.as_f64().unwrap_or(open)),
            Some(text) => self.date_end(text, &values.format, &Zone::utc()),
        };
        let range = |spec: &RangeSpec<Value>| {
            let (from, to) = (end(&spec.from, f64::NEG_INFINITY)?, end(&spec.to, f64::INFINITY)?);
            Ok(Range { key: spec.key.clone(), from, to, least: stored(from), beyond: stored(to) })
        };
        let ranges = in_order(asked.ranges.iter().map(range).collect::<Result<_, Error>>()?);
        Ok(Kind::Ranges(Box::new(Ranges { values, ranges, keyed: asked.keyed, kind: "range" })))
    }

    pub(super) fn date_range(self, asked: &DateRange) -> Result<Kind, Error> {
        let mut values = self.values(&asked.source, Accepts::Dates, "date_range")?;
        let zone = asked.source.time_zone.as_deref().map(Zone::parse).transpose()?.unwrap_or_else(Zone::utc);
        if !values.is_mapped() && values.format == Format::Raw {
            let format = DateFormat::parse_pattern(asked.source.format.as_deref().unwrap_or_default())?;
            let resolution = model::date::DateResolution::Millis;
            values.format = Format::Date(Box::new(DateShown { format, zone: zone.clone(), resolution }));
        }
        let end = |given: &Option<Value>, open: f64| match given {
            None | Some(Value::Null) => Ok(open),
            Some(value) => self.date_end(value, &values.format, &zone),
        };
        let mut ranges = Vec::with_capacity(asked.ranges.len());
        for spec in &asked.ranges {
            let (from, to) = (end(&spec.from, f64::NEG_INFINITY)?, end(&spec.to, f64::INFINITY)?);
            ranges.push(Range { key: spec.key.clone(), from, to, least: from, beyond: to });
        }
        let ranges = in_order(ranges);
        Ok(Kind::Ranges(Box::new(Ranges { values, ranges, keyed: asked.keyed, kind: "date_range" })))
    }

    /// In milliseconds; plain numbers for fields that are no dates.
    fn date_end(self, value: &Value, format: &Format, zone: &Zone) -> Result<f64, Error> {
        match (format, value) {
            (Format::Date(shown), value) => {
                let text = java_text(value);
                // Whole numbers are written without a fraction.
                let text = text.strip_suffix(".0").unwrap_or(&text);
                Ok(shown.format.parse_math(text, self.context.now_ms, false, Some(zone))?.ms as f64)
            }
            (_, Value::Number(number)) => Ok(number.as_f64().unwrap_or(f64::NAN)),
            (_, value) => crate::bind::number::float(value).map_err(|fault| fault.error().clone()),
        }
    }

    pub(super) fn ip_range(self, asked: &AskedIps) -> Result<Kind, Error> {
        let values = self.values(&asked.source, Accepts::Ips, "ip_range")?;
        let mut ranges = Vec::with_capacity(asked.ranges.len());
        for spec in &asked.ranges {
            ranges.push(ip_range(spec)?);
        }
        ranges.sort_by(|a, b| a.from.cmp(&b.from).then_with(|| open_last(&a.to, &b.to)));
        Ok(Kind::IpRanges(Box::new(IpRanges { values, ranges, keyed: asked.keyed })))
    }
}

/// An open end is the greatest.
fn open_last(a: &Option<TermBytes>, b: &Option<TermBytes>) -> Ordering {
    match (a, b) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(a), Some(b)) => a.cmp(b),
    }
}

fn ip_range(spec: &IpRangeSpec) -> Result<IpRange, Error> {
    let term = |bytes: [u8; 16]| -> TermBytes { bytes.as_slice().into() };
    match spec {
        IpRangeSpec::Between(spec) => {
            let end = |text: &Option<String>| {
                text.as_ref().map(|text| ip::address(text).map(term).map_err(|fault| fault.error().clone())).transpose()
            };
            Ok(IpRange { key: spec.key.clone(), from: end(&spec.from)?, to: end(&spec.to)? })
        }
        IpRangeSpec::Mask { key, mask } => {
            let (first, last) = ip::network(mask).map_err(|fault| fault.error().clone())?;
            let from = Some(term(first)).filter(|_| first != [0; 16]);
            Ok(IpRange { key: Some(key.clone().unwrap_or_else(|| mask.clone())), from, to: ip::next(last).map(term) })
        }
    }
}

fn in_order(mut ranges: Vec<Range>) -> Vec<Range> {
    ranges.sort_by(|a, b| a.from.total_cmp(&b.from).then(a.to.total_cmp(&b.to)));
    ranges
}
