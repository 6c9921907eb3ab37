//! The `k` best hits by score; equal scores by `_id`, so that neither segments nor shards change the order.

use std::cmp::Ordering;

use model::search::SortValue;
use search::shard_query::{DocAddress, ShardHit};

use super::ids::{IdPlace, Ids};
use super::patience::Watch;
use crate::reader::Reader;
use crate::score::Outcome;
use crate::score::bulk::Sink;
use crate::segment::DocId;

#[derive(Clone, Copy)]
struct Entry {
    score: f32,
    id: IdPlace,
    doc: DocId,
}

/// A heap whose root is the worst.
pub(super) struct Best<'a, 'w> {
    ids: Ids<'a>,
    k: usize,
    heap: Vec<Entry>,
    /// The segment that hits come from now.
    segment: u32,
    /// At least `k` documents score so much, here or in other shards.
    floor: f32,
    /// Only scores below.
    after: Option<f32>,
    /// Ordinals of this segment below it are better than the worst, at equal scores; `None`: not computed.
    tie: Option<u64>,
    watch: &'w mut Watch<'a>,
}

impl<'a, 'w> Best<'a, 'w> {
    /// Of scores below `after`, where there is such a one, and not below `floor`.
    pub(super) fn new(
        reader: &'a Reader,
        k: usize,
        (after, floor): (Option<f32>, f32),
        watch: &'w mut Watch<'a>,
    ) -> Self {
        let heap = Vec::with_capacity(k.min(1024));
        Self { ids: Ids::new(reader), k, heap, segment: 0, floor, after, tie: None, watch }
    }

    /// Hits come from this segment now.
    pub(super) fn enter(&mut self, segment: u32) {
        self.segment = segment;
        self.tie = None;
    }

    pub(super) fn is_full(&self) -> bool {
        self.heap.len() >= self.k
    }

    fn compare(&mut self, a: Entry, b: Entry) -> Outcome<Ordering> {
        match b.score.total_cmp(&a.score) {
            // Only objects inside of one document share its id.
            Ordering::Equal => Ok(self.ids.compare(a.id, b.id)?.then(a.doc.cmp(&b.doc))),
            order => Ok(order),
        }
    }

    fn is_worse(&mut self, a: usize, b: usize) -> Outcome<bool> {
        let (a, b) = (self.heap[a], self.heap[b]);
        Ok(self.compare(a, b)? == Ordering::Greater)
    }

    fn push(&mut self, entry: Entry) -> Outcome<()> {
        self.heap.push(entry);
        let mut at = self.heap.len() - 1;
        while at > 0 {
            let parent = (at - 1) / 2;
            if !self.is_worse(at, parent)? {
                break;
            }
            self.heap.swap(at, parent);
            at = parent;
        }
        Ok(())
    }

    fn replace_worst(&mut self, entry: Entry) -> Outcome<()> {
        self.heap[0] = entry;
        let mut at = 0;
        loop {
            let mut child = 2 * at + 1;
            if child >= self.heap.len() {
                return Ok(());
            }
            if child + 1 < self.heap.len() && self.is_worse(child + 1, child)? {
                child += 1;
            }
            if !self.is_worse(child, at)? {
                return Ok(());
            }
            self.heap.swap(at, child);
            at = child;
        }
    }

    /// Ordinals below are better than the worst at its score.
    pub(super) fn tie_bound(&mut self) -> Outcome<u64> {
        if let Some(bound) = self.tie {
            return Ok(bound);
        }
        let worst = self.heap[0].id;
        let bound = self.ids.bound(self.segment, worst)?;
        self.tie = Some(bound);
        Ok(bound)
    }

    /// As [`Sink::offer`], with the ordinal known; returns whether it was taken.
    pub(super) fn offer_at(&mut self, doc: DocId, score: f32, ord: u64) -> Outcome<bool> {
        if score < self.floor || self.after.is_some_and(|after| score >= after) {
            return Ok(false);
        }
        let entry = Entry { score, id: IdPlace { segment: self.segment, ord }, doc };
        if !self.is_full() {
            self.push(entry)?;
            self.tie = None;
            return Ok(true);
        }
        let worst = self.heap[0].score;
        if score > worst || score == worst && ord < self.tie_bound()? {
            self.replace_worst(entry)?;
            self.tie = None;
            return Ok(true);
        }
        Ok(false)
    }

    /// The hits, best first; with the score as their sort value when `with_sort`.
    pub(super) fn into_hits(mut self, with_sort: bool) -> Outcome<Vec<ShardHit>> {
        let mut hits = Vec::with_capacity(self.heap.len());
        while !self.heap.is_empty() {
            let worst = self.heap[0];
            let last = self.heap.pop().unwrap_or(worst);
            if !self.heap.is_empty() {
                self.replace_worst(last)?;
            }
            let address = DocAddress { segment: worst.id.segment, doc: worst.doc };
            let sort = if with_sort { vec![SortValue::Double(f64::from(worst.score))] } else { Vec::new() };
            hits.push(ShardHit { id: self.ids.text(worst.id)?, address, score: worst.score, sort });
        }
        hits.reverse();
        Ok(hits)
    }
}

impl Sink for Best<'_, '_> {
    fn threshold(&self) -> f32 {
        if self.is_full() { self.heap[0].score.max(self.floor) } else { self.floor }
    }

    fn offer(&mut self, doc: DocId, score: f32) -> Outcome<()> {
        if score < self.threshold() {
            return Ok(());
        }
        let ord = self.ids.place(self.segment, doc)?.ord;
        self.offer_at(doc, score, ord)?;
        Ok(())
    }

    fn wanted(&self) -> usize {
        // Behind a given score nothing is known of how many there are.
        if self.after.is_some() { 0 } else { self.k }
    }

    fn raise(&mut self, score: f32) {
        self.floor = self.floor.max(score);
    }

    fn go_on(&mut self) -> Outcome<bool> {
        self.watch.go_on()
    }
}
