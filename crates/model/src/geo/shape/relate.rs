//! How the shape of a document stands to what a query asks for.

use super::ask::{Holds, Part};
use super::edges::{Edge, Edges};
use super::{At, Bounds, Piece};
use serde::{Deserialize, Serialize};

/// What a document's shape has to do with the query's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Relation {
    /// They have a position in common.
    #[default]
    Intersects,
    Disjoint,
    /// All of the document's lies in the query's.
    Within,
    /// The document's holds every part of the query's.
    Contains,
}

impl Relation {
    /// The relation of a name, in any case.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name.to_lowercase().as_str() {
            "intersects" => Self::Intersects,
            "disjoint" => Self::Disjoint,
            "within" => Self::Within,
            "contains" => Self::Contains,
            _ => return None,
        })
    }

    /// In capitals.
    pub fn name(self) -> &'static str {
        match self {
            Self::Intersects => "INTERSECTS",
            Self::Disjoint => "DISJOINT",
            Self::Within => "WITHIN",
            Self::Contains => "CONTAINS",
        }
    }
}

/// A question to many documents.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    relation: Relation,
    parts: Vec<Part>,
    bounds: Bounds,
}

/// What the box around a document's shape says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    Yes,
    No,
    /// Its shape has to be looked at.
    Unsure,
}

impl Question {
    /// Nothing matches a question of no parts.
    pub fn new(relation: Relation, parts: Vec<Part>) -> Self {
        let bounds = parts.iter().fold(Bounds::NOTHING, |bounds, part| bounds.and(part.bounds()));
        Self { relation, parts, bounds }
    }

    pub fn relation(&self) -> Relation {
        self.relation
    }

    /// The relation and how many parts there are, for people.
    pub fn notation(&self) -> String {
        format!("{}:geometries([{}])", self.relation.name(), self.parts.len())
    }

    /// Around all parts.
    pub fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// Whether a position belongs to a part.
    pub fn has(&self, at: At) -> bool {
        self.bounds.has(at) && self.parts.iter().any(|part| part.has(at))
    }

    /// What is known of a document by the box around its shape.
    pub fn told(&self, bounds: &Bounds) -> Told {
        let possible = match self.relation {
            _ if self.parts.is_empty() => false,
            Relation::Intersects => self.bounds.meets(bounds),
            Relation::Disjoint if !self.bounds.meets(bounds) => return Told::Yes,
            Relation::Disjoint => true,
            Relation::Within => self.bounds.holds(bounds),
            Relation::Contains => bounds.holds(&self.bounds) || self.has_circle(),
        };
        if possible { Told::Unsure } else { Told::No }
    }

    /// The box around a circle is larger than it.
    fn has_circle(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Circle(_)))
    }

    /// Whether a document with these pieces, at least one, matches.
    pub fn matches(&self, pieces: Vec<Piece>) -> bool {
        let elements: Vec<Element> = pieces.into_iter().filter_map(Element::of).collect();
        if self.parts.is_empty() || elements.is_empty() {
            return false;
        }
        match self.relation {
            Relation::Intersects => self.meets(&elements),
            Relation::Disjoint => !self.meets(&elements),
            Relation::Within => elements.iter().all(|element| self.holds(element)),
            Relation::Contains => self.parts.iter().all(|part| held(part, &elements)),
        }
    }

    fn meets(&self, elements: &[Element]) -> bool {
        elements.iter().any(|element| self.parts.iter().any(|part| element.meets(part)))
    }

    /// A line may pass from one part to the next.
    fn holds(&self, element: &Element) -> bool {
        let any = |holds: &dyn Fn(&Part) -> bool| self.parts.iter().any(holds);
        match element {
            Element::Point(at) => any(&|part| part.has(*at)),
            Element::Line(positions) => edges_of(positions).all(|edge| any(&|part| part.holds_edge(&edge))),
            Element::Area(edges) => any(&|part| part.holds_area(edges)),
        }
    }
}

/// Whether a document holds a part: none of its pieces cuts it, and one holds it.
fn held(part: &Part, elements: &[Element]) -> bool {
    let mut found = false;
    for element in elements {
        match element.holds(part) {
            Holds::Never => return false,
            Holds::Yes => found = true,
            Holds::Apart => {}
        }
    }
    found
}

/// A piece of a document, ready to be compared.
enum Element {
    Point(At),
    Line(Vec<At>),
    Area(Edges),
}

impl Element {
    fn of(piece: Piece) -> Option<Self> {
        Some(match piece {
            Piece::Point(at) => Self::Point(at),
            Piece::Line(positions) => Self::Line(positions),
            Piece::Area(rings) => Self::Area(Edges::new(rings)?),
        })
    }

    fn meets(&self, part: &Part) -> bool {
        match self {
            Self::Point(at) => part.has(*at),
            Self::Line(positions) => edges_of(positions).any(|edge| part.meets_edge(&edge)),
            Self::Area(edges) => edges.bounds.meets(&part.bounds()) && part.meets_area(edges),
        }
    }

    fn holds(&self, part: &Part) -> Holds {
        match self {
            Self::Point(at) => part.held_by_point(*at),
            Self::Line(positions) => edges_of(positions).fold(Holds::Apart, |so_far, edge| match so_far {
                Holds::Never => Holds::Never,
                _ => match part.held_by_edge(&edge) {
                    Holds::Apart => so_far,
                    other => other,
                },
            }),
            Self::Area(edges) => part.held_by_area(edges),
        }
    }
}

fn edges_of(positions: &[At]) -> impl Iterator<Item = Edge> {
    positions.windows(2).map(|ends| Edge { a: ends[0], b: ends[1] })
}
