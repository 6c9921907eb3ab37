//! A block built at once equals blocks built one by one and merged, dead documents or not; and it answers what was put in.

use std::ops::Bound;
use std::sync::Arc;

use analysis::Registry;
use model::number::term_from_ordered;
use proptest::prelude::*;

use super::*;
use crate::fields::Layout;
use crate::prepared::PreparedDocument;
use crate::segment::postings::BLOCK;
use crate::segment::{Detail, EveryTerm, NO_MORE_DOCS, TermAutomaton};

const TEXT: FieldSlot = FieldSlot(meta::FIRST);
const PLAIN_TEXT: FieldSlot = FieldSlot(meta::FIRST + 1);
const KEYWORD: FieldSlot = FieldSlot(meta::FIRST + 2);
const COLUMN_ONLY: FieldSlot = FieldSlot(meta::FIRST + 3);
const INTEGER: FieldSlot = FieldSlot(meta::FIRST + 4);
const FLOAT: FieldSlot = FieldSlot(meta::FIRST + 5);

fn table() -> FieldTable {
    let mut table = crate::layout::base_table();
    let analyzer = Registry::builtin().analyzer("standard").expect("built in");
    let text = |detail, norms| Layout::Text { analyzer: analyzer.clone(), detail, norms, position_gap: 100 };
    for (path, layout) in [
        ("text", text(Detail::Positions, true)),
        ("plain", text(Detail::Freqs, false)),
        ("keyword", Layout::Exact { postings: true, column: true, norms: true }),
        ("column", Layout::Exact { postings: false, column: true, norms: false }),
        ("integer", Layout::Number { postings: true, column: true }),
        ("float", Layout::Number { postings: false, column: true }),
    ] {
        table.append(path.into(), layout);
    }
    table
}

/// What is put into the two text fields, the keyword fields and the number fields of one document.
type Values = (Vec<String>, Vec<String>, Vec<String>, Vec<i64>);

fn document(number: usize, (texts, plain, words, numbers): &Values) -> SequencedDocument {
    let exact = |slot| words.iter().map(move |word| (slot, Box::from(word.as_bytes())));
    let mut exact: Vec<(FieldSlot, Box<[u8]>)> = exact(KEYWORD).chain(exact(COLUMN_ONLY)).collect();
    exact.push((crate::fields::meta::ID, number.to_string().into_bytes().into()));
    exact.sort();
    exact.dedup();
    let mut numbers: Vec<_> =
        [INTEGER, FLOAT].iter().flat_map(|&slot| numbers.iter().map(move |&n| (slot, n))).collect();
    numbers.sort_unstable();
    let text = |slot, values: &[String]| values.iter().map(|text| (slot, text.as_str().into())).collect::<Vec<_>>();
    let document = PreparedDocument {
        id: number.to_string().into(),
        routing: None,
        source: format!("{{\"n\":{number}}}").into_bytes().into(),
        texts: [text(TEXT, texts), text(PLAIN_TEXT, plain)].concat(),
        exact,
        numbers,
        inner: Vec::new(),
        vectors: Vec::new(),
    };
    SequencedDocument { document: Arc::new(document), seq_no: number as u64 + 7, primary_term: 1, version: 2 }
}

fn documents(values: &[Values]) -> Vec<SequencedDocument> {
    values.iter().enumerate().map(|(number, values)| document(number, values)).collect()
}

fn any_values() -> impl Strategy<Value = Values> {
    let words = || {
        proptest::collection::vec(
            prop::sample::select(vec!["a", "aa", "b", "longer-than-eight", "longer-than-nine", ""]),
            0..4,
        )
    };
    let texts = || proptest::collection::vec(words().prop_map(|words| words.join(" ")), 0..3);
    let strings = words().prop_map(|words| words.into_iter().map(str::to_owned).collect());
    (texts(), texts(), strings, proptest::collection::vec(-2i64..3, 0..4))
}

/// Everything but capacities. Ordinals of rows and stretches are comparable because both blocks are written by one assembly.
fn check_equal(merged: &MemoryBlock, built: &MemoryBlock) {
    assert_eq!(*merged.data, *built.data);
}

proptest! {
    #[test]
    fn built_at_once_or_merged(values in proptest::collection::vec(any_values(), 1..12), dead in any::<u16>(), cut in 1usize..5) {
        let (fields, all) = (table(), documents(&values));
        let blocks: Vec<_> = all.chunks(cut).map(|some| Arc::new(MemoryBlock::build(&fields, some.to_vec()))).collect();
        let alive: Vec<AliveDocs> = blocks.iter().enumerate().map(|(at, block)| {
            let mut alive = AliveDocs::all(block.doc_count());
            for doc in (0..block.doc_count()).filter(|doc| dead >> (at * cut + *doc as usize) & 1 == 1) {
                alive.remove(doc);
            }
            alive
        }).collect();
        let kept = all.iter().enumerate().filter(|(at, _)| dead >> at & 1 == 0).map(|(_, document)| document.clone()).collect();
        let inputs: Vec<_> = blocks.iter().cloned().zip(alive.iter().map(Some)).collect();
        check_equal(&MemoryBlock::merge(&inputs), &MemoryBlock::build(&fields, kept));
        let inputs: Vec<_> = blocks.into_iter().map(|block| (block, None)).collect();
        check_equal(&MemoryBlock::merge(&inputs), &MemoryBlock::build(&fields, all));
    }

    #[test]
    fn what_was_put_in_is_found(values in proptest::collection::vec(any_values(), 1..9)) {
        let block = MemoryBlock::build(&table(), documents(&values));
        for (doc, (_, _, words, numbers)) in (0..).zip(&values) {
            check_column(&block, doc, words, numbers);
            for word in words {
                prop_assert!(found(&block, KEYWORD, word.as_bytes()).contains(&doc));
            }
            for &number in numbers {
                prop_assert!(found(&block, INTEGER, &term_from_ordered(number)).contains(&doc));
            }
        }
        prop_assert!(block.terms(COLUMN_ONLY).expect("memory").is_none());
        prop_assert!(block.terms(FLOAT).expect("memory").is_none());
    }
}

fn check_column(block: &MemoryBlock, doc: DocId, words: &[String], numbers: &[i64]) {
    let mut expected = numbers.to_vec();
    expected.sort_unstable();
    let mut got = Vec::new();
    if let Some(column) = block.numbers(FLOAT).expect("memory") {
        column.values(doc, &mut got);
        let mut within = Vec::new();
        column.docs_in_range(0..=1, 0..block.doc_count(), &mut within);
        assert_eq!(within.contains(&doc), numbers.iter().any(|n| (0..=1).contains(n)));
    }
    assert_eq!(got, expected);
    let mut expected: Vec<_> = words.iter().map(|word| word.as_bytes().to_vec()).collect();
    expected.sort();
    expected.dedup();
    let mut got = Vec::new();
    if let Some(column) = block.strings(COLUMN_ONLY).expect("memory") {
        let mut ords = Vec::new();
        column.ords(doc, &mut ords);
        for ord in ords {
            let mut value = Vec::new();
            column.value(ord, &mut value).expect("an ordinal of the column");
            assert_eq!(column.find(&value).expect("memory"), Ok(ord));
            got.push(value);
        }
    }
    assert_eq!(got, expected);
}

fn found(block: &MemoryBlock, slot: FieldSlot, term: &[u8]) -> Vec<DocId> {
    let Some(terms) = block.terms(slot).expect("memory") else { return Vec::new() };
    let Some(entry) = terms.get(term).expect("memory") else { return Vec::new() };
    let mut postings = terms.postings(&entry, Detail::Docs).expect("memory");
    let mut docs = [0; BLOCK];
    let mut all = Vec::new();
    for (block, &last) in postings.table.last.iter().enumerate() {
        let count = postings.source.docs(block, &mut docs).expect("memory");
        assert_eq!((docs[count - 1], docs[count..].iter().all(|&doc| doc == NO_MORE_DOCS)), (last, true));
        all.extend_from_slice(&docs[..count]);
    }
    assert_eq!(all.len() as u64, entry.statistics.doc_freq);
    all
}

fn text(values: &[&str]) -> Values {
    (values.iter().map(|value| (*value).to_owned()).collect(), vec![], vec![], vec![])
}

#[test]
fn positions_leave_a_gap_between_values() {
    let block = MemoryBlock::build(&table(), documents(&[text(&["b a", "a"]), text(&["c"])]));
    let terms = block.terms(TEXT).expect("memory").expect("has text");
    let entry = terms.get(b"a").expect("memory").expect("indexed");
    assert_eq!((entry.statistics.doc_freq, entry.statistics.total_term_freq), (1, 2));
    let mut postings = terms.postings(&entry, Detail::Positions).expect("memory");
    let mut positions = Vec::new();
    postings.source.positions(0, 0, &mut positions).expect("memory");
    assert_eq!(positions, [1, 102]);
    let codes = block.norms(TEXT).expect("memory").expect("has norms");
    assert_eq!((*codes).as_ref(), [3, 1]);
    let counts = block.field_statistics(TEXT).expect("memory");
    assert_eq!((counts.doc_count, counts.total_term_freq), (2, 4));
    assert!(block.norms(PLAIN_TEXT).expect("memory").is_none());
}

#[test]
fn bookkeeping_is_in_columns() {
    let block = MemoryBlock::build(&table(), documents(&[text(&[]), text(&[])]));
    let column = |slot| block.numbers(slot).expect("memory").expect("every document has it");
    assert_eq!(column(crate::fields::meta::SEQ_NO).first(1), Some(8));
    assert_eq!(column(crate::fields::meta::VERSION).min_max(), Some((2, 2)));
    assert_eq!(found(&block, crate::fields::meta::ID, b"1"), [1]);
    assert_eq!(&block.source(1).expect("memory")[..], b"{\"n\":1}");
    assert!(block.source(2).is_err());
}

/// Bytes that begin with a given prefix: state n has seen n of its bytes.
struct Prefix(&'static [u8], std::sync::atomic::AtomicU32);

impl TermAutomaton for Prefix {
    fn step(&self, state: u32, byte: u8) -> u32 {
        self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        match self.0.get(state as usize) {
            None => state,
            Some(expected) if *expected == byte => state + 1,
            Some(_) => u32::MAX,
        }
    }
    fn is_match(&self, state: u32) -> bool {
        state == self.0.len() as u32
    }
    fn can_match(&self, state: u32) -> bool {
        state <= self.0.len() as u32
    }
}

#[test]
fn walks_skip_what_cannot_match() {
    let words: Vec<String> = ('a'..='z').flat_map(|a| ('a'..='z').map(move |b| format!("{a}{b}c"))).collect();
    let block = MemoryBlock::build(&table(), documents(&[(vec![], vec![], words, vec![])]));
    let terms = block.terms(KEYWORD).expect("memory").expect("has words");
    let walk = |range: TermBounds, automaton: &dyn TermAutomaton| {
        let mut seen = Vec::new();
        let mut visit = |term: &[u8], _| {
            seen.push(String::from_utf8_lossy(term).into_owned());
            true
        };
        terms.walk(range, automaton, &mut visit).expect("memory");
        seen
    };
    let prefix = Prefix(b"mb", 0.into());
    assert_eq!(walk((Bound::Unbounded, Bound::Unbounded), &prefix), ["mbc"]);
    assert!(prefix.1.into_inner() < 100, "steps: few more than one a first letter");
    assert_eq!(walk((Bound::Excluded(b"aac"), Bound::Included(b"adc")), &EveryTerm), ["abc", "acc", "adc"]);
    assert_eq!(walk((Bound::Included(b"zy"), Bound::Excluded(b"zzc")), &EveryTerm), ["zyc"]);
    assert!(walk((Bound::Included(b"b"), Bound::Excluded(b"a")), &EveryTerm).is_empty());
}

type TermBounds = (Bound<&'static [u8]>, Bound<&'static [u8]>);

#[test]
fn impacts_bound_every_posting() {
    let many: Vec<Values> = (0..300).map(|n| text(&[&"w ".repeat(n % 7 + 1), &"x ".repeat(n % 31)])).collect();
    let block = MemoryBlock::build(&table(), documents(&many));
    let terms = block.terms(TEXT).expect("memory").expect("has text");
    let entry = terms.get(b"w").expect("memory").expect("indexed");
    let mut postings = terms.postings(&entry, Detail::Freqs).expect("memory");
    assert_eq!(postings.table.last, [127, 255, 299]);
    let codes = block.norms(TEXT).expect("memory").expect("has norms");
    let (mut docs, mut freqs) = ([0; BLOCK], [0; BLOCK]);
    for (at, &bound) in postings.table.max_impact.iter().enumerate() {
        let count = postings.source.docs(at, &mut docs).expect("memory");
        postings.source.freqs(at, &mut freqs).expect("memory");
        let impacts = docs[..count].iter().zip(&freqs).map(|(&doc, &freq)| {
            let length = crate::segment::norms::decode_length((*codes).as_ref()[doc as usize]) as f32;
            let freq = freq as f32;
            freq / (freq + 1.2 * (0.25 + 0.75 * length / postings.table.average))
        });
        let greatest = impacts.fold(0f32, f32::max);
        assert!(greatest <= bound && bound < greatest * 1.001, "{greatest} {bound}");
    }
}
