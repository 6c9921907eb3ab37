//! The best documents with any of several terms: MAXSCORE (Turtle and Flood 1995) over windows, with block bounds.
//!
//! In each window the terms whose bounds together stay below the threshold are not essential: only documents of the others
//! can win, and only those are looked up in them.

use super::{Candidate, Probe, Run, Scratch, WINDOW, probe, select};
use crate::score::Outcome;
use crate::score::cursor::TermCursor;
use crate::segment::{DocId, NO_MORE_DOCS};

/// Postings that a window shall hold, about. Small in tests, so that small corpora have many windows.
const POSTINGS: u64 = if cfg!(test) { 32 } else { 2048 };
/// Documents of a window at least.
const SHORTEST: u32 = if cfg!(test) { 64 } else { 1024 };

/// Offers every document that may be among the best of a segment of `max` documents.
pub(crate) fn best(cursors: &mut [TermCursor], max: u32, run: &mut Run<'_>, scratch: &mut Scratch) -> Outcome<()> {
    super::prime(cursors, run.accept, run.sink)?;
    let all: u64 = cursors.iter().map(|cursor| u64::from(cursor.doc_freq)).sum();
    let mut stride = SHORTEST;
    while (stride as usize) < WINDOW && stride < max && all * u64::from(stride) / u64::from(max.max(1)) < POSTINGS {
        stride *= 2;
    }
    if scratch.sums.len() < stride as usize {
        scratch.sums.resize(stride as usize, 0.0);
    }
    let mut windows =
        Windows { order: (0..cursors.len()).collect(), bounds: vec![0.0; cursors.len()], cursors, max, scratch };
    let mut from = 0;
    let mut seen = 0u32;
    while from < max {
        from = windows.next_possible(from);
        if from >= max {
            break;
        }
        seen += 1;
        if seen.is_multiple_of(16) && !run.sink.go_on()? {
            break;
        }
        let to = from.saturating_add(stride).min(max);
        let total = windows.bound_window(from, to);
        let low = run.floor();
        if total < low {
            from = windows.behind(from, to);
            continue;
        }
        windows.score_window(from, to, low)?;
        run.offer(&windows.scratch.candidates)?;
        from = to;
    }
    Ok(())
}

struct Windows<'a> {
    cursors: &'a mut [TermCursor],
    max: u32,
    /// Cursors by bound in the window, ascending.
    order: Vec<usize>,
    /// Bound of each cursor in the window.
    bounds: Vec<f64>,
    scratch: &'a mut Scratch,
}

impl Windows<'_> {
    /// The first document at or behind `from` that any cursor may hold.
    fn next_possible(&mut self, from: DocId) -> DocId {
        let mut next = NO_MORE_DOCS;
        for cursor in self.cursors.iter_mut() {
            cursor.skip_to(from);
            if !cursor.is_done() {
                next = next.min(next_doc(cursor, from));
            }
        }
        next.min(self.max)
    }

    /// Bounds every cursor in `from..to`; returns their sum.
    fn bound_window(&mut self, from: DocId, to: DocId) -> f64 {
        let mut total = 0.0;
        for (cursor, bound) in self.cursors.iter_mut().zip(&mut self.bounds) {
            cursor.skip_to(from);
            let idle = cursor.is_done() || next_doc(cursor, from) >= to;
            *bound = if idle { 0.0 } else { f64::from(cursor.range_bound(from, to)) };
            total += *bound;
        }
        total
    }

    /// The window `from..to` cannot win; its bounds hold up to the end of the first block that reaches beyond.
    fn behind(&self, from: DocId, to: DocId) -> DocId {
        let mut end = NO_MORE_DOCS;
        for cursor in self.cursors.iter().filter(|cursor| !cursor.is_done()) {
            let next = next_doc(cursor, from);
            if next >= to {
                end = end.min(next);
                continue;
            }
            let mut block = cursor.block;
            while cursor.last(block) < to && block + 1 < cursor.blocks() {
                block += 1;
            }
            // The bound covers this block only if the window reached into it.
            end = end.min(if cursor.first_possible(block) < to { cursor.last(block).saturating_add(1) } else { to });
        }
        end.max(to)
    }

    /// Fills the candidates with the documents of a window that can reach `low`.
    fn score_window(&mut self, from: DocId, to: DocId, low: f64) -> Outcome<()> {
        let bounds = &self.bounds;
        self.order.sort_unstable_by(|&a, &b| bounds[a].total_cmp(&bounds[b]));
        let (mut idle, mut idle_sum) = (0, 0.0);
        while idle < self.order.len() && idle_sum + self.bounds[self.order[idle]] < low {
            idle_sum += self.bounds[self.order[idle]];
            idle += 1;
        }
        self.scratch.candidates.clear();
        let window = Window { from, to, low, idle_sum };
        match self.order.len() - idle {
            0 => return Ok(()),
            1 => self.take_one(self.order[idle], &window)?,
            _ => self.add_up_several(idle, &window)?,
        }
        let mut rest = idle_sum;
        for place in (0..idle).rev() {
            let number = self.order[place];
            rest = (rest - self.bounds[number]).max(0.0);
            let asked = Probe { rest, floor: low, required: false };
            probe(&mut self.cursors[number], &mut self.scratch.candidates, &mut self.scratch.meeting, &asked)?;
        }
        Ok(())
    }

    /// One essential cursor: its documents are the candidates.
    fn take_one(&mut self, number: usize, window: &Window) -> Outcome<()> {
        let cursor = &mut self.cursors[number];
        let needed = window.low - window.idle_sum;
        while !cursor.is_done() && cursor.first_possible(cursor.block) < window.to {
            let block = cursor.block;
            if f64::from(cursor.block_bound(block)) >= needed {
                cursor.load_scores()?;
                let (start, end) = span(cursor, window);
                select(&cursor.docs[start..end], &cursor.scores()[start..end], needed, &mut self.scratch.candidates);
            }
            if cursor.last(block) >= window.to {
                break;
            }
            cursor.block += 1;
        }
        Ok(())
    }

    /// Several essential cursors: their scores are added by document.
    fn add_up_several(&mut self, idle: usize, window: &Window) -> Outcome<()> {
        let essential: f64 = self.order[idle..].iter().map(|&number| self.bounds[number]).sum();
        let width = window.to - window.from;
        let dense = self.postings(idle, width) * 8 >= u64::from(width);
        for place in idle..self.order.len() {
            let number = self.order[place];
            let others = window.idle_sum + essential - self.bounds[number];
            let cursor = &mut self.cursors[number];
            while !cursor.is_done() && cursor.first_possible(cursor.block) < window.to {
                let block = cursor.block;
                if f64::from(cursor.block_bound(block)) + others >= window.low {
                    cursor.load_scores()?;
                    let (start, end) = span(cursor, window);
                    add(&cursor.docs[start..end], &cursor.scores()[start..end], window.from, self.scratch, dense);
                }
                if cursor.last(block) >= window.to {
                    break;
                }
                cursor.block += 1;
            }
        }
        let needed = window.low - window.idle_sum;
        if dense {
            gather_dense(self.scratch, window.from, width, needed);
        } else {
            gather_sparse(self.scratch, window.from, width, needed);
        }
        Ok(())
    }

    /// Postings that the essential cursors hold in a window, about.
    fn postings(&self, idle: usize, width: u32) -> u64 {
        let share = |cursor: &TermCursor| u64::from(cursor.doc_freq) * u64::from(width) / u64::from(self.max.max(1));
        self.order[idle..].iter().map(|&number| share(&self.cursors[number])).sum()
    }
}

struct Window {
    from: DocId,
    to: DocId,
    /// What a score must be able to reach.
    low: f64,
    /// What the cursors that are not essential can add.
    idle_sum: f64,
}

/// Lower bound of the cursor's next document, exact when its block is decoded.
fn next_doc(cursor: &TermCursor, from: DocId) -> DocId {
    if cursor.is_loaded() {
        cursor.docs[cursor.lower_bound(from).min(cursor.len.saturating_sub(1))]
    } else {
        cursor.first_possible(cursor.block).max(from)
    }
}

/// Entries of the loaded block that lie in the window.
fn span(cursor: &TermCursor, window: &Window) -> (usize, usize) {
    let start = if cursor.first_possible(cursor.block) >= window.from { 0 } else { cursor.lower_bound(window.from) };
    let end = if cursor.last(cursor.block) < window.to { cursor.len } else { cursor.lower_bound(window.to) };
    (start.min(end), end)
}

fn add(docs: &[DocId], scores: &[f32], from: DocId, scratch: &mut Scratch, dense: bool) {
    // A power of two, and at least a window.
    let mask = scratch.sums.len() - 1;
    let sums = &mut scratch.sums[..mask + 1];
    for (&doc, &score) in docs.iter().zip(scores) {
        let at = (doc - from) as usize & mask;
        sums[at] += f64::from(score);
        if !dense {
            scratch.bits[at / 64] |= 1 << (at % 64);
        }
    }
}

fn gather_dense(scratch: &mut Scratch, from: DocId, width: u32, needed: f64) {
    let needed = needed.max(f64::MIN_POSITIVE);
    let candidates: &mut Vec<Candidate> = &mut scratch.candidates;
    let sums = &mut scratch.sums[..(width as usize).next_multiple_of(16)];
    for (chunk, sums) in sums.chunks_exact_mut(16).enumerate() {
        if sums.iter().fold(false, |hit, &sum| hit | (sum >= needed)) {
            let base = from + chunk as u32 * 16;
            let found = sums.iter().enumerate().filter(|&(_, &sum)| sum >= needed);
            candidates.extend(found.map(|(at, &sum)| (base + at as u32, sum)));
        }
        sums.fill(0.0);
    }
}

fn gather_sparse(scratch: &mut Scratch, from: DocId, width: u32, needed: f64) {
    for at in 0..(width as usize).div_ceil(64) {
        let mut word = std::mem::take(&mut scratch.bits[at]);
        while word != 0 {
            let place = at * 64 + word.trailing_zeros() as usize;
            word &= word - 1;
            let sum = std::mem::take(&mut scratch.sums[place]);
            if sum >= needed {
                scratch.candidates.push((from + place as u32, sum));
            }
        }
    }
}
