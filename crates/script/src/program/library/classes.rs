//! What the few classes that are known can do: their functions, what is made of them, which values are theirs.

use std::cmp::Ordering;
use std::sync::{Arc, Mutex};

use model::error::ErrorKind;

use super::clocks;
use super::lists::{items_of, sort};
use super::streams::{self, Of};
use super::texts;
use super::{collectors, exceptions};
use crate::expression::fault::Fault;
use crate::expression::math;
use crate::expression::value::{Type, Value};
use crate::program::functions;
use crate::program::object::{Fields, Function, Object};
use crate::program::run::{Frame, MAX_DEPTH};

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
    if let Some(found) = of_functions(frame, (class, name), arguments, at)? {
        return Ok(found);
    }
    let text = |index: usize| arguments.get(index).and_then(Object::as_text);
    match (class, name, arguments.len()) {
        ("String", "copyValueOf", 1) => {
            let letters = items_of(frame.heap, &arguments[0]).map(<[Object]>::to_vec).ok_or_else(missing)?;
            texts::bounded(letters.iter().filter_map(Object::as_text).collect(), at)
        }
        ("String", "valueOf", 1) | ("Integer" | "Long" | "Double" | "Boolean" | "Float", "toString", 1) => {
            Ok(Object::text(&frame.shown(&arguments[0], at)?))
        }
        ("String", "join", 2) => {
            let items = items_of(frame.heap, &arguments[1]).map(<[Object]>::to_vec).ok_or_else(missing)?;
            let parts: Result<Vec<String>, Fault> = items.iter().map(|item| frame.shown(item, at)).collect();
            texts::bounded(parts?.join(text(0).ok_or_else(missing)?), at)
        }
        ("Objects", _, _) => of_objects(frame, name, arguments, at)?.ok_or_else(missing),
        ("Integer" | "Long", "signum", 1) => {
            let number = number(0).ok_or_else(missing)?;
            Ok(Object::Plain(Value::Int(if number == 0.0 { 0 } else { number.signum() as i32 })))
        }
        ("Integer" | "Long" | "Double", "compare", 2) => {
            let order = number(0).zip(number(1)).ok_or_else(missing)?;
            Ok(Object::Plain(Value::Int(order.0.total_cmp(&order.1) as i32)))
        }
        ("Arrays", "asList", _) | ("List", "of", _) => {
            frame.take(arguments.len() + 1, at)?;
            Ok(frame.heap.list(arguments.to_vec()))
        }
        ("Collections", _, _) => collections(frame, name, arguments, at)?.ok_or_else(missing),
        ("Character", "of", 1) => match number(0).and_then(|code| char::from_u32(code as u32)) {
            Some(letter) => Ok(Object::text(letter.encode_utf8(&mut [0; 4]))),
            None => Ok(arguments[0].clone()),
        },
        ("String", "format", _) => super::formats::format(frame, arguments, at),
        ("Character", _, 1) => {
            let letter = text(0).and_then(|text| text.chars().next()).ok_or_else(missing)?;
            of_letter(letter, name).ok_or_else(missing)
        }
        _ if clocks::CLASSES.contains(&class) => clocks::call((class, name), arguments, at)?.ok_or_else(missing),
        _ => Err(missing()),
    }
}

/// Functions, streams and what goes with them; `None`: the class is another.
fn of_functions(
    frame: &mut Frame<'_, '_>,
    (class, name): (&str, &str),
    arguments: &[Object],
    at: usize,
) -> Result<Option<Object>, Fault> {
    match (class, name, arguments) {
        ("Collectors", ..) => collectors::made(name, arguments, at),
        ("Comparator" | "Entry", ..) => functions::order(name, arguments, at),
        ("IntStream", ..) => streams::made(frame, (Of::Ints, name), arguments, at),
        ("LongStream", ..) => streams::made(frame, (Of::Longs, name), arguments, at),
        ("Optional" | "OptionalInt" | "OptionalLong" | "OptionalDouble", ..) => {
            streams::made_optional(frame, name, arguments, at)
        }
        ("Function" | "UnaryOperator", "identity", []) => {
            Ok(Some(Object::Lambda(Function::plain(functions::Callable::Named("Function".into(), "identity".into())))))
        }
        ("Function", "identity", [given]) => Ok(Some(given.clone())),
        _ => Ok(None),
    }
}

/// `Objects.name(arguments)`; `None`: there is no such one.
fn of_objects(frame: &mut Frame<'_, '_>, name: &str, arguments: &[Object], at: usize) -> Result<Option<Object>, Fault> {
    Ok(Some(match (name, arguments) {
        ("equals", [a, b]) => Object::bool(frame.heap.same(a, b, MAX_DEPTH)),
        ("isNull", [of]) => Object::bool(of.is_null()),
        ("nonNull", [of]) => Object::bool(!of.is_null()),
        ("requireNonNull", [of]) => of.clone(),
        ("toString", [of]) => Object::text(&frame.shown(of, at)?),
        ("toString", [of, default]) if of.is_null() => default.clone(),
        ("toString", [of, _]) => Object::text(&frame.shown(of, at)?),
        _ => return Ok(None),
    }))
}

/// `Collections.name(arguments)`; `None`: there is no such one.
fn collections(
    frame: &mut Frame<'_, '_>,
    name: &str,
    arguments: &[Object],
    at: usize,
) -> Result<Option<Object>, Fault> {
    let items = arguments.first().and_then(|of| items_of(frame.heap, of)).map(<[Object]>::to_vec).unwrap_or_default();
    let order = if let Some(Object::Lambda(order)) = arguments.get(1) { Some(order) } else { None };
    Ok(Some(match (name, arguments) {
        ("emptyList", []) => frame.list(Vec::new(), at)?,
        ("emptySet", []) => frame.set(Vec::new()),
        ("emptyMap", []) => frame.heap.map(Fields::default()),
        ("singletonList", [one]) => frame.list(vec![one.clone()], at)?,
        ("singleton", [one]) => frame.set(vec![one.clone()]),
        ("unmodifiableList" | "unmodifiableSet" | "unmodifiableMap" | "unmodifiableCollection", [of]) => of.clone(),
        ("sort", [Object::List(place)]) => sort(frame, *place, &Object::NULL, at).map(|()| Object::NULL)?,
        ("sort", [Object::List(place), order]) => sort(frame, *place, order, at).map(|()| Object::NULL)?,
        ("reverse", [Object::List(place)]) => {
            frame.spend(items.len(), at)?;
            frame.heap.items_mut(*place).reverse();
            Object::NULL
        }
        ("reverseOrder", []) => return functions::order("reverseOrder", &[], at),
        ("max" | "min", [_] | [_, Object::Lambda(_)]) => {
            let wanted = if name == "max" { Ordering::Greater } else { Ordering::Less };
            let none = || Fault::new(at, ErrorKind::NoSuchElement, "");
            streams::best(frame, &items, (order, wanted), at)?.ok_or_else(none)?
        }
        ("frequency", [_, wanted]) => {
            let same = items.iter().filter(|item| frame.heap.same(item, wanted, MAX_DEPTH)).count();
            super::methods::int(same)
        }
        _ => return Ok(None),
    }))
}

/// `Character.name(letter)`; `None`: there is no such one.
fn of_letter(letter: char, name: &str) -> Option<Object> {
    let shown = |letter: char| Object::text(letter.encode_utf8(&mut [0; 4]));
    Some(match name {
        "isDigit" => Object::bool(letter.is_numeric()),
        "isLetter" | "isAlphabetic" => Object::bool(letter.is_alphabetic()),
        "isLetterOrDigit" => Object::bool(letter.is_alphanumeric()),
        "isUpperCase" => Object::bool(letter.is_uppercase()),
        "isLowerCase" => Object::bool(letter.is_lowercase()),
        "isWhitespace" | "isSpaceChar" => Object::bool(letter.is_whitespace()),
        "toUpperCase" => shown(letter.to_uppercase().next()?),
        "toLowerCase" => shown(letter.to_lowercase().next()?),
        "toString" => shown(letter),
        "getNumericValue" => Object::Plain(Value::Int(letter.to_digit(36).map_or(-1, |digit| digit as i32))),
        _ => return None,
    })
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
    if let Some(thrown) = exceptions::made(class, arguments) {
        return Ok(thrown);
    }
    match (class, arguments) {
        ("ArrayList" | "LinkedList" | "ArrayDeque" | "Stack", [] | [Object::Plain(Value::Int(_))]) => {
            Ok(frame.heap.list(Vec::new()))
        }
        ("HashSet" | "LinkedHashSet", [] | [Object::Plain(Value::Int(_))]) => Ok(frame.set(Vec::new())),
        ("ArrayList" | "LinkedList" | "ArrayDeque" | "HashSet" | "LinkedHashSet", [others]) => {
            let others = match others {
                Object::View(place, part) => Some(super::maps::viewed(frame, (*place, *part), at)?),
                others => items_of(frame.heap, others).map(<[Object]>::to_vec),
            };
            let others = others.ok_or_else(|| Fault::missing(at, &format!("[new {class}] of this")))?;
            frame.take(others.len(), at)?;
            if class.ends_with("Set") {
                let others = streams::distinct(frame, others, at)?;
                return Ok(frame.set(others));
            }
            Ok(frame.heap.list(others))
        }
        ("SimpleDateFormat", [pattern] | [pattern, _]) => clocks::pattern(pattern.as_text(), at),
        ("Date", [ms]) => clocks::call(("Instant", "ofEpochMilli"), std::slice::from_ref(ms), at)?
            .ok_or_else(|| Fault::missing(at, "[new Date] of this")),
        ("StringBuilder" | "StringBuffer", [] | [_]) => {
            let text = match arguments {
                [text @ Object::Plain(Value::Text(_))] => frame.shown(text, at)?,
                _ => String::new(),
            };
            Ok(Object::Builder(Arc::new(Mutex::new(text))))
        }
        ("HashMap" | "LinkedHashMap", [] | [Object::Plain(Value::Int(_))]) => Ok(frame.heap.map(Fields::default())),
        ("HashMap" | "LinkedHashMap", [Object::Map(place)]) => {
            let copy = frame.heap.fields(*place).clone();
            frame.take(copy.len(), at)?;
            Ok(frame.heap.map(copy))
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
        ("Set" | "HashSet", of) => matches!(of, Object::Set(_) | Object::View(..)),
        ("Collection" | "Iterable", of) => matches!(of, Object::View(..)) || super::lists::place_of(of).is_some(),
        ("List" | "ArrayList", of) => matches!(of, Object::List(_) | Object::Values(_)),
        (class, Object::Thrown(thrown)) => exceptions::is_a(thrown.kind, class),
        ("Map" | "HashMap" | "LinkedHashMap", of) => matches!(of, Object::Map(_)),
        ("ZonedDateTime", Object::Date(_)) => true,
        (class, Object::Time(time)) => time.class().ends_with(class),
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
        ("Integer" | "Long", "toBinaryString" | "toHexString" | "toOctalString", 1) => {
            let bits = match &arguments[0] {
                Object::Plain(Value::Int(number)) => u64::from(*number as u32),
                Object::Plain(Value::Long(number)) => *number as u64,
                _ => return Err(missing()),
            };
            let shown = match name {
                "toBinaryString" => format!("{bits:b}"),
                "toHexString" => format!("{bits:x}"),
                _ => format!("{bits:o}"),
            };
            Ok(Object::text(&shown))
        }
        ("Integer" | "Long", "parseInt" | "parseLong", 2) => {
            let (text, radix) = (text(0).ok_or_else(missing)?, number(1).map_or(0, |radix| radix as u32));
            let radix = Some(radix).filter(|radix| (2..=36).contains(radix)).ok_or_else(missing)?;
            let found = i64::from_str_radix(text, radix).map_err(|_| unreadable(text))?;
            match name {
                "parseInt" => i32::try_from(found).map(Value::Int).map(Object::Plain).map_err(|_| unreadable(text)),
                _ => Ok(Object::Plain(Value::Long(found))),
            }
        }
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
        ("Boolean", "parseBoolean" | "valueOf", 1) => {
            Ok(Object::bool(text(0).is_some_and(|text| text.eq_ignore_ascii_case("true"))))
        }
        _ => return Ok(None),
    }
    .map(Some)
}
