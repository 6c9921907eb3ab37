//! The options of a processor, taken one by one; what is left over is refused.

use model::error::{Error, ErrorKind};
use serde_json::{Map, Value};

use crate::text::Text;

pub(crate) struct Options {
    kind: String,
    given: Map<String, Value>,
}

impl Options {
    pub(crate) fn new(kind: &str, given: Map<String, Value>) -> Self {
        Self { kind: kind.to_owned(), given }
    }

    /// What is wrong with an option.
    pub(crate) fn refused(&self, name: &str, why: &str) -> Error {
        let error = Error::new(ErrorKind::Parse, format!("[{name}] {why}"));
        error.with_detail("processor_type", self.kind.as_str()).with_detail("property_name", name)
    }

    /// An error that says which processor it is about.
    pub(crate) fn named(&self, error: Error) -> Error {
        error.with_detail("processor_type", self.kind.as_str())
    }

    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        self.given.shift_remove(name).filter(|value| !value.is_null())
    }

    pub(crate) fn required(&mut self, name: &str) -> Result<Value, Error> {
        self.take(name).ok_or_else(|| self.refused(name, "required property is missing"))
    }

    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>, Error> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(Value::Bool(flag)) => Ok(Some(flag.to_string())),
            Some(_) => Err(self.refused(name, "property isn't a string")),
        }
    }

    pub(crate) fn required_text(&mut self, name: &str) -> Result<String, Error> {
        self.text(name)?.ok_or_else(|| self.refused(name, "required property is missing"))
    }

    /// A text with holes.
    pub(crate) fn template(&mut self, name: &str) -> Result<Text, Error> {
        let text = self.required_text(name)?;
        Text::read(&text).map_err(|why| self.refused(name, &why))
    }

    pub(crate) fn flag(&mut self, name: &str, default: bool) -> Result<bool, Error> {
        match self.take(name) {
            None => Ok(default),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(Value::String(text)) if text == "true" || text == "false" => Ok(text == "true"),
            Some(_) => Err(self.refused(name, "property isn't a boolean")),
        }
    }

    /// Texts: one, or a list of them.
    pub(crate) fn texts(&mut self, name: &str) -> Result<Option<Vec<String>>, Error> {
        let one = |value: &Value| crate::document::text(value);
        match self.take(name) {
            None => Ok(None),
            Some(Value::Array(items)) => match items.iter().map(one).collect() {
                Some(texts) => Ok(Some(texts)),
                None => Err(self.refused(name, "property isn't a list")),
            },
            Some(value) => match one(&value) {
                Some(text) => Ok(Some(vec![text])),
                None => Err(self.refused(name, "property isn't a list")),
            },
        }
    }

    /// Refuses what nobody has taken.
    pub(crate) fn finish(self) -> Result<(), Error> {
        if self.given.is_empty() {
            return Ok(());
        }
        let names: Vec<&str> = self.given.keys().map(String::as_str).collect();
        let reason = format!(
            "processor [{}] doesn't support one or more provided configuration parameters [{}]",
            self.kind,
            names.join(", ")
        );
        Err(Error::new(ErrorKind::Parse, reason).with_detail("processor_type", self.kind.as_str()))
    }
}
