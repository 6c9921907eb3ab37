//! Aggregations of points on the earth.

use super::Source;
use super::bucket::RangeSpec;
use crate::geo::GeoBox;
use serde::{Deserialize, Serialize};

/// Rings around a point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GeoDistance {
    pub source: Source,
    /// Degrees: latitude, longitude.
    pub origin: (f64, f64),
    /// In `unit`.
    pub ranges: Vec<RangeSpec<f64>>,
    /// Metres of one unit.
    pub unit_metres: f64,
    /// Faster, less exact.
    pub plane: bool,
    pub keyed: bool,
}

/// Cells of a grid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GeoGrid {
    pub source: Source,
    /// Characters of a geohash (1 to 12), or zoom of a tile (0 to 29).
    pub precision: u8,
    pub size: u32,
    pub shard_size: Option<u32>,
    pub bounds: Option<GeoBox>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GeoBounds {
    pub source: Source,
    /// The smaller box may cross the date line.
    pub wrap_longitude: bool,
}
