//! Numbers of queries: JSON or text to the codes of a column, with OpenSearch's rules of range and rounding.

use model::error::{Error, ErrorKind};
use model::mapping::{Field, NumberKind};
use model::number::{float_text, ordered_from_f64, ordered_from_u64};
use serde_json::Value;

use super::fault::{Fault, Outcome};

/// A value as Java's `toString` shows it: `1.0`, `1.0E30`, bare strings.
pub(super) fn java_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => float_text(float),
            _ => number.to_string(),
        },
        other => other.to_string(),
    }
}

/// A string in a message about a term: its bytes.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => {
            let bytes: Vec<String> = text.bytes().map(|byte| format!("{byte:x}")).collect();
            format!("[{}]", bytes.join(" "))
        }
        other => java_text(other),
    }
}

pub(super) fn number_format(text: &str) -> Error {
    Error::new(ErrorKind::NumberFormat, format!("For input string: \"{text}\""))
}

/// A decimal number cut off at its point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Whole {
    /// Saturates.
    pub(super) value: i128,
    /// Something other than zeros was cut off.
    pub(super) fraction: bool,
    pub(super) negative: bool,
}

impl Whole {
    fn of(value: &Value) -> Outcome<Self> {
        match value {
            Value::Number(number) => {
                if let Some(whole) = number.as_i64() {
                    return Ok(Self { value: whole.into(), fraction: false, negative: whole < 0 });
                }
                if let Some(whole) = number.as_u64() {
                    return Ok(Self { value: whole.into(), fraction: false, negative: false });
                }
                let float = number.as_f64().unwrap_or(f64::NAN);
                Ok(Self { value: float as i128, fraction: float.fract() != 0.0, negative: float < 0.0 })
            }
            other => {
                let text = java_text(other);
                Self::read(&text).ok_or_else(|| number_format(&text).into())
            }
        }
    }

    /// Digits with a sign, a point, an exponent.
    fn read(text: &str) -> Option<Self> {
        if let Ok(value) = text.parse::<i128>() {
            return Some(Self { value, fraction: false, negative: value < 0 });
        }
        let negative = text.starts_with('-');
        let rest = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (number, exponent) = match rest.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, exponent.parse::<i64>().ok()?.clamp(-100_000, 100_000)),
            None => (rest, 0),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.len() + fraction.len() == 0 || !(whole.bytes().chain(fraction.bytes())).all(|b| b.is_ascii_digit()) {
            return None;
        }
        let point = whole.len() as i64 + exponent;
        let (mut value, mut cut) = (0i128, false);
        for (at, digit) in (0i64..).zip(whole.bytes().chain(fraction.bytes())) {
            if at < point {
                value = value.saturating_mul(10).saturating_add(i128::from(digit - b'0'));
            } else {
                cut |= digit != b'0';
            }
        }
        let written = (whole.len() + fraction.len()) as i64;
        for _ in written..point.min(written + 40) {
            value = value.saturating_mul(10);
        }
        Some(Self { value: if negative { -value } else { value }, fraction: cut, negative })
    }
}

/// A float from JSON or text, `NaN` and `Infinity` included.
pub(super) fn float(value: &Value) -> Outcome<f64> {
    if let Some(number) = value.as_f64() {
        return Ok(number);
    }
    let text = java_text(value);
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(Error::new(ErrorKind::NumberFormat, "empty String").into());
    }
    match trimmed.strip_prefix(['+', '-']).unwrap_or(trimmed) {
        "NaN" => return Ok(f64::NAN),
        "Infinity" if trimmed.starts_with('-') => return Ok(f64::NEG_INFINITY),
        "Infinity" => return Ok(f64::INFINITY),
        _ => {}
    }
    let digits = trimmed.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(trimmed);
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    let parsed = if plain { digits.parse().ok() } else { None };
    parsed.ok_or_else(|| number_format(trimmed).into())
}

/// The nearest 16-bit float, ties to even, as a 32-bit one; infinite from 65520 on.
fn round_to_half(value: f32) -> f32 {
    let magnitude = value.abs();
    if value.is_nan() {
        return value;
    }
    if magnitude >= 65520.0 {
        return f32::INFINITY.copysign(value);
    }
    // A sum with 2^23 times the spacing of 16-bit floats there has no room for anything finer than that spacing.
    let exponent = (magnitude.to_bits() >> 23) as i32 - 127;
    let rounder = 2f32.powi(exponent.max(-14) - 10) * 8_388_608.0;
    ((magnitude + rounder) - rounder).copysign(value)
}

/// The nearest whole number, halves upwards; saturates.
fn round(value: f64) -> i64 {
    let below = value.floor();
    (if value - below >= 0.5 { below + 1.0 } else { below }) as i64
}

fn article(kind: NumberKind) -> &'static str {
    match kind {
        NumberKind::Long => "a long",
        NumberKind::UnsignedLong => "an unsigned long",
        _ => "an integer",
    }
}

/// Least and greatest value of a whole kind. Bytes and shorts are sought among integers.
fn limits(kind: NumberKind) -> (i128, i128) {
    match kind {
        NumberKind::Long => (i64::MIN.into(), i64::MAX.into()),
        NumberKind::UnsignedLong => (0, u64::MAX.into()),
        _ => (i32::MIN.into(), i32::MAX.into()),
    }
}

fn whole(kind: NumberKind, value: &Value) -> Outcome<Whole> {
    let wide = matches!(kind, NumberKind::Long | NumberKind::UnsignedLong);
    let number = match value {
        // The narrow kinds are read as floats are, with white space around them.
        Value::String(text) if !wide => Whole::of(&text.trim().into()).map_err(|_| number_format(text))?,
        value => Whole::of(value)?,
    };
    let (low, high) = limits(kind);
    // A fraction beyond the limit is beyond it, too.
    let beyond =
        (number.value == high && number.fraction) || (number.value == low && number.fraction && number.negative);
    if !(low..=high).contains(&number.value) || beyond || (kind == NumberKind::UnsignedLong && number.negative) {
        let shown = if kind == NumberKind::UnsignedLong { java_text(value) } else { shown(value) };
        return Err(Fault::illegal_argument(format!("Value [{shown}] is out of range for {}", article(kind))));
    }
    Ok(number)
}

fn whole_code(kind: NumberKind, value: i128) -> i64 {
    if kind == NumberKind::UnsignedLong { ordered_from_u64(value as u64) } else { value as i64 }
}

/// A float as a field of this kind holds it.
pub(crate) fn rounded(kind: NumberKind, value: f64) -> f64 {
    match kind {
        NumberKind::Float => f64::from(value as f32),
        NumberKind::HalfFloat => f64::from(round_to_half(value as f32)),
        _ => value,
    }
}

fn finite(kind: NumberKind, value: f64) -> Outcome<f64> {
    let stored = rounded(kind, value);
    if stored.is_finite() {
        return Ok(stored);
    }
    let got = if kind == NumberKind::Float { stored } else { value };
    Err(Fault::illegal_argument(format!(
        "[{}] supports only finite values, but got [{}]",
        kind.name(),
        float_text(got)
    )))
}

/// The code of a sought value; `Err(reason)` inside when no value of the field can equal it.
pub(super) fn term_code(field: &Field, kind: NumberKind, value: &Value) -> Outcome<Result<i64, String>> {
    Ok(match kind {
        NumberKind::Double | NumberKind::Float | NumberKind::HalfFloat => {
            Ok(ordered_from_f64(finite(kind, float(value)?)?))
        }
        NumberKind::ScaledFloat => Ok(round(float(value)? * field.scaling_factor.unwrap_or(1.0))),
        _ => {
            // What is no number, or beyond all of them, equals none; what is none at all is told below.
            if value.is_string() && float(value).is_ok_and(|number| !number.is_finite()) {
                return Ok(Err(format!("Value [{}] has a decimal part", shown(value))));
            }
            let number = whole(kind, value)?;
            if number.fraction {
                return Ok(Err(format!("Value [{}] has a decimal part", shown(value))));
            }
            Ok(whole_code(kind, number.value))
        }
    })
}

/// One end of a range of numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct End<'v> {
    pub(super) value: &'v Value,
    pub(super) inclusive: bool,
}

/// The codes of a range, both ends inside; `None`: nothing can be in it.
pub(super) fn range_codes(
    field: &Field,
    kind: NumberKind,
    lower: Option<End<'_>>,
    upper: Option<End<'_>>,
) -> Outcome<Option<(i64, i64)>> {
    let (from, to) = match kind {
        NumberKind::Double | NumberKind::Float | NumberKind::HalfFloat => {
            let code = |end: End<'_>, step: i64| -> Outcome<Option<i64>> {
                let mut bound = float(end.value)?;
                if kind != NumberKind::Double || bound.is_nan() {
                    finite(kind, bound)?;
                    // Sixteen-bit floats are compared with the bound as a 32-bit one.
                    bound = f64::from(bound as f32);
                }
                let code = ordered_from_f64(bound);
                Ok(if end.inclusive { Some(code) } else { code.checked_add(step) })
            };
            let least = ordered_from_f64(f64::NEG_INFINITY);
            let greatest = ordered_from_f64(f64::INFINITY);
            (lower.map_or(Ok(Some(least)), |end| code(end, 1))?, upper.map_or(Ok(Some(greatest)), |end| code(end, -1))?)
        }
        NumberKind::ScaledFloat => {
            let factor = field.scaling_factor.unwrap_or(1.0);
            let code = |end: End<'_>, step: i64| -> Outcome<Option<i64>> {
                let code = round(float(end.value)? * factor);
                Ok(if end.inclusive { Some(code) } else { code.checked_add(step) })
            };
            (
                lower.map_or(Ok(Some(i64::MIN)), |end| code(end, 1))?,
                upper.map_or(Ok(Some(i64::MAX)), |end| code(end, -1))?,
            )
        }
        _ => {
            let (least, greatest) = limits(kind);
            let from = lower.map_or(Ok(least), |end| whole_end(kind, end, false))?;
            let to = upper.map_or(Ok(greatest), |end| whole_end(kind, end, true))?;
            let code = |value: i128| (least..=greatest).contains(&value).then(|| whole_code(kind, value));
            (code(from), code(to))
        }
    };
    Ok(from.zip(to).filter(|(from, to)| from <= to))
}

/// The first (`upper`: last) whole number inside.
fn whole_end(kind: NumberKind, end: End<'_>, upper: bool) -> Outcome<i128> {
    let number = whole(kind, end.value)?;
    // What is cut off goes towards zero: away from the inside when the number is on the far side of it.
    let outside = if number.fraction { number.negative == upper } else { !end.inclusive };
    let step = if upper { -1 } else { 1 };
    Ok(if outside { number.value + step } else { number.value })
}

/// The code of a sequence number.
pub(super) fn sequence_number(value: &Value) -> Outcome<i64> {
    let number = whole(NumberKind::Long, value)?;
    Ok(number.value as i64)
}

/// The codes of a range of sequence numbers.
pub(super) fn sequence_range(lower: Option<End<'_>>, upper: Option<End<'_>>) -> Outcome<Option<(i64, i64)>> {
    let from = lower.map_or(Ok(0), |end| whole_end(NumberKind::Long, end, false))?;
    let to = upper.map_or(Ok(i64::MAX.into()), |end| whole_end(NumberKind::Long, end, true))?;
    let code = |value: i128| i64::try_from(value).ok();
    Ok(code(from).zip(code(to)).filter(|(from, to)| from <= to))
}
