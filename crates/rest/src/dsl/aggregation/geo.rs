//! Aggregations of points on the earth.

use model::aggregation::request::Kind;
use model::aggregation::request::bucket::RangeSpec;
use model::aggregation::request::geo::{GeoBounds, GeoDistance, GeoGrid};
use model::error::Error;
use model::geo::distance::{DistanceError, DistanceUnit, parse_distance};
use model::geo::read::{self, Corner};
use model::geo::{GeoBox, GeoPoint, hash};
use model::json::token;
use serde_json::Value;

use super::super::field::{Field, fields};
use super::super::geo::edges_of;
use super::Asked;
use super::declared::At;
use super::range::{items, some};
use super::source::{Keys, SourceReader, only};
use super::terms::size;
use crate::params::number_format;

/// `geo_centroid`.
pub(super) fn geo_centroid(asked: Asked<'_>) -> Result<Kind, Error> {
    only(asked, Keys::PLAIN).map(Kind::GeoCentroid)
}

/// `geo_bounds`.
pub(super) fn geo_bounds(asked: Asked<'_>) -> Result<Kind, Error> {
    let mut source = SourceReader::new(asked, Keys::FIELD);
    let mut wrap_longitude = true;
    for field in asked.fields() {
        match field.key {
            "wrap_longitude" => wrap_longitude = field.declared_flag()?,
            _ => source.take_last(field, &["wrap_longitude"])?,
        }
    }
    Ok(Kind::GeoBounds(Box::new(GeoBounds { source: source.finish()?, wrap_longitude })))
}

/// `geohash_grid`.
pub(super) fn geohash_grid(asked: Asked<'_>) -> Result<Kind, Error> {
    grid(asked, 5, hash_precision).map(|grid| Kind::GeohashGrid(Box::new(grid)))
}

/// `geotile_grid`.
pub(super) fn geotile_grid(asked: Asked<'_>) -> Result<Kind, Error> {
    grid(asked, 7, tile_precision).map(|grid| Kind::GeotileGrid(Box::new(grid)))
}

fn grid(asked: Asked<'_>, precision: u8, read: fn(Field<'_>) -> Result<u8, Error>) -> Result<GeoGrid, Error> {
    let mut source = SourceReader::new(asked, Keys::FIELD);
    let mut precision = precision;
    let (mut most, mut shard_size, mut bounds) = (10_000, None, None);
    for field in asked.fields() {
        match field.key {
            "precision" => precision = read(field)?,
            "size" => most = size(asked, field, "size")?,
            "shard_size" => shard_size = Some(size(asked, field, "shardSize")?),
            "bounds" => bounds = grid_bounds(field)?,
            _ => source.take_last(field, &["precision", "size", "shard_size", "bounds"])?,
        }
    }
    Ok(GeoGrid { source: source.finish()?, precision, size: most, shard_size, bounds })
}

/// Characters of a geohash, or a distance that a cell shall not exceed.
fn hash_precision(field: Field<'_>) -> Result<u8, Error> {
    let characters = |number: i64| match u8::try_from(number) {
        Ok(precision @ 1..=12) => Ok(precision),
        _ => {
            let reason = format!("Invalid geohash aggregation precision of {number}. Must be between 1 and 12.");
            Err(Error::illegal_argument(reason))
        }
    };
    match field.value {
        Value::String(text) => match text.parse::<i32>() {
            Ok(number) => characters(number.into()).at(field),
            Err(_) => {
                let metres = parse_distance(text, DistanceUnit::Meters).map_err(|error| match error {
                    DistanceError::Empty => number_format(""),
                    DistanceError::NotANumber(digits) => number_format(&digits),
                });
                let read = metres.and_then(|metres| {
                    characters(hash::levels(metres)).map_err(|cause| {
                        Error::illegal_argument(format!("precision too high [{text}]")).with_cause(cause)
                    })
                });
                read.at(field)
            }
        },
        _ => characters(field.declared_int()?.into()).at(field),
    }
}

/// The zoom of a tile.
pub(super) fn tile_precision(field: Field<'_>) -> Result<u8, Error> {
    let number = match field.value {
        Value::String(text) => text.parse::<i32>().map_err(|_| number_format(text)).at(field)?,
        _ => field.declared_int()?,
    };
    u8::try_from(number).ok().filter(|zoom| *zoom <= 29).ok_or_else(|| {
        let reason = format!("Invalid geotile_grid precision of {number}. Must be between 0 and 29.");
        field.failed(Error::illegal_argument(reason))
    })
}

/// A box; `None` where an edge is not given: without bounds.
pub(super) fn grid_bounds(field: Field<'_>) -> Result<Option<GeoBox>, Error> {
    let edges = edges_of(field.object()?).at(field)?;
    let whole = [edges.top, edges.left, edges.bottom, edges.right].iter().all(|edge| !edge.is_nan());
    Ok(whole.then_some(edges))
}

/// `geo_distance`.
pub(super) fn geo_distance(asked: Asked<'_>) -> Result<Kind, Error> {
    const OWN: [&str; 5] = ["origin", "unit", "distance_type", "keyed", "ranges"];
    let mut source = SourceReader::new(asked, Keys::PLAIN);
    let (mut origin, mut unit, mut plane) = (None, DistanceUnit::Meters, false);
    let (mut ranges, mut keyed) = (Vec::new(), false);
    for field in asked.fields() {
        match field.key {
            "origin" | "center" | "point" | "por" => {
                field.typed(&["VALUE_STRING", "START_ARRAY", "START_OBJECT"])?;
                origin = Some(point(field).at(field)?);
            }
            "unit" => {
                let name = field.string()?;
                let unknown = || Error::illegal_argument(format!("No distance unit match [{name}]"));
                unit = DistanceUnit::parse(name).ok_or_else(unknown).at(field)?;
            }
            "distance_type" => {
                plane = match field.string()?.to_ascii_lowercase().as_str() {
                    "plane" => true,
                    "arc" => false,
                    other => {
                        let reason = format!("No geo distance for [{other}]");
                        return Err(Error::illegal_argument(reason)).at(field);
                    }
                };
            }
            "keyed" => keyed = field.declared_flag()?,
            "ranges" => ranges = items(field)?.iter().map(ring).collect::<Result<Vec<_>, _>>().at(field)?,
            _ => source.take_last(field, &OWN)?,
        }
    }
    let source = source.finish()?;
    let origin = origin
        .ok_or_else(|| Error::illegal_argument(format!("Aggregation [{}] must define an [origin].", asked.name)))?;
    let ranges = some(asked, ranges)?;
    Ok(Kind::GeoDistance(Box::new(GeoDistance {
        source,
        origin: (origin.lat, origin.lon),
        ranges,
        unit_metres: unit.metres(),
        plane,
        keyed,
    })))
}

fn ring(value: &Value) -> Result<RangeSpec<f64>, Error> {
    let unexpected = |found: &str| Error::parsing(format!("Failed to parse object: unexpected token [{found}] found"));
    let Value::Object(object) = value else { return Err(unexpected(token(value))) };
    let mut spec = RangeSpec { key: None, from: None, to: None };
    for field in fields("range", object) {
        let number = || field.double().map(Some);
        match (field.key, field.value) {
            ("from" | "to", Value::Null) => {}
            ("from", Value::Number(_) | Value::String(_)) => spec.from = number()?,
            ("to", Value::Number(_) | Value::String(_)) => spec.to = number()?,
            ("key", Value::String(key)) => spec.key = Some(key.clone()),
            (key, Value::Number(_) | Value::String(_)) => {
                return Err(Error::parsing(format!("Failed to parse object: unknown field [{key}] found")));
            }
            (_, other) => return Err(unexpected(token(other))),
        }
    }
    Ok(spec)
}

/// `"lat,lon"`, a geohash, WKT, `[lon, lat]`, or an object of `lat` and `lon`.
fn point(field: Field<'_>) -> Result<GeoPoint, Error> {
    match field.value {
        Value::String(text) => read::text(text, false, Corner::default()),
        Value::Array(items) => match items.as_slice() {
            [lon, lat] => {
                let number = |value| Field { value, ..field }.double();
                Ok(GeoPoint { lon: number(lon)?, lat: number(lat)? })
            }
            items => {
                items.iter().try_for_each(|value| Field { value, ..field }.double().map(drop))?;
                let form = "a geo point array must be of the form [lon, lat]";
                Err(Error::parsing(format!("malformed [{}]: {form}", field.key)))
            }
        },
        Value::Object(object) => {
            let degrees = |key: &str| object.get(key).and_then(Value::as_f64);
            let (Some(lat), Some(lon)) = (degrees("lat"), degrees("lon")) else {
                let last = object.keys().next_back().map_or("null", String::as_str);
                let missing = "either [lat] or [lon] (or both) are missing";
                return Err(Error::parsing(format!("malformed [{last}] geo point object. {missing}")));
            };
            Ok(GeoPoint { lat, lon })
        }
        _ => Err(field.mistyped()),
    }
}
