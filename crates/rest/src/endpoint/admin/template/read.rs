//! Bodies of templates.

use std::collections::BTreeMap;

use model::error::{Error, ErrorKind};
use model::json::token;
use model::mapping::timestamp::TIMESTAMP;
use model::template::{ComponentTemplate, DataStreamTemplate, IndexTemplate, LegacyTemplate, Template};
use serde_json::{Map, Value};

use crate::endpoint::admin::body;
use crate::endpoint::options;
use crate::json;

fn wrong(reason: impl Into<String>) -> Error {
    Error::new(ErrorKind::XContentParse, reason)
}

/// An object, or a refusal in the name of `what`.
fn object(bytes: &[u8], what: &str) -> Result<Map<String, Value>, Error> {
    match json::parse(bytes)? {
        Value::Object(body) => Ok(body),
        other => Err(wrong(format!("[{what}] Expected START_OBJECT but was: {}", token(&other)))),
    }
}

fn unfit(what: &str, key: &str, value: &Value) -> Error {
    wrong(format!("[{what}] {key} doesn't support values of type: {}", token(value)))
}

fn number(what: &str, key: &str, value: &Value) -> Result<i64, Error> {
    match (value.as_i64(), value) {
        (Some(number), _) => Ok(number),
        // A fraction is cut off.
        (None, Value::Number(given)) if given.as_f64().is_some_and(|given| given.abs() < 9e18) => {
            Ok(given.as_f64().unwrap_or_default() as i64)
        }
        (None, Value::String(text)) => text.parse().map_err(|_| {
            let cause = Error::illegal_argument(format!("For input string: \"{text}\""));
            wrong(format!("[{what}] failed to parse field [{key}]")).with_cause(cause)
        }),
        _ => Err(unfit(what, key, value)),
    }
}

fn object_of(what: &str, key: &str, value: &Value) -> Result<Value, Error> {
    if value.is_object() { Ok(value.clone()) } else { Err(unfit(what, key, value)) }
}

/// A string is a list of one.
fn list(what: &str, key: &str, value: &Value) -> Result<Vec<String>, Error> {
    let text = |value: &Value| value.as_str().map(str::to_owned).ok_or_else(|| unfit(what, key, value));
    let item = |value: &Value| match value {
        Value::Null => {
            let cause = Error::new(ErrorKind::IllegalState, "Can't get text on a VALUE_NULL");
            Err(wrong(format!("[{what}] failed to parse field [{key}]")).with_cause(cause))
        }
        other => text(other),
    };
    match value {
        Value::Array(items) => items.iter().map(item).collect(),
        one => Ok(vec![text(one)?]),
    }
}

/// `{settings, mappings, aliases}`
fn template(value: &Value) -> Result<Template, Error> {
    let Value::Object(body) = value else {
        return Err(wrong(format!("[template] Expected START_OBJECT but was: {}", token(value))));
    };
    let mut template = Template::default();
    for (key, value) in body {
        match (key.as_str(), value) {
            ("settings", Value::Object(settings)) => template.settings = Some(raw(settings)),
            ("mappings", Value::Object(_)) => template.mappings = Some(value.clone()),
            ("aliases", Value::Object(aliases)) => template.aliases = Some(aliases.clone()),
            ("settings" | "mappings" | "aliases", _) => return Err(unfit("template", key, value)),
            _ => return Err(wrong(format!("[template] unknown field [{key}]"))),
        }
    }
    Ok(template)
}

/// As the client gave them; they are flattened where they are kept.
fn raw(settings: &Map<String, Value>) -> BTreeMap<String, Value> {
    settings.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn nested(what: &str, value: &Value) -> Result<Template, Error> {
    object_of(what, "template", value)?;
    template(value).map_err(|cause| wrong(format!("[{what}] failed to parse field [template]")).with_cause(cause))
}

/// # Errors
/// In OpenSearch's words.
pub(super) fn component(bytes: &[u8]) -> Result<ComponentTemplate, Error> {
    const WHAT: &str = "component_template";
    let (mut read, mut given) = (ComponentTemplate::default(), false);
    // Of components alone it is said where the mistake is.
    let unread = |cause: Error| match cause.kind {
        ErrorKind::XContentParse => cause,
        _ => wrong(format!("[{WHAT}] failed to parse object")).with_cause(cause),
    };
    for (key, value) in &object(bytes, WHAT).map_err(unread)? {
        match key.as_str() {
            "template" => {
                read.template = nested(WHAT, value)?;
                given = true;
            }
            "version" => read.version = Some(number(WHAT, key, value)?),
            "_meta" => read.meta = Some(object_of(WHAT, key, value)?),
            _ => return Err(wrong(format!("[{WHAT}] unknown field [{key}]"))),
        }
    }
    if given { Ok(read) } else { Err(Error::illegal_argument("Required [template]")) }
}

/// `{"timestamp_field": {"name": "at"}}`; what else is in the outer object is passed over, as OpenSearch does.
fn data_stream(what: &str, value: &Value) -> Result<DataStreamTemplate, Error> {
    const INNER: &str = "data_stream_template";
    let Value::Object(body) = value else { return Err(unfit(what, "data_stream", value)) };
    let in_outer = |cause: Error| wrong(format!("[{what}] failed to parse field [data_stream]")).with_cause(cause);
    let in_field =
        |cause: Error| in_outer(wrong(format!("[{INNER}] failed to parse field [timestamp_field]")).with_cause(cause));
    let Some(given) = body.get("timestamp_field") else {
        return Ok(DataStreamTemplate { timestamp_field: TIMESTAMP.to_owned() });
    };
    let Value::Object(field) = given else { return Err(in_outer(unfit(INNER, "timestamp_field", given))) };
    if let Some(key) = field.keys().find(|key| *key != "name") {
        return Err(in_field(wrong(format!("[timestamp_field] unknown field [{key}]"))));
    }
    match field.get("name") {
        Some(Value::String(name)) => Ok(DataStreamTemplate { timestamp_field: name.clone() }),
        Some(other) => Err(in_field(unfit("timestamp_field", "name", other))),
        None => Err(in_field(Error::illegal_argument("Required [name]"))),
    }
}

/// # Errors
/// In OpenSearch's words; 501 for contexts.
pub(super) fn index(bytes: &[u8]) -> Result<IndexTemplate, Error> {
    const WHAT: &str = "index_template";
    let (mut read, mut patterns) = (IndexTemplate::default(), None);
    for (key, value) in &object(bytes, WHAT)? {
        match key.as_str() {
            "index_patterns" => patterns = Some(list(WHAT, key, value)?),
            "template" => read.template = Some(nested(WHAT, value)?),
            "composed_of" => read.composed_of = list(WHAT, key, value)?,
            "priority" => {
                let priority = number(WHAT, key, value)?;
                let refused = |_| options::refusal("index template priority must be >= 0");
                read.priority = Some(u64::try_from(priority).map_err(refused)?);
            }
            "version" => read.version = Some(number(WHAT, key, value)?),
            "_meta" => read.meta = Some(object_of(WHAT, key, value)?),
            "data_stream" => read.data_stream = Some(data_stream(WHAT, value)?),
            "context" => return Err(Error::not_implemented("[context] of an index template")),
            _ => return Err(wrong(format!("[{WHAT}] unknown field [{key}]"))),
        }
    }
    read.patterns = patterns.ok_or_else(|| Error::illegal_argument("Required [index_patterns]"))?;
    Ok(read)
}

/// # Errors
/// In OpenSearch's words.
pub(super) fn legacy(bytes: &[u8]) -> Result<LegacyTemplate, Error> {
    let parse = |reason: String| Error::new(ErrorKind::Parse, reason);
    let (mut read, body) = (LegacyTemplate::default(), body::map(bytes)?);
    if let (Some(Value::String(pattern)), None) = (body.get("template"), body.get("index_patterns")) {
        read.patterns = vec![pattern.clone()];
    }
    for (key, value) in &body {
        match (key.as_str(), value) {
            // The word of old versions; what is no text means nothing.
            ("template", _) => {}
            ("index_patterns", _) => read.patterns = patterns(value)?,
            ("order", _) => read.order = order(value)?,
            ("version", Value::Number(_)) => read.version = Some(number("template", key, value)?),
            ("version", _) => return Err(Error::illegal_argument("Malformed [version] value, should be an integer")),
            ("settings", Value::Object(settings)) => read.template.settings = Some(raw(settings)),
            ("settings", _) => {
                return Err(Error::illegal_argument("Malformed [settings] section, should include an inner object"));
            }
            ("mappings", Value::Object(mappings)) if mappings.len() == 1 && mappings.contains_key("_doc") => {
                return Err(Error::illegal_argument("The mapping definition cannot be nested under a type"));
            }
            ("mappings", Value::Object(_)) => read.template.mappings = Some(value.clone()),
            ("aliases", Value::Object(aliases)) => read.template.aliases = Some(aliases.clone()),
            ("mappings" | "aliases", _) => {
                return Err(parse(format!("Malformed [{key}] section, should include an inner object")));
            }
            _ => return Err(parse(format!("unknown key [{key}] in the template "))),
        }
    }
    if read.patterns.is_empty() {
        return Err(options::refusal("index patterns are missing"));
    }
    Ok(read)
}

/// A text, or a list of texts.
fn patterns(value: &Value) -> Result<Vec<String>, Error> {
    match value {
        Value::String(pattern) => Ok(vec![pattern.clone()]),
        Value::Array(_) => list("template", "index_patterns", value),
        _ => Err(Error::illegal_argument("Malformed [template] value, should be a string or a list of strings")),
    }
}

fn order(value: &Value) -> Result<i32, Error> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    text.parse().map_err(|_| Error::new(ErrorKind::NumberFormat, format!("For input string: \"{text}\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_template_is_refused() {
        let refused = |error: Error| error.cause.map_or(error.reason, |cause| cause.reason);
        assert_eq!(component(b"{}").map_err(refused).unwrap_err(), "Required [template]");
        assert_eq!(
            component(br#"{"template": {"x": 1}}"#).map_err(refused).unwrap_err(),
            "[template] unknown field [x]"
        );
        assert_eq!(index(b"{}").map_err(refused).unwrap_err(), "Required [index_patterns]");
        assert_eq!(index(br#"{"index_patterns": "a*", "priority": "3"}"#).unwrap().priority, Some(3));
        assert_eq!(index(br#"{"index_patterns": "a*", "version": 1.5}"#).unwrap().version, Some(1));
        assert_eq!(
            index(br#"{"index_patterns": "a*", "data_stream": true}"#).map_err(refused).unwrap_err(),
            "[index_template] data_stream doesn't support values of type: VALUE_BOOLEAN"
        );
        let stream = |body: &str| {
            let body = format!(r#"{{"index_patterns": "a*", "data_stream": {body}}}"#);
            let innermost = |error: Error| {
                let mut error = error;
                while let Some(cause) = error.cause {
                    error = *cause;
                }
                error.reason
            };
            index(body.as_bytes()).map(|read| read.data_stream.expect("a stream").timestamp_field).map_err(innermost)
        };
        assert_eq!(stream("{}").as_deref(), Ok("@timestamp"));
        assert_eq!(stream(r#"{"timestamp_field": {"name": "at"}}"#).as_deref(), Ok("at"));
        assert_eq!(stream(r#"{"timestamp_field": {}}"#).unwrap_err(), "Required [name]");
        let unknown = stream(r#"{"timestamp_field": {"name": "at", "x": 1}}"#);
        assert_eq!(unknown.unwrap_err(), "[timestamp_field] unknown field [x]");
        assert_eq!(legacy(br#"{"foo": 1}"#).map_err(refused).unwrap_err(), "unknown key [foo] in the template ");
    }
}
