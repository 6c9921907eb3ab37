//! The arguments of one command, taken one after the other.

use bytes::Bytes;

use crate::error::RespError;

/// A command as it came: its name and what follows. Taking goes from the left; the name is never taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Args {
    all: Vec<Bytes>,
    at: usize,
}

impl Args {
    /// `all`: the name first; at least that.
    pub fn new(all: Vec<Bytes>) -> Self {
        Self { all, at: 1 }
    }

    /// The name as the client spelled it.
    pub fn name(&self) -> &[u8] {
        self.all.first().map_or(b"", |name| name)
    }

    /// Name and arguments, taken or not.
    pub fn all(&self) -> &[Bytes] {
        &self.all
    }

    /// How many are left.
    pub fn left(&self) -> usize {
        self.all.len().saturating_sub(self.at)
    }

    pub fn is_empty(&self) -> bool {
        self.left() == 0
    }

    /// Those that are left, without taking them.
    pub fn rest(&self) -> &[Bytes] {
        &self.all[self.at.min(self.all.len())..]
    }

    /// The next one, without taking it.
    pub fn peek(&self) -> Option<&Bytes> {
        self.all.get(self.at)
    }

    /// The next one, if there is one.
    pub fn take(&mut self) -> Option<Bytes> {
        let next = self.all.get(self.at).cloned();
        self.at += usize::from(next.is_some());
        next
    }

    /// The next one.
    ///
    /// # Errors
    /// [`RespError::Syntax`] when there is none.
    pub fn must(&mut self) -> Result<Bytes, RespError> {
        self.take().ok_or(RespError::Syntax)
    }

    /// Takes the next one when it is `word` (in capitals here), whatever its case.
    pub fn take_word(&mut self, word: &str) -> bool {
        let same = self.peek().is_some_and(|next| next.eq_ignore_ascii_case(word.as_bytes()));
        self.at += usize::from(same);
        same
    }

    /// The next one as a number of 64 bits.
    ///
    /// # Errors
    /// [`RespError::NotAnInteger`], or [`RespError::Syntax`] when there is none.
    pub fn integer(&mut self) -> Result<i64, RespError> {
        integer(&self.must()?).ok_or(RespError::NotAnInteger)
    }

    /// The next one as UTF-8.
    ///
    /// # Errors
    /// [`RespError::Syntax`] when there is none, or when it is not UTF-8.
    pub fn text(&mut self) -> Result<String, RespError> {
        String::from_utf8(self.must()?.to_vec()).map_err(|_| RespError::Syntax)
    }
}

/// A whole number in the one spelling that Redis takes: no plus sign, no leading zeros, no spaces.
pub fn integer(bytes: &[u8]) -> Option<i64> {
    let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let canonical = match digits {
        [b'0'] => bytes.len() == 1,
        [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if !canonical {
        return None;
    }
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

/// A number as C reads it: spaces before it, hexadecimal digits; nothing is 0.
pub fn loose_number(bytes: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(bytes).ok()?;
    if text.is_empty() {
        return Some(0.0);
    }
    let text = text.trim_ascii_start();
    let (sign, plain) = match text.as_bytes().first()? {
        b'-' => (-1.0, &text[1..]),
        b'+' => (1.0, &text[1..]),
        _ => (1.0, text),
    };
    if plain.starts_with(['-', '+']) {
        return None;
    }
    let hexadecimal = plain.strip_prefix("0x").or_else(|| plain.strip_prefix("0X"));
    let value = match hexadecimal {
        Some(digits) if digits.starts_with('+') => return None,
        Some(digits) => u64::from_str_radix(digits, 16).ok()? as f64,
        None => plain.parse().ok()?,
    };
    Some(sign * value)
}

/// A whole number as the search module reads most of its arguments: whatever [`loose_number`] takes, if it is whole.
pub fn loose_integer(bytes: &[u8]) -> Option<i64> {
    let whole = |number: &f64| number.fract() == 0.0 && number.abs() < i64::MAX as f64;
    integer(bytes).or_else(|| loose_number(bytes).filter(whole).map(|number| number as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_search_module_reads_whole_numbers_in_any_spelling_of_c() {
        let check = |text: &str, expected| assert_eq!(loose_integer(text.as_bytes()), expected, "{text:?}");
        for (text, value) in
            [("", 0), (" 1", 1), ("+1", 1), ("0x1f", 31), ("1e2", 100), ("1.0", 1), ("-0", 0), ("010", 10)]
        {
            check(text, Some(value));
        }
        for wrong in [" ", "1 ", "1.5", "inf", "nan", "--1", "+-1", "0x", "0x+1", "1x", "1e99", "("] {
            check(wrong, None);
        }
    }

    #[test]
    fn numbers_have_one_spelling() {
        let check = |text: &str, expected| assert_eq!(integer(text.as_bytes()), expected, "{text}");
        check("0", Some(0));
        check("-7", Some(-7));
        check("9223372036854775807", Some(i64::MAX));
        check("-9223372036854775808", Some(i64::MIN));
        for wrong in ["", "-", "+1", "01", "-0", " 1", "1 ", "1.0", "9223372036854775808", "a"] {
            check(wrong, None);
        }
    }
}
