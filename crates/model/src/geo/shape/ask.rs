//! What a query asks for, ready to be compared with many documents: parts, each of which a document's pieces meet, lie in, or hold.
//!
//! Positions on an edge belong to a part, but those on the edge of a hole do not. As in Lucene, a document holds an area or a line only
//! where its own edges do not touch it, and a part holds a document's edge that runs along its own.

use super::edges::{Edge, Edges, Lies};
use super::{At, Bounds, Rings};
use crate::geo::distance::{box_around, haversine, metres_of_haversine};
use crate::geo::{GeoPoint, decode_lat, decode_lon, encode_lat, encode_lon};

/// How a document's piece stands to a part that it is asked to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    Yes,
    /// They have nothing to do with one another.
    Apart,
    /// It touches or cuts the part: then the document does not hold it, whatever else it has.
    Never,
}

/// One part of what is asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    Point(At),
    Line(Line),
    Area(Area),
    Circle(Circle),
}

/// A line of a query.
#[derive(Clone, Debug, PartialEq)]
pub struct Line(Edges);

/// A polygon of a query.
#[derive(Clone, Debug, PartialEq)]
pub struct Area {
    outer: Edges,
    holes: Vec<Edges>,
}

/// A circle of a query.
#[derive(Clone, Debug, PartialEq)]
pub struct Circle {
    center: At,
    radius_m: f64,
    bounds: Bounds,
}

impl Part {
    /// A point, at the precision of stored ones.
    pub fn point(at: At) -> Self {
        Self::Point(At { x: decode_lon(encode_lon(at.x)), y: decode_lat(encode_lat(at.y)) })
    }

    /// `None`: fewer than two positions.
    pub fn line(positions: Vec<At>) -> Option<Self> {
        Edges::new([positions]).map(|edges| Self::Line(Line(edges)))
    }

    /// `None`: a ring without an edge.
    pub fn area(rings: Rings) -> Option<Self> {
        let mut rings = rings.into_iter().map(|ring| Edges::new([ring]));
        let outer = rings.next()??;
        Some(Self::Area(Area { outer, holes: rings.collect::<Option<Vec<Edges>>>()? }))
    }

    /// A box that does not cross the dateline, of the steps of stored positions within it.
    pub fn envelope(bounds: &Bounds) -> Option<Self> {
        let up = |degrees: f64, step: f64| f64::from((degrees / step).ceil() as i32) * step;
        let (lon, lat) = (decode_lon(1), decode_lat(1));
        let min = At { x: up(bounds.min.x, lon), y: up(bounds.min.y, lat) };
        let max = At { x: decode_lon(encode_lon(bounds.max.x)), y: decode_lat(encode_lat(bounds.max.y)) };
        let corner = |x, y| At { x, y };
        Self::area(vec![vec![min, corner(max.x, min.y), max, corner(min.x, max.y), min]])
    }

    /// What lies at most `radius_m` metres from `center`, along the great circle.
    pub fn circle(center: At, radius_m: f64) -> Self {
        let around = box_around(place(center), radius_m);
        let wraps = around.left > around.right;
        let (left, right) = if wraps { (-180.0, 180.0) } else { (around.left, around.right) };
        let bounds = Bounds { min: At { x: left, y: around.bottom }, max: At { x: right, y: around.top } };
        Self::Circle(Circle { center, radius_m, bounds })
    }

    pub fn bounds(&self) -> Bounds {
        match self {
            Self::Point(at) => Bounds::of([at]),
            Self::Line(line) => line.0.bounds,
            Self::Area(area) => area.outer.bounds,
            Self::Circle(circle) => circle.bounds,
        }
    }

    /// Whether a position belongs to it.
    pub fn has(&self, at: At) -> bool {
        match self {
            Self::Point(point) => *point == at,
            Self::Line(line) => line.0.pass(at),
            Self::Area(area) => area.has(at),
            Self::Circle(circle) => circle.has(at),
        }
    }

    /// Whether it has a position in common with an edge.
    pub(super) fn meets_edge(&self, edge: &Edge) -> bool {
        match self {
            Self::Point(point) => edge.has(*point),
            Self::Line(line) => line.0.meet(edge, true),
            Self::Area(area) => area.meets_edge(edge),
            Self::Circle(circle) => circle.meets_edge(edge),
        }
    }

    /// Whether it has a position in common with an area of these edges.
    pub(super) fn meets_area(&self, edges: &Edges) -> bool {
        match self {
            Self::Point(point) => edges.lies(*point) != Lies::Outside,
            Self::Line(line) => touch(&line.0, edges) || edges.lies(line.0.first) != Lies::Outside,
            Self::Area(area) => overlap(&area.outer, edges) && !area.holes.iter().any(|hole| covers(hole, edges)),
            Self::Circle(circle) => {
                edges.lies(circle.center) != Lies::Outside || edges.all().any(|edge| circle.meets_edge(&edge))
            }
        }
    }

    /// Whether an edge lies in it.
    pub(super) fn holds_edge(&self, edge: &Edge) -> bool {
        match self {
            Self::Point(_) | Self::Line(_) => false,
            Self::Area(area) => area.holds_edge(edge),
            Self::Circle(circle) => circle.has(edge.a) && circle.has(edge.b),
        }
    }

    /// Whether an area of these edges lies in it.
    pub(super) fn holds_area(&self, edges: &Edges) -> bool {
        match self {
            Self::Point(_) | Self::Line(_) => false,
            Self::Area(area) => covers(&area.outer, edges) && !area.holes.iter().any(|hole| overlap(hole, edges)),
            Self::Circle(circle) => edges.all().all(|edge| circle.has(edge.a)),
        }
    }

    pub(super) fn held_by_point(&self, at: At) -> Holds {
        match (self, self.has(at)) {
            (_, false) => Holds::Apart,
            (Self::Point(_), true) => Holds::Yes,
            (_, true) => Holds::Never,
        }
    }

    pub(super) fn held_by_edge(&self, edge: &Edge) -> Holds {
        match (self, self.cut_by(edge)) {
            (_, false) => Holds::Apart,
            (Self::Point(_), true) => Holds::Yes,
            (_, true) => Holds::Never,
        }
    }

    pub(super) fn held_by_area(&self, edges: &Edges) -> Holds {
        let inside = |at: At| edges.lies(at) != Lies::Outside;
        let first = match self {
            Self::Point(at) => return if inside(*at) { Holds::Yes } else { Holds::Apart },
            Self::Line(line) => line.0.first,
            Self::Area(area) => area.outer.first,
            Self::Circle(circle) => circle.center,
        };
        if edges.all().any(|edge| self.cut_by(&edge)) {
            return Holds::Never;
        }
        if inside(first) { Holds::Yes } else { Holds::Apart }
    }

    /// Whether an edge touches it from outside or goes through it; the edges of its holes do not count.
    fn cut_by(&self, edge: &Edge) -> bool {
        match self {
            Self::Area(area) => area.has(edge.a) || area.has(edge.b) || area.outer.meet(edge, true),
            _ => self.meets_edge(edge),
        }
    }
}

impl Area {
    fn has(&self, at: At) -> bool {
        self.outer.lies(at) != Lies::Outside && !self.holes.iter().any(|hole| hole.lies(at) != Lies::Outside)
    }

    fn meets_edge(&self, edge: &Edge) -> bool {
        (self.has(edge.a) || self.has(edge.b) || self.outer.meet(edge, true))
            && !self.holes.iter().any(|hole| holds_edge(hole, edge))
    }

    fn holds_edge(&self, edge: &Edge) -> bool {
        let into = |hole: &Edges| hole.lies(edge.a) != Lies::Outside || hole.meet(edge, true);
        holds_edge(&self.outer, edge) && !self.holes.iter().any(into)
    }
}

fn holds_edge(ring: &Edges, edge: &Edge) -> bool {
    ring.lies(edge.a) != Lies::Outside && ring.lies(edge.b) != Lies::Outside && !ring.meet(edge, false)
}

/// Whether an edge of one touches one of the other.
fn touch(one: &Edges, other: &Edges) -> bool {
    if !one.bounds.meets(&other.bounds) {
        return false;
    }
    let (few, many) = if one.count() < other.count() { (one, other) } else { (other, one) };
    few.all().any(|edge| many.meet(&edge, true))
}

/// Whether the areas of two sets of edges have a position in common.
fn overlap(one: &Edges, other: &Edges) -> bool {
    one.bounds.meets(&other.bounds)
        && (one.lies(other.first) != Lies::Outside || other.lies(one.first) != Lies::Outside || touch(one, other))
}

/// Whether all of the area of `inner` belongs to that of `outer`, edges included.
fn covers(outer: &Edges, inner: &Edges) -> bool {
    if !outer.bounds.holds(&inner.bounds) {
        return false;
    }
    if inner.all().any(|edge| outer.lies(edge.a) == Lies::Outside || outer.meet(&edge, false)) {
        return false;
    }
    // Where the edges touch without going through one another, what is not of `outer` may lie between them.
    let within = |edge: &Edge| inner.lies(edge.a) == Lies::Inside || inner.lies(edge.middle()) == Lies::Inside;
    !outer.any_near(&inner.bounds, &mut |edge| within(edge))
}

fn place(at: At) -> GeoPoint {
    GeoPoint::new(at.y, at.x)
}

impl Circle {
    fn has(&self, at: At) -> bool {
        self.bounds.has(at) && metres_of_haversine(haversine(place(self.center), place(at))) <= self.radius_m
    }

    /// The position of the edge that is nearest on the flat map stands for all of it.
    fn meets_edge(&self, edge: &Edge) -> bool {
        if !edge.bounds().meets(&self.bounds) {
            return false;
        }
        if self.has(edge.a) || self.has(edge.b) {
            return true;
        }
        let along = At { x: edge.b.x - edge.a.x, y: edge.b.y - edge.a.y };
        let square = along.x * along.x + along.y * along.y;
        let reach = ((self.center.x - edge.a.x) * along.x + (self.center.y - edge.a.y) * along.y) / square;
        let nearest = At { x: edge.a.x + along.x * reach, y: edge.a.y + along.y * reach };
        (0.0..=1.0).contains(&reach) && self.has(nearest)
    }
}
