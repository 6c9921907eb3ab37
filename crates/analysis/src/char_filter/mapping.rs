//! The `mapping` and `pattern_replace` char filters.

use std::collections::BTreeMap;

use regex::Regex;

use super::offsets::Filtered;
use crate::stream::CharFilter;

/// `mapping`: strings to strings, the longest first.
pub(crate) struct Mapping {
    /// By first character, longest key first.
    rules: BTreeMap<char, Vec<(String, String)>>,
}

impl Mapping {
    pub(crate) fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut rules: BTreeMap<char, Vec<(String, String)>> = BTreeMap::new();
        for (from, to) in pairs {
            if let Some(first) = from.chars().next() {
                rules.entry(first).or_default().push((from, to));
            }
        }
        for list in rules.values_mut() {
            list.sort_by_key(|(from, _)| std::cmp::Reverse(from.len()));
        }
        Mapping { rules }
    }
}

impl CharFilter for Mapping {
    fn apply(&self, text: &str) -> Filtered {
        let mut output = Output::default();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let rule =
                self.rules.get(&c).and_then(|list| list.iter().find(|(from, _)| rest.starts_with(from.as_str())));
            match rule {
                Some((from, to)) => {
                    output.replace(from, to);
                    rest = &rest[from.len()..];
                }
                None => {
                    let (taken, after) = rest.split_at(c.len_utf8());
                    output.copy(taken);
                    rest = after;
                }
            }
        }
        output.filtered
    }
}

/// `pattern_replace`: what a regular expression matches.
pub(crate) struct PatternReplace {
    pub(crate) pattern: Regex,
    /// In the notation of the `regex` crate.
    pub(crate) replacement: String,
}

impl CharFilter for PatternReplace {
    fn apply(&self, text: &str) -> Filtered {
        let mut output = Output::default();
        let mut done = 0;
        let mut replacement = String::new();
        for captures in self.pattern.captures_iter(text) {
            let Some(found) = captures.get(0) else { continue };
            output.copy(&text[done..found.start()]);
            replacement.clear();
            captures.expand(&self.replacement, &mut replacement);
            output.replace(found.as_str(), &replacement);
            done = found.end();
        }
        output.copy(&text[done..]);
        output.filtered
    }
}

/// A filtered text under construction.
#[derive(Default)]
pub(super) struct Output {
    pub(super) filtered: Filtered,
    units: u32,
}

impl Output {
    pub(super) fn copy(&mut self, text: &str) {
        self.filtered.text.push_str(text);
        self.units = self.units.saturating_add(units(text));
    }

    /// Writes `to` for `from`. A shorter text shifts what follows; of a longer one the surplus points at the end of `from`.
    pub(super) fn replace(&mut self, from: &str, to: &str) {
        let (taken, given) = (units(from), units(to));
        let before = self.filtered.difference();
        if given < taken {
            self.filtered.correct_from(self.units + given, before + i64::from(taken - given));
        }
        for surplus in 0..given.saturating_sub(taken) {
            self.filtered.correct_from(self.units + taken + surplus, before - i64::from(surplus) - 1);
        }
        self.copy(to);
    }
}

fn units(text: &str) -> u32 {
    let count = if text.is_ascii() { text.len() } else { text.chars().map(char::len_utf16).sum() };
    u32::try_from(count).unwrap_or(u32::MAX)
}
