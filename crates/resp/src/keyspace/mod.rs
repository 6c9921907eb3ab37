//! Keys and their values, kept as documents of a system index.

pub mod value;

use std::sync::Arc;

use model::gateway::Gateway;

use crate::ft::indexing::Registry;
use crate::server::Settings;

/// The keys of the whole cluster, as this node reaches them.
pub struct Keyspace {
    pub gateway: Arc<dyn Gateway>,
    pub registry: Arc<Registry>,
}

impl Keyspace {
    pub(crate) fn new(gateway: Arc<dyn Gateway>, registry: Arc<Registry>, _settings: &Settings) -> Self {
        Self { gateway, registry }
    }
}
