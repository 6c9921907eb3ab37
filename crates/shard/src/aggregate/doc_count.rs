//! `_doc_count`: documents that stand for several.
//!
//! Buckets count documents as if each stood for itself. What it stands for beyond that is counted by [`Beyond`], which lies inside of the
//! buckets beside what was asked for there, and is added when all documents have been seen ([`super::Collectors::finish`]). Where nobody
//! stands for several there is no such thing, and nothing costs more. Not here: samplers and metrics, which count documents as they are.

use std::sync::Arc;

use super::filter::grow;
use super::{Batch, Budget};
use crate::compile::scorer::Leaf;
use crate::layout::DOC_COUNT;
use crate::reader::Reader;
use crate::score::Outcome;
use crate::segment::DocId;
use crate::segment::column::NumberColumn;

/// For how many each document stands, by segment.
pub(crate) struct DocCounts {
    segments: Vec<Option<Arc<dyn NumberColumn>>>,
}

impl DocCounts {
    /// `None`: each document stands for itself alone.
    pub(crate) fn of(reader: &Reader) -> Outcome<Option<Arc<Self>>> {
        let Some(entry) = reader.fields.by_path(DOC_COUNT) else { return Ok(None) };
        let mut segments = Vec::with_capacity(reader.segments.len());
        for view in &*reader.segments {
            segments.push(view.segment.numbers(entry.slot)?.filter(|column| column.min_max().is_some()));
        }
        Ok(segments.iter().any(Option::is_some).then(|| Arc::new(Self { segments })))
    }

    /// For how many a document stands.
    pub(super) fn get(&self, segment: u32, doc: DocId) -> u64 {
        let column = self.segments.get(segment as usize).and_then(Option::as_ref);
        column.and_then(|column| column.first(doc)).map_or(1, |count| count.max(1) as u64)
    }
}

/// For how many the documents of each bucket stand beside themselves.
pub(crate) struct Beyond {
    doc_counts: Arc<DocCounts>,
    segment: u32,
    by_bucket: Vec<u64>,
    budget: Arc<Budget>,
}

impl Beyond {
    pub(super) fn new(doc_counts: Arc<DocCounts>, budget: Arc<Budget>) -> Self {
        Self { doc_counts, segment: 0, by_bucket: Vec::new(), budget }
    }

    pub(super) fn enter(&mut self, leaf: &Leaf<'_>) {
        self.segment = leaf.number;
    }

    /// Documents with their buckets.
    pub(super) fn collect(&mut self, batch: &Batch<'_>) -> Outcome<()> {
        if self.doc_counts.segments.get(self.segment as usize).is_none_or(Option::is_none) {
            return Ok(());
        }
        grow(&mut self.by_bucket, batch.owners.bound(), &self.budget)?;
        for (at, &doc) in batch.docs.iter().enumerate() {
            let found = &mut self.by_bucket[batch.owners.of(at) as usize];
            *found = found.saturating_add(self.doc_counts.get(self.segment, doc) - 1);
        }
        Ok(())
    }

    /// All documents have been seen: their buckets' counts take it in.
    pub(super) fn add_to(&mut self, counts: &mut [u64]) {
        for (count, beyond) in counts.iter_mut().zip(std::mem::take(&mut self.by_bucket)) {
            *count = count.saturating_add(beyond);
        }
    }
}
