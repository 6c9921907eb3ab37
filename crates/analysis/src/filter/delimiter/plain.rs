//! `word_delimiter`, the older filter: every token spans one place, what is put together stands with its last part.

use super::parts::Cut;
use super::{Options, Together};
use crate::stream::{Piece, Stream, StreamFilter, Term};

pub(crate) struct Plain(pub(crate) Options);

/// How far places have come, over words and within one.
#[derive(Default)]
struct Places {
    /// Not given out yet.
    saved: u32,
    /// A token of this word (or of these parts) came already.
    any: bool,
    /// What comes first stands beside the word itself.
    beside: bool,
    first_of_all: bool,
}

impl Places {
    /// The increment of a token; `together`: of several parts.
    fn next(&mut self, together: bool) -> u32 {
        let saved = self.saved;
        if self.any {
            self.saved = 0;
            return if together { 0 } else { saved.max(1) };
        }
        self.any = true;
        if std::mem::take(&mut self.beside) {
            return 0;
        }
        self.saved = 0;
        saved.max(1)
    }
}

impl StreamFilter for Plain {
    fn apply(&self, stream: Stream) -> Stream {
        let options = &self.0;
        let mut pieces: Vec<Piece> = Vec::with_capacity(stream.pieces.len());
        let mut places = Places { first_of_all: true, ..Places::default() };
        for mut piece in stream.pieces {
            if options.ignore_keywords && piece.term.keyword {
                pieces.push(piece);
                continue;
            }
            places.saved += piece.increment;
            let cut = options.types.cut(&piece.term.text);
            if cut.leaves_whole(&piece.term.text) || options.protected.contains(&piece.term.text) {
                piece.increment = std::mem::take(&mut places.saved);
                places.first_of_all = false;
                pieces.push(piece);
                continue;
            }
            if cut.parts.is_empty() && !options.preserve_original {
                if piece.increment == 1 && !places.first_of_all {
                    places.saved -= 1;
                }
                continue;
            }
            (places.any, places.beside) = (false, options.preserve_original);
            if options.preserve_original {
                let mut whole = piece.clone();
                whole.increment = std::mem::take(&mut places.saved);
                places.first_of_all = false;
                pieces.push(whole);
            }
            self.parts(&cut, &piece, &mut places, &mut pieces);
        }
        Stream { pieces, ..stream }
    }

    fn knows_keywords(&self) -> bool {
        self.0.ignore_keywords
    }
}

impl Plain {
    fn parts(&self, cut: &Cut, word: &Piece, places: &mut Places, out: &mut Vec<Piece>) {
        let options = &self.0;
        let text = &word.term.text;
        let token = |text: String, bytes: (usize, usize), increment: u32| {
            let (start, end) = options.offsets(word, bytes);
            Piece { term: Term { text, ..word.term.clone() }, start, end, increment, length: 1 }
        };
        if cut.single {
            for part in &cut.parts {
                let increment = places.next(false);
                out.push(token(text[part.from..part.to].to_owned(), (part.from, part.to), increment));
                places.first_of_all = false;
            }
            return;
        }
        let (mut found, mut last_count) = (Vec::new(), 0);
        let (mut some, mut all) = (Together::default(), Together::default());
        let flush = |some: &mut Together, places: &mut Places, found: &mut Vec<Piece>| {
            let done = std::mem::take(some);
            if done.count != 1 || !options.generates(done.kind) {
                let increment = places.next(true);
                found.push(token(done.text, (done.from, done.to), increment));
            }
            done.count
        };
        for part in &cut.parts {
            if some.count > 0 && some.kind & part.kind == 0 {
                last_count = flush(&mut some, places, &mut found);
                places.any = false;
            }
            if options.catenates(part.kind) {
                some.add(part, text, 0);
            }
            if options.catenate_all {
                all.add(part, text, 0);
            }
            if options.generates(part.kind) {
                let increment = places.next(false);
                found.push(token(text[part.from..part.to].to_owned(), (part.from, part.to), increment));
            }
        }
        if some.count > 0 {
            last_count = flush(&mut some, places, &mut found);
        }
        if all.count > last_count {
            let increment = places.next(true);
            found.push(token(all.text, (all.from, all.to), increment));
        }
        found.sort_by_key(|piece| (piece.start, std::cmp::Reverse(piece.increment)));
        for mut piece in found {
            if std::mem::take(&mut places.first_of_all) {
                piece.increment = piece.increment.max(1);
            }
            out.push(piece);
        }
    }
}
