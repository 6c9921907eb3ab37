//! `composite`: every combination of the values of several sources, the first of them kept.

use std::sync::Arc;

use hashbrown::HashMap;
use model::aggregation::key::Key;
use model::aggregation::partial::{Bucket, Partial, Row, Table};
use search::aggregation::composite::{Composite as Asked, Source, Step};
use search::aggregation::geo::Cells;
use search::aggregation::values::{Shape, key};

use super::batch::Sorted;
use super::numbers::Numbers;
use super::places::REFUSED;
use super::rounding::{Dates, Width};
use super::strings::{Ords, Strings};
use super::{Batch, Budget, Collector, Collectors};
use crate::compile::scorer::Leaf;
use crate::reader::Reader;
use crate::score::Outcome;
use crate::segment::Terms;

mod ahead;

/// A value as a number of the segment; `None` stands for no value.
type Code = Option<u64>;

/// Combinations of one document at most.
const MOST_COMBINATIONS: usize = 100_000;

pub(super) struct Composite {
    asked: Asked,
    sources: Vec<Reading>,
    /// Combinations of the segment's values -> buckets.
    local: HashMap<Box<[Code]>, u32>,
    buckets: Buckets,
    children: Collectors,
    inside: Sorted,
    budget: Arc<Budget>,
}

/// The combinations kept so far.
#[derive(Default)]
struct Buckets {
    by_key: HashMap<Vec<Key>, u32>,
    keys: Vec<Vec<Key>>,
    counts: Vec<u64>,
    /// Buckets in order, at most twice the page.
    order: Vec<u32>,
    dropped: Vec<bool>,
    /// Once a page is full: combinations behind this one are not wanted.
    last: Option<Vec<Key>>,
}

/// One source in one segment.
struct Reading {
    missing_bucket: bool,
    values: ReadingOf,
    /// Of the batch: the values of each document as numbers of the segment, and where they begin.
    codes: Vec<Code>,
    starts: Vec<u32>,
    found: Vec<(usize, u64)>,
}

enum ReadingOf {
    Numbers(Box<Numbers>, Rounded),
    Strings(Box<(Strings, Ords)>),
}

enum Rounded {
    Not,
    Width(Width),
    Dates(Box<Dates>),
    Cells(Cells),
}

impl Reading {
    fn new(source: &Source) -> Self {
        let values = match source.values.shape() {
            Shape::Bytes => ReadingOf::Strings(Box::new((Strings::new(&source.values), Ords::default()))),
            _ => {
                let rounded = match &source.step {
                    Step::Value => Rounded::Not,
                    Step::Width(interval) => Rounded::Width(Width::new(*interval, source.values.code())),
                    Step::Cells(cells) => Rounded::Cells(*cells),
                    Step::Dates(rounding) => {
                        Rounded::Dates(Box::new(Dates::new(rounding.clone(), &source.values.format)))
                    }
                };
                ReadingOf::Numbers(Box::new(Numbers::new(&source.values)), rounded)
            }
        };
        Self { missing_bucket: source.missing_bucket, values, codes: Vec::new(), starts: Vec::new(), found: Vec::new() }
    }

    fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        match &mut self.values {
            ReadingOf::Strings(strings) => strings.0.enter(leaf),
            ReadingOf::Numbers(numbers, rounded) => {
                numbers.enter(leaf)?;
                if let Rounded::Dates(dates) = rounded {
                    dates.prepare(numbers.range());
                }
                Ok(())
            }
        }
    }

    /// Reads the values of a batch.
    fn read(&mut self, batch: &Batch<'_>) {
        self.found.clear();
        let found = &mut self.found;
        match &mut self.values {
            ReadingOf::Strings(strings) => {
                let (strings, ords) = &mut **strings;
                strings.read(batch.docs, ords).for_each(|at, ord| found.push((at, ord)));
            }
            ReadingOf::Numbers(numbers, rounded) => {
                numbers.read(batch.docs).for_each(|at, code| {
                    let number = match rounded {
                        Rounded::Not => Some(code),
                        Rounded::Width(width) => Some(width.index(code)),
                        Rounded::Dates(dates) => Some(dates.find(code).1),
                        Rounded::Cells(cells) => cells.of(code),
                    };
                    found.extend(number.map(|number| (at, number as u64)));
                });
            }
        }
        self.arrange(batch.docs.len());
    }

    /// Values by document: a number as often as the document has it, or others in its step.
    fn arrange(&mut self, docs: usize) {
        self.codes.clear();
        self.starts.clear();
        let mut found = self.found.iter().peekable();
        for at in 0..docs {
            let start = self.codes.len();
            self.starts.push(start as u32);
            while let Some(&(_, code)) = found.next_if(|(row, _)| *row == at) {
                self.codes.push(Some(code));
            }
            if self.codes.len() == start && self.missing_bucket {
                self.codes.push(None);
            }
        }
        self.starts.push(self.codes.len() as u32);
    }

    /// The terms of the segment, where they are the values of the documents, each of which has one at most.
    fn terms(&self, leaf: &Leaf<'_>) -> Outcome<Option<Arc<dyn Terms>>> {
        match &self.values {
            ReadingOf::Strings(strings) => strings.0.terms(leaf),
            ReadingOf::Numbers(..) => Ok(None),
        }
    }

    /// The values of a document of the batch.
    fn values(&self, at: usize) -> &[Code] {
        &self.codes[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    fn key(&self, source: &Source, code: Code) -> Outcome<Key> {
        let Some(code) = code else { return Ok(Key::Null) };
        match &self.values {
            ReadingOf::Strings(strings) => {
                let mut value = Vec::new();
                strings.0.value(code, &mut value)?;
                Ok(Key::Bytes(value.into()))
            }
            ReadingOf::Numbers(_, Rounded::Not) => Ok(key(code as i64, source.values.code())),
            ReadingOf::Numbers(..) => Ok(Key::Long(code as i64)),
        }
    }
}

impl Buckets {
    /// The bucket of a combination; [`REFUSED`] when it is not on the page.
    fn get(&mut self, asked: &Asked, keys: Vec<Key>, budget: &Budget) -> Outcome<u32> {
        if let Some(found) = self.by_key.get(&keys) {
            return Ok(if self.dropped[*found as usize] { REFUSED } else { *found });
        }
        let behind = self.last.as_ref().is_some_and(|last| asked.compare(&keys, last).is_gt());
        if behind || !asked.is_wanted(&keys) {
            return Ok(REFUSED);
        }
        budget.buckets(1, keys.len() * 2 * size_of::<Key>() + 64)?;
        let made = self.keys.len() as u32;
        self.by_key.insert(keys.clone(), made);
        self.keys.push(keys);
        self.counts.push(0);
        self.dropped.push(false);
        self.order.push(made);
        if self.order.len() >= 2 * asked.size as usize {
            self.drop_last(asked);
        }
        Ok(made)
    }

    /// Keeps one page.
    fn drop_last(&mut self, asked: &Asked) {
        let keys = &self.keys;
        self.order.sort_unstable_by(|&a, &b| asked.compare(&keys[a as usize], &keys[b as usize]));
        for bucket in self.order.drain((asked.size as usize).min(self.order.len())..) {
            self.dropped[bucket as usize] = true;
        }
        self.last = self.order.last().map(|&bucket| keys[bucket as usize].clone());
    }
}

impl Composite {
    pub(super) fn new(asked: &Asked, children: Collectors, budget: Arc<Budget>) -> Self {
        Self {
            sources: asked.sources.iter().map(Reading::new).collect(),
            asked: asked.clone(),
            local: HashMap::new(),
            buckets: Buckets::default(),
            children,
            inside: Sorted::default(),
            budget,
        }
    }

    /// The bucket of one combination of the segment's values.
    fn bucket(&mut self, codes: &[Code]) -> Outcome<u32> {
        if let Some(found) = self.local.get(codes) {
            return Ok(if *found != REFUSED && self.buckets.dropped[*found as usize] { REFUSED } else { *found });
        }
        let sources = self.sources.iter().zip(&self.asked.sources).zip(codes);
        let keys = sources.map(|((reading, source), &code)| reading.key(source, code)).collect::<Outcome<Vec<_>>>()?;
        let made = self.buckets.get(&self.asked, keys, &self.budget)?;
        self.budget.take(size_of_val(codes) + 32)?;
        self.local.insert(codes.into(), made);
        Ok(made)
    }

    fn take(&mut self, batch: Batch<'_>) -> Outcome<()> {
        self.inside.clear();
        self.sources.iter_mut().for_each(|source| source.read(&batch));
        let mut codes = vec![None; self.sources.len()];
        for at in 0..batch.docs.len() {
            self.count(&batch, at, &mut codes)?;
        }
        self.children.collect(self.inside.batch())
    }

    /// Counts the combinations of one document.
    fn count(&mut self, batch: &Batch<'_>, at: usize, codes: &mut [Code]) -> Outcome<()> {
        let all: usize = self.sources.iter().map(|source| source.values(at).len()).product();
        for combination in 0..all.min(MOST_COMBINATIONS) {
            let mut rest = combination;
            for (source, code) in self.sources.iter().zip(codes.iter_mut()).rev() {
                let values = source.values(at);
                *code = values[rest % values.len()];
                rest /= values.len();
            }
            let bucket = self.bucket(codes)?;
            if bucket != REFUSED {
                self.buckets.counts[bucket as usize] += 1;
                if !self.children.is_empty() {
                    self.inside.push(batch, at, bucket);
                }
            }
        }
        Ok(())
    }
}

impl Collector for Composite {
    fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        self.local.clear();
        self.sources.iter_mut().try_for_each(|source| source.enter(leaf))?;
        self.children.enter(leaf)
    }

    fn collect(&mut self, batch: Batch<'_>) -> Outcome<()> {
        self.take(batch)
    }

    fn whole(&mut self, leaf: &Leaf<'_>) -> Outcome<bool> {
        self.walk_ahead(leaf)
    }

    fn leave(&mut self) -> Outcome<()> {
        self.children.leave()
    }

    fn end(&mut self, reader: &Reader) -> Outcome<()> {
        self.buckets.drop_last(&self.asked);
        self.children.finish(reader, &mut self.buckets.counts)
    }

    fn partial(&mut self, owner: u32) -> Outcome<Partial> {
        let mut rows = Vec::with_capacity(self.buckets.order.len());
        for bucket in std::mem::take(&mut self.buckets.order).into_iter().filter(|_| owner == 0) {
            let keys = std::mem::take(&mut self.buckets.keys[bucket as usize]);
            let found =
                Bucket { doc_count: self.buckets.counts[bucket as usize], children: self.children.partials(bucket)? };
            rows.push(Row { key: Key::List(keys), bucket: found, known: 0 });
        }
        rows.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        Ok(Partial::Table(Table { rows, other: 0, error: 0, shards: 1 }))
    }
}
