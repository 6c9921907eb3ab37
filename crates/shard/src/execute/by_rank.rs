//! The best hits as the Redis dialect ranks them: matches as bits, counted and scored window by window; words of which any will do by their
//! postings, whatever else document by document.

use super::Search;
use super::best::Best;
use super::by_score::within_filter;
use crate::compile::ranked::{Groups, RankedWeight};
use crate::compile::scorer::Leaf;
use crate::compile::{Kind, Weight};
use crate::score::bulk::{Sink, Tally};
use crate::score::ranked::Ranker;
use crate::score::ranked::words::{Room, WINDOW};
use crate::score::{Outcome, bits};
use crate::segment::DocId;

/// A query of that dialect whose candidates all match.
pub(super) struct Ranking<'w> {
    ranked: &'w RankedWeight,
    /// The words, where any of them will do.
    groups: Option<Groups<'w>>,
}

impl<'w> Ranking<'w> {
    pub(super) fn of(weight: &'w Weight) -> Option<Self> {
        match &weight.kind {
            Kind::Ranked(ranked) if weight.gauge.is_none() && ranked.takes_all() => {
                Some(Self { ranked, groups: ranked.groups() })
            }
            _ => None,
        }
    }
}

pub(super) fn best(
    search: &Search<'_>,
    query: &Ranking<'_>,
    (leaf, segment): (&Leaf<'_>, usize),
    (best, tally): (&mut Best<'_, '_>, &mut Tally),
    room: &mut Room,
) -> Outcome<()> {
    let mut matches = within_filter(search, leaf, leaf.scorer(&query.ranked.candidates)?)?;
    let (mut words, mut ranker) = (None, None);
    let alive = search.reader.segments[segment].alive.as_deref().map(|alive| alive.words());
    let (mut found, mut docs) = (bits::none(WINDOW.min(leaf.max)), Vec::new());
    for from in (0..leaf.max).step_by(WINDOW as usize) {
        if !best.go_on()? {
            break;
        }
        found.fill(0);
        matches.fill(from, from.saturating_add(WINDOW).min(leaf.max), &mut found)?;
        if let Some(alive) = alive {
            bits::and(&mut found, alive.get(from as usize / 64..).unwrap_or_default());
        }
        let count = bits::count(&found);
        if count == 0 {
            continue;
        }
        tally.count += count;
        let mut visit = |doc: DocId, score: Option<f32>| {
            let score = match score {
                Some(score) => score,
                None => by_itself((leaf, query.ranked), &mut ranker, (doc, best.threshold()))?,
            };
            if score >= best.threshold() { best.offer(doc, score) } else { Ok(()) }
        };
        match &query.groups {
            Some(groups) => {
                let words = match &mut words {
                    Some(words) => words,
                    None => words.insert(leaf.any_word(query.ranked, groups)?),
                };
                words.score(room, (from, &found), visit)?;
            }
            None => {
                docs.clear();
                bits::docs(&found, from, &mut docs);
                docs.iter().try_for_each(|doc| visit(*doc, None))?;
            }
        }
    }
    Ok(())
}

/// The score of one document, or that it is below a floor. They ascend.
fn by_itself(
    (leaf, ranked): (&Leaf<'_>, &RankedWeight),
    ranker: &mut Option<Ranker>,
    (doc, floor): (DocId, f32),
) -> Outcome<f32> {
    let ranker = match ranker {
        Some(ranker) => ranker,
        None => ranker.insert(leaf.ranker(ranked)?),
    };
    ranker.score(doc, floor)
}
