//! What values can do: fields and methods, by the kind of value.

use std::sync::Arc;

use model::error::ErrorKind;

use super::builders;
use super::calendar;
use super::calendar::time_of;
use super::lists;
use super::maps;
use super::patterns;
use super::streams;
use super::texts;
use crate::expression::fault::Fault;
use crate::expression::operate;
use crate::expression::value::{Type, Value};
use crate::program::functions;
use crate::program::object::{Heap, Object, Part};
use crate::program::run::{Frame, MAX_DEPTH};

type Outcome = Result<Object, Fault>;

pub(crate) fn int(number: usize) -> Object {
    Object::Plain(Value::Int(i32::try_from(number).unwrap_or(i32::MAX)))
}

/// `of.name`
pub(crate) fn member(frame: &mut Frame<'_, '_>, of: &Object, name: &str, at: usize) -> Outcome {
    match of {
        Object::Map(place) => Ok(frame.heap.fields(*place).get(name).cloned().unwrap_or(Object::NULL)),
        Object::Doc => frame.doc(name, at),
        Object::List(place) | Object::Array(place) if name == "length" => Ok(int(frame.heap.items(*place).len())),
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
        Object::Date(_) | Object::Time(_) => {
            let found = time_of(of).and_then(|time| calendar::member(&time, name));
            found.ok_or_else(|| no_field(of, name, at))
        }
        Object::Point { lat, lon } => match name {
            "lat" => Ok(Object::Plain(Value::Double(*lat))),
            "lon" => Ok(Object::Plain(Value::Double(*lon))),
            _ => Err(no_field(of, name, at)),
        },
        Object::Entry(..) if name == "key" => call(frame, of, ("getKey", at), Vec::new()),
        Object::Entry(..) if name == "value" => call(frame, of, ("getValue", at), Vec::new()),
        Object::Thrown(_) if name == "message" => call(frame, of, ("getMessage", at), Vec::new()),
        _ => Err(no_field(of, name, at)),
    }
}

/// `doc['place'].lat`
fn place_member(frame: &mut Frame<'_, '_>, of: &Object, name: &str, at: usize) -> Outcome {
    let Object::Values(place) = of else { return Err(no_field(of, name, at)) };
    match (frame.heap.items(*place).first(), name) {
        (Some(Object::Point { lat, .. }), "lat") => Ok(Object::Plain(Value::Double(*lat))),
        (Some(Object::Point { lon, .. }), "lon") => Ok(Object::Plain(Value::Double(*lon))),
        (Some(first @ (Object::Date(_) | Object::Time(_))), name) => {
            let found = time_of(first).and_then(|time| calendar::member(&time, name));
            found.ok_or_else(|| no_field(of, name, at))
        }
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
        ("hashCode", []) => return hash(of, at),
        _ => {}
    }
    let found = match of {
        Object::Plain(Value::Text(text)) => texts::call(frame, text, (name, at), &arguments)?,
        Object::Plain(value) => number(value, name, &arguments),
        Object::List(_) | Object::Set(_) | Object::Array(_) => lists::call(frame, of, (name, at), &arguments)?,
        Object::Entry(entry) => maps::of_entry(frame, (entry.0, &entry.1), (name, at), &arguments)?,
        Object::View(place, part) => maps::of_view(frame, (*place, *part), (name, at), &arguments)?,
        Object::Stream(..) => streams::call(frame, of, (name, at), &arguments)?,
        Object::Optional(_) => streams::of_optional(frame, of, (name, at), &arguments)?,
        Object::Iterator(place) => super::augmented::of_iterator(frame, *place, name, at)?,
        Object::Pattern(pattern) => patterns::method(frame, pattern, (name, at), &arguments)?,
        Object::Matcher(matcher) => patterns::matcher(frame, matcher, (name, at), &arguments)?,
        Object::Builder(builder) => match builders::call(frame, (of, builder), (name, at), &arguments)? {
            Some(done) => Some(done),
            None => texts::call(frame, &builders::text(builder), (name, at), &arguments)?,
        },
        Object::Thrown(thrown) => thrown.call(name),
        Object::Lambda(function) => functions::method(frame, function, (name, at), &arguments)?,
        Object::Collector(..) => None,
        Object::Map(_) => maps::call(frame, of, (name, at), &arguments)?,
        Object::Values(_) => values(frame, of, (name, at), &arguments)?,
        Object::Date(_) | Object::Time(_) => match time_of(of) {
            Some(time) => calendar::call(&time, name, &arguments, at)?,
            None => None,
        },
        Object::Point { lat, lon } => match name {
            "getLat" => Some(Object::Plain(Value::Double(*lat))),
            "getLon" => Some(Object::Plain(Value::Double(*lon))),
            _ => None,
        },
        Object::Doc => doc(frame, name, &arguments, at)?,
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
        _ => lists::looked(frame, of, (name, at), arguments)?,
    })
}

/// As Java has it of texts and numbers.
fn hash(of: &Object, at: usize) -> Outcome {
    let wide = |bits: u64| (bits ^ (bits >> 32)) as i32;
    let Object::Plain(value) = of else { return Err(Fault::missing(at, "[hashCode] of this")) };
    Ok(Object::Plain(Value::Int(match value {
        Value::Text(text) => {
            text.encode_utf16().fold(0_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)))
        }
        Value::Int(number) => *number,
        Value::Long(number) => wide(*number as u64),
        Value::Double(number) => wide(number.to_bits()),
        Value::Float(number) => number.to_bits() as i32,
        Value::Bool(flag) => {
            if *flag {
                1231
            } else {
                1237
            }
        }
        _ => return Err(Fault::missing(at, "[hashCode] of this")),
    })))
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

/// As Java shows it, to a depth.
pub(crate) fn shown(heap: &Heap, object: &Object, (depth, at): (usize, usize)) -> Result<String, Fault> {
    let deeper = depth.checked_sub(1).ok_or_else(|| Fault::syntax(at, "a value nests too deep to be shown"))?;
    let joined = |parts: Result<Vec<String>, Fault>, (open, close): (char, char)| {
        let text = format!("{open}{}{close}", parts?.join(", "));
        if text.len() > texts::MAX_TEXT { Err(texts::too_long(at)) } else { Ok(text) }
    };
    match object {
        Object::Plain(value) => operate::shown(value, at),
        Object::List(place) | Object::Values(place) | Object::Set(place) | Object::Array(place) => {
            joined(heap.items(*place).iter().map(|item| shown(heap, item, (deeper, at))).collect(), ('[', ']'))
        }
        Object::Map(place) => {
            let entry = |(key, value): &(Arc<str>, Object)| Ok(format!("{key}={}", shown(heap, value, (deeper, at))?));
            joined(heap.fields(*place).iter().map(entry).collect(), ('{', '}'))
        }
        Object::Date(_) | Object::Time(_) => Ok(time_of(object).map_or_else(String::new, |time| time.shown())),
        Object::Point { lat, lon } => Ok(format!("{lat}, {lon}")),
        Object::View(place, part) => {
            let entry = |(key, value): &(Arc<str>, Object)| {
                Ok(match part {
                    Part::Keys => key.to_string(),
                    Part::Values => shown(heap, value, (deeper, at))?,
                    Part::Entries => format!("{key}={}", shown(heap, value, (deeper, at))?),
                })
            };
            joined(heap.fields(*place).iter().map(entry).collect(), ('[', ']'))
        }
        Object::Entry(entry) => {
            let (place, key) = &**entry;
            let value = heap.fields(*place).get(key).unwrap_or(&Object::NULL);
            Ok(format!("{key}={}", shown(heap, value, (deeper, at))?))
        }
        Object::Optional(place) => Ok(match heap.items(*place).first() {
            Some(value) => format!("Optional[{}]", shown(heap, value, (deeper, at))?),
            None => "Optional.empty".to_owned(),
        }),
        Object::Builder(builder) => Ok(builders::text(builder)),
        Object::Pattern(pattern) => Ok(pattern.source().to_owned()),
        Object::Thrown(thrown) => Ok(thrown.shown()),
        _ => Ok(object.class().to_owned()),
    }
}
