//! `percentiles`, `percentile_ranks`, `median_absolute_deviation`: a sketch of numbers a bucket.

use std::sync::Arc;

use model::aggregation::partial::{Hdr, Partial, TDigest};
use model::aggregation::request::metric::PercentilesMethod;
use model::error::{Error, ErrorKind};
use search::aggregation::values::{Values, number};

use super::Charged;
use crate::aggregate::numbers::{Numbers, Read};
use crate::aggregate::{Batch, Budget, Collector, Owners};
use crate::compile::scorer::Leaf;
use crate::score::Outcome;
use crate::segment::DocId;

/// How the numbers of a bucket are kept.
pub(in crate::aggregate) trait Sketch: Clone + 'static {
    fn add(&mut self, number: f64) -> Outcome<()>;

    fn add_all(&mut self, numbers: &[f64]) -> Outcome<()> {
        numbers.iter().try_for_each(|&number| self.add(number))
    }

    fn bytes(&self) -> usize;
    fn partial(self) -> Partial;
}

impl Sketch for TDigest {
    #[inline]
    fn add(&mut self, number: f64) -> Outcome<()> {
        Self::add(self, number);
        Ok(())
    }

    fn add_all(&mut self, numbers: &[f64]) -> Outcome<()> {
        Self::add_all(self, numbers);
        Ok(())
    }

    fn bytes(&self) -> usize {
        Self::bytes(self)
    }

    fn partial(self) -> Partial {
        Partial::TDigest(Box::new(self))
    }
}

impl Sketch for Hdr {
    #[inline]
    fn add(&mut self, number: f64) -> Outcome<()> {
        Self::add(self, number).map_err(|number| {
            let (low, high) = self.covered();
            let [number, low, high] = [number, low, high].map(|number| format!("{number:?}"));
            let reason = format!(
                "The value {number} is out of bounds for histogram, current covered range [{low}, {high}) cannot be extended any \
                 further.\nCaused by: java.lang.ArrayIndexOutOfBoundsException: Negative values cannot be recorded"
            );
            Error::new(ErrorKind::ArrayIndexOutOfBounds, reason).into()
        })
    }

    fn bytes(&self) -> usize {
        Self::bytes(self)
    }

    fn partial(self) -> Partial {
        Partial::Hdr(Box::new(self))
    }
}

pub(in crate::aggregate) struct Sketches<S> {
    numbers: Numbers,
    mapped: bool,
    empty: S,
    by_owner: Vec<S>,
    /// Numbers of one owner that are taken in together.
    waiting: Vec<f64>,
    /// Whose they are.
    waiting_for: u32,
    charged: Charged,
    budget: Arc<Budget>,
}

/// The collector of percentiles.
pub(in crate::aggregate) fn collector(
    values: &Values,
    method: PercentilesMethod,
    budget: Arc<Budget>,
) -> Box<dyn Collector> {
    match method {
        PercentilesMethod::TDigest { compression } => {
            Box::new(Sketches::new(values, TDigest::new(compression), budget))
        }
        PercentilesMethod::Hdr { significant_digits } => {
            Box::new(Sketches::new(values, Hdr::new(significant_digits), budget))
        }
    }
}

impl<S: Sketch> Sketches<S> {
    pub(in crate::aggregate) fn new(values: &Values, empty: S, budget: Arc<Budget>) -> Self {
        let mapped = values.is_mapped() || values.missing.is_some();
        let (numbers, charged) = (Numbers::new(values), Charged::default());
        Self { numbers, mapped, empty, by_owner: Vec::new(), waiting: Vec::new(), waiting_for: 0, charged, budget }
    }

    /// Takes in the numbers that wait.
    fn take_in(&mut self) -> Outcome<()> {
        let Some(sketch) = self.by_owner.get_mut(self.waiting_for as usize) else { return Ok(()) };
        let before = sketch.bytes();
        sketch.add_all(&self.waiting)?;
        self.waiting.clear();
        self.charged.change(before, sketch.bytes(), &self.budget)
    }

    /// Numbers of one owner, of whom more are likely to come.
    fn wait(&mut self, docs: &[DocId], owner: u32) -> Outcome<()> {
        if owner != self.waiting_for || self.waiting.len() >= TOGETHER {
            self.take_in()?;
            self.waiting_for = owner;
        }
        let code = self.numbers.code;
        let (Read::Dense(codes) | Read::Sparse(codes, _)) = self.numbers.read(docs);
        let more = (self.waiting.len() + codes.len()).saturating_sub(self.waiting.capacity());
        self.budget.take(more * size_of::<f64>())?;
        self.waiting.extend(codes.iter().map(|&value| number(value, code)));
        Ok(())
    }
}

/// Numbers that are taken in at once.
const TOGETHER: usize = 1 << 15;

impl<S: Sketch> Collector for Sketches<S> {
    fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        self.numbers.enter(leaf)
    }

    fn collect(&mut self, batch: Batch<'_>) -> Outcome<()> {
        let owners = batch.owners.bound();
        if owners > self.by_owner.len() {
            self.budget.take((owners - self.by_owner.len()) * self.empty.bytes())?;
            self.by_owner.resize(owners, self.empty.clone());
        }
        if let Owners::One(owner) = batch.owners {
            return self.wait(batch.docs, owner);
        }
        let code = self.numbers.code;
        let (sketches, charged, budget) = (&mut self.by_owner, &mut self.charged, &*self.budget);
        self.numbers.read(batch.docs).try_for_each(|at, value| {
            let sketch = &mut sketches[batch.owners.of(at) as usize];
            let before = sketch.bytes();
            sketch.add(number(value, code))?;
            charged.change(before, sketch.bytes(), budget)
        })
    }

    fn partial(&mut self, owner: u32) -> Outcome<Partial> {
        if !self.mapped {
            return Ok(Partial::Unmapped);
        }
        if owner == self.waiting_for {
            self.take_in()?;
        }
        let found = self.by_owner.get_mut(owner as usize);
        Ok(found.map_or_else(|| self.empty.clone(), |found| std::mem::replace(found, self.empty.clone())).partial())
    }
}
