//! Filters that put further tokens beside a token: `common_grams`, `pattern_capture`, `dictionary_decompounder`; and `delimited_payload`, which
//! takes something away.

use regex::Regex;

use super::words::Words;
use crate::stream::{Piece, Stream, StreamFilter, Term, TermFilter};
use crate::token::TokenKind;

/// `common_grams`: pairs of neighbours of which one is a common word, beside the words.
pub(crate) struct CommonGrams {
    pub(crate) words: Words,
    /// For queries: words that are part of a pair go.
    pub(crate) pairs_alone: bool,
}

impl StreamFilter for CommonGrams {
    fn apply(&self, stream: Stream) -> Stream {
        let mut pieces: Vec<Piece> = Vec::with_capacity(stream.pieces.len());
        let mut last: Option<(Piece, bool)> = None;
        for piece in stream.pieces {
            let common = self.words.contains(&piece.term.text);
            if let Some((before, was_common)) = &last
                && (*was_common || common)
            {
                let text = format!("{}_{}", before.term.text, piece.term.text);
                let term = Term { text, kind: TokenKind::Gram, keyword: false };
                pieces.push(Piece { term, start: before.start, end: piece.end, increment: 0, length: 2 });
            }
            last = Some((piece.clone(), common));
            pieces.push(piece);
        }
        if self.pairs_alone {
            pieces = without_parts(pieces);
        }
        Stream { pieces, ..stream }
    }
}

/// Leaves out words that a pair follows, and the last word of a last pair.
fn without_parts(pieces: Vec<Piece>) -> Vec<Piece> {
    let gram = |piece: &Piece| piece.term.kind == TokenKind::Gram;
    let mut kept: Vec<Piece> = Vec::with_capacity(pieces.len());
    let mut waiting: Option<Piece> = None;
    let mut before_gram = false;
    for piece in pieces {
        if let Some(previous) = waiting.take()
            && !gram(&piece)
        {
            before_gram = gram(&previous);
            kept.push(previous);
        }
        waiting = Some(piece);
    }
    kept.extend(waiting.filter(|_| !before_gram));
    for piece in kept.iter_mut().filter(|piece| gram(piece)) {
        (piece.increment, piece.length) = (1, 1);
    }
    kept
}

/// `pattern_capture`: what the groups of patterns capture, by where it begins.
pub(crate) struct PatternCapture {
    pub(crate) patterns: Vec<Regex>,
    pub(crate) preserve_original: bool,
}

impl StreamFilter for PatternCapture {
    fn apply(&self, stream: Stream) -> Stream {
        let mut pieces = Vec::with_capacity(stream.pieces.len());
        for piece in stream.pieces {
            let captured = self.captured(&piece.term.text);
            let mut texts: Vec<String> = Vec::with_capacity(captured.len() + 1);
            if self.preserve_original || captured.is_empty() {
                texts.push(piece.term.text.clone());
            }
            texts.extend(captured);
            for (at, text) in texts.into_iter().enumerate() {
                let increment = if at == 0 { piece.increment } else { 0 };
                pieces.push(Piece { term: Term { text, ..piece.term.clone() }, increment, ..piece.clone() });
            }
        }
        Stream { pieces, ..stream }
    }
}

impl PatternCapture {
    fn captured(&self, text: &str) -> Vec<String> {
        let of_pattern = |pattern: &Regex| {
            let groups = pattern.captures_iter(text).flat_map(|found| {
                let groups = found.iter().skip(1).flatten();
                groups.map(|group| group.range()).collect::<Vec<_>>()
            });
            let whole = |range: &std::ops::Range<usize>| self.preserve_original && range.len() == text.len();
            groups.filter(|range| !range.is_empty() && !whole(range)).collect::<Vec<_>>().into_iter().peekable()
        };
        let mut waiting: Vec<_> = self.patterns.iter().map(of_pattern).collect();
        let mut captured = Vec::new();
        loop {
            // Of those that begin at one place the first pattern's.
            let starts = waiting.iter_mut().enumerate().filter_map(|(at, ranges)| Some((ranges.peek()?.start, at)));
            let Some((_, at)) = starts.min() else { return captured };
            captured.extend(waiting[at].next().map(|range| text[range].to_owned()));
        }
    }
}

/// `dictionary_decompounder`: words of a list that a token holds.
pub(crate) struct Decompounder {
    pub(crate) words: Words,
    pub(crate) min_word: usize,
    /// Characters of a part, from and to.
    pub(crate) parts: (usize, usize),
    pub(crate) longest_alone: bool,
}

impl StreamFilter for Decompounder {
    fn apply(&self, stream: Stream) -> Stream {
        let mut pieces = Vec::with_capacity(stream.pieces.len());
        for piece in stream.pieces {
            let found = self.parts_of(&piece.term.text);
            let part =
                |text: String| Piece { term: Term { text, ..piece.term.clone() }, increment: 0, ..piece.clone() };
            let parts: Vec<Piece> = found.into_iter().map(part).collect();
            pieces.push(piece);
            pieces.extend(parts);
        }
        Stream { pieces, ..stream }
    }
}

impl Decompounder {
    fn parts_of(&self, word: &str) -> Vec<String> {
        let bounds: Vec<usize> = word.char_indices().map(|(at, _)| at).chain([word.len()]).collect();
        let (length, mut found) = (bounds.len() - 1, Vec::new());
        if length < self.min_word {
            return found;
        }
        let (min, max) = self.parts;
        let mut from = 0;
        while from < length {
            let lengths = (min..=max).take_while(|size| from + size <= length);
            let texts = lengths.map(|size| (size, &word[bounds[from]..bounds[from + size]]));
            let known: Vec<(usize, &str)> = texts.filter(|(_, text)| self.words.contains(text)).collect();
            match known.last() {
                // What comes next lies behind it.
                Some((size, longest)) if self.longest_alone => {
                    found.push((*longest).to_owned());
                    from += size;
                }
                _ => {
                    found.extend(known.into_iter().map(|(_, text)| text.to_owned()));
                    from += 1;
                }
            }
        }
        found
    }
}

/// `delimited_payload`: what stands behind the delimiter is no part of the term. It is kept nowhere.
pub(crate) struct WithoutPayload {
    pub(crate) delimiter: char,
}

impl TermFilter for WithoutPayload {
    fn apply(&self, term: &mut Term) -> bool {
        if let Some(at) = term.text.find(self.delimiter) {
            term.text.truncate(at);
        }
        true
    }
}
