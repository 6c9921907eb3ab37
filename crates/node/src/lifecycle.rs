//! Starting and ending a node.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rest::http::{Settings, Timeouts, VersionInfo};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;

use crate::config::Config;
use crate::core::Core;
use crate::gateway::{NodeGateway, upkeep};

/// Connections that wait to be taken.
const BACKLOG: u32 = 1024;

/// A node that has opened its shards and bound its address, but does not answer yet.
pub struct Node {
    core: Arc<Core>,
    listener: TcpListener,
    /// Where Redis clients connect, if they may.
    resp: Option<TcpListener>,
}

impl Node {
    /// Opens everything. Shards that do not open are reported, not fatal.
    ///
    /// # Errors
    /// When the data folder, the metadata or the address cannot be had.
    pub async fn start(config: Config) -> io::Result<Self> {
        let address = config.http_address;
        let resp_address = config.resp.address;
        let named = |e: io::Error| io::Error::new(e.kind(), format!("cannot listen on [http.address] {address}: {e}"));
        // The port is taken at once, but nobody is let in before there is something to answer with.
        let socket = bind(address).map_err(named)?;
        let http = socket.local_addr().map_err(named)?;
        let core = tokio::task::spawn_blocking(move || Core::open(config, http)).await.map_err(io::Error::other)??;
        // Who comes back to the port soon meets connections of before, which must allow it as well. Were it allowed sooner, the system could give a port
        // of its choice to somebody else, who listens first.
        socket.set_reuseaddr(true).map_err(named)?;
        let listener = socket.listen(BACKLOG).map_err(named)?;
        let resp = match resp_address {
            Some(address) => Some(resp::listener::bind(address).await?),
            None => None,
        };
        Ok(Self { core, listener, resp })
    }

    /// Where it listens for Redis clients; `None`: nowhere.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn resp_address(&self) -> io::Result<Option<SocketAddr>> {
        self.resp.as_ref().map(TcpListener::local_addr).transpose()
    }

    /// Where it listens: the port that the system chose, when the configuration says 0.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// The door into it, for those who hold the node in their own program.
    pub fn gateway(&self) -> NodeGateway {
        NodeGateway::new(self.core.clone())
    }

    /// Answers until `stop` is done; then takes nothing more, finishes what runs, flushes, and returns. Where others can take over, it returns at
    /// once when the disk refuses the metadata: the copies that are here would stay in the others' way.
    ///
    /// # Errors
    /// When the listener fails, or the disk has refused.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let failure = failure(self.core.clone());
        tokio::select! {
            ended = self.serve(stop) => ended,
            why = failure => Err(io::Error::other(format!("the metadata cannot be written: {why}; this node leaves its part to the others"))),
        }
    }

    async fn serve(self, stop: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let upkeep = tokio::spawn(upkeep::run(Arc::downgrade(&self.core)));
        let config = &self.core.config;
        let settings = Settings {
            max_content_length: config.max_content_length as u64,
            max_in_flight_bytes: config.max_in_flight_bytes as u64,
            max_connections: config.max_connections as u64,
            timeouts: timeouts(config),
            version: VersionInfo { number: config.compatible_version.clone(), ..VersionInfo::default() },
            ..Settings::default()
        };
        tracing::info!("node {} answers on http://{}", config.node_name, self.address()?);
        let (tell, told) = watch::channel(false);
        let redis = self.resp.map(|listener| tokio::spawn(serve_redis(self.core.clone(), listener, told)));
        let gateway = Arc::new(NodeGateway::new(self.core.clone()));
        let for_all = tell.clone();
        let stop = async move {
            stop.await;
            for_all.send_replace(true);
        };
        let served = rest::http::serve(self.listener, gateway, settings, stop).await;
        tell.send_replace(true);
        if let Some(redis) = redis {
            redis.await.map_err(io::Error::other)?;
        }
        upkeep.abort();
        let core = self.core;
        tokio::task::spawn_blocking(move || core.close()).await.map_err(io::Error::other)?;
        served
    }
}

/// Why this node is of no use to its cluster any more. Never, as long as it is alone: what it has can still be read.
async fn failure(core: Arc<Core>) -> String {
    let why = core.metadata.failure().await;
    match core.state().nodes.len() {
        0 | 1 => std::future::pending().await,
        _ => why,
    }
}

/// Answers Redis clients until it is told that the node stops.
async fn serve_redis(core: Arc<Core>, listener: TcpListener, mut told: watch::Receiver<bool>) {
    if let Ok(address) = listener.local_addr() {
        tracing::info!("node {} answers Redis clients on {address}", core.config.node_name);
    }
    let settings = core.config.resp.settings.clone();
    let server = resp::server::Server::new(Arc::new(NodeGateway::new(core)), settings);
    let stop = async move {
        // The sender gone means the same.
        let _ = told.wait_for(|told| *told).await;
    };
    resp::listener::serve(listener, server, stop).await;
}

fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A port that the system chooses is nobody else's: where reuse is allowed it may be given away again before anybody listens.
    socket.set_reuseaddr(address.port() != 0)?;
    socket.bind(address)?;
    Ok(socket)
}

/// What is not limited is limited to some years, which clocks can add.
fn timeouts(config: &Config) -> Timeouts {
    const YEARS: Duration = Duration::from_secs(100_000_000);
    let given = |millis: Option<u64>| millis.map_or(YEARS, |millis| Duration::from_millis(millis).min(YEARS));
    Timeouts {
        header: given(config.header_timeout_ms),
        idle: given(config.idle_timeout_ms),
        stall: given(config.stall_timeout_ms),
    }
}
