//! The best documents with all of several terms: block by block of the rarest, then the others asked for what may still win. Where the documents
//! of some are known as sets, only what these have in common is looked at.
//!
//! What a document of the rarest must score for itself follows from the bounds of the others' blocks that the block meets.

use super::crossing::{Crossing, Found, probe_set};
use super::{Probe, Run, Scratch, probe, stretch};
use crate::score::Outcome;
use crate::score::cursor::TermCursor;
use crate::segment::DocId;

/// What part of its weight a term scores where it occurs once in a text of average length, about.
const COMMON: f64 = 0.45;
/// Blocks of another term that are looked at for a bound; beyond, the term's own bound serves.
const LOOK_AHEAD: usize = 64;

/// Offers every document that may be among the best. `cursors`: at least one.
pub(crate) fn best(cursors: &mut [TermCursor], run: &mut Run<'_>, scratch: &mut Scratch) -> Outcome<()> {
    cursors.sort_by_key(|cursor| cursor.doc_freq);
    let Some((lead, others)) = cursors.split_first_mut() else { return Ok(()) };
    let crossing = Crossing::new(lead, others.iter());
    let others: Vec<Other<'_>> =
        others.iter_mut().map(|cursor| Other { whole: cursor.whole_bound(), cursor, bound: 0.0 }).collect();
    let mut search = Intersection { lead, others, crossing, found: Found::default(), scratch };
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
        search.collect(low)?;
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
}

struct Intersection<'a> {
    lead: &'a mut TermCursor,
    others: Vec<Other<'a>>,
    crossing: Crossing,
    found: Found,
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
        }
        Ok(true)
    }

    /// Makes the block's documents with all terms that can reach `low` the candidates.
    fn collect(&mut self, low: f64) -> Outcome<()> {
        let sum = self.bound_others();
        let needed = low - sum;
        if f64::from(self.lead.block_bound(self.lead.block)) < needed {
            return Ok(());
        }
        if self.crossing.has_sets() {
            return self.cross(low, needed);
        }
        if needed <= f64::from(self.lead.score.weight) * COMMON && !self.others.is_empty() {
            return self.meet_first(low);
        }
        let mut reaching = self.lead.reaching(needed)?;
        while reaching != 0 {
            let at = reaching.trailing_zeros() as usize;
            reaching &= reaching - 1;
            self.scratch.candidates.push((self.lead.docs[at], f64::from(self.lead.score_entry(at)?)));
        }
        self.ask_others(low, 0)
    }

    /// What the sets of frequent terms have in common is known before anything is scored.
    fn cross(&mut self, low: f64, needed: f64) -> Outcome<()> {
        self.crossing.find(self.lead, &mut self.found)?;
        if self.found.len == 0 {
            return Ok(());
        }
        self.lead.load_freqs_alone()?;
        self.lead.score_those(self.found.iter(), needed, &mut self.scratch.candidates);
        self.ask_others(low, 0)
    }

    /// Few of the lead's scores are too low for themselves: they are made only where it meets the rarest of the others.
    fn meet_first(&mut self, low: f64) -> Outcome<()> {
        self.lead.load()?;
        let rest: f64 = self.others[1..].iter().map(|other| other.bound).sum();
        let own = f64::from(self.lead.block_bound(self.lead.block));
        let (lead, cursor) = (&mut *self.lead, &mut *self.others[0].cursor);
        let mut from = 0;
        while from < lead.len {
            cursor.skip_to(lead.docs[from]);
            if cursor.is_done() {
                break;
            }
            let to = from + stretch(&lead.docs[from..lead.len], cursor.last(cursor.block), |&doc| doc);
            let bound = f64::from(cursor.block_bound(cursor.block)) + rest;
            if own + bound >= low {
                cursor.load()?;
                let hits = self.scratch.meeting.hits(&cursor.docs, &lead.docs[from..to], |&doc| doc);
                if !hits.is_empty() {
                    lead.load_freqs()?;
                    cursor.load_freqs()?;
                }
                for &(place, number) in hits {
                    let at = from + usize::from(number);
                    let score = f64::from(lead.score_entry(at)?);
                    if score + bound >= low {
                        let score = score + f64::from(cursor.score_entry(usize::from(place))?);
                        self.scratch.candidates.push((lead.docs[at], score));
                    }
                }
            }
            from = to;
        }
        self.ask_others(low, 1)
    }

    /// Bounds each other term over the lead's block; returns the sum.
    fn bound_others(&mut self) -> f64 {
        let last = self.lead.last(self.lead.block);
        for other in &mut self.others {
            other.bound = f64::from(span_bound(other.cursor, last, other.whole));
        }
        self.others.iter().map(|other| other.bound).sum()
    }

    /// Keeps the candidates that the other terms from number `from` on have, as long as they can reach `low`.
    fn ask_others(&mut self, low: f64, from: usize) -> Outcome<()> {
        let mut rest: f64 = self.others[from..].iter().map(|other| other.bound).sum();
        for other in &mut self.others[from..] {
            if self.scratch.candidates.is_empty() {
                continue;
            }
            rest = (rest - other.bound).max(0.0);
            let asked = Probe { rest, floor: low, required: true };
            match other.cursor.dense.clone() {
                Some(set) => probe_set((other.cursor, &set), &mut self.scratch.candidates, &asked)?,
                None => probe(other.cursor, &mut self.scratch.candidates, &mut self.scratch.meeting, &asked)?,
            }
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
