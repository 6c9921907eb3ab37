//! `weighted_avg`

use std::sync::Arc;

use model::aggregation::partial::{Partial, Weighted};
use model::error::{Error, ErrorKind};
use search::aggregation::metric::WeightedAvg as Asked;
use search::aggregation::values::number;

use crate::aggregate::numbers::{Numbers, Read};
use crate::aggregate::{Batch, Budget, Collector};
use crate::compile::scorer::Leaf;
use crate::score::Outcome;

pub(in crate::aggregate) struct WeightedAvg {
    values: Numbers,
    weights: Numbers,
    mapped: bool,
    by_owner: Vec<Weighted>,
    /// Of each document of a batch; NaN where there is none.
    weight: Vec<f64>,
    budget: Arc<Budget>,
}

impl WeightedAvg {
    pub(in crate::aggregate) fn new(asked: &Asked, budget: Arc<Budget>) -> Self {
        let mapped = [&asked.value, &asked.weight].iter().all(|of| of.is_mapped() || of.missing.is_some());
        let (values, weights) = (Numbers::new(&asked.value), Numbers::new(&asked.weight));
        Self { values, weights, mapped, by_owner: Vec::new(), weight: Vec::new(), budget }
    }

    fn read_weights(&mut self, batch: Batch<'_>) -> Outcome<()> {
        self.weight.clear();
        self.weight.resize(batch.docs.len(), f64::NAN);
        let code = self.weights.code;
        let weight = &mut self.weight;
        let read = self.weights.read(batch.docs);
        if let Read::Sparse(_, rows) = read
            && rows.windows(2).any(|pair| pair[0] == pair[1])
        {
            let reason = "Encountered more than one weight for a single document. Use a script to combine multiple weights-per-doc into a \
                          single value.";
            return Err(Error::new(ErrorKind::AggregationExecution, reason).into());
        }
        read.for_each(|at, value| weight[at] = number(value, code));
        Ok(())
    }
}

impl Collector for WeightedAvg {
    fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        self.values.enter(leaf)?;
        self.weights.enter(leaf)
    }

    fn collect(&mut self, batch: Batch<'_>) -> Outcome<()> {
        let owners = batch.owners.bound();
        if owners > self.by_owner.len() {
            self.budget.take((owners - self.by_owner.len()) * size_of::<Weighted>())?;
            self.by_owner.resize(owners, Weighted::default());
        }
        self.read_weights(batch)?;
        let (found, weight, code) = (&mut self.by_owner, &self.weight, self.values.code);
        self.values.read(batch.docs).for_each(|at, value| {
            if !weight[at].is_nan() {
                found[batch.owners.of(at) as usize].add(number(value, code), weight[at]);
            }
        });
        Ok(())
    }

    fn partial(&mut self, owner: u32) -> Outcome<Partial> {
        if !self.mapped {
            return Ok(Partial::Unmapped);
        }
        Ok(Partial::Weighted(Box::new(self.by_owner.get(owner as usize).copied().unwrap_or_default())))
    }
}
