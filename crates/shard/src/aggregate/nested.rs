//! `nested` and `reverse_nested`: from documents to the objects inside of them, and back.

use std::sync::Arc;

use model::aggregation::partial::Partial;
use search::aggregation::Join;

use super::batch::Sorted;
use super::filter::{bucket, grow};
use super::{Batch, Budget, Collector, Collectors};
use crate::compile::scorer::Leaf;
use crate::reader::Reader;
use crate::score::{Outcome, bits};
use crate::segment::{DocId, NO_MORE_DOCS};

/// Documents are handed on when there are so many.
const BATCH: usize = 4096;

type Sets = (Arc<[u64]>, Arc<[u64]>);

/// What both kinds hold.
struct Shared {
    join: Option<Join>,
    /// Objects inside and documents around, of this segment.
    sets: Option<Sets>,
    children: Collectors,
    counts: Vec<u64>,
    found: Sorted,
    budget: Arc<Budget>,
}

impl Shared {
    fn new(join: Option<Join>, children: Collectors, budget: Arc<Budget>) -> Self {
        Self { join, sets: None, children, counts: Vec::new(), found: Sorted::default(), budget }
    }

    fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        let sets = self.join.as_ref().and_then(|join| leaf.join(&join.inside, join.around.as_deref()));
        self.sets = sets.map(|(inside, around)| (inside.clone(), around.clone()));
        self.children.enter(leaf)
    }

    /// Counts a document of a bucket, which came of the one at a place of `batch`.
    fn push(&mut self, batch: &Batch<'_>, at: usize, doc: DocId) -> Outcome<()> {
        let owner = batch.owners.of(at);
        self.counts[owner as usize] += 1;
        self.found.docs.push(doc);
        self.found.owners.push(owner);
        if let Some(score) = batch.scores.get(at) {
            self.found.scores.push(*score);
        }
        if self.found.docs.len() >= BATCH { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Outcome<()> {
        self.children.collect(self.found.batch())?;
        self.found.clear();
        Ok(())
    }
}

/// `nested`
pub(super) struct Inside(Shared);

impl Inside {
    pub(super) fn new(join: Option<Join>, children: Collectors, budget: Arc<Budget>) -> Self {
        Self(Shared::new(join, children, budget))
    }
}

impl Collector for Inside {
    fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        self.0.enter(leaf)
    }

    fn collect(&mut self, batch: Batch<'_>) -> Outcome<()> {
        let shared = &mut self.0;
        grow(&mut shared.counts, batch.owners.bound(), &shared.budget)?;
        let Some((inside, around)) = shared.sets.clone() else { return Ok(()) };
        if shared.join.as_ref().is_some_and(|join| join.around.as_ref() == Some(&join.inside)) {
            for (at, doc) in batch.docs.iter().enumerate() {
                shared.push(&batch, at, *doc)?;
            }
            return shared.flush();
        }
        let mut first = 0;
        // A document that lies in several buckets: each object goes to all of them, so that objects ascend.
        for same in batch.docs.chunk_by(|a, b| a == b) {
            let doc = same[0];
            let mut from = bits::last_before(&around, doc).map_or(0, |before| before + 1);
            while let Some(object) = bits::next(&inside, from).filter(|object| *object < doc) {
                for at in first..first + same.len() {
                    shared.push(&batch, at, object)?;
                }
                from = object + 1;
            }
            first += same.len();
        }
        shared.flush()
    }

    fn leave(&mut self) -> Outcome<()> {
        self.0.children.leave()
    }

    fn end(&mut self, reader: &Reader) -> Outcome<()> {
        self.0.children.finish(reader, &mut self.0.counts)
    }

    fn partial(&mut self, owner: u32) -> Outcome<Partial> {
        Ok(Partial::Bucket(bucket(&self.0.counts, &mut self.0.children, owner)?))
    }
}

/// `reverse_nested`
pub(super) struct Around {
    shared: Shared,
    /// By owner: the last document that it got, for several objects of one lie around.
    last: Vec<DocId>,
}

impl Around {
    pub(super) fn new(join: Option<Join>, children: Collectors, budget: Arc<Budget>) -> Self {
        Self { shared: Shared::new(join, children, budget), last: Vec::new() }
    }
}

impl Collector for Around {
    fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        self.last.fill(NO_MORE_DOCS);
        self.shared.enter(leaf)
    }

    fn collect(&mut self, batch: Batch<'_>) -> Outcome<()> {
        let Self { shared, last } = self;
        let owners = batch.owners.bound();
        grow(&mut shared.counts, owners, &shared.budget)?;
        if owners > last.len() {
            shared.budget.take((owners - last.len()) * size_of::<DocId>())?;
            last.resize(owners, NO_MORE_DOCS);
        }
        let Some((_, around)) = shared.sets.clone() else { return Ok(()) };
        for (at, &object) in batch.docs.iter().enumerate() {
            let Some(doc) = bits::next(&around, object) else { continue };
            let known = &mut last[batch.owners.of(at) as usize];
            if std::mem::replace(known, doc) != doc {
                shared.push(&batch, at, doc)?;
            }
        }
        shared.flush()
    }

    fn leave(&mut self) -> Outcome<()> {
        self.shared.children.leave()
    }

    fn end(&mut self, reader: &Reader) -> Outcome<()> {
        self.shared.children.finish(reader, &mut self.shared.counts)
    }

    fn partial(&mut self, owner: u32) -> Outcome<Partial> {
        Ok(Partial::Bucket(bucket(&self.shared.counts, &mut self.shared.children, owner)?))
    }
}
