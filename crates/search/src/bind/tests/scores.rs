//! Queries made of queries, and functions.

use model::query::compound::*;
use model::query::term_level::Term;
use model::query::{Kind, Query};
use serde_json::{Value, json};

use super::{NOW_MS, context, refusal, shown, shown_by};
use crate::bind::bind;
use crate::bound::{BoundKind, NumberCode, RandomOf, ScoreFunction};

fn term(field: &str, value: &str) -> Query {
    Query::new(Kind::Term(Term { field: field.into(), value: value.into(), case_insensitive: false }))
}

#[test]
fn boolean_queries() {
    let all = |query: Boolean| shown(Kind::Bool(query));
    let (a, b, nothing) = (|| vec![term("t", "a")], || vec![term("t", "b")], || vec![term("missing", "x")]);
    assert_eq!(all(Boolean::default()), "*:*");
    assert_eq!(
        all(Boolean { must: a(), should: b(), filter: a(), must_not: b(), ..Boolean::default() }),
        "+t:a -t:b t:b #t:a"
    );
    assert_eq!(all(Boolean { must_not: a(), ..Boolean::default() }), "-t:a #*:*");
    assert_eq!(
        all(Boolean { must_not: a(), adjust_pure_negative: Some(false), ..Boolean::default() }),
        "MatchNoDocsQuery(\"only prohibited clauses\")"
    );
    assert_eq!(all(Boolean { filter: a(), minimum_should_match: Some("1".into()), ..Boolean::default() }), "(#t:a)~1");
    let two = || vec![term("t", "a"), term("t", "b")];
    assert_eq!(
        all(Boolean { should: two(), minimum_should_match: Some("200%".into()), ..Boolean::default() }),
        "(t:a t:b)~4"
    );
    assert_eq!(all(Boolean { should: two(), minimum_should_match: Some("0".into()), ..Boolean::default() }), "t:a t:b");
    for query in [
        Boolean { must: nothing(), should: a(), ..Boolean::default() },
        Boolean { should: nothing(), ..Boolean::default() },
    ] {
        assert_eq!(all(query), "MatchNoDocsQuery(\"User requested \"match_none\" query.\")");
    }
}

#[test]
fn boosts_and_names_go_with_their_query() {
    let mut query = Query::new(Kind::ConstantScore(Box::new(Query { name: Some("inner".into()), ..term("t", "a") })));
    query.boost = 3.0;
    query.name = Some("outer".into());
    let bound = bind(&query, &context()).expect("a query");
    assert_eq!((bound.boost, bound.name.as_deref()), (3.0, Some("outer")));
    let BoundKind::ConstantScore(inner) = bound.kind else { panic!("{bound:?}") };
    assert_eq!(inner.name.as_deref(), Some("inner"));
    let heavy = Query { boost: 3.0, ..term("heavy", "a") };
    assert_eq!(shown_by(&context(), &heavy), "(heavy:a)^6.0");
    let dis_max = DisMax { queries: vec![term("t", "a"), term("k", "b")], tie_breaker: 0.7 };
    assert_eq!(shown(Kind::DisMax(dis_max)), "(t:a | ConstantScore(k:b))~0.7");
    let boosting = Boosting { positive: term("t", "a"), negative: term("k", "b"), negative_boost: 0.5 };
    assert_eq!(
        shown(Kind::Boosting(Box::new(boosting))),
        "FunctionScoreQuery(t:a, scored by boost(queryboost(score(ConstantScore(k:b)))^0.5))"
    );
}

#[test]
fn clauses_are_counted_in_one_query_and_in_all() {
    let many = |count: usize| (0..count).map(|at| term("t", &format!("w{at}"))).collect::<Vec<Query>>();
    let one = Boolean { should: many(1025), ..Boolean::default() };
    assert_eq!(
        shown(Kind::Bool(one)),
        "query_shard_exception [failed to create query: maxClauseCount is set to 1024] < too_many_clauses"
    );
    let half = || Query::new(Kind::Bool(Boolean { should: many(600), ..Boolean::default() }));
    let all = Kind::DisMax(DisMax { queries: vec![half(), half()], tie_breaker: 0.0 });
    assert_eq!(
        shown(all),
        "too_many_nested_clauses [Query contains too many nested clauses; maxClauseCount is set to 1024]"
    );
    let filtered = Boolean { filter: vec![half(), half()], ..Boolean::default() };
    assert!(shown(Kind::Bool(filtered)).starts_with("#("));
}

#[test]
fn too_deep_a_query_is_refused() {
    let mut query = term("t", "a");
    for _ in 0..1000 {
        query = Query::new(Kind::ConstantScore(Box::new(query)));
    }
    let error = bind(&query, &context()).expect_err("too deep");
    assert!(refusal(&error).contains("nested deeper than"), "{error}");
}

fn function(function: Function) -> Result<ScoreFunction, String> {
    let scored = ScoredFunction { filter: None, weight: None, function: Some(function) };
    let query = FunctionScore {
        query: Query::match_all(),
        functions: vec![scored],
        score_mode: ScoreMode::Multiply,
        boost_mode: BoostMode::Multiply,
        max_boost: f32::MAX,
        min_score: None,
    };
    match bind(&Query::new(Kind::FunctionScore(Box::new(query))), &context()) {
        Ok(bound) => match bound.kind {
            BoundKind::FunctionScore(score) => Ok(score.functions[0].function.clone().expect("one function")),
            other => panic!("{other:?}"),
        },
        Err(error) => Err(refusal(&error)),
    }
}

fn decay(field: &str, origin: Option<Value>, scale: Value, offset: Option<Value>) -> Function {
    Function::Decay(Box::new(Decay {
        shape: DecayShape::Gauss,
        field: field.into(),
        origin,
        scale,
        offset,
        decay: 0.5,
        multi_value_mode: MultiValueMode::Min,
    }))
}

#[test]
fn decays_measure_numbers_and_milliseconds() {
    let numbers = |function: Result<ScoreFunction, String>| match function {
        Ok(ScoreFunction::Decay { code, origin, scale, offset, .. }) => (code, origin, scale, offset),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        numbers(function(decay("l", Some(json!("5")), json!(2), Some(json!("1"))))),
        (NumberCode::Long, 5.0, 2.0, 1.0)
    );
    assert_eq!(
        numbers(function(decay("day", None, json!("10d"), Some(json!("36h"))))),
        (NumberCode::Long, NOW_MS as f64, 864e6, 1296e5)
    );
    assert_eq!(
        numbers(function(decay("nano", Some(json!("2024-01-02")), json!("1.5s"), None))),
        (NumberCode::Scaled(1e6), 1_704_153_600_000.0, 1500.0, 0.0)
    );
    for (asked, expected) in [
        (decay("missing", None, json!(1), None), "parsing_exception [unknown field [missing]]"),
        (
            decay("k", Some(json!(1)), json!(1), None),
            "parsing_exception [field [k] is of type [keyword], but only numeric types are supported.]",
        ),
        (
            decay("l", None, json!(1), None),
            "query_shard_exception [failed to create query: both [scale] and [origin] must be set for numeric fields.] < parse_exception",
        ),
        (
            decay("l", Some(json!(1)), json!(-2), None),
            "query_shard_exception [failed to create query: function_score : scale must be > 0.0.] < illegal_argument_exception",
        ),
        (
            decay("day", None, json!("10"), None),
            "query_shard_exception [failed to create query: failed to parse setting [DecayFunctionParser.scale] with value [10] as a time \
             value: unit is missing or unrecognized] < illegal_argument_exception",
        ),
    ] {
        assert_eq!(function(asked), Err(expected.to_owned()));
    }
    assert!(
        function(decay("bare", Some(json!(1)), json!(1), None))
            .expect_err("no column")
            .contains("Use doc values instead.")
    );
}

#[test]
fn values_and_randomness() {
    let factor = |field: &str, missing| Function::FieldValueFactor {
        field: field.into(),
        factor: 1.0,
        modifier: Modifier::None,
        missing,
    };
    let code = |asked| match function(asked) {
        Ok(ScoreFunction::FieldValue { field, code, .. }) => (field.to_string(), code),
        other => panic!("{other:?}"),
    };
    assert_eq!(code(factor("s", None)), ("s".to_owned(), NumberCode::Scaled(100.0)));
    assert_eq!(code(factor("u", None)), ("u".to_owned(), NumberCode::Unsigned));
    assert_eq!(code(factor("missing", Some(2.0))), ("missing".to_owned(), NumberCode::Long));
    assert_eq!(
        function(factor("missing", None)),
        Err("query_shard_exception [failed to create query: Unable to find a field mapper for field [missing]. No 'missing' value defined.] < exception"
            .to_owned())
    );
    assert!(function(factor("t", None)).expect_err("text").contains("Text fields are not optimised"));
    assert!(function(factor("k", None)).expect_err("no number").ends_with("< class_cast_exception"));
    // Of an index named `films`.
    const SALT: i32 = 988658688;
    let random = |seed: Value| function(Function::RandomScore { seed: Some(seed), field: Some("_seq_no".into()) });
    let of = || RandomOf::Number("_seq_no".into(), NumberCode::Long);
    let expected = |seed: i64| Ok(ScoreFunction::Random { seed, salt: SALT, of: of() });
    assert_eq!(random(json!(5)), expected(5));
    assert_eq!(random(json!("abc")), expected(96_354));
    assert_eq!(random(json!(1_i64 << 32)), expected(1));
}
