//! Dates in at most so many buckets: the finest rounding that allows it, its intervals joined.

use model::aggregation::answer::{Body, Buckets};
use model::aggregation::key::Key;
use model::aggregation::partial::{AutoDates, Bucket, Partial, Row};
use model::date::DateResolution;
use model::error::Error;

use super::{Limit, answers};
use crate::aggregation::BoundAggregation;
use crate::aggregation::auto_date::AutoDateHistogram;
use crate::aggregation::format::Format;

pub(super) fn answer(
    asked: &BoundAggregation,
    auto: &AutoDateHistogram,
    partial: Partial,
    limit: &mut Limit,
) -> Result<(&'static str, Body), Error> {
    let found = if let Partial::AutoDates(found) = partial { found } else { AutoDates::default() };
    let mut rounding = (found.rounding as usize).min(auto.roundings.len().saturating_sub(1));
    let mut rows = rounded(found.table.rows, auto, rounding)?;
    (rows, rounding) = coarser(rows, auto, rounding)?;
    rounding = appropriate(&rows, auto, rounding);
    rows = filled(rounded(rows, auto, rounding)?, auto, rounding);
    (rows, rounding) = coarser(rows, auto, rounding)?;
    let candidate = &auto.roundings[rounding];
    let joined = candidate.joined.iter().find(|joined| rows.len().div_ceil(**joined as usize) <= auto.buckets as usize);
    let joined = joined.copied().unwrap_or(1);
    let mut list = Vec::new();
    for row in groups(rows, joined as usize)? {
        let mut made = in_milliseconds(&auto.values.format).bucket(row.key);
        made.doc_count = row.bucket.doc_count;
        made.answers = answers(&asked.children, row.bucket.children, limit)?;
        list.push(made);
    }
    limit.count(list.len())?;
    let beside = vec![("interval", format!("{joined}{}", candidate.suffix).into())];
    Ok(("auto_date_histogram", Body::Buckets(Buckets { list, keyed: false, beside })))
}

/// Keys are milliseconds, whatever the field counts.
fn in_milliseconds(format: &Format) -> Format {
    let mut format = format.clone();
    if let Format::Date(shown) = &mut format {
        shown.resolution = DateResolution::Millis;
    }
    format
}

fn begin(row: &Row) -> i64 {
    if let Key::Long(ms) = row.key { ms } else { 0 }
}

/// The rows at a rounding: what falls together is merged.
fn rounded(rows: Vec<Row>, auto: &AutoDateHistogram, rounding: usize) -> Result<Vec<Row>, Error> {
    let rounding = &auto.roundings[rounding].rounding;
    let mut merged: Vec<Row> = Vec::with_capacity(rows.len());
    for mut row in rows {
        row.key = Key::Long(rounding.round(begin(&row)));
        match merged.last_mut() {
            Some(last) if last.key == row.key => last.bucket.merge(row.bucket)?,
            _ => merged.push(row),
        }
    }
    Ok(merged)
}

/// Rounds up until the rows are few enough.
fn coarser(mut rows: Vec<Row>, auto: &AutoDateHistogram, mut rounding: usize) -> Result<(Vec<Row>, usize), Error> {
    while rows.len() > auto.acceptable(rounding) && !auto.is_last(rounding) {
        rounding += 1;
        rows = rounded(rows, auto, rounding)?;
    }
    Ok((rows, rounding))
}

/// The finest rounding from `rounding` on with few enough intervals, empty ones included.
fn appropriate(rows: &[Row], auto: &AutoDateHistogram, rounding: usize) -> usize {
    let (Some(first), Some(last)) = (rows.first().map(begin), rows.last().map(begin)) else { return rounding };
    let few = |at: usize| {
        let candidate = &auto.roundings[at];
        let most = auto.acceptable(at);
        // Where even a rough estimate is far beyond, nothing need be counted.
        if (last - first) / candidate.rough_ms > 2 * most as i64 + 2 {
            return false;
        }
        let mut at = first;
        let mut count = 0;
        while at < last && count <= most {
            count += 1;
            at = candidate.rounding.next(at);
        }
        count <= most
    };
    (rounding..auto.roundings.len()).find(|&at| few(at)).unwrap_or(auto.roundings.len() - 1)
}

fn filled(rows: Vec<Row>, auto: &AutoDateHistogram, rounding: usize) -> Vec<Row> {
    let rounding = &auto.roundings[rounding].rounding;
    let mut all: Vec<Row> = Vec::with_capacity(rows.len());
    for row in rows {
        if let Some(last) = all.last() {
            let mut next = rounding.next(begin(last));
            while next < begin(&row) {
                all.push(Row { key: Key::Long(next), bucket: Bucket::default(), known: 0 });
                next = rounding.next(next);
            }
        }
        all.push(row);
    }
    all
}

/// Every so many rows as one, under the first one's key.
fn groups(rows: Vec<Row>, joined: usize) -> Result<Vec<Row>, Error> {
    let mut grouped: Vec<Row> = Vec::with_capacity(rows.len().div_ceil(joined));
    for (at, row) in rows.into_iter().enumerate() {
        match grouped.last_mut() {
            Some(last) if at % joined != 0 => last.bucket.merge(row.bucket)?,
            _ => grouped.push(row),
        }
    }
    Ok(grouped)
}
