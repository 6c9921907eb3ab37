//! Values as error messages show them.

use model::number::float_text;

use super::json::{Fault, Reader, Token, Value};

/// Messages show no more bytes than this of a value.
const MAX_BYTES: usize = 8192;

/// A value as text, read to its end: `soon`, `{a=[1, {b=c}]}`, `1.0E40`.
pub(super) fn preview<'a>(value: &Value<'a>, reader: &mut Reader<'a>) -> Result<String, Fault> {
    let mut text = String::new();
    match value.token {
        Token::Object | Token::Array => nested(value, reader, &mut text)?,
        _ => scalar(value, &mut text),
    }
    if text.len() > MAX_BYTES {
        text.truncate(text.floor_char_boundary(MAX_BYTES));
        text.push('…');
    }
    Ok(text)
}

fn nested<'a>(first: &Value<'a>, reader: &mut Reader<'a>, text: &mut String) -> Result<(), Fault> {
    let outside = reader.depth() - 1;
    text.push(if first.token == Token::Object { '{' } else { '[' });
    let mut is_first = true;
    while reader.depth() > outside {
        let is_object = reader.in_object();
        let key = if is_object { reader.next_key()? } else { None };
        let more = if is_object { key.is_some() } else { reader.next_element()? };
        if !more {
            text.push(if is_object { '}' } else { ']' });
            is_first = false;
            continue;
        }
        text.push_str(if is_first { "" } else { ", " });
        if let Some(key) = key {
            text.push_str(&key);
            text.push('=');
        }
        let value = reader.value()?;
        is_first = matches!(value.token, Token::Object | Token::Array);
        match value.token {
            Token::Object => text.push('{'),
            Token::Array => text.push('['),
            _ => scalar(&value, text),
        }
        if text.len() > MAX_BYTES {
            text.truncate(text.floor_char_boundary(MAX_BYTES + 1));
        }
    }
    Ok(())
}

fn scalar(value: &Value<'_>, text: &mut String) {
    match &value.token {
        Token::String(string) => text.push_str(string),
        Token::Number { text: digits, float: false } => text.push_str(digits),
        Token::Number { text: digits, float: true } => text.push_str(&float_text(digits.parse().unwrap_or(f64::NAN))),
        Token::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Token::Null => text.push_str("null"),
        Token::Object | Token::Array => {}
    }
}
