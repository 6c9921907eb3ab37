//! Shapes read, cut, kept and compared; the relations beside a count of the cells of a small grid.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::code::{decode, encode};
use super::ground::{parts, pieces};
use super::read::Reading;
use super::relate::{Question, Relation};
use super::show::{geojson, wkt};
use super::*;
use crate::error::ErrorKind;

fn at(x: f64, y: f64) -> At {
    At { x, y }
}

const DOCUMENT: Reading =
    Reading { reader: super::read::Reader::Document, orientation: Orientation::Right, coerce: false, ignore_z: true };

fn shape(value: &Value) -> Geometry {
    Reading::LOOKED_UP.read(value).expect("a shape").expect("not empty")
}

fn kept(value: &Value) -> Vec<Piece> {
    pieces(shape(value)).expect("sound")
}

fn matches(document: &Value, relation: Relation, query: &Value) -> bool {
    let asked = Reading::QUERY.read(query).expect("a shape").expect("not empty");
    Question::new(relation, parts(&asked).expect("parts")).matches(kept(document))
}

#[test]
fn both_forms_mean_the_same() {
    for (text, object) in [
        ("POINT (1 2)", json!({"type": "Point", "coordinates": [1.0, 2.0]})),
        ("MULTIPOINT (1 2, 3 4)", json!({"type": "multipoint", "coordinates": [[1, 2], [3, 4]]})),
        ("LINESTRING (1 2, 3 4)", json!({"type": "LineString", "coordinates": [[1, 2], [3, 4]]})),
        ("BBOX (1, 3, 4, 2)", json!({"type": "envelope", "coordinates": [[1, 4], [3, 2]]})),
        (
            "POLYGON ((0 0, 9 0, 9 9, 0 0), (5 2, 7 2, 7 4, 5 2))",
            json!({"type": "polygon", "coordinates": [[[0, 0], [9, 0], [9, 9], [0, 0]], [[5, 2], [7, 2], [7, 4], [5, 2]]]}),
        ),
        (
            "GEOMETRYCOLLECTION (POINT (1 2), MULTIPOLYGON (((0 0, 9 0, 9 9, 0 0))))",
            json!({"type": "geometrycollection", "geometries": [
                {"type": "point", "coordinates": [1, 2]},
                {"type": "multipolygon", "coordinates": [[[[0, 0], [9, 0], [9, 9], [0, 0]]]]},
            ]}),
        ),
    ] {
        let (one, other) = (shape(&text.into()), shape(&object));
        assert_eq!(one, other, "{text}");
        assert_eq!(shape(&wkt(&one).into()), one, "{text}");
        assert_eq!(shape(&geojson(&one)), one, "{text}");
    }
}

#[test]
fn refusals_are_of_the_right_kind() {
    let refused = |reading: Reading, value: Value| {
        let read = reading.read(&value);
        let kept = read.and_then(|shape| shape.map_or(Ok(Vec::new()), pieces));
        let error = kept.expect_err(&value.to_string());
        error.cause.map_or(error.kind, |cause| cause.kind)
    };
    let ring = |ring: Value| json!({"type": "polygon", "coordinates": [ring]});
    use ErrorKind::{Generic, IllegalArgument, InvalidShape, NullPointer, Parse, UnsupportedOperation};
    for (value, document, query) in [
        (json!(5), Parse, Some(Parse)),
        (json!("POINT (1)"), Parse, Some(Parse)),
        (json!("CIRCLE (1 2 3)"), UnsupportedOperation, Some(IllegalArgument)),
        (json!("LINESTRING (1 2)"), IllegalArgument, Some(IllegalArgument)),
        (json!({"type": "point"}), Parse, Some(Parse)),
        (json!({"type": "point", "coordinates": [[1, 2]]}), Generic, Some(Parse)),
        (json!({"type": "linestring", "coordinates": [1, 2]}), Generic, Some(NullPointer)),
        (json!({"coordinates": [1, 2]}), IllegalArgument, Some(Parse)),
        (ring(json!([[0, 0], [9, 0], [9, 9]])), IllegalArgument, Some(Parse)),
        (ring(json!([[0, 0], [9, 0], [5, 0], [0, 0]])), InvalidShape, Some(InvalidShape)),
        (ring(json!([[0, 0], [9, 9], [9, 0], [0, 9], [0, 0]])), IllegalArgument, None),
        (json!({"type": "envelope", "coordinates": [[1, 1], [1, 1]]}), IllegalArgument, None),
    ] {
        assert_eq!(refused(DOCUMENT, value.clone()), document, "{value}");
        if let Some(kind) = query {
            assert_eq!(refused(Reading::QUERY, value.clone()), kind, "{value}");
        }
    }
    let deep = format!("{}POINT (1 2){}", "GEOMETRYCOLLECTION (".repeat(101), ")".repeat(101));
    assert_eq!(refused(DOCUMENT, deep.into()), IllegalArgument);
}

#[test]
fn what_crosses_the_dateline_is_cut() {
    let boxes = |value: Value| -> Vec<(f64, f64)> {
        let span = |piece: &Piece| match piece {
            Piece::Area(rings) => Bounds::of(rings.iter().flatten()),
            Piece::Line(line) => Bounds::of(line),
            Piece::Point(at) => Bounds::of([at]),
        };
        let mut spans: Vec<(f64, f64)> =
            kept(&value).iter().map(|piece| (span(piece).min.x.round(), span(piece).max.x.round())).collect();
        spans.sort_by(|a, b| a.0.total_cmp(&b.0));
        spans
    };
    let halves = vec![(-180.0, -170.0), (170.0, 180.0)];
    assert_eq!(boxes(json!("BBOX (170, -170, 10, 0)")), halves);
    assert_eq!(boxes(json!("LINESTRING (170 0, 190 5)")), halves);
    assert_eq!(boxes(json!("POLYGON ((170 0, 190 0, 190 9, 170 9, 170 0))")), halves);
    // Clockwise and wide: the small way around is meant.
    assert_eq!(boxes(json!("POLYGON ((170 0, -170 0, -170 9, 170 9, 170 0))")), [(-180.0, -170.0), (170.0, 180.0)]);
    assert_eq!(boxes(json!("POLYGON ((170 0, 170 9, -170 9, -170 0, 170 0))")), [(-170.0, 170.0)]);
    assert_eq!(boxes(json!("LINESTRING (170 0, -170 5)")), [(-170.0, 170.0)]);
    assert_eq!(boxes(json!("POINT (200 0)")), [(-160.0, -160.0)]);
    // A comb whose teeth reach over, with a hole on either side.
    let comb = "POLYGON ((170 0, 190 0, 190 4, 175 4, 175 6, 190 6, 190 10, 170 10, 170 0), (171 1, 173 1, 173 2, 171 1), (185 8, 187 8, 187 9, 185 8))";
    assert_eq!(boxes(json!(comb)), [(-180.0, -170.0), (-180.0, -170.0), (170.0, 180.0)]);
    let holes =
        kept(&json!(comb)).iter().filter(|piece| matches!(piece, Piece::Area(rings) if rings.len() == 2)).count();
    assert_eq!(holes, 2);
    // A hole over the dateline becomes part of the outer rings.
    let ringed = "POLYGON ((170 0, 190 0, 190 10, 170 10, 170 0), (175 3, 185 3, 185 7, 175 7, 175 3))";
    assert_eq!(boxes(json!(ringed)), halves);
    assert!(!matches(&json!(ringed), Relation::Intersects, &json!("BBOX (176, 180, 6, 4)")));
    assert!(matches(&json!(ringed), Relation::Intersects, &json!("BBOX (176, 180, 6, 2)")));
}

#[test]
fn relations_are_those_of_closed_sets() {
    let square = json!("POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0))");
    let around = json!("POLYGON ((-5 -5, 15 -5, 15 15, -5 15, -5 -5))");
    let ring = json!("POLYGON ((-5 -5, 15 -5, 15 15, -5 15, -5 -5), (-1 -1, 11 -1, 11 11, -1 11, -1 -1))");
    use Relation::{Contains, Disjoint, Intersects, Within};
    let holds = |document: &Value, query: &Value| {
        [Intersects, Disjoint, Within, Contains].map(|relation| matches(document, relation, query))
    };
    assert_eq!(holds(&square, &around), [true, false, true, false]);
    assert_eq!(holds(&around, &square), [true, false, false, true]);
    // As Lucene has it, what touches is not held, and what is equal lies within.
    assert_eq!(holds(&square, &square), [true, false, true, false]);
    assert_eq!(holds(&square, &ring), [false, true, false, false]);
    assert_eq!(holds(&ring, &square), [false, true, false, false]);
    let point = json!("POINT (5 5)");
    assert_eq!(holds(&point, &point), [true, false, true, true]);
    assert_eq!(holds(&square, &point), [true, false, false, true]);
    let circle = json!({"type": "circle", "coordinates": [5, 5], "radius": "3000km"});
    assert_eq!(holds(&square, &circle), [true, false, true, false]);
    let far = json!({"type": "circle", "coordinates": [50, 50], "radius": "10km"});
    assert_eq!(holds(&square, &far), [false, true, false, false]);
    // The mouth of a notch is not part of it.
    let notch = json!("POLYGON ((0 0, 16 0, 16 16, 12 16, 12 4, 4 4, 4 16, 0 16, 0 0))");
    assert!(!matches(&json!("BBOX (0, 16, 16, 0)"), Within, &notch));
    assert!(matches(&json!("BBOX (0, 16, 4, 0)"), Within, &notch));
}

/// A polygon of cells: a staircase under `heights`, each a cell wide, from the south-western corner.
fn stairs((x, y): (i32, i32), heights: &[i32], cell: f64) -> Vec<At> {
    let place = |i: i32, j: i32| at(f64::from(i) * cell, f64::from(j) * cell);
    let mut ring = vec![place(x, y)];
    ring.push(place(x + heights.len() as i32, y));
    for (step, height) in heights.iter().enumerate().rev() {
        ring.push(place(x + step as i32 + 1, y + height));
        ring.push(place(x + step as i32, y + height));
    }
    ring.dedup();
    ring.push(ring[0]);
    ring
}

fn cells((x, y): (i32, i32), heights: &[i32]) -> std::collections::BTreeSet<(i32, i32)> {
    let column = |(step, height): (usize, &i32)| {
        let (x, height) = (x + step as i32, *height);
        (0..height).map(move |up| (x, y + up))
    };
    heights.iter().enumerate().flat_map(column).collect()
}

proptest! {
    /// The query's corners lie in the middles of the document's cells, so that nothing touches.
    #[test]
    fn relations_beside_cells(
        from in (0..6, 0..6), heights in prop::collection::vec(1..6, 1..6),
        to in (0..6, 0..6), asked in prop::collection::vec(1..6, 1..6),
    ) {
        let cell = 1.40625; // a power of two of steps, so that nothing is rounded
        let document = vec![Piece::Area(vec![stairs(from, &heights, 2.0 * cell)])];
        let halves: Vec<i32> = asked.iter().map(|height| 2 * height).collect();
        let wide: Vec<i32> = halves.iter().flat_map(|&height| [height, height]).collect();
        let corner = (2 * to.0 + 1, 2 * to.1 + 1);
        let area = ask::Part::area(vec![stairs(corner, &wide, cell)]).expect("an area");
        let holds = |relation| Question::new(relation, vec![area.clone()]).matches(document.clone());
        let mine: std::collections::BTreeSet<(i32, i32)> = cells(from, &heights)
            .into_iter()
            .flat_map(|(x, y)| [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(a, b)| (2 * x + a, 2 * y + b)))
            .collect();
        let others = cells(corner, &wide);
        prop_assert_eq!(holds(Relation::Intersects), !mine.is_disjoint(&others));
        prop_assert_eq!(holds(Relation::Disjoint), mine.is_disjoint(&others));
        prop_assert_eq!(holds(Relation::Within), mine.is_subset(&others));
        prop_assert_eq!(holds(Relation::Contains), others.is_subset(&mine));
    }

    /// Of rings of any number of corners, a position lies where a count of all edges has it.
    #[test]
    fn positions_lie_where_all_edges_say(
        corners in prop::collection::vec((-20i32..20, -20i32..20), 3..90), asked in (-20i32..20, -20i32..20),
    ) {
        let mut ring: Vec<At> = corners.iter().map(|&(x, y)| at(f64::from(x), f64::from(y))).collect();
        ring.push(ring[0]);
        let asked = at(f64::from(asked.0), f64::from(asked.1));
        let (mut inside, mut on_edge) = (false, false);
        for ends in ring.windows(2) {
            let (a, b) = (ends[0], ends[1]);
            let side = edges::side(a, b, asked);
            on_edge |= side == 0 && Bounds::of(ends).has(asked);
            inside ^= (a.y > asked.y) != (b.y > asked.y) && (side > 0) == (b.y > a.y);
        }
        let expected = match (on_edge, inside) {
            (true, _) => edges::Lies::OnEdge,
            (false, true) => edges::Lies::Inside,
            (false, false) => edges::Lies::Outside,
        };
        prop_assert_eq!(edges::Edges::new([ring]).expect("edges").lies(asked), expected);
    }

    #[test]
    fn pieces_are_kept_and_nothing_else_is(line in prop::collection::vec((-180.0..180.0f64, -90.0..90.0f64), 2..30), cut in 0usize..400) {
        let line = Geometry::Line(line.into_iter().map(|(x, y)| at(x, y)).collect());
        let pieces = pieces(Geometry::Collection(vec![line, Geometry::Point(at(1.0, 2.0))])).expect("sound");
        let (bytes, steps) = encode(&pieces).expect("there are some");
        prop_assert_eq!(decode(&bytes), Some(pieces));
        prop_assert!(steps[0] <= steps[1] && steps[2] <= steps[3]);
        // Bytes that are cut short are refused or shorter; nothing breaks.
        let _ = decode(&bytes[..cut.min(bytes.len())]);
    }
}
