//! How values are shown: as numbers, dates, addresses, booleans, or by a decimal format.

use std::net::Ipv6Addr;

use model::aggregation::answer::{Bucket, Number};
use model::aggregation::key::Key;
use model::date::{DateFormat, DateResolution, Moment, Zone};
use serde_json::Value;

use crate::fetch::decimal::DecimalFormat;

/// One way of showing values.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Format {
    /// As they are; texts as texts.
    #[default]
    Raw,
    Decimal(DecimalFormat),
    /// `unsigned_long`: metrics have texts, keys have none.
    Unsigned,
    Date(Box<DateShown>),
    Boolean,
    Ip,
}

#[derive(Clone, Debug, PartialEq)]
pub struct DateShown {
    pub format: DateFormat,
    pub zone: Zone,
    pub resolution: DateResolution,
}

impl Format {
    /// A number as text; `None`: numbers are shown as they are.
    pub fn number(&self, number: f64) -> Option<String> {
        match self {
            Self::Raw | Self::Ip => None,
            Self::Unsigned => Some(model::number::float_text(number)),
            Self::Decimal(format) => Some(format.float(number)),
            Self::Date(shown) => Some(shown.text(number as i64)),
            Self::Boolean => Some((number != 0.0).to_string()),
        }
    }

    /// A number as text, whatever the format: names of ranges, keyed buckets.
    pub fn number_text(&self, number: f64) -> String {
        self.number(number).unwrap_or_else(|| model::number::float_text(number))
    }

    /// `value` and `value_as_string` of a metric; a value that is not finite has no text.
    pub fn value(&self, number: f64) -> (Number, Option<String>) {
        (Number::Float(number), if number.is_finite() { self.number(number) } else { None })
    }

    /// The text of a key.
    fn text(&self, key: &Key) -> Option<String> {
        match (self, key) {
            (Self::Unsigned, _) => None,
            (Self::Ip, Key::Bytes(bytes)) => Some(address(bytes)),
            (_, Key::Bytes(bytes)) => Some(String::from_utf8_lossy(bytes).into_owned()),
            (Self::Decimal(format), Key::Long(number)) => Some(format.whole(*number)),
            (Self::Date(shown), Key::Long(number)) => Some(shown.text(*number)),
            (format, key) => format.number(key.as_f64()?),
        }
    }

    /// A bucket with its key as it is written.
    pub fn bucket(&self, key: Key) -> Bucket {
        let text = self.text(&key);
        let shown = match (&key, &text) {
            (Key::Bytes(_), Some(text)) => text.as_str().into(),
            (Key::Long(number), _) => match self {
                // Keys are milliseconds, whatever the field counts.
                Self::Date(shown) => shown.moment(*number).ms.into(),
                _ => (*number).into(),
            },
            (Key::Unsigned(number), _) => (*number).into(),
            (Key::Double(number), _) => (*number).into(),
            _ => Value::Null,
        };
        let shows_text = text.is_some() && !matches!(key, Key::Bytes(_));
        let text = text.or_else(|| plain(&key));
        Bucket { key, shown_key: Some(shown), text, shows_text, ..Bucket::default() }
    }
}

/// A number as Java writes it.
fn plain(key: &Key) -> Option<String> {
    Some(match key {
        Key::Long(number) => number.to_string(),
        Key::Unsigned(number) => number.to_string(),
        Key::Double(number) => model::number::float_text(*number),
        Key::Null | Key::Bytes(_) | Key::List(_) => return None,
    })
}

/// The text of 16 bytes.
pub fn address(bytes: &[u8]) -> String {
    match <[u8; 16]>::try_from(bytes) {
        Ok(bytes) => Ipv6Addr::from(bytes).to_canonical().to_string(),
        Err(_) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

impl DateShown {
    /// The moment of a column's number.
    pub fn moment(&self, number: i64) -> Moment {
        match self.resolution {
            DateResolution::Millis => Moment::from_ms(number),
            DateResolution::Nanos => Moment::from_nanos(number),
        }
    }

    /// A column's number as text.
    pub fn text(&self, number: i64) -> String {
        self.format.format(self.moment(number), Some(&self.zone))
    }
}
