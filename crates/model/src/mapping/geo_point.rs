//! What only fields of type `geo_point` have: their `null_value`, and how their flags are refused.

use serde_json::{Map, Value, json};

use super::Field;
use crate::error::Error;
use crate::geo::GeoPoint;
use crate::geo::read::{Corner, check, point};

impl Field {
    /// Of points and shapes: whether a third coordinate is passed over rather than refused.
    pub fn ignore_z_value(&self) -> bool {
        self.explicit.get("ignore_z_value").and_then(Value::as_bool).unwrap_or(true)
    }

    /// Of a geo point: the place that stands for null.
    pub fn null_point(&self) -> Option<GeoPoint> {
        self.null_value.as_ref().and_then(|value| point(value, true, Corner::default()).ok())
    }
}

pub(super) fn flag(field: &str, name: &str, value: &Value) -> Result<bool, Error> {
    super::value::flag(value).map_err(|cause| {
        Error::illegal_argument(format!("Could not convert [{field}.{name}] to boolean")).with_cause(cause)
    })
}

/// What an update that does not name it leaves as it was.
pub(super) const KEPT: [&str; 3] = ["ignore_malformed", "ignore_z_value", "null_value"];

/// What an update does not name of `kept` stays as it was.
pub(super) fn keep(old: &Field, merged: &mut Field, kept: &[&str]) {
    for &name in kept {
        if let (Some(value), false) = (old.explicit.get(name), merged.explicit.contains_key(name)) {
            merged.explicit.insert(name.into(), value.clone());
        }
    }
    super::parameter::apply(merged);
}

/// The place that `null_value` names, in any form, as an object of `lat` and `lon`.
pub(super) fn null_value(value: &Value) -> Result<Value, Error> {
    // Whether it has to be on the globe depends on another parameter.
    let read = match value {
        Value::Array(_) => crate::geo::read::points(value, true).remove(0)?.first().copied(),
        one => Some(point(one, true, Corner::default())?),
    };
    let read = read.ok_or_else(|| Error::new(crate::error::ErrorKind::Parse, "geo_point expected"))?;
    Ok(shown(read))
}

fn shown(point: GeoPoint) -> Value {
    json!({"lat": point.lat, "lon": point.lon})
}

/// A `null_value` beyond the globe is brought back when malformed values may be, else refused.
pub(super) fn complete(given: &mut Map<String, Value>) -> Result<(), Error> {
    let Some(value) = given.get("null_value") else { return Ok(()) };
    let place = point(value, true, Corner::default())?;
    let loose = given.get("ignore_malformed").and_then(Value::as_bool) == Some(true);
    if loose && place.lat.is_finite() && place.lon.is_finite() {
        given.insert("null_value".into(), shown(place.normalized()));
        return Ok(());
    }
    check(place, "")
}
