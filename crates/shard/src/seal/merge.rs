//! One sealed segment out of several, without their deleted documents.
//!
//! Field by field: lengths are put together, terms merged in order with their postings renumbered, columns rebuilt. What documents a
//! deletion took from a field is counted anew, so that statistics are those of a segment sealed from the documents that are left.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use tantivy::columnar::column_values::MonotonicallyMappableToU64;
use tantivy::directory::OwnedBytes;
use tantivy::postings::TermInfo;
use tantivy::termdict::{TermMerger, TermStreamer};

use super::MAX_DOCS;
use super::draft::{Draft, SlotTerms, Sources};
use crate::error::ShardError;
use crate::fields::{FieldSlot, meta};
use crate::segment::disk::SealedSegment;
use crate::segment::disk::column::Column;
use crate::segment::disk::key;
use crate::segment::disk::manifest::{Record, SlotEntry, TermsEntry};
use crate::segment::disk::terms::DiskTerms;
use crate::segment::postings::{BLOCK, BlockSource};
use crate::segment::{AliveDocs, DocId, Segment};

/// A segment to merge, and which of its documents to keep (`None`: all).
pub type MergeInput<'a> = (Arc<SealedSegment>, Option<&'a AliveDocs>);

/// Bytes between two calls of `proceed`.
const STRIDE_BYTES: u64 = 256 << 10;
/// Sources of more compressed bytes are copied as they are when no document was deleted; fewer are compressed anew, so that small
/// blocks do not pile up.
const STACK_BYTES: u64 = 64 << 10;

/// Merges segments into the new directory `directory`. The documents that are kept follow each other in the order of the inputs: the
/// new number of a document is the count kept in the inputs before its own, plus how many are kept before it in its own. The result
/// may hold no documents.
///
/// `proceed` is told how many bytes were written since it was told last, every few hundred kilobytes; it may sleep to throttle. When it
/// returns false the merge stops with [`ShardError::Cancelled`]. Nothing is synced; on an error the directory may be left behind.
///
/// Memory: 16 bytes a value of the largest column, 4 a term of the largest field with a string column, per input.
///
/// # Errors
/// [`ShardError::Io`], also for postings and columns that do not decode. tantivy panics on some corrupt bytes: catch it.
pub fn merge(
    inputs: &[MergeInput<'_>],
    directory: &Path,
    proceed: &mut dyn FnMut(u64) -> bool,
) -> Result<SealedSegment, ShardError> {
    fs::create_dir(directory).map_err(|e| ShardError::io("create", directory, e))?;
    let failed = |e: io::Error| match e.kind() {
        io::ErrorKind::Interrupted => ShardError::Cancelled,
        _ => ShardError::io("merge into", directory, e),
    };
    let (inputs, doc_count) = numbered(inputs)?;
    let mut pace = Pace { proceed, told: 0 };
    let sources = merge_sources(&inputs, directory, &mut pace)?;
    let mut draft = Draft::create(directory, doc_count, sources)?;
    let mut slots: Vec<u32> =
        inputs.iter().flat_map(|input| input.segment.manifest.slots.iter().map(|slot| slot.slot)).collect();
    slots.sort_unstable();
    slots.dedup();
    for slot in slots {
        let mut field = MergedField::new(&inputs, FieldSlot(slot), doc_count);
        if let Some(entry) = field.write(&mut draft, &mut pace).map_err(failed)? {
            draft.slot(entry);
        }
    }
    draft.finish(seq_no_range(&inputs).map_err(failed)?)
}

/// An input with the new numbers of its documents.
struct Input<'a> {
    segment: &'a SealedSegment,
    alive: Option<&'a AliveDocs>,
    /// Documents kept in the inputs before.
    base: DocId,
    kept: u32,
    /// Kept documents before each word of `alive`.
    ranks: Vec<u32>,
}

impl Input<'_> {
    /// The new number of a document; `None`: it is not kept.
    fn renumber(&self, doc: DocId) -> Option<DocId> {
        let Some(alive) = self.alive else { return Some(self.base + doc) };
        let (at, bit) = (doc as usize / 64, doc % 64);
        let word = *alive.words().get(at)?;
        (word >> bit & 1 == 1).then(|| self.base + self.ranks[at] + (word & ((1 << bit) - 1)).count_ones())
    }

    /// Kept documents, with their new numbers.
    fn kept(&self) -> impl Iterator<Item = (DocId, DocId)> + '_ {
        (0..self.segment.doc_count()).filter_map(|doc| self.renumber(doc).map(|new| (doc, new)))
    }
}

fn numbered<'a>(inputs: &'a [MergeInput<'a>]) -> Result<(Vec<Input<'a>>, u32), ShardError> {
    let mut total = 0u64;
    let mut numbered = Vec::with_capacity(inputs.len());
    for (segment, alive) in inputs {
        let kept = alive.map_or(segment.doc_count(), |alive| alive.len());
        let mut before = 0;
        let ranks = alive.iter().flat_map(|alive| alive.words()).map(|word| {
            before += word.count_ones();
            before - word.count_ones()
        });
        numbered.push(Input { segment, alive: *alive, base: total as u32, kept, ranks: ranks.collect() });
        total += u64::from(kept);
        if total >= MAX_DOCS {
            return Err(ShardError::TooLarge { what: "documents", found: total, limit: MAX_DOCS });
        }
    }
    Ok((numbered, total as u32))
}

/// Tells the caller how much was written.
struct Pace<'a> {
    proceed: &'a mut dyn FnMut(u64) -> bool,
    told: u64,
}

impl Pace<'_> {
    /// An interrupted error when the caller wants to stop.
    fn step(&mut self, written: u64) -> io::Result<()> {
        if written < self.told + STRIDE_BYTES {
            return Ok(());
        }
        let more = written - self.told;
        self.told = written;
        if (self.proceed)(more) { Ok(()) } else { Err(io::ErrorKind::Interrupted.into()) }
    }
}

fn seq_no_range(inputs: &[Input<'_>]) -> io::Result<Option<(u64, u64)>> {
    let mut range: Option<(u64, u64)> = None;
    for input in inputs {
        let Some(column) = input.segment.disk_numbers(meta::SEQ_NO)? else { continue };
        for number in input.kept().filter_map(|(doc, _)| column.first_value(doc)) {
            let number = number as u64;
            range = Some(range.map_or((number, number), |(least, most)| (least.min(number), most.max(number))));
        }
    }
    Ok(range)
}

fn merge_sources(inputs: &[Input<'_>], directory: &Path, pace: &mut Pace<'_>) -> Result<Sources, ShardError> {
    let mut sources = Sources::create(directory)?;
    let write_error = |e: io::Error| ShardError::io("write", directory, e);
    for input in inputs {
        let from = input.segment.open_sources().map_err(|e| ShardError::io("read", input.segment.directory(), e))?;
        if input.kept == input.segment.doc_count() && input.segment.sources_bytes() > STACK_BYTES {
            sources.stack(from).map_err(write_error)?;
            pace.step(sources.written()).map_err(|_| ShardError::Cancelled)?;
            continue;
        }
        for (doc, _) in input.kept() {
            let read_error = |e| ShardError::io("read", input.segment.directory(), io::Error::other(e));
            let source = from.get_document_bytes(doc).map_err(read_error)?;
            sources.push(&source).map_err(write_error)?;
            pace.step(sources.written()).map_err(|_| ShardError::Cancelled)?;
        }
    }
    Ok(sources)
}

/// One field being merged.
struct MergedField<'a> {
    inputs: &'a [Input<'a>],
    slot: FieldSlot,
    doc_count: u32,
    /// Parallel to the inputs.
    entries: Vec<Option<&'a SlotEntry>>,
    /// Per input, the new ordinal of each term, where there is a string column; `u32::MAX`: the term is gone.
    ords: Vec<Vec<u32>>,
    tokens: u64,
    /// Which documents have a term, where nothing else tells.
    seen: Option<Seen>,
}

impl<'a> MergedField<'a> {
    fn new(inputs: &'a [Input<'a>], slot: FieldSlot, doc_count: u32) -> Self {
        let entries: Vec<_> = inputs.iter().map(|input| input.segment.manifest.slot(slot)).collect();
        let ords = inputs.iter().map(|_| Vec::new()).collect();
        Self { inputs, slot, doc_count, entries, ords, tokens: 0, seen: None }
    }

    fn present(&self) -> impl Iterator<Item = &'a SlotEntry> {
        self.entries.iter().flatten().copied()
    }

    /// Writes all parts. `None`: no kept document has the field.
    fn write(&mut self, draft: &mut Draft, pace: &mut Pace<'_>) -> io::Result<Option<SlotEntry>> {
        let codes = self.length_codes()?;
        let column = self.present().find_map(|entry| entry.column);
        if codes.is_none() && column.is_none() {
            self.seen = Some(Seen::new(self.doc_count));
        }
        let mut with_field = codes.as_ref().map(|codes| codes.iter().filter(|&&code| code != 0).count() as u64);
        let norms = match (&codes, with_field) {
            (Some(codes), Some(1..)) => Some(draft.norms(codes)?),
            _ => None,
        };
        let terms = self.terms(codes.as_ref(), draft, pace)?;
        let column = match column.map(|column| column.ordinals) {
            None => None,
            Some(true) => {
                let pairs = self.ordinal_pairs()?;
                with_field = with_field.or(Some(count_docs(&pairs)));
                draft.column(&pairs, true)?
            }
            Some(false) => {
                let pairs = self.number_pairs()?;
                with_field = with_field.or(Some(count_docs(&pairs)));
                self.tokens = pairs.len() as u64;
                draft.column(&pairs, false)?
            }
        };
        pace.step(draft.files.written())?;
        let doc_count = with_field.or(self.seen.as_ref().map(|seen| seen.count())).unwrap_or(0);
        let entry = SlotEntry { slot: self.slot.0, doc_count, tokens: self.tokens, terms, norms, column };
        Ok((doc_count > 0).then_some(entry))
    }

    /// Lengths of all kept documents, 0 where an input has none. `None`: the field has no lengths.
    fn length_codes(&self) -> io::Result<Option<OwnedBytes>> {
        if self.present().all(|entry| entry.norms.is_none()) {
            return Ok(None);
        }
        let mut all = Vec::with_capacity(self.doc_count as usize);
        for (input, entry) in self.inputs.iter().zip(&self.entries) {
            match entry.map(|entry| input.segment.length_codes(entry)).transpose()?.flatten() {
                Some(codes) => all.extend(input.kept().map(|(doc, _)| codes[doc as usize])),
                None => all.resize(all.len() + input.kept as usize, 0),
            }
        }
        Ok(Some(OwnedBytes::new(all)))
    }

    fn terms(
        &mut self,
        codes: Option<&OwnedBytes>,
        draft: &mut Draft,
        pace: &mut Pace<'_>,
    ) -> io::Result<Option<TermsEntry>> {
        let Some(first) = self.present().find_map(|entry| entry.terms) else { return Ok(None) };
        let (docs, tokens) =
            self.present().fold((0, 0), |(docs, tokens), entry| (docs + entry.doc_count, tokens + entry.tokens));
        let average = if first.record == Some(Record::Docs) && codes.is_none() {
            f32::from_bits(first.average)
        } else {
            tokens as f32 / docs.max(1) as f32
        };
        let mut writer = draft.terms(self.slot, first.record, codes, average)?;
        let used = if first.record.is_none() { self.used_ordinals()? } else { Vec::new() };
        let with_ords = self.present().any(|entry| entry.column.is_some_and(|column| column.ordinals));
        let prefix = key::prefix(self.slot);
        let end = key::prefix(FieldSlot(self.slot.0 + 1));
        let mut readers: Vec<(usize, Option<Arc<DiskTerms>>)> = Vec::new();
        let mut streams: Vec<TermStreamer<'_>> = Vec::new();
        for (at, input) in self
            .inputs
            .iter()
            .enumerate()
            .filter(|(at, _)| self.entries[*at].is_some_and(|entry| entry.terms.is_some()))
        {
            readers.push((at, input.segment.disk_terms(self.slot)?));
            streams.push(input.segment.inverted.dictionary.range().ge(&prefix[..]).lt(&end[..]).into_stream()?);
        }
        let mut merger = TermMerger::new(streams);
        while merger.advance() {
            writer.begin();
            let new = writer.count() as u32;
            let mut wanted = false;
            for (reader, info) in merger.current_segment_ords_and_term_infos() {
                let (at, terms) = &readers[reader];
                match terms {
                    Some(terms) => copy_postings(&self.inputs[*at], terms, &info, &mut writer, self.seen.as_mut())?,
                    None => wanted |= used[*at].get(self.ords[*at].len()).copied().unwrap_or(false),
                }
            }
            let written = if first.record.is_some() || wanted {
                writer.end(merger.key().get(prefix.len()..).unwrap_or_default())?
            } else {
                false
            };
            self.tokens += writer.tokens();
            if with_ords {
                merger
                    .matching_segments()
                    .for_each(|(reader, _)| self.ords[readers[reader].0].push(if written { new } else { u32::MAX }));
            }
            pace.step(writer.written())?;
        }
        Ok(writer.finish())
    }

    /// Per input, which terms a kept document has in its column.
    fn used_ordinals(&self) -> io::Result<Vec<Vec<bool>>> {
        let mut all = Vec::new();
        for input in self.inputs {
            let mut used = Vec::new();
            if let Some(strings) = input.segment.disk_strings(self.slot)? {
                used.resize(strings.terms.count as usize, false);
                for (doc, _) in input.kept() {
                    strings.ords.rows(doc).for_each(|row| used[strings.ords.values.get_val(row) as usize] = true);
                }
            }
            all.push(used);
        }
        Ok(all)
    }

    fn ordinal_pairs(&mut self) -> io::Result<Vec<(DocId, u64)>> {
        let mut pairs = Vec::new();
        for (input, new_ords) in self.inputs.iter().zip(&self.ords) {
            let Some(strings) = input.segment.disk_strings(self.slot)? else { continue };
            let new = |ord: u64| new_ords.get(ord as usize).map_or(u64::from(u32::MAX), |&ord| u64::from(ord));
            push_pairs(input, &strings.ords, new, &mut pairs);
        }
        if self.present().all(|entry| entry.terms.is_none_or(|terms| terms.record.is_none())) {
            self.tokens = pairs.len() as u64;
        }
        if pairs.iter().any(|&(_, ord)| ord == u64::from(u32::MAX)) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a column names a value that no posting has"));
        }
        Ok(pairs)
    }

    fn number_pairs(&self) -> io::Result<Vec<(DocId, i64)>> {
        let mut pairs = Vec::new();
        for input in self.inputs {
            let Some(column) = input.segment.disk_numbers(self.slot)? else { continue };
            push_pairs(input, &column, |value| value, &mut pairs);
        }
        Ok(pairs)
    }
}

fn push_pairs<T: MonotonicallyMappableToU64>(
    input: &Input<'_>,
    column: &Column<T>,
    map: impl Fn(T) -> T,
    pairs: &mut Vec<(DocId, T)>,
) {
    for (doc, new) in input.kept() {
        pairs.extend(column.rows(doc).map(|row| (new, map(column.values.get_val(row)))));
    }
}

fn count_docs<T>(pairs: &[(DocId, T)]) -> u64 {
    pairs.chunk_by(|a, b| a.0 == b.0).count() as u64
}

/// Copies the postings of a term, renumbered.
fn copy_postings(
    input: &Input<'_>,
    terms: &DiskTerms,
    info: &TermInfo,
    writer: &mut SlotTerms<'_>,
    mut seen: Option<&mut Seen>,
) -> io::Result<()> {
    let mut source = terms.read_once(info)?;
    let (mut docs, mut freqs) = ([0; BLOCK], [1; BLOCK]);
    for block in 0..(info.doc_freq as usize).div_ceil(BLOCK) {
        let count = source.docs(block, &mut docs)?;
        source.freqs(block, &mut freqs)?;
        let tokens = freqs[..count].iter().map(|&freq| u64::from(freq)).sum();
        let mut deltas = if terms.record == Record::Positions { source.deltas(block, tokens)? } else { &[] };
        for (&doc, &freq) in docs[..count].iter().zip(&freqs) {
            let (own, rest) = deltas.split_at(deltas.len().min(freq as usize));
            deltas = rest;
            let Some(new) = input.renumber(doc) else { continue };
            writer.doc(new, freq, own);
            if let Some(seen) = &mut seen {
                seen.insert(new);
            }
        }
    }
    Ok(())
}

/// A set of documents being collected.
struct Seen(Vec<u64>);

impl Seen {
    fn new(doc_count: u32) -> Self {
        Self(vec![0; (doc_count as usize).div_ceil(64)])
    }

    fn insert(&mut self, doc: DocId) {
        self.0[doc as usize / 64] |= 1 << (doc % 64);
    }

    fn count(&self) -> u64 {
        self.0.iter().map(|word| u64::from(word.count_ones())).sum()
    }
}
