//! Flat and nested forms of settings.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// The settings in `body` by flat name with `index.`; null stays null. A single wrapping `settings` is taken off.
pub fn index_settings(body: &Map<String, Value>) -> BTreeMap<String, Value> {
    let body = match (body.len(), body.get("settings")) {
        (1, Some(Value::Object(inner))) => inner,
        _ => body,
    };
    let flat = settings(body);
    flat.into_iter()
        .map(|(name, value)| if name.starts_with("index.") { (name, value) } else { (format!("index.{name}"), value) })
        .collect()
}

/// By flat name; numbers and booleans as text, lists of them as lists of text.
pub fn settings(body: &Map<String, Value>) -> BTreeMap<String, Value> {
    let mut flat = BTreeMap::new();
    for (name, value) in body {
        flatten(name, value, &mut flat);
    }
    flat
}

fn flatten(name: &str, value: &Value, flat: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(inner) => inner.iter().for_each(|(key, value)| flatten(&format!("{name}.{key}"), value, flat)),
        Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            items.iter().enumerate().for_each(|(at, item)| flatten(&format!("{name}.{at}"), item, flat));
        }
        Value::Array(items) => {
            flat.insert(name.to_owned(), items.iter().map(text).collect());
        }
        Value::Null => {
            flat.insert(name.to_owned(), Value::Null);
        }
        one => {
            flat.insert(name.to_owned(), text(one).into());
        }
    }
}

/// A scalar as text.
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(text).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

/// The settings below `prefix` as an object of objects.
pub fn nested(flat: &BTreeMap<String, Value>, prefix: &str) -> Value {
    let mut root = Map::new();
    for (name, value) in flat {
        let Some(path) = name.strip_prefix(prefix) else { continue };
        let (parents, last) = path.rsplit_once('.').unwrap_or(("", path));
        let mut at = &mut root;
        for step in parents.split('.').filter(|step| !step.is_empty()) {
            let entry = at.entry(step).or_insert(Value::Null);
            if !entry.is_object() {
                // A value and settings below it: the latter win.
                *entry = Value::Object(Map::new());
            }
            at = entry.as_object_mut().expect("it was made an object just now");
        }
        at.insert(last.to_owned(), value.clone());
    }
    Value::Object(root)
}
