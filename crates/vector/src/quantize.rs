//! Eight bits a dimension: what a graph is walked over.
//!
//! All dimensions share one range, so that the sum of squared differences of codes is proportional to that of vectors: the walk needs nothing but
//! whole numbers. Under cosine it is of the directions. For the inner product each vector gets one dimension more, which makes all equally long
//! (Bachrach et al. 2014): then the nearest by l2 is the one with the greatest product.

use crate::rows::Rows;
use crate::{Element, Query, Space};

/// Codes are padded to whole registers.
const PADDED_TO: usize = 32;
/// Values that the range is taken from.
const SAMPLED: usize = 500_000;
/// One in so many of them is cut off at each end.
const CUT: usize = 2000;

/// The range of codes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Quantizer {
    pub(crate) low: f32,
    /// Codes a unit.
    pub(crate) scale: f32,
    /// The square of the greatest length, for inner products.
    pub(crate) reach: f32,
}

/// Bytes of the codes of a vector.
pub(crate) fn code_bytes(rows: &Rows) -> usize {
    let shape = rows.shape();
    (shape.dimension() + usize::from(shape.space() == Space::InnerProduct)).next_multiple_of(PADDED_TO)
}

/// Whether codes are of use: numbers with more than eight bits, under a space that squared differences can stand for.
pub(crate) fn suits(rows: &Rows) -> bool {
    let shape = rows.shape();
    matches!(shape.element(), Element::F32 | Element::F16)
        && matches!(shape.space(), Space::L2 | Space::Cosine | Space::InnerProduct)
}

impl Quantizer {
    /// The range of a block's rows.
    pub(crate) fn of(rows: &Rows) -> Self {
        let view = rows.view();
        let mut quantizer = Self { low: 0.0, scale: 1.0, reach: 0.0 };
        let shape = rows.shape();
        if shape.space() == Space::InnerProduct {
            quantizer.reach = (0..rows.count()).map(|row| square(&shape.vector(view.row(row)))).fold(0.0, f32::max);
        }
        let wanted = SAMPLED.div_ceil(shape.dimension()).max(1);
        let step = (rows.count() as usize).div_ceil(wanted).max(1) | 1;
        let mut values = Vec::new();
        for row in (0..rows.count()).step_by(step) {
            values.extend(quantizer.walked(rows, view.row(row)));
        }
        values.sort_unstable_by(f32::total_cmp);
        let cut = values.len() / CUT;
        if let (Some(&low), Some(&high)) = (values.get(cut), values.get(values.len().saturating_sub(1 + cut))) {
            let width = high - low;
            quantizer.low = low;
            quantizer.scale = if width.is_finite() && width > f32::MIN_POSITIVE { 255.0 / width } else { 1.0 };
        }
        quantizer
    }

    /// The vector that stands for a row in the walk.
    fn walked(&self, rows: &Rows, row: &[u8]) -> Vec<f32> {
        let shape = rows.shape();
        let mut vector = shape.vector(row);
        match shape.space() {
            Space::Cosine => normalize(&mut vector),
            Space::InnerProduct => vector.push((self.reach - square(&vector)).max(0.0).sqrt()),
            _ => {}
        }
        vector
    }

    /// Writes the codes of a row into `out`, of [`code_bytes`].
    pub(crate) fn encode_row(&self, rows: &Rows, row: u32, out: &mut [u8]) {
        self.encode(&self.walked(rows, rows.view().row(row)), out);
    }

    /// The codes of a query. Its own extra dimension is 0.
    pub(crate) fn encode_query(&self, rows: &Rows, query: &Query) -> Vec<u8> {
        let mut vector = query.shape.vector(&query.row);
        match query.shape.space() {
            Space::Cosine => normalize(&mut vector),
            Space::InnerProduct => {
                let factor = self.stretch(&vector);
                vector.iter_mut().for_each(|value| *value *= factor);
                vector.push(0.0);
            }
            _ => {}
        }
        let mut out = vec![0; code_bytes(rows)];
        self.encode(&vector, &mut out);
        out
    }

    /// Only the direction of a query for inner products counts: it is made as long as the longest row, so that it lies within the range.
    fn stretch(&self, query: &[f32]) -> f32 {
        let factor = (self.reach / square(query).max(f32::MIN_POSITIVE)).sqrt();
        if factor.is_finite() { factor } else { 1.0 }
    }

    /// How much nearer a row is when its codes are nearer by 1; from where on is not said.
    pub(crate) fn unit(&self, query: &Query) -> f32 {
        let square_unit = 1.0 / (self.scale * self.scale);
        match query.shape.space() {
            // |a - b|^2 is 2 - 2 ab of directions.
            Space::Cosine => square_unit / 2.0,
            // It is a^2 + b^2 - 2 ab, and all rows are equally long.
            Space::InnerProduct => square_unit / (2.0 * self.stretch(&query.shape.vector(&query.row))),
            _ => square_unit,
        }
    }

    fn encode(&self, vector: &[f32], out: &mut [u8]) {
        for (code, value) in out.iter_mut().zip(vector) {
            *code = ((value - self.low) * self.scale + 0.5).clamp(0.0, 255.0) as u8;
        }
    }
}

fn square(vector: &[f32]) -> f32 {
    vector.iter().map(|value| value * value).sum()
}

fn normalize(vector: &mut [f32]) {
    let square: f64 = vector.iter().map(|&value| f64::from(value) * f64::from(value)).sum();
    let inverse = 1.0 / square.sqrt();
    vector.iter_mut().for_each(|value| *value = (f64::from(*value) * inverse) as f32);
}
