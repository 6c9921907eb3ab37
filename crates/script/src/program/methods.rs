//! What values can do: fields and methods of lists, maps, values of a document, and the few classes that are known.

use std::cmp::Ordering;
use std::sync::Arc;

use model::error::ErrorKind;

use super::dates;
use super::object::{Fields, Heap, Object, date_text};
use super::run::{Frame, MAX_DEPTH};
use super::texts;
use crate::expression::fault::Fault;
use crate::expression::math;
use crate::expression::operate;
use crate::expression::value::{Type, Value};

type Outcome = Result<Object, Fault>;

fn int(number: usize) -> Object {
    Object::Plain(Value::Int(i32::try_from(number).unwrap_or(i32::MAX)))
}

/// `of.name`
pub(crate) fn member(frame: &mut Frame<'_, '_>, of: &Object, name: &str, at: usize) -> Outcome {
    match of {
        Object::Map(place) => Ok(frame.heap.fields(*place).get(name).cloned().unwrap_or(Object::NULL)),
        Object::List(place) if name == "length" => Ok(int(frame.heap.items(*place).len())),
        Object::Values(_) => {
            let method = match name {
                "value" => "getValue",
                "values" => "getValues",
                "empty" => "isEmpty",
                "length" => "size",
                other => return place_member(frame, of, other, at),
            };
            call(frame, of, (method, at), Vec::new())
        }
        Object::Date(ms) => dates::member(*ms, name).ok_or_else(|| no_field(of, name, at)),
        Object::Point { lat, lon } => match name {
            "lat" => Ok(Object::Plain(Value::Double(*lat))),
            "lon" => Ok(Object::Plain(Value::Double(*lon))),
            _ => Err(no_field(of, name, at)),
        },
        _ => Err(no_field(of, name, at)),
    }
}

/// `doc['place'].lat`
fn place_member(frame: &mut Frame<'_, '_>, of: &Object, name: &str, at: usize) -> Outcome {
    let Object::Values(place) = of else { return Err(no_field(of, name, at)) };
    match (frame.heap.items(*place).first(), name) {
        (Some(Object::Point { lat, .. }), "lat") => Ok(Object::Plain(Value::Double(*lat))),
        (Some(Object::Point { lon, .. }), "lon") => Ok(Object::Plain(Value::Double(*lon))),
        (Some(Object::Date(ms)), name) => dates::member(*ms, name).ok_or_else(|| no_field(of, name, at)),
        _ => Err(no_field(of, name, at)),
    }
}

fn no_field(of: &Object, name: &str, at: usize) -> Fault {
    Fault::syntax(at, format!("dynamic getter [{}, {name}] not found", of.class()))
}

/// `of.name(arguments)`
pub(crate) fn call(
    frame: &mut Frame<'_, '_>,
    of: &Object,
    (name, at): (&str, usize),
    arguments: Vec<Object>,
) -> Outcome {
    frame.count(at)?;
    match (name, arguments.as_slice()) {
        ("equals", [other]) => return Ok(Object::bool(frame.heap.same(of, other, MAX_DEPTH))),
        ("toString", []) => return Ok(Object::text(&frame.shown(of, at)?)),
        ("hashCode", []) => return Err(Fault::missing(at, "[hashCode]")),
        _ => {}
    }
    let found = match of {
        Object::Plain(Value::Text(text)) => texts::call(frame, text, (name, at), &arguments)?,
        Object::Plain(value) => number(value, name, &arguments),
        Object::List(_) => list(frame, of, (name, at), &arguments)?,
        Object::Map(_) => map(frame, of, (name, at), &arguments)?,
        Object::Values(_) => values(frame, of, (name, at), &arguments)?,
        Object::Date(ms) => dates::call(*ms, name, &arguments),
        Object::Point { lat, lon } => match name {
            "getLat" => Some(Object::Plain(Value::Double(*lat))),
            "getLon" => Some(Object::Plain(Value::Double(*lon))),
            _ => None,
        },
        Object::Doc => doc(frame, name, &arguments, at)?,
        Object::Lambda(_) => None,
    };
    found.ok_or_else(|| Fault::missing(at, &format!("the method [{}, {name}/{}]", of.class(), arguments.len())))
}

fn number(value: &Value, name: &str, arguments: &[Object]) -> Option<Object> {
    let converted = |to| value.convert(to).map(Object::Plain);
    match (name, arguments) {
        ("intValue", []) => converted(Type::Int),
        ("longValue", []) => converted(Type::Long),
        ("floatValue", []) => converted(Type::Float),
        ("doubleValue", []) => converted(Type::Double),
        ("isNaN", []) => value.as_f64().map(|number| Object::bool(number.is_nan())),
        ("isInfinite", []) => value.as_f64().map(|number| Object::bool(number.is_infinite())),
        ("booleanValue", []) => {
            if let Value::Bool(flag) = value {
                Some(Object::bool(*flag))
            } else {
                None
            }
        }
        ("compareTo", [other]) => {
            let order = value.as_f64()?.partial_cmp(&other.as_f64()?)?;
            Some(Object::Plain(Value::Int(order as i32)))
        }
        _ => None,
    }
}

/// A place in a list; a negative one counts from the end.
pub(crate) fn place_in(index: &Object, length: usize, at: usize) -> Result<usize, Fault> {
    let number = match index {
        Object::Plain(Value::Int(number)) => i64::from(*number),
        Object::Plain(Value::Long(number)) => *number,
        other => return Err(Fault::cast(at, format!("cannot implicitly cast def [{}] to int", other.class()))),
    };
    let wanted = if number < 0 { length as i64 + number } else { number };
    usize::try_from(wanted).ok().filter(|wanted| *wanted < length).ok_or_else(|| {
        let reason = format!("Index {number} out of bounds for length {length}");
        Fault::new(at, ErrorKind::ArrayIndexOutOfBounds, reason)
    })
}

fn items_of<'h>(heap: &'h Heap, object: &Object) -> Option<&'h [Object]> {
    match object {
        Object::List(place) | Object::Values(place) => Some(heap.items(*place)),
        _ => None,
    }
}

/// Methods that look at a list; `None`: there is no such one.
fn looked(
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

fn list(
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
        ("clear", []) => {
            frame.heap.items_mut(place).clear();
            Object::NULL
        }
        ("sort", [order]) => {
            sort(frame, place, order, at)?;
            Object::NULL
        }
        _ => return Ok(None),
    }))
}

/// Sorts a list: by a function, or (null) by the order that texts and numbers have.
fn sort(frame: &mut Frame<'_, '_>, place: super::object::Place, order: &Object, at: usize) -> Result<(), Fault> {
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

fn map(
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
        ("size", []) => int(size),
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
fn entries(frame: &mut Frame<'_, '_>, place: super::object::Place, at: usize) -> Outcome {
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

/// Of a field of a document.
fn values(
    frame: &mut Frame<'_, '_>,
    of: &Object,
    (name, at): (&str, usize),
    arguments: &[Object],
) -> Result<Option<Object>, Fault> {
    let Object::Values(place) = *of else { return Ok(None) };
    let first = frame.heap.items(place).first().cloned();
    let first = || {
        first.clone().ok_or_else(|| {
            let reason = "A document doesn't have a value for a field! Use doc[<field>].size()==0 to check if a document is missing a field!";
            Fault::new(at, ErrorKind::IllegalState, reason)
        })
    };
    Ok(match (name, arguments) {
        ("getValue", []) => Some(first()?),
        ("getValues", []) => Some(of.clone()),
        ("getLat" | "getLon", []) => {
            let value = first()?;
            Some(member(frame, &value, if name == "getLat" { "lat" } else { "lon" }, at)?)
        }
        ("arcDistance" | "planeDistance", [lat, lon]) => match (first()?, lat.as_f64(), lon.as_f64()) {
            (Object::Point { lat: y, lon: x }, Some(lat), Some(lon)) if name == "arcDistance" => {
                use model::geo::GeoPoint;
                use model::geo::distance::DistanceKind;
                let metres = DistanceKind::Arc.metres(GeoPoint { lat: y, lon: x }, GeoPoint { lat, lon });
                Some(Object::Plain(Value::Double(metres)))
            }
            _ => None,
        },
        _ => looked(frame, of, (name, at), arguments)?,
    })
}

fn doc(frame: &mut Frame<'_, '_>, name: &str, arguments: &[Object], at: usize) -> Result<Option<Object>, Fault> {
    Ok(match (name, arguments) {
        ("containsKey", [field]) => {
            let field = frame.key(field, at)?;
            Some(Object::bool(frame.has_doc(&field)))
        }
        ("get", [field]) => {
            let field = frame.key(field, at)?;
            Some(frame.doc(&field, at)?)
        }
        _ => None,
    })
}

/// `Class.name(arguments)`
pub(crate) fn of_class(
    frame: &mut Frame<'_, '_>,
    (class, name): (&str, &str),
    arguments: &[Object],
    at: usize,
) -> Outcome {
    let missing = || Fault::missing(at, &format!("[{class}.{name}/{}]", arguments.len()));
    let number = |index: usize| arguments.get(index).and_then(Object::as_f64);
    if let ("Math", "max" | "min", [Object::Plain(a), Object::Plain(b)]) = (class, name, arguments) {
        // Always doubles, as in Painless.
        if let (Some(_), Some(_)) = (a.as_f64(), b.as_f64()) {
            let function = math::function(class, name, 2).ok_or_else(missing)?;
            return applied(function, &[number(0).unwrap_or(f64::NAN), number(1).unwrap_or(f64::NAN)]);
        }
    }
    if math::is_class(class)
        && let Some(function) = math::function(class, name, arguments.len())
    {
        let numbers: Option<Vec<f64>> = arguments.iter().map(Object::as_f64).collect();
        let numbers = numbers.ok_or_else(|| Fault::cast(at, "cannot implicitly cast to double"))?;
        return applied(function, &numbers);
    }
    let text = |index: usize| arguments.get(index).and_then(Object::as_text);
    let unreadable = |text: &str| Fault::new(at, ErrorKind::NumberFormat, format!("For input string: \"{text}\""));
    match (class, name, arguments.len()) {
        ("Integer", "parseInt" | "valueOf", 1) => match (text(0), &arguments[0]) {
            (Some(text), _) => text.parse().map(Value::Int).map(Object::Plain).map_err(|_| unreadable(text)),
            (None, other) => Ok(other.clone()),
        },
        ("Long", "parseLong" | "valueOf", 1) => match (text(0), &arguments[0]) {
            (Some(text), _) => text.parse().map(Value::Long).map(Object::Plain).map_err(|_| unreadable(text)),
            (None, Object::Plain(value)) => value.convert(Type::Long).map(Object::Plain).ok_or_else(missing),
            _ => Err(missing()),
        },
        ("Double", "parseDouble" | "valueOf", 1) => match (text(0), number(0)) {
            (Some(text), _) => text.trim().parse().map(Value::Double).map(Object::Plain).map_err(|_| unreadable(text)),
            (None, Some(number)) => Ok(Object::Plain(Value::Double(number))),
            _ => Err(missing()),
        },
        ("Float", "parseFloat", 1) => {
            let text = text(0).ok_or_else(missing)?;
            text.trim().parse().map(Value::Float).map(Object::Plain).map_err(|_| unreadable(text))
        }
        ("Boolean", "parseBoolean", 1) => {
            Ok(Object::bool(text(0).is_some_and(|text| text.eq_ignore_ascii_case("true"))))
        }
        ("String", "valueOf", 1) | ("Integer" | "Long" | "Double" | "Objects" | "Boolean" | "Float", "toString", 1) => {
            Ok(Object::text(&frame.shown(&arguments[0], at)?))
        }
        ("String", "join", 2) => {
            let items = items_of(frame.heap, &arguments[1]).map(<[Object]>::to_vec).ok_or_else(missing)?;
            let parts: Result<Vec<String>, Fault> = items.iter().map(|item| frame.shown(item, at)).collect();
            texts::bounded(parts?.join(text(0).ok_or_else(missing)?), at)
        }
        ("Objects", "equals", 2) => Ok(Object::bool(frame.heap.same(&arguments[0], &arguments[1], MAX_DEPTH))),
        ("Objects", "isNull", 1) => Ok(Object::bool(arguments[0].is_null())),
        ("Objects", "nonNull", 1) => Ok(Object::bool(!arguments[0].is_null())),
        ("Integer" | "Long" | "Double", "compare", 2) => {
            let order = number(0).zip(number(1)).ok_or_else(missing)?;
            Ok(Object::Plain(Value::Int(order.0.total_cmp(&order.1) as i32)))
        }
        ("Arrays", "asList", _) | ("List", "of", _) => {
            frame.take(arguments.len() + 1, at)?;
            Ok(frame.heap.list(arguments.to_vec()))
        }
        ("Collections", "emptyList", 0) => Ok(frame.heap.list(Vec::new())),
        ("Collections", "emptyMap", 0) => Ok(frame.heap.map(Fields::default())),
        ("Collections", "sort", 1) => match arguments[0] {
            Object::List(place) => sort(frame, place, &Object::NULL, at).map(|()| Object::NULL),
            _ => Err(missing()),
        },
        ("Instant", "ofEpochMilli", 1) => number(0).map(|ms| Object::Date(ms as i64)).ok_or_else(missing),
        ("ZonedDateTime" | "Instant", "parse", 1) => dates::parse(text(0).ok_or_else(missing)?)
            .map_err(|reason| Fault::new(at, ErrorKind::IllegalArgument, reason)),
        _ => Err(missing()),
    }
}

fn applied(function: math::Function, numbers: &[f64]) -> Outcome {
    let number = |index: usize| numbers.get(index).copied().unwrap_or(f64::NAN);
    Ok(Object::Plain(match function {
        math::Function::One(apply) => Value::Double(apply(number(0))),
        math::Function::Two(apply) => Value::Double(apply(number(0), number(1))),
        math::Function::Round => Value::Long(math::round(number(0))),
        math::Function::Test(apply) => Value::Bool(apply(number(0))),
    }))
}

/// `new Class(arguments)`
pub(crate) fn made(frame: &mut Frame<'_, '_>, class: &str, arguments: &[Object], at: usize) -> Outcome {
    frame.take(1, at)?;
    match (class, arguments) {
        ("ArrayList" | "LinkedList" | "HashSet" | "LinkedHashSet" | "TreeSet", []) => Ok(frame.heap.list(Vec::new())),
        ("ArrayList" | "LinkedList", [Object::Plain(Value::Int(_))]) => Ok(frame.heap.list(Vec::new())),
        ("ArrayList" | "LinkedList" | "HashSet" | "LinkedHashSet", [others]) => {
            let others = items_of(frame.heap, others).map(<[Object]>::to_vec);
            let mut others = others.ok_or_else(|| Fault::missing(at, &format!("[new {class}] of this")))?;
            frame.take(others.len(), at)?;
            if class.ends_with("Set") {
                let mut distinct: Vec<Object> = Vec::new();
                for other in others {
                    frame.count(at)?;
                    if !distinct.iter().any(|known| frame.heap.same(known, &other, MAX_DEPTH)) {
                        distinct.push(other);
                    }
                }
                others = distinct;
            }
            Ok(frame.heap.list(others))
        }
        ("HashMap" | "LinkedHashMap" | "TreeMap", []) => Ok(frame.heap.map(Fields::default())),
        ("HashMap" | "LinkedHashMap", [Object::Map(place)]) => {
            let copy = frame.heap.fields(*place).clone();
            frame.take(copy.len(), at)?;
            Ok(frame.heap.map(copy))
        }
        ("IllegalArgumentException" | "RuntimeException" | "Exception", [Object::Plain(Value::Text(text))]) => {
            Ok(Object::Plain(Value::Text(text.clone())))
        }
        _ => Err(Fault::missing(at, &format!("[new {class}]"))),
    }
}

pub(crate) fn instance_of(of: &Object, class: &str, at: usize) -> Result<bool, Fault> {
    Ok(match (class, of) {
        (_, Object::Plain(Value::Null)) => false,
        ("Object" | "def", _) => true,
        ("String", of) => of.as_text().is_some(),
        ("Number", of) => of.as_f64().is_some(),
        ("Integer", Object::Plain(value)) => matches!(value, Value::Int(_)),
        ("Long", Object::Plain(value)) => matches!(value, Value::Long(_)),
        ("Double", Object::Plain(value)) => matches!(value, Value::Double(_)),
        ("Float", Object::Plain(value)) => matches!(value, Value::Float(_)),
        ("Boolean", Object::Plain(value)) => matches!(value, Value::Bool(_)),
        ("List" | "ArrayList" | "Collection" | "Iterable", of) => matches!(of, Object::List(_) | Object::Values(_)),
        ("Map" | "HashMap" | "LinkedHashMap", of) => matches!(of, Object::Map(_)),
        ("ZonedDateTime" | "Instant", of) => matches!(of, Object::Date(_)),
        ("Integer" | "Long" | "Double" | "Float" | "Boolean", _) => false,
        _ => return Err(Fault::missing(at, &format!("[instanceof {class}]"))),
    })
}

/// As Java shows it, to a depth.
pub(crate) fn shown(heap: &Heap, object: &Object, (depth, at): (usize, usize)) -> Result<String, Fault> {
    let deeper = depth.checked_sub(1).ok_or_else(|| Fault::syntax(at, "a value nests too deep to be shown"))?;
    let joined = |parts: Result<Vec<String>, Fault>, (open, close): (char, char)| {
        let text = format!("{open}{}{close}", parts?.join(", "));
        if text.len() > texts::MAX_TEXT { Err(texts::too_long(at)) } else { Ok(text) }
    };
    match object {
        Object::Plain(value) => operate::shown(value, at),
        Object::List(place) | Object::Values(place) => {
            joined(heap.items(*place).iter().map(|item| shown(heap, item, (deeper, at))).collect(), ('[', ']'))
        }
        Object::Map(place) => {
            let entry = |(key, value): &(Arc<str>, Object)| Ok(format!("{key}={}", shown(heap, value, (deeper, at))?));
            joined(heap.fields(*place).iter().map(entry).collect(), ('{', '}'))
        }
        Object::Date(ms) => Ok(date_text(*ms)),
        Object::Point { lat, lon } => Ok(format!("{lat}, {lon}")),
        Object::Doc | Object::Lambda(_) => Ok(object.class().to_owned()),
    }
}
