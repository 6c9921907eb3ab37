//! The small languages of `query_string` and `simple_query_string`: text to clauses.
//!
//! [`classic`] follows the grammar of Lucene's classic query parser with OpenSearch's additions (`_exists_:`, `field:>=3`),
//! [`simple`] never minds a mistake. Both say what stands where; analysis, fields and types come when the query is bound.

pub mod classic;
mod escape;
#[cfg(test)]
mod explain;
mod lexer;
pub mod simple;

pub use classic::{Bare, Settings};

/// Deepest nesting of groups (and, in [`simple`], of changes of operator), so that nothing below runs out of stack.
pub const MAX_GROUPS: usize = 100;

/// Longest `query_string`, in characters: OpenSearch's `search.query.max_query_string_length`.
pub const MAX_LENGTH: usize = 32_000;
