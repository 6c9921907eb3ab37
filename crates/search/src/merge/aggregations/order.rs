//! In which order buckets stand: by count, key, or a number inside them; ties by key.

use std::cmp::Ordering;

use model::aggregation::partial::Row;
use model::aggregation::request::{Order, OrderBy};
use model::error::Error;

use super::{Limit, answers};
use crate::aggregation::Level;
use crate::merge::pipeline::order::{OrderPath, number_at};

/// Orders rows of one table. Rows on a shard and rows of all shards are ordered alike.
#[derive(Clone, Copy, Debug)]
pub struct RowOrder<'a> {
    pub order: &'a [Order],
    /// What is inside the buckets.
    pub level: &'a Level,
}

/// What one row is ordered by besides its count and key: the numbers that paths name, in order of the paths.
type Numbers = Vec<f64>;

impl RowOrder<'_> {
    /// Whether rows must be finished to be ordered.
    pub fn needs_numbers(&self) -> bool {
        self.order.iter().any(|order| matches!(order.by, OrderBy::Path(_)))
    }

    /// The numbers of a row.
    ///
    /// # Errors
    /// `aggregation_execution_exception` for a path that names nothing.
    fn numbers(&self, row: &Row) -> Result<Numbers, Error> {
        if !self.needs_numbers() {
            return Ok(Vec::new());
        }
        let found = answers(self.level, row.bucket.children.clone(), &mut Limit::new(u64::MAX))?;
        let paths = self.order.iter().filter_map(|order| match &order.by {
            OrderBy::Path(path) => Some(path),
            OrderBy::Count | OrderBy::Key => None,
        });
        paths.map(|path| number_at(&OrderPath(path), &found)).collect()
    }

    /// Which of two rows comes first.
    fn compare(&self, a: (&Row, &[f64]), b: (&Row, &[f64])) -> Ordering {
        let mut numbers = a.1.iter().zip(b.1);
        for order in self.order {
            let ascending = match &order.by {
                OrderBy::Count => a.0.bucket.doc_count.cmp(&b.0.bucket.doc_count),
                OrderBy::Key => a.0.key.cmp(&b.0.key),
                OrderBy::Path(_) => match numbers.next() {
                    // What is undefined comes last either way.
                    Some((a, b)) if a.is_nan() || b.is_nan() => match (a.is_nan(), b.is_nan()) {
                        (true, false) => return Ordering::Greater,
                        (false, true) => return Ordering::Less,
                        _ => Ordering::Equal,
                    },
                    Some((a, b)) => a.total_cmp(b),
                    None => Ordering::Equal,
                },
            };
            let ordered = if order.descending { ascending.reverse() } else { ascending };
            if ordered.is_ne() {
                return ordered;
            }
        }
        a.0.key.cmp(&b.0.key)
    }
}

/// The rows in order, at most `size` of them: positions in `rows`.
///
/// # Errors
/// As [`RowOrder::numbers`].
pub fn ranks(rows: &[Row], order: RowOrder<'_>, size: usize) -> Result<Vec<usize>, Error> {
    let numbers = if order.needs_numbers() {
        rows.iter().map(|row| order.numbers(row)).collect::<Result<Vec<_>, _>>()?
    } else {
        Vec::new()
    };
    let of = |at: usize| (&rows[at], numbers.get(at).map_or(&[][..], Vec::as_slice));
    let mut ranks: Vec<usize> = (0..rows.len()).collect();
    if size < ranks.len() && size > 0 {
        ranks.select_nth_unstable_by(size - 1, |&a, &b| order.compare(of(a), of(b)));
    }
    ranks.truncate(size);
    ranks.sort_unstable_by(|&a, &b| order.compare(of(a), of(b)));
    Ok(ranks)
}
