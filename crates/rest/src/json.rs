//! JSON bodies: bytes to a tree, within limits, with the errors that OpenSearch gives.
//!
//! Objects keep the order of their keys, a key given twice is an error, comments and a byte order mark are skipped as
//! OpenSearch skips them. Numbers are exact: `i64`, `u64` or the nearest `f64`; an integer beyond 64 bits and a number beyond
//! the range of `f64` become a string with the digits as they were sent. The reader keeps its own stack, so that nesting costs
//! heap and not stack, and stops at [`MAX_DEPTH`]. Not here: documents, whose bytes stay as they are.

use model::error::{Error, ErrorKind};
use model::json::token;
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};

/// Deepest nesting of objects and arrays: OpenSearch's own limit, and what a thread with a small stack can still drop.
pub const MAX_DEPTH: usize = 1000;

/// The one JSON value that `body` is.
///
/// # Errors
/// `json_parse_exception`, `json_e_o_f_exception` when the body ends too early, `parsing_exception` when more follows. All 400.
pub fn parse(body: &[u8]) -> Result<Value, Error> {
    let mut reader = Reader::new(body)?;
    let value = reader.value()?;
    reader.end()?;
    Ok(value)
}

/// The JSON object that `body` is; `None` for a body of nothing but white space.
///
/// # Errors
/// As [`parse`], and `parsing_exception` when it is not an object.
pub fn object(body: &[u8]) -> Result<Option<Map<String, Value>>, Error> {
    object_or(body, |found| Error::parsing(format!("Expected [START_OBJECT] but found [{found}]")))
}

/// As [`object`], for what OpenSearch calls by a name when it is no object.
///
/// # Errors
/// As [`parse`], and `x_content_parse_exception` when it is not an object.
pub fn named_object(body: &[u8], owner: &str) -> Result<Option<Map<String, Value>>, Error> {
    object_or(body, |found| {
        Error::new(ErrorKind::XContentParse, format!("[{owner}] Expected START_OBJECT but was: {found}"))
    })
}

/// `refused`: the error about what is there instead of an object.
fn object_or(body: &[u8], refused: impl Fn(&str) -> Error) -> Result<Option<Map<String, Value>>, Error> {
    let mut reader = Reader::new(body)?;
    reader.skip()?;
    match reader.peek() {
        None => return Ok(None),
        // Said before the rest is read, as OpenSearch does.
        Some(b'[') => return Err(refused("START_ARRAY")),
        Some(_) => {}
    }
    let value = reader.value()?;
    reader.end()?;
    match value {
        Value::Object(map) => Ok(Some(map)),
        other => Err(refused(token(&other))),
    }
}

/// A container whose end has not been seen.
enum Open {
    Array(Vec<Value>),
    /// With the key whose value comes next.
    Object(Map<String, Value>, String),
}

enum Begin {
    Scalar(Value),
    Array,
    Object,
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn new(body: &'a [u8]) -> Result<Self, Error> {
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        match std::str::from_utf8(body) {
            Ok(text) => Ok(Self { text, at: 0 }),
            Err(error) => {
                let valid = error.valid_up_to();
                let (line, column) = position(&body[..valid]);
                Err(fault(ErrorKind::JsonParse, format!("Invalid UTF-8 byte 0x{:02x}", body[valid]), line, column))
            }
        }
    }

    fn value(&mut self) -> Result<Value, Error> {
        let mut open: Vec<Open> = Vec::new();
        loop {
            let value = match self.begin()? {
                Begin::Scalar(value) => value,
                Begin::Array if self.eat(b']')? => Value::Array(Vec::new()),
                Begin::Object if self.eat(b'}')? => Value::Object(Map::new()),
                container => {
                    if open.len() >= MAX_DEPTH {
                        return Err(self.fault(format!("Nesting is deeper than the allowed {MAX_DEPTH} levels")));
                    }
                    open.push(match container {
                        Begin::Object => Open::Object(Map::new(), self.key()?),
                        _ => Open::Array(Vec::new()),
                    });
                    continue;
                }
            };
            if let Some(whole) = self.add(&mut open, value)? {
                return Ok(whole);
            }
        }
    }

    /// Puts `value` into the innermost container and closes all that end here; the whole once none is open.
    fn add(&mut self, open: &mut Vec<Open>, mut value: Value) -> Result<Option<Value>, Error> {
        loop {
            match open.pop() {
                None => return Ok(Some(value)),
                Some(Open::Array(mut items)) => {
                    items.push(value);
                    if self.more(b']', "Array")? {
                        open.push(Open::Array(items));
                        return Ok(None);
                    }
                    value = Value::Array(items);
                }
                Some(Open::Object(mut map, key)) => {
                    match map.entry(key) {
                        Entry::Vacant(slot) => slot.insert(value),
                        Entry::Occupied(slot) => return Err(self.fault(format!("Duplicate field '{}'", slot.key()))),
                    };
                    if self.more(b'}', "Object")? {
                        let key = self.key()?;
                        open.push(Open::Object(map, key));
                        return Ok(None);
                    }
                    value = Value::Object(map);
                }
            }
        }
    }

    /// After an element: true for a comma, false for the container's end.
    fn more(&mut self, close: u8, container: &str) -> Result<bool, Error> {
        self.skip()?;
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(true)
            }
            Some(byte) if byte == close => {
                self.at += 1;
                Ok(false)
            }
            Some(b'}' | b']') => Err(self.unexpected("expected the close marker of what is open")),
            _ => Err(self.unexpected(&format!("was expecting comma to separate {container} entries"))),
        }
    }

    fn begin(&mut self) -> Result<Begin, Error> {
        self.skip()?;
        let begin = match self.peek() {
            Some(b'{') => Begin::Object,
            Some(b'[') => Begin::Array,
            Some(b'"') => return Ok(Begin::Scalar(Value::String(self.string("string value")?))),
            Some(b'-' | b'0'..=b'9') => return Ok(Begin::Scalar(self.number()?)),
            Some(b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$') => return Ok(Begin::Scalar(self.word()?)),
            _ => return Err(self.unexpected("expected a value")),
        };
        self.at += 1;
        Ok(begin)
    }

    /// A key with its colon.
    fn key(&mut self) -> Result<String, Error> {
        self.skip()?;
        if self.peek() != Some(b'"') {
            return Err(self.unexpected("was expecting double-quote to start field name"));
        }
        let key = self.string("name")?;
        self.skip()?;
        if self.peek() != Some(b':') {
            return Err(self.unexpected("was expecting a colon to separate field name and value"));
        }
        self.at += 1;
        Ok(key)
    }

    fn word(&mut self) -> Result<Value, Error> {
        let rest = &self.text[self.at..];
        let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(rest.len());
        let word = &rest[..length];
        let value = match word {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" => Value::Null,
            _ => {
                let shown: String = word.chars().take(60).collect();
                return Err(self.fault(format!("Unrecognized token '{shown}': was expecting a JSON value")));
            }
        };
        self.at += length;
        Ok(value)
    }

    fn number(&mut self) -> Result<Value, Error> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let digits = self.digits("expected digit (0-9) to follow minus sign")?;
        if digits > 1 && self.text.as_bytes()[self.at - digits] == b'0' {
            return Err(self.fault("Invalid numeric value: Leading zeroes not allowed".into()));
        }
        let mut whole = true;
        if self.peek() == Some(b'.') {
            self.at += 1;
            whole = false;
            self.digits("Decimal point not followed by a digit")?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            whole = false;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits("Exponent indicator not followed by a digit")?;
        }
        if self.text[self.at..].starts_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '"' | '+' | '-')) {
            return Err(self.unexpected("Expected space separating root-level values"));
        }
        Ok(number(&self.text[start..self.at], whole))
    }

    /// One digit or more; how many.
    fn digits(&mut self, expected: &str) -> Result<usize, Error> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start {
            return Err(self.unexpected(expected));
        }
        Ok(self.at - start)
    }

    /// A string, from its opening quote on.
    fn string(&mut self, what: &str) -> Result<String, Error> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = &self.text.as_bytes()[self.at..];
            let plain = rest.iter().position(|&b| b == b'"' || b == b'\\' || b < 0x20).unwrap_or(rest.len());
            out.push_str(&self.text[self.at..self.at + plain]);
            self.at += plain;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => self.escape(&mut out)?,
                Some(code) => {
                    let reason = format!(
                        "Illegal unquoted character ((CTRL-CHAR, code {code})): has to be escaped using backslash to be included in {what}"
                    );
                    return Err(self.fault(reason));
                }
                None => return Err(self.early_end("in a string")),
            }
        }
    }

    fn escape(&mut self, out: &mut String) -> Result<(), Error> {
        self.at += 1;
        let plain = match self.peek() {
            Some(b'u') => {
                self.at += 1;
                return self.unicode(out);
            }
            Some(byte @ (b'"' | b'\\' | b'/')) => byte as char,
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(_) => return Err(self.unexpected("Unrecognized character escape")),
            None => return Err(self.early_end("in a character escape")),
        };
        out.push(plain);
        self.at += 1;
        Ok(())
    }

    /// After `\u`. Half a surrogate pair, which no text can hold, becomes U+FFFD.
    fn unicode(&mut self, out: &mut String) -> Result<(), Error> {
        let first = self.hex()?;
        if (0xd800..0xdc00).contains(&first) && self.text[self.at..].starts_with("\\u") {
            let back = self.at;
            self.at += 2;
            let second = self.hex()?;
            if (0xdc00..0xe000).contains(&second) {
                let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                return Ok(());
            }
            self.at = back;
        }
        out.push(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
        Ok(())
    }

    fn hex(&mut self) -> Result<u32, Error> {
        let mut code = 0;
        for _ in 0..4 {
            let Some(byte) = self.peek() else { return Err(self.early_end("in a character escape")) };
            let Some(digit) = (byte as char).to_digit(16) else {
                return Err(self.unexpected("expected a hex-digit for character escape sequence"));
            };
            code = code * 16 + digit;
            self.at += 1;
        }
        Ok(code)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> Result<bool, Error> {
        self.skip()?;
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        Ok(found)
    }

    /// White space and comments.
    fn skip(&mut self) -> Result<(), Error> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                Some(b'/') if self.text[self.at..].starts_with("/*") => match self.text[self.at + 2..].find("*/") {
                    Some(length) => self.at += length + 4,
                    None => return Err(self.early_end("in a comment")),
                },
                Some(b'/') if self.text[self.at..].starts_with("//") => {
                    let rest = &self.text[self.at..];
                    self.at += rest.find('\n').unwrap_or(rest.len());
                }
                _ => return Ok(()),
            }
        }
    }

    fn end(&mut self) -> Result<(), Error> {
        self.skip()?;
        if self.peek().is_none() {
            return Ok(());
        }
        let found = match self.begin()? {
            Begin::Scalar(value) => token(&value),
            Begin::Array => "START_ARRAY",
            Begin::Object => "START_OBJECT",
        };
        Err(Error::parsing(format!("Unexpected token [{found}] found after the main object.")))
    }

    fn unexpected(&self, expected: &str) -> Error {
        match self.text[self.at..].chars().next() {
            Some(c) => self.fault(format!("Unexpected character ('{c}' (code {})): {expected}", c as u32)),
            None => self.early_end(expected),
        }
    }

    fn early_end(&self, place: &str) -> Error {
        let (line, column) = position(self.text.as_bytes());
        fault(ErrorKind::EndOfInput, format!("Unexpected end-of-input: {place}"), line, column)
    }

    fn fault(&self, reason: String) -> Error {
        let (line, column) = position(&self.text.as_bytes()[..self.at]);
        fault(ErrorKind::JsonParse, reason, line, column)
    }
}

/// Line and column, from 1, of the place after `before`.
fn position(before: &[u8]) -> (usize, usize) {
    let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|&&byte| byte != b'\n').count() + 1;
    (line, column)
}

fn fault(kind: ErrorKind, reason: String, line: usize, column: usize) -> Error {
    Error::new(kind, format!("{reason} at line {line}, column {column}"))
}

fn number(text: &str, whole: bool) -> Value {
    if whole {
        if let Ok(signed) = text.parse::<i64>() {
            return signed.into();
        }
        if let Ok(unsigned) = text.parse::<u64>() {
            return unsigned.into();
        }
        return Value::String(text.to_owned());
    }
    let float = text.parse::<f64>().ok().and_then(Number::from_f64);
    float.map_or_else(|| Value::String(text.to_owned()), Value::Number)
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
