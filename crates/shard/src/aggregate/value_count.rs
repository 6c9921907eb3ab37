//! `value_count`.

use std::sync::Arc;

use model::aggregation::partial::Partial;
use search::aggregation::values::{Shape, Values};

use super::numbers::Numbers;
use super::ranges::Ranges;
use super::strings::{Ords, Strings};
use super::{Batch, Budget, Collector};
use crate::compile::scorer::Leaf;
use crate::score::Outcome;
use crate::score::found::Found;

pub(super) struct ValueCount {
    source: Source,
    mapped: bool,
    by_owner: Vec<u64>,
    budget: Arc<Budget>,
}

enum Source {
    Numbers(Box<Numbers>),
    Strings(Box<(Strings, Ords)>),
    /// All of a document's are one value.
    Ranges(Box<Ranges>),
}

impl ValueCount {
    pub(super) fn new(values: &Values, budget: Arc<Budget>) -> Self {
        let source = match (Ranges::new(values, &budget), values.shape()) {
            (Some(ranges), _) => Source::Ranges(Box::new(ranges)),
            (None, Shape::Bytes) => Source::Strings(Box::new((Strings::new(values), Ords::default()))),
            (None, _) => Source::Numbers(Box::new(Numbers::new(values))),
        };
        let mapped = values.is_mapped() || values.missing.is_some();
        Self { source, mapped, by_owner: Vec::new(), budget }
    }

    fn grow(&mut self, owners: usize) -> Outcome<()> {
        if owners > self.by_owner.len() {
            self.budget.take((owners - self.by_owner.len()) * size_of::<u64>())?;
            self.by_owner.resize(owners, 0);
        }
        Ok(())
    }

    fn is_full(&self) -> bool {
        match &self.source {
            Source::Numbers(numbers) => numbers.is_full(),
            Source::Strings(strings) => strings.0.is_full(),
            Source::Ranges(_) => false,
        }
    }
}

impl Collector for ValueCount {
    fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        match &mut self.source {
            Source::Numbers(numbers) => numbers.enter(leaf),
            Source::Strings(strings) => strings.0.enter(leaf),
            Source::Ranges(ranges) => ranges.enter(leaf),
        }
    }

    fn collect(&mut self, batch: Batch<'_>) -> Outcome<()> {
        self.grow(batch.owners.bound())?;
        let counts = &mut self.by_owner;
        let mut count = |at: usize| counts[batch.owners.of(at) as usize] += 1;
        match &mut self.source {
            Source::Numbers(numbers) => numbers.read(batch.docs).for_each(|at, _| count(at)),
            Source::Strings(strings) => {
                let (strings, ords) = &mut **strings;
                strings.read(batch.docs, ords).for_each(|at, _| count(at));
            }
            Source::Ranges(ranges) => {
                let places = (0..).zip(batch.docs).filter(|(_, doc)| ranges.has(**doc));
                places.for_each(|(at, _)| count(at));
            }
        }
        Ok(())
    }

    fn collect_found(&mut self, found: &Found<'_>, owner: u32) -> Outcome<()> {
        if !self.is_full() {
            return self.collect(Batch::of(found, owner));
        }
        self.grow(owner as usize + 1)?;
        self.by_owner[owner as usize] += found.count() as u64;
        Ok(())
    }

    fn whole(&mut self, leaf: &Leaf<'_>) -> Outcome<bool> {
        let full = self.is_full();
        if full {
            self.grow(1)?;
            self.by_owner[0] += u64::from(leaf.max);
        }
        Ok(full)
    }

    fn partial(&mut self, owner: u32) -> Outcome<Partial> {
        if !self.mapped {
            return Ok(Partial::Unmapped);
        }
        Ok(Partial::Count(self.by_owner.get(owner as usize).copied().unwrap_or(0)))
    }
}
