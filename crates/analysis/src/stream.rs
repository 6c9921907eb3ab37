//! What flows between the stages of a chain, and the traits of the stages.
//!
//! Offsets here are bytes of the text that the tokenizer saw (after char filters); the analyzer turns them into offsets of the
//! original. Positions are increments, as in Lucene, so that filters can insert and drop without counting.

use crate::token::TokenKind;

/// What a tokenizer emits: a borrowed term.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Raw<'a> {
    pub(crate) text: &'a str,
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) increment: u32,
    pub(crate) kind: TokenKind,
}

/// The part of a token that filters of one token at a time may change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Term {
    pub(crate) text: String,
    pub(crate) kind: TokenKind,
    /// Stemmers leave it alone (`keyword_marker`).
    pub(crate) keyword: bool,
}

/// A token between stages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) term: Term,
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) increment: u32,
    pub(crate) length: u32,
}

/// All tokens of one text between stages.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stream {
    pub(crate) pieces: Vec<Piece>,
    /// Increment of the end of the text: positions dropped after the last token.
    pub(crate) end_increment: u32,
    /// Where the text ends.
    pub(crate) end_offset: usize,
}

/// Cuts text into tokens.
pub(crate) trait Tokenizer: Send + Sync {
    /// Calls `sink` for every token in order; returns the increment of the end of the text.
    fn tokenize(&self, text: &str, sink: &mut dyn FnMut(Raw<'_>)) -> u32;

    /// Can it emit several tokens at one position?
    fn overlaps(&self) -> bool {
        false
    }
}

/// A filter that looks at one token at a time, and makes the same of the same token whenever it comes.
pub(crate) trait TermFilter: Send + Sync {
    /// Changes the term in place; false drops the token and leaves a hole.
    fn apply(&self, term: &mut Term) -> bool;

    /// Does it ask or say whether a token is a keyword? `_analyze` shows that of tokens behind such a filter.
    fn knows_keywords(&self) -> bool {
        false
    }

    /// Does it take longer than looking a word up?
    fn is_costly(&self) -> bool {
        false
    }
}

/// A filter that needs the neighbours of a token, or makes several of one.
pub(crate) trait StreamFilter: Send + Sync {
    fn apply(&self, stream: Stream) -> Stream;

    /// Of how many words the shingles are at most that it makes.
    fn shingle_size(&self) -> Option<usize> {
        None
    }

    /// Can it emit several tokens at one position?
    fn overlaps(&self) -> bool {
        true
    }

    /// As [`TermFilter::knows_keywords`].
    fn knows_keywords(&self) -> bool {
        false
    }
}

/// Changes the text before it is tokenized.
pub(crate) trait CharFilter: Send + Sync {
    fn apply(&self, text: &str) -> crate::char_filter::Filtered;
}

/// A token filter of either kind.
#[derive(Clone)]
pub(crate) enum Filter {
    Term(std::sync::Arc<dyn TermFilter>),
    Stream(std::sync::Arc<dyn StreamFilter>),
}

impl Filter {
    pub(crate) fn term(filter: impl TermFilter + 'static) -> Self {
        Filter::Term(std::sync::Arc::new(filter))
    }

    pub(crate) fn stream(filter: impl StreamFilter + 'static) -> Self {
        Filter::Stream(std::sync::Arc::new(filter))
    }

    pub(crate) fn apply(&self, stream: Stream) -> Stream {
        match self {
            Filter::Stream(filter) => filter.apply(stream),
            Filter::Term(filter) => keep(stream, |piece| filter.apply(&mut piece.term)),
        }
    }

    pub(crate) fn knows_keywords(&self) -> bool {
        match self {
            Filter::Stream(filter) => filter.knows_keywords(),
            Filter::Term(filter) => filter.knows_keywords(),
        }
    }

    pub(crate) fn is_costly(&self) -> bool {
        matches!(self, Filter::Term(filter) if filter.is_costly())
    }

    pub(crate) fn overlaps(&self) -> bool {
        matches!(self, Filter::Stream(filter) if filter.overlaps())
    }
}

/// Drops the tokens that `keep` refuses; their increments go to the next token that stays.
pub(crate) fn keep(mut stream: Stream, mut keep: impl FnMut(&mut Piece) -> bool) -> Stream {
    let mut skipped = 0;
    stream.pieces.retain_mut(|piece| {
        if keep(piece) {
            piece.increment += std::mem::take(&mut skipped);
            return true;
        }
        skipped += piece.increment;
        false
    });
    stream.end_increment += skipped;
    stream
}
