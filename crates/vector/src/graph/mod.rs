//! A navigable graph over a block's rows: who is near whom, in layers (Malkov and Yashunin 2016).
//!
//! In: rows; out: bytes that hold the whole graph ([`build`]), which [`Graph::open`] reads where they lie, mapped or not. The lowest layer has every
//! row, each layer above one in `m` of the one below. The walk goes over codes of 8 bits where that is of use, else over the rows. Links
//! are checked once, when a graph is opened, so that a walk cannot leave it.

use parking_lot::Mutex;

use crate::kernel::Metric;
use crate::quantize::{self, Quantizer};
use crate::rows::{Bytes, Rows, View};
use crate::{Admitted, Neighbour, Query, VectorError};

mod build;
mod filtered;
mod format;
mod layer;
mod pool;
mod select;
mod walk;

pub use build::{BuildOptions, build};
pub(crate) use filtered::Limits;
use filtered::Walked;
use format::{Header, Layout};
use layer::Layer;
use walk::{Scratch, Target};

/// Scratches that are kept for the next walks.
const KEPT: usize = 16;

/// A graph over the rows of one block.
pub struct Graph {
    bytes: Bytes,
    header: Header,
    layout: Layout,
    /// What walks write on, kept from one to the next.
    scratches: Mutex<Vec<Scratch>>,
}

impl Graph {
    /// Opens what [`build`] made of `rows`. `origin`: what the builder was told that they are.
    ///
    /// # Errors
    /// [`VectorError::Corrupt`]: the bytes are of other rows, of another version, or have changed since. All are read.
    pub fn open(bytes: Bytes, rows: &Rows, origin: u64) -> Result<Self, VectorError> {
        let (header, layout) = format::read((*bytes).as_ref(), rows, origin)?;
        let graph = Self { bytes, header, layout, scratches: Mutex::default() };
        graph.check_links()?;
        Ok(graph)
    }

    fn check_links(&self) -> Result<(), VectorError> {
        let corrupt = VectorError::Corrupt { what: "a link of the graph leads nowhere" };
        let mut below: Option<Layer<'_>> = None;
        for at in 0..self.layout.layers() {
            let layer = self.layout.layer((*self.bytes).as_ref(), at);
            if !layer.is_sound(below.as_ref()) {
                return Err(corrupt);
            }
            below = Some(layer);
        }
        Ok(())
    }

    /// Links of a row in the lowest layer, at most.
    pub fn degree(&self) -> usize {
        2 * self.header.m
    }

    /// Whether the walk goes over codes.
    pub fn is_quantized(&self) -> bool {
        self.header.quantizer.is_some()
    }

    /// What a unit of the codes' distances from `query` is in distances of rows. `None`: the walk goes over rows.
    pub(crate) fn unit(&self, query: &Query) -> Option<f32> {
        self.header.quantizer.as_ref().map(|quantizer| quantizer.unit(query))
    }

    /// Bytes that a walk reads in: all of them, and of the rows only what is compared in the end.
    pub fn bytes(&self) -> usize {
        self.layout.total
    }

    pub(crate) fn nearest(&self, rows: &Rows, query: &Query, ef: usize) -> Vec<Neighbour> {
        self.with(rows, query, |graph, target, scratch| {
            let entry = walk::descend(graph, target, 0);
            walk::beam(&graph.layer(0), target, entry, ef, scratch);
            scratch.pool.neighbours()
        })
    }

    /// As [`Graph::nearest`], of rows that are wanted only up to a distance. `within`: that distance, in what the walk measures, told some rows near the
    /// query with what the walk has measured.
    pub(crate) fn nearest_within(
        &self,
        rows: &Rows,
        query: &Query,
        ef: usize,
        within: impl FnOnce(Vec<Neighbour>) -> f32,
    ) -> Vec<Neighbour> {
        self.with(rows, query, |graph, target, scratch| {
            let entry = walk::descend(graph, target, 0);
            walk::beam_within(&graph.layer(0), target, (entry, ef), within, scratch);
            scratch.pool.neighbours()
        })
    }

    /// The admitted rows near `query`. `None`: the walk gave up, because what is admitted does not lie where the query is, or because a scan is cheaper.
    pub(crate) fn nearest_admitted(
        &self,
        rows: &Rows,
        query: &Query,
        admitted: Admitted<'_>,
        limits: Limits,
    ) -> Option<Vec<Neighbour>> {
        self.with(rows, query, |graph, target, scratch| {
            let entry = walk::descend(graph, target, 0);
            let walked = if limits.share >= filtered::INLINE_FROM {
                filtered::inline(&graph.layer(0), target, entry, (&admitted, &limits), scratch)
            } else {
                filtered::two_hop(&graph.layer(0), target, entry, (&admitted, &limits), scratch)
            };
            (walked == Walked::Done).then(|| scratch.found.neighbours())
        })
    }

    /// All admitted rows by their codes: not exact, but the best `limit` hold the nearest far fewer. `None`: there are no codes.
    pub(crate) fn scan_codes(
        &self,
        rows: &Rows,
        query: &Query,
        admitted: Option<Admitted<'_>>,
        limit: usize,
    ) -> Option<Vec<Neighbour>> {
        let quantizer = self.header.quantizer.as_ref()?;
        let code = quantizer.encode_query(rows, query);
        let codes = self.vectors(rows);
        let mut nearest = crate::neighbour::Nearest::new(limit);
        let mut visit = |row| {
            let distance = codes.metric.distance(&code, codes.row(row));
            if distance <= nearest.bound() {
                nearest.push(row, distance);
            }
        };
        match admitted {
            Some(admitted) => admitted.rows().take_while(|row| *row < rows.count()).for_each(visit),
            None => (0..rows.count()).for_each(&mut visit),
        }
        Some(nearest.finish())
    }

    /// What the walk compares: codes, or the rows.
    fn vectors<'a>(&'a self, rows: &'a Rows) -> View<'a> {
        if self.header.quantizer.is_none() {
            return rows.view();
        }
        let bytes = (*self.bytes).as_ref();
        let stride = self.layout.code_bytes;
        View { bytes: &bytes[self.layout.codes.clone()], stride, metric: Metric::of_codes(stride) }
    }

    fn with<T>(
        &self,
        rows: &Rows,
        query: &Query,
        work: impl FnOnce(&walk::Layers<'_>, &Target<'_>, &mut Scratch) -> T,
    ) -> T {
        let code = self.header.quantizer.as_ref().map(|quantizer| quantizer.encode_query(rows, query));
        let target = Target { vectors: self.vectors(rows), query: code.as_deref().unwrap_or(&query.row) };
        let layers = walk::Layers { bytes: (*self.bytes).as_ref(), layout: &self.layout };
        let mut scratch = self.scratches.lock().pop().unwrap_or_default();
        let out = work(&layers, &target, &mut scratch);
        let mut kept = self.scratches.lock();
        if kept.len() < KEPT {
            kept.push(scratch);
        }
        out
    }
}

/// Bytes of codes a row; 0: the walk goes over rows.
fn code_bytes(rows: &Rows, quantizer: Option<&Quantizer>) -> usize {
    quantizer.map_or(0, |_| quantize::code_bytes(rows))
}

#[cfg(test)]
mod rescoring;
#[cfg(test)]
mod tests;
