//! The terms of one field of a sealed segment: a stretch of the segment's dictionary.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::ops::Bound;
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use search::statistics::TermStatistics;
use tantivy::directory::OwnedBytes;
use tantivy::postings::TermInfo;
use tantivy::termdict::TermDictionary;
use tantivy_fst::Automaton;

use super::blocks::{DiskBlocks, FieldPostings, Rest, TermBlocks, few_docs, total_term_freq};
use super::frequent::FrequentTerms;
use super::key;
use super::manifest::{Record, TermsEntry};
use crate::fields::FieldSlot;
use crate::segment::dense::DenseSet;
use crate::segment::postings::{BLOCK, Postings};
use crate::segment::{Detail, DocId, FlatField, TermAutomaton, TermEntry, TermRange, Terms};

/// Blocks whose tables a segment keeps decoded.
const CACHED_BLOCKS: usize = 32_768;
/// What one of them takes.
const TABLE_BYTES: u64 = 32;

/// Dictionary, postings and positions of a segment, shared by its fields.
pub(crate) struct Inverted {
    pub(crate) dictionary: TermDictionary,
    pub(crate) postings: OwnedBytes,
    pub(crate) positions: OwnedBytes,
    tables: Mutex<Tables>,
    frequent: FrequentTerms,
}

/// Tables of terms with several blocks, by where their postings begin. The oldest goes first.
#[derive(Default)]
struct Tables {
    by_start: BTreeMap<u64, Arc<TermBlocks>>,
    order: VecDeque<(u64, usize)>,
    blocks: usize,
}

impl Tables {
    fn insert(&mut self, start: u64, table: Arc<TermBlocks>) {
        let blocks = table.table.last.len();
        if blocks > CACHED_BLOCKS || self.by_start.insert(start, table).is_some() {
            return;
        }
        self.order.push_back((start, blocks));
        self.blocks += blocks;
        while self.blocks > CACHED_BLOCKS {
            let Some((oldest, blocks)) = self.order.pop_front() else { break };
            self.by_start.remove(&oldest);
            self.blocks -= blocks;
        }
    }
}

impl Inverted {
    /// Of a segment of so many documents.
    pub(crate) fn new(dictionary: TermDictionary, postings: OwnedBytes, positions: OwnedBytes, doc_count: u32) -> Self {
        let frequent = FrequentTerms::new(doc_count);
        Self { dictionary, postings, positions, tables: Mutex::default(), frequent }
    }

    /// Memory that decoded tables and sets take, by estimate.
    pub(crate) fn cached_bytes(&self) -> u64 {
        self.tables.lock().blocks as u64 * TABLE_BYTES + self.frequent.memory_bytes()
    }
}

/// The terms of a field, for searching.
pub(crate) struct DiskTerms {
    pub(crate) inverted: Arc<Inverted>,
    pub(crate) slot: FieldSlot,
    pub(crate) entry: TermsEntry,
    pub(crate) record: Record,
    pub(crate) norms: Option<OwnedBytes>,
    /// Made when first asked for; `None`: too much to be kept.
    pub(crate) flat: OnceLock<Option<Arc<FlatField>>>,
}

impl DiskTerms {
    /// The bytes from a term's postings to the end of all, borrowed.
    fn bytes_from(&self, start: u64) -> io::Result<&[u8]> {
        let bytes = usize::try_from(start).ok().and_then(|start| self.inverted.postings.get(start..));
        bytes.ok_or_else(out_of_bounds)
    }

    /// The same, owned.
    fn postings_from(&self, start: u64) -> io::Result<OwnedBytes> {
        let all = &self.inverted.postings;
        let start = usize::try_from(start).ok().filter(|&start| start <= all.len()).ok_or_else(out_of_bounds)?;
        Ok(all.slice(start..all.len()))
    }

    fn found(&self, info: &TermInfo) -> io::Result<TermEntry> {
        let postings = self.inverted.postings.get(info.postings_range.start..).ok_or_else(out_of_bounds)?;
        let (total_term_freq, _) = total_term_freq(postings, info.doc_freq, self.record)?;
        Ok(TermEntry {
            statistics: TermStatistics { doc_freq: u64::from(info.doc_freq), total_term_freq },
            place: [
                info.postings_range.start as u64,
                info.positions_range.start as u64,
                info.positions_range.end as u64,
            ],
        })
    }

    /// The blocks of a term that will not be asked for again soon: nothing is cached.
    pub(crate) fn read_once(&self, info: &TermInfo) -> io::Result<DiskBlocks> {
        let postings = self.postings_from(info.postings_range.start as u64)?;
        let (blocks, rest) = TermBlocks::read(&postings, info.doc_freq, self.field())?;
        let positions = self.positions(info.positions_range.start as u64, info.positions_range.end as u64)?;
        Ok(DiskBlocks::new((Arc::new(blocks), rest), postings, positions, info.doc_freq, self.record))
    }

    fn positions(&self, start: u64, end: u64) -> io::Result<OwnedBytes> {
        let all = &self.inverted.positions;
        if start > end || end > all.len() as u64 {
            return Err(out_of_bounds());
        }
        Ok(all.slice(start as usize..end as usize))
    }

    fn field(&self) -> FieldPostings<'_> {
        FieldPostings {
            record: self.record,
            average: f32::from_bits(self.entry.average),
            norms: self.norms.as_deref(),
            // Impacts of postings without frequencies are not chosen by length.
            bounded: self.record != Record::Docs || self.norms.is_none(),
        }
    }

    /// With the rest where it has just been decoded.
    fn blocks(
        &self,
        start: u64,
        postings: &OwnedBytes,
        doc_freq: u32,
    ) -> io::Result<(Arc<TermBlocks>, Option<Box<Rest>>)> {
        let kept = doc_freq as usize >= 2 * BLOCK;
        if kept && let Some(table) = self.inverted.tables.lock().by_start.get(&start) {
            return Ok((table.clone(), None));
        }
        let (table, rest) = TermBlocks::read(postings, doc_freq, self.field())?;
        let table = Arc::new(table);
        if kept {
            self.inverted.tables.lock().insert(start, table.clone());
        }
        Ok((table, rest))
    }
}

fn out_of_bounds() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the dictionary points beyond the postings")
}

impl Terms for DiskTerms {
    fn len(&self) -> u64 {
        self.entry.count
    }

    fn get(&self, term: &[u8]) -> io::Result<Option<TermEntry>> {
        // Most terms fit in a buffer on the stack.
        let mut short = [0u8; 64];
        let prefix = key::prefix(self.slot);
        let length = prefix.len() + term.len();
        let info = if length <= short.len() {
            short[..prefix.len()].copy_from_slice(&prefix);
            short[prefix.len()..length].copy_from_slice(term);
            self.inverted.dictionary.get(&short[..length])?
        } else {
            self.inverted.dictionary.get([&prefix[..], term].concat())?
        };
        info.map(|info| self.found(&info)).transpose()
    }

    fn walk(
        &self,
        range: TermRange<'_>,
        automaton: &dyn TermAutomaton,
        visit: &mut dyn FnMut(&[u8], TermEntry) -> bool,
    ) -> io::Result<()> {
        let prefix = key::prefix(self.slot);
        let bound = |term: &[u8]| [&prefix[..], term].concat();
        let within = Within { automaton, prefix: prefix.len() as u8 };
        let mut stream = self.inverted.dictionary.search(within);
        stream = match range.0 {
            Bound::Included(term) => stream.ge(bound(term)),
            Bound::Excluded(term) => stream.gt(bound(term)),
            Bound::Unbounded => stream.ge(&prefix[..]),
        };
        stream = match range.1 {
            Bound::Included(term) => stream.le(bound(term)),
            Bound::Excluded(term) => stream.lt(bound(term)),
            Bound::Unbounded => stream.lt(&key::prefix(FieldSlot(self.slot.0 + 1))[..]),
        };
        let mut stream = stream.into_stream()?;
        while stream.advance() {
            let term = stream.key().get(prefix.len()..).ok_or_else(out_of_bounds)?;
            if !visit(term, self.found(stream.value())?) {
                break;
            }
        }
        Ok(())
    }

    fn flat(&self) -> io::Result<Option<Arc<FlatField>>> {
        if let Some(known) = self.flat.get() {
            return Ok(known.clone());
        }
        let made = FlatField::of(self)?.map(Arc::new);
        Ok(self.flat.get_or_init(|| made).clone())
    }

    fn postings(&self, entry: &TermEntry, _: Detail) -> io::Result<Postings> {
        let [start, positions_start, positions_end] = entry.place;
        let doc_freq = u32::try_from(entry.statistics.doc_freq).map_err(|_| out_of_bounds())?;
        let postings = self.postings_from(start)?;
        let blocks = self.blocks(start, &postings, doc_freq)?;
        let positions = self.positions(positions_start, positions_end)?;
        let table = blocks.0.table.clone();
        let source = Box::new(DiskBlocks::new(blocks, postings, positions, doc_freq, self.record));
        Ok(Postings { doc_freq, table, source })
    }

    fn dense(&self, entry: &TermEntry) -> io::Result<Option<Arc<DenseSet>>> {
        self.inverted.frequent.get(entry, |docs| self.docs(entry, docs))
    }

    fn few(&self, entry: &TermEntry, out: &mut Vec<(DocId, u32)>) -> io::Result<bool> {
        if entry.statistics.doc_freq >= BLOCK as u64 {
            return Ok(false);
        }
        let count = entry.statistics.doc_freq as usize;
        let rest = Rest::of_few(self.bytes_from(entry.place[0])?, count, self.record)?;
        out.extend(rest.entries(count));
        Ok(true)
    }

    fn docs(&self, entry: &TermEntry, out: &mut Vec<DocId>) -> io::Result<()> {
        if entry.statistics.doc_freq < BLOCK as u64 {
            return few_docs(self.bytes_from(entry.place[0])?, entry.statistics.doc_freq as u32, self.record, out);
        }
        let mut source = self.postings(entry, Detail::Docs)?;
        let mut docs = [0; BLOCK];
        for block in 0..source.table.last.len() {
            let count = source.source.docs(block, &mut docs)?;
            out.extend_from_slice(&docs[..count]);
        }
        Ok(())
    }
}

/// An automaton over terms as one over keys: the prefix, which the bounds of the walk settle, is passed over.
struct Within<'a> {
    automaton: &'a dyn TermAutomaton,
    prefix: u8,
}

#[derive(Clone, Copy)]
enum State {
    Prefix(u8),
    Term(u32),
}

impl Within<'_> {
    fn after(&self, passed: u8) -> State {
        if passed == self.prefix { State::Term(0) } else { State::Prefix(passed) }
    }
}

impl Automaton for Within<'_> {
    type State = State;

    fn start(&self) -> State {
        self.after(0)
    }

    fn is_match(&self, state: &State) -> bool {
        matches!(state, State::Term(state) if self.automaton.is_match(*state))
    }

    fn can_match(&self, state: &State) -> bool {
        match state {
            State::Prefix(_) => true,
            State::Term(state) => self.automaton.can_match(*state),
        }
    }

    fn accept(&self, state: &State, byte: u8) -> State {
        match state {
            State::Prefix(passed) => self.after(passed + 1),
            State::Term(state) => State::Term(self.automaton.step(*state, byte)),
        }
    }
}
