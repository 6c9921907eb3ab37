//! `geo_distance`, `geohash_grid`, `geotile_grid`, `geo_bounds`, `geo_centroid`.

use model::aggregation::request::bucket::RangeSpec;
use model::aggregation::request::terms::Cut;
use model::aggregation::request::{Order, OrderBy, Source, geo as asked};
use model::error::Error;
use model::geo::distance::DistanceKind;
use model::geo::read::{Corner, text};
use model::geo::{GeoPoint, encode};
use model::number::float_text;
use serde_json::Value;

use super::Binding;
use super::values::Accepts;
use crate::aggregation::Kind;
use crate::aggregation::geo::{Cell, Cells, GeoBounds, GeoDistance, GeoGrid};
use crate::aggregation::range::{Range, Ranges};
use crate::aggregation::terms::Ranking;
use crate::aggregation::values::Missing;
use crate::bind::number::java_text;

impl Binding<'_> {
    pub(super) fn geo_distance(self, asked: &asked::GeoDistance) -> Result<Kind, Error> {
        let ranges = Ranges {
            values: self.values(&asked.source, Accepts::Places, "geo_distance")?,
            ranges: asked.ranges.iter().map(ring).collect(),
            keyed: asked.keyed,
            kind: "geo_distance",
        };
        Ok(Kind::GeoDistance(Box::new(GeoDistance {
            ranges,
            origin: GeoPoint::new(asked.origin.0, asked.origin.1),
            distance: if asked.plane { DistanceKind::Plane } else { DistanceKind::Arc },
            unit_metres: asked.unit_metres,
        })))
    }

    pub(super) fn geo_grid(self, asked: &asked::GeoGrid, shape: Cell) -> Result<Kind, Error> {
        let cut = Cut { size: asked.size, shard_size: asked.shard_size, min_doc_count: 1, shard_min_doc_count: 0 };
        let descending = |by: OrderBy| Order { by, descending: true };
        let order = vec![descending(OrderBy::Count), descending(OrderBy::Key)];
        let cells = Cells { shape, precision: asked.precision, bounds: asked.bounds };
        Ok(Kind::GeoGrid(Box::new(GeoGrid {
            values: self.values(&asked.source, Accepts::Places, shape.name())?,
            ranking: Ranking { cut, order, show_error: false, exact: false },
            cells,
        })))
    }

    pub(super) fn geo_bounds(self, asked: &asked::GeoBounds) -> Result<Kind, Error> {
        let values = self.values(&asked.source, Accepts::Places, "geo_bounds")?;
        Ok(Kind::GeoBounds(Box::new(GeoBounds { values, wrap_longitude: asked.wrap_longitude })))
    }

    pub(super) fn geo_centroid(self, source: &Source) -> Result<Kind, Error> {
        Ok(Kind::GeoCentroid(self.values(source, Accepts::Places, "geo_centroid")?))
    }
}

/// Distances begin at nothing; a range that does is named as if it were open.
fn ring(spec: &RangeSpec<f64>) -> Range {
    let (from, to) = (spec.from.unwrap_or(0.0), spec.to.unwrap_or(f64::INFINITY));
    let end = |end: f64, open: bool| if open { "*".to_owned() } else { float_text(end) };
    let name = || format!("{}-{}", end(from, from == 0.0), end(to, to.is_infinite()));
    Range { key: Some(spec.key.clone().unwrap_or_else(name)), from, to, least: from, beyond: to }
}

/// The place that stands for a missing one: text, or a number that is read as one.
pub(super) fn missing_place(value: &Value) -> Result<Missing, Error> {
    Ok(Missing::Code(encode(text(&java_text(value), false, Corner::default())?)))
}
