//! `_termvectors`: the words of one document, field by field.

use std::sync::Arc;

use serde_json::Value;

use crate::search::GetRequest;

#[derive(Clone, Debug, PartialEq)]
pub struct TermVectorsRequest {
    /// Which document; of one that is given the id is empty.
    pub get: GetRequest,
    /// A document that is not there.
    pub doc: Option<Value>,
    /// Names and patterns; `None`: the fields whose mapping asks for it, of a given document all.
    pub fields: Option<Vec<String>>,
    pub offsets: bool,
    pub positions: bool,
    pub term_statistics: bool,
    pub field_statistics: bool,
    pub filter: Option<TermFilter>,
    /// Fields, and the analyzer that is to read them.
    pub analyzers: Vec<(String, String)>,
}

/// Only the words that tell most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TermFilter {
    pub max_num_terms: usize,
    pub min_term_freq: u32,
    pub max_term_freq: u32,
    pub min_doc_freq: u64,
    pub max_doc_freq: u64,
    /// In characters; 0: any.
    pub min_word_length: usize,
    pub max_word_length: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub struct TermVectors {
    pub index: Arc<str>,
    pub id: Option<String>,
    pub version: u64,
    pub found: bool,
    /// By name.
    pub fields: Vec<FieldTerms>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct FieldTerms {
    pub field: Arc<str>,
    pub statistics: Option<FieldCounts>,
    /// By text.
    pub terms: Vec<TermVector>,
}

/// Counts of a field in the shard of the document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FieldCounts {
    /// Documents of each term, added up.
    pub sum_doc_freq: u64,
    pub doc_count: u64,
    /// Occurrences of all terms.
    pub sum_ttf: u64,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct TermVector {
    pub text: String,
    pub freq: u32,
    /// Documents and occurrences of a term that is in the index.
    pub counts: Option<(u64, u64)>,
    pub tokens: Vec<TermPlace>,
    /// Where a filter chose it.
    pub score: Option<f32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TermPlace {
    pub position: u32,
    /// In UTF-16 units.
    pub start: u32,
    pub end: u32,
}
