//! The leaves of a query that a match may have come from.

use model::error::Error;

use crate::bound::{BoundKind, BoundQuery};

/// Deeper queries are refused when they are bound; here only the stack is guarded.
const MAX_DEPTH: u32 = 200;

/// What is told of each leaf: the product of the factors above it comes with it.
pub(super) type Visit<'a> = &'a mut dyn FnMut(&BoundKind, f32) -> Result<(), Error>;

/// Calls `visit` with each leaf in the order of the query, but for what must not match.
///
/// # Errors
/// As `visit` makes them.
pub(super) fn leaves(query: &BoundQuery, outer: f32, visit: Visit<'_>) -> Result<(), Error> {
    descend(query, outer, 0, visit)
}

fn descend(query: &BoundQuery, outer: f32, depth: u32, visit: Visit<'_>) -> Result<(), Error> {
    if depth >= MAX_DEPTH {
        return Ok(());
    }
    let boost = outer * query.boost;
    let mut into = |inner: &BoundQuery| descend(inner, boost, depth + 1, visit);
    match &query.kind {
        BoundKind::Bool(clauses) => {
            let mut all = clauses.must.iter().chain(&clauses.should).chain(&clauses.filter);
            all.try_for_each(into)
        }
        BoundKind::Boosting { positive: inner, .. } | BoundKind::ConstantScore(inner) => into(inner),
        BoundKind::DisMax { queries, .. } => queries.iter().try_for_each(into),
        BoundKind::FunctionScore(function) => into(&function.query),
        BoundKind::TermsSet(set) => set.terms.iter().try_for_each(into),
        BoundKind::Ranked(ranked) => into(&ranked.candidates),
        BoundKind::Nested(nested) => into(&nested.query),
        leaf => visit(leaf, boost),
    }
}
