//! The best hits of all shards: by sort keys or score, or as a strategy says; ties by `_id`, then by shard.

use std::cmp::Ordering;

use model::search::{MergeStrategy, Missing, SortValue, Total, TrackTotal};

use crate::shard_query::{BoundSort, ShardHit, ShardHits, SortBy};

/// One shard's answer, by its position in the plan.
pub type Answer = (usize, ShardHits);

/// What is wanted of all answers together.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// Empty: by score.
    pub sort: &'a [BoundSort],
    pub from: usize,
    pub size: usize,
    pub track_total: TrackTotal,
    /// `None`: as they are sorted.
    pub strategy: Option<MergeStrategy>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Merged {
    /// Shard (position in the plan) and hit, best first.
    pub hits: Vec<(usize, ShardHit)>,
    pub total: Option<Total>,
    pub max_score: Option<f32>,
    pub terminated_early: bool,
    pub timed_out: bool,
}

/// The page `from .. from + size` of all answers.
pub fn merge(page: Page<'_>, answers: Vec<Answer>) -> Merged {
    let mut merged = Merged { total: total(page.track_total, &answers), ..Merged::default() };
    for (shard, answer) in answers {
        merged.max_score = greater(merged.max_score, answer.max_score);
        merged.terminated_early |= answer.terminated_early;
        merged.timed_out |= answer.timed_out;
        merged.hits.extend(answer.hits.into_iter().map(|hit| (shard, hit)));
    }
    if let Some(strategy) = page.strategy {
        arrange(page, strategy, &mut merged);
        return merged;
    }
    let wanted = page.from.saturating_add(page.size);
    let by_rank = |a: &(usize, ShardHit), b: &(usize, ShardHit)| order(page.sort, &a.1, &b.1).then(a.0.cmp(&b.0));
    if wanted < merged.hits.len() && wanted > 0 {
        merged.hits.select_nth_unstable_by(wanted - 1, by_rank);
    }
    merged.hits.truncate(wanted);
    merged.hits.sort_unstable_by(by_rank);
    let by_score = page.sort.first().is_some_and(|key| key.by == SortBy::Score && key.descending);
    if merged.max_score.is_none() && by_score {
        merged.max_score = merged.hits.first().map(|(_, hit)| hit.score);
    }
    merged.hits.drain(..page.from.min(merged.hits.len()));
    merged
}

/// The page, as a strategy orders all hits.
fn arrange(page: Page<'_>, strategy: MergeStrategy, merged: &mut Merged) {
    let by_rank = |a: &ShardHit, b: &ShardHit| order(page.sort, a, b);
    merged.hits.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| by_rank(&a.1, &b.1)));
    let mut places: Vec<(usize, (usize, ShardHit))> = Vec::with_capacity(merged.hits.len());
    for (shard, hit) in std::mem::take(&mut merged.hits) {
        let place = places.last().filter(|(_, (last, _))| *last == shard).map_or(0, |(place, _)| place + 1);
        places.push((place, (shard, hit)));
    }
    places.sort_by(|(one, (a, first)), (other, (b, second))| {
        let keys = match strategy {
            MergeStrategy::Score => descending_score(first.score, second.score),
            MergeStrategy::Field => by_rank(first, second),
            MergeStrategy::ShardOrder => a.cmp(b).then(one.cmp(other)),
            MergeStrategy::RoundRobin => one.cmp(other).then(a.cmp(b)),
            MergeStrategy::ReciprocalRank => one.cmp(other),
            MergeStrategy::Id => Ordering::Equal,
        };
        keys.then_with(|| first.id.cmp(&second.id)).then(a.cmp(b))
    });
    merged.hits = places.into_iter().map(|(_, hit)| hit).skip(page.from).take(page.size).collect();
    if merged.max_score.is_none() && page.sort.is_empty() {
        merged.max_score = merged.hits.iter().map(|(_, hit)| hit.score).reduce(f32::max);
    }
}

/// Which of two hits comes first. Scores that are NaN come last.
pub fn order(sort: &[BoundSort], a: &ShardHit, b: &ShardHit) -> Ordering {
    let keys = if sort.is_empty() { descending_score(a.score, b.score) } else { order_keys(sort, &a.sort, &b.sort) };
    keys.then_with(|| a.id.cmp(&b.id))
}

/// Which of two lists of sort values comes first.
pub fn order_keys(sort: &[BoundSort], a: &[SortValue], b: &[SortValue]) -> Ordering {
    let keys = sort.iter().zip(a.iter().zip(b));
    keys.map(|(key, (a, b))| order_key(key, a, b)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

fn order_key(key: &BoundSort, a: &SortValue, b: &SortValue) -> Ordering {
    let missing_first = match &key.by {
        SortBy::Field { missing, .. } | SortBy::Unmapped { missing } => *missing == Missing::First,
        _ => false,
    };
    match (a == &SortValue::Missing, b == &SortValue::Missing) {
        (true, true) => Ordering::Equal,
        (true, false) => {
            if missing_first {
                Ordering::Less
            } else {
                Ordering::Greater
            }
        }
        (false, true) => {
            if missing_first {
                Ordering::Greater
            } else {
                Ordering::Less
            }
        }
        (false, false) if key.descending => b.order(a),
        (false, false) => a.order(b),
    }
}

fn descending_score(a: f32, b: f32) -> Ordering {
    match (a.is_nan(), b.is_nan()) {
        (false, false) => b.total_cmp(&a),
        (a, b) => a.cmp(&b),
    }
}

fn total(track: TrackTotal, answers: &[Answer]) -> Option<Total> {
    let counted: u64 = answers.iter().map(|(_, answer)| answer.total).sum();
    let at_least = answers.iter().any(|(_, answer)| answer.at_least);
    match track {
        TrackTotal::No => None,
        TrackTotal::All => Some(Total { value: counted, exact: !at_least }),
        TrackTotal::UpTo(limit) if counted > limit => Some(Total { value: limit, exact: false }),
        TrackTotal::UpTo(_) => Some(Total { value: counted, exact: !at_least }),
    }
}

fn greater(a: Option<f32>, b: Option<f32>) -> Option<f32> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::shard_query::DocAddress;

    fn hit(id: &str, score: f32, sort: Vec<SortValue>) -> ShardHit {
        ShardHit { id: Arc::from(id), address: DocAddress { segment: 0, doc: 0 }, score, sort }
    }

    fn page(from: usize, size: usize) -> Page<'static> {
        Page { sort: &[], from, size, track_total: TrackTotal::UpTo(10_000), strategy: None }
    }

    fn ids(merged: &Merged) -> Vec<&str> {
        merged.hits.iter().map(|(_, hit)| &*hit.id).collect()
    }

    #[test]
    fn ties_go_to_the_lower_id_and_nan_goes_last() {
        let answers = vec![
            (
                0,
                ShardHits {
                    hits: vec![hit("b", 2.0, vec![]), hit("z", f32::NAN, vec![])],
                    total: 2,
                    ..Default::default()
                },
            ),
            (1, ShardHits { hits: vec![hit("c", 3.0, vec![]), hit("a", 2.0, vec![])], total: 2, ..Default::default() }),
        ];
        let merged = merge(page(0, 10), answers.clone());
        assert_eq!(ids(&merged), ["c", "a", "b", "z"]);
        assert_eq!(ids(&merge(page(1, 2), answers.clone())), ["a", "b"]);
        assert_eq!(ids(&merge(page(9, 2), answers)), [""; 0]);
        assert_eq!(merged.total, Some(Total { value: 4, exact: true }));
    }

    #[test]
    fn strategies_order_the_lists_of_shards() {
        let list = |hits: &[(&str, f32)]| {
            let hits: Vec<ShardHit> = hits.iter().map(|(id, score)| hit(id, *score, vec![])).collect();
            ShardHits { total: hits.len() as u64, hits, ..Default::default() }
        };
        let answers = vec![(1, list(&[("d", 9.0), ("a", 1.0)])), (0, list(&[("c", 3.0), ("b", 2.0), ("e", 0.5)]))];
        let check = |strategy, from, size, expected: &[&str]| {
            let merged = merge(Page { strategy: Some(strategy), ..page(from, size) }, answers.clone());
            assert_eq!(ids(&merged), expected, "{strategy:?}");
            assert_eq!(merged.total, Some(Total { value: 5, exact: true }));
        };
        check(MergeStrategy::Score, 0, 9, &["d", "c", "b", "a", "e"]);
        check(MergeStrategy::Field, 1, 2, &["c", "b"]);
        check(MergeStrategy::ShardOrder, 0, 9, &["c", "b", "e", "d", "a"]);
        check(MergeStrategy::RoundRobin, 0, 9, &["c", "d", "b", "a", "e"]);
        check(MergeStrategy::Id, 1, 3, &["b", "c", "d"]);
        check(MergeStrategy::ReciprocalRank, 0, 9, &["c", "d", "a", "b", "e"]);
    }

    #[test]
    fn a_missing_value_stands_where_it_is_asked_to() {
        for (missing, descending, expected) in [
            (Missing::Last, false, ["1", "2", "none"]),
            (Missing::Last, true, ["2", "1", "none"]),
            (Missing::First, false, ["none", "1", "2"]),
            (Missing::First, true, ["none", "2", "1"]),
        ] {
            let sort = [BoundSort { by: SortBy::Unmapped { missing }, descending }];
            let hits = vec![
                hit("none", 1.0, vec![SortValue::Missing]),
                hit("2", 1.0, vec![SortValue::Long(2)]),
                hit("1", 1.0, vec![SortValue::Double(1.0)]),
            ];
            let answers = vec![(0, ShardHits { hits, ..Default::default() })];
            assert_eq!(ids(&merge(Page { sort: &sort, ..page(0, 9) }, answers)), expected);
        }
    }

    proptest! {
        #[test]
        fn any_split_over_shards_gives_one_answer(scores in proptest::collection::vec(0u8..9, 0..40), from in 0usize..9, size in 0usize..20, shards in 1usize..5) {
            let all: Vec<ShardHit> = scores.iter().enumerate().map(|(n, s)| hit(&format!("{n:02}"), f32::from(*s), vec![])).collect();
            let answer = |hits: Vec<ShardHit>| ShardHits { total: hits.len() as u64, hits, ..Default::default() };
            let one = merge(page(from, size), vec![(0, answer(all.clone()))]);
            let mut split = vec![Vec::new(); shards];
            all.into_iter().enumerate().for_each(|(n, hit)| split[n % shards].push(hit));
            let many = merge(page(from, size), split.into_iter().map(answer).enumerate().rev().collect());
            prop_assert_eq!(ids(&one), ids(&many));
            prop_assert_eq!(one.total, many.total);
        }
    }
}
