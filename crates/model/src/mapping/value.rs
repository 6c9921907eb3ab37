//! Values of parameters: read in every form that OpenSearch takes, kept in one.

use serde_json::Value;

use super::text::java_text;
use super::{FieldKind, NumberKind};
use crate::error::{Error, ErrorKind};

pub(super) fn mapper_parsing(reason: impl Into<String>) -> Error {
    Error::new(ErrorKind::MapperParsing, reason)
}

pub(super) fn flag(value: &Value) -> Result<bool, Error> {
    match value {
        Value::Bool(flag) => Ok(*flag),
        Value::String(text) if text == "true" => Ok(true),
        Value::String(text) if text == "false" => Ok(false),
        other => Err(Error::illegal_argument(format!(
            "Failed to parse value [{}] as only [true] or [false] are allowed.",
            java_text(other)
        ))),
    }
}

fn not_a_number(value: &Value) -> Error {
    Error::new(ErrorKind::NumberFormat, format!("For input string: \"{}\"", java_text(value)))
}

pub(super) fn integer(value: &Value) -> Result<i64, Error> {
    let number = match value {
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|float| float as i64)),
        other => java_text(other).parse::<i64>().ok(),
    };
    number.filter(|number| i32::try_from(*number).is_ok()).ok_or_else(|| not_a_number(value))
}

pub(super) fn float(value: &Value) -> Result<f64, Error> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        other => java_text(other).trim().parse::<f64>().ok(),
    };
    number.ok_or_else(|| not_a_number(value))
}

pub(super) fn one_of(name: &str, options: &[&str], value: &Value) -> Result<Value, Error> {
    let text = java_text(value);
    if options.contains(&text.as_str()) {
        return Ok(text.into());
    }
    Err(mapper_parsing(format!(
        "Unknown value [{text}] for field [{name}] - accepted values are [{}]",
        options.join(", ")
    )))
}

/// A `null_value`: normalised as the field's own values are, so that it reads back as OpenSearch shows it.
pub(super) fn own(kind: &FieldKind, value: &Value) -> Result<Value, Error> {
    let FieldKind::Number(number) = kind else {
        return match kind {
            FieldKind::Boolean => flag(value).map(Value::Bool),
            FieldKind::GeoPoint => super::geo_point::null_value(value),
            _ => Ok(java_text(value).into()),
        };
    };
    if number.is_float() || *number == NumberKind::ScaledFloat {
        let float = float(value)?;
        let finite = match number {
            NumberKind::HalfFloat => float.abs() < 65_520.0,
            NumberKind::Float => (float as f32).is_finite(),
            _ => float.is_finite(),
        };
        if !finite {
            let shown = java_text(&float.into());
            return Err(Error::illegal_argument(format!(
                "[{}] supports only finite values, but got [{shown}]",
                number.name()
            )));
        }
        return Ok(float.into());
    }
    if *number == NumberKind::UnsignedLong {
        let parsed = value.as_u64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
        return parsed.map(Value::from).ok_or_else(|| not_a_number(value));
    }
    let whole = match value {
        Value::Number(whole) if whole.is_i64() => whole.as_i64(),
        Value::Number(other) if other.as_f64().is_some_and(|float| float.fract() != 0.0) => {
            return Err(Error::illegal_argument(format!("Value [{other}] has a decimal part")));
        }
        Value::Number(other) => other.as_f64().map(|float| float as i64),
        other => Some(java_text(other).parse::<i64>().map_err(|_| not_a_number(other))?),
    };
    let limit: i64 = match number {
        NumberKind::Byte => i64::from(i8::MAX),
        NumberKind::Short => i64::from(i16::MAX),
        NumberKind::Integer => i64::from(i32::MAX),
        _ => i64::MAX,
    };
    match whole {
        Some(whole) if (-limit - 1..=limit).contains(&whole) => Ok(whole.into()),
        _ => {
            let article = if *number == NumberKind::Integer { "an" } else { "a" };
            let (shown, name) = (java_text(value), number.name());
            Err(Error::illegal_argument(format!("Value [{shown}] is out of range for {article} {name}")))
        }
    }
}

pub(super) fn meta(field: &str, value: &Value) -> Result<Value, Error> {
    let class = |value: &Value| match value {
        Value::Number(number) if number.is_f64() => "Double",
        Value::Number(_) => "Integer",
        Value::Bool(_) => "Boolean",
        Value::Array(_) => "ArrayList",
        Value::Object(_) => "LinkedHashMap",
        _ => "String",
    };
    let Value::Object(entries) = value else {
        let reason =
            format!("[meta] must be an object, got {}[{}] for field [{field}]", class(value), java_text(value));
        return Err(mapper_parsing(reason));
    };
    if entries.len() > 5 {
        return Err(mapper_parsing(format!(
            "[meta] can't have more than 5 entries, but got {} on field [{field}]",
            entries.len()
        )));
    }
    for (key, entry) in entries {
        match entry {
            _ if key.chars().count() > 20 => {
                let reason = format!("[meta] keys can't be longer than 20 chars, but got [{key}] for field [{field}]");
                return Err(mapper_parsing(reason));
            }
            Value::String(text) if text.chars().count() > 50 => {
                let reason =
                    format!("[meta] values can't be longer than 50 chars, but got [{text}] for field [{field}]");
                return Err(mapper_parsing(reason));
            }
            Value::String(_) => {}
            Value::Null => return Err(mapper_parsing(format!("[meta] values can't be null (field [{field}])"))),
            other => {
                let (class, shown) = (class(other), java_text(other));
                return Err(mapper_parsing(format!(
                    "[meta] values can only be strings, but got {class}[{shown}] for field [{field}]"
                )));
            }
        }
    }
    Ok(value.clone())
}

pub(super) fn prefixes(value: &Value) -> Result<Value, Error> {
    let Value::Object(options) = value else {
        return Err(mapper_parsing("[index_prefixes] must be an object"));
    };
    let mut bounds = [2, 5];
    for (key, option) in options {
        match key.as_str() {
            "min_chars" => bounds[0] = integer(option)?,
            "max_chars" => bounds[1] = integer(option)?,
            other => return Err(mapper_parsing(format!("unknown parameter [{other}] of [index_prefixes]"))),
        }
    }
    let [min, max] = bounds;
    if min < 1 {
        return Err(Error::illegal_argument(format!("min_chars [{min}] must be greater than zero")));
    }
    if max < min || max >= 20 {
        let reason = if max < min {
            format!("min_chars [{min}] must be less than max_chars [{max}]")
        } else {
            format!("max_chars [{max}] must be less than 20")
        };
        return Err(Error::illegal_argument(reason));
    }
    Ok(serde_json::json!({"min_chars": min, "max_chars": max}))
}
