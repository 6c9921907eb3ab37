//! Values of properties and expressions.

use std::cmp::Ordering;

use bytes::Bytes;

#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    Null,
    Number(f64),
    Text(String),
    /// A text that is not UTF-8, such as a vector.
    Bytes(Bytes),
    List(Vec<Scalar>),
    /// All values at a path of a JSON document (dialect 3): a text to expressions, the first of them to arithmetic.
    Json(serde_json::Value),
}

impl Scalar {
    /// A number where the text is one.
    pub fn read(text: &str) -> Self {
        match number_of(text) {
            Some(number) => Self::Number(number),
            None => Self::Text(text.to_owned()),
        }
    }

    /// A text, whatever its bytes are.
    pub fn of_bytes(bytes: Bytes) -> Self {
        match std::str::from_utf8(&bytes) {
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Bytes(bytes),
        }
    }

    pub fn of_json(value: &serde_json::Value) -> Self {
        use serde_json::Value as Json;
        match value {
            Json::Null => Self::Null,
            Json::Bool(flag) => Self::Text(if *flag { "1" } else { "0" }.to_owned()),
            Json::Number(number) => Self::Number(number.as_f64().unwrap_or(f64::NAN)),
            Json::String(text) => Self::Text(text.clone()),
            Json::Array(items) => Self::List(items.iter().map(Self::of_json).collect()),
            Json::Object(_) => Self::Text(value.to_string()),
        }
    }

    /// As a number; `None`: it is none.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            // An empty text is zero.
            Self::Text(text) if text.is_empty() => Some(0.0),
            Self::Text(text) => number_of(text),
            Self::List(items) => items.first().and_then(Self::number),
            Self::Json(values) => values.get(0).and_then(serde_json::Value::as_f64),
            Self::Null | Self::Bytes(_) => None,
        }
    }

    /// As it is shown.
    pub fn text(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Number(number) => number_text(*number),
            Self::Text(text) => text.clone(),
            Self::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Self::List(items) => items.iter().map(Self::text).collect::<Vec<_>>().join(","),
            Self::Json(values) => values.to_string(),
        }
    }

    /// As expressions have it.
    pub fn flat(self) -> Self {
        match self {
            Self::Json(values) => Self::Text(values.to_string()),
            other => other,
        }
    }

    pub fn is_true(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Number(number) => *number != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::Bytes(bytes) => !bytes.is_empty(),
            Self::List(items) => !items.is_empty(),
            Self::Json(_) => true,
        }
    }

    /// The order of `SORTBY` and of comparisons: numbers by value, texts by bytes, what is missing first.
    pub fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Null, Self::Null) => Ordering::Equal,
            (Self::Null, _) => Ordering::Less,
            (_, Self::Null) => Ordering::Greater,
            (Self::Number(a), Self::Number(b)) => a.partial_cmp(b).unwrap_or_else(|| a.total_cmp(b)),
            (Self::Text(a), Self::Text(b)) => a.as_bytes().cmp(b.as_bytes()),
            (Self::Bytes(a), Self::Bytes(b)) => a.cmp(b),
            (Self::Text(a), Self::Bytes(b)) => a.as_bytes().cmp(b),
            (Self::Bytes(_), Self::Text(_)) => other.order(self).reverse(),
            (Self::List(a), Self::List(b)) => {
                let first = |items: &[Self]| items.first().cloned().unwrap_or(Self::Null);
                match (a.is_empty(), b.is_empty()) {
                    (false, false) => first(a).order(&first(b)),
                    _ => a.len().cmp(&b.len()),
                }
            }
            (Self::Number(a), other) => match other.number() {
                Some(b) => a.partial_cmp(&b).unwrap_or_else(|| a.total_cmp(&b)),
                None => number_text(*a).cmp(&other.text()),
            },
            (one, Self::Number(_)) => other.order(one).reverse(),
            (one, other) => one.text().cmp(&other.text()),
        }
    }
}

fn number_of(text: &str) -> Option<f64> {
    let trimmed = text.trim_start();
    let plain = trimmed.trim_start_matches(['+', '-']);
    // Words like `nan` and `infinity` are texts.
    let numeric = plain.starts_with(|c: char| c.is_ascii_digit() || c == '.') || plain.eq_ignore_ascii_case("inf");
    if numeric { trimmed.parse().ok() } else { None }
}

/// A number as `%.12g` writes it.
pub fn number_text(number: f64) -> String {
    if number.is_nan() {
        return if number.is_sign_negative() { "-nan" } else { "nan" }.to_owned();
    }
    if number.is_infinite() {
        return if number < 0.0 { "-inf" } else { "inf" }.to_owned();
    }
    if number == 0.0 {
        return "0".to_owned();
    }
    if number.fract() == 0.0 && number.abs() < 1e15 {
        return format!("{number:.0}");
    }
    with_digits(number, 12)
}

/// A number as `%.17g` writes it: all its digits.
pub fn exact_text(number: f64) -> String {
    match number.is_finite() && number != 0.0 {
        true => with_digits(number, 17),
        false => number_text(number),
    }
}

/// With so many digits, those at the end that are zeros left out; `number` is finite and not zero.
fn with_digits(number: f64, digits: i32) -> String {
    let most = usize::try_from(digits - 1).unwrap_or(0);
    let scientific = format!("{number:.most$e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if !(-4..digits).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:02}", plain_digits(mantissa), exponent.abs());
    }
    let places = usize::try_from(digits - 1 - exponent).unwrap_or(0);
    plain_digits(&format!("{number:.places$}")).to_owned()
}

/// Without zeros at the end of a fraction.
fn plain_digits(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}
