//! Filters: which members of an array or an object a path goes into.

use std::cmp::Ordering;

use regex::RegexBuilder;
use serde_json::Value as Json;

use super::{Path, PathError};

/// Bytes that the automaton of a pattern may take.
const PATTERN_BYTES: usize = 1 << 20;

#[derive(Clone, Debug)]
pub(super) enum Expression {
    Any(Vec<Expression>),
    All(Vec<Expression>),
    Not(Box<Expression>),
    Exists(Operand),
    Compare(Operand, Comparison, Operand),
}

#[derive(Clone, Debug)]
pub(super) enum Operand {
    /// From the member on.
    Here(Path),
    /// From the document's root on.
    Root(Path),
    Value(Json),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
    /// The text holds what the pattern means.
    Matches,
}

impl Expression {
    pub(super) fn holds(&self, root: &Json, here: &Json) -> Result<bool, PathError> {
        match self {
            Self::Any(all) => all.iter().try_fold(false, |found, one| Ok(found || one.holds(root, here)?)),
            Self::All(all) => all.iter().try_fold(true, |found, one| Ok(found && one.holds(root, here)?)),
            Self::Not(inner) => Ok(!inner.holds(root, here)?),
            Self::Exists(operand) => Ok(!operand.values(root, here)?.is_empty()),
            Self::Compare(left, comparison, right) => {
                let (left, right) = (left.values(root, here)?, right.values(root, here)?);
                let any = |comparison: Comparison| {
                    left.iter().any(|left| right.iter().any(|right| comparison.holds(left, right)))
                };
                // What is not there differs from everything.
                Ok(if *comparison == Comparison::NotEqual { !any(Comparison::Equal) } else { any(*comparison) })
            }
        }
    }
}

impl Operand {
    fn values<'j>(&'j self, root: &'j Json, here: &'j Json) -> Result<Vec<&'j Json>, PathError> {
        match self {
            Self::Here(path) => path.values_in(root, here),
            Self::Root(path) => path.values_in(root, root),
            Self::Value(value) => Ok(vec![value]),
        }
    }
}

impl Comparison {
    fn holds(self, left: &Json, right: &Json) -> bool {
        let order = order(left, right);
        match self {
            Self::Equal => order == Some(Ordering::Equal) || left == right,
            Self::NotEqual => !Self::Equal.holds(left, right),
            Self::Less => order == Some(Ordering::Less),
            Self::AtMost => order.is_some_and(Ordering::is_le),
            Self::Greater => order == Some(Ordering::Greater),
            Self::AtLeast => order.is_some_and(Ordering::is_ge),
            Self::Matches => {
                let (Some(text), Some(pattern)) = (left.as_str(), right.as_str()) else { return false };
                let built = RegexBuilder::new(pattern).size_limit(PATTERN_BYTES).build();
                built.is_ok_and(|pattern| pattern.is_match(text))
            }
        }
    }
}

/// Numbers by value, texts by their characters; others have no order.
fn order(left: &Json, right: &Json) -> Option<Ordering> {
    match (left, right) {
        (Json::Number(left), Json::Number(right)) => match (left.as_i64(), right.as_i64()) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
        },
        (Json::String(left), Json::String(right)) => Some(left.cmp(right)),
        _ => None,
    }
}
