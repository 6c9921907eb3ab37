//! Queries whose matches all score the same: the best are those with the lowest `_id`.

use std::ops::Bound;

use super::best::Best;
use super::{Search, by_score::filtered};
use crate::compile::scorer::Leaf;
use crate::fields::meta;
use crate::score::bulk::{Sink, Tally};
use crate::score::{Outcome, bits};
use crate::segment::column::StringColumn;
use crate::segment::{DocId, EveryTerm, TermEntry, Terms};

/// Documents looked at together.
const BATCH: usize = 1024;
/// Documents that are counted before it is asked whether that is enough; a whole number of words.
const FIRST_COUNTED: u32 = if cfg!(test) { 64 } else { 8192 };
/// Looking up the document of an id costs about as much as reading so many ordinals. Low in tests, so that small corpora have lookups.
const LOOK_UP: u64 = if cfg!(test) { 2 } else { 100 };

pub(super) fn best(
    search: &Search<'_>,
    leaf: &Leaf<'_>,
    segment: usize,
    score: f32,
    (best, tally): (&mut Best<'_, '_>, &mut Tally),
) -> Outcome<()> {
    let counting = tally.is_counting();
    if score < best.threshold() && !counting {
        return Ok(());
    }
    let alive = search.reader.segments[segment].alive.as_deref().map(|alive| alive.words());
    let mut matches = Matches { search, leaf, alive, words: None };
    if counting {
        matches.count_into(tally)?;
    }
    if score < best.threshold() {
        return Ok(());
    }
    if let Some(rest) = by_ids(&mut matches, score, best)? {
        by_column(&mut matches, rest, score, best)?;
    }
    Ok(())
}

/// The matching documents of one segment that are alive: asked for one by one, until all are wanted.
struct Matches<'a> {
    search: &'a Search<'a>,
    leaf: &'a Leaf<'a>,
    alive: Option<&'a [u64]>,
    words: Option<Vec<u64>>,
}

impl Matches<'_> {
    fn words(&mut self) -> Outcome<&[u64]> {
        if self.words.is_none() {
            let mut found = bits::none(self.leaf.max);
            filtered(self.search, self.leaf)?.fill(0, self.leaf.max, &mut found)?;
            if let Some(alive) = self.alive {
                bits::and(&mut found, alive);
            }
            self.words = Some(found);
        }
        Ok(self.words.as_deref().unwrap_or_default())
    }

    /// Counts as far as is asked; what was looked at to the end is kept.
    fn count_into(&mut self, tally: &mut Tally) -> Outcome<()> {
        let max = self.leaf.max;
        let mut scorer = filtered(self.search, self.leaf)?;
        let mut found = bits::none(max);
        let (mut from, mut step) = (0, FIRST_COUNTED);
        while from < max && tally.is_counting() {
            let to = from.saturating_add(step).min(max);
            let words = &mut found[from as usize / 64..(to as usize).div_ceil(64)];
            scorer.fill(from, to, words)?;
            if let Some(alive) = self.alive {
                bits::and(words, alive.get(from as usize / 64..).unwrap_or_default());
            }
            tally.count += bits::count(words);
            (from, step) = (to, step.saturating_mul(2));
        }
        if from >= max {
            self.words = Some(found);
        }
        Ok(())
    }

    /// How many there are, about.
    fn count(&self) -> Outcome<u64> {
        let count = match &self.words {
            Some(words) => bits::count(words),
            None => filtered(self.search, self.leaf)?.cost(),
        };
        Ok(count.min(u64::from(self.leaf.max)))
    }

    /// Keeps those of the documents that match. They are put in order of their numbers.
    fn keep(&self, docs: &mut Vec<(DocId, u64)>) -> Outcome<()> {
        if let Some(words) = &self.words {
            docs.retain(|&(doc, _)| bits::contains(words, doc));
            return Ok(());
        }
        docs.retain(|&(doc, _)| self.alive.is_none_or(|alive| bits::contains(alive, doc)));
        docs.sort_unstable();
        let mut scorer = filtered(self.search, self.leaf)?;
        let mut kept = 0;
        for at in 0..docs.len() {
            if scorer.probe(docs[at].0)? == docs[at].0 {
                docs[kept] = docs[at];
                kept += 1;
            }
        }
        docs.truncate(kept);
        Ok(())
    }
}

/// Asks for the documents of the lowest ids, until no later id can be among the best. Gives up where reading the ordinal of every match
/// costs less: the first ordinal that was not looked at.
fn by_ids(matches: &mut Matches<'_>, score: f32, best: &mut Best<'_, '_>) -> Outcome<Option<u64>> {
    let segment = matches.leaf.segment;
    let (Some(terms), Some(column)) = (segment.terms(meta::ID)?, segment.strings(meta::ID)?) else {
        return Ok(Some(0));
    };
    let count = matches.count()?;
    if count == 0 {
        return Ok(None);
    }
    let mut left = count / LOOK_UP;
    let mut ids = Ids { terms: &*terms, column: &*column, after: None, next: 0 };
    loop {
        let bound = if best.is_full() && score == best.threshold() { best.tie_bound()? } else { u64::MAX };
        if ids.next >= bound.min(column.ord_count()) {
            return Ok(None);
        }
        let expected = best.wanted().max(1) as u64 * u64::from(matches.leaf.max) / count;
        let batch = (expected + expected / 2 + 4).min(bound - ids.next);
        if batch > left {
            return Ok(Some(ids.next));
        }
        left -= batch;
        let mut docs = ids.take(batch)?;
        matches.keep(&mut docs)?;
        for (doc, ord) in docs {
            best.offer_at(doc, score, ord)?;
        }
    }
}

/// The ids of a segment, in order.
struct Ids<'a> {
    terms: &'a dyn Terms,
    column: &'a dyn StringColumn,
    /// The last one taken.
    after: Option<Vec<u8>>,
    /// Ordinal of the next one.
    next: u64,
}

impl Ids<'_> {
    /// The documents of the next `count` ids, deleted ones too, with their ordinals.
    fn take(&mut self, count: u64) -> Outcome<Vec<(DocId, u64)>> {
        let mut found = Vec::new();
        let mut taken = 0;
        let mut last = Vec::new();
        let mut outcome = Ok(());
        let from = self.after.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        self.terms.walk((from, Bound::Unbounded), &EveryTerm, &mut |term, entry| {
            taken += 1;
            outcome = self.read(&entry, &mut found);
            if taken == count {
                last.extend_from_slice(term);
            }
            taken < count && outcome.is_ok()
        })?;
        outcome?;
        self.after = Some(last);
        self.next = if taken < count { u64::MAX } else { self.next + count };
        Ok(found)
    }

    fn read(&self, entry: &TermEntry, found: &mut Vec<(DocId, u64)>) -> Outcome<()> {
        let mut docs = Vec::with_capacity(1);
        self.terms.docs(entry, &mut docs)?;
        found.extend(docs.into_iter().map(|doc| (doc, self.column.first(doc).unwrap_or(u64::MAX))));
        Ok(())
    }
}

/// Reads the ordinal of every match, and keeps the lowest of those from `least` on.
fn by_column(matches: &mut Matches<'_>, least: u64, score: f32, best: &mut Best<'_, '_>) -> Outcome<()> {
    let column = matches.leaf.segment.strings(meta::ID)?;
    let max = matches.leaf.max;
    let words = matches.words()?;
    let mut docs: Vec<DocId> = Vec::with_capacity(BATCH);
    let mut ords = vec![u64::MAX; BATCH];
    let mut from = 0;
    while from < max {
        let to = (from + BATCH as u32).min(max);
        docs.clear();
        bits::docs(&words[from as usize / 64..(to as usize).div_ceil(64)], from, &mut docs);
        from = to;
        let ords = &mut ords[..docs.len()];
        match &column {
            Some(column) => column.first_batch(&docs, ords),
            None => ords.fill(u64::MAX),
        }
        for (&doc, &ord) in docs.iter().zip(ords.iter()) {
            if ord >= least && (!best.is_full() || score > best.threshold() || ord < best.tie_bound()?) {
                best.offer_at(doc, score, ord)?;
            }
        }
        if from % (4 * BATCH as u32) == 0 && !best.go_on()? {
            break;
        }
    }
    Ok(())
}
