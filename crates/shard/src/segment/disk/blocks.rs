//! Postings of a sealed segment, block by block.
//!
//! A term's postings are, in the layout of tantivy 0.27: with frequencies, how many more tokens than documents (variable length); with a
//! full block at least, the length of the skip list and the skip list; then the blocks, bit-packed, and the rest in variable length. An
//! entry of the skip list has the last document and the bits of a block, the sum of its frequencies where there are positions, and the
//! length code and frequency of the document with the greatest impact. The format is pinned by tantivy's version, and by our tests, which
//! write with tantivy's serializers and read with this.

use std::io;
use std::sync::Arc;

use bitpacking::{BitPacker, BitPacker4x};
use tantivy::directory::OwnedBytes;

use super::impact;
use super::manifest::Record;
use super::packed::Packed;
use super::positions::PositionBlocks;
use super::vint::{read_vint, read_vints};
use crate::segment::postings::{BLOCK, BlockSource, BlockTable, Entry};
use crate::segment::{DocId, NO_MORE_DOCS};

/// What is decoded once of a term's postings, and shared between searches.
pub(crate) struct TermBlocks {
    pub(crate) table: Arc<BlockTable>,
    blocks: Vec<BlockPlace>,
    /// Where the blocks begin in the term's postings.
    data: usize,
}

#[derive(Clone, Copy, Default)]
struct BlockPlace {
    at: usize,
    doc_bits: u8,
    freq_bits: u8,
    /// Positions of the term before this block.
    positions: u64,
}

/// How the postings of a field are to be read.
#[derive(Clone, Copy)]
pub(crate) struct FieldPostings<'a> {
    pub(crate) record: Record,
    pub(crate) average: f32,
    /// Length codes by document; `None`: every length counts as 1.
    pub(crate) norms: Option<&'a [u8]>,
    /// Whether impacts are known; else they are 1.
    pub(crate) bounded: bool,
}

pub(super) fn broken(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("postings are corrupt: {what}"))
}

/// Tokens of the term: what stands before its postings, and where those begin.
pub(crate) fn total_term_freq(postings: &[u8], doc_freq: u32, record: Record) -> io::Result<(u64, usize)> {
    let mut at = 0;
    let more = if record == Record::Docs { 0 } else { read_vint(postings, &mut at)? };
    Ok((u64::from(doc_freq).saturating_add(more), at))
}

/// Appends the documents of a term that has no full block. `postings` begins with the term's.
pub(super) fn few_docs(postings: &[u8], doc_freq: u32, record: Record, out: &mut Vec<DocId>) -> io::Result<()> {
    let (_, mut at) = total_term_freq(postings, doc_freq, record)?;
    let first = out.len();
    out.resize(first + doc_freq as usize, 0);
    read_vints(postings, &mut at, &mut out[first..])?;
    sum_up(0, &mut out[first..])
}

impl TermBlocks {
    /// With the block that is not full, if there is one. `postings` begins with the term's; more may follow.
    pub(crate) fn read(
        postings: &OwnedBytes,
        doc_freq: u32,
        field: FieldPostings<'_>,
    ) -> io::Result<(Self, Option<Box<Rest>>)> {
        let (_, mut at) = total_term_freq(postings, doc_freq, field.record)?;
        let full = doc_freq as usize / BLOCK;
        let has_rest = !(doc_freq as usize).is_multiple_of(BLOCK);
        let skip = if full > 0 {
            let length = read_vint(postings, &mut at)? as usize;
            let skip = at
                .checked_add(length)
                .and_then(|end| postings.get(at..end))
                .ok_or_else(|| broken("the skip list is cut off"))?;
            at += length;
            skip
        } else {
            &[]
        };
        let mut table = BlockTable { average: field.average, ..BlockTable::default() };
        table.last.reserve_exact(full + usize::from(has_rest));
        table.max_impact.reserve_exact(full + usize::from(has_rest));
        let mut blocks = Vec::with_capacity(full + 1);
        let next = read_skip_list(skip, full, field, &mut table, &mut blocks)?;
        let mut read = Self { table: Arc::default(), blocks, data: at };
        let rest = has_rest.then(|| read.read_rest(postings, (doc_freq, next), field, &mut table)).transpose()?;
        read.table = Arc::new(table);
        Ok((read, rest))
    }

    /// The last block's entry of the table: exact, from its documents.
    fn read_rest(
        &mut self,
        postings: &OwnedBytes,
        (doc_freq, place): (u32, BlockPlace),
        field: FieldPostings<'_>,
        table: &mut BlockTable,
    ) -> io::Result<Box<Rest>> {
        self.blocks.push(place);
        let count = doc_freq as usize % BLOCK;
        let data = postings.get(self.data + place.at..).ok_or_else(|| broken("it ends early"))?;
        let previous = table.last.last().copied().unwrap_or(0);
        let rest = Box::new(Rest::read(data, previous, count, field.record)?);
        let curve = impact::Curve::new(field.average);
        let mut max = 0.0f32;
        for (&doc, &freq) in rest.docs[..count].iter().zip(&rest.freqs) {
            let code = field.norms.map_or(Some(1), |norms| norms.get(doc as usize).copied());
            max = max.max(curve.bound(code.ok_or_else(|| broken("a document is beyond the last"))?, freq));
        }
        table.last.push(rest.docs[count - 1]);
        table.max_impact.push(if field.bounded { max } else { 1.0 });
        Ok(rest)
    }
}

/// Reads the entries of the full blocks; returns where the rest begins.
fn read_skip_list(
    skip: &[u8],
    full: usize,
    field: FieldPostings<'_>,
    table: &mut BlockTable,
    blocks: &mut Vec<BlockPlace>,
) -> io::Result<BlockPlace> {
    let stride = match field.record {
        Record::Docs => 5,
        Record::Freqs => 8,
        Record::Positions => 12,
    };
    if skip.len() != full * stride {
        return Err(broken("the skip list has another length"));
    }
    let curve = impact::Curve::new(field.average);
    let mut next = BlockPlace::default();
    for entry in skip.chunks_exact(stride) {
        table.last.push(u32::from_le_bytes([entry[0], entry[1], entry[2], entry[3]]));
        next.doc_bits = entry[4] & 31;
        next.freq_bits = 0;
        let mut max = curve.bound(1, 1);
        let mut tokens = 0;
        if stride > 5 {
            next.freq_bits = entry[5];
            if stride == 12 {
                tokens = u64::from(u32::from_le_bytes([entry[6], entry[7], entry[8], entry[9]]));
            }
            let (code, freq) = (entry[stride - 2], entry[stride - 1]);
            max = if freq == u8::MAX { 1.0 } else { curve.bound(code, u32::from(freq)) };
        }
        table.max_impact.push(if field.bounded { max } else { 1.0 });
        blocks.push(next);
        next.at += (usize::from(next.doc_bits) + usize::from(next.freq_bits)) * BLOCK / 8;
        next.positions += tokens;
    }
    Ok(next)
}

/// The last, unfilled block of a term, decoded.
pub(crate) struct Rest {
    /// Behind the last all are [`NO_MORE_DOCS`].
    docs: [DocId; BLOCK],
    /// 1 behind the last, and where the field keeps none.
    freqs: [u32; BLOCK],
}

impl Rest {
    /// Of a term that has no full block. `postings` begins with the term's; more may follow.
    pub(super) fn of_few(postings: &[u8], count: usize, record: Record) -> io::Result<Self> {
        let (_, at) = total_term_freq(postings, count as u32, record)?;
        Self::read(&postings[at..], 0, count, record)
    }

    /// The documents, and how often each has the term.
    pub(super) fn entries(&self, count: usize) -> impl Iterator<Item = (DocId, u32)> {
        self.docs[..count].iter().copied().zip(self.freqs[..count].iter().copied())
    }

    /// `count` documents behind `previous`, then their frequencies.
    fn read(data: &[u8], previous: DocId, count: usize, record: Record) -> io::Result<Self> {
        let mut rest = Self { docs: [NO_MORE_DOCS; BLOCK], freqs: [1; BLOCK] };
        let mut at = 0;
        read_vints(data, &mut at, &mut rest.docs[..count])?;
        sum_up(previous, &mut rest.docs[..count])?;
        if record != Record::Docs {
            read_vints(data, &mut at, &mut rest.freqs[..count])?;
        }
        Ok(rest)
    }
}

/// Makes documents of how far each is from the one before.
fn sum_up(mut doc: DocId, docs: &mut [DocId]) -> io::Result<()> {
    for slot in docs {
        doc = doc.checked_add(*slot).ok_or_else(|| broken("documents are too large"))?;
        *slot = doc;
    }
    Ok(())
}

/// Decodes the blocks of one term.
pub(crate) struct DiskBlocks {
    blocks: Arc<TermBlocks>,
    postings: OwnedBytes,
    doc_freq: u32,
    record: Record,
    /// Decoded when it is asked for, unless it has been.
    rest: Option<Box<Rest>>,
    packer: BitPacker4x,
    positions: Positions,
    /// Sums of the frequencies before each entry of `summed`.
    sums: Vec<u64>,
    summed: usize,
    deltas: Vec<u32>,
}

/// The positions of a term, opened when first asked for.
enum Positions {
    Closed(OwnedBytes),
    Open(PositionBlocks),
}

impl DiskBlocks {
    /// `positions`: exactly the term's, empty where there are none.
    pub(crate) fn new(
        (blocks, rest): (Arc<TermBlocks>, Option<Box<Rest>>),
        postings: OwnedBytes,
        positions: OwnedBytes,
        doc_freq: u32,
        record: Record,
    ) -> Self {
        Self {
            blocks,
            postings,
            doc_freq,
            record,
            rest,
            packer: BitPacker4x::new(),
            positions: Positions::Closed(positions),
            sums: Vec::new(),
            summed: usize::MAX,
            deltas: Vec::new(),
        }
    }

    /// The bytes of a block, what is known of it, and how many documents it has.
    fn block(&self, block: usize) -> io::Result<(&[u8], BlockPlace, usize)> {
        let place = *self.blocks.blocks.get(block).ok_or_else(|| broken("there is no such block"))?;
        let data = self.postings.get(self.blocks.data + place.at..).ok_or_else(|| broken("it ends early"))?;
        let full = self.doc_freq as usize / BLOCK;
        let count = if block < full { BLOCK } else { self.doc_freq as usize % BLOCK };
        let packed = (usize::from(place.doc_bits) + usize::from(place.freq_bits)) * BLOCK / 8;
        if count == BLOCK && (data.len() < packed || place.freq_bits > 32) {
            return Err(broken("a block is cut off"));
        }
        Ok((data, place, count))
    }

    /// The block that is not full.
    fn rest(&mut self) -> io::Result<&Rest> {
        let rest = match self.rest.take() {
            Some(rest) => rest,
            None => {
                let block = self.doc_freq as usize / BLOCK;
                let (data, _, count) = self.block(block)?;
                Box::new(Rest::read(data, self.previous(block), count, self.record)?)
            }
        };
        Ok(self.rest.insert(rest))
    }

    /// The frequencies of a block, less one each; `None`: they are not packed.
    fn packed_freqs(&self, block: usize) -> io::Result<Option<Packed<'_>>> {
        let (data, place, count) = self.block(block)?;
        if self.record == Record::Docs || count < BLOCK {
            return Ok(None);
        }
        Packed::new(data, usize::from(place.doc_bits) * BLOCK / 8, place.freq_bits).map(Some)
    }

    fn previous(&self, block: usize) -> DocId {
        if block == 0 { 0 } else { self.blocks.table.last[block - 1] }
    }

    /// The positions of all documents of a block, each less the one before in its document, one document after another. `tokens`: the
    /// sum of the block's frequencies.
    pub(crate) fn deltas(&mut self, block: usize, tokens: u64) -> io::Result<&[u32]> {
        let (_, place, _) = self.block(block)?;
        let mut deltas = std::mem::take(&mut self.deltas);
        deltas.clear();
        self.open_positions()?.read(place.positions, tokens, |piece| deltas.extend_from_slice(piece))?;
        self.deltas = deltas;
        Ok(&self.deltas)
    }

    fn open_positions(&mut self) -> io::Result<&mut PositionBlocks> {
        if let Positions::Closed(bytes) = &self.positions {
            if bytes.is_empty() {
                return Err(broken("positions are missing"));
            }
            self.positions = Positions::Open(PositionBlocks::open(bytes)?);
        }
        match &mut self.positions {
            Positions::Open(blocks) => Ok(blocks),
            Positions::Closed(_) => Err(broken("positions are missing")),
        }
    }

    fn sum_freqs(&mut self, block: usize) -> io::Result<()> {
        if self.summed != block {
            let mut freqs = [0; BLOCK];
            self.freqs(block, &mut freqs)?;
            self.sums.resize(BLOCK + 1, 0);
            for (at, &freq) in freqs.iter().enumerate() {
                self.sums[at + 1] = self.sums[at] + u64::from(freq);
            }
            self.summed = block;
        }
        Ok(())
    }
}

impl BlockSource for DiskBlocks {
    fn docs(&mut self, block: usize, docs: &mut [DocId; BLOCK]) -> io::Result<usize> {
        let (data, place, count) = self.block(block)?;
        if count < BLOCK {
            *docs = self.rest()?.docs;
            return Ok(count);
        }
        let previous = self.previous(block);
        self.packer.decompress_strictly_sorted((previous != 0).then_some(previous), data, docs, place.doc_bits);
        Ok(count)
    }

    fn freqs(&mut self, block: usize, freqs: &mut [u32; BLOCK]) -> io::Result<()> {
        if self.record == Record::Docs {
            freqs.fill(1);
            return Ok(());
        }
        let (data, place, count) = self.block(block)?;
        if count < BLOCK {
            *freqs = self.rest()?.freqs;
            return Ok(());
        }
        self.packer.decompress(&data[usize::from(place.doc_bits) * BLOCK / 8..], freqs, place.freq_bits);
        freqs.iter_mut().for_each(|freq| *freq = freq.wrapping_add(1));
        Ok(())
    }

    fn freq(&mut self, block: usize, index: usize) -> io::Result<u32> {
        match self.packed_freqs(block)? {
            Some(packed) => Ok(packed.number(index).wrapping_add(1)),
            None if self.record == Record::Docs => Ok(1),
            None => Ok(self.rest()?.freqs[index]),
        }
    }

    fn entry(&mut self, block: usize, index: usize) -> io::Result<Entry> {
        if let Some(packed) = self.packed_freqs(block)?
            && let Some(before) = packed.sum_of_first(index)
        {
            let freq = packed.number(index).wrapping_add(1);
            return Ok(Entry { block: block as u32, index: index as u8, before: before + index as u32, freq });
        }
        if self.record == Record::Docs {
            return Ok(Entry::of(&[1; BLOCK], block, index));
        }
        match self.block(block)?.2 {
            BLOCK => {
                let mut freqs = [0; BLOCK];
                self.freqs(block, &mut freqs)?;
                Ok(Entry::of(&freqs, block, index))
            }
            _ => Ok(Entry::of(&self.rest()?.freqs, block, index)),
        }
    }

    fn positions(&mut self, block: usize, index: usize, out: &mut Vec<u32>) -> io::Result<()> {
        if self.record != Record::Positions || index >= BLOCK {
            return Ok(());
        }
        self.sum_freqs(block)?;
        let (_, place, count) = self.block(block)?;
        if index >= count {
            return Ok(());
        }
        let (from, to) = (self.sums[index], self.sums[index + 1]);
        self.open_positions()?.append(place.positions + from, to - from, out)
    }

    fn positions_of(&mut self, entries: &[Entry], out: &mut Vec<u32>) -> io::Result<()> {
        if self.record != Record::Positions || entries.is_empty() {
            return Ok(());
        }
        let blocks = self.blocks.clone();
        let positions = self.open_positions()?;
        for entry in entries {
            let place = blocks.blocks.get(entry.block as usize).ok_or_else(|| broken("there is no such block"))?;
            positions.append(place.positions + u64::from(entry.before), u64::from(entry.freq), out)?;
        }
        Ok(())
    }
}
