//! What a segment of some documents should hold, worked out naively.

use std::collections::{BTreeMap, BTreeSet};

use shard::fields::{FieldSlot, FieldTable, Layout, meta};
use shard::prepared::{PreparedDocument, SequencedDocument};
use shard::segment::Detail;

pub(crate) type Postings = BTreeMap<Vec<u8>, Vec<(u32, Vec<u32>)>>;

/// What a segment of these documents should hold.
#[derive(Default)]
pub(crate) struct Model {
    pub(crate) terms: BTreeMap<FieldSlot, Postings>,
    /// Where the next value of a text field begins.
    bases: BTreeMap<(u32, FieldSlot), u32>,
    pub(crate) lengths: BTreeMap<FieldSlot, BTreeMap<u32, u32>>,
    pub(crate) numbers: BTreeMap<FieldSlot, BTreeMap<u32, Vec<i64>>>,
    pub(crate) strings: BTreeMap<FieldSlot, BTreeMap<u32, Vec<Vec<u8>>>>,
}

impl Model {
    pub(crate) fn of(documents: &[SequencedDocument], table: &FieldTable) -> Self {
        let mut model = Self::default();
        for (doc, sequenced) in documents.iter().enumerate() {
            let doc = doc as u32;
            for (slot, text) in &sequenced.document.texts {
                model.text(doc, *slot, text, table);
            }
            model.names_of_bare(doc, &sequenced.document, table);
            for (slot, value) in &sequenced.document.exact {
                let Layout::Exact { postings, column, norms } = table.entry(*slot).unwrap().layout else { panic!() };
                if postings {
                    model.terms.entry(*slot).or_default().entry(value.to_vec()).or_default().push((doc, vec![]));
                }
                if column {
                    model.strings.entry(*slot).or_default().entry(doc).or_default().push(value.to_vec());
                }
                if norms {
                    *model.lengths.entry(*slot).or_default().entry(doc).or_default() += 1;
                }
            }
            let own = [
                (meta::SEQ_NO, sequenced.seq_no),
                (meta::PRIMARY_TERM, sequenced.primary_term),
                (meta::VERSION, sequenced.version),
            ];
            for (slot, value) in own.map(|(slot, value)| (slot, value as i64)).iter().chain(&sequenced.document.numbers)
            {
                let Layout::Number { postings, .. } = table.entry(*slot).unwrap().layout else { panic!() };
                model.numbers.entry(*slot).or_default().entry(doc).or_default().push(*value);
                if postings {
                    let term = model::number::term_from_ordered(*value).to_vec();
                    let postings = model.terms.entry(*slot).or_default().entry(term).or_default();
                    if postings.last().is_none_or(|last| last.0 != doc) {
                        postings.push((doc, vec![]));
                    }
                }
            }
        }
        model
    }

    /// Fields that the document has without a token: no length tells of them, so that they are listed.
    fn names_of_bare(&mut self, doc: u32, document: &PreparedDocument, table: &FieldTable) {
        let slots: BTreeSet<FieldSlot> = document.texts.iter().map(|(slot, _)| *slot).collect();
        for entry in slots.into_iter().filter_map(|slot| table.entry(slot)) {
            let known = self.lengths.get(&entry.slot).is_some_and(|lengths| lengths.contains_key(&doc));
            if matches!(entry.layout, Layout::Text { norms: true, .. }) && !known {
                let names = self.terms.entry(meta::FIELD_NAMES).or_default();
                names.entry(entry.path.as_bytes().to_vec()).or_default().push((doc, vec![]));
            }
        }
    }

    fn text(&mut self, doc: u32, slot: FieldSlot, text: &str, table: &FieldTable) {
        let Layout::Text { analyzer, position_gap, detail, .. } = &table.entry(slot).unwrap().layout else { panic!() };
        let base = self.bases.entry((doc, slot)).or_default();
        let analyzed = analyzer.analyze(text);
        let mut last = None;
        for token in analyzed.tokens {
            let postings = self.terms.entry(slot).or_default().entry(token.text.into_bytes()).or_default();
            let new = postings.last().is_none_or(|last| last.0 != doc);
            if new {
                postings.push((doc, vec![]));
            }
            if new || *detail != Detail::Docs {
                postings.last_mut().unwrap().1.push(*base + token.position);
            }
            let length = self.lengths.entry(slot).or_default().entry(doc).or_default();
            let counts = if *detail == Detail::Docs { new } else { last != Some(token.position) };
            *length += u32::from(counts);
            last = Some(token.position);
        }
        *base += analyzed.positions + position_gap;
    }
}
