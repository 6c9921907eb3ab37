//! Reads scripts (`NAME.redis`, a command a line) and their records (`NAME.redis.answers.jsonl`), and says what counts as equal.
//!
//! A line `#! unordered` or `#! skip` holds for the next command: lists compare as sets; the command is sent and its answer is not compared.

use std::path::Path;

use serde_json::Value;

pub(super) struct Request {
    /// Where its block begins: its directives and comments stand before it.
    pub(super) line: usize,
    pub(super) label: String,
    pub(super) words: Vec<Vec<u8>>,
    pub(super) unordered: bool,
    pub(super) skip: bool,
}

/// The commands of a script, each with the answer that was recorded.
pub(super) fn recorded(path: &Path) -> Vec<(Request, Value)> {
    let read =
        |path: &Path| std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let requests = requests(&read(path));
    let record = read(&path.with_extension("redis.answers.jsonl"));
    let answers: Vec<Value> = record.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    assert_eq!(requests.len(), answers.len(), "{}: record it again", path.display());
    let pair = |(request, answer): (Request, Value)| {
        assert_eq!(answer["line"], request.line, "{}: record it again", path.display());
        let body = answer["body"].clone();
        (request, body)
    };
    requests.into_iter().zip(answers).map(pair).collect()
}

fn requests(text: &str) -> Vec<Request> {
    let (mut found, mut start, mut directives) = (Vec::new(), None, Vec::new());
    for (at, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            (start, directives) = (None, Vec::new());
            continue;
        }
        let first = *start.get_or_insert(at + 1);
        if let Some(directive) = line.strip_prefix("#!") {
            directives.push(directive.trim().to_owned());
        } else if !line.starts_with('#') {
            let has = |word: &str| directives.iter().any(|directive| directive == word);
            found.push(Request {
                line: first,
                label: line.to_owned(),
                words: words(line),
                unordered: has("unordered"),
                skip: has("skip"),
            });
            (start, directives) = (None, Vec::new());
        }
    }
    found
}

/// Words as a shell splits them; `\xNN` is a byte.
fn words(line: &str) -> Vec<Vec<u8>> {
    let (mut found, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (None, ' ' | '\t') => found.extend(word.take()),
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (Some(open), _) if c == open => quote = None,
            (None, '\\') => word.get_or_insert_default().extend(chars.next()),
            (Some('"'), '\\') if matches!(chars.peek(), Some('"' | '\\')) => {
                word.get_or_insert_default().extend(chars.next())
            }
            _ => word.get_or_insert_default().push(c),
        }
    }
    found.extend(word);
    found.iter().map(|word| bytes(word)).collect()
}

fn bytes(word: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = word;
    while let Some((before, behind)) = rest.split_once("\\x") {
        out.extend_from_slice(before.as_bytes());
        match behind.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                rest = &behind[2..];
            }
            None => {
                out.extend_from_slice(b"\\x");
                rest = behind;
            }
        }
    }
    out.extend_from_slice(rest.as_bytes());
    out
}

/// Whether two answers say the same: numbers within 1e-4, of errors the first word, of texts that are JSON objects their members in any order.
pub(super) fn same(recorded: &Value, answer: &Value, unordered: bool) -> bool {
    match (recorded, answer) {
        (Value::Number(one), Value::Number(other)) => close(one.as_f64(), other.as_f64()),
        (Value::String(one), Value::String(other)) => one == other || same_text(one, other),
        (Value::Array(one), Value::Array(other)) if unordered => {
            let mut left: Vec<&Value> = other.iter().collect();
            one.len() == other.len()
                && one.iter().all(|item| {
                    let at = left.iter().position(|candidate| same(item, candidate, true));
                    at.map(|at| left.swap_remove(at)).is_some()
                })
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other, false))
        }
        (Value::Object(one), Value::Object(other)) => match (one.get("error"), other.get("error")) {
            (Some(one), Some(other)) => same_error(one, other),
            _ => {
                one.len() == other.len()
                    && one.iter().all(|(key, item)| other.get(key).is_some_and(|found| same(item, found, unordered)))
            }
        },
        _ => recorded == answer,
    }
}

fn close(one: Option<f64>, other: Option<f64>) -> bool {
    let (Some(one), Some(other)) = (one, other) else { return false };
    (one - other).abs() <= 1e-4 * one.abs().max(other.abs())
}

fn same_text(one: &str, other: &str) -> bool {
    if let (Ok(one), Ok(other)) = (one.parse::<f64>(), other.parse::<f64>()) {
        // Digits of single and of double precision are one number.
        return one.is_finite() && (one - other).abs() <= 1e-6 * one.abs().max(other.abs());
    }
    let parsed = |text: &str| serde_json::from_str::<Value>(text).ok().filter(Value::is_object);
    parsed(one).zip(parsed(other)).is_some_and(|(one, other)| one == other)
}

/// The prefix counts where there is one, and that both are errors where there is none.
fn same_error(one: &Value, other: &Value) -> bool {
    let prefix = |error: &Value| {
        let text = error.as_str().unwrap_or_default();
        let word = text.split(' ').next().unwrap_or_default();
        let is_prefix = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_uppercase());
        is_prefix.then(|| word.to_owned())
    };
    match (prefix(one), prefix(other)) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    }
}

#[test]
fn scripts_read_as_a_shell_would() {
    let split = |line: &str| {
        words(line).into_iter().map(|word| String::from_utf8_lossy(&word).into_owned()).collect::<Vec<_>>()
    };
    assert_eq!(split(r#"SET a 'b c' "d \"e" f\ g """#), ["SET", "a", "b c", "d \"e", "f g", ""]);
    assert_eq!(words(r#""\x00\xff""#), [vec![0, 255]]);
}
