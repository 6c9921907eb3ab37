//! Sort keys, their values, `search_after`.

use model::search::{Missing, SortKey, SortMode, SortValue};
use serde_json::{Value, json};

use super::{context, refusal};
use crate::bind::{bind_after, bind_sort, render_sort_value};
use crate::bound::NumberCode;
use crate::shard_query::{BoundSort, SortBy, SortValues};

fn key(field: &str) -> SortKey {
    SortKey::ascending(field)
}

fn bound(key: &SortKey) -> Result<BoundSort, String> {
    bind_sort(std::slice::from_ref(key), &context()).map(|mut sorts| sorts.remove(0)).map_err(|error| refusal(&error))
}

#[test]
fn keys_name_columns() {
    let field = |key: SortKey| match bound(&key).expect("sortable").by {
        SortBy::Field { field, values, mode, .. } => (field.to_string(), values, mode),
        other => panic!("{other:?}"),
    };
    let long = || SortValues::Number(NumberCode::Long);
    assert_eq!(field(key("l")), ("l".to_owned(), long(), SortMode::Min));
    assert_eq!(field(SortKey { descending: true, ..key("l") }), ("l".to_owned(), long(), SortMode::Max));
    assert_eq!(field(SortKey { mode: Some(SortMode::Avg), ..key("day") }), ("day".to_owned(), long(), SortMode::Avg));
    assert_eq!(field(key("s")).1, SortValues::Number(NumberCode::Scaled(100.0)));
    assert_eq!(field(key("other")), ("k".to_owned(), SortValues::Bytes, SortMode::Min));
    for (name, by) in
        [("_score", SortBy::Score), ("_doc", SortBy::Doc), ("_shard_doc", SortBy::ShardDoc(0)), ("_id", SortBy::Id)]
    {
        assert_eq!(bound(&key(name)).expect("sortable").by, by);
    }
}

#[test]
fn what_cannot_be_sorted_on_is_refused() {
    for (key, expected) in [
        (key("missing"), "query_shard_exception [No mapping found for [missing] in order to sort on]"),
        (key("o"), "query_shard_exception [No mapping found for [o] in order to sort on]"),
        (
            key("_routing"),
            "illegal_argument_exception [Fielddata is not supported on field [_routing] of type [_routing]]",
        ),
        (
            key("bare"),
            "illegal_argument_exception [Can't load fielddata on [bare] because fielddata is unsupported on fields of type [long]. Use doc values instead.]",
        ),
        (
            SortKey { mode: Some(SortMode::Sum), ..key("k") },
            "query_shard_exception [we only support AVG, MEDIAN and SUM on number based fields]",
        ),
        (
            SortKey { missing: Missing::Value(json!("x")), ..key("l") },
            "number_format_exception [For input string: \"x\"]",
        ),
        (
            SortKey { unmapped_type: Some("colour".into()), ..key("missing") },
            "illegal_argument_exception [No mapper found for type [colour]]",
        ),
    ] {
        assert_eq!(bound(&key), Err(expected.to_owned()));
    }
    assert!(
        bound(&key("t")).expect_err("text").starts_with("illegal_argument_exception [Text fields are not optimised")
    );
}

#[test]
fn missing_values_show_as_the_limits_of_their_type() {
    let unmapped = |kind: &str| SortKey { unmapped_type: Some(kind.into()), ..key("missing") };
    for (key, expected) in [
        (key("l"), json!(i64::MAX)),
        (SortKey { descending: true, ..key("l") }, json!(i64::MIN)),
        (SortKey { missing: Missing::First, ..key("l") }, json!(i64::MIN)),
        (SortKey { missing: Missing::First, descending: true, ..key("l") }, json!(i64::MAX)),
        (key("i"), json!(i32::MAX)),
        (key("flag"), json!(i32::MAX)),
        (key("u"), json!(u64::MAX)),
        (key("f"), json!("Infinity")),
        (key("k"), Value::Null),
        (unmapped("double"), json!("Infinity")),
        (unmapped("keyword"), Value::Null),
        (unmapped("date"), json!(i64::MAX)),
    ] {
        let sort = bound(&key).expect("sortable");
        let shown = render_sort_value(&SortValue::Missing, &key, &sort, &context().mapping);
        assert_eq!(shown, expected, "{key:?}");
        // The next page begins where this one ended.
        let after = bind_after(&[shown], &[key], &[sort], &context()).expect("its own value");
        assert_eq!(after, [SortValue::Missing]);
    }
}

#[test]
fn values_show_and_read_back() {
    let bytes = |text: &[u8]| SortValue::Bytes(text.into());
    let mut address = [0; 16];
    address[10..].copy_from_slice(&[255, 255, 10, 0, 0, 1]);
    for (field, value, shown) in [
        ("l", SortValue::Long(7), json!(7)),
        ("day", SortValue::Long(1_704_153_600_000), json!(1_704_153_600_000_i64)),
        ("u", SortValue::Unsigned(u64::MAX - 1), json!(u64::MAX - 1)),
        ("f", SortValue::Double(f64::from(0.1f32)), json!(0.1)),
        ("d", SortValue::Double(0.1), json!(0.1)),
        ("flag", bytes(b"T"), json!(1)),
        ("ip", bytes(&address), json!("10.0.0.1")),
        ("k", bytes(b"abc"), json!("abc")),
        ("_id", bytes(b"1"), json!("1")),
        ("_doc", SortValue::Long(3), json!(3)),
    ] {
        let sort = bound(&key(field)).expect("sortable");
        assert_eq!(render_sort_value(&value, &key(field), &sort, &context().mapping), shown, "{field}");
        assert_eq!(bind_after(&[shown], &[key(field)], &[sort], &context()), Ok(vec![value]), "{field}");
    }
}

#[test]
fn search_after_is_typed() {
    let after = |values: &[Value], fields: &[&str]| {
        let keys: Vec<SortKey> = fields.iter().map(|field| key(field)).collect();
        let sorts = bind_sort(&keys, &context()).expect("sortable");
        bind_after(values, &keys, &sorts, &context()).map_err(|error| refusal(&error))
    };
    assert_eq!(after(&[json!("2024-01-02")], &["day"]), Ok(vec![SortValue::Long(1_704_153_600_000)]));
    assert_eq!(after(&[json!(1.5)], &["l"]), Ok(vec![SortValue::Long(1)]));
    assert_eq!(after(&[Value::Null], &["k"]), Ok(vec![SortValue::Missing]));
    for (values, fields, expected) in [
        (vec![json!(1)], vec!["l", "k"], "illegal_argument_exception [search_after has 1 value(s) but sort has 2.]"),
        (vec![json!(1)], vec![], "illegal_argument_exception [Sort must contain at least one field.]"),
        (
            vec![json!("x")],
            vec!["l"],
            "illegal_argument_exception [Failed to parse search_after value for field [l].] < number_format_exception",
        ),
        (vec![json!(-1)], vec!["u"], "illegal_argument_exception [Value [-1] is out of range for an unsigned long]"),
        (
            vec![json!("now")],
            vec!["day"],
            "parse_exception [could not read the current timestamp] < illegal_state_exception",
        ),
    ] {
        assert_eq!(after(&values, &fields), Err(expected.to_owned()));
    }
}
