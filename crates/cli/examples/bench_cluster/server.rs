//! A cluster that is measured: where it is asked, and the processor time of all its processes.
//!
//! In: the address of one node. Out: answers, and what all nodes have used. Not here: who starts them (`processes`).

use std::time::Duration;

use serde_json::{Value, json};

use crate::Outcome;

/// What the system counts processor time in.
const TICKS: f64 = 100.0;

/// One node, as a door to its cluster.
#[derive(Clone)]
pub(crate) struct Server {
    agent: ureq::Agent,
    pub(crate) url: String,
}

impl Server {
    pub(crate) fn new(url: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .timeout_connect(Some(Duration::from_secs(10)))
            .max_idle_connections_per_host(64);
        Self { agent: config.build().into(), url: url.trim_end_matches('/').to_owned() }
    }

    /// # Errors
    /// When there is no answer, or a refusal.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &Value) -> Outcome<Value> {
        self.send(method, path, body.to_string().as_bytes()).map(|text| serde_json::from_str(&text).unwrap_or_default())
    }

    /// The answer as it is.
    ///
    /// # Errors
    /// When there is none, or a refusal.
    pub(crate) fn send(&self, method: &str, path: &str, body: &[u8]) -> Outcome<String> {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("content-type", "application/json")
            .body(body)?;
        let mut answer = self.agent.run(request)?;
        let text = answer.body_mut().with_config().limit(1 << 30).read_to_string()?;
        match answer.status().is_success() {
            true => Ok(text),
            false => Err(format!("{method} {}{path}: {} {text}", self.url, answer.status()).into()),
        }
    }

    pub(crate) fn get(&self, path: &str) -> Outcome<Value> {
        Ok(serde_json::from_str(&self.send("GET", path, b"")?)?)
    }

    /// Makes an index and waits until it can be written to. `settings`: besides the number of its shards.
    ///
    /// # Errors
    /// As [`Server::ask`].
    pub(crate) fn create(&self, index: &str, shards: u32, settings: &Value) -> Outcome<()> {
        let mut all = json!({"number_of_shards": shards, "number_of_replicas": 0, "refresh_interval": "-1"});
        for (key, value) in settings.as_object().into_iter().flatten() {
            all[key] = value.clone();
        }
        let body = json!({"settings": all, "mappings": crate::corpus::mappings()});
        self.ask("PUT", &format!("/{index}"), &body)?;
        self.get(&format!("/_cluster/health/{index}?wait_for_status=green&timeout=60s")).map(drop)
    }

    /// The processes of all nodes.
    ///
    /// # Errors
    /// As [`Server::ask`].
    pub(crate) fn processes(&self) -> Outcome<Vec<u64>> {
        let told = self.get("/_nodes/process")?;
        let nodes = told["nodes"].as_object().into_iter().flatten();
        nodes.map(|(_, node)| node["process"]["id"].as_u64().ok_or_else(|| "a node without a process".into())).collect()
    }
}

/// Processor seconds that these processes have used.
///
/// # Errors
/// When one of them is gone.
pub(crate) fn cpu(processes: &[u64]) -> Outcome<f64> {
    let mut sum = 0.0;
    for process in processes {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
        // What precedes may contain spaces: the program's name, in brackets.
        let (_, fields) = stat.rsplit_once(')').ok_or("a line of /proc that does not read")?;
        let mut times = fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok());
        sum += (times.next().unwrap_or(0.0) + times.next().unwrap_or(0.0)) / TICKS;
    }
    Ok(sum)
}
