//! What maps can do.

use std::sync::Arc;

use super::object::{Fields, Object, Place};
use super::run::{Frame, MAX_DEPTH};
use crate::expression::fault::Fault;
use crate::expression::value::Value;

pub(super) fn call(
    frame: &mut Frame<'_, '_>,
    of: &Object,
    (name, at): (&str, usize),
    arguments: &[Object],
) -> Result<Option<Object>, Fault> {
    let Object::Map(place) = *of else { return Ok(None) };
    let size = frame.heap.fields(place).len();
    let or_null = |value: Option<Object>| value.unwrap_or(Object::NULL);
    let key = |frame: &Frame<'_, '_>, key: &Object| -> Result<Arc<str>, Fault> { frame.key(key, at) };
    Ok(Some(match (name, arguments) {
        ("size", []) => super::methods::int(size),
        ("isEmpty", []) => Object::bool(size == 0),
        ("get", [wanted]) => or_null(frame.heap.fields(place).get(&key(frame, wanted)?).cloned()),
        ("getOrDefault", [wanted, default]) => {
            frame.heap.fields(place).get(&key(frame, wanted)?).cloned().unwrap_or_else(|| default.clone())
        }
        ("containsKey", [wanted]) => Object::bool(frame.heap.fields(place).get(&key(frame, wanted)?).is_some()),
        ("containsValue", [wanted]) => {
            Object::bool(frame.heap.fields(place).iter().any(|(_, value)| frame.heap.same(value, wanted, MAX_DEPTH)))
        }
        ("put", [wanted, value]) => {
            frame.take(1, at)?;
            let wanted = key(frame, wanted)?;
            or_null(frame.heap.fields_mut(place).insert(wanted, value.clone()))
        }
        ("putIfAbsent", [wanted, value]) => {
            let wanted = key(frame, wanted)?;
            match frame.heap.fields(place).get(&wanted).filter(|old| !old.is_null()) {
                Some(old) => old.clone(),
                None => {
                    frame.take(1, at)?;
                    or_null(frame.heap.fields_mut(place).insert(wanted, value.clone()))
                }
            }
        }
        ("putAll", [Object::Map(other)]) => {
            let entries: Vec<(Arc<str>, Object)> = frame.heap.fields(*other).iter().cloned().collect();
            frame.take(entries.len(), at)?;
            for (key, value) in entries {
                frame.heap.fields_mut(place).insert(key, value);
            }
            Object::NULL
        }
        ("remove", [wanted]) => {
            let wanted = key(frame, wanted)?;
            // Those behind it move.
            frame.take(size / 64, at)?;
            or_null(frame.heap.fields_mut(place).remove(&wanted))
        }
        ("clear", []) => {
            frame.heap.fields_mut(place).clear();
            Object::NULL
        }
        _ => return views(frame, place, (name, at), arguments),
    }))
}

/// Keys, values and entries of a map, as lists.
fn views(
    frame: &mut Frame<'_, '_>,
    place: Place,
    (name, at): (&str, usize),
    arguments: &[Object],
) -> Result<Option<Object>, Fault> {
    let size = frame.heap.fields(place).len();
    let or_null = |value: Option<Object>| value.unwrap_or(Object::NULL);
    Ok(Some(match (name, arguments) {
        ("keySet", []) => {
            let keys =
                frame.heap.fields(place).iter().map(|(key, _)| Object::Plain(Value::Text(key.clone()))).collect();
            frame.take(size + 1, at)?;
            frame.heap.list(keys)
        }
        ("values", []) => {
            let values = frame.heap.fields(place).iter().map(|(_, value)| value.clone()).collect();
            frame.take(size + 1, at)?;
            frame.heap.list(values)
        }
        ("entrySet", []) => entries(frame, place, at)?,
        ("getKey", []) => or_null(frame.heap.fields(place).get("key").cloned()),
        ("getValue", []) => or_null(frame.heap.fields(place).get("value").cloned()),
        ("forEach", [Object::Lambda(function)]) => {
            let entries: Vec<(Arc<str>, Object)> = frame.heap.fields(place).iter().cloned().collect();
            frame.take(size, at)?;
            for (key, value) in entries {
                frame.call(function, vec![Object::Plain(Value::Text(key)), value], at)?;
            }
            Object::NULL
        }
        _ => return Ok(None),
    }))
}

/// Each entry as a map with `key` and `value`, which is read as Java's entries are.
fn entries(frame: &mut Frame<'_, '_>, place: Place, at: usize) -> Result<Object, Fault> {
    let entries: Vec<(Arc<str>, Object)> = frame.heap.fields(place).iter().cloned().collect();
    frame.take(entries.len() * 3 + 1, at)?;
    let mut list = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        let mut fields = Fields::default();
        fields.insert(Arc::from("key"), Object::Plain(Value::Text(key)));
        fields.insert(Arc::from("value"), value);
        list.push(frame.heap.map(fields));
    }
    Ok(frame.heap.list(list))
}
