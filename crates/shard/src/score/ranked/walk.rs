//! One document, looked at part by part.

use model::query::ranked::{Scorer as Formula, Window};
use smallvec::SmallVec;

use super::near::{distance, within};
use super::{B, Columns, K1, Node, NodeKind, Word};
use crate::score::Outcome;
use crate::segment::DocId;

/// Where words stand, ascending: few places mostly.
pub(super) type Positions = SmallVec<[u32; 8]>;

/// The parts of a group: few mostly.
pub(super) type Parts = SmallVec<[Found; 4]>;

/// What a part is worth in one document.
pub(super) struct Found {
    pub(super) score: f64,
    /// Where its words stand, ascending; `None`: it is nothing that stands anywhere.
    pub(super) positions: Option<Positions>,
    pub(super) nature: Nature,
}

/// What a part is, for whether it can stand near others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nature {
    /// A word or a whole value; any mixture of others.
    Word,
    /// Found by a range.
    Number,
    /// Nothing was found: all there is, what is not wanted, what is optional.
    Virtual,
}

impl Found {
    fn plain(score: f64, nature: Nature) -> Option<Self> {
        Some(Self { score, positions: None, nature })
    }
}

/// One document, looked at.
pub(super) struct Walk<'w> {
    pub(super) doc: DocId,
    pub(super) formula: Formula,
    pub(super) columns: &'w Columns,
    /// Room for the places of a word.
    pub(super) scratch: &'w mut Vec<u32>,
}

impl Walk<'_> {
    /// Score of the whole, and how far apart its words stand: one place, where not even the score that this gives `matters`.
    pub(super) fn root(
        &mut self,
        node: &mut Node,
        spread: bool,
        matters: impl Fn(f64) -> bool,
    ) -> Outcome<Option<(f64, f64)>> {
        let weight = node.weight;
        let (parts, is_any) = match &mut node.kind {
            NodeKind::All(nodes, window) => (self.all(nodes, *window, false)?, false),
            NodeKind::Any(nodes) => (self.any(nodes, false)?, true),
            _ => return Ok(self.node(node, false)?.map(|found| (found.score, 1.0))),
        };
        let Some(parts) = parts else { return Ok(None) };
        let worth = weight * self.sum(&parts, is_any);
        // Only between several there is a distance.
        if !spread || parts.len() <= 1 || !matters(worth) {
            return Ok(Some((worth, 1.0)));
        }
        let placed = match &mut node.kind {
            NodeKind::All(nodes, window) => self.all(nodes, *window, true)?,
            NodeKind::Any(nodes) => self.any(nodes, true)?,
            _ => None,
        };
        Ok(placed.map(|parts| (worth, distance(&parts))))
    }

    pub(super) fn node(&mut self, node: &mut Node, positions: bool) -> Outcome<Option<Found>> {
        let weight = node.weight;
        Ok(match &mut node.kind {
            NodeKind::Nothing => None,
            NodeKind::Everything => Found::plain(self.everything(weight), Nature::Virtual),
            NodeKind::Filter(scorer) => match scorer.probe(self.doc)? == self.doc {
                true => Found::plain(self.occurrence(weight), Nature::Number),
                false => None,
            },
            NodeKind::Word(word) => self.word(word, weight, positions)?,
            NodeKind::Not(inner) => match self.node(inner, false)? {
                Some(_) => None,
                None => Found::plain(0.0, Nature::Virtual),
            },
            NodeKind::Optional(inner) => match self.node(inner, positions)? {
                None => Found::plain(0.0, Nature::Virtual),
                found => found,
            },
            NodeKind::All(nodes, window) => {
                let parts = self.all(nodes, *window, positions)?;
                parts.map(|mut parts| self.joined(&mut parts, weight, false))
            }
            NodeKind::Any(nodes) => self.one_or_any(nodes, weight, positions)?,
            NodeKind::First(nodes) => {
                let found = self.first(nodes, positions)?;
                found.map(|mut found| self.joined(std::slice::from_mut(&mut found), weight, true))
            }
        })
    }

    pub(super) fn word(&mut self, word: &mut Word, weight: f64, positions: bool) -> Outcome<Option<Found>> {
        let Some(freq) = word.freq(self.doc)? else { return Ok(None) };
        let score = self.columns.of_word(self.formula, self.doc, (weight, freq, word.rarity));
        let mut found = Found { score, positions: None, nature: Nature::Word };
        if positions {
            self.scratch.clear();
            let (block, at) = (word.pool.block, word.pool.at);
            word.pool.load_freqs()?;
            word.pool.positions(block, at, self.scratch)?;
            found.positions = Some(Positions::from_slice(self.scratch)).filter(|all| !all.is_empty());
        }
        Ok(Some(found))
    }

    /// `*`
    pub(super) fn everything(&self, weight: f64) -> f64 {
        match self.formula {
            Formula::Bm25Std => weight * self.columns.saturated(self.doc, 1.0),
            _ => self.occurrence(weight),
        }
    }

    /// What is no word and matches.
    pub(super) fn occurrence(&self, weight: f64) -> f64 {
        match self.formula {
            Formula::Bm25Std => 0.0,
            Formula::Bm25 => weight / (1.0 + K1 * (1.0 - B + B * self.columns.average)),
            _ => weight,
        }
    }

    /// Each of them; `None`: one is missing, or they stand too far apart.
    fn all(&mut self, nodes: &mut [Node], window: Option<Window>, positions: bool) -> Outcome<Option<Parts>> {
        let mut parts = Parts::new();
        for node in nodes {
            let Some(found) = self.node(node, positions || window.is_some())? else { return Ok(None) };
            parts.push(found);
        }
        let near = window.is_none_or(|window| within(&parts, window));
        Ok(near.then_some(parts))
    }

    /// Those that match.
    fn any(&mut self, nodes: &mut [Node], positions: bool) -> Outcome<Option<Parts>> {
        let mut parts = Parts::new();
        for node in nodes {
            parts.extend(self.node(node, positions)?);
        }
        Ok(Some(parts).filter(|parts| !parts.is_empty()))
    }

    /// Those that match, as one part.
    fn one_or_any(&mut self, nodes: &mut [Node], weight: f64, positions: bool) -> Outcome<Option<Found>> {
        let parts = self.any(nodes, positions)?;
        Ok(parts.map(|mut parts| self.joined(&mut parts, weight, true)))
    }

    /// The first that matches.
    fn first(&mut self, nodes: &mut [Node], positions: bool) -> Outcome<Option<Found>> {
        for node in nodes {
            if let Some(found) = self.node(node, positions)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn sum(&self, parts: &[Found], any: bool) -> f64 {
        let scores = parts.iter().map(|part| part.score);
        match self.formula {
            Formula::DisMax if any => scores.fold(0.0, f64::max),
            _ => scores.sum(),
        }
    }

    fn joined(&self, parts: &mut [Found], weight: f64, any: bool) -> Found {
        let score = weight * self.sum(parts, any);
        let first = parts.first().map_or(Nature::Virtual, |part| part.nature);
        let nature = if parts.iter().all(|part| part.nature == first) { first } else { Nature::Word };
        // A group with a word in it stands somewhere, if only nowhere that is known.
        let positions = (nature == Nature::Word).then(|| merged(parts));
        Found { score, positions, nature }
    }
}

/// All positions of the parts, ascending; taken from them.
fn merged(parts: &mut [Found]) -> Positions {
    let [first, others @ ..] = parts else { return Positions::new() };
    let mut positions = first.positions.take().unwrap_or_default();
    if !others.is_empty() {
        positions.extend(others.iter_mut().flat_map(|part| part.positions.take().unwrap_or_default()));
        positions.sort_unstable();
    }
    positions
}
