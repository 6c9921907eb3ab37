//! Pairs of answers, and what must be found between them.

use serde_json::{Value, json};

use super::{Answer, KeyPath, differences};
use crate::compat::parse::Directives;

fn found(recorded: Value, answered: Value, directives: &Directives) -> Vec<String> {
    let answer = |body| Answer { status: 200, body };
    differences(&answer(recorded), &answer(answered), directives)
}

fn check(recorded: Value, answered: Value, expected: &[&str]) {
    assert_eq!(found(recorded, answered, &Directives::default()), expected);
}

fn paths(written: &str) -> Option<Vec<KeyPath>> {
    Some(written.split(',').map(KeyPath::parse).collect())
}

#[test]
fn equal_in_any_order_of_keys() {
    check(json!({"a": 1, "b": [1, "x", null]}), json!({"b": [1, "x", null], "a": 1}), &[]);
}

#[test]
fn what_differs_is_named_by_its_path() {
    let recorded = json!({"a": {"b": [1, 2]}, "c": true, "d": 1});
    let answered = json!({"a": {"b": [1, 3]}, "c": false, "e": 2});
    check(recorded, answered, &[".a.b[1]: 2 | 3", ".c: true | false", ".d: only recorded: 1", ".e: only answered: 2"]);
    check(json!([1, 2]), json!([1]), &[": 2 items and 1: [1,2] | [1]"]);
    check(json!({"a": null}), json!({}), &[".a: only recorded: null"]);
}

#[test]
fn the_status_comes_first() {
    let (recorded, answered) = (Answer { status: 200, body: json!({}) }, Answer { status: 404, body: json!({"a": 1}) });
    assert_eq!(differences(&recorded, &answered, &Directives::default()), ["status 200 | 404: {} | {\"a\":1}"]);
    assert!(differences(&recorded, &answered, &Directives { skip: true, ..Directives::default() }).is_empty());
}

#[test]
fn volatile_values_are_left_out_but_user_data_is_whole() {
    check(json!({"took": 1, "_shards": {"total": 1}}), json!({"took": 9, "_shards": {"total": 1}}), &[]);
    check(json!({"_source": {"took": 1}}), json!({"_source": {"took": 2}}), &["._source.took: 1 | 2"]);
    check(json!({"mappings": {"name": "a"}}), json!({"mappings": {"name": "b"}}), &[".mappings.name: \"a\" | \"b\""]);
}

#[test]
fn of_a_hit_the_node_is_volatile_and_names_are_sets() {
    let hit = |node: &str, names: [&str; 2]| json!({"hits": {"hits": [{"_index": "a", "_node": node, "_ignored": names, "matched_queries": names}]}});
    check(hit("n", ["x", "y"]), hit("m", ["y", "x"]), &[]);
    assert_eq!(found(hit("n", ["x", "y"]), hit("n", ["x", "z"]), &Directives::default()).len(), 2);
    let source = |names: [&str; 2]| json!({"_source": {"_node": names[0], "_ignored": names}});
    assert_eq!(found(source(["x", "y"]), source(["y", "x"]), &Directives::default()).len(), 3);
}

#[test]
fn numbers_are_near() {
    check(json!({"s": 1.00001, "t": "1.00001"}), json!({"s": 1.00005, "t": "1.00005"}), &[]);
    check(json!(1), json!(1.0), &[]);
    check(json!(1.0), json!(1.001), &[": 1.0 | 1.001"]);
    check(json!("1.5"), json!(1.5), &[]);
    check(json!("5"), json!("6"), &[": \"5\" | \"6\""]);
    check(json!("1.2.3"), json!("1.2.4"), &[": \"1.2.3\" | \"1.2.4\""]);
    assert!(found(json!(100.0), json!(104.0), &Directives { within: Some(0.05), ..Directives::default() }).is_empty());
}

#[test]
fn integers_are_exact() {
    check(json!(10_000), json!(10_001), &[": 10000 | 10001"]);
    check(
        json!(9_007_199_254_740_993_u64),
        json!(9_007_199_254_740_992_u64),
        &[": 9007199254740993 | 9007199254740992"],
    );
    let estimated = Directives { within: Some(0.1), ..Directives::default() };
    assert!(found(json!(1000), json!(1025), &estimated).is_empty());
    assert!(!found(json!(1000), json!(1200), &estimated).is_empty());
}

#[test]
fn of_an_error_the_types_count() {
    let error = |kind: &str, reason: &str| json!({"error": {"type": "outer", "reason": reason, "root_cause": [{"type": "x"}], "caused_by": {"type": kind, "reason": reason}}, "status": 400});
    check(error("inner", "one"), error("inner", "two"), &[]);
    check(error("inner", "one"), error("other", "one"), &[".error.caused_by.type: \"inner\" | \"other\""]);
    check(json!({"error": "one", "status": 405}), json!({"error": "two"}), &[]);
    check(json!({"failures": [{"a": 1}]}), json!({"failures": [{"a": 2}]}), &[]);
    check(json!({"failures": [1]}), json!({"failures": [1, 2]}), &[".failures: 1 | 2"]);
}

fn hits(total: u64, hits: &[(&str, f64)]) -> Value {
    let hits: Vec<Value> = hits.iter().map(|(id, score)| json!({"_id": id, "_score": score})).collect();
    json!({"hits": {"total": {"value": total, "relation": "eq"}, "hits": hits}})
}

#[test]
fn tied_hits_come_in_any_order() {
    check(hits(3, &[("a", 2.0), ("b", 1.0001), ("c", 1.0)]), hits(3, &[("a", 2.0), ("c", 1.0), ("b", 1.0001)]), &[]);
    let wrong = found(hits(2, &[("a", 2.0), ("b", 1.0)]), hits(2, &[("b", 2.0), ("a", 1.0)]), &Directives::default());
    assert_eq!(wrong, [".hits.hits[0]._id: \"a\" | \"b\"", ".hits.hits[1]._id: \"b\" | \"a\""]);
}

#[test]
fn a_group_that_the_page_cuts_is_compared_without_ids() {
    check(hits(5, &[("a", 2.0), ("b", 1.0), ("c", 1.0)]), hits(5, &[("a", 2.0), ("d", 1.0), ("e", 1.0)]), &[]);
    assert!(
        !found(
            hits(3, &[("a", 2.0), ("b", 1.0), ("c", 1.0)]),
            hits(3, &[("a", 2.0), ("d", 1.0), ("e", 1.0)]),
            &Directives::default()
        )
        .is_empty()
    );
}

#[test]
fn sort_keys_tie_before_scores() {
    let sorted = |ids: [&str; 2]| json!({"hits": {"total": 2, "hits": ids.map(|id| json!({"_id": id, "_score": null, "sort": [7]}))}});
    check(sorted(["a", "b"]), sorted(["b", "a"]), &[]);
}

#[test]
fn only_and_ignore() {
    let only = Directives { only: paths("a.*.x,b"), ..Directives::default() };
    let first = json!({"a": {"p": [{"x": 1, "y": 2}]}, "b": 3, "c": 4});
    assert!(found(first.clone(), json!({"a": {"p": [{"x": 1, "y": 9}]}, "b": 3, "c": 9}), &only).is_empty());
    assert_eq!(found(first.clone(), json!({"a": {"p": [{"x": 9, "y": 2}]}, "b": 3}), &only), [".a.p[0].x: 1 | 9"]);
    let nothing = Directives { only: paths("nothing"), ..Directives::default() };
    assert!(found(json!({"a": 1}), json!("text"), &nothing).len() == 1, "an object is no text");
    let ignore = Directives { ignore: paths("a.*.y,c"), ..Directives::default() };
    assert!(found(first.clone(), json!({"a": {"p": [{"x": 1, "y": 9}]}, "b": 3, "c": 9}), &ignore).is_empty());
    assert_eq!(found(first, json!({"a": {"p": [{"x": 1, "y": 9}]}, "b": 4, "c": 9}), &ignore), [".b: 3 | 4"]);
}

#[test]
fn unordered_lists_are_sets() {
    let unordered = Directives { unordered: true, ..Directives::default() };
    let (first, second) = (json!([{"a": 1, "b": 2}, {"a": 2}]), json!([{"a": 2}, {"b": 2, "a": 1}]));
    assert!(found(first.clone(), second.clone(), &unordered).is_empty());
    assert!(!found(first, second, &Directives::default()).is_empty());
}
