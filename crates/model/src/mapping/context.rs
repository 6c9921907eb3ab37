//! Contexts of completions: inputs belong to categories or to places, and a search asks among those of some of them.

use serde_json::{Map, Value};

use super::text::java_text;
use super::value::mapper_parsing;
use super::{Field, FieldKind, Found, Mapping, Variant};
use crate::error::{Error, ErrorKind};
use crate::geo::distance::{DistanceError, DistanceUnit, parse_distance};
use crate::geo::hash;

/// Contexts of one field; their numbers stand in one byte.
const MAX: usize = 100;
/// Characters of the cells of places where nothing is said.
const PRECISION: i64 = 6;

/// One context of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    pub name: String,
    /// The field whose values count, too.
    pub path: Option<String>,
    pub kind: ContextKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContextKind {
    Category,
    /// Cells of so many characters.
    Geo {
        precision: usize,
    },
}

fn parse_error(reason: impl Into<String>) -> Error {
    Error::new(ErrorKind::Parse, reason)
}

/// Reads `contexts`: what is shown of it.
pub(super) fn read(value: &Value) -> Result<Value, Error> {
    let given = match value {
        Value::Array(items) if items.is_empty() => return Err(parse_error("expected at least one context mapping")),
        Value::Array(items) => items.as_slice(),
        Value::Object(_) => std::slice::from_ref(value),
        _ => return Err(parse_error("expected a list or an entry of context mapping")),
    };
    if given.len() > MAX {
        let reason = format!("[contexts] takes at most [{MAX}] contexts but was [{}]", given.len());
        return Err(Error::illegal_argument(reason));
    }
    given.iter().map(one).collect::<Result<Vec<Value>, Error>>().map(Value::Array)
}

fn one(value: &Value) -> Result<Value, Error> {
    let Value::Object(given) = value else {
        return Err(parse_error("expected a list or an entry of context mapping"));
    };
    let text = |key: &str| given.get(key).filter(|value| !value.is_null()).map(java_text);
    let named = |key: &str| text(key).ok_or_else(|| parse_error(format!("missing [{key}] in context mapping")));
    let (name, kind) = (named("name")?, named("type")?);
    let mut shown = Map::from_iter([("name".to_owned(), name.as_str().into())]);
    let known: &[&str] = match kind.to_ascii_lowercase().as_str() {
        "category" => {
            shown.insert("type".to_owned(), "CATEGORY".into());
            &["name", "type", "path"]
        }
        "geo" => {
            shown.insert("type".to_owned(), "GEO".into());
            let precision = given.get("precision").filter(|value| !value.is_null());
            shown.insert("precision".to_owned(), precision.map_or(Ok(PRECISION), characters)?.into());
            &["name", "type", "path", "precision"]
        }
        _ => return Err(Error::illegal_argument(format!("No context type for [{kind}]"))),
    };
    let unknown = given.iter().filter(|(key, value)| !known.contains(&key.as_str()) || value.is_null());
    let unknown: Vec<String> = unknown.map(|(key, value)| format!(" [{key} : {}]", java_text(value))).collect();
    if !unknown.is_empty() {
        let reason = format!("Mapping definition for [{name}] has unsupported parameters: {}", unknown.concat());
        return Err(mapper_parsing(reason));
    }
    shown.extend(text("path").map(|path| ("path".to_owned(), path.into())));
    Ok(Value::Object(shown))
}

/// Characters of a cell: a whole number of them, or of the smallest cell that is no smaller than a distance.
fn characters(value: &Value) -> Result<i64, Error> {
    if let Some(number) = value.as_i64() {
        return Ok(number);
    }
    let text = java_text(value);
    let metres = parse_distance(&text, DistanceUnit::Meters).map_err(|error| {
        let digits = match error {
            DistanceError::Empty => String::new(),
            DistanceError::NotANumber(digits) => digits,
        };
        Error::new(ErrorKind::NumberFormat, format!("For input string: \"{digits}\""))
    })?;
    let level = hash::levels(metres);
    Ok(if hash::diagonal_m(level) < metres { (level - 1).max(1) } else { level })
}

impl Field {
    /// Of a field of completions: its contexts, by their numbers.
    pub fn contexts(&self) -> Vec<Context> {
        let given = self.explicit.get("contexts").filter(|_| self.variant == Variant::Completion);
        let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        let context = |value: &Value| Context {
            name: text(value, "name").unwrap_or_default(),
            path: text(value, "path"),
            kind: match value.get("precision").and_then(Value::as_i64) {
                Some(precision) => {
                    ContextKind::Geo { precision: precision.clamp(0, i64::from(hash::MAX_PRECISION)) as usize }
                }
                None => ContextKind::Category,
            },
        };
        given.and_then(Value::as_array).into_iter().flatten().map(context).collect()
    }
}

/// Fields that places are taken from are fields of places.
pub(super) fn check(mapping: &Mapping, field: &Field) -> Result<(), Error> {
    for Context { name, path, kind } in field.contexts() {
        let (Some(path), ContextKind::Geo { .. }) = (path, kind) else { continue };
        let wrong = match mapping.find(&path) {
            Found::Field(field) if field.kind == FieldKind::GeoPoint => continue,
            Found::Field(field) => format!("must be mapped to geo_point, found [{}]", field.type_name()),
            _ => "is not defined in the mapping".to_owned(),
        };
        return Err(parse_error(format!("field [{path}] referenced in context [{name}] {wrong}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mapping(contexts: Value) -> Result<Mapping, Error> {
        let properties = json!({"c": {"type": "completion", "contexts": contexts}, "p": {"type": "geo_point"}, "k": {"type": "keyword"}});
        let mapping = Mapping::parse(&json!({"properties": properties}))?;
        mapping.validate().map(|()| mapping)
    }

    #[test]
    fn contexts_are_shown_as_they_are_meant() {
        let given =
            json!([{"name": "a", "type": "category"}, {"name": "b", "type": "geo", "precision": "5km", "path": "p"}]);
        let mapping = mapping(given).unwrap();
        let shown = &mapping.render()["properties"]["c"]["contexts"];
        let wanted =
            json!([{"name": "a", "type": "CATEGORY"}, {"name": "b", "type": "GEO", "precision": 5, "path": "p"}]);
        assert_eq!(*shown, wanted);
        let contexts = mapping.field("c").unwrap().contexts();
        assert_eq!(contexts[1].kind, ContextKind::Geo { precision: 5 });
        assert_eq!(contexts[1].path.as_deref(), Some("p"));
        // What is shown reads as itself.
        assert_eq!(read(shown).unwrap(), wanted);
    }

    #[test]
    fn what_no_context_is_is_refused() {
        for (contexts, why) in [
            (json!([]), "at least one"),
            (json!("x"), "a list or an entry"),
            (json!(["x"]), "a list or an entry"),
            (json!({"type": "geo"}), "missing [name]"),
            (json!({"name": "a"}), "missing [type]"),
            (json!({"name": "a", "type": "z"}), "No context type"),
            (json!({"name": "a", "type": "category", "precision": 1}), "unsupported parameters"),
            (json!({"name": "a", "type": "geo", "precision": true}), "For input string"),
            (json!({"name": "a", "type": "geo", "path": "k"}), "found [keyword]"),
            (json!({"name": "a", "type": "geo", "path": "nowhere"}), "not defined"),
        ] {
            let error = mapping(contexts.clone()).unwrap_err();
            let reasons = format!("{} {:?}", error.reason, error.cause);
            assert!(reasons.contains(why), "{contexts}: {reasons}");
        }
    }
}
