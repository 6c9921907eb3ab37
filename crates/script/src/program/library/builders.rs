//! Texts that grow: `StringBuilder`, `StringBuffer`.

use std::sync::{Mutex, PoisonError};

use model::error::ErrorKind;

use super::texts::{MAX_TEXT, byte_of, too_long, units};
use crate::expression::fault::Fault;
use crate::program::object::Object;
use crate::program::run::Frame;

/// What was written so far.
pub(crate) fn text(builder: &Mutex<String>) -> String {
    builder.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// A method that changes it, which gives the builder itself; `None`: there is no such one.
pub(crate) fn call(
    frame: &mut Frame<'_, '_>,
    (of, builder): (&Object, &Mutex<String>),
    (name, at): (&str, usize),
    arguments: &[Object],
) -> Result<Option<Object>, Fault> {
    let added = match arguments {
        [.., last] if matches!(name, "append" | "insert" | "replace") => frame.shown(last, at)?,
        _ => String::new(),
    };
    let mut text = builder.lock().unwrap_or_else(PoisonError::into_inner);
    frame.spend(if name == "append" { added.len() } else { text.len() }, at)?;
    let place = |index: usize| {
        let unit = arguments.get(index).and_then(Object::as_f64).map(|unit| unit as i64);
        let byte = unit.and_then(|unit| usize::try_from(unit).ok()).and_then(|unit| byte_of(&text, unit));
        byte.ok_or_else(|| {
            Fault::new(at, ErrorKind::IndexOutOfBounds, format!("index out of bounds for length {}", units(&text)))
        })
    };
    match (name, arguments.len()) {
        ("append", 1) => text.push_str(&added),
        ("insert", 2) => {
            let from = place(0)?;
            text.insert_str(from, &added);
        }
        ("replace", 3) => {
            let (from, to) = (place(0)?, place(1).unwrap_or(text.len()));
            text.replace_range(from..to.max(from), &added);
        }
        ("delete", 2) => {
            let (from, to) = (place(0)?, place(1).unwrap_or(text.len()));
            text.replace_range(from..to.max(from), "");
        }
        ("deleteCharAt", 1) => {
            let from = place(0)?;
            let length = text[from..].chars().next().map_or(0, char::len_utf8);
            text.replace_range(from..from + length, "");
        }
        ("setLength", 1) => {
            let to = place(0)?;
            text.truncate(to);
        }
        ("reverse", 0) => *text = text.chars().rev().collect(),
        _ => return Ok(None),
    }
    if text.len() > MAX_TEXT { Err(too_long(at)) } else { Ok(Some(of.clone())) }
}
