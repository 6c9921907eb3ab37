//! The edges of rings and lines under boxes: each box holds some neighbours of the level below it, so that what is far away is passed over.
//!
//! Neighbours follow one another along their ring. Where all of a stretch lies east of a position, its ends alone tell how often a ray to the
//! east meets it, evenly or oddly. Sides are told by the sign of a product of doubles, as Lucene tells them.

use super::{At, Bounds};

/// How many neighbours a box holds.
const GROUP: usize = 8;

/// A straight edge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Edge {
    pub(super) a: At,
    pub(super) b: At,
}

impl Edge {
    pub(super) fn bounds(&self) -> Bounds {
        Bounds::of([&self.a, &self.b])
    }

    /// Whether a position lies on it, an end included.
    pub(super) fn has(&self, at: At) -> bool {
        self.bounds().has(at) && side(self.a, self.b, at) == 0
    }

    /// Whether it has a position in common with another: an end, too, where `touching` counts; else only where both go through.
    pub(super) fn meets(&self, other: &Self, touching: bool) -> bool {
        if !self.bounds().meets(&other.bounds()) {
            return false;
        }
        let of_mine = side(other.a, other.b, self.a) * side(other.a, other.b, self.b);
        let of_others = side(self.a, self.b, other.a) * side(self.a, self.b, other.b);
        if touching { of_mine <= 0 && of_others <= 0 } else { of_mine < 0 && of_others < 0 }
    }

    pub(super) fn middle(&self) -> At {
        At { x: (self.a.x + self.b.x) / 2.0, y: (self.a.y + self.b.y) / 2.0 }
    }

    /// Whether a ray from a position to the east meets it, one of its ends counted and the other not.
    fn is_met_from(&self, at: At) -> bool {
        let Self { a, b } = *self;
        (a.y > at.y) != (b.y > at.y) && at.x < (b.x - a.x) * (at.y - a.y) / (b.y - a.y) + a.x
    }
}

/// On which side of the line from `a` to `b` a position lies: 1 left, -1 right, 0 on it.
pub(super) fn side(a: At, b: At, at: At) -> i32 {
    let (left, right) = ((b.x - a.x) * (at.y - a.y), (at.x - a.x) * (b.y - a.y));
    i32::from(left > right) - i32::from(left < right)
}

/// Where a position lies with respect to rings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lies {
    Outside,
    Inside,
    OnEdge,
}

/// The edges of one or more rings or lines.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Edges {
    chains: Vec<Chain>,
    pub(super) bounds: Bounds,
    /// A position of the first chain.
    pub(super) first: At,
}

impl Edges {
    /// The edges between the neighbours in each chain of positions. `None`: there are none.
    pub(super) fn new(chains: impl IntoIterator<Item = Vec<At>>) -> Option<Self> {
        let chains: Vec<Chain> = chains.into_iter().filter(|chain| chain.len() > 1).map(Chain::new).collect();
        let first = *chains.first()?.positions.first()?;
        let bounds = chains.iter().fold(Bounds::NOTHING, |bounds, chain| bounds.and(chain.bounds()));
        Some(Self { chains, bounds, first })
    }

    pub(super) fn all(&self) -> impl Iterator<Item = Edge> {
        self.chains.iter().flat_map(|chain| (0..chain.edges()).map(|at| chain.edge(at)))
    }

    pub(super) fn count(&self) -> usize {
        self.chains.iter().map(Chain::edges).sum()
    }

    /// Calls `visit` with every edge that may have a position in `bounds`, until it says true; whether it did.
    pub(super) fn any_near(&self, bounds: &Bounds, visit: &mut dyn FnMut(&Edge) -> bool) -> bool {
        self.chains.iter().any(|chain| chain.any_near(chain.top(), bounds, visit))
    }

    /// Where a position lies, by the even-odd rule.
    pub(super) fn lies(&self, at: At) -> Lies {
        if !self.bounds.has(at) {
            return Lies::Outside;
        }
        let mut inside = false;
        for chain in &self.chains {
            match chain.is_met_from(chain.top(), at) {
                None => return Lies::OnEdge,
                Some(odd) => inside ^= odd,
            }
        }
        if inside { Lies::Inside } else { Lies::Outside }
    }

    /// Whether a position lies on an edge.
    pub(super) fn pass(&self, at: At) -> bool {
        self.any_near(&Bounds::of([&at]), &mut |edge| edge.has(at))
    }

    /// Whether an edge meets `other`, as [`Edge::meets`] has it.
    pub(super) fn meet(&self, other: &Edge, touching: bool) -> bool {
        self.any_near(&other.bounds(), &mut |edge| edge.meets(other, touching))
    }
}

/// A box of a level: `level` 0 are edges themselves.
#[derive(Clone, Copy)]
struct Spot {
    level: usize,
    at: usize,
}

/// One ring or line.
#[derive(Clone, Debug, PartialEq)]
struct Chain {
    positions: Vec<At>,
    /// Boxes around groups of edges, then around groups of those boxes, up to a single one.
    levels: Vec<Vec<Bounds>>,
}

impl Chain {
    /// At least two positions.
    fn new(positions: Vec<At>) -> Self {
        let mut chain = Self { positions, levels: Vec::new() };
        let first = (0..chain.edges()).step_by(GROUP).map(|from| {
            let to = (from + GROUP).min(chain.edges());
            Bounds::of(&chain.positions[from..=to])
        });
        let mut boxes: Vec<Bounds> = first.collect();
        while boxes.len() > 1 {
            let around = |group: &[Bounds]| group.iter().fold(Bounds::NOTHING, |bounds, one| bounds.and(*one));
            let above = boxes.chunks(GROUP).map(around).collect();
            chain.levels.push(std::mem::replace(&mut boxes, above));
        }
        chain.levels.push(boxes);
        chain
    }

    fn edges(&self) -> usize {
        self.positions.len() - 1
    }

    fn edge(&self, at: usize) -> Edge {
        Edge { a: self.positions[at], b: self.positions[at + 1] }
    }

    fn top(&self) -> Spot {
        Spot { level: self.levels.len(), at: 0 }
    }

    fn bounds(&self) -> Bounds {
        self.bounds_at(self.top())
    }

    fn bounds_at(&self, spot: Spot) -> Bounds {
        self.levels[spot.level - 1][spot.at]
    }

    /// What lies below a box.
    fn below(&self, spot: Spot) -> impl Iterator<Item = Spot> + use<> {
        let level = spot.level - 1;
        let count = if level == 0 { self.edges() } else { self.levels[level - 1].len() };
        (spot.at * GROUP..((spot.at + 1) * GROUP).min(count)).map(move |at| Spot { level, at })
    }

    fn any_near(&self, spot: Spot, bounds: &Bounds, visit: &mut dyn FnMut(&Edge) -> bool) -> bool {
        if spot.level == 0 {
            return visit(&self.edge(spot.at));
        }
        self.bounds_at(spot).meets(bounds) && self.below(spot).any(|inner| self.any_near(inner, bounds, visit))
    }

    /// Whether a ray from a position to the east meets the edges of a spot oddly; `None`: the position lies on one.
    fn is_met_from(&self, spot: Spot, at: At) -> Option<bool> {
        if spot.level == 0 {
            let edge = self.edge(spot.at);
            return (!edge.has(at)).then(|| edge.is_met_from(at));
        }
        let bounds = self.bounds_at(spot);
        if at.y < bounds.min.y || at.y > bounds.max.y || at.x > bounds.max.x {
            return Some(false);
        }
        if at.x < bounds.min.x {
            let span = GROUP.pow(spot.level as u32);
            let (from, to) = (spot.at * span, ((spot.at + 1) * span).min(self.edges()));
            return Some((self.positions[from].y > at.y) != (self.positions[to].y > at.y));
        }
        self.below(spot).try_fold(false, |odd, inner| self.is_met_from(inner, at).map(|more| odd ^ more))
    }
}
