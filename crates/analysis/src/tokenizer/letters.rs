//! Tokenizers that cut between characters of two classes: letter, lowercase, whitespace, char_group.

use crate::stream::{Raw, Tokenizer};
use crate::token::TokenKind;

/// Runs of characters that belong to a token, at most `max_units` UTF-16 units long.
pub(crate) struct Runs<F> {
    belongs: F,
    max_units: usize,
    lowercase: bool,
}

impl<F: Fn(char) -> bool + Send + Sync> Runs<F> {
    pub(crate) fn new(max_units: usize, belongs: F) -> Self {
        Runs { belongs, max_units: max_units.max(1), lowercase: false }
    }

    /// The same runs in lower case.
    pub(crate) fn lowercased(mut self) -> Self {
        self.lowercase = true;
        self
    }
}

impl<F: Fn(char) -> bool + Send + Sync> Tokenizer for Runs<F> {
    fn tokenize(&self, text: &str, sink: &mut dyn FnMut(Raw<'_>)) -> u32 {
        let mut lower = String::new();
        let mut emit = |start: usize, end: usize| {
            let mut term = &text[start..end];
            if self.lowercase {
                lower.clear();
                lower.push_str(term);
                crate::filter::case::lowercase(&mut lower);
                term = &lower;
            }
            sink(Raw { text: term, start, end, increment: 1, kind: TokenKind::Word });
        };
        let mut start = None;
        let mut units = 0;
        for (at, c) in text.char_indices() {
            match ((self.belongs)(c), start) {
                (true, None) => {
                    start = Some(at);
                    units = 0;
                }
                (false, Some(begin)) => {
                    emit(begin, at);
                    start = None;
                }
                _ => {}
            }
            if let Some(begin) = start {
                units += c.len_utf16();
                // Lucene cuts as soon as a token is full.
                if units >= self.max_units {
                    emit(begin, at + c.len_utf8());
                    start = None;
                }
            }
        }
        if let Some(begin) = start {
            emit(begin, text.len());
        }
        0
    }
}
