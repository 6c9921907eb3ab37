//! What a real OpenSearch answered to a few hundred documents, and what documents turn into.

use model::error::ErrorKind;
use model::number::{f64_from_ordered, ordered_from_f64, u64_from_ordered};
use serde_json::{Value, json};

use super::*;
use crate::layout;

fn preparer_of(mapping: &Value, settings: Settings) -> Preparer {
    let mapping = Mapping::parse(mapping).expect("a mapping");
    let mut table = layout::base_table();
    let registry = Registry::builtin();
    layout::append_fields(&mut table, &mapping, &registry).expect("known analyzers");
    Preparer::new(Arc::new(mapping), Arc::new(table), registry, settings).expect("a whole table")
}

fn recorded() -> Preparer {
    let mapping: Value = serde_json::from_str(include_str!("../../testdata/prepare_mapping.json")).expect("JSON");
    preparer_of(&mapping, Settings::default())
}

fn prepare(preparer: &Preparer, source: &[u8]) -> Result<Prepared, Error> {
    preparer.prepare(&"7".into(), None, &source.into())
}

fn ready(preparer: &Preparer, source: &str) -> PreparedDocument {
    match prepare(preparer, source.as_bytes()) {
        Ok(Prepared::Ready(document)) => document,
        other => panic!("{source}: {other:?}"),
    }
}

/// The lines that `testdata/prepare.txt` would have for the outcome.
fn shown(outcome: Result<Prepared, Error>) -> Vec<String> {
    let error = match outcome {
        Ok(_) => return vec!["  ok".into()],
        Err(error) => error,
    };
    let mut lines = Vec::new();
    let mut next = Some(&error);
    while let Some(error) = next {
        lines.push(format!("  {}: {}", error.kind.row().name, json!(error.reason)));
        next = error.cause.as_deref();
    }
    if let Some(root) = error.root_causes.first().filter(|root| root.kind != error.kind) {
        lines.push(format!("  root {}", root.kind.row().name));
    }
    lines
}

/// Documents whose refusals read differently here, and how.
const OTHERWISE: [(&str, &str); 11] = [
    (r#"{"u":1e30}"#, "the preview is 1.0E30"),
    (r#"{"f":3.5e38}"#, "the preview is the number as given"),
    (r#"{"d":"0x1p3"}"#, "hexadecimal floats are refused"),
    (r#"{"dn":"1960-01-01"}"#, "the date in the reason has milliseconds"),
    (r#"{"dn":"2300-01-01"}"#, "the date in the reason has milliseconds"),
    (r#"{"bins":"!!!"}"#, "the preview is whole"),
    (r#"{"bins":"U29tZQ"}"#, "the preview is whole"),
    (r#"{"_primary_term":1}"#, "refused as any metadata field is"),
    (r#"{"fo":{"x":1,"x":2}}"#, "there is no preview of what was half read"),
    (
        r#"{"dot25.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.z":1}"#,
        "of names that are far too deep, the innermost object is named",
    ),
    (r#"{"newobj":{"q":1},"newobj.q":"x"}"#, "the two types are named in the document's order"),
];

#[test]
fn documents_are_taken_and_refused_as_recorded() {
    let preparer = recorded();
    let mut differences = Vec::new();
    let lines: Vec<&str> = include_str!("../../testdata/prepare.txt").lines().collect();
    let is_answer = |line: &&&str| line.starts_with("  ");
    let mut at = 0;
    while at < lines.len() {
        let answer: Vec<&str> = lines[at + 1..].iter().take_while(is_answer).copied().collect();
        let found = shown(prepare(&preparer, lines[at].as_bytes()));
        let is_known = OTHERWISE.iter().any(|(source, _)| *source == lines[at]);
        if (found == answer) == is_known {
            differences.push(format!("{}\n recorded\n{}\n found\n{}", lines[at], answer.join("\n"), found.join("\n")));
        }
        at += 1 + answer.len();
    }
    assert!(differences.is_empty(), "{} differ\n{}", differences.len(), differences.join("\n\n"));
}

fn check_number(source: &str, path: &str, expected: &[i64]) {
    let preparer = recorded();
    let slot = preparer.fields().by_path(path).expect("mapped").slot;
    let document = ready(&preparer, source);
    let found: Vec<i64> = document.numbers.iter().filter(|number| number.0 == slot).map(|number| number.1).collect();
    assert_eq!(found, expected, "{source}");
}

#[test]
fn numbers_become_codes() {
    check_number(r#"{"i":"1e3"}"#, "i", &[1000]);
    check_number(r#"{"i":-1.9}"#, "i", &[-1]);
    check_number(r#"{"i":"NaN"}"#, "i", &[0]);
    check_number(r#"{"i":""}"#, "i", &[]);
    check_number(r#"{"i":[[3,1],3,null]}"#, "i", &[1, 3, 3]);
    check_number(r#"{"i_nv":null}"#, "i_nv", &[7]);
    check_number(r#"{"i_nv":[null,""]}"#, "i_nv", &[7, 7]);
    check_number(r#"{"i_im":[1,"x",2,{"a":[1]}]}"#, "i_im", &[1, 2]);
    check_number(r#"{"l":"9223372036854775807.9"}"#, "l", &[i64::MAX]);
    check_number(r#"{"l":9223372036854775807.5}"#, "l", &[i64::MAX]);
    check_number(r#"{"f":0.1}"#, "f", &[ordered_from_f64(f64::from(0.1f32))]);
    check_number(r#"{"h":65519}"#, "h", &[ordered_from_f64(65504.0)]);
    check_number(r#"{"d":-0.0}"#, "d", &[ordered_from_f64(-0.0)]);
    check_number(r#"{"sf":[1.235,-1.235,1.005,0.125,1e300]}"#, "sf", &[-124, 13, 100, 124, i64::MAX]);
    check_number(
        r#"{"dt":["2020-01-01","1577836800000",12345]}"#,
        "dt",
        &[12345, 1_577_836_800_000, 1_577_836_800_000],
    );
    check_number(r#"{"dt_nv":null}"#, "dt_nv", &[1_577_836_800_000]);
    check_number(r#"{"dn":"2020-01-01T00:00:00.123456789Z"}"#, "dn", &[1_577_836_800_123_456_789]);
    check_number(r#"{"t":"5"}"#, "t.n", &[5]);
    check_number(r#"{"ct":"5"}"#, "i", &[5]);
    let preparer = recorded();
    let unsigned = |source| u64_from_ordered(ready(&preparer, source).numbers[0].1);
    assert_eq!(unsigned(r#"{"u":18446744073709551615}"#), u64::MAX);
    assert_eq!(unsigned(r#"{"u":"1e19"}"#), 10_000_000_000_000_000_000);
    assert_eq!(unsigned(r#"{"u":-0.5}"#), 0);
    assert_eq!(f64_from_ordered(ready(&preparer, r#"{"h":3e-8}"#).numbers[0].1), 5.960464477539063e-8);
}

/// The terms of a document as `path=term`, `_id` left out.
fn terms(preparer: &Preparer, source: &str) -> Vec<String> {
    let fields = preparer.fields();
    let document = ready(preparer, source);
    let path = |slot| &*fields.entry(slot).expect("in the table").path;
    let terms = document.exact.iter().map(|(slot, term)| format!("{}={}", path(*slot), String::from_utf8_lossy(term)));
    terms.filter(|term| term != "_id=7").collect()
}

fn check_terms(source: &str, expected: &[&str]) {
    assert_eq!(terms(&recorded(), source), expected, "{source}");
}

#[test]
fn whole_values_become_terms() {
    check_terms(r#"{"k":["b","a","b"]}"#, &["k=a", "k=b"]);
    check_terms(r#"{"k":[1.50,1E3,true,""]}"#, &["k=", "k=1.50", "k=1E3", "k=true"]);
    check_terms(r#"{"k3":["abc","abcd","äöü","😀😀"]}"#, &["k3=abc", "k3=äöü"]);
    check_terms(r#"{"kn":["B","a"]}"#, &["kn=a", "kn=b"]);
    check_terms(r#"{"k_nv":[null,"x"]}"#, &["k_nv=NULL", "k_nv=x"]);
    check_terms(r#"{"bo":["true",false,""]}"#, &["bo=F", "bo=T"]);
    check_terms(r#"{"i_im":"x","dt_im":{},"ip_im":"y"}"#, &["_ignored=i_im", "_ignored=ip_im"]);
    check_terms(r#"{"t":["12","345678"]}"#, &["t.raw=12"]);
    check_terms(
        r#"{"fo":[{"a":{"b":"c"},"l":[1,"x",null,{"q":2.50}],"z":null},{"t":true,"":"e"}]}"#,
        &[
            "fo._valueAndPath=fo.=e",
            "fo._valueAndPath=fo.a.b=c",
            "fo._valueAndPath=fo.l.q=2.50",
            "fo._valueAndPath=fo.l=1",
            "fo._valueAndPath=fo.l=x",
            "fo._valueAndPath=fo.t=true",
            "fo=1",
            "fo=2.50",
            "fo=c",
            "fo=e",
            "fo=true",
            "fo=x",
        ],
    );
    check_terms(
        r#"{"k_nodv":"x","t_nn":"","t_no":"x","k_no":"x","bin":"x","bins":"U29t"}"#,
        &["_field_names=bins", "_field_names=k_nodv", "_field_names=t_nn", "k_nodv=x"],
    );
    let slot = recorded().fields().by_path("ip").expect("mapped").slot;
    let address =
        |source: &str| ready(&recorded(), source).exact.iter().find(|term| term.0 == slot).map(|term| term.1.to_vec());
    assert_eq!(address(r#"{"ip":"1.2.3.4"}"#), Some(vec![0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 1, 2, 3, 4]));
    assert_eq!(address(r#"{"ip":"::1.2.3.4"}"#), Some(vec![0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]));
}

#[test]
fn texts_keep_their_order_and_stand_together() {
    let preparer = preparer_of(
        &json!({"properties": {"a": {"type": "text"}, "b": {"type": "text", "copy_to": "a"}}}),
        Settings::default(),
    );
    let slot = |path| preparer.fields().by_path(path).expect("mapped").slot;
    let document = ready(&preparer, r#"{"b":"z","a":["y","x"]}"#);
    let expected = [("a", "z"), ("a", "y"), ("a", "x"), ("b", "z")].map(|(path, text)| (slot(path), text.into()));
    assert_eq!(document.texts, expected);
}

fn check_new(mapping: &Value, source: &str, expected: &Value) {
    match prepare(&preparer_of(mapping, Settings::default()), source.as_bytes()) {
        Ok(Prepared::NewFields(update)) => assert_eq!(&update.render()["properties"], expected, "{source}"),
        other => panic!("{source}: {other:?}"),
    }
}

#[test]
fn new_fields_are_asked_for() {
    let text = json!({"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": 256}}});
    check_new(
        &json!({}),
        r#"{"a":1,"b":{"c":[null,"x","y"]},"d":[],"e":{}}"#,
        &json!({"a": {"type": "long"}, "b": {"properties": {"c": text}}, "e": {"type": "object"}}),
    );
    check_new(
        &json!({}),
        r#"{"a.b":true,"a":{"c":1.5}}"#,
        &json!({"a": {"properties": {"b": {"type": "boolean"}, "c": {"type": "float"}}}}),
    );
    let copies = json!({"properties": {"k": {"type": "keyword", "copy_to": ["n.m"]}}});
    check_new(&copies, r#"{"k":"x"}"#, &json!({"n": {"properties": {"m": text}}}));
}

#[test]
fn what_is_asked_for_suffices() {
    let mut mapping = Mapping::default();
    let source = r#"{"a":1,"b":{"c":"2020-01-01","d.e":"x"},"f":[{"g":1.5}],"h":true}"#;
    let mut table = layout::base_table();
    for round in 0.. {
        let registry = Registry::builtin();
        layout::append_fields(&mut table, &mapping, &registry).expect("known analyzers");
        let preparer = Preparer::new(Arc::new(mapping.clone()), Arc::new(table.clone()), registry, Settings::default())
            .expect("whole");
        match prepare(&preparer, source.as_bytes()).expect("a good document") {
            Prepared::NewFields(update) => mapping = mapping.merge(&update).expect("fits"),
            Prepared::Ready(document) => {
                assert_eq!((round, document.numbers.len(), document.texts.len()), (1, 3, 1));
                return;
            }
        }
        assert!(round < 2, "the mapping does not settle");
    }
}

fn refusal(preparer: &Preparer, source: &[u8]) -> Error {
    match prepare(preparer, source) {
        Err(error) => error,
        Ok(prepared) => panic!("taken: {prepared:?}"),
    }
}

#[test]
fn limits_hold() {
    let limits = Limits { total_fields: 2, depth: 3, ..Limits::default() };
    let preparer =
        preparer_of(&json!({"properties": {"a": {"type": "keyword"}}}), Settings { limits, ..Settings::default() });
    let reason = |source: &str| {
        let error = refusal(&preparer, source.as_bytes());
        if error.reason == "failed to parse" { error.cause.expect("a cause").reason } else { error.reason }
    };
    assert_eq!(reason(r#"{"d":1,"e":1}"#), "Limit of total fields [2] has been exceeded");
    assert!(
        reason(r#"{"l":[[[[1]]]]}"#)
            .starts_with("The depth of the nested array field has exceeded the allowed limit of [3].")
    );
    assert!(
        reason(r#"{"p":{"q":{"r":{"s":1}}}}"#)
            .starts_with("The depth of the field has exceeded the allowed limit of [3].")
    );
    let long = format!(r#"{{"{}z":1}}"#, "a.".repeat(100_000));
    assert!(reason(&format!("{{\"a\":\"{}\"}}", "x".repeat(32_767))).contains("immense term in field=\"a\""));
    assert!(
        reason(&long.replace("\"a.", "\"q."))
            .starts_with("Limit of mapping depth [3] has been exceeded due to object field [q.a.a")
    );
    let copy = preparer_of(
        &json!({"properties": {"a": {"type": "keyword", "copy_to": "q.".repeat(150) + "q"}}}),
        Settings::default(),
    );
    assert!(refusal(&copy, br#"{"a":"x"}"#).reason.starts_with("Limit of mapping depth"));
}

#[test]
fn malformed_bytes_are_refused() {
    let preparer = recorded();
    let check = |source: &[u8], kind: ErrorKind, cause: ErrorKind| {
        let error = refusal(&preparer, source);
        assert_eq!(
            (error.kind, error.cause.map(|cause| cause.kind)),
            (kind, Some(cause)),
            "{}",
            String::from_utf8_lossy(source)
        );
    };
    check(b"{\"i\":\"\xff\"}", ErrorKind::MapperParsing, ErrorKind::JsonParse);
    check(b"{\"\xff\":1}", ErrorKind::MapperParsing, ErrorKind::JsonParse);
    check(b"{\"k\":\"a\nb\"}", ErrorKind::MapperParsing, ErrorKind::JsonParse);
    check(b"{\"i\":1}\0", ErrorKind::MapperParsing, ErrorKind::JsonParse);
    check(b"\xff\xfe", ErrorKind::MapperParsing, ErrorKind::NotSerializable);
    let nested = [b"{\"dis\":".to_vec(), b"{\"a\":".repeat(10_000)].concat();
    check(&nested, ErrorKind::MapperParsing, ErrorKind::StreamConstraints);
    let nested = [b"{\"fo\":".to_vec(), b"{\"a\":".repeat(10_000)].concat();
    check(&nested, ErrorKind::MapperParsing, ErrorKind::StreamConstraints);
    let digits = format!("{{\"d\":1{}}}", "0".repeat(2000));
    check(digits.as_bytes(), ErrorKind::MapperParsing, ErrorKind::StreamConstraints);
    assert!(prepare(&preparer, b"\xef\xbb\xbf{\"k\":\"x\"}").is_ok());
}

#[test]
fn malformed_objects_cannot_be_copied() {
    let field = |more: &str, value: Value| {
        let mut field = json!({"type": "integer", "ignore_malformed": true});
        field[more] = value;
        preparer_of(&json!({"properties": {"a": field, "b": {"type": "keyword"}}}), Settings::default())
    };
    let copy = field("copy_to", json!(["b"]));
    assert_eq!(terms(&copy, r#"{"a":["z"]}"#), ["_ignored=a", "b=z"]);
    for (preparer, path) in [(copy, "b"), (field("fields", json!({"k": {"type": "keyword"}})), "a.k")] {
        let error = refusal(&preparer, br#"{"a":[{"x":{"y":1}},"z",{}]}"#);
        let expected = format!(
            "failed to parse field [{path}] of type [keyword] in document with id '7'. Preview of field's value: 'null'"
        );
        assert_eq!(error.reason, expected);
        assert_eq!(error.cause.expect("a cause").reason, "Can't get text on a END_OBJECT at 1:19");
    }
}

#[test]
fn many_keys_may_not_repeat_either() {
    let keys: Vec<String> = (0..100).map(|n| format!("\"k{n}\":null")).collect();
    let preparer = recorded();
    ready(&preparer, &format!("{{{}}}", keys.join(",")));
    for repeated in [0, 30, 99] {
        let error = refusal(&preparer, format!("{{{},{}}}", keys.join(","), keys[repeated]).as_bytes());
        assert!(error.cause.expect("a cause").reason.starts_with(&format!("Duplicate field 'k{repeated}'")));
    }
}

#[test]
fn index_settings_count_where_fields_do_not_say() {
    let mapping = json!({"properties": {"a": {"type": "integer"}, "b": {"type": "integer", "ignore_malformed": false, "coerce": true}}});
    let preparer = preparer_of(&mapping, Settings { ignore_malformed: true, coerce: false, ..Settings::default() });
    assert_eq!(terms(&preparer, r#"{"a":"1"}"#), ["_ignored=a"]);
    assert_eq!(ready(&preparer, r#"{"b":"1"}"#).numbers.len(), 1);
    assert_eq!(refusal(&preparer, br#"{"b":"x"}"#).kind, ErrorKind::MapperParsing);
}

proptest::proptest! {
    #[test]
    fn no_document_makes_it_panic(source in "\\{(\"[a-z.]{0,3}\":[\\[\\]{}\",:a-c0-9.eE\\-\\\\ ]{0,9},?){0,4}\\}?") {
        let _ = prepare(&recorded(), source.as_bytes());
    }
}

#[test]
fn nested_objects_are_documents_before_their_own() {
    let mapping = json!({"properties": {"x": {"type": "long"}, "all": {"type": "keyword"}, "a": {"type": "nested", "include_in_parent": true,
        "properties": {"n": {"type": "long"}, "k": {"type": "keyword", "copy_to": ["all", "a.k2"]}, "k2": {"type": "keyword"},
            "b": {"type": "nested", "include_in_root": true, "properties": {"m": {"type": "long", "ignore_malformed": true}}}}}}});
    let preparer = preparer_of(&mapping, Settings::default());
    let slot = |path: &str| preparer.fields().by_path(path).expect("mapped").slot;
    let source = r#"{"x":1,"a":[{"n":2,"k":"in","b":[{"m":3},{"m":"no"}]},{"n":4}]}"#;
    let document = ready(&preparer, source);
    let paths = |inner: &crate::prepared::InnerDocument| {
        let path = inner.exact.iter().find(|(slot, _)| *slot == crate::fields::meta::NESTED_PATH);
        String::from_utf8_lossy(&path.expect("of every one").1).into_owned()
    };
    assert_eq!(document.inner.iter().map(paths).collect::<Vec<_>>(), ["a.b", "a.b", "a", "a"]);
    assert_eq!(document.inner[0].numbers, [(slot("a.b.m"), 3)]);
    assert_eq!(document.inner[2].numbers, [(slot("a.n"), 2)], "of what is inside only the root has values");
    let mut expected = vec![(slot("x"), 1), (slot("a.n"), 2), (slot("a.n"), 4), (slot("a.b.m"), 3)];
    expected.sort();
    assert_eq!(document.numbers, expected);
    let has =
        |exact: &[(crate::fields::FieldSlot, Box<[u8]>)], path: &str| exact.iter().any(|(at, _)| *at == slot(path));
    assert!(has(&document.exact, "all") && has(&document.inner[2].exact, "a.k2"));
    assert!(!has(&document.inner[2].exact, "all"), "a copy lies with the document whose field it is");
    assert!(has(&document.exact, "_ignored") && document.inner.iter().all(|inner| !has(&inner.exact, "_ignored")));
    let refused = |source: &str| prepare(&preparer, source.as_bytes()).expect_err("refused").reason;
    assert!(refused(r#"{"a.n":1}"#).contains("one of the intermediate objects is mapped as a nested object: [a]"));
    let limits = Limits { nested_objects: 3, ..Limits::default() };
    let strict = preparer_of(&mapping, Settings { limits, ..Settings::default() });
    let error = prepare(&strict, source.as_bytes()).expect_err("too many");
    assert!(error.reason.starts_with("The number of nested documents has exceeded the allowed limit of [3]."));
}
