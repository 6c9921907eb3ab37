//! Mappings as clients write and read them: what is shown, what is refused, what merges, what documents add.

use serde_json::{Value, json};

use super::dynamic::Seen;
use super::limits::Limits;
use super::*;
use crate::error::Error;

fn mapping(body: Value) -> Result<Mapping, Error> {
    let mapping = Mapping::parse(&body)?;
    mapping.validate()?;
    Ok(mapping)
}

fn field(definition: Value) -> Result<Value, Error> {
    let body = json!({"properties": {"f": definition, "g": {"type": "keyword"}, "o": {"properties": {"x": {"type": "long"}}}}});
    mapping(body).map(|mapping| mapping.render()["properties"]["f"].clone())
}

/// Given, then shown (`null`: as given).
#[track_caller]
fn shows(given: Value, shown: Value) {
    let expected = if shown.is_null() { given.clone() } else { shown };
    let found = field(given.clone()).unwrap_or_else(|error| panic!("{given}: {error}"));
    assert_eq!(found, expected, "{given}");
    assert_eq!(field(found.clone()).unwrap(), found, "what is shown reads back");
}

#[track_caller]
fn refused(given: Value, reason: &str) {
    assert_eq!(field(given.clone()).expect_err(&given.to_string()).reason, reason, "{given}");
}

#[test]
fn parameters_are_shown_as_opensearch_shows_them() {
    shows(
        json!({"type": "text", "index": "true", "store": "false", "term_vector": "no", "boost": 1}),
        json!({"type": "text"}),
    );
    shows(json!({"type": "text", "index_options": "positions", "doc_values": false}), json!({"type": "text"}));
    shows(json!({"type": "text", "norms": false, "index_options": "freqs"}), Value::Null);
    shows(
        json!({"type": "text", "analyzer": "standard", "search_analyzer": "standard"}),
        json!({"type": "text", "analyzer": "standard"}),
    );
    shows(
        json!({"type": "text", "search_analyzer": "simple"}),
        json!({"type": "text", "search_analyzer": "simple", "analyzer": "default"}),
    );
    let quoted =
        json!({"type": "text", "analyzer": "simple", "search_analyzer": "simple", "search_quote_analyzer": "standard"});
    shows(quoted, Value::Null);
    shows(json!({"type": "text", "position_increment_gap": -1}), json!({"type": "text"}));
    shows(json!({"type": "text", "position_increment_gap": 100, "similarity": "BM25"}), Value::Null);
    shows(
        json!({"type": "text", "index_prefixes": {"min_chars": 1}}),
        json!({"type": "text", "index_prefixes": {"min_chars": 1, "max_chars": 5}}),
    );
    shows(
        json!({"type": "text", "fields": {"r": {"type": "keyword", "fields": {"q": {"type": "text"}}}}}),
        Value::Null,
    );
    shows(json!({"type": "text", "fields": []}), json!({"type": "text"}));
    shows(json!({"type": "text", "copy_to": "g"}), json!({"type": "text", "copy_to": ["g"]}));
    shows(json!({"type": "text", "meta": {"unit": "m"}}), Value::Null);
    shows(json!({"type": "keyword", "ignore_above": "7"}), json!({"type": "keyword", "ignore_above": 7}));
    shows(json!({"type": "keyword", "ignore_above": 2147483647, "null_value": null}), json!({"type": "keyword"}));
    shows(json!({"type": "keyword", "null_value": 5}), json!({"type": "keyword", "null_value": "5"}));
    shows(json!({"type": "keyword", "split_queries_on_whitespace": true, "normalizer": "lowercase"}), Value::Null);
    shows(
        json!({"type": "long", "coerce": true, "ignore_malformed": false, "boost": 2.0}),
        json!({"type": "long", "coerce": true, "ignore_malformed": false}),
    );
    shows(json!({"type": "float", "null_value": 1}), json!({"type": "float", "null_value": 1.0}));
    shows(json!({"type": "unsigned_long", "null_value": 18446744073709551615_u64}), Value::Null);
    shows(
        json!({"type": "scaled_float", "scaling_factor": 100}),
        json!({"type": "scaled_float", "scaling_factor": 100.0}),
    );
    shows(json!({"type": "boolean", "null_value": "true"}), json!({"type": "boolean", "null_value": true}));
    shows(json!({"type": "date", "null_value": 0}), json!({"type": "date", "null_value": "0"}));
    shows(json!({"type": "date", "format": "strict_date_optional_time||epoch_millis"}), json!({"type": "date"}));
    shows(json!({"type": "date", "locale": "de"}), Value::Null);
    shows(json!({"type": "binary", "doc_values": true, "store": false}), json!({"type": "binary", "doc_values": true}));
    shows(json!({"type": "object", "dynamic": false}), json!({"type": "object", "dynamic": "false"}));
    shows(json!({"enabled": false}), json!({"type": "object", "enabled": false}));
    shows(json!({"type": "object", "properties": {}, "include_in_all": 1}), json!({"type": "object"}));
    shows(json!({"type": "alias", "path": "g"}), Value::Null);
    shows(json!({"type": "flat_object"}), Value::Null);
}

#[test]
fn mistakes_are_refused_in_opensearchs_words() {
    refused(json!({"type": "text", "zzz": 1}), "unknown parameter [zzz] on mapper [f] of type [text]");
    refused(json!({"type": "zzz"}), "No handler for type [zzz] declared on field [f]");
    refused(json!({"index": true}), "No type specified for field [f]");
    refused(json!({"type": "text", "index": "x"}), "Failed to parse value [x] as only [true] or [false] are allowed.");
    refused(
        json!({"type": "text", "index": null}),
        "[index] on mapper [f] of type [text] must not have a [null] value",
    );
    refused(
        json!({"type": "text", "index_options": "x"}),
        "Unknown value [x] for field [index_options] - accepted values are [positions, docs, freqs, offsets]",
    );
    refused(
        json!({"type": "text", "index": false, "index_phrases": true}),
        "Cannot set index_phrases on unindexed field [f]",
    );
    refused(json!({"type": "long", "null_value": "x"}), "For input string: \"x\"");
    refused(json!({"type": "long", "null_value": 1.5}), "Value [1.5] has a decimal part");
    refused(json!({"type": "byte", "null_value": 1000}), "Value [1000] is out of range for a byte");
    refused(
        json!({"type": "half_float", "null_value": 1e9}),
        "[half_float] supports only finite values, but got [1.0E9]",
    );
    refused(json!({"type": "scaled_float"}), "Field [scaling_factor] is required");
    refused(
        json!({"type": "scaled_float", "scaling_factor": -1}),
        "[scaling_factor] must be a positive number, got [-1.0]",
    );
    refused(
        json!({"type": "date", "format": "foo"}),
        "Error parsing [format] on field [f]: Invalid format: [foo]: Unknown pattern letter: f",
    );
    refused(
        json!({"type": "object", "zzz": 1, "yyy": {"a": [1, "b"]}}),
        "Mapping definition for [f] has unsupported parameters:  [yyy : {a=[1, b]}] [zzz : 1]",
    );
    refused(json!({"type": "object", "dynamic": "zzz"}), "Could not convert [dynamic.dynamic] to boolean");
    refused(
        json!({"type": "text", "fields": {"r": {"type": "object"}}}),
        "Type [object] cannot be used in multi field",
    );
    refused(json!({"type": "text", "fields": {"r": {}}}), "no type specified for property [r]");
    refused(
        json!({"type": "text", "fields": {"a.b": {"type": "keyword"}}}),
        "Field name [a.b] which is a multi field of [f] cannot contain '.'",
    );
    refused(
        json!({"type": "text", "fields": {"r": {"type": "keyword", "copy_to": "g"}}}),
        "[copy_to] may not be used to copy from a multi-field: [f.r]",
    );
    refused(json!({"type": "text", "copy_to": "o"}), "Cannot copy to field [o] since it is mapped as an object");
    refused(
        json!({"type": "text", "meta": {"a": 1}}),
        "[meta] values can only be strings, but got Integer[1] for field [f]",
    );
}

#[test]
fn what_refers_to_nothing_and_what_is_not_here_is_refused() {
    refused(json!({"type": "alias"}), "The [path] property must be specified for field [f].");
    refused(
        json!({"type": "alias", "path": "f"}),
        "Invalid [path] value [f] for field alias [f]: an alias cannot refer to itself.",
    );
    refused(
        json!({"type": "alias", "path": "o"}),
        "Invalid [path] value [o] for field alias [f]: an alias must refer to an existing field in the mappings.",
    );
    refused(
        json!({"type": "date", "locale": "de", "format": "d MMM yyyy"}),
        "names of months and days in locale [de] is not implemented yet",
    );
    refused(json!({"type": "xy_shape"}), "field type [xy_shape] is not implemented yet");
    let deep = mapping(json!({"properties": {vec!["a"; 5000].join("."): {"type": "long"}}}));
    assert!(deep.unwrap_err().reason.starts_with("Limit of mapping depth"));
}

#[test]
fn the_root_has_keys_of_its_own() {
    let same = |body: Value| assert_eq!(mapping(body.clone()).unwrap().render(), body);
    same(json!({"dynamic": "strict_allow_templates", "date_detection": true, "numeric_detection": true}));
    same(json!({"_source": {"enabled": false}, "_routing": {"required": true}, "_meta": {"a": 1}}));
    same(
        json!({"dynamic_templates": [{"s": {"match": "a*", "mapping": {"type": "zzz"}}}], "dynamic_date_formats": ["yyyy"]}),
    );
    for (body, reason) in [
        (
            json!({"zzz": 1, "aaa": {"b": 1}}),
            "Root mapping definition has unsupported parameters:  [aaa : {b=1}] [zzz : 1]",
        ),
        (json!({"_id": {}}), "_id is not configurable"),
        (json!({"_doc": {"properties": {}}}), "Types cannot be provided in put mapping requests"),
        (json!({"_source": {"zzz": 1}}), "unknown parameter [zzz] on mapper [_source] of type [null]"),
        (json!({"properties": 5}), "properties must be a map type"),
        (json!({"properties": {"": {"type": "long"}}}), "name cannot be empty string"),
        (json!({"properties": {"_id": {"type": "keyword"}}}), "Field [_id] is defined more than once"),
        (json!({"dynamic_templates": [{"s": {"match": "a*"}}]}), "template must have mapping set"),
        (
            json!({"dynamic_templates": [{"s": {"zzz": "a", "mapping": {}}}]}),
            "Illegal dynamic template parameter: [zzz]",
        ),
        (
            json!({"dynamic_date_formats": ["epoch_millis"]}),
            "Epoch [epoch_millis] is not supported as dynamic date format",
        ),
    ] {
        assert_eq!(mapping(body).unwrap_err().reason, reason);
    }
}

#[test]
fn dots_in_names_are_objects() {
    let dotted = mapping(
        json!({"properties": {"a.b": {"type": "long"}, "a": {"properties": {"c": {"type": "text"}}}, "d.": {"type": "ip"}}}),
    );
    let shown = json!({"properties": {"a": {"properties": {"b": {"type": "long"}, "c": {"type": "text"}}}, "d": {"type": "ip"}}});
    assert_eq!(dotted.unwrap().render(), shown);
}

fn merged(old: Value, new: Value) -> Result<Value, Error> {
    let merged =
        mapping(json!({"properties": {"f": old}}))?.merge(&Mapping::parse(&json!({"properties": {"f": new}}))?)?;
    Ok(merged.render()["properties"]["f"].clone())
}

#[test]
fn updates_add() {
    for (old, new, expected) in [
        (json!({"type": "text"}), json!({"type": "text", "norms": false}), json!({"type": "text", "norms": false})),
        (json!({"type": "keyword", "ignore_above": 5}), json!({"type": "keyword"}), json!({"type": "keyword"})),
        (
            json!({"type": "text", "fields": {"r": {"type": "keyword"}}}),
            json!({"type": "text", "fields": {"s": {"type": "keyword"}}}),
            json!({"type": "text", "fields": {"r": {"type": "keyword"}, "s": {"type": "keyword"}}}),
        ),
        (
            json!({"properties": {"a": {"type": "long"}}}),
            json!({"properties": {"b": {"type": "long"}}}),
            json!({"properties": {"a": {"type": "long"}, "b": {"type": "long"}}}),
        ),
        (
            json!({"type": "text", "copy_to": "a"}),
            json!({"type": "text", "copy_to": "b"}),
            json!({"type": "text", "copy_to": ["b"]}),
        ),
    ] {
        assert_eq!(merged(old, new).unwrap(), expected);
    }
}

#[test]
fn updates_that_contradict_are_listed() {
    let conflict = "Mapper for [f] conflicts with existing mapper:\n\tCannot update parameter ";
    for (old, new, reason) in [
        (
            json!({"type": "long"}),
            json!({"type": "text"}),
            "mapper [f] cannot be changed from type [long] to [text]".to_owned(),
        ),
        (
            json!({"type": "text"}),
            json!({"type": "text", "analyzer": "simple"}),
            format!("{conflict}[analyzer] from [default] to [simple]"),
        ),
        (
            json!({"type": "text"}),
            json!({"type": "text", "index": false, "store": true}),
            format!(
                "{conflict}[index] from [true] to [false]\n\tCannot update parameter [store] from [false] to [true]"
            ),
        ),
        (
            json!({"type": "text", "norms": false}),
            json!({"type": "text"}),
            format!("{conflict}[norms] from [false] to [true]"),
        ),
        (
            json!({"type": "long"}),
            json!({"type": "long", "null_value": 1}),
            format!("{conflict}[null_value] from [null] to [1]"),
        ),
        (
            json!({"type": "scaled_float", "scaling_factor": 10}),
            json!({"type": "scaled_float", "scaling_factor": 100}),
            format!("{conflict}[scaling_factor] from [10.0] to [100.0]"),
        ),
        (
            json!({"type": "date"}),
            json!({"type": "date", "format": "yyyy"}),
            format!("{conflict}[format] from [strict_date_optional_time||epoch_millis] to [yyyy]"),
        ),
        (
            json!({"type": "text"}),
            json!({"properties": {"a": {"type": "long"}}}),
            "can't merge a non object mapping [f] with an object mapping".to_owned(),
        ),
        (
            json!({"enabled": false}),
            json!({"enabled": true}),
            "the [enabled] parameter can't be updated for the object mapping [f]".to_owned(),
        ),
    ] {
        assert_eq!(merged(old, new).unwrap_err().reason, reason);
    }
    let routed = mapping(json!({})).unwrap().merge(&mapping(json!({"_routing": {"required": true}})).unwrap());
    assert_eq!(
        routed.unwrap_err().reason,
        "Mapper for [_routing] conflicts with existing mapper:\n\tCannot update parameter [required] from [false] to [true]"
    );
}

#[test]
fn fields_are_found_by_path_alias_and_pattern() {
    let mapping = mapping(json!({"properties": {
        "title": {"type": "text", "fields": {"raw": {"type": "keyword"}}},
        "name": {"type": "alias", "path": "title.raw"},
        "user": {"properties": {"id": {"type": "long"}, "off": {"type": "object", "enabled": false}}},
        "tags": {"type": "flat_object"}
    }}))
    .unwrap();
    let path = |path: &str| mapping.field(path).map(|field| field.path.to_string());
    assert_eq!(path("title.raw").as_deref(), Some("title.raw"));
    assert_eq!(path("name").as_deref(), Some("title.raw"));
    assert_eq!(path("user.id").as_deref(), Some("user.id"));
    assert_eq!(path("user"), None);
    assert_eq!(path("title.raw.x"), None);
    assert_eq!(mapping.find("user.off.x"), Found::Disabled);
    assert_eq!(
        mapping.flat_object("tags.color.name").map(|(field, rest)| (field.path.to_string(), rest)),
        Some(("tags".into(), "color.name"))
    );
    let names: Vec<String> = mapping.fields_matching("t*").into_iter().map(|(path, _)| path.to_string()).collect();
    assert_eq!(names, ["tags", "title", "title.raw"]);
    assert_eq!(mapping.field_count(), 7);
    assert!(mapping.check_limits(&Limits { total_fields: 7, ..Limits::default() }).is_ok());
    let over = mapping.check_limits(&Limits { total_fields: 6, ..Limits::default() }).unwrap_err();
    assert_eq!(over.reason, "Limit of total fields [6] has been exceeded");
    assert!(mapping.check_limits(&Limits { depth: 1, ..Limits::default() }).is_err());
}

fn decided(body: Value, path: &str, seen: Seen<'_>) -> Result<Option<Value>, Error> {
    Ok(mapping(body)?.decide(path, seen)?.map(|node| node.render()))
}

#[test]
fn unknown_fields_get_a_type_from_their_value() {
    let text = json!({"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": 256}}});
    let slashes = json!({"type": "date", "format": "yyyy/MM/dd HH:mm:ss||yyyy/MM/dd||epoch_millis", "print_format": "yyyy/MM/dd HH:mm:ss"});
    for (seen, expected) in [
        (Seen::String("x"), text.clone()),
        (Seen::String("2024"), text.clone()),
        (Seen::String("1700000000000"), text.clone()),
        (Seen::String("2024/01/02 +0000"), text.clone()),
        (Seen::String("2024-01"), json!({"type": "date"})),
        (Seen::String("2024/01/02"), slashes),
        (Seen::Long, json!({"type": "long"})),
        (Seen::Double, json!({"type": "float"})),
        (Seen::Boolean, json!({"type": "boolean"})),
        (Seen::Object, json!({"type": "object"})),
    ] {
        assert_eq!(decided(json!({}), "a.b", seen).unwrap(), Some(expected), "{seen:?}");
    }
    let numeric = json!({"numeric_detection": true});
    for (value, kind) in [
        ("12", "long"),
        ("+5", "long"),
        ("1.5", "float"),
        ("1e5", "float"),
        (" 1", "float"),
        ("1d", "float"),
        ("0x10", "text"),
        ("99999999999999999999", "float"),
    ] {
        assert_eq!(decided(numeric.clone(), "a", Seen::String(value)).unwrap().unwrap()["type"], kind, "{value}");
    }
    assert_eq!(decided(json!({"date_detection": false}), "a", Seen::String("2024-01-02")).unwrap(), Some(text));
    assert_eq!(decided(json!({"dynamic": false}), "a", Seen::Long).unwrap(), None);
    let strict =
        decided(json!({"properties": {"o": {"type": "object", "dynamic": "strict"}}}), "o.a", Seen::Long).unwrap_err();
    assert_eq!(strict.reason, "mapping set to strict, dynamic introduction of [a] within [o] is not allowed");
}

#[test]
fn templates_decide_first() {
    let with = |rule: Value| json!({"dynamic_templates": [{"t": rule}]});
    let decide = |rule: Value, path: &str, seen: Seen<'_>| decided(with(rule), path, seen).unwrap().unwrap();
    let keyword = json!({"type": "keyword"});
    assert_eq!(decide(json!({"match": "a*", "unmatch": "*z", "mapping": keyword}), "o.ab", Seen::String("x")), keyword);
    assert_eq!(
        decide(json!({"match": "a*", "unmatch": "*z", "mapping": keyword}), "az", Seen::Long),
        json!({"type": "long"})
    );
    assert_eq!(
        decide(json!({"path_match": "a.*", "path_unmatch": "*.d", "mapping": keyword}), "a.b.c", Seen::Long),
        keyword
    );
    assert_eq!(
        decide(json!({"match_mapping_type": "double", "mapping": {"type": "double"}}), "a", Seen::Double),
        json!({"type": "double"})
    );
    let named = json!({"match_mapping_type": "*", "mapping": {"type": "{dynamic_type}", "meta": {"n": "{name}"}}});
    assert_eq!(decide(named, "o.a", Seen::String("x")), json!({"type": "text", "meta": {"n": "a"}}));
    assert_eq!(
        decide(json!({"match": "*", "mapping": {"index": false}}), "a", Seen::Long),
        json!({"type": "long", "index": false})
    );
    let wrong = decided(with(json!({"match": "*", "mapping": {"type": "zzz"}})), "b", Seen::Long).unwrap_err();
    assert_eq!(wrong.reason, "failed to find type parsed [zzz] for [b]");
    let only =
        json!({"dynamic": "false_allow_templates", "dynamic_templates": [{"t": {"match": "k*", "mapping": keyword}}]});
    assert_eq!(decided(only.clone(), "k1", Seen::Long).unwrap(), Some(keyword));
    assert_eq!(decided(only, "z", Seen::Long).unwrap(), None);
    let update = Mapping::default().with("a.b.c", Node::Field(Field::new("a.b.c", FieldKind::Ip).into()));
    assert_eq!(
        update.render(),
        json!({"properties": {"a": {"properties": {"b": {"properties": {"c": {"type": "ip"}}}}}}})
    );
}

#[test]
fn patterns_match_with_stars() {
    for (pattern, text, yes) in [
        ("*", "", true),
        ("a*b", "ab", true),
        ("a*b*c", "axxbyc", true),
        ("a*ba", "aba", true),
        ("ab*ba", "aba", false),
        ("", "a", false),
        ("a", "ab", false),
    ] {
        assert_eq!(simple_match(pattern, text), yes, "{pattern} {text}");
    }
}

mod properties {
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    use super::super::*;

    fn definition() -> impl Strategy<Value = Value> {
        let parameter = prop_oneof![
            Just(("store", json!(true))),
            Just(("index", json!(false))),
            Just(("doc_values", json!(false))),
            Just(("null_value", json!("1"))),
            Just(("ignore_malformed", json!(true))),
            Just(("copy_to", json!("zz"))),
            Just(("fields", json!({"raw": {"type": "keyword", "ignore_above": 9}}))),
        ];
        let kind = prop_oneof![
            Just("text"),
            Just("keyword"),
            Just("long"),
            Just("date"),
            Just("ip"),
            Just("boolean"),
            Just("float")
        ];
        (kind, prop::collection::vec(parameter, 0..4)).prop_map(|(kind, parameters)| {
            let mut body = Map::from_iter([("type".to_owned(), json!(kind))]);
            body.extend(parameters.into_iter().map(|(key, value)| (key.to_owned(), value)));
            Value::Object(body)
        })
    }

    proptest! {
        #[test]
        fn merging_is_idempotent_and_what_is_shown_reads_back(fields in prop::collection::btree_map("[a-c](\\.[a-c]){0,2}", definition(), 0..6)) {
            if let Ok(mapping) = Mapping::parse(&json!({"properties": fields})) {
                prop_assert_eq!(&mapping.merge(&mapping).unwrap(), &mapping);
                prop_assert_eq!(&Mapping::default().merge(&mapping).unwrap(), &mapping);
                prop_assert_eq!(&Mapping::parse(&mapping.render()).unwrap(), &mapping);
            }
        }
    }
}
