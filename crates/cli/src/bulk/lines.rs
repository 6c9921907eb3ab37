//! Lines of a file, as items of a `_bulk` body.
//!
//! In: NDJSON, either a document per line or actions with their documents. Out: for each item the bytes to send and the line it began on; lines
//! that cannot be an item, with a reason. What a document holds is for the node to judge.

use std::io::{BufRead, Read as _};

use serde_json::{Value, json};

use crate::arguments::{Bulk, Format};

/// Longest line; a node takes no longer body by default.
const LONGEST_LINE: usize = 100 << 20;

/// What came next.
#[derive(Debug, PartialEq)]
pub(super) enum Next {
    /// An item has been appended to the body. `line`: from 1 on.
    Item {
        line: u64,
    },
    /// Nothing has been appended.
    Bad {
        line: u64,
        reason: String,
    },
    End,
}

/// Items of a reader, in order.
pub(super) struct Items<R> {
    lines: Lines<R>,
    are_documents: bool,
    id_field: Option<String>,
    /// The first line, which had to be read to know what the lines are.
    first: Option<Line>,
}

#[derive(Debug, PartialEq)]
enum Line {
    Text { number: u64, bytes: Vec<u8> },
    TooLong { number: u64 },
}

impl<R: BufRead> Items<R> {
    /// # Errors
    /// Of the reader.
    pub(super) fn new(reader: R, arguments: &Bulk) -> std::io::Result<Self> {
        let mut lines = Lines { reader, number: 0, longest: LONGEST_LINE };
        let first = lines.next()?;
        let are_documents = match (arguments.format, &first) {
            (Format::Documents, _) => true,
            (Format::Actions, _) => false,
            (Format::Auto, Some(Line::Text { bytes, .. })) => action(bytes).is_none(),
            (Format::Auto, _) => true,
        };
        Ok(Self { lines, are_documents, id_field: arguments.id_field.clone(), first })
    }

    pub(super) fn are_documents(&self) -> bool {
        self.are_documents
    }

    /// Appends the next item to `body`.
    ///
    /// # Errors
    /// Of the reader.
    pub(super) fn next(&mut self, body: &mut Vec<u8>) -> std::io::Result<Next> {
        let (number, bytes) = match self.line()? {
            None => return Ok(Next::End),
            Some(Line::TooLong { number }) => return Ok(too_long(number)),
            Some(Line::Text { number, bytes }) => (number, bytes),
        };
        if self.are_documents { Ok(self.document(number, &bytes, body)) } else { self.action(number, &bytes, body) }
    }

    fn line(&mut self) -> std::io::Result<Option<Line>> {
        match self.first.take() {
            Some(first) => Ok(Some(first)),
            None => self.lines.next(),
        }
    }

    fn document(&self, line: u64, bytes: &[u8], body: &mut Vec<u8>) -> Next {
        let action = match self.id_field.as_deref().map(|field| id(bytes, field)) {
            None => json!({"index": {}}),
            Some(Ok(id)) => json!({"index": {"_id": id}}),
            Some(Err(reason)) => return Next::Bad { line, reason },
        };
        append(body, action.to_string().as_bytes());
        append(body, bytes);
        Next::Item { line }
    }

    fn action(&mut self, line: u64, bytes: &[u8], body: &mut Vec<u8>) -> std::io::Result<Next> {
        let Some(kind) = action(bytes) else {
            return Ok(Next::Bad { line, reason: "neither an index, create, update nor delete action".to_owned() });
        };
        if kind == "delete" {
            append(body, bytes);
            return Ok(Next::Item { line });
        }
        Ok(match self.lines.next()? {
            None => Next::Bad { line, reason: format!("no document follows this {kind} action") },
            Some(Line::TooLong { number }) => too_long(number),
            Some(Line::Text { bytes: document, .. }) => {
                append(body, bytes);
                append(body, &document);
                Next::Item { line }
            }
        })
    }
}

fn too_long(line: u64) -> Next {
    Next::Bad { line, reason: format!("longer than {} MB", LONGEST_LINE >> 20) }
}

fn append(body: &mut Vec<u8>, line: &[u8]) {
    body.extend_from_slice(line);
    body.push(b'\n');
}

/// Which action a line is, if it is one.
fn action(line: &[u8]) -> Option<&'static str> {
    let json: Value = serde_json::from_slice(line).ok()?;
    let object = json.as_object().filter(|object| object.len() == 1)?;
    let known = ["index", "create", "update", "delete"];
    known.into_iter().find(|name| object.get(*name).is_some_and(Value::is_object))
}

/// A document's id, from a field given by its path.
fn id(document: &[u8], field: &str) -> Result<String, String> {
    let json: Value = serde_json::from_slice(document).map_err(|error| format!("not JSON: {error}"))?;
    match field.split('.').try_fold(&json, |value, name| value.get(name)) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(number @ Value::Number(_)) => Ok(number.to_string()),
        Some(_) => Err(format!("[{field}] is neither a string nor a number")),
        None => Err(format!("no field [{field}] to take the id from")),
    }
}

/// Lines without their ends; empty ones are passed over but counted.
struct Lines<R> {
    reader: R,
    number: u64,
    longest: usize,
}

impl<R: BufRead> Lines<R> {
    fn next(&mut self) -> std::io::Result<Option<Line>> {
        loop {
            let mut bytes = Vec::new();
            let read = (&mut self.reader).take(self.longest as u64 + 1).read_until(b'\n', &mut bytes)?;
            if read == 0 {
                return Ok(None);
            }
            self.number += 1;
            if read > self.longest && bytes.last() != Some(&b'\n') {
                self.skip_rest()?;
                return Ok(Some(Line::TooLong { number: self.number }));
            }
            let length = bytes.trim_ascii_end().len();
            bytes.truncate(length);
            if !bytes.trim_ascii_start().is_empty() {
                return Ok(Some(Line::Text { number: self.number, bytes }));
            }
        }
    }

    fn skip_rest(&mut self) -> std::io::Result<()> {
        loop {
            let buffer = self.reader.fill_buf()?;
            let (length, is_end) = match buffer.iter().position(|byte| *byte == b'\n') {
                Some(at) => (at + 1, true),
                None => (buffer.len(), buffer.is_empty()),
            };
            self.reader.consume(length);
            if is_end {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(id_field: Option<&str>) -> Bulk {
        Bulk {
            file: "-".into(),
            index: None,
            url: String::new(),
            format: Format::Auto,
            id_field: id_field.map(str::to_owned),
            concurrency: 1,
            batch: 1,
        }
    }

    /// The body, the lines of its items, and what was bad.
    fn read(text: &str, id_field: Option<&str>) -> (String, Vec<u64>, Vec<String>) {
        let mut items = Items::new(text.as_bytes(), &arguments(id_field)).unwrap();
        let (mut body, mut lines, mut bad) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            match items.next(&mut body).unwrap() {
                Next::Item { line } => lines.push(line),
                Next::Bad { line, reason } => bad.push(format!("{line}: {reason}")),
                Next::End => return (String::from_utf8(body).unwrap(), lines, bad),
            }
        }
    }

    #[test]
    fn documents_get_an_action_and_keep_their_line() {
        let (body, lines, bad) = read("{\"a\":1}\n\n  \r\n{\"a\":2}\r\n{broken", None);
        assert_eq!(body, "{\"index\":{}}\n{\"a\":1}\n{\"index\":{}}\n{\"a\":2}\n{\"index\":{}}\n{broken\n");
        assert_eq!((lines, bad), (vec![1, 4, 5], vec![]));
    }

    #[test]
    fn ids_come_from_a_field() {
        let (body, lines, bad) =
            read("{\"k\":{\"id\":\"x\"}}\n{\"k\":{\"id\":7}}\n{\"k\":1}\n{\"k\":{\"id\":[]}}\nno\n", Some("k.id"));
        assert!(
            body.starts_with("{\"index\":{\"_id\":\"x\"}}\n") && body.contains("{\"index\":{\"_id\":\"7\"}}\n"),
            "{body}"
        );
        assert_eq!(lines, vec![1, 2]);
        assert_eq!(bad[0], "3: no field [k.id] to take the id from");
        assert_eq!(bad[1], "4: [k.id] is neither a string nor a number");
        assert!(bad[2].starts_with("5: not JSON"), "{bad:?}");
    }

    #[test]
    fn actions_are_known_by_the_first_line() {
        let text = "{\"index\":{\"_id\":\"1\"}}\n{\"a\":1}\n{\"delete\":{\"_id\":\"2\"}}\n{\"update\":{\"_id\":\"1\"}}\n{\"doc\":{}}\n";
        assert_eq!(read(text, None), (text.to_owned(), vec![1, 3, 4], vec![]));
    }

    #[test]
    fn what_is_no_action_spoils_itself_alone() {
        let text = "{\"delete\":{\"_id\":\"1\"}}\n{\"drop\":{}}\n{\"delete\":{\"_id\":\"2\"}}\n{\"create\":{}}\n";
        let (body, lines, bad) = read(text, None);
        assert_eq!(body, "{\"delete\":{\"_id\":\"1\"}}\n{\"delete\":{\"_id\":\"2\"}}\n");
        assert_eq!(lines, vec![1, 3]);
        assert_eq!(
            bad,
            ["2: neither an index, create, update nor delete action", "4: no document follows this create action"]
        );
    }

    #[test]
    fn a_document_with_a_field_named_as_an_action_is_a_document() {
        assert_eq!(read("{\"index\":\"a\"}\n", None).0, "{\"index\":{}}\n{\"index\":\"a\"}\n");
        assert_eq!(read("{\"index\":{},\"b\":1}\n", None).0, "{\"index\":{}}\n{\"index\":{},\"b\":1}\n");
    }

    #[test]
    fn a_line_without_end_is_not_kept() {
        let mut lines = Lines { reader: &b"12345\n123456\n1234567890\n12\n123456"[..], number: 0, longest: 5 };
        let mut next = || lines.next().unwrap();
        let text = |number, bytes: &[u8]| Some(Line::Text { number, bytes: bytes.to_vec() });
        assert_eq!(next(), text(1, b"12345"));
        assert_eq!(next(), Some(Line::TooLong { number: 2 }));
        assert_eq!(next(), Some(Line::TooLong { number: 3 }));
        assert_eq!(next(), text(4, b"12"));
        assert_eq!(next(), Some(Line::TooLong { number: 5 }));
        assert_eq!(next(), None);
    }
}
