//! Dynamic templates: rules for fields that appear first in a document.

use regex::{Regex, RegexBuilder};
use serde_json::{Map, Value};

use super::DynamicTemplate;
use super::text::java_text;
use super::value::mapper_parsing;
use crate::error::{Error, ErrorKind};

const TYPES: [&str; 7] = ["object", "string", "long", "double", "boolean", "date", "binary"];

/// Reads the list under `dynamic_templates`.
pub(super) fn parse(value: &Value) -> Result<Vec<DynamicTemplate>, Error> {
    let Value::Array(list) = value else {
        return Err(mapper_parsing("Dynamic template syntax error. An array of named objects is expected."));
    };
    let mut templates: Vec<DynamicTemplate> = Vec::new();
    for entry in list {
        let first = entry.as_object().and_then(|entry| entry.iter().next());
        let (name, rule) = first.ok_or_else(|| mapper_parsing("A dynamic template must be defined with a name"))?;
        let Value::Object(rule) = rule else {
            return Err(mapper_parsing(format!("dynamic template [{name}] must be an object")));
        };
        templates.push(DynamicTemplate { name: name.clone(), rule: check(name, rule)? });
    }
    Ok(templates)
}

fn check(name: &str, rule: &Map<String, Value>) -> Result<Map<String, Value>, Error> {
    let mut checked = Map::new();
    for (key, value) in rule {
        let value = match key.as_str() {
            "mapping" if value.is_object() => value.clone(),
            "mapping" => return Err(mapper_parsing("template must have mapping set")),
            "match" | "path_match" | "unmatch" | "path_unmatch" | "match_pattern" | "match_mapping_type" => {
                java_text(value).into()
            }
            _ => return Err(Error::illegal_argument(format!("Illegal dynamic template parameter: [{key}]"))),
        };
        checked.insert(key.clone(), value);
    }
    let text = |key: &str| checked.get(key).and_then(Value::as_str);
    if !["match", "path_match", "match_mapping_type"].iter().any(|key| checked.contains_key(*key)) {
        let shown = java_text(&checked.into());
        return Err(mapper_parsing(format!("template must have match, path_match or match_mapping_type set {shown}")));
    }
    if let Some(kind) = text("match_mapping_type").filter(|kind| *kind != "*" && !TYPES.contains(kind)) {
        let known = TYPES.join(", ");
        return Err(Error::illegal_argument(format!(
            "No field type matched on [{kind}], possible values are [{known}]"
        )));
    }
    match text("match_pattern") {
        None | Some("simple") => {}
        Some("regex") => {
            for pattern in ["match", "path_match", "unmatch", "path_unmatch"].into_iter().filter_map(text) {
                regex(pattern).map_err(|error| refused(name, pattern, &error))?;
            }
        }
        Some(other) => return Err(Error::illegal_argument(format!("No matching pattern matched on [{other}]"))),
    }
    if !checked.contains_key("mapping") {
        return Err(mapper_parsing("template must have mapping set"));
    }
    Ok(checked)
}

/// A `match_pattern: regex`, which must match the whole name. Java's classes of letters, digits and spaces are those of ASCII.
fn regex(pattern: &str) -> Result<Regex, regex::Error> {
    let mut written = String::from("\\A(?:");
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match (c, if c == '\\' { chars.next() } else { None }) {
            ('\\', Some('w')) => written.push_str("[0-9A-Z_a-z]"),
            ('\\', Some('W')) => written.push_str("[^0-9A-Z_a-z]"),
            ('\\', Some('d')) => written.push_str("[0-9]"),
            ('\\', Some('D')) => written.push_str("[^0-9]"),
            ('\\', Some('s')) => written.push_str("[ \\t\\n\\x0B\\f\\r]"),
            ('\\', Some('S')) => written.push_str("[^ \\t\\n\\x0B\\f\\r]"),
            ('\\', Some(escaped)) => written.extend(['\\', escaped]),
            (c, _) => written.push(c),
        }
    }
    written.push_str(")\\z");
    RegexBuilder::new(&written).size_limit(1 << 20).build()
}

fn refused(name: &str, pattern: &str, error: &regex::Error) -> Error {
    let why = error.to_string();
    if why.contains("not supported") {
        return Error::not_implemented(format!("the pattern [{pattern}] of a dynamic template"));
    }
    let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
    let reason = format!("Pattern [{pattern}] of type [regex] is invalid. Cannot create dynamic template [{name}].");
    Error::illegal_argument(reason).with_cause(Error::new(ErrorKind::PatternSyntax, format!("{why}\n{pattern}")))
}

/// Whether `pattern`, in which each `*` stands for any text, matches all of `text`.
pub fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    // The leftmost place of each part leaves the most for the others.
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

impl DynamicTemplate {
    fn text(&self, key: &str) -> Option<&str> {
        self.rule.get(key).and_then(Value::as_str)
    }

    /// Whether it is for a field `name` at `path` whose value looks like `kind` (`string`, `long`, `double`, `boolean`, `date`,
    /// `binary`, `object`).
    pub fn applies(&self, path: &str, kind: &str) -> bool {
        let name = path.rsplit('.').next().unwrap_or(path);
        let regular = self.text("match_pattern") == Some("regex");
        let fits = |pattern: &str, text: &str| match regular {
            true => regex(pattern).is_ok_and(|pattern| pattern.is_match(text)),
            false => matches(pattern, text),
        };
        let wanted = |key: &str, text: &str| self.text(key).is_none_or(|pattern| fits(pattern, text));
        let unwanted = |key: &str, text: &str| self.text(key).is_some_and(|pattern| fits(pattern, text));
        wanted("path_match", path)
            && !unwanted("path_unmatch", path)
            && wanted("match", name)
            && !unwanted("unmatch", name)
            && self.text("match_mapping_type").is_none_or(|wanted| wanted == "*" || wanted == kind)
    }

    /// The definition of the field: the rule's `mapping` with `{name}` and `{dynamic_type}` filled in and a type for sure.
    pub fn definition(&self, name: &str, dynamic_type: &str) -> Map<String, Value> {
        let mapping = self.rule.get("mapping").and_then(Value::as_object).cloned().unwrap_or_default();
        let mut filled = fill_object(&mapping, name, dynamic_type);
        filled.entry("type").or_insert_with(|| dynamic_type.into());
        filled
    }
}

fn fill_object(object: &Map<String, Value>, name: &str, dynamic_type: &str) -> Map<String, Value> {
    let fill_text = |text: &str| {
        text.replace("{name}", name).replace("{dynamic_type}", dynamic_type).replace("{dynamicType}", dynamic_type)
    };
    let fill = |value: &Value| match value {
        Value::String(text) => fill_text(text).into(),
        Value::Object(inner) => fill_object(inner, name, dynamic_type).into(),
        Value::Array(items) => items
            .iter()
            .map(|item| match item {
                Value::String(text) => fill_text(text).into(),
                Value::Object(inner) => fill_object(inner, name, dynamic_type).into(),
                other => other.clone(),
            })
            .collect(),
        other => other.clone(),
    };
    object.iter().map(|(key, value)| (fill_text(key), fill(value))).collect()
}
