//! `avg`, `min`, `max`, `sum`, `stats`, `extended_stats`.

use std::sync::Arc;

use model::aggregation::partial::{Partial, Stats};
use search::aggregation::metric::{Stats as Asked, StatsShown};
use search::aggregation::values::number;
use search::bound::NumberCode;

use super::numbers::{Numbers, Read};
use super::{Batch, Budget, Collector, Owners};
use crate::compile::scorer::Leaf;
use crate::score::Outcome;
use crate::score::found::Found;

pub(super) struct StatsCollector {
    numbers: Numbers,
    wanted: Wanted,
    mapped: bool,
    by_owner: Vec<Stats>,
    budget: Arc<Budget>,
}

/// What is shown of numbers besides their count and their sum.
#[derive(Clone, Copy)]
struct Wanted {
    extremes: bool,
    squares: bool,
}

impl StatsCollector {
    pub(super) fn new(asked: &Asked, budget: Arc<Budget>) -> Self {
        let extremes = !matches!(asked.shown, StatsShown::Avg | StatsShown::Sum);
        Self {
            numbers: Numbers::new(&asked.values),
            wanted: Wanted { extremes, squares: asked.shown.needs_squares() },
            mapped: asked.values.is_mapped() || asked.values.missing.is_some(),
            by_owner: Vec::new(),
            budget,
        }
    }

    fn grow(&mut self, owners: usize) -> Outcome<()> {
        if owners > self.by_owner.len() {
            self.budget.take((owners - self.by_owner.len()) * size_of::<Stats>())?;
            self.by_owner.resize(owners, Stats::default());
        }
        Ok(())
    }
}

impl Collector for StatsCollector {
    fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        self.numbers.enter(leaf)
    }

    fn collect_found(&mut self, found: &Found<'_>, owner: u32) -> Outcome<()> {
        self.grow(owner as usize + 1)?;
        let range = found.range();
        // All of a stretch matches: what is known of it is known of the matches.
        let all = self.wanted.extremes && found.count() == range.len();
        let known = if all { self.numbers.bounds(range).filter(|bounds| bounds.reached) } else { None };
        let (code, wanted) = (self.numbers.code, self.wanted);
        let (Read::Dense(codes) | Read::Sparse(codes, _)) = self.numbers.read_found(found);
        let extremes = if wanted.extremes {
            known.map(|known| (known.least, known.greatest)).or_else(|| extremes(codes))
        } else {
            None
        };
        add_all(&mut self.by_owner[owner as usize], codes, code, (extremes, wanted.squares));
        Ok(())
    }

    fn collect(&mut self, batch: Batch<'_>) -> Outcome<()> {
        self.grow(batch.owners.bound())?;
        let (code, wanted) = (self.numbers.code, self.wanted);
        let read = self.numbers.read(batch.docs);
        let stats = &mut self.by_owner;
        match (batch.owners, &read) {
            (Owners::One(owner), Read::Dense(codes) | Read::Sparse(codes, _)) => {
                let extremes = if wanted.extremes { extremes(codes) } else { None };
                add_all(&mut stats[owner as usize], codes, code, (extremes, wanted.squares));
            }
            (Owners::Each(owners), Read::Dense(codes)) => add_each(stats, owners, codes, (code, wanted)),
            (owners, read) => {
                read.for_each(|at, value| add_one(&mut stats[owners.of(at) as usize], value, code, wanted));
            }
        }
        Ok(())
    }

    fn partial(&mut self, owner: u32) -> Outcome<Partial> {
        if !self.mapped {
            return Ok(Partial::Unmapped);
        }
        Ok(Partial::Stats(Box::new(self.by_owner.get(owner as usize).copied().unwrap_or_default())))
    }
}

/// One loop a kind of numbers.
fn add_each(stats: &mut [Stats], owners: &[u32], codes: &[i64], (read_as, wanted): (NumberCode, Wanted)) {
    let each = owners.iter().zip(codes);
    match read_as {
        NumberCode::Double => each.for_each(|(&owner, &value)| {
            add_one(&mut stats[owner as usize], value, NumberCode::Double, wanted);
        }),
        NumberCode::Long => each.for_each(|(&owner, &value)| {
            add_one(&mut stats[owner as usize], value, NumberCode::Long, wanted);
        }),
        read_as => each.for_each(|(&owner, &value)| add_one(&mut stats[owner as usize], value, read_as, wanted)),
    }
}

#[inline]
fn add_one(stats: &mut Stats, code: i64, read_as: NumberCode, wanted: Wanted) {
    stats.count += 1;
    match read_as {
        NumberCode::Long => stats.sum.add_whole(i128::from(code)),
        _ => stats.sum.add(number(code, read_as)),
    }
    if wanted.extremes {
        let value = number(code, read_as);
        stats.min = stats.min.min(value);
        stats.max = stats.max.max(value);
        if wanted.squares {
            stats.squares.add(value * value);
        }
    }
}

/// Least and greatest, whose order is that of the numbers they stand for. Several at once: one would wait for itself.
fn extremes(codes: &[i64]) -> Option<(i64, i64)> {
    let (chunks, rest) = codes.as_chunks::<4>();
    let (mut least, mut greatest) = ([i64::MAX; 4], [i64::MIN; 4]);
    for chunk in chunks {
        for lane in 0..4 {
            least[lane] = least[lane].min(chunk[lane]);
            greatest[lane] = greatest[lane].max(chunk[lane]);
        }
    }
    let least = least.iter().chain(rest).min().copied();
    let greatest = greatest.iter().chain(rest).max().copied();
    least.zip(greatest).filter(|_| !codes.is_empty())
}

/// As [`add_one`] for each, with the extremes already found.
fn add_all(stats: &mut Stats, codes: &[i64], read_as: NumberCode, (extremes, squares): (Option<(i64, i64)>, bool)) {
    stats.count += codes.len() as u64;
    if let Some((least, greatest)) = extremes {
        stats.min = stats.min.min(number(least, read_as));
        stats.max = stats.max.max(number(greatest, read_as));
    }
    match read_as {
        NumberCode::Long => stats.sum.add_whole(whole_sum(codes, extremes)),
        NumberCode::Double => stats.sum.add_all(codes, |code| number(code, NumberCode::Double)),
        _ => stats.sum.add_all(codes, |code| number(code, read_as)),
    }
    if squares {
        stats.squares.add_all(codes, |code| number(code, read_as).powi(2));
    }
}

fn whole_sum(codes: &[i64], extremes: Option<(i64, i64)>) -> i128 {
    let most = extremes.map_or(u64::MAX, |(least, greatest)| least.unsigned_abs().max(greatest.unsigned_abs()));
    if most.checked_mul(codes.len() as u64).is_some_and(|sum| sum < i64::MAX as u64) {
        // No part of the sum can leave 64 bits.
        return i128::from(codes.iter().fold(0i64, |sum, code| sum.wrapping_add(*code)));
    }
    codes.iter().map(|&code| i128::from(code)).sum()
}
