//! Geohashes: cells of a grid that is refined by turns in longitude and latitude, written in base 32 (Niemeyer 2008).

use std::f64::consts::PI;

use super::{GeoBox, GeoPoint, decode_lat, decode_lon};

/// Characters of the finest cell that a stored point can tell apart (60 bits).
pub const MAX_PRECISION: u32 = 12;

const EQUATOR_M: f64 = 2.0 * PI * 6_378_137.0;
const POLE_TO_POLE_M: f64 = PI * 6_356_752.314_245;

const SYMBOLS: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";

/// The cell of a point, as a number of `5 * precision` bits. `precision`: 1 to 12.
pub fn cell(point: GeoPoint, precision: u32) -> u64 {
    cell_of_code(super::encode(point), precision)
}

/// As [`cell`], for a point as a column holds it.
pub fn cell_of_code(code: i64, precision: u32) -> u64 {
    let flipped = code as u64 ^ 0x8000_0000_8000_0000;
    let woven = (spread((flipped & 0xffff_ffff) as u32) << 1) | spread((flipped >> 32) as u32);
    woven >> (64 - 5 * precision.clamp(1, MAX_PRECISION))
}

/// Characters of the longest geohash whose cell is not smaller than a square with a diagonal of `metres` (as OpenSearch computes it).
pub fn levels(metres: f64) -> i64 {
    if metres == 0.0 {
        return 24;
    }
    let columns = (EQUATOR_M * (1.0 + POLE_TO_POLE_M / EQUATOR_M) / metres).ceil();
    let bits = columns.log2().ceil() as i64;
    let (pairs, rest) = (bits / 5, bits % 5);
    2 * pairs + i64::from(rest > 0) + i64::from(rest > 3)
}

/// Between opposite corners of a cell of so many characters at the equator, in metres.
pub fn diagonal_m(precision: i64) -> f64 {
    let bits = 5 * precision.clamp(1, 24) as i32;
    let (columns, rows) = (2_f64.powi(bits - bits / 2), 2_f64.powi(bits / 2));
    (EQUATOR_M / columns).hypot(POLE_TO_POLE_M / rows)
}

/// A cell's geohash: `precision` characters.
pub fn text(cell: u64, precision: u32) -> String {
    let precision = precision.clamp(1, MAX_PRECISION);
    let symbol = |place: u32| SYMBOLS[(cell >> (5 * place) & 31) as usize] as char;
    (0..precision).rev().map(symbol).collect()
}

/// The geohash of a point.
pub fn encode(point: GeoPoint, precision: u32) -> String {
    text(cell(point, precision), precision)
}

/// Why a text is no geohash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GeohashError {
    Empty,
    /// The first character that is not of the alphabet.
    Symbol(char),
}

/// The cell of a geohash and its precision. What follows the twelfth character is not looked at.
///
/// # Errors
/// [`GeohashError`].
pub fn parse(geohash: &str) -> Result<(u64, u32), GeohashError> {
    let (mut cell, mut precision) = (0, 0);
    for c in geohash.chars().take(MAX_PRECISION as usize) {
        let digit = SYMBOLS.iter().position(|&symbol| char::from(symbol) == c).ok_or(GeohashError::Symbol(c))?;
        cell = cell << 5 | digit as u64;
        precision += 1;
    }
    if precision == 0 { Err(GeohashError::Empty) } else { Ok((cell, precision)) }
}

/// The edges of a cell. A box of the last row or column ends at the pole or the dateline.
pub fn bounds(cell: u64, precision: u32) -> GeoBox {
    let bits = 5 * precision.clamp(1, MAX_PRECISION);
    let woven = cell << (64 - bits);
    let (lat_bits, lon_bits) = (bits / 2, bits - bits / 2);
    let (south, west) = (gather(woven), gather(woven >> 1));
    // Counted from the south pole and the dateline, in steps of the code.
    let start = |from: u32| (from ^ 0x8000_0000) as i32;
    let end = |from: u32, kept: u32| i32::try_from(i64::from(from) + (1 << (32 - kept)) - (1 << 31)).ok();
    GeoBox {
        top: end(south, lat_bits).map_or(90.0, decode_lat),
        left: decode_lon(start(west)),
        bottom: decode_lat(start(south)),
        right: end(west, lon_bits).map_or(180.0, decode_lon),
    }
}

/// The corner of a cell that is nearest to the south pole and to the dateline in the west: what a geohash stands for as a point.
pub fn corner(cell: u64, precision: u32) -> GeoPoint {
    let edges = bounds(cell, precision);
    GeoPoint { lat: edges.bottom, lon: edges.left }
}

/// The cells around one: eight, fewer at the poles.
pub fn neighbours(cell: u64, precision: u32) -> Vec<u64> {
    let edges = bounds(cell, precision);
    let (bits, lat, lon) = (5 * precision.clamp(1, MAX_PRECISION), edges.bottom, edges.left);
    let (height, width) = (180.0 / f64::from(1_u32 << (bits / 2)), 360.0 / f64::from(1_u32 << (bits - bits / 2)));
    let mut around = Vec::with_capacity(8);
    for (rows, columns) in
        [(1.0, -1.0), (1.0, 0.0), (1.0, 1.0), (0.0, -1.0), (0.0, 1.0), (-1.0, -1.0), (-1.0, 0.0), (-1.0, 1.0)]
    {
        let (lat, lon) = (lat + (rows + 0.5) * height, lon + (columns + 0.5) * width);
        if (-90.0..=90.0).contains(&lat) {
            around.push(self::cell(GeoPoint { lat, lon }.normalized(), precision));
        }
    }
    around
}

/// Every second bit of the result, from the lowest, is a bit of the input.
fn spread(half: u32) -> u64 {
    let mut bits = u64::from(half);
    bits = (bits | bits << 16) & 0x0000_ffff_0000_ffff;
    bits = (bits | bits << 8) & 0x00ff_00ff_00ff_00ff;
    bits = (bits | bits << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    bits = (bits | bits << 2) & 0x3333_3333_3333_3333;
    (bits | bits << 1) & 0x5555_5555_5555_5555
}

/// What [`spread`] spread.
fn gather(woven: u64) -> u32 {
    let mut bits = woven & 0x5555_5555_5555_5555;
    bits = (bits | bits >> 1) & 0x3333_3333_3333_3333;
    bits = (bits | bits >> 2) & 0x0f0f_0f0f_0f0f_0f0f;
    bits = (bits | bits >> 4) & 0x00ff_00ff_00ff_00ff;
    bits = (bits | bits >> 8) & 0x0000_ffff_0000_ffff;
    (bits | bits >> 16) as u32
}
