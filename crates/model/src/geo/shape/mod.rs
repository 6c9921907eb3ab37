//! Shapes on the map of degrees: points, lines and polygons as a `geo_shape` field holds them and a `geo_shape` query asks for them.
//!
//! In: GeoJSON or well-known text ([`read`]). A [`Geometry`] is what was written; [`ground`] brings it to the globe as [`Piece`]s, none of which
//! crosses the dateline; [`code`] is how a document's pieces are kept; [`ask`] prepares those of a query, and [`relate`] says how a
//! document's stand to them. Edges are straight lines between latitudes and longitudes, not great circles. Not here: which
//! documents there are.

pub mod ask;
mod check;
pub mod code;
mod cut;
mod edges;
mod geojson;
pub mod ground;
pub mod read;
pub mod relate;
pub mod show;
mod text;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::GeoBox;

/// A position: degrees east and degrees north.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct At {
    pub x: f64,
    pub y: f64,
}

/// A polygon: its outer ring, then its holes. The first position of a ring is also its last.
pub type Rings = Vec<Vec<At>>;

/// A shape as it was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Geometry {
    Point(At),
    MultiPoint(Vec<At>),
    Line(Vec<At>),
    MultiLine(Vec<Vec<At>>),
    Polygon(Rings),
    MultiPolygon(Vec<Rings>),
    Envelope(GeoBox),
    Circle { center: At, radius_m: f64 },
    Collection(Vec<Geometry>),
}

impl Geometry {
    /// In lower case, as OpenSearch's messages have it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Point(_) => "point",
            Self::MultiPoint(_) => "multipoint",
            Self::Line(_) => "linestring",
            Self::MultiLine(_) => "multilinestring",
            Self::Polygon(_) => "polygon",
            Self::MultiPolygon(_) => "multipolygon",
            Self::Envelope(_) => "envelope",
            Self::Circle { .. } => "circle",
            Self::Collection(_) => "geometrycollection",
        }
    }
}

/// A part of a document's shape on the globe: longitudes within ±180 degrees, latitudes within ±90.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    Point(At),
    /// At least two positions.
    Line(Vec<At>),
    Area(Rings),
}

/// The way in which rings run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Orientation {
    /// Outer rings counterclockwise.
    #[default]
    Right,
    Left,
}

impl Orientation {
    /// The orientation of a name, in any case.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name.to_lowercase().as_str() {
            "right" | "counterclockwise" | "ccw" => Self::Right,
            "left" | "clockwise" | "cw" => Self::Left,
            _ => return None,
        })
    }

    /// As mappings show it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Right => "RIGHT",
            Self::Left => "LEFT",
        }
    }
}

/// A box of degrees that no side wraps around.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    pub min: At,
    pub max: At,
}

impl Bounds {
    /// Holds nothing.
    pub const NOTHING: Self =
        Self { min: At { x: f64::INFINITY, y: f64::INFINITY }, max: At { x: f64::NEG_INFINITY, y: f64::NEG_INFINITY } };

    /// Around some positions.
    pub fn of<'a>(positions: impl IntoIterator<Item = &'a At>) -> Self {
        positions.into_iter().fold(Self::NOTHING, |bounds, at| bounds.with(*at))
    }

    #[must_use]
    pub fn with(self, at: At) -> Self {
        let min = At { x: self.min.x.min(at.x), y: self.min.y.min(at.y) };
        Self { min, max: At { x: self.max.x.max(at.x), y: self.max.y.max(at.y) } }
    }

    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.with(other.min).with(other.max)
    }

    /// Whether they have a position in common, at an edge too.
    pub fn meets(&self, other: &Self) -> bool {
        self.min.x <= other.max.x && other.min.x <= self.max.x && self.min.y <= other.max.y && other.min.y <= self.max.y
    }

    /// Whether a position is inside or at an edge.
    pub fn has(&self, at: At) -> bool {
        self.min.x <= at.x && at.x <= self.max.x && self.min.y <= at.y && at.y <= self.max.y
    }

    /// Whether all of `other` is inside, edges included.
    pub fn holds(&self, other: &Self) -> bool {
        self.has(other.min) && self.has(other.max)
    }
}
