//! `range`, `date_range`, `ip_range`.

use std::net::IpAddr;

use model::aggregation::request::Kind;
use model::aggregation::request::bucket::{DateRange, IpRange, IpRangeSpec, Range, RangeSpec};
use model::error::{Error, ErrorKind};
use model::json::token;
use serde_json::Value;

use super::super::field::{Field, fields, text_of};
use super::declared::{At, object_of};
use super::source::{Keys, SourceReader};
use super::{Asked, late};
use crate::params::number_format;

const OWN: [&str; 2] = ["ranges", "keyed"];

/// The items of an array, or one object alone.
pub(super) fn items(field: Field<'_>) -> Result<&[Value], Error> {
    match field.value {
        Value::Array(items) if items.iter().any(Value::is_array) => {
            Err(Error::new(ErrorKind::IllegalState, "expected value but got [START_ARRAY]")).at(field)
        }
        Value::Array(items) => Ok(items),
        Value::Object(_) => Ok(std::slice::from_ref(field.value)),
        _ => Err(field.mistyped()),
    }
}

/// There must be ranges; OpenSearch finds on its shards that there are none.
pub(super) fn some<T>(asked: Asked<'_>, ranges: Vec<T>) -> Result<Vec<T>, Error> {
    if ranges.is_empty() {
        let reason = format!("No [ranges] specified for the [{}] aggregation", asked.name);
        return Err(late(Error::illegal_argument(reason)));
    }
    Ok(ranges)
}

fn spec(value: &Value) -> Result<RangeSpec<Value>, Error> {
    const OWNER: &str = "range";
    let mut spec = RangeSpec { key: None, from: None, to: None };
    for field in fields(OWNER, object_of(OWNER, value)?) {
        match field.key {
            "key" => spec.key = Some(field.typed(&["VALUE_STRING", "VALUE_NUMBER"])?.text()?),
            "from" => spec.from = bound(field)?,
            "to" => spec.to = bound(field)?,
            _ => return Err(field.unknown(&["key", "from", "to"])),
        }
    }
    Ok(spec)
}

fn bound(field: Field<'_>) -> Result<Option<Value>, Error> {
    let value = field.typed(&["VALUE_STRING", "VALUE_NUMBER", "VALUE_NULL"])?.value;
    Ok(Some(value.clone()).filter(|value| !value.is_null()))
}

/// `range`.
pub(super) fn range(asked: Asked<'_>) -> Result<Kind, Error> {
    let mut source = SourceReader::new(asked, Keys::USUAL);
    let (mut ranges, mut keyed) = (Vec::new(), false);
    for field in asked.fields() {
        match field.key {
            "ranges" => ranges = items(field)?.iter().map(spec).collect::<Result<Vec<_>, _>>().at(field)?,
            "keyed" => keyed = field.declared_flag()?,
            _ => source.take_last(field, &OWN)?,
        }
    }
    let source = source.finish()?;
    Ok(Kind::Range(Box::new(Range { source, ranges: some(asked, ranges)?, keyed })))
}

/// `date_range`.
pub(super) fn date_range(asked: Asked<'_>) -> Result<Kind, Error> {
    let mut source = SourceReader::new(asked, Keys::DATES);
    let (mut ranges, mut keyed) = (Vec::new(), false);
    for field in asked.fields() {
        match field.key {
            "ranges" => ranges = items(field)?.iter().map(spec).collect::<Result<Vec<_>, _>>().at(field)?,
            "keyed" => keyed = field.declared_flag()?,
            _ => source.take_last(field, &OWN)?,
        }
    }
    let source = source.finish()?;
    Ok(Kind::DateRange(Box::new(DateRange { source, ranges: some(asked, ranges)?, keyed })))
}

/// `ip_range`.
pub(super) fn ip_range(asked: Asked<'_>) -> Result<Kind, Error> {
    let mut source = SourceReader::new(asked, Keys::FIELD);
    let (mut ranges, mut keyed) = (Vec::new(), false);
    for field in asked.fields() {
        match field.key {
            "ranges" => ranges = items(field)?.iter().map(ip_spec).collect::<Result<Vec<_>, _>>().at(field)?,
            "keyed" => keyed = field.declared_flag()?,
            _ => source.take_last(field, &OWN)?,
        }
    }
    let source = source.finish()?;
    Ok(Kind::IpRange(Box::new(IpRange { source, ranges: some(asked, ranges)?, keyed })))
}

fn ip_spec(value: &Value) -> Result<IpRangeSpec, Error> {
    let no_text = |found: &Value| Error::new(ErrorKind::IllegalState, format!("Can't get text on a {}", token(found)));
    let object = match value {
        Value::Object(object) => object,
        Value::Array(_) => return Err(Error::new(ErrorKind::IllegalState, "expected value but got [START_ARRAY]")),
        other => return Err(Error::parsing(format!("[ranges] must contain objects, but hit a {}", token(other)))),
    };
    let (mut key, mut mask) = (None, None);
    let (mut from, mut to) = (None, None);
    for field in fields("ranges", object) {
        let text = || text_of(field.value).ok_or_else(|| no_text(field.value));
        match field.key {
            "key" => key = Some(text()?),
            "mask" => mask = Some(text()?),
            "from" if field.value.is_null() => from = None,
            "to" if field.value.is_null() => to = None,
            "from" => from = Some(text()?),
            "to" => to = Some(text()?),
            other => return Err(Error::parsing(format!("Unexpected ip range parameter: [{other}]"))),
        }
    }
    if let Some(mask) = mask {
        prefix(&mask)?;
        return Ok(IpRangeSpec::Mask { key, mask });
    }
    from.iter().chain(&to).try_for_each(|text| address(text).map(drop))?;
    Ok(IpRangeSpec::Between(RangeSpec { key, from, to }))
}

fn address(text: &str) -> Result<IpAddr, Error> {
    text.parse().map_err(|_| Error::illegal_argument(format!("'{text}' is not an IP string literal.")))
}

/// `address/length`
fn prefix(mask: &str) -> Result<(), Error> {
    let mut parts = mask.split('/');
    let (Some(text), Some(length), None) = (parts.next(), parts.next(), parts.next()) else {
        return Err(Error::illegal_argument(format!("Expected [ip/prefix] but was [{mask}]")));
    };
    let most = if address(text)?.is_ipv4() { 32 } else { 128 };
    let length: i32 = length.parse().map_err(|_| number_format(length))?;
    if (0..=most).contains(&length) {
        return Ok(());
    }
    let reason =
        format!("Illegal prefix length [{length}] in [{mask}]. Must be 0-32 for IPv4 ranges, 0-128 for IPv6 ranges");
    Err(Error::illegal_argument(reason))
}
