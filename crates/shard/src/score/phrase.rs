//! Phrases: documents that hold all words, then their positions.

use super::bm25::TermScore;
use super::cursor::TermCursor;
use super::sloppy::Sloppy;
use super::{Outcome, Scorer};
use crate::segment::{DocId, NO_MORE_DOCS};

/// One position of a phrase: any of these terms, `offset` behind the phrase's start.
pub(crate) struct Part {
    pub(crate) cursors: Vec<TermCursor>,
    pub(crate) offset: u32,
}

impl Part {
    /// The first document at or behind `target` with any of the terms.
    fn advance(&mut self, target: DocId) -> Outcome<DocId> {
        let mut first = NO_MORE_DOCS;
        for cursor in &mut self.cursors {
            first = first.min(cursor.advance(target)?);
        }
        Ok(first)
    }

    /// Where the terms stand in `doc`, to which `advance` has come; ascending.
    fn positions(&mut self, doc: DocId, out: &mut Vec<u32>) -> Outcome<()> {
        out.clear();
        let several = self.cursors.len() > 1;
        for cursor in &mut self.cursors {
            if !cursor.is_done() && cursor.is_loaded() && cursor.docs[cursor.at] == doc {
                let (block, at) = (cursor.block, cursor.at);
                cursor.positions(block, at, out)?;
            }
        }
        if several {
            out.sort_unstable();
            out.dedup();
        }
        Ok(())
    }

    fn cost(&self) -> u64 {
        self.cursors.iter().map(|cursor| u64::from(cursor.doc_freq)).sum()
    }
}

/// Matches a phrase; its frequency is the number of exact matches or the sum of the sloppy ones' closeness.
pub(crate) struct PhraseScorer {
    /// Rarest first.
    parts: Vec<Part>,
    /// Positions by part.
    positions: Vec<Vec<u32>>,
    sloppy: Option<Sloppy>,
    score: TermScore,
    /// Frequency in the document found last.
    pub(crate) freq: f32,
    doc: DocId,
}

impl PhraseScorer {
    /// `sloppy` knows the parts in the order given.
    pub(crate) fn new(parts: Vec<Part>, sloppy: Option<Sloppy>, score: TermScore) -> Self {
        let mut parts = parts;
        if sloppy.is_none() {
            parts.sort_by_key(Part::cost);
        }
        let positions = vec![Vec::new(); parts.len()];
        Self { parts, positions, sloppy, score, freq: 0.0, doc: 0 }
    }

    /// Norm code of a document.
    pub(crate) fn code(&self, doc: DocId) -> u8 {
        self.parts.iter().flat_map(|part| &part.cursors).next().map_or(0, |cursor| cursor.code(doc))
    }

    fn frequency(&mut self, doc: DocId) -> Outcome<f32> {
        for (part, positions) in self.parts.iter_mut().zip(&mut self.positions) {
            part.positions(doc, positions)?;
        }
        Ok(match &mut self.sloppy {
            Some(sloppy) => sloppy.frequency(&self.positions),
            None => {
                let offsets: Vec<u32> = self.parts.iter().map(|part| part.offset).collect();
                exact(&mut self.positions, &offsets) as f32
            }
        })
    }
}

/// How often the lists, each shifted by its offset, meet. Spoils the first list.
fn exact(positions: &mut [Vec<u32>], offsets: &[u32]) -> usize {
    let Some((first, rest)) = positions.split_first_mut() else { return 0 };
    shift(first, offsets[0]);
    for (other, &offset) in rest.iter().zip(&offsets[1..]) {
        let followed = keep_followed(first, other, offset);
        first.truncate(followed);
    }
    first.len()
}

/// Moves the starts behind which, at `offset`, one of the positions lies to the front; returns how many.
pub(crate) fn keep_followed(starts: &mut [u32], positions: &[u32], offset: u32) -> usize {
    let (mut out, mut at) = (0, 0);
    for index in 0..starts.len() {
        let wanted = u64::from(starts[index]) + u64::from(offset);
        while positions.get(at).is_some_and(|&position| u64::from(position) < wanted) {
            at += 1;
        }
        if positions.get(at).is_some_and(|&position| u64::from(position) == wanted) {
            starts[out] = starts[index];
            out += 1;
        }
    }
    out
}

/// Turns positions into starts of the phrase; those before the text's beginning fall out.
fn shift(positions: &mut Vec<u32>, offset: u32) {
    if offset > 0 {
        positions.retain_mut(|position| match position.checked_sub(offset) {
            Some(start) => {
                *position = start;
                true
            }
            None => false,
        });
    }
}

impl Scorer for PhraseScorer {
    fn probe(&mut self, doc: DocId) -> Outcome<DocId> {
        for part in &mut self.parts {
            let next = part.advance(doc)?;
            if next != doc {
                return Ok(next);
            }
        }
        if doc == NO_MORE_DOCS {
            return Ok(doc);
        }
        if self.doc != doc || self.freq == 0.0 {
            self.doc = doc;
            self.freq = self.frequency(doc)?;
        }
        Ok(if self.freq > 0.0 { doc } else { doc + 1 })
    }

    fn score(&mut self) -> Outcome<f32> {
        Ok(self.score.score(self.freq, self.code(self.doc)))
    }

    fn cost(&self) -> u64 {
        // Positions cost more than documents.
        self.parts.iter().map(Part::cost).min().unwrap_or(0).saturating_mul(4)
    }

    fn bound(&mut self, from: DocId, to: DocId) -> f32 {
        let mut bound = self.score.bound(1.0);
        if self.sloppy.is_none() {
            for part in &mut self.parts {
                if let [cursor] = part.cursors.as_mut_slice() {
                    bound = bound.min(cursor.range_bound(from, to));
                }
            }
        }
        bound
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_matches_are_counted_from_the_start_of_the_phrase() {
        let check = |lists: &[&[u32]], offsets: &[u32], expected| {
            let mut positions: Vec<Vec<u32>> = lists.iter().map(|list| list.to_vec()).collect();
            assert_eq!(exact(&mut positions, offsets), expected, "{lists:?}");
        };
        check(&[&[1, 5, 9], &[2, 6, 11]], &[0, 1], 2);
        check(&[&[2, 6, 11], &[1, 5, 9]], &[1, 0], 2);
        check(&[&[0, 3], &[1, 4], &[0, 5]], &[1, 2, 0], 0);
        check(&[&[0], &[0]], &[2, 0], 0);
    }
}
