//! JSONPath: places in a JSON document. `$.a[0]..b[?(@.c > 1)]`, and the older spelling without `$`.
//!
//! In: the text of a path, a document. Out: values, or the places where they stand, in the document's order. Depth is bounded by the
//! document's and the path's own limits, and so is how much a path may select.

mod filter;
mod parse;
mod select;

pub use select::{Location, Part, at_mut};

use filter::Expression;

/// A path as it was read.
#[derive(Clone, Debug)]
pub struct Path {
    /// Without `$`: it means one value, and that there is none is an error.
    pub legacy: bool,
    steps: Vec<Step>,
}

#[derive(Clone, Debug)]
enum Step {
    Keys(Vec<String>),
    /// Negative: from the end.
    Indexes(Vec<i64>),
    Slice {
        from: Option<i64>,
        to: Option<i64>,
        step: i64,
    },
    All,
    /// The value itself and everything in it.
    Deep,
    Filter(Box<Expression>),
}

/// Why a path cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    #[error("ERR Path '{path}' does not read at position {at}: expected {expected}")]
    Syntax { path: String, at: usize, expected: &'static str },
    #[error("ERR the path selects too many values")]
    TooMany,
}

impl Path {
    /// Whether it means the whole document.
    pub fn is_root(&self) -> bool {
        self.steps.is_empty()
    }

    /// Whether it can mean one value at most.
    pub fn is_definite(&self) -> bool {
        self.steps.iter().all(|step| match step {
            Step::Keys(keys) => keys.len() == 1,
            Step::Indexes(indexes) => indexes.len() == 1,
            _ => false,
        })
    }

    /// The path without its last step, and the name that it ends with, when it ends with one.
    pub fn parent(&self) -> Option<(Self, &str)> {
        let (last, steps) = self.steps.split_last()?;
        match last {
            Step::Keys(keys) if keys.len() == 1 => {
                Some((Self { legacy: self.legacy, steps: steps.to_vec() }, keys.first()?))
            }
            _ => None,
        }
    }

    /// Whether its last step is a place in an array.
    pub fn ends_with_index(&self) -> bool {
        matches!(self.steps.last(), Some(Step::Indexes(_)))
    }
}
