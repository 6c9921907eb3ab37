//! `synonym` and `synonym_graph`: terms and phrases with the same meaning.
//!
//! Rules are read with the chain that comes before the filter, so that they are written as users write. The longest phrase wins and
//! matches do not overlap. `synonym` puts the words of a phrase beside the tokens that follow, as they come (what an index can hold);
//! `synonym_graph` gives each phrase a path of its own (what a query needs).

use std::collections::BTreeMap;

use super::synonym_rules::Entry;
use crate::stream::{Piece, Stream, StreamFilter, Term};
use crate::token::TokenKind;

/// Either filter over rules that are already read.
pub(crate) struct Synonyms {
    /// By first word, the phrases that begin with it, longest first.
    phrases: BTreeMap<String, Vec<(Vec<String>, Entry)>>,
    graph: bool,
}

/// What a place in the input became.
enum Place<'a> {
    Plain,
    Match { length: usize, entry: &'a Entry },
}

impl Synonyms {
    pub(crate) fn new(entries: BTreeMap<Vec<String>, Entry>, graph: bool) -> Self {
        let mut phrases: BTreeMap<String, Vec<(Vec<String>, Entry)>> = BTreeMap::new();
        for (phrase, entry) in entries {
            if let Some(first) = phrase.first() {
                phrases.entry(first.clone()).or_default().push((phrase, entry));
            }
        }
        for list in phrases.values_mut() {
            list.sort_by_key(|(phrase, _)| std::cmp::Reverse(phrase.len()));
        }
        Synonyms { phrases, graph }
    }

    fn find(&self, pieces: &[Piece]) -> Place<'_> {
        let candidates = pieces.first().and_then(|piece| self.phrases.get(&piece.term.text));
        let matches = |phrase: &[String]| {
            phrase.len() <= pieces.len() && phrase.iter().zip(pieces).all(|(word, piece)| *word == piece.term.text)
        };
        match candidates.and_then(|list| list.iter().find(|(phrase, _)| matches(phrase))) {
            Some((phrase, entry)) => Place::Match { length: phrase.len(), entry },
            None => Place::Plain,
        }
    }
}

impl StreamFilter for Synonyms {
    fn apply(&self, stream: Stream) -> Stream {
        let pieces = if self.graph { self.graph(&stream.pieces) } else { self.flat(&stream.pieces) };
        Stream { pieces, ..stream }
    }
}

/// A synonym waiting for its slot.
struct Waiting {
    text: String,
    /// `None`: that of the token in its slot.
    end: Option<usize>,
    length: u32,
}

impl Synonyms {
    /// The filter `synonym`: word k of an output goes to the slot of the k-th token from the match on.
    fn flat(&self, input: &[Piece]) -> Vec<Piece> {
        let mut slots: Vec<Vec<Waiting>> = Vec::new();
        slots.resize_with(input.len(), Vec::new);
        let mut shown = vec![true; input.len()];
        let mut at = 0;
        while at < input.len() {
            let Place::Match { length, entry } = self.find(&input[at..]) else {
                at += 1;
                continue;
            };
            for output in &entry.outputs {
                for (word, slot) in output.iter().zip(at..) {
                    if slot >= slots.len() {
                        slots.push(Vec::new());
                    }
                    let whole = output.len() == 1;
                    let span = if whole && entry.keep_original { length as u32 } else { 1 };
                    let end = whole.then(|| input[at + length - 1].end);
                    slots[slot].push(Waiting { text: word.clone(), end, length: span });
                }
            }
            shown[at..at + length].fill(entry.keep_original);
            at += length;
        }
        let Some(last) = input.last() else { return Vec::new() };
        let mut out = Vec::with_capacity(input.len());
        for (slot, waiting) in slots.into_iter().enumerate() {
            let token = input.get(slot);
            let mut increment = 1;
            if let Some(token) = token.filter(|_| shown[slot]) {
                out.push(token.clone());
                increment = 0;
            }
            let place = token.unwrap_or(last);
            for synonym in waiting {
                out.push(Piece {
                    term: synonym_term(synonym.text),
                    start: place.start,
                    end: synonym.end.unwrap_or(place.end),
                    increment,
                    length: synonym.length,
                });
                increment = 0;
            }
        }
        out
    }

    /// The filter `synonym_graph`: every output is a path of its own between the two ends of the match.
    fn graph(&self, input: &[Piece]) -> Vec<Piece> {
        let mut out = Vec::with_capacity(input.len());
        let mut at = 0;
        while at < input.len() {
            match self.find(&input[at..]) {
                Place::Plain => {
                    out.push(input[at].clone());
                    at += 1;
                }
                Place::Match { length, entry } => {
                    add_paths(entry, &input[at..at + length], &mut out);
                    at += length;
                }
            }
        }
        out
    }
}

/// Adds the paths of one match. Nodes are numbered path by path, the common last node highest; tokens come first words first, then path by path.
fn add_paths(entry: &Entry, matched: &[Piece], out: &mut Vec<Piece>) {
    let (Some(first), Some(last)) = (matched.first(), matched.last()) else { return };
    let mut paths: Vec<Vec<Piece>> = Vec::new();
    for output in &entry.outputs {
        let word = |text: &String| Piece {
            term: synonym_term(text.clone()),
            start: first.start,
            end: last.end,
            increment: 0,
            length: 1,
        };
        paths.push(output.iter().map(word).collect());
    }
    if entry.keep_original {
        paths.push(matched.to_vec());
    }
    let inner: usize = paths.iter().map(|path| path.len().saturating_sub(1)).sum();
    let end = inner + 1;
    // (from node, token); node 0 is the beginning of the match.
    let mut heads: Vec<(usize, Piece)> = Vec::new();
    let mut tails: Vec<(usize, Piece)> = Vec::new();
    let mut used = 0;
    for path in paths {
        let last_word = path.len().saturating_sub(1);
        for (word, mut piece) in path.into_iter().enumerate() {
            let from = if word == 0 { 0 } else { used + word };
            let to = if word == last_word { end } else { used + word + 1 };
            piece.length = u32::try_from(to - from).unwrap_or(u32::MAX);
            if word == 0 { heads.push((from, piece)) } else { tails.push((from, piece)) }
        }
        used += last_word;
    }
    let mut node = None;
    for (from, mut piece) in heads.into_iter().chain(tails) {
        piece.increment = match node {
            None => 1,
            Some(before) => u32::try_from(from - before).unwrap_or(u32::MAX),
        };
        node = Some(from);
        out.push(piece);
    }
}

fn synonym_term(text: String) -> Term {
    Term { text, kind: TokenKind::Synonym, keyword: false }
}
