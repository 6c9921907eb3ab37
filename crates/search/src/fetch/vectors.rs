//! Vectors of a source by path: one is shown as its numbers, those of several objects each as a list.

use serde_json::Value;

/// Appends what is at `path`: a vector's numbers, or lists of them when the way leads through an array. False: nothing is there.
pub(super) fn vectors(path: &[&str], current: &Value, out: &mut Vec<Value>) -> bool {
    match current {
        Value::Array(numbers) if path.is_empty() => {
            out.extend(numbers.iter().map(number));
            true
        }
        Value::Array(items) => {
            for item in items {
                let mut one = Vec::new();
                if vectors(path, item, &mut one) {
                    out.push(Value::Array(one));
                }
            }
            true
        }
        Value::Null => false,
        found if path.is_empty() => {
            out.push(number(found));
            true
        }
        Value::Object(entries) => {
            let mut key = String::new();
            path.iter().enumerate().any(|(at, step)| {
                if at > 0 {
                    key.push('.');
                }
                key.push_str(step);
                entries.get(&key).is_some_and(|inner| vectors(&path[at + 1..], inner, out))
            })
        }
        _ => false,
    }
}

/// A number that was sent as text, as a number.
fn number(value: &Value) -> Value {
    let read = value.as_str().and_then(|text| text.trim().parse::<f32>().ok()?.to_string().parse::<f64>().ok());
    read.map_or_else(|| value.clone(), Value::from)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn vectors_of_several_objects_stay_apart() {
        let check = |source: Value, path: &str, expected: Value| {
            let mut found = Vec::new();
            vectors(&path.split('.').collect::<Vec<_>>(), &source, &mut found);
            assert_eq!(Value::Array(found), expected, "{source}");
        };
        check(json!({"v": [1, 2]}), "v", json!([1, 2]));
        check(json!({"p": {"v": [1, 2]}}), "p.v", json!([1, 2]));
        check(json!({"p": [{"v": [1, 2]}, {"t": 1}, {"v": [3, 4]}]}), "p.v", json!([[1, 2], [3, 4]]));
        check(json!({"p.v": [1, 2], "x": null}), "p.v", json!([1, 2]));
        check(json!({"v": ["1.5", 2]}), "v", json!([1.5, 2]));
        check(json!({"v": null}), "v", json!([]));
    }
}
