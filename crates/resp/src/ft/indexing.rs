//! From a key's value to the documents of the indexes that it belongs to.

use std::sync::Arc;

use model::write::{Action, Condition, Write, WriteFailure};
use serde_json::{Map, Value as Json, json};

use super::definition::{Attribute, AttributeKind, Definition, EMPTY, FORMS, GROUPED, KeyKind, MISSING, RAW, SORTED};
use super::expression::{self, Scalar};
pub use super::registry::Registry;
use super::vector::{VectorField, value};
use super::words;
use crate::error::RespError;
use crate::keyspace::id::{document_id, quoted};
use crate::keyspace::number::float;
use crate::keyspace::value::{Fields, Value};
use crate::server::Server;

/// Bytes of a tag's whole value that can be grouped by: more are no value to groups.
const LONGEST_GROUPED: usize = 32_000;

/// What a change of `key` writes to each index that it belongs to, or belonged to. `value`: the new one; `None`: the key is gone.
pub fn documents(registry: &Registry, key: &[u8], value: Option<&Value>) -> Vec<Write> {
    let mut writes = Vec::new();
    registry.each(|index, definition| {
        if !definition.takes(key) {
            return;
        }
        let Ok(id) = document_id(key) else { return };
        let action = match value.map(|value| document(registry, definition.written(), (key, value))) {
            Some(Ok(Some(source))) => Action::Index(source),
            Some(Err(reason)) => {
                registry.tally(index).failed(&id, reason);
                Action::Delete
            }
            _ => Action::Delete,
        };
        writes.push(Write {
            index: index.clone(),
            id: Some(id),
            routing: None,
            action,
            condition: Condition::default(),
            require_alias: false,
            pipeline: None,
        });
    });
    writes
}

/// A document that its index refused.
pub fn failed(registry: &Registry, failure: &WriteFailure) {
    if registry.defined().iter().any(|(index, _)| *index == failure.index) {
        let id = failure.id.as_deref().unwrap_or_default();
        registry.tally(&failure.index).failed(id, failure.error.reason.clone());
    }
}

/// Drops every index of `FT.CREATE`: their keys are about to go.
///
/// # Errors
/// What the node answers.
pub async fn flush_all(server: &Server) -> Result<(), RespError> {
    super::lifecycle::drop_all(server).await
}

/// Fills what a crash has left behind. The definitions are in the metadata: nothing has to be read.
///
/// # Errors
/// What the node answers.
pub async fn load(server: &Server) -> Result<(), RespError> {
    let _ = server;
    Ok(())
}

/// The document of a value; `Ok(None)`: it does not belong to the index.
fn document(
    registry: &Registry,
    definition: &Definition,
    (key, value): (&[u8], &Value),
) -> Result<Option<Arc<[u8]>>, String> {
    let source = match (definition.kind, value) {
        (KeyKind::Hash, Value::Hash(fields)) => Found::Hash(fields),
        (KeyKind::Json, Value::Json(json)) => Found::Json(json),
        _ => return Ok(None),
    };
    if let Some(filter) = &definition.filter
        && !passes(filter, (key, &source), definition)
    {
        return Ok(None);
    }
    let language = language_of(definition, &source);
    let (document, sorted, grouped, forms) = (Map::new(), Map::new(), Map::new(), Map::new());
    let mut builder = Builder {
        registry,
        definition,
        language,
        document,
        sorted,
        grouped,
        forms,
        missing: Vec::new(),
        empty: Vec::new(),
        texts: vec![],
        vectors: vec![],
    };
    for attribute in &definition.attributes {
        builder.attribute(attribute, &source)?;
    }
    let document = builder.finish(&source);
    // First what was written: who reads it looks no further.
    let mut bytes = format!("{{\"{RAW}\":").into_bytes();
    source.write(&mut bytes);
    let opening = bytes.len();
    serde_json::to_writer(&mut bytes, &document).map_err(|error| error.to_string())?;
    bytes[opening] = b',';
    Ok(Some(bytes.into()))
}

/// The language that a document says it is in, or that of its index.
fn language_of(definition: &Definition, source: &Found<'_>) -> String {
    let given = source.special(definition.language_field.as_deref());
    let own = given.as_ref().and_then(Json::as_str).and_then(super::create::language);
    own.unwrap_or_else(|| definition.language.clone())
}

/// What attributes are taken from.
enum Found<'v> {
    Hash(&'v Fields),
    Json(&'v Json),
}

impl Found<'_> {
    fn values(&self, identifier: &str) -> Vec<Json> {
        match self {
            Self::Hash(fields) => {
                let value = fields.get(identifier.as_bytes());
                value.map(|value| Json::from(String::from_utf8_lossy(value).into_owned())).into_iter().collect()
            }
            Self::Json(json) => super::path::values(json, identifier),
        }
    }

    /// What a field holds that says something of the key: in JSON it is named by a path from the root.
    fn special(&self, field: Option<&str>) -> Option<Json> {
        let known = |field: &&str| matches!(self, Self::Hash(_)) || field.starts_with('$');
        self.values(field.filter(known)?).into_iter().next()
    }

    /// Appends all of it as JSON.
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Hash(fields) => {
                out.reserve(2 * fields.json_bytes());
                out.push(b'[');
                for (at, (name, value)) in fields.iter().enumerate() {
                    if at > 0 {
                        out.push(b',');
                    }
                    quoted(name, out);
                    out.push(b',');
                    quoted(value, out);
                }
                out.push(b']');
            }
            // As text: numbers and the order of names stay as they were written.
            Self::Json(json) => quoted(json.to_string().as_bytes(), out),
        }
    }
}

/// Whether the filter of an index lets a key in.
fn passes(filter: &str, (key, source): (&[u8], &Found<'_>), definition: &Definition) -> bool {
    let Ok(parsed) = expression::parse(filter) else { return false };
    let value = |name: &str| {
        if name == "__key" {
            return Some(Scalar::Text(String::from_utf8_lossy(key).into_owned()));
        }
        let identifier = definition.attribute(name).map_or(name, |attribute| &attribute.identifier);
        let text = match source.values(identifier).into_iter().next()? {
            Json::Null => return None,
            Json::String(text) => text,
            other => other.to_string(),
        };
        Some(Scalar::read(&text))
    };
    expression::evaluate(&parsed, &value).is_ok_and(|found| found.is_true())
}

struct Builder<'d> {
    registry: &'d Registry,
    definition: &'d Definition,
    language: String,
    document: Map<String, Json>,
    sorted: Map<String, Json>,
    grouped: Map<String, Json>,
    /// By text: what stands beside its words.
    forms: Map<String, Json>,
    missing: Vec<Json>,
    empty: Vec<Json>,
    texts: Vec<(&'d Attribute, String)>,
    /// Of each attribute with a vector: how many texts came before it.
    vectors: Vec<usize>,
}

impl<'d> Builder<'d> {
    fn attribute(&mut self, attribute: &'d Attribute, source: &Found<'_>) -> Result<(), String> {
        let values = source.values(&attribute.identifier);
        if values.iter().all(Json::is_null) {
            if attribute.index_missing {
                self.missing.push(attribute.name.as_str().into());
            }
            return Ok(());
        }
        match &attribute.kind {
            AttributeKind::Text { .. } => self.text(attribute, values)?,
            AttributeKind::Tag { separator, .. } => self.tag(attribute, *separator, values)?,
            AttributeKind::Numeric => {
                let numbers: Result<Vec<Json>, String> =
                    some(values).map(|value| self.number(attribute, &value)).collect();
                self.put(attribute, numbers?);
            }
            AttributeKind::Geo => {
                let places: Result<Vec<Json>, String> = some(values).map(|value| place(attribute, &value)).collect();
                self.put(attribute, places?);
            }
            AttributeKind::Vector(field) => self.vectors(attribute, field, &values, source)?,
        }
        Ok(())
    }

    /// A number of JSON, or the text of a hash's field as Redis reads numbers. What is infinite is kept as the greatest number there is.
    fn number(&self, attribute: &Attribute, value: &Json) -> Result<Json, String> {
        let found = match (self.definition.kind, value) {
            (KeyKind::Json, Json::Number(number)) => number.as_f64(),
            (KeyKind::Hash, Json::String(text)) => float(text.as_bytes()),
            _ => None,
        };
        let found = found.map(|number| number.clamp(-f64::MAX, f64::MAX));
        found.map(Json::from).ok_or_else(|| wrong_type(attribute, value, "numeric"))
    }

    /// A blob of a hash, or arrays of numbers.
    fn vectors(
        &mut self,
        attribute: &Attribute,
        field: &VectorField,
        values: &[Json],
        source: &Found<'_>,
    ) -> Result<(), String> {
        let wrong = || {
            format!("Could not add vector of attribute '{}': it is not of {} numbers", attribute.name, field.dimension)
        };
        let mut vectors = Vec::with_capacity(values.len());
        match source {
            Found::Hash(fields) => {
                let blob = fields.get(attribute.identifier.as_bytes()).ok_or_else(wrong)?;
                vectors.push(Json::from(value::of_bytes(field, blob).ok_or_else(wrong)?));
            }
            Found::Json(_) => {
                for found in values {
                    vectors.push(Json::from(value::of_json(field, found).ok_or_else(wrong)?));
                }
            }
        }
        self.vectors.push(self.texts.len());
        self.put(attribute, vectors);
        Ok(())
    }

    fn put(&mut self, attribute: &Attribute, mut values: Vec<Json>) {
        let value = if values.len() == 1 { values.remove(0) } else { Json::Array(values) };
        self.document.insert(attribute.name.clone(), value);
    }

    fn text(&mut self, attribute: &'d Attribute, values: Vec<Json>) -> Result<(), String> {
        let mut texts = Vec::new();
        for value in some(values) {
            match value {
                Json::String(text) => texts.push(text),
                other => return Err(wrong_type(attribute, &other, "text")),
            }
        }
        if let Some(first) = texts.first() {
            self.sortable(attribute, first);
        }
        if !attribute.no_index {
            if attribute.index_empty && texts.iter().any(String::is_empty) {
                self.empty.push(attribute.name.as_str().into());
            }
            if self.definition.keeps_forms() {
                let forms = texts.iter().map(|text| Json::from(self.forms_of(attribute, text))).collect();
                self.forms.insert(attribute.name.clone(), Json::Array(forms));
            }
            self.texts.extend(texts.iter().map(|text| (attribute, text.clone())));
            self.put(attribute, texts.into_iter().map(Json::from).collect());
        }
        Ok(())
    }

    /// Stems that differ from their words, and sounds, as the tokenizer `redis_forms` reads them.
    fn forms_of(&self, attribute: &Attribute, text: &str) -> String {
        let words = words::indexed(text, self.definition);
        let beside = words::Beside::of(&**self.registry.gateway(), &words, (attribute, &self.language));
        let mut found = String::new();
        for (at, word) in words.iter().enumerate() {
            if at > 0 {
                found.push(' ');
            }
            let stem = beside.stem(at).filter(|stem| *stem != word).map(str::to_owned);
            let forms = stem.into_iter().chain(beside.sound(at).map(|code| format!("<{code}")));
            // Words may hold any letter; these two keep forms apart.
            let forms: Vec<String> = forms.filter(|form| !form.contains([' ', '|'])).collect();
            found.push_str(&forms.join("|"));
        }
        found
    }

    fn tag(&mut self, attribute: &Attribute, separator: Option<char>, values: Vec<Json>) -> Result<(), String> {
        let mut tags = Vec::new();
        for value in some(values) {
            let text = match value {
                Json::String(text) => text,
                Json::Bool(flag) => flag.to_string(),
                other => return Err(wrong_type(attribute, &other, "tag")),
            };
            self.sortable(attribute, &text);
            if self.definition.kind == KeyKind::Hash && !attribute.no_index && text.len() <= LONGEST_GROUPED {
                self.grouped.insert(attribute.name.clone(), text.as_str().into());
            }
            match separator {
                Some(separator) => {
                    let empty = text.is_empty() && attribute.index_empty;
                    let parts = text.split(separator).map(str::trim).filter(|part| !part.is_empty() || empty);
                    tags.extend(parts.map(Json::from));
                }
                None if text.is_empty() && !attribute.index_empty => {}
                None => tags.push(Json::from(text)),
            }
        }
        if !attribute.no_index {
            self.put(attribute, tags);
        }
        Ok(())
    }

    fn sortable(&mut self, attribute: &Attribute, text: &str) {
        if attribute.sortable && !self.sorted.contains_key(&attribute.name) {
            let value = if attribute.unf { text.to_owned() } else { text.to_lowercase() };
            self.sorted.insert(attribute.name.clone(), value.into());
        }
    }

    fn finish(mut self, source: &Found<'_>) -> Map<String, Json> {
        let score = source.special(self.definition.score_field.as_deref());
        let score = score.as_ref().and_then(text_number).filter(|score| *score >= 0.0);
        let (length, max_freq) = self.counts();
        let mut rank = json!({"len": length, "max": max_freq});
        if let Some(score) = score {
            rank["score"] = json!(score.min(1.0));
        }
        self.document.insert("__rank".to_owned(), rank);
        if !self.sorted.is_empty() {
            self.document.insert(SORTED.to_owned(), Json::Object(self.sorted));
        }
        if !self.grouped.is_empty() {
            self.document.insert(GROUPED.to_owned(), Json::Object(self.grouped));
        }
        if !self.forms.is_empty() {
            self.document.insert(FORMS.to_owned(), Json::Object(self.forms));
        }
        if !self.missing.is_empty() {
            self.document.insert(MISSING.to_owned(), Json::Array(self.missing));
        }
        if !self.empty.is_empty() {
            self.document.insert(EMPTY.to_owned(), Json::Array(self.empty));
        }
        self.document
    }

    /// How many words the texts have, and how often the most frequent one occurs, both weighted. To the search module a vector is one occurrence more of
    /// the word that is the most frequent before it.
    fn counts(&self) -> (u32, u32) {
        let (mut length, mut most, mut found) = (0, 0, Vec::new());
        let mut vectors = self.vectors.iter().peekable();
        for (at, (attribute, text)) in self.texts.iter().enumerate() {
            while vectors.next_if(|before| **before == at).is_some() {
                most = most_frequent(&mut found).max(most) + 1;
            }
            let weight = Definition::weight(attribute);
            let words = words::indexed(text, self.definition);
            length += weight * words.len() as u32;
            let beside = words::Beside::of(&**self.registry.gateway(), &words, (attribute, &self.language));
            for (at, word) in words.iter().enumerate() {
                if let Some(stem) = beside.stem(at).filter(|stem| *stem != word) {
                    found.push((format!("+{stem}"), (weight / 5).max(1)));
                }
                if let Some(code) = beside.sound(at) {
                    found.push((format!("<{code}"), weight));
                }
            }
            found.extend(words.into_iter().map(|word| (word, weight)));
        }
        (length, most_frequent(&mut found).max(most) + vectors.count() as u32)
    }
}

/// How often the most frequent of some words occurs. They are put in order.
fn most_frequent(found: &mut [(String, u32)]) -> u32 {
    found.sort_unstable();
    let freqs = found.chunk_by(|(one, _), (next, _)| one == next);
    freqs.map(|alike| alike.iter().map(|(_, count)| count).sum()).max().unwrap_or(0)
}

/// Values with arrays taken apart, without those that are null.
fn some(values: Vec<Json>) -> impl Iterator<Item = Json> {
    let apart = values.into_iter().flat_map(|value| match value {
        Json::Array(items) => items,
        value => vec![value],
    });
    apart.filter(|value| !value.is_null())
}

fn text_number(value: &Json) -> Option<f64> {
    match value {
        Json::Number(number) => number.as_f64(),
        Json::String(text) => text.trim().parse().ok().filter(|number: &f64| !number.is_nan()),
        _ => None,
    }
}

/// `longitude,latitude`
fn place(attribute: &Attribute, value: &Json) -> Result<Json, String> {
    let wrong = || wrong_type(attribute, value, "geo");
    let text = value.as_str().ok_or_else(wrong)?;
    let (longitude, latitude) = text.split_once(',').or_else(|| text.split_once(' ')).ok_or_else(wrong)?;
    let longitude: f64 = longitude.trim().parse().map_err(|_| wrong())?;
    let latitude: f64 = latitude.trim().parse().map_err(|_| wrong())?;
    if !((-180.0..=180.0).contains(&longitude) && (-90.0..=90.0).contains(&latitude)) {
        return Err(wrong());
    }
    Ok(json!({"lat": latitude, "lon": longitude}))
}

fn wrong_type(attribute: &Attribute, value: &Json, kind: &str) -> String {
    let shown = match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    };
    format!("Invalid {kind} value: '{shown}' of attribute '{}'", attribute.name)
}
