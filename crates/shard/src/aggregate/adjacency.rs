//! `adjacency_matrix`: a bucket for each filter, and for each pair of them.

use std::sync::Arc;

use model::aggregation::partial::Partial;

use super::batch::Sorted;
use super::filter::{Membership, grow, slots};
use super::{Batch, Budget, Collector, Collectors};
use crate::compile::Weight;
use crate::compile::scorer::Leaf;
use crate::reader::Reader;
use crate::score::Outcome;

pub(super) struct Adjacency {
    filters: Vec<Membership>,
    /// Buckets of an owner: the filters, then the pairs in order of their first, then second filter.
    width: usize,
    children: Collectors,
    /// By owner, then bucket.
    counts: Vec<u64>,
    inside: Sorted,
    budget: Arc<Budget>,
}

impl Adjacency {
    pub(super) fn new(weights: Vec<Weight>, width: usize, children: Collectors, budget: Arc<Budget>) -> Self {
        let filters = weights.into_iter().map(Membership::new).collect();
        Self { filters, width, children, counts: Vec::new(), inside: Sorted::default(), budget }
    }
}

/// The place of a pair among the buckets of `count` filters; `first` is before `second`.
fn pair(first: usize, second: usize, count: usize) -> usize {
    count + first * (2 * count - first - 1) / 2 + (second - first - 1)
}

impl Collector for Adjacency {
    fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        self.filters.iter_mut().try_for_each(|filter| filter.enter(leaf))?;
        self.children.enter(leaf)
    }

    fn collect(&mut self, batch: Batch<'_>) -> Outcome<()> {
        grow(&mut self.counts, batch.owners.bound() * self.width, &self.budget)?;
        self.filters.iter_mut().try_for_each(|filter| filter.load(batch.docs))?;
        self.inside.clear();
        let plain = self.children.is_empty();
        let mut matching = Vec::with_capacity(self.filters.len());
        for (at, &doc) in batch.docs.iter().enumerate() {
            let from = batch.owners.of(at) as usize * self.width;
            matching.clear();
            matching.extend((0..self.filters.len()).filter(|&filter| self.filters[filter].has(doc)));
            for (nth, &first) in matching.iter().enumerate() {
                let pairs = matching[nth + 1..].iter().map(|&second| pair(first, second, self.filters.len()));
                for slot in std::iter::once(first).chain(pairs) {
                    self.counts[from + slot] += 1;
                    if !plain {
                        self.inside.push(&batch, at, (from + slot) as u32);
                    }
                }
            }
        }
        self.children.collect(self.inside.batch())
    }

    fn leave(&mut self) -> Outcome<()> {
        self.children.leave()
    }

    fn end(&mut self, reader: &Reader) -> Outcome<()> {
        self.children.finish(reader, &mut self.counts)
    }

    fn partial(&mut self, owner: u32) -> Outcome<Partial> {
        slots(&self.counts, &mut self.children, (owner, self.width))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pair_has_a_place_of_its_own() {
        for count in 0..7 {
            let pairs = (0..count).flat_map(|first| (first + 1..count).map(move |second| pair(first, second, count)));
            assert_eq!(
                pairs.collect::<Vec<_>>(),
                (count..count + count * count.saturating_sub(1) / 2).collect::<Vec<_>>()
            );
        }
    }
}
