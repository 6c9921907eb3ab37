//! The vectors of a sealed segment: rows in the file `vectors`, written when it is sealed; beside it a graph for each field that is worth
//! one, built afterwards. A graph is nothing but speed: when it is missing or damaged, rows are scanned until it has been built (again).

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tantivy::Directory;
use tantivy::directory::{MmapDirectory, OwnedBytes};
use vector::graph::{BuildOptions, Graph};
use vector::{Element, Rows, Shape, Space, VectorError};

use super::SealedSegment;
use super::column::extent;
use super::manifest::{self, VectorsEntry};
use crate::error::ShardError;
use crate::fields::{FieldSlot, GraphLayout};
use crate::segment::vectors::VectorColumn;

/// How the names of graphs' files begin.
pub(crate) const GRAPH_PREFIX: &str = "graph-";
/// Fewer rows are scanned as fast as they are walked.
pub(crate) const GRAPH_FROM: u32 = 1024;

impl VectorsEntry {
    pub(crate) fn new(shape: Shape) -> Self {
        let (element, space) = (element_name(shape.element()), space_name(shape.space()));
        Self {
            dimension: shape.dimension() as u32,
            element: element.to_owned(),
            space: space.to_owned(),
            docs: None,
            rows: manifest::Extent::default(),
        }
    }

    /// # Errors
    /// Of kind `InvalidData`: no vectors are such.
    pub(crate) fn shape(&self) -> io::Result<Shape> {
        let invalid = || io::Error::new(io::ErrorKind::InvalidData, "vectors of an unknown shape");
        let element = ELEMENTS.iter().find(|(name, _)| *name == self.element).ok_or_else(invalid)?.1;
        let space = SPACES.iter().find(|(name, _)| *name == self.space).ok_or_else(invalid)?.1;
        Shape::new(self.dimension as usize, element, space).map_err(|_| invalid())
    }
}

const ELEMENTS: [(&str, Element); 4] =
    [("f32", Element::F32), ("f16", Element::F16), ("i8", Element::I8), ("binary", Element::Binary)];
const SPACES: [(&str, Space); 6] = [
    ("l2", Space::L2),
    ("cosine", Space::Cosine),
    ("inner_product", Space::InnerProduct),
    ("hamming", Space::Hamming),
    ("l1", Space::L1),
    ("linf", Space::Linf),
];

fn element_name(element: Element) -> &'static str {
    ELEMENTS.iter().find(|(_, known)| *known == element).map_or("", |(name, _)| name)
}

fn space_name(space: Space) -> &'static str {
    SPACES.iter().find(|(_, known)| *known == space).map_or("", |(name, _)| name)
}

impl SealedSegment {
    /// The vectors of a field, with their graph if it has been built.
    pub(crate) fn disk_vectors(&self, field: FieldSlot) -> io::Result<Option<VectorColumn>> {
        let Some((slot, opened)) = self.slot(field) else { return Ok(None) };
        let Some(entry) = &slot.vectors else { return Ok(None) };
        if let Some(known) = opened.vectors.get() {
            return Ok(Some(known.clone()));
        }
        let column = self.open_vectors(entry)?;
        if self.graph_path(field).exists() {
            match self.open_graph(field, &column) {
                Ok(graph) => column.attach(graph),
                // It is built again; until then nothing is lost but time.
                Err(error) => {
                    let path = self.graph_path(field);
                    tracing::warn!("{}: {error}; it is built again", path.display());
                    let _ = fs::remove_file(path);
                }
            }
        }
        Ok(Some(opened.vectors.get_or_init(|| column).clone()))
    }

    fn open_vectors(&self, entry: &VectorsEntry) -> io::Result<VectorColumn> {
        let invalid = |what: &'static str| io::Error::new(io::ErrorKind::InvalidData, what);
        let rows = Rows::new(entry.shape()?, Arc::new(extent(&self.vectors, entry.rows)?));
        let rows = rows.map_err(|_| invalid("the vectors are no whole number of rows"))?;
        let Some(docs) = entry.docs else {
            if rows.count() != self.manifest.doc_count {
                return Err(invalid("another number of vectors than documents"));
            }
            return Ok(VectorColumn::new(rows, None));
        };
        let bytes = extent(&self.vectors, docs)?;
        let docs: Arc<[u32]> = bytes.as_chunks::<4>().0.iter().map(|doc| u32::from_le_bytes(*doc)).collect();
        let sound = docs.len() == rows.count() as usize
            && docs.is_sorted()
            && docs.last().is_none_or(|last| *last < self.manifest.doc_count);
        if !sound {
            return Err(invalid("the documents of vectors are in disorder"));
        }
        Ok(VectorColumn::new(rows, Some(docs)))
    }

    fn graph_path(&self, field: FieldSlot) -> PathBuf {
        self.directory.join(format!("{GRAPH_PREFIX}{}", field.0))
    }

    /// Stands for the rows in a graph, so that no other's is taken for it.
    fn origin(&self, field: FieldSlot) -> u64 {
        let vectors = self.manifest.files.iter().find(|file| file.name == manifest::VECTORS);
        vectors.map_or(0, |file| u64::from(file.crc32)) << 32 | u64::from(field.0)
    }

    fn open_graph(&self, field: FieldSlot, column: &VectorColumn) -> Result<Graph, ShardError> {
        let path = self.graph_path(field);
        let map = || -> Option<OwnedBytes> {
            let directory = MmapDirectory::open(&self.directory).ok()?;
            directory.open_read(path.file_name()?.as_ref()).ok()?.read_bytes().ok()
        };
        let bytes = map().ok_or_else(|| ShardError::io("map", &path, io::ErrorKind::Other.into()))?;
        Graph::open(Arc::new(bytes), column.rows(), self.origin(field))
            .map_err(|error| ShardError::corrupt(&path, error.to_string()))
    }

    /// Whether a field has vectors that are worth a graph and have none.
    pub(crate) fn wants_graph(&self, field: FieldSlot) -> bool {
        if self.without_graphs.load(Ordering::Relaxed) {
            return false;
        }
        self.disk_vectors(field)
            .is_ok_and(|column| column.is_some_and(|it| it.rows().count() >= GRAPH_FROM && it.graph().is_none()))
    }

    /// Builds the graph of a field, writes it beside the rows, and has searches use it. `proceed` is asked now and then whether to go on.
    ///
    /// # Errors
    /// [`ShardError::Cancelled`]; [`ShardError::Io`].
    pub(crate) fn build_graph(
        &self,
        field: FieldSlot,
        layout: &GraphLayout,
        threads: usize,
        proceed: &(dyn Fn() -> bool + Sync),
    ) -> Result<(), ShardError> {
        let failed = |e| ShardError::io("read", &self.directory, e);
        let Some(column) = self.disk_vectors(field).map_err(failed)?.filter(|it| it.graph().is_none()) else {
            return Ok(());
        };
        let options = BuildOptions {
            m: layout.m as usize,
            ef_construction: layout.ef_construction as usize,
            quantized: layout.quantized,
            origin: self.origin(field),
            threads,
            ..BuildOptions::default()
        };
        let bytes = vector::graph::build(column.rows(), &options, proceed).map_err(|error| match error {
            VectorError::Cancelled => ShardError::Cancelled,
            other => ShardError::corrupt(&self.directory, other.to_string()),
        })?;
        let (path, draft) = (self.graph_path(field), self.graph_path(field).with_extension("draft"));
        fs::write(&draft, &bytes).map_err(|e| ShardError::io("write", &draft, e))?;
        drop(bytes);
        fs::rename(&draft, &path).map_err(|e| ShardError::io("rename", &draft, e))?;
        column.attach(self.open_graph(field, &column)?);
        Ok(())
    }

    /// Bytes of all vectors and graphs that have been opened, of the graphs alone, and how many those are.
    pub(crate) fn vector_bytes(&self) -> (u64, u64, u64) {
        let columns = self.opened.iter().filter_map(|opened| opened.vectors.get());
        columns.fold((0, 0, 0), |(all, of_graphs, graphs), column| {
            let graph = u64::from(column.graph().is_some());
            (all + column.bytes(), of_graphs + column.graph_bytes(), graphs + graph)
        })
    }

    /// Whether any document has a vector.
    pub(crate) fn has_vectors(&self) -> bool {
        !self.vectors.is_empty()
    }

    /// The fields of vectors.
    pub(crate) fn vector_slots(&self) -> Vec<FieldSlot> {
        let slots = self.manifest.slots.iter().filter(|slot| slot.vectors.is_some());
        slots.map(|slot| FieldSlot(slot.slot)).collect()
    }

    /// No graph can be built here, as has been seen.
    pub(crate) fn refuse_graphs(&self) {
        self.without_graphs.store(true, Ordering::Relaxed);
    }
}
