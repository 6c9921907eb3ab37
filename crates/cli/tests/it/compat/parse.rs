//! Reads scripts (`NAME.console`) and their records (`NAME.console.answers.jsonl`). The format is described in `tests/compat/README.md`.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::compare::{Answer, KeyPath};

/// One request of a script.
#[derive(Debug)]
pub(super) struct Request {
    /// The line on which its block begins, from 1.
    pub(super) line: usize,
    pub(super) method: String,
    /// Path and query, as written.
    pub(super) target: String,
    pub(super) body: Vec<u8>,
    pub(super) directives: Directives,
}

impl Request {
    /// `METHOD target`, by which a record names its request.
    pub(super) fn label(&self) -> String {
        format!("{} {}", self.method, self.target)
    }
}

/// What answers gave for later requests, by name.
#[derive(Debug, Default)]
pub(super) struct Kept(BTreeMap<String, String>);

impl Kept {
    /// The request with what is kept in its places.
    pub(super) fn filled(&self, request: &Request) -> Request {
        let (mut target, mut body) = (request.target.clone(), request.body.clone());
        for (name, value) in &self.0 {
            let place = format!("${{{name}}}");
            target = target.replace(&place, value);
            if let Ok(text) = std::str::from_utf8(&body) {
                body = text.replace(&place, value).into_bytes();
            }
        }
        let (line, method) = (request.line, request.method.clone());
        Request { line, method, target, body, directives: Directives::default() }
    }

    /// Keeps what the request wants of its answer.
    pub(super) fn keep(&mut self, request: &Request, answer: &Answer) {
        let Some((name, path)) = &request.directives.keep else { return };
        let value = path.iter().try_fold(&answer.body, |value, key| value.get(key)).cloned().unwrap_or_default();
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        self.0.insert(name.clone(), text);
    }
}

/// What a script says about the comparison of one request.
#[derive(Debug, Default)]
pub(super) struct Directives {
    /// Compare nothing else.
    pub(super) only: Option<Vec<KeyPath>>,
    /// Leave out.
    pub(super) ignore: Option<Vec<KeyPath>>,
    /// Lists compare as sets.
    pub(super) unordered: bool,
    /// Relative tolerance of numbers.
    pub(super) within: Option<f64>,
    /// Send, but do not compare.
    pub(super) skip: bool,
    /// A name, and the keys to what the answer has there: it stands in later requests for `${NAME}`.
    pub(super) keep: Option<(String, Vec<String>)>,
}

/// One line of a record.
pub(super) struct Record {
    /// `METHOD target`.
    pub(super) request: String,
    pub(super) answer: Answer,
}

/// The requests of the script at `path`.
///
/// # Errors
/// A file that cannot be read, a line that is no request, an unknown directive.
pub(super) fn script(path: &Path) -> Result<Vec<Request>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    requests(&text, path.parent().unwrap_or(Path::new("."))).map_err(|error| format!("{}: {error}", path.display()))
}

/// The answers recorded for the script at `path`, in the order of its requests.
///
/// # Errors
/// A file that cannot be read, a line that is no record.
pub(super) fn records(path: &Path) -> Result<Vec<Record>, String> {
    let path = path.with_added_extension("answers.jsonl");
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let numbered = text.lines().enumerate();
    numbered.map(|(at, line)| record(line).map_err(|error| format!("{}:{}: {error}", path.display(), at + 1))).collect()
}

fn record(line: &str) -> Result<Record, String> {
    let mut line: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let request = line["request"].as_str().ok_or("no request")?.to_owned();
    let status = line["status"].as_u64().and_then(|status| u16::try_from(status).ok()).ok_or("no status")?;
    Ok(Record { request, answer: Answer { status, body: line["body"].take() } })
}

fn requests(text: &str, folder: &Path) -> Result<Vec<Request>, String> {
    let mut out = Vec::new();
    let mut directives = Directives::default();
    for (line, block) in blocks(text) {
        let mut lines = Vec::new();
        for written in block {
            if let Some(directive) = written.strip_prefix("#!") {
                directives.add(directive.trim()).map_err(|error| format!("{line}: {error}"))?;
            } else if !written.starts_with('#') {
                lines.push(written);
            }
        }
        let Some((first, rest)) = lines.split_first() else { continue };
        let (method, target) = first.split_once(char::is_whitespace).ok_or(format!("{line}: not METHOD /path"))?;
        let body = body(&rest.join("\n"), folder).map_err(|error| format!("{line}: {error}"))?;
        let (method, target) = (method.to_owned(), target.trim().to_owned());
        out.push(Request { line, method, target, body, directives: std::mem::take(&mut directives) });
    }
    Ok(out)
}

/// The blocks between blank lines, each with the number of its first line.
fn blocks(text: &str) -> Vec<(usize, Vec<&str>)> {
    let mut out: Vec<(usize, Vec<&str>)> = Vec::new();
    let mut open = false;
    for (at, line) in text.lines().enumerate() {
        let blank = line.trim().is_empty();
        match out.last_mut() {
            Some((_, block)) if open && !blank => block.push(line),
            _ if !blank => out.push((at + 1, vec![line])),
            _ => {}
        }
        open = !blank;
    }
    out
}

fn body(written: &str, folder: &Path) -> Result<Vec<u8>, String> {
    match written.strip_prefix('<') {
        Some(file) => std::fs::read(folder.join(file.trim())).map_err(|error| format!("{}: {error}", file.trim())),
        None if written.is_empty() => Ok(Vec::new()),
        None => Ok(format!("{written}\n").into_bytes()),
    }
}

impl Directives {
    fn add(&mut self, directive: &str) -> Result<(), String> {
        let (word, rest) = directive.split_once(' ').unwrap_or((directive, ""));
        let paths = || rest.split(',').map(KeyPath::parse).collect();
        match word {
            "only" => self.only = Some(paths()),
            "ignore" => self.ignore = Some(paths()),
            "unordered" => self.unordered = true,
            "within" => self.within = Some(rest.trim().parse().map_err(|_| format!("`{rest}` is no tolerance"))?),
            "skip" => self.skip = true,
            "keep" => {
                let (name, path) = rest.split_once(' ').ok_or(format!("`{rest}` is not NAME PATH"))?;
                self.keep = Some((name.to_owned(), path.trim().split('.').map(str::to_owned).collect()));
            }
            _ => return Err(format!("unknown directive `{word}`: only, ignore, unordered, within, skip or keep")),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Vec<Request> {
        requests(text, Path::new(".")).expect("a script")
    }

    #[test]
    fn requests_are_blocks_between_blank_lines() {
        let text = "# about the file\n\n# one\nGET /a\n\n\n# two\nPOST /b/_bulk?x=1 \n{\"index\": {}}\n# not sent\n{\"n\": 1}\n";
        let requests = parsed(text);
        let seen: Vec<_> =
            requests.iter().map(|r| (r.line, r.label(), String::from_utf8_lossy(&r.body).into_owned())).collect();
        let expected = [
            (3, "GET /a".to_owned(), String::new()),
            (7, "POST /b/_bulk?x=1".to_owned(), "{\"index\": {}}\n{\"n\": 1}\n".to_owned()),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn directives_hold_for_one_request() {
        let requests = parsed("#! ignore a.b,*.c\n#! within .05\nGET /a\n\n#! unordered\n#! skip\nGET /b\n\nGET /c\n");
        assert_eq!(requests[0].directives.ignore.as_ref().map(Vec::len), Some(2));
        assert_eq!(requests[0].directives.within, Some(0.05));
        assert!(
            requests[1].directives.unordered && requests[1].directives.skip && requests[1].directives.ignore.is_none()
        );
        assert!(!requests[2].directives.unordered && !requests[2].directives.skip);
    }

    #[test]
    fn a_directive_of_no_request_holds_for_the_next() {
        assert!(parsed("#! skip\n\nGET /a\n")[0].directives.skip);
    }

    #[test]
    fn mistakes_are_named() {
        let error = |text| requests(text, Path::new(".")).expect_err("no script");
        assert!(error("#! colour red\nGET /a\n").contains("unknown directive `colour`"));
        assert!(error("\nGET\n").starts_with("2: "));
        assert!(error("PUT /a\n< no/such/file\n").contains("no/such/file"));
    }
}
