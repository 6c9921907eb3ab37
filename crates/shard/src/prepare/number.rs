//! Numbers: from JSON to codes, type by type, with OpenSearch's rules of coercion and range.

use model::error::{Error, ErrorKind};
use model::mapping::{FieldKind, NumberKind};
use model::number::{float_text, ordered_from_f64, ordered_from_u64};

use super::java::{parse_decimal, parse_float, round_to_half};
use super::json::{Reader, Token, Value, reader_name};
use super::plan::FieldPlan;

/// The code of a value; `None`: an empty string, which counts as no value.
///
/// # Errors
/// The cause that a failure names.
pub(super) fn code(plan: &FieldPlan, value: &Value<'_>, reader: &Reader<'_>) -> Result<Option<i64>, Error> {
    let FieldKind::Number(kind) = plan.kind else { return Ok(None) };
    match &value.token {
        Token::String(_) if !plan.coerce => {
            Err(Error::illegal_argument(format!("{} value passed as String", java_name(kind))))
        }
        Token::String(text) if text.is_empty() => Ok(None),
        Token::String(text) => from_string(plan, kind, text).map(Some),
        Token::Number { text, float } => from_number(plan, kind, text, *float).map(Some).map_err(|error| {
            // What the JSON reader itself refuses, it refuses with a place.
            if error.kind == ErrorKind::InputCoercion {
                let reason = format!("{}\n at {}", error.reason, reader.place(value.end));
                return Error { reason, ..error };
            }
            error
        }),
        other => {
            let reason = format!(
                "Current token ({}) not numeric, can not use numeric value accessors\n at {}",
                reader_name(other),
                reader.place(value.end)
            );
            Err(Error::new(ErrorKind::JsonParse, reason))
        }
    }
}

fn from_string(plan: &FieldPlan, kind: NumberKind, text: &str) -> Result<i64, Error> {
    match kind {
        NumberKind::Integer | NumberKind::Short | NumberKind::Byte => {
            let value: f64 = parse_float(text)?;
            let (low, high, name) = match kind {
                NumberKind::Short => (f64::from(i16::MIN), f64::from(i16::MAX), "a short"),
                _ => (f64::from(i32::MIN), f64::from(i32::MAX), "an integer"),
            };
            if value < low || value > high {
                return Err(out_of_range(text, name));
            }
            // Cut off; NaN becomes 0.
            check_byte(kind, value as i64, text)
        }
        NumberKind::Long => whole_long(text)?.ok_or_else(|| out_of_range(text, "a long")),
        NumberKind::UnsignedLong => unsigned(text),
        NumberKind::Float => float(kind, f64::from(parse_float::<f32>(text)?)),
        NumberKind::HalfFloat => half(parse_float(text)?),
        NumberKind::Double => float(kind, parse_float(text)?),
        NumberKind::ScaledFloat => scaled(parse_float(text)?, plan.scaling_factor),
    }
}

/// `text` is a JSON number.
fn from_number(plan: &FieldPlan, kind: NumberKind, text: &str, is_float: bool) -> Result<i64, Error> {
    let value = || text.parse::<f64>().unwrap_or(f64::NAN);
    match kind {
        NumberKind::Long | NumberKind::Integer | NumberKind::Short | NumberKind::Byte => {
            let whole = if is_float { cut(kind, value(), text)? } else { whole_number(kind, text)? };
            if is_float && !plan.coerce && whole as f64 != value() {
                return Err(loses(kind, value()));
            }
            check_byte(kind, whole, text)
        }
        NumberKind::UnsignedLong => {
            if is_float && !plan.coerce && parse_decimal(text).is_some_and(|whole| whole.fraction) {
                return Err(loses(kind, value()));
            }
            unsigned(text)
        }
        NumberKind::Float => float(kind, f64::from(text.parse::<f32>().unwrap_or(f32::NAN))),
        NumberKind::HalfFloat => half(text.parse().unwrap_or(f32::NAN)),
        NumberKind::Double => float(kind, value()),
        NumberKind::ScaledFloat => scaled(value(), plan.scaling_factor),
    }
}

fn whole_number(kind: NumberKind, text: &str) -> Result<i64, Error> {
    let value = text.parse::<i64>().ok();
    let (low, high) = bounds(kind);
    match value {
        Some(value) if (low..=high).contains(&value) => Ok(value),
        _ => Err(coercion(kind, text, value)),
    }
}

fn cut(kind: NumberKind, value: f64, text: &str) -> Result<i64, Error> {
    let (low, high) = bounds(kind);
    if value < low as f64 || value > high as f64 {
        return Err(coercion(kind, text, Some(value as i64)));
    }
    Ok(value as i64)
}

/// What the JSON reader takes for the type; bytes are read as integers.
fn bounds(kind: NumberKind) -> (i64, i64) {
    match kind {
        NumberKind::Short => (i64::from(i16::MIN), i64::from(i16::MAX)),
        NumberKind::Integer | NumberKind::Byte => (i64::from(i32::MIN), i64::from(i32::MAX)),
        _ => (i64::MIN, i64::MAX),
    }
}

fn coercion(kind: NumberKind, text: &str, value: Option<i64>) -> Error {
    let fits_int = value.is_some_and(|value| i32::try_from(value).is_ok());
    let range = match kind {
        NumberKind::Long => format!("long ({} - {})", i64::MIN, i64::MAX),
        NumberKind::Short if fits_int => "Java short".to_owned(),
        _ => format!("int ({} - {})", i32::MIN, i32::MAX),
    };
    Error::new(ErrorKind::InputCoercion, format!("Numeric value ({text}) out of range of {range}"))
}

fn check_byte(kind: NumberKind, value: i64, text: &str) -> Result<i64, Error> {
    if kind == NumberKind::Byte && i8::try_from(value).is_err() {
        return Err(out_of_range(text, "a byte"));
    }
    Ok(value)
}

fn out_of_range(text: &str, of: &str) -> Error {
    Error::illegal_argument(format!("Value [{text}] is out of range for {of}"))
}

fn loses(kind: NumberKind, value: f64) -> Error {
    let reason = format!("{} cannot be converted to {} without data loss", float_text(value), java_name(kind));
    Error::illegal_argument(reason)
}

fn java_name(kind: NumberKind) -> &'static str {
    match kind {
        NumberKind::Long => "Long",
        NumberKind::Integer | NumberKind::Byte => "Integer",
        NumberKind::Short => "Short",
        NumberKind::UnsignedLong => "BigInteger",
        NumberKind::Float | NumberKind::HalfFloat => "Float",
        NumberKind::Double | NumberKind::ScaledFloat => "Double",
    }
}

fn not_a_number(text: &str) -> Error {
    Error::illegal_argument(format!("For input string: \"{text}\""))
}

/// `None`: out of range.
fn whole_long(text: &str) -> Result<Option<i64>, Error> {
    if let Ok(value) = text.parse::<i64>() {
        return Ok(Some(value));
    }
    let whole = parse_decimal(text).ok_or_else(|| not_a_number(text))?;
    let signed = whole.magnitude.and_then(|magnitude| i128::try_from(magnitude).ok());
    let signed = signed.map(|magnitude| if whole.negative { -magnitude } else { magnitude });
    Ok(signed.and_then(|value| i64::try_from(value).ok()))
}

fn unsigned(text: &str) -> Result<i64, Error> {
    let whole = parse_decimal(text).ok_or_else(|| not_a_number(text))?;
    let value = whole.magnitude.filter(|magnitude| !whole.negative || *magnitude == 0);
    let value = value.and_then(|magnitude| u64::try_from(magnitude).ok());
    let shown = || match whole.magnitude {
        Some(magnitude) if whole.fraction || text.contains(['e', 'E']) => {
            format!("{}{magnitude}", if whole.negative { "-" } else { "" })
        }
        _ => text.to_owned(),
    };
    value.map(ordered_from_u64).ok_or_else(|| out_of_range(&shown(), "an unsigned long"))
}

fn float(kind: NumberKind, value: f64) -> Result<i64, Error> {
    if value.is_finite() {
        return Ok(ordered_from_f64(value));
    }
    Err(Error::illegal_argument(format!(
        "[{}] supports only finite values, but got [{}]",
        kind.name(),
        float_text(value)
    )))
}

fn half(value: f32) -> Result<i64, Error> {
    let rounded = f64::from(round_to_half(value));
    float(NumberKind::HalfFloat, if rounded.is_finite() { rounded } else { f64::INFINITY }).map_err(|error| Error {
        reason: format!("[half_float] supports only finite values, but got [{}]", float_text(f64::from(value))),
        ..error
    })
}

/// The nearest whole number of the value times the factor, halves upwards; saturates.
fn scaled(value: f64, factor: f64) -> Result<i64, Error> {
    if !value.is_finite() {
        let reason = format!("[scaled_float] only supports finite values, but got [{}]", float_text(value));
        return Err(Error::illegal_argument(reason));
    }
    let exact = value * factor;
    let below = exact.floor();
    Ok(if exact - below >= 0.5 { below + 1.0 } else { below } as i64)
}
