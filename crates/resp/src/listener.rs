//! The listening socket: who is let in, and that all go when the node stops.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use model::admin::{HealthRequest, HealthStatus, HealthWait};
use model::target::Target;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::connection;
use crate::ft;
use crate::keyspace::sweep;
use crate::server::Server;

const TOO_MANY: &[u8] = b"-ERR max number of clients reached\r\n";
const PROTECTED: &[u8] =
    b"-DENIED Shoal answers only the loopback while no password is set: set resp.password (requirepass), or connect \
from the node's own machine\r\n";

/// How long running commands may take after a stop.
const DRAIN: Duration = Duration::from_secs(10);

/// How long to wait when the system has no more sockets.
const PAUSE: Duration = Duration::from_millis(50);

/// Serves until `stop` is done; then running commands get a while to finish.
pub async fn serve(listener: TcpListener, server: Arc<Server>, stop: impl Future<Output = ()> + Send) {
    let (stopping, stopped) = watch::channel(false);
    let mut open = JoinSet::new();
    if let Err(error) = ft::indexing::load(&server).await {
        tracing::warn!("the definitions of FT.* indexes could not be read: {error}");
    }
    let mending = tokio::spawn(mend(server.clone()));
    let sweep = tokio::spawn(sweep::run(Arc::downgrade(&server)));
    let temporary = tokio::spawn(ft::temporary::run(Arc::downgrade(&server)));
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, address)) => {
                    if let Some(stream) = admitted(&server, stream, address) {
                        open.spawn(connection::run(server.clone(), stream, stopped.clone()));
                    }
                }
                Err(error) => {
                    tracing::warn!("a Redis client could not be accepted: {error}");
                    tokio::time::sleep(PAUSE).await;
                }
            },
            Some(_) = open.join_next() => {}
        }
    }
    drop(listener);
    sweep.abort();
    temporary.abort();
    mending.abort();
    // Nobody listening is as good as everybody told.
    let _ = stopping.send(true);
    let all = async { while open.join_next().await.is_some() {} };
    if tokio::time::timeout(DRAIN, all).await.is_err() {
        tracing::warn!("Redis commands still ran {DRAIN:?} after the stop; their connections are cut");
    }
}

/// A crash may have come between a key and its documents in `FT.*` indexes: what is not as it should be is written again, once the shards
/// are there.
async fn mend(server: Arc<Server>) {
    let defined = server.registry.defined();
    if defined.is_empty() {
        return;
    }
    let wait = HealthWait { status: Some(HealthStatus::Yellow), ..HealthWait::default() };
    let request = HealthRequest { target: Target::default(), timeout_ms: 1_000, wait };
    while server.gateway.health(request.clone()).await.is_ok_and(|health| health.timed_out) {
        tokio::time::sleep(PAUSE).await;
    }
    for (_, definition) in defined {
        ft::scan::begin(&server, &definition.name);
    }
}

/// The stream, unless there are too many or it comes from elsewhere and no password is set. Who is refused is told why at once or not at all.
fn admitted(server: &Server, stream: TcpStream, address: SocketAddr) -> Option<TcpStream> {
    let limit = server.settings.max_connections;
    let refusal = if limit > 0 && server.clients.count() >= limit {
        TOO_MANY
    } else if server.password.read().is_empty() && !is_loopback(address) {
        PROTECTED
    } else {
        return Some(stream);
    };
    if server.clients.refused.fetch_add(1, Ordering::Relaxed) == 0 {
        tracing::warn!("{address} is refused: {}", String::from_utf8_lossy(refusal).trim_end());
    }
    let _ = stream.try_write(refusal);
    None
}

fn is_loopback(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

/// Binds `address`.
///
/// # Errors
/// When the system refuses, naming the key that chose the address.
pub async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let named = |e: io::Error| io::Error::new(e.kind(), format!("cannot listen on [resp.address] {address}: {e}"));
    TcpListener::bind(address).await.map_err(named)
}
