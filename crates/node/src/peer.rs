//! The port on which this node's peers are heard, and the threads on which they are answered.
//!
//! Raft, heartbeats' answers and all that other nodes ask for run on a runtime of their own: connections of clients cannot hold them up.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;

use cluster::state::NodeId;
use grpc::route::Router;
use grpc::wire::Wire;
use parking_lot::Mutex;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::oneshot;

use crate::config::Config;
use crate::core::Core;
use crate::process::cores;

/// Nested queries are decoded and bound on them.
const STACK_BYTES: usize = 8 << 20;
/// Ports that are tried where none was given.
const PORTS: std::ops::Range<u16> = 9300..9400;

/// The runtime of peers, and what ends it.
pub(crate) struct PeerThreads {
    runtime: Mutex<Option<Runtime>>,
    handle: Handle,
    stop: Mutex<Option<oneshot::Sender<()>>>,
}

impl PeerThreads {
    pub(crate) fn start() -> io::Result<Self> {
        let mut builder = Builder::new_multi_thread();
        // What takes but a moment is done on them; what does not is handed to pools.
        let threads = cores().max(2);
        builder.worker_threads(threads).thread_name("shoal-peer").thread_stack_size(STACK_BYTES).enable_all();
        let runtime = builder.build()?;
        Ok(Self { handle: runtime.handle().clone(), runtime: Mutex::new(Some(runtime)), stop: Mutex::default() })
    }

    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Answers peers from now on.
    pub(crate) fn serve(&self, listener: TcpListener, wire: Wire, router: Router) -> io::Result<()> {
        let (stop, stopped) = oneshot::channel();
        let _in_runtime = self.handle.enter();
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        *self.stop.lock() = Some(stop);
        self.handle.spawn(async move {
            // A sender that is dropped says the same.
            let stopped = async move { drop(stopped.await) };
            if let Err(error) = grpc::server::serve(listener, wire, router, stopped).await {
                tracing::error!("peers are not heard any more: {error}");
            }
        });
        Ok(())
    }

    /// Takes no more questions, and ends the threads without waiting for them.
    pub(crate) fn close(&self) {
        self.stop.lock().take();
        if let Some(runtime) = self.runtime.lock().take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for PeerThreads {
    fn drop(&mut self) {
        self.close();
    }
}

/// Takes the port of peers, and how they are spoken with.
///
/// # Errors
/// When the address or a certificate cannot be had, naming it.
pub(crate) fn bind(config: &Config, node: NodeId) -> io::Result<(TcpListener, Wire)> {
    let peer = &config.peer;
    let listener = match peer.address {
        None => free_port()?,
        Some(address) => TcpListener::bind(address).map_err(|error| {
            io::Error::new(error.kind(), format!("cannot listen on [peer.address] {address}: {error}"))
        })?,
    };
    let wire = Wire {
        cluster_name: config.cluster_name.as_str().into(),
        node,
        secret: peer.secret.clone(),
        max_message: peer.max_message,
        compress_bulk: peer.compress_bulk,
        tls: peer.tls.as_ref().map(crate::config::TlsFiles::read).transpose()?,
    };
    Ok((listener, wire))
}

fn free_port() -> io::Result<TcpListener> {
    let found = PORTS.into_iter().find_map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok());
    found.map_or_else(|| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)), Ok)
}

/// Where others reach this node.
pub(crate) fn published(config: &Config, listener: &TcpListener) -> io::Result<String> {
    match &config.peer.publish {
        Some(publish) => Ok(publish.clone()),
        None => Ok(listener.local_addr()?.to_string()),
    }
}

/// What this node answers its peers.
pub(crate) fn router(core: &Arc<Core>) -> Router {
    let membership = core.membership.clone();
    let mut router = Router::new(move |other| membership.greet(&other));
    core.metadata.routes(&mut router);
    core.membership.routes(&mut router);
    crate::gateway::remote::routes(core, &mut router);
    crate::replication::routes(core, &mut router);
    router
}
