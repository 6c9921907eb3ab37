//! Statistics that BM25 needs, added up over all shards so that the number of shards never changes a score.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::bound::{FieldName, TermBytes};

/// Counts of the fields and terms of one query. Merging adds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Statistics {
    pub fields: BTreeMap<FieldName, FieldStatistics>,
    pub terms: BTreeMap<FieldName, BTreeMap<TermBytes, TermStatistics>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldStatistics {
    /// Documents with the field; deleted ones count until a merge drops them.
    pub doc_count: u64,
    /// Tokens in all of them.
    pub total_term_freq: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermStatistics {
    pub doc_freq: u64,
    pub total_term_freq: u64,
}

impl Statistics {
    /// Adds another shard's.
    pub fn merge(&mut self, other: Self) {
        for (field, counts) in other.fields {
            let mine = self.fields.entry(field).or_default();
            mine.doc_count += counts.doc_count;
            mine.total_term_freq += counts.total_term_freq;
        }
        for (field, terms) in other.terms {
            let mine = self.terms.entry(field).or_default();
            for (term, counts) in terms {
                let mine = mine.entry(term).or_default();
                mine.doc_freq += counts.doc_freq;
                mine.total_term_freq += counts.total_term_freq;
            }
        }
    }
}
