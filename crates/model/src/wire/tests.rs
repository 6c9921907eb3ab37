//! What goes in comes out again; what is damaged is refused within bounds.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::error::{Error, ErrorKind};
use crate::query::compound::Boolean;
use crate::query::term_level::Term;
use crate::query::{Kind, Query};
use crate::search::{Missing, SearchRequest, SortKey};
use crate::target::Target;
use crate::write::{Action, Condition, Update, Write};

fn round<T: Serialize + DeserializeOwned>(value: &T) -> T {
    from_bytes(&to_bytes(value)).unwrap()
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter("JSON has no others", |number| number.is_finite()).prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((".{0,4}", inner), 0..4).prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

fn term(value: Value) -> Query {
    Query::new(Kind::Term(Term { field: "a".into(), value, case_insensitive: false }))
}

proptest! {
    #[test]
    fn json_in_requests_stays_what_it_is(value in any_json(), after in prop::option::of(prop::collection::vec(any_json(), 0..3))) {
        let mut request = SearchRequest::new(Target::one("films"));
        let clauses = Boolean { must: vec![term(value.clone())], ..Boolean::default() };
        request.query = Query::new(Kind::Bool(clauses));
        request.search_after = after;
        request.sort = vec![SortKey {
            field: "a".into(), descending: true, missing: Missing::Value(value.clone()), mode: None, unmapped_type: None,
            format: None, numeric_type: None, distance: None, script: None,
            nested: None,
        }];
        prop_assert_eq!(round(&request), request);
        let error = Error::new(ErrorKind::MapperParsing, "no").with_detail("value", value)
            .with_cause(Error::illegal_argument("why"));
        prop_assert_eq!(round(&error), error);
    }

    #[test]
    fn damaged_bytes_are_refused_or_something_else(mut bytes in prop::collection::vec(any::<u8>(), 0..200), at in any::<u16>(), with in any::<u8>()) {
        let _ = from_bytes::<SearchRequest>(&bytes);
        bytes = to_bytes(&SearchRequest::new(Target::one("films")));
        let place = usize::from(at) % bytes.len();
        bytes[place] = with;
        let _ = from_bytes::<SearchRequest>(&bytes);
    }
}

#[test]
fn writes_stay_what_they_are() {
    let write = |action| Write {
        index: "films".into(),
        id: Some("1".into()),
        routing: None,
        action,
        condition: Condition::default(),
        require_alias: false,
        pipeline: None,
    };
    let update = Update {
        doc: Some(json!({"a": [1, {"b": null}]})),
        upsert: None,
        doc_as_upsert: true,
        script: None,
        scripted_upsert: false,
        detect_noop: true,
        retry_on_conflict: 3,
        source: None,
    };
    let source: std::sync::Arc<[u8]> = br#"{"a":1}"#.as_slice().into();
    let writes =
        [Action::Index(source.clone()), Action::Create(source), Action::Delete, Action::Update(Box::new(update))];
    for write in writes.map(write) {
        assert_eq!(round(&write), write);
    }
}

/// As deep as queries may be asked for, and no deeper.
#[test]
fn a_tower_of_queries_is_refused_before_the_stack_ends() {
    let tower = |levels: usize| {
        let around = |inner| Query::new(Kind::Bool(Boolean { must: vec![inner], ..Boolean::default() }));
        let mut request = SearchRequest::new(Target::one("films"));
        request.query = (0..levels).fold(term(json!([[1]])), |inner, _| around(inner));
        request
    };
    let small = std::thread::Builder::new().stack_size(4 << 20);
    let refused = small.spawn(move || {
        let deep = tower(100);
        assert_eq!(round(&deep), deep);
        // The bytes of one level, again and again.
        let (one, two) = (to_bytes(&tower(100)), to_bytes(&tower(101)));
        let same = one.iter().zip(&two).take_while(|(a, b)| a == b).count();
        let mut bytes = two[..same].to_vec();
        bytes.extend(two[same - (two.len() - one.len()).min(same)..same].repeat(100_000));
        from_bytes::<SearchRequest>(&bytes).unwrap_err().to_string()
    });
    let refused = refused.unwrap().join().unwrap();
    assert!(refused.contains("damaged"), "{refused}");
}
