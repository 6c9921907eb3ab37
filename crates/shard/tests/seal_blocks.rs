//! Memory blocks are sealed to the same bytes as the documents that they keep.

// Helpers of tests are tests too.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use analysis::Registry;
use model::mapping::Mapping;
use proptest::prelude::*;
use serde_json::{Value, json};
use shard::fields::FieldTable;
use shard::layout;
use shard::prepare::{Prepared, Preparer, Settings};
use shard::prepared::SequencedDocument;
use shard::seal::{seal, seal_blocks};
use shard::segment::memory::MemoryBlock;
use shard::segment::{AliveDocs, Segment};

/// Every layout that a mapping can ask for, once at the top and some inside of nested objects.
fn properties() -> Value {
    let vector = json!({"type": "knn_vector", "dimension": 2, "method": {"name": "hnsw", "engine": "lucene", "space_type": "l2"}});
    let deep = json!({"type": "nested", "properties": {"text": {"type": "text"}, "n": {"type": "long"}}});
    let inside = json!({"text": {"type": "text"}, "word": {"type": "keyword"}, "v": vector, "deep": deep});
    json!({
        "text": {"type": "text", "copy_to": "all"},
        "all": {"type": "text", "analyzer": "english"},
        "early": vector,
        "freqs": {"type": "text", "index_options": "freqs", "copy_to": "all"},
        "docs": {"type": "text", "index_options": "docs"},
        "bare": {"type": "text", "norms": false},
        "grams": {"type": "text", "analyzer": "grams", "position_increment_gap": 3},
        "word": {"type": "keyword"},
        "word_terms": {"type": "keyword", "doc_values": false},
        "word_column": {"type": "keyword", "index": false},
        "word_norms": {"type": "keyword", "norms": true},
        "n": {"type": "long"},
        "n_terms": {"type": "long", "doc_values": false},
        "n_column": {"type": "double", "index": false},
        "flag": {"type": "boolean"},
        "in": {"type": "nested", "properties": inside},
        "v": vector,
    })
}

fn preparer() -> Preparer {
    let mapping = Arc::new(Mapping::parse(&json!({ "properties": properties() })).unwrap());
    let registry = Registry::from_settings(&json!({
        "filter": {"grams": {"type": "edge_ngram", "min_gram": 1, "max_gram": 3}},
        "analyzer": {"grams": {"tokenizer": "standard", "filter": ["lowercase", "stop", "grams"]}}
    }));
    let registry = registry.unwrap();
    let mut fields = layout::base_table();
    layout::append_fields(&mut fields, &mapping, &registry).unwrap();
    Preparer::new(mapping, Arc::new(fields), registry, Settings::default()).unwrap()
}

fn sequenced(preparer: &Preparer, seq_no: u64, source: &Value) -> SequencedDocument {
    let (id, routing): (Arc<str>, Arc<str>) = (format!("id-{seq_no}").into(), format!("r{}", seq_no % 3).into());
    let routing = Some(routing).filter(|_| seq_no.is_multiple_of(2));
    match preparer.prepare(&id, routing.as_ref(), &source.to_string().into_bytes().into()).unwrap() {
        Prepared::Ready(document) => SequencedDocument {
            document: Arc::new(document),
            seq_no,
            primary_term: 1 + seq_no / 9,
            version: seq_no % 4,
        },
        Prepared::NewFields(_) => panic!("every field is mapped"),
    }
}

/// Values of the fields that are chosen: several, none, or one.
fn any_source(depth: u32) -> BoxedStrategy<Value> {
    let word = prop::sample::select(vec![
        "a",
        "b",
        "brave",
        "running",
        "the",
        "Ähre",
        "longer-than-eight",
        "longer-than-nine",
        "aa",
        "",
    ]);
    let text = prop::collection::vec(word.clone(), 0..9).prop_map(|words| json!(words.join(" ")));
    let texts = prop_oneof![3 => text.clone(), 1 => prop::collection::vec(text, 0..3).prop_map(Value::Array)];
    let words = prop::collection::vec(word.prop_map(Value::from), 0..4).prop_map(Value::Array);
    let numbers = prop::collection::vec(prop_oneof![-2i64..3, any::<i32>().prop_map(i64::from)], 0..4)
        .prop_map(|numbers| json!(numbers));
    let vector = prop::collection::vec(-2i32..3, 2).prop_map(|vector| json!(vector));
    let of = |names: &'static [&'static str], values: BoxedStrategy<Value>| (prop::sample::select(names), values);
    let field = prop_oneof![
        5 => of(&["text", "freqs", "docs", "bare", "grams"], texts.boxed()),
        4 => of(&["word", "word_terms", "word_column", "word_norms"], words.boxed()),
        4 => of(&["n", "n_terms", "n_column"], numbers.boxed()),
        1 => of(&["flag"], any::<bool>().prop_map(Value::Bool).boxed()),
        2 => of(&["v", "early"], vector.clone().boxed()),
    ];
    let fields = prop::collection::vec(field, 0..8);
    if depth == 0 {
        return fields.prop_map(object).boxed();
    }
    let inner = prop_oneof![
        2 => of(&["text"], any_text().boxed()),
        1 => of(&["word"], any_text().boxed()),
        1 => of(&["v"], vector.boxed()),
        1 => of(&["deep"], prop::collection::vec((any_text(), 0i64..3).prop_map(|(text, n)| json!({"text": text, "n": n})), 0..3).prop_map(Value::Array).boxed()),
    ];
    let inside = prop::collection::vec(prop::collection::vec(inner, 0..4).prop_map(object), 0..3);
    (fields, inside)
        .prop_map(|(mut fields, inside)| {
            if !inside.is_empty() {
                fields.push(("in", Value::Array(inside)));
            }
            object(fields)
        })
        .boxed()
}

fn any_text() -> impl Strategy<Value = Value> {
    prop::sample::select(vec!["", "a", "b a", "brave new"]).prop_map(Value::from)
}

fn object(fields: Vec<(&'static str, Value)>) -> Value {
    Value::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// The bytes of all files, by name.
fn files(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(path).unwrap()))
        .collect()
}

/// Which numbers of a block are kept: whole documents. `None`: all.
fn alive(block: &MemoryBlock, keep: impl Fn(u64) -> bool) -> Option<AliveDocs> {
    let mut alive = AliveDocs::all(block.doc_count());
    for (root, document) in block.numbered() {
        if !keep(document.seq_no) {
            (root - document.document.inner.len() as u32..=root).for_each(|doc| assert!(alive.remove(doc)));
        }
    }
    (alive.len() < alive.max()).then_some(alive)
}

#[track_caller]
fn check(fields: &FieldTable, documents: &[SequencedDocument], cut: usize, keep: impl Fn(u64) -> bool + Copy) {
    let directory = tempfile::tempdir().unwrap();
    let mut blocks: Vec<Arc<MemoryBlock>> =
        documents.chunks(cut).map(|some| Arc::new(MemoryBlock::build(fields, some.to_vec()))).collect();
    // The first ones are a block of blocks.
    if blocks.len() > 3 {
        let first: Vec<_> = blocks.drain(..2).map(|block| (block, None)).collect();
        blocks.insert(0, Arc::new(MemoryBlock::merge(&first)));
    }
    let alive: Vec<_> = blocks.iter().map(|block| alive(block, keep)).collect();
    let inputs: Vec<_> = blocks.into_iter().zip(alive.iter().map(Option::as_ref)).collect();
    let (from_blocks, from_documents) = (directory.path().join("blocks"), directory.path().join("documents"));
    let segment = seal_blocks(&from_blocks, fields, &inputs).unwrap();
    let mut kept = documents.iter().filter(|document| keep(document.seq_no)).cloned();
    let expected = seal(&from_documents, fields, &mut kept).unwrap();
    assert_eq!(segment.doc_count(), expected.doc_count());
    let (found, expected) = (files(&from_blocks), files(&from_documents));
    assert!(found.keys().eq(expected.keys()), "{:?} {:?}", found.keys(), expected.keys());
    for (name, bytes) in &found {
        assert!(*bytes == expected[name], "{name} differs:\n{}\n{}", told(&found), told(&expected));
    }
    segment.verify().unwrap();
}

fn told(files: &BTreeMap<String, Vec<u8>>) -> String {
    String::from_utf8_lossy(&files["segment.json"]).into_owned()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn blocks_are_sealed_as_their_documents_are(
        sources in prop::collection::vec(any_source(1), 1..24),
        cut in 1usize..7,
        dead in any::<u32>(),
        all in prop::bool::weighted(0.3),
    ) {
        let preparer = preparer();
        let documents: Vec<_> = (0..).zip(&sources).map(|(n, source)| sequenced(&preparer, n, source)).collect();
        check(preparer.fields(), &documents, cut, |seq_no| all || dead >> (seq_no % 32) & 1 == 0);
    }
}

#[test]
fn many_documents_fill_blocks_of_postings() {
    let preparer = preparer();
    let source = |n: u64| {
        json!({"text": format!("every w{} w{}", n % 5, n % 300), "word": format!("k{}", n % 40), "n": n * 7, "v": [n % 9, 1], "early": [1, n % 3],
            "docs": format!("every every w{}", n % 2), "grams": "brave the new", "in": (0..n % 3).map(|i| json!({"text": "inside", "v": [i, n % 4]})).collect::<Vec<_>>()})
    };
    let documents: Vec<_> = (0..1500).map(|n| sequenced(&preparer, n, &source(n))).collect();
    check(preparer.fields(), &documents, 400, |_| true);
    check(preparer.fields(), &documents, 130, |n| n % 3 != 1);
    check(preparer.fields(), &documents, 1500, |_| true);
    check(preparer.fields(), &documents[..3], 1, |_| false);
}
