//! What texts can do. Places are UTF-16 units, as in Java.

use model::error::ErrorKind;

use crate::expression::fault::Fault;
use crate::expression::value::Value;
use crate::program::object::Object;
use crate::program::run::Frame;

/// Bytes that a text may grow to.
pub(crate) const MAX_TEXT: usize = 1 << 20;

pub(crate) fn too_long(at: usize) -> Fault {
    Fault::syntax(at, format!("a text of a script grew beyond [{MAX_TEXT}] bytes"))
}

/// A text that is not too long.
pub(crate) fn bounded(text: String, at: usize) -> Result<Object, Fault> {
    if text.len() > MAX_TEXT { Err(too_long(at)) } else { Ok(Object::Plain(Value::Text(text.into()))) }
}

pub(crate) fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The byte at which unit `unit` begins.
pub(crate) fn byte_of(text: &str, unit: usize) -> Option<usize> {
    let mut seen = 0;
    for (at, c) in text.char_indices() {
        if seen >= unit {
            return Some(at);
        }
        seen += c.len_utf16();
    }
    (unit <= seen).then_some(text.len())
}

/// A method of a text; `None`: there is no such one.
pub(crate) fn call(
    frame: &mut Frame<'_, '_>,
    text: &str,
    (name, at): (&str, usize),
    arguments: &[Object],
) -> Result<Option<Object>, Fault> {
    frame.count(at)?;
    let int = |number: usize| Object::Plain(Value::Int(i32::try_from(number).unwrap_or(i32::MAX)));
    let part = |index: usize| arguments.get(index).and_then(Object::as_text);
    let number = |index: usize| arguments.get(index).and_then(Object::as_f64).map(|number| number as i64);
    let outside = || {
        let shown: Vec<String> = arguments.iter().filter_map(Object::as_f64).map(|number| number.to_string()).collect();
        let reason = format!("index [{}] is out of bounds for length {}", shown.join(", "), units(text));
        Fault::new(at, ErrorKind::IllegalArgument, reason)
    };
    let byte = |unit: i64| usize::try_from(unit).ok().and_then(|unit| byte_of(text, unit)).ok_or_else(outside);
    let found = match (name, arguments.len()) {
        ("length", 0) => int(units(text)),
        ("isEmpty", 0) => Object::bool(text.is_empty()),
        ("isBlank", 0) => Object::bool(text.trim().is_empty()),
        ("toLowerCase", 0) => bounded(text.to_lowercase(), at)?,
        ("toUpperCase", 0) => bounded(text.to_uppercase(), at)?,
        ("trim" | "strip", 0) => Object::text(text.trim()),
        ("substring", 1) => {
            let from = byte(number(0).ok_or_else(outside)?)?;
            Object::text(&text[from..])
        }
        ("substring" | "subSequence", 2) => {
            let (from, to) = (byte(number(0).ok_or_else(outside)?)?, byte(number(1).ok_or_else(outside)?)?);
            Object::text(text.get(from..to).ok_or_else(outside)?)
        }
        ("charAt", 1) => {
            let from = byte(number(0).ok_or_else(outside)?)?;
            let c = text[from..].chars().next().ok_or_else(outside)?;
            Object::text(c.encode_utf8(&mut [0; 4]))
        }
        ("compareTo", 1) => match part(0) {
            Some(other) => Object::Plain(Value::Int(text.encode_utf16().cmp(other.encode_utf16()) as i32)),
            None => return Ok(None),
        },
        ("equalsIgnoreCase", 1) => {
            Object::bool(part(0).is_some_and(|other| other.to_lowercase() == text.to_lowercase()))
        }
        (_, 1) => return of_one(frame, text, (name, at), &arguments[0]),
        ("replace", 2) => match (part(0), part(1)) {
            (Some(old), Some(new)) => {
                let many = text.matches(old).count();
                if text.len().saturating_add(many.saturating_mul(new.len())) > MAX_TEXT {
                    return Err(too_long(at));
                }
                bounded(text.replace(old, new), at)?
            }
            _ => return Ok(None),
        },
        ("indexOf", 2) => match (part(0), number(1)) {
            (Some(part), Some(from)) => {
                let from = byte(from.max(0).min(units(text) as i64))?;
                place(text, text[from..].find(part).map(|found| found + from))
            }
            _ => return Ok(None),
        },
        _ => return of_parts(frame, text, (name, at), arguments),
    };
    Ok(Some(found))
}

/// Methods that take a text apart, or write it otherwise.
fn of_parts(
    frame: &mut Frame<'_, '_>,
    text: &str,
    (name, at): (&str, usize),
    arguments: &[Object],
) -> Result<Option<Object>, Fault> {
    let part = |index: usize| arguments.get(index).and_then(Object::as_text);
    let number = |index: usize| arguments.get(index).and_then(Object::as_f64).map(|number| number as i64);
    Ok(Some(match (name, arguments.len()) {
        ("toCharArray" | "chars", 0) => {
            let letters = text.chars().map(|c| Object::text(c.encode_utf8(&mut [0; 4]))).collect();
            if name == "toCharArray" {
                return frame.array(letters, at).map(Some);
            }
            let codes = text.encode_utf16().map(|unit| Object::Plain(Value::Int(i32::from(unit)))).collect();
            return super::streams::stream(frame, codes, super::streams::Of::Ints, at).map(Some);
        }
        ("encodeBase64", 0) => bounded(model::binary::to_padded_base64(text.as_bytes()), at)?,
        ("decodeBase64", 0) => {
            let wrong = || Fault::new(at, ErrorKind::IllegalArgument, "not encoded as Base64");
            let bytes = model::binary::from_base64(text).ok_or_else(wrong)?;
            Object::text(&String::from_utf8_lossy(&bytes))
        }
        ("replaceAll" | "replaceFirst", 2) => match arguments {
            [Object::Pattern(pattern), Object::Lambda(function)] => {
                frame.spend(text.len(), at)?;
                super::patterns::replaced(frame, text, (pattern, function), (name == "replaceAll", at))?
            }
            _ => return Ok(None),
        },
        ("splitOnToken", 2) => match (part(0).filter(|token| !token.is_empty()), number(1)) {
            (Some(token), Some(most)) => {
                let most = usize::try_from(most).ok().filter(|most| *most > 0).unwrap_or(usize::MAX);
                let parts = text.splitn(most, token).map(Object::text).collect();
                return frame.array(parts, at).map(Some);
            }
            _ => return Ok(None),
        },
        ("regionMatches", 4) => match (number(0), part(1), number(2), number(3)) {
            (Some(from), Some(other), Some(to), Some(length)) => {
                let region = |text: &str, from: i64| {
                    let from = byte_of(text, usize::try_from(from).ok()?)?;
                    let end = byte_of(&text[from..], usize::try_from(length).ok()?)?;
                    Some(text[from..from + end].to_owned())
                };
                Object::bool(region(text, from).is_some_and(|one| Some(one) == region(other, to)))
            }
            _ => return Ok(None),
        },
        _ => return Ok(None),
    }))
}

/// A place that was found, in units; -1: none was.
fn place(text: &str, found: Option<usize>) -> Object {
    Object::Plain(Value::Int(found.map_or(-1, |byte| units(text.get(..byte).unwrap_or_default()) as i32)))
}

/// A method of one argument.
fn of_one(
    frame: &mut Frame<'_, '_>,
    text: &str,
    (name, at): (&str, usize),
    argument: &Object,
) -> Result<Option<Object>, Fault> {
    Ok(Some(match (name, argument.as_text()) {
        ("contains", Some(part)) => Object::bool(text.contains(part)),
        ("startsWith", Some(part)) => Object::bool(text.starts_with(part)),
        ("endsWith", Some(part)) => Object::bool(text.ends_with(part)),
        ("indexOf", Some(part)) => place(text, text.find(part)),
        ("lastIndexOf", Some(part)) => place(text, text.rfind(part)),
        ("toLowerCase", _) => bounded(text.to_lowercase(), at)?,
        ("toUpperCase", _) => bounded(text.to_uppercase(), at)?,
        ("compareToIgnoreCase", Some(other)) => {
            let order = text.to_lowercase().encode_utf16().cmp(other.to_lowercase().encode_utf16());
            Object::Plain(Value::Int(order as i32))
        }
        ("concat", Some(part)) => bounded(format!("{text}{part}"), at)?,
        ("splitOnToken", Some(token)) if !token.is_empty() => {
            let parts = text.split(token).map(Object::text).collect();
            frame.array(parts, at)?
        }
        ("repeat", None) => {
            let times = argument.as_f64().filter(|times| *times >= 0.0).map(|times| times as usize);
            let times = times.ok_or_else(|| Fault::new(at, ErrorKind::IllegalArgument, "count is negative"))?;
            if text.len().saturating_mul(times) > MAX_TEXT {
                return Err(too_long(at));
            }
            bounded(text.repeat(times), at)?
        }
        _ => return Ok(None),
    }))
}
