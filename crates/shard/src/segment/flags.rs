//! Booleans as the numbers 0 and 1.

use std::io;
use std::sync::Arc;

use super::DocId;
use super::column::{NumberColumn, StringColumn};

pub(crate) struct Flags {
    column: Arc<dyn StringColumn>,
    /// The number of each ordinal; they ascend.
    numbers: Vec<i64>,
}

impl Flags {
    /// Of a column of `F` and `T`.
    ///
    /// # Errors
    /// As the column.
    pub(crate) fn new(column: Arc<dyn StringColumn>) -> io::Result<Self> {
        let (mut value, mut numbers) = (Vec::new(), Vec::new());
        for ord in 0..column.ord_count() {
            column.value(ord, &mut value)?;
            numbers.push(i64::from(value == b"T"));
        }
        Ok(Self { column, numbers })
    }

    fn number(&self, ord: u64) -> Option<i64> {
        self.numbers.get(ord as usize).copied()
    }
}

impl NumberColumn for Flags {
    fn min_max(&self) -> Option<(i64, i64)> {
        Some((*self.numbers.first()?, *self.numbers.last()?))
    }

    fn is_single(&self) -> bool {
        self.column.is_single()
    }

    fn first(&self, doc: DocId) -> Option<i64> {
        self.column.first(doc).and_then(|ord| self.number(ord))
    }

    fn values(&self, doc: DocId, out: &mut Vec<i64>) {
        let mut ords = Vec::new();
        self.column.ords(doc, &mut ords);
        out.extend(ords.into_iter().filter_map(|ord| self.number(ord)));
    }
}
