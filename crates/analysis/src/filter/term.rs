//! Filters of one token at a time: dropping by word or length, cutting, turning around.

use super::words::Words;
use crate::stream::{Term, TermFilter};

/// `stop`: drops the words of a set.
pub(crate) struct Stop {
    pub(crate) words: Words,
}

impl TermFilter for Stop {
    fn apply(&self, term: &mut Term) -> bool {
        !self.words.contains(&term.text)
    }
}

/// `keep`: drops all but the words of a set.
pub(crate) struct Keep {
    pub(crate) words: Words,
}

impl TermFilter for Keep {
    fn apply(&self, term: &mut Term) -> bool {
        self.words.contains(&term.text)
    }
}

/// `keep_types`: keeps or drops the tokens of some kinds.
pub(crate) struct KeepTypes {
    pub(crate) types: Vec<String>,
    pub(crate) include: bool,
}

impl TermFilter for KeepTypes {
    fn apply(&self, term: &mut Term) -> bool {
        self.types.iter().any(|kind| kind == term.kind.as_str()) == self.include
    }
}

/// `length`: drops terms with fewer or more characters.
pub(crate) struct Length {
    pub(crate) min: usize,
    pub(crate) max: usize,
}

impl TermFilter for Length {
    fn apply(&self, term: &mut Term) -> bool {
        (self.min..=self.max).contains(&utf16_len(&term.text))
    }
}

/// `truncate`: cuts terms after so many UTF-16 units.
pub(crate) struct Truncate {
    pub(crate) length: usize,
}

impl TermFilter for Truncate {
    fn apply(&self, term: &mut Term) -> bool {
        if term.keyword {
            return true;
        }
        let mut taken = 0;
        let cut = term.text.char_indices().find(|(_, c)| {
            taken += c.len_utf16();
            taken > self.length
        });
        if let Some((at, _)) = cut {
            term.text.truncate(at);
        }
        true
    }

    fn knows_keywords(&self) -> bool {
        true
    }
}

/// `trim`: cuts what Java calls white space from both ends, and lesser controls.
pub(crate) struct Trim;

impl TermFilter for Trim {
    fn apply(&self, term: &mut Term) -> bool {
        let blank = |c: char| crate::unicode::is_whitespace(c);
        let trimmed = term.text.trim_matches(blank);
        if trimmed.len() != term.text.len() {
            term.text = trimmed.to_owned();
        }
        true
    }
}

/// `reverse`: the characters in the opposite order.
pub(crate) struct Reverse;

impl TermFilter for Reverse {
    fn apply(&self, term: &mut Term) -> bool {
        term.text = term.text.chars().rev().collect();
        true
    }
}

/// `elision`: cuts an article and its apostrophe from the front (`l'avion`).
pub(crate) struct Elision {
    pub(crate) articles: Words,
}

impl TermFilter for Elision {
    fn apply(&self, term: &mut Term) -> bool {
        if let Some((article, rest)) = term.text.split_once(['\'', '\u{2019}'])
            && self.articles.contains(article)
        {
            term.text = rest.to_owned();
        }
        true
    }
}

/// `apostrophe`: cuts the first apostrophe and what follows.
pub(crate) struct Apostrophe;

impl TermFilter for Apostrophe {
    fn apply(&self, term: &mut Term) -> bool {
        if let Some(at) = term.text.find(['\'', '\u{2019}']) {
            term.text.truncate(at);
        }
        true
    }
}

/// `keyword_marker`: stemmers leave the marked terms alone.
pub(crate) struct KeywordMarker {
    pub(crate) words: Words,
    pub(crate) pattern: Option<regex::Regex>,
}

impl TermFilter for KeywordMarker {
    fn apply(&self, term: &mut Term) -> bool {
        let marked = match &self.pattern {
            Some(pattern) => pattern.find(&term.text).is_some_and(|found| found.len() == term.text.len()),
            None => self.words.contains(&term.text),
        };
        term.keyword |= marked;
        true
    }

    fn knows_keywords(&self) -> bool {
        true
    }
}

/// `stemmer_override`: given stems for given words, which no stemmer touches afterwards.
pub(crate) struct StemmerOverride {
    pub(crate) stems: std::collections::HashMap<String, String>,
}

impl TermFilter for StemmerOverride {
    fn apply(&self, term: &mut Term) -> bool {
        if let Some(stem) = self.stems.get(&term.text).filter(|_| !term.keyword) {
            term.text.clone_from(stem);
            term.keyword = true;
        }
        true
    }

    fn knows_keywords(&self) -> bool {
        true
    }
}

/// `pattern_replace`: replaces what a regular expression matches.
pub(crate) struct PatternReplace {
    pub(crate) pattern: regex::Regex,
    /// In the notation of the `regex` crate.
    pub(crate) replacement: String,
    pub(crate) all: bool,
}

impl TermFilter for PatternReplace {
    fn apply(&self, term: &mut Term) -> bool {
        let limit = usize::from(!self.all);
        if let std::borrow::Cow::Owned(replaced) = self.pattern.replacen(&term.text, limit, self.replacement.as_str()) {
            term.text = replaced;
        }
        true
    }

    fn is_costly(&self) -> bool {
        true
    }
}

/// `classic`: cuts the English possessive and the dots of acronyms, by the kinds of the classic tokenizer.
pub(crate) struct Classic;

impl TermFilter for Classic {
    fn apply(&self, term: &mut Term) -> bool {
        match term.kind {
            crate::token::TokenKind::Apostrophe if term.text.ends_with("'s") || term.text.ends_with("'S") => {
                term.text.truncate(term.text.len() - 2);
            }
            crate::token::TokenKind::Acronym => term.text.retain(|c| c != '.'),
            _ => {}
        }
        true
    }
}

/// Length in UTF-16 units, which is what Lucene counts.
pub(crate) fn utf16_len(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().map(char::len_utf16).sum() }
}
