//! One connection: its reads and writes, with a bound on how long it may take of us without giving.
//!
//! In: what the handler says of requests ([`Activity`]). Out: an error of the kind `TimedOut` for a client that sends a head drop by drop, asks
//! nothing for long, or does not read its answer; the connection is closed by it. Bodies that do not come are `body`'s affair.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

use super::budget::Counters;
use super::first_line::FirstLine;

/// How long a client may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// From the first byte of a request to the end of its head.
    pub header: Duration,
    /// Without a request.
    pub idle: Duration,
    /// Without a byte of a body that is to come, or of an answer that is to be read.
    pub stall: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { header: seconds(30), idle: seconds(600), stall: seconds(60) }
    }
}

/// What the handler tells the connection that it serves.
#[derive(Clone, Debug, Default)]
pub(crate) struct Activity(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    /// Requests whose answers are being made.
    running: AtomicUsize,
    /// Requests since the connection was opened.
    begun: AtomicU64,
}

/// While it lives, a request runs.
pub(crate) struct Running(Activity);

impl Activity {
    pub(crate) fn begin(&self) -> Running {
        self.0.begun.fetch_add(1, Ordering::Relaxed);
        self.0.running.fetch_add(1, Ordering::Relaxed);
        Running(self.clone())
    }

    fn begun(&self) -> u64 {
        self.0.begun.load(Ordering::Relaxed)
    }

    fn is_busy(&self) -> bool {
        self.0.running.load(Ordering::Relaxed) > 0
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What is being waited for, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waiting {
    /// The first byte of a request, after so many.
    Request { begun: u64 },
    /// The rest of a request's head, after so many requests.
    Head { begun: u64 },
}

/// One accepted connection; counted while it lives.
pub(super) struct Connection {
    stream: TcpStream,
    first_line: FirstLine,
    counters: Arc<Counters>,
    timeouts: Timeouts,
    pub(super) activity: Activity,
    waiting: Waiting,
    read_by: Pin<Box<Sleep>>,
    /// Set while a write waits.
    write_by: Option<Pin<Box<Sleep>>>,
}

impl Connection {
    pub(super) fn new(stream: TcpStream, counters: Arc<Counters>, timeouts: Timeouts) -> Self {
        Self {
            stream,
            first_line: FirstLine::default(),
            counters,
            timeouts,
            activity: Activity::default(),
            // A client that connects and says nothing is as one that stops in the middle.
            waiting: Waiting::Head { begun: 0 },
            read_by: Box::pin(tokio::time::sleep(timeouts.header)),
            write_by: None,
        }
    }

    /// Notes that bytes of a client came.
    fn came(&mut self) {
        let head = Waiting::Head { begun: self.activity.begun() };
        if !self.activity.is_busy() && self.waiting != head {
            self.waiting = head;
            self.read_by.as_mut().reset(Instant::now() + self.timeouts.header);
        }
    }

    /// Whether nothing has come for too long, with nothing asked.
    fn waited_too_long(&mut self, cx: &mut Context<'_>) -> bool {
        let begun = self.activity.begun();
        let (Waiting::Request { begun: known } | Waiting::Head { begun: known }) = self.waiting;
        if self.activity.is_busy() || known != begun {
            self.waiting = Waiting::Request { begun };
            self.read_by.as_mut().reset(Instant::now() + self.timeouts.idle);
        }
        self.read_by.as_mut().poll(cx).is_ready() && !self.activity.is_busy()
    }

    /// After a write: `Pending` for too long is an error.
    fn in_time<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.write_by = None;
            return written;
        }
        let stall = self.timeouts.stall;
        let write_by = self.write_by.get_or_insert_with(|| Box::pin(tokio::time::sleep(stall)));
        match write_by.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.counters.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.first_line.give(buf) {
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        match &read {
            Poll::Ready(Ok(())) if buf.filled().len() > before => {
                self.came();
                self.first_line.escape(buf, before);
            }
            Poll::Pending if self.waited_too_long(cx) => return Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Ready(_) | Poll::Pending => {}
        }
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.in_time(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.in_time(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
