//! `_data_stream_timestamp`: documents of an index that belongs to a data stream have one time each.

use serde_json::{Map, Value, json};

use super::Mapping;
use super::merge::refuse;
use super::parse::metadata;
use super::text::java_text as text;
use super::value::flag;
use crate::error::{Error, ErrorKind};

/// The field that has the time of a document, where nothing else is said.
pub const TIMESTAMP: &str = "@timestamp";

pub(super) const KEY: &str = "_data_stream_timestamp";

/// What a mapping says of the times of its documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timestamp {
    /// Whether every document must have one.
    pub required: bool,
    /// Full dotted path.
    pub field: String,
}

impl Default for Timestamp {
    fn default() -> Self {
        Self { required: false, field: TIMESTAMP.to_owned() }
    }
}

impl Timestamp {
    /// The mapping that a data stream's indexes have, below what their template says: the field is a date, and required.
    pub fn mapping(field: &str) -> Value {
        json!({KEY: Self::required(field).render(), "properties": {field: {"type": "date"}}})
    }

    fn required(field: &str) -> Self {
        Self { required: true, field: field.to_owned() }
    }

    /// `{"enabled": true, "timestamp_field": {"name": "at"}}`
    pub(super) fn parse(value: &Value) -> Result<Self, Error> {
        if !value.is_object() {
            return Err(Error::illegal_argument("[_parent] must be an object containing [type]"));
        }
        let options = metadata(KEY, value, &["enabled", "timestamp_field"])?;
        let mut read = Self::default();
        if let Some(required) = options.get("enabled") {
            read.required = flag(required)?;
        }
        match options.get("timestamp_field") {
            Some(Value::Object(field)) => read.field = field.get("name").map_or_else(|| TIMESTAMP.to_owned(), text),
            Some(other) => {
                let reason =
                    format!("[timestamp_field] of [{KEY}] must be an object with [name], not [{}]", text(other));
                return Err(Error::new(ErrorKind::MapperParsing, reason));
            }
            None => {}
        }
        Ok(read)
    }

    pub(super) fn render(&self) -> Value {
        let mut shown = Map::from_iter([("enabled".to_owned(), Value::Bool(true))]);
        if self.field != TIMESTAMP {
            shown.insert("timestamp_field".into(), json!({"name": self.field}));
        }
        shown.into()
    }

    /// What an update leaves of it.
    pub(super) fn merge(old: Option<&Self>, update: Option<&Self>) -> Result<Option<Self>, Error> {
        let (Some(old), Some(new)) = (old.filter(|old| old.required), update) else {
            return Ok(update.or(old).cloned());
        };
        let rows = [
            ("enabled", old.required.to_string(), new.required.to_string()),
            ("timestamp_field", old.field.clone(), new.field.clone()),
        ];
        refuse(KEY, rows.into_iter().filter(|(_, old, new)| old != new))?;
        Ok(Some(old.clone()))
    }
}

impl Mapping {
    /// The field that every document must have one value of.
    pub fn required_timestamp(&self) -> Option<&str> {
        self.timestamp.as_ref().filter(|one| one.required).map(|one| one.field.as_str())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn merged(old: Value, update: Value) -> Result<Value, String> {
        let parsed = |value: &Value| Mapping::parse(&json!({KEY: value})).expect("a mapping");
        parsed(&old).merge(&parsed(&update)).map(|mapping| mapping.render()).map_err(|error| error.reason)
    }

    #[test]
    fn what_is_required_stays_required() {
        let on = json!({"enabled": true});
        let at = json!({"enabled": true, "timestamp_field": {"name": "at"}});
        assert_eq!(merged(json!({}), on.clone()), Ok(json!({KEY: on})));
        assert_eq!(merged(at.clone(), at.clone()), Ok(json!({KEY: at})));
        assert_eq!(merged(json!({"enabled": false}), json!({})), Ok(json!({})));
        assert!(
            merged(on.clone(), json!({"enabled": false})).unwrap_err().contains("[enabled] from [true] to [false]")
        );
        assert!(merged(on, at).unwrap_err().contains("[timestamp_field] from [@timestamp] to [at]"));
    }

    #[test]
    fn what_is_no_timestamp_is_refused() {
        let refused = |value: Value| Mapping::parse(&json!({KEY: value})).unwrap_err().reason;
        assert!(refused(json!(true)).contains("must be an object"));
        assert_eq!(refused(json!({"x": 1})), format!("unknown parameter [x] on mapper [{KEY}] of type [null]"));
        assert!(refused(json!({"timestamp_field": "at"})).contains("[at]"));
    }

    #[test]
    fn the_field_of_a_data_stream_may_lie_deep() {
        let mapping = Mapping::parse(&Timestamp::mapping("event.at")).expect("a mapping");
        assert_eq!(mapping.required_timestamp(), Some("event.at"));
        assert_eq!(mapping.field("event.at").expect("a field").type_name(), "date");
    }
}
