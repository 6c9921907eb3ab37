//! One document, looked at part by part.

use std::ops::Range;

use model::query::ranked::{Scorer as Formula, Window};
use smallvec::SmallVec;

use super::near::{Placed, distance, within};
use super::{B, Columns, K1, Node, NodeKind, Word};
use crate::score::Outcome;
use crate::segment::DocId;

/// The parts of a group: few mostly.
pub(super) type Parts = SmallVec<[Found; 4]>;

/// What a part is worth in one document.
pub(super) struct Found {
    pub(super) score: f64,
    /// Where its words stand, ascending: a stretch of [`Walk::places`]; `None`: it is nothing that stands anywhere.
    pub(super) positions: Option<Range<u32>>,
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
    /// What the formula weighs it against.
    pub(super) norm: i64,
    pub(super) formula: Formula,
    pub(super) columns: &'w Columns,
    /// Where the words of what was found stand, part after part.
    pub(super) places: &'w mut Vec<u32>,
}

impl Walk<'_> {
    /// Score of the whole, and how far apart its words stand: one place, where not even the score that this gives `matters`.
    pub(super) fn root(
        &mut self,
        node: &mut Node,
        spread: bool,
        matters: impl Fn(f64) -> bool,
    ) -> Outcome<Option<(f64, f64)>> {
        let Some(worth) = self.worth(node)? else { return Ok(None) };
        if !spread || !matters(worth) {
            return Ok(Some((worth, 1.0)));
        }
        self.places.clear();
        let parts = match &mut node.kind {
            NodeKind::All(nodes, window) if nodes.len() > 1 => self.all(nodes, *window)?,
            NodeKind::Any(nodes) if nodes.len() > 1 => self.any(nodes)?,
            // Only between several there is a distance.
            _ => return Ok(Some((worth, 1.0))),
        };
        Ok(parts.map(|parts| (worth, distance(parts.len(), &self.placed(&parts)))))
    }

    /// One part with where its words stand. What has no match leaves no places behind.
    fn gathered(&mut self, node: &mut Node) -> Outcome<Option<Found>> {
        let (weight, from) = (node.weight, self.places.len());
        Ok(match &mut node.kind {
            NodeKind::Nothing => None,
            NodeKind::Everything => Found::plain(self.everything(weight), Nature::Virtual),
            NodeKind::Filter(scorer) => match scorer.probe(self.doc)? == self.doc {
                true => Found::plain(self.occurrence(weight), Nature::Number),
                false => None,
            },
            NodeKind::Word(word) => self.word(word, weight)?,
            NodeKind::Not(inner) => match self.worth(inner)? {
                Some(_) => None,
                None => Found::plain(0.0, Nature::Virtual),
            },
            NodeKind::Optional(inner) => match self.gathered(inner)? {
                None => Found::plain(0.0, Nature::Virtual),
                found => found,
            },
            NodeKind::All(nodes, window) => {
                let parts = self.all(nodes, *window)?;
                parts.map(|parts| self.joined(&parts, from, weight, false))
            }
            NodeKind::Any(nodes) => {
                let parts = self.any(nodes)?;
                parts.map(|parts| self.joined(&parts, from, weight, true))
            }
            NodeKind::First(nodes) => {
                let found = self.first(nodes)?;
                found.map(|found| self.joined(std::slice::from_ref(&found), from, weight, true))
            }
        })
    }

    fn word(&mut self, word: &mut Word, weight: f64) -> Outcome<Option<Found>> {
        let Some(score) = self.worth_of_word(word, weight)? else { return Ok(None) };
        let (block, at, from) = (word.pool.block, word.pool.at, self.places.len());
        word.pool.load_freqs()?;
        word.pool.positions(block, at, self.places)?;
        let positions = Some(self.since(from)).filter(|all| !all.is_empty());
        Ok(Some(Found { score, positions, nature: Nature::Word }))
    }

    /// `*`
    pub(super) fn everything(&self, weight: f64) -> f64 {
        match self.formula {
            Formula::Bm25Std => weight * self.columns.saturated(self.norm, 1.0),
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
    pub(super) fn all(&mut self, nodes: &mut [Node], window: Option<Window>) -> Outcome<Option<Parts>> {
        let (mut parts, from) = (Parts::new(), self.places.len());
        for node in nodes {
            let Some(found) = self.gathered(node)? else {
                self.places.truncate(from);
                return Ok(None);
            };
            parts.push(found);
        }
        if window.is_none_or(|window| within(parts.len(), &self.placed(&parts), window)) {
            return Ok(Some(parts));
        }
        self.places.truncate(from);
        Ok(None)
    }

    /// Those that match.
    fn any(&mut self, nodes: &mut [Node]) -> Outcome<Option<Parts>> {
        let mut parts = Parts::new();
        for node in nodes {
            parts.extend(self.gathered(node)?);
        }
        Ok(Some(parts).filter(|parts| !parts.is_empty()))
    }

    /// The first that matches.
    fn first(&mut self, nodes: &mut [Node]) -> Outcome<Option<Found>> {
        for node in nodes {
            if let Some(found) = self.gathered(node)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    pub(super) fn sum(&self, parts: &[Found], any: bool) -> f64 {
        let scores = parts.iter().map(|part| part.score);
        match self.formula {
            Formula::DisMax if any => scores.fold(0.0, f64::max),
            _ => scores.sum(),
        }
    }

    /// Several parts as one. `from`: where the places of the first begin.
    fn joined(&mut self, parts: &[Found], from: usize, weight: f64, any: bool) -> Found {
        let score = weight * self.sum(parts, any);
        let first = parts.first().map_or(Nature::Virtual, |part| part.nature);
        let nature = if parts.iter().all(|part| part.nature == first) { first } else { Nature::Word };
        // A group with a word in it stands somewhere, if only nowhere that is known.
        if parts.len() > 1 {
            self.places[from..].sort_unstable();
        }
        Found { score, positions: (nature == Nature::Word).then(|| self.since(from)), nature }
    }

    /// The places that were found since there were so many.
    fn since(&self, from: usize) -> Range<u32> {
        from as u32..self.places.len() as u32
    }

    /// Where those of the parts stand that stand anywhere.
    fn placed(&self, parts: &[Found]) -> Placed<'_> {
        let places = |stretch: &Range<u32>| &self.places[stretch.start as usize..stretch.end as usize];
        parts.iter().filter_map(|part| part.positions.as_ref().map(places)).collect()
    }
}
