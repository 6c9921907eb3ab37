//! `minimum_should_match`: `2`, `-1`, `75%`, `-25%`, `2<75% 9<-3`.

use model::error::{Error, ErrorKind};

use super::fault::Outcome;
use super::number::number_format;
use crate::bound::{BoundKind, BoundQuery};

/// How many of `optional` clauses must match.
pub(super) fn required(optional: usize, spec: &str) -> Outcome<u32> {
    let count = i64::try_from(optional).unwrap_or(i64::MAX);
    let required = conditional(count, spec.trim())?;
    Ok(u32::try_from(required.max(0)).unwrap_or(u32::MAX))
}

fn conditional(count: i64, spec: &str) -> Outcome<i64> {
    if !spec.contains('<') {
        return simple(count, spec);
    }
    let joined = spec.split('<').map(str::trim).collect::<Vec<_>>().join("<");
    let mut result = count;
    for condition in joined.split_whitespace() {
        let (bound, then) = condition.split_once('<').unwrap_or((condition, ""));
        if count <= integer(bound)? {
            return Ok(result);
        }
        if then.is_empty() {
            return Err(Error::new(ErrorKind::ArrayIndexOutOfBounds, "Index 1 out of bounds for length 1").into());
        }
        result = simple(count, then)?;
    }
    Ok(result)
}

fn simple(count: i64, spec: &str) -> Outcome<i64> {
    if !spec.contains('%') {
        let number = integer(spec)?;
        return Ok((if number < 0 { count + number } else { number }).max(0));
    }
    let percent = integer(spec.get(..spec.len() - 1).unwrap_or_default())?;
    let share = (count.saturating_mul(percent)) as f32 * (1.0 / 100.0);
    Ok((if share < 0.0 { count + share as i64 } else { share as i64 }).max(0))
}

fn integer(text: &str) -> Outcome<i64> {
    text.parse::<i32>().map(i64::from).map_err(|_| number_format(text).into())
}

/// Applies `spec` to a boolean query that analysis made, or to its rare words where they are apart; others have nothing to count.
pub(super) fn apply(query: &mut BoundQuery, spec: Option<&str>) -> Outcome<()> {
    if let BoundKind::ByFrequency(common) = &mut query.kind {
        common.rare.minimum_should_match = spec.map(str::to_owned);
    }
    if let (BoundKind::Bool(clauses), Some(spec)) = (&mut query.kind, spec) {
        let least = u32::from(clauses.must.is_empty() && clauses.filter.is_empty() && !clauses.should.is_empty());
        clauses.minimum_should_match = required(clauses.should.len(), spec)?.max(least);
    }
    Ok(())
}
