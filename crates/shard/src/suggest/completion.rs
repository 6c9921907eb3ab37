//! Completions of one shard: the inputs that go on from something, best first.

use std::collections::BTreeSet;
use std::ops::{Bound, RangeBounds};
use std::sync::Arc;

use search::bound::Pattern;
use search::suggest::contexts::{self, Wanted};
use search::suggest::{Complete, CompleteFrom, Completed, best_completions};

use super::{each_segment, walk};
use crate::compile::automaton::FuzzyTables;
use crate::compile::pattern::{Accepted, prefix_end};
use crate::execute::Watch;
use crate::fields::meta;
use crate::reader::{Reader, SegmentView};
use crate::score::Outcome;
use crate::segment::{TermAutomaton, TermEntry, TermRange, Terms};

/// What an input of a completion field is kept as: its words, this, itself, this, its weight in four bytes.
pub(crate) const END: u8 = 0;
/// Where inputs have contexts, each term begins with the number of the context, from 1 on, its text, and this.
pub(crate) const CONTEXT_END: u8 = 0x1d;
/// Inputs that are held at a time, for each that is wanted.
const HELD: usize = 64;

/// The parts of a term of a completion field: its words, the input, the weight.
fn parts(term: &[u8]) -> Option<(&[u8], &str, u32)> {
    let (rest, weight) = term.split_last_chunk::<4>()?;
    let words = rest.iter().position(|&byte| byte == END)?;
    let input = rest.get(words + 1..)?.strip_suffix(&[END])?;
    Some((&rest[..words], std::str::from_utf8(input).ok()?, u32::from_be_bytes(*weight)))
}

/// A term of a field with contexts: the number of its context, the context, and the term as it would be without.
fn context_of(term: &[u8]) -> Option<((u8, &str), &[u8])> {
    let (number, rest) = term.split_first()?;
    let end = rest.iter().position(|&byte| byte == CONTEXT_END)?;
    Some(((number.checked_sub(1)?, std::str::from_utf8(&rest[..end]).ok()?), &rest[end + 1..]))
}

/// What inputs must be.
struct Sought {
    accepted: Accepted,
    automaton: Beginning,
    /// The same without the help of a stretch of the dictionary.
    within: Beginning,
    /// Of a fuzzy prefix: what scores by how much of it is met.
    near: Option<String>,
}

fn sought(from: &CompleteFrom, tables: &FuzzyTables) -> Outcome<Sought> {
    let pattern = match from {
        CompleteFrom::Prefix(prefix) => Pattern::Prefix { prefix: prefix.clone(), case_insensitive: false },
        CompleteFrom::Fuzzy { text, edits, transpositions, prefix_length } => Pattern::Fuzzy {
            text: text.clone(),
            edits: *edits,
            prefix_length: *prefix_length,
            max_expansions: 0,
            transpositions: *transpositions,
        },
        CompleteFrom::Regexp { pattern, flags, max_determinized_states } => Pattern::Regexp {
            pattern: pattern.clone(),
            flags: *flags,
            case_insensitive: false,
            max_determinized_states: *max_determinized_states,
        },
    };
    let accepted = Accepted::of(&pattern, tables)?;
    let automaton = Beginning(accepted.shared_automaton());
    let within = match from {
        CompleteFrom::Prefix(prefix) => Beginning(Arc::new(Literal(prefix.clone().into_bytes()))),
        _ => Beginning(accepted.shared_automaton()),
    };
    let near = if let CompleteFrom::Fuzzy { text, .. } = from { Some(text.clone()) } else { None };
    Ok(Sought { accepted, automaton, within, near })
}

/// An input that was found.
struct Found {
    score: f32,
    input: String,
    context: Option<(u8, String)>,
    entry: TermEntry,
}

impl Found {
    /// Best first.
    fn order(&self, other: &Self) -> std::cmp::Ordering {
        other
            .score
            .total_cmp(&self.score)
            .then_with(|| self.input.encode_utf16().cmp(other.input.encode_utf16()))
            .then_with(|| self.context.cmp(&other.context))
    }
}

pub(super) fn completions(
    reader: &Reader,
    ask: &Complete,
    index: &str,
    watch: &mut Watch<'_>,
) -> Outcome<Vec<Completed>> {
    let sought = sought(&ask.from, &reader.fuzzy)?;
    let size = ask.size as usize;
    let mut best: Vec<Completed> = Vec::new();
    each_segment(reader, &ask.field, &mut |view, terms| {
        let mut found = Vec::new();
        if ask.contexts.is_empty() {
            walk(&**terms, (sought.accepted.range(), &sought.automaton), watch, &mut |term, entry| {
                sought.keep(None, (term, entry), size, &mut found);
                true
            })?;
        }
        for (at, wanted) in ask.contexts.iter().enumerate() {
            let within = Within::new(wanted, &sought.within);
            walk(&**terms, (within.range(), &within), watch, &mut |term, entry| {
                let Some(((number, context), term)) = context_of(term) else { return true };
                // What several ask for is found by the first of them.
                if sought.begins(term) && !ask.contexts[..at].iter().any(|before| before.means(number, context)) {
                    let boost = contexts::boost(&ask.contexts, number, context);
                    sought.keep(Some((number, context, boost)), (term, entry), size, &mut found);
                }
                true
            })?;
        }
        found.sort_by(Found::order);
        pour(view, &**terms, found, (index, ask), &mut best)
    })?;
    Ok(best_completions(best, size, ask.skip_duplicates))
}

impl Sought {
    /// Whether a term, without its context, lies where terms are that are accepted.
    fn begins(&self, term: &[u8]) -> bool {
        RangeBounds::<[u8]>::contains(&self.accepted.range(), term)
    }

    /// Keeps what a term says, if it is among the best. `context`: its number, its text and its boost.
    fn keep(
        &self,
        context: Option<(u8, &str, u32)>,
        (term, entry): (&[u8], TermEntry),
        size: usize,
        found: &mut Vec<Found>,
    ) {
        let Some((words, input, weight)) = parts(term).filter(|(words, ..)| !words.is_empty()) else { return };
        let boost = context.map_or(0, |(_, _, boost)| boost);
        let met = self.near.as_deref().map_or(0, |near| {
            let begins = &words[..self.automaton.least(words)];
            near.bytes().zip(begins).take_while(|(a, b)| a == *b).count()
        });
        let score = score((weight, boost), met);
        let context = context.map(|(number, text, _)| (number, text.to_owned()));
        found.push(Found { score, input: input.to_owned(), context, entry });
        if found.len() >= size.max(16) * HELD {
            found.sort_by(Found::order);
            found.truncate(size.max(16) * HELD / 2);
        }
    }
}

/// Adds the living documents of the best inputs of one segment.
fn pour(
    view: &SegmentView,
    terms: &dyn Terms,
    found: Vec<Found>,
    (index, ask): (&str, &Complete),
    best: &mut Vec<Completed>,
) -> Outcome<()> {
    let Some(ids) = view.segment.strings(meta::ID)? else { return Ok(()) };
    let (mut mine, mut id, mut docs): (Vec<Completed>, Vec<u8>, Vec<u32>) = (Vec::new(), Vec::new(), Vec::new());
    for Found { score, input, context, entry } in found {
        docs.clear();
        terms.docs(&entry, &mut docs)?;
        for doc in docs.iter().filter(|doc| view.is_alive(**doc)) {
            if let Some(ord) = ids.first(*doc) {
                ids.value(ord, &mut id)?;
                let id = String::from_utf8_lossy(&id).into_owned();
                let contexts = context.clone().into_iter().collect::<BTreeSet<_>>();
                mine.push(Completed { input: input.clone(), score, index: index.to_owned(), id, contexts });
            }
        }
        if mine.len() >= (ask.size as usize).max(16) * HELD {
            mine = best_completions(mine, ask.size as usize, ask.skip_duplicates);
        }
        if !ask.skip_duplicates && mine.len() > ask.size as usize * HELD {
            break;
        }
    }
    best.append(&mut mine);
    *best = best_completions(std::mem::take(best), ask.size as usize, ask.skip_duplicates);
    Ok(())
}

/// The weight times what its context and, of a fuzzy prefix, the number of its characters that the input begins with (`met`) say together.
fn score((weight, boost): (u32, u32), met: usize) -> f32 {
    match (met as f32 + boost as f32, weight) {
        (0.0, weight) => weight as f32,
        (boost, 0) => boost,
        (boost, weight) => weight as f32 * boost,
    }
}

/// One text.
struct Literal(Vec<u8>);

impl TermAutomaton for Literal {
    fn step(&self, state: u32, byte: u8) -> u32 {
        if self.0.get(state as usize) == Some(&byte) { state + 1 } else { LOST }
    }

    fn is_match(&self, state: u32) -> bool {
        state as usize == self.0.len()
    }

    fn can_match(&self, state: u32) -> bool {
        state != LOST
    }
}

/// Terms whose words begin with something that the inner automaton accepts.
struct Beginning(Arc<dyn TermAutomaton>);

const MET: u32 = u32::MAX;
const LOST: u32 = u32::MAX - 1;
/// Where every automaton begins.
const START: u32 = 0;

impl Beginning {
    /// How much of some words is accepted, at least.
    fn least(&self, words: &[u8]) -> usize {
        if self.0.is_match(START) {
            return 0;
        }
        let mut state = START;
        let met = |byte: &u8| {
            state = self.step(state, *byte);
            state == MET
        };
        words.iter().position(met).map_or(words.len(), |at| at + 1)
    }
}

impl TermAutomaton for Beginning {
    fn step(&self, state: u32, byte: u8) -> u32 {
        match state {
            MET | LOST => state,
            state if self.0.is_match(state) => MET,
            _ if byte == END => LOST,
            state => {
                let next = self.0.step(state, byte);
                if self.0.is_match(next) { MET } else { next }
            }
        }
    }

    fn is_match(&self, state: u32) -> bool {
        state == MET || (state != LOST && self.0.is_match(state))
    }

    fn can_match(&self, state: u32) -> bool {
        state == MET || (state != LOST && self.0.can_match(state))
    }
}

/// Terms of inputs of one context whose words begin with something that the inner automaton accepts.
struct Within<'a> {
    /// What terms begin with.
    begin: Vec<u8>,
    end: Option<Vec<u8>>,
    /// `false`: the context goes on behind `begin`.
    whole: bool,
    inner: &'a Beginning,
}

impl<'a> Within<'a> {
    fn new(wanted: &Wanted, inner: &'a Beginning) -> Self {
        let mut begin = vec![wanted.number + 1];
        begin.extend_from_slice(wanted.text.as_bytes());
        if wanted.whole {
            begin.push(CONTEXT_END);
        }
        Self { end: prefix_end(&begin), begin, whole: wanted.whole, inner }
    }

    fn range(&self) -> TermRange<'_> {
        (Bound::Included(&self.begin), self.end.as_deref().map_or(Bound::Unbounded, Bound::Excluded))
    }

    /// States below are places in `begin`, and this one, if the context goes on, is in what is left of it.
    fn rest(&self) -> u32 {
        self.begin.len() as u32
    }

    /// The number of states that are not the inner automaton's.
    fn own(&self) -> u32 {
        self.rest() + u32::from(!self.whole)
    }

    fn outward(&self, inner: u32) -> u32 {
        if inner >= LOST { inner } else { inner + self.own() }
    }
}

impl TermAutomaton for Within<'_> {
    fn step(&self, state: u32, byte: u8) -> u32 {
        match state {
            MET | LOST => state,
            state if state < self.rest() => match (self.begin[state as usize] == byte, state + 1) {
                (false, _) => LOST,
                (true, next) if next == self.rest() && self.whole => self.outward(START),
                (true, next) => next,
            },
            state if state < self.own() => {
                if byte == CONTEXT_END {
                    self.outward(START)
                } else {
                    state
                }
            }
            state => self.outward(self.inner.step(state - self.own(), byte)),
        }
    }

    fn is_match(&self, state: u32) -> bool {
        state == MET || (state != LOST && state >= self.own() && self.inner.is_match(state - self.own()))
    }

    fn can_match(&self, state: u32) -> bool {
        state == MET || (state != LOST && (state < self.own() || self.inner.can_match(state - self.own())))
    }
}
