//! `word_delimiter_graph` and `word_delimiter`: words cut where letters, cases and digits change, and put together again, as Lucene's filters
//! of these names do.

mod graph;
mod parts;
mod plain;

pub(crate) use graph::Graph;
pub(crate) use parts::{CharTypes, kind_named};
pub(crate) use plain::Plain;

use super::words::Words;
use crate::stream::Piece;

/// What is made of a word with several parts.
pub(crate) struct Options {
    pub(crate) types: CharTypes,
    pub(crate) word_parts: bool,
    pub(crate) number_parts: bool,
    pub(crate) catenate_words: bool,
    pub(crate) catenate_numbers: bool,
    pub(crate) catenate_all: bool,
    pub(crate) preserve_original: bool,
    pub(crate) ignore_keywords: bool,
    pub(crate) adjust_offsets: bool,
    /// Left whole.
    pub(crate) protected: Words,
}

impl Options {
    /// Whether parts of this kind come by themselves.
    fn generates(&self, kind: u8) -> bool {
        self.word_parts && kind & parts::ALPHA != 0 || self.number_parts && kind & parts::DIGIT != 0
    }

    /// Whether parts of this kind are put together.
    fn catenates(&self, kind: u8) -> bool {
        self.catenate_words && kind & parts::ALPHA != 0 || self.catenate_numbers && kind & parts::DIGIT != 0
    }

    /// Where a part lies in the text: as the word does, when its letters are not those of the text.
    fn offsets(&self, piece: &Piece, (from, to): (usize, usize)) -> (usize, usize) {
        let exact = piece.end - piece.start == piece.term.text.len();
        if self.adjust_offsets && exact { (piece.start + from, piece.start + to) } else { (piece.start, piece.end) }
    }
}

/// Neighbouring parts put together.
#[derive(Clone, Debug, Default)]
struct Together {
    text: String,
    kind: u8,
    count: usize,
    /// Bytes of the word.
    from: usize,
    to: usize,
    /// Place of the first part.
    place: u32,
}

impl Together {
    fn add(&mut self, part: &parts::Part, word: &str, place: u32) {
        if self.count == 0 {
            (self.kind, self.from, self.place) = (part.kind, part.from, place);
        }
        self.text.push_str(&word[part.from..part.to]);
        self.to = part.to;
        self.count += 1;
    }
}
