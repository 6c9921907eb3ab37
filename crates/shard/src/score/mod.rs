//! Scorers: walk the matching documents of one segment, block by block, and score them.
//!
//! `compile` makes them, `execute` drives them. Here is nothing of mappings, totals or sorting.

use std::io;

use model::error::{Error, ErrorKind};

use crate::segment::{DocId, NO_MORE_DOCS};

pub(crate) mod bits;
pub(crate) mod bm25;
pub(crate) mod bulk;
pub(crate) mod combined;
pub(crate) mod compose;
pub(crate) mod cursor;
pub(crate) mod disjunction;
pub(crate) mod enough;
pub(crate) mod found;
pub(crate) mod function;
pub(crate) mod geo;
pub(crate) mod interval;
pub(crate) mod nested;
pub(crate) mod occurrences;
pub(crate) mod percolate;
pub(crate) mod phrase;
pub(crate) mod ranked;
pub(crate) mod recording;
pub(crate) mod script;
pub(crate) mod sets;
pub(crate) mod shape;
pub(crate) mod slice;
pub(crate) mod sloppy;
pub(crate) mod span;
pub(crate) mod timed;
pub(crate) mod word_model;

/// Why scoring stopped: small, because it is carried through every call.
#[derive(Debug)]
pub(crate) enum Fault {
    Io(io::Error),
    Refused(Box<Error>),
}

pub(crate) type Outcome<T> = Result<T, Fault>;

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Refused(Box::new(error))
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Io(error) => Error::new(ErrorKind::Io, format!("cannot read the segment: {error}")),
            Fault::Refused(error) => *error,
        }
    }
}

/// The matching documents of one segment, ascending, with their scores.
///
/// Targets of `probe`, `seek` and `fill` must not descend from call to call; repeating one is allowed.
pub(crate) trait Scorer {
    /// `doc` when it matches, otherwise some later document before which nothing matches (`NO_MORE_DOCS`: nothing any more).
    fn probe(&mut self, doc: DocId) -> Outcome<DocId>;

    /// The first match at or behind `target`, or `NO_MORE_DOCS`.
    fn seek(&mut self, mut target: DocId) -> Outcome<DocId> {
        loop {
            let next = self.probe(target)?;
            if next == target || next == NO_MORE_DOCS {
                return Ok(next);
            }
            target = next;
        }
    }

    /// Score of the document that `probe` or `seek` has just found.
    fn score(&mut self) -> Outcome<f32>;

    /// As `score`; where it is found out earlier that the score is below `floor`, something else below it.
    fn score_from(&mut self, floor: f32) -> Outcome<f32> {
        let _ = floor;
        self.score()
    }

    /// About how many documents have to be looked at.
    fn cost(&self) -> u64;

    /// No document in `from..to` scores more. `from` must not descend.
    fn bound(&mut self, from: DocId, to: DocId) -> f32 {
        let _ = (from, to);
        f32::INFINITY
    }

    /// Documents that score less than `floor`, which never falls, need not be found any more.
    fn raise_floor(&mut self, floor: f32) {
        let _ = floor;
    }

    /// The matches as a question that can be asked of any document at any time, where that is what they are.
    fn as_range(&self) -> Option<sets::Ranged> {
        None
    }

    /// Every document of the segment matches; false also where that is not known.
    fn matches_all(&self) -> bool {
        false
    }

    /// How many documents of the segment match, deleted ones too, where that is known.
    fn exact_count(&self) -> Option<u64> {
        None
    }

    /// Appends the matches in `from..to`, where they are at hand as a list; false: they are not, and nothing is done.
    fn list(&mut self, from: DocId, to: DocId, out: &mut Vec<DocId>) -> Outcome<bool> {
        let _ = (from, to, out);
        Ok(false)
    }

    /// Sets the bits of the matches in `from..to`; bit 0 of `words` stands for `from`.
    fn fill(&mut self, from: DocId, to: DocId, words: &mut [u64]) -> Outcome<()> {
        let mut doc = self.seek(from)?;
        while doc < to {
            bits::set(words, doc - from);
            doc = self.seek(doc + 1)?;
        }
        Ok(())
    }

    /// Keeps of some documents in `from..to`, told as by [`Scorer::fill`], those that match. What is dear to look at looks at no others.
    fn keep(&mut self, from: DocId, to: DocId, words: &mut [u64]) -> Outcome<()> {
        let mut matches = vec![0; words.len()];
        self.fill(from, to, &mut matches)?;
        bits::and(words, &matches);
        Ok(())
    }
}

/// [`Scorer::keep`] document by document.
fn keep_each(scorer: &mut impl Scorer, from: DocId, words: &mut [u64]) -> Outcome<()> {
    for (at, word) in words.iter_mut().enumerate() {
        let mut left = *word;
        while left != 0 {
            let bit = left.trailing_zeros();
            left &= left - 1;
            let doc = from + at as u32 * 64 + bit;
            if scorer.probe(doc)? != doc {
                *word &= !(1 << bit);
            }
        }
    }
    Ok(())
}

/// Matches nothing.
pub(crate) struct Never;

impl Scorer for Never {
    fn probe(&mut self, _: DocId) -> Outcome<DocId> {
        Ok(NO_MORE_DOCS)
    }

    fn score(&mut self) -> Outcome<f32> {
        Ok(0.0)
    }

    fn cost(&self) -> u64 {
        0
    }

    fn bound(&mut self, _: DocId, _: DocId) -> f32 {
        0.0
    }

    fn fill(&mut self, _: DocId, _: DocId, _: &mut [u64]) -> Outcome<()> {
        Ok(())
    }
}
