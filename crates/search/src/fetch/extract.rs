//! Values of a source by path, through objects, arrays and keys with dots, and values as Java's `toString` shows them.

use model::number::float_text;
use serde_json::Value;

/// Appends the values at `path` to `out`, arrays unpacked. An explicit null counts as `null`, where there is one. False: nothing is there
/// (an empty array is something).
pub fn extract<'a>(path: &[&str], current: &'a Value, null: Option<&'a Value>, out: &mut Vec<&'a Value>) -> bool {
    match current {
        Value::Array(items) => {
            for item in items {
                extract(path, item, null, out);
            }
            true
        }
        Value::Null => push(null, out),
        found if path.is_empty() => push(Some(found), out),
        Value::Object(entries) => {
            let mut key = String::new();
            for (at, step) in path.iter().enumerate() {
                if at > 0 {
                    key.push('.');
                }
                key.push_str(step);
                match entries.get(&key) {
                    Some(Value::Null) => return push(null, out),
                    Some(inner) if extract(&path[at + 1..], inner, null, out) => return true,
                    _ => {}
                }
            }
            false
        }
        _ => false,
    }
}

fn push<'a>(value: Option<&'a Value>, out: &mut Vec<&'a Value>) -> bool {
    out.extend(value);
    value.is_some()
}

/// `{a=1, b=[x, y]}` for objects and arrays, bare text for strings, `1.0` for whole floats.
pub fn java_text(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(flag) => text.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => text.push_str(&float_text(float)),
            _ => text.push_str(&number.to_string()),
        },
        Value::String(string) => text.push_str(string),
        Value::Array(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                text.push_str(if at > 0 { ", " } else { "" });
                write(item, text);
            }
            text.push(']');
        }
        Value::Object(entries) => {
            text.push('{');
            for (at, (key, item)) in entries.iter().enumerate() {
                text.push_str(if at > 0 { ", " } else { "" });
                text.push_str(key);
                text.push('=');
                write(item, text);
            }
            text.push('}');
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(path: &str, expected: &[Value], found: bool) {
        let source = json!({"a": [{"b": 1}, {"b": [2, [3]]}, {"c": 4}], "a.d": 5, "n": null, "l": ["x", null], "e": [], "t": "text"});
        let steps: Vec<&str> = path.split('.').collect();
        let (mut out, null) = (Vec::new(), json!("NULL"));
        assert_eq!(extract(&steps, &source, Some(&null), &mut out), found, "{path}");
        assert_eq!(out, expected.iter().collect::<Vec<_>>(), "{path}");
    }

    #[test]
    fn paths_lead_through_arrays_and_dotted_keys() {
        check("a.b", &[json!(1), json!(2), json!(3)], true);
        check("n", &[json!("NULL")], true);
        check("l", &[json!("x"), json!("NULL")], true);
        check("e", &[], true);
        check("t.x", &[], false);
        check("z", &[], false);
        let dotted = json!({"a": {"x": 1}, "a.d": 5});
        let mut out = Vec::new();
        assert!(extract(&["a", "d"], &dotted, None, &mut out));
        assert_eq!(out, [&json!(5)]);
    }

    #[test]
    fn texts_are_those_of_java() {
        assert_eq!(
            java_text(&json!({"a": "x", "b": {"c": [1, 2.0, 1e300, null]}})),
            "{a=x, b={c=[1, 2.0, 1.0E300, null]}}"
        );
    }
}
