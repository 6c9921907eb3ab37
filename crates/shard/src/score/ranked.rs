//! Scores as the search module of Redis computes them: over the tree of a query, document by document.
//!
//! Another scorer finds the candidates; here each is looked at part by part. Not here: which terms a pattern stands for, how rare they are
//! (`compile::ranked`).

use std::sync::Arc;

use model::query::ranked::{Scorer as Formula, Window};

use search::bound::TermBytes;

use super::cursor::TermCursor;
use super::{Outcome, Scorer, bits};
use crate::segment::column::NumberColumn;
use crate::segment::{DocId, NO_MORE_DOCS};

pub(super) const K1: f64 = 1.2;
pub(super) const B: f64 = 0.5;

/// What a word's score takes from how many documents have it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rarity {
    /// Whole powers of two.
    pub(super) coarse: f64,
    pub(super) fine: f64,
}

impl Rarity {
    pub(crate) fn new(documents: u64, doc_freq: u64) -> Self {
        let (all, having) = (documents as f64, doc_freq as f64);
        let coarse = (1.0 + (all + 1.0) / having.max(1.0)).log2().floor();
        let fine = (1.0 + (all - having + 0.5).max(0.0) / (having + 0.5)).ln();
        Self { coarse, fine }
    }
}

/// What is known of documents besides their words.
pub(crate) struct Columns {
    pub(crate) length: Option<Arc<dyn NumberColumn>>,
    pub(crate) max_freq: Option<Arc<dyn NumberColumn>>,
    pub(crate) score: Option<Arc<dyn NumberColumn>>,
    pub(crate) default_score: f64,
    /// Words of a document on average.
    pub(crate) average: f64,
}

impl Columns {
    pub(super) fn length(&self, doc: DocId) -> f64 {
        self.length.as_ref().and_then(|column| column.first(doc)).unwrap_or(0) as f64
    }

    pub(super) fn max_freq(&self, doc: DocId) -> f64 {
        self.max_freq.as_ref().and_then(|column| column.first(doc)).unwrap_or(1).max(1) as f64
    }

    pub(super) fn score(&self, doc: DocId) -> f64 {
        let own = self.score.as_ref().and_then(|column| column.first(doc));
        own.map_or(self.default_score, model::number::f64_from_ordered)
    }
}

pub(crate) struct Node {
    pub(crate) weight: f64,
    /// About how many documents match.
    pub(crate) documents: u64,
    pub(crate) kind: NodeKind,
}

pub(crate) enum NodeKind {
    Everything,
    Nothing,
    Word(Box<Word>),
    Filter(Box<dyn Scorer>),
    All(Vec<Node>, Option<Window>),
    Any(Vec<Node>),
    /// The first of them that is there stands for all.
    First(Vec<Node>),
    Not(Box<Node>),
    Optional(Box<Node>),
}

pub(crate) struct Word {
    pub(crate) term: TermBytes,
    pub(crate) stem: bool,
    /// All places of the word.
    pub(crate) pool: TermCursor,
    /// It must stand in one of these.
    pub(crate) within: Option<Vec<TermCursor>>,
    /// Where an occurrence counts how much; empty: one everywhere.
    pub(crate) counts: Vec<(TermCursor, u32)>,
    pub(crate) rarity: Rarity,
}

impl Word {
    /// As the search module writes it: stems with a plus before them.
    pub(super) fn name(&self) -> String {
        let text = String::from_utf8_lossy(&self.term);
        if self.stem && !text.starts_with('<') { format!("+{text}") } else { text.into_owned() }
    }

    /// How often it counts in `doc`; `None`: it is not there.
    pub(super) fn freq(&mut self, doc: DocId) -> Outcome<Option<f64>> {
        if self.pool.advance(doc)? != doc {
            return Ok(None);
        }
        if let Some(within) = &mut self.within {
            let mut found = false;
            for cursor in within {
                found |= cursor.advance(doc)? == doc;
            }
            if !found {
                return Ok(None);
            }
        }
        if self.counts.is_empty() {
            self.pool.load_freqs()?;
            return Ok(Some(f64::from(self.pool.freq(self.pool.at))));
        }
        let mut sum = 0.0;
        for (cursor, count) in &mut self.counts {
            if cursor.advance(doc)? == doc {
                cursor.load_freqs()?;
                sum += f64::from(cursor.freq(cursor.at)) * f64::from(*count);
            }
        }
        Ok(Some(sum))
    }
}

/// What a part is worth in one document.
pub(super) struct Found {
    pub(super) score: f64,
    /// Where its words stand, ascending; `None`: it is nothing that stands anywhere.
    positions: Option<Vec<u32>>,
    nature: Nature,
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

pub(crate) struct RankedScorer {
    candidates: Box<dyn Scorer>,
    pub(super) root: Option<Node>,
    pub(super) formula: Formula,
    verify: bool,
    boost: f32,
    pub(super) columns: Columns,
    doc: DocId,
}

impl RankedScorer {
    pub(crate) fn new(
        candidates: Box<dyn Scorer>,
        root: Option<Node>,
        (formula, verify, boost): (Formula, bool, f32),
        columns: Columns,
    ) -> Self {
        Self { candidates, root, formula, verify, boost, columns, doc: 0 }
    }

    fn evaluate(&mut self, doc: DocId) -> Outcome<Option<f64>> {
        let own = self.columns.score(doc);
        let Some(root) = &mut self.root else {
            return Ok(Some(if self.formula == Formula::DocScore { own } else { 0.0 }));
        };
        let spread = matches!(self.formula, Formula::TfIdf | Formula::TfIdfDocNorm | Formula::Bm25);
        let mut walk = Walk { doc, formula: self.formula, columns: &self.columns };
        let Some((score, slop)) = walk.root(root, spread)? else { return Ok(None) };
        Ok(Some(match self.formula {
            Formula::TfIdf => score * own / self.columns.max_freq(doc) / slop,
            Formula::TfIdfDocNorm => score * own / self.columns.length(doc).max(1.0) / slop,
            Formula::Bm25 => score * own / slop,
            Formula::Bm25Std => score * own,
            Formula::DisMax => score,
            Formula::DocScore => own,
            Formula::None => 0.0,
        }))
    }
}

/// One document, looked at.
pub(super) struct Walk<'w> {
    pub(super) doc: DocId,
    pub(super) formula: Formula,
    pub(super) columns: &'w Columns,
}

impl Walk<'_> {
    /// Score of the whole, and how far apart its words stand.
    pub(super) fn root(&mut self, node: &mut Node, spread: bool) -> Outcome<Option<(f64, f64)>> {
        let weight = node.weight;
        let parts = match &mut node.kind {
            NodeKind::All(nodes, window) => self.all(nodes, *window, spread)?,
            NodeKind::Any(nodes) => match self.any(nodes, false)? {
                // Only between several there is a distance.
                Some(parts) if spread && parts.len() > 1 => self.any(nodes, true)?,
                parts => parts,
            },
            _ => return Ok(self.node(node, false)?.map(|found| (found.score, 1.0))),
        };
        let Some(parts) = parts else { return Ok(None) };
        let slop = if spread { distance(&parts) } else { 1.0 };
        let any = matches!(node.kind, NodeKind::Any(_));
        Ok(Some((weight * self.sum(&parts, any), slop)))
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
                parts.map(|parts| self.joined(parts, weight, false))
            }
            NodeKind::Any(nodes) => self.any(nodes, positions)?.map(|parts| self.joined(parts, weight, true)),
            NodeKind::First(nodes) => self.first(nodes, positions)?.map(|part| self.joined(vec![part], weight, true)),
        })
    }

    pub(super) fn word(&mut self, word: &mut Word, weight: f64, positions: bool) -> Outcome<Option<Found>> {
        let Some(freq) = word.freq(self.doc)? else { return Ok(None) };
        let score = match self.formula {
            Formula::TfIdf | Formula::TfIdfDocNorm => weight * freq * word.rarity.coarse,
            Formula::Bm25 => {
                let length = 1.0 - B + B * self.columns.average;
                // The weight of a word is left out here, as that of a group is not.
                word.rarity.coarse * freq / (freq + K1 * length)
            }
            Formula::Bm25Std => word.rarity.fine * self.saturated(freq),
            Formula::DisMax => weight * freq,
            Formula::DocScore | Formula::None => 0.0,
        };
        let mut found = Found { score, positions: None, nature: Nature::Word };
        if positions {
            let mut all = Vec::new();
            let (block, at) = (word.pool.block, word.pool.at);
            word.pool.load_freqs()?;
            word.pool.positions(block, at, &mut all)?;
            found.positions = Some(all).filter(|all| !all.is_empty());
        }
        Ok(Some(found))
    }

    fn saturated(&self, freq: f64) -> f64 {
        let length = 1.0 - B + B * self.columns.length(self.doc) / self.columns.average.max(f64::MIN_POSITIVE);
        freq * (K1 + 1.0) / (freq + K1 * length)
    }

    /// `*`
    pub(super) fn everything(&self, weight: f64) -> f64 {
        match self.formula {
            Formula::Bm25Std => weight * self.saturated(1.0),
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
    fn all(&mut self, nodes: &mut [Node], window: Option<Window>, positions: bool) -> Outcome<Option<Vec<Found>>> {
        let mut parts = Vec::with_capacity(nodes.len());
        for node in nodes {
            let Some(found) = self.node(node, positions || window.is_some())? else { return Ok(None) };
            parts.push(found);
        }
        let near = window.is_none_or(|window| within(&parts, window));
        Ok(near.then_some(parts))
    }

    /// Those that match.
    fn any(&mut self, nodes: &mut [Node], positions: bool) -> Outcome<Option<Vec<Found>>> {
        let mut parts = Vec::new();
        for node in nodes {
            parts.extend(self.node(node, positions)?);
        }
        Ok(Some(parts).filter(|parts| !parts.is_empty()))
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

    fn joined(&self, parts: Vec<Found>, weight: f64, any: bool) -> Found {
        let score = weight * self.sum(&parts, any);
        let first = parts.first().map_or(Nature::Virtual, |part| part.nature);
        let nature = if parts.iter().all(|part| part.nature == first) { first } else { Nature::Word };
        // A group with a word in it stands somewhere, if only nowhere that is known.
        let mut positions = (nature == Nature::Word).then(Vec::new);
        if let Some(positions) = &mut positions {
            positions.extend(parts.into_iter().flat_map(|part| part.positions.unwrap_or_default()));
            positions.sort_unstable();
        }
        Found { score, positions, nature }
    }
}

/// How far neighbours among the parts stand apart, at their nearest: the root of the sum of squares, without its fraction.
fn distance(parts: &[Found]) -> f64 {
    if parts.len() <= 1 {
        return 1.0;
    }
    let placed: Vec<&[u32]> = parts.iter().filter_map(|part| part.positions.as_deref()).collect();
    let sum: u64 = placed.windows(2).map(|pair| u64::from(nearest(pair[0], pair[1])).pow(2)).sum();
    match sum {
        0 => (parts.len() - 1) as f64,
        sum => (sum as f64).sqrt().floor(),
    }
}

/// The least distance of a position of one list from one of the other. What stands nowhere is as far from the first of the other as if it
/// stood two places before the text.
fn nearest(one: &[u32], other: &[u32]) -> u32 {
    if let (Some(first), None) | (None, Some(first)) = (one.first(), other.first()) {
        return first.saturating_add(2);
    }
    let (mut one, mut other) = (one.iter().peekable(), other.iter().peekable());
    let mut least = u32::MAX;
    while let (Some(a), Some(b)) = (one.peek(), other.peek()) {
        least = least.min(a.abs_diff(**b));
        if least <= 1 {
            break;
        }
        if b > a {
            one.next();
        } else {
            other.next();
        }
    }
    if least == u32::MAX { 0 } else { least }
}

/// Whether the parts stand near each other. What does not stand anywhere is passed over; of groups without a place nothing is near.
fn within(parts: &[Found], window: Window) -> bool {
    let placed: Vec<&[u32]> = parts.iter().filter_map(|part| part.positions.as_deref()).collect();
    if parts.len() <= 1 || placed.is_empty() {
        return true;
    }
    if placed.iter().any(|all| all.is_empty()) {
        return false;
    }
    let slop = window.slop.unwrap_or(u32::MAX);
    if window.in_order { in_order(&placed, slop) } else { in_any_order(&placed, slop) }
}

/// Each at the one before or behind it, with at most `slop` other words between them in all.
fn in_order(placed: &[&[u32]], slop: u32) -> bool {
    let mut at = vec![0; placed.len()];
    for first in placed[0] {
        let mut last = *first;
        let mut span = 0_i64;
        let mut fits = true;
        for (list, at) in placed.iter().zip(&mut at).skip(1) {
            while list.get(*at).is_some_and(|position| *position < last) {
                *at += 1;
            }
            let Some(position) = list.get(*at) else { return false };
            span += i64::from(*position) - i64::from(last) - 1;
            last = *position;
            if span > i64::from(slop) {
                fits = false;
                break;
            }
        }
        if fits {
            return true;
        }
    }
    false
}

/// All within a stretch that holds at most `slop` other words.
fn in_any_order(placed: &[&[u32]], slop: u32) -> bool {
    let mut at = vec![0; placed.len()];
    let others = placed.len() as u32 - 1;
    loop {
        let (mut least, mut most, mut lowest) = (u32::MAX, 0, 0);
        for (list, position) in placed.iter().enumerate().map(|(list, all)| (list, all[at[list]])) {
            if position < least {
                (least, lowest) = (position, list);
            }
            most = most.max(position);
        }
        // Words that all stand at one place are one word, which is near to nothing.
        if most != least && (most - least).saturating_sub(others) <= slop {
            return true;
        }
        at[lowest] += 1;
        if at[lowest] >= placed[lowest].len() {
            return false;
        }
    }
}

impl Scorer for RankedScorer {
    fn probe(&mut self, doc: DocId) -> Outcome<DocId> {
        let found = self.candidates.probe(doc)?;
        if found == doc && found != NO_MORE_DOCS {
            self.doc = doc;
            if self.verify && self.evaluate(doc)?.is_none() {
                return Ok(doc + 1);
            }
        }
        Ok(found)
    }

    fn seek(&mut self, mut target: DocId) -> Outcome<DocId> {
        loop {
            self.doc = self.candidates.seek(target)?;
            if self.doc == NO_MORE_DOCS || !self.verify || self.evaluate(self.doc)?.is_some() {
                return Ok(self.doc);
            }
            target = self.doc + 1;
        }
    }

    fn list(&mut self, from: DocId, to: DocId, out: &mut Vec<DocId>) -> Outcome<bool> {
        if self.verify { Ok(false) } else { self.candidates.list(from, to, out) }
    }

    fn fill(&mut self, from: DocId, to: DocId, words: &mut [u64]) -> Outcome<()> {
        if !self.verify {
            return self.candidates.fill(from, to, words);
        }
        let mut doc = self.seek(from)?;
        while doc < to {
            bits::set(words, doc - from);
            doc = self.seek(doc + 1)?;
        }
        Ok(())
    }

    fn score(&mut self) -> Outcome<f32> {
        let score = self.evaluate(self.doc)?.unwrap_or(0.0);
        Ok(score as f32 * self.boost)
    }

    fn cost(&self) -> u64 {
        self.candidates.cost()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(lists: &[&[u32]]) -> Vec<Found> {
        let found = |list: &&[u32]| Found { score: 0.0, positions: Some(list.to_vec()), nature: Nature::Word };
        lists.iter().map(found).collect()
    }

    #[test]
    fn distances_are_those_of_the_search_module() {
        let check = |lists: &[&[u32]], expected| assert_eq!(distance(&placed(lists)), expected, "{lists:?}");
        check(&[&[3]], 1.0);
        check(&[&[1], &[2]], 1.0);
        check(&[&[6], &[6], &[1]], 5.0);
        check(&[&[4, 7], &[4, 7], &[2]], 2.0);
        check(&[&[2, 5], &[2, 5]], 1.0);
        check(&[&[2, 5], &[]], 4.0);
        check(&[&[], &[]], 1.0);
    }

    #[test]
    fn windows_hold_in_order_or_in_any() {
        let check = |lists: &[&[u32]], slop, in_order, expected| {
            let window = Window { slop: Some(slop), in_order };
            assert_eq!(within(&placed(lists), window), expected, "{lists:?} {slop} {in_order}");
        };
        check(&[&[1], &[2]], 0, true, true);
        check(&[&[2], &[1]], 0, true, false);
        check(&[&[2], &[1]], 0, false, true);
        check(&[&[1, 8], &[4, 9]], 0, true, true);
        check(&[&[1], &[4]], 1, true, false);
        check(&[&[1], &[4]], 2, true, true);
        check(&[&[5], &[1], &[3]], 2, false, true);
        check(&[&[5], &[1], &[3]], 1, false, false);
        check(&[&[4], &[4]], 0, true, true);
        check(&[&[4], &[4]], 9, false, false);
        check(&[&[4], &[]], 9, true, false);
        check(&[&[4]], 0, false, true);
    }
}
