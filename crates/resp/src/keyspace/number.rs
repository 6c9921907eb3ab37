//! Numbers in values: decimal text, added without the error of binary fractions.

/// Places behind the point that a sum keeps.
const PLACES: u32 = 17;

/// `a + b` as Redis' long doubles show it: up to 17 places, no zeros at the end. `None`: one of them is no number, or the sum is none.
pub fn add(a: &[u8], b: &[u8]) -> Option<String> {
    let (one, other) = (float(a)?, float(b)?);
    if let (Some(one), Some(other)) = (decimal(a), decimal(b))
        && let Some(sum) = one.checked_add(other)
    {
        return Some(shown(sum));
    }
    let sum = one + other;
    sum.is_finite().then(|| crate::frame::double::text(sum))
}

/// A number as Redis reads it: finite or infinite, no spaces, nothing behind it.
pub fn float(text: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(text).ok()?;
    let first = text.trim_start_matches(['+', '-']).chars().next()?;
    if !(first.is_ascii_digit() || first == '.' || first == 'i' || first == 'I') {
        return None;
    }
    let number: f64 = text.parse().ok()?;
    // What is too large is no number; infinity has a name.
    (number.is_finite() || text.contains(['i', 'I'])).then_some(number)
}

/// The number times 10^17, when it is plain and fits.
fn decimal(text: &[u8]) -> Option<i128> {
    let text = std::str::from_utf8(text).ok()?;
    let (mantissa, power) = match text.split_once(['e', 'E']) {
        Some((mantissa, power)) => (mantissa, power.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (sign, digits) = match mantissa.as_bytes().first()? {
        b'-' => (-1, &mantissa[1..]),
        b'+' => (1, &mantissa[1..]),
        _ => (1, mantissa),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let places = i32::try_from(fraction.len()).ok()?;
    let scale = i32::try_from(PLACES).ok()?.checked_add(power)?.checked_sub(places)?;
    let all: i128 = format!("0{whole}{fraction}").parse().ok()?;
    let factor = 10_i128.checked_pow(u32::try_from(scale).ok()?)?;
    all.checked_mul(factor)?.checked_mul(sign)
}

fn shown(scaled: i128) -> String {
    let unit = 10_u128.pow(PLACES);
    let (whole, fraction) = (scaled.unsigned_abs() / unit, scaled.unsigned_abs() % unit);
    let fraction = format!("{fraction:017}");
    let fraction = fraction.trim_end_matches('0');
    let (sign, point) = (if scaled < 0 { "-" } else { "" }, if fraction.is_empty() { "" } else { "." });
    format!("{sign}{whole}{point}{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_decimal() {
        for (a, b, expected) in [
            ("0.1", "0.2", Some("0.3")),
            ("10.50", "0.1", Some("10.6")),
            ("5.0e3", "2.0e2", Some("5200")),
            ("1", "-1.5", Some("-0.5")),
            ("1e300", "1", Some("1e+300")),
            ("a", "1", None),
            ("1", " 1", None),
            ("1e308", "1e308", None),
            ("1", "inf", None),
        ] {
            assert_eq!(add(a.as_bytes(), b.as_bytes()).as_deref(), expected, "{a} {b}");
        }
    }
}
