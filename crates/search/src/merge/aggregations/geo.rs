//! Cells, bounds and middles of places. Rings are ranges (`range`).

use model::aggregation::answer::{Body, Bucket as Shown, Buckets, Metric};
use model::aggregation::key::Key;
use model::aggregation::partial::{Partial, Row};
use model::error::Error;
use model::geo::GeoPoint;
use serde_json::{Value, json};

use super::order::{RowOrder, ranks};
use super::{Limit, answers};
use crate::aggregation::BoundAggregation;
use crate::aggregation::geo::{Cell, GeoBounds, GeoGrid};

pub(super) fn grid(
    asked: &BoundAggregation,
    grid: &GeoGrid,
    partial: Partial,
    limit: &mut Limit,
) -> Result<(&'static str, Body), Error> {
    let rows = if let Partial::Table(table) = partial { table.rows } else { Vec::new() };
    let order = RowOrder { order: &grid.ranking.order, level: &asked.children };
    let ranks = ranks(&rows, order, grid.ranking.cut.size as usize)?;
    limit.count(ranks.len())?;
    let mut rows: Vec<Option<Row>> = rows.into_iter().map(Some).collect();
    let mut list = Vec::with_capacity(ranks.len());
    for row in ranks.into_iter().filter_map(|rank| rows[rank].take()) {
        list.push(cell(asked, grid.cells.shape, row, limit)?);
    }
    Ok((grid.cells.shape.name(), Body::Buckets(Buckets { list, keyed: false, beside: Vec::new() })))
}

fn cell(asked: &BoundAggregation, shape: Cell, row: Row, limit: &mut Limit) -> Result<Shown, Error> {
    let text = match row.key {
        Key::Long(number) => shape.text(number),
        _ => String::new(),
    };
    Ok(Shown {
        key: row.key,
        shown_key: Some(text.as_str().into()),
        text: Some(text),
        doc_count: row.bucket.doc_count,
        answers: answers(&asked.children, row.bucket.children, limit)?,
        ..Shown::default()
    })
}

pub(super) fn bounds(asked: &GeoBounds, partial: &Partial) -> (&'static str, Body) {
    let found = if let Partial::Extent(extent) = partial { extent.bounds(asked.wrap_longitude) } else { None };
    let mut metric = Metric::default();
    if let Some(found) = found {
        let corners = [("top_left", (found.top, found.left)), ("bottom_right", (found.bottom, found.right))];
        let corners = corners.map(|(name, (lat, lon))| (name.to_owned(), place(GeoPoint::new(lat, lon))));
        metric.shown.insert("bounds".to_owned(), Value::Object(corners.into_iter().collect()));
        let edges = [("top", found.top), ("left", found.left), ("bottom", found.bottom), ("right", found.right)];
        metric.numbers.extend(edges.map(|(name, edge)| (name.into(), edge)));
    }
    ("geo_bounds", Body::Metric(metric))
}

pub(super) fn centroid(partial: &Partial) -> (&'static str, Body) {
    let (found, count) = match partial {
        Partial::Centroid(found) => (found.point(), found.count),
        _ => (None, 0),
    };
    let mut metric = Metric::default();
    if let Some(found) = found {
        metric.shown.insert("location".to_owned(), place(found));
        metric.numbers.extend([("lat", found.lat), ("lon", found.lon)].map(|(name, number)| (name.into(), number)));
    }
    metric.shown.insert("count".to_owned(), count.into());
    metric.numbers.push(("count".into(), count as f64));
    ("geo_centroid", Body::Metric(metric))
}

fn place(point: GeoPoint) -> Value {
    json!({"lat": point.lat, "lon": point.lon})
}
