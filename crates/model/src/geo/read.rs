//! Points as JSON writes them: an object of `lat` and `lon`, a geohash, GeoJSON, `"lat,lon"`, WKT, `[lon, lat]`.
//!
//! In: a JSON value. Out: points as written, on the globe or not; or OpenSearch's refusal. Whether a point beyond the globe is refused,
//! brought back or left out is for the caller to say ([`check`], [`GeoPoint::normalized`]).

use serde_json::{Map, Value};

use super::distance::java_double;
use super::hash::{self, GeohashError};
use super::{GeoPoint, is_latitude, is_longitude, wkt};
use crate::error::{Error, ErrorKind};

/// Which corner of its cell a geohash stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Corner {
    #[default]
    BottomLeft,
    BottomRight,
    TopLeft,
    TopRight,
}

pub(super) fn parse_error(reason: impl Into<String>) -> Error {
    Error::new(ErrorKind::Parse, reason)
}

fn expected() -> Error {
    parse_error("geo_point expected")
}

/// The points of a field's value, in parts that stand or fall together: a value is one part, so is an array up to a malformed element and
/// each of the elements behind that.
pub fn points(value: &Value, ignore_z: bool) -> Vec<Result<Vec<GeoPoint>, Error>> {
    let Value::Array(items) = value else {
        return vec![point(value, ignore_z, Corner::default()).map(|one| vec![one])];
    };
    let one = |value: &Value| point(value, ignore_z, Corner::default());
    if let Some(Value::Number(_)) = items.first() {
        let own = items.len().min(3);
        let first = flat(&items[..own], ignore_z).map(|one| vec![one]);
        let behind = items[own..].iter().map(|item| one(item).map(|one| vec![one]));
        return std::iter::once(first).chain(behind).collect();
    }
    let mut whole = Vec::with_capacity(items.len());
    for (at, item) in items.iter().enumerate() {
        match one(item) {
            Ok(point) => whole.push(point),
            Err(error) => {
                let behind = items[at + 1..].iter().map(|item| one(item).map(|one| vec![one]));
                return std::iter::once(Err(error)).chain(behind).collect();
            }
        }
    }
    vec![Ok(whole)]
}

/// One point, in any form.
///
/// # Errors
/// `parse_exception` mostly; `number_format_exception` and `json_parse_exception` where OpenSearch reads numbers without care.
pub fn point(value: &Value, ignore_z: bool, corner: Corner) -> Result<GeoPoint, Error> {
    match value {
        Value::Object(object) => of_object(object, ignore_z, corner),
        Value::Array(items) => coordinates(items, ignore_z),
        Value::String(text) => self::text(text, ignore_z, corner),
        _ => Err(expected()),
    }
}

/// A point as a string: WKT where it says so, two numbers where there is a comma, else a geohash.
///
/// # Errors
/// As [`point`].
pub fn text(text: &str, ignore_z: bool, corner: Corner) -> Result<GeoPoint, Error> {
    if text.to_lowercase().contains("point") {
        return wkt::point(text, ignore_z);
    }
    if text.contains(',') {
        return pair(text, ignore_z);
    }
    geohash(text, corner)
}

/// Refuses a point that is not on the globe. `of`: as the message ends, ` for field`.
///
/// # Errors
/// `illegal_argument_exception`.
pub fn check(point: GeoPoint, of: &str) -> Result<(), Error> {
    let refused = |what: &str, value: f64, most: f64| {
        Err(Error::illegal_argument(match value.is_nan() {
            true => format!("invalid {what} NaN; must be between -{most:?} and {most:?}"),
            false => format!("illegal {what} value [{value:?}]{of}"),
        }))
    };
    if !is_latitude(point.lat) {
        return refused("latitude", point.lat, 90.0);
    }
    if !is_longitude(point.lon) {
        return refused("longitude", point.lon, 180.0);
    }
    Ok(())
}

/// The point that a geohash stands for.
///
/// # Errors
/// `parse_exception`.
pub fn geohash(text: &str, corner: Corner) -> Result<GeoPoint, Error> {
    let (cell, precision) = hash::parse(text).map_err(|error| {
        let reason = match error {
            GeohashError::Empty => "empty geohash".to_owned(),
            GeohashError::Symbol(symbol) => format!("unsupported symbol [{symbol}] in geohash [{text}]"),
        };
        parse_error(reason.clone()).with_cause(Error::illegal_argument(reason))
    })?;
    let edges = hash::bounds(cell, precision);
    let (top, right) = match corner {
        Corner::BottomLeft => (false, false),
        Corner::BottomRight => (false, true),
        Corner::TopLeft => (true, false),
        Corner::TopRight => (true, true),
    };
    Ok(GeoPoint { lat: if top { edges.top } else { edges.bottom }, lon: if right { edges.right } else { edges.left } })
}

/// `lat,lon` or `lat,lon,z`.
fn pair(text: &str, ignore_z: bool) -> Result<GeoPoint, Error> {
    let mut parts: Vec<&str> = text.split(',').collect();
    // As Java splits: empty parts at the end are none.
    while parts.last().is_some_and(|part| part.is_empty()) {
        parts.pop();
    }
    if parts.len() > 3 {
        let count = parts.len();
        return Err(parse_error(format!("failed to parse [{text}], expected 2 or 3 coordinates but found: [{count}]")));
    }
    let number = |at: usize, what: &str| match parts.get(at) {
        Some(part) => java_double(part).ok_or_else(|| parse_error(format!("{what} must be a number"))),
        None => {
            let reason = format!("Index {at} out of bounds for length {}", parts.len());
            Err(Error::new(ErrorKind::ArrayIndexOutOfBounds, reason))
        }
    };
    let point = GeoPoint { lat: number(0, "latitude")?, lon: number(1, "longitude")? };
    if let Some(part) = parts.get(2) {
        let z = java_double(part).ok_or_else(|| not_a_number(part))?;
        check_z(z, ignore_z)?;
    }
    Ok(point)
}

fn check_z(z: f64, ignore_z: bool) -> Result<(), Error> {
    if ignore_z {
        return Ok(());
    }
    Err(parse_error(format!(
        "Exception parsing coordinates: found Z value [{z:?}] but [ignore_z_value] parameter is [false]"
    )))
}

fn not_a_number(text: &str) -> Error {
    let reason =
        if text.trim().is_empty() { "empty String".to_owned() } else { format!("For input string: \"{text}\"") };
    Error::new(ErrorKind::NumberFormat, reason)
}

/// `[lon, lat]` or `[lon, lat, z]` where a field's whole value is such an array: what is not the first is read with less care.
fn flat(items: &[Value], ignore_z: bool) -> Result<GeoPoint, Error> {
    let number = |at: usize| match items.get(at) {
        Some(Value::Number(number)) => Ok(number.as_f64().unwrap_or(f64::INFINITY)),
        Some(Value::String(text)) => java_double(text).ok_or_else(|| not_a_number(text)),
        _ => Err(Error::new(ErrorKind::JsonParse, "the second coordinate of a point is not numeric")),
    };
    let point = GeoPoint { lon: number(0)?, lat: number(1)? };
    match items.get(2) {
        Some(Value::Number(z)) => check_z(z.as_f64().unwrap_or(f64::INFINITY), ignore_z)?,
        Some(_) => return Err(expected()),
        None => {}
    }
    Ok(point)
}

/// `[lon, lat]` or `[lon, lat, z]`.
fn coordinates(items: &[Value], ignore_z: bool) -> Result<GeoPoint, Error> {
    let mut read = [0.0; 3];
    for (at, item) in items.iter().enumerate() {
        let Some(place) = read.get_mut(at) else {
            return Err(parse_error("[geo_point] field type does not accept more than 3 values"));
        };
        let number = item.as_f64().ok_or_else(|| parse_error("numeric value expected"))?;
        if at == 2 {
            check_z(number, ignore_z)?;
        }
        *place = number;
    }
    if items.len() < 2 {
        return Err(parse_error("[geo_point] field type should have at least two dimensions"));
    }
    Ok(GeoPoint { lon: read[0], lat: read[1] })
}

fn of_object(object: &Map<String, Value>, ignore_z: bool, corner: Corner) -> Result<GeoPoint, Error> {
    let mixed = || parse_error("field must be either [lon|lat], [type|coordinates], or [geohash]");
    let only = |keys: [&str; 2]| object.keys().all(|key| keys.contains(&key.as_str()));
    let missing = |key: &str| parse_error(format!("field [{key}] missing"));
    match object.keys().next().map(String::as_str) {
        None => Err(parse_error("token [END_OBJECT] not allowed")),
        Some("geohash") if !only(["geohash", "geohash"]) => Err(mixed()),
        Some("geohash") => match object.get("geohash") {
            Some(Value::String(text)) => geohash(text, corner),
            _ => Err(parse_error("geohash must be a string")),
        },
        Some("lat" | "lon") if !only(["lat", "lon"]) => Err(mixed()),
        Some("lat" | "lon") => {
            let lat = object.get("lat").map(|value| degrees("lat", value)).transpose()?;
            let lon = object.get("lon").map(|value| degrees("lon", value)).transpose()?;
            Ok(GeoPoint { lat: lat.ok_or_else(|| missing("lat"))?, lon: lon.ok_or_else(|| missing("lon"))? })
        }
        Some("type" | "coordinates") if !only(["type", "coordinates"]) => Err(mixed()),
        Some("type" | "coordinates") => {
            match object.get("type").ok_or_else(|| missing("type"))? {
                Value::String(kind) if kind.eq_ignore_ascii_case("point") => {}
                Value::String(_) => return Err(parse_error("type must be Point")),
                _ => return Err(parse_error("type must be a string")),
            }
            match object.get("coordinates").ok_or_else(|| missing("coordinates"))? {
                Value::Array(items) => coordinates(items, ignore_z),
                _ => Err(parse_error("coordinates must be an array")),
            }
        }
        Some(_) => Err(mixed()),
    }
}

fn degrees(name: &str, value: &Value) -> Result<f64, Error> {
    match value {
        Value::Number(number) => Ok(number.as_f64().unwrap_or(f64::INFINITY)),
        Value::String(text) => java_double(text)
            .ok_or_else(|| parse_error("[lon] and [lat] must be valid double values").with_cause(not_a_number(text))),
        _ => Err(parse_error(format!("{name} must be a number"))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check_point(value: Value) {
        let read = points(&value, true);
        assert_eq!(read, [Ok(vec![GeoPoint::new(1.5, 2.5)])], "{value}");
    }

    #[test]
    fn every_form_is_the_same_point() {
        for value in [
            json!({"lat": 1.5, "lon": 2.5}),
            json!({"lon": "2.5", "lat": "1.5"}),
            json!("1.5,2.5"),
            json!(" 1.5 , 2.5 , 7"),
            json!("POINT (2.5 1.5)"),
            json!("point(2.5 1.5 7)"),
            json!([2.5, 1.5]),
            json!([2.5, "1.5"]),
            json!([2.5, 1.5, 9]),
            json!([[2.5, 1.5]]),
            json!([{"type": "Point", "coordinates": [2.5, 1.5, 3]}]),
        ] {
            check_point(value);
        }
        let cell = point(&json!({"geohash": "u173"}), true, Corner::default()).unwrap();
        assert_eq!(cell, GeoPoint::new(52.20703125, 4.5703125));
        assert_eq!(text("u", true, Corner::TopRight).unwrap(), GeoPoint::new(90.0, 45.0));
    }

    #[test]
    fn a_malformed_element_takes_those_before_it_along() {
        let read = |value: Value| -> Vec<Option<usize>> {
            points(&value, true).into_iter().map(|part| part.ok().map(|points| points.len())).collect()
        };
        assert_eq!(read(json!(["1,2", {"lat": 3, "lon": 4}])), [Some(2)]);
        assert_eq!(read(json!(["1,2", 3])), [None]);
        assert_eq!(read(json!([null, "1,2"])), [None, Some(1)]);
        assert_eq!(read(json!([2.5, 1.5, 7, 8])), [Some(1), None]);
        assert_eq!(read(json!([])), [Some(0)]);
    }

    #[test]
    fn refusals_are_those_of_opensearch() {
        let check = |value: Value, kind: ErrorKind, reason: &str| {
            let error = points(&value, false).remove(0).unwrap_err();
            assert_eq!((error.kind, error.reason.as_str()), (kind, reason), "{value}");
        };
        check(json!({"lat": 1}), ErrorKind::Parse, "field [lon] missing");
        check(json!({}), ErrorKind::Parse, "token [END_OBJECT] not allowed");
        check(
            json!({"lat": 1, "lon": 2, "alt": 3}),
            ErrorKind::Parse,
            "field must be either [lon|lat], [type|coordinates], or [geohash]",
        );
        check(json!({"lat": "x", "lon": 2}), ErrorKind::Parse, "[lon] and [lat] must be valid double values");
        check(json!({"type": "LineString", "coordinates": []}), ErrorKind::Parse, "type must be Point");
        check(json!("1,"), ErrorKind::ArrayIndexOutOfBounds, "Index 1 out of bounds for length 1");
        check(json!("1,x"), ErrorKind::Parse, "longitude must be a number");
        check(json!("nonsense"), ErrorKind::Parse, "unsupported symbol [o] in geohash [nonsense]");
        check(json!("POINT (2.5)"), ErrorKind::Parse, "Invalid WKT format");
        check(json!("POINT (200 1)"), ErrorKind::Parse, "Invalid WKT format");
        check(json!([3, "1,2"]), ErrorKind::NumberFormat, "For input string: \"1,2\"");
        check(json!([[1]]), ErrorKind::Parse, "[geo_point] field type should have at least two dimensions");
        check(json!(5), ErrorKind::Parse, "geo_point expected");
        let z = "Exception parsing coordinates: found Z value [3.0] but [ignore_z_value] parameter is [false]";
        check(json!([1, 2, 3]), ErrorKind::Parse, z);
        check(json!("1,2,3"), ErrorKind::Parse, z);
        assert_eq!(
            super::check(GeoPoint::new(91.0, 0.0), " for p").unwrap_err().reason,
            "illegal latitude value [91.0] for p"
        );
        assert!(super::check(GeoPoint::new(-90.0, 180.0), "").is_ok());
    }
}
