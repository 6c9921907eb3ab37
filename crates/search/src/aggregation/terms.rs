//! `terms` and its kin bound to one index.

use std::fmt;
use std::sync::Arc;

use analysis::Analyzer;
use model::aggregation::request::terms::{Cut, Heuristic};
use model::aggregation::request::{Order, OrderBy};

use super::choice::Choice;
use super::values::Values;
use crate::bound::{BoundQuery, FieldName};

#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    pub values: Values,
    pub ranking: Ranking,
    pub choice: Choice,
}

/// The commonest combinations of the values of several fields. Their keys are lists.
#[derive(Clone, Debug, PartialEq)]
pub struct MultiTerms {
    pub fields: Vec<Values>,
    pub ranking: Ranking,
}

/// Values of few documents.
#[derive(Clone, Debug, PartialEq)]
pub struct RareTerms {
    pub values: Values,
    /// Documents of a value at most.
    pub most: u64,
    pub choice: Choice,
}

/// Values that stand out of a background.
#[derive(Clone, Debug, PartialEq)]
pub struct SignificantTerms {
    pub values: Values,
    pub cut: Cut,
    pub choice: Choice,
    /// `None`: all documents of the index.
    pub background: Option<Arc<BoundQuery>>,
    pub heuristic: Heuristic,
}

impl SignificantTerms {
    /// Buckets that a shard gives at most.
    pub fn shard_size(&self) -> usize {
        let size = u64::from(self.cut.size);
        let wanted = self.cut.shard_size.map_or(2 * (size * 3 / 2 + 10), u64::from);
        wanted.max(size) as usize
    }
}

/// As [`SignificantTerms`], of words that are read from sources.
#[derive(Clone)]
pub struct SignificantText {
    /// Its values are the words of the field.
    pub terms: SignificantTerms,
    pub field: FieldName,
    pub analyzer: Analyzer,
    /// Paths of the texts.
    pub sources: Vec<String>,
    /// Words of passages that were there before do not count.
    pub once: bool,
}

impl fmt::Debug for SignificantText {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "SignificantText({:?} of {:?}, once: {})", self.terms, self.sources, self.once)
    }
}

impl PartialEq for SignificantText {
    fn eq(&self, other: &Self) -> bool {
        let same = self.terms == other.terms && self.field == other.field && self.sources == other.sources;
        same && self.once == other.once && self.analyzer.name() == other.analyzer.name()
    }
}

/// Which buckets are kept, in which order.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranking {
    pub cut: Cut,
    /// At least one; the key decides at last.
    pub order: Vec<Order>,
    pub show_error: bool,
    /// Shards leave nothing out, so that every count is whole.
    pub exact: bool,
}

impl Ranking {
    /// Documents of a bucket that a shard gives at least.
    pub fn shard_min_doc_count(&self) -> u64 {
        if self.exact { 0 } else { self.cut.shard_min_doc_count }
    }

    /// Buckets that a shard gives at most.
    pub fn shard_size(&self) -> usize {
        if self.exact {
            return usize::MAX;
        }
        let size = u64::from(self.cut.size);
        let wanted = self.cut.shard_size.map_or(size * 3 / 2 + 10, u64::from);
        wanted.max(size) as usize
    }

    /// Whether all buckets are shown, however few documents they have, as long as there are no more than `buckets` and one.
    pub fn leaves_out_none_of(&self, buckets: u64) -> bool {
        u64::from(self.cut.size) > buckets && self.cut.min_doc_count <= 1 && self.shard_min_doc_count() <= 1
    }

    /// Whether what a shard leaves out has fewer documents than what it keeps.
    pub fn is_by_count(&self) -> bool {
        matches!(self.order.first(), Some(Order { by: OrderBy::Count, descending: true }))
    }

    /// Whether what a shard leaves out stands behind what it keeps, for certain.
    pub fn is_by_key(&self) -> bool {
        matches!(self.order.first(), Some(Order { by: OrderBy::Key, .. }))
    }
}
