//! The `shingle` filter: neighbouring terms joined.

use crate::stream::{Piece, Stream, StreamFilter, Term};
use crate::token::TokenKind;

/// Joins `min` to `max` neighbours. Holes between tokens become fillers, of which a gap has at most `max - 1`.
pub(crate) struct Shingle {
    pub(crate) min: usize,
    pub(crate) max: usize,
    pub(crate) unigrams: bool,
    pub(crate) unigrams_if_no_shingles: bool,
    pub(crate) separator: String,
    pub(crate) filler: String,
}

/// A token or a filler.
struct Slot {
    piece: Piece,
    filler: bool,
}

impl StreamFilter for Shingle {
    fn shingle_size(&self) -> Option<usize> {
        Some(self.max)
    }

    fn apply(&self, stream: Stream) -> Stream {
        let (end_offset, end_increment) = (stream.end_offset, stream.end_increment);
        let slots = self.slots(stream);
        let mut pieces = self.shingles(&slots, self.unigrams);
        if pieces.is_empty() && self.unigrams_if_no_shingles {
            pieces = self.shingles(&slots, true);
        }
        Stream { pieces, end_increment, end_offset }
    }
}

impl Shingle {
    fn slots(&self, stream: Stream) -> Vec<Slot> {
        let mut slots = Vec::new();
        let longest = u32::try_from(self.max.saturating_sub(1)).unwrap_or(u32::MAX);
        for piece in stream.pieces {
            let holes = piece.increment.saturating_sub(1).min(longest);
            (0..holes).for_each(|_| slots.push(self.filler(piece.start)));
            slots.push(Slot { piece, filler: false });
        }
        if !slots.is_empty() {
            let holes = stream.end_increment.min(longest);
            (0..holes).for_each(|_| slots.push(self.filler(stream.end_offset)));
        }
        slots
    }

    fn filler(&self, at: usize) -> Slot {
        let term = Term { text: self.filler.clone(), ..Term::default() };
        Slot { piece: Piece { term, start: at, end: at, increment: 1, length: 1 }, filler: true }
    }

    fn shingles(&self, slots: &[Slot], unigrams: bool) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for (at, slot) in slots.iter().enumerate() {
            let mut increment = 1;
            if unigrams && !slot.filler {
                pieces.push(Piece { increment, length: 1, ..slot.piece.clone() });
                increment = 0;
            }
            for size in self.min..=self.max.min(slots.len() - at) {
                let window = &slots[at..at + size];
                if window.iter().all(|slot| slot.filler) {
                    continue;
                }
                let length = if unigrams { size } else { size - self.min + 1 };
                let terms: Vec<&str> = window.iter().map(|slot| slot.piece.term.text.as_str()).collect();
                pieces.push(Piece {
                    term: Term { text: terms.join(&self.separator), kind: TokenKind::Shingle, keyword: false },
                    start: slot.piece.start,
                    end: window[size - 1].piece.end,
                    increment,
                    length: u32::try_from(length).unwrap_or(u32::MAX),
                });
                increment = 0;
            }
        }
        pieces
    }
}
