//! A simple polygon on the map of degrees: edges are straight lines between latitudes and longitudes, not great circles.

use super::{GeoBox, GeoPoint};

/// A closed ring of at least three corners.
#[derive(Clone, Debug, PartialEq)]
pub struct Polygon {
    /// The first corner is also the last.
    ring: Vec<GeoPoint>,
    bounds: GeoBox,
}

impl Polygon {
    /// Closes the ring when its last corner is not its first. `None` for fewer than three different corners in sequence.
    pub fn new(mut corners: Vec<GeoPoint>) -> Option<Self> {
        let first = *corners.first()?;
        if corners.last() != Some(&first) {
            corners.push(first);
        }
        if corners.len() < 4 {
            return None;
        }
        let start = GeoBox { top: first.lat, left: first.lon, bottom: first.lat, right: first.lon };
        let bounds = corners.iter().fold(start, |edges, corner| GeoBox {
            top: edges.top.max(corner.lat),
            left: edges.left.min(corner.lon),
            bottom: edges.bottom.min(corner.lat),
            right: edges.right.max(corner.lon),
        });
        Some(Self { ring: corners, bounds })
    }

    /// The smallest box around it.
    pub fn bounds(&self) -> GeoBox {
        self.bounds
    }

    /// The closed ring.
    pub fn ring(&self) -> &[GeoPoint] {
        &self.ring
    }

    /// Whether a point is inside (by the even-odd rule) or on an edge.
    pub fn contains(&self, point: GeoPoint) -> bool {
        if !self.bounds.contains(point) {
            return false;
        }
        let mut inside = false;
        for edge in self.ring.windows(2) {
            let (a, b) = (edge[0], edge[1]);
            // Twice the area of the triangle edge-point: its sign says on which side the point lies.
            let side = (b.lon - a.lon) * (point.lat - a.lat) - (b.lat - a.lat) * (point.lon - a.lon);
            if side == 0.0 && between(a.lat, point.lat, b.lat) && between(a.lon, point.lon, b.lon) {
                return true;
            }
            if (a.lat > point.lat) != (b.lat > point.lat) && (side > 0.0) == (b.lat > a.lat) {
                inside = !inside;
            }
        }
        inside
    }
}

fn between(a: f64, value: f64, b: f64) -> bool {
    a.min(b) <= value && value <= a.max(b)
}
