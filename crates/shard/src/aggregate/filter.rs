//! `filter`, `filters`, `global`: buckets of what queries match.

use std::sync::Arc;

use model::aggregation::partial::{Bucket, Partial};

use super::batch::Sorted;
use super::{Batch, Budget, Collector, Collectors};
use crate::compile::Weight;
use crate::compile::scorer::Leaf;
use crate::reader::Reader;
use crate::score::found::Found;
use crate::score::{Outcome, Scorer, bits};
use crate::segment::DocId;

/// Which documents of a batch a query matches. Asked with ascending batches.
pub(super) struct Membership {
    weight: Weight,
    scorer: Option<Box<dyn Scorer>>,
    words: Vec<u64>,
    from: DocId,
}

impl Membership {
    pub(super) fn new(weight: Weight) -> Self {
        Self { weight, scorer: None, words: Vec::new(), from: 0 }
    }

    pub(super) fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        self.scorer = Some(leaf.scorer(&self.weight)?);
        Ok(())
    }

    /// Looks at the stretch in which these documents lie.
    pub(super) fn load(&mut self, docs: &[DocId]) -> Outcome<()> {
        let (Some(&first), Some(&last), Some(scorer)) = (docs.first(), docs.last(), &mut self.scorer) else {
            return Ok(());
        };
        self.from = first / 64 * 64;
        let to = last + 1;
        self.words.clear();
        self.words.resize(((to - self.from) as usize).div_ceil(64), 0);
        // A stretch may begin where the last one ended: what lies before was asked already, and is not asked again.
        let mut words = std::mem::take(&mut self.words);
        let offset = first - self.from;
        if offset == 0 {
            scorer.fill(first, to, &mut words)?;
        } else {
            let mut doc = scorer.seek(first)?;
            while doc < to {
                bits::set(&mut words, doc - self.from);
                doc = scorer.seek(doc + 1)?;
            }
        }
        self.words = words;
        Ok(())
    }

    /// Whether a document of the stretch matches.
    #[inline]
    pub(super) fn has(&self, doc: DocId) -> bool {
        bits::contains(&self.words, doc - self.from)
    }
}

/// `filter`
pub(super) struct Filter {
    membership: Membership,
    children: Collectors,
    counts: Vec<u64>,
    inside: Sorted,
    budget: Arc<Budget>,
}

impl Filter {
    pub(super) fn new(weight: Weight, children: Collectors, budget: Arc<Budget>) -> Self {
        let membership = Membership::new(weight);
        Self { membership, children, counts: Vec::new(), inside: Sorted::default(), budget }
    }
}

/// Makes room for so many counts.
pub(super) fn grow(counts: &mut Vec<u64>, len: usize, budget: &Budget) -> Outcome<()> {
    if len > counts.len() {
        budget.buckets(len - counts.len(), size_of::<u64>())?;
        counts.resize(len, 0);
    }
    Ok(())
}

/// The bucket of a count and of what lies inside it.
pub(super) fn bucket(counts: &[u64], children: &mut Collectors, at: u32) -> Outcome<Bucket> {
    let doc_count = counts.get(at as usize).copied().unwrap_or(0);
    Ok(Bucket { doc_count, children: children.partials(at)? })
}

/// The buckets of an owner who has a bucket in each of `width` places. The numbers of an owner of whom nothing was collected may be
/// beyond counting.
pub(super) fn slots(counts: &[u64], children: &mut Collectors, (owner, width): (u32, usize)) -> Outcome<Partial> {
    let first = owner.saturating_mul(width as u32);
    let places = (0..width as u32).map(|slot| first.saturating_add(slot));
    Ok(Partial::Slots(places.map(|at| bucket(counts, children, at)).collect::<Outcome<_>>()?))
}

impl Collector for Filter {
    fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        self.membership.enter(leaf)?;
        self.children.enter(leaf)
    }

    fn collect(&mut self, batch: Batch<'_>) -> Outcome<()> {
        grow(&mut self.counts, batch.owners.bound(), &self.budget)?;
        self.membership.load(batch.docs)?;
        self.inside.clear();
        for (at, &doc) in batch.docs.iter().enumerate() {
            if self.membership.has(doc) {
                let owner = batch.owners.of(at);
                self.counts[owner as usize] += 1;
                self.inside.push(&batch, at, owner);
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
        Ok(Partial::Bucket(bucket(&self.counts, &mut self.children, owner)?))
    }
}

/// `filters`: a bucket for each, and one for the others.
pub(super) struct Filters {
    filters: Vec<Membership>,
    other: bool,
    children: Collectors,
    /// By owner, then filter.
    counts: Vec<u64>,
    inside: Sorted,
    budget: Arc<Budget>,
}

impl Filters {
    pub(super) fn new(weights: Vec<Weight>, other: bool, children: Collectors, budget: Arc<Budget>) -> Self {
        let filters = weights.into_iter().map(Membership::new).collect();
        Self { filters, other, children, counts: Vec::new(), inside: Sorted::default(), budget }
    }

    fn width(&self) -> usize {
        self.filters.len() + usize::from(self.other)
    }
}

impl Collector for Filters {
    fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        self.filters.iter_mut().try_for_each(|filter| filter.enter(leaf))?;
        self.children.enter(leaf)
    }

    fn collect(&mut self, batch: Batch<'_>) -> Outcome<()> {
        let width = self.width();
        grow(&mut self.counts, batch.owners.bound() * width, &self.budget)?;
        self.filters.iter_mut().try_for_each(|filter| filter.load(batch.docs))?;
        self.inside.clear();
        for (at, &doc) in batch.docs.iter().enumerate() {
            let first = batch.owners.of(at) as usize * width;
            let mut any = false;
            for (slot, filter) in self.filters.iter().enumerate() {
                if filter.has(doc) {
                    any = true;
                    self.counts[first + slot] += 1;
                    self.inside.push(&batch, at, (first + slot) as u32);
                }
            }
            if self.other && !any {
                self.counts[first + width - 1] += 1;
                self.inside.push(&batch, at, (first + width - 1) as u32);
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
        let width = self.width();
        slots(&self.counts, &mut self.children, (owner, width))
    }
}

/// `global`: whoever walks shows it every document.
pub(super) struct Everything {
    children: Collectors,
    count: u64,
}

impl Everything {
    pub(super) fn new(children: Collectors) -> Self {
        Self { children, count: 0 }
    }
}

impl Collector for Everything {
    fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        self.children.enter(leaf)
    }

    fn collect(&mut self, batch: Batch<'_>) -> Outcome<()> {
        self.count += batch.docs.len() as u64;
        self.children.collect(batch)
    }

    fn collect_found(&mut self, found: &Found<'_>, owner: u32) -> Outcome<()> {
        self.count += found.count() as u64;
        self.children.collect_found(found, owner)
    }

    fn leave(&mut self) -> Outcome<()> {
        self.children.leave()
    }

    fn end(&mut self, reader: &Reader) -> Outcome<()> {
        self.children.finish(reader, std::slice::from_mut(&mut self.count))
    }

    fn partial(&mut self, owner: u32) -> Outcome<Partial> {
        let doc_count = if owner == 0 { self.count } else { 0 };
        Ok(Partial::Bucket(Bucket { doc_count, children: self.children.partials(owner)? }))
    }
}
