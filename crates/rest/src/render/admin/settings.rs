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

/// A setting below one that has a value of its own keeps the rest of its name in one piece, so that none is lost.
fn insert(mut at: &mut Map<String, Value>, mut name: &str, value: &Value) {
    while let Some((step, rest)) = name.split_once('.') {
        if !at.get(step).is_none_or(Value::is_object) {
            break;
        }
        at = at
            .entry(step)
            .or_insert_with(|| Value::Object(Map::new()))
            .as_object_mut()
            .expect("what was there is an object, and so is what was put there");
        name = rest;
    }
    at.insert(name.to_owned(), value.clone());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_and_flat() {
        let names = [("index.a", "1"), ("index.a.b", "2"), ("index.c.d", "3"), ("index.c.e", "4"), ("x", "5")];
        let all = names.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
        assert_eq!(settings(&all, false).to_string(), r#"{"index":{"a":"1","a.b":"2","c":{"d":"3","e":"4"}},"x":"5"}"#);
        assert_eq!(
            settings(&all, true).to_string(),
            r#"{"index.a":"1","index.a.b":"2","index.c.d":"3","index.c.e":"4","x":"5"}"#
        );
    }
}
