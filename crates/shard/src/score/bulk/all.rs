//! The best documents with all of several terms: block by block of the rarest, then the others asked for what may still win.
//!
//! A block of the rarest is cut where blocks of the others end: within a piece the bounds of the blocks that meet there decide.

use super::{Probe, Run, Scratch, probe, select};
use crate::score::Outcome;
use crate::score::cursor::TermCursor;
use crate::segment::DocId;

/// Blocks of another term below one block of the rarest up to which it is cut into pieces.
const PIECES: usize = 8;
/// Blocks of another term that are looked at for a bound; beyond, the term's own bound serves.
const LOOK_AHEAD: usize = 64;

/// Offers every document that may be among the best. `cursors`: at least one.
pub(crate) fn best(cursors: &mut [TermCursor], run: &mut Run<'_>, scratch: &mut Scratch) -> Outcome<()> {
    cursors.sort_by_key(|cursor| cursor.doc_freq);
    let Some((lead, others)) = cursors.split_first_mut() else { return Ok(()) };
    let others: Vec<Other<'_>> =
        others.iter_mut().map(|cursor| Other { whole: cursor.whole_bound(), cursor, bound: 0.0, start: 0 }).collect();
    let mut search = Intersection { lead, others, scratch };
    for block in 0..search.lead.blocks() {
        if block % 32 == 0 && !run.sink.go_on()? {
            break;
        }
        search.lead.block = block;
        if !search.enter()? {
            break;
        }
        let low = run.floor();
        search.scratch.candidates.clear();
        if low > 0.0 && search.meets_few() {
            search.pieces(low)?;
        } else {
            search.whole_block(low)?;
        }
        search.ask_others(low)?;
        run.offer(&search.scratch.candidates)?;
    }
    Ok(())
}

struct Other<'a> {
    cursor: &'a mut TermCursor,
    /// Bound of all its blocks.
    whole: f32,
    /// Bound of its blocks that the candidates may lie in.
    bound: f64,
    /// Its first block that reaches into the rarest term's.
    start: usize,
}

struct Intersection<'a> {
    lead: &'a mut TermCursor,
    others: Vec<Other<'a>>,
    scratch: &'a mut Scratch,
}

impl Intersection<'_> {
    /// Brings the others to the lead's block; false: one has no more documents.
    fn enter(&mut self) -> Outcome<bool> {
        let first = self.lead.first_possible(self.lead.block);
        for other in &mut self.others {
            other.cursor.skip_to(first);
            if other.cursor.is_done() {
                return Ok(false);
            }
            other.start = other.cursor.block;
            other.bound = 0.0;
        }
        Ok(true)
    }

    /// Whether few blocks of each other term reach into the lead's block.
    fn meets_few(&self) -> bool {
        let last = self.lead.last(self.lead.block);
        self.others.iter().all(|other| {
            let behind = other.start + PIECES;
            behind >= other.cursor.blocks() || other.cursor.last(behind) >= last
        })
    }

    /// Takes the lead's documents of the whole block that can reach `low`.
    fn whole_block(&mut self, low: f64) -> Outcome<()> {
        let last = self.lead.last(self.lead.block);
        let mut sum = 0.0;
        for other in &mut self.others {
            other.bound = f64::from(span_bound(other.cursor, last, other.whole));
            sum += other.bound;
        }
        if f64::from(self.lead.block_bound(self.lead.block)) + sum >= low {
            self.lead.load_scores()?;
            let len = self.lead.len;
            select(&self.lead.docs[..len], &self.lead.scores()[..len], low - sum, &mut self.scratch.candidates);
        }
        Ok(())
    }

    /// Takes the lead's documents piece by piece.
    fn pieces(&mut self, low: f64) -> Outcome<()> {
        let block = self.lead.block;
        let own = f64::from(self.lead.block_bound(block));
        let (mut from, last) = (self.lead.first_possible(block), self.lead.last(block));
        loop {
            let mut to = last;
            let mut sum = 0.0;
            for other in &mut self.others {
                other.cursor.skip_to(from);
                if other.cursor.is_done() {
                    return Ok(());
                }
                to = to.min(other.cursor.last(other.cursor.block));
                sum += f64::from(other.cursor.block_bound(other.cursor.block));
            }
            if own + sum >= low {
                self.piece(from, to, low - sum)?;
            }
            if to >= last {
                return Ok(());
            }
            from = to + 1;
        }
    }

    /// Takes the lead's documents of `from..=to` that score at least `needed`.
    fn piece(&mut self, from: DocId, to: DocId, needed: f64) -> Outcome<()> {
        self.lead.load_scores()?;
        let start = self.lead.lower_bound(from);
        let end = if to >= self.lead.last(self.lead.block) { self.lead.len } else { self.lead.lower_bound(to + 1) };
        let before = self.scratch.candidates.len();
        let scores = &self.lead.scores()[start.min(end)..end];
        select(&self.lead.docs[start.min(end)..end], scores, needed, &mut self.scratch.candidates);
        if self.scratch.candidates.len() > before {
            for other in &mut self.others {
                let bound = f64::from(other.cursor.block_bound(other.cursor.block));
                other.bound = other.bound.max(bound);
            }
        }
        Ok(())
    }

    /// Keeps the candidates that all other terms have, as long as they can reach `low`.
    fn ask_others(&mut self, low: f64) -> Outcome<()> {
        let mut rest: f64 = self.others.iter().map(|other| other.bound).sum();
        for other in &mut self.others {
            // Pieces have moved it on.
            other.cursor.block = other.start;
            if self.scratch.candidates.is_empty() {
                continue;
            }
            rest = (rest - other.bound).max(0.0);
            let asked = Probe { rest, floor: low, required: true };
            probe(other.cursor, &mut self.scratch.candidates, &mut self.scratch.meeting, &asked)?;
        }
        Ok(())
    }
}

/// Bound of the cursor's blocks up to the document `last`.
fn span_bound(cursor: &TermCursor, last: DocId, whole: f32) -> f32 {
    let mut block = cursor.block;
    let mut bound = cursor.block_bound(block);
    while cursor.last(block) < last && block + 1 < cursor.blocks() {
        block += 1;
        if block - cursor.block > LOOK_AHEAD {
            return whole;
        }
        bound = bound.max(cursor.block_bound(block));
    }
    bound
}
