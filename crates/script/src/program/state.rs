//! What a program leaves behind, as it lies outside of any run.

use std::sync::Arc;

use model::aggregation::partial::ScriptState;
use serde_json::{Map as JsonMap, Number, Value as Json};

use super::object::{Fields, Heap, MAX_CELLS, Object, date_text};
use crate::expression::value::Value;

impl Heap {
    /// A value with all that it holds; `None` where it is nested deeper than [`ScriptState::MAX_DEPTH`] (as what holds itself is), is more than a run may hold, or is nothing that
    /// outlives a run.
    pub fn keep(&self, object: &Object) -> Option<ScriptState> {
        self.kept(object, ScriptState::MAX_DEPTH, &mut { MAX_CELLS })
    }

    /// `left`: how many more values there may be.
    fn kept(&self, object: &Object, depth: usize, left: &mut usize) -> Option<ScriptState> {
        *left = left.checked_sub(1)?;
        Some(match object {
            Object::Plain(value) => plain(value)?,
            Object::List(place) | Object::Values(place) | Object::Set(place) | Object::Array(place) => {
                let deeper = depth.checked_sub(1)?;
                let items = self.items(*place).iter().map(|item| self.kept(item, deeper, left));
                ScriptState::List(items.collect::<Option<_>>()?)
            }
            Object::Map(place) => {
                let deeper = depth.checked_sub(1)?;
                let mut entry =
                    |(key, value): &(Arc<str>, Object)| Some((key.to_string(), self.kept(value, deeper, left)?));
                ScriptState::Map(self.fields(*place).iter().map(&mut entry).collect::<Option<_>>()?)
            }
            Object::Date(ms) => ScriptState::Date(*ms),
            Object::Time(time) => match time.moment() {
                Some(moment) => ScriptState::Date(moment.ms),
                None => ScriptState::Text(time.shown()),
            },
            Object::Point { lat, lon } => ScriptState::Map(vec![
                ("lat".to_owned(), ScriptState::Double(*lat)),
                ("lon".to_owned(), ScriptState::Double(*lon)),
            ]),
            _ => return None,
        })
    }

    /// A value that was kept, in this run.
    pub fn bring(&mut self, state: &ScriptState) -> Object {
        Object::Plain(match state {
            ScriptState::Null => Value::Null,
            ScriptState::Bool(value) => Value::Bool(*value),
            ScriptState::Int(value) => Value::Int(*value),
            ScriptState::Long(value) => Value::Long(*value),
            ScriptState::Float(value) => Value::Float(*value),
            ScriptState::Double(value) => Value::Double(*value),
            ScriptState::Text(text) => Value::Text(Arc::from(text.as_str())),
            ScriptState::Date(ms) => return Object::Date(*ms),
            ScriptState::List(items) => {
                let items = items.iter().map(|item| self.bring(item)).collect();
                return self.list(items);
            }
            ScriptState::Map(entries) => {
                let mut fields = Fields::default();
                for (key, value) in entries {
                    let value = self.bring(value);
                    fields.insert(Arc::from(key.as_str()), value);
                }
                return self.map(fields);
            }
        })
    }
}

fn plain(value: &Value) -> Option<ScriptState> {
    Some(match value {
        Value::Null => ScriptState::Null,
        Value::Bool(value) => ScriptState::Bool(*value),
        Value::Int(value) => ScriptState::Int(*value),
        Value::Long(value) => ScriptState::Long(*value),
        Value::Float(value) => ScriptState::Float(*value),
        Value::Double(value) => ScriptState::Double(*value),
        Value::Text(text) => ScriptState::Text(text.to_string()),
        Value::Doubles(values) => ScriptState::List(values.iter().map(|value| ScriptState::Double(*value)).collect()),
        Value::List(_) | Value::Map(_) => return None,
    })
}

/// What was kept, as an answer shows it: numbers that are not finite as texts.
pub fn shown(state: &ScriptState) -> Json {
    let number = |number: f64, text: String| Number::from_f64(number).map_or(Json::String(text), Json::Number);
    match state {
        ScriptState::Null => Json::Null,
        ScriptState::Bool(value) => Json::Bool(*value),
        ScriptState::Int(value) => Json::from(*value),
        ScriptState::Long(value) => Json::from(*value),
        // The digits of the short float, not those of the double it becomes.
        ScriptState::Float(value) => {
            number(value.to_string().parse().unwrap_or(f64::NAN), not_finite(f64::from(*value)))
        }
        ScriptState::Double(value) => number(*value, not_finite(*value)),
        ScriptState::Text(text) => Json::String(text.clone()),
        ScriptState::Date(ms) => Json::String(date_text(*ms)),
        ScriptState::List(items) => Json::Array(items.iter().map(shown).collect()),
        ScriptState::Map(entries) => {
            Json::Object(entries.iter().map(|(key, value)| (key.clone(), shown(value))).collect::<JsonMap<_, _>>())
        }
    }
}

/// As Java writes it.
fn not_finite(number: f64) -> String {
    let text = if number.is_nan() {
        "NaN"
    } else if number > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    };
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_kept_comes_back() {
        let mut heap = Heap::default();
        let given = json!({"n": 1, "list": [1.5, "x", null, true, {"deep": []}]});
        let object = heap.from_json(&given);
        let kept = heap.keep(&object).unwrap();
        let mut other = Heap::default();
        let back = other.bring(&kept);
        assert_eq!(other.keep(&back), Some(kept.clone()));
        assert_eq!(shown(&kept), given);
        assert_eq!(shown(&ScriptState::Double(f64::NEG_INFINITY)), json!("-Infinity"));
    }

    #[test]
    fn what_holds_itself_is_not_kept() {
        let mut heap = Heap::default();
        let map = heap.map(Fields::default());
        let Object::Map(place) = map else { panic!("no map") };
        heap.fields_mut(place).insert("self".into(), map.clone());
        assert_eq!(heap.keep(&map), None);
        assert_eq!(heap.keep(&Object::Doc), None);
    }
}
