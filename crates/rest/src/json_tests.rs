//! Tests of the JSON reader.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn refused(body: &[u8]) -> (&'static str, u16) {
    let error = parse(body).expect_err("must be refused");
    (error.kind.row().name, error.status())
}

#[test]
fn values_are_read_as_they_are_written() {
    for (text, expected) in [
        (
            r#" {"b":1,"a":[true,false,null,{}],"c":{"d":[]}} "#,
            json!({"b": 1, "a": [true, false, null, {}], "c": {"d": []}}),
        ),
        (r#""a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é""#, json!("a\"\\/\u{8}\u{c}\n\r\té😀é")),
        (r#""\ud800x""#, json!("\u{fffd}x")),
        (r#""\ud800\u0041""#, json!("\u{fffd}A")),
        ("18446744073709551615", json!(u64::MAX)),
        ("-9223372036854775808", json!(i64::MIN)),
        ("1.5e3", json!(1500.0)),
        ("-0.25", json!(-0.25)),
        ("123456789012345678901234567890", json!("123456789012345678901234567890")),
        ("1e400", json!("1e400")),
        ("/* c */ [1 // x\n,2]", json!([1, 2])),
        ("\u{feff}true", json!(true)),
    ] {
        assert_eq!(parse(text.as_bytes()).expect(text), expected, "{text}");
    }
    let keys: Vec<_> = object(br#"{"z":1,"a":2,"m":3}"#).unwrap().unwrap().into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys, ["z", "a", "m"]);
}

#[test]
fn what_is_not_json_is_refused_with_the_type_that_opensearch_gives() {
    let broken: &[&[u8]] = &[
        b"}",
        b"{\"a\"}",
        b"{\"a\":}",
        b"{} x",
        b"{}}",
        b"{\"a\":1,\"a\":2}",
        b"01",
        b"1.]",
        b"+1",
        b"NaN",
        b"tru",
        b"{a:1}",
        b"{'a':1}",
        b"{\"a\":1,}",
        b"[1,]",
        b"\"\x01\"",
        b"\"\\x\"",
        b"\"\\u12\"",
        b"\xff\xfe",
        b"\"\xc3\"",
        b"1e]",
        b"-]",
        b".5",
        b"{\"a\":1;}",
        b"{\"a\" 1}",
        b"[1}",
        b"{\"a\":1]",
        b"1x",
    ];
    for body in broken {
        assert_eq!(refused(body), ("json_parse_exception", 400), "{:?}", String::from_utf8_lossy(body));
    }
    let unfinished: &[&[u8]] =
        &[b"{", b"[", b"{\"a\"", b"{\"a\":", b"{\"a\":1", b"[1,", b"\"abc", b"\"a\\", b"\"\\u1", b"/* ", b""];
    for body in unfinished {
        assert_eq!(refused(body), ("json_e_o_f_exception", 400), "{:?}", String::from_utf8_lossy(body));
    }
    assert_eq!(refused(b"{} {}"), ("parsing_exception", 400));
}

#[test]
fn a_body_must_be_an_object() {
    assert_eq!(object(b"").unwrap(), None);
    assert_eq!(object(b" \n").unwrap(), None);
    for body in ["[", "[]", "1", "\"a\"", "null", "true"] {
        assert_eq!(object(body.as_bytes()).unwrap_err().kind, ErrorKind::Parsing, "{body}");
    }
}

#[test]
fn places_are_named() {
    let error = parse(b"{\n  \"a\": tru\n}").unwrap_err();
    assert!(error.reason.contains("at line 2, column 8"), "{}", error.reason);
}

#[test]
fn nesting_stops_at_the_limit_and_what_is_within_fits_a_small_stack() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let body = |depth: usize| format!("{}1{}", open.repeat(depth), close.repeat(depth));
        let deepest = parse(body(MAX_DEPTH).as_bytes()).expect("within the limit");
        assert_eq!(deepest.clone().to_string(), body(MAX_DEPTH));
        assert_eq!(refused(body(MAX_DEPTH + 1).as_bytes()), ("json_parse_exception", 400));
        assert_eq!(refused(body(100_000).as_bytes()).1, 400);
    }
}

proptest! {
    #[test]
    fn what_serde_writes_is_read_back(text in "\\PC*", number in any::<f64>(), whole in any::<i64>()) {
        prop_assume!(number.is_finite());
        let value = json!({ "t": text, "n": [number, whole], "o": { text.clone(): null } });
        prop_assert_eq!(parse(value.to_string().as_bytes()).unwrap(), value);
    }

    #[test]
    fn any_bytes_are_an_answer(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&body);
    }

    #[test]
    fn what_looks_like_json_is_read_as_serde_reads_it(body in "[\\[\\]{},:\"a1. e\\-]{0,24}") {
        if let Ok(expected) = serde_json::from_str::<Value>(&body) && let Ok(value) = parse(body.as_bytes()) {
            // Numbers that serde rounds are kept as text here: the alphabet makes none that matter.
            prop_assert_eq!(value.to_string().replace('"', ""), expected.to_string().replace('"', ""));
        } else {
            let both = serde_json::from_str::<Value>(&body).is_ok();
            prop_assert!(!both || parse(body.as_bytes()).unwrap_err().reason.contains("Duplicate"), "{}", body);
        }
    }
}
