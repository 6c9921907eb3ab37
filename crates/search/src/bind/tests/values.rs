//! Whole values, ranges, patterns, existence.

use model::query::Kind;
use model::query::full_text::{Fuzziness, FuzzyOptions};
use model::query::term_level::{Bound, Fuzzy, Pattern, Range, Term, Terms};
use serde_json::{Value, json};

use super::shown;

fn term(field: &str, value: Value) -> Kind {
    Kind::Term(Term { field: field.into(), value, case_insensitive: false })
}

fn range(field: &str, bounds: Value) -> Kind {
    let bound = |inside: &str, outside: &str| {
        let inclusive = bounds.get(inside).map(|value| Bound { value: value.clone(), inclusive: true });
        inclusive.or(bounds.get(outside).map(|value| Bound { value: value.clone(), inclusive: false }))
    };
    let text = |name: &str| bounds.get(name).and_then(Value::as_str).map(str::to_owned);
    Kind::Range(Box::new(Range {
        field: field.into(),
        lower: bound("gte", "gt"),
        upper: bound("lte", "lt"),
        format: text("format"),
        time_zone: text("time_zone"),
        relation: None,
    }))
}

fn pattern(field: &str, pattern: &str) -> Pattern {
    Pattern {
        field: field.into(),
        pattern: pattern.into(),
        case_insensitive: false,
        rewrite: None,
        flags: None,
        max_determinized_states: 10_000,
    }
}

#[test]
fn a_term_is_a_value_of_its_fields_type() {
    let none = "MatchNoDocsQuery(\"User requested \"match_none\" query.\")";
    for (field, value, expected) in [
        ("t", json!("Alien"), "t:Alien"),
        ("heavy", json!("a"), "(heavy:a)^2.0"),
        ("k", json!(1.0), "ConstantScore(k:1.0)"),
        ("k", json!(1e20), "ConstantScore(k:1.0E20)"),
        ("other", json!("a"), "ConstantScore(k:a)"),
        ("low", json!("ABC"), "ConstantScore(low:abc)"),
        ("similar", json!("a"), "similar:a"),
        ("column", json!("a"), "column:(a)"),
        ("t.raw", json!(true), "ConstantScore(t.raw:true)"),
        ("l", json!("1.0"), "l:[1 TO 1]"),
        ("l", json!(1.5), "MatchNoDocsQuery(\"Value [1.5] has a decimal part\")"),
        ("b", json!(200), "b:[200 TO 200]"),
        ("s", json!(1.234), "s:[123 TO 123]"),
        ("flag", json!("true"), "flag:T"),
        ("day", json!("2024-01-02"), "day:[1704153600000 TO 1704239999999]"),
        ("nano", json!("2024-01-02T00:00:00Z"), "nano:[1704153600000000000 TO 1704153600999999999]"),
        ("dotted", json!(1_704_153_600), "dotted:[1704153600000 TO 1704153600999]"),
        ("ip", json!("10.0.0.1"), "ip:(10.0.0.1)"),
        ("ip", json!("10.1.2.3/8"), "ip:[10.0.0.0 TO 10.255.255.255]"),
        ("ip", json!("::/0"), "ip:[0:0:0:0:0:0:0:0 TO ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]"),
        ("labels", json!("prod"), "ConstantScore(labels:prod)"),
        ("labels.env", json!("prod"), "ConstantScore(labels._valueAndPath:labels.env=prod)"),
        ("_id", json!("1"), "_id:(1)"),
        ("_index", json!("films"), "*:*"),
        ("_index", json!("books"), none),
        ("_seq_no", json!(3), "_seq_no:[3 TO 3]"),
        ("_routing", json!("x"), "_routing:x"),
        ("o", json!("a"), none),
        ("k.x", json!("a"), none),
        ("missing", json!("a"), none),
    ] {
        assert_eq!(shown(term(field, value.clone())), expected, "{field}: {value}");
    }
}

#[test]
fn floats_are_sought_as_their_field_stores_them() {
    use model::number::ordered_from_f64;
    for (field, value, stored) in [
        ("d", json!("2.5"), 2.5),
        ("f", json!(0.1), f64::from(0.1f32)),
        ("h", json!(1.1), 1.099_609_375),
        ("h", json!(2.2), 2.199_218_75),
    ] {
        let code = ordered_from_f64(stored);
        assert_eq!(shown(term(field, value)), format!("{field}:[{code} TO {code}]"));
    }
}

#[test]
fn a_value_of_another_type_is_refused_as_opensearch_refuses_it() {
    let number = "query_shard_exception [failed to create query: For input string: \"x\"] < number_format_exception";
    let illegal =
        |reason: &str| format!("query_shard_exception [failed to create query: {reason}] < illegal_argument_exception");
    for (field, value, expected) in [
        ("l", json!("x"), number.to_owned()),
        ("d", json!("x"), number.to_owned()),
        ("s", json!("x"), number.to_owned()),
        ("i", json!(3_000_000_000_i64), illegal("Value [3000000000] is out of range for an integer")),
        ("u", json!(-1), illegal("Value [-1] is out of range for an unsigned long")),
        ("f", json!(1e300), illegal("[float] supports only finite values, but got [Infinity]")),
        ("h", json!(1e6), illegal("[half_float] supports only finite values, but got [1000000.0]")),
        ("d", json!("NaN"), illegal("[double] supports only finite values, but got [NaN]")),
        ("flag", json!(1), illegal("Can't parse boolean value [1], expected [true] or [false]")),
        ("ip", json!("x"), illegal("'x' is not an IP string literal.")),
        ("hidden", json!("x"), illegal("Cannot search on field [hidden] since it is not indexed.")),
        (
            "none",
            json!("x"),
            illegal(
                "Cannot search on field [none] since it is both not indexed, and does not have doc_values enabled.",
            ),
        ),
        ("blob", json!("x"), "query_shard_exception [Binary fields do not support searching]".to_owned()),
        ("_source", json!("x"), "query_shard_exception [The _source field is not searchable]".to_owned()),
    ] {
        assert_eq!(shown(term(field, value.clone())), expected, "{field}: {value}");
    }
    let day = shown(term("day", json!("soon")));
    assert!(
        day.starts_with("query_shard_exception [failed to create query: failed to parse date field [soon]"),
        "{day}"
    );
    assert!(day.ends_with("< parse_exception < illegal_argument_exception < date_time_parse_exception"), "{day}");
}

#[test]
fn terms_are_sets() {
    for (field, values, expected) in [
        ("k", vec![json!("b"), json!("a"), json!("b")], "k:(a b)"),
        ("low", vec![json!("B")], "low:(b)"),
        ("l", vec![json!(9), json!("2"), json!(1.5)], "l:{2 9}"),
        ("l", vec![json!(1.5)], "MatchNoDocsQuery(\"All values have a decimal part\")"),
        ("flag", vec![json!(true)], "flag:T"),
        ("flag", vec![json!(true), json!(false)], "ConstantScore(FieldExistsQuery [field=flag])"),
        ("day", vec![json!("2024-01-02")], "ConstantScore(day:[1704153600000 TO 1704239999999])"),
        ("ip", vec![json!("10.0.0.7"), json!("10.0.0.1")], "ip:(10.0.0.1 10.0.0.7)"),
        ("labels.env", vec![json!("b"), json!("a")], "labels._valueAndPath:(labels.env=a labels.env=b)"),
        ("_index", vec![json!("x"), json!("films")], "*:*"),
        ("k", vec![], "MatchNoDocsQuery(\"User requested \"match_none\" query.\")"),
    ] {
        let kind = Kind::Terms(Terms { field: field.into(), values, lookup: None, bitmap: false });
        assert_eq!(shown(kind), expected, "{field}");
    }
    let many = Kind::Terms(Terms { field: "k".into(), values: vec![json!("a"); 65_537], lookup: None, bitmap: false });
    assert!(shown(many).ends_with("[index.max_terms_count] index level setting.] < illegal_argument_exception"));
}

#[test]
fn ranges_round_towards_their_inside() {
    let empty = "MatchNoDocsQuery(\"\")";
    for (field, bounds, expected) in [
        ("l", json!({"gte": 1.5, "lte": 2.5}), "l:[2 TO 2]"),
        ("l", json!({"gt": 1, "lt": "9"}), "l:[2 TO 8]"),
        ("l", json!({"gt": -1.5}), "l:[-1 TO 9223372036854775807]"),
        ("l", json!({"lt": -1.5}), "l:[-9223372036854775808 TO -2]"),
        ("l", json!({"gt": i64::MAX}), empty),
        ("l", json!({"gte": 5, "lte": 1}), empty),
        ("i", json!({"gt": i32::MAX}), empty),
        ("s", json!({"gt": 1.23, "lte": 1.239}), "s:[124 TO 124]"),
        ("s", json!({"lt": 1.234}), "s:[-9223372036854775808 TO 122]"),
        ("flag", json!({"gte": false, "lt": true}), "flag:F"),
        ("flag", json!({"gt": true}), empty),
        ("flag", json!({"gte": false}), "ConstantScore(FieldExistsQuery [field=flag])"),
        ("k", json!({"gt": "a", "lte": 5}), "k:{a TO 5]"),
        ("low", json!({"gte": "AB"}), "low:[ab TO *]"),
        ("t", json!({"gte": "Alien"}), "t:[Alien TO *]"),
        ("ip", json!({"gt": "10.0.0.1", "lt": "10.0.0.7"}), "ip:[10.0.0.2 TO 10.0.0.6]"),
        ("ip", json!({"lt": "::"}), empty),
        ("labels.env", json!({"gt": "d"}), "labels._valueAndPath:{labels.env=d TO labels.env>}"),
        ("l", json!({}), "ConstantScore(FieldExistsQuery [field=l])"),
        ("missing", json!({"gte": 1}), "MatchNoDocsQuery(\"User requested \"match_none\" query.\")"),
    ] {
        assert_eq!(shown(range(field, bounds.clone())), expected, "{field}: {bounds}");
    }
    let unsigned = shown(range("u", json!({"gte": 1.5, "lte": 2})));
    assert_eq!(unsigned, format!("u:[{0} TO {0}]", model::number::ordered_from_u64(2)));
    let beyond = shown(range("l", json!({"lte": 1e30})));
    assert_eq!(
        beyond,
        "query_shard_exception [failed to create query: Value [1.0E30] is out of range for a long] < illegal_argument_exception"
    );
    assert!(shown(range("blob", json!({"gte": 1}))).contains("of type [binary] does not support range queries"));
}

#[test]
fn dates_of_ranges_know_math_zones_and_formats() {
    let open = i64::MAX;
    for (field, bounds, expected) in [
        ("day", json!({"gte": "2024-01-02"}), format!("day:[1704153600000 TO {open}]")),
        ("day", json!({"gt": "2024-01-02"}), format!("day:[1704240000000 TO {open}]")),
        ("day", json!({"lte": "2024-01-02"}), format!("day:[{} TO 1704239999999]", i64::MIN)),
        ("day", json!({"lt": "2024-01-02"}), format!("day:[{} TO 1704153599999]", i64::MIN)),
        (
            "day",
            json!({"gte": "2024-01-02||/M", "lte": "2024-01-02||/M"}),
            "day:[1704067200000 TO 1706745599999]".into(),
        ),
        ("day", json!({"gte": "2024-01-02", "time_zone": "+02:00"}), format!("day:[1704146400000 TO {open}]")),
        ("day", json!({"gte": "02/01/2024", "format": "dd/MM/yyyy"}), format!("day:[1704153600000 TO {open}]")),
        ("day", json!({"gte": "now-1d/d"}), format!("day:[1718323200000 TO {open}]")),
        ("nano", json!({"gt": "2024-01-02"}), format!("nano:[1704240000000000000 TO {open}]")),
        ("dotted", json!({"lt": "2024.01.02"}), format!("dotted:[{} TO 1704153599999]", i64::MIN)),
    ] {
        assert_eq!(shown(range(field, bounds.clone())), expected, "{field}: {bounds}");
    }
    // Dates of ranges are read before the query is made: nothing wraps the refusal.
    let refused = shown(range("day", json!({"gte": "02/01/2024"})));
    assert!(refused.starts_with("parse_exception [failed to parse date field [02/01/2024]"), "{refused}");
}

#[test]
fn fields_objects_and_patterns_exist() {
    let none = "MatchNoDocsQuery(\"User requested \"match_none\" query.\")";
    for (field, expected) in [
        ("t", "ConstantScore(FieldExistsQuery [field=t])"),
        ("other", "ConstantScore(FieldExistsQuery [field=k])"),
        ("o", "ConstantScore(FieldExistsQuery [field=o.a] FieldExistsQuery [field=o.n.x])"),
        ("t.*", "ConstantScore(FieldExistsQuery [field=t.raw])"),
        ("labels", "ConstantScore(FieldExistsQuery [field=labels])"),
        ("labels.env", "ConstantScore(labels._valueAndPath:labels.env=* labels._valueAndPath:labels.env.*)"),
        ("_id", "*:*"),
        ("missing", none),
        ("_source", "query_shard_exception [The _source field is not searchable]"),
    ] {
        assert_eq!(shown(Kind::Exists { field: field.into() }), expected, "{field}");
    }
}

#[test]
fn patterns_go_over_normalised_terms() {
    let strings_only = |query: &str, kind: &str| {
        format!("Can only use {query} queries on keyword and text fields - not on [{kind}] which is of type")
    };
    assert_eq!(shown(Kind::Prefix(pattern("low", "AB"))), "low:ab*");
    assert_eq!(shown(Kind::Prefix(pattern("labels.env", "pr"))), "labels._valueAndPath:labels.env=pr*");
    assert_eq!(shown(Kind::Prefix(pattern("_index", "fi"))), "*:*");
    assert_eq!(shown(Kind::Wildcard(pattern("low", "*A?\\*B"))), "low:*a?\\*b");
    assert_eq!(shown(Kind::Wildcard(pattern("t", "AL*"))), "t:AL*");
    assert_eq!(shown(Kind::Wildcard(pattern("_index", "f*s"))), "*:*");
    assert_eq!(shown(Kind::Regexp(pattern("k", "a.*"))), "k:/a.*/");
    for (kind, query) in [
        (Kind::Prefix(pattern("l", "1")), "prefix"),
        (Kind::Wildcard(pattern("l", "1*")), "wildcard"),
        (Kind::Regexp(pattern("l", "1")), "regexp"),
    ] {
        assert_eq!(shown(kind), format!("query_shard_exception [{} [long]]", strings_only(query, "l")));
    }
    let rewrite = |name: &str| Kind::Prefix(Pattern { rewrite: Some(name.into()), ..pattern("t", "a") });
    assert_eq!(shown(rewrite("top_terms_boost_5")), "t:a*");
    assert!(shown(rewrite("fast")).contains("Failed to parse rewrite_method [fast]"));
    assert!(shown(Kind::Regexp(pattern("missing", &"a".repeat(1001)))).contains("The length of regex [1001]"));
    let flags = Pattern { flags: Some("SOME".into()), ..pattern("k", "a") };
    assert_eq!(shown(Kind::Regexp(flags)), "illegal_argument_exception [Unknown regexp flag [SOME]]");
}

#[test]
fn fuzzy_terms_allow_edits_by_their_length() {
    let fuzzy = |field: &str, value: Value| {
        Kind::Fuzzy(Fuzzy {
            field: field.into(),
            value,
            fuzziness: Fuzziness::Auto { low: 3, high: 6 },
            options: FuzzyOptions::default(),
        })
    };
    assert_eq!(shown(fuzzy("t", json!("alein"))), "t:alein~1");
    assert_eq!(shown(fuzzy("low", json!("SPACES"))), "low:spaces~2");
    assert_eq!(shown(fuzzy("t", json!("al"))), "t:al");
    assert_eq!(shown(fuzzy("labels.env", json!("pr"))), "labels._valueAndPath:labels.env=pr~2");
    let refused = shown(fuzzy("l", json!(1)));
    assert!(
        refused.starts_with("query_shard_exception [failed to create query: Can only use fuzzy queries"),
        "{refused}"
    );
    assert!(refused.ends_with("< illegal_argument_exception"), "{refused}");
}
