//! Objects inside of documents: the same answers wherever they lie, and those that a plain walk over them gives.

use model::query::nested::NestedScore;
use model::search::SortValue;
use search::bound::BoundNested;
use search::shard_query::{BoundNestedSort, NestedLevel};

use search::bound::BoundKind;

use super::corpus::Rng;
use super::*;
use crate::fields::{FieldTable, Layout, meta};
use crate::prepared::{InnerDocument, PreparedDocument, SequencedDocument};
use crate::reader::SegmentView;
use crate::seal;
use crate::segment::memory::MemoryBlock;
use crate::segment::{AliveDocs, Segment};

/// Each document: the numbers of its objects `a`, and those of the objects `a.b` inside of each.
type Document = Vec<(i64, Vec<i64>)>;

/// Documents a segment, and which of the segments are sealed.
type Storage = (usize, fn(usize) -> bool);

fn table() -> FieldTable {
    let mut table = crate::layout::base_table();
    for path in ["a.n", "a.b.n"] {
        table.append(path.into(), Layout::Number { postings: true, column: true });
    }
    table
}

fn documents(rng: &mut Rng) -> Vec<Document> {
    let numbers = |rng: &mut Rng| (0..rng.below(3)).map(|_| rng.below(9) as i64).collect();
    (0..90).map(|_| (0..rng.below(4)).map(|_| (rng.below(9) as i64, numbers(rng))).collect()).collect()
}

fn prepared(table: &FieldTable, at: usize, document: &Document) -> SequencedDocument {
    let id = format!("{at:03}");
    let slot = |path: &str| table.by_path(path).expect("there").slot;
    let inner = |path: &str, n: i64| InnerDocument {
        texts: Vec::new(),
        exact: vec![(meta::ID, id.as_bytes().into()), (meta::NESTED_PATH, path.as_bytes().into())],
        numbers: vec![(slot(&format!("{path}.n")), n)],
        vectors: Vec::new(),
    };
    let inside = document.iter().flat_map(|(n, deeper)| {
        deeper.iter().map(|m| inner("a.b", *m)).chain(std::iter::once(inner("a", *n))).collect::<Vec<_>>()
    });
    let document = PreparedDocument {
        id: id.as_str().into(),
        routing: None,
        source: b"{}".as_slice().into(),
        texts: Vec::new(),
        exact: vec![(meta::ID, id.as_bytes().into())],
        numbers: Vec::new(),
        inner: inside.collect(),
        vectors: Vec::new(),
    };
    SequencedDocument { document: Arc::new(document), seq_no: at as u64, primary_term: 1, version: 1 }
}

/// The documents in segments of so many each, memory blocks and sealed segments in turns; every seventh is deleted.
fn reader(directory: &std::path::Path, documents: &[Document], (each, sealed): Storage) -> Reader {
    let table = table();
    let mut segments = Vec::new();
    let all: Vec<SequencedDocument> = documents.iter().enumerate().map(|(at, d)| prepared(&table, at, d)).collect();
    for (number, part) in all.chunks(each).enumerate() {
        let segment: Arc<dyn Segment> = if sealed(number) {
            let folder = directory.join(format!("{each}-{number}"));
            Arc::new(seal::seal(&folder, &table, &mut part.iter().cloned()).expect("sealed"))
        } else {
            Arc::new(MemoryBlock::build(&table, part.to_vec()))
        };
        let mut alive =
            segment.nested().map_or_else(|| AliveDocs::all(segment.doc_count()), |nested| (**nested.roots()).clone());
        let ids = segment.strings(meta::ID).expect("reads").expect("of every document");
        for doc in 0..segment.doc_count() {
            let mut id = Vec::new();
            ids.value(ids.first(doc).expect("of every document"), &mut id).expect("reads");
            let at: usize = String::from_utf8(id).expect("text").parse().expect("a number");
            if at.is_multiple_of(7) {
                alive.remove(doc);
            }
        }
        segments.push(SegmentView { segment, alive: Some(Arc::new(alive)) });
    }
    Reader::of(segments.into(), Arc::new(table))
}

fn at_least(path: &str, parent: Option<&str>, (score_mode, least): (NestedScore, i64)) -> BoundQuery {
    let query = BoundQuery::new(BoundKind::NumberRange(format!("{path}.n").into(), least, i64::MAX));
    let (path, parent) = (path.into(), parent.map(Arc::from));
    BoundQuery::new(BoundKind::Nested(Box::new(BoundNested { path, parent, query, score_mode })))
}

fn found(reader: &Reader, query: BoundQuery, sort: Vec<BoundSort>) -> (u64, Vec<(String, Vec<SortValue>, f32)>) {
    let request = ShardQuery { sort: sort.into(), track_scores: true, ..request(&query, 1000) };
    let hits = super::ask(reader, &request);
    (hits.total, hits.hits.into_iter().map(|hit| (hit.id.to_string(), hit.sort, hit.score)).collect())
}

#[test]
fn objects_inside_match_wherever_they_lie() {
    let directory = tempfile::tempdir().expect("a folder");
    let documents = documents(&mut Rng(7));
    let alive = || documents.iter().enumerate().filter(|(at, _)| at % 7 != 0);
    let storages: [Storage; 4] = [(1000, |_| false), (1001, |_| true), (13, |part| part % 2 == 0), (1, |_| false)];
    for storage in storages {
        let reader = reader(directory.path(), &documents, storage);
        for least in 0..10 {
            let expected: Vec<String> = alive()
                .filter(|(_, document)| document.iter().any(|(n, _)| *n >= least))
                .map(|(at, _)| format!("{at:03}"))
                .collect();
            let (total, hits) = found(&reader, at_least("a", None, (NestedScore::Sum, least)), Vec::new());
            assert_eq!(total, expected.len() as u64, "{least}");
            let mut ids: Vec<String> = hits.iter().map(|(id, ..)| id.clone()).collect();
            ids.sort();
            assert_eq!(ids, expected);
            for (id, _, score) in hits {
                let document = &documents[id.parse::<usize>().expect("a number")];
                assert_eq!(score, document.iter().filter(|(n, _)| *n >= least).count() as f32, "{id}");
            }
            // In two steps and in one.
            let inner = at_least("a.b", Some("a"), (NestedScore::None, least));
            let steps = BoundNested { path: "a".into(), parent: None, query: inner, score_mode: NestedScore::None };
            let steps = found(&reader, BoundQuery::new(BoundKind::Nested(Box::new(steps))), Vec::new());
            assert_eq!(steps, found(&reader, at_least("a.b", None, (NestedScore::None, least)), Vec::new()));
            let deep = alive().filter(|(_, d)| d.iter().any(|(_, deep)| deep.iter().any(|m| *m >= least)));
            assert_eq!(steps.0, deep.count() as u64);
        }
        assert_eq!(found(&reader, BoundQuery::new(BoundKind::MatchAll), Vec::new()).0, alive().count() as u64);
        sorted_by_what_is_inside(&reader, &documents);
    }
}

/// By the greatest number of the objects `a` that have an `a.b` of at least 4.
fn sorted_by_what_is_inside(reader: &Reader, documents: &[Document]) {
    let least_four = Arc::new(at_least("a.b", Some("a"), (NestedScore::None, 4)));
    let nested = BoundNestedSort {
        parent: None,
        levels: vec![NestedLevel { path: "a".into(), filter: Some(least_four) }],
        max_children: None,
    };
    let by = SortBy::Field {
        field: "a.n".into(),
        values: SortValues::Number(NumberCode::Long),
        missing: Missing::Last,
        mode: SortMode::Max,
        nested: Some(Arc::new(nested)),
    };
    let (_, hits) = found(reader, BoundQuery::new(BoundKind::MatchAll), vec![BoundSort { by, descending: true }]);
    let mut before = i64::MAX;
    for (id, sort, _) in hits {
        let document = &documents[id.parse::<usize>().expect("a number")];
        let kept = document.iter().filter(|(_, deep)| deep.iter().any(|m| *m >= 4)).map(|(n, _)| *n);
        let expected = kept.max().map_or(SortValue::Missing, SortValue::Long);
        assert_eq!(sort, std::slice::from_ref(&expected), "{id}");
        let now = if let SortValue::Long(now) = expected { now } else { i64::MIN };
        assert!(now <= before);
        before = now;
    }
}
