//! How a node is set up: one table of keys, four places that may set them.
//!
//! Later places win: defaults, the file (TOML), the environment (`SHOAL_HTTP_ADDRESS` sets `http.address`), flags and `--set KEY=VALUE`. A key
//! that is not in the table is an error that names the nearest one. Not here: settings of indexes and of the cluster, which are metadata.

mod keys;
mod peer;
mod resp;
mod value;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

pub use keys::Key;
pub use peer::{Peer, TlsFiles};
pub use resp::RespConfig;
use value::Value;

/// Everything that a node is told before it starts.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    pub node_name: String,
    pub cluster_name: String,
    /// Where everything durable lies.
    pub data: PathBuf,
    /// Folders that repositories of snapshots may lie in. Never empty.
    pub repositories: Vec<PathBuf>,
    pub http_address: SocketAddr,
    /// `cluster_manager`, `data`, `ingest`; none: it coordinates only.
    pub roles: BTreeSet<String>,
    /// How this node meets others.
    pub peer: Peer,
    /// Longest request body, decompressed, in bytes. A `_bulk` may be longer: it streams.
    pub max_content_length: usize,
    /// Bytes of requests that may be in flight together; more are refused with 429.
    pub max_in_flight_bytes: usize,
    /// Connections that may be open together; 0: as many as come.
    pub max_connections: usize,
    /// How long a client may take; `None`: as long as it takes.
    pub header_timeout_ms: Option<u64>,
    pub idle_timeout_ms: Option<u64>,
    pub stall_timeout_ms: Option<u64>,
    /// The Redis dialect.
    pub resp: RespConfig,
    /// The version that clients are told, and its distribution.
    pub compatible_version: String,
    pub search_threads: usize,
    pub search_queue: usize,
    /// Bytes that the aggregations of all searches may hold together.
    pub request_memory: u64,
    /// Bytes of answers that are kept for shards that have not changed.
    pub request_cache_bytes: u64,
    /// Bytes of the documents of filters that are kept.
    pub query_cache_bytes: u64,
    /// Bytes of sources that are kept unpacked.
    pub source_cache_bytes: u64,
    pub write_threads: usize,
    pub write_queue: usize,
    pub merge_threads: usize,
    /// Bytes that merges may write in a second; `None`: as many as they can.
    pub merge_bytes_per_second: Option<u64>,
    /// `None`: a search without `timeout` may take as long as it takes.
    pub search_timeout_ms: Option<u64>,
    /// Log filter: `info`, `warn,shard=debug` ..
    pub log_level: String,
    pub log_json: bool,
    /// Attributes of this node, as given.
    pub attributes: BTreeMap<String, String>,
    /// Every key with the value in force, for `_nodes`.
    pub shown: BTreeMap<String, String>,
}

/// Why a configuration is refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read {}: {source}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{} is not TOML: {reason}", path.display())]
    Syntax { path: PathBuf, reason: String },
    #[error("unknown key [{key}] in {place}{}; `shoal config default` lists all", nearest.as_ref().map(|n| format!(", did you mean [{n}]?")).unwrap_or_default())]
    Unknown { key: String, place: String, nearest: Option<String> },
    #[error("[{key}] in {place} is [{value}], but it must be {expected}")]
    Value { key: String, place: String, value: String, expected: &'static str },
    #[error("[{key}]: {reason}")]
    Refused { key: &'static str, reason: String },
    #[error("[{given}] is not KEY=VALUE")]
    Pair { given: String },
}

/// Where keys are given, in the order in which they count.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    pub file: Option<PathBuf>,
    /// Names and values of the process' environment.
    pub environment: Vec<(String, String)>,
    /// From flags and `--set`, the last counts.
    pub flags: Vec<(String, String)>,
}

impl Config {
    /// Reads all sources.
    ///
    /// # Errors
    /// [`ConfigError`] naming the key, where it stood, and what would be right.
    pub fn load(sources: &Sources) -> Result<Self, ConfigError> {
        let mut values = Values::default();
        if let Some(path) = &sources.file {
            values.file(path)?;
        }
        for (name, text) in &sources.environment {
            if let Some(key) = name.strip_prefix("SHOAL_") {
                values.environment(name, key, text)?;
            }
        }
        for (key, text) in &sources.flags {
            values.put(key, text, "the command line")?;
        }
        values.config()
    }

    /// The commented file of all keys with their defaults.
    pub fn default_file() -> String {
        let mut out =
            String::from("# Shoal's configuration. Every line shows a default; remove the leading '#' to change it.\n");
        let mut section = "";
        for key in all_keys() {
            let (group, name) = key.name.split_once('.').unwrap_or(("", key.name));
            if group != section {
                out.push_str(&format!("\n[{group}]\n"));
                section = group;
            }
            out.push_str(&format!("# {}\n# {name} = {}\n", key.about, key.kind.toml(key.default)));
        }
        out
    }
}

/// Every key, by section.
pub fn all_keys() -> impl Iterator<Item = &'static Key> {
    keys::KEYS.iter().chain(resp::KEYS)
}

/// `KEY=VALUE` of `--set`.
///
/// # Errors
/// [`ConfigError::Pair`] without `=`.
pub fn pair(given: &str) -> Result<(String, String), ConfigError> {
    let split = given.split_once('=').ok_or_else(|| ConfigError::Pair { given: given.to_owned() })?;
    Ok((split.0.trim().to_owned(), split.1.trim().to_owned()))
}

/// Values by key, checked when they are put in.
#[derive(Default)]
struct Values {
    given: BTreeMap<&'static str, Value>,
    attributes: BTreeMap<String, String>,
}

impl Values {
    fn file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        let table: toml::Table = text
            .parse()
            .map_err(|e: toml::de::Error| ConfigError::Syntax { path: path.to_owned(), reason: e.to_string() })?;
        let mut flat = Vec::new();
        flatten(String::new(), &table, &mut flat);
        flat.iter().try_for_each(|(key, text)| self.put(key, text, &path.display().to_string()))
    }

    fn environment(&mut self, name: &str, key: &str, text: &str) -> Result<(), ConfigError> {
        let spelled = |known: &&Key| known.name.replace('.', "_").eq_ignore_ascii_case(key);
        match all_keys().find(spelled) {
            Some(known) => self.put(known.name, text, &format!("the environment ({name})")),
            None => Err(unknown(&key.to_ascii_lowercase().replacen('_', ".", 1), &format!("the environment ({name})"))),
        }
    }

    fn put(&mut self, key: &str, text: &str, place: &str) -> Result<(), ConfigError> {
        if let Some(attribute) = key.strip_prefix("node.attr.") {
            self.attributes.insert(attribute.to_owned(), text.to_owned());
            return Ok(());
        }
        let known = all_keys().find(|known| known.name == key).ok_or_else(|| unknown(key, place))?;
        let value = known.kind.parse(text).ok_or_else(|| ConfigError::Value {
            key: key.to_owned(),
            place: place.to_owned(),
            value: text.to_owned(),
            expected: known.kind.expected(),
        })?;
        self.given.insert(known.name, value);
        Ok(())
    }

    /// The value in force; defaults are in the table.
    fn get(&self, name: &str) -> Value {
        let default = || all_keys().find(|key| key.name == name).and_then(|key| key.kind.parse(key.default));
        self.given.get(name).cloned().or_else(default).unwrap_or(Value::Text(String::new()))
    }

    fn config(self) -> Result<Config, ConfigError> {
        let cores = crate::process::cores();
        let threads = |name| self.get(name).count().filter(|count| *count > 0).unwrap_or(cores);
        let mut shown: BTreeMap<String, String> =
            all_keys().map(|key| (key.name.to_owned(), self.get(key.name).to_string())).collect();
        shown.extend(self.attributes.iter().map(|(name, value)| (format!("node.attr.{name}"), value.clone())));
        let data: PathBuf = self.get("path.data").to_string().into();
        Ok(Config {
            repositories: repositories(&data, &self.get("path.repo").words()),
            node_name: self.get("node.name").to_string(),
            cluster_name: self.get("cluster.name").to_string(),
            data,
            http_address: self
                .get("http.address")
                .address()
                .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 9200))),
            roles: peer::roles(&self.get("node.roles").words())?,
            peer: Peer::of(&self)?,
            max_content_length: self.get("http.max_content_length").count().unwrap_or(100 << 20),
            max_in_flight_bytes: self.get("http.max_in_flight_bytes").count().unwrap_or(512 << 20),
            max_connections: self.get("http.max_connections").count().unwrap_or(4096),
            header_timeout_ms: self.get("http.header_timeout").millis(),
            idle_timeout_ms: self.get("http.idle_timeout").millis(),
            stall_timeout_ms: self.get("http.stall_timeout").millis(),
            resp: RespConfig::of(&self),
            compatible_version: self.get("http.compatible_version").to_string(),
            search_threads: threads("search.threads"),
            search_queue: threads("search.queue"),
            request_memory: self.get("search.request_memory").count().unwrap_or(512 << 20) as u64,
            request_cache_bytes: self.get("search.request_cache").count().unwrap_or(64 << 20) as u64,
            query_cache_bytes: self.get("search.query_cache").count().unwrap_or(64 << 20) as u64,
            source_cache_bytes: self.get("search.source_cache").count().unwrap_or(64 << 20) as u64,
            write_threads: threads("write.threads"),
            write_queue: threads("write.queue"),
            merge_threads: threads("merge.threads"),
            merge_bytes_per_second: self
                .get("merge.max_bytes_per_second")
                .count()
                .filter(|rate| *rate > 0)
                .map(|rate| rate as u64),
            search_timeout_ms: self.get("search.timeout").millis(),
            log_level: self.get("log.level").to_string(),
            log_json: self.get("log.format").to_string() == "json",
            attributes: self.attributes.clone(),
            shown,
        })
    }
}

fn repositories(data: &Path, given: &[String]) -> Vec<PathBuf> {
    if given.is_empty() { vec![data.join("repo")] } else { given.iter().map(PathBuf::from).collect() }
}

fn unknown(key: &str, place: &str) -> ConfigError {
    let nearest =
        all_keys().map(|known| (strsim::jaro_winkler(known.name, key), known.name)).max_by(|a, b| a.0.total_cmp(&b.0));
    let nearest = nearest.filter(|(likeness, _)| *likeness > 0.7).map(|(_, name)| name.to_owned());
    ConfigError::Unknown { key: key.to_owned(), place: place.to_owned(), nearest }
}

fn flatten(prefix: String, table: &toml::Table, out: &mut Vec<(String, String)>) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            toml::Value::Table(inner) => flatten(key, inner, out),
            toml::Value::String(text) => out.push((key, text.clone())),
            toml::Value::Array(values) => {
                let words: Vec<String> = values
                    .iter()
                    .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
                    .collect();
                out.push((key, words.join(",")));
            }
            other => out.push((key, other.to_string())),
        }
    }
}

#[cfg(test)]
mod tests;
