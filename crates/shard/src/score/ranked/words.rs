//! Words of which any will do, scored by their postings: a window of documents at a time, each word through it.
//!
//! Where several of them stand in one document and their distance counts, the document is left to be looked at by itself.

use std::iter::Peekable;
use std::vec::IntoIter;

use model::query::ranked::Scorer as Formula;

use super::{Columns, Rarity, is_spread};
use crate::score::cursor::TermCursor;
use crate::score::{Outcome, bits};
use crate::segment::DocId;

/// Documents of a window, a whole number of words of bits. Few in tests, so that small corpora have several.
pub(crate) const WINDOW: u32 = if cfg!(test) { 64 } else { 4096 };

/// Words of which the first that a document has stands for all.
pub(crate) struct Group {
    pub(crate) weight: f64,
    /// Each counts wherever it stands.
    pub(crate) words: Vec<GroupWord>,
}

/// One of them: what it is worth, and the documents that have it.
pub(crate) struct GroupWord {
    pub(crate) weight: f64,
    pub(crate) rarity: Rarity,
    pub(crate) documents: Documents,
}

/// The documents that have a word, and how often.
pub(crate) enum Documents {
    Few(Peekable<IntoIter<(DocId, u32)>>),
    Many(Box<TermCursor>),
}

impl Documents {
    /// Calls `visit` with each of `from..to`, and how often it has the word. Stretches ascend; some may be left out.
    fn each(&mut self, from: DocId, to: DocId, mut visit: impl FnMut(DocId, u32)) -> Outcome<()> {
        match self {
            Self::Many(cursor) => cursor.each_freq(from, to, visit),
            Self::Few(entries) => {
                while let Some((doc, freq)) = entries.next_if(|(doc, _)| *doc < to) {
                    if doc >= from {
                        visit(doc, freq);
                    }
                }
                Ok(())
            }
        }
    }
}

/// What a window is scored on.
#[derive(Default)]
pub(crate) struct Room {
    /// Nothing is known of a document but while its window is scored.
    cells: Vec<Cell>,
    /// Documents of the window, and what the formula weighs them against.
    docs: Vec<DocId>,
    norms: Vec<i64>,
}

pub(crate) struct AnyWord {
    groups: Vec<Group>,
    /// Of all groups together.
    weight: f64,
    formula: Formula,
    boost: f32,
    columns: Columns,
}

/// What is known of one document of a window.
#[derive(Clone, Copy, Default)]
struct Cell {
    worth: f64,
    /// Groups that it has a word of.
    groups: u32,
    /// The last of them, from 1.
    last: u32,
    /// What the formula weighs the document against.
    norm: i64,
}

impl AnyWord {
    pub(crate) fn new(groups: Vec<Group>, weight: f64, (formula, boost): (Formula, f32), columns: Columns) -> Self {
        Self { groups, weight, formula, boost, columns }
    }

    /// Calls `visit` with each document of the window that begins at `from` whose bit is set in `wanted`, ascending, and its score. `None`: how far
    /// its words stand apart is not known here. Windows ascend.
    pub(crate) fn score(
        &mut self,
        room: &mut Room,
        (from, wanted): (DocId, &[u64]),
        mut visit: impl FnMut(DocId, Option<f32>) -> Outcome<()>,
    ) -> Outcome<()> {
        room.docs.clear();
        bits::docs(wanted, from, &mut room.docs);
        room.cells.resize(room.cells.len().max(wanted.len() * 64), Cell::default());
        self.weigh(from, room);
        for number in 0..self.groups.len() {
            self.add(number, (from, wanted), &mut room.cells)?;
        }
        for &doc in &room.docs {
            let cell = std::mem::take(&mut room.cells[(doc - from) as usize]);
            visit(doc, self.of(doc, cell))?;
        }
        Ok(())
    }

    fn of(&self, doc: DocId, cell: Cell) -> Option<f32> {
        let score = match cell.groups {
            0 => 0.0,
            2.. if is_spread(self.formula) => return None,
            _ => self.columns.of_document(self.formula, (doc, cell.norm), (self.weight * cell.worth, 1.0)),
        };
        Some(score as f32 * self.boost)
    }

    /// Looks up what the formula weighs the documents against.
    fn weigh(&self, from: DocId, room: &mut Room) {
        let Some((column, missing)) = self.columns.norms(self.formula) else { return };
        room.norms.resize(room.docs.len(), missing);
        column.first_batch(&room.docs, missing, &mut room.norms);
        for (doc, norm) in room.docs.iter().zip(&room.norms) {
            room.cells[(doc - from) as usize].norm = *norm;
        }
    }

    fn add(&mut self, number: usize, (from, wanted): (DocId, &[u64]), cells: &mut [Cell]) -> Outcome<()> {
        let (formula, columns, mark) = (self.formula, &self.columns, number as u32 + 1);
        let Group { weight: outer, words } = &mut self.groups[number];
        for GroupWord { weight, rarity, documents } in words {
            documents.each(from, from.saturating_add(WINDOW), |doc, freq| {
                let cell = &mut cells[(doc - from) as usize];
                if !bits::contains(wanted, doc - from) || cell.last == mark {
                    return;
                }
                let worth = *outer * columns.of_word(formula, cell.norm, (*weight, f64::from(freq), *rarity));
                cell.worth = if formula == Formula::DisMax { cell.worth.max(worth) } else { cell.worth + worth };
                cell.groups += 1;
                cell.last = mark;
            })?;
        }
        Ok(())
    }
}
