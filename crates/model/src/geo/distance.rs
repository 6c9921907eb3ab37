//! How far two points are apart, and the units that distances are written in.

use serde::{Deserialize, Serialize};

use std::f64::consts::FRAC_PI_2;

use super::{GeoBox, GeoPoint};

/// Mean radius of the earth in metres (IUGG).
pub const EARTH_RADIUS_M: f64 = 6_371_008.771_4;

/// How a distance is computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DistanceKind {
    /// Along the great circle.
    #[default]
    Arc,
    /// On a flat map whose longitudes are shortened by the latitude in the middle: quick, and right for short distances only.
    Plane,
}

impl DistanceKind {
    /// Metres between two points.
    pub fn metres(self, a: GeoPoint, b: GeoPoint) -> f64 {
        match self {
            Self::Arc => arc_m(a, b),
            Self::Plane => plane_m(a, b),
        }
    }
}

/// Metres along the great circle, by haversines (Sinnott 1984), rounded as Lucene's `SloppyMath` rounds: the last three bits of
/// the haversine are dropped, so that distances of equal points are zero and near ties are ties.
pub fn arc_m(a: GeoPoint, b: GeoPoint) -> f64 {
    metres_of_haversine(haversine(a, b))
}

/// Twice the haversine of the angle between two points, from 0 (equal) to 2 (antipodes). It orders as the distance does and is
/// cheaper.
pub fn haversine(a: GeoPoint, b: GeoPoint) -> f64 {
    let (lat_a, lat_b) = (a.lat.to_radians(), b.lat.to_radians());
    let over_lat = 1.0 - (lat_a - lat_b).cos();
    let over_lon = 1.0 - (a.lon - b.lon).to_radians().cos();
    let sum = over_lat + lat_a.cos() * lat_b.cos() * over_lon;
    f64::from_bits(sum.to_bits() & !7)
}

/// Metres for what [`haversine`] gives.
pub fn metres_of_haversine(haversine: f64) -> f64 {
    EARTH_RADIUS_M * 2.0 * (haversine * 0.5).sqrt().min(1.0).asin()
}

/// Metres on a flat map.
pub fn plane_m(a: GeoPoint, b: GeoPoint) -> f64 {
    let x = (b.lon - a.lon).to_radians() * ((b.lat + a.lat) / 2.0).to_radians().cos();
    let y = (b.lat - a.lat).to_radians();
    (x * x + y * y).sqrt() * EARTH_RADIUS_M
}

/// A box that holds every point within `radius_m` metres of `center`. It may be larger than need be: the distance decides.
pub fn box_around(center: GeoPoint, radius_m: f64) -> GeoBox {
    // A little is added for rounding: of the radius, and of stored points (rounded down to a step of 1e-7 degrees).
    let angle = radius_m / EARTH_RADIUS_M * 1.000_001 + 1e-8;
    let (lat, lon) = (center.lat.to_radians(), center.lon.to_radians());
    let (bottom, top) = (lat - angle, lat + angle);
    if !(bottom > -FRAC_PI_2 && top < FRAC_PI_2) {
        let (bottom, top) = (bottom.to_degrees().max(-90.0), top.to_degrees().min(90.0));
        return GeoBox { top, left: -180.0, bottom, right: 180.0 };
    }
    let across = (angle.sin() / lat.cos()).asin();
    let wrap = |degrees: f64| {
        if degrees < -180.0 {
            degrees + 360.0
        } else if degrees > 180.0 {
            degrees - 360.0
        } else {
            degrees
        }
    };
    let (left, right) = ((lon - across).to_degrees(), (lon + across).to_degrees());
    let whole = across.is_nan() || right - left >= 359.9;
    GeoBox {
        top: top.to_degrees(),
        left: if whole { -180.0 } else { wrap(left) },
        bottom: bottom.to_degrees(),
        right: if whole { 180.0 } else { wrap(right) },
    }
}

/// A unit of length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DistanceUnit {
    Inch,
    Yard,
    Feet,
    Kilometers,
    NauticalMiles,
    Millimeters,
    Centimeters,
    Miles,
    #[default]
    Meters,
}

/// Every name of every unit. A distance is read with the first that it ends with: `m` comes after those that end in it.
const UNITS: &[(DistanceUnit, &[&str])] = &[
    (DistanceUnit::Inch, &["in", "inch"]),
    (DistanceUnit::Yard, &["yd", "yards"]),
    (DistanceUnit::Feet, &["ft", "feet"]),
    (DistanceUnit::Kilometers, &["km", "kilometers"]),
    (DistanceUnit::NauticalMiles, &["NM", "nmi", "nauticalmiles"]),
    (DistanceUnit::Millimeters, &["mm", "millimeters"]),
    (DistanceUnit::Centimeters, &["cm", "centimeters"]),
    (DistanceUnit::Miles, &["mi", "miles"]),
    (DistanceUnit::Meters, &["m", "meters"]),
];

impl DistanceUnit {
    /// Metres in one of this unit.
    pub fn metres(self) -> f64 {
        match self {
            Self::Inch => 0.0254,
            Self::Yard => 0.9144,
            Self::Feet => 0.3048,
            Self::Kilometers => 1000.0,
            Self::NauticalMiles => 1852.0,
            Self::Millimeters => 0.001,
            Self::Centimeters => 0.01,
            Self::Miles => 1609.344,
            Self::Meters => 1.0,
        }
    }

    /// A length in metres, in this unit.
    pub fn of_metres(self, metres: f64) -> f64 {
        metres / self.metres()
    }

    /// The name that OpenSearch writes.
    pub fn name(self) -> &'static str {
        UNITS.iter().find(|(unit, _)| *unit == self).map_or("m", |(_, names)| names[0])
    }

    /// The unit of a name; upper and lower case differ. `None`: OpenSearch says `No distance unit match [name]`.
    pub fn parse(name: &str) -> Option<Self> {
        UNITS.iter().find(|(_, names)| names.contains(&name)).map(|(unit, _)| *unit)
    }
}

/// Why a distance cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DistanceError {
    /// Nothing but a unit, or nothing at all.
    Empty,
    /// What stands before the unit is no number.
    NotANumber(String),
}

/// Reads `5km` or `5` (in `default`) as metres. White space around the number is ignored. Whether it is positive and finite is for the
/// caller to say.
///
/// # Errors
/// [`DistanceError`].
pub fn parse_distance(text: &str, default: DistanceUnit) -> Result<f64, DistanceError> {
    let named = UNITS.iter().find_map(|(unit, names)| {
        let rest = names.iter().find_map(|name| text.strip_suffix(name))?;
        Some((rest, *unit))
    });
    let (digits, unit) = named.unwrap_or((text, default));
    let digits = digits.trim_matches(|c: char| c <= ' ');
    if digits.is_empty() {
        return Err(DistanceError::Empty);
    }
    let value = java_double(digits).ok_or_else(|| DistanceError::NotANumber(digits.to_owned()))?;
    Ok(value * unit.metres())
}

/// A number as Java's `Double.parseDouble` takes it, hexadecimal ones excepted: a letter `f` or `d` may follow, `NaN` and `Infinity` are
/// written so and no other way.
pub fn java_double(text: &str) -> Option<f64> {
    let text = text.trim_matches(|c: char| c <= ' ');
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, "NaN" | "Infinity") {
        return text.parse().ok();
    }
    let digits = text.strip_suffix(['f', 'F', 'd', 'D']).unwrap_or(text);
    let plain = digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'));
    if plain { digits.parse().ok() } else { None }
}
