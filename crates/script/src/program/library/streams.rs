//! Streams: what is done to each of many values, and what is made of them all. They are carried out at once, as lists.

use std::cmp::Ordering;

use model::error::ErrorKind;

use super::collectors;
use super::lists::{natural, place_of, sorted};
use crate::expression::fault::Fault;
use crate::expression::value::{Type, Value};
use crate::program::object::{Function, Object};
use crate::program::run::{Frame, MAX_DEPTH};

/// What a stream is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    Objects,
    Ints,
    Longs,
    Doubles,
}

impl Of {
    fn class(self) -> &'static str {
        match self {
            Self::Objects => "java.util.stream.Stream",
            Self::Ints => "java.util.stream.IntStream",
            Self::Longs => "java.util.stream.LongStream",
            Self::Doubles => "java.util.stream.DoubleStream",
        }
    }

    /// A value as one of it.
    fn taken(self, value: Object, at: usize) -> Result<Object, Fault> {
        let to = match self {
            Self::Objects => return Ok(value),
            Self::Ints => Type::Int,
            Self::Longs => Type::Long,
            Self::Doubles => Type::Double,
        };
        match &value {
            Object::Plain(plain) => plain.convert(to).map(Object::Plain),
            _ => None,
        }
        .ok_or_else(|| Fault::cast(at, format!("Cannot cast from [{}] to [{}].", value.class(), to.name())))
    }
}

pub(crate) fn class(of: Of) -> &'static str {
    of.class()
}

pub(crate) fn stream(frame: &mut Frame<'_, '_>, items: Vec<Object>, of: Of, at: usize) -> Result<Object, Fault> {
    frame.take(items.len() + 1, at)?;
    Ok(match frame.heap.list(items) {
        Object::List(place) => Object::Stream(place, of),
        other => other,
    })
}

pub(crate) fn optional(frame: &mut Frame<'_, '_>, value: Option<Object>, at: usize) -> Result<Object, Fault> {
    frame.take(2, at)?;
    Ok(match frame.heap.list(value.into_iter().collect()) {
        Object::List(place) => Object::Optional(place),
        other => other,
    })
}

/// `IntStream.name(arguments)`, `LongStream.name(arguments)`; `None`: there is no such one.
pub(crate) fn made(
    frame: &mut Frame<'_, '_>,
    (of, name): (Of, &str),
    arguments: &[Object],
    at: usize,
) -> Result<Option<Object>, Fault> {
    let bound = |index: usize| arguments.get(index).and_then(Object::as_f64).map(|bound| bound as i64);
    let (Some(from), Some(to), "range" | "rangeClosed") = (bound(0), bound(1), name) else { return Ok(None) };
    let to = to.saturating_add(i64::from(name == "rangeClosed"));
    let count = usize::try_from(to.saturating_sub(from)).unwrap_or(0);
    frame.take(count, at)?;
    let number =
        |number: i64| Object::Plain(if of == Of::Ints { Value::Int(number as i32) } else { Value::Long(number) });
    stream(frame, (from..to).map(number).collect(), of, at).map(Some)
}

/// A method of a stream; `None`: there is no such one.
pub(crate) fn call(
    frame: &mut Frame<'_, '_>,
    object: &Object,
    (name, at): (&str, usize),
    arguments: &[Object],
) -> Result<Option<Object>, Fault> {
    let Object::Stream(place, of) = *object else { return Ok(None) };
    let items = frame.heap.items(place).to_vec();
    frame.spend(items.len(), at)?;
    if let Some(found) = all(frame, (&items, of), (name, at), arguments)? {
        return Ok(Some(found));
    }
    let to = match name {
        "mapToInt" => Of::Ints,
        "mapToLong" | "asLongStream" => Of::Longs,
        "mapToDouble" | "asDoubleStream" => Of::Doubles,
        "mapToObj" | "boxed" => Of::Objects,
        _ => of,
    };
    let each = match (name, arguments) {
        ("map" | "mapToInt" | "mapToLong" | "mapToDouble" | "mapToObj", [Object::Lambda(function)]) => {
            let mut mapped = Vec::with_capacity(items.len());
            for item in items {
                mapped.push(to.taken(frame.call(function, vec![item], at)?, at)?);
            }
            mapped
        }
        ("asLongStream" | "asDoubleStream" | "boxed", []) => {
            items.into_iter().map(|item| to.taken(item, at)).collect::<Result<_, _>>()?
        }
        ("flatMap", [Object::Lambda(function)]) => {
            let mut flat = Vec::new();
            for item in items {
                let inner = frame.call(function, vec![item], at)?;
                let Object::Stream(inner, _) = inner else { return Err(Fault::cast(at, "flatMap needs streams")) };
                frame.take(frame.heap.items(inner).len(), at)?;
                flat.extend_from_slice(frame.heap.items(inner));
            }
            flat
        }
        _ => return narrowed(frame, (items, of), (name, at), arguments),
    };
    stream(frame, each, to, at).map(Some)
}

/// Fewer of the items, or in another order.
fn narrowed(
    frame: &mut Frame<'_, '_>,
    (mut items, of): (Vec<Object>, Of),
    (name, at): (&str, usize),
    arguments: &[Object],
) -> Result<Option<Object>, Fault> {
    let count = || arguments.first().and_then(Object::as_f64).map_or(0, |count| count.max(0.0) as usize);
    match (name, arguments) {
        ("filter", [Object::Lambda(function)]) => items = kept(frame, items, (function, true), at)?,
        ("sorted", []) => items = sorted(frame, items, None, at)?,
        ("sorted", [Object::Lambda(order)]) => items = sorted(frame, items, Some(order), at)?,
        ("distinct", []) => items = distinct(frame, items, at)?,
        ("limit", [_]) => items.truncate(count()),
        ("skip", [_]) => drop(items.drain(..count().min(items.len()))),
        ("peek", [Object::Lambda(function)]) => {
            for item in &items {
                frame.call(function, vec![item.clone()], at)?;
            }
        }
        ("parallel" | "sequential" | "unordered", []) => {}
        _ => return Ok(None),
    }
    stream(frame, items, of, at).map(Some)
}

/// What is made of all of them.
fn all(
    frame: &mut Frame<'_, '_>,
    (items, of): (&[Object], Of),
    (name, at): (&str, usize),
    arguments: &[Object],
) -> Result<Option<Object>, Fault> {
    Ok(Some(match (name, arguments) {
        ("count", []) => Object::Plain(Value::Long(items.len() as i64)),
        ("collect", [Object::Collector(collector, _)]) => collectors::collect(frame, items.to_vec(), collector, at)?,
        ("toArray", _) => frame.array(items.to_vec(), at)?,
        ("toList", []) => {
            frame.take(items.len() + 1, at)?;
            frame.heap.list(items.to_vec())
        }
        ("iterator", []) => super::augmented::iterator(frame, items.to_vec(), at)?,
        ("forEach" | "forEachOrdered", [Object::Lambda(function)]) => {
            for item in items {
                frame.call(function, vec![item.clone()], at)?;
            }
            Object::NULL
        }
        ("anyMatch", [Object::Lambda(function)]) => Object::bool(matches(frame, items, (function, true), at)?),
        ("noneMatch", [Object::Lambda(function)]) => Object::bool(!matches(frame, items, (function, true), at)?),
        ("allMatch", [Object::Lambda(function)]) => Object::bool(!matches(frame, items, (function, false), at)?),
        ("findFirst" | "findAny", []) => optional(frame, items.first().cloned(), at)?,
        ("reduce", [start, Object::Lambda(function)]) => {
            let mut sum = start.clone();
            for item in items {
                sum = frame.call(function, vec![sum, item.clone()], at)?;
            }
            sum
        }
        ("reduce", [Object::Lambda(function)]) => {
            let mut sum = items.first().cloned();
            for item in items.iter().skip(1) {
                sum = sum.map(|sum| frame.call(function, vec![sum, item.clone()], at)).transpose()?;
            }
            optional(frame, sum, at)?
        }
        ("min" | "max", []) | ("min" | "max", [Object::Lambda(_)]) => {
            let order = if let Some(Object::Lambda(order)) = arguments.first() { Some(order) } else { None };
            let wanted = if name == "min" { Ordering::Less } else { Ordering::Greater };
            let best = best(frame, items, (order, wanted), at)?;
            optional(frame, best, at)?
        }
        ("sum", []) if of != Of::Objects => sum(items, of),
        ("average", []) if of != Of::Objects => {
            let total: f64 = items.iter().filter_map(Object::as_f64).sum();
            let mean = (!items.is_empty()).then(|| Object::Plain(Value::Double(total / items.len() as f64)));
            optional(frame, mean, at)?
        }
        _ => return Ok(None),
    }))
}

fn sum(items: &[Object], of: Of) -> Object {
    let whole = |item: &Object| match item {
        Object::Plain(Value::Int(number)) => i64::from(*number),
        Object::Plain(Value::Long(number)) => *number,
        _ => 0,
    };
    let total = items.iter().map(whole).fold(0_i64, i64::wrapping_add);
    Object::Plain(match of {
        Of::Doubles => Value::Double(items.iter().filter_map(Object::as_f64).sum()),
        Of::Longs => Value::Long(total),
        _ => Value::Int(total as i32),
    })
}

/// The first that nothing else is `wanted` beside.
pub(crate) fn best(
    frame: &mut Frame<'_, '_>,
    items: &[Object],
    (order, wanted): (Option<&Function>, Ordering),
    at: usize,
) -> Result<Option<Object>, Fault> {
    let mut best: Option<&Object> = None;
    for item in items {
        let replaces = match (best, order) {
            (None, _) => true,
            (Some(best), Some(order)) => frame.compare(order, (item, best), at)? == wanted,
            (Some(best), None) => natural(item, best) == wanted,
        };
        if replaces {
            best = Some(item);
        }
    }
    Ok(best.cloned())
}

pub(crate) fn is_true(object: &Object) -> bool {
    matches!(object, Object::Plain(Value::Bool(true)))
}

/// Whether a function says so of any.
pub(crate) fn matches(
    frame: &mut Frame<'_, '_>,
    items: &[Object],
    (function, wanted): (&Function, bool),
    at: usize,
) -> Result<bool, Fault> {
    for item in items {
        if is_true(&frame.call(function, vec![item.clone()], at)?) == wanted {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Those of which a function says so.
pub(crate) fn kept(
    frame: &mut Frame<'_, '_>,
    items: Vec<Object>,
    (function, wanted): (&Function, bool),
    at: usize,
) -> Result<Vec<Object>, Fault> {
    let mut kept = Vec::new();
    for item in items {
        if is_true(&frame.call(function, vec![item.clone()], at)?) == wanted {
            kept.push(item);
        }
    }
    Ok(kept)
}

/// Each once.
pub(crate) fn distinct(frame: &mut Frame<'_, '_>, items: Vec<Object>, at: usize) -> Result<Vec<Object>, Fault> {
    distinct_from(frame, items, 0, at)
}

/// Each once, of which the first `known` are already.
pub(crate) fn distinct_from(
    frame: &mut Frame<'_, '_>,
    mut distinct: Vec<Object>,
    known: usize,
    at: usize,
) -> Result<Vec<Object>, Fault> {
    for item in distinct.split_off(known) {
        frame.spend(distinct.len(), at)?;
        if !distinct.iter().any(|known| frame.heap.same(known, &item, MAX_DEPTH)) {
            distinct.push(item);
        }
    }
    Ok(distinct)
}

/// `Optional.name(arguments)`; `None`: there is no such one.
pub(crate) fn made_optional(
    frame: &mut Frame<'_, '_>,
    name: &str,
    arguments: &[Object],
    at: usize,
) -> Result<Option<Object>, Fault> {
    match (name, arguments) {
        ("empty", []) => optional(frame, None, at).map(Some),
        ("of" | "ofNullable", [value]) => {
            let value = Some(value.clone()).filter(|value| !value.is_null());
            optional(frame, value, at).map(Some)
        }
        _ => Ok(None),
    }
}

/// A method of what may be there; `None`: there is no such one.
pub(crate) fn of_optional(
    frame: &mut Frame<'_, '_>,
    object: &Object,
    (name, at): (&str, usize),
    arguments: &[Object],
) -> Result<Option<Object>, Fault> {
    let Object::Optional(place) = *object else { return Ok(None) };
    let value = frame.heap.items(place).first().cloned();
    let none = || Fault::new(at, ErrorKind::NoSuchElement, "No value present");
    Ok(Some(match (name, arguments) {
        ("get" | "getAsInt" | "getAsLong" | "getAsDouble" | "orElseThrow", []) => value.ok_or_else(none)?,
        ("isPresent", []) => Object::bool(value.is_some()),
        ("isEmpty", []) => Object::bool(value.is_none()),
        ("orElse", [other]) => value.unwrap_or_else(|| other.clone()),
        ("orElseGet", [Object::Lambda(function)]) => match value {
            Some(value) => value,
            None => frame.call(function, Vec::new(), at)?,
        },
        ("ifPresent", [Object::Lambda(function)]) => {
            if let Some(value) = value {
                frame.call(function, vec![value], at)?;
            }
            Object::NULL
        }
        ("map" | "flatMap" | "filter", [Object::Lambda(function)]) => {
            let Some(value) = value else { return Ok(Some(object.clone())) };
            let made = frame.call(function, vec![value.clone()], at)?;
            match name {
                "flatMap" => made,
                "map" => optional(frame, Some(made).filter(|made| !made.is_null()), at)?,
                _ => optional(frame, Some(value).filter(|_| is_true(&made)), at)?,
            }
        }
        _ => return Ok(None),
    }))
}

/// The items of a list as a stream.
pub(crate) fn opened(frame: &mut Frame<'_, '_>, object: &Object, at: usize) -> Result<Option<Object>, Fault> {
    let Some(place) = place_of(object) else { return Ok(None) };
    let items = frame.heap.items(place).to_vec();
    stream(frame, items, Of::Objects, at).map(Some)
}
