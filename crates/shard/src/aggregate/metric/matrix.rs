//! `matrix_stats`: documents that have a number for each of the fields.

use std::sync::Arc;

use model::aggregation::partial::{Moments, Partial};
use model::search::SortMode;
use search::aggregation::metric::MatrixStats as Asked;
use search::aggregation::values::number;

use crate::aggregate::numbers::Numbers;
use crate::aggregate::{Batch, Budget, Collector};
use crate::compile::scorer::Leaf;
use crate::score::Outcome;

pub(in crate::aggregate) struct MatrixStats {
    fields: Vec<Numbers>,
    mode: SortMode,
    by_owner: Vec<Moments>,
    /// Of a batch, the number of each field of each document, and how many values made it.
    rows: Vec<f64>,
    counts: Vec<u32>,
    budget: Arc<Budget>,
}

impl MatrixStats {
    pub(in crate::aggregate) fn new(asked: &Asked, budget: Arc<Budget>) -> Self {
        let fields = asked.fields.iter().map(|(_, values)| Numbers::new(values)).collect();
        Self { fields, mode: asked.mode, by_owner: Vec::new(), rows: Vec::new(), counts: Vec::new(), budget }
    }

    /// One number for each field and document; several values of one are brought together by the mode.
    fn read(&mut self, batch: Batch<'_>) {
        let (width, mode) = (self.fields.len(), self.mode);
        self.rows.clear();
        self.rows.resize(width * batch.docs.len(), 0.0);
        self.counts.clear();
        self.counts.resize(width * batch.docs.len(), 0);
        let (rows, counts) = (&mut self.rows, &mut self.counts);
        for (field, numbers) in self.fields.iter_mut().enumerate() {
            let code = numbers.code;
            numbers.read(batch.docs).for_each(|at, value| {
                let (at, value) = (at * width + field, number(value, code));
                rows[at] = match mode {
                    _ if counts[at] == 0 => value,
                    SortMode::Min => rows[at].min(value),
                    SortMode::Max => rows[at].max(value),
                    SortMode::Sum | SortMode::Avg | SortMode::Median => rows[at] + value,
                };
                counts[at] += 1;
            });
        }
        if matches!(mode, SortMode::Avg | SortMode::Median) {
            rows.iter_mut().zip(counts).filter(|(_, count)| **count > 1).for_each(|(row, count)| {
                *row /= f64::from(*count);
            });
        }
    }
}

impl Collector for MatrixStats {
    fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        self.fields.iter_mut().try_for_each(|field| field.enter(leaf))
    }

    fn collect(&mut self, batch: Batch<'_>) -> Outcome<()> {
        let (width, owners) = (self.fields.len(), batch.owners.bound());
        if width == 0 {
            return Ok(());
        }
        if owners > self.by_owner.len() {
            let empty = Moments::new(width);
            self.budget.take((owners - self.by_owner.len()) * empty.bytes())?;
            self.by_owner.resize(owners, empty);
        }
        self.read(batch);
        let documents = self.rows.chunks_exact(width).zip(self.counts.chunks_exact(width));
        for (at, (row, counts)) in documents.enumerate() {
            if counts.iter().all(|count| *count > 0) {
                self.by_owner[batch.owners.of(at) as usize].add(row);
            }
        }
        Ok(())
    }

    fn partial(&mut self, owner: u32) -> Outcome<Partial> {
        if self.fields.is_empty() {
            return Ok(Partial::Unmapped);
        }
        let empty = || Moments::new(self.fields.len());
        Ok(Partial::Moments(Box::new(self.by_owner.get(owner as usize).cloned().unwrap_or_else(empty))))
    }
}
