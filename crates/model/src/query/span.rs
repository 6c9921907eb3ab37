//! Queries about where words stand: `span_term`, `span_near` and their kin.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Query;

/// Stretches of a field's words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Span {
    /// Each place of a word, which is not analysed.
    Term {
        field: String,
        #[serde(with = "crate::wire::json")]
        value: Value,
    },
    /// Each place of the words that a query over patterns or ranges of words finds.
    Multi(Box<Query>),
    Or(Vec<Span>),
    /// From the first of several to the last, near each other.
    Near {
        clauses: Vec<Span>,
        /// Words between them, at most.
        slop: i32,
        in_order: bool,
    },
    /// Any so many words, between others.
    Gap {
        field: String,
        width: u32,
    },
    /// Those that end within the first words.
    First {
        inner: Box<Span>,
        end: i32,
    },
    /// Those of `include` that have none of `exclude` inside, or so near before and behind.
    Not {
        include: Box<Span>,
        exclude: Box<Span>,
        before: i32,
        after: i32,
    },
    /// Those of `big` with one of `little` inside.
    Containing {
        big: Box<Span>,
        little: Box<Span>,
    },
    /// Those of `little` inside of one of `big`.
    Within {
        big: Box<Span>,
        little: Box<Span>,
    },
    /// As if they were another field's.
    Masked {
        inner: Box<Span>,
        field: String,
    },
}
