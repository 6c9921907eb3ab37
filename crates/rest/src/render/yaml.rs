//! `format=yaml`: an answer as YAML, as OpenSearch writes it. Strings are always quoted, keys where YAML would read them otherwise.

use super::scan::{Scan, decoded};

/// Deeper values are written as JSON, which YAML includes.
const MAX_DEPTH: usize = 200;

pub(crate) fn yaml(json: &[u8]) -> Vec<u8> {
    let mut walk = Walk { scan: Scan::new(json), out: b"---".to_vec() };
    match walk.scan.next() {
        Some(b'{' | b'[') => walk.value(0, true),
        _ => walk.value(0, false),
    }
    walk.out.push(b'\n');
    walk.out
}

struct Walk<'a> {
    scan: Scan<'a>,
    out: Vec<u8>,
}

impl Walk<'_> {
    /// The next value, after what names it. `fresh`: on lines of its own; else the first of its entries goes on in this line.
    fn value(&mut self, depth: usize, fresh: bool) {
        let byte = self.scan.next();
        match byte {
            Some(b'{' | b'[') if depth < MAX_DEPTH => {
                self.scan.at += 1;
                let object = byte == Some(b'{');
                let close = if object { b'}' } else { b']' };
                if self.scan.eat(close) {
                    self.out.extend_from_slice(if object { b" {}" } else { b" []" });
                } else if object {
                    self.object(depth, fresh);
                } else {
                    self.array(depth, fresh);
                }
            }
            Some(b'"') => {
                self.out.push(b' ');
                let text = self.scan.string();
                self.out.extend_from_slice(text);
            }
            _ => {
                self.out.push(b' ');
                let value = self.scan.value();
                self.out.extend_from_slice(value);
            }
        }
    }

    fn object(&mut self, depth: usize, mut fresh: bool) {
        while self.scan.next() == Some(b'"') {
            self.begin_entry(depth, fresh);
            fresh = true;
            let key = self.scan.string();
            if plain(&decoded(key)) {
                self.out.extend_from_slice(&key[1..key.len().saturating_sub(1).max(1)]);
            } else {
                self.out.extend_from_slice(key);
            }
            self.out.push(b':');
            self.scan.eat(b':');
            // Entries of a list stand below its key, not indented.
            let list = self.scan.next() == Some(b'[');
            self.value(if list { depth } else { depth + 1 }, true);
            self.scan.eat(b',');
        }
        self.scan.eat(b'}');
    }

    fn array(&mut self, depth: usize, mut fresh: bool) {
        while !matches!(self.scan.next(), None | Some(b']')) {
            self.begin_entry(depth, fresh);
            fresh = true;
            self.out.push(b'-');
            self.value(depth + 1, false);
            self.scan.eat(b',');
        }
        self.scan.eat(b']');
    }

    fn begin_entry(&mut self, depth: usize, fresh: bool) {
        if fresh {
            self.out.push(b'\n');
            self.out.resize(self.out.len() + 2 * depth, b' ');
        } else {
            self.out.push(b' ');
        }
    }
}

/// Whether a key needs no quotes.
fn plain(key: &str) -> bool {
    const WORDS: [&str; 11] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", "-"];
    let first = key.bytes().next();
    first.is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/'))
        && !WORDS.contains(&key.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_opensearch_writes_it() {
        let json = r#"{"_id":"1","c":[],"d":{},"e":[1,{"x":null,"z":2},[2,[]]],"h":{"i":{"j":1.5,"k":[{"j":"a\nb"}]}},"y":true}"#;
        let expected = "---\n_id: \"1\"\nc: []\nd: {}\ne:\n- 1\n- x: null\n  z: 2\n- - 2\n  - []\nh:\n  i:\n    j: 1.5\n    k:\n    - j: \"a\\nb\"\n\"y\": true\n";
        assert_eq!(String::from_utf8(yaml(json.as_bytes())).unwrap(), expected);
        assert_eq!(yaml(b"{}"), b"--- {}\n");
    }

    #[test]
    fn nothing_panics() {
        for text in ["", "{", "\"", "{\"", "{\"a", "[[,", "}}", "{\"a\":}"] {
            yaml(text.as_bytes());
        }
        yaml("[".repeat(10_000).as_bytes());
    }
}
