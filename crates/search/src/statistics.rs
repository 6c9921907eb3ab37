//! Statistics that BM25 needs, added up over all shards so that the number of shards never changes a score.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::bound::{BoundKind, BoundQuery, FieldName, TermBytes};

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

    /// What the scores of a query are made of, nothing counted yet; `None`: only the terms of a shard tell.
    pub fn named(query: &BoundQuery) -> Option<Self> {
        let mut named = Self::default();
        named.name(query).then_some(named)
    }

    /// Depth is bounded by that of requests. Out: whether that was all.
    fn name(&mut self, query: &BoundQuery) -> bool {
        use BoundKind as K;
        match &query.kind {
            K::Term(field, term) => self.name_terms(field, std::slice::from_ref(term)),
            K::Synonyms(field, terms) => self.name_terms(field, terms),
            K::Phrase(phrase) if phrase.prefix_expansions.is_none() => {
                phrase.positions.iter().all(|position| self.name_terms(&phrase.field, &position.terms))
            }
            K::Bool(bool) => {
                let unscored = bool.filter.iter().chain(&bool.must_not).all(|query| !query.chooses_words());
                unscored && bool.must.iter().chain(&bool.should).all(|query| self.name(query))
            }
            K::DisMax { queries, .. } => queries.iter().all(|query| self.name(query)),
            K::MatchAll | K::MatchNone(_) | K::Terms(..) | K::Numbers(..) | K::NumberRange(..) | K::Ids(_) => true,
            K::TermRange(..) | K::Exists(_) | K::Geo(..) | K::Shape(..) => true,
            K::ConstantScore(query) => !query.chooses_words(),
            _ => false,
        }
    }

    fn name_terms(&mut self, field: &FieldName, terms: &[TermBytes]) -> bool {
        self.fields.entry(field.clone()).or_default();
        let named = self.terms.entry(field.clone()).or_default();
        named.extend(terms.iter().map(|term| (term.clone(), TermStatistics::default())));
        true
    }
}
