//! HTTP to a node: one agent that keeps its connections, JSON in and out.

use std::time::Duration;

use serde_json::Value;
use ureq::http;

use crate::failure::Failure;

/// Longest answer that is read.
const LONGEST_ANSWER: u64 = 1 << 30;

/// A node's address, and connections to it. Shared by threads.
pub(crate) struct Client {
    agent: ureq::Agent,
    url: String,
}

/// What the lines or the whole of a body are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    Json,
    Lines,
}

/// An answer of any status.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) text: String,
}

impl Client {
    /// # Errors
    /// [`Failure::Url`] for what is not `http://HOST:PORT`. Nothing is asked yet.
    pub(crate) fn new(url: &str) -> Result<Self, Failure> {
        let url = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        let url = url.trim_end_matches('/').to_owned();
        let parsed: Option<http::Uri> = url.parse().ok();
        let is_good = parsed
            .is_some_and(|uri| uri.scheme_str() == Some("http") && uri.host().is_some_and(|host| !host.is_empty()));
        if !is_good {
            return Err(Failure::Url { url });
        }
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .max_idle_connections_per_host(256)
            .timeout_connect(Some(Duration::from_secs(10)))
            .user_agent(concat!("shoal/", env!("CARGO_PKG_VERSION")));
        Ok(Self { agent: config.build().into(), url })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Posts `body` to `path` (which begins with a slash).
    ///
    /// # Errors
    /// [`Failure::Unreachable`] without a whole answer. A refusal is an answer.
    pub(crate) fn post(&self, path: &str, kind: Body, body: &[u8]) -> Result<Answer, Failure> {
        self.send("POST", path, kind, body)
    }

    /// Gets what is at `path`.
    ///
    /// # Errors
    /// As [`Client::post`].
    pub(crate) fn get(&self, path: &str) -> Result<Answer, Failure> {
        self.send("GET", path, Body::Json, b"")
    }

    /// Sends `body` and takes a JSON answer of a success.
    ///
    /// # Errors
    /// [`Failure::Refused`] with the node's reason, besides those of [`Client::post`].
    pub(crate) fn ask(&self, method: &str, path: &str, body: &Value) -> Result<Value, Failure> {
        let answer = self.send(method, path, Body::Json, body.to_string().as_bytes())?;
        self.accepted(&answer)
    }

    /// The JSON of a success.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub(crate) fn accepted(&self, answer: &Answer) -> Result<Value, Failure> {
        if !(200..300).contains(&answer.status) {
            return Err(Failure::Refused {
                url: self.url.clone(),
                status: answer.status,
                reason: reason(&answer.text),
            });
        }
        serde_json::from_str(&answer.text)
            .map_err(|error| Failure::Answer { url: self.url.clone(), reason: error.to_string() })
    }

    fn send(&self, method: &str, path: &str, kind: Body, body: &[u8]) -> Result<Answer, Failure> {
        let content_type = if kind == Body::Json { "application/json" } else { "application/x-ndjson" };
        let request = http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("content-type", content_type)
            .body(body)
            .map_err(|_| Failure::Url { url: format!("{}{path}", self.url) })?;
        let lost = |error: ureq::Error| Failure::Unreachable { url: self.url.clone(), reason: error.to_string() };
        let mut response = self.agent.run(request).map_err(lost)?;
        let text = response.body_mut().with_config().limit(LONGEST_ANSWER).read_to_string().map_err(lost)?;
        Ok(Answer { status: response.status().as_u16(), text })
    }
}

/// What an error says, from the `type` and `reason` of its JSON where it has them.
pub(crate) fn reason(text: &str) -> String {
    let whole = || text.trim().chars().take(500).collect();
    let Ok(json) = serde_json::from_str::<Value>(text) else { return whole() };
    explained(&json["error"]).unwrap_or_else(whole)
}

/// `type: reason (cause)` of an error object.
pub(crate) fn explained(error: &Value) -> Option<String> {
    let said = format!("{}: {}", error["type"].as_str()?, error["reason"].as_str().unwrap_or("no reason given"));
    match error["caused_by"]["reason"].as_str() {
        Some(cause) => Some(format!("{said} ({cause})")),
        None => Some(said),
    }
}

/// A name in a path.
pub(crate) fn path_segment(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'*' | b',' => {
                out.push(char::from(byte))
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_be_short() {
        let url =
            |given: &str| Client::new(given).map(|client| client.url().to_owned()).map_err(|error| error.to_string());
        assert_eq!(url("localhost:9200"), Ok("http://localhost:9200".to_owned()));
        assert_eq!(url("http://[::1]:9200/"), Ok("http://[::1]:9200".to_owned()));
        assert_eq!(url("https://a:1"), Err("[https://a:1] is not http://HOST:PORT".to_owned()));
        assert!(url("http://").is_err());
        assert!(url("a b").is_err());
    }

    #[test]
    fn an_error_is_told_by_its_reason() {
        let text = r#"{"error":{"type":"a","reason":"b","caused_by":{"type":"c","reason":"d"}},"status":400}"#;
        assert_eq!(reason(text), "a: b (d)");
        assert_eq!(reason("{}"), "{}");
        assert_eq!(reason("<html>"), "<html>");
    }

    #[test]
    fn names_are_escaped() {
        assert_eq!(path_segment("a,b*"), "a,b*");
        assert_eq!(path_segment("a/b c?ä"), "a%2Fb%20c%3F%C3%A4");
    }
}
