//! Queries whose matches all score the same: the best are those with the lowest `_id`.

use super::best::Best;
use super::{Search, by_score::filtered};
use crate::compile::Kind;
use crate::compile::scorer::Leaf;
use crate::fields::meta;
use crate::score::bulk::{Sink, Tally};
use crate::score::{Outcome, bits};
use crate::segment::{Detail, DocId, EveryTerm};

/// Documents looked at together.
const BATCH: usize = 1024;
/// Looking up the document of an id costs about as much as reading so many ordinals.
const LOOK_UP: u64 = 200;

pub(super) fn best(
    search: &Search<'_>,
    leaf: &Leaf<'_>,
    segment: usize,
    score: f32,
    (best, tally): (&mut Best<'_, '_>, &mut Tally),
) -> Outcome<()> {
    if score < best.threshold() && tally.most.is_none() {
        return Ok(());
    }
    let alive = search.reader.segments[segment].alive.as_deref();
    let everything = matches!(search.weight.kind, Kind::All) && search.post_filter.is_none();
    let mut words = alive.map(|alive| alive.words().to_vec());
    if !everything {
        let mut found = bits::none(leaf.max);
        filtered(search, leaf)?.fill(0, leaf.max, &mut found)?;
        match &mut words {
            Some(words) => bits::and(words, &found),
            None => words = Some(found),
        }
    }
    let matches = words.as_deref().map_or(u64::from(leaf.max), bits::count);
    tally.count += matches;
    if matches == 0 || score < best.threshold() {
        return Ok(());
    }
    let walked = best.wanted().max(1) as u64 * u64::from(leaf.max) / matches;
    if walked.saturating_mul(LOOK_UP) < matches && by_dictionary(leaf, words.as_deref(), score, best)? {
        return Ok(());
    }
    by_column(leaf, words.as_deref(), score, best)
}

/// Walks the ids in order until enough are found; false: there is no dictionary of ids.
fn by_dictionary(leaf: &Leaf<'_>, words: Option<&[u64]>, score: f32, best: &mut Best<'_, '_>) -> Outcome<bool> {
    let (Some(terms), Some(column)) = (leaf.segment.terms(meta::ID)?, leaf.segment.strings(meta::ID)?) else {
        return Ok(false);
    };
    let mut outcome = Ok(());
    terms.walk((std::ops::Bound::Unbounded, std::ops::Bound::Unbounded), &EveryTerm, &mut |_, entry| {
        let mut step = || -> Outcome<bool> {
            let mut postings = terms.postings(&entry, Detail::Docs)?;
            let mut docs = [0; crate::segment::postings::BLOCK];
            for block in 0..postings.table.last.len() {
                let count = postings.source.docs(block, &mut docs)?;
                for &doc in docs[..count].iter().filter(|&&doc| words.is_none_or(|words| bits::contains(words, doc))) {
                    let ord = column.first(doc).unwrap_or(u64::MAX);
                    if !best.offer_at(doc, score, ord)? && best.is_full() {
                        return Ok(false);
                    }
                }
            }
            Ok(true)
        };
        match step() {
            Ok(go_on) => go_on,
            Err(fault) => {
                outcome = Err(fault);
                false
            }
        }
    })?;
    outcome.map(|()| true)
}

/// Reads every match's ordinal and keeps the lowest.
fn by_column(leaf: &Leaf<'_>, words: Option<&[u64]>, score: f32, best: &mut Best<'_, '_>) -> Outcome<()> {
    let column = leaf.segment.strings(meta::ID)?;
    let mut docs: Vec<DocId> = Vec::with_capacity(BATCH);
    let mut ords = vec![u64::MAX; BATCH];
    let mut from = 0;
    while from < leaf.max {
        let to = (from + BATCH as u32).min(leaf.max);
        docs.clear();
        match words {
            Some(words) => bits::docs(&words[from as usize / 64..(to as usize).div_ceil(64)], from, &mut docs),
            None => docs.extend(from..to),
        }
        from = to;
        let ords = &mut ords[..docs.len()];
        match &column {
            Some(column) => column.first_batch(&docs, ords),
            None => ords.fill(u64::MAX),
        }
        for (&doc, &ord) in docs.iter().zip(ords.iter()) {
            if !best.is_full() || score > best.threshold() || ord < best.tie_bound()? {
                best.offer_at(doc, score, ord)?;
            }
        }
        if from % (4 * BATCH as u32) == 0 && !best.go_on()? {
            break;
        }
    }
    Ok(())
}
