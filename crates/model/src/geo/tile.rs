//! Tiles of web maps: at zoom `z` the Mercator projection of the world is `2^z` by `2^z` squares, counted from the north west.

use std::f64::consts::PI;

use super::{GeoBox, GeoPoint};

/// The finest zoom whose tiles a stored point can tell apart.
pub const MAX_ZOOM: u32 = 29;

/// The northernmost latitude of the map; what lies beyond is counted to the first or last row.
pub const MAX_LAT: f64 = 85.051_128_779_806_6;

/// One tile. Its text is `zoom/x/y`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tile {
    pub zoom: u32,
    pub x: u32,
    pub y: u32,
}

impl std::fmt::Display for Tile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/{}", self.zoom, self.x, self.y)
    }
}

impl Tile {
    /// The tile that holds a point. `zoom`: at most 29.
    pub fn of(point: GeoPoint, zoom: u32) -> Self {
        let zoom = zoom.min(MAX_ZOOM);
        let tiles = f64::from(1_u32 << zoom);
        let last = (1_u32 << zoom) - 1;
        let x = ((point.normalized().lon + 180.0) / 360.0 * tiles).floor() as u32; // saturates at 0
        let sine = point.lat.to_radians().sin();
        let y = ((0.5 - ((1.0 + sine) / (1.0 - sine)).ln() / (4.0 * PI)) * tiles).floor() as u32;
        Self { zoom, x: x.min(last), y: y.min(last) }
    }

    /// The tile as one number: six bits of zoom, then x and y with 29 bits each. Orders by zoom, x, y.
    pub fn code(self) -> u64 {
        u64::from(self.zoom) << 58 | u64::from(self.x) << 29 | u64::from(self.y)
    }

    /// The tile of a number that [`Self::code`] made.
    pub fn from_code(code: u64) -> Self {
        let half = (1 << 29) - 1;
        Self { zoom: (code >> 58) as u32, x: (code >> 29 & half) as u32, y: (code & half) as u32 }
    }

    /// Reads `zoom/x/y`; `None` when it is no tile.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/').map(|part| part.parse::<u32>().ok());
        let (zoom, x, y) = (parts.next()??, parts.next()??, parts.next()??);
        let whole = parts.next().is_none() && zoom <= MAX_ZOOM && x < 1 << zoom && y < 1 << zoom;
        whole.then_some(Self { zoom, x, y })
    }

    /// The edges of the tile.
    pub fn bounds(self) -> GeoBox {
        let tiles = f64::from(1_u32 << self.zoom.min(MAX_ZOOM));
        let lat = |row: u32| (PI - 2.0 * PI * f64::from(row) / tiles).sinh().atan().to_degrees();
        let lon = |column: u32| f64::from(column) / tiles * 360.0 - 180.0;
        GeoBox { top: lat(self.y), left: lon(self.x), bottom: lat(self.y + 1), right: lon(self.x + 1) }
    }

    /// The middle of the tile, as bucket keys are given to clients.
    pub fn center(self) -> GeoPoint {
        let tiles = f64::from(1_u32 << self.zoom.min(MAX_ZOOM));
        let n = PI - 2.0 * PI * (f64::from(self.y) + 0.5) / tiles;
        GeoPoint { lat: n.sinh().atan().to_degrees(), lon: (f64::from(self.x) + 0.5) / tiles * 360.0 - 180.0 }
    }
}
