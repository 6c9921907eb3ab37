//! Features as terms: a name, a zero byte (where there are several), and the value in sixteen bits, as exact as Lucene keeps it: a float
//! without its sign and the last fifteen bits.

/// Bits of a float that are left out.
const LEFT_OUT: u32 = 15;

/// The code of a value; where little is good, of its inverse. `None`: not a normal number above zero.
pub(crate) fn encode(value: f32, positive: bool) -> Option<u16> {
    let sound = |value: f32| value.is_normal() && value > 0.0;
    let kept = if positive { value } else { 1.0 / value };
    // Above zero the sign, the highest of seventeen bits, is 0.
    (sound(value) && sound(kept)).then(|| (kept.to_bits() >> LEFT_OUT) as u16)
}

/// The value of a code.
pub(crate) fn decode(code: u16) -> f32 {
    f32::from_bits(u32::from(code) << LEFT_OUT)
}

/// What the terms of a feature begin with.
pub(crate) fn prefix(name: Option<&str>) -> Vec<u8> {
    match name {
        Some(name) => [name.as_bytes(), &[0]].concat(),
        None => Vec::new(),
    }
}

/// The term of a value.
pub(crate) fn term(mut prefix: Vec<u8>, code: u16) -> Vec<u8> {
    prefix.extend(code.to_be_bytes());
    prefix
}

/// The code of a term that begins with `prefix`; `None`: it is of another feature.
pub(crate) fn code_of(term: &[u8], prefix: &[u8]) -> Option<u16> {
    let code = term.strip_prefix(prefix)?;
    code.try_into().ok().map(u16::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_nine_bits_and_their_order() {
        assert_eq!(encode(8.0, true).map(decode), Some(8.0));
        assert_eq!(encode(100.5, true).map(decode), Some(100.5));
        assert!(encode(22.0, false).map(decode).is_some_and(|value| (value - 1.0 / 22.0).abs() < 1e-4));
        assert!(encode(0.3, true) < encode(0.31, true));
        for unsound in [0.0, -1.0, f32::NAN, f32::INFINITY, 1e-40] {
            assert_eq!(encode(unsound, true), None, "{unsound}");
        }
    }

    #[test]
    fn features_are_told_apart_by_name() {
        let of = |name, code| term(prefix(Some(name)), code);
        assert_eq!(code_of(&of("a", 300), &prefix(Some("a"))), Some(300));
        assert_eq!(code_of(&of("ab", 300), &prefix(Some("a"))), None);
        assert_eq!(code_of(&term(prefix(None), 7), &prefix(None)), Some(7));
    }
}
