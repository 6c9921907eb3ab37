//! How large a bound query may be.

use model::error::{Error, ErrorKind};

use super::fault::{Fault, Outcome};
use crate::bound::{BoundKind, BoundQuery};

/// Checks the clauses of one boolean query.
pub(super) fn clauses(count: usize, most: u32) -> Outcome<()> {
    if count <= most as usize {
        return Ok(());
    }
    Err(Fault::Create(Error::new(ErrorKind::TooManyBooleanClauses, format!("maxClauseCount is set to {most}"))))
}

/// Checks how many leaves score.
///
/// # Errors
/// `too_many_nested_clauses`.
pub(super) fn check(query: &BoundQuery, most: u32) -> Result<(), Error> {
    if leaves(query) <= most as usize {
        return Ok(());
    }
    let reason = format!("Query contains too many nested clauses; maxClauseCount is set to {most}");
    Err(Error::new(ErrorKind::TooManyClauses, reason))
}

/// Leaves that take part in scores: filters are sets, whose number costs little.
fn leaves(query: &BoundQuery) -> usize {
    match &query.kind {
        BoundKind::Bool(clauses) => clauses.must.iter().chain(&clauses.should).map(leaves).sum(),
        BoundKind::DisMax { queries, .. } => queries.iter().map(leaves).sum(),
        BoundKind::ConstantScore(inner) => leaves(inner),
        BoundKind::Boosting { positive, .. } => leaves(positive),
        BoundKind::FunctionScore(score) => leaves(&score.query),
        BoundKind::Nested(nested) => leaves(&nested.query),
        BoundKind::Joined(joined) => leaves(&joined.inner),
        BoundKind::TermsSet(set) => set.terms.len(),
        BoundKind::Blended { terms, .. } => terms.len(),
        BoundKind::Synonyms(_, terms) => terms.len(),
        BoundKind::ByFrequency(common) => common.terms.len(),
        BoundKind::Combined(word) => word.fields.len(),
        _ => 1,
    }
}
