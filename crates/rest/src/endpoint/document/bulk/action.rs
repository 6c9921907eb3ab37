//! An action line: `{"index": {"_id": "1", ..}}`.
//!
//! Lines as clients write them are read in one pass over their bytes. What that pass does not know (escapes in keys, lists, mistakes)
//! is read again as JSON, which also finds the words for what is wrong.

use std::borrow::Cow;
use std::sync::Arc;

use model::error::Error;
use model::json::token;
use model::search::SourceFilter;
use serde_json::Value;

use crate::dsl;
use crate::endpoint::options::{Versions, version_type};
use crate::json;
use crate::params::boolean;
use crate::render::document::Verb;

/// What an action line says.
#[derive(Debug, PartialEq)]
pub(super) struct Line {
    pub(super) verb: Verb,
    pub(super) index: Option<Arc<str>>,
    pub(super) id: Option<Arc<str>>,
    pub(super) routing: Option<Arc<str>>,
    pub(super) pipeline: Option<String>,
    pub(super) require_alias: Option<bool>,
    pub(super) retries: i32,
    pub(super) versions: Versions,
    pub(super) source: Option<SourceFilter>,
}

impl Line {
    fn new(verb: Verb) -> Self {
        Self {
            verb,
            index: None,
            id: None,
            routing: None,
            pipeline: None,
            require_alias: None,
            retries: 0,
            versions: Versions::default(),
            source: None,
        }
    }

    /// `text`: a string, or a number or flag as it was written.
    fn set(&mut self, key: &str, text: &str, number: u64) -> Result<(), Error> {
        match key {
            "_index" => self.index = Some(Arc::from(text)),
            "_id" => self.id = Some(Arc::from(text)),
            "routing" => self.routing = Some(Arc::from(text)).filter(|text: &Arc<str>| !text.is_empty()),
            "op_type" => {
                // Anything but `create` means what the action is called.
                if self.verb == Verb::Index && text == "create" {
                    self.verb = Verb::Create;
                }
            }
            "version" => self.versions.version = Some(long(text)?),
            "version_type" => self.versions.version_type = Some(version_type(text)?),
            "if_seq_no" => self.versions.if_seq_no = Some(long(text)?),
            "if_primary_term" => self.versions.if_primary_term = Some(long(text)?),
            "retry_on_conflict" => {
                self.retries = i32::try_from(long(text)?).unwrap_or(i32::MAX);
            }
            "pipeline" => self.pipeline = Some(text.to_owned()),
            "require_alias" => self.require_alias = Some(boolean(text)?),
            "_source" => {
                let flag = boolean(text).map_or_else(|_| Value::String(text.to_owned()), Value::Bool);
                self.source = Some(dsl::source_filter(&flag)?);
            }
            _ => {
                let reason = format!("Action/metadata line [{number}] contains an unknown parameter [{key}]");
                return Err(Error::illegal_argument(reason));
            }
        }
        Ok(())
    }
}

/// Reads line `number`.
///
/// # Errors
/// `illegal_argument_exception` in OpenSearch's words, or what the JSON reader says.
pub(super) fn read(text: &[u8], number: u64) -> Result<Line, Error> {
    match (Quick { text, at: 0 }).line(number) {
        Some(result) => result,
        None => slow(text, number),
    }
}

fn verb(name: &str) -> Option<Verb> {
    match name {
        "index" => Some(Verb::Index),
        "create" => Some(Verb::Create),
        "update" => Some(Verb::Update),
        "delete" => Some(Verb::Delete),
        _ => None,
    }
}

fn slow(text: &[u8], number: u64) -> Result<Line, Error> {
    let malformed =
        |what: String| Error::illegal_argument(format!("Malformed action/metadata line [{number}], {what}"));
    let object = match json::parse(text)? {
        Value::Object(object) => object,
        other => {
            return Err(malformed(format!("expected START_OBJECT but found [{}]", token(&other))));
        }
    };
    let Some((name, inner)) = object.into_iter().next() else {
        return Err(malformed("expected FIELD_NAME but found [END_OBJECT]".into()));
    };
    let Some(verb) = verb(&name) else {
        let expected = "expected one of [create, delete, index, update]";
        return Err(malformed(format!("{expected} but found [{name}]")));
    };
    let inner = match inner {
        Value::Object(inner) => inner,
        other => {
            let found = token(&other);
            return Err(malformed(format!("expected START_OBJECT or END_OBJECT but found [{found}]")));
        }
    };
    let mut line = Line::new(verb);
    for (key, value) in inner {
        match value {
            Value::Null => {}
            Value::String(text) => line.set(&key, &text, number)?,
            Value::Number(_) | Value::Bool(_) => line.set(&key, &value.to_string(), number)?,
            Value::Object(_) if key == "_source" => {
                line.source = Some(dsl::source_filter(&value)?);
            }
            Value::Array(_) | Value::Object(_) => {
                let found = token(&value);
                let what = format!("expected a simple value for field [{key}] but found [{found}]");
                return Err(malformed(what));
            }
        }
    }
    Ok(line)
}

fn long(text: &str) -> Result<i64, Error> {
    text.parse().map_err(|_| {
        let shown: String = text.chars().take(100).collect();
        Error::illegal_argument(format!("For input string: \"{shown}\""))
    })
}

/// One pass over a line. `None` inside means: not for this reader.
struct Quick<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Quick<'a> {
    fn line(&mut self, number: u64) -> Option<Result<Line, Error>> {
        self.expect(b'{')?;
        let verb = verb(&self.string()?)?;
        self.expect(b':')?;
        self.expect(b'{')?;
        let mut line = Line::new(verb);
        if self.next()? == b'}' {
            return Some(Ok(line));
        }
        loop {
            let key = self.string()?;
            self.expect(b':')?;
            let value = self.scalar()?;
            if let Some(text) = value
                && let Err(error) = line.set(&key, &text, number)
            {
                return Some(Err(error));
            }
            match self.next()? {
                b',' => self.at += 1,
                // What follows the action is not read, in OpenSearch neither.
                b'}' => return Some(Ok(line)),
                _ => return None,
            }
        }
    }

    /// The byte after white space.
    fn next(&mut self) -> Option<u8> {
        while matches!(self.text.get(self.at)?, b' ' | b'\t') {
            self.at += 1;
        }
        self.text.get(self.at).copied()
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then(|| self.at += 1)
    }

    fn string(&mut self) -> Option<Cow<'a, str>> {
        self.expect(b'"')?;
        let rest = &self.text[self.at..];
        let mut escaped = false;
        let mut length = 0;
        loop {
            match *rest.get(length)? {
                b'"' => break,
                b'\\' => {
                    escaped = true;
                    length += 1;
                }
                0..0x20 => return None,
                _ => {}
            }
            length += 1;
        }
        let begin = self.at;
        self.at += length + 1;
        if escaped {
            return serde_json::from_slice(&self.text[begin - 1..self.at]).ok().map(Cow::Owned);
        }
        std::str::from_utf8(&rest[..length]).ok().map(Cow::Borrowed)
    }

    /// `Some(None)` for null.
    fn scalar(&mut self) -> Option<Option<Cow<'a, str>>> {
        if self.next()? == b'"' {
            return self.string().map(Some);
        }
        let rest = &self.text[self.at..];
        let length = rest.iter().position(|byte| matches!(byte, b',' | b'}' | b' ' | b'\t'))?;
        let word = std::str::from_utf8(&rest[..length]).ok()?;
        let digits = word.strip_prefix('-').unwrap_or(word);
        let integer =
            matches!(digits.as_bytes(), [b'0'] | [b'1'..=b'9', ..]) && digits.bytes().all(|b| b.is_ascii_digit());
        if !integer && !matches!(word, "true" | "false" | "null") {
            return None;
        }
        self.at += length;
        Some((word != "null").then_some(Cow::Borrowed(word)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let said = match read(text.as_bytes(), 3) {
            Ok(line) => format!("{line:?}"),
            Err(error) => error.to_string(),
        };
        assert!(said.contains(expected), "{text}: {said}");
    }

    #[test]
    fn both_readers_agree() {
        for text in [
            r#"{"index":{}}"#,
            r#"{ "create" : { "_index" : "a", "_id" : 5 , "routing":"r","require_alias":true} }"#,
            r#"{"update":{"_id":"\u00e9\"x","retry_on_conflict":3,"_source":"a","pipeline":null}}"#,
            r#"{"delete":{"_id":"1","version":7,"version_type":"external","if_seq_no":1,"if_primary_term":2}}"#,
            r#"{"index":{"_id":"ü","op_type":"create","_source":false}}"#,
        ] {
            let quick = (Quick { text: text.as_bytes(), at: 0 }).line(1).expect("quick").expect(text);
            assert_eq!(quick, slow(text.as_bytes(), 1).expect(text), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_in_opensearch_s_words() {
        check(
            r#"{"replace":{"_id":"1"}}"#,
            "line [3], expected one of [create, delete, index, update] but found [replace]",
        );
        check(r#"{"index":{"_colour":"red"}}"#, "line [3] contains an unknown parameter [_colour]");
        check(r#"["index"]"#, "expected START_OBJECT but found [START_ARRAY]");
        check("null", "expected START_OBJECT but found [VALUE_NULL]");
        check("{}", "expected FIELD_NAME but found [END_OBJECT]");
        check(r#"{"index":"1"}"#, "expected START_OBJECT or END_OBJECT but found [VALUE_STRING]");
        check(r#"{"index":{"routing":{}}}"#, "expected a simple value for field [routing] but found [START_OBJECT]");
        check(r#"{"index":{"_source":["a"]}}"#, "expected a simple value for field [_source] but found [START_ARRAY]");
        check(r#"{"index":{"_id":["1"]}}"#, "expected a simple value for field [_id] but found [START_ARRAY]");
        check(r#"{"index":{"version":"x"}}"#, r#"For input string: "x""#);
        check("index 1", "json_parse_exception");
        check(r#"{"index":{"_id":"1""#, "json_e_o_f_exception");
        check("\u{1}", "json_parse_exception");
    }

    #[test]
    fn what_opensearch_takes_is_taken() {
        check(r#"{"index":{"_id":"1"}} garbage"#, "Index");
        check(r#"{"index":{"_id":"1"},"x":1}"#, "Index");
        check(r#"{"index":{"_id":"1","_source":{"includes":["a","b"]}}}"#, r#"includes: ["a", "b"]"#);
        check(r#"{"index":{"_id":"1","op_type":"foo"}}"#, "Index");
        check(r#"{"index":{"_id":1.5}}"#, "1.5");
    }

    #[test]
    fn no_bytes_make_it_panic() {
        let line = br#"{"index":{"_id":"\u00e9x","n":-1}}"#;
        for at in 0..line.len() {
            let _ = read(&line[..at], 1);
            for byte in [0, b'"', b'\\', b'{', 0xff, b'-'] {
                let mut broken = line.to_vec();
                broken[at] = byte;
                let _ = read(&broken, 1);
            }
        }
    }
}
