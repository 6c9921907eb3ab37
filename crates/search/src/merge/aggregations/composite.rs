//! One page of combinations.

use model::aggregation::answer::{Body, Bucket as Shown, Buckets};
use model::aggregation::key::Key;
use model::aggregation::partial::{Partial, Row};
use model::date::DateResolution;
use model::error::Error;
use serde_json::{Map, Value};

use super::{Limit, answers};
use crate::aggregation::BoundAggregation;
use crate::aggregation::composite::{Composite, Source, Step};
use crate::aggregation::format::Format;

pub(super) fn answer(
    asked: &BoundAggregation,
    composite: &Composite,
    partial: Partial,
    limit: &mut Limit,
) -> Result<(&'static str, Body), Error> {
    let mut rows = if let Partial::Table(table) = partial { table.rows } else { Vec::new() };
    rows.sort_by(|a, b| composite.compare(keys(a), keys(b)));
    rows.truncate(composite.size as usize);
    limit.count(rows.len())?;
    let mut list = Vec::with_capacity(rows.len());
    for row in rows {
        let shown = Value::Object(object(composite, keys(&row)));
        let answers = answers(&asked.children, row.bucket.children, limit)?;
        let doc_count = row.bucket.doc_count;
        list.push(Shown { key: row.key, shown_key: Some(shown), doc_count, answers, ..Shown::default() });
    }
    let after = list.last().and_then(|bucket| bucket.shown_key.clone());
    let beside = after.map(|key| ("after_key", key)).into_iter().collect();
    Ok(("composite", Body::Buckets(Buckets { list, keyed: false, beside })))
}

fn keys(row: &Row) -> &[Key] {
    if let Key::List(keys) = &row.key { keys } else { &[] }
}

fn object(composite: &Composite, keys: &[Key]) -> Map<String, Value> {
    composite.sources.iter().zip(keys).map(|(source, key)| (source.name.clone(), shown(source, key))).collect()
}

fn shown(source: &Source, key: &Key) -> Value {
    match (&source.step, &source.values.format, key) {
        (_, _, Key::Null) => Value::Null,
        (Step::Cells(cells), _, Key::Long(number)) => cells.shape.text(*number).into(),
        (Step::Width(interval), _, Key::Long(index)) => (*index as f64 * interval).into(),
        (_, Format::Boolean, Key::Long(flag)) => (*flag != 0).into(),
        (step, Format::Date(date), Key::Long(number)) => {
            let mut date = date.clone();
            if matches!(step, Step::Dates(_)) {
                date.resolution = DateResolution::Millis;
            }
            if source.shows_text { date.text(*number).into() } else { date.moment(*number).ms.into() }
        }
        (_, format, key) => {
            let bucket = format.bucket(key.clone());
            if bucket.shows_text { bucket.text.into() } else { bucket.shown_key.unwrap_or(Value::Null) }
        }
    }
}
