//! Where points lie: their bounds and their middle.

use serde::{Deserialize, Serialize};

use crate::aggregation::sum::Sum;
use crate::geo::{GeoBox, GeoPoint};

/// The extremes of points, those east and west of Greenwich apart: at the end the smaller box is chosen, which may cross the date
/// line.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Extent {
    top: f64,
    bottom: f64,
    west: Span,
    east: Span,
}

/// Longitudes on one half of the earth; the least is ∞ and the greatest -∞ without points.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Span {
    left: f64,
    right: f64,
}

impl Span {
    const EMPTY: Self = Self { left: f64::INFINITY, right: f64::NEG_INFINITY };

    fn merge(&mut self, other: Self) {
        self.left = self.left.min(other.left);
        self.right = self.right.max(other.right);
    }

    fn is_empty(self) -> bool {
        self.left > self.right
    }
}

impl Default for Extent {
    fn default() -> Self {
        Self { top: f64::NEG_INFINITY, bottom: f64::INFINITY, west: Span::EMPTY, east: Span::EMPTY }
    }
}

impl Extent {
    pub fn add(&mut self, point: GeoPoint) {
        let span = Span { left: point.lon, right: point.lon };
        let (west, east) = if point.lon < 0.0 { (span, Span::EMPTY) } else { (Span::EMPTY, span) };
        self.merge(&Self { top: point.lat, bottom: point.lat, west, east });
    }

    pub fn merge(&mut self, other: &Self) {
        self.top = self.top.max(other.top);
        self.bottom = self.bottom.min(other.bottom);
        self.west.merge(other.west);
        self.east.merge(other.east);
    }

    /// The box of all points; with `wrap_longitude` it crosses the date line where that makes it narrower. `None` without points.
    pub fn bounds(&self, wrap_longitude: bool) -> Option<GeoBox> {
        let (left, right) = match (self.west.is_empty(), self.east.is_empty()) {
            (true, true) => return None,
            (false, true) => (self.west.left, self.west.right),
            (true, false) => (self.east.left, self.east.right),
            (false, false) => {
                let across_greenwich = self.east.right - self.west.left;
                let across_the_date_line = (180.0 - self.east.left) + (self.west.right + 180.0);
                if wrap_longitude && across_the_date_line < across_greenwich {
                    (self.east.left, self.west.right)
                } else {
                    (self.west.left, self.east.right)
                }
            }
        };
        Some(GeoBox { top: self.top, left, bottom: self.bottom, right })
    }
}

/// The sums of a middle of points, as if the earth were flat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Centroid {
    lat: Sum,
    lon: Sum,
    pub count: u64,
}

impl Centroid {
    pub fn add(&mut self, point: GeoPoint) {
        self.lat.add(point.lat);
        self.lon.add(point.lon);
        self.count += 1;
    }

    pub fn merge(&mut self, other: &Self) {
        self.lat.merge(other.lat);
        self.lon.merge(other.lon);
        self.count = self.count.saturating_add(other.count);
    }

    /// `None` without points.
    pub fn point(&self) -> Option<GeoPoint> {
        let count = self.count as f64;
        (self.count > 0).then(|| GeoPoint::new(self.lat.value() / count, self.lon.value() / count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(points: &[(f64, f64)], wrap: bool) -> Option<(f64, f64, f64, f64)> {
        let mut parts = [Extent::default(); 2];
        points.iter().enumerate().for_each(|(n, (lat, lon))| parts[n % 2].add(GeoPoint::new(*lat, *lon)));
        let [mut all, other] = parts;
        all.merge(&other);
        all.bounds(wrap).map(|found| (found.top, found.left, found.bottom, found.right))
    }

    #[test]
    fn bounds_cross_the_date_line_only_where_they_may_and_it_is_nearer() {
        assert_eq!(bounds(&[], true), None);
        assert_eq!(bounds(&[(10.0, 5.0), (-3.0, 7.0)], true), Some((10.0, 5.0, -3.0, 7.0)));
        assert_eq!(bounds(&[(10.0, -5.0), (1.0, -7.0)], true), Some((10.0, -7.0, 1.0, -5.0)));
        assert_eq!(bounds(&[(10.0, -5.0), (1.0, 7.0)], true), Some((10.0, -5.0, 1.0, 7.0)));
        assert_eq!(bounds(&[(1.0, -170.0), (1.0, 170.0)], true), Some((1.0, 170.0, 1.0, -170.0)));
        assert_eq!(bounds(&[(1.0, -170.0), (1.0, 170.0)], false), Some((1.0, -170.0, 1.0, 170.0)));
    }

    #[test]
    fn the_middle_is_the_mean_of_coordinates() {
        let mut all = Centroid::default();
        assert_eq!(all.point(), None);
        [(10.0, 20.0), (20.0, 40.0), (30.0, -30.0)].iter().for_each(|(lat, lon)| all.add(GeoPoint::new(*lat, *lon)));
        let mut twice = all;
        twice.merge(&all);
        assert_eq!((twice.count, twice.point()), (6, Some(GeoPoint::new(20.0, 10.0))));
    }
}
