//! Numbers read from text as OpenSearch does it.

use model::error::{Error, ErrorKind};

/// A float from text that a client sent as a string: white space around it, a type suffix, `NaN` and `Infinity` are taken.
///
/// # Errors
/// `number_format_exception`. Hexadecimal floats are refused, too.
pub(super) fn parse_float<F: std::str::FromStr + From<f32>>(text: &str) -> Result<F, Error> {
    let trimmed = text.trim_matches(|c: char| c <= ' ');
    let refused = |reason: String| Error::new(ErrorKind::NumberFormat, reason);
    if trimmed.is_empty() {
        return Err(refused("empty String".into()));
    }
    match trimmed.strip_prefix(['+', '-']).unwrap_or(trimmed) {
        "NaN" => return Ok(F::from(f32::NAN)),
        "Infinity" => return Ok(F::from(if trimmed.starts_with('-') { f32::NEG_INFINITY } else { f32::INFINITY })),
        _ => {}
    }
    let digits = trimmed.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(trimmed);
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    let parsed = if plain { digits.parse().ok() } else { None };
    parsed.ok_or_else(|| refused(format!("For input string: \"{trimmed}\"")))
}

/// A decimal number cut off at its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Whole {
    pub(super) negative: bool,
    /// `None`: beyond 128 bits.
    pub(super) magnitude: Option<u128>,
    /// Something other than zeros was cut off.
    pub(super) fraction: bool,
}

/// Reads a decimal number (`12`, `-1.5`, `.5`, `1e3`) exactly. `None`: it is none.
pub(super) fn parse_decimal(text: &str) -> Option<Whole> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (number, exponent) = match rest.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, parse_exponent(exponent)?),
        None => (rest, 0),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    // Where the point lies in the digits, after the exponent moved it.
    let point = i64::try_from(whole.len()).ok()?.saturating_add(exponent);
    let mut magnitude = Some(0u128);
    let mut cut = false;
    for (at, digit) in (0i64..).zip(whole.bytes().chain(fraction.bytes())) {
        if at < point {
            magnitude = magnitude.and_then(|value| value.checked_mul(10)?.checked_add(u128::from(digit - b'0')));
        } else {
            cut |= digit != b'0';
        }
    }
    let written = (whole.len() + fraction.len()) as i64;
    for _ in written..point.min(written + 40) {
        magnitude = magnitude.and_then(|value| value.checked_mul(10));
    }
    if point > written + 40 && magnitude != Some(0) {
        magnitude = None;
    }
    Some(Whole { negative, magnitude, fraction: cut })
}

/// Saturates: larger exponents make no difference.
fn parse_exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let size = digits.parse::<i64>().unwrap_or(i64::MAX).min(1 << 40);
    Some(if text.starts_with('-') { -size } else { size })
}

/// The nearest 16-bit float, ties to even, as a 32-bit one; infinite from 65520 on.
pub(super) fn round_to_half(value: f32) -> f32 {
    let magnitude = value.abs();
    if value.is_nan() {
        return value;
    }
    if magnitude >= 65520.0 {
        return f32::INFINITY.copysign(value);
    }
    // Adding and taking away a power of two leaves multiples of the spacing of 16-bit floats there: 2^-24 below 2^-14.
    let exponent = (magnitude.to_bits() >> 23) as i32 - 127;
    let spacing = 2f32.powi(exponent.max(-14) - 10);
    let rounder = spacing * (1 << 23) as f32;
    ((magnitude + rounder) - rounder).copysign(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_read_as_java_reads_them() {
        let check = |text: &str, expected: Result<f64, &str>| {
            let found = parse_float::<f64>(text).map_err(|e| e.reason);
            assert_eq!(found.map(f64::to_bits), expected.map(f64::to_bits).map_err(str::to_owned), "{text}");
        };
        check(" 1.5 ", Ok(1.5));
        check("1.5d", Ok(1.5));
        check("12f", Ok(12.0));
        check("+5", Ok(5.0));
        check(".5", Ok(0.5));
        check("5.", Ok(5.0));
        check("1e400", Ok(f64::INFINITY));
        check("-Infinity", Ok(f64::NEG_INFINITY));
        check("  ", Err("empty String"));
        check("1_000", Err("For input string: \"1_000\""));
        check("inf", Err("For input string: \"inf\""));
        check("d", Err("For input string: \"d\""));
    }

    #[test]
    fn decimals_are_cut_exactly() {
        let check = |text: &str, expected: Option<(i8, Option<u128>, bool)>| {
            let found =
                parse_decimal(text).map(|whole| (if whole.negative { -1 } else { 1 }, whole.magnitude, whole.fraction));
            assert_eq!(found, expected, "{text}");
        };
        check("18446744073709551615", Some((1, Some(u128::from(u64::MAX)), false)));
        check("-9223372036854775808.9", Some((-1, Some(1 << 63), true)));
        check("1e3", Some((1, Some(1000), false)));
        check("1.5e0", Some((1, Some(1), true)));
        check("12345e-3", Some((1, Some(12), true)));
        check(".5", Some((1, Some(0), true)));
        check("5.", Some((1, Some(5), false)));
        check("1e1000000000", Some((1, None, false)));
        check("0e1000000000", Some((1, Some(0), false)));
        check("1e-99999999999999999999", Some((1, Some(0), true)));
        check("1e39", Some((1, None, false)));
        for none in ["", ".", "abc", " 5 ", "1d", "0x10", "--5", "1e", "1e+"] {
            check(none, None);
        }
    }

    #[test]
    fn halves_round_to_even() {
        for (value, expected) in [
            (0.1, 0.099_975_586),
            (65519.0, 65504.0),
            (65520.0, f32::INFINITY),
            (1.000_488_3, 1.0),
            (1.001_464_8, 1.001_953_1),
            (1e-10, 0.0),
            (2.9e-8, 0.0),
            (3e-8, 5.960_464_5e-8),
            (-2.5, -2.5),
        ] {
            assert_eq!(round_to_half(value), expected, "{value}");
        }
        assert!(round_to_half(-0.0).is_sign_negative());
    }
}
