//! Whether a shard can hold a match at all, from what its segments say of their columns: a look at least and greatest values, no search.

use search::bound::{BoundKind, BoundQuery, FieldName};

use crate::reader::Reader;
use crate::score::Outcome;

/// False: no document of the shard matches. `ranged`: of which fields the values are looked at.
pub(super) fn can_match(reader: &Reader, query: &BoundQuery, ranged: &dyn Fn(&str) -> bool) -> Outcome<bool> {
    match &query.kind {
        BoundKind::MatchNone(_) => Ok(false),
        BoundKind::NumberRange(field, from, to) if ranged(field) => in_range(reader, field, (*from, *to)),
        BoundKind::ConstantScore(inner) => can_match(reader, inner, ranged),
        BoundKind::Bool(clauses) => {
            for clause in clauses.must.iter().chain(&clauses.filter) {
                if !can_match(reader, clause, ranged)? {
                    return Ok(false);
                }
            }
            if clauses.minimum_should_match == 0 {
                return Ok(true);
            }
            for clause in &clauses.should {
                if can_match(reader, clause, ranged)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        _ => Ok(true),
    }
}

fn in_range(reader: &Reader, field: &FieldName, (from, to): (i64, i64)) -> Outcome<bool> {
    let Some(entry) = reader.fields.by_path(field) else { return Ok(false) };
    for view in reader.segments.iter() {
        let Some(column) = view.segment.numbers(entry.slot)? else {
            // Without a column the terms may have such values.
            if view.segment.terms(entry.slot)?.is_some() {
                return Ok(true);
            }
            continue;
        };
        if column.min_max().is_some_and(|(least, greatest)| least <= to && greatest >= from) {
            return Ok(true);
        }
    }
    Ok(false)
}
