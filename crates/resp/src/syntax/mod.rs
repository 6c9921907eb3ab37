//! The query language of `FT.SEARCH`: bytes to a tree of its own.
//!
//! In: the text of a query, its dialect, its parameters, the index' stop words. Out: a [`Clause`], or an error in RediSearch's words.
//! What fields mean is not known here: `ft::lower` asks the schema.

mod ast;
mod attribute;
mod explain;
mod lexer;
mod number;
mod parse;
mod primary;

#[cfg(test)]
mod tests;

pub use ast::{Affix, Attributes, Clause, Knn, Limit, Node, TagValue, VectorRange};
pub use explain::{Forms, explain};
pub use parse::{Options, parse};

/// A query that is not one: the message as the client reads it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SyntaxError(pub String);

/// Deeper queries are refused, so that nothing runs out of stack.
pub const MAX_DEPTH: u32 = 100;
/// Longer queries are refused.
pub const MAX_LENGTH: usize = 1 << 20;
