//! The HTTP server: one listener, one handler for every path.
//!
//! In: a listening socket, the gateway, limits. Out: answers. axum carries bytes, compresses and decompresses; which endpoint
//! answers is decided by [`crate::router`], and what it says by [`crate::endpoint`]. A client that goes away drops its request's
//! future, which cancels what was asked of the gateway. Not here: TLS, authentication (credentials are ignored).

mod answer;
mod body;
pub(crate) mod budget;
mod connection;
mod first_line;
mod front;
mod listener;

pub use budget::Counters;
pub use connection::Timeouts;

pub(crate) use body::{Chunks, Content};

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::ServiceExt;
use connection::Activity;
use model::gateway::Gateway;
use tokio::net::TcpListener;

use crate::endpoint::Server;
use front::Front;

/// What the node's configuration decides about HTTP.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Longest body, and longest line of a streamed body, after decompression (`http.max_content_length`).
    pub max_content_length: u64,
    /// Bytes of bodies (and of answers that are being collected) held for all requests together; beyond: 429.
    pub max_in_flight_bytes: u64,
    /// Connections that may be open together; 0: as many as come.
    pub max_connections: u64,
    /// How long a client may take.
    pub timeouts: Timeouts,
    /// How long running requests may take to finish after a stop.
    pub drain: Duration,
    pub version: VersionInfo,
    /// Counted here, shown by the node's statistics.
    pub counters: Arc<Counters>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_content_length: 100 << 20,
            max_in_flight_bytes: 512 << 20,
            max_connections: 4096,
            timeouts: Timeouts::default(),
            drain: Duration::from_secs(30),
            version: VersionInfo::default(),
            counters: Arc::default(),
        }
    }
}

/// The version that clients are told (`GET /`): they decide by it which requests they send.
#[derive(Clone, Debug)]
pub struct VersionInfo {
    pub distribution: String,
    pub number: String,
    pub build_type: String,
    pub build_hash: String,
    pub build_date: String,
    pub build_snapshot: bool,
    pub lucene_version: String,
    pub minimum_wire_compatibility_version: String,
    pub minimum_index_compatibility_version: String,
}

impl Default for VersionInfo {
    fn default() -> Self {
        Self {
            distribution: "opensearch".into(),
            number: "3.4.0".into(),
            build_type: "tar".into(),
            build_hash: "unknown".into(),
            build_date: "1970-01-01T00:00:00Z".into(),
            build_snapshot: false,
            lucene_version: "10.3.2".into(),
            minimum_wire_compatibility_version: "2.19.0".into(),
            minimum_index_compatibility_version: "2.0.0".into(),
        }
    }
}

/// Serves until `shutdown` is done: then nothing new is accepted, running requests get [`Settings::drain`] to finish.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    gateway: Arc<dyn Gateway>,
    settings: Settings,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let drain = settings.drain;
    let listener =
        listener::Counted::new(listener, settings.counters.clone(), settings.timeouts, settings.max_connections);
    let server = Server::new(gateway, settings);
    let app = Front::new(server).into_make_service_with_connect_info::<Activity>();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = axum::serve(listener, app).with_graceful_shutdown(async move {
        shutdown.await;
        // The receiver lives as long as the server.
        let _ = stop.send(());
    });
    let too_long = async move {
        let _ = stopped.await;
        tokio::time::sleep(drain).await;
    };
    tokio::select! {
        result = serving => result,
        () = too_long => {
            tracing::warn!("requests still ran {drain:?} after the stop; their connections are cut");
            Ok(())
        }
    }
}
