//! Histograms: the gaps filled, the bounds extended, the order asked.

use model::aggregation::answer::{Body, Bucket as Shown, Buckets};
use model::aggregation::key::Key;
use model::aggregation::partial::{Bucket, Partial, Row};
use model::aggregation::request::histogram::Bounds;
use model::aggregation::request::{Order, OrderBy};
use model::date::DateResolution;
use model::error::Error;

use super::order::{RowOrder, ranks};
use super::{Limit, answers};
use crate::aggregation::BoundAggregation;
use crate::aggregation::format::Format;
use crate::aggregation::histogram::{Histogram, Step};

pub(super) fn answer(
    asked: &BoundAggregation,
    histogram: &Histogram,
    partial: Partial,
    limit: &mut Limit,
) -> Result<(&'static str, Body), Error> {
    let rows = if let Partial::Table(table) = partial { table.rows } else { Vec::new() };
    let kind = match histogram.step {
        Step::Width { .. } => "histogram",
        Step::Dates { .. } => "date_histogram",
    };
    let rows = if histogram.min_doc_count == 0 {
        filled(rows, &histogram.step, limit)?
    } else {
        rows.into_iter().filter(|row| row.bucket.doc_count >= histogram.min_doc_count).collect()
    };
    limit.count(rows.len())?;
    let mut list = Vec::with_capacity(rows.len());
    for row in ordered(rows, asked, histogram)? {
        let mut made = bucket(histogram, &row.key);
        made.doc_count = row.bucket.doc_count;
        made.answers = answers(&asked.children, row.bucket.children, limit)?;
        list.push(made);
    }
    Ok((kind, Body::Buckets(Buckets { list, keyed: histogram.keyed, beside: Vec::new() })))
}

fn ordered(rows: Vec<Row>, asked: &BoundAggregation, histogram: &Histogram) -> Result<Vec<Row>, Error> {
    if matches!(histogram.order.as_slice(), [Order { by: OrderBy::Key, descending: false }, ..]) {
        return Ok(rows);
    }
    let order = RowOrder { order: &histogram.order, level: &asked.children };
    let ranks = ranks(&rows, order, rows.len())?;
    let mut rows: Vec<Option<Row>> = rows.into_iter().map(Some).collect();
    Ok(ranks.into_iter().filter_map(|rank| rows[rank].take()).collect())
}

/// The bucket of a row's number: the key that a client sees.
fn bucket(histogram: &Histogram, key: &Key) -> Shown {
    let number = if let Key::Long(number) = key { *number } else { 0 };
    let format = &histogram.values.format;
    match (&histogram.step, format) {
        (Step::Width { interval, offset, .. }, _) => format.bucket(Key::Double(number as f64 * interval + offset)),
        (Step::Dates { .. }, Format::Date(shown)) => {
            // Buckets of dates are milliseconds, whatever the field counts.
            let mut shown = shown.clone();
            shown.resolution = DateResolution::Millis;
            Format::Date(shown).bucket(Key::Long(number))
        }
        (Step::Dates { .. }, _) => format.bucket(Key::Long(number)),
    }
}

/// The empty bucket behind the one of a key that a client sees.
pub(super) fn behind(histogram: &Histogram, key: &Key) -> Option<Shown> {
    let number = match (&histogram.step, key) {
        (Step::Width { interval, offset, .. }, Key::Double(key)) => ((key - offset) / interval + 1.0).round() as i64,
        (Step::Dates { rounding, .. }, Key::Long(ms)) => rounding.next(*ms),
        _ => return None,
    };
    Some(bucket(histogram, &Key::Long(number)))
}

/// A row for every bucket between the first and the last, bounds included.
fn filled(rows: Vec<Row>, step: &Step, limit: &Limit) -> Result<Vec<Row>, Error> {
    let found = (rows.first().map(number), rows.last().map(number));
    let wanted = extended(step);
    let least = [found.0, wanted.0].into_iter().flatten().min();
    let greatest = [found.1, wanted.1].into_iter().flatten().max();
    // Bounds alone make buckets only when both ends are known.
    let ((Some(least), Some(greatest)), true) =
        ((least, greatest), found.0.is_some() || (wanted.0.is_some() && wanted.1.is_some()))
    else {
        return Ok(rows);
    };
    let mut all = Vec::new();
    let mut rows = rows.into_iter().peekable();
    let mut at = least;
    while at <= greatest {
        let row = rows.next_if(|row| number(row) == at);
        if row.is_some() || step.admits(at) {
            all.push(row.unwrap_or_else(|| Row { key: Key::Long(at), bucket: Bucket::default(), known: 0 }));
            limit.room(all.len())?;
        }
        at = match step {
            Step::Width { .. } => at.saturating_add(1),
            Step::Dates { rounding, .. } => rounding.next(at),
        };
    }
    Ok(all)
}

fn number(row: &Row) -> i64 {
    if let Key::Long(number) = row.key { number } else { 0 }
}

/// The first and the last bucket that bounds ask for.
fn extended(step: &Step) -> (Option<i64>, Option<i64>) {
    match step {
        Step::Width { interval, offset, extended: Some(Bounds { min, max }), .. } => {
            let index = |end: &Option<f64>| end.map(|end| ((end - offset) / interval).floor() as i64);
            (index(min), index(max))
        }
        Step::Dates { extended: Some(Bounds { min, max }), .. } => (*min, *max),
        _ => (None, None),
    }
}
