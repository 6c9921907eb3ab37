//! What the few classes that are known can do: their functions, what is made of them, which values are theirs.

use model::error::ErrorKind;

use super::dates;
use super::lists::{items_of, sort};
use super::object::{Fields, Object};
use super::run::{Frame, MAX_DEPTH};
use super::texts;
use crate::expression::fault::Fault;
use crate::expression::math;
use crate::expression::value::{Type, Value};

type Outcome = Result<Object, Fault>;

/// The class of functions that need none.
pub(crate) const FREE: &str = "";

/// `Class.name(arguments)`
pub(crate) fn call(frame: &mut Frame<'_, '_>, (class, name): (&str, &str), arguments: &[Object], at: usize) -> Outcome {
    if class == FREE {
        if super::scoring::is_known(name) {
            return super::scoring::call(name, arguments, at);
        }
        return super::vectors::call(frame, name, arguments, at);
    }
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
    if let Some(read) = read_number((class, name), arguments, at)? {
        return Ok(read);
    }
    let text = |index: usize| arguments.get(index).and_then(Object::as_text);
    match (class, name, arguments.len()) {
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

/// `Integer.parseInt(..)` and its kin; `None`: it is none of them.
fn read_number((class, name): (&str, &str), arguments: &[Object], at: usize) -> Result<Option<Object>, Fault> {
    let missing = || Fault::missing(at, &format!("[{class}.{name}/{}]", arguments.len()));
    let unreadable = |text: &str| Fault::new(at, ErrorKind::NumberFormat, format!("For input string: \"{text}\""));
    let text = |index: usize| arguments.get(index).and_then(Object::as_text);
    let number = |index: usize| arguments.get(index).and_then(Object::as_f64);
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
        _ => return Ok(None),
    }
    .map(Some)
}
