//! Aggregations of places, against a look at each document. Where documents lie: see `aggregations`.

use std::collections::BTreeMap;

use model::aggregation::answer::{Answer, Body};
use model::aggregation::request::terms::Cut;
use model::aggregation::request::{Order, OrderBy};
use model::geo::tile::Tile;
use model::geo::{GeoBox, GeoPoint, decode, hash};
use search::aggregation::composite::{Composite, Source, Step};
use search::aggregation::geo::{Cell, Cells, GeoBounds, GeoDistance, GeoGrid};
use search::aggregation::range::{Range, Ranges};
use search::aggregation::terms::Ranking;
use search::aggregation::{BoundAggregation, Kind, Level};
use search::bound::BoundKind;

use super::aggregations::{answers, numbers, one};
use super::corpus::Doc;
use super::*;

const EDGES: GeoBox = GeoBox { top: 60.0, left: 120.0, bottom: -45.0, right: -30.0 };

pub(super) fn grid(shape: Cell, precision: u8, bounds: Option<GeoBox>, size: u32) -> Kind {
    let descending = |by: OrderBy| Order { by, descending: true };
    let cut = Cut { size, shard_size: Some(1000), min_doc_count: 1, shard_min_doc_count: 0 };
    let order = vec![descending(OrderBy::Count), descending(OrderBy::Key)];
    let ranking = Ranking { cut, order, show_error: false, exact: false };
    Kind::GeoGrid(Box::new(GeoGrid { values: numbers("g"), ranking, cells: Cells { shape, precision, bounds } }))
}

fn rings(origin: GeoPoint) -> Kind {
    let ring = |from: f64, to: f64| Range { key: None, from, to, least: from, beyond: to };
    let ranges = vec![ring(0.0, 4000.0), ring(3000.0, 9000.0), ring(9000.0, f64::INFINITY)];
    let ranges = Ranges { values: numbers("g"), ranges, keyed: false, kind: "geo_distance" };
    Kind::GeoDistance(Box::new(GeoDistance { ranges, origin, distance: DistanceKind::Arc, unit_metres: 1000.0 }))
}

fn tiles() -> Kind {
    let source = |name: &str, values, step| Source {
        name: name.to_owned(),
        values,
        step,
        descending: false,
        missing_bucket: true,
        missing_first: true,
        shows_text: false,
    };
    let cells = Cells { shape: Cell::Tile, precision: 1, bounds: Some(EDGES) };
    let sources = vec![source("t", numbers("g"), Step::Cells(cells)), source("n", numbers("n"), Step::Value)];
    Kind::Composite(Box::new(Composite { size: 1000, sources, after: None }))
}

/// One of each kind, which leave nothing out.
pub(super) fn kinds() -> Vec<BoundAggregation> {
    let bounds = |wrap_longitude: bool| Kind::GeoBounds(Box::new(GeoBounds { values: numbers("g"), wrap_longitude }));
    let inside = || vec![one("b", bounds(true), Vec::new()), one("c", Kind::GeoCentroid(numbers("g")), Vec::new())];
    vec![
        one("hashes", grid(Cell::Hash, 1, None, 100), inside()),
        one("tiles", grid(Cell::Tile, 2, Some(EDGES), 100), inside()),
        one("pages", tiles(), inside()),
        one("rings", rings(GeoPoint::new(48.2, 16.4)), inside()),
        one("narrow", bounds(true), Vec::new()),
        one("wide", bounds(false), Vec::new()),
    ]
}

fn counts(answer: &Answer) -> Vec<(String, u64)> {
    let Body::Buckets(buckets) = &answer.body else { panic!("no buckets: {answer:?}") };
    buckets.list.iter().map(|bucket| (bucket.text.clone().unwrap_or_default(), bucket.doc_count)).collect()
}

/// Documents by what `keys` makes of their places; each document counts once a key.
fn by_look(docs: &[Doc], keys: impl Fn(i64) -> Option<String>) -> BTreeMap<String, u64> {
    let mut found = BTreeMap::new();
    for doc in docs.iter().filter(|doc| doc.alive) {
        let mut own: Vec<String> = doc.g.iter().filter_map(|&code| keys(code)).collect();
        own.sort_unstable();
        own.dedup();
        own.into_iter().for_each(|key| *found.entry(key).or_default() += 1);
    }
    found
}

#[test]
fn a_look_at_each_document_finds_the_same_cells_and_rings() {
    let mut rng = Rng(41);
    let corpus = Corpus::random(&mut rng, 400);
    let origin = GeoPoint::new(-20.0, 170.0);
    let list = vec![
        one("hashes", grid(Cell::Hash, 2, None, 1000), Vec::new()),
        one("tiles", grid(Cell::Tile, 3, Some(EDGES), 1000), Vec::new()),
        one("rings", rings(origin), Vec::new()),
        one("few", grid(Cell::Hash, 2, None, 3), Vec::new()),
    ];
    let directory = tempfile::tempdir().expect("a directory");
    let reader = corpus.reader_in(Layouts::Mixed(3), directory.path());
    let level = Level { list, pipelines: Vec::new() };
    let found = answers(&reader, &BoundQuery::new(BoundKind::MatchAll), &level);

    let hashes = by_look(&corpus.docs, |code| Some(hash::encode(decode(code), 2)));
    assert_eq!(counts(&found[0]).into_iter().collect::<BTreeMap<_, _>>(), hashes);
    let tile = |code| EDGES.contains(decode(code)).then(|| Tile::of(decode(code), 3).to_string());
    assert_eq!(counts(&found[1]).into_iter().collect::<BTreeMap<_, _>>(), by_look(&corpus.docs, tile));
    for ((_, count), (from, to)) in counts(&found[2]).iter().zip([(0.0, 4e6), (3e6, 9e6), (9e6, f64::INFINITY)]) {
        let lies = |code| (from..to).contains(&DistanceKind::Arc.metres(origin, decode(code)));
        let expected = by_look(&corpus.docs, |code| lies(code).then(String::new));
        assert_eq!(*count, expected.values().sum::<u64>(), "from {from} to {to}");
    }
    // The fullest cells, of equal ones the last.
    let mut fullest: Vec<(String, u64)> = hashes.into_iter().collect();
    fullest.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| b.0.cmp(&a.0)));
    fullest.truncate(3);
    assert_eq!(counts(&found[3]), fullest);
}
