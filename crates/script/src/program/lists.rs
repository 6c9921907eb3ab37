//! What lists can do: looked at, changed, sorted.

use std::cmp::Ordering;

use super::methods::{int, place_in};
use super::object::{Heap, Object, Place};
use super::run::{Frame, MAX_DEPTH};
use crate::expression::fault::Fault;
use crate::expression::value::Value;

pub(super) fn items_of<'h>(heap: &'h Heap, object: &Object) -> Option<&'h [Object]> {
    match object {
        Object::List(place) | Object::Values(place) => Some(heap.items(*place)),
        _ => None,
    }
}

/// Methods that look at a list; `None`: there is no such one.
pub(super) fn looked(
    frame: &mut Frame<'_, '_>,
    of: &Object,
    (name, at): (&str, usize),
    arguments: &[Object],
) -> Result<Option<Object>, Fault> {
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

pub(super) fn call(
    frame: &mut Frame<'_, '_>,
    of: &Object,
    (name, at): (&str, usize),
    arguments: &[Object],
) -> Result<Option<Object>, Fault> {
    if let Some(found) = looked(frame, of, (name, at), arguments)? {
        return Ok(Some(found));
    }
    let Object::List(place) = *of else { return Ok(None) };
    let length = frame.heap.items(place).len();
    Ok(Some(match (name, arguments) {
        ("add", [value]) => {
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
        _ => return removed(frame, place, (name, at), arguments),
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
            let others = items_of(frame.heap, others).map(<[Object]>::to_vec).unwrap_or_default();
            let is_in = |item: &Object| others.iter().any(|other| frame.heap.same(item, other, MAX_DEPTH));
            let left: Vec<Object> =
                frame.heap.items(place).iter().filter(|item| is_in(item) == keep).cloned().collect();
            let changed = left.len() != length;
            *frame.heap.items_mut(place) = left;
            Object::bool(changed)
        }
        ("removeIf", [Object::Lambda(function)]) => {
            let (items, mut left) = (frame.heap.items(place).to_vec(), Vec::new());
            frame.take(items.len(), at)?;
            for item in items {
                let gone = frame.call(function, vec![item.clone()], at)?;
                if !matches!(gone, Object::Plain(Value::Bool(true))) {
                    left.push(item);
                }
            }
            let changed = left.len() != length;
            *frame.heap.items_mut(place) = left;
            Object::bool(changed)
        }
        _ => return Ok(None),
    }))
}

/// Sorts a list: by a function, or (null) by the order that texts and numbers have.
pub(super) fn sort(frame: &mut Frame<'_, '_>, place: Place, order: &Object, at: usize) -> Result<(), Fault> {
    let mut items = frame.heap.items(place).to_vec();
    frame.take(items.len(), at)?;
    let mut fault = None;
    let function = if let Object::Lambda(function) = order { Some(function.clone()) } else { None };
    // Merging by hand: the function of a script need not be an order.
    let mut width = 1;
    while width < items.len() && fault.is_none() {
        let mut merged = Vec::with_capacity(items.len());
        for pair in items.chunks(width * 2) {
            let (mut a, mut b) = pair.split_at(width.min(pair.len()));
            while let ([first, a_rest @ ..], [second, b_rest @ ..]) = (a, b) {
                let greater = match &function {
                    Some(function) if fault.is_none() => {
                        match frame.call(function, vec![first.clone(), second.clone()], at) {
                            Ok(number) => number.as_f64().is_some_and(|number| number > 0.0),
                            Err(error) => {
                                fault = Some(error);
                                false
                            }
                        }
                    }
                    _ => natural(first, second) == Ordering::Greater,
                };
                if greater {
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
    *frame.heap.items_mut(place) = items;
    fault.map_or(Ok(()), Err)
}

fn natural(a: &Object, b: &Object) -> Ordering {
    match (a.as_text(), b.as_text()) {
        (Some(a), Some(b)) => a.encode_utf16().cmp(b.encode_utf16()),
        _ => match (a.as_f64(), b.as_f64()) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            _ => Ordering::Equal,
        },
    }
}
