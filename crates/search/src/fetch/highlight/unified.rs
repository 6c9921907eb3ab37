//! The unified highlighter: the best fragments of a text, scored as if they were documents.
//!
//! Fragments are scored as Lucene's passages are: BM25 with k1 1.2, b .75 and a usual length of 87, in which a fragment is a document, the
//! number of documents is guessed from the length of the content, and early fragments are a little better.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use super::content::{Analysis, Content, Part, Words};
use super::encode::{Style, trim};
use super::marks::Marks;
use super::scanner::{Fragments, Scanner};
use super::word;

const K1: f32 = 1.2;
const B: f32 = 0.75;
const PIVOT: f32 = 87.0;

/// What is wanted of a field.
pub(super) struct Unified {
    pub(super) fragments: Fragments,
    /// At most so many fragments.
    pub(super) count: usize,
    /// Without a match, so many units from the beginning.
    pub(super) no_match: u32,
    pub(super) by_score: bool,
    pub(super) style: Style,
}

/// A place that is marked, of a word or a pattern that occurs so often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Mark {
    start: u32,
    end: u32,
    label: usize,
    count: u32,
}

#[derive(Debug, Default)]
struct Passage {
    value: usize,
    start: u32,
    end: u32,
    marks: Vec<Mark>,
    score: f32,
}

impl Unified {
    /// The fragments of a field's values. `ways`: how they become words; what is found in several counts several times.
    pub(super) fn highlight(&self, content: &Content, ways: &[Analysis], marks: &Marks) -> Vec<String> {
        if content.length == 0 {
            return Vec::new();
        }
        let found = found_by_all(content, ways, marks);
        let mut passages = self.passages(content, &found);
        if passages.is_empty() {
            passages.extend(self.beginning(content));
        }
        if self.by_score {
            passages.sort_by(|a, b| b.score.total_cmp(&a.score));
        }
        let snippets = passages.iter().filter_map(|passage| {
            let part = content.values.get(passage.value)?;
            Some(self.snippet(part, passage)).filter(|snippet| !snippet.chars().all(char::is_whitespace))
        });
        snippets.collect()
    }

    /// The best fragments, in their order in the text.
    fn passages(&self, content: &Content, marks: &[Mark]) -> Vec<Passage> {
        let mut best = Best { most: self.count, length: content.length, passages: BinaryHeap::new() };
        let mut value = 0;
        let mut scanner: Option<Scanner<'_>> = None;
        let mut passage: Option<Passage> = None;
        for mark in marks {
            if passage.as_ref().is_none_or(|passage| mark.start >= passage.end) {
                best.add(passage.take());
                while content.values.get(value + 1).is_some_and(|next| next.base <= mark.start) {
                    value += 1;
                    scanner = None;
                }
                let Some(part) = content.values.get(value) else { break };
                let scanner = scanner.get_or_insert_with(|| Scanner::new(&part.text, self.fragments));
                let (start, end) = scanner.around(mark.start - part.base);
                let (start, end) = (part.base + start, part.base + end);
                passage = Some(Passage { value, start, end, ..Passage::default() });
            }
            if let Some(passage) = &mut passage {
                passage.marks.push(*mark);
            }
        }
        best.add(passage);
        let mut passages: Vec<Passage> = best.passages.into_iter().map(|Reverse(ranked)| ranked.0).collect();
        passages.sort_by_key(|passage| passage.start);
        passages
    }

    /// The beginning of the first value that is not empty, to the end of a word.
    fn beginning(&self, content: &Content) -> Option<Passage> {
        if self.no_match == 0 {
            return None;
        }
        let (value, part) = content.values.iter().enumerate().find(|(_, part)| part.text.len() > 0)?;
        let mut end = part.text.len();
        if self.no_match < end {
            let (_, behind) = word::around(part.text.as_str(), part.text.byte(self.no_match));
            end = part.text.unit(behind);
        }
        let (start, end) = (part.base, part.base + end);
        Some(Passage { value, start, end, marks: Vec::new(), score: f32::NAN })
    }

    fn snippet(&self, part: &Part, passage: &Passage) -> String {
        let slice = |from: u32, to: u32| part.text.slice(from - part.base, to - part.base);
        let mut snippet = String::new();
        let mut at = passage.start;
        for mark in &passage.marks {
            if mark.start > at {
                self.style.plain(&mut snippet, slice(at, mark.start));
            }
            if mark.end > at {
                self.style.marked(&mut snippet, slice(at.max(mark.start), mark.end));
                at = mark.end;
            }
        }
        self.style.plain(&mut snippet, slice(at, at.max(passage.end)));
        trim(snippet.strip_suffix('\u{2029}').unwrap_or(&snippet)).to_owned()
    }
}

/// Every place that is marked in any way to look at the text, in order of the text. Equal words count as one, whichever way they were found.
fn found_by_all(content: &Content, ways: &[Analysis], marks: &Marks) -> Vec<Mark> {
    if let [analysis] = ways {
        return found(&content.words(analysis, marks), marks);
    }
    let mut labels: BTreeMap<String, usize> = BTreeMap::new();
    let mut all = Vec::new();
    for analysis in ways {
        let words = content.words(analysis, marks);
        let mut label = |label: usize| match words.kinds.get(label) {
            Some(kind) => {
                let next = labels.len();
                *labels.entry(kind.text.clone()).or_insert(next)
            }
            None => usize::MAX - (label - words.kinds.len()),
        };
        all.extend(found(&words, marks).into_iter().map(|mark| Mark { label: label(mark.label), ..mark }));
    }
    all.sort_unstable();
    all
}

/// Every place that is marked, in order of the text.
fn found(words: &Words, marks: &Marks) -> Vec<Mark> {
    let mut pattern_counts = vec![0u32; marks.patterns.len()];
    for kind in &words.kinds {
        kind.patterns.iter().for_each(|pattern| pattern_counts[*pattern] += kind.count);
    }
    let mut found = Vec::new();
    for word in &words.words {
        let kind = &words.kinds[word.kind];
        let mut mark = |label, count| found.push(Mark { start: word.start, end: word.end, label, count });
        if kind.term.is_some() {
            mark(word.kind, kind.count);
        }
        for pattern in &kind.patterns {
            mark(words.kinds.len() + pattern, pattern_counts[*pattern]);
        }
    }
    let mut in_phrases = BTreeSet::new();
    words.phrases(marks, &mut |_, places| in_phrases.extend(places.iter().map(|place| place.token)));
    // A word of a phrase counts as often as phrases hold it.
    let mut phrase_counts = vec![0u32; words.kinds.len()];
    let in_phrases: Vec<_> = in_phrases.into_iter().filter_map(|token| words.words.get(token)).collect();
    in_phrases.iter().for_each(|word| phrase_counts[word.kind] += 1);
    for word in in_phrases {
        if words.kinds[word.kind].term.is_none() {
            let count = phrase_counts[word.kind];
            found.push(Mark { start: word.start, end: word.end, label: word.kind, count });
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The best passages so far, the worst on top.
struct Best {
    most: usize,
    length: u32,
    passages: BinaryHeap<Reverse<Ranked>>,
}

impl Best {
    fn add(&mut self, passage: Option<Passage>) {
        let Some(mut passage) = passage else { return };
        passage.score = score(&passage, self.length);
        self.passages.push(Reverse(Ranked(passage)));
        if self.passages.len() > self.most {
            self.passages.pop();
        }
    }
}

/// By score, then by place: of equals the earlier is worse.
struct Ranked(Passage);

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ranked {}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.score.total_cmp(&other.0.score).then(self.0.start.cmp(&other.0.start))
    }
}

fn score(passage: &Passage, content_length: u32) -> f32 {
    let mut counts: BTreeMap<usize, (u32, u32)> = BTreeMap::new();
    let mut order = Vec::new();
    for mark in &passage.marks {
        let count = counts.entry(mark.label).or_insert_with(|| {
            order.push(mark.label);
            (0, mark.count)
        });
        count.0 += 1;
    }
    let length = passage.end.saturating_sub(passage.start) as f32;
    let norm = K1 * ((1.0 - B) + B * (length / PIVOT));
    let documents = 1.0 + content_length as f32 / PIVOT;
    let mut score = 0.0f32;
    for (here, everywhere) in order.iter().filter_map(|label| counts.get(label)) {
        let rarity = (1.0 + (f64::from(documents) + 0.5) / (f64::from(*everywhere) + 0.5)).ln() as f32;
        score += *here as f32 / (*here as f32 + norm) * ((K1 + 1.0) * rarity);
    }
    score * (1.0 + 1.0 / f64::from(PIVOT + passage.start as f32).ln() as f32)
}
