//! Parts and values to text.

use serde_json::Value;

use super::parse::path;
use super::{Escape, Function, MAX_TEXT, Part, TemplateError};

/// The values in whose sections we are, the innermost last.
type Scope<'v> = Vec<&'v Value>;

pub(super) fn render(parts: &[Part], values: &Value, escape: Escape) -> Result<String, TemplateError> {
    let mut out = String::new();
    write(parts, &mut vec![values], escape, &mut out)?;
    Ok(out)
}

/// As deep as sections nest, which is bounded.
fn write<'v>(parts: &[Part], scope: &mut Scope<'v>, escape: Escape, out: &mut String) -> Result<(), TemplateError> {
    for part in parts {
        if out.len() > MAX_TEXT {
            return Err(TemplateError(format!("the template makes a text of more than {MAX_TEXT} bytes")));
        }
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Value { path, raw } => {
                let text = find(scope, path).map(text).unwrap_or_default();
                match (raw, escape) {
                    (false, Escape::Json) => out.push_str(&quoted(&text)),
                    _ => out.push_str(&text),
                }
            }
            Part::Section { path, inverted, parts } => {
                let value = find(scope, path);
                match value {
                    Some(Value::Array(items)) if !inverted => {
                        for item in items {
                            within(parts, item, scope, (escape, out))?;
                        }
                    }
                    value if is_nothing(value) && *inverted => write(parts, scope, escape, out)?,
                    Some(value) if !inverted && !is_nothing(Some(value)) => within(parts, value, scope, (escape, out))?,
                    _ => {}
                }
            }
            Part::Function { function, parts } => {
                let mut inside = String::new();
                write(parts, scope, escape, &mut inside)?;
                out.push_str(&applied(function, &inside, scope));
            }
        }
    }
    Ok(())
}

fn within<'v>(
    parts: &[Part],
    value: &'v Value,
    scope: &mut Scope<'v>,
    (escape, out): (Escape, &mut String),
) -> Result<(), TemplateError> {
    scope.push(value);
    let done = write(parts, scope, escape, out);
    scope.pop();
    done
}

fn is_nothing(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null | Value::Bool(false)) => true,
        Some(Value::Array(items)) => items.is_empty(),
        Some(Value::String(text)) => text.is_empty(),
        Some(_) => false,
    }
}

fn applied(function: &Function, inside: &str, scope: &Scope<'_>) -> String {
    let value = || find(scope, &path(inside.trim()));
    match function {
        Function::ToJson => value().map(ToString::to_string).unwrap_or_default(),
        Function::Join(between) => match value() {
            Some(Value::Array(items)) => items.iter().map(text).collect::<Vec<_>>().join(between),
            Some(one) => text(one),
            None => String::new(),
        },
        Function::Url => url(inside),
    }
}

/// From the innermost section out.
fn find<'v>(scope: &Scope<'v>, path: &[String]) -> Option<&'v Value> {
    let Some((first, rest)) = path.split_first() else { return scope.last().copied() };
    let start = scope.iter().rev().find_map(|value| step(value, first))?;
    rest.iter().try_fold(start, |value, name| step(value, name))
}

fn step<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    match value {
        Value::Object(object) => object.get(name),
        Value::Array(items) => items.get(name.parse::<usize>().ok()?),
        _ => None,
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The text as it stands between quotes in JSON.
fn quoted(text: &str) -> String {
    let json = Value::from(text).to_string();
    json[1..json.len() - 1].to_owned()
}

/// As forms are encoded, a space being a plus.
fn url(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' => out.push(byte as char),
            b' ' => out.push('+'),
            _ => out += &format!("%{byte:02X}"),
        }
    }
    out
}
