//! Documents on their way through the tree.

use crate::score::found::Found;
use crate::segment::DocId;

/// Documents of one segment with their owners and scores.
#[derive(Clone, Copy)]
pub(crate) struct Batch<'a> {
    /// Ascending; repeated where a document lies in several buckets.
    pub(crate) docs: &'a [DocId],
    pub(crate) owners: Owners<'a>,
    /// One a document; empty unless some collector needs scores.
    pub(crate) scores: &'a [f32],
}

impl<'a> Batch<'a> {
    /// Matches that are one owner's.
    pub(crate) fn of(found: &'a Found<'_>, owner: u32) -> Self {
        Self { docs: found.docs(), owners: Owners::One(owner), scores: found.scores() }
    }
}

/// In which bucket of the collector above the documents lie.
#[derive(Clone, Copy)]
pub(crate) enum Owners<'a> {
    One(u32),
    /// One a document.
    Each(&'a [u32]),
}

impl Owners<'_> {
    #[inline]
    pub(crate) fn of(self, at: usize) -> u32 {
        match self {
            Self::One(owner) => owner,
            Self::Each(owners) => owners[at],
        }
    }

    /// One more than the greatest.
    pub(crate) fn bound(self) -> usize {
        match self {
            Self::One(owner) => owner as usize + 1,
            Self::Each(owners) => owners.iter().max().map_or(0, |&owner| owner as usize + 1),
        }
    }
}

/// Documents that are shown at once of those that were held back.
const BATCH: usize = 4096;

/// A batch under construction: some documents of another batch, in new buckets.
#[derive(Default)]
pub(crate) struct Sorted {
    pub(crate) docs: Vec<DocId>,
    pub(crate) owners: Vec<u32>,
    pub(crate) scores: Vec<f32>,
}

impl Sorted {
    pub(crate) fn clear(&mut self) {
        self.docs.clear();
        self.owners.clear();
        self.scores.clear();
    }

    /// The document at a place of `batch`, in a bucket.
    #[inline]
    pub(crate) fn push(&mut self, batch: &Batch<'_>, at: usize, owner: u32) {
        self.docs.push(batch.docs[at]);
        self.owners.push(owner);
        if let Some(score) = batch.scores.get(at) {
            self.scores.push(*score);
        }
    }

    /// Leaves those that `owner` has an owner for, by theirs, in their order.
    pub(crate) fn keep(&mut self, owner: impl Fn(u32) -> Option<u32>) {
        let mut kept = 0;
        for at in 0..self.docs.len() {
            let Some(owner) = owner(self.owners[at]) else { continue };
            self.docs[kept] = self.docs[at];
            self.owners[kept] = owner;
            if let Some(&score) = self.scores.get(at) {
                self.scores[kept] = score;
            }
            kept += 1;
        }
        self.docs.truncate(kept);
        self.owners.truncate(kept);
        self.scores.truncate(kept);
    }

    /// A part at a time.
    pub(crate) fn batches(&self) -> impl Iterator<Item = Batch<'_>> {
        (0..self.docs.len()).step_by(BATCH).map(|begin| {
            let part = begin..(begin + BATCH).min(self.docs.len());
            let scores = self.scores.get(part.clone()).unwrap_or_default();
            Batch { docs: &self.docs[part.clone()], owners: Owners::Each(&self.owners[part]), scores }
        })
    }

    pub(crate) fn batch(&self) -> Batch<'_> {
        Batch { docs: &self.docs, owners: Owners::Each(&self.owners), scores: &self.scores }
    }
}
