//! What a query seeks, in its order, and the tree of words that it is for one text.
//!
//! A rule (a prefix, a pattern, a range) stands for the words of the text that it accepts, which share one number.

use std::collections::{BTreeMap, BTreeSet};

use model::error::Error;

use super::super::leaves::leaves;
use super::super::marks::{Accepted, Clause, Matchers, clauses, ruled};
use super::phrases::{Slot, Words};
use crate::bound::{BoundKind, BoundQuery, FieldName, Phrase, TermBytes};
use crate::span::BoundSpan;

/// Phrases with more words than this at all of their places are sought word by word.
const MOST_WORDS: usize = 16;

/// What a query seeks in all fields, because numbers are given over all of them.
#[derive(Default)]
pub(in super::super) struct Sought {
    parts: Vec<Part>,
}

struct Part {
    field: FieldName,
    boost: f32,
    kind: Kind,
}

enum Kind {
    Word(TermBytes),
    Rule(Accepted),
    Phrase(Vec<Clause>, u32),
}

impl Sought {
    /// # Errors
    /// As `matchers` makes them.
    pub(in super::super) fn new(query: &BoundQuery, matchers: Matchers<'_>) -> Result<Self, Error> {
        let mut sought = Self::default();
        leaves(query, 1.0, &mut |leaf, boost| sought.leaf(leaf, boost, matchers))?;
        Ok(sought)
    }

    fn leaf(&mut self, leaf: &BoundKind, boost: f32, matchers: Matchers<'_>) -> Result<(), Error> {
        match leaf {
            BoundKind::Term(field, term) => self.word(field, term, boost),
            BoundKind::Synonyms(field, terms) => terms.iter().for_each(|term| self.word(field, term, boost)),
            BoundKind::Blended { terms, .. } => {
                terms.iter().for_each(|(field, term, factor)| self.word(field, term, boost * factor));
            }
            BoundKind::ByFrequency(common) => {
                common.terms.iter().for_each(|term| self.word(&common.field, term, boost));
            }
            BoundKind::Phrase(phrase) => self.phrase(phrase, boost),
            // Of spans and intervals nothing but a word that is alone is looked for.
            BoundKind::Spans(spans) => {
                if let BoundSpan::Term(field, term) = &spans.span {
                    self.word(field, term, boost);
                }
            }
            rule => {
                if let (Some(field), Some(accepted)) = (ruled(rule), Accepted::of(rule, matchers)?) {
                    self.parts.push(Part { field: field.clone(), boost, kind: Kind::Rule(accepted) });
                }
            }
        }
        Ok(())
    }

    fn word(&mut self, field: &FieldName, term: &TermBytes, boost: f32) {
        self.parts.push(Part { field: field.clone(), boost, kind: Kind::Word(term.clone()) });
    }

    fn phrase(&mut self, phrase: &Phrase, boost: f32) {
        let mut clauses = clauses(phrase);
        if clauses.len() > 1 {
            self.parts.push(Part { field: phrase.field.clone(), boost, kind: Kind::Phrase(clauses, phrase.slop) });
            return;
        }
        let Some(only) = clauses.pop() else { return };
        if only.prefix {
            let kind = Kind::Rule(Accepted::Prefix(only.terms));
            self.parts.push(Part { field: phrase.field.clone(), boost, kind });
        } else {
            only.terms.iter().for_each(|term| self.word(&phrase.field, term, boost));
        }
    }
}

/// Words that follow each other, or one.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
struct Run<'a> {
    field: &'a str,
    words: Vec<String>,
    slop: u32,
    boost: f32,
    /// Of one rule: none takes a number of its own.
    rule: Option<usize>,
}

/// The words that may follow, and what ends here.
#[derive(Debug, Default)]
pub(super) struct Node {
    end: Option<End>,
    next: BTreeMap<String, Node>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    slop: u32,
    pub(super) boost: f32,
    pub(super) number: usize,
}

/// What is sought in one text.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) root: Node,
    /// All words of it: others are not even read.
    pub(super) words: BTreeSet<String>,
}

impl Tree {
    /// What `sought` seeks in `field` (`None`: anywhere) in a text of these words.
    pub(super) fn new(sought: &Sought, field: Option<&str>, words: &Words) -> Self {
        let mut runs: Vec<Run<'_>> = Vec::new();
        for (number, part) in sought.parts.iter().enumerate() {
            let here = field.is_none_or(|field| *field == *part.field);
            for run in part.runs(number, words.distinct.iter().filter(|_| here)) {
                if !runs.contains(&run) {
                    runs.push(run);
                }
            }
        }
        let here = |run: &Run<'_>| field.is_none_or(|field| field == run.field);
        let words = runs.iter().filter(|run| here(run)).flat_map(|run| run.words.iter().cloned()).collect();
        let mut tree = Self { root: Node::default(), words };
        let (mut number, mut rule) = (0, None);
        for run in with_overlaps(runs, field.is_some()) {
            if number > 0 && run.rule.is_some() && run.rule == rule {
                number -= 1;
            }
            rule = run.rule;
            if here(&run) {
                tree.root.add(&run, number);
            }
            number += 1;
        }
        tree
    }
}

impl Part {
    /// What the part is in a text of these words; a rule that accepts none of them is one run without words, so that it keeps its number.
    fn runs<'a, 'w>(&'a self, rule: usize, text: impl Iterator<Item = &'w String> + Clone) -> Vec<Run<'a>> {
        let run = |words: Vec<String>, slop: u32, rule: Option<usize>| Run {
            field: &self.field,
            words,
            slop,
            boost: self.boost,
            rule,
        };
        match &self.kind {
            Kind::Word(term) => vec![run(vec![word(term)], 0, None)],
            Kind::Rule(accepted) => {
                let accepted = text.filter(|word| accepted.accepts(word.as_bytes()));
                let runs: Vec<_> = accepted.map(|word| run(vec![word.clone()], 0, Some(rule))).collect();
                if runs.is_empty() { vec![run(Vec::new(), 0, Some(rule))] } else { runs }
            }
            Kind::Phrase(clauses, slop) => {
                let choices = clauses.iter().map(|clause| clause.words(text.clone())).collect::<Vec<Vec<String>>>();
                if choices.iter().map(Vec::len).sum::<usize>() > MOST_WORDS {
                    return choices.concat().into_iter().map(|word| run(vec![word], 0, None)).collect();
                }
                let mut ways = vec![Vec::new()];
                for choice in &choices {
                    let longer = |way: &Vec<String>| {
                        choice.iter().map(|word| [&way[..], std::slice::from_ref(word)].concat()).collect::<Vec<_>>()
                    };
                    ways = ways.iter().flat_map(longer).collect();
                }
                ways.into_iter().map(|way| run(way, *slop, None)).collect()
            }
        }
    }
}

fn word(term: &[u8]) -> String {
    String::from_utf8_lossy(term).into_owned()
}

impl Clause {
    /// The words that the clause may be in a text of these.
    fn words<'w>(&self, text: impl Iterator<Item = &'w String>) -> Vec<String> {
        if self.prefix {
            let begins = |word: &str| self.terms.iter().any(|prefix| word.as_bytes().starts_with(prefix));
            text.filter(|word| begins(word)).cloned().collect()
        } else {
            self.terms.iter().map(|term| word(term)).collect()
        }
    }
}

/// The runs, and behind each the longer phrases that it makes with phrases behind it that begin as it ends.
fn with_overlaps(runs: Vec<Run<'_>>, same_field: bool) -> Vec<Run<'_>> {
    let mut all: Vec<Run<'_>> = Vec::with_capacity(runs.len());
    for (at, run) in runs.iter().enumerate() {
        if !all.contains(run) {
            all.push(run.clone());
        }
        let others = runs.iter().skip(at + 1);
        for other in others.filter(|other| run.words.len() > 1 && other.words.len() > 1 && run.slop == other.slop) {
            if same_field && run.field != other.field {
                continue;
            }
            for (first, second) in [(run, other), (other, run)] {
                for longer in overlaps(first, second) {
                    if !all.contains(&longer) {
                        all.push(longer);
                    }
                }
            }
        }
    }
    all
}

fn overlaps<'a>(first: &Run<'a>, second: &Run<'a>) -> Vec<Run<'a>> {
    let ways = (1..first.words.len()).filter(|from| {
        let shared = first.words.len() - from;
        shared < second.words.len() && first.words.get(*from..) == second.words.get(..shared)
    });
    let longer = |from: usize| {
        let rest = second.words.get(first.words.len() - from..).unwrap_or_default();
        Run { words: [&first.words[..], rest].concat(), rule: None, ..first.clone() }
    };
    ways.map(longer).collect()
}

impl Node {
    fn add(&mut self, run: &Run<'_>, number: usize) {
        if run.words.is_empty() {
            return;
        }
        let mut node = self;
        for word in &run.words {
            node = node.next.entry(word.clone()).or_default();
        }
        node.end = Some(End { slop: run.slop, boost: run.boost, number });
    }

    pub(super) fn next(&self, word: &str) -> Option<&Self> {
        self.next.get(word)
    }

    /// What ends here, when the words that led here are near enough to each other.
    pub(super) fn end(&self, path: &[Slot], words: &Words) -> Option<End> {
        let end = self.end?;
        let position = |slot: &Slot| i64::from(words.position(*slot));
        let apart = |pair: &[Slot]| match pair {
            [one, next] => (position(next) - position(one) - 1).unsigned_abs(),
            _ => 0,
        };
        path.windows(2).all(|pair| apart(pair) <= u64::from(end.slop)).then_some(end)
    }

    /// What ends behind these words.
    pub(super) fn end_of(&self, path: &[Slot], words: &Words) -> Option<End> {
        let mut node = self;
        for slot in path {
            node = node.next(words.text(*slot))?;
        }
        node.end(path, words)
    }
}
