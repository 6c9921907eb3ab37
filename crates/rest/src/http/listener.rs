//! The listening socket, with its connections counted and their number bounded.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::net::{TcpListener, TcpStream};

use super::budget::Counters;
use super::connection::{Activity, Connection, Timeouts};

/// What a client is told that comes when there are too many. Written at once or not at all: nobody waits for who is not let in.
const TOO_MANY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json; charset=UTF-8\r\ncontent-length: 129\r\n\
connection: close\r\n\r\n\
{\"error\":{\"type\":\"unavailable\",\"reason\":\"too many connections; [http.max_connections] says how many there may be\"},\"status\":503}\n";

pub(super) struct Counted {
    listener: TcpListener,
    counters: Arc<Counters>,
    timeouts: Timeouts,
    /// 0: as many as come.
    max_connections: u64,
}

impl Counted {
    pub(super) fn new(
        listener: TcpListener,
        counters: Arc<Counters>,
        timeouts: Timeouts,
        max_connections: u64,
    ) -> Self {
        Self { listener, counters, timeouts, max_connections }
    }

    fn has_room(&self) -> bool {
        self.max_connections == 0 || self.counters.open.load(Ordering::Relaxed) < self.max_connections
    }

    fn refuse(&self, stream: &TcpStream, address: SocketAddr) {
        if self.counters.refused.fetch_add(1, Ordering::Relaxed) == 0 {
            tracing::warn!("{address} is refused: {} connections are open", self.max_connections);
        }
        // Who does not get to read it sees the connection close.
        let _ = stream.try_write(TOO_MANY);
    }
}

impl Listener for Counted {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        loop {
            let (stream, address) = Listener::accept(&mut self.listener).await;
            if !self.has_room() {
                self.refuse(&stream, address);
                continue;
            }
            // Answers are small and whole: waiting for more to send would only delay them.
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!("{address}: {error}");
            }
            self.counters.open.fetch_add(1, Ordering::Relaxed);
            self.counters.total_opened.fetch_add(1, Ordering::Relaxed);
            return (Connection::new(stream, self.counters.clone(), self.timeouts), address);
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl Connected<IncomingStream<'_, Counted>> for Activity {
    fn connect_info(stream: IncomingStream<'_, Counted>) -> Self {
        stream.io().activity.clone()
    }
}
