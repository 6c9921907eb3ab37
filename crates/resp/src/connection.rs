//! One connection: requests in, answers out in their order.
//!
//! All requests that have arrived are answered before the next read; answers gather and are sent together. What is gathered is bounded: beyond
//! a measure it is sent before the next command runs, and a client that does not read makes its own connection wait, then close.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::command;
use crate::error::RespError;
use crate::frame::reply::Reply;
use crate::frame::request::Decoder;
use crate::server::{Server, now_ms};
use crate::session::{Answers, Session};

/// Answers beyond this are sent before more is done.
const GATHERED: usize = 64 << 10;

/// Read at once.
const CHUNK: usize = 16 << 10;

const TOO_MUCH: &str = "TRYAGAIN too many bytes are in flight; [resp.max_in_flight_bytes] says how many there may be";

/// Buffers beyond this are given back when they are empty.
const KEPT: usize = 256 << 10;

/// Answers until the client goes, is told to go, or the node stops.
pub(crate) async fn run(server: Arc<Server>, stream: TcpStream, stopped: watch::Receiver<bool>) {
    let (Ok(address), Ok(local)) = (stream.peer_addr(), stream.local_addr()) else { return };
    // Answers are whole when they are sent: waiting for more would only delay them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!("{address}: {error}");
    }
    let client = server.clients.add(address, local, now_ms());
    let session = Session::new(server.clone(), client.clone());
    let mut connection = Connection {
        stream,
        session,
        decoder: Decoder::default(),
        input: BytesMut::new(),
        output: Vec::new(),
        charge: Charge { server: server.clone(), held: 0 },
        stopped,
    };
    if let Err(error) = connection.answer_all().await {
        tracing::debug!("{address}: {error}");
    }
    server.clients.remove(client.id);
}

/// Bytes that one connection holds, counted with all others; given back when this is dropped.
struct Charge {
    server: Arc<Server>,
    held: u64,
}

impl Charge {
    /// Makes the held part `bytes` large; false when that is more than is left.
    fn hold(&mut self, bytes: u64) -> bool {
        let counted = &self.server.in_flight;
        if bytes <= self.held {
            counted.fetch_sub(self.held - bytes, Ordering::Relaxed);
        } else {
            let more = bytes - self.held;
            if counted.fetch_add(more, Ordering::Relaxed) + more > self.server.settings.max_in_flight_bytes as u64 {
                counted.fetch_sub(more, Ordering::Relaxed);
                return false;
            }
        }
        self.held = bytes;
        true
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.server.in_flight.fetch_sub(self.held, Ordering::Relaxed);
    }
}

struct Connection {
    stream: TcpStream,
    session: Session,
    decoder: Decoder,
    input: BytesMut,
    output: Vec<u8>,
    charge: Charge,
    /// Says when the node stops.
    stopped: watch::Receiver<bool>,
}

impl Connection {
    async fn answer_all(&mut self) -> io::Result<()> {
        loop {
            let went_on = self.answer_arrived().await?;
            self.send().await?;
            if !went_on || !self.read().await? {
                return Ok(());
            }
            if !self.charge.hold((self.input.len() + self.decoder.held()) as u64) {
                Reply::Error(RespError::line(TOO_MUCH)).write(self.session.protocol, &mut self.output);
                return self.send().await;
            }
        }
    }

    /// Answers every request that is there; false when the connection shall end.
    async fn answer_arrived(&mut self) -> io::Result<bool> {
        loop {
            let args = match self.decoder.next(&mut self.input, &self.session.limits()) {
                Ok(Some(args)) => args,
                Ok(None) => return Ok(true),
                Err(error) => {
                    let reply = Reply::Error(RespError::line(error.to_string()));
                    reply.write(self.session.protocol, &mut self.output);
                    return Ok(false);
                }
            };
            self.session.client.active_ms.store(now_ms(), Ordering::Relaxed);
            let may_be_given_up = command::may_be_given_up(&self.session, &args);
            let client = self.session.client.clone();
            let reply = tokio::select! {
                biased;
                reply = command::run(&mut self.session, args) => reply,
                // Nobody is left to tell: what runs is stopped by letting it go.
                () = left(&self.stream), if may_be_given_up => return Ok(false),
                () = client.killed(), if may_be_given_up => return Ok(false),
            };
            self.keep(&reply);
            if self.session.closing || self.session.client.is_killed() {
                return Ok(false);
            }
            if self.output.len() >= GATHERED {
                self.send().await?;
            }
        }
    }

    fn keep(&mut self, reply: &Reply) {
        match self.session.answers {
            Answers::Sent => reply.write(self.session.protocol, &mut self.output),
            Answers::Kept => {}
            Answers::SkipNext => self.session.answers = Answers::Skip,
            Answers::Skip => self.session.answers = Answers::Sent,
        }
    }

    async fn send(&mut self) -> io::Result<()> {
        if self.output.is_empty() {
            return Ok(());
        }
        let mut left = self.output.as_slice();
        while !left.is_empty() {
            let written = patient(self.session.server.settings.stall_timeout, self.stream.write(left)).await?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            left = &left[written..];
        }
        self.output.clear();
        self.output.shrink_to(KEPT);
        Ok(())
    }

    /// Reads more; false at the end, and when the client is told to go or the node stops.
    async fn read(&mut self) -> io::Result<bool> {
        let wanted = self.decoder.wanted().saturating_sub(self.input.len());
        // What is announced is not believed: room is made for what comes.
        self.input.reserve(wanted.clamp(CHUNK, 1 << 20));
        let idle = self.session.server.settings.idle_timeout;
        let client = self.session.client.clone();
        tokio::select! {
            read = patient(idle, self.stream.read_buf(&mut self.input)) => Ok(read? > 0),
            () = client.killed() => Ok(false),
            // The sender gone means the same.
            _ = self.stopped.wait_for(|stopped| *stopped) => Ok(false),
        }
    }
}

/// Returns when the client has closed the connection; never where more commands wait behind the present one, as nothing behind them can be seen.
async fn left(stream: &TcpStream) {
    match stream.peek(&mut [0]).await {
        Ok(0) | Err(_) => {}
        Ok(_) => std::future::pending().await,
    }
}

/// `work`, but not for longer than `limit`.
async fn patient(limit: Option<Duration>, work: impl Future<Output = io::Result<usize>>) -> io::Result<usize> {
    match limit {
        None => work.await,
        Some(limit) => timeout(limit, work).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?,
    }
}
