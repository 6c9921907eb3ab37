//! `pretty`: the same JSON over many lines, as OpenSearch indents it. Strings and numbers stay as they are.

use super::scan::Scan;

/// Two spaces a level, `"key" : value`, a newline at the end. Deeper levels than this are not indented further, so that an answer
/// cannot grow without bound.
const MAX_INDENT: usize = 100;

pub(crate) fn pretty(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len() * 2);
    let mut scan = Scan::new(json);
    let mut depth = 0usize;
    while let Some(byte) = scan.next() {
        match byte {
            b'{' | b'[' => {
                scan.at += 1;
                out.push(byte);
                if let Some(close @ (b'}' | b']')) = scan.next() {
                    scan.at += 1;
                    out.extend_from_slice(&[b' ', close]);
                } else {
                    depth += 1;
                    line(&mut out, depth);
                }
            }
            b'}' | b']' => {
                scan.at += 1;
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(byte);
            }
            b',' => {
                scan.at += 1;
                out.push(b',');
                line(&mut out, depth);
            }
            b':' => {
                scan.at += 1;
                out.extend_from_slice(b" : ");
            }
            b'"' => out.extend_from_slice(scan.string()),
            _ => out.extend_from_slice(scan.word()),
        }
    }
    out.push(b'\n');
    out
}

fn line(out: &mut Vec<u8>, depth: usize) {
    out.push(b'\n');
    out.resize(out.len() + 2 * depth.min(MAX_INDENT), b' ');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, expected: &str) {
        assert_eq!(String::from_utf8(pretty(json.as_bytes())).unwrap(), expected);
    }

    #[test]
    fn as_opensearch_indents() {
        check("{}", "{ }\n");
        check(
            r#"{"a":1,"c":[], "e":[1,{"x":null}], "s":"a{[,:\"]" /* c */}"#,
            "{\n  \"a\" : 1,\n  \"c\" : [ ],\n  \"e\" : [\n    1,\n    {\n      \"x\" : null\n    }\n  ],\n  \"s\" : \"a{[,:\\\"]\"\n}\n",
        );
    }

    #[test]
    fn nothing_panics() {
        for text in ["", "{", "\"", "\"\\", "}}}", "/", "/*", "{\"a\"", "[[[[,:::"] {
            pretty(text.as_bytes());
        }
        pretty("[".repeat(100_000).as_bytes());
    }
}
