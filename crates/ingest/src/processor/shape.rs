//! Values of one type made another: numbers and flags of texts, lists of texts and back, lists in order.

use std::cmp::Ordering;
use std::net::IpAddr;

use model::error::{Error, ErrorKind};
use regex::Regex;
use serde_json::{Number, Value};

use super::{Of, Type};
use crate::document::{Document, not_castable, text, type_name};

/// Items that a text is split into, at most.
const MAX_ITEMS: usize = 1 << 20;

pub(super) fn convert(of: &Of, to: Type, document: &mut Document) -> Result<(), Error> {
    let Some(value) = of.value(document)? else { return Ok(()) };
    let converted = match value {
        Value::Null => {
            return Err(Error::illegal_argument(format!(
                "Field [{}] is null, cannot be converted to type [{}]",
                of.field,
                name(to)
            )));
        }
        Value::Array(items) => Value::Array(items.iter().map(|item| one(item, to)).collect::<Result<_, _>>()?),
        value => one(value, to)?,
    };
    document.set(&of.target, converted)
}

fn name(to: Type) -> &'static str {
    match to {
        Type::Integer => "integer",
        Type::Long => "long",
        Type::Float => "float",
        Type::Double => "double",
        Type::Boolean => "boolean",
        Type::Text => "string",
        Type::Ip => "ip",
        Type::Auto => "auto",
    }
}

fn one(value: &Value, to: Type) -> Result<Value, Error> {
    let given = text(value).unwrap_or_else(|| value.to_string());
    let failed = || {
        let cause = Error::new(ErrorKind::NumberFormat, format!("For input string: \"{given}\""));
        Error::illegal_argument(format!("unable to convert [{given}] to {}", name(to))).with_cause(cause)
    };
    match to {
        Type::Integer => whole(&given).and_then(|n| i32::try_from(n).ok()).map(Value::from).ok_or_else(failed),
        Type::Long => whole(&given).map(Value::from).ok_or_else(failed),
        Type::Float | Type::Double => float(&given, to == Type::Float).ok_or_else(failed),
        Type::Boolean => match given.to_ascii_lowercase().as_str() {
            "true" => Ok(true.into()),
            "false" => Ok(false.into()),
            _ => Err(Error::illegal_argument(format!("[{given}] is not a boolean value, cannot convert to boolean"))),
        },
        Type::Text => Ok(given.into()),
        Type::Ip => match given.parse::<IpAddr>() {
            Ok(_) => Ok(given.into()),
            Err(_) => Err(Error::illegal_argument(format!("'{given}' is not an IP string literal."))),
        },
        Type::Auto => {
            if !value.is_string() {
                return Ok(value.clone());
            }
            let guess = || {
                let number = whole(&given).map(Value::from).or_else(|| float(&given, true));
                number.or_else(|| match given.to_ascii_lowercase().as_str() {
                    "true" => Some(true.into()),
                    "false" => Some(false.into()),
                    _ => None,
                })
            };
            Ok(guess().unwrap_or_else(|| value.clone()))
        }
    }
}

/// A whole number, in tens or with `0x`.
fn whole(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let hex = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")).or_else(|| digits.strip_prefix('#'));
    match hex {
        Some(hex) => i64::from_str_radix(hex, 16).ok()?.checked_mul(sign),
        None if digits.bytes().all(|b| b.is_ascii_digit()) => text.strip_prefix('+').unwrap_or(text).parse().ok(),
        None => None,
    }
}

fn float(text: &str, narrow: bool) -> Option<Value> {
    let trimmed = text.trim();
    let starts = trimmed.trim_start_matches(['+', '-']).starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let number: f64 = trimmed.parse().ok().filter(|_| starts)?;
    // The shortest text that is this 32-bit float, not the digits of its 64-bit twin.
    let number = if narrow { (number as f32).to_string().parse().unwrap_or(number) } else { number };
    Number::from_f64(number).map(Value::Number)
}

pub(super) fn join(of: &Of, separator: &str, document: &mut Document) -> Result<(), Error> {
    let joined = match of.value(document)? {
        None => return Ok(()),
        Some(Value::Array(items)) => {
            let shown = |item: &Value| text(item).unwrap_or_else(|| item.to_string());
            items.iter().map(shown).collect::<Vec<_>>().join(separator)
        }
        Some(Value::Null) => {
            return Err(Error::illegal_argument(format!("field [{}] is null, cannot join.", of.field)));
        }
        Some(other) => return Err(not_castable(&of.field, other, "java.util.List")),
    };
    document.set(&of.target, joined.into())
}

pub(super) fn split(of: &Of, separator: &Regex, preserve: bool, document: &mut Document) -> Result<(), Error> {
    let mut parts: Vec<String> = match of.value(document)? {
        None => return Ok(()),
        Some(Value::String(text)) => separator.split(text).take(MAX_ITEMS).map(str::to_owned).collect(),
        Some(Value::Null) => {
            return Err(Error::illegal_argument(format!("field [{}] is null, cannot split.", of.field)));
        }
        Some(other) => return Err(not_castable(&of.field, other, "java.lang.String")),
    };
    while !preserve && parts.last().is_some_and(String::is_empty) && parts.len() > 1 {
        parts.pop();
    }
    document.set(&of.target, parts.into())
}

pub(super) fn sort(of: &Of, descending: bool, document: &mut Document) -> Result<(), Error> {
    let mut items = match document.get(&of.field)? {
        Value::Array(items) => items.clone(),
        Value::Null => return Err(Error::illegal_argument(format!("field [{}] is null, cannot sort.", of.field))),
        other => return Err(not_castable(&of.field, other, "java.util.List")),
    };
    if let Some(error) = incomparable(&items) {
        return Err(error);
    }
    items.sort_by(order);
    if descending {
        items.reverse();
    }
    document.set(&of.target, Value::Array(items))
}

/// Why items cannot be put in order: they are of several types, or of one without an order.
fn incomparable(items: &[Value]) -> Option<Error> {
    let cast = |from: &Value, to: &str| {
        let reason = format!("class {} cannot be cast to class {to}", type_name(from));
        Some(Error::new(ErrorKind::ClassCast, reason))
    };
    let [first, rest @ ..] = items else { return None };
    if rest.is_empty() {
        return None;
    }
    if first.is_object() || first.is_array() {
        return cast(first, "java.lang.Comparable");
    }
    if items.iter().any(Value::is_null) {
        return Some(Error::new(ErrorKind::NullPointer, "a value is null, cannot sort"));
    }
    let other = rest.iter().find(|item| type_name(item) != type_name(first))?;
    cast(first, type_name(other))
}

fn order(a: &Value, b: &Value) -> Ordering {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ => text(a).cmp(&text(b)),
    }
}
