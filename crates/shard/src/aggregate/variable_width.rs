//! `variable_width_histogram`: values are sorted and cut into clusters when all are there.
//!
//! All values are kept until then (sixteen bytes each, of the request's budget), so that neither their order nor their number
//! changes how they are clustered.

use std::sync::Arc;

use model::aggregation::partial::{Bucket, Cluster, Clusters, Partial};
use model::aggregation::sum::Sum;
use search::aggregation::histogram::VariableWidth as Asked;
use search::aggregation::values::number;

use super::numbers::Numbers;
use super::{Batch, Budget, Collector, Collectors, DocCounts, Owners};
use crate::compile::scorer::Leaf;
use crate::reader::Reader;
use crate::score::Outcome;
use crate::segment::DocId;

/// A shard gives three quarters of the clusters that it may give.
const SHARE: (usize, usize) = (3, 4);

pub(super) struct VariableWidth {
    asked: Asked,
    numbers: Numbers,
    segment: u32,
    values: Vec<Value>,
    clusters: Vec<Cluster>,
    children: Collectors,
    doc_counts: Option<Arc<DocCounts>>,
    budget: Arc<Budget>,
}

#[derive(Clone, Copy)]
struct Value {
    value: f64,
    segment: u32,
    doc: DocId,
}

impl VariableWidth {
    pub(super) fn new(
        asked: &Asked,
        children: Collectors,
        (doc_counts, budget): (Option<Arc<DocCounts>>, Arc<Budget>),
    ) -> Self {
        Self {
            numbers: Numbers::new(&asked.values),
            asked: asked.clone(),
            segment: 0,
            values: Vec::new(),
            clusters: Vec::new(),
            children,
            doc_counts,
            budget,
        }
    }

    /// Shows the children every document with the cluster it lies in.
    fn replay(&mut self, mut placed: Vec<(u32, DocId, u32)>, reader: &Reader) -> Outcome<()> {
        placed.sort_unstable();
        for stretch in placed.chunk_by(|a, b| a.0 == b.0) {
            let leaf = Leaf::new(reader, stretch[0].0 as usize);
            self.children.enter(&leaf)?;
            let docs: Vec<DocId> = stretch.iter().map(|(_, doc, _)| *doc).collect();
            let clusters: Vec<u32> = stretch.iter().map(|(_, _, cluster)| *cluster).collect();
            self.children.collect(Batch { docs: &docs, owners: Owners::Each(&clusters), scores: &[] })?;
            self.children.leave()?;
        }
        Ok(())
    }
}

impl Collector for VariableWidth {
    fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        self.segment = leaf.number;
        self.numbers.enter(leaf)
    }

    fn collect(&mut self, batch: Batch<'_>) -> Outcome<()> {
        let (code, segment, values) = (self.numbers.code, self.segment, &mut self.values);
        let before = values.capacity();
        self.numbers.read(batch.docs).for_each(|at, value| {
            values.push(Value { value: number(value, code), segment, doc: batch.docs[at] });
        });
        self.budget.take((self.values.capacity() - before) * size_of::<Value>())
    }

    fn end(&mut self, reader: &Reader) -> Outcome<()> {
        let mut values = std::mem::take(&mut self.values);
        values.sort_unstable_by(|a, b| a.value.total_cmp(&b.value).then((a.segment, a.doc).cmp(&(b.segment, b.doc))));
        let most = (self.asked.shard_size as usize * SHARE.0 / SHARE.1).max(1);
        let size = values.len().div_ceil(most).max(1);
        let mut placed = Vec::new();
        let counts = self.doc_counts.as_ref();
        let count = |value: &Value| counts.map_or(1, |counts| counts.get(value.segment, value.doc));
        for (at, values) in values.chunks(size).enumerate() {
            let mut sum = Sum::default();
            sum.add_all(values, |value| value.value * count(&value) as f64);
            let (min, max) = (values[0].value, values[values.len() - 1].value);
            let bucket = Bucket { doc_count: values.iter().map(count).sum(), children: Vec::new() };
            self.clusters.push(Cluster { sum, min, max, bucket });
            if !self.children.is_empty() {
                placed.extend(values.iter().map(|value| (value.segment, value.doc, at as u32)));
            }
        }
        self.replay(placed, reader)?;
        self.children.end(reader)
    }

    fn partial(&mut self, owner: u32) -> Outcome<Partial> {
        if !self.asked.values.is_mapped() && self.asked.values.missing.is_none() {
            return Ok(Partial::Unmapped);
        }
        let mut list = if owner == 0 { std::mem::take(&mut self.clusters) } else { Vec::new() };
        for (at, cluster) in list.iter_mut().enumerate() {
            cluster.bucket.children = self.children.partials(at as u32)?;
        }
        Ok(Partial::Clusters(Clusters { list }))
    }
}
