//! A chain of char filters, a tokenizer and token filters, ready to be used from any thread.

use std::sync::Arc;

use crate::char_filter::{Cursor, Filtered};
use crate::explain::{self, Explanation};
use crate::filter::grams::{Edge, Grams};
use crate::filter::shingle::Shingle;
use crate::recent::Recent;
use crate::stream::{CharFilter, Filter, Piece, Raw, Stream, StreamFilter, Term, Tokenizer};
use crate::token::{Analyzed, ByteToken, Token};

/// Turns the text of a field, or of a query, into tokens. Cloning shares the chain.
#[derive(Clone)]
pub struct Analyzer {
    chain: Arc<Chain>,
    recent: Arc<Recent>,
}

/// The stages of an analyzer with the names that `_analyze` shows.
pub(crate) struct Chain {
    pub(crate) name: String,
    /// Made of named components (`custom`), so that `explain` shows its stages.
    pub(crate) custom: bool,
    pub(crate) char_filters: Vec<Named<Arc<dyn CharFilter>>>,
    pub(crate) tokenizer: Named<Arc<dyn Tokenizer>>,
    pub(crate) filters: Vec<Named<Filter>>,
    pub(crate) position_gap: u32,
}

/// A stage and its name.
#[derive(Clone)]
pub(crate) struct Named<T> {
    pub(crate) name: String,
    pub(crate) stage: T,
}

impl<T> Named<T> {
    pub(crate) fn new(name: impl Into<String>, stage: T) -> Self {
        Named { name: name.into(), stage }
    }
}

impl std::fmt::Debug for Analyzer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Analyzer").field("name", &self.chain.name).finish_non_exhaustive()
    }
}

impl Analyzer {
    pub(crate) fn new(chain: Chain) -> Self {
        let recent = Recent::new(chain.filters.iter().any(|filter| filter.stage.is_costly()));
        Analyzer { chain: Arc::new(chain), recent: Arc::new(recent) }
    }

    pub(crate) fn chain(&self) -> &Chain {
        &self.chain
    }

    /// As this one, with `min` to `max` neighbouring words joined by spaces.
    #[must_use]
    pub fn shingled(&self, min: usize, max: usize) -> Self {
        self.followed(Shingle {
            min: min.max(2),
            max,
            unigrams: min < 2,
            unigrams_if_no_shingles: false,
            separator: " ".to_owned(),
            filler: "_".to_owned(),
        })
    }

    /// As this one, with the first 1 to `max` characters of each word instead of it.
    #[must_use]
    pub fn beginnings(&self, max: usize) -> Self {
        self.followed(Grams { min: 1, max, edge: Some(Edge::Front), preserve_original: false })
    }

    /// Of how many words its last shingles are at most; `None`: it makes none.
    pub fn shingle_size(&self) -> Option<usize> {
        self.chain.filters.iter().rev().find_map(|filter| match &filter.stage {
            Filter::Stream(filter) => filter.shingle_size(),
            Filter::Term(_) => None,
        })
    }

    fn followed(&self, filter: impl StreamFilter + 'static) -> Self {
        let chain = &self.chain;
        let mut filters = chain.filters.clone();
        filters.push(Named::new("_part", Filter::Stream(Arc::new(filter))));
        Self::new(Chain {
            name: chain.name.clone(),
            custom: chain.custom,
            char_filters: chain.char_filters.clone(),
            tokenizer: chain.tokenizer.clone(),
            filters,
            position_gap: chain.position_gap,
        })
    }

    /// The name under which the registry knows it; `_anonymous_` for an ad-hoc chain.
    pub fn name(&self) -> &str {
        &self.chain.name
    }

    /// How many positions lie between two values of one field (`position_increment_gap`).
    pub fn position_gap(&self) -> u32 {
        self.chain.position_gap
    }

    /// Can several tokens share a position (synonyms, n-grams), so that a query must treat them as alternatives?
    pub fn may_overlap(&self) -> bool {
        self.chain.tokenizer.stage.overlaps() || self.chain.filters.iter().any(|filter| filter.stage.overlaps())
    }

    /// All tokens with offsets in UTF-16 units of the original text.
    pub fn tokens(&self, text: &str) -> Vec<Token> {
        self.analyze(text).tokens
    }

    /// All tokens, and how far positions and offsets advance for the next value of the field.
    pub fn analyze(&self, text: &str) -> Analyzed {
        let filtered = self.filter_chars(text);
        let stream = self.run(last_text(&filtered, text));
        let origin = Origin { original: text, filtered: &filtered };
        let (tokens, positions) = origin.tokens(&stream);
        Analyzed { tokens, positions, end_offset: Cursor::new(text).unit_of(text.len()) }
    }

    /// Calls `sink` with every term and its position, without computing offsets: the hot path of indexing. Returns how many positions
    /// the text takes, with the holes at its end.
    pub fn each(&self, text: &str, sink: &mut dyn FnMut(&str, u32)) -> u32 {
        let filtered = self.filter_chars(text);
        let text = last_text(&filtered, text);
        let chain = &*self.chain;
        if chain.filters.iter().any(|filter| matches!(filter.stage, Filter::Stream(_))) {
            return self.each_of_stream(text, sink);
        }
        let mut counter = PositionCounter::default();
        let mut term = Term::default();
        let mut recent = self.recent.shelf();
        let end = chain.tokenizer.stage.tokenize(text, &mut |raw: Raw<'_>| {
            counter.advance(raw.increment);
            if chain.filters.is_empty() {
                return sink(raw.text, counter.position());
            }
            if let Some(known) = recent.as_ref().and_then(|recent| recent.get(raw.text, raw.kind)) {
                return known.into_iter().for_each(|made| sink(made, counter.position()));
            }
            term.text.clear();
            term.text.push_str(raw.text);
            term.kind = raw.kind;
            term.keyword = false;
            let keeps = |filter: &Named<Filter>| match &filter.stage {
                Filter::Term(filter) => filter.apply(&mut term),
                Filter::Stream(_) => true,
            };
            let kept = chain.filters.iter().all(keeps);
            if let Some(recent) = &mut recent {
                recent.put(raw.text, raw.kind, kept.then_some(&term.text));
            }
            if kept {
                sink(&term.text, counter.position());
            }
        });
        counter.advance(end);
        counter.taken
    }

    fn each_of_stream(&self, text: &str, sink: &mut dyn FnMut(&str, u32)) -> u32 {
        let stream = self.run(text);
        let mut counter = PositionCounter::default();
        for piece in &stream.pieces {
            counter.advance(piece.increment);
            sink(&piece.term.text, counter.position());
        }
        counter.advance(stream.end_increment);
        counter.taken
    }

    /// All tokens with byte offsets of the original text.
    pub fn tokens_with_bytes(&self, text: &str) -> Vec<ByteToken> {
        let filtered = self.filter_chars(text);
        let stream = self.run(last_text(&filtered, text));
        Origin { original: text, filtered: &filtered }.byte_tokens(stream)
    }

    /// The tokens after each stage, for `_analyze` with `explain`.
    pub fn explain(&self, text: &str) -> Explanation {
        explain::explain(self, text)
    }

    /// The text after each char filter.
    pub(crate) fn filter_chars(&self, text: &str) -> Vec<Filtered> {
        let mut stages: Vec<Filtered> = Vec::new();
        for filter in &self.chain.char_filters {
            let next = filter.stage.apply(stages.last().map_or(text, |stage| &stage.text));
            stages.push(next);
        }
        stages
    }

    fn run(&self, text: &str) -> Stream {
        let stream = tokenize(&*self.chain.tokenizer.stage, text);
        self.chain.filters.iter().fold(stream, |stream, filter| filter.stage.apply(stream))
    }
}

/// The text that the tokenizer sees.
pub(crate) fn last_text<'a>(filtered: &'a [Filtered], original: &'a str) -> &'a str {
    filtered.last().map_or(original, |last| &last.text)
}

/// Runs the tokenizer alone.
pub(crate) fn tokenize(tokenizer: &dyn Tokenizer, text: &str) -> Stream {
    let mut pieces = Vec::new();
    let end_increment = tokenizer.tokenize(text, &mut |raw: Raw<'_>| {
        pieces.push(Piece {
            term: Term { text: raw.text.to_owned(), kind: raw.kind, keyword: false },
            start: raw.start,
            end: raw.end,
            increment: raw.increment,
            length: 1,
        });
    });
    Stream { pieces, end_increment, end_offset: text.len() }
}

/// Sums increments up to positions.
#[derive(Default)]
struct PositionCounter {
    /// Positions taken so far: one more than the current position.
    taken: u32,
}

impl PositionCounter {
    fn advance(&mut self, increment: u32) {
        self.taken = self.taken.saturating_add(increment);
    }

    fn position(&self) -> u32 {
        self.taken.saturating_sub(1)
    }
}

/// Leads from the text that the tokenizer saw back to the original.
pub(crate) struct Origin<'a> {
    pub(crate) original: &'a str,
    pub(crate) filtered: &'a [Filtered],
}

impl Origin<'_> {
    /// The tokens of a stream and the number of positions it takes.
    pub(crate) fn tokens(&self, stream: &Stream) -> (Vec<Token>, u32) {
        let mut cursor = Cursor::new(last_text(self.filtered, self.original));
        let mut counter = PositionCounter::default();
        let mut tokens = Vec::with_capacity(stream.pieces.len());
        for piece in &stream.pieces {
            counter.advance(piece.increment);
            tokens.push(Token {
                text: piece.term.text.clone(),
                position: counter.position(),
                start_offset: self.correct(cursor.unit_of(piece.start)),
                end_offset: self.correct(cursor.unit_of(piece.end)),
                position_length: piece.length,
                kind: piece.term.kind,
            });
        }
        counter.advance(stream.end_increment);
        (tokens, counter.taken)
    }

    fn byte_tokens(&self, stream: Stream) -> Vec<ByteToken> {
        let mut cursor = Cursor::new(last_text(self.filtered, self.original));
        let mut target = Cursor::new(self.original);
        let mut counter = PositionCounter::default();
        let mut tokens = Vec::with_capacity(stream.pieces.len());
        for piece in stream.pieces {
            counter.advance(piece.increment);
            let (start_byte, end_byte) = if self.filtered.is_empty() {
                (piece.start, piece.end)
            } else {
                let start = target.byte_of(self.correct(cursor.unit_of(piece.start)));
                (start, target.byte_of(self.correct(cursor.unit_of(piece.end))))
            };
            tokens.push(ByteToken { text: piece.term.text, position: counter.position(), start_byte, end_byte });
        }
        tokens
    }

    fn correct(&self, unit: u32) -> u32 {
        self.filtered.iter().rev().fold(unit, |at, stage| stage.original(at))
    }
}
