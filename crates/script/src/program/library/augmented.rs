//! What Painless adds to Java's collections, in the manner of Groovy, and iterators.

use std::sync::Arc;

use model::error::ErrorKind;

use super::collectors::{Collector, grouped};
use super::lists::place_of;
use super::streams::{is_true, kept, matches};
use super::texts::bounded;
use crate::expression::fault::Fault;
use crate::expression::value::Value;
use crate::program::object::{Fields, Function, Object, Place};
use crate::program::run::Frame;

/// Walks over what a collection holds: the items that are left, the last one first.
pub(crate) fn iterator(frame: &mut Frame<'_, '_>, mut items: Vec<Object>, at: usize) -> Result<Object, Fault> {
    frame.take(items.len() + 1, at)?;
    items.reverse();
    Ok(match frame.heap.list(items) {
        Object::List(place) => Object::Iterator(place),
        other => other,
    })
}

/// A method of an iterator; `None`: there is no such one.
pub(crate) fn of_iterator(
    frame: &mut Frame<'_, '_>,
    place: Place,
    name: &str,
    at: usize,
) -> Result<Option<Object>, Fault> {
    let items = frame.heap.items_mut(place);
    Ok(Some(match name {
        "hasNext" => Object::bool(!items.is_empty()),
        "next" => items.pop().ok_or_else(|| Fault::new(at, ErrorKind::NoSuchElement, ""))?,
        _ => return Ok(None),
    }))
}

/// A method of a list or a set; `None`: there is no such one.
pub(crate) fn of_items(
    frame: &mut Frame<'_, '_>,
    of: &Object,
    (name, at): (&str, usize),
    arguments: &[Object],
) -> Result<Option<Object>, Fault> {
    let Some(place) = place_of(of) else { return Ok(None) };
    let items = frame.heap.items(place).to_vec();
    frame.spend(items.len() / 64, at)?;
    Ok(Some(match (name, arguments) {
        ("stream", []) => return super::streams::opened(frame, of, at),
        ("iterator" | "listIterator", []) => iterator(frame, items, at)?,
        ("asList" | "asCollection", []) => of.clone(),
        ("each", [Object::Lambda(function)]) => {
            for item in items {
                frame.call(function, vec![item], at)?;
            }
            of.clone()
        }
        ("eachWithIndex", [Object::Lambda(function)]) => {
            for (number, item) in items.into_iter().enumerate() {
                frame.call(function, vec![item, super::methods::int(number)], at)?;
            }
            of.clone()
        }
        ("any", [Object::Lambda(function)]) => Object::bool(matches(frame, &items, (function, true), at)?),
        ("every", [Object::Lambda(function)]) => Object::bool(!matches(frame, &items, (function, false), at)?),
        ("find", [Object::Lambda(function)]) => {
            let mut found = Object::NULL;
            for item in items {
                if is_true(&frame.call(function, vec![item.clone()], at)?) {
                    found = item;
                    break;
                }
            }
            found
        }
        ("findAll", [Object::Lambda(function)]) => {
            let kept = kept(frame, items, (function, true), at)?;
            frame.list(kept, at)?
        }
        ("findResult", [Object::Lambda(function)]) => found_result(frame, items, (function, Object::NULL), at)?,
        ("findResult", [default, Object::Lambda(function)]) => {
            found_result(frame, items, (function, default.clone()), at)?
        }
        _ => return made_of_items(frame, items, (name, at), arguments),
    }))
}

/// What a function makes of all items.
fn made_of_items(
    frame: &mut Frame<'_, '_>,
    items: Vec<Object>,
    (name, at): (&str, usize),
    arguments: &[Object],
) -> Result<Option<Object>, Fault> {
    Ok(Some(match (name, arguments) {
        ("collect" | "findResults", [Object::Lambda(function)]) => {
            let mut made = Vec::with_capacity(items.len());
            for item in items {
                made.push(frame.call(function, vec![item], at)?);
            }
            made.retain(|item| name == "collect" || !item.is_null());
            frame.list(made, at)?
        }
        ("groupBy", [Object::Lambda(function)]) => grouped(frame, items, (function, &Collector::List), at)?,
        ("split", [Object::Lambda(function)]) => {
            let yes = kept(frame, items.clone(), (function, true), at)?;
            let no = kept(frame, items, (function, false), at)?;
            let parts = vec![frame.list(yes, at)?, frame.list(no, at)?];
            frame.list(parts, at)?
        }
        ("join", [Object::Plain(Value::Text(between))]) => {
            let parts: Result<Vec<String>, Fault> = items.iter().map(|item| frame.shown(item, at)).collect();
            bounded(parts?.join(between), at)?
        }
        ("sum", []) => total(&items, at)?,
        ("sum", [Object::Lambda(function)]) => {
            let mut made = Vec::with_capacity(items.len());
            for item in items {
                made.push(frame.call(function, vec![item], at)?);
            }
            total(&made, at)?
        }
        _ => return Ok(None),
    }))
}

fn total(items: &[Object], at: usize) -> Result<Object, Fault> {
    let number = |item: &Object| {
        item.as_f64()
            .ok_or_else(|| Fault::cast(at, format!("class {} cannot be cast to class java.lang.Number", item.class())))
    };
    let numbers: Vec<f64> = items.iter().map(number).collect::<Result<_, Fault>>()?;
    Ok(Object::Plain(Value::Double(numbers.into_iter().sum())))
}

/// The first thing that a function makes of an item and that is not null.
fn found_result(
    frame: &mut Frame<'_, '_>,
    items: Vec<Object>,
    (function, default): (&Function, Object),
    at: usize,
) -> Result<Object, Fault> {
    for item in items {
        let made = frame.call(function, vec![item], at)?;
        if !made.is_null() {
            return Ok(made);
        }
    }
    Ok(default)
}

/// A method of a map; `None`: there is no such one.
pub(crate) fn of_map(
    frame: &mut Frame<'_, '_>,
    (of, place): (&Object, Place),
    (name, at): (&str, usize),
    arguments: &[Object],
) -> Result<Option<Object>, Fault> {
    let [.., Object::Lambda(function)] = arguments else { return Ok(None) };
    if let Some(done) = changed(frame, place, (name, at), arguments)? {
        return Ok(Some(done));
    }
    let known = ["each", "collect", "count", "every", "find", "findAll", "findResult", "findResults", "groupBy"];
    if !known.contains(&name) {
        return Ok(None);
    }
    let entries: Vec<(Arc<str>, Object)> = frame.heap.fields(place).iter().cloned().collect();
    frame.take(entries.len(), at)?;
    let (mut made, mut kept, mut groups) = (Vec::new(), Fields::default(), Vec::<(Arc<str>, Fields)>::new());
    let mut count = 0;
    for (key, value) in entries {
        let given = vec![Object::Plain(Value::Text(key.clone())), value.clone()];
        let found = frame.call(function, given, at)?;
        match name {
            "collect" => made.push(found),
            "findResults" if !found.is_null() => made.push(found),
            "findResult" if !found.is_null() => return Ok(Some(found)),
            "count" => count += i32::from(is_true(&found)),
            "every" if !is_true(&found) => return Ok(Some(Object::bool(false))),
            "find" if is_true(&found) => return Ok(Some(Object::Entry(Box::new((place, key))))),
            "findAll" if is_true(&found) => drop(kept.insert(key, value)),
            "groupBy" => {
                let group = frame.key(&found, at)?;
                frame.spend(groups.len(), at)?;
                match groups.iter_mut().find(|(known, _)| *known == group) {
                    Some((_, fields)) => drop(fields.insert(key, value)),
                    None => {
                        let mut fields = Fields::default();
                        fields.insert(key, value);
                        groups.push((group, fields));
                    }
                }
            }
            _ => {}
        }
    }
    Ok(Some(match name {
        "each" => of.clone(),
        "collect" | "findResults" => frame.list(made, at)?,
        "count" => Object::Plain(Value::Int(count)),
        "every" => Object::bool(true),
        "findAll" => frame.heap.map(kept),
        "groupBy" => {
            let groups: Vec<(Arc<str>, Object)> =
                groups.into_iter().map(|(key, fields)| (key, frame.heap.map(fields))).collect();
            let mut fields = Fields::default();
            groups.into_iter().for_each(|(key, group)| drop(fields.insert(key, group)));
            frame.heap.map(fields)
        }
        _ => Object::NULL,
    }))
}

/// Methods of Java's maps that change what a function says.
fn changed(
    frame: &mut Frame<'_, '_>,
    place: Place,
    (name, at): (&str, usize),
    arguments: &[Object],
) -> Result<Option<Object>, Fault> {
    if let ("replaceAll", [Object::Lambda(function)]) = (name, arguments) {
        let entries: Vec<(Arc<str>, Object)> = frame.heap.fields(place).iter().cloned().collect();
        for (key, value) in entries {
            let new = frame.call(function, vec![Object::Plain(Value::Text(key.clone())), value], at)?;
            frame.heap.fields_mut(place).insert(key, new);
        }
        return Ok(Some(Object::NULL));
    }
    let [wanted, .., Object::Lambda(function)] = arguments else { return Ok(None) };
    if !matches!(name, "computeIfAbsent" | "computeIfPresent" | "compute" | "merge") {
        return Ok(None);
    }
    let key = frame.key(wanted, at)?;
    let text = Object::Plain(Value::Text(key.clone()));
    let old = frame.heap.fields(place).get(&key).filter(|old| !old.is_null()).cloned();
    let given = match (name, &old, arguments) {
        ("computeIfAbsent", Some(old), _) => return Ok(Some(old.clone())),
        ("computeIfAbsent", None, _) => vec![text],
        ("computeIfPresent", None, _) => return Ok(Some(Object::NULL)),
        ("merge", None, [_, value, _]) => {
            frame.take(1, at)?;
            frame.heap.fields_mut(place).insert(key, value.clone());
            return Ok(Some(value.clone()));
        }
        ("merge", Some(old), [_, value, _]) => vec![old.clone(), value.clone()],
        _ => vec![text, old.clone().unwrap_or(Object::NULL)],
    };
    let new = frame.call(function, given, at)?;
    frame.take(1, at)?;
    if new.is_null() {
        frame.heap.fields_mut(place).remove(&key);
    } else {
        frame.heap.fields_mut(place).insert(key, new.clone());
    }
    Ok(Some(new))
}
