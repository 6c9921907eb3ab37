//! Bound queries about where words stand.

use std::fmt;

mod stretch;
mod tree;

pub use stretch::{Parts, Stretch};
pub use tree::{Clause, Places, Spans};

use crate::bound::{BoundQuery, FieldName, TermBytes};

/// Stretches of words, and the field whose lengths and counts score them.
#[derive(Clone, Debug, PartialEq)]
pub struct BoundSpans {
    pub field: FieldName,
    pub span: BoundSpan,
}

#[derive(Clone, Debug, PartialEq)]
pub enum BoundSpan {
    Term(FieldName, TermBytes),
    /// A query of the kind `Expand` or `TermRange`: every word that it accepts.
    Multi(Box<BoundQuery>),
    Or(Vec<BoundSpan>),
    Near {
        clauses: Vec<BoundSpan>,
        slop: i32,
        in_order: bool,
    },
    Gap(u32),
    First(Box<BoundSpan>, i32),
    Not {
        include: Box<BoundSpan>,
        exclude: Box<BoundSpan>,
        before: u32,
        after: u32,
    },
    Containing(Box<BoundSpan>, Box<BoundSpan>),
    Within(Box<BoundSpan>, Box<BoundSpan>),
    Masked(Box<BoundSpan>, FieldName),
}

impl BoundSpan {
    /// Its direct parts.
    pub fn parts(&self) -> Vec<&Self> {
        match self {
            Self::Term(..) | Self::Multi(_) | Self::Gap(_) => Vec::new(),
            Self::Or(clauses) | Self::Near { clauses, .. } => clauses.iter().collect(),
            Self::First(inner, _) | Self::Masked(inner, _) => vec![inner],
            Self::Not { include, exclude, .. } => vec![include, exclude],
            Self::Containing(big, little) | Self::Within(big, little) => vec![big, little],
        }
    }
}

/// In Lucene's notation.
impl fmt::Display for BoundSpan {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |clauses: &[Self]| clauses.iter().map(Self::to_string).collect::<Vec<_>>().join(", ");
        match self {
            Self::Term(field, term) => write!(out, "{field}:{}", String::from_utf8_lossy(term)),
            Self::Multi(query) => write!(out, "SpanMultiTermQueryWrapper({})", crate::describe::lucene(query)),
            Self::Or(clauses) => write!(out, "spanOr([{}])", list(clauses)),
            Self::Near { clauses, slop, in_order } => write!(out, "spanNear([{}], {slop}, {in_order})", list(clauses)),
            Self::Gap(width) => write!(out, "SpanGap(:{width})"),
            Self::First(inner, end) => write!(out, "spanFirst({inner}, {end})"),
            Self::Not { include, exclude, before, after } => {
                write!(out, "spanNot({include}, {exclude}, {before}, {after})")
            }
            Self::Containing(big, little) => write!(out, "SpanContain({big}, {little})"),
            Self::Within(big, little) => write!(out, "SpanWithin({big}, {little})"),
            Self::Masked(inner, field) => write!(out, "mask({inner}) as {field}"),
        }
    }
}
