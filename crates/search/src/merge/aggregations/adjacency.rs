//! Filters and where they overlap.

use model::aggregation::answer::{Body, Bucket as Shown, Buckets};
use model::aggregation::key::Key;
use model::aggregation::partial::Partial;
use model::error::Error;

use super::{Limit, bucket};
use crate::aggregation::{AdjacencyMatrix, BoundAggregation};

/// What is not empty, in order of names.
pub(super) fn answer(
    asked: &BoundAggregation,
    matrix: &AdjacencyMatrix,
    partial: Partial,
    limit: &mut Limit,
) -> Result<Body, Error> {
    let found = if let Partial::Slots(found) = partial { found } else { Vec::new() };
    let mut list = Vec::new();
    let hidden = if matrix.pairs_only { matrix.filters.len() } else { 0 };
    let shown = names(matrix).zip(found).skip(hidden);
    for (name, found) in shown.filter(|(_, found)| found.doc_count > 0) {
        limit.count(1)?;
        let made = bucket(asked, found, limit)?;
        list.push(Shown { key: Key::text(&name), shown_key: Some(name.as_str().into()), text: Some(name), ..made });
    }
    list.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(Body::Buckets(Buckets { list, ..Buckets::default() }))
}

/// In order of the slots.
fn names(matrix: &AdjacencyMatrix) -> impl Iterator<Item = String> + '_ {
    let pairs = matrix.names.iter().enumerate().flat_map(move |(at, first)| {
        matrix.names[at + 1..].iter().map(move |second| format!("{first}{}{second}", matrix.separator))
    });
    matrix.names.iter().cloned().chain(pairs)
}
