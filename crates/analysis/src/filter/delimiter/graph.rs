//! `word_delimiter_graph`: parts and what is put together of them as a graph, each with how many places it spans.

use super::parts::Cut;
use super::{Options, Together};
use crate::stream::{Piece, Stream, StreamFilter, Term};

pub(crate) struct Graph(pub(crate) Options);

/// A token of a word: places and bytes within it.
struct Token {
    text: String,
    places: (u32, u32),
    bytes: (usize, usize),
}

impl StreamFilter for Graph {
    fn apply(&self, stream: Stream) -> Stream {
        let options = &self.0;
        let mut pieces: Vec<Piece> = Vec::with_capacity(stream.pieces.len());
        // Places of words that were nothing but delimiters, and where the last token began: offsets never go back.
        let (mut skipped, mut behind) = (0, 0);
        for mut piece in stream.pieces {
            skipped += piece.increment;
            let cut = options.types.cut(&piece.term.text);
            let protected = options.protected.contains(&piece.term.text)
                || options.ignore_keywords && piece.term.keyword
                || cut.parts.is_empty() && options.preserve_original;
            if cut.leaves_whole(&piece.term.text) || protected {
                piece.increment = std::mem::take(&mut skipped);
                pieces.push(piece);
                continue;
            }
            let mut place = 0;
            for token in tokens(options, &cut, &piece.term.text) {
                let (start, end) = options.offsets(&piece, token.bytes);
                let (start, end) = (start.max(behind), end.max(behind));
                behind = start;
                pieces.push(Piece {
                    term: Term { text: token.text, ..piece.term.clone() },
                    start,
                    end,
                    increment: std::mem::take(&mut skipped) + token.places.0 - place,
                    length: token.places.1 - token.places.0,
                });
                place = token.places.0;
            }
        }
        Stream { pieces, ..stream }
    }

    fn knows_keywords(&self) -> bool {
        self.0.ignore_keywords
    }
}

/// The tokens of a word of several parts, those that begin first and span most first.
fn tokens(options: &Options, cut: &Cut, word: &str) -> Vec<Token> {
    if cut.parts.is_empty() {
        return Vec::new();
    }
    let (mut found, mut place, mut last_count) = (Vec::new(), 0, 0);
    let (mut some, mut all) = (Together::default(), Together::default());
    let flush = |some: &mut Together, place: &mut u32, found: &mut Vec<Token>| {
        let done = std::mem::take(some);
        // Parts that do not come by themselves have taken no place yet.
        *place += u32::from(*place == done.place);
        if done.count != 1 || !options.generates(done.kind) {
            found.push(Token { text: done.text, places: (done.place, *place), bytes: (done.from, done.to) });
        }
        done.count
    };
    for part in &cut.parts {
        let alone = |place: u32| Token {
            text: word[part.from..part.to].to_owned(),
            places: (place, place + 1),
            bytes: (part.from, part.to),
        };
        if cut.single {
            found.push(alone(place));
            place += 1;
            continue;
        }
        if some.count > 0 && some.kind & part.kind == 0 {
            last_count = flush(&mut some, &mut place, &mut found);
        }
        if options.catenates(part.kind) {
            some.add(part, word, place);
        }
        if options.catenate_all {
            all.add(part, word, place);
        }
        if options.generates(part.kind) {
            found.push(alone(place));
            place += 1;
        }
    }
    if some.count > 0 {
        last_count = flush(&mut some, &mut place, &mut found);
    }
    if all.count > last_count {
        place += u32::from(place == all.place);
        found.push(Token { text: all.text, places: (all.place, place), bytes: (all.from, all.to) });
    }
    if options.preserve_original {
        // Before others that span as much.
        let places = (0, place.max(1));
        found.insert(0, Token { text: word.to_owned(), places, bytes: (0, word.len()) });
    }
    found.sort_by_key(|token| (token.places.0, std::cmp::Reverse(token.places.1)));
    found
}
