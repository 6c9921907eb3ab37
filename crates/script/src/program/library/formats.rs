//! `String.format`: `%s`, `%d`, `%f`, `%x`, `%b`, `%c`, with widths and digits.

use model::error::ErrorKind;

use super::lists::items_of;
use super::texts::{MAX_TEXT, bounded};
use crate::expression::fault::Fault;
use crate::expression::value::Value;
use crate::program::object::Object;
use crate::program::run::Frame;

/// How one value is written.
#[derive(Default)]
struct Style {
    left: bool,
    zeros: bool,
    sign: bool,
    groups: bool,
    width: usize,
    digits: Option<usize>,
}

/// A text with the items of an array in its holes. In front of it there may be a locale, which changes nothing.
pub(crate) fn format(frame: &mut Frame<'_, '_>, arguments: &[Object], at: usize) -> Result<Object, Fault> {
    let missing = || Fault::missing(at, "[String.format] of this");
    let (pattern, values) = match arguments {
        [_, pattern, values] | [pattern, values] => (pattern.as_text().ok_or_else(missing)?, values),
        _ => return Err(missing()),
    };
    let mut values = items_of(frame.heap, values).ok_or_else(missing)?.iter();
    let (mut out, mut letters) = (String::new(), pattern.chars().peekable());
    while let Some(letter) = letters.next() {
        if letter != '%' {
            out.push(letter);
            continue;
        }
        let style = style(&mut letters);
        let kind = letters.next().ok_or_else(missing)?;
        match kind {
            '%' => out.push('%'),
            'n' => out.push('\n'),
            _ => {
                let none = || Fault::syntax(at, format!("Format specifier '%{kind}'"));
                let value = values.next().ok_or_else(none)?;
                let text = written(frame, (kind, value), &style, at)?;
                padded(&mut out, &text, &style);
            }
        }
        if out.len() > MAX_TEXT {
            break;
        }
    }
    bounded(out, at)
}

fn style(letters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Style {
    let mut style = Style::default();
    while let Some(flag) = letters.next_if(|letter| "-0+,".contains(*letter)) {
        match flag {
            '-' => style.left = true,
            '0' => style.zeros = true,
            '+' => style.sign = true,
            _ => style.groups = true,
        }
    }
    style.width = number(letters, 1000).unwrap_or(0);
    if letters.next_if_eq(&'.').is_some() {
        style.digits = number(letters, 100);
    }
    style
}

/// A number that stands there, `most` at most.
fn number(letters: &mut std::iter::Peekable<std::str::Chars<'_>>, most: usize) -> Option<usize> {
    let mut found = None;
    while let Some(digit) = letters.next_if(char::is_ascii_digit).and_then(|digit| digit.to_digit(10)) {
        found = Some((found.unwrap_or(0) * 10 + digit as usize).min(most));
    }
    found
}

fn written(frame: &Frame<'_, '_>, (kind, value): (char, &Object), style: &Style, at: usize) -> Result<String, Fault> {
    let wrong = || Fault::new(at, ErrorKind::IllegalArgument, format!("{kind} != {}", value.class()));
    let signed = |text: String| if style.sign && !text.starts_with('-') { format!("+{text}") } else { text };
    let whole = match value {
        Object::Plain(Value::Int(number)) => Some(i64::from(*number)),
        Object::Plain(Value::Long(number)) => Some(*number),
        _ => None,
    };
    Ok(match kind {
        's' | 'S' | 'b' | 'c' => {
            let text = frame.shown(value, at)?;
            let text = style.digits.map_or(text.clone(), |digits| text.chars().take(digits).collect());
            if kind == 'S' { text.to_uppercase() } else { text }
        }
        'd' => signed(grouped(whole.ok_or_else(wrong)?.to_string(), style)),
        'x' => format!("{:x}", whole.ok_or_else(wrong)?),
        'X' => format!("{:X}", whole.ok_or_else(wrong)?),
        'f' if whole.is_none() => {
            let number = value.as_f64().ok_or_else(wrong)?;
            signed(grouped(fixed(number, style.digits.unwrap_or(6)), style))
        }
        'f' => return Err(wrong()),
        _ => return Err(Fault::missing(at, &format!("[%{kind}] of [String.format]"))),
    })
}

/// With so many digits behind the point, of the shortest text that means the number: a five rounds away from zero, as in Java.
fn fixed(number: f64, digits: usize) -> String {
    if !number.is_finite() {
        return crate::expression::operate::shown(&Value::Double(number), 0).unwrap_or_default();
    }
    let mut text = format!("{}", number.abs());
    if !text.contains('.') {
        text.push('.');
    }
    let point = text.find('.').unwrap_or_default();
    let end = point + 1 + digits;
    let rounds_up = text.as_bytes().get(end).is_some_and(|digit| *digit >= b'5');
    let mut kept: Vec<u8> = text.bytes().chain(std::iter::repeat(b'0')).take(end).collect();
    let mut carries = rounds_up;
    for digit in kept.iter_mut().rev().filter(|digit| **digit != b'.') {
        if !carries {
            break;
        }
        carries = *digit == b'9';
        *digit = if carries { b'0' } else { *digit + 1 };
    }
    if digits == 0 {
        kept.pop();
    }
    let (sign, one) = (if number.is_sign_negative() { "-" } else { "" }, if carries { "1" } else { "" });
    format!("{sign}{one}{}", String::from_utf8_lossy(&kept))
}

/// With commas between thousands, where they are asked for.
fn grouped(text: String, style: &Style) -> String {
    if !style.groups {
        return text;
    }
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let mut out = String::from(sign);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    fraction.iter().for_each(|fraction| out.extend([".", fraction]));
    out
}

fn padded(out: &mut String, text: &str, style: &Style) {
    let missing = style.width.saturating_sub(text.chars().count());
    match (style.left, style.zeros) {
        (true, _) => out.extend([text, &" ".repeat(missing)]),
        (false, true) => {
            let (sign, digits) = text.split_at(usize::from(text.starts_with(['-', '+'])));
            out.extend([sign, &"0".repeat(missing), digits]);
        }
        (false, false) => out.extend([&" ".repeat(missing), text]),
    }
}
