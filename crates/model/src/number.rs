//! Numbers as columns and terms hold them: every numeric type as an `i64` whose order is the value's order. And floats as Java writes them.

/// A float as Java's `Double.toString` shows it: `1.0E40`, `65520.0`, `NaN`, `-Infinity`.
pub fn float_text(float: f64) -> String {
    if float.is_nan() {
        return "NaN".to_owned();
    }
    if float.is_infinite() {
        return if float > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    if float == 0.0 || (1e-3..1e7).contains(&float.abs()) {
        return format!("{float:?}");
    }
    let text = format!("{float:E}");
    match text.split_once('E') {
        Some((mantissa, exponent)) if !mantissa.contains('.') => format!("{mantissa}.0E{exponent}"),
        _ => text,
    }
}

/// Order-preserving code of a float. `-0.0` lies below `0.0`; NaN is not for columns.
#[inline]
pub fn ordered_from_f64(value: f64) -> i64 {
    let bits = value.to_bits() as i64;
    bits ^ (((bits >> 63) as u64) >> 1) as i64
}

/// The float of a code.
#[inline]
pub fn f64_from_ordered(code: i64) -> f64 {
    f64::from_bits((code ^ (((code >> 63) as u64) >> 1) as i64) as u64)
}

/// Order-preserving code of an unsigned integer.
pub fn ordered_from_u64(value: u64) -> i64 {
    (value ^ (1 << 63)) as i64
}

/// The unsigned integer of a code.
#[inline]
pub fn u64_from_ordered(code: i64) -> u64 {
    code as u64 ^ (1 << 63)
}

/// A code as eight bytes whose byte order is its order: the term of a number.
pub fn term_from_ordered(code: i64) -> [u8; 8] {
    (code as u64 ^ (1 << 63)).to_be_bytes()
}

/// The code of a term.
pub fn ordered_from_term(term: [u8; 8]) -> i64 {
    (u64::from_be_bytes(term) ^ (1 << 63)) as i64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn floats_as_java_shows_them() {
        let cases = [(1e40, "1.0E40"), (2147483647.9, "2.1474836479E9"), (65520.0, "65520.0"), (1.5, "1.5")];
        for (value, text) in cases.into_iter().chain([(f64::INFINITY, "Infinity"), (f64::NAN, "NaN"), (-0.0, "-0.0")]) {
            assert_eq!(float_text(value), text);
        }
    }

    proptest! {
        #[test]
        fn floats_keep_their_order(a in proptest::num::f64::NORMAL | proptest::num::f64::ZERO, b in proptest::num::f64::NORMAL) {
            prop_assert_eq!(a < b, ordered_from_f64(a) < ordered_from_f64(b));
            prop_assert_eq!(f64_from_ordered(ordered_from_f64(a)).to_bits(), a.to_bits());
        }

        #[test]
        fn integers_keep_their_order(a: u64, b: u64, c: i64, d: i64) {
            prop_assert_eq!(a < b, ordered_from_u64(a) < ordered_from_u64(b));
            prop_assert_eq!(u64_from_ordered(ordered_from_u64(a)), a);
            prop_assert_eq!(c < d, term_from_ordered(c) < term_from_ordered(d));
            prop_assert_eq!(ordered_from_term(term_from_ordered(c)), c);
        }
    }
}
