//! The best documents with all of several terms: block by block of the rarest, then the others asked for what may still win.

use super::{Probe, Run, Scratch, probe, select};
use crate::score::Outcome;
use crate::score::cursor::TermCursor;

/// Blocks of another term below one block of the rarest that are looked at for a bound; beyond, the term's own bound serves.
const LOOK_AHEAD: usize = 64;

/// Offers every document that may be among the best. `cursors`: at least one.
pub(crate) fn best(cursors: &mut [TermCursor], run: &mut Run<'_>, scratch: &mut Scratch) -> Outcome<()> {
    cursors.sort_by_key(|cursor| cursor.doc_freq);
    let Some((lead, others)) = cursors.split_first_mut() else { return Ok(()) };
    let whole: Vec<f32> = others.iter().map(TermCursor::whole_bound).collect();
    let mut bounds = vec![0.0f64; others.len()];
    for block in 0..lead.blocks() {
        if block % 32 == 0 && !run.sink.go_on()? {
            break;
        }
        let (first, last) = (lead.first_possible(block), lead.last(block));
        let mut sum = 0.0;
        for ((cursor, bound), whole) in others.iter_mut().zip(&mut bounds).zip(&whole) {
            cursor.skip_to(first);
            if cursor.is_done() {
                return Ok(());
            }
            *bound = f64::from(span_bound(cursor, last, *whole));
            sum += *bound;
        }
        let low = run.floor();
        if f64::from(lead.block_bound(block)) + sum < low {
            continue;
        }
        lead.block = block;
        lead.load_scores()?;
        let candidates = &mut scratch.candidates;
        candidates.clear();
        select(&lead.docs[..lead.len], &lead.scores()[..lead.len], low - sum, candidates);
        let mut rest = sum;
        for (cursor, bound) in others.iter_mut().zip(&bounds) {
            if candidates.is_empty() {
                break;
            }
            rest = (rest - bound).max(0.0);
            probe(cursor, candidates, &mut scratch.slots, &Probe { rest, floor: low, required: true })?;
        }
        run.offer(candidates)?;
    }
    Ok(())
}

/// Bound of the cursor's blocks up to the document `last`.
fn span_bound(cursor: &TermCursor, last: u32, whole: f32) -> f32 {
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
