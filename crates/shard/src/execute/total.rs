//! How many documents match: from counts where they are exact, otherwise over bitsets, without scoring, as far as is asked.

use model::search::TrackTotal;
use search::shard_query::ShardHits;

use super::by_score::filtered;
use super::{Search, Watch, matches};
use crate::compile::scorer::Leaf;
use crate::compile::{Kind, Set, Weight};
use crate::reader::SegmentView;
use crate::score::found::Found;
use crate::score::{Outcome, bits};

/// Documents counted together.
const WINDOW: u32 = 65_536;

impl Search<'_> {
    /// Whether every match has to be looked at one by one.
    pub(super) fn is_exhaustive(&self) -> bool {
        self.min_score.is_some() || self.terminate_after.is_some()
    }
}

/// What is reported of a count: at most the threshold.
pub(super) fn capped(count: u64, track: TrackTotal) -> (u64, bool) {
    match track {
        TrackTotal::All => (count, false),
        TrackTotal::UpTo(most) => (count.min(most), count > most),
        TrackTotal::No => (0, true),
    }
}

/// How many matches are counted at most before "at least" is said; `None`: none are.
pub(super) fn most(track: TrackTotal) -> Option<u64> {
    match track {
        TrackTotal::All => Some(u64::MAX),
        TrackTotal::UpTo(most) => Some(most),
        TrackTotal::No => None,
    }
}

/// The total alone, without hits.
pub(super) fn only(search: &Search<'_>, track: TrackTotal, watch: &mut Watch<'_>) -> Outcome<ShardHits> {
    if !search.is_exhaustive() {
        return counted(search, track, watch);
    }
    let walked = matches::each(search, false, watch, &mut |_: u32, _: &Found<'_>| Ok(()))?;
    let (total, at_least) = capped(walked.count, track);
    Ok(ShardHits { total, at_least, terminated_early: walked.terminated_early, ..ShardHits::default() })
}

/// Counts the matches as far as `track` asks.
pub(super) fn counted(search: &Search<'_>, track: TrackTotal, watch: &mut Watch<'_>) -> Outcome<ShardHits> {
    let Some(most) = most(track) else {
        return Ok(ShardHits { at_least: true, ..ShardHits::default() });
    };
    if let Some(count) = found_nearest(search) {
        let (total, at_least) = capped(count, track);
        return Ok(ShardHits { total, at_least, ..ShardHits::default() });
    }
    let mut count = 0u64;
    for (segment, view) in search.reader.segments.iter().enumerate() {
        if count > most || !watch.go_on()? {
            break;
        }
        let leaf = Leaf::new(search.reader, segment);
        count += match known(search, &leaf, view)? {
            Some(known) => known,
            None => walked(search, &leaf, view, (most - count, watch))?,
        };
    }
    let (total, at_least) = capped(count, track);
    Ok(ShardHits { total, at_least, ..ShardHits::default() })
}

/// Whether no document need be looked at to count.
pub(super) fn is_known(search: &Search<'_>) -> Outcome<bool> {
    if found_nearest(search).is_some() {
        return Ok(true);
    }
    for (segment, view) in search.reader.segments.iter().enumerate() {
        if known(search, &Leaf::new(search.reader, segment), view)?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Of neighbours not all of which are hits.
fn found_nearest(search: &Search<'_>) -> Option<u64> {
    match &search.weight.kind {
        Kind::Nearest(nearest) => nearest.count,
        _ => None,
    }
}

/// The count where no document need be looked at.
fn known(search: &Search<'_>, leaf: &Leaf<'_>, view: &SegmentView) -> Outcome<Option<u64>> {
    if search.post_filter.is_some() {
        return Ok(None);
    }
    let weight = innermost(search.weight);
    let (place, term) = match &weight.kind {
        Kind::All => return Ok(Some(view.alive.as_ref().map_or(u64::from(leaf.max), |alive| u64::from(alive.len())))),
        Kind::Nothing(_) => return Ok(Some(0)),
        Kind::Term(term) if term.found.is_some() && view.alive.is_none() => {
            return Ok(Some(leaf.entry(term)?.map_or(0, |entry| entry.statistics.doc_freq)));
        }
        Kind::Term(term) => (&term.place, &term.term),
        Kind::Set(Set::Term { place, term, .. }) => (place, term),
        _ => return Ok(None),
    };
    if view.alive.is_some() {
        return Ok(None);
    }
    let Some(slot) = place.slot else { return Ok(Some(0)) };
    // Without postings a column may still have it.
    let Some(terms) = leaf.segment.terms(slot)? else { return Ok(None) };
    Ok(Some(terms.get(term)?.map_or(0, |entry| entry.statistics.doc_freq)))
}

/// The weight that decides what matches.
fn innermost(weight: &Weight) -> &Weight {
    match &weight.kind {
        Kind::Constant(inner) => innermost(inner),
        Kind::Boosting { positive, .. } => innermost(positive),
        Kind::Function(function) if function.bound.min_score.is_none() => innermost(&function.query),
        Kind::Bool(clauses) if clauses.must_not.is_empty() && clauses.minimum == 0 => {
            match (clauses.must.as_slice(), clauses.filter.as_slice()) {
                ([one], []) | ([], [one]) => innermost(one),
                _ => weight,
            }
        }
        _ => weight,
    }
}

/// Counts over bitsets until more than `most` are found.
fn walked(
    search: &Search<'_>,
    leaf: &Leaf<'_>,
    view: &SegmentView,
    (most, watch): (u64, &mut Watch<'_>),
) -> Outcome<u64> {
    let mut scorer = filtered(search, leaf)?;
    let mut words = bits::none(WINDOW.min(leaf.max));
    let mut count = 0;
    let mut from = 0;
    // While few are wanted, small steps find them soonest.
    let mut step = if most < u64::from(WINDOW) { WINDOW / 8 } else { WINDOW };
    while from < leaf.max && count <= most && watch.go_on()? {
        let to = from.saturating_add(step).min(leaf.max);
        let words = &mut words[..((to - from) as usize).div_ceil(64)];
        words.fill(0);
        scorer.fill(from, to, words)?;
        if let Some(alive) = &view.alive {
            let alive = alive.words();
            bits::and(words, &alive[(from as usize / 64).min(alive.len())..]);
        }
        count += bits::count(words);
        from = to;
        step = (step * 2).min(WINDOW);
    }
    Ok(count)
}
