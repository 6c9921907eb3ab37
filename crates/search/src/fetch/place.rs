//! Places of a `geo_point` field: taken from a source, shown as GeoJSON, well-known text or `lat, lon`.

use model::error::Error;
use model::geo::GeoPoint;
use model::geo::read;
use model::mapping::Field;
use model::number::float_text;
use serde_json::{Value, json};

/// How places and shapes are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    GeoJson,
    WellKnownText,
}

impl Form {
    /// `format`: `geojson` (the default) or `wkt`.
    ///
    /// # Errors
    /// `illegal_argument_exception` for another format.
    pub(super) fn named(format: Option<&str>) -> Result<Self, Error> {
        match format.map(str::to_ascii_lowercase).as_deref() {
            None | Some("geojson") => Ok(Self::GeoJson),
            Some("wkt") => Ok(Self::WellKnownText),
            Some(_) => {
                let given = format.unwrap_or_default();
                Err(Error::illegal_argument(format!("Unrecognized geometry format [{given}].")))
            }
        }
    }
}

/// How the places of one field are read and shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places {
    form: Form,
    ignore_z: bool,
    ignore_malformed: bool,
    null: Option<GeoPoint>,
}

impl Places {
    /// `format`: `geojson` (the default) or `wkt`.
    ///
    /// # Errors
    /// `illegal_argument_exception` for another format.
    pub(super) fn new(field: &Field, format: Option<&str>) -> Result<Self, Error> {
        let form = Form::named(format)?;
        let ignore_malformed = field.ignore_malformed;
        Ok(Self { form, ignore_z: field.ignore_z_value(), ignore_malformed, null: field.null_point() })
    }

    /// The values at `path` of a source, in order; a value with a malformed part is left out. False: nothing is there.
    pub(super) fn fetched(&self, path: &[&str], source: &Value, out: &mut Vec<Value>) -> bool {
        let mut found = Vec::new();
        let there = whole(path, source, &mut found);
        for value in found.into_iter().filter(|value| !value.is_null()) {
            out.extend(self.points(value).into_iter().map(|point| self.show(point)));
        }
        there
    }

    /// As stored fields show them, nulls replaced.
    pub(super) fn stored(&self, path: &[&str], source: &Value, out: &mut Vec<Value>) {
        let mut found = Vec::new();
        whole(path, source, &mut found);
        for value in found {
            let points = if value.is_null() { self.null.into_iter().collect() } else { self.points(value) };
            out.extend(points.into_iter().map(|point| Value::from(pair(point))));
        }
    }

    fn points(&self, value: &Value) -> Vec<GeoPoint> {
        let parts: Result<Vec<Vec<GeoPoint>>, Error> = read::points(value, self.ignore_z).into_iter().collect();
        let points = parts.unwrap_or_default().into_iter().flatten();
        points.map(|point| if self.ignore_malformed { point.normalized() } else { point }).collect()
    }

    fn show(&self, point: GeoPoint) -> Value {
        match self.form {
            Form::GeoJson => json!({"coordinates": [point.lon, point.lat], "type": "Point"}),
            Form::WellKnownText => format!("POINT ({} {})", float_text(point.lon), float_text(point.lat)).into(),
        }
    }
}

/// `lat, lon`
pub(super) fn pair(point: GeoPoint) -> String {
    format!("{}, {}", float_text(point.lat), float_text(point.lon))
}

/// The values at a path as they stand, arrays at its end whole.
fn whole<'a>(path: &[&str], current: &'a Value, out: &mut Vec<&'a Value>) -> bool {
    match current {
        found if path.is_empty() => {
            out.push(found);
            true
        }
        Value::Array(items) => {
            let mut there = false;
            for item in items {
                there |= whole(path, item, out);
            }
            there
        }
        Value::Object(entries) => {
            let mut key = String::new();
            for (at, step) in path.iter().enumerate() {
                if at > 0 {
                    key.push('.');
                }
                key.push_str(step);
                if entries.get(&key).is_some_and(|inner| whole(&path[at + 1..], inner, out)) {
                    return true;
                }
            }
            false
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use model::mapping::Mapping;

    use super::*;

    #[test]
    fn places_are_shown_in_the_format_that_is_asked_for() {
        let mapping = Mapping::parse(&json!({"properties": {"p": {"type": "geo_point"}}})).unwrap();
        let field = mapping.field("p").unwrap();
        let source = json!({"o": [{"p": [2.5, 1.5]}, {"p": ["3,4", {"lat": 5, "lon": 6}]}, {"p": null}]});
        let shown = |format: Option<&str>| {
            let mut out = Vec::new();
            assert!(Places::new(field, format).unwrap().fetched(&["o", "p"], &source, &mut out));
            Value::Array(out)
        };
        let point = |lon: f64, lat: f64| json!({"coordinates": [lon, lat], "type": "Point"});
        assert_eq!(shown(None), json!([point(2.5, 1.5), point(4.0, 3.0), point(6.0, 5.0)]));
        assert_eq!(shown(Some("wkt")), json!(["POINT (2.5 1.5)", "POINT (4.0 3.0)", "POINT (6.0 5.0)"]));
        assert_eq!(Places::new(field, Some("x")).unwrap_err().reason, "Unrecognized geometry format [x].");
        let mut out = Vec::new();
        assert!(!Places::new(field, None).unwrap().fetched(&["q"], &source, &mut out));
        assert_eq!(pair(GeoPoint::new(1.0, 2.5)), "1.0, 2.5");
    }
}
