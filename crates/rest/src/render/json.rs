//! Writes JSON, compact, straight into a buffer. Commas come by themselves.

use std::io::Write;

use serde_json::{Map, Value};

/// A document that is being written. Who writes keeps begins and ends in balance.
#[derive(Debug, Default)]
pub(crate) struct Json {
    out: Vec<u8>,
    /// What comes next follows a value of the same container.
    comma: bool,
}

impl Json {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self { out: Vec::with_capacity(bytes), comma: false }
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.out
    }

    /// Bytes written.
    pub(crate) fn len(&self) -> usize {
        self.out.len()
    }

    pub(crate) fn begin_object(&mut self) {
        self.open(b'{');
    }

    pub(crate) fn end_object(&mut self) {
        self.close(b'}');
    }

    pub(crate) fn begin_array(&mut self) {
        self.open(b'[');
    }

    pub(crate) fn end_array(&mut self) {
        self.close(b']');
    }

    pub(crate) fn key(&mut self, key: &str) {
        self.separate();
        escape(&mut self.out, key);
        self.out.push(b':');
        self.comma = false;
    }

    pub(crate) fn string(&mut self, text: &str) {
        self.separate();
        escape(&mut self.out, text);
    }

    pub(crate) fn u64(&mut self, number: u64) {
        self.display(number);
    }

    pub(crate) fn bool(&mut self, flag: bool) {
        self.raw(if flag { b"true" } else { b"false" });
    }

    pub(crate) fn null(&mut self) {
        self.raw(b"null");
    }

    /// The shortest digits that mean this number. What is no number is a string, as in OpenSearch.
    pub(crate) fn f32(&mut self, number: f32) {
        if number.is_finite() {
            self.separate();
            // Writing to a vector does not fail.
            let _ = write!(self.out, "{number:?}");
        } else {
            self.string(if number.is_nan() {
                "NaN"
            } else if number > 0.0 {
                "Infinity"
            } else {
                "-Infinity"
            });
        }
    }

    pub(crate) fn value(&mut self, value: &Value) {
        self.separate();
        // Writing to a vector does not fail, and keys of a tree are strings.
        let _ = serde_json::to_writer(&mut self.out, value);
    }

    pub(crate) fn map(&mut self, map: &Map<String, Value>) {
        self.separate();
        // As a value.
        let _ = serde_json::to_writer(&mut self.out, map);
    }

    /// A value that is JSON already.
    pub(crate) fn raw(&mut self, json: &[u8]) {
        self.separate();
        self.out.extend_from_slice(json);
    }

    /// A document as the client sent it. One that ends in a comment must not swallow what follows.
    pub(crate) fn source(&mut self, source: &[u8]) {
        self.raw(source);
        if !matches!(source.last(), Some(b'}')) {
            self.out.push(b'\n');
        }
    }

    pub(crate) fn field_str(&mut self, key: &str, text: &str) {
        self.key(key);
        self.string(text);
    }

    pub(crate) fn field_u64(&mut self, key: &str, number: u64) {
        self.key(key);
        self.u64(number);
    }

    pub(crate) fn field_bool(&mut self, key: &str, flag: bool) {
        self.key(key);
        self.bool(flag);
    }

    fn display(&mut self, number: impl std::fmt::Display) {
        self.separate();
        let _ = write!(self.out, "{number}");
    }

    fn open(&mut self, bracket: u8) {
        self.separate();
        self.out.push(bracket);
        self.comma = false;
    }

    fn close(&mut self, bracket: u8) {
        self.out.push(bracket);
        self.comma = true;
    }

    fn separate(&mut self) {
        if self.comma {
            self.out.push(b',');
        }
        self.comma = true;
    }
}

/// `text` as a JSON string.
pub(crate) fn escape(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut from = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        let escaped: &[u8] = match byte {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            8 => b"\\b",
            12 => b"\\f",
            0..0x20 => b"",
            _ => continue,
        };
        out.extend_from_slice(&bytes[from..at]);
        out.extend_from_slice(escaped);
        if escaped.is_empty() {
            let _ = write!(out, "\\u{byte:04X}");
        }
        from = at + 1;
    }
    out.extend_from_slice(&bytes[from..]);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_and_escapes() {
        let mut json = Json::default();
        json.begin_object();
        json.field_str("a\"\u{1}", "x\ny\u{e9}");
        json.key("b");
        json.begin_array();
        json.begin_object();
        json.end_object();
        json.f32(1.0);
        json.f32(f32::NAN);
        json.f32(0.856_847_94);
        json.null();
        json.end_array();
        json.key("s");
        json.source(b"{} // c");
        json.field_bool("c", true);
        json.end_object();
        let text = String::from_utf8(json.finish()).unwrap();
        let expected =
            "{\"a\\\"\\u0001\":\"x\\ny\u{e9}\",\"b\":[{},1.0,\"NaN\",0.85684794,null],\"s\":{} // c\n,\"c\":true}";
        assert_eq!(text, expected);
    }
}
