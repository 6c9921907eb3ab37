//! Whether a search that shows no hits would have been ended early by OpenSearch: where the index itself tells how many documents match,
//! it stops counting them at once and says `terminated_early`, though every document is still shown to the aggregations.
//!
//! In: the query as it is bound. Out: what the answer says; no search is shortened by this.

use model::search::TrackTotal;
use search::bound::{BoundBool, BoundKind, BoundQuery};
use search::shard_query::ShardQuery;

use crate::reader::{Reader, SegmentView};
use crate::score::Outcome;

/// Whether the answer to a search of aggregations alone, which found `count` documents, says that it ended early.
pub(super) fn is_said(reader: &Reader, request: &ShardQuery, count: u64) -> Outcome<bool> {
    let counts_all = request.min_score.is_some() || request.terminate_after.is_some();
    // What looks twice OpenSearch does not end.
    let twice = request.aggregations.as_ref().is_none_or(|level| level.looks_twice());
    if counts_all || twice || reader.segments.is_empty() {
        return Ok(false);
    }
    match request.track_total {
        TrackTotal::No => Ok(true),
        TrackTotal::UpTo(most) if count > most && !is_counted(reader, &request.query) => Ok(true),
        TrackTotal::All | TrackTotal::UpTo(_) => is_known(reader, &request.query),
    }
}

/// Whether the index knows the number of matches of a query without looking at any.
fn is_known(reader: &Reader, query: &BoundQuery) -> Outcome<bool> {
    match &query.kind {
        BoundKind::MatchAll => Ok(!has_nested(reader)),
        // Objects inside of documents may have the field, too: OpenSearch looks.
        BoundKind::Exists(_) if has_nested(reader) => Ok(false),
        BoundKind::Term(..) | BoundKind::Exists(_) => Ok(!reader.segments.iter().any(has_deleted)),
        BoundKind::ConstantScore(inner) => is_known(reader, inner),
        BoundKind::DisMax { queries, .. } if queries.len() == 1 => is_known(reader, &queries[0]),
        BoundKind::Bool(clauses) => is_clause_known(reader, clauses),
        _ => Ok(false),
    }
}

/// As [`is_known`], of a `bool` that but for clauses that match everything has no more than one.
fn is_clause_known(reader: &Reader, clauses: &BoundBool) -> Outcome<bool> {
    if !clauses.must_not.is_empty() {
        return Ok(false);
    }
    let mut left = Vec::new();
    for clause in clauses.must.iter().chain(&clauses.filter) {
        if !is_everything(reader, clause)? {
            left.push(clause);
        }
    }
    match (&left[..], &clauses.should[..]) {
        ([], []) => Ok(!has_nested(reader)),
        ([only], []) => is_known(reader, only),
        ([], [only]) if clauses.must.is_empty() && clauses.filter.is_empty() => is_known(reader, only),
        _ => Ok(false),
    }
}

/// Whether a clause matches every document, which its bounds may tell: every document has a value, and all lie inside.
fn is_everything(reader: &Reader, query: &BoundQuery) -> Outcome<bool> {
    let BoundKind::NumberRange(field, from, to) = &query.kind else {
        return Ok(query.kind == BoundKind::MatchAll);
    };
    let Some(entry) = reader.fields.by_path(field) else { return Ok(false) };
    for view in reader.segments.iter() {
        let Some(column) = view.segment.numbers(entry.slot)? else { return Ok(false) };
        let inside = column.min_max().is_some_and(|(least, greatest)| *from <= least && greatest <= *to);
        if !inside || !(column.is_full() || (0..view.segment.doc_count()).all(|doc| column.has(doc))) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a segment's matches are counted without looking at each, though not before the search begins.
fn is_counted(reader: &Reader, query: &BoundQuery) -> bool {
    let ranged = matches!(query.kind, BoundKind::NumberRange(..) | BoundKind::Numbers(..));
    ranged && !has_nested(reader) && !reader.segments.iter().any(has_deleted)
}

fn has_nested(reader: &Reader) -> bool {
    reader.segments.iter().any(|view| view.segment.nested().is_some())
}

fn has_deleted(view: &SegmentView) -> bool {
    let all = view.segment.nested().map_or(view.segment.doc_count(), |nested| nested.roots().len());
    view.alive.as_ref().is_some_and(|alive| alive.len() < all)
}
