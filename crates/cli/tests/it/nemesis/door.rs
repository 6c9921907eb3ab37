//! A client of one node, which any thread may use while the node is killed and started again.

use std::time::Duration;

use serde_json::Value;

/// Longer than any fault.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Clone)]
pub(super) struct Door {
    url: String,
    agent: ureq::Agent,
}

impl Door {
    pub(super) fn new(url: String) -> Self {
        let config =
            ureq::Agent::config_builder().http_status_as_error(false).proxy(None).timeout_global(Some(PATIENCE));
        Self { url, agent: config.build().into() }
    }

    /// `None`: no whole answer came.
    pub(super) fn ask(&self, method: &str, target: &str, body: &str) -> Option<(u16, Value)> {
        let (url, kind) = (format!("{}{target}", self.url), "application/json");
        let answered = match method {
            "GET" => self.agent.get(url).header("content-type", kind).force_send_body().send(body),
            "DELETE" => self.agent.delete(url).call(),
            "POST" => self.agent.post(url).header("content-type", kind).send(body),
            _ => self.agent.put(url).header("content-type", kind).send(body),
        };
        let mut answer = answered.ok()?;
        let text = answer.body_mut().with_config().limit(1 << 28).read_to_string().ok()?;
        Some((answer.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::String(text))))
    }

    /// Of a node that must answer well.
    pub(super) fn ok(&self, method: &str, target: &str, body: &str) -> Value {
        match self.ask(method, target, body) {
            Some((status, answer)) if (200..300).contains(&status) => answer,
            other => panic!("{method} {target} at {}: {other:?}", self.url),
        }
    }
}
