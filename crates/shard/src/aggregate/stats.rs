//! `avg`, `min`, `max`, `sum`, `stats`, `extended_stats`.

use std::sync::Arc;

use model::aggregation::partial::{Partial, Stats};
use search::aggregation::metric::Stats as Asked;
use search::aggregation::values::number;
use search::bound::NumberCode;

use super::numbers::{Numbers, Read};
use super::{Batch, Budget, Collector, Owners};
use crate::compile::scorer::Leaf;
use crate::score::Outcome;

pub(super) struct StatsCollector {
    numbers: Numbers,
    squares: bool,
    mapped: bool,
    by_owner: Vec<Stats>,
    budget: Arc<Budget>,
}

impl StatsCollector {
    pub(super) fn new(asked: &Asked, budget: Arc<Budget>) -> Self {
        Self {
            numbers: Numbers::new(&asked.values),
            squares: asked.shown.needs_squares(),
            mapped: asked.values.is_mapped() || asked.values.missing.is_some(),
            by_owner: Vec::new(),
            budget,
        }
    }
}

impl Collector for StatsCollector {
    fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        self.numbers.enter(leaf)
    }

    fn collect(&mut self, batch: Batch<'_>) -> Outcome<()> {
        let owners = batch.owners.bound();
        if owners > self.by_owner.len() {
            self.budget.take((owners - self.by_owner.len()) * size_of::<Stats>())?;
            self.by_owner.resize(owners, Stats::default());
        }
        let (code, squares) = (self.numbers.code, self.squares);
        let read = self.numbers.read(batch.docs);
        match (batch.owners, &read) {
            (Owners::One(owner), Read::Dense(codes) | Read::Sparse(codes, _)) => {
                add_all(&mut self.by_owner[owner as usize], codes, code, squares);
            }
            (Owners::Each(owners), Read::Dense(codes)) => {
                let stats = &mut self.by_owner;
                let each = owners.iter().zip(*codes);
                // One loop a kind of numbers.
                match code {
                    NumberCode::Double => each.for_each(|(&owner, &value)| {
                        add_one(&mut stats[owner as usize], value, NumberCode::Double, squares);
                    }),
                    NumberCode::Long => each.for_each(|(&owner, &value)| {
                        add_one(&mut stats[owner as usize], value, NumberCode::Long, squares);
                    }),
                    code => each.for_each(|(&owner, &value)| {
                        add_one(&mut stats[owner as usize], value, code, squares);
                    }),
                }
            }
            (owners, read) => {
                let stats = &mut self.by_owner;
                read.for_each(|at, value| add_one(&mut stats[owners.of(at) as usize], value, code, squares));
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

#[inline]
fn add_one(stats: &mut Stats, code: i64, read_as: NumberCode, squares: bool) {
    let value = number(code, read_as);
    stats.count += 1;
    stats.min = stats.min.min(value);
    stats.max = stats.max.max(value);
    match read_as {
        NumberCode::Long => stats.sum.add_whole(i128::from(code)),
        _ => stats.sum.add(value),
    }
    if squares {
        stats.squares.add(value * value);
    }
}

/// As [`add_one`] for each, with the extremes found among codes: their order is the values' order.
fn add_all(stats: &mut Stats, codes: &[i64], read_as: NumberCode, squares: bool) {
    let (Some(least), Some(greatest)) = (codes.iter().min(), codes.iter().max()) else { return };
    stats.count += codes.len() as u64;
    stats.min = stats.min.min(number(*least, read_as));
    stats.max = stats.max.max(number(*greatest, read_as));
    match read_as {
        NumberCode::Long => stats.sum.add_whole(codes.iter().map(|&code| i128::from(code)).sum()),
        _ => stats.sum.add_all(codes, |code| number(code, read_as)),
    }
    if squares {
        stats.squares.add_all(codes, |code| number(code, read_as).powi(2));
    }
}
