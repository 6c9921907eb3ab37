//! The keys that say how a node meets others.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use grpc::wire::Tls;

use super::{ConfigError, Values};

/// What a node is told of its peers.
#[derive(Clone, PartialEq)]
pub struct Peer {
    /// `None`: some port of loopback.
    pub address: Option<SocketAddr>,
    /// Under which others reach it, where that is another address.
    pub publish: Option<String>,
    pub seeds: Vec<String>,
    pub seeds_file: Option<PathBuf>,
    /// Names of the nodes that begin the cluster.
    pub initial: Vec<String>,
    /// How many they are; 0: as many as are named.
    pub expected: usize,
    pub secret: Option<Arc<str>>,
    pub max_message: usize,
    pub compress_bulk: bool,
    pub tls: Option<TlsFiles>,
}

/// Where the certificates are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    certificate: PathBuf,
    key: PathBuf,
    authority: PathBuf,
    name: String,
}

/// Without the secret.
impl std::fmt::Debug for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Peer").field("address", &self.address).field("seeds", &self.seeds).finish_non_exhaustive()
    }
}

impl Peer {
    pub(super) fn of(values: &Values) -> Result<Self, ConfigError> {
        let text = |key: &str| Some(values.get(key).to_string()).filter(|text| !text.is_empty());
        let peer = Self {
            address: text("peer.address").map(|text| address(&text)).transpose()?,
            publish: text("peer.publish"),
            seeds: values.get("peer.seeds").words(),
            seeds_file: text("peer.seeds_file").map(Into::into),
            initial: values.get("cluster.initial_cluster_manager_nodes").words(),
            expected: values.get("cluster.expected_cluster_manager_nodes").count().unwrap_or(0),
            secret: Some(values.get("cluster.secret").secret()).filter(|secret| !secret.is_empty()).map(Into::into),
            max_message: values.get("peer.max_message").count().unwrap_or(128 << 20).max(1 << 20),
            compress_bulk: values.get("peer.compress_bulk").to_string() == "true",
            tls: tls(text("peer.tls.certificate"), text("peer.tls.key"), text("peer.tls.authority"))?
                .map(|files| TlsFiles { name: values.get("peer.tls.name").to_string(), ..files }),
        };
        let Some(address) = peer.address else { return Ok(peer) };
        if !address.ip().is_loopback() && peer.secret.is_none() && peer.tls.is_none() {
            let reason = "anybody who reaches the address could change the cluster: set cluster.secret (the same on every node, such as by the environment variable SHOAL_CLUSTER_SECRET) or peer.tls.*, or keep to loopback";
            return Err(ConfigError::Refused { key: "peer.address", reason: reason.to_owned() });
        }
        if peer.publish.is_none() && address.ip().is_unspecified() {
            let reason = "no other node can reach this address: set peer.publish to the one that others see";
            return Err(ConfigError::Refused { key: "peer.address", reason: reason.to_owned() });
        }
        Ok(peer)
    }
}

impl TlsFiles {
    /// # Errors
    /// When a file cannot be read, naming it.
    pub(crate) fn read(&self) -> std::io::Result<Tls> {
        let read = |path: &PathBuf| {
            std::fs::read(path)
                .map_err(|error| std::io::Error::new(error.kind(), format!("cannot read {}: {error}", path.display())))
        };
        Ok(Tls {
            certificate: read(&self.certificate)?,
            key: read(&self.key)?,
            authority: read(&self.authority)?,
            name: self.name.clone(),
        })
    }
}

fn address(text: &str) -> Result<SocketAddr, ConfigError> {
    let reason = || format!("[{text}] is no address with a port, such as 127.0.0.1:9300");
    text.parse().map_err(|_| ConfigError::Refused { key: "peer.address", reason: reason() })
}

/// All three, or none.
fn tls(
    certificate: Option<String>,
    key: Option<String>,
    authority: Option<String>,
) -> Result<Option<TlsFiles>, ConfigError> {
    match (certificate, key, authority) {
        (None, None, None) => Ok(None),
        (Some(certificate), Some(key), Some(authority)) => Ok(Some(TlsFiles {
            certificate: certificate.into(),
            key: key.into(),
            authority: authority.into(),
            name: String::new(),
        })),
        _ => Err(ConfigError::Refused {
            key: "peer.tls.certificate",
            reason: "peer.tls.certificate, peer.tls.key and peer.tls.authority belong together".to_owned(),
        }),
    }
}

/// Roles by their names, the older ones, too.
pub(super) fn roles(words: &[String]) -> Result<BTreeSet<String>, ConfigError> {
    let mut roles = BTreeSet::new();
    for word in words {
        match word.as_str() {
            "cluster_manager" | "master" => roles.insert("cluster_manager".to_owned()),
            "data" | "ingest" => roles.insert(word.clone()),
            "coordinator" => false,
            other => {
                let reason = format!(
                    "[{other}] is no role; there are cluster_manager (or master), data, ingest and coordinator"
                );
                return Err(ConfigError::Refused { key: "node.roles", reason });
            }
        };
    }
    Ok(roles)
}
