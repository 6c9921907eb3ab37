//! `sampler` and `diversified_sampler`: the best documents of each bucket, shown to what is inside when all are known.

use std::cmp::Ordering;
use std::sync::Arc;

use hashbrown::HashMap;
use model::aggregation::partial::Partial;
use model::error::Error;
use search::aggregation::sample::Sampler as Asked;

use super::batch::Sorted;
use super::filter::bucket;
use super::interned::Interned;
use super::{Batch, Budget, Collector, Collectors};
use crate::compile::scorer::Leaf;
use crate::reader::Reader;
use crate::score::Outcome;
use crate::segment::DocId;

/// The value of documents without one.
const NO_VALUE: u32 = u32::MAX;

pub(super) struct Sampler {
    size: usize,
    diversity: Option<Diversity>,
    children: Collectors,
    segment: u32,
    samples: Vec<Sample>,
    counts: Vec<u64>,
    budget: Arc<Budget>,
}

struct Diversity {
    values: Interned,
    most: usize,
    known: bool,
}

/// The best documents of one owner so far, and some that are not.
#[derive(Default)]
struct Sample {
    best: Vec<Candidate>,
    /// As many as may be have this score at least.
    least: Option<f32>,
}

#[derive(Clone, Copy)]
struct Candidate {
    score: f32,
    segment: u32,
    doc: DocId,
    value: u32,
}

impl Candidate {
    /// The better first: by score, then by place.
    fn rank(&self, other: &Self) -> Ordering {
        let place = (self.segment, self.doc).cmp(&(other.segment, other.doc));
        other.score.total_cmp(&self.score).then(place)
    }
}

impl Sample {
    /// Adds a document that lies behind all before.
    fn add(&mut self, candidate: Candidate, limits: (usize, usize), budget: &Budget) -> Outcome<()> {
        if self.least.is_some_and(|least| candidate.score <= least) {
            return Ok(());
        }
        if self.best.len() == self.best.capacity() {
            let more = self.best.capacity().max(16);
            budget.take(more * size_of::<Candidate>())?;
            self.best.reserve_exact(more);
        }
        self.best.push(candidate);
        if self.best.len() >= limits.0.saturating_mul(2).saturating_add(16) {
            self.thin(limits);
        }
        Ok(())
    }

    /// Leaves the best `size` documents, of each value `most`. What is dropped would not come back: those that are better stay.
    fn thin(&mut self, (size, most): (usize, usize)) {
        self.best.sort_unstable_by(Candidate::rank);
        if most < usize::MAX {
            let mut taken: HashMap<u32, usize> = HashMap::new();
            self.best.retain(|candidate| {
                let taken = taken.entry(candidate.value).or_default();
                *taken += 1;
                *taken <= most
            });
        }
        self.best.truncate(size);
        self.least = self.best.last().filter(|_| self.best.len() == size).map(|last| last.score);
    }
}

impl Sampler {
    pub(super) fn new(asked: &Asked, children: Collectors, budget: Arc<Budget>) -> Self {
        let diversity = asked.diversity.as_ref().map(|diversity| Diversity {
            values: Interned::new(&diversity.values, budget.clone()),
            most: diversity.most,
            known: diversity.values.is_mapped(),
        });
        let (samples, counts) = Default::default();
        Self { size: asked.shard_size, diversity, children, segment: 0, samples, counts, budget }
    }

    fn limits(&self) -> (usize, usize) {
        (self.size, self.diversity.as_ref().map_or(usize::MAX, |diversity| diversity.most))
    }

    /// Shows the samples to what is inside, in order of segments and documents.
    fn replay(&mut self, reader: &Reader) -> Outcome<()> {
        let mut all = Vec::new();
        for (owner, sample) in std::mem::take(&mut self.samples).into_iter().enumerate() {
            all.extend(sample.best.into_iter().map(|candidate| (candidate, owner as u32)));
        }
        all.sort_unstable_by_key(|(candidate, owner)| (candidate.segment, candidate.doc, *owner));
        for segment in all.chunk_by(|(a, _), (b, _)| a.segment == b.segment) {
            let held = Sorted {
                docs: segment.iter().map(|(candidate, _)| candidate.doc).collect(),
                owners: segment.iter().map(|(_, owner)| *owner).collect(),
                scores: segment.iter().map(|(candidate, _)| candidate.score).collect(),
            };
            self.children.enter(&Leaf::new(reader, segment[0].0.segment as usize))?;
            held.batches().try_for_each(|batch| self.children.collect(batch))?;
            self.children.leave()?;
        }
        Ok(())
    }
}

impl Collector for Sampler {
    fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        self.segment = leaf.number;
        self.diversity.as_mut().map_or(Ok(()), |diversity| diversity.values.enter(leaf))
    }

    fn collect(&mut self, batch: Batch<'_>) -> Outcome<()> {
        let (owners, limits) = (batch.owners.bound(), self.limits());
        if owners > self.samples.len() {
            self.budget.take((owners - self.samples.len()) * size_of::<Sample>())?;
            self.samples.resize_with(owners, Sample::default);
        }
        if let Some(diversity) = &mut self.diversity {
            if !diversity.known {
                return Ok(());
            }
            diversity.values.read(batch.docs)?;
        }
        for (at, &doc) in batch.docs.iter().enumerate() {
            let value = match self.diversity.as_ref().map(|diversity| diversity.values.of(at)) {
                None | Some([]) => NO_VALUE,
                Some([value]) => *value,
                Some(_) => {
                    let reason = "Sample diversifying key must be a single valued-field";
                    return Err(Error::illegal_argument(reason).into());
                }
            };
            let score = batch.scores.get(at).copied().unwrap_or(0.0);
            let candidate = Candidate { score, segment: self.segment, doc, value };
            self.samples[batch.owners.of(at) as usize].add(candidate, limits, &self.budget)?;
        }
        Ok(())
    }

    fn end(&mut self, reader: &Reader) -> Outcome<()> {
        let limits = self.limits();
        self.samples.iter_mut().for_each(|sample| sample.thin(limits));
        self.counts = self.samples.iter().map(|sample| sample.best.len() as u64).collect();
        self.replay(reader)?;
        self.children.end(reader)
    }

    fn partial(&mut self, owner: u32) -> Outcome<Partial> {
        if self.diversity.as_ref().is_some_and(|diversity| !diversity.known) {
            return Ok(Partial::Unmapped);
        }
        Ok(Partial::Bucket(bucket(&self.counts, &mut self.children, owner)?))
    }
}
