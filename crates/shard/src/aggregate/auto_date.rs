//! `auto_date_histogram`: dates at the finest rounding that leaves few enough buckets, owner by owner.

use std::sync::Arc;

use hashbrown::HashMap;
use model::aggregation::key::Key;
use model::aggregation::partial::{AutoDates, Bucket, Partial, Row, Table};
use search::aggregation::auto_date::AutoDateHistogram as Asked;
use search::aggregation::format::Format;

use super::batch::Sorted;
use super::numbers::Numbers;
use super::{Batch, Budget, Collector, Collectors};
use crate::compile::scorer::Leaf;
use crate::reader::Reader;
use crate::score::Outcome;

/// Bytes of a bucket.
const BUCKET_BYTES: usize = 64;

pub(super) struct AutoDate {
    asked: Asked,
    numbers: Numbers,
    divisor: i64,
    owners: Vec<Owner>,
    buckets: Buckets,
    children: Collectors,
    inside: Sorted,
}

/// One owner's buckets at its present rounding.
#[derive(Default)]
struct Owner {
    rounding: usize,
    by_begin: HashMap<i64, u32>,
    /// The interval that was found last: beginning, end, bucket.
    recent: Option<(i64, i64, u32)>,
    /// All that were ever made, of finer roundings too.
    all: Vec<u32>,
    /// The first and the last beginning, each as it was rounded when it was found.
    ends: Option<(i64, i64)>,
}

struct Buckets {
    begins: Vec<i64>,
    counts: Vec<u64>,
    budget: Arc<Budget>,
}

impl Owner {
    fn bucket(&mut self, ms: i64, asked: &Asked, buckets: &mut Buckets) -> Outcome<u32> {
        if let Some((begin, end, bucket)) = self.recent
            && ms >= begin
            && ms < end
        {
            return Ok(bucket);
        }
        let rounding = &asked.roundings[self.rounding].rounding;
        let begin = rounding.round(ms);
        if let Some(&bucket) = self.by_begin.get(&begin) {
            self.recent = Some((begin, rounding.next(begin), bucket));
            return Ok(bucket);
        }
        buckets.budget.buckets(1, BUCKET_BYTES)?;
        let made = buckets.begins.len() as u32;
        buckets.begins.push(begin);
        buckets.counts.push(0);
        self.by_begin.insert(begin, made);
        self.all.push(made);
        self.recent = Some((begin, rounding.next(begin), made));
        let (first, last) = self.ends.map_or((begin, begin), |(first, last)| (first.min(begin), last.max(begin)));
        self.ends = Some((first, last));
        let within_ms = last.saturating_sub(first);
        while !asked.is_last(self.rounding) && !asked.fits(self.rounding, self.by_begin.len(), within_ms) {
            self.coarser(asked, buckets);
        }
        Ok(made)
    }

    /// The next rounding; what was found at finer ones is joined at the end.
    fn coarser(&mut self, asked: &Asked, buckets: &Buckets) {
        self.rounding += 1;
        self.recent = None;
        let rounding = &asked.roundings[self.rounding].rounding;
        self.by_begin.clear();
        for &bucket in &self.all {
            self.by_begin.entry(rounding.round(buckets.begins[bucket as usize])).or_insert(bucket);
        }
    }
}

impl AutoDate {
    pub(super) fn new(asked: &Asked, children: Collectors, budget: Arc<Budget>) -> Self {
        let nanos = matches!(&asked.values.format, Format::Date(shown) if shown.resolution == model::date::DateResolution::Nanos);
        Self {
            numbers: Numbers::new(&asked.values),
            divisor: if nanos { 1_000_000 } else { 1 },
            owners: Vec::new(),
            buckets: Buckets { begins: Vec::new(), counts: Vec::new(), budget },
            asked: asked.clone(),
            children,
            inside: Sorted::default(),
        }
    }
}

impl Collector for AutoDate {
    fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        self.numbers.enter(leaf)?;
        self.children.enter(leaf)
    }

    fn collect(&mut self, batch: Batch<'_>) -> Outcome<()> {
        self.inside.clear();
        let owners = batch.owners.bound();
        if owners > self.owners.len() {
            self.buckets.budget.take((owners - self.owners.len()) * size_of::<Owner>())?;
            self.owners.resize_with(owners, Owner::default);
        }
        let plain = self.children.is_empty();
        let (asked, owners, buckets) = (&self.asked, &mut self.owners, &mut self.buckets);
        let (divisor, inside) = (self.divisor, &mut self.inside);
        let mut previous = (usize::MAX, 0);
        self.numbers.read(batch.docs).try_for_each(|at, code| {
            let owner = &mut owners[batch.owners.of(at) as usize];
            let bucket = owner.bucket(code.div_euclid(divisor), asked, buckets)?;
            if previous != (at, bucket) {
                previous = (at, bucket);
                buckets.counts[bucket as usize] += 1;
                if !plain {
                    inside.push(&batch, at, bucket);
                }
            }
            Ok(())
        })?;
        self.children.collect(self.inside.batch())
    }

    fn leave(&mut self) -> Outcome<()> {
        self.children.leave()
    }

    fn end(&mut self, reader: &Reader) -> Outcome<()> {
        self.children.finish(reader, &mut self.buckets.counts)
    }

    fn partial(&mut self, owner: u32) -> Outcome<Partial> {
        if !self.asked.values.is_mapped() && self.asked.values.missing.is_none() {
            return Ok(Partial::Unmapped);
        }
        let mut owner = self.owners.get_mut(owner as usize).map(std::mem::take).unwrap_or_default();
        let begins = &self.buckets.begins;
        owner.all.sort_unstable_by_key(|&bucket| begins[bucket as usize]);
        let rounding = &self.asked.roundings[owner.rounding].rounding;
        let mut rows: Vec<Row> = Vec::with_capacity(owner.by_begin.len());
        for bucket in owner.all {
            let key = Key::Long(rounding.round(begins[bucket as usize]));
            let found =
                Bucket { doc_count: self.buckets.counts[bucket as usize], children: self.children.partials(bucket)? };
            match rows.last_mut() {
                Some(last) if last.key == key => last.bucket.merge(found)?,
                _ => rows.push(Row { key, bucket: found, known: 0 }),
            }
        }
        let table = Table { rows, other: 0, error: 0, shards: 1 };
        Ok(Partial::AutoDates(AutoDates { rounding: owner.rounding as u8, table }))
    }
}
