//! `HIGHLIGHT` and `SUMMARIZE`: what a query sought, marked in the texts that were found.

use std::collections::BTreeSet;

use model::gateway::Gateway;
use model::query::ranked::{Part, PartKind, WordPattern};

use super::request::{Highlight, Options, Summarize};
use super::words;

/// The words that a query seeks.
#[derive(Debug, Default)]
pub struct Marks {
    words: BTreeSet<String>,
    stems: BTreeSet<String>,
    sounds: BTreeSet<String>,
    patterns: Vec<WordPattern>,
}

impl Marks {
    pub fn of(part: &Part) -> Self {
        let mut marks = Self::default();
        marks.gather(part);
        marks
    }

    fn gather(&mut self, part: &Part) {
        match &part.kind {
            PartKind::Word { term, stem: false, .. } => {
                self.words.insert(term.clone());
            }
            PartKind::Word { term, .. } => match term.strip_prefix('<') {
                Some(code) => drop(self.sounds.insert(code.to_owned())),
                None => drop(self.stems.insert(term.clone())),
            },
            PartKind::Words { pattern, stem: false, .. } => self.patterns.push(pattern.clone()),
            PartKind::All(parts, _) | PartKind::Any(parts) | PartKind::First(parts) => {
                parts.iter().for_each(|part| self.gather(part))
            }
            PartKind::Optional(part) => self.gather(part),
            _ => {}
        }
    }

    /// Where the words of a text stand, and which of them were sought.
    fn spots(&self, text: &str, gateway: &dyn Gateway, language: &str) -> Vec<(words::Spot, bool)> {
        let spots = words::all(text);
        let plain: Vec<&str> = spots.iter().map(|spot| spot.word.as_str()).collect();
        let stems = if self.stems.is_empty() { None } else { gateway.stems(language, &plain) };
        let sounds = if self.sounds.is_empty() { Vec::new() } else { gateway.sounds(&plain) };
        let sought: Vec<bool> = (0..spots.len())
            .map(|at| {
                let word = &spots[at].word;
                let stem = stems.as_ref().map(|stems| &stems[at]);
                self.words.contains(word)
                    || stem.is_some_and(|stem| self.stems.contains(stem))
                    || sounds.get(at).is_some_and(|code| self.sounds.contains(code))
                    || self.patterns.iter().any(|pattern| accepts(pattern, word))
            })
            .collect();
        spots.into_iter().zip(sought).collect()
    }
}

fn accepts(pattern: &WordPattern, word: &str) -> bool {
    match pattern {
        WordPattern::Prefix(text) => word.starts_with(text),
        WordPattern::Suffix(text) => word.ends_with(text),
        WordPattern::Infix(text) => word.contains(text),
        WordPattern::Wildcard(text) => model_wildcard(text, word),
        WordPattern::Fuzzy(text, edits) => super::edits::within(text, word, usize::from(*edits)).is_some(),
    }
}

/// `*` and `?` over a word; iterative, in time of the product of the lengths at worst.
pub fn model_wildcard(pattern: &str, word: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let word: Vec<char> = word.chars().collect();
    let (mut at, mut read) = (0, 0);
    let mut last: Option<(usize, usize)> = None;
    while read < word.len() {
        match pattern.get(at) {
            Some('*') => {
                last = Some((at, read));
                at += 1;
            }
            Some('?') => {
                at += 1;
                read += 1;
            }
            Some('\\') if pattern.get(at + 1) == Some(&word[read]) => {
                at += 2;
                read += 1;
            }
            Some(c) if *c == word[read] => {
                at += 1;
                read += 1;
            }
            _ => match &mut last {
                Some((star, from)) => {
                    *from += 1;
                    (at, read) = (*star + 1, *from);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|c| *c == '*')
}

/// A text as it is shown under these options; `None`: as it is.
pub fn shown(
    text: &str,
    field: &str,
    (marks, options): (&Marks, &Options),
    (gateway, language): (&dyn Gateway, &str),
) -> Option<String> {
    let wants = |fields: &Option<Vec<String>>| fields.as_ref().is_none_or(|fields| fields.iter().any(|f| f == field));
    let highlight = options.highlight.as_ref().filter(|highlight| wants(&highlight.fields));
    let summarize = options.summarize.as_ref().filter(|summarize| wants(&summarize.fields));
    if highlight.is_none() && summarize.is_none() {
        return None;
    }
    let spots = marks.spots(text, gateway, language);
    if let Some(summarize) = summarize {
        return Some(fragments(text, &spots, (summarize, highlight)));
    }
    let highlight = highlight?;
    Some(marked(text, &spots, highlight))
}

/// The whole text with its words marked.
fn marked(text: &str, spots: &[(words::Spot, bool)], highlight: &Highlight) -> String {
    let mut found = String::with_capacity(text.len() + 16);
    let mut at = 0;
    for (spot, _) in spots.iter().filter(|(_, sought)| *sought) {
        found.push_str(&text[at..spot.from]);
        found.push_str(&highlight.open);
        found.push_str(&text[spot.from..spot.to]);
        found.push_str(&highlight.close);
        at = spot.to;
    }
    found.push_str(&text[at..]);
    found
}

/// The stretches with most of what was sought, in their order in the text.
fn fragments(
    text: &str,
    spots: &[(words::Spot, bool)],
    (summarize, highlight): (&Summarize, Option<&Highlight>),
) -> String {
    let sought: Vec<usize> = (0..spots.len()).filter(|at| spots[*at].1).collect();
    if sought.is_empty() {
        // The beginning, where there is nothing to show.
        let end = spots.get(summarize.length.max(1) - 1).map_or(text.len(), |(spot, _)| spot.to);
        return format!("{}{}", &text[..end], summarize.separator);
    }
    // Neighbours closer than a fragment's length belong together.
    let mut stretches: Vec<(usize, usize, usize)> = Vec::new();
    for at in sought {
        match stretches.last_mut() {
            Some((_, to, count)) if at - *to <= summarize.length => {
                *to = at;
                *count += 1;
            }
            _ => stretches.push((at, at, 1)),
        }
    }
    let mut best: Vec<(usize, usize, usize)> = stretches;
    best.sort_by_key(|(_, _, count)| std::cmp::Reverse(*count));
    best.truncate(summarize.fragments.max(1));
    best.sort_by_key(|(from, _, _)| *from);
    let mut found = String::new();
    for (from, to, _) in best {
        let room = summarize.length.saturating_sub(to - from + 1) / 2;
        let (from, to) = (from.saturating_sub(room), (to + room).min(spots.len() - 1));
        let (start, end) = (spots[from].0.from, spots[to].0.to);
        match highlight {
            Some(highlight) => {
                let within: Vec<(words::Spot, bool)> = spots[from..=to]
                    .iter()
                    .map(|(spot, sought)| {
                        let (from, to) = (spot.from - start, spot.to - start);
                        (words::Spot { word: spot.word.clone(), from, to }, *sought)
                    })
                    .collect();
                found.push_str(&marked(&text[start..end], &within, highlight));
            }
            None => found.push_str(&text[start..end]),
        }
        found.push_str(&summarize.separator);
    }
    found
}
