//! What both ends of the wire agree on: versions, limits, the secret, certificates.

use std::sync::Arc;
use std::time::Duration;

use cluster::state::NodeId;

/// The protocol that this program speaks.
pub const PROTOCOL: u32 = 1;
/// The oldest that it understands.
pub const OLDEST_PROTOCOL: u32 = 1;

pub(crate) const PROTOCOL_HEADER: &str = "shoal-protocol";
pub(crate) const CLUSTER_HEADER: &str = "shoal-cluster";
pub(crate) const NODE_HEADER: &str = "shoal-node";
pub(crate) const SECRET_HEADER: &str = "shoal-secret";

/// A connection that is silent for this long is asked for a sign of life, ..
pub(crate) const KEEPALIVE_INTERVAL: Duration = Duration::from_millis(250);
/// .. and closed when none comes for this long. A little more than the interval at which a busy machine may hold a thread back.
pub(crate) const KEEPALIVE_TIMEOUT: Duration = Duration::from_millis(1000);
/// How long a connection may take to be made.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_millis(1000);
/// Questions of one connection that are answered at a time; more wait at the asking side.
pub(crate) const MAX_STREAMS: u32 = 4096;

/// Bytes of a question that is put in a conversation; a longer one is a call of its own, which holds up nobody.
pub(crate) const SHORT: usize = 64 << 10;

/// Bytes of one question, and of all questions of a connection, that may be on their way without having been taken in: what a fast network holds
/// between nodes that are some milliseconds apart.
pub(crate) const STREAM_WINDOW: u32 = 4 << 20;
pub(crate) const CONNECTION_WINDOW: u32 = 16 << 20;
/// Of one frame: a question of some hundred kilobytes is few of them.
pub(crate) const FRAME_BYTES: u32 = 256 << 10;

/// How this node speaks with its peers.
#[derive(Clone, Debug)]
pub struct Wire {
    pub cluster_name: Arc<str>,
    pub node: NodeId,
    /// What peers must know to be heard; `None`: anybody who reaches the port is heard.
    pub secret: Option<Arc<str>>,
    /// The longest question and the longest answer, in bytes.
    pub max_message: usize,
    /// Whether long bulk requests are compressed.
    pub compress_bulk: bool,
    pub tls: Option<Tls>,
}

/// Certificates, as PEM. Both sides show theirs, signed by the same authority.
#[derive(Clone)]
pub struct Tls {
    pub certificate: Vec<u8>,
    pub key: Vec<u8>,
    pub authority: Vec<u8>,
    /// The name that certificates of peers bear.
    pub name: String,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("name", &self.name).finish_non_exhaustive()
    }
}
