//! Reading shapes, as documents have them and as queries have them: OpenSearch reads the two by different readers with different refusals.

use serde_json::Value;

use super::{At, Geometry, Orientation, Rings, geojson, text};
use crate::error::{Error, ErrorKind};
use crate::geo::read::parse_error;

/// Collections inside of collections.
pub(super) const MAX_DEPTH: usize = 100;

/// How a shape is read.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    pub reader: Reader,
    /// Of polygons that do not say theirs.
    pub orientation: Orientation,
    /// Rings may be open.
    pub coerce: bool,
    /// A third coordinate is passed over rather than refused.
    pub ignore_z: bool,
}

/// Whose words are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// Of values of documents.
    Document,
    Query,
}

impl Reading {
    /// Of the shape in a query.
    pub const QUERY: Self =
        Self { reader: Reader::Query, orientation: Orientation::Right, coerce: false, ignore_z: true };

    /// Of a shape that a query finds in a document.
    pub const LOOKED_UP: Self =
        Self { reader: Reader::Document, orientation: Orientation::Right, coerce: true, ignore_z: true };

    /// Reads a shape; `None`: null, or one that is said to be empty.
    ///
    /// # Errors
    /// In OpenSearch's words: `parse_exception`, `illegal_argument_exception`, `x_content_parse_exception` ..
    pub fn read(&self, value: &Value) -> Result<Option<Geometry>, Error> {
        match value {
            Value::Null => Ok(None),
            Value::Object(object) => geojson::read(self, object).map(Some),
            Value::String(text) => text::read(self, text),
            _ => Err(no_shape()),
        }
    }

    pub(super) fn of_query(&self) -> bool {
        self.reader == Reader::Query
    }

    /// # Errors
    /// `illegal_argument_exception` for a third coordinate where there must be none.
    pub(super) fn check_z(&self, z: Option<f64>) -> Result<(), Error> {
        match z {
            Some(z) if !self.ignore_z => {
                Err(Error::illegal_argument(format!("found Z value [{z:?}] but [ignore_z_value] parameter is [false]")))
            }
            _ => Ok(()),
        }
    }

    /// A line of a document or query.
    pub(super) fn line(&self, positions: Vec<At>) -> Result<Geometry, Error> {
        if positions.len() < 2 {
            let reason = match self.reader {
                Reader::Document => "at least two points in the line is required".to_owned(),
                Reader::Query => {
                    format!("invalid number of points in LineString (found [{}] - must be >= 2)", positions.len())
                }
            };
            return Err(Error::illegal_argument(reason));
        }
        Ok(Geometry::Line(positions))
    }

    /// A ring, closed.
    pub(super) fn ring(&self, mut ring: Vec<At>) -> Result<Vec<At>, Error> {
        let count = ring.len();
        if self.of_query() && count < 4 {
            let reason = format!("invalid number of points in LinearRing (found [{count}] - must be >= [4])");
            return Err(parse_error(reason));
        }
        let (Some(&first), Some(&last)) = (ring.first(), ring.last()) else {
            return Err(Error::new(ErrorKind::Generic, "not enough points to build a line"));
        };
        if count < 2 {
            return Err(Error::illegal_argument("at least two points in the line is required"));
        }
        if first != last && self.coerce {
            ring.push(first);
        } else if first != last {
            return Err(match self.reader {
                Reader::Query => parse_error("invalid LinearRing found (coordinates are not closed)"),
                Reader::Document => Error::illegal_argument(format!(
                    "first and last points of the linear ring must be the same (it must close itself): \
                     x[0]={:?} x[{at}]={:?} y[0]={:?} y[{at}]={:?}",
                    first.x,
                    last.x,
                    first.y,
                    last.y,
                    at = count - 1
                )),
            });
        }
        if ring.len() < 4 {
            return Err(Error::illegal_argument("at least 4 polygon points required"));
        }
        Ok(ring)
    }

    pub(super) fn polygon(&self, rings: Rings) -> Result<Rings, Error> {
        rings.into_iter().map(|ring| self.ring(ring)).collect()
    }
}

pub(super) fn no_shape() -> Error {
    parse_error("shape must be an object consisting of type and coordinates")
}

/// # Errors
/// `illegal_argument_exception` for a box upside down.
pub(super) fn envelope(left: f64, right: f64, top: f64, bottom: f64) -> Result<Geometry, Error> {
    if top < bottom {
        return Err(Error::illegal_argument("max y cannot be less than min x"));
    }
    Ok(Geometry::Envelope(crate::geo::GeoBox { top, left, bottom, right }))
}

pub(super) fn too_deep() -> Error {
    Error::illegal_argument(format!("a geometry collection with a depth greater than {MAX_DEPTH} is not supported"))
}
