//! What a geo query asks of a point: to lie in a circle, a box or a polygon.

use super::distance::{box_around, haversine, metres_of_haversine};
use super::polygon::Polygon;
use super::shape::relate::Question;
use super::shape::{At, Bounds};
use super::{GeoBox, GeoPoint};

/// A part of the globe.
#[derive(Clone, Debug, PartialEq)]
pub enum Area {
    /// Points whose distance along the great circle is at most `radius_m`.
    Circle {
        center: GeoPoint,
        radius_m: f64,
    },
    Box(GeoBox),
    Polygon(Polygon),
    /// What a query by shape asks for.
    Shape(Question),
}

impl Area {
    /// A box that holds all of it.
    pub fn bounds(&self) -> GeoBox {
        match self {
            Self::Circle { center, radius_m } => box_around(*center, *radius_m),
            Self::Box(edges) => *edges,
            Self::Polygon(polygon) => polygon.bounds(),
            Self::Shape(question) => {
                let Bounds { min, max } = question.bounds();
                GeoBox { top: max.y, left: min.x, bottom: min.y, right: max.x }
            }
        }
    }

    /// Whether a point is inside or on the edge.
    pub fn contains(&self, point: GeoPoint) -> bool {
        match self {
            Self::Circle { center, radius_m } => metres_of_haversine(haversine(*center, point)) <= *radius_m,
            Self::Box(edges) => edges.contains(point),
            Self::Polygon(polygon) => polygon.contains(point),
            Self::Shape(question) => question.has(At { x: point.lon, y: point.lat }),
        }
    }
}

impl Area {
    /// As Lucene writes it behind the field's name and a colon.
    pub fn notation(&self) -> String {
        match self {
            Self::Circle { center, radius_m } => {
                let center = format!("[{},{}]", plain(center.lat), plain(center.lon));
                format!("INTERSECTS:geometries([Circle({center} radius = {radius_m:?} meters)])")
            }
            Self::Box(edges) => {
                // The steps of the code within the box.
                let up = |degrees: f64, step: f64| (degrees / step).ceil() * step;
                let down = |degrees: f64, step: f64| (degrees / step).floor() * step;
                format!(
                    "box(minLat={:?}, maxLat={:?}, minLon={:?}, maxLon={:?})",
                    up(edges.bottom, super::LAT_STEP),
                    down(edges.top, super::LAT_STEP),
                    up(edges.left, super::LON_STEP),
                    down(edges.right, super::LON_STEP)
                )
            }
            Self::Polygon(polygon) => {
                let corners: Vec<String> =
                    polygon.ring().iter().map(|corner| format!("[{:?}, {:?}]", corner.lat, corner.lon)).collect();
                format!("INTERSECTS:geometries([Polygon[{}]])", corners.join(", "))
            }
            Self::Shape(question) => question.notation(),
        }
    }
}

/// Without a fraction where there is none.
fn plain(degrees: f64) -> String {
    degrees.to_string()
}
