//! Fetching from a memory block: what each option shows of the same three documents.

use std::sync::Arc;

use model::id::{IndexRef, IndexUuid};
use model::search::{
    BoundaryScanner, FastHighlight, FieldSpec, Highlight, HighlightField, HighlightKind, SearchRequest, SourceFilter,
};
use model::target::Target;
use search::bind::BindSettings;
use search::bound::{BoundBool, BoundKind};
use serde_json::json;

use super::*;
use crate::execute::Endless;
use crate::layout::{append_fields, base_table};
use crate::prepare::{Prepared, Preparer, Settings};
use crate::prepared::SequencedDocument;
use crate::reader::SegmentView;
use crate::segment::memory::MemoryBlock;

struct Index {
    context: BindContext,
    reader: Reader,
}

fn index(mapping: Value, documents: &[(&str, Option<&str>, Value)]) -> Index {
    let mapping = Arc::new(Mapping::parse(&mapping).expect("a mapping"));
    let registry = Registry::builtin();
    let mut fields = base_table();
    append_fields(&mut fields, &mapping, &registry).expect("layouts");
    let fields = Arc::new(fields);
    let preparer =
        Preparer::new(mapping.clone(), fields.clone(), registry.clone(), Settings::default()).expect("a preparer");
    let prepare = |(seq_no, (id, routing, source)): (usize, &(&str, Option<&str>, Value))| {
        let source: Source = source.to_string().into_bytes().into();
        let routing: Option<Arc<str>> = routing.map(Arc::from);
        match preparer.prepare(&Arc::from(*id), routing.as_ref(), &source).expect("accepted") {
            Prepared::Ready(document) => {
                SequencedDocument { document: Arc::new(document), seq_no: seq_no as u64, primary_term: 1, version: 7 }
            }
            Prepared::NewFields(_) => panic!("a field is not mapped"),
        }
    };
    let block = MemoryBlock::build(&fields, documents.iter().enumerate().map(prepare).collect());
    let view = SegmentView { segment: Arc::new(block), alive: None };
    let reader = Reader::of(vec![view].into(), fields);
    let context = BindContext {
        index: IndexRef { name: "things".into(), uuid: IndexUuid("uuid".into()) },
        mapping,
        analysis: Arc::new(registry),
        now_ms: 0,
        settings: BindSettings::default(),
        read_query: |_| Ok(model::query::Query::match_all()),
    };
    Index { context, reader }
}

fn things() -> Index {
    let mapping = json!({"properties": {
        "title": {"type": "text", "fields": {"raw": {"type": "keyword"}}}, "when": {"type": "date", "format": "dd.MM.yyyy"},
        "n": {"type": "integer", "ignore_malformed": true}, "kept": {"type": "keyword", "store": true}, "flag": {"type": "boolean"},
        "price": {"type": "scaled_float", "scaling_factor": 100}, "ip": {"type": "ip"}, "ul": {"type": "unsigned_long"},
        "flat": {"type": "flat_object"}
    }});
    index(
        mapping,
        &[
            (
                "1",
                Some("r"),
                json!({"title": "One light", "when": "24.12.2020", "n": "5", "kept": ["k2", "k1"], "flag": "true", "price": 12.345}),
            ),
            (
                "2",
                None,
                json!({"title": ["Two", "lights"], "when": ["02.01.2021", "01.01.2021"], "n": [7, 6, 6], "ip": "2001:DB8::1", "ul": u64::MAX}),
            ),
            ("3", None, json!({"title": "Three", "n": "x", "flat": {"a": {"b": ["z", "y"]}}})),
        ],
    )
}

fn request() -> SearchRequest {
    SearchRequest::new(Target::default())
}

fn fetch(index: &Index, query: BoundQuery, request: &SearchRequest) -> Vec<Fetched> {
    let plan = FetchPlan::new(&index.context, Arc::new(query), request).expect("a plan");
    let addresses = [2, 0, 1].map(|doc| DocAddress { segment: 0, doc });
    let mut hits = plan.fetch(&index.reader, &addresses, &Endless).expect("fetched");
    hits.rotate_left(1);
    hits
}

fn all() -> BoundQuery {
    BoundQuery::new(BoundKind::MatchAll)
}

fn spec(field: &str, format: Option<&str>) -> FieldSpec {
    FieldSpec { field: field.to_owned(), format: format.map(str::to_owned), include_unmapped: false }
}

/// The `fields` of each of the documents.
fn check_fields(request: &SearchRequest, expected: &[Value]) {
    let shown = fetch(&things(), all(), request).into_iter().map(|hit| {
        let fields = hit.fields.into_iter().map(|(name, values)| (name, Value::Array(values)));
        Value::Object(fields.collect())
    });
    assert_eq!(shown.collect::<Vec<_>>(), expected);
}

fn names(hit: &Fetched) -> Vec<&str> {
    hit.matched_queries.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn the_source_is_shown_as_it_came_unless_something_is_taken_out() {
    let index = things();
    let source = |doc: u32| index.reader.segments[0].segment.source(doc).expect("a source");
    let hits = fetch(&index, all(), &request());
    assert!(hits.iter().zip(0..).all(|(hit, doc)| hit.source.as_ref() == Some(&source(doc))));
    assert_eq!((hits[0].routing.as_deref(), &hits[0].ignored[..], hits[0].version), (Some("r"), &[][..], None));
    assert_eq!((hits[2].routing.as_deref(), &hits[2].ignored[..]), (None, &["n".to_owned()][..]));
    let mut some = request();
    some.fetch.source = Some(SourceFilter { enabled: true, includes: vec!["n".to_owned()], excludes: Vec::new() });
    let hit = fetch(&index, all(), &some).remove(0);
    assert_eq!(hit.source.as_deref(), Some(&br#"{"n":"5"}"#[..]));
    some.fetch.source = Some(SourceFilter::nothing());
    assert_eq!(fetch(&index, all(), &some)[0].source, None);
}

#[test]
fn mappings_take_parts_of_sources_away() {
    let mapping = json!({"_source": {"excludes": ["secret"]}, "properties": {"secret": {"type": "keyword", "store": true}, "a": {"type": "long"}}});
    let index = index(mapping, &[("1", None, json!({"secret": "s", "a": 1}))]);
    let mut asked = request();
    asked.fetch.fields = vec![spec("*", None)];
    let plan = FetchPlan::new(&index.context, Arc::new(all()), &asked).expect("a plan");
    let hit = plan.fetch(&index.reader, &[DocAddress { segment: 0, doc: 0 }], &Endless).expect("fetched").remove(0);
    assert_eq!(hit.source.as_deref(), Some(&br#"{"a":1}"#[..]));
    assert_eq!(hit.fields, [("a".to_owned(), vec![json!(1)])]);
}

#[test]
fn stored_fields_replace_the_source() {
    let mut asked = request();
    asked.fetch.stored_fields = Some(vec!["kept".to_owned(), "title".to_owned()]);
    check_fields(&asked, &[json!({"kept": ["k2", "k1"]}), json!({}), json!({})]);
    let hits = fetch(&things(), all(), &asked);
    assert!(hits.iter().all(|hit| hit.source.is_none()));
    asked.fetch.stored_fields = Some(vec!["_none_".to_owned()]);
    let hits = fetch(&things(), all(), &asked);
    assert_eq!(hits[0], Fetched::default());
    asked.fetch.fields = vec![spec("n", None)];
    let refused = FetchPlan::new(&things().context, Arc::new(all()), &asked).err().expect("refused");
    assert_eq!((refused.kind, refused.status()), (ErrorKind::Search, 500));
}

#[test]
fn fields_come_from_the_source_and_doc_values_from_columns() {
    let mut asked = request();
    asked.fetch.fields = vec![spec("when", Some("yyyy-MM-dd")), spec("n", None), spec("title.*", None)];
    check_fields(
        &asked,
        &[
            json!({"when": ["2020-12-24"], "n": [5], "title.raw": ["One light"]}),
            json!({"when": ["2021-01-02", "2021-01-01"], "n": [7, 6, 6], "title.raw": ["Two", "lights"]}),
            json!({"title.raw": ["Three"]}),
        ],
    );
    let mut asked = request();
    asked.fetch.docvalue_fields = ["n", "kept", "flag", "when", "price", "ip", "ul", "flat.a.b", "_id", "zzz"]
        .map(|name| spec(name, None))
        .into();
    check_fields(
        &asked,
        &[
            json!({"n": [5], "kept": ["k1", "k2"], "flag": [true], "when": ["24.12.2020"], "price": [12.35], "_id": ["1"]}),
            json!({"n": [6, 6, 7], "when": ["01.01.2021", "02.01.2021"], "ip": ["2001:db8::1"], "ul": [u64::MAX], "_id": ["2"]}),
            json!({"flat.a.b": ["y", "z"], "_id": ["3"]}),
        ],
    );
}

#[test]
fn bookkeeping_names_and_derivations_are_shown_when_asked() {
    let named = |term: &str, name: &str| BoundQuery {
        name: Some(name.into()),
        ..BoundQuery::new(BoundKind::Term("title".into(), term.as_bytes().into()))
    };
    let should = vec![named("two", "second"), named("light", "first"), named("one", "also first")];
    let query = BoundQuery::new(BoundKind::Bool(BoundBool { should, ..BoundBool::default() }));
    let mut asked = request();
    (asked.explain, asked.fetch.version, asked.fetch.seq_no_primary_term) = (true, true, true);
    let hits = fetch(&things(), query, &asked);
    assert_eq!(hits[1].version, Some(Version(7)));
    assert_eq!(hits[1].seq_no, Some((SeqNo(1), PrimaryTerm(1))));
    assert_eq!(names(&hits[0]), ["also first", "first"]);
    assert_eq!(names(&hits[1]), ["second"]);
    assert!(hits[0].explanation.as_ref().is_some_and(|explanation| explanation.matched && explanation.value > 0.0));
}

#[test]
fn hits_are_highlighted() {
    let mut asked = request();
    let field = HighlightField {
        field: "title".to_owned(),
        pre_tags: vec!["<em>".to_owned()],
        post_tags: vec!["</em>".to_owned()],
        fragment_size: 100,
        number_of_fragments: 5,
        no_match_size: 0,
        order_by_score: false,
        require_field_match: true,
        highlight_query: None,
        html_encoder: false,
        boundary_scanner: BoundaryScanner::Sentence,
        kind: HighlightKind::Unified,
        max_analyzed_offset: None,
        fragmenter_simple: false,
        matched_fields: Vec::new(),
        fast: FastHighlight::default(),
    };
    asked.fetch.highlight = Some(Box::new(Highlight { fields: vec![field] }));
    let pattern = search::bound::Pattern::Fuzzy {
        text: "light".to_owned(),
        edits: 1,
        prefix_length: 0,
        max_expansions: 50,
        transpositions: true,
    };
    let expand = search::bound::Expand { field: "title".into(), pattern, rewrite: search::bound::Rewrite::Constant };
    let hits = fetch(&things(), BoundQuery::new(BoundKind::Expand(expand)), &asked);
    let shown: Vec<_> = hits.into_iter().map(|hit| hit.highlight).collect();
    let title = |text: &str| vec![("title".to_owned(), vec![text.to_owned()])];
    assert_eq!(shown, [title("One <em>light</em>"), title("<em>lights</em>"), Vec::new()]);
}

#[test]
fn nobody_waiting_and_addresses_that_are_gone_are_errors() {
    struct Nobody;
    impl Patience for Nobody {
        fn verdict(&self) -> Verdict {
            Verdict::Cancelled
        }
    }
    let index = things();
    let plan = FetchPlan::new(&index.context, Arc::new(all()), &request()).expect("a plan");
    let address = |segment, doc| [DocAddress { segment, doc }];
    let kind = |result: Result<Vec<Fetched>, Error>| result.expect_err("refused").kind;
    assert_eq!(kind(plan.fetch(&index.reader, &address(0, 0), &Nobody)), ErrorKind::TaskCancelled);
    assert_eq!(kind(plan.fetch(&index.reader, &address(0, 9), &Endless)), ErrorKind::IllegalArgument);
    assert_eq!(kind(plan.fetch(&index.reader, &address(1, 0), &Endless)), ErrorKind::IllegalArgument);
}
