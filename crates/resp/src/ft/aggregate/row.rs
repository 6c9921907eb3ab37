//! One row: properties in the order in which they came, and the key that more can be loaded from.

use std::sync::Arc;

use bytes::Bytes;
use model::search::Hit;
use serde_json::Value as Json;

use super::super::definition::{AttributeKind, DOCUMENT_SCORE, Definition};
use super::super::expression::{Scalar, number_text};
use super::super::raw::{self, Raw};
use crate::frame::reply::Reply;
use crate::keyspace::id::key_of;

#[derive(Clone, Debug)]
pub struct Row {
    pub values: Vec<(Arc<str>, Scalar)>,
    /// `None` behind a group.
    source: Option<Arc<Loaded>>,
}

#[derive(Debug)]
struct Loaded {
    key: Bytes,
    raw: Option<Raw>,
    definition: Arc<Definition>,
    dialect: u8,
}

impl Row {
    pub fn of(hit: &Hit, definition: &Arc<Definition>, (foreign, dialect): (bool, u8), scored: bool) -> Self {
        let raw = Raw::of(hit.source.as_ref(), definition, foreign);
        let loaded = Loaded { key: key_of(&hit.id), raw, definition: definition.clone(), dialect };
        let mut values = Vec::new();
        if scored {
            values.push(("__score".into(), Scalar::Number(f64::from(hit.score.unwrap_or(0.0)))));
        }
        Self { values, source: Some(Arc::new(loaded)) }
    }

    /// Puts in a distance, where there is one.
    pub fn measured(&mut self, name: &Arc<str>, distance: Option<f64>) {
        if let Some(distance) = distance {
            self.set(name, Scalar::Number(distance));
        }
    }

    /// A row without a key.
    pub fn new(values: Vec<(Arc<str>, Scalar)>) -> Self {
        Self { values, source: None }
    }

    pub fn get(&self, name: &str) -> Option<&Scalar> {
        self.values.iter().find(|(known, _)| **known == *name).map(|(_, value)| value)
    }

    pub fn set(&mut self, name: &Arc<str>, value: Scalar) {
        match self.values.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = value,
            None => self.values.push((name.clone(), value)),
        }
    }

    /// Loads a field, path or attribute under a name. `sorted`: as sortable attributes keep it.
    pub fn load(&mut self, identifier: &str, name: &Arc<str>, sorted: bool) {
        if self.get(name).is_some() {
            return;
        }
        let Some(source) = self.source.clone() else { return };
        if let Some(value) = source.value(identifier, sorted) {
            self.set(name, value);
        }
    }

    /// Loads everything that the key holds.
    pub fn load_all(&mut self) {
        let Some(source) = self.source.clone() else { return };
        let Some(raw) = &source.raw else { return };
        for (name, _) in raw.clone().into_fields(source.dialect) {
            let name: Arc<str> = String::from_utf8_lossy(&name).into();
            if let Some(value) = source.value(&name, false) {
                self.set(&name, value);
            }
        }
    }

    /// What is shown of it.
    pub fn fields(&self, definition: &Definition, expanded: bool) -> Vec<(Reply, Reply)> {
        // A score may be the search's own.
        let hides = |name: &str| name != DOCUMENT_SCORE && definition.hides(name.as_bytes());
        let shown = self.values.iter().filter(|(name, _)| !hides(name));
        shown.map(|(name, value)| (Reply::text(name), scalar(value, expanded))).collect()
    }

    /// The row as it is sent. `expanded`: values of JSON documents as such (`FORMAT EXPAND`).
    pub fn reply(&self, definition: &Definition, (three, expanded): (bool, bool)) -> Reply {
        let fields = Reply::Map(self.fields(definition, expanded));
        if !three {
            return fields;
        }
        Reply::Map(vec![(Reply::word("extra_attributes"), fields), (Reply::word("values"), Reply::Array(Vec::new()))])
    }
}

fn scalar(value: &Scalar, expanded: bool) -> Reply {
    match value {
        Scalar::Json(values) if expanded => raw::expanded(values),
        Scalar::Json(values) => Reply::text(&values.to_string()),
        Scalar::Null => Reply::Null,
        Scalar::Number(number) if expanded && number.fract() == 0.0 && number.abs() < 1e15 => {
            Reply::Integer(*number as i64)
        }
        Scalar::Number(number) if expanded => Reply::Double(*number),
        Scalar::Number(number) => Reply::text(&number_text(*number)),
        Scalar::Text(text) => Reply::text(text),
        Scalar::Bytes(bytes) => Reply::Bulk(bytes.clone()),
        Scalar::List(items) => Reply::Array(items.iter().map(|item| scalar(item, expanded)).collect()),
    }
}

impl Loaded {
    fn value(&self, identifier: &str, sorted: bool) -> Option<Scalar> {
        if identifier == "__key" {
            return Some(Scalar::of_bytes(self.key.clone()));
        }
        let raw = self.raw.as_ref()?;
        let attribute = self.definition.attribute(identifier);
        let identifier = raw.identifier(&self.definition, identifier)?;
        if self.dialect >= 3
            && let Raw::Json(_, document) = raw
        {
            let values = super::super::path::values(document, identifier);
            if values.is_empty() || raw::is_nothing(attribute, &values) {
                return None;
            }
            if !raw::is_plain(attribute, &values) {
                return Some(Scalar::Json(Json::Array(values)));
            }
        }
        if identifier == "$" {
            let all = raw.clone().into_fields(self.dialect).into_iter().next();
            return all.map(|(_, value)| Scalar::Text(String::from_utf8_lossy(&value).into_owned()));
        }
        if let Raw::Hash(fields) = raw
            && let Some(bytes) = fields.get(identifier.as_bytes())
            && std::str::from_utf8(&bytes).is_err()
        {
            return Some(Scalar::Bytes(bytes));
        }
        let mut value = raw.json(identifier)?;
        // Of a list only the first is kept to sort by; otherwise it is a text like any other.
        if sorted
            && attribute.is_some_and(|attribute| attribute.sortable)
            && let Json::Array(items) = value
        {
            value = items.into_iter().next()?;
        }
        let scalar = match value {
            Json::Array(_) | Json::Object(_) if !matches!(raw, Raw::Document(_)) => Scalar::Text(value.to_string()),
            _ => Scalar::of_json(&value),
        };
        let Some(attribute) = attribute else { return Some(scalar) };
        Some(match (&attribute.kind, scalar) {
            (AttributeKind::Numeric, Scalar::Text(text)) => Scalar::read(&text),
            (_, Scalar::Text(text)) if sorted && attribute.sortable && !attribute.unf => {
                Scalar::Text(text.to_lowercase())
            }
            (_, scalar) => scalar,
        })
    }
}
