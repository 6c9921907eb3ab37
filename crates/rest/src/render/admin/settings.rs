//! Settings, flat or as objects in objects.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

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
