//! The rows of a block, a query, and the distance of the two.

use std::sync::Arc;

use crate::kernel::Metric;
use crate::{Shape, VectorError};

/// Bytes that somebody owns, mapped or in memory.
pub type Bytes = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// Rows of one shape, one behind the other.
#[derive(Clone)]
pub struct Rows {
    shape: Shape,
    bytes: Bytes,
    count: u32,
}

impl Rows {
    /// # Errors
    /// [`VectorError::Corrupt`] when the bytes are no whole number of rows, or of more rows than 32 bits number.
    pub fn new(shape: Shape, bytes: Bytes) -> Result<Self, VectorError> {
        let len = (*bytes).as_ref().len();
        let count = len / shape.row_bytes();
        if !len.is_multiple_of(shape.row_bytes()) || count >= u32::MAX as usize {
            return Err(VectorError::Corrupt { what: "the vectors are no whole number of rows" });
        }
        Ok(Self { shape, bytes, count: count as u32 })
    }

    pub fn shape(&self) -> Shape {
        self.shape
    }

    pub fn count(&self) -> u32 {
        self.count
    }

    /// The vector of a row.
    pub fn vector(&self, row: u32) -> Vec<f32> {
        self.shape.vector(self.view().row(row))
    }

    /// The bytes of a row, as [`Shape::push_row`] made them.
    pub fn bytes_of(&self, row: u32) -> &[u8] {
        let stride = self.shape.row_bytes();
        &(*self.bytes).as_ref()[row as usize * stride..][..stride]
    }

    pub(crate) fn view(&self) -> View<'_> {
        View { bytes: (*self.bytes).as_ref(), stride: self.shape.row_bytes(), metric: Metric::of(&self.shape) }
    }

    /// The distance of a row from a query of the same shape.
    pub fn distance(&self, query: &Query, row: u32) -> f32 {
        let view = self.view();
        view.metric.distance(&query.row, view.row(row))
    }
}

/// Rows at hand.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) stride: usize,
    pub(crate) metric: Metric,
}

impl<'a> View<'a> {
    #[inline]
    pub(crate) fn row(&self, row: u32) -> &'a [u8] {
        &self.bytes[row as usize * self.stride..][..self.stride]
    }
}

/// A vector to search with.
#[derive(Clone, Debug)]
pub struct Query {
    pub(crate) shape: Shape,
    pub(crate) row: Vec<u8>,
}

impl Query {
    /// # Errors
    /// As [`Shape::push_row`].
    pub fn new(shape: Shape, vector: &[f32]) -> Result<Self, VectorError> {
        let mut row = Vec::with_capacity(shape.row_bytes());
        shape.push_row(vector, &mut row)?;
        Ok(Self { shape, row })
    }

    pub fn shape(&self) -> Shape {
        self.shape
    }
}
