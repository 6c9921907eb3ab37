//! Filters that look at the whole stream: `unique`, `remove_duplicates`, `limit`, `keyword_repeat`, `fingerprint`, `cjk_bigram`.

use std::collections::{BTreeSet, HashSet};

use super::fold::is_cjk;
use super::words::Words;
use crate::stream::{Piece, Stream, StreamFilter, Term, keep};
use crate::token::TokenKind;

/// `unique`: the first of equal terms, in the whole text or at one position.
pub(crate) struct Unique {
    pub(crate) same_position: bool,
}

impl StreamFilter for Unique {
    fn apply(&self, stream: Stream) -> Stream {
        let mut seen = HashSet::new();
        if self.same_position {
            return remove_duplicates(stream);
        }
        // Lucene forgets the position of what it drops here, so that no hole stays.
        let mut stream = stream;
        stream.pieces.retain(|piece| seen.insert(piece.term.text.clone()));
        stream
    }

    fn overlaps(&self) -> bool {
        false
    }
}

/// `remove_duplicates`: the first of equal terms at one position.
pub(crate) struct RemoveDuplicates;

impl StreamFilter for RemoveDuplicates {
    fn apply(&self, stream: Stream) -> Stream {
        remove_duplicates(stream)
    }

    fn overlaps(&self) -> bool {
        false
    }
}

fn remove_duplicates(stream: Stream) -> Stream {
    let mut seen: HashSet<String> = HashSet::new();
    keep(stream, |piece| {
        if piece.increment > 0 {
            seen.clear();
        }
        seen.insert(piece.term.text.clone())
    })
}

/// `limit`: the first so many tokens.
pub(crate) struct Limit {
    pub(crate) count: usize,
}

impl StreamFilter for Limit {
    fn apply(&self, mut stream: Stream) -> Stream {
        stream.pieces.truncate(self.count);
        stream
    }

    fn overlaps(&self) -> bool {
        false
    }
}

/// `stop` with `remove_trailing: false`: keeps a word with which the text ends, which may be the beginning of another.
pub(crate) struct StopUnlessLast {
    pub(crate) words: Words,
}

impl StreamFilter for StopUnlessLast {
    fn apply(&self, stream: Stream) -> Stream {
        let (mut left, end) = (stream.pieces.len(), stream.end_offset);
        keep(stream, |piece| {
            left -= 1;
            let stop = self.words.contains(&piece.term.text);
            let last = left == 0 && piece.end == end;
            piece.term.keyword |= stop && last;
            !stop || last
        })
    }

    fn overlaps(&self) -> bool {
        false
    }

    fn knows_keywords(&self) -> bool {
        true
    }
}

/// `keyword_repeat`: every token twice, first as a keyword.
pub(crate) struct KeywordRepeat;

impl StreamFilter for KeywordRepeat {
    fn apply(&self, stream: Stream) -> Stream {
        let mut pieces = Vec::with_capacity(stream.pieces.len() * 2);
        for mut piece in stream.pieces {
            let mut plain = piece.clone();
            piece.term.keyword = true;
            plain.term.keyword = false;
            plain.increment = 0;
            pieces.push(piece);
            pieces.push(plain);
        }
        Stream { pieces, ..stream }
    }

    fn knows_keywords(&self) -> bool {
        true
    }
}

/// `fingerprint`: all different terms, sorted, as one.
pub(crate) struct Fingerprint {
    pub(crate) separator: String,
    pub(crate) max_output_size: usize,
}

impl StreamFilter for Fingerprint {
    fn apply(&self, stream: Stream) -> Stream {
        let terms: BTreeSet<&str> = stream.pieces.iter().map(|piece| piece.term.text.as_str()).collect();
        let text = terms.into_iter().collect::<Vec<_>>().join(&self.separator);
        let mut pieces = Vec::new();
        if !text.is_empty() && super::term::utf16_len(&text) <= self.max_output_size {
            let term = Term { text, kind: TokenKind::Fingerprint, keyword: false };
            pieces.push(Piece { term, start: 0, end: stream.end_offset, increment: 1, length: 1 });
        }
        Stream { pieces, end_increment: 0, end_offset: stream.end_offset }
    }

    fn overlaps(&self) -> bool {
        false
    }
}

/// `cjk_bigram`: pairs of adjacent CJK characters; a lonely one stays as it is.
pub(crate) struct CjkBigram {
    pub(crate) ignored: Vec<TokenKind>,
    pub(crate) unigrams: bool,
}

/// One character of a run: its token decides the increment.
struct Character {
    c: char,
    start: usize,
    end: usize,
    kind: TokenKind,
    increment: u32,
}

impl StreamFilter for CjkBigram {
    fn apply(&self, stream: Stream) -> Stream {
        let mut pieces = Vec::with_capacity(stream.pieces.len());
        let mut run: Vec<Character> = Vec::new();
        for piece in stream.pieces {
            if !is_cjk(piece.term.kind) || self.ignored.contains(&piece.term.kind) {
                self.flush(&mut run, &mut pieces);
                pieces.push(piece);
                continue;
            }
            if run.last().is_some_and(|last| last.end != piece.start) {
                self.flush(&mut run, &mut pieces);
            }
            let exact = piece.end - piece.start == piece.term.text.len();
            let mut increment = piece.increment;
            for (at, c) in piece.term.text.char_indices() {
                let (start, end) =
                    if exact { (piece.start + at, piece.start + at + c.len_utf8()) } else { (piece.start, piece.end) };
                run.push(Character { c, start, end, kind: piece.term.kind, increment });
                increment = 1;
            }
        }
        self.flush(&mut run, &mut pieces);
        Stream { pieces, ..stream }
    }

    fn overlaps(&self) -> bool {
        self.unigrams
    }
}

impl CjkBigram {
    fn flush(&self, run: &mut Vec<Character>, out: &mut Vec<Piece>) {
        for (at, one) in run.iter().enumerate() {
            let pair = run.get(at + 1);
            let lonely = run.len() == 1;
            let mut increment = one.increment;
            if lonely || self.unigrams {
                let kind = if lonely && !self.unigrams { one.kind } else { TokenKind::Single };
                let term = Term { text: one.c.to_string(), kind, keyword: false };
                out.push(Piece { term, start: one.start, end: one.end, increment, length: 1 });
                increment = 0;
            }
            if let Some(two) = pair {
                let term = Term { text: [one.c, two.c].iter().collect(), kind: TokenKind::Double, keyword: false };
                let length = if self.unigrams { 2 } else { 1 };
                out.push(Piece { term, start: one.start, end: two.end, increment, length });
            }
        }
        run.clear();
    }
}
