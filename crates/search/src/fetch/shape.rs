//! Shapes of a `geo_shape` field as GeoJSON or well-known text. What was written so is shown as it was written.

use model::error::Error;
use model::geo::shape::read::Reading;
use model::geo::shape::show;
use model::mapping::Field;
use serde_json::Value;

use super::place::Form;

/// How the shapes of one field are read and shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shapes {
    form: Form,
    reading: Reading,
}

impl Shapes {
    /// `format`: `geojson` (the default) or `wkt`.
    ///
    /// # Errors
    /// `illegal_argument_exception` for another format.
    pub(super) fn new(field: &Field, format: Option<&str>) -> Result<Self, Error> {
        Ok(Self { form: Form::named(format)?, reading: field.shapes() })
    }

    /// `None`: no shape.
    pub(super) fn show(&self, value: &Value) -> Option<Value> {
        match (self.form, value) {
            (Form::GeoJson, Value::Object(_)) | (Form::WellKnownText, Value::String(_)) => Some(value.clone()),
            _ => {
                let shape = self.reading.read(value).ok().flatten()?;
                Some(match self.form {
                    Form::GeoJson => show::geojson(&shape),
                    Form::WellKnownText => show::wkt(&shape).into(),
                })
            }
        }
    }
}
