//! The `ngram` and `edge_ngram` filters: pieces of each term at its position.

use crate::stream::{Piece, Stream, StreamFilter};

/// Stretches of `min` to `max` characters of each term.
pub(crate) struct Grams {
    pub(crate) min: usize,
    pub(crate) max: usize,
    /// Only those at one end.
    pub(crate) edge: Option<Edge>,
    pub(crate) preserve_original: bool,
}

/// No index takes a longer term, in bytes. One such gram of a token is emitted, so that it is refused; others are not.
const LONGEST_TERM: usize = 32_766;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edge {
    Front,
    Back,
}

impl StreamFilter for Grams {
    fn apply(&self, stream: Stream) -> Stream {
        let mut pieces = Vec::new();
        let mut skipped = 0;
        for piece in stream.pieces {
            let increment = piece.increment + skipped;
            let before = pieces.len();
            self.grams(&piece, &mut pieces);
            match pieces.get_mut(before) {
                Some(first) => {
                    first.increment = increment;
                    skipped = 0;
                }
                None => skipped = increment,
            }
        }
        Stream { pieces, end_increment: stream.end_increment + skipped, end_offset: stream.end_offset }
    }
}

impl Grams {
    fn grams(&self, piece: &Piece, out: &mut Vec<Piece>) {
        let text = &piece.term.text;
        let mut bounds: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        let count = bounds.len();
        bounds.push(text.len());
        let mut too_long = false;
        let mut push = |from: usize, to: usize| {
            if too_long {
                return;
            }
            too_long = to - from > LONGEST_TERM;
            let mut gram = Piece { start: piece.start, end: piece.end, length: piece.length, ..Piece::default() };
            gram.term.kind = piece.term.kind;
            gram.term.keyword = piece.term.keyword;
            gram.term.text.push_str(&text[from..to]);
            out.push(gram);
        };
        match self.edge {
            None => {
                for start in 0..count {
                    for size in self.min..=self.max.min(count - start) {
                        push(bounds[start], bounds[start + size]);
                    }
                }
            }
            Some(Edge::Front) => (self.min..=self.max.min(count)).for_each(|size| push(0, bounds[size])),
            Some(Edge::Back) => {
                (self.min..=self.max.min(count)).for_each(|size| push(bounds[count - size], text.len()))
            }
        }
        if self.preserve_original && !(self.min..=self.max).contains(&count) {
            push(0, text.len());
        }
    }
}
