//! What becomes of a field that a document has and the mapping does not.
//!
//! A pure decision: the mapping, a path and a value's look in; a new node, nothing, or a refusal out. The caller wraps the nodes
//! of a document into one update ([`Mapping::with`]) and commits it before the document is written.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{Dynamic, Field, FieldKind, Found, Mapping, Node, NumberKind, ObjectNode, Variant, parse};
use crate::date::DateFormat;
use crate::error::{Error, ErrorKind};

/// A value as it looks in JSON. `null` and empty arrays decide nothing: do not ask.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Seen<'a> {
    Object,
    String(&'a str),
    /// A number without fraction and exponent, of any size.
    Long,
    Double,
    Boolean,
}

/// The formats that strings are tried against where the mapping names none.
pub const DATE_FORMATS: [&str; 2] = ["strict_date_optional_time", "yyyy/MM/dd HH:mm:ss||yyyy/MM/dd||epoch_millis"];

impl Mapping {
    /// The node to add at `path`. Objects that are to be made above it must have been decided and merged first, for they may say what is
    /// allowed below them. `None`: the value is kept in
    /// the source alone.
    ///
    /// # Errors
    /// `strict_dynamic_mapping_exception`; what a template makes and the type refuses.
    pub fn decide(&self, path: &str, seen: Seen<'_>) -> Result<Option<Node>, Error> {
        let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
        let dynamic = self.dynamic_at(parent);
        match dynamic {
            Dynamic::False => return Ok(None),
            Dynamic::Strict => return Err(strict(dynamic, parent, name)),
            _ => {}
        }
        let (kind, made) = self.made(path, seen)?;
        let template = self.dynamic_templates.iter().flatten().find(|template| template.applies(path, kind));
        match (template, dynamic) {
            (Some(template), _) => {
                let dynamic_type = match kind {
                    "string" => "text",
                    "double" => "float",
                    other => other,
                };
                let definition = template.definition(name, dynamic_type);
                Field::parse(path, &Value::Object(definition)).map(Some).map_err(|cause| unknown_type(cause, name))
            }
            (None, Dynamic::StrictAllowTemplates) => Err(strict(dynamic, parent, name)),
            (None, Dynamic::FalseAllowTemplates) => Ok(None),
            (None, _) => Ok(Some(made)),
        }
    }

    /// What `match_mapping_type` calls the value, and the node that it gets without a template.
    fn made(&self, path: &str, seen: Seen<'_>) -> Result<(&'static str, Node), Error> {
        let field = |kind: FieldKind| Node::Field(Arc::new(Field::new(path, kind)));
        Ok(match seen {
            Seen::Object => ("object", Node::Object(ObjectNode::default())),
            Seen::Long => ("long", field(FieldKind::Number(NumberKind::Long))),
            Seen::Double => ("double", field(FieldKind::Number(NumberKind::Float))),
            Seen::Boolean => ("boolean", field(FieldKind::Boolean)),
            Seen::String(text) => {
                let number = number_in(text);
                if self.numeric_detection.unwrap_or(false)
                    && let Some(kind) = number
                {
                    let name = if kind == NumberKind::Long { "long" } else { "double" };
                    return Ok((name, field(FieldKind::Number(kind))));
                }
                if self.date_detection.unwrap_or(true)
                    && number.is_none()
                    && let Some(format) = self.date_format_of(text)
                {
                    return Ok(("date", dated(path, &format)?));
                }
                ("string", default_text(path)?)
            }
        })
    }

    fn date_format_of(&self, text: &str) -> Option<String> {
        let formats: Vec<&str> = match &self.dynamic_date_formats {
            Some(formats) => formats.iter().map(String::as_str).collect(),
            // What these formats read begins with a digit or a sign.
            None if !text.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '+') => return None,
            None => DATE_FORMATS.to_vec(),
        };
        let reads =
            |format: &str| DateFormat::parse_pattern(format).is_ok_and(|format| format.parse(text, None).is_ok());
        formats.into_iter().find(|format| reads(format)).map(str::to_owned)
    }

    /// An update of this mapping that adds `node` at `path`, with the objects between, nested where they are.
    pub fn with(&self, path: &str, node: Node) -> Self {
        let mut made = node;
        let mut path = path;
        while let Some((above, step)) = path.rsplit_once('.') {
            let nested = match self.find(above) {
                Found::Object(object) => object.nested,
                _ => None,
            };
            let properties = [(Arc::from(step), made)].into();
            made = Node::Object(ObjectNode { nested, properties, ..ObjectNode::default() });
            path = above;
        }
        let root = ObjectNode { properties: [(Arc::from(path), made)].into(), ..ObjectNode::default() };
        Self { root, ..Self::default() }
    }
}

/// A number, as numeric detection reads it (and as what is never a date).
fn number_in(text: &str) -> Option<NumberKind> {
    if !text.is_empty() && text.parse::<i64>().is_ok() {
        return Some(NumberKind::Long);
    }
    let trimmed = text.trim();
    let digits = trimmed.strip_suffix(['d', 'f', 'D', 'F']).unwrap_or(trimmed);
    let plain = digits.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c))
        && digits.ends_with(|c: char| c.is_ascii_digit() || c == '.');
    let named = matches!(trimmed.trim_start_matches(['+', '-']), "NaN" | "Infinity");
    (named || plain && digits.parse::<f64>().is_ok()).then_some(NumberKind::Float)
}

/// A date field that was found by `format`, which it keeps, and writes dates by the format's first part.
fn dated(path: &str, format: &str) -> Result<Node, Error> {
    let mut definition = json!({"type": "date"});
    let first = format.split("||").next().unwrap_or(format);
    // The commonest format is said by saying none.
    if first != "strict_date_optional_time" {
        definition["format"] = format.into();
        definition["print_format"] = first.into();
    }
    Field::parse(path, &definition)
}

fn default_text(path: &str) -> Result<Node, Error> {
    let mut keyword = Map::new();
    keyword.insert("type".into(), "keyword".into());
    keyword.insert("ignore_above".into(), 256.into());
    let mut text = Field::new(path, FieldKind::Text);
    let depth = path.split('.').count();
    let inner = parse::parse_field(&format!("{path}.keyword"), depth, (FieldKind::Keyword, Variant::Plain), &keyword)?;
    text.fields.insert("keyword".into(), Arc::new(inner));
    Ok(Node::Field(Arc::new(text)))
}

fn strict(dynamic: Dynamic, parent: &str, name: &str) -> Error {
    let within = if parent.is_empty() { "_doc" } else { parent };
    let reason =
        format!("mapping set to {}, dynamic introduction of [{name}] within [{within}] is not allowed", dynamic.name());
    Error::new(ErrorKind::StrictDynamicMapping, reason)
}

fn unknown_type(cause: Error, name: &str) -> Error {
    let declared = format!("] declared on field [{name}]");
    match cause.reason.strip_prefix("No handler for type [").and_then(|rest| rest.strip_suffix(declared.as_str())) {
        Some(kind) => Error::new(ErrorKind::MapperParsing, format!("failed to find type parsed [{kind}] for [{name}]")),
        None => cause,
    }
}
