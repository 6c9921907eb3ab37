//! `redis_words`: words as the search module of Redis cuts them; `redis_forms`: forms of words that were made elsewhere.
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

/// A place of one word for each space, with the forms that stand there between bars; none of them, and the place is a hole.
pub(crate) struct RedisForms;

impl Tokenizer for RedisForms {
    fn tokenize(&self, text: &str, sink: &mut dyn FnMut(Raw<'_>)) -> u32 {
        let mut increment = 0;
        let mut start = 0;
        for place in text.split(' ').filter(|_| !text.is_empty()) {
            increment += 1;
            let mut from = start;
            for form in place.split('|') {
                let end = from + form.len();
                if !form.is_empty() {
                    sink(Raw { text: form, start: from, end, increment, kind: TokenKind::Word });
                    increment = 0;
                }
                from = end + 1;
            }
            start += place.len() + 1;
        }
        increment
    }

    fn overlaps(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_stand_where_their_words_stood() {
        let check = |text: &str, expected: &[(&str, u32)], holes: u32| {
            let mut found = Vec::new();
            let rest = RedisForms.tokenize(text, &mut |raw| found.push((raw.text.to_owned(), raw.increment)));
            let found: Vec<(&str, u32)> = found.iter().map(|(text, increment)| (text.as_str(), *increment)).collect();
            assert_eq!((found.as_slice(), rest), (expected, holes), "{text:?}");
        };
        check("run|<RN  dog", &[("run", 1), ("<RN", 0), ("dog", 2)], 0);
        check(" |<FK ", &[("<FK", 2)], 1);
        check("", &[], 0);
    }
}
