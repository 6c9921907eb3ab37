//! A pull reader of one JSON document: one value at a time, straight from the bytes, with the errors that OpenSearch gives.
//!
//! It keeps its own stack of what is open, so that nesting costs heap and not stack, and stops at [`MAX_DEPTH`]. A key given twice in
//! one object is an error. Comments and a byte order mark are passed over. Not here: what values mean.

use std::borrow::Cow;
use std::collections::HashSet;

use model::error::{Error, ErrorKind};

use super::strings;

/// Deepest nesting of objects and arrays.
const MAX_DEPTH: usize = 1000;
/// Longest number.
const MAX_NUMBER: usize = 1000;
/// Objects with more keys than this look for keys given twice in a set.
const FEW_KEYS: usize = 24;

/// One value, or the beginning of an object or array, whose content is read next.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Value<'a> {
    pub(super) token: Token<'a>,
    /// Where it begins.
    pub(super) start: usize,
    /// Behind it.
    pub(super) end: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token<'a> {
    Object,
    Array,
    String(Cow<'a, str>),
    /// The digits as given; `float`: with a fraction or an exponent.
    Number {
        text: Cow<'a, str>,
        float: bool,
    },
    Bool(bool),
    Null,
}

/// What is wrong with the JSON.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) error: Error,
    /// It is in the middle of a string, which OpenSearch notices only when the field reads it.
    pub(super) in_string: bool,
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        fault.error
    }
}

struct Frame<'a> {
    is_object: bool,
    start: usize,
    entries: usize,
    /// Where its keys begin in the reader's list.
    keys: usize,
    /// Its keys, once there are many.
    seen: HashSet<Cow<'a, str>>,
}

pub(super) struct Reader<'a> {
    text: &'a str,
    /// The byte behind `text` that is not UTF-8.
    bad: Option<u8>,
    at: usize,
    stack: Vec<Frame<'a>>,
    /// Keys of the open objects that have few.
    keys: Vec<Cow<'a, str>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let (text, bad) = match std::str::from_utf8(bytes) {
            Ok(text) => (text, None),
            Err(e) => {
                let good = &bytes[..e.valid_up_to()];
                (std::str::from_utf8(good).unwrap_or_default(), bytes.get(e.valid_up_to()).copied())
            }
        };
        let at = if text.starts_with('\u{feff}') { 3 } else { 0 };
        Self { text, bad, at, stack: Vec::new(), keys: Vec::new() }
    }

    /// How many objects and arrays are open.
    pub(super) fn depth(&self) -> usize {
        self.stack.len()
    }

    /// Whether the innermost of what is open is an object.
    pub(super) fn in_object(&self) -> bool {
        self.stack.last().is_some_and(|frame| frame.is_object)
    }

    /// What stands between two offsets.
    pub(super) fn between(&self, from: usize, to: usize) -> &'a str {
        self.text.get(from..to).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Line and column of an offset, from 1.
    pub(super) fn line_and_column(&self, at: usize) -> (usize, usize) {
        let before = &self.text.as_bytes()[..at.min(self.text.len())];
        let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
        (before.iter().filter(|&&byte| byte == b'\n').count() + 1, at - line_start + 1)
    }

    /// An offset as the reader of OpenSearch writes it.
    pub(super) fn place(&self, at: usize) -> String {
        let (line, column) = self.line_and_column(at);
        format!(
            "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: {line}, column: {column}]"
        )
    }

    fn fault(&self, kind: ErrorKind, what: &str, at: usize) -> Fault {
        Fault { error: Error::new(kind, format!("{what}\n at {}", self.place(at))), in_string: false }
    }

    fn end_of_input(&self, what: &str) -> Fault {
        if let Some(byte) = self.bad {
            let what = format!("Invalid UTF-8 start byte 0x{byte:x}");
            return Fault { in_string: true, ..self.fault(ErrorKind::JsonParse, &what, self.text.len() + 1) };
        }
        self.fault(ErrorKind::EndOfInput, what, self.text.len())
    }

    fn unexpected(&self, expected: &str) -> Fault {
        let Some(found) = self.text.get(self.at..).and_then(|rest| rest.chars().next()) else {
            return self.end_of_input("Unexpected end-of-input");
        };
        if (found as u32) < 0x20 {
            let what = format!(
                "Illegal character ((CTRL-CHAR, code {})): only regular white space (\\r, \\n, \\t) is allowed between tokens",
                found as u32
            );
            return self.fault(ErrorKind::JsonParse, &what, self.at);
        }
        let what = format!("Unexpected character ('{found}' (code {})){expected}", found as u32);
        self.fault(ErrorKind::JsonParse, &what, self.at)
    }

    /// Passes over white space and comments.
    fn skip_space(&mut self) -> Result<(), Fault> {
        loop {
            match self.peek() {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                Some(b'/') => self.skip_comment()?,
                _ => return Ok(()),
            }
        }
    }

    fn skip_comment(&mut self) -> Result<(), Fault> {
        let rest = &self.text[self.at..];
        if let Some(comment) = rest.strip_prefix("//") {
            self.at += 2 + comment.find('\n').unwrap_or(comment.len());
            return Ok(());
        }
        let Some(comment) = rest.strip_prefix("/*") else {
            return Err(self.unexpected(": maybe a (non-standard) comment?"));
        };
        match comment.find("*/") {
            Some(end) => self.at += 2 + end + 2,
            None => return Err(self.end_of_input("Unexpected end-of-input in a comment")),
        }
        Ok(())
    }

    /// The next key of the innermost object, and passes over the colon; `None`: the object has ended.
    pub(super) fn next_key(&mut self) -> Result<Option<Cow<'a, str>>, Fault> {
        if !self.next_entry(b'}', "Object")? {
            return Ok(None);
        }
        if self.peek() != Some(b'"') {
            return Err(match self.peek() {
                None => self.end_of_input("Unexpected end-of-input within/between Object entries"),
                Some(_) => self.unexpected(": was expecting double-quote to start field name"),
            });
        }
        let key = strings::read(self).map_err(|fault| Fault { in_string: false, ..fault })?;
        self.remember(key.clone())?;
        self.skip_space()?;
        match self.peek() {
            Some(b':') => self.at += 1,
            None => return Err(self.end_of_input("Unexpected end-of-input within/between Object entries")),
            Some(_) => return Err(self.unexpected(": was expecting a colon to separate field name and value")),
        }
        Ok(Some(key))
    }

    /// Whether the innermost array has another value, which is read next.
    pub(super) fn next_element(&mut self) -> Result<bool, Fault> {
        self.next_entry(b']', "Array")
    }

    /// Passes over what separates entries; false: passed over the end.
    fn next_entry(&mut self, close: u8, what: &str) -> Result<bool, Fault> {
        self.skip_space()?;
        let entries = self.stack.last().map_or(0, |frame| frame.entries);
        match self.peek() {
            Some(found) if found == close => {
                self.at += 1;
                if let Some(frame) = self.stack.pop() {
                    self.keys.truncate(frame.keys);
                }
                return Ok(false);
            }
            Some(b'}' | b']') => return Err(self.wrong_close(what)),
            Some(b',') if entries > 0 => {
                self.at += 1;
                self.skip_space()?;
            }
            Some(_) if entries == 0 => {}
            Some(_) => return Err(self.unexpected(&format!(": was expecting comma to separate {what} entries"))),
            None => {
                let start = self.stack.last().map_or(0, |frame| frame.start);
                let what = format!(
                    "Unexpected end-of-input: expected close marker for {what} (start marker at {})",
                    self.place(start)
                );
                return Err(self.end_of_input(&what));
            }
        }
        if let Some(frame) = self.stack.last_mut() {
            frame.entries += 1;
        }
        Ok(true)
    }

    fn wrong_close(&self, what: &str) -> Fault {
        let (found, expected) = if what == "Array" { ('}', ']') } else { (']', '}') };
        let start = self.stack.last().map_or(0, |frame| frame.start);
        let place = self.place(start);
        let what = format!("Unexpected close marker '{found}': expected '{expected}' (for {what} starting at {place})");
        self.fault(ErrorKind::JsonParse, &what, self.at)
    }

    /// Refuses a key that the object has had.
    fn remember(&mut self, key: Cow<'a, str>) -> Result<(), Fault> {
        let Some(frame) = self.stack.last_mut() else { return Ok(()) };
        let few = &self.keys[frame.keys.min(self.keys.len())..];
        let known = if frame.seen.is_empty() { few.contains(&key) } else { frame.seen.contains(&key) };
        if known {
            return Err(self.fault(ErrorKind::JsonParse, &format!("Duplicate field '{key}'"), self.at));
        }
        if frame.seen.is_empty() && few.len() < FEW_KEYS {
            self.keys.push(key);
            return Ok(());
        }
        frame.seen.extend(self.keys.drain(frame.keys..));
        frame.seen.insert(key);
        Ok(())
    }

    /// The next value. Objects and arrays are opened: read their entries to the end.
    pub(super) fn value(&mut self) -> Result<Value<'a>, Fault> {
        self.skip_space()?;
        let start = self.at;
        let token = match self.peek() {
            Some(open @ (b'{' | b'[')) => {
                self.at += 1;
                self.open(open == b'{', start)?;
                if open == b'{' { Token::Object } else { Token::Array }
            }
            Some(b'"') => Token::String(strings::read(self)?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b'}' | b']' | b',' | b':') => return Err(self.unexpected(": expected a value")),
            Some(b'+') => {
                let what = " in numeric value: JSON spec does not allow numbers to have plus signs: enable `JsonReadFeature.ALLOW_LEADING_PLUS_SIGN_FOR_NUMBERS` to allow";
                let fault =
                    self.fault(ErrorKind::JsonParse, &format!("Unexpected character ('+' (code 43)){what}"), start + 1);
                return Err(fault);
            }
            Some(byte) if byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80 => self.word()?,
            Some(_) => {
                let what =
                    ": expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
                return Err(self.unexpected(what));
            }
            None => return Err(self.end_of_input("Unexpected end-of-input within/between Object entries")),
        };
        Ok(Value { token, start, end: self.at })
    }

    fn open(&mut self, is_object: bool, start: usize) -> Result<(), Fault> {
        if self.stack.len() >= MAX_DEPTH {
            let reason = format!(
                "Document nesting depth ({}) exceeds the maximum allowed ({MAX_DEPTH}, from `StreamReadConstraints.getMaxNestingDepth()`)",
                MAX_DEPTH + 1
            );
            return Err(Fault { error: Error::new(ErrorKind::StreamConstraints, reason), in_string: false });
        }
        self.stack.push(Frame { is_object, start, entries: 0, keys: self.keys.len(), seen: HashSet::new() });
        Ok(())
    }

    fn word(&mut self) -> Result<Token<'a>, Fault> {
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(rest.len());
        let word = &rest[..end];
        self.at += end;
        Ok(match word {
            "true" => Token::Bool(true),
            "false" => Token::Bool(false),
            "null" => Token::Null,
            "NaN" | "Infinity" => {
                let what =
                    format!("Non-standard token '{word}': enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow");
                return Err(self.fault(ErrorKind::JsonParse, &what, self.at));
            }
            _ => {
                let what = format!(
                    "Unrecognized token '{word}': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
                );
                return Err(self.fault(ErrorKind::JsonParse, &what, (self.at + 1).min(self.text.len())));
            }
        })
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - start
    }

    fn number(&mut self) -> Result<Token<'a>, Fault> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let zero = self.peek() == Some(b'0');
        match self.digits() {
            0 => {
                let what = " in numeric value: expected digit (0-9) to follow minus sign, for valid numeric value";
                return Err(self.unexpected(what));
            }
            1 => {}
            more if zero => {
                let what = "Invalid numeric value: Leading zeroes not allowed";
                return Err(self.fault(ErrorKind::JsonParse, what, self.at - more + 1));
            }
            _ => {}
        }
        let whole = self.at;
        if self.peek() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return Err(self.unexpected(" in numeric value: Decimal point not followed by a digit"));
            }
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            if self.digits() == 0 {
                return Err(self.unexpected(" in numeric value: Exponent indicator not followed by a digit"));
            }
        }
        let text = &self.text[start..self.at];
        if text.len() > MAX_NUMBER {
            let reason = format!(
                "Number value length ({}) exceeds the maximum allowed ({MAX_NUMBER}, from `StreamReadConstraints.getMaxNumberLength()`)",
                text.len()
            );
            return Err(Fault { error: Error::new(ErrorKind::StreamConstraints, reason), in_string: false });
        }
        if let Some(byte) = self.peek()
            && (byte.is_ascii_alphanumeric() || byte == b'_')
        {
            let what = if self.in_object() { "Object" } else { "Array" };
            return Err(self.unexpected(&format!(": was expecting comma to separate {what} entries")));
        }
        Ok(Token::Number { text: Cow::Borrowed(text), float: self.at > whole })
    }

    /// Reads the innermost object or array, just opened, to its end.
    pub(super) fn skip_open(&mut self) -> Result<(), Fault> {
        let outside = self.stack.len().saturating_sub(1);
        while self.stack.len() > outside {
            let more = if self.in_object() { self.next_key()?.is_some() } else { self.next_element()? };
            if more {
                self.value()?;
            }
        }
        Ok(())
    }

    /// Reads the rest of a value that was begun.
    pub(super) fn skip(&mut self, value: &Value<'a>) -> Result<(), Fault> {
        match value.token {
            Token::Object | Token::Array => self.skip_open(),
            _ => Ok(()),
        }
    }

    /// Refuses whatever follows the document.
    pub(super) fn end(&mut self) -> Result<(), Fault> {
        self.skip_space()?;
        match self.peek() {
            None if self.bad.is_none() => Ok(()),
            Some(close @ (b'}' | b']')) => {
                let what = format!(
                    "Unexpected close marker '{}': expected ']' (for root starting at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1])",
                    char::from(close)
                );
                Err(self.fault(ErrorKind::JsonParse, &what, self.at))
            }
            _ => {
                let name = token_name(&self.value()?.token);
                let reason = format!("Malformed content, found extra data after parsing: {name}");
                Err(Fault { error: Error::illegal_argument(reason), in_string: false })
            }
        }
    }
}

/// What OpenSearch calls a token.
pub(super) fn token_name(token: &Token<'_>) -> &'static str {
    match token {
        Token::Object => "START_OBJECT",
        Token::Array => "START_ARRAY",
        Token::String(_) => "VALUE_STRING",
        Token::Number { .. } => "VALUE_NUMBER",
        Token::Bool(_) => "VALUE_BOOLEAN",
        Token::Null => "VALUE_NULL",
    }
}

/// What the JSON reader of OpenSearch calls a token.
pub(super) fn reader_name(token: &Token<'_>) -> &'static str {
    match token {
        Token::Number { float: false, .. } => "VALUE_NUMBER_INT",
        Token::Number { float: true, .. } => "VALUE_NUMBER_FLOAT",
        Token::Bool(true) => "VALUE_TRUE",
        Token::Bool(false) => "VALUE_FALSE",
        other => token_name(other),
    }
}

/// The raw access that strings need.
impl<'a> Reader<'a> {
    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(super) fn offset(&self) -> usize {
        self.at
    }

    pub(super) fn advance(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// A fault `ahead` bytes from here, within a string.
    pub(super) fn string_fault(&self, what: &str, ahead: usize) -> Fault {
        Fault { in_string: true, ..self.fault(ErrorKind::JsonParse, what, self.at + ahead) }
    }

    pub(super) fn string_end(&self) -> Fault {
        Fault { in_string: true, ..self.end_of_input("Unexpected end-of-input in VALUE_STRING") }
    }
}
