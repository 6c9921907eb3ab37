//! Points on the earth: how a column keeps them, how far apart they are, which cell of a grid holds them.
//!
//! Everything is plain arithmetic over degrees. Not here: how a point is written in a document or a query
//! (`mapping::geo_point`), which documents match (the shard).

pub mod area;
pub mod distance;
pub mod hash;
pub mod polygon;
pub mod read;
pub mod shape;
pub mod tile;
pub mod wkt;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

/// Degrees of latitude in one step of the code: 180 / 2^32.
const LAT_STEP: f64 = 180.0 / 4_294_967_296.0;
/// Degrees of longitude in one step of the code: 360 / 2^32.
const LON_STEP: f64 = 360.0 / 4_294_967_296.0;

/// A place: degrees north of the equator and east of Greenwich.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GeoPoint {
    pub lat: f64,
    pub lon: f64,
}

impl GeoPoint {
    pub fn new(lat: f64, lon: f64) -> Self {
        Self { lat, lon }
    }

    /// Whether both coordinates are finite and on the globe: latitude within ±90, longitude within ±180.
    pub fn is_valid(self) -> bool {
        is_latitude(self.lat) && is_longitude(self.lon)
    }

    /// The same place with its coordinates on the globe: beyond a pole one comes back on the other side.
    pub fn normalized(self) -> Self {
        let Self { mut lat, mut lon } = self;
        if !is_latitude(lat) {
            lat = centered(lat, 360.0);
            let beyond = if lat < -90.0 {
                Some(-180.0 - lat)
            } else if lat > 90.0 {
                Some(180.0 - lat)
            } else {
                None
            };
            if let Some(mirrored) = beyond {
                lat = mirrored;
                lon += 180.0;
            }
            lon = centered(lon, 360.0);
        } else if !is_longitude(lon) {
            lon = centered(lon, 360.0);
        }
        Self { lat, lon }
    }
}

/// Whether a latitude is on the globe.
pub fn is_latitude(lat: f64) -> bool {
    (-90.0..=90.0).contains(&lat)
}

/// Whether a longitude is on the globe.
pub fn is_longitude(lon: f64) -> bool {
    (-180.0..=180.0).contains(&lon)
}

/// The remainder nearest to zero, in (-divisor/2, divisor/2].
fn centered(dividend: f64, divisor: f64) -> f64 {
    let mut rest = dividend % divisor;
    if rest <= 0.0 {
        rest += divisor;
    }
    if rest > divisor / 2.0 {
        rest -= divisor;
    }
    rest
}

/// Latitude as a signed 32-bit step count, rounded down: the precision of every stored point (about a centimetre). What is not on the
/// globe is taken as its nearest edge.
pub fn encode_lat(lat: f64) -> i32 {
    (lat / LAT_STEP).floor() as i32 // saturates: 90 takes the last step
}

/// As [`encode_lat`], for a longitude.
pub fn encode_lon(lon: f64) -> i32 {
    (lon / LON_STEP).floor() as i32
}

/// The southern edge of a step.
pub fn decode_lat(code: i32) -> f64 {
    f64::from(code) * LAT_STEP
}

/// The western edge of a step.
pub fn decode_lon(code: i32) -> f64 {
    f64::from(code) * LON_STEP
}

/// A point as a column holds it: the latitude's code in the high half, the longitude's in the low half (the layout of Lucene's
/// `LatLonDocValuesField`), so that the values of a document are ordered by latitude.
pub fn encode(point: GeoPoint) -> i64 {
    (i64::from(encode_lat(point.lat)) << 32) | i64::from(encode_lon(point.lon) as u32)
}

/// The south-western corner of the step that [`encode`] chose.
pub fn decode(code: i64) -> GeoPoint {
    GeoPoint { lat: decode_lat((code >> 32) as i32), lon: decode_lon(code as i32) }
}

/// A box of degrees. It crosses the dateline when `left` is greater than `right`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GeoBox {
    pub top: f64,
    pub left: f64,
    pub bottom: f64,
    pub right: f64,
}

impl GeoBox {
    /// Whether a point is inside or on the edge.
    pub fn contains(&self, point: GeoPoint) -> bool {
        let lon = if self.left <= self.right {
            self.left <= point.lon && point.lon <= self.right
        } else {
            self.left <= point.lon || point.lon <= self.right
        };
        lon && self.bottom <= point.lat && point.lat <= self.top
    }
}
