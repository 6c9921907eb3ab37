//! The vectors of one field of a segment, by document: what is nearest, under a set of documents that count.

use std::sync::{Arc, OnceLock};

use vector::graph::Graph;
use vector::{Admitted, Block, Effort, Neighbour, Query, Rows, Strategy};

use super::DocId;

/// Rows of a field, which documents have them, and the graph over them once there is one.
#[derive(Clone)]
pub struct VectorColumn {
    rows: Rows,
    /// The document of each row, ascending. `None`: every document has one.
    docs: Option<Arc<[DocId]>>,
    graph: Arc<OnceLock<Arc<Graph>>>,
}

impl std::fmt::Debug for VectorColumn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let graph = self.graph.get().is_some();
        f.debug_struct("VectorColumn").field("rows", &self.rows.count()).field("graph", &graph).finish_non_exhaustive()
    }
}

/// What is wanted of a column.
#[derive(Clone, Copy, Debug)]
pub enum Wanted {
    /// The so many nearest.
    Nearest(usize, Effort),
    /// All up to a distance.
    Within(f32),
}

impl VectorColumn {
    /// `docs`: one a row, ascending; `None` when there are as many rows as documents.
    pub fn new(rows: Rows, docs: Option<Arc<[DocId]>>) -> Self {
        Self { rows, docs, graph: Arc::default() }
    }

    pub fn rows(&self) -> &Rows {
        &self.rows
    }

    pub fn graph(&self) -> Option<&Arc<Graph>> {
        self.graph.get()
    }

    /// From now on searches walk through `graph`; the first that is given stays.
    pub fn attach(&self, graph: Graph) {
        let _ = self.graph.set(Arc::new(graph));
    }

    /// Documents and their distances, nearest first. `admitted`: a bit a document of the segment; `None`: all count.
    pub fn search(&self, query: &Query, wanted: Wanted, admitted: Option<&[u64]>) -> (Vec<(DocId, f32)>, Strategy) {
        let of_rows = admitted.and_then(|words| self.docs.as_deref().map(|docs| rows_of(docs, words)));
        let admitted = of_rows.as_deref().or(admitted).map(Admitted::new);
        let (neighbours, strategy) = match wanted {
            Wanted::Nearest(k, effort) => {
                let found =
                    Block::new(self.rows.clone(), self.graph.get().cloned()).nearest(query, k, admitted, effort);
                (found.neighbours, found.strategy)
            }
            Wanted::Within(distance) => (vector::within(&self.rows, query, admitted, distance), Strategy::Scan),
        };
        (neighbours.into_iter().map(|found| self.found(found)).collect(), strategy)
    }

    fn found(&self, Neighbour { row, distance }: Neighbour) -> (DocId, f32) {
        (self.docs.as_ref().map_or(row, |docs| docs[row as usize]), distance)
    }

    /// The document of each row.
    pub fn docs(&self) -> impl Iterator<Item = DocId> + '_ {
        (0..self.rows.count()).map(|row| self.docs.as_ref().map_or(row, |docs| docs[row as usize]))
    }

    /// Bytes that it holds in memory or maps.
    pub fn bytes(&self) -> u64 {
        let rows = u64::from(self.rows.count()) * self.rows.shape().row_bytes() as u64;
        rows + self.graph_bytes() + self.docs.as_ref().map_or(0, |docs| 4 * docs.len() as u64)
    }

    pub fn graph_bytes(&self) -> u64 {
        self.graph.get().map_or(0, |graph| graph.bytes() as u64)
    }
}

/// The rows of documents: a bit each.
fn rows_of(docs: &[DocId], admitted: &[u64]) -> Vec<u64> {
    let mut words = vec![0u64; docs.len().div_ceil(64)];
    for (row, &doc) in docs.iter().enumerate() {
        let bit = admitted.get(doc as usize / 64).is_some_and(|word| word >> (doc % 64) & 1 == 1);
        words[row / 64] |= u64::from(bit) << (row % 64);
    }
    words
}
