//! Queries on places: circles, boxes, polygons.

use crate::geo::shape::Geometry;
use crate::geo::shape::relate::Relation;
use crate::geo::{GeoBox, GeoPoint};
use crate::query::term_level::Lookup;
use serde::{Deserialize, Serialize};

/// What becomes of coordinates that are not on the globe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Validation {
    /// Refused.
    #[default]
    Strict,
    /// Brought back to the globe.
    Coerce,
    /// Passed on; most are refused later.
    IgnoreMalformed,
}

impl Validation {
    /// The method of a name, in any case.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name.to_ascii_uppercase().as_str() {
            "STRICT" => Self::Strict,
            "COERCE" => Self::Coerce,
            "IGNORE_MALFORMED" => Self::IgnoreMalformed,
            _ => return None,
        })
    }
}

/// `geo_distance`, `geo_bounding_box`, `geo_polygon`. Coordinates are as given: NaN where none were.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Geo {
    pub field: String,
    pub shape: Shape,
    pub validation: Validation,
    /// A field that is not mapped matches nothing.
    pub ignore_unmapped: bool,
}

/// The part of the globe that is asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Shape {
    Distance {
        center: GeoPoint,
        radius_m: f64,
    },
    BoundingBox(GeoBox),
    /// Corners in order, the first not repeated unless it was given twice.
    Polygon(Vec<GeoPoint>),
}

impl Shape {
    /// The query's name.
    pub fn kind_name(&self) -> &'static str {
        match self {
            Self::Distance { .. } => "geo_distance",
            Self::BoundingBox(_) => "geo_bounding_box",
            Self::Polygon(_) => "geo_polygon",
        }
    }
}

/// `geo_shape`: documents by how their shapes, or points, stand to one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ByShape {
    pub field: String,
    pub shape: AskedShape,
    pub relation: Relation,
    /// A field that is not mapped matches nothing.
    pub ignore_unmapped: bool,
}

/// The shape that is asked for, or where it stands until it is looked up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum AskedShape {
    Given(Geometry),
    Indexed(Lookup),
}
