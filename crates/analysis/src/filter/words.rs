//! Sets of words, and the stop words of languages (Lucene's, as the oracle's `stop` filter removes them).

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

use super::case::lowercase;

/// FNV-1a: short words, chosen by who makes the index, looked up for every token.
#[derive(Clone, Debug)]
pub(crate) struct ShortHash(u64);

impl Default for ShortHash {
    fn default() -> Self {
        ShortHash(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for ShortHash {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

/// A set of words, with or without regard to case.
#[derive(Clone, Debug, Default)]
pub(crate) struct Words {
    words: HashSet<String, BuildHasherDefault<ShortHash>>,
    /// Bytes of the longest word.
    longest: usize,
    ignore_case: bool,
}

impl Words {
    pub(crate) fn new(words: impl IntoIterator<Item = String>, ignore_case: bool) -> Self {
        let mut set: HashSet<String, BuildHasherDefault<ShortHash>> = HashSet::default();
        let mut longest = 0;
        for mut word in words {
            if ignore_case {
                lowercase(&mut word);
            }
            longest = longest.max(word.len());
            set.insert(word);
        }
        Words { words: set, longest, ignore_case }
    }

    pub(crate) fn contains(&self, word: &str) -> bool {
        if !self.ignore_case {
            return word.len() <= self.longest && self.words.contains(word);
        }
        let mut lower = word.to_owned();
        lowercase(&mut lower);
        self.words.contains(&lower)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }
}

/// The words that a setting names: each item a word, or a language as `_german_`.
pub(crate) fn expand(items: &[String]) -> Vec<String> {
    let mut words = Vec::new();
    for item in items {
        match language_list(item) {
            Some(list) => words.extend(list.map(str::to_owned)),
            None => words.push(item.clone()),
        }
    }
    words
}

fn language_list(item: &str) -> Option<impl Iterator<Item = &'static str>> {
    let name = item.strip_prefix('_')?.strip_suffix('_')?;
    of_language(name).map(|text| text.lines().filter(|line| !line.is_empty()))
}

/// The stop words of a language, one a line; `none` has none.
pub(crate) fn of_language(name: &str) -> Option<&'static str> {
    let list = match name {
        "none" => "",
        "arabic" => include_str!("stop/arabic.txt"),
        "armenian" => include_str!("stop/armenian.txt"),
        "basque" => include_str!("stop/basque.txt"),
        "bengali" => include_str!("stop/bengali.txt"),
        "brazilian" => include_str!("stop/brazilian.txt"),
        "bulgarian" => include_str!("stop/bulgarian.txt"),
        "catalan" => include_str!("stop/catalan.txt"),
        "czech" => include_str!("stop/czech.txt"),
        "danish" => include_str!("stop/danish.txt"),
        "dutch" => include_str!("stop/dutch.txt"),
        "english" => include_str!("stop/english.txt"),
        "estonian" => include_str!("stop/estonian.txt"),
        "finnish" => include_str!("stop/finnish.txt"),
        "french" => include_str!("stop/french.txt"),
        "galician" => include_str!("stop/galician.txt"),
        "german" => include_str!("stop/german.txt"),
        "greek" => include_str!("stop/greek.txt"),
        "hindi" => include_str!("stop/hindi.txt"),
        "hungarian" => include_str!("stop/hungarian.txt"),
        "indonesian" => include_str!("stop/indonesian.txt"),
        "irish" => include_str!("stop/irish.txt"),
        "italian" => include_str!("stop/italian.txt"),
        "latvian" => include_str!("stop/latvian.txt"),
        "lithuanian" => include_str!("stop/lithuanian.txt"),
        "norwegian" => include_str!("stop/norwegian.txt"),
        "persian" => include_str!("stop/persian.txt"),
        "portuguese" => include_str!("stop/portuguese.txt"),
        "romanian" => include_str!("stop/romanian.txt"),
        "russian" => include_str!("stop/russian.txt"),
        "sorani" => include_str!("stop/sorani.txt"),
        "spanish" => include_str!("stop/spanish.txt"),
        "swedish" => include_str!("stop/swedish.txt"),
        "thai" => include_str!("stop/thai.txt"),
        "turkish" => include_str!("stop/turkish.txt"),
        _ => return None,
    };
    Some(list)
}

/// The stop words of the `cjk` analyzer, which no setting can name.
pub(crate) const CJK: &str = include_str!("stop/cjk_analyzer.txt");
