//! A document on its way through a pipeline: its source, and what it will be called.

use model::error::{Error, ErrorKind};
use serde_json::{Map, Value};

/// What a pipeline changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    pub source: Map<String, Value>,
    /// `_index`, `_id`, `_routing`: those that it has.
    pub meta: Map<String, Value>,
    /// `_ingest`: the time, and what failed while a failure is handled.
    pub ingest: Map<String, Value>,
}

/// Values inside values that a path may go through.
const MAX_DEPTH: usize = 100;

impl Document {
    /// A document of `index` at a time (ISO 8601).
    pub fn new(index: &str, id: Option<&str>, routing: Option<&str>, source: Map<String, Value>, now: &str) -> Self {
        let mut meta = Map::new();
        meta.insert("_index".into(), index.into());
        for (name, value) in [("_id", id), ("_routing", routing)] {
            if let Some(value) = value {
                meta.insert(name.into(), value.into());
            }
        }
        let mut ingest = Map::new();
        ingest.insert("timestamp".into(), now.into());
        Self { source, meta, ingest }
    }

    pub fn meta(&self, name: &str) -> Option<String> {
        self.meta.get(name).and_then(text)
    }

    /// All of it, as templates see it.
    pub(crate) fn values(&self) -> Value {
        let mut all = self.source.clone();
        all.extend(self.meta.clone());
        all.insert("_source".into(), Value::Object(self.source.clone()));
        all.insert("_ingest".into(), Value::Object(self.ingest.clone()));
        Value::Object(all)
    }

    fn root(&self, path: &str) -> (&Map<String, Value>, Vec<String>) {
        let (root, rest) = place(path);
        let map = match root {
            Root::Source => &self.source,
            Root::Meta => &self.meta,
            Root::Ingest => &self.ingest,
        };
        (map, rest.split('.').map(str::to_owned).collect())
    }

    fn root_mut(&mut self, path: &str) -> (&mut Map<String, Value>, Vec<String>) {
        let (root, rest) = place(path);
        let steps = rest.split('.').map(str::to_owned).collect();
        let map = match root {
            Root::Source => &mut self.source,
            Root::Meta => &mut self.meta,
            Root::Ingest => &mut self.ingest,
        };
        (map, steps)
    }

    /// The value at a path; `None`: there is none.
    pub(crate) fn find(&self, path: &str) -> Option<&Value> {
        let (map, steps) = self.root(path);
        let (first, rest) = steps.split_first()?;
        rest.iter().try_fold(map.get(first)?, |value, step| match value {
            Value::Object(object) => object.get(step),
            Value::Array(items) => items.get(step.parse::<usize>().ok()?),
            _ => None,
        })
    }

    /// As [`Document::find`], of a value that must be there.
    ///
    /// # Errors
    /// `illegal_argument_exception`.
    pub(crate) fn get(&self, path: &str) -> Result<&Value, Error> {
        self.find(path).ok_or_else(|| {
            let last = path.rsplit('.').next().unwrap_or(path);
            Error::illegal_argument(format!("field [{last}] not present as part of path [{path}]"))
        })
    }

    /// Puts a value at a path; objects on the way are made.
    ///
    /// # Errors
    /// `illegal_argument_exception` where something else is on the way.
    pub(crate) fn set(&mut self, path: &str, value: Value) -> Result<(), Error> {
        let wrong = |step: &str| {
            Error::illegal_argument(format!("cannot resolve [{step}] from object as part of path [{path}]"))
        };
        let (map, steps) = self.root_mut(path);
        if steps.iter().any(String::is_empty) || steps.len() > MAX_DEPTH {
            return Err(Error::illegal_argument(format!("path [{path}] is not valid")));
        }
        let Some((last, way)) = steps.split_last() else { return Err(wrong(path)) };
        let Some((first, rest)) = way.split_first() else {
            map.insert(last.clone(), value);
            return Ok(());
        };
        let mut at = map.entry(first.clone()).or_insert_with(|| Value::Object(Map::new()));
        for step in rest {
            at = match at {
                Value::Object(object) => object.entry(step.clone()).or_insert_with(|| Value::Object(Map::new())),
                Value::Array(items) => {
                    step.parse::<usize>().ok().and_then(|at| items.get_mut(at)).ok_or_else(|| wrong(step))?
                }
                _ => return Err(wrong(step)),
            };
        }
        match at {
            Value::Object(object) => {
                object.insert(last.clone(), value);
            }
            Value::Array(items) => {
                let slot = last.parse::<usize>().ok().and_then(|at| items.get_mut(at));
                *slot.ok_or_else(|| wrong(last))? = value;
            }
            _ => return Err(wrong(last)),
        }
        Ok(())
    }

    /// Takes the value at a path out.
    ///
    /// # Errors
    /// `illegal_argument_exception` where there is none.
    pub(crate) fn remove(&mut self, path: &str) -> Result<Value, Error> {
        let missing = || Error::illegal_argument(format!("field [{path}] doesn't exist"));
        let (map, steps) = self.root_mut(path);
        let (last, way) = steps.split_last().ok_or_else(missing)?;
        let Some((first, rest)) = way.split_first() else { return map.shift_remove(last).ok_or_else(missing) };
        let mut at = map.get_mut(first).ok_or_else(missing)?;
        for step in rest {
            at = match at {
                Value::Object(object) => object.get_mut(step),
                Value::Array(items) => step.parse::<usize>().ok().and_then(|at| items.get_mut(at)),
                _ => None,
            }
            .ok_or_else(missing)?;
        }
        match at {
            Value::Object(object) => object.shift_remove(last),
            Value::Array(items) => {
                let at = last.parse::<usize>().ok().filter(|at| *at < items.len());
                at.map(|at| items.remove(at))
            }
            _ => None,
        }
        .ok_or_else(missing)
    }
}

enum Root {
    Source,
    Meta,
    Ingest,
}

/// What a path goes through, without the name of its root.
fn place(path: &str) -> (Root, &str) {
    if let Some(rest) = path.strip_prefix("_ingest.") {
        return (Root::Ingest, rest);
    }
    match path {
        "_index" | "_id" | "_routing" | "_version" | "_version_type" => (Root::Meta, path),
        _ => (Root::Source, path.strip_prefix("_source.").unwrap_or(path)),
    }
}

/// A value as text; lists and objects have none.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

/// The type of a value, as error messages call it.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "java.lang.Boolean",
        Value::Number(number) if number.is_f64() => "java.lang.Double",
        Value::Number(number) if number.as_i64().is_some_and(|n| i32::try_from(n).is_ok()) => "java.lang.Integer",
        Value::Number(_) => "java.lang.Long",
        Value::String(_) => "java.lang.String",
        Value::Array(_) => "java.util.ArrayList",
        Value::Object(_) => "java.util.HashMap",
    }
}

/// A value that is not of the type that is wanted.
pub(crate) fn not_castable(path: &str, value: &Value, wanted: &str) -> Error {
    if value.is_null() {
        return Error::new(ErrorKind::IllegalArgument, format!("field [{path}] is null, cannot be cast."));
    }
    let given = type_name(value);
    Error::illegal_argument(format!("field [{path}] of type [{given}] cannot be cast to [{wanted}]"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document(source: Value) -> Document {
        let Value::Object(source) = source else { panic!("an object") };
        Document::new("i", Some("1"), None, source, "now")
    }

    #[test]
    fn paths_go_through_objects_and_lists() {
        let mut document = document(json!({"a": {"b": [1, {"c": 2}]}, "x": 5}));
        assert_eq!(document.find("a.b.1.c"), Some(&json!(2)));
        assert_eq!(document.find("_source.a.b.0"), Some(&json!(1)));
        assert_eq!(document.find("_index"), Some(&json!("i")));
        assert_eq!(document.find("_ingest.timestamp"), Some(&json!("now")));
        document.set("a.b.1.d", json!(3)).unwrap();
        document.set("new.deep", json!(4)).unwrap();
        assert!(document.set("x.y", json!(1)).is_err() && document.set("a..b", json!(1)).is_err());
        assert_eq!(document.remove("a.b.0").unwrap(), json!(1));
        assert!(document.remove("a.q").is_err());
        assert_eq!(Value::Object(document.source), json!({"a": {"b": [{"c": 2, "d": 3}]}, "x": 5, "new": {"deep": 4}}));
    }
}
