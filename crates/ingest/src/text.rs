//! Texts and values with holes that the document fills.

use model::error::{Error, ErrorKind};
use script::template::{Escape, Template};
use serde_json::Value;

use crate::document::Document;

/// A text, some of which the document says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Text {
    Plain(String),
    Filled(Template),
}

impl Text {
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let template = Template::parse(text).map_err(|error| error.0)?;
        Ok(if template.is_plain() { Self::Plain(text.to_owned()) } else { Self::Filled(template) })
    }

    pub(crate) fn of(&self, document: &Document) -> Result<String, Error> {
        match self {
            Self::Plain(text) => Ok(text.clone()),
            Self::Filled(template) => {
                let failed = |error: script::template::TemplateError| Error::new(ErrorKind::Generic, error.0);
                template.render(&document.values(), Escape::Nothing).map_err(failed)
            }
        }
    }
}

/// A value, in whose texts the document fills holes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Given {
    Plain(Value),
    Text(Template),
    List(Vec<Given>),
    Object(Vec<(String, Given)>),
}

impl Given {
    /// As deep as the definition, which is bounded as JSON is.
    pub(crate) fn read(value: &Value) -> Result<Self, String> {
        Ok(match value {
            Value::String(text) => match Text::read(text)? {
                Text::Plain(_) => Self::Plain(value.clone()),
                Text::Filled(template) => Self::Text(template),
            },
            Value::Array(items) => Self::List(items.iter().map(Self::read).collect::<Result<_, _>>()?),
            Value::Object(object) => {
                let read = |(key, value): (&String, &Value)| Ok::<_, String>((key.clone(), Self::read(value)?));
                Self::Object(object.iter().map(read).collect::<Result<_, _>>()?)
            }
            other => Self::Plain(other.clone()),
        })
    }

    pub(crate) fn of(&self, document: &Document) -> Result<Value, Error> {
        Ok(match self {
            Self::Plain(value) => value.clone(),
            Self::Text(template) => Value::String(Text::Filled(template.clone()).of(document)?),
            Self::List(items) => Value::Array(items.iter().map(|item| item.of(document)).collect::<Result<_, _>>()?),
            Self::Object(fields) => {
                let filled = fields.iter().map(|(key, value)| Ok((key.clone(), value.of(document)?)));
                Value::Object(filled.collect::<Result<_, Error>>()?)
            }
        })
    }
}
