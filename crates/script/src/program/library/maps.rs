//! What maps can do.

use std::sync::Arc;

use super::augmented;
use super::lists;
use crate::expression::fault::Fault;
use crate::expression::value::Value;
use crate::program::object::{Object, Part, Place};
use crate::program::run::{Frame, MAX_DEPTH};

pub(crate) fn call(
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
        ("keySet", []) => Object::View(place, Part::Keys),
        ("values", []) => Object::View(place, Part::Values),
        ("entrySet", []) => Object::View(place, Part::Entries),
        ("forEach", [Object::Lambda(function)]) => {
            let entries: Vec<(Arc<str>, Object)> = frame.heap.fields(place).iter().cloned().collect();
            frame.take(size, at)?;
            for (key, value) in entries {
                frame.call(function, vec![Object::Plain(Value::Text(key)), value], at)?;
            }
            Object::NULL
        }
        _ => return augmented::of_map(frame, (of, place), (name, at), arguments),
    }))
}

/// What a view of a map shows.
pub(crate) fn viewed(frame: &mut Frame<'_, '_>, (place, part): (Place, Part), at: usize) -> Result<Vec<Object>, Fault> {
    let entries: Vec<(Arc<str>, Object)> = frame.heap.fields(place).iter().cloned().collect();
    frame.take(entries.len() + 1, at)?;
    let shown = |(key, value): (Arc<str>, Object)| match part {
        Part::Keys => Object::Plain(Value::Text(key)),
        Part::Values => value,
        Part::Entries => Object::Entry(Box::new((place, key))),
    };
    Ok(entries.into_iter().map(shown).collect())
}

/// A method of a view: what is taken out of it is taken out of the map.
pub(crate) fn of_view(
    frame: &mut Frame<'_, '_>,
    (place, part): (Place, Part),
    (name, at): (&str, usize),
    arguments: &[Object],
) -> Result<Option<Object>, Fault> {
    let before = viewed(frame, (place, part), at)?;
    let of = frame.list(before.clone(), at)?;
    if !matches!(name, "remove" | "removeIf" | "removeAll" | "retainAll" | "clear") {
        return lists::call(frame, &of, (name, at), arguments);
    }
    let keys: Vec<Arc<str>> = frame.heap.fields(place).iter().map(|(key, _)| key.clone()).collect();
    let mut gone = Vec::new();
    for (item, key) in before.into_iter().zip(keys) {
        let is_gone = match (name, arguments) {
            ("clear", []) => true,
            ("remove", [wanted]) => gone.is_empty() && frame.heap.same(&item, wanted, MAX_DEPTH),
            ("removeIf", [Object::Lambda(function)]) => {
                super::streams::is_true(&frame.call(function, vec![item.clone()], at)?)
            }
            ("removeAll" | "retainAll", [others]) => {
                let others = lists::items_of(frame.heap, others).map(<[Object]>::to_vec).unwrap_or_default();
                frame.spend(others.len(), at)?;
                others.iter().any(|other| frame.heap.same(&item, other, MAX_DEPTH)) == (name == "removeAll")
            }
            _ => return Ok(None),
        };
        if is_gone {
            gone.push(key);
        }
    }
    let any = !gone.is_empty();
    for key in gone {
        // Those behind it move.
        frame.spend(frame.heap.fields(place).len(), at)?;
        frame.heap.fields_mut(place).remove(&key);
    }
    Ok(Some(if name == "clear" { Object::NULL } else { Object::bool(any) }))
}

/// A method of an entry; `None`: there is no such one.
pub(crate) fn of_entry(
    frame: &mut Frame<'_, '_>,
    (place, key): (Place, &Arc<str>),
    (name, at): (&str, usize),
    arguments: &[Object],
) -> Result<Option<Object>, Fault> {
    Ok(Some(match (name, arguments) {
        ("getKey", []) => Object::Plain(Value::Text(key.clone())),
        ("getValue", []) => frame.heap.fields(place).get(key).cloned().unwrap_or(Object::NULL),
        ("setValue", [value]) => {
            frame.take(1, at)?;
            frame.heap.fields_mut(place).insert(key.clone(), value.clone()).unwrap_or(Object::NULL)
        }
        _ => return Ok(None),
    }))
}
