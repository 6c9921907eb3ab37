//! Endpoints: a request's bytes to the model, the gateway's answer to bytes. A folder per family, a file per endpoint.
//!
//! **To add an endpoint** write `async fn name(server: Arc<Server>, mut request: Request) -> Result<Reply, Error>` and name it with its
//! methods and patterns in the `routes` function of its folder, which [`Server::new`] calls. In it, in this order: take path parts
//! (`request.part("index")`, `request.target()?`), parameters (`request.params.flag("x")?` ..), the body (`request.body()`,
//! `request.body_or_source()?`); then `request.finish()?`, which refuses parameters that nobody took; only then ask `server.gateway`; then
//! write a [`Reply`] with [`crate::render::json::Json`] (or [`Reply::value`], [`Reply::acknowledged`], [`Reply::text`]). `?` carries
//! errors to the one place that writes them. `pretty`, `human`, `error_trace`, `filter_path` and `format` are taken beforehand;
//! `request.format` says which format a table shall have. HEAD is a method like others: what is answered to it loses its body by itself.
//! What OpenSearch has and Shoal has not stands in [`missing`], which answers 501; what comes to be is taken out of it, since a method and
//! pattern has one endpoint (checked when the server starts).

mod admin;
mod by_query;
mod cat;
mod cluster;
mod document;
mod ingest;
mod metrics;
mod missing;
mod options;
mod root;
mod search;
mod snapshot;
mod stored;
mod tasks;

use std::sync::Arc;

use axum::http::{HeaderValue, Method};
use model::admin::IndexInfo;
use model::error::{Error, ErrorKind};
use model::gateway::Gateway;
use model::target::Target;
use serde_json::Value;

use crate::http::Settings;
use crate::router::Routes;

/// What every endpoint may use.
pub(crate) struct Server {
    pub(crate) gateway: Arc<dyn Gateway>,
    pub(crate) settings: Settings,
    pub(crate) routes: Routes,
    /// What every answer's header says of the version.
    pub(crate) version: Option<HeaderValue>,
}

impl Server {
    pub(crate) fn new(gateway: Arc<dyn Gateway>, settings: Settings) -> Arc<Self> {
        let mut routes = Routes::default();
        routes.add(&[Method::GET, Method::HEAD], &["/"], root::root);
        document::routes(&mut routes);
        by_query::routes(&mut routes);
        ingest::routes(&mut routes);
        search::routes(&mut routes);
        admin::routes(&mut routes);
        cluster::routes(&mut routes);
        snapshot::routes(&mut routes);
        tasks::routes(&mut routes);
        cat::routes(&mut routes);
        missing::routes(&mut routes);
        let version = format!("OpenSearch/{} ({})", settings.version.number, settings.version.distribution);
        Arc::new(Self { gateway, settings, routes, version: HeaderValue::from_str(&version).ok() })
    }

    /// The indexes that `target` names, of which something is to be told.
    ///
    /// # Errors
    /// Those of [`Gateway::indexes`]; `cluster_block_exception` where a block hides what is known of one.
    pub(crate) fn readable(&self, target: &Target) -> Result<Vec<IndexInfo>, Error> {
        let indexes = self.gateway.indexes(target)?;
        let hidden = |index: &&IndexInfo| {
            let block = index.settings.get("index.blocks.metadata");
            block.and_then(Value::as_str) == Some("true")
        };
        match indexes.iter().find(hidden) {
            None => Ok(indexes),
            Some(index) => {
                let reason = format!("index [{}] blocked by: [FORBIDDEN/9/index metadata (api)];", index.name);
                Err(Error::new(ErrorKind::ClusterBlock, reason))
            }
        }
    }

    /// The gateway, waiting for an elected node as long as the client says.
    pub(crate) fn within(&self, patience_ms: Option<u64>) -> Arc<dyn Gateway> {
        patience_ms.and_then(|patience| self.gateway.within(patience)).unwrap_or_else(|| self.gateway.clone())
    }
}
