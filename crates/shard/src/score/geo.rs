//! Columns of places ([`model::geo::encode`]): which documents lie in an area, and the column of their distances.
//!
//! An area is scanned for: the box around it gives a range of codes (latitude is their high half), which the column finds at its own
//! speed; what is left is decoded and asked.

use std::ops::RangeInclusive;
use std::sync::Arc;

use model::geo::area::Area;
use model::geo::distance::{DistanceKind, DistanceUnit};
use model::geo::{GeoBox, GeoPoint, decode, encode_lat};
use model::number::ordered_from_f64;
use search::shard_query::BoundDistance;

use crate::segment::column::NumberColumn;
use crate::segment::{DocId, DocRange};

/// An area over one segment's column.
pub(crate) struct Within {
    column: Arc<dyn NumberColumn>,
    area: Arc<Area>,
    bounds: GeoBox,
    /// Codes with a latitude of `bounds`.
    codes: RangeInclusive<i64>,
}

impl Within {
    pub(crate) fn new(column: Arc<dyn NumberColumn>, area: Arc<Area>) -> Self {
        let bounds = area.bounds();
        let low = i64::from(encode_lat(bounds.bottom)) << 32;
        let high = i64::from(encode_lat(bounds.top)) << 32 | 0xffff_ffff;
        Self { column, area, bounds, codes: low..=high }
    }

    /// False: the segment has no place at such latitudes.
    pub(crate) fn may_match(&self) -> bool {
        let crosses = |(least, greatest): (i64, i64)| least <= *self.codes.end() && greatest >= *self.codes.start();
        self.column.min_max().is_some_and(crosses)
    }

    fn admits(&self, code: i64) -> bool {
        let point = decode(code);
        self.bounds.contains(point) && self.area.contains(point)
    }

    /// Whether a document has a place in the area; `values` is scratch.
    pub(crate) fn has(&self, doc: DocId, values: &mut Vec<i64>) -> bool {
        if self.column.is_single() {
            return self.column.first(doc).is_some_and(|code| self.admits(code));
        }
        values.clear();
        self.column.values(doc, values);
        values.iter().any(|&code| self.admits(code))
    }

    /// Appends the documents of `docs` with a place in the area, ascending.
    pub(crate) fn collect(&self, docs: DocRange, out: &mut Vec<DocId>) {
        let start = out.len();
        self.column.docs_in_range(self.codes.clone(), docs, out);
        let mut values = Vec::new();
        let mut kept = start;
        if self.column.is_single() {
            values.resize(out.len() - start, 0);
            self.column.first_batch(&out[start..], 0, &mut values);
            for at in start..out.len() {
                if self.admits(values[at - start]) {
                    out[kept] = out[at];
                    kept += 1;
                }
            }
        } else {
            for at in start..out.len() {
                if self.has(out[at], &mut values) {
                    out[kept] = out[at];
                    kept += 1;
                }
            }
        }
        out.truncate(kept);
    }
}

/// The distances of each place of a document from each of some others, as a column of floats ([`ordered_from_f64`]) that is computed when
/// it is read.
pub(crate) struct Distances {
    places: Arc<dyn NumberColumn>,
    asked: Arc<BoundDistance>,
}

impl Distances {
    pub(crate) fn new(places: Arc<dyn NumberColumn>, asked: Arc<BoundDistance>) -> Self {
        Self { places, asked }
    }

    fn distance(&self, from: GeoPoint, code: i64) -> f64 {
        self.asked.unit.of_metres(self.asked.kind.metres(from, decode(code)))
    }

    fn least(&self, code: i64) -> i64 {
        let all = self.asked.from.iter().map(|&from| self.distance(from, code));
        ordered_from_f64(all.fold(f64::INFINITY, f64::min))
    }
}

impl NumberColumn for Distances {
    fn min_max(&self) -> Option<(i64, i64)> {
        self.places.min_max().map(|_| (ordered_from_f64(0.0), ordered_from_f64(f64::INFINITY)))
    }

    fn is_single(&self) -> bool {
        self.places.is_single() && self.asked.from.len() == 1
    }

    fn first(&self, doc: DocId) -> Option<i64> {
        if self.places.is_single() {
            return self.places.first(doc).map(|code| self.least(code));
        }
        let mut codes = Vec::new();
        self.places.values(doc, &mut codes);
        codes.into_iter().map(|code| self.least(code)).min()
    }

    fn values(&self, doc: DocId, out: &mut Vec<i64>) {
        let mut codes = Vec::new();
        self.places.values(doc, &mut codes);
        let start = out.len();
        for code in codes {
            out.extend(self.asked.from.iter().map(|&from| ordered_from_f64(self.distance(from, code))));
        }
        out[start..].sort_unstable();
    }

    fn first_batch(&self, docs: &[DocId], missing: i64, out: &mut [i64]) {
        if !self.places.is_single() {
            for (&doc, slot) in docs.iter().zip(out) {
                *slot = self.first(doc).unwrap_or(missing);
            }
            return;
        }
        // The code of the southernmost place of all may be a real one: then it is asked for.
        self.places.first_batch(docs, i64::MIN, out);
        for (&doc, slot) in docs.iter().zip(out) {
            let absent = *slot == i64::MIN && !self.places.has(doc);
            *slot = if absent { missing } else { self.least(*slot) };
        }
    }

    fn has(&self, doc: DocId) -> bool {
        self.places.has(doc)
    }
}

/// The column itself, or that of the distances of its places from one.
pub(crate) fn distances(column: Arc<dyn NumberColumn>, from: Option<GeoPoint>) -> Arc<dyn NumberColumn> {
    match from {
        Some(from) => {
            let (kind, unit) = (DistanceKind::Arc, DistanceUnit::Meters);
            Arc::new(Distances::new(column, Arc::new(BoundDistance { from: vec![from], kind, unit })))
        }
        None => column,
    }
}
