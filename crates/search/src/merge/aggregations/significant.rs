//! The values that stand out most, of all shards.

use model::aggregation::answer::{Body, Bucket as Shown, Buckets};
use model::aggregation::partial::{Partial, SignificantRow};
use model::error::Error;

use super::heuristic::{Counts, score};
use super::{Limit, answers, json};
use crate::aggregation::BoundAggregation;
use crate::aggregation::terms::SignificantTerms;
use crate::aggregation::values::Shape;

pub(super) fn answer(
    asked: &BoundAggregation,
    terms: &SignificantTerms,
    partial: Partial,
    limit: &mut Limit,
) -> Result<(&'static str, Body), Error> {
    let Partial::Significance(found) = partial else {
        return Ok(("sigsterms", Body::Buckets(Buckets::default())));
    };
    let (foreground, background) = (found.foreground, found.background);
    let mut rows = found.rows;
    rows.retain(|row| row.bucket.doc_count >= terms.cut.min_doc_count);
    let mut best = significant(terms, rows, (foreground, background))?;
    best.retain(|(score, _)| *score > 0.0);
    best.truncate(terms.cut.size as usize);
    limit.count(best.len())?;
    let mut list = Vec::with_capacity(best.len());
    for (score, row) in best {
        let answers = answers(&asked.children, row.bucket.children, limit)?;
        let beside = vec![("score", json(score)), ("bg_count", row.background.into())];
        let made = terms.values.format.bucket(row.key);
        list.push(Shown { doc_count: row.bucket.doc_count, beside, answers, ..made });
    }
    let beside = vec![("doc_count", foreground.into()), ("bg_count", background.into())];
    let kind = if terms.values.shape() == Shape::Bytes { "sigsterms" } else { "siglterms" };
    Ok((kind, Body::Buckets(Buckets { list, keyed: false, beside })))
}

/// The rows with their scores, the most significant first, ties by key; `sizes`: documents of the foreground and of the background.
///
/// # Errors
/// `illegal_argument_exception` for counts that the heuristic cannot compare.
pub fn significant(
    terms: &SignificantTerms,
    rows: Vec<SignificantRow>,
    sizes: (u64, u64),
) -> Result<Vec<(f64, SignificantRow)>, Error> {
    let scored = |row: SignificantRow| {
        let counts =
            Counts { found: row.bucket.doc_count, of: sizes.0, background: row.background, of_background: sizes.1 };
        Ok((score(terms.heuristic, counts)?, row))
    };
    let mut scored = rows.into_iter().map(scored).collect::<Result<Vec<_>, Error>>()?;
    scored.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.key.cmp(&b.1.key)));
    Ok(scored)
}
