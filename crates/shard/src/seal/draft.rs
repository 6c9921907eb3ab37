//! A segment being written: its files, field by field in order of slots, then `segment.json`.
//!
//! Sealing and merging both end here. All calls for one slot come together: norms, then terms, then column.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tantivy::columnar::column_index::{SerializableColumnIndex, SerializableOptionalIndex, serialize_column_index};
use tantivy::columnar::column_values::{CodecType, MonotonicallyMappableToU64, serialize_u64_based_column_values};
use tantivy::directory::{FileSlice, OwnedBytes};
use tantivy::fieldnorm::FieldNormReader;
use tantivy::positions::PositionSerializer;
use tantivy::postings::TermInfo;
use tantivy::postings::serializer::PostingsSerializer;
use tantivy::schema::IndexRecordOption;
use tantivy::store::{Compressor, StoreReader, StoreWriter};
use tantivy::termdict::TermDictionaryBuilder;

use super::output::Output;
use crate::error::ShardError;
use crate::fields::FieldSlot;
use crate::segment::DocId;
use crate::segment::disk::SealedSegment;
use crate::segment::disk::key;
use crate::segment::disk::manifest::{self, ColumnEntry, Extent, Manifest, Record, SlotEntry, TermsEntry};
use crate::segment::postings::BLOCK;

/// Bytes of sources that are compressed together. LZ4, because reading a hit must cost little: zstd takes a third less space, but a
/// context and tables of codes for each block that is read.
const SOURCE_BLOCK_BYTES: usize = 8 << 10;
/// Columns with fewer values are only bit-packed; trying other codecs costs more than it saves.
const TRY_CODECS: usize = 1024;

/// The first files, while documents are still coming.
pub(crate) struct Sources {
    output: Output,
    writer: StoreWriter,
}

impl Sources {
    pub(crate) fn create(directory: &Path) -> Result<Self, ShardError> {
        let output = Output::create(directory, manifest::SOURCES)?;
        let writer: Box<dyn tantivy::directory::TerminatingWrite + Send + Sync> = Box::new(output.clone());
        let writer = StoreWriter::new(BufWriter::new(writer), Compressor::Lz4, SOURCE_BLOCK_BYTES, false);
        let writer = writer.map_err(|e| ShardError::io("write", directory, e))?;
        Ok(Self { output, writer })
    }

    pub(crate) fn push(&mut self, source: &[u8]) -> io::Result<()> {
        self.writer.store_bytes(if source.is_empty() { super::NO_SOURCE } else { source })
    }

    /// Copies all blocks of a segment's sources as they are.
    pub(crate) fn stack(&mut self, sources: StoreReader) -> io::Result<()> {
        self.writer.stack(sources)
    }

    pub(crate) fn written(&self) -> u64 {
        self.output.written()
    }
}

pub(crate) struct Draft {
    directory: PathBuf,
    manifest: Manifest,
    dictionary: TermDictionaryBuilder<Output>,
    term_count: u64,
    pub(crate) files: Outputs,
    positions: PositionSerializer<Output>,
}

/// Handles of the files.
pub(crate) struct Outputs {
    terms: Output,
    postings: Output,
    positions: Output,
    columns: Output,
    sources: Output,
    /// Made with the first vector.
    vectors: Option<Output>,
}

impl Outputs {
    fn all(&self) -> impl Iterator<Item = &Output> {
        [&self.terms, &self.postings, &self.positions, &self.columns, &self.sources].into_iter().chain(&self.vectors)
    }

    pub(crate) fn written(&self) -> u64 {
        self.all().map(|file| file.written()).sum()
    }
}

impl Draft {
    /// `sources` has been given all documents.
    pub(crate) fn create(directory: &Path, doc_count: u32, sources: Sources) -> Result<Self, ShardError> {
        sources.writer.close().map_err(|e| ShardError::io("write", directory, e))?;
        let create = |name| Output::create(directory, name);
        let files = Outputs {
            terms: create(manifest::TERMS)?,
            postings: create(manifest::POSTINGS)?,
            positions: create(manifest::POSITIONS)?,
            columns: create(manifest::COLUMNS)?,
            sources: sources.output,
            vectors: None,
        };
        let dictionary =
            TermDictionaryBuilder::create(files.terms.clone()).map_err(|e| ShardError::io("write", directory, e))?;
        Ok(Self {
            directory: directory.to_owned(),
            manifest: Manifest { doc_count, ..Manifest::default() },
            dictionary,
            term_count: 0,
            positions: PositionSerializer::new(files.positions.clone()),
            files,
        })
    }

    /// Begins the terms of a slot. `norms`: length codes of all documents; without them every length counts as 1. `average`: of the
    /// lengths, by which the impacts of blocks are compared.
    pub(crate) fn terms(
        &mut self,
        slot: FieldSlot,
        record: Option<Record>,
        norms: Option<&OwnedBytes>,
        average: f32,
    ) -> io::Result<SlotTerms<'_>> {
        let lengths = match norms {
            Some(codes) => FieldNormReader::open(FileSlice::new(Arc::new(codes.clone()))).map_err(io::Error::other)?,
            None => FieldNormReader::constant(self.manifest.doc_count, 1),
        };
        let (option, lengths) = match record {
            Some(Record::Positions) => (IndexRecordOption::WithFreqsAndPositions, Some(lengths)),
            Some(Record::Freqs) => (IndexRecordOption::WithFreqs, Some(lengths)),
            Some(Record::Docs) | None => (IndexRecordOption::Basic, None),
        };
        Ok(SlotTerms {
            key: key::prefix(slot).to_vec(),
            prefix: key::prefix(slot).len(),
            record,
            entry: TermsEntry { first: self.term_count, count: 0, record, average: average.to_bits() },
            serializer: PostingsSerializer::new(average, option, lengths.clone()),
            fresh: (average, option, lengths),
            short: Vec::with_capacity(BLOCK),
            bytes: Vec::new(),
            doc_freq: 0,
            tokens: 0,
            draft: self,
        })
    }

    /// Writes length codes.
    pub(crate) fn norms(&mut self, codes: &[u8]) -> io::Result<Extent> {
        self.extent(|columns| columns.write_all(codes))
    }

    /// Writes values by document: ascending documents, ascending values in one. `None`: there are none.
    pub(crate) fn column<T: MonotonicallyMappableToU64>(
        &mut self,
        pairs: &[(DocId, T)],
        ordinals: bool,
    ) -> io::Result<Option<ColumnEntry>> {
        if pairs.is_empty() {
            return Ok(None);
        }
        if u32::try_from(pairs.len()).is_err() {
            return Err(io::Error::other("a column of one segment cannot hold more than 4,294,967,295 values"));
        }
        let doc_count = self.manifest.doc_count;
        let mut docs: Vec<DocId> = Vec::with_capacity(pairs.len());
        let mut starts: Vec<u32> = Vec::new();
        for (row, (doc, _)) in pairs.iter().enumerate() {
            if docs.last() == Some(doc) {
                if starts.is_empty() {
                    starts.extend(0..docs.len() as u32);
                }
            } else {
                if !starts.is_empty() {
                    starts.push(row as u32);
                }
                docs.push(*doc);
            }
        }
        if !starts.is_empty() {
            starts.push(pairs.len() as u32);
        }
        let docs = if docs.len() == doc_count as usize {
            None
        } else {
            Some(self.extent(|columns| write_docs(&docs, doc_count, columns))?)
        };
        let packed = [CodecType::Bitpacked];
        let starts = match &starts[..] {
            [] => None,
            starts => Some(self.extent(|columns| serialize_u64_based_column_values(&starts, &packed, columns))?),
        };
        let values: Vec<T> = pairs.iter().map(|&(_, value)| value).collect();
        let values = if ordinals || values.len() < TRY_CODECS {
            self.extent(|columns| serialize_u64_based_column_values(&&values[..], &packed, columns))?
        } else {
            let bytes = packed_or_lines(&values)?;
            self.extent(|columns| columns.write_all(&bytes))?
        };
        Ok(Some(ColumnEntry { ordinals, docs, starts, values }))
    }

    fn extent(&mut self, write: impl FnOnce(&mut Output) -> io::Result<()>) -> io::Result<Extent> {
        let at = self.files.columns.written();
        write(&mut self.files.columns)?;
        Ok(Extent { at, bytes: self.files.columns.written() - at })
    }

    /// Writes a stretch of the file of vectors, beginning at a multiple of `aligned`.
    pub(crate) fn vectors(
        &mut self,
        aligned: u64,
        write: impl FnOnce(&mut Output) -> io::Result<()>,
    ) -> io::Result<Extent> {
        let file = match &mut self.files.vectors {
            Some(file) => file,
            none => {
                let file = Output::create(&self.directory, manifest::VECTORS);
                none.insert(file.map_err(|error| io::Error::other(error.to_string()))?)
            }
        };
        let gap = file.written().next_multiple_of(aligned) - file.written();
        file.write_all(&vec![0; gap as usize])?;
        let at = file.written();
        write(file)?;
        Ok(Extent { at, bytes: file.written() - at })
    }

    /// Documents of the segment.
    pub(crate) fn doc_count(&self) -> u32 {
        self.manifest.doc_count
    }

    /// Records what a slot has; slots ascend.
    pub(crate) fn slot(&mut self, entry: SlotEntry) {
        self.manifest.slots.push(entry);
    }

    /// Completes the segment and opens it.
    pub(crate) fn finish(mut self, seq_no: Option<(u64, u64)>) -> Result<SealedSegment, ShardError> {
        let directory = self.directory;
        let finish = || {
            self.dictionary.finish()?;
            self.positions.close()?;
            self.files.all().map(|file| file.finish()).collect::<io::Result<_>>()
        };
        self.manifest.files = finish().map_err(|e: io::Error| ShardError::io("write", &directory, e))?;
        self.manifest.seq_no = seq_no;
        self.manifest.write(&directory)?;
        SealedSegment::open(&directory)
    }
}

/// Values packed, or as lines with what they differ by: lines are read value by value, packed values in stretches, so that lines must save
/// a quarter, as they do with dates that ascend.
fn packed_or_lines<T: MonotonicallyMappableToU64>(values: &[T]) -> io::Result<Vec<u8>> {
    let written = |codec| {
        let mut bytes = Vec::new();
        serialize_u64_based_column_values(&values, &[codec], &mut bytes).map(|()| bytes)
    };
    let (packed, lines) = (written(CodecType::Bitpacked)?, written(CodecType::BlockwiseLinear)?);
    Ok(if lines.len() / 3 < packed.len() / 4 { lines } else { packed })
}

fn write_docs(docs: &[DocId], doc_count: u32, mut columns: &mut Output) -> io::Result<()> {
    let index = SerializableOptionalIndex { non_null_row_ids: Box::new(docs), num_rows: doc_count };
    serialize_column_index(SerializableColumnIndex::Optional(index), &mut columns).map(drop)
}

/// The terms of one slot being written, ascending.
pub(crate) struct SlotTerms<'a> {
    draft: &'a mut Draft,
    key: Vec<u8>,
    prefix: usize,
    record: Option<Record>,
    entry: TermsEntry,
    serializer: PostingsSerializer,
    /// What a serializer is made of.
    fresh: (f32, IndexRecordOption, Option<FieldNormReader>),
    /// The first documents and frequencies of the term; a term with no more is written without the serializer, whose preparations
    /// cost more than most terms.
    short: Vec<(DocId, u32)>,
    bytes: Vec<u8>,
    doc_freq: u32,
    tokens: u64,
}

impl SlotTerms<'_> {
    /// Begins the postings of the next term.
    pub(crate) fn begin(&mut self) {
        (self.doc_freq, self.tokens) = (0, 0);
        self.short.clear();
    }

    /// Adds the next document. `deltas`: its positions, each less the one before; ignored where the field keeps none.
    pub(crate) fn doc(&mut self, doc: DocId, freq: u32, deltas: &[u32]) {
        self.doc_freq += 1;
        self.tokens += u64::from(freq);
        if self.short.len() < BLOCK - 1 {
            self.short.push((doc, freq));
        } else {
            if self.doc_freq as usize == BLOCK {
                // The weight of a term cancels out when impacts within it are compared.
                self.serializer.new_term(1, self.record != Some(Record::Docs));
                self.short.iter().for_each(|&(doc, freq)| self.serializer.write_doc(doc, freq));
            }
            self.serializer.write_doc(doc, freq);
        }
        if self.record == Some(Record::Positions) {
            self.draft.positions.write_positions_delta(deltas);
        }
    }

    /// Completes the term. One without documents is left out, and false returned, unless the slot has no postings at all.
    pub(crate) fn end(&mut self, term: &[u8]) -> io::Result<bool> {
        if self.doc_freq == 0 && self.record.is_some() {
            return Ok(false);
        }
        let postings = &mut self.draft.files.postings;
        let mut info = TermInfo { doc_freq: self.doc_freq, ..TermInfo::default() };
        info.postings_range.start = postings.written() as usize;
        info.positions_range.start = self.draft.positions.written_bytes() as usize;
        self.bytes.clear();
        let with_freqs = matches!(self.record, Some(Record::Freqs | Record::Positions));
        if with_freqs {
            push_vint(self.tokens - u64::from(self.doc_freq), &mut self.bytes);
        }
        if (self.doc_freq as usize) < BLOCK {
            push_short(&self.short, with_freqs, &mut self.bytes);
        }
        postings.write_all(&self.bytes)?;
        if self.doc_freq as usize >= BLOCK {
            self.serializer.close_term(self.doc_freq, postings)?;
            // It remembers the last full block, and only tantivy itself can make it forget.
            let (average, option, lengths) = &self.fresh;
            self.serializer = PostingsSerializer::new(*average, *option, lengths.clone());
        }
        if self.record == Some(Record::Positions) {
            self.draft.positions.close_term()?;
        }
        info.postings_range.end = postings.written() as usize;
        info.positions_range.end = self.draft.positions.written_bytes() as usize;
        self.key.truncate(self.prefix);
        self.key.extend_from_slice(term);
        self.draft.dictionary.insert(&self.key, &info)?;
        self.draft.term_count += 1;
        self.entry.count += 1;
        Ok(true)
    }

    /// What `segment.json` says of them. `None`: there are none.
    pub(crate) fn finish(self) -> Option<TermsEntry> {
        (self.entry.count > 0).then_some(self.entry)
    }

    /// Terms so far.
    pub(crate) fn count(&self) -> u64 {
        self.entry.count
    }

    /// Bytes written to all files so far.
    pub(crate) fn written(&self) -> u64 {
        self.draft.files.written()
    }

    /// Tokens of the last term.
    pub(crate) fn tokens(&self) -> u64 {
        self.tokens
    }
}

/// Postings without a full block, as tantivy writes them: distances between documents, then frequencies.
fn push_short(postings: &[(DocId, u32)], with_freqs: bool, out: &mut Vec<u8>) {
    let mut last = 0;
    for &(doc, _) in postings {
        push_vint(u64::from(doc - std::mem::replace(&mut last, doc)), out);
    }
    if with_freqs {
        postings.iter().for_each(|&(_, freq)| push_vint(u64::from(freq), out));
    }
}

/// Seven bits a byte, lowest first, the last byte marked: as tantivy writes numbers.
fn push_vint(mut value: u64, out: &mut Vec<u8>) {
    while value > 127 {
        out.push((value & 127) as u8);
        value >>= 7;
    }
    out.push(value as u8 | 128);
}
