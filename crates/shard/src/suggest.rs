//! What a shard tells for suggestions: terms near a text, how often terms occur, inputs that go on from something.
//!
//! In: [`Ask`]s. Out: [`Told`], deleted documents counted as statistics count them. Not here: what is chosen of it (`search::suggest`).

use std::sync::Arc;

use levenshtein_automata::Distance;
use model::error::Error;
use search::bound::Pattern;
use search::suggest::{
    Ask, Complete, CompleteFrom, Completed, MAX_NEAR, Near, TermCount, Told, Totals, best_completions,
};

use crate::compile::automaton::{FuzzyAutomaton, FuzzyTables};
use crate::compile::pattern::Accepted;
use crate::execute::{Patience, Watch};
use crate::fields::meta;
use crate::reader::{Reader, SegmentView};
use crate::score::Outcome;
use crate::segment::{TermAutomaton, TermEntry, TermRange, Terms};

/// What an input of a completion field is kept as: its words, this, itself, this, its weight in four bytes.
pub(crate) const END: u8 = 0;
/// How often a walk looks whether it may go on.
const PATIENCE: u32 = 4096;
/// Inputs that are held at a time, for each that is wanted.
const HELD: usize = 64;

/// Answers one question.
///
/// # Errors
/// A pattern that does not read, `task_cancelled_exception`, and failures to read the segments.
pub fn tell(reader: &Reader, ask: &Ask, index: &str, patience: &dyn Patience) -> Result<Told, Error> {
    let mut watch = Watch::new(patience);
    Ok(match ask {
        Ask::Near { field, text, edits, prefix_length } => {
            Told::Near(near(reader, field, (text, *edits, *prefix_length), &mut watch)?)
        }
        Ask::Counts { field, terms } => Told::Counts(counts(reader, field, terms)?),
        Ask::Totals { field } => Told::Totals(totals(reader, field)?),
        Ask::Complete(complete) => Told::Complete(completions(reader, complete, index, &mut watch)?),
    })
}

fn count(entry: &TermEntry) -> TermCount {
    let statistics = entry.statistics;
    TermCount { doc_freq: statistics.doc_freq, total_term_freq: statistics.total_term_freq.max(statistics.doc_freq) }
}

/// Takes the terms of one segment.
type EachSegment<'e> = &'e mut dyn FnMut(&SegmentView, &Arc<dyn Terms>) -> Outcome<()>;

/// The terms of a field, segment by segment.
fn each_segment(reader: &Reader, field: &str, each: EachSegment<'_>) -> Outcome<()> {
    let Some(entry) = reader.fields.by_path(field) else { return Ok(()) };
    for view in reader.segments.iter() {
        if let Some(terms) = view.segment.terms(entry.slot)? {
            each(view, &terms)?;
        }
    }
    Ok(())
}

/// Walks the terms that `automaton` accepts until patience ends.
fn walk(
    terms: &dyn Terms,
    (range, automaton): (TermRange<'_>, &dyn TermAutomaton),
    watch: &mut Watch<'_>,
    visit: &mut dyn FnMut(&[u8], TermEntry) -> bool,
) -> Outcome<()> {
    let (mut seen, mut fault) = (0_u32, None);
    terms.walk(range, automaton, &mut |term, entry| {
        seen = seen.wrapping_add(1);
        if seen.is_multiple_of(PATIENCE) {
            match watch.go_on() {
                Ok(true) => {}
                Ok(false) => return false,
                Err(error) => {
                    fault = Some(error);
                    return false;
                }
            }
        }
        visit(term, entry)
    })?;
    fault.map_or(Ok(()), Err)
}

fn near(
    reader: &Reader,
    field: &str,
    (text, edits, prefix_length): (&str, u8, u32),
    watch: &mut Watch<'_>,
) -> Outcome<Vec<Near>> {
    let pattern =
        Pattern::Fuzzy { text: text.to_owned(), edits, prefix_length, max_expansions: 0, transpositions: true };
    let tables = &reader.fuzzy;
    let (accepted, distances) = (Accepted::of(&pattern, tables)?, FuzzyAutomaton::new(tables, text, edits, true));
    let mut told = Told::Near(Vec::new());
    each_segment(reader, field, &mut |_, terms| {
        let mut found = Vec::new();
        walk(&**terms, (accepted.range(), accepted.automaton()), watch, &mut |term, entry| {
            if let (Ok(term), Distance::Exact(edits)) = (std::str::from_utf8(term), distances.distance(term)) {
                found.push(Near { term: term.to_owned(), edits, count: count(&entry) });
            }
            found.len() < MAX_NEAR
        })?;
        told.merge(Told::Near(found));
        Ok(())
    })?;
    match told {
        Told::Near(mut found) => {
            // Far more than anybody reads: the furthest go.
            if found.len() > MAX_NEAR {
                found.sort_by_key(|near| near.edits);
                found.truncate(MAX_NEAR);
                found.sort_by(|a, b| a.term.cmp(&b.term));
            }
            Ok(found)
        }
        _ => Ok(Vec::new()),
    }
}

fn counts(reader: &Reader, field: &str, wanted: &[String]) -> Outcome<Vec<TermCount>> {
    let mut found = vec![TermCount::default(); wanted.len()];
    each_segment(reader, field, &mut |_, terms| {
        for (term, sum) in wanted.iter().zip(&mut found) {
            if let Some(entry) = terms.get(term.as_bytes())? {
                sum.add(count(&entry));
            }
        }
        Ok(())
    })?;
    Ok(found)
}

fn totals(reader: &Reader, field: &str) -> Outcome<Totals> {
    let slot = reader.fields.by_path(field).map(|entry| entry.slot);
    let mut sum = Totals::default();
    for view in reader.segments.iter() {
        sum.documents += u64::from(view.segment.doc_count());
        let Some(slot) = slot else { continue };
        if let Some(terms) = view.segment.terms(slot)? {
            sum.segments += 1;
            sum.terms += terms.len();
            sum.total_term_freq += view.segment.field_statistics(slot)?.total_term_freq;
        }
    }
    Ok(sum)
}

/// The parts of a term of a completion field: its words, the input, the weight.
fn parts(term: &[u8]) -> Option<(&[u8], &str, u32)> {
    let (rest, weight) = term.split_last_chunk::<4>()?;
    let words = rest.iter().position(|&byte| byte == END)?;
    let input = rest.get(words + 1..)?.strip_suffix(&[END])?;
    Some((&rest[..words], std::str::from_utf8(input).ok()?, u32::from_be_bytes(*weight)))
}

/// What inputs must be.
struct Wanted {
    accepted: Accepted,
    automaton: Beginning,
    /// Of a fuzzy prefix: what scores by how much of it is met.
    near: Option<String>,
}

fn wanted(from: &CompleteFrom, tables: &FuzzyTables) -> Outcome<Wanted> {
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
    let near = if let CompleteFrom::Fuzzy { text, .. } = from { Some(text.clone()) } else { None };
    Ok(Wanted { accepted, automaton, near })
}

fn completions(reader: &Reader, ask: &Complete, index: &str, watch: &mut Watch<'_>) -> Outcome<Vec<Completed>> {
    let wanted = wanted(&ask.from, &reader.fuzzy)?;
    let size = ask.size as usize;
    let mut best: Vec<Completed> = Vec::new();
    each_segment(reader, &ask.field, &mut |view, terms| {
        let mut found: Vec<(f32, String, TermEntry)> = Vec::new();
        let by_score = |a: &(f32, String, TermEntry), b: &(f32, String, TermEntry)| {
            b.0.total_cmp(&a.0).then_with(|| a.1.encode_utf16().cmp(b.1.encode_utf16()))
        };
        let range = wanted.accepted.range();
        walk(&**terms, (range, &wanted.automaton), watch, &mut |term, entry| {
            if let Some((words, input, weight)) = parts(term) {
                found.push((score(weight, words, wanted.near.as_deref()), input.to_owned(), entry));
            }
            if found.len() >= size.max(16) * HELD {
                found.sort_by(by_score);
                found.truncate(size.max(16) * HELD / 2);
            }
            true
        })?;
        found.sort_by(by_score);
        pour(view, &**terms, found, (index, ask), &mut best)
    })?;
    Ok(best_completions(best, size, ask.skip_duplicates))
}

/// Adds the living documents of the best inputs of one segment.
fn pour(
    view: &SegmentView,
    terms: &dyn Terms,
    found: Vec<(f32, String, TermEntry)>,
    (index, ask): (&str, &Complete),
    best: &mut Vec<Completed>,
) -> Outcome<()> {
    let Some(ids) = view.segment.strings(meta::ID)? else { return Ok(()) };
    let (mut mine, mut id, mut docs): (Vec<Completed>, Vec<u8>, Vec<u32>) = (Vec::new(), Vec::new(), Vec::new());
    for (score, input, entry) in found {
        docs.clear();
        terms.docs(&entry, &mut docs)?;
        for doc in docs.iter().filter(|doc| view.is_alive(**doc)) {
            if let Some(ord) = ids.first(*doc) {
                ids.value(ord, &mut id)?;
                let id = String::from_utf8_lossy(&id).into_owned();
                mine.push(Completed { input: input.clone(), score, index: index.to_owned(), id });
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

/// The weight; of a fuzzy prefix times how many of its characters the input begins with.
fn score(weight: u32, words: &[u8], near: Option<&str>) -> f32 {
    let Some(near) = near else { return weight as f32 };
    let met = near.bytes().zip(words).take_while(|(a, b)| a == *b).count();
    match (met, weight) {
        (0, weight) => weight as f32,
        (met, 0) => met as f32,
        (met, weight) => weight as f32 * met as f32,
    }
}

/// Terms whose words begin with something that the inner automaton accepts.
struct Beginning(Arc<dyn TermAutomaton>);

const MET: u32 = u32::MAX;
const LOST: u32 = u32::MAX - 1;

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
