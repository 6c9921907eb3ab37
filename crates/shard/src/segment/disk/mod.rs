//! A sealed segment: a directory of its own, written once by [`crate::seal`], never changed.
//!
//! Dictionary, postings, positions, columns and sources are in tantivy's formats, through its own serializers; which fields there are, and
//! where their parts lie, is in our `segment.json`. There is no schema and no shared metadata, so a segment knows only the fields that
//! its documents have, and what it costs depends on those alone (`docs/adr/0003-one-directory-per-sealed-segment.md`).
//!
//! tantivy panics on some corrupt bytes. Opening turns that into an error; whoever searches or merges must catch it.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use search::statistics::FieldStatistics;
use tantivy::directory::{FileSlice, OwnedBytes};
use tantivy::store::StoreReader;
use tantivy::termdict::TermDictionary;

use super::column::{NumberColumn, StringColumn};
use super::vectors::VectorColumn;
use super::{DocId, FlatField, Nested, Norms, Segment, SegmentSize, Terms};
use crate::caches::Caches;
use crate::error::ShardError;
use crate::fields::{FieldSlot, meta};
use crate::query_cache::{SegmentQueries, Share};
use crate::source_cache::SegmentSources;

pub(crate) mod blocks;
pub(crate) mod column;
pub(crate) mod files;
mod frequent;
pub(crate) mod impact;
pub(crate) mod key;
pub(crate) mod manifest;
mod packed;
mod positions;
pub(crate) mod terms;
mod values;
pub(crate) mod vectors;
mod vint;

use column::{Column, DiskStrings, extent};
use files::Files;
use manifest::{ColumnEntry, Manifest, SlotEntry};
use terms::{DiskTerms, Inverted};
pub(crate) use vectors::GRAPH_PREFIX;

/// Blocks of sources that a segment keeps unpacked, for those who read neighbours; what is read again and again is in the [`SourceCache`].
///
/// [`SourceCache`]: crate::source_cache::SourceCache
const CACHED_BLOCKS: usize = 8;
/// What an open segment holds besides its files, by estimate.
const OPEN_BYTES: u64 = 4096;

/// A sealed segment, open.
pub struct SealedSegment {
    directory: PathBuf,
    pub(crate) manifest: Manifest,
    pub(crate) inverted: Arc<Inverted>,
    columns: OwnedBytes,
    vectors: OwnedBytes,
    sources: StoreReader,
    source_bytes: OwnedBytes,
    size: SegmentSize,
    nested: Option<Nested>,
    /// Graphs over vectors could not be built.
    without_graphs: AtomicBool,
    /// Parallel to the manifest's slots.
    opened: Vec<Opened>,
    /// Where documents of filters are kept, once a shard that keeps some has it.
    queries: OnceLock<Option<SegmentQueries>>,
    /// The same for sources.
    kept_sources: OnceLock<Option<SegmentSources>>,
}

/// Readers of one field, made when first asked for.
#[derive(Default)]
struct Opened {
    terms: OnceLock<Arc<DiskTerms>>,
    numbers: OnceLock<Arc<Column<i64>>>,
    vectors: OnceLock<VectorColumn>,
    strings: OnceLock<Arc<DiskStrings>>,
}

impl Opened {
    /// What is kept of the field's dictionary.
    fn memory_bytes(&self) -> u64 {
        let terms = self.terms.get().and_then(|terms| terms.flat.get()).and_then(Option::as_deref);
        terms.map_or(0, FlatField::memory_bytes) + self.strings.get().map_or(0, |strings| strings.memory_bytes())
    }
}

impl SealedSegment {
    /// Opens a directory that `seal` or `merge` made. It knows its fields itself.
    ///
    /// # Errors
    /// [`ShardError::Io`] when it is not there, [`ShardError::Corrupt`] when files have other lengths than written or do not open. Flipped
    /// bits inside a file are found by [`SealedSegment::verify`] alone.
    pub fn open(directory: &Path) -> Result<Self, ShardError> {
        let manifest = Manifest::read(directory)?;
        let opened = catch_unwind(AssertUnwindSafe(|| Self::open_files(directory, manifest)));
        opened.unwrap_or_else(|_| Err(ShardError::corrupt(directory, "its files cannot be opened".into())))
    }

    fn open_files(directory: &Path, manifest: Manifest) -> Result<Self, ShardError> {
        let files = Files::open(directory, &manifest)?;
        let unreadable = |name: &str, e: io::Error| ShardError::corrupt(&directory.join(name), e.to_string());
        let dictionary = TermDictionary::open(slice(files.terms)).map_err(|e| unreadable(manifest::TERMS, e))?;
        let sources = StoreReader::open(slice(files.sources.clone()), CACHED_BLOCKS)
            .map_err(|e| unreadable(manifest::SOURCES, e))?;
        let written: u64 = manifest.slots.iter().filter_map(|slot| slot.terms).map(|terms| terms.count).sum();
        if dictionary.num_terms() as u64 != written {
            return Err(ShardError::corrupt(
                &directory.join(manifest::TERMS),
                "it has another number of terms than written".into(),
            ));
        }
        let disk_bytes = manifest.files.iter().map(|file| file.bytes).sum();
        let mut segment = Self {
            directory: directory.to_owned(),
            inverted: Arc::new(Inverted::new(dictionary, files.postings, files.positions, manifest.doc_count)),
            columns: files.columns,
            vectors: files.vectors,
            sources,
            source_bytes: files.sources,
            size: SegmentSize { memory_bytes: files.memory_bytes + OPEN_BYTES, disk_bytes },
            nested: None,
            without_graphs: AtomicBool::new(false),
            opened: manifest.slots.iter().map(|_| Opened::default()).collect(),
            queries: OnceLock::new(),
            kept_sources: OnceLock::new(),
            manifest,
        };
        let unreadable = |e: io::Error| ShardError::corrupt(&directory.join(manifest::POSTINGS), e.to_string());
        if let Some(paths) = segment.disk_terms(meta::NESTED_PATH).map_err(unreadable)? {
            segment.nested = Nested::of(&*paths, segment.manifest.doc_count).map_err(unreadable)?;
        }
        Ok(segment)
    }

    /// Reads everything and compares checksums: after a crash, a copy or a restore.
    ///
    /// # Errors
    /// [`ShardError::Corrupt`] names the first file that differs.
    pub fn verify(&self) -> Result<(), ShardError> {
        Manifest::read(&self.directory)?;
        files::verify(&self.directory, &self.manifest)
    }

    /// Documents of filters and sources are kept there from now on, if they are worth it.
    pub(crate) fn keep_in(&self, caches: &Caches, share: &Arc<Share>) {
        self.queries.get_or_init(|| SegmentQueries::new(&caches.queries, share, self.manifest.doc_count));
        self.kept_sources.get_or_init(|| SegmentSources::new(&caches.sources));
    }

    /// Where it lies.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Least and greatest sequence number of its documents, deleted ones too. `None`: it holds none.
    pub fn seq_no_range(&self) -> Option<(u64, u64)> {
        self.manifest.seq_no
    }

    fn slot(&self, field: FieldSlot) -> Option<(&SlotEntry, &Opened)> {
        let at = self.manifest.slots.binary_search_by_key(&field.0, |entry| entry.slot).ok()?;
        Some((&self.manifest.slots[at], &self.opened[at]))
    }

    pub(crate) fn length_codes(&self, entry: &SlotEntry) -> io::Result<Option<OwnedBytes>> {
        let Some(at) = entry.norms else { return Ok(None) };
        let codes = extent(&self.columns, at)?;
        if codes.len() != self.manifest.doc_count as usize {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "another number of lengths than documents"));
        }
        Ok(Some(codes))
    }

    /// The terms of a field that is searched by them.
    pub(crate) fn disk_terms(&self, field: FieldSlot) -> io::Result<Option<Arc<DiskTerms>>> {
        let Some((slot, opened)) = self.slot(field) else { return Ok(None) };
        let Some(entry) = slot.terms else { return Ok(None) };
        let Some(record) = entry.record else { return Ok(None) };
        let make = || {
            let norms = self.length_codes(slot)?;
            let flat = OnceLock::new();
            Ok(DiskTerms { inverted: self.inverted.clone(), slot: field, entry, record, norms, flat })
        };
        once(&opened.terms, make).map(Some)
    }

    pub(crate) fn disk_numbers(&self, field: FieldSlot) -> io::Result<Option<Arc<Column<i64>>>> {
        let Some((entry, opened)) = self.column(field, false) else { return Ok(None) };
        once(&opened.numbers, || Column::open(&self.columns, entry, self.manifest.doc_count)).map(Some)
    }

    pub(crate) fn disk_strings(&self, field: FieldSlot) -> io::Result<Option<Arc<DiskStrings>>> {
        let Some((entry, opened)) = self.column(field, true) else { return Ok(None) };
        let Some(terms) = self.manifest.slot(field).and_then(|slot| slot.terms) else { return Ok(None) };
        let make = || {
            let ords = Column::open(&self.columns, entry, self.manifest.doc_count)?;
            Ok(DiskStrings::new(ords, self.inverted.clone(), field, terms))
        };
        once(&opened.strings, make).map(Some)
    }

    fn column(&self, field: FieldSlot, ordinals: bool) -> Option<(ColumnEntry, &Opened)> {
        let (slot, opened) = self.slot(field)?;
        slot.column.filter(|column| column.ordinals == ordinals).map(|column| (column, opened))
    }

    /// Bytes of the compressed sources.
    pub(crate) fn sources_bytes(&self) -> u64 {
        self.source_bytes.len() as u64
    }

    fn unpack_source(&self, doc: DocId) -> io::Result<Arc<[u8]>> {
        let bytes = self.sources.get_document_bytes(doc).map_err(io::Error::other)?;
        Ok(if *bytes == *crate::seal::NO_SOURCE { Arc::default() } else { Arc::from(&bytes[..]) })
    }

    /// A reader of the sources with a cache of its own, for reading them all in order.
    pub(crate) fn open_sources(&self) -> io::Result<StoreReader> {
        StoreReader::open(slice(self.source_bytes.clone()), 1)
    }
}

fn slice(bytes: OwnedBytes) -> FileSlice {
    FileSlice::new(Arc::new(bytes))
}

/// The value of `cell`, made if nobody has yet.
fn once<T>(cell: &OnceLock<Arc<T>>, make: impl FnOnce() -> io::Result<T>) -> io::Result<Arc<T>> {
    if let Some(known) = cell.get() {
        return Ok(known.clone());
    }
    let made = Arc::new(make()?);
    Ok(cell.get_or_init(|| made).clone())
}

impl Segment for SealedSegment {
    fn nested(&self) -> Option<&Nested> {
        self.nested.as_ref()
    }

    fn doc_count(&self) -> u32 {
        self.manifest.doc_count
    }

    fn queries(&self) -> Option<&SegmentQueries> {
        self.queries.get()?.as_ref()
    }

    fn terms(&self, field: FieldSlot) -> io::Result<Option<Arc<dyn Terms>>> {
        Ok(self.disk_terms(field)?.map(|terms| terms as Arc<dyn Terms>))
    }

    fn field_statistics(&self, field: FieldSlot) -> io::Result<FieldStatistics> {
        let counts =
            |(entry, _): (&SlotEntry, _)| FieldStatistics { doc_count: entry.doc_count, total_term_freq: entry.tokens };
        Ok(self.slot(field).map(counts).unwrap_or_default())
    }

    fn norms(&self, field: FieldSlot) -> io::Result<Option<Norms>> {
        let Some((entry, _)) = self.slot(field) else { return Ok(None) };
        Ok(self.length_codes(entry)?.map(|codes| Arc::new(codes) as Norms))
    }

    fn numbers(&self, field: FieldSlot) -> io::Result<Option<Arc<dyn NumberColumn>>> {
        Ok(self.disk_numbers(field)?.map(|column| column as Arc<dyn NumberColumn>))
    }

    fn strings(&self, field: FieldSlot) -> io::Result<Option<Arc<dyn StringColumn>>> {
        Ok(self.disk_strings(field)?.map(|column| column as Arc<dyn StringColumn>))
    }

    fn vectors(&self, field: FieldSlot) -> io::Result<Option<VectorColumn>> {
        self.disk_vectors(field)
    }

    fn source(&self, doc: DocId) -> io::Result<Arc<[u8]>> {
        match self.kept_sources.get().and_then(Option::as_ref) {
            Some(kept) => kept.get(doc, || self.unpack_source(doc)),
            None => self.unpack_source(doc),
        }
    }

    fn size(&self) -> SegmentSize {
        let (_, graphs, _) = self.vector_bytes();
        let kept: u64 = self.opened.iter().map(Opened::memory_bytes).sum();
        SegmentSize {
            memory_bytes: self.size.memory_bytes + self.inverted.cached_bytes() + kept,
            disk_bytes: self.size.disk_bytes + graphs,
        }
    }
}
