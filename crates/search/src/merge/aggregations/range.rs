//! Ranges of numbers, dates and addresses.

use model::aggregation::answer::{Body, Bucket as Shown, Buckets};
use model::aggregation::key::Key;
use model::aggregation::partial::{Bucket, Partial};
use model::date::DateResolution;
use model::error::Error;

use super::{Limit, bucket, json};
use crate::aggregation::BoundAggregation;
use crate::aggregation::format::{Format, address};
use crate::aggregation::range::{IpRange, IpRanges, Range, Ranges};

pub(super) fn answer(
    asked: &BoundAggregation,
    ranges: &Ranges,
    partial: Partial,
    limit: &mut Limit,
) -> Result<(&'static str, Body), Error> {
    let mut list = Vec::with_capacity(ranges.ranges.len());
    let format = in_milliseconds(&ranges.values.format);
    for (range, found) in ranges.ranges.iter().zip(slots(partial, ranges.ranges.len(), limit)?) {
        list.push(named(range, &format, bucket(asked, found, limit)?, ranges.keyed));
    }
    Ok((ranges.kind, Body::Buckets(Buckets { list, keyed: ranges.keyed, beside: Vec::new() })))
}

/// The buckets of each range; empty ones where nothing was found.
fn slots(partial: Partial, count: usize, limit: &mut Limit) -> Result<Vec<Bucket>, Error> {
    let mut found = if let Partial::Slots(found) = partial { found } else { Vec::new() };
    found.resize(count, Bucket::default());
    limit.count(count)?;
    Ok(found)
}

/// Bounds of dates are milliseconds, whatever the field counts.
fn in_milliseconds(format: &Format) -> Format {
    let mut format = format.clone();
    if let Format::Date(shown) = &mut format {
        shown.resolution = DateResolution::Millis;
    }
    format
}

fn named(range: &Range, format: &Format, mut made: Shown, keyed: bool) -> Shown {
    let end = |end: f64| if end.is_finite() { format.number_text(end) } else { "*".to_owned() };
    let name = range.key.clone().unwrap_or_else(|| format!("{}-{}", end(range.from), end(range.to)));
    for (value, names) in [(range.from, ["from", "from_as_string"]), (range.to, ["to", "to_as_string"])] {
        if value.is_finite() {
            made.beside.push((names[0], json(value)));
            made.beside.extend(format.number(value).map(|text| (names[1], text.into())));
        }
    }
    with_name(made, name, keyed)
}

fn with_name(mut made: Shown, name: String, keyed: bool) -> Shown {
    made.key = Key::text(&name);
    made.shown_key = (!keyed).then(|| name.as_str().into());
    made.text = Some(name);
    made
}

pub(super) fn ip_answer(
    asked: &BoundAggregation,
    ranges: &IpRanges,
    partial: Partial,
    limit: &mut Limit,
) -> Result<(&'static str, Body), Error> {
    let mut list = Vec::with_capacity(ranges.ranges.len());
    for (range, found) in ranges.ranges.iter().zip(slots(partial, ranges.ranges.len(), limit)?) {
        list.push(ip_named(range, bucket(asked, found, limit)?, ranges.keyed));
    }
    Ok(("ip_range", Body::Buckets(Buckets { list, keyed: ranges.keyed, beside: Vec::new() })))
}

fn ip_named(range: &IpRange, mut made: Shown, keyed: bool) -> Shown {
    let text = |end: &Option<crate::bound::TermBytes>| end.as_ref().map(|bytes| address(bytes));
    let (from, to) = (text(&range.from), text(&range.to));
    let open = || "*".to_owned();
    let name = range
        .key
        .clone()
        .unwrap_or_else(|| format!("{}-{}", from.clone().unwrap_or_else(open), to.clone().unwrap_or_else(open)));
    made.beside.extend(from.map(|text| ("from", text.into())));
    made.beside.extend(to.map(|text| ("to", text.into())));
    with_name(made, name, keyed)
}
