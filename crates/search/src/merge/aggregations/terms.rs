//! The commonest values of all shards.

use model::aggregation::answer::{Body, Buckets};
use model::aggregation::partial::{Partial, Row, Table};
use model::error::Error;

use super::order::{RowOrder, ranks};
use super::{Limit, answers};
use crate::aggregation::BoundAggregation;
use crate::aggregation::terms::Terms;
use crate::aggregation::values::Shape;

pub(super) fn answer(
    asked: &BoundAggregation,
    terms: &Terms,
    partial: Partial,
    limit: &mut Limit,
) -> Result<(&'static str, Body), Error> {
    let mapped = matches!(partial, Partial::Table(_));
    let table = if let Partial::Table(table) = partial { table } else { Table::default() };
    let kind = match terms.values.shape() {
        _ if !mapped => "umterms",
        Shape::Long => "lterms",
        Shape::Unsigned => "ulterms",
        Shape::Double => "dterms",
        Shape::Bytes => "sterms",
    };
    Ok((kind, Body::Buckets(buckets(asked, terms, table, limit)?)))
}

fn buckets(asked: &BoundAggregation, terms: &Terms, table: Table, limit: &mut Limit) -> Result<Buckets, Error> {
    let Table { mut rows, other, error, shards } = table;
    let all: u64 = rows.iter().map(|row| row.bucket.doc_count).sum();
    rows.retain(|row| row.bucket.doc_count >= terms.cut.min_doc_count);
    let order = RowOrder { order: &terms.order, level: &asked.children };
    let ranks = ranks(&rows, order, terms.cut.size as usize)?;
    limit.count(ranks.len())?;
    let mut rows: Vec<Option<Row>> = rows.into_iter().map(Some).collect();
    let mut list = Vec::with_capacity(ranks.len());
    let mut shown = 0;
    let error = Bound { error, single: shards <= 1, terms };
    for row in ranks.into_iter().filter_map(|rank| rows[rank].take()) {
        let Row { key, bucket, known } = row;
        let mut made = terms.values.format.bucket(key);
        made.doc_count = bucket.doc_count;
        shown += bucket.doc_count;
        if terms.show_error {
            made.beside.push(("doc_count_error_upper_bound", error.of_row(known).into()));
        }
        made.answers = answers(&asked.children, bucket.children, limit)?;
        list.push(made);
    }
    let beside = vec![
        ("doc_count_error_upper_bound", error.of_table().into()),
        ("sum_other_doc_count", (other + all - shown).into()),
    ];
    Ok(Buckets { list, keyed: false, beside })
}

/// How wrong counts may be.
struct Bound<'a> {
    error: u64,
    /// One shard is never wrong about itself.
    single: bool,
    terms: &'a Terms,
}

impl Bound<'_> {
    /// -1: nobody can say.
    fn of_table(&self) -> i64 {
        if self.single || self.terms.is_by_key() {
            0
        } else if self.terms.is_by_count() {
            self.error as i64
        } else {
            -1
        }
    }

    fn of_row(&self, known: u64) -> i64 {
        match self.of_table() {
            bound if bound > 0 => bound - known as i64,
            bound => bound,
        }
    }
}
