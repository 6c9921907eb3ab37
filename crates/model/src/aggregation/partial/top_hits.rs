//! The best hits of a bucket, ready to be shown.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::search::{Hit, SortValue};

/// Best first, with what it takes to merge them with another shard's.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TopHits {
    /// Documents of the bucket.
    pub total: u64,
    pub max_score: Option<f32>,
    /// How the sort values of hits compare; empty: by score.
    pub order: Vec<HitOrder>,
    /// As many as are kept: from + size of the request.
    pub keep: u32,
    pub hits: Vec<TopHit>,
}

/// One sort key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HitOrder {
    pub descending: bool,
    /// Hits without a value come first; otherwise last, in either direction.
    pub missing_first: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TopHit {
    /// NaN when not computed.
    pub score: f32,
    /// One a sort key.
    pub sort: Vec<SortValue>,
    pub hit: Hit,
}

impl TopHits {
    /// Takes in another shard's hits.
    pub fn merge(&mut self, other: Self) {
        self.total = self.total.saturating_add(other.total);
        self.max_score = match (self.max_score, other.max_score) {
            (Some(mine), Some(theirs)) => Some(mine.max(theirs)),
            (mine, theirs) => mine.or(theirs),
        };
        self.keep = self.keep.max(other.keep);
        if self.order.len() < other.order.len() {
            self.order = other.order;
        }
        self.hits.extend(other.hits);
        let order = std::mem::take(&mut self.order);
        self.hits.sort_by(|a, b| a.compare(b, &order));
        self.hits.truncate(self.keep as usize);
        self.order = order;
    }

    /// Bytes that it holds, about.
    pub fn bytes(&self) -> usize {
        let hit = |hit: &TopHit| {
            let source = hit.hit.source.as_ref().map_or(0, |source| source.len());
            size_of::<TopHit>() + source + hit.hit.id.len() + hit.sort.len() * size_of::<SortValue>()
        };
        size_of::<Self>() + self.hits.iter().map(hit).sum::<usize>()
    }
}

impl TopHit {
    /// Which comes first: by sort values or score, ties by `_id`, then by index.
    pub fn compare(&self, other: &Self, order: &[HitOrder]) -> Ordering {
        let by_keys = || {
            let keys = order.iter().zip(self.sort.iter().zip(&other.sort));
            keys.map(|(order, (a, b))| order.compare(a, b)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        };
        let by_score = || match (self.score.is_nan(), other.score.is_nan()) {
            (false, false) => other.score.total_cmp(&self.score),
            (a, b) => a.cmp(&b),
        };
        let first = if order.is_empty() { by_score() } else { by_keys() };
        first.then_with(|| self.hit.id.cmp(&other.hit.id)).then_with(|| self.hit.index.cmp(&other.hit.index))
    }
}

impl HitOrder {
    /// Which of two values comes first.
    pub fn compare(self, a: &SortValue, b: &SortValue) -> Ordering {
        match (a == &SortValue::Missing, b == &SortValue::Missing) {
            (false, false) if self.descending => b.order(a),
            (false, false) => a.order(b),
            (a, b) if self.missing_first => b.cmp(&a),
            (a, b) => a.cmp(&b),
        }
    }
}
