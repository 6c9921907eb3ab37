//! One field of a merge: lengths put together, terms merged in order with their postings renumbered, the column rebuilt.

use std::io;
use std::sync::Arc;

use tantivy::columnar::column_values::MonotonicallyMappableToU64;
use tantivy::directory::OwnedBytes;
use tantivy::postings::TermInfo;
use tantivy::termdict::{TermMerger, TermStreamer};

use super::input::{Input, Pace};
use crate::fields::FieldSlot;
use crate::seal::draft::{Draft, SlotTerms};
use crate::seal::vectors;
use crate::segment::DocId;
use crate::segment::disk::column::Column;
use crate::segment::disk::key;
use crate::segment::disk::manifest::{Record, SlotEntry, TermsEntry};
use crate::segment::disk::terms::DiskTerms;
use crate::segment::postings::{BLOCK, BlockSource};

/// One field being merged.
pub(super) struct MergedField<'a> {
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
    pub(super) fn new(inputs: &'a [Input<'a>], slot: FieldSlot, doc_count: u32) -> Self {
        let entries: Vec<_> = inputs.iter().map(|input| input.segment.manifest.slot(slot)).collect();
        let ords = inputs.iter().map(|_| Vec::new()).collect();
        Self { inputs, slot, doc_count, entries, ords, tokens: 0, seen: None }
    }

    fn present(&self) -> impl Iterator<Item = &'a SlotEntry> {
        self.entries.iter().flatten().copied()
    }

    /// Writes all parts. `None`: no kept document has the field.
    pub(super) fn write(&mut self, draft: &mut Draft, pace: &mut Pace<'_>) -> io::Result<Option<SlotEntry>> {
        if self.present().any(|entry| entry.vectors.is_some()) {
            let entry = vectors::merge(self.inputs, self.slot, draft)?;
            pace.step(draft.files.written())?;
            return Ok(entry);
        }
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
        let entry =
            SlotEntry { slot: self.slot.0, doc_count, tokens: self.tokens, terms, norms, column, vectors: None };
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
                    strings.ords.rows(doc).for_each(|row| used[strings.ords.values.get(row) as usize] = true);
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
        pairs.extend(column.rows(doc).map(|row| (new, map(column.values.get(row)))));
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
