//! What a shard tells for suggestions: terms near a text, how often terms occur, inputs that go on from something.
//!
//! In: [`Ask`]s. Out: [`Told`], deleted documents counted as statistics count them. Not here: what is chosen of it (`search::suggest`).

pub(crate) mod completion;

use std::sync::Arc;

use levenshtein_automata::Distance;
use model::error::Error;
use search::bound::Pattern;
use search::suggest::{Ask, MAX_NEAR, Near, TermCount, Told, Totals};

use crate::compile::automaton::FuzzyAutomaton;
use crate::compile::pattern::Accepted;
use crate::execute::{Patience, Watch};
use crate::reader::{Reader, SegmentView};
use crate::score::Outcome;
use crate::segment::{TermAutomaton, TermEntry, TermRange, Terms};

/// How often a walk looks whether it may go on.
const PATIENCE: u32 = 4096;

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
        Ask::Complete(complete) => Told::Complete(completion::completions(reader, complete, index, &mut watch)?),
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
