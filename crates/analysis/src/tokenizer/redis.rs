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

/// What a byte is to words. Bytes beyond ASCII belong to them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Plain,
    Upper,
    Separator,
    /// Separates words, unless a separator follows: that belongs to the word then.
    Backslash,
}

const CLASSES: [Class; 256] = {
    let mut classes = [Class::Plain; 256];
    let mut byte = 0u8;
    while byte < 128 {
        if byte == b'\\' {
            classes[byte as usize] = Class::Backslash;
        } else if byte != b'_' && (byte.is_ascii_punctuation() || byte.is_ascii_whitespace() || byte.is_ascii_control())
        {
            classes[byte as usize] = Class::Separator;
        } else if byte.is_ascii_uppercase() {
            classes[byte as usize] = Class::Upper;
        }
        byte += 1;
    }
    classes
};

fn class(bytes: &[u8], at: usize) -> Option<Class> {
    bytes.get(at).map(|byte| CLASSES[usize::from(*byte)])
}

/// Where the word ends that begins at `start`, and whether it is written as it is to be indexed.
fn word_end(bytes: &[u8], start: usize) -> (usize, bool) {
    let (mut at, mut plain) = (start, true);
    loop {
        match class(bytes, at) {
            Some(Class::Plain) => at += 1,
            Some(Class::Upper) => (at, plain) = (at + 1, false),
            Some(Class::Backslash) if matches!(class(bytes, at + 1), Some(Class::Separator | Class::Backslash)) => {
                (at, plain) = (at + 2, false);
            }
            Some(Class::Separator | Class::Backslash) | None => return (at, plain),
        }
    }
}

/// Adds the letters of a word in lower case, without the backslashes before others.
fn write_out(written: &str, word: &mut String) {
    let mut chars = written.chars();
    while let Some(c) = chars.next() {
        let c = if c == '\\' { chars.next().unwrap_or(c) } else { c };
        word.push(c.to_ascii_lowercase());
    }
}

impl Tokenizer for RedisWords {
    fn tokenize(&self, text: &str, sink: &mut dyn FnMut(Raw<'_>)) -> u32 {
        let bytes = text.as_bytes();
        let mut own = String::new();
        let mut start = 0;
        while start < bytes.len() {
            let (end, plain) = word_end(bytes, start);
            let mut word = &text[start..end];
            if !plain {
                own.clear();
                write_out(word, &mut own);
                word = &own;
            }
            if !word.is_empty() && !self.stop_words.contains(word) {
                sink(Raw { text: word, start, end, increment: 1, kind: TokenKind::Word });
            }
            // What ends a word is one byte.
            start = end + 1;
        }
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
    use proptest::prelude::*;

    use super::*;

    fn separates(c: char) -> bool {
        c != '_' && (c.is_ascii_punctuation() || c.is_ascii_whitespace() || c.is_ascii_control())
    }

    /// Words with where they begin and end, character by character.
    fn words(text: &str) -> Vec<(String, usize, usize)> {
        let (mut found, mut word, mut start) = (Vec::new(), String::new(), 0);
        let mut chars = text.char_indices().chain([(text.len(), ' ')]).peekable();
        while let Some((at, c)) = chars.next() {
            let next = chars.peek().filter(|(next, _)| *next < text.len()).map(|(_, next)| *next);
            let escaped = next.filter(|next| c == '\\' && separates(*next));
            if escaped.is_none() && separates(c) {
                if !word.is_empty() {
                    found.push((std::mem::take(&mut word), start, at));
                }
                continue;
            }
            if word.is_empty() {
                start = at;
            }
            word.push(escaped.unwrap_or(c).to_ascii_lowercase());
            if escaped.is_some() {
                chars.next();
            }
        }
        found
    }

    #[track_caller]
    fn cuts(text: &str) {
        let tokenizer = RedisWords { stop_words: Words::default() };
        let mut found = Vec::new();
        tokenizer.tokenize(text, &mut |raw| found.push((raw.text.to_owned(), raw.start, raw.end)));
        assert_eq!(found, words(text), "{text:?}");
    }

    #[test]
    fn words_end_at_what_separates_unless_a_backslash_stands_before() {
        for text in
            ["", " ", "Hello, World_1!", "a\\-b\\c", "\\", "a\\", "\\\\a", "É\\ü\\ ", "a\\\\-b", "\u{7f}x\u{80}"]
        {
            cuts(text);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_cut_character_by_character(text in "[aZ_9é\u{85}\u{2003}\\\\ ,-]{0,24}|\\PC{0,24}") {
            cuts(&text);
        }
    }

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
