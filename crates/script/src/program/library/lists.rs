//! What lists can do: looked at, changed, sorted.

use std::cmp::Ordering;

use model::error::ErrorKind;

use super::methods::{int, place_in};
use crate::expression::fault::Fault;
use crate::expression::value::Value;
use crate::program::object::{Function, Heap, Object, Place};
use crate::program::run::{Frame, MAX_DEPTH};

/// Where the items of a collection lie.
pub(crate) fn place_of(object: &Object) -> Option<Place> {
    match object {
        Object::List(place) | Object::Values(place) | Object::Set(place) | Object::Array(place) => Some(*place),
        _ => None,
    }
}

pub(crate) fn items_of<'h>(heap: &'h Heap, object: &Object) -> Option<&'h [Object]> {
    heap.collected(object)
}

/// Methods that look at a list; `None`: there is no such one.
pub(crate) fn looked(
    frame: &mut Frame<'_, '_>,
    of: &Object,
    (name, at): (&str, usize),
    arguments: &[Object],
) -> Result<Option<Object>, Fault> {
    if matches!(name, "contains" | "indexOf" | "lastIndexOf" | "containsAll") {
        let others = arguments.first().and_then(|others| items_of(frame.heap, others)).map_or(1, <[Object]>::len);
        frame.spend(items_of(frame.heap, of).map_or(0, <[Object]>::len).saturating_mul(others), at)?;
    }
    let heap = &*frame.heap;
    let Some(items) = items_of(heap, of) else { return Ok(None) };
    let found = |object: &Object| items.iter().position(|item| heap.same(item, object, MAX_DEPTH));
    Ok(Some(match (name, arguments) {
        ("size" | "getLength", []) => int(items.len()),
        ("isEmpty", []) => Object::bool(items.is_empty()),
        ("contains", [object]) => Object::bool(found(object).is_some()),
        ("indexOf", [object]) => Object::Plain(Value::Int(found(object).map_or(-1, |at| at as i32))),
        ("lastIndexOf", [object]) => {
            let last = items.iter().rposition(|item| heap.same(item, object, MAX_DEPTH));
            Object::Plain(Value::Int(last.map_or(-1, |at| at as i32)))
        }
        ("get", [index]) => items[place_in(index, items.len(), at)?].clone(),
        ("containsAll", [others]) => {
            let others = items_of(heap, others).unwrap_or_default();
            Object::bool(others.iter().all(|other| found(other).is_some()))
        }
        ("subList", [from, to]) => {
            let (from, to) = (place_in(from, items.len() + 1, at)?, place_in(to, items.len() + 1, at)?);
            let part = items.get(from..to).map(<[Object]>::to_vec).unwrap_or_default();
            frame.take(part.len() + 1, at)?;
            frame.heap.list(part)
        }
        ("forEach", [Object::Lambda(function)]) => {
            let (items, function) = (items.to_vec(), function.clone());
            frame.take(items.len(), at)?;
            for item in items {
                frame.call(&function, vec![item], at)?;
            }
            Object::NULL
        }
        _ => return Ok(None),
    }))
}

pub(crate) fn call(
    frame: &mut Frame<'_, '_>,
    of: &Object,
    (name, at): (&str, usize),
    arguments: &[Object],
) -> Result<Option<Object>, Fault> {
    if let Some(found) = looked(frame, of, (name, at), arguments)? {
        return Ok(Some(found));
    }
    let (place, once) = match *of {
        Object::List(place) => (place, false),
        Object::Set(place) => (place, true),
        _ => return super::augmented::of_items(frame, of, (name, at), arguments),
    };
    let length = frame.heap.items(place).len();
    Ok(Some(match (name, arguments) {
        ("add" | "addAll", [given]) if once => added(frame, place, (given, name == "addAll"), at)?,
        ("add" | "addLast" | "offer", [value]) => {
            frame.take(1, at)?;
            frame.heap.items_mut(place).push(value.clone());
            Object::bool(true)
        }
        ("add", [index, value]) => {
            frame.take(1, at)?;
            let index = place_in(index, length + 1, at)?;
            frame.heap.items_mut(place).insert(index, value.clone());
            Object::NULL
        }
        ("addAll", [others]) => {
            let others = items_of(frame.heap, others).map(<[Object]>::to_vec).unwrap_or_default();
            frame.take(others.len(), at)?;
            let any = !others.is_empty();
            frame.heap.items_mut(place).extend(others);
            Object::bool(any)
        }
        ("set", [index, value]) => {
            let index = place_in(index, length, at)?;
            std::mem::replace(&mut frame.heap.items_mut(place)[index], value.clone())
        }
        ("clear", []) => {
            frame.heap.items_mut(place).clear();
            Object::NULL
        }
        ("sort", [order]) => {
            sort(frame, place, order, at)?;
            Object::NULL
        }
        ("replaceAll", [Object::Lambda(function)]) => {
            let mut items = frame.heap.items(place).to_vec();
            for item in &mut items {
                *item = frame.call(function, vec![std::mem::replace(item, Object::NULL)], at)?;
            }
            *frame.heap.items_mut(place) = items;
            Object::NULL
        }
        _ => {
            if let Some(done) = removed(frame, place, (name, at), arguments)? {
                return Ok(Some(done));
            }
            return match at_ends(frame, place, (name, at), arguments)? {
                Some(done) => Ok(Some(done)),
                None => super::augmented::of_items(frame, of, (name, at), arguments),
            };
        }
    }))
}

/// Adds a value to a set, or all of a collection. Out: whether any was not there.
fn added(frame: &mut Frame<'_, '_>, place: Place, (given, all): (&Object, bool), at: usize) -> Result<Object, Fault> {
    let mut items = frame.heap.items(place).to_vec();
    let length = items.len();
    match items_of(frame.heap, given).filter(|_| all) {
        Some(others) => items.extend_from_slice(others),
        None => items.push(given.clone()),
    }
    frame.take(items.len() - length, at)?;
    let items = super::streams::distinct_from(frame, items, length, at)?;
    let any = items.len() > length;
    *frame.heap.items_mut(place) = items;
    Ok(Object::bool(any))
}

/// Methods of queues: what is first, and what is last.
fn at_ends(
    frame: &mut Frame<'_, '_>,
    place: Place,
    (name, at): (&str, usize),
    arguments: &[Object],
) -> Result<Option<Object>, Fault> {
    let length = frame.heap.items(place).len();
    Ok(Some(match (name, arguments) {
        ("push" | "addFirst", [value]) => {
            frame.take(1 + length / 64, at)?;
            frame.heap.items_mut(place).insert(0, value.clone());
            Object::NULL
        }
        ("getFirst" | "element", []) => ended(frame, (place, 0), at)?,
        ("peek" | "peekFirst", []) => frame.heap.items(place).first().cloned().unwrap_or(Object::NULL),
        ("peekLast", []) => frame.heap.items(place).last().cloned().unwrap_or(Object::NULL),
        ("getLast", []) => ended(frame, (place, length.saturating_sub(1)), at)?,
        _ => return Ok(None),
    }))
}

/// Methods that take values out of a list.
fn removed(
    frame: &mut Frame<'_, '_>,
    place: Place,
    (name, at): (&str, usize),
    arguments: &[Object],
) -> Result<Option<Object>, Fault> {
    let length = frame.heap.items(place).len();
    Ok(Some(match (name, arguments) {
        ("pop" | "remove" | "removeFirst" | "poll" | "pollFirst", []) => {
            if length == 0 && name.starts_with("poll") {
                return Ok(Some(Object::NULL));
            }
            let first = ended(frame, (place, 0), at)?;
            frame.take(length / 64, at)?;
            frame.heap.items_mut(place).remove(0);
            first
        }
        ("removeLast" | "pollLast", []) => {
            if length == 0 && name == "pollLast" {
                return Ok(Some(Object::NULL));
            }
            let last = ended(frame, (place, length.saturating_sub(1)), at)?;
            frame.heap.items_mut(place).pop();
            last
        }
        ("remove", [index @ Object::Plain(Value::Int(_))]) => {
            let index = place_in(index, length, at)?;
            frame.heap.items_mut(place).remove(index)
        }
        ("remove", [value]) => {
            let found = frame.heap.items(place).iter().position(|item| frame.heap.same(item, value, MAX_DEPTH));
            if let Some(found) = found {
                frame.heap.items_mut(place).remove(found);
            }
            Object::bool(found.is_some())
        }
        ("removeAll" | "retainAll", [others]) => {
            let keep = name == "retainAll";
            frame.spend(length.saturating_mul(items_of(frame.heap, others).map_or(0, <[Object]>::len)), at)?;
            let others = items_of(frame.heap, others).map(<[Object]>::to_vec).unwrap_or_default();
            let is_in = |item: &Object| others.iter().any(|other| frame.heap.same(item, other, MAX_DEPTH));
            let left: Vec<Object> =
                frame.heap.items(place).iter().filter(|item| is_in(item) == keep).cloned().collect();
            let changed = left.len() != length;
            *frame.heap.items_mut(place) = left;
            Object::bool(changed)
        }
        ("removeIf", [Object::Lambda(function)]) => {
            let items = frame.heap.items(place).to_vec();
            frame.take(items.len(), at)?;
            let left = super::streams::kept(frame, items, (function, false), at)?;
            let changed = left.len() != length;
            *frame.heap.items_mut(place) = left;
            Object::bool(changed)
        }
        _ => return Ok(None),
    }))
}

/// The first or the last of a list.
fn ended(frame: &Frame<'_, '_>, (place, index): (Place, usize), at: usize) -> Result<Object, Fault> {
    let none = || Fault::new(at, ErrorKind::NoSuchElement, "");
    frame.heap.items(place).get(index).cloned().ok_or_else(none)
}

/// Sorts a list: by a function, or (null) by the order that texts and numbers have.
pub(crate) fn sort(frame: &mut Frame<'_, '_>, place: Place, order: &Object, at: usize) -> Result<(), Fault> {
    let items = frame.heap.items(place).to_vec();
    let order = if let Object::Lambda(order) = order { Some(order) } else { None };
    *frame.heap.items_mut(place) = sorted(frame, items, order, at)?;
    Ok(())
}

/// Sorted by merging by hand: the function of a script need not be an order.
pub(crate) fn sorted(
    frame: &mut Frame<'_, '_>,
    mut items: Vec<Object>,
    order: Option<&Function>,
    at: usize,
) -> Result<Vec<Object>, Fault> {
    frame.take(items.len(), at)?;
    let mut width = 1;
    while width < items.len() {
        frame.spend(items.len(), at)?;
        let mut merged = Vec::with_capacity(items.len());
        for pair in items.chunks(width * 2) {
            let (mut a, mut b) = pair.split_at(width.min(pair.len()));
            while let ([first, a_rest @ ..], [second, b_rest @ ..]) = (a, b) {
                let ordering = match order {
                    Some(order) => frame.compare(order, (first, second), at)?,
                    None => natural(first, second),
                };
                if ordering == Ordering::Greater {
                    merged.push(second.clone());
                    b = b_rest;
                } else {
                    merged.push(first.clone());
                    a = a_rest;
                }
            }
            merged.extend_from_slice(a);
            merged.extend_from_slice(b);
        }
        items = merged;
        width *= 2;
    }
    Ok(items)
}

pub(crate) fn natural(a: &Object, b: &Object) -> Ordering {
    match (a.as_text(), b.as_text()) {
        (Some(a), Some(b)) => a.encode_utf16().cmp(b.encode_utf16()),
        _ => match (a.as_f64(), b.as_f64()) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            _ => Ordering::Equal,
        },
    }
}
