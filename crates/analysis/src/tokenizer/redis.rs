//! `redis_words`: words as the search module of Redis cuts them.
//!
//! ASCII punctuation but `_`, white space and controls separate words, unless a backslash stands before them; ASCII letters become
//! lower case. Stop words take no position.

use crate::filter::words::Words;
use crate::stream::{Raw, Tokenizer};
use crate::token::TokenKind;

pub(crate) struct RedisWords {
    pub(crate) stop_words: Words,
}

fn separates(c: char) -> bool {
    c != '_' && (c.is_ascii_punctuation() || c.is_ascii_whitespace() || c.is_ascii_control())
}

impl Tokenizer for RedisWords {
    fn tokenize(&self, text: &str, sink: &mut dyn FnMut(Raw<'_>)) -> u32 {
        let mut word = String::new();
        let mut start = 0;
        let mut emit = |word: &mut String, start: usize, end: usize| {
            if !word.is_empty() && !self.stop_words.contains(word) {
                sink(Raw { text: word, start, end, increment: 1, kind: TokenKind::Word });
            }
            word.clear();
        };
        let mut chars = text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let escaped = if c == '\\' { chars.next_if(|(_, next)| separates(*next)) } else { None };
            match escaped {
                None if separates(c) => emit(&mut word, start, at),
                escaped => {
                    if word.is_empty() {
                        start = at;
                    }
                    word.push(escaped.map_or(c, |(_, next)| next).to_ascii_lowercase());
                }
            }
        }
        emit(&mut word, start, text.len());
        0
    }
}
