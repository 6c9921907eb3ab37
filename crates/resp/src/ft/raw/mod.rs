//! The value of a key as its document keeps it, and what of it is shown.

use bytes::Bytes;
use model::document::Source;
use model::search::SourceFilter;
use serde::Deserialize;
use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::definition::{Attribute, AttributeKind, Definition, KeyKind};
use super::expression::{Scalar, number_text};
use super::path;
use crate::frame::pairs::Pairs;
use crate::frame::reply::Reply;

mod pairs;

use pairs::{Wanted, pairs};

/// A hash's fields and values in order, or a JSON document.
#[derive(Clone, Debug)]
pub enum Raw {
    Hash(Pairs),
    Json(String, Json),
    /// A document that is no key's.
    Document(Json),
}

#[derive(Deserialize)]
struct Kept<'a> {
    #[serde(rename = "__raw", borrow)]
    raw: Option<&'a RawValue>,
}

/// How a document begins whose first member is what is kept.
const BEGINNING: &[u8] = br#"{"__raw":"#;

/// What is kept of the key, as JSON; where it comes first, with all that stands behind it.
fn kept(source: &Source) -> Option<&[u8]> {
    match source.strip_prefix(BEGINNING) {
        Some(rest) => Some(rest),
        None => Some(serde_json::from_slice::<Kept<'_>>(source).ok()?.raw?.get().as_bytes()),
    }
}

/// The fields of these names; `None`: all.
struct Fields<'a> {
    definition: &'a Definition,
    names: Option<&'a [(String, String)]>,
}

impl Wanted for Fields<'_> {
    fn is(&self, field: &[u8]) -> bool {
        let is = |(name, _): &(String, String)| identifier(self.definition, name).as_bytes() == field;
        self.names.is_none_or(|names| names.iter().any(is))
    }

    fn count(&self) -> usize {
        self.names.map_or(usize::MAX, <[_]>::len)
    }
}

/// The field that a document's payload is in.
struct PayloadField<'a>(&'a str);

impl Wanted for PayloadField<'_> {
    fn is(&self, field: &[u8]) -> bool {
        self.0.as_bytes() == field
    }

    fn count(&self) -> usize {
        1
    }
}

impl Raw {
    /// What a hit's source holds.
    pub fn of(source: Option<&Source>, definition: &Definition, foreign: bool) -> Option<Self> {
        Self::of_fields(source, definition, foreign, None)
    }

    /// As [`Raw::of`]; of a hash at least the fields of these names.
    pub fn of_fields(
        source: Option<&Source>,
        definition: &Definition,
        foreign: bool,
        names: Option<&[(String, String)]>,
    ) -> Option<Self> {
        let source = source?;
        if foreign {
            return serde_json::from_slice(source).ok().map(Self::Document);
        }
        match definition.kind {
            KeyKind::Json => {
                let text = String::deserialize(&mut serde_json::Deserializer::from_slice(kept(source)?)).ok()?;
                let json = serde_json::from_str(&text).ok()?;
                Some(Self::Json(text, json))
            }
            KeyKind::Hash => Some(Self::Hash(pairs(kept(source)?, &Fields { definition, names })?)),
        }
    }

    /// All of it, as fields.
    pub fn into_fields(self, dialect: u8) -> Vec<(Bytes, Bytes)> {
        match self {
            Self::Hash(fields) => fields.into_texts().collect(),
            Self::Json(text, _) => {
                let shown = if dialect >= 3 { format!("[{text}]") } else { text };
                vec![(Bytes::from_static(b"$"), Bytes::from(shown))]
            }
            Self::Document(Json::Object(members)) => {
                let field = |(name, value)| (Bytes::from(name), Bytes::from(shown(&value)));
                members.into_iter().map(field).collect()
            }
            Self::Document(_) => Vec::new(),
        }
    }

    /// One field by attribute, name or path; a null of a JSON document is one without a value.
    pub fn field(&self, name: &str, definition: &Definition, dialect: u8) -> Option<Option<Bytes>> {
        let identifier = self.identifier(definition, name)?;
        match self {
            Self::Hash(fields) => {
                let found = fields.get(identifier.as_bytes())?;
                let numeric = definition.attribute(name).is_some_and(|known| known.kind == AttributeKind::Numeric);
                Some(Some(if numeric { as_number(found) } else { found }))
            }
            Self::Json(text, _) if identifier == "$" && dialect < 3 => Some(Some(Bytes::from(text.clone()))),
            Self::Json(_, document) => {
                let attribute = definition.attribute(name);
                let values = path::values(document, identifier);
                if values.is_empty() || dialect >= 3 && is_nothing(attribute, &values) {
                    return None;
                }
                if dialect >= 3 && !is_plain(attribute, &values) {
                    return Some(Some(Bytes::from(Json::Array(values).to_string())));
                }
                let first = values.first()?;
                Some((!first.is_null()).then(|| Bytes::from(shown(first))))
            }
            Self::Document(document) => {
                let values = path::values(document, identifier);
                values.first().map(|value| Some(Bytes::from(shown(value))))
            }
        }
    }

    /// One field of a JSON document by attribute or path, in the types of RESP3.
    pub fn expanded(&self, name: &str, definition: &Definition) -> Option<Reply> {
        let Self::Json(_, document) = self else { return None };
        let attribute = definition.attribute(name);
        let mut values = path::values(document, self.identifier(definition, name)?);
        if values.is_empty() {
            return None;
        }
        Some(match attribute.is_some_and(|attribute| attribute.sortable) {
            true => expanded(&values.swap_remove(0)),
            false => expanded(&Json::Array(values)),
        })
    }

    /// What an attribute, or a name that is none, is called in the key: in JSON other names are paths from the root.
    pub fn identifier<'a>(&self, definition: &'a Definition, name: &'a str) -> Option<&'a str> {
        let known = definition.attribute(name).is_some() || name.starts_with('$');
        (known || !matches!(self, Self::Json(..))).then(|| identifier(definition, name))
    }

    /// The first of what a sortable attribute holds, as hits are sorted by it.
    pub fn sorted(&self, name: &str, definition: &Definition, dialect: u8) -> Option<Option<Bytes>> {
        let identifier = self.identifier(definition, name)?;
        let sortable = definition.attribute(name).is_some_and(|attribute| attribute.sortable);
        match self.json(identifier)? {
            Json::Null if sortable => None,
            Json::Array(items) if sortable && dialect < 3 => items.first().map(|first| Some(Bytes::from(shown(first)))),
            _ => self.field(name, definition, dialect),
        }
    }

    /// As a JSON value, for what computes with it.
    pub fn json(&self, identifier: &str) -> Option<Json> {
        match self {
            Self::Hash(fields) => {
                let found = fields.get(identifier.as_bytes());
                found.map(|value| Json::from(String::from_utf8_lossy(&value).into_owned()))
            }
            Self::Json(_, document) | Self::Document(document) => {
                let mut values = path::values(document, identifier);
                if values.is_empty() { None } else { Some(values.swap_remove(0)) }
            }
        }
    }
}

/// Whether values at a path are shown as one where all of them are asked for: those of a sortable attribute that holds no list.
pub fn is_plain(attribute: Option<&Attribute>, values: &[Json]) -> bool {
    attribute.is_some_and(|attribute| attribute.sortable) && !matches!(values.first(), Some(Json::Array(_)))
}

/// Whether values at a path are as good as none where all of them are asked for: an empty list, or a null that nothing can be sorted by.
pub fn is_nothing(attribute: Option<&Attribute>, values: &[Json]) -> bool {
    match values {
        [Json::Array(items)] => items.is_empty(),
        [Json::Null] => attribute.is_some_and(|attribute| attribute.sortable),
        _ => false,
    }
}

/// The text of a number as numbers are shown; other texts as they are.
fn as_number(text: Bytes) -> Bytes {
    match std::str::from_utf8(&text).map(Scalar::read) {
        Ok(Scalar::Number(number)) => Bytes::from(number_text(number)),
        _ => text,
    }
}

/// What the value of an attribute is called in the key; other names are what they are.
fn identifier<'a>(definition: &'a Definition, name: &'a str) -> &'a str {
    definition.attribute(name).map_or(name, |attribute| &attribute.identifier)
}

/// What of a document is asked for when its key's value is wanted: all of it, as taking the value out of it costs as much there as here.
pub fn wanted(wanted: bool) -> SourceFilter {
    if wanted { SourceFilter::everything() } else { SourceFilter::nothing() }
}

/// What the key's `PAYLOAD_FIELD` holds.
pub fn payload(source: Option<&Source>, definition: &Definition) -> Option<Bytes> {
    let field = definition.payload_field.as_deref()?;
    let found = pairs(kept(source?)?, &PayloadField(field))?;
    found.get(field.as_bytes())
}

/// How alike two payloads of one length are: 1 over 1 and the bits that differ (`SCORER HAMMING`).
pub fn likeness(one: Option<&Bytes>, other: Option<&Bytes>) -> f32 {
    let (Some(one), Some(other)) = (one, other) else { return 0.0 };
    if one.len() != other.len() || one.is_empty() {
        return 0.0;
    }
    let bits: u32 = one.iter().zip(other).map(|(a, b)| (a ^ b).count_ones()).sum();
    1.0 / (1 + bits) as f32
}

/// A JSON value as a text: strings as they are.
pub fn shown(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Bool(flag) => if *flag { "1" } else { "0" }.to_owned(),
        other => other.to_string(),
    }
}

/// A JSON value in the types of RESP3; truths are numbers there. As deep as documents may be.
pub fn expanded(value: &Json) -> Reply {
    match value {
        Json::Null => Reply::Null,
        Json::Bool(flag) => Reply::Integer(i64::from(*flag)),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => Reply::Integer(whole),
            None => Reply::Double(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Reply::text(text),
        Json::Array(items) => Reply::Array(items.iter().map(expanded).collect()),
        Json::Object(members) => {
            Reply::Map(members.iter().map(|(name, value)| (Reply::text(name), expanded(value))).collect())
        }
    }
}
