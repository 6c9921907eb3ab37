//! A small HTTP/1.1 client: one request a connection, its target sent byte for byte as the script has it (a client library would mend or
//! refuse the targets that are wrong on purpose).

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use super::compare::Answer;
use super::parse::Request;

const PATIENCE: Duration = Duration::from_secs(120);

/// Sends the request to the server at `url` (`http://host:port`) and waits for its answer, at most two minutes.
///
/// # Errors
/// A server that cannot be reached, does not answer in time, or does not speak HTTP.
pub(super) fn ask(url: &str, request: &Request) -> Result<Answer, String> {
    let host = url.strip_prefix("http://").ok_or(format!("`{url}` is not http://host:port"))?.trim_end_matches('/');
    exchange(host, request)
        .map_err(|error| error.to_string())
        .and_then(|bytes| answer(&bytes, request.method == "HEAD"))
}

fn exchange(host: &str, request: &Request) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    let target = request.target.trim_start_matches('/');
    let mut head = format!("{} /{target} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n", request.method);
    if !request.body.is_empty() || matches!(request.method.as_str(), "PUT" | "POST" | "PATCH") {
        head += &format!("content-length: {}\r\n", request.body.len());
    }
    if !request.body.is_empty() {
        let lines = target.contains("_bulk") || target.contains("_msearch");
        head += if lines { "content-type: application/x-ndjson\r\n" } else { "content-type: application/json\r\n" };
    }
    head += "\r\n";
    stream.write_all(&[head.as_bytes(), &request.body].concat())?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Takes an answer apart that was read to the end of its connection.
fn answer(bytes: &[u8], is_head: bool) -> Result<Answer, String> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").ok_or("an answer without a head")?;
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or("an answer without a status")?;
    let rest = &bytes[end + 4..];
    let content = match (is_head, field(&head, "transfer-encoding"), field(&head, "content-length")) {
        (true, _, _) => Vec::new(),
        (_, Some("chunked"), _) => unchunked(rest).ok_or("a chunk that ends early")?,
        (_, _, Some(length)) if length.parse() != Ok(rest.len()) => {
            return Err(format!("a body of {} bytes where {length} were announced", rest.len()));
        }
        _ => rest.to_vec(),
    };
    let text = String::from_utf8_lossy(&content);
    let body = match text.is_empty() {
        true => Value::Null,
        false => serde_json::from_str(&text).unwrap_or_else(|_| Value::String(text.into_owned())),
    };
    Ok(Answer { status, body })
}

fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let fields = head.lines().filter_map(|line| line.split_once(':'));
    fields.into_iter().find(|(field, _)| *field == name).map(|(_, value)| value.trim())
}

fn unchunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n")?;
        let size = std::str::from_utf8(&rest[..end]).ok()?.split(';').next()?;
        let size = usize::from_str_radix(size.trim(), 16).ok()?;
        if size == 0 {
            return Some(out);
        }
        out.extend(rest.get(end + 2..)?.get(..size)?);
        rest = rest.get(end + 2 + size + 2..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_text_and_nothing() {
        let check =
            |bytes: &str, body: Value| assert_eq!(answer(bytes.as_bytes(), false).expect("an answer").body, body);
        check("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n{\"a\": 1}", json!({"a": 1}));
        check("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nplain", json!("plain"));
        check("HTTP/1.1 204 No Content\r\n\r\n", Value::Null);
        check(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\n{\"a\"\r\n4;x=y\r\n: 1}\r\n0\r\n\r\n",
            json!({"a": 1}),
        );
    }

    #[test]
    fn a_head_has_a_length_but_no_body() {
        let answer = answer(b"HTTP/1.1 404 Not Found\r\ncontent-length: 71\r\n\r\n", true).expect("an answer");
        assert_eq!((answer.status, answer.body), (404, Value::Null));
    }

    #[test]
    fn broken_answers_are_errors() {
        let error = |bytes: &str| answer(bytes.as_bytes(), false).expect_err("an error");
        assert!(error("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort").contains("9 were announced"));
        assert!(error("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nshort").contains("ends early"));
        assert!(error("220 ready").contains("without a head"));
    }
}
