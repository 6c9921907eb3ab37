//! Stored queries of every shape, found by what they need, against each of them run on each document.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use analysis::Registry;
use model::error::Error;
use model::id::{IndexRef, IndexUuid};
use model::mapping::Mapping;
use model::query::compound::Boolean;
use model::query::percolate::{Documents, Percolate};
use model::query::term_level::Term;
use model::query::{Kind, Query};
use proptest::prelude::*;
use search::bind::BindSettings;
use search::bound::BoundKind;
use serde_json::{Value, json};

use super::*;
use crate::execute::{self, CountQuery};
use crate::prepare::{Prepared, Preparer, Settings};
use crate::prepared::SequencedDocument;
use crate::reader::SegmentView;
use crate::seal;
use crate::segment::memory::MemoryBlock;

/// `{"is": [field, value]}`, `{"all": [..]}`, `{"any": [..]}`, `{"not": ..}`, `{"percolate": document}`, `{}` for everything.
fn read(text: &[u8]) -> Result<Query, Error> {
    let json = serde_json::from_slice(text).map_err(|e| Error::illegal_argument(e.to_string()))?;
    Ok(query_of(&json))
}

fn query_of(json: &Value) -> Query {
    let all = |list: &Value| list.as_array().into_iter().flatten().map(query_of).collect::<Vec<Query>>();
    let none = Boolean {
        must: Vec::new(),
        should: Vec::new(),
        filter: Vec::new(),
        must_not: Vec::new(),
        minimum_should_match: None,
        adjust_pure_negative: None,
    };
    let kind = match json.as_object().and_then(|object| object.iter().next()) {
        None => Kind::MatchAll,
        Some((key, value)) => match key.as_str() {
            "is" => Kind::Term(Term {
                field: value[0].as_str().unwrap_or_default().to_owned(),
                value: value[1].clone(),
                case_insensitive: false,
            }),
            "all" => Kind::Bool(Boolean { must: all(value), ..none }),
            "any" => Kind::Bool(Boolean { should: all(value), ..none }),
            "percolate" => Kind::Percolate(Box::new(Percolate {
                field: "q".to_owned(),
                name: None,
                documents: Documents::Given(vec![value.clone()]),
            })),
            _ => Kind::Bool(Boolean { must_not: vec![query_of(value)], ..none }),
        },
    };
    Query::new(kind)
}

fn context() -> Arc<BindContext> {
    let mapping = Mapping::parse(&json!({"properties": {
        "q": {"type": "percolator"}, "t": {"type": "text"}, "k": {"type": "keyword"}, "n": {"type": "integer"},
        "d": {"type": "double"}, "c": {"type": "keyword", "index": false}, "o": {"type": "nested", "properties": {"k": {"type": "keyword"}}}
    }}));
    Arc::new(BindContext {
        index: IndexRef { name: "queries".into(), uuid: IndexUuid("uuid".into()) },
        mapping: Arc::new(mapping.expect("a mapping")),
        analysis: Arc::new(Registry::builtin()),
        now_ms: 0,
        settings: BindSettings::default(),
        read_query: read,
    })
}

struct Stores {
    context: Arc<BindContext>,
    fields: Arc<FieldTable>,
    documents: Vec<SequencedDocument>,
}

fn stores(queries: &[Value]) -> Stores {
    let context = context();
    let mut fields = layout::base_table();
    layout::append_fields(&mut fields, &context.mapping, &context.analysis).expect("layouts");
    let fields = Arc::new(fields);
    let registry = (*context.analysis).clone();
    let preparer = Preparer::new(context.mapping.clone(), fields.clone(), registry, Settings::default());
    let preparer = preparer.expect("a preparer").with_queries(context.clone());
    let prepare = |(at, query): (usize, &Value)| {
        let source: Arc<[u8]> = json!({"q": query}).to_string().into_bytes().into();
        match preparer.prepare(&Arc::from(at.to_string()), None, &source).expect("a query") {
            Prepared::Ready(document) => {
                SequencedDocument { document: Arc::new(document), seq_no: at as u64, primary_term: 1, version: 1 }
            }
            Prepared::NewFields(_) => panic!("every field is mapped"),
        }
    };
    let documents = queries.iter().enumerate().map(prepare).collect();
    Stores { context, fields, documents }
}

fn reader(fields: &Arc<FieldTable>, segment: Arc<dyn Segment>) -> Reader {
    let segments = [SegmentView { segment, alive: None }].into();
    Reader::of(segments, fields.clone())
}

fn asked(context: &Arc<BindContext>, documents: &[Value]) -> BoundPercolate {
    let bytes = |document: &Value| document.to_string().into_bytes().into();
    BoundPercolate {
        field: "q".into(),
        name: "q".into(),
        documents: documents.iter().map(bytes).collect(),
        context: context.clone(),
    }
}

/// Those that candidates find, and those that running every query finds.
fn found(reader: &Reader, asked: &BoundPercolate) -> (Vec<u32>, Vec<u32>) {
    let percolation = Percolation::new(asked, reader).expect("documents");
    let segment = &*reader.segments[0].segment;
    let Some(queries) = percolation.queries(segment, &reader.fields).expect("reads") else {
        return (Vec::new(), Vec::new());
    };
    let candidates = percolation.candidates(segment, &reader.fields).expect("reads");
    let every = 0..segment.doc_count();
    let all: Vec<u32> = every.filter(|&doc| percolation.best(&*queries, doc, false).expect("runs").is_some()).collect();
    let chosen = all.iter().copied().filter(|&doc| bits::contains(&candidates, doc)).collect();
    (chosen, all)
}

fn query() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec!["a", "b", "c", "d"]);
    let field = prop::sample::select(vec!["t", "k", "c", "o.k"]);
    let leaf = prop_oneof![
        4 => (field, word).prop_map(|(field, word)| json!({"is": [field, word]})),
        2 => (0..4).prop_map(|number| json!({"is": ["n", number]})),
        1 => (0..4).prop_map(|number| json!({"is": ["d", number]})),
        1 => Just(json!({})),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let some = prop::collection::vec(inner.clone(), 0..3);
        prop_oneof![
            some.clone().prop_map(|all| json!({"all": all})),
            some.prop_map(|any| json!({"any": any})),
            inner.prop_map(|not| json!({"not": not})),
        ]
    })
}

fn document() -> impl Strategy<Value = Value> {
    let words = || prop::collection::vec(prop::sample::select(vec!["a", "b", "c", "d"]), 0..3);
    (words(), words(), words(), words(), 0..4, 0..4).prop_map(|(t, k, c, o, n, d)| {
        let inner: Vec<Value> = o.iter().map(|word| json!({"k": word})).collect();
        json!({"t": t.join(" "), "k": k, "c": c, "n": n, "d": d, "o": inner, "new": "field"})
    })
}

proptest! {
    #[test]
    fn skipping_loses_no_query(
        queries in prop::collection::vec(query(), 1..12),
        documents in prop::collection::vec(document(), 1..3),
    ) {
        let stores = stores(&queries);
        let block = MemoryBlock::build(&stores.fields, stores.documents.clone());
        let (chosen, all) = found(&reader(&stores.fields, Arc::new(block)), &asked(&stores.context, &documents));
        prop_assert_eq!(chosen, all);
    }
}

#[test]
fn sealed_queries_are_found_as_those_in_memory_are() {
    let long = "a".repeat(100_000);
    let queries =
        [json!({"is": ["k", "a"]}), json!({"is": ["t", long]}), json!({"not": {"is": ["k", "a"]}}), json!({})];
    let stores = stores(&queries);
    let folder = tempfile::tempdir().expect("a folder");
    let sealed = seal::seal(&folder.path().join("s"), &stores.fields, &mut stores.documents.iter().cloned());
    let block = MemoryBlock::build(&stores.fields, stores.documents.clone());
    let asked = asked(&stores.context, &[json!({"k": "a"})]);
    let segments: [Arc<dyn Segment>; 2] = [Arc::new(sealed.expect("sealed")), Arc::new(block)];
    for segment in segments {
        assert_eq!(found(&reader(&stores.fields, segment), &asked), (vec![0, 3], vec![0, 3]));
    }
}

#[test]
fn only_what_shares_a_term_is_looked_at() {
    let queries =
        [json!({"is": ["k", "a"]}), json!({"all": [{"is": ["k", "b"]}, {"is": ["n", 7]}]}), json!({"not": {}})];
    let stores = stores(&queries);
    let block = MemoryBlock::build(&stores.fields, stores.documents.clone());
    let reader = reader(&stores.fields, Arc::new(block));
    let check = |document: Value, expected: &[u32]| {
        let percolation = Percolation::new(&asked(&stores.context, &[document]), &reader).expect("a document");
        let found = percolation.candidates(&*reader.segments[0].segment, &reader.fields).expect("reads");
        let found: Vec<u32> = (0..3).filter(|&doc| bits::contains(&found, doc)).collect();
        assert_eq!(found, expected);
    };
    // Of what is only forbidden nothing is known.
    check(json!({"k": "a"}), &[0, 2]);
    check(json!({"k": ["a", "b"]}), &[0, 2]);
    // Of what has to be there the longest term is sought.
    check(json!({"n": 7}), &[1, 2]);
    check(json!({"t": "a"}), &[2]);
}

#[test]
fn a_query_is_bound_once_for_a_mapping() {
    let (stored, one, other) = (StoredQueries::default(), context(), context());
    let bound = |text: &str, context| stored.bound(text.as_bytes(), context).expect("a query");
    let (text, timely) = (r#"{"is": ["k", "a"]}"#, r#"{"is": ["k", "now"]}"#);
    let first = bound(text, &one);
    assert!(Arc::ptr_eq(&first, &bound(text, &one)));
    assert!(!Arc::ptr_eq(&first, &bound(text, &other)));
    assert!(!Arc::ptr_eq(&bound(timely, &one), &bound(timely, &one)));
}

/// Lets so many queries be run.
#[derive(Clone)]
struct Few(Arc<AtomicU32>, Verdict);

impl Patience for Few {
    fn verdict(&self) -> Verdict {
        match self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)) {
            Ok(_) => Verdict::GoOn,
            Err(_) => self.1,
        }
    }

    fn shared(&self) -> Option<Arc<dyn Patience + Send>> {
        Some(Arc::new(self.clone()))
    }
}

#[test]
fn queries_that_match_nothing_are_no_longer_run_when_time_is_over() {
    // One seek goes through all of them.
    let queries = vec![json!({"not": {}}); 100];
    let stores = stores(&queries);
    let block = MemoryBlock::build(&stores.fields, stores.documents.clone());
    let reader = reader(&stores.fields, Arc::new(block));
    let query = BoundQuery::new(BoundKind::Percolate(asked(&stores.context, &[json!({"t": "a"})])));
    let count = CountQuery { query: Arc::new(query), statistics: None, min_score: None, terminate_after: None };
    let ask = |verdict| execute::count(&reader, &count, &Few(Arc::new(AtomicU32::new(50)), verdict));
    let found = ask(Verdict::TimedOut).expect("an answer");
    assert_eq!((found.count, found.timed_out), (0, true));
    assert_eq!(ask(Verdict::Cancelled).expect_err("nobody waits").kind, model::error::ErrorKind::TaskCancelled);
    let found = execute::count(&reader, &count, &execute::Endless).expect("an answer");
    assert_eq!((found.count, found.timed_out), (0, false));
}

#[test]
fn documents_that_are_percolated_percolate_nothing() {
    let stores = stores(&[json!({"percolate": {"k": "a"}})]);
    let block = MemoryBlock::build(&stores.fields, stores.documents.clone());
    let reader = reader(&stores.fields, Arc::new(block));
    // The stored query is run on a document with a query, and looks for queries there that match its own.
    let matching = |query: Value| found(&reader, &asked(&stores.context, &[json!({"q": query})]));
    assert_eq!(matching(json!({"is": ["k", "a"]})), (vec![0], vec![0]));
    assert_eq!(matching(json!({"is": ["k", "b"]})), (vec![], vec![]));
    let deeper = asked(&stores.context, &[json!({"q": {"percolate": {"k": "a"}}})]);
    let refusal = Percolation::new(&deeper, &reader).err().map(model::error::Error::from).expect("refused");
    assert_eq!(refusal.kind, ErrorKind::NotImplemented);
}
