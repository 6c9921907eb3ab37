//! Functions of scores that need no class: saturation, sigmoid, and how a value decays with its distance from an origin.

use model::date::{DEFAULT_FORMAT, DateFormat, Moment};
use model::error::ErrorKind;
use model::geo::distance::{DistanceUnit, arc_m, parse_distance};
use model::geo::read::{Corner, text as place};
use model::geo::{GeoPoint, distance};

use crate::expression::fault::Fault;
use crate::expression::value::Value;
use crate::program::object::Object;

/// How what is left of a score depends on the distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Linear,
    Exp,
    Gauss,
}

/// What a distance is one of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    Numbers,
    Places,
    Dates,
}

/// Whether there is such a function.
pub(crate) fn is_known(name: &str) -> bool {
    matches!(name, "saturation" | "sigmoid") || decay(name).is_some()
}

fn decay(name: &str) -> Option<(Over, Shape)> {
    let rest = name.strip_prefix("decay")?;
    let overs = [("Numeric", Over::Numbers), ("Geo", Over::Places), ("Date", Over::Dates)];
    let (shape, over) = overs.into_iter().find_map(|(word, over)| Some((rest.strip_prefix(word)?, over)))?;
    let shapes = [("Linear", Shape::Linear), ("Exp", Shape::Exp), ("Gauss", Shape::Gauss)];
    shapes.into_iter().find(|(word, _)| *word == shape).map(|(_, shape)| (over, shape))
}

/// `saturation(value, k)`, `sigmoid(value, k, a)`, `decayNumericLinear(origin, scale, offset, decay, value)` and its kin.
///
/// # Errors
/// Another number of arguments, or of other types; texts that are no place, length, moment or time.
pub(crate) fn call(name: &str, arguments: &[Object], at: usize) -> Result<Object, Fault> {
    let number = |index: usize| {
        let found = arguments.get(index).and_then(Object::as_f64);
        found.ok_or_else(|| Fault::cast(at, format!("[{name}] takes a number as argument {}", index + 1)))
    };
    let wanted = match (name, decay(name)) {
        ("saturation", _) => 2,
        ("sigmoid", _) => 3,
        _ => 5,
    };
    if arguments.len() != wanted {
        let reason = format!("Unknown call [{name}] with [{}] arguments.", arguments.len());
        return Err(Fault::new(at, ErrorKind::IllegalArgument, reason));
    }
    let found = match decay(name) {
        Some((over, shape)) => {
            let (distance, scale) = distance_of(over, name, arguments, at)?;
            left(shape, distance, scale, number(3)?)
        }
        None if name == "saturation" => number(0)? / (number(1)? + number(0)?),
        None => {
            let (value, k, power) = (number(0)?, number(1)?, number(2)?);
            value.powf(power) / (k.powf(power) + value.powf(power))
        }
    };
    Ok(Object::Plain(Value::Double(found)))
}

/// What is left at a distance, when `decay` is left at `scale`.
fn left(shape: Shape, distance: f64, scale: f64, decay: f64) -> f64 {
    match shape {
        Shape::Linear => {
            let end = scale / (1.0 - decay);
            ((end - distance) / end).max(0.0)
        }
        Shape::Exp => (decay.ln() / scale * distance).exp(),
        Shape::Gauss => (0.5 * distance * distance / (0.5 * scale * scale / decay.ln())).exp(),
    }
}

/// How far the value is from the origin, beyond the offset, and the scale; in the unit of what is compared.
fn distance_of(over: Over, name: &str, arguments: &[Object], at: usize) -> Result<(f64, f64), Fault> {
    let wrong = |reason: String| Fault::new(at, ErrorKind::IllegalArgument, reason);
    let takes = |what: &str| Fault::cast(at, format!("[{name}] takes {what}"));
    let text = |index: usize| arguments[index].as_text().ok_or_else(|| takes("texts as origin, scale and offset"));
    let (apart, scale, offset) = match over {
        Over::Numbers => {
            let number = |index: usize| arguments[index].as_f64().ok_or_else(|| takes("numbers"));
            ((number(4)? - number(0)?).abs(), number(1)?, number(2)?)
        }
        Over::Places => {
            let Object::Point { lat, lon } = arguments[4] else { return Err(takes("a place as value")) };
            let origin = place(text(0)?, false, Corner::BottomLeft).map_err(|error| wrong(error.reason))?;
            (arc_m(GeoPoint { lat, lon }, origin), metres(text(1)?, at)?, metres(text(2)?, at)?)
        }
        Over::Dates => {
            let Some(Moment { ms, .. }) = arguments[4].as_moment() else { return Err(takes("a moment as value")) };
            let format = DateFormat::parse_pattern(DEFAULT_FORMAT).map_err(|error| wrong(error.reason))?;
            let origin = format.parse(text(0)?, None).map_err(|error| wrong(error.reason))?;
            let origin = origin.stored(model::date::DateResolution::Millis).map_err(|error| wrong(error.reason))?;
            ((ms - origin).abs() as f64, milliseconds(text(1)?, at)?, milliseconds(text(2)?, at)?)
        }
    };
    Ok(((apart - offset).max(0.0), scale))
}

fn metres(text: &str, at: usize) -> Result<f64, Fault> {
    let wrong =
        |_: distance::DistanceError| Fault::new(at, ErrorKind::NumberFormat, format!("For input string: \"{text}\""));
    parse_distance(text, DistanceUnit::Meters).map_err(wrong)
}

fn milliseconds(text: &str, at: usize) -> Result<f64, Fault> {
    let units = [("nanos", 1e-6), ("micros", 1e-3), ("ms", 1.0), ("s", 1e3), ("m", 6e4), ("h", 3.6e6), ("d", 8.64e7)];
    let lower = text.trim().to_lowercase();
    let unit = units.into_iter().find_map(|(unit, factor)| Some((lower.strip_suffix(unit)?, factor)));
    let count = match unit {
        None if lower == "0" => Some(0.0),
        None => None,
        Some((digits, factor)) => digits.trim().parse::<f64>().ok().map(|count| count * factor),
    };
    let reason = || {
        format!("failed to parse setting [scale] with value [{text}] as a time value: unit is missing or unrecognized")
    };
    count.filter(|ms| ms.is_finite()).ok_or_else(|| Fault::new(at, ErrorKind::IllegalArgument, reason()))
}
