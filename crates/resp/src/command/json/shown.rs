//! JSON as text, with the line breaks and indents that a client asks for; and as a reply of its own types.

use serde_json::Value as Json;

use crate::frame::reply::Reply;

/// What stands between the parts of a text.
#[derive(Clone, Debug, Default)]
pub(super) struct Layout {
    pub(super) indent: String,
    pub(super) newline: String,
    pub(super) space: String,
}

impl Layout {
    /// `json` as text. As deep as the document, which is bounded.
    pub(super) fn text(&self, json: &Json) -> String {
        let mut out = String::new();
        self.write(json, 0, &mut out);
        out
    }

    fn line(&self, depth: usize, out: &mut String) {
        out.push_str(&self.newline);
        (0..depth).for_each(|_| out.push_str(&self.indent));
    }

    fn write(&self, json: &Json, depth: usize, out: &mut String) {
        match json {
            Json::Array(items) if !items.is_empty() => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    self.line(depth + 1, out);
                    self.write(item, depth + 1, out);
                }
                self.line(depth, out);
                out.push(']');
            }
            Json::Object(members) if !members.is_empty() => {
                out.push('{');
                for (at, (name, member)) in members.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    self.line(depth + 1, out);
                    out.push_str(&Json::String(name.clone()).to_string());
                    out.push(':');
                    out.push_str(&self.space);
                    self.write(member, depth + 1, out);
                }
                self.line(depth, out);
                out.push('}');
            }
            plain => out.push_str(&plain.to_string()),
        }
    }
}

/// `json` as JSON.RESP tells it: lists that begin with the bracket of their kind.
pub(super) fn bracketed(json: &Json) -> Reply {
    match json {
        Json::Bool(value) => Reply::word(if *value { "true" } else { "false" }),
        Json::Array(items) => {
            Reply::Array(std::iter::once(Reply::word("[")).chain(items.iter().map(bracketed)).collect())
        }
        Json::Object(members) => {
            let pairs = members.iter().flat_map(|(name, member)| [Reply::text(name), bracketed(member)]);
            Reply::Array(std::iter::once(Reply::word("{")).chain(pairs).collect())
        }
        plain => expanded(plain),
    }
}

/// `json` as a reply: maps, lists, numbers.
pub(super) fn expanded(json: &Json) -> Reply {
    match json {
        Json::Null => Reply::Null,
        Json::Bool(value) => Reply::Bool(*value),
        Json::Number(number) => number_reply(number),
        Json::String(text) => Reply::text(text),
        Json::Array(items) => Reply::Array(items.iter().map(expanded).collect()),
        Json::Object(members) => {
            Reply::Map(members.iter().map(|(name, member)| (Reply::text(name), expanded(member))).collect())
        }
    }
}

fn number_reply(number: &serde_json::Number) -> Reply {
    match (number.as_i64(), number.as_f64()) {
        (Some(whole), _) => Reply::Integer(whole),
        (None, Some(value)) => Reply::Double(value),
        (None, None) => Reply::Null,
    }
}
