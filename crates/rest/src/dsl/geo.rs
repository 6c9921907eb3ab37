//! Queries on places: `geo_distance`, `geo_bounding_box`, `geo_polygon`; sorting by `_geo_distance`.

use model::error::{Error, ErrorKind};
use model::geo::distance::{DistanceError, DistanceKind, DistanceUnit, parse_distance};
use model::geo::read::{Corner, point, points, text};
use model::geo::{GeoBox, GeoPoint, wkt};
use model::query::geo::{Geo, Shape, Validation};
use model::query::{Kind, Query};
use model::search::{GeoDistanceSort, SortKey, SortMode};
use serde_json::{Map, Value};

use super::field::{Carried, Field, fields, text_of};
use super::sort;

fn parse_error(reason: impl Into<String>) -> Error {
    Error::new(ErrorKind::Parse, reason)
}

fn not_a_number(text: &str) -> Error {
    Error::new(ErrorKind::NumberFormat, format!("For input string: \"{text}\""))
}

fn unexpected(field: Field<'_>) -> Error {
    Error::parsing(format!("failed to parse [{}] query. unexpected field [{}]", field.owner, field.key))
}

fn validation(field: Field<'_>) -> Result<Validation, Error> {
    let name = field.text()?;
    Validation::parse(&name).ok_or_else(|| {
        let known = "COERCE, IGNORE_MALFORMED, STRICT";
        Error::illegal_argument(format!("operator needs to be either [{known}], but not [{name}]"))
    })
}

fn unit(field: Field<'_>) -> Result<DistanceUnit, Error> {
    let name = field.text()?;
    DistanceUnit::parse(&name).ok_or_else(|| Error::illegal_argument(format!("No distance unit match [{name}]")))
}

fn distance_kind(field: Field<'_>) -> Result<DistanceKind, Error> {
    let name = field.text()?;
    match name.to_lowercase().as_str() {
        "arc" => Ok(DistanceKind::Arc),
        "plane" => Ok(DistanceKind::Plane),
        _ => Err(Error::illegal_argument(format!("No geo distance for [{name}]"))),
    }
}

/// What geo queries have in common.
#[derive(Default)]
struct Asked {
    field: Option<String>,
    validation: Validation,
    ignore_unmapped: bool,
}

impl Asked {
    /// Whether `field` was one of the options that all have.
    fn take(&mut self, field: Field<'_>, carried: &mut Carried) -> Result<bool, Error> {
        match field.key {
            "validation_method" => self.validation = validation(field)?,
            "ignore_unmapped" => self.ignore_unmapped = field.flag()?,
            _ => return carried.take(field),
        }
        Ok(true)
    }

    fn query(self, field: String, shape: Shape, carried: Carried) -> Query {
        let (validation, ignore_unmapped) = (self.validation, self.ignore_unmapped);
        carried.query(Kind::Geo(Box::new(Geo { field, shape, validation, ignore_unmapped })))
    }
}

/// `geo_distance`.
pub(super) fn distance(object: &Map<String, Value>) -> Result<Query, Error> {
    let (mut asked, mut carried) = (Asked::default(), Carried::new());
    let mut center = GeoPoint::new(f64::NAN, f64::NAN);
    let (mut distance, mut unit) = (None, DistanceUnit::Meters);
    for field in fields("geo_distance", object) {
        let key = field.key;
        match field.value {
            Value::Null => {}
            Value::Array(_) | Value::Object(_) if asked.field.is_some() => return Err(unexpected(field)),
            Value::Array(_) => {
                asked.field = Some(key.to_owned());
                center = point(field.value, false, Corner::default())?;
            }
            Value::Object(inner) => {
                asked.field = Some(key.to_owned());
                center = center_of(field, inner)?;
            }
            value => match key {
                "distance" => distance = Some(value),
                "unit" => unit = self::unit(field)?,
                "distance_type" => drop(distance_kind(field)?),
                _ if key.ends_with(".lat") || key.ends_with(".lon") => {
                    let degrees = field.double()?;
                    let (name, which) = key.split_at(key.len() - 4);
                    *(if which == ".lat" { &mut center.lat } else { &mut center.lon }) = degrees;
                    asked.field = Some(name.to_owned());
                }
                _ if asked.take(field, &mut carried)? => {}
                _ if asked.field.is_some() => return Err(unexpected(field)),
                _ => {
                    center = text(&field.text()?, false, Corner::default())?;
                    asked.field = Some(key.to_owned());
                }
            },
        }
    }
    let distance = distance.ok_or_else(|| Error::parsing("geo_distance requires 'distance' to be specified"))?;
    let name = asked.field.take().filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| Error::illegal_argument("fieldName must not be null or empty"))?;
    let radius_m = radius(distance, unit)?;
    Ok(asked.query(name, Shape::Distance { center, radius_m }, carried))
}

/// Of a center only `lat`, `lon` and `geohash` are known; what is not given is not a number.
fn center_of(field: Field<'_>, object: &Map<String, Value>) -> Result<GeoPoint, Error> {
    let mut center = GeoPoint::new(f64::NAN, f64::NAN);
    for option in fields(field.owner, object) {
        match option.key {
            "lat" => center.lat = option.double()?,
            "lon" => center.lon = option.double()?,
            "geohash" => center = text(&option.text()?, false, Corner::default())?,
            _ => return Err(field.unsupported()),
        }
    }
    Ok(center)
}

fn radius(distance: &Value, unit: DistanceUnit) -> Result<f64, Error> {
    let text = text_of(distance).unwrap_or_default();
    if text.is_empty() {
        return Err(Error::illegal_argument("distance must not be null or empty"));
    }
    let metres = parse_distance(&text, unit).map_err(|error| match error {
        DistanceError::Empty => Error::new(ErrorKind::NumberFormat, "empty String"),
        DistanceError::NotANumber(text) => not_a_number(&text),
    })?;
    if metres <= 0.0 {
        return Err(Error::illegal_argument("distance must be greater than zero"));
    }
    Ok(metres)
}

/// `geo_bounding_box`.
pub(super) fn bounding_box(object: &Map<String, Value>) -> Result<Query, Error> {
    let (mut asked, mut carried) = (Asked::default(), Carried::new());
    let mut edges = None;
    for field in fields("geo_bounding_box", object) {
        match field.value {
            Value::Object(corners) => {
                asked.field = Some(field.key.to_owned());
                let read = edges_of(corners).map_err(|error| {
                    parse_error(format!("failed to parse [geo_bounding_box] query. [{}]", error.reason))
                })?;
                check_edges(&read)?;
                edges = Some(read);
            }
            Value::Null | Value::Array(_) => return Err(unexpected(field)),
            _ if field.key == "type" => {
                let name = field.text()?;
                if !matches!(name.as_str(), "memory" | "indexed") {
                    return Err(Error::illegal_argument(format!("no type can be parsed from ordinal {name}")));
                }
            }
            _ if asked.take(field, &mut carried)? => {}
            _ => return Err(unexpected(field)),
        }
    }
    let (Some(edges), Some(name)) = (edges, asked.field.take()) else {
        return Err(parse_error("failed to parse [geo_bounding_box] query. bounding box not provided"));
    };
    Ok(asked.query(name, Shape::BoundingBox(edges), carried))
}

/// Corners, edges, or well-known text; NaN where nothing says.
pub(super) fn edges_of(object: &Map<String, Value>) -> Result<GeoBox, Error> {
    let nowhere = f64::NAN;
    let mut edges = GeoBox { top: nowhere, left: nowhere, bottom: nowhere, right: nowhere };
    let mut envelope = None;
    for field in fields("geo_bounding_box", object) {
        let corner = |corner: Corner| point(field.value, false, corner);
        match field.key {
            "wkt" => envelope = Some(wkt::envelope(&field.text()?)?),
            "top" => edges.top = field.double()?,
            "left" => edges.left = field.double()?,
            "bottom" => edges.bottom = field.double()?,
            "right" => edges.right = field.double()?,
            "top_left" => {
                let at = corner(Corner::TopLeft)?;
                (edges.top, edges.left) = (at.lat, at.lon);
            }
            "top_right" => {
                let at = corner(Corner::TopRight)?;
                (edges.top, edges.right) = (at.lat, at.lon);
            }
            "bottom_left" => {
                let at = corner(Corner::BottomLeft)?;
                (edges.bottom, edges.left) = (at.lat, at.lon);
            }
            "bottom_right" => {
                let at = corner(Corner::BottomRight)?;
                (edges.bottom, edges.right) = (at.lat, at.lon);
            }
            key => return Err(parse_error(format!("failed to parse bounding box. unexpected field [{key}]"))),
        }
    }
    let explicit = [edges.top, edges.left, edges.bottom, edges.right].iter().any(|edge| !edge.is_nan());
    match envelope {
        Some(_) if explicit => Err(parse_error(
            "failed to parse bounding box. Conflicting definition found using well-known text and explicit corners.",
        )),
        Some(envelope) => Ok(envelope),
        None => Ok(edges),
    }
}

fn check_edges(edges: &GeoBox) -> Result<(), Error> {
    let GeoBox { top, left, bottom, right } = *edges;
    let named =
        [("top latitude", top), ("left longitude", left), ("bottom latitude", bottom), ("right longitude", right)];
    for (name, value) in named {
        if !value.is_finite() {
            return Err(Error::illegal_argument(format!("{name} is invalid: {value:?}")));
        }
    }
    let refused = |reason: String| Err(Error::illegal_argument(reason));
    if top < bottom {
        return refused(format!("top is below bottom corner: {top:?} vs. {bottom:?}"));
    }
    if top == bottom {
        return refused(format!("top cannot be the same as bottom: {top:?} == {bottom:?}"));
    }
    if left == right {
        return refused(format!("left cannot be the same as right: {left:?} == {right:?}"));
    }
    Ok(())
}

/// `geo_polygon`.
pub(super) fn polygon(object: &Map<String, Value>) -> Result<Query, Error> {
    let (mut asked, mut carried) = (Asked::default(), Carried::new());
    let mut corners = Vec::new();
    for field in fields("geo_polygon", object) {
        match field.value {
            Value::Object(inner) => {
                asked.field = Some(field.key.to_owned());
                for option in fields("geo_polygon", inner) {
                    match (option.key, option.value) {
                        ("points", Value::Array(items)) => {
                            let read = items.iter().map(|item| point(item, false, Corner::default()));
                            corners.extend(read.collect::<Result<Vec<GeoPoint>, Error>>()?);
                        }
                        ("points", _) => {
                            let token = option.token();
                            return Err(Error::parsing(format!(
                                "[geo_polygon] query does not support token type [{token}] under [points]"
                            )));
                        }
                        _ => return Err(option.unsupported()),
                    }
                }
            }
            Value::Null | Value::Array(_) => return Err(field.unsupported()),
            _ if asked.take(field, &mut carried)? => {}
            _ => return Err(field.unsupported()),
        }
    }
    let name = asked.field.take().ok_or_else(|| Error::illegal_argument("fieldName must not be null"))?;
    let least = if corners.first() == corners.last() { 4 } else { 3 };
    match corners.len() {
        0 => Err(Error::illegal_argument("polygon must not be null or empty")),
        count if count < least => Err(Error::illegal_argument("too few points defined for geo_polygon query")),
        _ => Ok(asked.query(name, Shape::Polygon(corners), carried)),
    }
}

/// The options of a `_geo_distance` key.
pub(super) fn distance_sort(object: &Map<String, Value>) -> Result<SortKey, Error> {
    let mut key = sort::plain("");
    let mut asked = GeoDistanceSort::default();
    for option in fields("_geo_distance", object) {
        let nested = matches!(option.key, "nested" | "nested_filter") && option.value.is_object();
        if (nested || option.key == "nested_path") && sort::read_nested(option, &mut key)? {
            continue;
        }
        let plain = !matches!(option.value, Value::Null | Value::Array(_) | Value::Object(_));
        if option.value.is_null() || plain && scalar(option, &mut key, &mut asked)? {
            continue;
        }
        if !key.field.is_empty() {
            let (to, from) = (option.key, &key.field);
            return Err(Error::parsing(format!("Trying to reset fieldName to [{to}], already set to [{from}].")));
        }
        key.field = option.key.to_owned();
        match option.value {
            Value::Array(_) => asked.points.extend(origins(option)?),
            Value::Object(_) => asked.points.push(point(option.value, false, Corner::default())?),
            _ => asked.points.push(text(&option.text()?, false, Corner::default())?),
        }
    }
    if asked.points.is_empty() {
        return Err(Error::illegal_argument("Geo distance sorting needs at least one point."));
    }
    key.distance = Some(Box::new(asked));
    Ok(key)
}

/// Two numbers are one point, anything else a list of them.
fn origins(option: Field<'_>) -> Result<Vec<GeoPoint>, Error> {
    let parts: Result<Vec<Vec<GeoPoint>>, Error> = points(option.value, false).into_iter().collect();
    let parts = parts.map_err(|error| match error.kind {
        ErrorKind::JsonParse => parse_error("geo point parsing: expected second number"),
        _ => error,
    })?;
    Ok(parts.into_iter().flatten().collect())
}

/// Whether `option` was no point.
fn scalar(option: Field<'_>, key: &mut SortKey, asked: &mut GeoDistanceSort) -> Result<bool, Error> {
    match option.key {
        "order" => key.descending = sort::descending(&option.text()?)?,
        "unit" => asked.unit = unit(option)?,
        "distance_type" => asked.kind = distance_kind(option)?,
        "validation_method" => asked.validation = validation(option)?,
        "ignore_unmapped" => asked.ignore_unmapped = option.flag()?,
        "mode" => {
            let mode = sort::mode(&option.text()?)?;
            if mode == SortMode::Sum {
                return Err(Error::illegal_argument("sort_mode [sum] isn't supported for sorting by geo distance"));
            }
            key.mode = Some(mode);
        }
        "coerce" | "ignore_malformed" => {
            return Err(Error::parsing(format!("[_geo_distance] does not support [{}]", option.key)));
        }
        _ => return Ok(false),
    }
    Ok(true)
}
