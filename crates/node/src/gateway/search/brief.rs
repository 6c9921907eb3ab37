//! Which searches may be tried on the thread that serves the connection: those whose work is done in steps, between which the clock is
//! looked at, so that one which turns out long is given up and handed to the pool; and those that have little to look at in all.
//!
//! In: a query of one shard, and what the shard holds. Out: yes or no, and how the tries of a shard went. Not here: the clock
//! ([`crate::gateway::patience`]).

use std::sync::atomic::{AtomicU32, Ordering};

use search::bound::{BoundKind, BoundQuery, Pattern, RankedKind, RankedPart, Rewrite};
use search::shard_query::ShardQuery;
use shard::reader::Reader;

/// Clauses, and terms of a clause, at most.
const CLAUSES: usize = 32;
/// Documents of a shard at most: those of a term are read without a look at the clock.
const DOCS: u64 = 1 << 21;
/// As `DOCS`, where the values of a whole column may be read without one.
const DOCS_OF_COLUMNS: u64 = 1 << 18;
/// As `DOCS`, where the documents of all terms that begin with something are read without one.
const DOCS_OF_PREFIXES: u64 = 1 << 16;
/// As `DOCS`, times the dimension, where vectors are compared: with all of them where there is no graph yet.
const NUMBERS_OF_VECTORS: u64 = 1 << 22;
/// Long searches in a row after which one in so many is still tried.
const SELDOM: u32 = 64;

/// Whether no step of the query takes long.
pub(super) fn goes_in_steps(query: &ShardQuery, reader: &Reader) -> bool {
    if query.aggregations.is_some() {
        return false;
    }
    let docs: u64 = reader.segments.iter().map(|view| u64::from(view.segment.doc_count())).sum();
    if docs > DOCS {
        return false;
    }
    let mut clauses = CLAUSES;
    is_plain(&query.query, docs, &mut clauses)
        && query.post_filter.as_ref().is_none_or(|filter| is_plain(filter, docs, &mut clauses))
}

/// Whether its terms are so few that looking them up takes less than handing that to another thread.
pub(in crate::gateway) fn is_counted_at_once(query: &BoundQuery) -> bool {
    is_plain(query, 0, &mut CLAUSES.clone())
}

/// `docs`: of the shard. Depth is bounded by that of requests.
fn is_plain(query: &BoundQuery, docs: u64, left: &mut usize) -> bool {
    let Some(rest) = left.checked_sub(1) else { return false };
    *left = rest;
    match &query.kind {
        BoundKind::MatchAll | BoundKind::MatchNone(_) | BoundKind::Term(..) => true,
        BoundKind::Terms(_, terms) => terms.len() <= CLAUSES,
        BoundKind::Ids(ids) => ids.len() <= CLAUSES,
        BoundKind::Phrase(phrase) => phrase.prefix_expansions.is_none() && phrase.positions.len() <= CLAUSES,
        BoundKind::NumberRange(..) => docs <= DOCS_OF_COLUMNS,
        BoundKind::Knn(knn) => knn.filter.is_none() && docs * knn.vector.len() as u64 <= NUMBERS_OF_VECTORS,
        BoundKind::ConstantScore(query) => is_plain(query, docs, left),
        BoundKind::Ranked(ranked) => {
            is_plain(&ranked.candidates, docs, left) && is_plain_part(&ranked.part, docs, left)
        }
        BoundKind::Expand(expand) => expand.rewrite == Rewrite::Constant && is_prefix_of_few(&expand.pattern, docs),
        BoundKind::Nested(nested) => is_plain(&nested.query, docs, left),
        BoundKind::DisMax { queries, .. } => queries.iter().all(|query| is_plain(query, docs, left)),
        BoundKind::Bool(clauses) => {
            let of = [&clauses.must, &clauses.should, &clauses.filter, &clauses.must_not];
            of.into_iter().flatten().all(|query| is_plain(query, docs, left))
        }
        _ => false,
    }
}

/// The words of a prefix lie side by side; others are looked for.
fn is_prefix_of_few(pattern: &Pattern, docs: u64) -> bool {
    matches!(pattern, Pattern::Prefix { case_insensitive: false, .. }) && docs <= DOCS_OF_PREFIXES
}

fn is_plain_part(part: &RankedPart, docs: u64, left: &mut usize) -> bool {
    let Some(rest) = left.checked_sub(1) else { return false };
    *left = rest;
    match &part.kind {
        RankedKind::Everything | RankedKind::Nothing | RankedKind::Word { .. } | RankedKind::Value { .. } => true,
        RankedKind::Words { pattern, .. } => is_prefix_of_few(pattern, docs),
        RankedKind::Filter(query) => is_plain(query, docs, left),
        RankedKind::All(parts, _) | RankedKind::Any(parts) | RankedKind::First(parts) => {
            parts.iter().all(|part| is_plain_part(part, docs, left))
        }
        RankedKind::Not(part) | RankedKind::Optional(part) => is_plain_part(part, docs, left),
    }
}

/// How tries of one shard's searches went: each that took long doubles how many are not tried after it, each that did not halves it.
#[derive(Default)]
pub(crate) struct Tries {
    skip: AtomicU32,
    step: AtomicU32,
}

impl Tries {
    /// Whether the next is to be tried.
    pub(super) fn may(&self) -> bool {
        let skip = self.skip.load(Ordering::Relaxed);
        if skip > 0 {
            self.skip.store(skip - 1, Ordering::Relaxed);
        }
        skip == 0
    }

    /// One was tried; `done`: it took but a moment.
    pub(super) fn tried(&self, done: bool) {
        let step = self.step.load(Ordering::Relaxed);
        let step = if done { step / 2 } else { (step * 2).clamp(1, SELDOM) };
        self.step.store(step, Ordering::Relaxed);
        if !done {
            self.skip.store(step, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use search::bound::BoundBool;

    use super::*;

    fn plain(kind: BoundKind) -> bool {
        is_plain(&BoundQuery::new(kind), DOCS, &mut CLAUSES.clone())
    }

    #[test]
    fn what_may_take_long_in_one_step_is_not_tried() {
        let term = || BoundQuery::new(BoundKind::Term("a".into(), Vec::new().into()));
        let any = |should: Vec<BoundQuery>| BoundKind::Bool(BoundBool { should, ..BoundBool::default() });
        assert!(plain(any(vec![term(); CLAUSES - 1])));
        assert!(!plain(any(vec![term(); CLAUSES])));
        assert!(!plain(any(vec![term(), BoundQuery::new(BoundKind::Exists(Vec::new()))])));
        assert!(!plain(BoundKind::NumberRange("a".into(), 0, 1)));
        let pattern = Pattern::Prefix { prefix: "a".into(), case_insensitive: false };
        assert!(is_prefix_of_few(&pattern, DOCS_OF_PREFIXES) && !is_prefix_of_few(&pattern, DOCS));
    }

    #[test]
    fn long_searches_are_tried_ever_more_seldom() {
        let tries = Tries::default();
        let mut tried = 0;
        for _ in 0..10_000 {
            if tries.may() {
                tries.tried(false);
                tried += 1;
            }
        }
        assert!((100..300).contains(&tried), "{tried}");
        while !tries.may() {}
        (0..8).for_each(|_| tries.tried(true));
        tries.tried(false);
        assert!(!tries.may() && tries.may());
    }
}
