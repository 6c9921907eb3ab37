//! The best hits by score: the fast path that fits the query, or document by document.

use model::search::SortValue;
use search::shard_query::{ShardHits, ShardQuery};

use super::best::Best;
use super::by_rank::{self, Ranking};
use super::{Search, Watch, constant, matches, total};
use crate::compile::scorer::Leaf;
use crate::compile::shape::{Scoring, Shape};
use crate::compile::{Kind, PhraseWeight, TermWeight, Weight};
use crate::score::bulk::{Run, Scratch, Sink, Tally, all, any, phrase, term};
use crate::score::compose::{Conjunction, Required};
use crate::score::cursor::TermCursor;
use crate::score::found::Found;
use crate::score::sets::{Accept, Ranged};
use crate::score::{Outcome, Scorer, bits};

/// Documents of the rarest of several words up to which all matches are scored to be counted.
const ALL_AT_ONCE: u64 = 50_000;
/// Documents of several words together up to which all are scored to be counted.
const ANY_AT_ONCE: u64 = 20_000;
/// Documents that are scored between two looks at their bound and at the time. Few in tests, so that small corpora have many such looks.
const WINDOW: u32 = if cfg!(test) { 64 } else { 4096 };

pub(super) fn best(search: &Search<'_>, request: &ShardQuery, watch: &mut Watch<'_>) -> Outcome<ShardHits> {
    let after = match request.after.as_deref() {
        Some([SortValue::Double(score), ..]) => Some(*score as f32),
        Some([SortValue::Long(score), ..]) => Some(*score as f32),
        Some([SortValue::Unsigned(score), ..]) => Some(*score as f32),
        _ => None,
    };
    let mut result = if search.is_exhaustive() {
        exhaustive(search, request, after, watch)?
    } else {
        counted_and_pruned(search, request, after, watch)?
    };
    result.max_score = match (after, result.hits.first()) {
        (None, first) => first.map(|hit| hit.score),
        (Some(_), _) => highest(search, watch)?,
    };
    Ok(result)
}

/// Counts on the way where that is the cheaper, otherwise apart, and collects what may be among the best.
fn counted_and_pruned(
    search: &Search<'_>,
    request: &ShardQuery,
    after: Option<f32>,
    watch: &mut Watch<'_>,
) -> Outcome<ShardHits> {
    let shape = Shape::of(search.weight).filter(|_| search.weight.constant_score().is_none());
    let most = total::most(request.track_total);
    let joint = match (&shape, most) {
        (_, None) => false,
        (Some(shape), _) => counts_well(search, shape)?,
        // A set is made once for both, unless its size is known; of what the Redis dialect ranks every match is looked at anyway.
        (None, _) => match search.weight.constant_score() {
            Some(_) => !total::is_known(search)?,
            None => matches!(search.weight.kind, Kind::Ranked(_)),
        },
    };
    let mut result = if joint { ShardHits::default() } else { total::counted(search, request.track_total, watch)? };
    let mut own = Watch::sharing(watch);
    let mut best = Best::new(search.reader, request.top, (after, search.floor), &mut own);
    let mut tally = Tally { count: 0, most: most.filter(|_| joint) };
    pruned(search, shape.as_ref(), &mut best, &mut tally)?;
    result.hits = best.into_hits(!request.sort.is_empty())?;
    watch.timed_out |= own.timed_out;
    if joint {
        (result.total, result.at_least) = total::capped(tally.count, request.track_total);
    }
    Ok(result)
}

/// Whether counting while scoring costs less than counting apart: positions are best read once, and few documents too.
fn counts_well(search: &Search<'_>, shape: &Shape<'_>) -> Outcome<bool> {
    let (terms, most) = match &shape.scoring {
        Scoring::Phrase(_) => return Ok(true),
        Scoring::All(terms) | Scoring::Any(terms) if terms.len() < 2 => return Ok(false),
        Scoring::All(terms) => (terms, ALL_AT_ONCE),
        Scoring::Any(terms) => (terms, ANY_AT_ONCE),
    };
    let all = matches!(shape.scoring, Scoring::All(_));
    let mut work = if all { u64::MAX } else { 0 };
    for term in terms {
        let mut doc_freq = 0;
        for segment in 0..search.reader.segments.len() {
            let entry = Leaf::new(search.reader, segment).entry(term)?;
            doc_freq += entry.map_or(0, |entry| entry.statistics.doc_freq);
        }
        work = if all { work.min(doc_freq) } else { work + doc_freq };
    }
    Ok(work <= most)
}

/// The best score of all, whatever page is asked for.
fn highest(search: &Search<'_>, watch: &mut Watch<'_>) -> Outcome<Option<f32>> {
    let mut own = Watch::sharing(watch);
    let mut best = Best::new(search.reader, 1, (None, f32::NEG_INFINITY), &mut own);
    let shape = Shape::of(search.weight);
    pruned(search, shape.as_ref(), &mut best, &mut Tally { count: 0, most: None })?;
    Ok(best.into_hits(false)?.first().map(|hit| hit.score))
}

/// Counts and collects in one pass: every match has to be scored, or only so many are looked at.
fn exhaustive(
    search: &Search<'_>,
    request: &ShardQuery,
    after: Option<f32>,
    watch: &mut Watch<'_>,
) -> Outcome<ShardHits> {
    let mut own = Watch::sharing(watch);
    let mut best = Best::new(search.reader, request.top, (after, search.floor), &mut own);
    let outcome = matches::each(search, true, watch, &mut |segment: u32, found: &Found<'_>| {
        best.enter(segment);
        for (&doc, &score) in found.docs().iter().zip(found.scores()) {
            best.offer(doc, score)?;
        }
        Ok(())
    })?;
    let (total, at_least) = total::capped(outcome.count, request.track_total);
    let hits = best.into_hits(!request.sort.is_empty())?;
    Ok(ShardHits { hits, total, at_least, terminated_early: outcome.terminated_early, ..ShardHits::default() })
}

fn pruned(search: &Search<'_>, shape: Option<&Shape<'_>>, best: &mut Best<'_, '_>, tally: &mut Tally) -> Outcome<()> {
    let mut order: Vec<usize> = (0..search.reader.segments.len()).collect();
    // The largest first: its hits make the threshold for the others.
    order.sort_by_key(|&segment| std::cmp::Reverse(search.reader.segments[segment].segment.doc_count()));
    let constant = search.weight.constant_score();
    let ranking = Ranking::of(search.weight);
    let mut scratch = None;
    let scratches = &search.reader.scratches;
    for segment in order {
        if !best.go_on()? {
            break;
        }
        best.enter(segment as u32);
        let leaf = Leaf::new(search.reader, segment);
        if leaf.max == 0 {
            continue;
        }
        match (constant, shape, &ranking) {
            (Some(score), ..) => constant::best(search, &leaf, segment, score, (best, tally))?,
            (None, Some(shape), _) => {
                let scratch = scratch.get_or_insert_with(|| scratches.take());
                by_shape(search, shape, (&leaf, segment), (best, tally), scratch)?;
            }
            (None, None, Some(ranking)) => {
                let scratch = scratch.get_or_insert_with(|| scratches.take());
                by_rank::best(search, ranking, (&leaf, segment), (best, tally), &mut scratch.ranked)?;
            }
            (None, None, None) => by_document(search, &leaf, segment, (best, tally))?,
        }
    }
    scratch.into_iter().for_each(|scratch| scratches.keep(scratch));
    Ok(())
}

fn by_shape(
    search: &Search<'_>,
    shape: &Shape<'_>,
    (leaf, segment): (&Leaf<'_>, usize),
    (best, tally): (&mut Best<'_, '_>, &mut Tally),
    scratch: &mut Scratch,
) -> Outcome<()> {
    let (terms, required): (&[&TermWeight], bool) = match &shape.scoring {
        Scoring::All(terms) => (terms, true),
        Scoring::Any(terms) => (terms, false),
        Scoring::Phrase(_) => (&[], true),
    };
    let mut cursors = Vec::with_capacity(terms.len());
    let crossing = required && terms.len() > 1;
    for term in terms {
        let cursor = if crossing { leaf.crossing_term(term) } else { leaf.term(term) };
        match cursor? {
            Some(cursor) => cursors.push(cursor),
            None if required => return Ok(()),
            None => {}
        }
    }
    let work: u64 = match &shape.scoring {
        Scoring::All(_) => cursors.iter().map(|cursor| u64::from(cursor.doc_freq)).min().unwrap_or(0),
        Scoring::Any(_) => cursors.iter().map(|cursor| u64::from(cursor.doc_freq)).sum(),
        Scoring::Phrase(_) => u64::MAX,
    };
    let Some(accept) = accepted(search, shape, leaf, segment, work)? else {
        return by_document(search, leaf, segment, (best, tally));
    };
    let accept = Accept { words: accept.words.as_deref(), checks: &accept.checks };
    let mut run = Run { accept, sink: best, tally };
    if let Scoring::Phrase(phrase) = &shape.scoring {
        return exact_phrase(phrase, leaf, &mut run, scratch);
    }
    match (cursors.as_mut_slice(), required) {
        ([], _) => Ok(()),
        // The other words are not in this segment; where counts are wanted, the general paths give them.
        ([cursor], _) if run.tally.most.is_none() => term::best(cursor, run.accept, run.sink),
        (cursors, true) => all::best(cursors, &mut run, scratch),
        (cursors, false) => any::best(cursors, leaf.max, &mut run, scratch),
    }
}

fn exact_phrase(phrase: &PhraseWeight, leaf: &Leaf<'_>, run: &mut Run<'_>, scratch: &mut Scratch) -> Outcome<()> {
    let mut cursors: Vec<TermCursor> = Vec::with_capacity(phrase.positions.len());
    for (_, terms) in &phrase.positions {
        match leaf.crossing_word(phrase, &terms[0])? {
            Some(cursor) => cursors.push(cursor),
            None => return Ok(()),
        }
    }
    let offsets = phrase.positions.iter().map(|(offset, _)| *offset).collect();
    phrase::best(phrase::PhraseTerms { cursors, offsets, score: phrase.score.clone() }, run, scratch)
}

/// What filters and deletions admit.
#[derive(Default)]
struct Accepted {
    words: Option<Vec<u64>>,
    checks: Vec<Ranged>,
}

/// `None`: a filter admits so few that it should lead.
fn accepted(
    search: &Search<'_>,
    shape: &Shape<'_>,
    leaf: &Leaf<'_>,
    segment: usize,
    work: u64,
) -> Outcome<Option<Accepted>> {
    let mut filters = scorers(leaf, shape.filters.iter().copied().chain(search.post_filter))?;
    if filters.iter().any(|filter| filter.cost().saturating_mul(8) < work.min(u64::from(leaf.max))) {
        return Ok(None);
    }
    let mut accepted = Accepted::default();
    // A look at a column for the few that score well costs less than a look at every document.
    filters.retain(|filter| match filter.as_range() {
        Some(range) => {
            accepted.checks.push(range);
            false
        }
        None => true,
    });
    let alive = search.reader.segments[segment].alive.as_ref();
    if filters.is_empty() && shape.excluded.is_empty() && alive.is_none() {
        return Ok(Some(accepted));
    }
    let mut words = alive.map_or_else(|| bits::all(leaf.max), |alive| alive.words().to_vec());
    filters.sort_by_key(|filter| filter.cost());
    for mut filter in filters {
        filter.keep(0, leaf.max, &mut words)?;
    }
    for mut scorer in scorers(leaf, shape.excluded.iter().copied())? {
        let mut excluded = words.clone();
        scorer.keep(0, leaf.max, &mut excluded)?;
        bits::and_not(&mut words, &excluded);
    }
    accepted.words = Some(words);
    Ok(Some(accepted))
}

fn scorers<'w>(leaf: &Leaf<'_>, weights: impl Iterator<Item = &'w Weight>) -> Outcome<Vec<Box<dyn Scorer>>> {
    weights.map(|weight| leaf.scorer(weight)).collect()
}

/// The scorer of a search in a segment, post filter included.
pub(super) fn filtered(search: &Search<'_>, leaf: &Leaf<'_>) -> Outcome<Box<dyn Scorer>> {
    within_filter(search, leaf, leaf.scorer(search.weight)?)
}

/// What the post filter leaves of `scorer`.
pub(super) fn within_filter(search: &Search<'_>, leaf: &Leaf<'_>, scorer: Box<dyn Scorer>) -> Outcome<Box<dyn Scorer>> {
    let Some(filter) = search.post_filter else { return Ok(scorer) };
    let parts = vec![Required { scorer, scoring: true }, Required { scorer: leaf.scorer(filter)?, scoring: false }];
    Ok(Box::new(Conjunction::new(parts, leaf.max)))
}

fn by_document(
    search: &Search<'_>,
    leaf: &Leaf<'_>,
    segment: usize,
    (best, tally): (&mut Best<'_, '_>, &mut Tally),
) -> Outcome<()> {
    let view = &search.reader.segments[segment];
    let mut scorer = filtered(search, leaf)?;
    let mut doc = scorer.seek(0)?;
    while doc < leaf.max {
        if !best.go_on()? {
            break;
        }
        if !tally.is_counting() {
            scorer.raise_floor(best.threshold());
        }
        let end = (doc / WINDOW + 1).saturating_mul(WINDOW).min(leaf.max);
        if f64::from(scorer.bound(doc, end)) < tally.floor(best.threshold()) {
            doc = scorer.seek(end)?;
            continue;
        }
        while doc < end {
            if view.is_alive(doc) {
                tally.count += 1;
                let score = scorer.score_from(best.threshold())?;
                if score >= best.threshold() {
                    best.offer(doc, score)?;
                }
            }
            doc = scorer.seek(doc + 1)?;
        }
    }
    Ok(())
}
