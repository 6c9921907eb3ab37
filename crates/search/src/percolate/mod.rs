//! Queries that documents hold, and the query for those of them that match a document.
//!
//! In: a stored query as JSON, and what its index knows. Out: the query bound, or why it may not be stored ([`stored`]); the terms of which a
//! document must have one to be matched ([`needles`]). Not here: where stored queries lie, and what is run on the documents.

use std::fmt;
use std::sync::Arc;

use crate::bind::BindContext;
use crate::bound::FieldName;

pub mod needles;
pub mod stored;
#[cfg(test)]
mod tests;

/// Documents whose stored query matches one of others; they score as it does.
#[derive(Clone)]
pub struct BoundPercolate {
    /// Where the queries are stored.
    pub field: FieldName,
    /// Tells it from others of one search.
    pub name: Arc<str>,
    /// What is to be matched: JSON; at least one.
    pub documents: Arc<[Arc<[u8]>]>,
    /// What stored queries and documents are read by.
    pub context: Arc<BindContext>,
}

impl fmt::Debug for BoundPercolate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "percolate({}, {} documents)", self.field, self.documents.len())
    }
}

impl fmt::Display for BoundPercolate {
    /// As Lucene writes it, without what it looks for.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sources: Vec<_> = self.documents.iter().map(|source| String::from_utf8_lossy(source)).collect();
        write!(out, "PercolateQuery{{document_sources={{{}}},field={}}}", sources.join(", "), self.field)
    }
}

impl PartialEq for BoundPercolate {
    /// What stored queries mean depends on the time, too.
    fn eq(&self, other: &Self) -> bool {
        let of = |one: &Self| (one.field.clone(), one.name.clone(), one.documents.clone(), one.context.now_ms);
        of(self) == of(other)
    }
}
