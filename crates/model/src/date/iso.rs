//! The commonest shape of a date, read without the general machine: `2024-05-06`, `2024-05-06T07:08:09[.123456789][Z|+02:00]`.
//!
//! Bulk loads read millions of these. Whatever deviates, by a wrong digit too, is left to the general reader and its errors.

use super::{Missing, Moment, Zone, civil};

/// `None`: not exactly of this shape.
pub(super) fn parse(text: &str, zone: Option<&Zone>, missing: Missing) -> Option<Moment> {
    let bytes = text.as_bytes();
    if bytes.len() < 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let (year, month, day) = (pair(bytes, 0)? * 100 + pair(bytes, 2)?, pair(bytes, 5)?, pair(bytes, 8)?);
    if !(1..=12).contains(&month) || day < 1 || day > civil::days_in_month(year, month) {
        return None;
    }
    let midnight = civil::days(year, month, day) * 86_400;
    if bytes.len() == 10 {
        let (second, nanos) = if missing == Missing::Last { (86_399, 999_999_999) } else { (0, 0) };
        return at(midnight + second, nanos, None, zone);
    }
    if bytes.len() < 19 || bytes[10] != b'T' || bytes[13] != b':' || bytes[16] != b':' {
        return None;
    }
    let (hour, minute, second) = (pair(bytes, 11)?, pair(bytes, 14)?, pair(bytes, 17)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (fraction, rest) = fraction(&bytes[19..])?;
    let nanos = match fraction {
        Some(nanos) => nanos,
        None if missing == Missing::Last => 999_999_999,
        None => 0,
    };
    let offset = match rest {
        [] => None,
        [b'Z'] => Some(0),
        [sign @ (b'+' | b'-'), rest @ ..] if rest.len() == 5 && rest[2] == b':' => {
            let (hours, minutes) = (pair(rest, 0)?, pair(rest, 3)?);
            let seconds = hours * 3600 + minutes * 60;
            if minutes > 59 || seconds > 18 * 3600 {
                return None;
            }
            Some(if *sign == b'-' { -seconds } else { seconds })
        }
        _ => return None,
    };
    at(midnight + hour * 3600 + minute * 60 + second, nanos, offset, zone)
}

fn at(local: i64, nanos: u32, offset: Option<i64>, zone: Option<&Zone>) -> Option<Moment> {
    let second = match (offset, zone) {
        (Some(offset), _) => local - offset,
        (None, Some(zone)) => zone.second_of(local),
        (None, None) => local,
    };
    Moment::from_seconds(second, nanos)
}

fn pair(bytes: &[u8], at: usize) -> Option<i64> {
    let (tens, ones) = (bytes[at].wrapping_sub(b'0'), bytes[at + 1].wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| i64::from(tens) * 10 + i64::from(ones))
}

/// Nanoseconds of `.123`, and what follows.
fn fraction(bytes: &[u8]) -> Option<(Option<u32>, &[u8])> {
    let Some((b'.' | b',', rest)) = bytes.split_first() else {
        return Some((None, bytes));
    };
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    if digits == 0 || digits > 9 {
        return None;
    }
    let value = rest[..digits].iter().fold(0_u32, |value, digit| value * 10 + u32::from(digit - b'0'));
    Some((Some(value * 10_u32.pow(9 - digits as u32)), &rest[digits..]))
}
