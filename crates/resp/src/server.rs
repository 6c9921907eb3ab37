//! What all connections share.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use model::gateway::Gateway;
use parking_lot::RwLock;

use crate::client::Clients;
use crate::command::Commands;
use crate::command::persistence::Saves;
use crate::ft::indexing::Registry;
use crate::keyspace::Keyspace;
use crate::usage::Usage;

/// What the node's configuration decides about this dialect.
#[derive(Clone, PartialEq)]
pub struct Settings {
    /// Empty: none is asked for, and only the loopback is let in.
    pub password: String,
    /// Connections that may be open together; 0: as many as come.
    pub max_connections: usize,
    /// Name and arguments of one command.
    pub max_arguments: usize,
    /// Bytes of one argument.
    pub max_bulk_bytes: usize,
    /// Bytes of one command.
    pub max_request_bytes: usize,
    /// Bytes of commands and answers that all connections hold together.
    pub max_in_flight_bytes: usize,
    /// Without a command; `None`: for ever.
    pub idle_timeout: Option<Duration>,
    /// Without an answer being read.
    pub stall_timeout: Option<Duration>,
    /// Shards of the index of keys, when it is made.
    pub key_shards: u32,
    /// Shards of an index of `FT.CREATE`.
    pub index_shards: u32,
    /// Writes are answered when they are on the disk, not up to a second earlier.
    pub sync_always: bool,
    /// The version of Redis that clients are told.
    pub compatible_version: String,
}

/// Without the password.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("max_connections", &self.max_connections).finish_non_exhaustive()
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            password: String::new(),
            max_connections: 10_000,
            max_arguments: 1 << 20,
            max_bulk_bytes: 64 << 20,
            max_request_bytes: 256 << 20,
            max_in_flight_bytes: 512 << 20,
            idle_timeout: None,
            stall_timeout: Some(Duration::from_secs(60)),
            key_shards: 4,
            index_shards: 1,
            sync_always: false,
            compatible_version: "7.4.1".to_owned(),
        }
    }
}

/// The dialect of one node: every connection holds it.
pub struct Server {
    pub gateway: Arc<dyn Gateway>,
    pub settings: Settings,
    pub keyspace: Keyspace,
    /// The definitions of `FT.CREATE`.
    pub registry: Arc<Registry>,
    /// The password in force: `CONFIG SET requirepass` changes it.
    pub(crate) password: RwLock<String>,
    pub(crate) clients: Clients,
    /// Bytes that connections hold now.
    pub(crate) in_flight: AtomicU64,
    /// Commands since the start.
    pub(crate) answered: AtomicU64,
    pub(crate) commands: Commands,
    pub(crate) usage: Usage,
    pub(crate) saves: Saves,
    pub started_ms: u64,
}

impl Server {
    pub fn new(gateway: Arc<dyn Gateway>, settings: Settings) -> Arc<Self> {
        let registry = Arc::new(Registry::new(gateway.clone()));
        let keyspace = Keyspace::new(gateway.clone(), registry.clone(), &settings);
        let (commands, started_ms) = (Commands::all(), now_ms());
        Arc::new(Self {
            keyspace,
            registry,
            password: RwLock::new(settings.password.clone()),
            clients: Clients::default(),
            in_flight: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            usage: Usage::new(&commands.sorted()),
            saves: Saves::new(started_ms),
            commands,
            started_ms,
            gateway,
            settings,
        })
    }
}

/// Milliseconds since 1970.
pub fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}
