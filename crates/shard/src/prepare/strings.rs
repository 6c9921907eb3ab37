//! JSON strings: borrowed from the document where they have no escapes.

use std::borrow::Cow;

use super::json::{Fault, Reader};

/// Reads a string whose opening quote is next, and passes over its closing one. Half of a surrogate pair becomes U+FFFD.
pub(super) fn read<'a>(reader: &mut Reader<'a>) -> Result<Cow<'a, str>, Fault> {
    reader.advance(1);
    let text = reader.rest();
    let plain = plain_length(text.as_bytes());
    if text.as_bytes().get(plain) == Some(&b'"') {
        reader.advance(plain + 1);
        return Ok(Cow::Borrowed(&text[..plain]));
    }
    let mut out = String::from(&text[..plain]);
    reader.advance(plain);
    loop {
        let rest = reader.rest();
        match rest.as_bytes().first() {
            Some(b'"') => {
                reader.advance(1);
                return Ok(Cow::Owned(out));
            }
            Some(b'\\') => escape(reader, &mut out)?,
            Some(control) if *control < 0x20 => {
                let what = format!(
                    "Illegal unquoted character ((CTRL-CHAR, code {control})): has to be escaped using backslash to be included in string value"
                );
                return Err(reader.string_fault(&what, 0));
            }
            Some(_) => {
                let plain = plain_length(rest.as_bytes());
                out.push_str(&rest[..plain]);
                reader.advance(plain);
            }
            None => return Err(reader.string_end()),
        }
    }
}

/// Bytes before the first quote, backslash or control character; eight at a time.
fn plain_length(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let mut at = 0;
    for chunk in bytes.as_chunks::<8>().0 {
        let word = u64::from_le_bytes(*chunk);
        // A byte is zero: borrowing from it sets its high bit. A false alarm behind a true one does no harm, the rest is looked at singly.
        let zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        if zero(word ^ (ONES * u64::from(b'"'))) | zero(word ^ (ONES * u64::from(b'\\'))) | control != 0 {
            break;
        }
        at += 8;
    }
    let stops = |byte: &u8| matches!(byte, b'"' | b'\\') || *byte < 0x20;
    at + bytes[at..].iter().position(stops).unwrap_or(bytes.len() - at)
}

fn escape(reader: &mut Reader<'_>, out: &mut String) -> Result<(), Fault> {
    let rest = reader.rest();
    let plain = match rest.as_bytes().get(1) {
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unicode(reader, out),
        Some(_) => {
            let found = rest.chars().nth(1).unwrap_or_default();
            let what = format!("Unrecognized character escape '{found}' (code {})", found as u32);
            return Err(reader.string_fault(&what, 1));
        }
        None => return Err(reader.string_end()),
    };
    out.push(plain);
    reader.advance(2);
    Ok(())
}

fn unicode(reader: &mut Reader<'_>, out: &mut String) -> Result<(), Fault> {
    let first = unit(reader, 0)?;
    let mut length = 6;
    let mut code = first;
    if (0xD800..0xDC00).contains(&first) && reader.rest().get(6..8) == Some("\\u") {
        let second = unit(reader, 6)?;
        if (0xDC00..0xE000).contains(&second) {
            code = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
            length = 12;
        }
    }
    out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
    reader.advance(length);
    Ok(())
}

/// The four hexadecimal digits of the escape `ahead` bytes from here.
fn unit(reader: &Reader<'_>, ahead: usize) -> Result<u32, Fault> {
    let mut code = 0;
    for at in ahead + 2..ahead + 6 {
        let Some(found) = reader.rest().get(at..).and_then(|rest| rest.chars().next()) else {
            return Err(reader.string_end());
        };
        let Some(digit) = found.to_digit(16) else {
            let what = format!(
                "Unexpected character ('{found}' (code {})): expected a hex-digit for character escape sequence",
                found as u32
            );
            return Err(reader.string_fault(&what, at));
        };
        code = code << 4 | digit;
    }
    Ok(code)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::prepare::json::Token;

    proptest! {
        #[test]
        fn whatever_is_written_is_read(text in ".{0,40}") {
            let json = serde_json::to_string(&text).expect("a string");
            let value = Reader::new(json.as_bytes()).value().expect("a string");
            prop_assert_eq!(value.token, Token::String(text.into()));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(prop::sample::select(b"\"\\u{}[]:,dD8c09a-.e+ /*tn\xff\xc3".to_vec()), 0..40)) {
            let mut reader = Reader::new(&bytes);
            while let Ok(value) = reader.value() {
                if reader.skip(&value).is_err() || reader.end().is_ok() {
                    break;
                }
            }
        }
    }

    #[test]
    fn surrogates_pair_or_are_replaced() {
        for (json, expected) in
            [("\"\\ud83d\\ude00x\"", "😀x"), ("\"\\ud83d\\u0041\"", "\u{fffd}A"), ("\"\\ude00\"", "\u{fffd}")]
        {
            let value = Reader::new(json.as_bytes()).value().expect("a string");
            assert_eq!(value.token, Token::String(expected.into()));
        }
    }
}
