//! Aggregations of places bound to one index.

use model::geo::distance::DistanceKind;
use model::geo::tile::Tile;
use model::geo::{GeoBox, GeoPoint, decode, hash};

use super::range::Ranges;
use super::terms::Ranking;
use super::values::Values;

/// `geo_distance`: ranges of the distance from one place.
#[derive(Clone, Debug, PartialEq)]
pub struct GeoDistance {
    /// Of distances in the unit; the values are places. In order of the request.
    pub ranges: Ranges,
    pub origin: GeoPoint,
    pub distance: DistanceKind,
    /// Metres of one unit.
    pub unit_metres: f64,
}

impl GeoDistance {
    /// How far a place, as a column holds it, is from the origin, in the unit.
    pub fn of(&self, code: i64) -> f64 {
        self.distance.metres(self.origin, decode(code)) / self.unit_metres
    }
}

/// `geohash_grid` and `geotile_grid`: the cells with the most documents.
#[derive(Clone, Debug, PartialEq)]
pub struct GeoGrid {
    pub values: Values,
    pub ranking: Ranking,
    pub cells: Cells,
}

/// Cells of one size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cells {
    pub shape: Cell,
    /// Characters of a geohash (1 to 12), or zoom of a tile (0 to 29).
    pub precision: u8,
    /// Places outside make no cells.
    pub bounds: Option<GeoBox>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    Hash,
    Tile,
}

/// Bits of a geohash's number that hold its precision, below those of the cell.
const PRECISION_BITS: u32 = 4;

impl Cells {
    /// The number of the cell that holds a place, which is given as a column holds it. Numbers order as OpenSearch orders cells.
    #[inline]
    pub fn of(&self, code: i64) -> Option<i64> {
        if self.bounds.is_some_and(|bounds| !bounds.contains(decode(code))) {
            return None;
        }
        let precision = u32::from(self.precision);
        Some(match self.shape {
            Cell::Hash => (hash::cell_of_code(code, precision) << PRECISION_BITS | u64::from(precision)) as i64,
            Cell::Tile => Tile::of(decode(code), precision).code() as i64,
        })
    }
}

impl Cell {
    /// A cell's number as it is written: `9q8yy`, `7/20/49`.
    pub fn text(self, number: i64) -> String {
        let number = number as u64;
        match self {
            Self::Hash => hash::text(number >> PRECISION_BITS, (number & ((1 << PRECISION_BITS) - 1)) as u32),
            Self::Tile => Tile::from_code(number).to_string(),
        }
    }

    /// As answers and errors name the aggregation.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hash => "geohash_grid",
            Self::Tile => "geotile_grid",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GeoBounds {
    pub values: Values,
    /// The smaller box may cross the date line.
    pub wrap_longitude: bool,
}

#[cfg(test)]
mod tests {
    use model::geo::encode;

    use super::*;

    #[test]
    fn cells_are_written_as_maps_name_them_and_finest_geohashes_beyond_h_come_first() {
        let vienna = encode(GeoPoint::new(48.2, 16.37));
        let text = |shape: Cell, precision| {
            let cells = Cells { shape, precision, bounds: None };
            cells.of(vienna).map(|number| shape.text(number)).unwrap_or_default()
        };
        assert_eq!([1, 5, 12].map(|precision| text(Cell::Hash, precision)), ["u", "u2edh", "u2edhw832ehx"]);
        assert_eq!([0, 7, 29].map(|zoom| text(Cell::Tile, zoom)), ["0/0/0", "7/69/44", "29/292848169/186177456"]);
        // 60 bits of cell and 4 of precision fill a signed number.
        let number = |point: GeoPoint, precision| {
            Cells { shape: Cell::Hash, precision, bounds: None }.of(encode(point)).expect("no bounds")
        };
        let (east, west) = (GeoPoint::new(10.0, 100.0), GeoPoint::new(10.0, -100.0));
        assert!(number(east, 12) < number(west, 12) && number(east, 11) > number(west, 11));
    }

    #[test]
    fn places_outside_the_bounds_lie_in_no_cell() {
        let bounds = Some(GeoBox { top: 10.0, left: 170.0, bottom: -10.0, right: -170.0 });
        let cells = Cells { shape: Cell::Tile, precision: 0, bounds };
        let found = [(0.0, 175.0), (0.0, -175.0), (0.0, 0.0), (11.0, 175.0)]
            .map(|(lat, lon)| cells.of(encode(GeoPoint::new(lat, lon))).is_some());
        assert_eq!(found, [true, true, false, false]);
    }
}
