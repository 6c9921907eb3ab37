//! Sealed segments give back what was put in: against a naive model, sealed and merged, and with broken files.

// Helpers of tests are tests too.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::ops::Bound;
use std::path::Path;
use std::sync::Arc;

use analysis::Registry;
use disk_model::{Model, Postings};
use proptest::prelude::*;
use search::statistics::FieldStatistics;
use shard::error::ShardError;
use shard::fields::{FieldSlot, FieldTable, Layout, meta};
use shard::prepared::{PreparedDocument, SequencedDocument};
use shard::seal::{merge, seal};
use shard::segment::disk::SealedSegment;
use shard::segment::postings::BLOCK;
use shard::segment::{AliveDocs, Detail, EveryTerm, NO_MORE_DOCS, Segment, TermAutomaton, Terms};

mod disk_model;

const TEXT: FieldSlot = FieldSlot(meta::FIRST);
const TEXT_FREQS: FieldSlot = FieldSlot(meta::FIRST + 1);
const TEXT_NO_NORMS: FieldSlot = FieldSlot(meta::FIRST + 2);
const KEYWORD: FieldSlot = FieldSlot(meta::FIRST + 3);
const KEYWORD_COLUMN: FieldSlot = FieldSlot(meta::FIRST + 4);
const KEYWORD_TERMS: FieldSlot = FieldSlot(meta::FIRST + 5);
const KEYWORD_NORMS: FieldSlot = FieldSlot(meta::FIRST + 6);
const NUMBER: FieldSlot = FieldSlot(meta::FIRST + 7);
const NUMBER_COLUMN: FieldSlot = FieldSlot(meta::FIRST + 8);
/// Tokens that share positions, and holes.
const GRAMS: FieldSlot = FieldSlot(meta::FIRST + 9);
const TEXT_DOCS: FieldSlot = FieldSlot(meta::FIRST + 10);
/// Beyond the slots whose keys take one byte.
const LATE: FieldSlot = FieldSlot(300);

fn table() -> FieldTable {
    let mut table = FieldTable::default();
    let exact = |postings, column, norms| Layout::Exact { postings, column, norms };
    let number = |postings, column| Layout::Number { postings, column };
    let analyzer = Registry::builtin().analyzer("standard").unwrap();
    let text = |detail, norms| Layout::Text { analyzer: analyzer.clone(), detail, norms, position_gap: 100 };
    table.append("_id".into(), exact(true, true, false));
    table.append("_source".into(), exact(false, false, false));
    for path in ["_seq_no", "_primary_term", "_version"] {
        table.append(path.into(), number(false, true));
    }
    for (path, column) in [("_routing", true), ("_ignored", true), ("_field_names", false), ("_nested_path", true)] {
        table.append(path.into(), exact(true, column, false));
    }
    table.append("text".into(), text(Detail::Positions, true));
    table.append("text_freqs".into(), text(Detail::Freqs, true));
    table.append("text_no_norms".into(), text(Detail::Positions, false));
    table.append("keyword".into(), exact(true, true, false));
    table.append("keyword_column".into(), exact(false, true, false));
    table.append("keyword_terms".into(), exact(true, false, false));
    table.append("keyword_norms".into(), exact(true, true, true));
    table.append("number".into(), number(true, true));
    table.append("number_column".into(), number(false, true));
    let settings = serde_json::json!({
        "filter": {"grams": {"type": "edge_ngram", "min_gram": 1, "max_gram": 3}},
        "analyzer": {"grams": {"type": "custom", "tokenizer": "standard", "filter": ["lowercase", "stop", "grams"]}}
    });
    let analyzer = Registry::from_settings(&settings).unwrap().analyzer("grams").unwrap();
    assert!(analyzer.may_overlap());
    table.append("grams".into(), Layout::Text { analyzer, detail: Detail::Positions, norms: true, position_gap: 3 });
    table.append("text_docs".into(), text(Detail::Docs, true));
    while table.entries().len() < LATE.0 as usize {
        table.append(format!("unused{}", table.entries().len()).into(), text(Detail::Positions, true));
    }
    assert_eq!(table.append("late".into(), exact(true, true, false)), LATE);
    table
}

/// A document whose lists may stand in any order.
fn document(
    seq_no: u64,
    source: &str,
    texts: Vec<(FieldSlot, String)>,
    exact: Vec<(FieldSlot, String)>,
    numbers: Vec<(FieldSlot, i64)>,
) -> SequencedDocument {
    let id: Arc<str> = format!("id-{seq_no}").into();
    let mut texts: Vec<(FieldSlot, Box<str>)> = texts.into_iter().map(|(slot, text)| (slot, text.into())).collect();
    texts.sort_by_key(|(slot, _)| *slot);
    let exact = exact.into_iter().map(|(slot, value)| (slot, value.into_bytes().into_boxed_slice()));
    let exact: BTreeSet<_> = exact.chain([(meta::ID, id.as_bytes().into())]).collect();
    let mut numbers = numbers;
    numbers.sort();
    let source = source.as_bytes().into();
    let document = PreparedDocument {
        id,
        routing: None,
        source,
        texts,
        exact: exact.into_iter().collect(),
        numbers,
        inner: Vec::new(),
        vectors: Vec::new(),
    };
    SequencedDocument { document: Arc::new(document), seq_no, primary_term: 1 + seq_no % 3, version: seq_no + 7 }
}

fn seal_in(directory: &Path, name: &str, documents: &[SequencedDocument]) -> SealedSegment {
    seal(&directory.join(name), &table(), &mut documents.iter().cloned()).unwrap()
}

fn check(segment: &SealedSegment, documents: &[SequencedDocument]) {
    let table = table();
    let model = Model::of(documents, &table);
    segment.verify().unwrap();
    assert_eq!(segment.doc_count() as usize, documents.len());
    let range = documents.iter().map(|d| d.seq_no).min().zip(documents.iter().map(|d| d.seq_no).max());
    assert_eq!(segment.seq_no_range(), range);
    for (doc, sequenced) in documents.iter().enumerate() {
        assert_eq!(segment.source(doc as u32).unwrap(), sequenced.document.source);
    }
    for entry in table.entries() {
        check_terms(segment, entry.slot, &entry.layout, &model);
        check_norms(segment, entry.slot, &entry.layout, &model);
        check_numbers(segment, entry.slot, &model);
        check_strings(segment, entry.slot, &model);
        check_statistics(segment, entry.slot, &model);
    }
}

fn check_statistics(segment: &SealedSegment, slot: FieldSlot, model: &Model) {
    let mut docs: BTreeSet<u32> =
        model.terms.get(&slot).into_iter().flatten().flat_map(|(_, postings)| postings.iter().map(|p| p.0)).collect();
    docs.extend(model.strings.get(&slot).into_iter().flatten().map(|(doc, _)| *doc));
    docs.extend(model.numbers.get(&slot).into_iter().flatten().map(|(doc, _)| *doc));
    let tokens =
        |postings: &Postings| postings.values().flatten().map(|(_, positions)| positions.len().max(1)).sum::<usize>();
    let mut total = model.terms.get(&slot).map_or(0, tokens);
    if let Some(numbers) = model.numbers.get(&slot) {
        total = numbers.values().map(Vec::len).sum();
    } else if let Some(strings) = model.strings.get(&slot) {
        total = strings.values().map(Vec::len).sum();
    }
    let expected = FieldStatistics { doc_count: docs.len() as u64, total_term_freq: total as u64 };
    assert_eq!(segment.field_statistics(slot).unwrap(), expected, "{slot:?}");
}

fn check_terms(segment: &SealedSegment, slot: FieldSlot, layout: &Layout, model: &Model) {
    let Some(expected) = model.terms.get(&slot) else {
        return assert!(segment.terms(slot).unwrap().is_none(), "{slot:?}");
    };
    let terms = segment.terms(slot).unwrap().unwrap();
    assert_eq!(terms.len(), expected.len() as u64);
    assert_eq!(terms.get(b"surely not there").unwrap(), None);
    let mut walked = Vec::new();
    let every = (Bound::Unbounded, Bound::Unbounded);
    terms
        .walk(every, &EveryTerm, &mut |term, entry| {
            walked.push((term.to_vec(), entry));
            true
        })
        .unwrap();
    assert!(walked.iter().map(|(term, _)| term).eq(expected.keys()));
    let norms = segment.norms(slot).unwrap();
    for (term, entry) in &walked {
        assert_eq!(terms.get(term).unwrap(), Some(*entry));
        let postings = &expected[term];
        let with_positions = matches!(layout, Layout::Text { detail: Detail::Positions, .. });
        let with_freqs = matches!(layout, Layout::Text { detail: Detail::Freqs | Detail::Positions, .. });
        assert_eq!(entry.statistics.doc_freq, postings.len() as u64);
        let tokens = postings.iter().map(|p| p.1.len().max(1) as u64).sum::<u64>();
        assert_eq!(entry.statistics.total_term_freq, tokens);
        let mut found = terms.postings(entry, Detail::Positions).unwrap();
        assert_eq!(found.doc_freq as usize, postings.len());
        assert_eq!(found.table.last.len(), postings.len().div_ceil(BLOCK));
        assert_eq!(found.table.last.len(), found.table.max_impact.len());
        // Backwards, because blocks may be asked for in any order; then forwards.
        let blocks: Vec<_> = postings.chunks(BLOCK).enumerate().collect();
        for &(block, expected) in blocks.iter().rev().chain(&blocks) {
            let (mut docs, mut freqs) = ([0; BLOCK], [0; BLOCK]);
            assert_eq!(found.source.docs(block, &mut docs).unwrap(), expected.len());
            found.source.freqs(block, &mut freqs).unwrap();
            assert!(docs[expected.len()..].iter().all(|&doc| doc == NO_MORE_DOCS));
            assert_eq!(found.table.last[block], expected[expected.len() - 1].0);
            for (at, (doc, positions)) in expected.iter().enumerate() {
                assert_eq!(docs[at], *doc);
                assert_eq!(freqs[at], if with_freqs { positions.len() as u32 } else { 1 });
                let mut read = Vec::new();
                found.source.positions(block, at, &mut read).unwrap();
                assert_eq!(read, if with_positions { &positions[..] } else { &[] });
                let length = norms.as_ref().map_or(1, |norms| length_of((**norms).as_ref()[*doc as usize]));
                let freq = freqs[at] as f32;
                let impact = freq / (freq + 1.2 * (0.25 + 0.75 * length as f32 / found.table.average));
                assert!(impact <= found.table.max_impact[block], "{impact} {:?}", found.table);
            }
        }
    }
    check_walks(&*terms, expected);
}

/// A greatest length of each code, from its definition.
fn length_of(code: u8) -> u32 {
    let float = |code: u32| if code < 8 { code } else { (code & 7 | 8) << ((code >> 3) - 1) };
    if code < 24 { u32::from(code) } else { 24 + float(u32::from(code) - 24) }
}

/// Terms that begin with a byte.
struct BeginsWith(u8);

impl TermAutomaton for BeginsWith {
    fn step(&self, state: u32, byte: u8) -> u32 {
        if state == 0 { if byte == self.0 { 1 } else { 2 } } else { state }
    }
    fn is_match(&self, state: u32) -> bool {
        state == 1
    }
    fn can_match(&self, state: u32) -> bool {
        state != 2
    }
}

fn check_walks(terms: &dyn Terms, expected: &Postings) {
    let keys: Vec<&Vec<u8>> = expected.keys().collect();
    let (low, high) = (keys[keys.len() / 4].as_slice(), keys[keys.len() * 3 / 4].as_slice());
    let first = low.first().copied().unwrap_or(0);
    let bounds = [Bound::Unbounded, Bound::Included(low), Bound::Excluded(low)];
    let ends = [Bound::Unbounded, Bound::Included(high), Bound::Excluded(high)];
    for range in bounds.iter().flat_map(|&from| ends.map(|to| (from, to))) {
        if low == high && range.0 != Bound::Unbounded && range.1 != Bound::Unbounded {
            continue;
        }
        for automaton in [&EveryTerm as &dyn TermAutomaton, &BeginsWith(first)] {
            let mut walked = Vec::new();
            terms
                .walk(range, automaton, &mut |term, _| {
                    walked.push(term.to_vec());
                    true
                })
                .unwrap();
            let accepts =
                |term: &[u8]| automaton.is_match(term.iter().fold(0, |state, &byte| automaton.step(state, byte)));
            let inside = expected.range::<[u8], _>(range).map(|(term, _)| term).filter(|term| accepts(term));
            assert!(walked.iter().eq(inside), "{range:?}");
        }
    }
    let mut count = 0;
    terms
        .walk((Bound::Unbounded, Bound::Unbounded), &EveryTerm, &mut |_, _| {
            count += 1;
            count < 2
        })
        .unwrap();
    assert_eq!(count, keys.len().min(2));
}

fn check_norms(segment: &SealedSegment, slot: FieldSlot, layout: &Layout, model: &Model) {
    let kept = matches!(layout, Layout::Text { norms: true, .. } | Layout::Exact { norms: true, .. });
    let norms = segment.norms(slot).unwrap();
    let Some(lengths) = model.lengths.get(&slot).filter(|_| kept) else {
        return assert!(norms.is_none(), "{slot:?}");
    };
    let norms = norms.unwrap();
    let codes: &[u8] = (*norms).as_ref();
    assert_eq!(codes.len(), segment.doc_count() as usize);
    for (doc, &code) in codes.iter().enumerate() {
        let length = lengths.get(&(doc as u32)).copied().unwrap_or(0);
        assert!(length_of(code) <= length && (code == 255 || length < length_of(code + 1)), "{slot:?} {doc}");
    }
}

fn check_numbers(segment: &SealedSegment, slot: FieldSlot, model: &Model) {
    let Some(expected) = model.numbers.get(&slot) else {
        return assert!(segment.numbers(slot).unwrap().is_none(), "{slot:?}");
    };
    let column = segment.numbers(slot).unwrap().unwrap();
    let all = || expected.values().flatten().copied();
    let (least, most) = (all().min().unwrap(), all().max().unwrap());
    assert_eq!(column.min_max(), Some((least, most)));
    assert_eq!(column.is_single(), expected.values().all(|values| values.len() == 1));
    let docs: Vec<u32> = (0..segment.doc_count()).collect();
    for &doc in &docs {
        let values = expected.get(&doc).cloned().unwrap_or_default();
        let mut read = Vec::new();
        column.values(doc, &mut read);
        assert_eq!((column.first(doc), column.has(doc)), (values.first().copied(), !values.is_empty()));
        assert_eq!(read, values);
    }
    assert_eq!(column.first(segment.doc_count()), None);
    for docs in [docs.clone(), docs.iter().copied().step_by(3).collect(), docs[docs.len() / 2..].to_vec()] {
        let mut firsts = vec![0; docs.len()];
        column.first_batch(&docs, -99, &mut firsts);
        assert!(firsts.iter().copied().eq(docs.iter().map(|doc| expected.get(doc).map_or(-99, |values| values[0]))));
    }
    let middle = all().nth(expected.len() / 2).unwrap();
    for range in
        [least..=most, middle..=middle, i64::MIN..=middle, middle..=i64::MAX, most.saturating_add(1)..=i64::MAX]
    {
        for stretch in [0..segment.doc_count(), segment.doc_count() / 3..segment.doc_count() / 2, 1..u32::MAX] {
            let mut found = vec![77];
            column.docs_in_range(range.clone(), stretch.clone(), &mut found);
            let inside = expected
                .iter()
                .filter(|(doc, values)| stretch.contains(doc) && values.iter().any(|value| range.contains(value)));
            let inside: Vec<u32> = [77].into_iter().chain(inside.map(|(doc, _)| *doc)).collect();
            // Beyond the greatest value, i64::MAX itself may be in the range.
            assert_eq!(found, inside, "{slot:?} {range:?} {stretch:?}");
        }
    }
}

fn check_strings(segment: &SealedSegment, slot: FieldSlot, model: &Model) {
    let Some(expected) = model.strings.get(&slot) else {
        return assert!(segment.strings(slot).unwrap().is_none(), "{slot:?}");
    };
    let column = segment.strings(slot).unwrap().unwrap();
    let values: Vec<&Vec<u8>> = expected.values().flatten().collect::<BTreeSet<_>>().into_iter().collect();
    assert_eq!(column.ord_count(), values.len() as u64);
    assert_eq!(column.is_single(), expected.values().all(|values| values.len() == 1));
    let mut value = Vec::new();
    for (ord, expected) in values.iter().enumerate() {
        column.value(ord as u64, &mut value).unwrap();
        assert_eq!(&value, *expected);
        assert_eq!(column.find(expected).unwrap(), Ok(ord as u64));
        let next = [expected.as_slice(), b"\0"].concat();
        assert_eq!(
            column.find(&next).unwrap(),
            values.binary_search(&&next).map(|at| at as u64).map_err(|at| at as u64)
        );
    }
    assert!(column.value(values.len() as u64, &mut value).is_err());
    assert_eq!(column.find(&[0xff; 9]).unwrap(), Err(values.len() as u64));
    for doc in 0..segment.doc_count() {
        let of_doc: Vec<u64> = expected
            .get(&doc)
            .into_iter()
            .flatten()
            .map(|value| values.binary_search(&value).unwrap() as u64)
            .collect();
        let mut ords = Vec::new();
        column.ords(doc, &mut ords);
        assert_eq!((column.first(doc), column.has(doc)), (of_doc.first().copied(), !of_doc.is_empty()));
        let mut first = [0];
        column.first_batch(&[doc], &mut first);
        assert_eq!((first[0], &ords), (of_doc.first().copied().unwrap_or(u64::MAX), &of_doc));
    }
    let half = values.len() as u64 / 2;
    let mut found = Vec::new();
    column.docs_in_range(0..=half, 0..segment.doc_count(), &mut found);
    let inside = expected.iter().filter(|(_, of_doc)| of_doc.iter().any(|value| *value <= *values[half as usize]));
    assert!(found.iter().eq(inside.map(|(doc, _)| doc)));
}

fn any_document() -> impl Strategy<Value = SequencedDocument> {
    let word = prop::sample::select(vec!["a", "b", "brave", "new", "world", "z", "Ähre", "the", "brave", "a"]);
    let text = prop::collection::vec(word, 0..12).prop_map(|words| words.join(" "));
    let slot = |slots: &[FieldSlot]| prop::sample::select(slots.to_vec());
    let texts = prop::collection::vec((slot(&[TEXT, TEXT, TEXT_FREQS, TEXT_NO_NORMS, TEXT_DOCS, GRAMS]), text), 0..5);
    let keywords = slot(&[KEYWORD, KEYWORD_COLUMN, KEYWORD_TERMS, KEYWORD_NORMS, LATE, meta::FIELD_NAMES]);
    let exact = prop::collection::vec((keywords, "[a-c]{0,2}|\\PC{0,3}"), 0..8);
    let code = prop_oneof![-3i64..4, Just(i64::MIN), Just(i64::MAX), any::<i64>()];
    let numbers = prop::collection::vec((slot(&[NUMBER, NUMBER_COLUMN]), code), 0..5);
    (0u64..1_000_000, "|\\{\\}|\\{\"a\":\"[a-z]{0,40}\"\\}", texts, exact, numbers)
        .prop_map(|(seq_no, source, texts, exact, numbers)| document(seq_no, &source, texts, exact, numbers))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn what_is_sealed_reads_back(documents in prop::collection::vec(any_document(), 1..30)) {
        let directory = tempfile::tempdir().unwrap();
        check(&seal_in(directory.path(), "s", &documents), &documents);
        check(&SealedSegment::open(&directory.path().join("s")).unwrap(), &documents);
    }

    #[test]
    fn what_is_merged_is_what_is_sealed_of_the_documents_that_are_left(
        batches in prop::collection::vec(prop::collection::vec((any_document(), prop::bool::weighted(0.7)), 1..12), 1..5),
        all in prop::bool::weighted(0.2),
    ) {
        let directory = tempfile::tempdir().unwrap();
        let mut left = Vec::new();
        let mut inputs = Vec::new();
        for (at, batch) in batches.iter().enumerate() {
            let documents: Vec<_> = batch.iter().map(|(document, _)| document.clone()).collect();
            let segment = Arc::new(seal_in(directory.path(), &format!("s{at}"), &documents));
            let mut alive = AliveDocs::all(documents.len() as u32);
            for (doc, (document, keep)) in batch.iter().enumerate() {
                if all || *keep { left.push(document.clone()) } else { assert!(alive.remove(doc as u32)) }
            }
            inputs.push((segment, alive));
        }
        let inputs: Vec<_> = inputs.iter().map(|(segment, alive)| (segment.clone(), (alive.len() < alive.max()).then_some(alive))).collect();
        let merged = merge(&inputs, &directory.path().join("m"), &mut |_| true).unwrap();
        check(&merged, &left);
    }
}

/// Many documents: full blocks, high frequencies, long lengths, dense and sparse columns.
fn many(count: u64, from: u64) -> Vec<SequencedDocument> {
    let random =
        |n: u64| n.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 33;
    let make = |n: u64| {
        let mut words = vec!["every".to_owned()];
        words.extend((0..random(n) % 40).map(|k| format!("w{}", random(n * 40 + k) % 1000 * (random(n + k) % 3))));
        if n.is_multiple_of(13) {
            words.extend((0..300 + n % 7).map(|_| "often".to_owned()));
        }
        let text = words.join(" ");
        let mut exact = vec![(KEYWORD, format!("k{}", n % 50)), (KEYWORD_COLUMN, format!("c{}", random(n) % 3000))];
        let mut numbers = vec![(NUMBER, (n * 1000) as i64)];
        if n.is_multiple_of(5) {
            exact.push((KEYWORD, "fifth".into()));
            numbers.push((NUMBER_COLUMN, random(n) as i64 - 5));
        }
        let source = format!("{{\"n\":{n},\"text\":\"{text}\"}}");
        document(n, &source, vec![(TEXT, text.clone()), (TEXT_FREQS, text), (TEXT, "every end".into())], exact, numbers)
    };
    (from..from + count).map(make).collect()
}

#[test]
fn many_documents_read_back_and_merge() {
    let directory = tempfile::tempdir().unwrap();
    let (first, second) = (many(2000, 0), many(700, 5000));
    let segments = [seal_in(directory.path(), "1", &first), seal_in(directory.path(), "2", &second)].map(Arc::new);
    check(&segments[0], &first);
    let mut alive = AliveDocs::all(2000);
    (0..2000).filter(|doc| doc % 3 == 0).for_each(|doc| assert!(alive.remove(doc)));
    let left: Vec<_> = first
        .iter()
        .enumerate()
        .filter(|(doc, _)| doc % 3 != 0)
        .map(|(_, d)| d.clone())
        .chain(second.clone())
        .collect();
    let inputs = [(segments[0].clone(), Some(&alive)), (segments[1].clone(), None)];
    let mut written = 0;
    let merged = merge(&inputs, &directory.path().join("m"), &mut |bytes| {
        written += bytes;
        true
    })
    .unwrap();
    check(&merged, &left);
    assert!(written > 256 << 10 && written <= merged.size().disk_bytes);
    let again = merge(&[(Arc::new(merged), None)], &directory.path().join("n"), &mut |_| true).unwrap();
    check(&again, &left);
    let stopped = merge(&inputs, &directory.path().join("o"), &mut |_| false);
    assert!(matches!(stopped, Err(ShardError::Cancelled)));
}

#[test]
fn lengths_do_not_count_tokens_at_the_position_of_another() {
    let directory = tempfile::tempdir().unwrap();
    let texts =
        ["new", "the new world", "", "the"].map(|text| document(1, "{}", vec![(GRAMS, text.into())], vec![], vec![]));
    let segment = seal_in(directory.path(), "s", &texts);
    check(&segment, &texts);
    let norms = segment.norms(GRAMS).unwrap().unwrap();
    assert_eq!((*norms).as_ref(), [1, 2, 0, 0]);
    assert_eq!(segment.field_statistics(GRAMS).unwrap(), FieldStatistics { doc_count: 2, total_term_freq: 9 });
}

#[test]
fn values_of_a_field_may_stand_apart() {
    let directory = tempfile::tempdir().unwrap();
    let together = document(1, "{}", vec![], vec![], vec![]);
    let mut apart = (*together.document).clone();
    let texts = [(TEXT, ""), (TEXT, "a b"), (TEXT_FREQS, "c"), (TEXT, "b d"), (GRAMS, "e"), (TEXT, "a")];
    apart.texts = texts.map(|(slot, text)| (slot, text.into())).to_vec();
    let documents = [SequencedDocument { document: Arc::new(apart), ..together.clone() }, together];
    check(&seal_in(directory.path(), "s", &documents), &documents);
}

#[test]
fn nothing_left_is_a_segment_without_documents() {
    let directory = tempfile::tempdir().unwrap();
    let segment = Arc::new(seal_in(directory.path(), "s", &many(3, 0)));
    let none = AliveDocs::from_words(vec![], 3);
    check(&merge(&[(segment, Some(&none))], &directory.path().join("m"), &mut |_| true).unwrap(), &[]);
    check(&seal_in(directory.path(), "e", &[]), &[]);
}

#[test]
fn a_value_in_a_slot_of_another_layout_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let documents = [
        document(1, "{}", vec![(NUMBER, "x".into())], vec![], vec![]),
        document(1, "{}", vec![], vec![(FieldSlot(999), "x".into())], vec![]),
    ];
    for (document, name) in documents.into_iter().zip(["a", "b"]) {
        let sealed = seal(&directory.path().join(name), &table(), &mut [document].into_iter());
        assert!(matches!(sealed, Err(ShardError::Field { .. })));
    }
    assert!(matches!(seal(directory.path(), &table(), &mut [].into_iter()), Err(ShardError::Io { .. })));
}

#[test]
fn broken_files_are_errors() {
    let directory = tempfile::tempdir().unwrap();
    let segment = seal_in(directory.path(), "s", &many(400, 0));
    let names: Vec<_> = fs::read_dir(segment.directory()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(names.len(), 6);
    for path in names {
        let bytes = fs::read(&path).unwrap();
        let broken = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            let opened = SealedSegment::open(&directory.path().join("s"));
            opened.and_then(|segment| segment.verify()).unwrap_err()
        };
        assert!(matches!(broken(&bytes[..bytes.len() - 1]), ShardError::Corrupt { .. }), "{path:?}");
        assert!(matches!(broken(&[]), ShardError::Corrupt { .. }));
        for at in [0, bytes.len() / 2, bytes.len() - 30, bytes.len() - 1] {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x55;
            assert!(
                matches!(broken(&flipped), ShardError::Corrupt { .. } | ShardError::Format { .. }),
                "{path:?} {at}"
            );
        }
        fs::remove_file(&path).unwrap();
        assert!(matches!(SealedSegment::open(&directory.path().join("s")), Err(ShardError::Io { .. })));
        fs::write(&path, &bytes).unwrap();
    }
    check(&SealedSegment::open(&directory.path().join("s")).unwrap(), &many(400, 0));
}
