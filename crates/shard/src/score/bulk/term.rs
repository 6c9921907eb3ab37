//! The best documents of one term: blocks whose bound is too low are never decoded.

use super::{Sink, floor, prime};
use crate::score::Outcome;
use crate::score::cursor::TermCursor;
use crate::score::sets::Accept;

/// Offers every document that may be among the best.
pub(crate) fn best(cursor: &mut TermCursor, accept: Accept<'_>, sink: &mut dyn Sink) -> Outcome<()> {
    prime(std::slice::from_mut(cursor), accept, sink)?;
    for block in 0..cursor.blocks() {
        if f64::from(cursor.block_bound(block)) < floor(sink.threshold()) {
            continue;
        }
        if block % 32 == 0 && !sink.go_on()? {
            break;
        }
        cursor.block = block;
        cursor.load_scores()?;
        let mut threshold = sink.threshold();
        let len = cursor.len;
        for start in (0..len).step_by(16) {
            let scores = &cursor.scores()[start..len.min(start + 16)];
            if !scores.iter().fold(false, |hit, &score| hit | (score >= threshold)) {
                continue;
            }
            for (score, doc) in scores.iter().zip(&cursor.docs[start..]) {
                if *score >= threshold && accept.accepts(*doc) {
                    sink.offer(*doc, *score)?;
                    threshold = sink.threshold();
                }
            }
        }
    }
    Ok(())
}
