//! The keyword tokenizer: the whole text is one token.

use crate::stream::{Raw, Tokenizer};
use crate::token::TokenKind;

/// `keyword`. An empty text is an empty token.
pub(crate) struct Keyword;

impl Tokenizer for Keyword {
    fn tokenize(&self, text: &str, sink: &mut dyn FnMut(Raw<'_>)) -> u32 {
        sink(Raw { text, start: 0, end: text.len(), increment: 1, kind: TokenKind::Word });
        0
    }
}
