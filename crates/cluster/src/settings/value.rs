//! Values of settings as text: numbers, times, sizes, switches.

use model::error::{Error, ErrorKind};

/// `-1` is none.
pub type Millis = Option<u64>;

const NANOS_IN_MS: u64 = 1_000_000;

/// # Errors
/// `illegal_argument_exception`.
pub fn flag(text: &str) -> Result<bool, Error> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Error::illegal_argument(format!(
            "Failed to parse value [{text}] as only [true] or [false] are allowed."
        ))),
    }
}

/// # Errors
/// `illegal_argument_exception` that names the bound.
pub fn integer(name: &str, text: &str, min: i64, max: i64) -> Result<i64, Error> {
    let failed = format!("Failed to parse value [{text}] for setting [{name}]");
    let number: i32 = text.parse().map_err(|_| {
        Error::illegal_argument(&failed)
            .with_cause(Error::new(ErrorKind::NumberFormat, format!("For input string: \"{text}\"")))
    })?;
    let number = i64::from(number);
    match () {
        () if number < min => Err(Error::illegal_argument(format!("{failed} must be >= {min}"))),
        () if number > max => Err(Error::illegal_argument(format!("{failed} must be <= {max}"))),
        () => Ok(number),
    }
}

/// A number within bounds.
///
/// # Errors
/// `illegal_argument_exception`.
pub fn decimal(name: &str, text: &str, least: f64, most: f64) -> Result<f64, Error> {
    let failed = format!("Failed to parse value [{text}] for setting [{name}]");
    let text = if text == "Infinity" { "inf" } else { text };
    match text.parse::<f64>() {
        Ok(number) if number.is_nan() || number < least => {
            Err(Error::illegal_argument(format!("{failed} must be >= {least:?}")))
        }
        Ok(number) if number > most => Err(Error::illegal_argument(format!("{failed} must be <= {most:?}"))),
        Ok(number) => Ok(number),
        Err(_) => Err(Error::illegal_argument(failed)
            .with_cause(Error::new(ErrorKind::NumberFormat, format!("For input string: \"{text}\"")))),
    }
}

/// From 0 to 1; `true` is 1, `false` is 0.
///
/// # Errors
/// `illegal_argument_exception`.
pub fn ratio(text: &str) -> Result<f64, Error> {
    match (text, text.parse::<f64>()) {
        ("true", _) => Ok(1.0),
        ("false", _) => Ok(0.0),
        (_, Ok(ratio)) if (0.0..=1.0).contains(&ratio) => Ok(ratio),
        (_, Ok(ratio)) => {
            let reason = format!("NoCFSRatio must be in the interval [0..1] but was: [{ratio:?}]");
            Err(Error::illegal_argument(reason))
        }
        (_, Err(_)) => {
            let reason = format!("Expected a boolean or a value in the interval [0..1] but was: [{text}]");
            let cause = Error::new(ErrorKind::NumberFormat, format!("For input string: \"{text}\""));
            Err(Error::illegal_argument(reason).with_cause(cause))
        }
    }
}

/// `5s`, `500ms`, `-1`, `0`, in milliseconds.
///
/// # Errors
/// `illegal_argument_exception`.
pub fn time(name: &str, text: &str) -> Result<Millis, Error> {
    Ok(nanos(name, text)?.map(|nanos| nanos / NANOS_IN_MS))
}

/// As [`time`], in nanoseconds.
///
/// # Errors
/// As [`time`].
pub fn nanos(name: &str, text: &str) -> Result<Option<u64>, Error> {
    const UNITS: [(&str, u64); 7] = [
        ("nanos", 1),
        ("micros", 1000),
        ("ms", NANOS_IN_MS),
        ("s", 1000 * NANOS_IN_MS),
        ("m", 60_000 * NANOS_IN_MS),
        ("h", 3_600_000 * NANOS_IN_MS),
        ("d", 86_400_000 * NANOS_IN_MS),
    ];
    let trimmed = text.trim().to_lowercase();
    let refuse = |why: &str| {
        Error::illegal_argument(format!("failed to parse setting [{name}] with value [{text}] as a time value: {why}"))
    };
    match trimmed.as_str() {
        "-1" => return Ok(None),
        zeros if !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0') => return Ok(Some(0)),
        _ => {}
    }
    for (unit, factor) in UNITS {
        let Some(number) = trimmed.strip_suffix(unit) else { continue };
        let number = number.trim();
        let number: i64 = number.parse().map_err(|_| not_whole(text, number))?;
        let number = u64::try_from(number).map_err(|_| refuse("negative durations are not supported"))?;
        return Ok(Some(number.saturating_mul(factor)));
    }
    Err(refuse("unit is missing or unrecognized"))
}

fn not_whole(text: &str, number: &str) -> Error {
    let fraction = if number.parse::<f64>().is_ok() { ", fractional time values are not supported" } else { "" };
    Error::illegal_argument(format!("failed to parse [{text}]{fraction}"))
        .with_cause(Error::new(ErrorKind::NumberFormat, format!("For input string: \"{number}\"")))
}

/// `10mb`, `512b`, `-1`, `0`, in bytes.
///
/// # Errors
/// `illegal_argument_exception`.
pub fn bytes(name: &str, text: &str) -> Result<Option<u64>, Error> {
    const UNITS: [(&str, u32); 12] = [
        ("kb", 10),
        ("mb", 20),
        ("gb", 30),
        ("tb", 40),
        ("pb", 50),
        ("k", 10),
        ("m", 20),
        ("g", 30),
        ("t", 40),
        ("p", 50),
        ("b", 0),
        ("", 0),
    ];
    let trimmed = text.trim().to_lowercase();
    let refuse = |why: &str| {
        let reason = format!("failed to parse setting [{name}] with value [{text}] as a size in bytes: {why}");
        Error::illegal_argument(&reason).with_cause(Error::new(ErrorKind::Parse, reason))
    };
    match trimmed.as_str() {
        "-1" => return Ok(None),
        "0" => return Ok(Some(0)),
        _ => {}
    }
    let found =
        UNITS.iter().find_map(|(unit, shift)| trimmed.strip_suffix(unit).map(|number| (number.trim(), *unit, *shift)));
    match found {
        Some((number, unit, shift)) if !unit.is_empty() && !number.is_empty() => {
            let number: f64 = number.parse().map_err(|_| refuse("failed to parse the number"))?;
            if !(number >= 0.0 && number.is_finite()) {
                return Err(refuse("negative sizes are not supported"));
            }
            Ok(Some((number * (1_u64 << shift) as f64) as u64))
        }
        _ => Err(refuse("unit is missing or unrecognized")),
    }
}
