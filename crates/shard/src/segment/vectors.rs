//! The vectors of one field of a segment, by document: what is nearest, under a set of documents that count.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use vector::graph::Graph;
use vector::{Admitted, Block, Effort, Neighbour, Query, Rows, Strategy};

use super::DocId;
use crate::score::bits;

/// Rows of a field, which documents have them, and the graph over them once there is one.
#[derive(Clone)]
pub struct VectorColumn {
    rows: Rows,
    /// The document of each row, ascending; as often as it has rows. `None`: every document has one.
    docs: Option<Arc<[DocId]>>,
    /// Some document has more than one row.
    several: bool,
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
    /// The so many nearest, none beyond a distance.
    Nearest { k: usize, within: f32, effort: Effort },
    /// All up to a distance.
    Within(f32),
}

/// What of a column is searched.
#[derive(Clone, Copy, Debug, Default)]
pub struct Among<'a> {
    /// A bit a document of the segment; `None`: all count.
    pub admitted: Option<&'a [u64]>,
    /// Documents that the ones with vectors lie inside of, a bit each: of those inside of one the nearest alone is found.
    pub around: Option<&'a [u64]>,
}

impl VectorColumn {
    /// `docs`: one a row, ascending; `None` when each document has one row.
    pub fn new(rows: Rows, docs: Option<Arc<[DocId]>>) -> Self {
        let several = docs.as_deref().is_some_and(|docs| docs.windows(2).any(|pair| pair[0] == pair[1]));
        Self { rows, docs, several, graph: Arc::default() }
    }

    pub fn rows(&self) -> &Rows {
        &self.rows
    }

    /// How many documents of those admitted have vectors (`None`: all count); `None`: that is not the number of rows.
    pub fn count(&self, admitted: Option<&[u64]>) -> Option<u32> {
        let in_docs = |words: &[u64]| match self.docs.as_deref() {
            Some(docs) => docs.iter().filter(|doc| bits::contains(words, **doc)).count() as u32,
            None => bits::count(words) as u32,
        };
        (!self.several).then(|| admitted.map_or(self.rows.count(), in_docs))
    }

    /// The vectors of a document.
    pub fn of(&self, doc: DocId) -> impl Iterator<Item = Vec<f32>> + '_ {
        let rows = match self.docs.as_deref() {
            Some(docs) => docs.partition_point(|known| *known < doc)..docs.partition_point(|known| *known <= doc),
            None => (doc as usize)..(doc as usize + 1).min(self.rows.count() as usize),
        };
        rows.map(|row| self.rows.vector(row as u32))
    }

    pub fn graph(&self) -> Option<&Arc<Graph>> {
        self.graph.get()
    }

    /// From now on searches walk through `graph`; the first that is given stays.
    pub fn attach(&self, graph: Graph) {
        let _ = self.graph.set(Arc::new(graph));
    }

    /// Documents and their distances, nearest first.
    pub fn search(&self, query: &Query, wanted: Wanted, among: Among<'_>) -> (Vec<(DocId, f32)>, Strategy) {
        let of_rows = among.admitted.and_then(|words| self.docs.as_deref().map(|docs| rows_of(docs, words)));
        let admitted = of_rows.as_deref().or(among.admitted).map(Admitted::new);
        let (neighbours, strategy) = match wanted {
            Wanted::Nearest { k, within, effort } => {
                return self.nearest(query, (k, within), (admitted, effort), among.around);
            }
            Wanted::Within(distance) => (vector::within(&self.rows, query, admitted, distance), Strategy::Scan),
        };
        (self.documents(neighbours, among.around), strategy)
    }

    /// Where documents have several rows, more of them are asked for until so many documents are among them.
    fn nearest(
        &self,
        query: &Query,
        (k, within): (usize, f32),
        (admitted, effort): (Option<Admitted<'_>>, Effort),
        around: Option<&[u64]>,
    ) -> (Vec<(DocId, f32)>, Strategy) {
        let grouped = self.several || around.is_some();
        let mut rows = if around.is_some() { k.saturating_mul(2) } else { k };
        loop {
            let block = Block::new(self.rows.clone(), self.graph.get().cloned());
            let found = block.nearest_within(query, (rows, within), admitted, effort);
            let all = found.neighbours.len() < rows;
            let mut documents = self.documents(found.neighbours, around);
            if !grouped || all || documents.len() >= k {
                documents.truncate(k);
                return (documents, found.strategy);
            }
            rows = rows.saturating_mul(2).max(16);
        }
    }

    /// Each document once, by its nearest row; of those inside of one of `around` the nearest alone.
    fn documents(&self, neighbours: Vec<Neighbour>, around: Option<&[u64]>) -> Vec<(DocId, f32)> {
        let mut met = BTreeSet::new();
        let found = neighbours.into_iter().map(|found| self.found(found));
        let group = |doc: DocId| around.map_or(Some(doc), |around| bits::next(around, doc));
        let grouped = self.several || around.is_some();
        found.filter(|(doc, _)| !grouped || met.insert(group(*doc))).collect()
    }

    fn found(&self, Neighbour { row, distance }: Neighbour) -> (DocId, f32) {
        (self.docs.as_ref().map_or(row, |docs| docs[row as usize]), distance)
    }

    /// The document of each row; ascending.
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

/// Whether these are all of `count` documents, each once; `docs` ascending.
pub(crate) fn one_each(docs: &[DocId], count: usize) -> bool {
    docs.len() == count && docs.is_sorted_by(|a, b| a < b)
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
