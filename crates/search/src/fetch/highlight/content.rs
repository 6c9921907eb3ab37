//! The values of a field, analysed, with the words that a query seeks.

use std::collections::HashMap;

use analysis::Analyzer;

use super::marks::{Marks, PhraseMark};
use super::spans::{Clauses, Place};
use super::text::Text;

/// Stands between values: counted in lengths, part of no fragment.
const SEPARATOR: char = '\0';

/// How the values of a field are cut into words.
#[derive(Clone, Debug)]
pub(super) struct Analysis {
    pub(super) analyzer: Analyzer,
    /// Positions between two values.
    pub(super) gap: u32,
    /// Words that begin behind this unit of a value are not looked at.
    pub(super) limit: u32,
}

/// A field's values as one content.
pub(super) struct Content {
    pub(super) values: Vec<Part>,
    /// Units, separators included.
    pub(super) length: u32,
}

/// One value, and the unit of the content at which it begins.
pub(super) struct Part {
    pub(super) base: u32,
    pub(super) text: Text,
}

/// A word of a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word {
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) position: u32,
    /// Index of its kind.
    pub(super) kind: usize,
}

/// What all equal words share.
#[derive(Debug, Default)]
pub(super) struct Kind {
    pub(super) text: String,
    /// How often it occurs.
    pub(super) count: u32,
    /// The factor of the term that it is.
    pub(super) term: Option<f32>,
    /// The patterns that accept it.
    pub(super) patterns: Vec<usize>,
    /// The clauses of phrases that accept it: phrase, clause.
    pub(super) clauses: Vec<(usize, usize)>,
}

/// The words of a content that a query may seek.
#[derive(Default)]
pub(super) struct Words {
    pub(super) words: Vec<Word>,
    pub(super) kinds: Vec<Kind>,
    by_text: HashMap<String, Option<usize>>,
}

impl Content {
    pub(super) fn new(values: &[String]) -> Self {
        let mut base = 0;
        let mut parts = Vec::new();
        for value in values.iter().flat_map(|value| value.split(SEPARATOR)) {
            let text = Text::new(value.to_owned());
            let length = text.len();
            parts.push(Part { base, text });
            base += length + 1;
        }
        Self { values: parts, length: base.saturating_sub(1) }
    }

    /// The words that `marks` may mark, in order, with offsets in the content.
    pub(super) fn words(&self, analysis: &Analysis, marks: &Marks) -> Words {
        let mut words = Words::default();
        let mut position = 0;
        for part in &self.values {
            position = words.add(part.text.as_str(), (part.base, position), analysis, marks);
        }
        words
    }
}

impl Words {
    /// Adds the words of a text that begins at a unit and a position; returns the position at which the next text begins.
    pub(super) fn add(&mut self, text: &str, begin: (u32, u32), analysis: &Analysis, marks: &Marks) -> u32 {
        let analyzed = analysis.analyzer.analyze(text);
        for token in &analyzed.tokens {
            if token.start_offset > analysis.limit {
                break;
            }
            if let Some(kind) = self.kind(&token.text, marks) {
                self.kinds[kind].count += 1;
                let (start, end) = (begin.0 + token.start_offset, begin.0 + token.end_offset);
                self.words.push(Word { start, end, position: begin.1.saturating_add(token.position), kind });
            }
        }
        begin.1.saturating_add(analyzed.positions).saturating_add(analysis.gap)
    }

    /// The kind of a word that is sought.
    pub(super) fn kind(&mut self, text: &str, marks: &Marks) -> Option<usize> {
        if let Some(known) = self.by_text.get(text) {
            return *known;
        }
        let kind = Kind::of(text, marks);
        let sought = kind.term.is_some() || !kind.patterns.is_empty() || !kind.clauses.is_empty();
        let at = sought.then_some(self.kinds.len());
        if sought {
            self.kinds.push(kind);
        }
        self.by_text.insert(text.to_owned(), at);
        at
    }

    /// Calls `visit` with the number of a phrase and the words of each place where it occurs.
    pub(super) fn phrases(&self, marks: &Marks, visit: &mut dyn FnMut(usize, &[Place])) {
        let clauses = |phrase: &PhraseMark| Clauses::new(phrase.clauses.len(), marks.phrases.len());
        let mut places: Vec<Clauses> = marks.phrases.iter().map(clauses).collect();
        for (token, word) in self.words.iter().enumerate() {
            for (phrase, clause) in &self.kinds[word.kind].clauses {
                places[*phrase].add(*clause, Place { position: word.position, token });
            }
        }
        for (number, (phrase, places)) in marks.phrases.iter().zip(&places).enumerate() {
            places.stretches(&phrase.spans, &mut |places| visit(number, places));
        }
    }
}

impl Kind {
    fn of(text: &str, marks: &Marks) -> Self {
        let term = text.as_bytes();
        let numbered = |accepts: bool, at: usize| accepts.then_some(at);
        let patterns = marks.patterns.iter().enumerate();
        let clauses = marks.phrases.iter().enumerate().flat_map(|(phrase, mark)| {
            let clauses = mark.clauses.iter().enumerate();
            clauses.filter_map(move |(at, clause)| clause.accepts(term).then_some((phrase, at)))
        });
        Self {
            text: text.to_owned(),
            count: 0,
            term: marks.term(term),
            patterns: patterns.filter_map(|(at, (accepted, _))| numbered(accepted.accepts(term), at)).collect(),
            clauses: clauses.collect(),
        }
    }
}
