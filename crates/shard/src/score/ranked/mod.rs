//! Scores as the search module of Redis computes them: over the tree of a query, document by document, or, where any of some words will do,
//! by their postings.
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

mod explain;
mod near;
mod walk;
pub(crate) mod words;
mod worth;

use walk::Walk;

const K1: f64 = 1.2;
const B: f64 = 0.5;

/// What a word's score takes from how many documents have it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rarity {
    /// Whole powers of two.
    coarse: f64,
    fine: f64,
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
    fn score(&self, doc: DocId) -> f64 {
        let own = self.score.as_ref().and_then(|column| column.first(doc));
        own.map_or(self.default_score, model::number::f64_from_ordered)
    }

    /// What a formula weighs a document against, and what that is where nothing is known of it; `None`: nothing.
    fn norms(&self, formula: Formula) -> Option<(&dyn NumberColumn, i64)> {
        let (column, missing) = match formula {
            Formula::TfIdf => (&self.max_freq, 1),
            Formula::TfIdfDocNorm | Formula::Bm25Std => (&self.length, 0),
            _ => return None,
        };
        Some((column.as_deref()?, missing))
    }

    /// The same of one document: the frequency of its commonest word, or how many words it has.
    fn norm(&self, formula: Formula, doc: DocId) -> i64 {
        self.norms(formula).map_or(0, |(column, missing)| column.first(doc).unwrap_or(missing))
    }

    /// What a word of this weight is worth that a document of this norm has `freq` times.
    fn of_word(&self, formula: Formula, norm: i64, (weight, freq, rarity): (f64, f64, Rarity)) -> f64 {
        match formula {
            Formula::TfIdf | Formula::TfIdfDocNorm => weight * freq * rarity.coarse,
            Formula::Bm25 => {
                let length = 1.0 - B + B * self.average;
                // The weight of a word is left out here, as that of a group is not.
                rarity.coarse * freq / (freq + K1 * length)
            }
            Formula::Bm25Std => rarity.fine * self.saturated(norm, freq),
            Formula::DisMax => weight * freq,
            Formula::DocScore | Formula::None => 0.0,
        }
    }

    fn saturated(&self, length: i64, freq: f64) -> f64 {
        let length = 1.0 - B + B * length as f64 / self.average.max(f64::MIN_POSITIVE);
        freq * (K1 + 1.0) / (freq + K1 * length)
    }

    /// The score of a document of this norm whose parts are worth `worth`, and stand `slop` apart.
    fn of_document(&self, formula: Formula, (doc, norm): (DocId, i64), (worth, slop): (f64, f64)) -> f64 {
        match formula {
            Formula::TfIdf | Formula::TfIdfDocNorm => worth * self.score(doc) / norm.max(1) as f64 / slop,
            Formula::Bm25 => worth * self.score(doc) / slop,
            Formula::Bm25Std => worth * self.score(doc),
            Formula::DisMax => worth,
            Formula::DocScore => self.score(doc),
            Formula::None => 0.0,
        }
    }
}

/// Whether it counts how far apart the parts of a query stand.
fn is_spread(formula: Formula) -> bool {
    matches!(formula, Formula::TfIdf | Formula::TfIdfDocNorm | Formula::Bm25)
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
    fn name(&self) -> String {
        let text = String::from_utf8_lossy(&self.term);
        if self.stem && !text.starts_with('<') { format!("+{text}") } else { text.into_owned() }
    }

    /// How often it counts in `doc`; `None`: it is not there.
    fn freq(&mut self, doc: DocId) -> Outcome<Option<f64>> {
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

/// Looks at documents one by one.
pub(crate) struct Ranker {
    root: Option<Node>,
    formula: Formula,
    boost: f32,
    columns: Columns,
    /// Room for where words stand.
    places: Vec<u32>,
}

impl Ranker {
    pub(crate) fn new(root: Option<Node>, (formula, boost): (Formula, f32), columns: Columns) -> Self {
        Self { root, formula, boost, columns, places: Vec::new() }
    }

    /// The score of a candidate; of one that is below `floor` no more than that it is. Candidates ascend.
    pub(crate) fn score(&mut self, doc: DocId, floor: f32) -> Outcome<f32> {
        let score = self.evaluate(doc, floor)?.unwrap_or(0.0);
        Ok(score as f32 * self.boost)
    }

    /// `None`: it does not match.
    fn evaluate(&mut self, doc: DocId, floor: f32) -> Outcome<Option<f64>> {
        let Some(root) = &mut self.root else {
            return Ok(Some(if self.formula == Formula::DocScore { self.columns.score(doc) } else { 0.0 }));
        };
        let (formula, columns, boost) = (self.formula, &self.columns, self.boost);
        let norm = columns.norm(formula, doc);
        let mut walk = Walk { doc, norm, formula, columns, places: &mut self.places };
        // Words are at least one place apart: how far they are only makes it less.
        let matters = |worth| {
            let most = columns.of_document(formula, (doc, norm), (worth, 1.0)) as f32 * boost;
            most < 0.0 || most >= floor
        };
        let found = walk.root(root, is_spread(formula), matters)?;
        Ok(found.map(|found| columns.of_document(formula, (doc, norm), found)))
    }
}

/// The candidates that match.
pub(crate) struct RankedScorer {
    candidates: Box<dyn Scorer>,
    ranker: Ranker,
    /// Whether not all of them may match.
    verify: bool,
    doc: DocId,
}

impl RankedScorer {
    pub(crate) fn new(candidates: Box<dyn Scorer>, ranker: Ranker, verify: bool) -> Self {
        Self { candidates, ranker, verify, doc: 0 }
    }
}

impl Scorer for RankedScorer {
    fn probe(&mut self, doc: DocId) -> Outcome<DocId> {
        let found = self.candidates.probe(doc)?;
        if found == doc && found != NO_MORE_DOCS {
            self.doc = doc;
            if self.verify && self.ranker.evaluate(doc, f32::INFINITY)?.is_none() {
                return Ok(doc + 1);
            }
        }
        Ok(found)
    }

    fn seek(&mut self, mut target: DocId) -> Outcome<DocId> {
        loop {
            self.doc = self.candidates.seek(target)?;
            if self.doc == NO_MORE_DOCS || !self.verify || self.ranker.evaluate(self.doc, f32::INFINITY)?.is_some() {
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
        self.ranker.score(self.doc, f32::NEG_INFINITY)
    }

    fn score_from(&mut self, floor: f32) -> Outcome<f32> {
        self.ranker.score(self.doc, floor)
    }

    fn cost(&self) -> u64 {
        self.candidates.cost()
    }
}
