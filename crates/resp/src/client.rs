//! The clients that are connected: what `CLIENT LIST` shows of them, and how one is told to go.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::frame::reply::Protocol;

/// One connection, as others see it.
#[derive(Debug)]
pub struct Client {
    pub id: u64,
    pub address: SocketAddr,
    pub local: SocketAddr,
    pub since_ms: u64,
    /// When its last command began.
    pub active_ms: AtomicU64,
    pub state: Mutex<State>,
    killed: AtomicBool,
    kill: Notify,
}

/// What the client says about itself, and what it did last.
#[derive(Clone, Debug, Default)]
pub struct State {
    pub name: String,
    pub library: String,
    pub library_version: String,
    pub command: &'static str,
    pub protocol: Protocol,
    /// Commands queued by MULTI; `None`: no transaction.
    pub queued: Option<usize>,
    pub watching: usize,
}

impl Client {
    /// Closes its connection when its present command is done; one that only searches is given up.
    pub fn kill(&self) {
        self.killed.store(true, Ordering::Relaxed);
        self.kill.notify_one();
    }

    pub fn is_killed(&self) -> bool {
        self.killed.load(Ordering::Relaxed)
    }

    /// Ends when the client is told to go.
    pub async fn killed(&self) {
        self.kill.notified().await;
    }
}

/// All of them.
#[derive(Debug, Default)]
pub struct Clients {
    last_id: AtomicU64,
    pub total: AtomicU64,
    pub refused: AtomicU64,
    open: Mutex<BTreeMap<u64, Arc<Client>>>,
}

impl Clients {
    pub fn add(&self, address: SocketAddr, local: SocketAddr, now_ms: u64) -> Arc<Client> {
        let client = Arc::new(Client {
            id: self.last_id.fetch_add(1, Ordering::Relaxed) + 1,
            address,
            local,
            since_ms: now_ms,
            active_ms: AtomicU64::new(now_ms),
            state: Mutex::default(),
            killed: AtomicBool::new(false),
            kill: Notify::new(),
        });
        self.total.fetch_add(1, Ordering::Relaxed);
        self.open.lock().insert(client.id, client.clone());
        client
    }

    pub fn remove(&self, id: u64) {
        self.open.lock().remove(&id);
    }

    pub fn count(&self) -> usize {
        self.open.lock().len()
    }

    /// In the order in which they came.
    pub fn all(&self) -> Vec<Arc<Client>> {
        self.open.lock().values().cloned().collect()
    }
}
