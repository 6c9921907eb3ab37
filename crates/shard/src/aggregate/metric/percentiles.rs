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

/// How the numbers of a bucket are kept.
pub(in crate::aggregate) trait Sketch: Clone + 'static {
    fn add(&mut self, number: f64) -> Outcome<()>;
    fn bytes(&self) -> usize;
    fn partial(self) -> Partial;
}

impl Sketch for TDigest {
    #[inline]
    fn add(&mut self, number: f64) -> Outcome<()> {
        Self::add(self, number);
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
        Self { numbers, mapped, empty, by_owner: Vec::new(), charged, budget }
    }
}

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
        let code = self.numbers.code;
        let (sketches, charged, budget) = (&mut self.by_owner, &mut self.charged, &*self.budget);
        let read = self.numbers.read(batch.docs);
        match (batch.owners, &read) {
            (Owners::One(owner), Read::Dense(codes) | Read::Sparse(codes, _)) => {
                let sketch = &mut sketches[owner as usize];
                let before = sketch.bytes();
                codes.iter().try_for_each(|&value| sketch.add(number(value, code)))?;
                charged.change(before, sketch.bytes(), budget)
            }
            (owners, read) => read.try_for_each(|at, value| {
                let sketch = &mut sketches[owners.of(at) as usize];
                let before = sketch.bytes();
                sketch.add(number(value, code))?;
                charged.change(before, sketch.bytes(), budget)
            }),
        }
    }

    fn partial(&mut self, owner: u32) -> Outcome<Partial> {
        if !self.mapped {
            return Ok(Partial::Unmapped);
        }
        let found = self.by_owner.get_mut(owner as usize);
        Ok(found.map_or_else(|| self.empty.clone(), |found| std::mem::replace(found, self.empty.clone())).partial())
    }
}
