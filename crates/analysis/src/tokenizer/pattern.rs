//! The `pattern` tokenizers: what a regular expression matches, or what lies between its matches.

use regex::Regex;

use crate::stream::{Raw, Tokenizer};
use crate::token::TokenKind;

/// `pattern`, `simple_pattern` (group 0) and `simple_pattern_split`. Empty tokens are left out.
pub(crate) struct Pattern {
    pub(crate) pattern: Regex,
    /// The group that is the token; `None`: the text between matches.
    pub(crate) group: Option<usize>,
}

impl Tokenizer for Pattern {
    fn tokenize(&self, text: &str, sink: &mut dyn FnMut(Raw<'_>)) -> u32 {
        let mut emit = |start: usize, end: usize| {
            if start < end {
                sink(Raw { text: &text[start..end], start, end, increment: 1, kind: TokenKind::Word });
            }
        };
        match self.group {
            None => {
                let mut start = 0;
                for found in self.pattern.find_iter(text) {
                    emit(start, found.start());
                    start = found.end();
                }
                emit(start, text.len());
            }
            Some(0) => self.pattern.find_iter(text).for_each(|found| emit(found.start(), found.end())),
            Some(group) => {
                for found in self.pattern.captures_iter(text).filter_map(|captures| captures.get(group)) {
                    emit(found.start(), found.end());
                }
            }
        }
        0
    }
}
