//! The best hits of words of which any will do, ranked as the Redis dialect ranks them: matches as bits, counted and scored window by window.

use super::Search;
use super::best::Best;
use super::by_score::within_filter;
use crate::compile::ranked::{Groups, RankedWeight};
use crate::compile::scorer::Leaf;
use crate::compile::{Kind, Weight};
use crate::score::bulk::{Sink, Tally};
use crate::score::ranked::RankedScorer;
use crate::score::ranked::words::WINDOW;
use crate::score::{Outcome, bits};
use crate::segment::DocId;

/// A query that is words alone.
pub(super) struct Words<'w> {
    ranked: &'w RankedWeight,
    groups: Groups<'w>,
}

impl<'w> Words<'w> {
    pub(super) fn of(weight: &'w Weight) -> Option<Self> {
        match &weight.kind {
            Kind::Ranked(ranked) if weight.gauge.is_none() => Some(Self { ranked, groups: ranked.groups()? }),
            _ => None,
        }
    }
}

pub(super) fn best(
    search: &Search<'_>,
    query: &Words<'_>,
    (leaf, segment): (&Leaf<'_>, usize),
    (best, tally): (&mut Best<'_, '_>, &mut Tally),
) -> Outcome<()> {
    let mut words = leaf.any_word(query.ranked, &query.groups)?;
    let mut matches = within_filter(search, leaf, leaf.scorer(&query.ranked.candidates)?)?;
    let mut looked_at = None;
    let alive = search.reader.segments[segment].alive.as_deref().map(|alive| alive.words());
    let mut found = bits::none(WINDOW);
    for from in (0..leaf.max).step_by(WINDOW as usize) {
        if !best.go_on()? {
            break;
        }
        found.fill(0);
        matches.fill(from, from.saturating_add(WINDOW).min(leaf.max), &mut found)?;
        if let Some(alive) = alive {
            bits::and(&mut found, alive.get(from as usize / 64..).unwrap_or_default());
        }
        tally.count += bits::count(&found);
        words.score(from, &found, |doc, score| {
            let score = match score {
                Some(score) => score,
                None => by_itself((leaf, query.ranked), &mut looked_at, doc)?,
            };
            if score >= best.threshold() { best.offer(doc, score) } else { Ok(()) }
        })?;
    }
    Ok(())
}

/// The score of one document; they ascend.
fn by_itself(
    (leaf, ranked): (&Leaf<'_>, &RankedWeight),
    scorer: &mut Option<RankedScorer>,
    doc: DocId,
) -> Outcome<f32> {
    match scorer {
        Some(scorer) => scorer.score_of(doc),
        None => scorer.insert(leaf.ranked(ranked)?).score_of(doc),
    }
}
