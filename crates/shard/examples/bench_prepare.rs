//! How long one document of 20 fields takes from bytes to a block, and blocks to merge.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use analysis::Registry;
use model::mapping::Mapping;
use serde_json::json;
use shard::fields::FieldTable;
use shard::layout;
use shard::prepare::{Prepared, Preparer, Settings};
use shard::prepared::{PreparedDocument, SequencedDocument};
use shard::segment::Segment;
use shard::segment::memory::MemoryBlock;

const ROUNDS: u64 = 20_000;

fn source(n: u64) -> Arc<[u8]> {
    let words = ["hello", "brave", "new", "world", "of", "words", "and", "numbers"];
    let mut fields = serde_json::Map::new();
    for field in 0..6u64 {
        let text: Vec<&str> = (0..6).map(|w| words[((n * 7 + field * 3 + w) % 8) as usize]).collect();
        fields.insert(format!("t{field}"), format!("{} x{n}", text.join(" ")).into());
        fields.insert(format!("n{field}"), (n + field).into());
    }
    for field in 0..5u64 {
        fields.insert(format!("k{field}"), format!("tag-{}", (n + field) % 50).into());
    }
    fields.insert("d0".into(), "2024-05-06T07:08:09Z".into());
    fields.insert("b0".into(), n.is_multiple_of(2).into());
    fields.insert("f0".into(), (n as f64 * 0.37).into());
    serde_json::to_vec(&fields).expect("JSON").into()
}

fn mapping() -> Mapping {
    let mut properties = serde_json::Map::new();
    for field in 0..6 {
        properties.insert(format!("t{field}"), json!({"type": "text"}));
        properties.insert(format!("n{field}"), json!({"type": "long"}));
        properties.insert(format!("k{field}"), json!({"type": "keyword"}));
    }
    for (name, kind) in [("d0", "date"), ("b0", "boolean"), ("f0", "double")] {
        properties.insert(name.into(), json!({"type": kind}));
    }
    Mapping::parse(&json!({"properties": properties})).expect("a mapping")
}

fn timed<T>(what: &str, per: u64, run: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = run();
    println!("{what}: {:.2} us", start.elapsed().as_secs_f64() * 1e6 / per as f64);
    result
}

fn prepared(preparer: &Preparer, n: u64, source: &Arc<[u8]>) -> Arc<PreparedDocument> {
    match preparer.prepare(&n.to_string().into(), None, source) {
        Ok(Prepared::Ready(document)) => Arc::new(document),
        other => panic!("{other:?}"),
    }
}

fn main() {
    let (mapping, registry) = (Arc::new(mapping()), Registry::builtin());
    let mut table: FieldTable = layout::base_table();
    layout::append_fields(&mut table, &mapping, &registry).expect("known analyzers");
    let table = Arc::new(table);
    let preparer = Preparer::new(mapping, table.clone(), registry, Settings::default()).expect("whole");
    let sources: Vec<_> = (0..ROUNDS).map(source).collect();
    println!("{} bytes a document", sources[0].len());
    let tree = |source: &Arc<[u8]>| serde_json::from_slice::<serde_json::Value>(source).expect("JSON");
    timed("serde_json tree", ROUNDS, || sources.iter().for_each(|source| drop(black_box(tree(source)))));
    let documents: Vec<_> =
        timed("prepare", ROUNDS, || (0..).zip(&sources).map(|(n, source)| prepared(&preparer, n, source)).collect());
    let sequence = |(n, document): (u64, &Arc<PreparedDocument>)| SequencedDocument {
        document: document.clone(),
        seq_no: n,
        primary_term: 1,
        version: 1,
    };
    let documents: Vec<_> = (0..).zip(&documents).map(sequence).collect();
    let blocks: Vec<_> = timed("build a block of one", ROUNDS, || {
        documents.iter().map(|document| Arc::new(MemoryBlock::build(&table, vec![document.clone()]))).collect()
    });
    println!("{} bytes a block", blocks[0].size().memory_bytes);
    timed("build a block of 1024, a document", ROUNDS / 1024 * 1024, || {
        documents.chunks_exact(1024).for_each(|some| drop(black_box(MemoryBlock::build(&table, some.to_vec()))));
    });
    let mut level = blocks;
    for size in [8, 64, 512, 4096] {
        level = timed(&format!("merge to {size}, a document"), ROUNDS / size * size, || {
            let merge = |some: &[Arc<MemoryBlock>]| {
                let inputs: Vec<_> = some.iter().map(|block| (block.clone(), None)).collect();
                Arc::new(MemoryBlock::merge(&inputs))
            };
            level.chunks_exact(8).map(merge).collect()
        });
    }
    println!("{} bytes a block of 4096", level[0].size().memory_bytes);
}
