//! Shapes of a `geo_shape` field as GeoJSON or well-known text. What was written so is shown as it was written.

use model::error::Error;
use model::geo::shape::read::Reading;
use model::geo::shape::show;
use model::mapping::Field;
use serde_json::Value;

use super::place::Shape;

/// How the shapes of one field are read and shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shapes {
    form: Shape,
    reading: Reading,
}

impl Shapes {
    /// `format`: `geojson` (the default) or `wkt`.
    ///
    /// # Errors
    /// `illegal_argument_exception` for another format.
    pub(super) fn new(field: &Field, format: Option<&str>) -> Result<Self, Error> {
        Ok(Self { form: Shape::named(format)?, reading: field.shapes(field.coerce) })
    }

    /// `None`: no shape.
    pub(super) fn show(&self, value: &Value) -> Option<Value> {
        match (self.form, value) {
            (Shape::GeoJson, Value::Object(_)) | (Shape::WellKnownText, Value::String(_)) => Some(value.clone()),
            _ => {
                let shape = self.reading.read(value).ok().flatten()?;
                Some(match self.form {
                    Shape::GeoJson => show::geojson(&shape),
                    Shape::WellKnownText => show::wkt(&shape).into(),
                })
            }
        }
    }
}
