//! `histogram` and `date_histogram`: values rounded down to the numbers of buckets.

use std::sync::Arc;

use model::aggregation::partial::Partial;
use search::aggregation::histogram::{Histogram as Asked, Step};

use super::batch::Sorted;
use super::keyed::Buckets;
use super::numbers::{Numbers, Read};
use super::places::Places;
use super::rounding::{Dates, Steps};
use super::tally::{NARROW, Tally};
use super::{Batch, Budget, Collector, Collectors, Owners};
use crate::compile::scorer::Leaf;
use crate::reader::Reader;
use crate::score::Outcome;
use crate::score::found::Found;
use crate::segment::column::Bounds;

pub(super) struct Histogram {
    asked: Asked,
    numbers: Numbers,
    steps: Steps,
    /// The least number of a bucket in the segment; what lies `wide` apart is found by position.
    least: i64,
    places: Places,
    buckets: Buckets,
    /// Whether `tally` may be used in the segment.
    counting: bool,
    /// Documents by number above the least, where nothing but their number is wanted.
    tally: Tally,
    children: Collectors,
    inside: Sorted,
}

impl Histogram {
    /// `all_shown`: whether every bucket will be in the answer.
    pub(super) fn new(asked: &Asked, children: Collectors, budget: Arc<Budget>, all_shown: bool) -> Self {
        Self {
            numbers: Numbers::new(&asked.values),
            steps: Steps::new(asked),
            least: i64::MIN,
            places: Places::new(budget.clone()),
            buckets: Buckets::new(budget, all_shown),
            asked: asked.clone(),
            counting: false,
            tally: Tally::default(),
            children,
            inside: Sorted::default(),
        }
    }

    /// Counts values: `index` numbers the buckets of the segment's codes, `key` names them for all segments.
    fn gather(&mut self, batch: Batch<'_>, index: impl Fn(i64) -> i64, key: impl Fn(i64) -> i64) -> Outcome<()> {
        let plain = self.children.is_empty();
        let (step, least, places, buckets) = (&self.asked.step, self.least, &mut self.places, &mut self.buckets);
        let inside = &mut self.inside;
        let bounded = has_hard_bounds(step);
        // A document whose values fall into one bucket counts once there: its values ascend.
        let mut previous = (usize::MAX, 0);
        self.numbers.read(batch.docs).try_for_each(|at, code| {
            let number = index(code);
            if previous == (at, number) || (bounded && !step.admits(key(number))) {
                return Ok(());
            }
            previous = (at, number);
            let owner = batch.owners.of(at);
            let bucket = places.get(owner, number.wrapping_sub(least) as u64, || buckets.get(owner, key(number)))?;
            buckets.counts[bucket as usize] += 1;
            if !plain {
                inside.push(&batch, at, bucket);
            }
            Ok(())
        })
    }

    /// As [`Histogram::gather`], for dates whose beginnings are looked up: places are those of the beginnings.
    fn gather_dates(&mut self, batch: Batch<'_>, dates: &Dates) -> Outcome<()> {
        let plain = self.children.is_empty();
        let (step, places, buckets) = (&self.asked.step, &mut self.places, &mut self.buckets);
        let inside = &mut self.inside;
        let mut previous = (usize::MAX, 0);
        self.numbers.read(batch.docs).try_for_each(|at, code| {
            let (place, begin) = dates.find(code);
            if previous == (at, begin) || !step.admits(begin) {
                return Ok(());
            }
            previous = (at, begin);
            let owner = batch.owners.of(at);
            let bucket = places.get(owner, place, || buckets.get(owner, begin))?;
            buckets.counts[bucket as usize] += 1;
            if !plain {
                inside.push(&batch, at, bucket);
            }
            Ok(())
        })
    }
}

impl Histogram {
    /// Whether nothing but the number of documents is wanted of each bucket, and they are numbered.
    fn only_counts(&self, owner: u32) -> bool {
        owner == 0 && self.counting && self.children.is_empty()
    }

    /// Counts documents that have one value each by the number of their bucket; false: some have another number of values.
    fn count(&mut self, read: impl FnOnce(&mut Numbers) -> Read<'_>) -> Outcome<bool> {
        let Read::Dense(codes) = read(&mut self.numbers) else { return Ok(false) };
        let (tally, least, budget) = (&mut self.tally, self.least, &self.buckets.budget());
        match &self.steps {
            Steps::Width(width) => tally.add(codes, |code| width.index(code).wrapping_sub(least), budget),
            Steps::Uniform(uniform) => tally.add(codes, |code| uniform.index(code).wrapping_sub(least), budget),
            Steps::Dates(dates) => tally.add(codes, |code| dates.place(code), budget),
        }?;
        Ok(true)
    }

    /// The bucket of all of a stretch's documents, where that is known without looking at each.
    fn sole(&mut self, found: &Found<'_>, owner: u32) -> Outcome<Option<u32>> {
        let Some(Bounds { least, greatest, .. }) = self.numbers.bounds(found.range()) else { return Ok(None) };
        let key = |code: i64| match &self.steps {
            Steps::Width(width) => width.index(code),
            Steps::Uniform(uniform) => uniform.begin(uniform.index(code)),
            Steps::Dates(dates) => dates.find(code).1,
        };
        let first = key(least);
        if first != key(greatest) || !self.asked.step.admits(first) {
            return Ok(None);
        }
        self.buckets.get(owner, first).map(Some)
    }
}

fn has_hard_bounds(step: &Step) -> bool {
    matches!(step, Step::Width { hard: Some(_), .. } | Step::Dates { hard: Some(_), .. })
}

impl Collector for Histogram {
    fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        self.numbers.enter(leaf)?;
        let range = self.numbers.range();
        self.steps.enter(range, self.numbers.code);
        let (least, width) = self.steps.span(range);
        self.least = least;
        self.places.reset(width);
        let placed = match &self.steps {
            Steps::Dates(dates) => dates.is_prepared(),
            Steps::Width(_) | Steps::Uniform(_) => least != i64::MIN,
        };
        self.counting = width <= NARROW && placed && !has_hard_bounds(&self.asked.step);
        self.tally.reset(if self.counting { width } else { 0 });
        self.children.enter(leaf)
    }

    fn collect_found(&mut self, found: &Found<'_>, owner: u32) -> Outcome<()> {
        match self.sole(found, owner)? {
            Some(bucket) => {
                self.buckets.counts[bucket as usize] += found.count() as u64;
                self.children.collect_found(found, bucket)
            }
            None if self.only_counts(owner) && self.count(|numbers| numbers.read_found(found))? => Ok(()),
            None => self.collect(Batch::of(found, owner)),
        }
    }

    fn collect(&mut self, batch: Batch<'_>) -> Outcome<()> {
        if let Owners::One(owner) = batch.owners
            && self.only_counts(owner)
            && self.count(|numbers| numbers.read(batch.docs))?
        {
            return Ok(());
        }
        self.inside.clear();
        let steps = std::mem::take(&mut self.steps);
        let outcome = match &steps {
            Steps::Width(width) => {
                let width = *width;
                self.gather(batch, move |code| width.index(code), |number| number)
            }
            Steps::Uniform(uniform) => {
                let uniform = *uniform;
                self.gather(batch, move |code| uniform.index(code), move |index| uniform.begin(index))
            }
            Steps::Dates(dates) => self.gather_dates(batch, dates),
        };
        self.steps = steps;
        outcome?;
        self.children.collect(self.inside.batch())
    }

    fn leave(&mut self) -> Outcome<()> {
        let (steps, least, buckets) = (&self.steps, self.least, &mut self.buckets);
        self.tally.drain(|at, count| {
            let key = match steps {
                Steps::Uniform(uniform) => uniform.begin(least + at),
                Steps::Dates(dates) => dates.begin(at),
                Steps::Width(_) => least + at,
            };
            let bucket = buckets.get(0, key)?;
            buckets.counts[bucket as usize] += count;
            Ok(())
        })?;
        self.children.leave()
    }

    fn end(&mut self, reader: &Reader) -> Outcome<()> {
        self.buckets.group();
        self.children.finish(reader, &mut self.buckets.counts)
    }

    fn partial(&mut self, owner: u32) -> Outcome<Partial> {
        if !self.asked.values.is_mapped() && self.asked.values.missing.is_none() {
            return Ok(Partial::Unmapped);
        }
        self.buckets.table(owner, &mut self.children)
    }
}
