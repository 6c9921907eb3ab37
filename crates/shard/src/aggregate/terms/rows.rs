//! Buckets with their counts, and the best of them as a partial.

use std::sync::Arc;

use model::aggregation::key::Key;
use model::aggregation::partial::{Bucket, Partial, Row, Table};
use search::aggregation::Level;
use search::aggregation::terms::Terms;
use search::merge::aggregations::{RowOrder, ranks};

use crate::aggregate::{Budget, Collectors};
use crate::score::Outcome;

/// Bytes of a bucket besides its key.
const BUCKET_BYTES: usize = 32;

/// The buckets of all owners.
pub(super) struct Rows {
    pub(super) terms: Terms,
    level: Level,
    pub(super) budget: Arc<Budget>,
    pub(super) owners: Vec<u32>,
    pub(super) counts: Vec<u64>,
    /// Buckets by owner, made when all are there.
    by_owner: Vec<Vec<u32>>,
}

impl Rows {
    pub(super) fn new(terms: Terms, level: Level, budget: Arc<Budget>) -> Self {
        Self { terms, level, budget, owners: Vec::new(), counts: Vec::new(), by_owner: Vec::new() }
    }

    /// A new bucket, whose key takes so many bytes.
    pub(super) fn add(&mut self, owner: u32, key_bytes: usize) -> Outcome<u32> {
        self.budget.buckets(1, BUCKET_BYTES + key_bytes)?;
        self.owners.push(owner);
        self.counts.push(0);
        Ok(self.owners.len() as u32 - 1)
    }

    /// All buckets are there.
    pub(super) fn end(&mut self) {
        let owners = self.owners.iter().max().map_or(0, |&owner| owner as usize + 1);
        self.by_owner = vec![Vec::new(); owners];
        for (bucket, &owner) in self.owners.iter().enumerate() {
            self.by_owner[owner as usize].push(bucket as u32);
        }
    }

    /// What one owner's best buckets hold.
    pub(super) fn partial(
        &mut self,
        owner: u32,
        children: &mut Collectors,
        mut key: impl FnMut(u32) -> Key,
    ) -> Outcome<Partial> {
        if !self.terms.values.is_mapped() && self.terms.values.missing.is_none() {
            return Ok(Partial::Unmapped);
        }
        let buckets = self.by_owner.get_mut(owner as usize).map(std::mem::take).unwrap_or_default();
        let all: u64 = buckets.iter().map(|&bucket| self.counts[bucket as usize]).sum();
        let least = self.terms.cut.shard_min_doc_count;
        let kept: Vec<u32> = buckets.into_iter().filter(|&bucket| self.counts[bucket as usize] >= least).collect();
        let seen = kept.len();
        let order = RowOrder { order: &self.terms.order, level: &self.level };
        let early = order.needs_numbers();
        let candidates = self.candidates(kept);
        let mut rows = Vec::with_capacity(candidates.len());
        for &bucket in &candidates {
            let children = if early { children.partials(bucket)? } else { Vec::new() };
            let doc_count = self.counts[bucket as usize];
            rows.push(Row { key: key(bucket), bucket: Bucket { doc_count, children }, known: 0 });
        }
        let ranks = ranks(&rows, order, self.terms.shard_size())?;
        let error = match ranks.last() {
            Some(&last) if ranks.len() < seen => rows[last].bucket.doc_count,
            _ => 0,
        };
        let mut rows: Vec<Option<Row>> = rows.into_iter().map(Some).collect();
        let mut best = Vec::with_capacity(ranks.len());
        for rank in ranks {
            let Some(mut row) = rows[rank].take() else { continue };
            if !early {
                row.bucket.children = children.partials(candidates[rank])?;
            }
            row.known = error;
            best.push(row);
        }
        best.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        let shown: u64 = best.iter().map(|row| row.bucket.doc_count).sum();
        Ok(Partial::Table(Table { rows: best, other: all - shown, error, shards: 1 }))
    }

    /// Those that may be among the best by their counts alone: spares the keys of all others.
    fn candidates(&self, mut kept: Vec<u32>) -> Vec<u32> {
        let size = self.terms.shard_size();
        if kept.len() <= size || size == 0 || !self.terms.is_by_count() {
            return kept;
        }
        let count = |bucket: &u32| self.counts[*bucket as usize];
        let (_, &mut last, _) = kept.select_nth_unstable_by_key(size - 1, |bucket| std::cmp::Reverse(count(bucket)));
        let least = count(&last);
        kept.retain(|bucket| count(bucket) >= least);
        kept
    }
}
