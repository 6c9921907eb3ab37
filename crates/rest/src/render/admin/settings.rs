//! Settings, flat or as objects in objects.

use std::collections::BTreeMap;

use model::document::text_of;
use serde_json::{Map, Value};

/// By name, however they are nested: numbers and booleans as text, lists of them as lists of text. Bodies nest at most as deep as the
/// reader of JSON allows, and this keeps its own stack.
pub(crate) fn flat(given: &Map<String, Value>) -> BTreeMap<String, Value> {
    let text = |value: &Value| text_of(value).map_or_else(|| value.clone(), Value::String);
    let mut all = BTreeMap::new();
    let mut waiting: Vec<(String, &Value)> = given.iter().map(|(name, value)| (name.clone(), value)).collect();
    while let Some((name, value)) = waiting.pop() {
        match value {
            Value::Object(below) => waiting.extend(below.iter().map(|(key, value)| (format!("{name}.{key}"), value))),
            Value::Array(items) => drop(all.insert(name, items.iter().map(text).collect())),
            one => drop(all.insert(name, text(one))),
        }
    }
    all
}

/// `flat`: by their names; otherwise their names' parts are keys of nested objects.
pub(crate) fn settings(all: &BTreeMap<String, Value>, flat: bool) -> Value {
    if flat {
        return Value::Object(all.iter().map(|(name, value)| (name.clone(), value.clone())).collect());
    }
    let mut root = Map::new();
    for (name, value) in all {
        insert(&mut root, name, value);
    }
    root.into()
}

/// Below a setting that has a value of its own the next part of the name stays with its key, so that none is lost.
fn insert(mut at: &mut Map<String, Value>, name: &str, value: &Value) {
    let mut key = String::new();
    let mut parts = name.split('.').peekable();
    while let Some(part) = parts.next() {
        key.push_str(part);
        if parts.peek().is_none() {
            break;
        }
        if at.get(&key).is_some_and(|known| !known.is_object()) {
            key.push('.');
            continue;
        }
        at = at
            .entry(std::mem::take(&mut key))
            .or_insert_with(|| Value::Object(Map::new()))
            .as_object_mut()
            .expect("what was there is an object, and so is what was put there");
    }
    at.insert(key, value.clone());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flattened() {
        let given = serde_json::json!({"a": {"b": [1, "x"], "c": {"d": true}}, "e": null, "f.g": 1.5, "h": {}});
        let flat = settings(&flat(given.as_object().unwrap()), true);
        assert_eq!(flat.to_string(), r#"{"a.b":["1","x"],"a.c.d":"true","e":null,"f.g":"1.5"}"#);
    }

    #[test]
    fn nested_and_flat() {
        let names = [
            ("index.a", "1"),
            ("index.a.b", "2"),
            ("index.a.f.g", "6"),
            ("index.c.d", "3"),
            ("index.c.e", "4"),
            ("x", "5"),
        ];
        let all = names.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
        assert_eq!(
            settings(&all, false).to_string(),
            r#"{"index":{"a":"1","a.b":"2","a.f":{"g":"6"},"c":{"d":"3","e":"4"}},"x":"5"}"#
        );
        assert_eq!(
            settings(&all, true).to_string(),
            r#"{"index.a":"1","index.a.b":"2","index.a.f.g":"6","index.c.d":"3","index.c.e":"4","x":"5"}"#
        );
    }
}
