//! Escapes of the classic query language.

use model::error::Error;

use super::lexer::refuse;

/// `text` without its escapes: `\x` is `x`, `\u0041` is `A`.
pub(super) fn unescape(text: &str) -> Result<String, Error> {
    if !text.contains('\\') {
        return Ok(text.to_owned());
    }
    let mut out = String::with_capacity(text.len());
    // UTF-16 units, so that two escapes can make one character.
    let mut units: Vec<u16> = Vec::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let plain = match c {
            '\\' => match chars.next() {
                Some('u') => {
                    units.push(hex(&mut chars)?);
                    continue;
                }
                Some(escaped) => escaped,
                None => return Err(refuse("Term can not end with escape character.")),
            },
            c => c,
        };
        flush(&mut units, &mut out);
        out.push(plain);
    }
    flush(&mut units, &mut out);
    Ok(out)
}

fn flush(units: &mut Vec<u16>, out: &mut String) {
    out.extend(char::decode_utf16(units.drain(..)).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
}

fn hex(chars: &mut std::str::Chars<'_>) -> Result<u16, Error> {
    let mut code = 0;
    for _ in 0..4 {
        let Some(c) = chars.next() else { return Err(refuse("Truncated unicode escape sequence.")) };
        let digit = c.to_digit(16).and_then(|digit| u16::try_from(digit).ok());
        let Some(digit) = digit else {
            return Err(refuse(format!("Non-hex character in Unicode escape sequence: {c}")));
        };
        code = code * 16 + digit;
    }
    Ok(code)
}
