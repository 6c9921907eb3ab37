//! The plain highlighter: texts cut every so many characters, the fragments with the most of the query's words first.
//!
//! As Lucene's first highlighter does it: words that overlap are marked as one, a fragment ends at the word that reaches its size, and
//! phrases are not cut (unless the fragmenter is `simple`).

use std::collections::BTreeSet;

use analysis::Token;

use super::content::{Analysis, Words};
use super::encode::Style;
use super::marks::Marks;
use super::text::Text;

/// Words that overlap are one group, of at most so many.
const GROUP: usize = 50;

/// What is wanted of a field.
pub(super) struct Plain {
    pub(super) analysis: Analysis,
    /// 0: the whole value.
    pub(super) count: usize,
    /// In units.
    pub(super) size: u32,
    pub(super) no_match: u32,
    pub(super) by_score: bool,
    /// Phrases may be cut.
    pub(super) simple: bool,
    pub(super) style: Style,
}

/// One fragment of a marked text, by bytes.
struct Fragment {
    from: usize,
    to: usize,
    score: f32,
}

impl Plain {
    /// The fragments of a field's values.
    pub(super) fn highlight(&self, values: &[String], marks: &Marks) -> Vec<String> {
        let most = self.count.max(1);
        let mut found: Vec<(f32, String)> = Vec::new();
        for value in values {
            let text = Text::new(value.clone());
            let mut marking = Marking::new(self, &text, marks);
            marking.run();
            found.extend(marking.best(most));
        }
        if self.by_score {
            found.sort_by(|a, b| b.0.total_cmp(&a.0));
        }
        if self.count > 0 || values.len() < 2 {
            found.truncate(most);
        }
        if found.is_empty() && self.no_match > 0 {
            return values.first().and_then(|value| self.beginning(value)).into_iter().collect();
        }
        found.into_iter().map(|(_, fragment)| fragment).collect()
    }

    /// The beginning of a value, to the last word that fits.
    fn beginning(&self, value: &str) -> Option<String> {
        let text = Text::new(value.to_owned());
        let mut end = None;
        for token in self.analysis.analyzer.tokens(value) {
            if token.end_offset >= self.no_match {
                end = if token.end_offset == self.no_match { Some(self.no_match) } else { end };
                break;
            }
            end = Some(token.end_offset);
        }
        end.filter(|end| *end > 0).map(|end| text.slice(0, end).to_owned())
    }
}

/// One value on its way to fragments.
struct Marking<'a> {
    plain: &'a Plain,
    text: &'a Text,
    marks: &'a Marks,
    tokens: Vec<Token>,
    /// The kind of each token that is sought.
    kinds: Vec<Option<usize>>,
    words: Words,
    /// Of each kind that only phrases seek: where they occur, first and last position.
    spans: Vec<Vec<(u32, u32)>>,
    marked: String,
    fragments: Vec<Fragment>,
    /// Kinds already counted in this fragment.
    counted: BTreeSet<usize>,
    score: f32,
    /// Of the original, as far as it is written.
    written: u32,
}

/// Words that overlap.
#[derive(Default)]
struct Group {
    words: usize,
    start: u32,
    end: u32,
    /// What of it is marked.
    matched: (u32, u32),
    score: f32,
}

impl<'a> Marking<'a> {
    fn new(plain: &'a Plain, text: &'a Text, marks: &'a Marks) -> Self {
        let mut words = Words::default();
        words.add(text.as_str(), (0, 0), &plain.analysis, marks);
        let mut spans: Vec<Vec<(u32, u32)>> = words.kinds.iter().map(|_| Vec::new()).collect();
        words.phrases(marks, &mut |_, places| {
            let positions = || places.iter().map(|place| place.position);
            let (Some(first), Some(last)) = (positions().min(), positions().max()) else { return };
            for word in places.iter().filter_map(|place| words.words.get(place.token)) {
                spans[word.kind].push((first, last));
            }
        });
        let tokens = plain.analysis.analyzer.tokens(text.as_str());
        let kinds = tokens.iter().map(|token| words.kind(&token.text, marks)).collect();
        Self {
            plain,
            text,
            marks,
            tokens,
            kinds,
            words,
            spans,
            marked: String::new(),
            fragments: Vec::new(),
            counted: BTreeSet::new(),
            score: 0.0,
            written: 0,
        }
    }

    fn run(&mut self) {
        let mut cutter = Cutter { position: -1, wait: None, sizes: 1 };
        let mut group = Group::default();
        let mut begin = 0;
        for at in 0..self.tokens.len() {
            let (start, end) = (self.tokens[at].start_offset, self.tokens[at].end_offset);
            if group.words > 0 && start >= group.end {
                self.write(&group);
                group = Group::default();
                if self.cut(&mut cutter, at) {
                    self.fragments.push(Fragment { from: begin, to: self.marked.len(), score: self.score });
                    begin = self.marked.len();
                    self.counted.clear();
                    self.score = 0.0;
                }
            }
            let score = self.score_of(at);
            group.add(start, end, score);
        }
        if group.words > 0 {
            self.write(&group);
        }
        let rest = self.text.slice(self.written, self.text.len());
        self.plain.style.plain(&mut self.marked, rest);
        self.fragments.push(Fragment { from: begin, to: self.marked.len(), score: self.score });
    }

    fn write(&mut self, group: &Group) {
        let (start, end) = group.matched;
        if start > self.written {
            self.plain.style.plain(&mut self.marked, self.text.slice(self.written, start));
        }
        let text = self.text.slice(start, end);
        if group.score > 0.0 {
            self.plain.style.marked(&mut self.marked, text);
        } else {
            self.plain.style.plain(&mut self.marked, text);
        }
        self.written = self.written.max(end);
    }

    /// What a word adds to its group; the first of its kind in a fragment adds it to the fragment, too.
    fn score_of(&mut self, token: usize) -> f32 {
        let Some(kind) = self.kinds[token] else { return 0.0 };
        let Some(shared) = self.words.kinds.get(kind) else { return 0.0 };
        let position = self.tokens[token].position;
        let pattern = shared.patterns.first().and_then(|at| self.marks.patterns.get(*at)).map(|(_, boost)| *boost);
        let in_phrase = self.spans.get(kind).into_iter().flatten().any(|(from, to)| (*from..=*to).contains(&position));
        let phrase = shared.clauses.first().filter(|_| in_phrase).and_then(|(at, _)| self.marks.phrases.get(*at));
        let Some(score) = shared.term.or(pattern).or(phrase.map(|phrase| phrase.boost)) else { return 0.0 };
        if self.counted.insert(kind) {
            self.score += score;
        }
        score
    }

    /// Whether a fragment begins at this word.
    fn cut(&self, cutter: &mut Cutter, at: usize) -> bool {
        let plain = self.plain;
        if plain.count == 0 {
            return false;
        }
        let token = &self.tokens[at];
        if !plain.simple {
            let before =
                at.checked_sub(1).and_then(|before| self.tokens.get(before)).map_or(-1, |b| i64::from(b.position));
            cutter.position += i64::from(token.position) - before;
            match cutter.wait {
                Some(until) if until > cutter.position => return false,
                _ => cutter.wait = None,
            }
            let spans = self.kinds[at].and_then(|kind| self.spans.get(kind)).into_iter().flatten();
            let here = spans.into_iter().find(|(from, _)| i64::from(*from) == cutter.position);
            cutter.wait = here.map(|(_, to)| i64::from(*to) + 1);
        }
        let full = token.end_offset >= plain.size.saturating_mul(cutter.sizes);
        let rest = plain.simple || self.text.len().saturating_sub(token.end_offset) >= plain.size >> 1;
        if full && rest {
            cutter.sizes += 1;
        }
        full && rest
    }

    /// The best fragments that have any of the query's words, best first.
    fn best(mut self, most: usize) -> Vec<(f32, String)> {
        self.fragments.sort_by(|a, b| b.score.total_cmp(&a.score));
        self.fragments.truncate(most);
        let marked = &self.marked;
        let fragments = self.fragments.iter().filter(|fragment| fragment.score > 0.0);
        fragments.map(|fragment| (fragment.score, marked[fragment.from..fragment.to].to_owned())).collect()
    }
}

/// Where the fragmenter is; its positions are counted from the second word, as the original's are.
struct Cutter {
    position: i64,
    /// No cut before this position.
    wait: Option<i64>,
    sizes: u32,
}

impl Group {
    fn add(&mut self, start: u32, end: u32, score: f32) {
        if self.words >= GROUP {
            return;
        }
        if self.words == 0 {
            *self = Self { words: 0, start, end, matched: (start, end), score };
        } else {
            self.start = self.start.min(start);
            self.end = self.end.max(end);
            if score > 0.0 {
                let (from, to) = self.matched;
                self.matched = if self.score == 0.0 { (start, end) } else { (from.min(start), to.max(end)) };
                self.score += score;
            }
        }
        self.words += 1;
    }
}
