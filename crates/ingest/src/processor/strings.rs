//! Texts made others.

use model::error::{Error, ErrorKind};
use serde_json::Value;

use super::{Change, Of};
use crate::document::{Document, not_castable, text as shown, type_name};

/// Bytes of a text that a replacement makes, at most.
const MAX_TEXT: usize = 32 << 20;

pub(super) fn change(of: &Of, change: &Change, document: &mut Document) -> Result<(), Error> {
    let one = |value: &Value| match value {
        Value::String(text) => changed(change, text, &of.field),
        other => Err(not_castable(&of.field, other, "java.lang.String")),
    };
    let made = match of.value(document)? {
        None => return Ok(()),
        Some(Value::Array(items)) => {
            let one = |value: &Value| match value {
                Value::String(text) => changed(change, text, &of.field),
                other => Err(Error::illegal_argument(format!(
                    "value [{}] of type [{}] in list field [{}] cannot be cast to [java.lang.String]",
                    shown(other).unwrap_or_else(|| other.to_string()),
                    type_name(other),
                    of.field
                ))),
            };
            Value::Array(items.iter().map(one).collect::<Result<_, _>>()?)
        }
        Some(Value::Null) => {
            let reason = format!("field [{}] is null, cannot process it.", of.field);
            return Err(Error::illegal_argument(reason));
        }
        Some(value) => one(value)?,
    };
    document.set(&of.target, made)
}

fn changed(change: &Change, text: &str, field: &str) -> Result<Value, Error> {
    Ok(match change {
        Change::Lower => text.to_lowercase().into(),
        Change::Upper => text.to_uppercase().into(),
        Change::Trim => text.trim_matches(|c: char| c <= ' ').into(),
        Change::UrlDecode => url_decoded(text)?.into(),
        Change::Bytes => bytes(text)?.into(),
        // Where no tag can stand, references to characters stay as well.
        Change::StripHtml if !(text.contains('<') && text.contains('>')) => text.into(),
        Change::StripHtml => stripped(text).into(),
        Change::Replace(pattern, replacement) => {
            let made = pattern.replace_all(text, replacement.as_str());
            if made.len() > MAX_TEXT {
                return Err(Error::illegal_argument(format!("field [{field}] gets longer than {MAX_TEXT} bytes")));
            }
            made.into_owned().into()
        }
    })
}

fn url_decoded(text: &str) -> Result<String, Error> {
    let wrong = || Error::illegal_argument(format!("Could not URL-decode value: {text}"));
    let (bytes, mut out, mut at) = (text.as_bytes(), Vec::with_capacity(text.len()), 0);
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = text.get(at..at + 2).ok_or_else(wrong)?;
                at += 2;
                u8::from_str_radix(digits, 16).map_err(|_| wrong())?
            }
            other => other,
        });
    }
    Ok(String::from_utf8_lossy(&out).into_owned())
}

/// `1kb` as 1024.
fn bytes(text: &str) -> Result<i64, Error> {
    let lower = text.trim().to_ascii_lowercase();
    let units: [(&str, u64); 11] = [
        ("kb", 1 << 10),
        ("mb", 1 << 20),
        ("gb", 1 << 30),
        ("tb", 1 << 40),
        ("pb", 1 << 50),
        ("k", 1 << 10),
        ("m", 1 << 20),
        ("g", 1 << 30),
        ("t", 1 << 40),
        ("p", 1 << 50),
        ("b", 1),
    ];
    let wrong = || {
        let reason = format!(
            "failed to parse setting [Ingest Field] with value [{text}] as a size in bytes: unit is missing or unrecognized"
        );
        Error::new(ErrorKind::Parse, reason)
    };
    let (number, unit) =
        units.iter().find_map(|(name, unit)| Some((lower.strip_suffix(name)?, *unit))).ok_or_else(wrong)?;
    let number: f64 = number.trim().parse().map_err(|_| wrong())?;
    if !(0.0..1e18).contains(&(number * unit as f64)) {
        return Err(wrong());
    }
    Ok((number * unit as f64) as i64)
}

/// Without tags; a few named characters are themselves again.
fn stripped(text: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        match rest[at..].find('>') {
            Some(end) => {
                let tag = rest[at + 1..at + end].trim_start_matches('/').to_ascii_lowercase();
                let name: String = tag.chars().take_while(char::is_ascii_alphanumeric).collect();
                if ["p", "br", "div", "li", "ul", "ol", "h1", "h2", "h3", "h4", "tr", "table"].contains(&name.as_str())
                {
                    out.push('\n');
                }
                rest = &rest[at + end + 1..];
            }
            None => {
                out.push_str(&rest[at..]);
                rest = "";
            }
        }
    }
    out.push_str(rest);
    let named = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&nbsp;", "\u{a0}"), ("&amp;", "&")];
    named.iter().fold(out, |text, (name, letter)| text.replace(name, letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        assert_eq!(bytes("1.5kb").unwrap(), 1536);
        assert!(bytes("5").is_err() && bytes("xkb").is_err());
        assert_eq!(url_decoded("a%20b+c%C3%A9").unwrap(), "a b cé");
        assert!(url_decoded("%zz").is_err() && url_decoded("%").is_err() && url_decoded("%é").is_err());
        assert_eq!(stripped("<b>x</b> &lt; y<br>z <"), "x < y\nz <");
    }
}
