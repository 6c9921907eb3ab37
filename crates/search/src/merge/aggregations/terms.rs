//! The commonest values of all shards, and the rarest.

use model::aggregation::answer::{Body, Bucket as Shown, Buckets};
use model::aggregation::key::Key;
use model::aggregation::partial::{Partial, Row, Table};
use model::error::Error;

use super::order::{RowOrder, ranks};
use super::{Limit, answers};
use crate::aggregation::BoundAggregation;
use crate::aggregation::format::Format;
use crate::aggregation::terms::{MultiTerms, Ranking, RareTerms, Terms};
use crate::aggregation::values::{Shape, Values};

pub(super) fn answer(
    asked: &BoundAggregation,
    terms: &Terms,
    mut partial: Partial,
    limit: &mut Limit,
) -> Result<(&'static str, Body), Error> {
    let mapped = matches!(partial, Partial::Table(_));
    let mixed = if let Partial::Table(table) = &mut partial { as_doubles(table)? } else { false };
    let kind = match terms.values.shape() {
        // What no index knows counts as texts.
        _ if !mapped => "sterms",
        _ if mixed => "dterms",
        Shape::Long => "lterms",
        Shape::Unsigned => "ulterms",
        Shape::Double => "dterms",
        Shape::Bytes => "sterms",
    };
    let best = Best { asked, ranking: &terms.ranking, show: &|key| terms.values.format.bucket(key) };
    Ok((kind, Body::Buckets(best.buckets(partial, limit)?)))
}

/// Whole numbers of one index and doubles of another are all doubles; whether there were both.
fn as_doubles(table: &mut Table) -> Result<bool, Error> {
    let doubles = table.rows.iter().filter(|row| matches!(row.key, Key::Double(_))).count();
    if doubles == 0 || doubles == table.rows.len() {
        return Ok(false);
    }
    let mut merged: Vec<Row> = Vec::with_capacity(table.rows.len());
    for mut row in std::mem::take(&mut table.rows) {
        row.key = row.key.as_f64().map_or(row.key, Key::Double);
        match merged.last_mut() {
            Some(last) if last.key == row.key => {
                last.bucket.merge(row.bucket)?;
                last.known += row.known;
            }
            _ => merged.push(row),
        }
    }
    table.rows = merged;
    Ok(true)
}

pub(super) fn multi_answer(
    asked: &BoundAggregation,
    terms: &MultiTerms,
    partial: Partial,
    limit: &mut Limit,
) -> Result<Body, Error> {
    let best = Best { asked, ranking: &terms.ranking, show: &|key| several(key, &terms.fields) };
    Ok(Body::Buckets(best.buckets(partial, limit)?))
}

/// A bucket whose key is a list, each value in the format of its field.
fn several(key: Key, fields: &[Values]) -> Shown {
    let keys = if let Key::List(keys) = &key { keys.as_slice() } else { &[] };
    let (mut shown, mut texts) = (Vec::with_capacity(keys.len()), Vec::with_capacity(keys.len()));
    for (key, field) in keys.iter().zip(fields) {
        let one = field.format.bucket(key.clone());
        let text = one.text.unwrap_or_default();
        shown.push(match field.format {
            Format::Boolean => (text == "true").into(),
            Format::Decimal(_) | Format::Date(_) => text.as_str().into(),
            Format::Raw | Format::Unsigned | Format::Ip => one.shown_key.unwrap_or_default(),
        });
        texts.push(text);
    }
    Shown { key, shown_key: Some(shown.into()), text: Some(texts.join("|")), shows_text: true, ..Shown::default() }
}

/// The best rows of a table.
struct Best<'a> {
    asked: &'a BoundAggregation,
    ranking: &'a Ranking,
    show: &'a dyn Fn(Key) -> Shown,
}

impl Best<'_> {
    fn buckets(&self, partial: Partial, limit: &mut Limit) -> Result<Buckets, Error> {
        let table = if let Partial::Table(table) = partial { table } else { Table::default() };
        let Table { mut rows, other, error, shards } = table;
        rows.retain(|row| row.bucket.doc_count >= self.ranking.cut.min_doc_count);
        let all: u64 = rows.iter().map(|row| row.bucket.doc_count).sum();
        let order = RowOrder { order: &self.ranking.order, level: &self.asked.children };
        let ranks = ranks(&rows, order, self.ranking.cut.size as usize)?;
        limit.count(ranks.len())?;
        let mut rows: Vec<Option<Row>> = rows.into_iter().map(Some).collect();
        let mut list = Vec::with_capacity(ranks.len());
        let mut shown = 0;
        let error = Bound { error, single: shards <= 1, ranking: self.ranking };
        for Row { key, bucket, known } in ranks.into_iter().filter_map(|rank| rows[rank].take()) {
            let mut made = (self.show)(key);
            made.doc_count = bucket.doc_count;
            shown += bucket.doc_count;
            if self.ranking.show_error {
                made.beside.push(("doc_count_error_upper_bound", error.of_row(known).into()));
            }
            made.answers = answers(&self.asked.children, bucket.children, limit)?;
            list.push(made);
        }
        let beside = vec![
            ("doc_count_error_upper_bound", error.of_table().into()),
            ("sum_other_doc_count", (other + all - shown).into()),
        ];
        Ok(Buckets { list, keyed: false, beside })
    }
}

/// How wrong counts may be.
struct Bound<'a> {
    error: u64,
    /// One shard is never wrong about itself.
    single: bool,
    ranking: &'a Ranking,
}

impl Bound<'_> {
    /// -1: nobody can say.
    fn of_table(&self) -> i64 {
        if self.ranking.is_by_key() {
            0
        } else if self.ranking.is_by_count() {
            if self.single { 0 } else { self.error as i64 }
        } else {
            // Something was left out, which may have been anything.
            -i64::from(self.error > 0)
        }
    }

    fn of_row(&self, known: u64) -> i64 {
        match self.of_table() {
            bound if bound > 0 => bound - known as i64,
            bound => bound,
        }
    }
}

/// Values of at most so many documents of all shards, the rarest first.
pub(super) fn rare_answer(
    asked: &BoundAggregation,
    terms: &RareTerms,
    partial: Partial,
    limit: &mut Limit,
) -> Result<(&'static str, Body), Error> {
    let mapped = matches!(partial, Partial::Table(_));
    let kind = match terms.values.shape() {
        _ if !mapped => "sterms",
        Shape::Bytes => "srareterms",
        Shape::Long | Shape::Unsigned | Shape::Double => "lrareterms",
    };
    let mut rows = if let Partial::Table(table) = partial { table.rows } else { Vec::new() };
    rows.retain(|row| row.bucket.doc_count <= terms.most);
    // Stable: ties stay in order of their keys.
    rows.sort_by_key(|row| row.bucket.doc_count);
    limit.count(rows.len())?;
    let mut list = Vec::with_capacity(rows.len());
    for Row { key, bucket, .. } in rows {
        let answers = answers(&asked.children, bucket.children, limit)?;
        list.push(Shown { doc_count: bucket.doc_count, answers, ..terms.values.format.bucket(key) });
    }
    Ok((kind, Body::Buckets(Buckets { list, ..Buckets::default() })))
}
