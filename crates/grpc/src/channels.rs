//! Connections to other nodes: made when they are first needed, made again when they are lost.
//!
//! A connection belongs to the runtime that makes it: whoever must not wait for others (heartbeats) has [`Channels`] of his own.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use model::error::Error;
use parking_lot::Mutex;
use prost::bytes::Bytes;
use tonic::codec::CompressionEncoding;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Request, Response};

use crate::call::CallError;
use crate::conversation::Conversation;
use crate::gate::Badge;
use crate::introduction::Introduction;
use crate::payload::{ENVELOPE, fitting, from_json};
use crate::proto;
use crate::proto::bulk_client::BulkClient;
use crate::proto::control_client::ControlClient;
use crate::proto::reply::Outcome;
use crate::proto::search_client::SearchClient;
use crate::route::Class;
use crate::watch::{Watched, Watcher};
use crate::wire::{
    CONNECT_TIMEOUT, CONNECTION_WINDOW, KEEPALIVE_INTERVAL, KEEPALIVE_TIMEOUT, SHORT, STREAM_WINDOW, Wire,
};

/// How long a node may take to introduce itself.
const HELLO_TIMEOUT: Duration = Duration::from_millis(1500);

/// Connections to every node that was asked something, one for each class of work.
pub struct Channels {
    wire: Wire,
    badge: Badge,
    open: Mutex<BTreeMap<(String, Class), Arc<Connection>>>,
    watcher: Option<Watcher>,
}

/// A connection, and what is held over it.
struct Connection {
    channel: Channel,
    /// Of short questions.
    conversation: OnceLock<Conversation>,
}

impl Connection {
    /// Whether it takes no more questions.
    fn has_ended(&self) -> bool {
        self.conversation.get().is_some_and(Conversation::has_ended)
    }
}

/// One question to another node.
#[derive(Debug)]
pub struct Ask<'a> {
    pub class: Class,
    pub kind: &'a str,
    /// How long the asker waits; `None`: as long as the connection lives.
    pub within: Option<Duration>,
    pub payload: Bytes,
}

impl Channels {
    pub fn new(wire: Wire) -> Arc<Self> {
        Arc::new(Self { badge: Badge::new(&wire), wire, open: Mutex::default(), watcher: None })
    }

    /// As [`Channels::new`], where `watcher` hears of every question.
    pub fn watched(wire: Wire, watcher: Watcher) -> Arc<Self> {
        Arc::new(Self { badge: Badge::new(&wire), wire, open: Mutex::default(), watcher: Some(watcher) })
    }

    /// Asks who is at `address` (host and port).
    ///
    /// # Errors
    /// [`CallError`] when nobody of this cluster's name and secret answers there.
    pub async fn hello(&self, address: &str, own: &Introduction) -> Result<Introduction, CallError> {
        let late = Instant::now() + HELLO_TIMEOUT;
        let over = |connection: Arc<Connection>| async move {
            let mut client = ControlClient::new(connection.channel.clone());
            let mut request = Request::new(own.to_proto());
            self.badge.show(request.metadata_mut());
            match tokio::time::timeout_at(late.into(), client.hello(request)).await {
                Ok(Ok(answer)) => Ok(Introduction::from_proto(answer.into_inner())),
                Ok(Err(status)) => Err(CallError::of(&status, address, "hello")),
                Err(_) => Err(CallError::Timeout { address: address.to_owned(), kind: "hello".to_owned() }),
            }
        };
        self.over((address, Class::Control), over).await
    }

    /// Asks the node at `address`. Dropping the future cancels the question there.
    ///
    /// # Errors
    /// [`CallError::Answered`] with the other node's refusal; the others when there is no answer.
    pub async fn ask(&self, address: &str, ask: Ask<'_>) -> Result<Vec<u8>, CallError> {
        let Ask { class, kind, within, payload } = ask;
        let late = within.map(|within| Instant::now() + within);
        let mut watched = Watched::begin(self.watcher.as_ref(), class, kind);
        let over = |connection| self.ask_over(connection, (address, class, kind), payload.clone(), late);
        let answer = self.over((address, class), over).await;
        watched.end(&answer);
        answer
    }

    async fn ask_over(
        &self,
        connection: Arc<Connection>,
        to: (&str, Class, &str),
        payload: Bytes,
        late: Option<Instant>,
    ) -> Result<Vec<u8>, CallError> {
        let (address, _, kind) = to;
        let remaining = late.map(|late| late.saturating_duration_since(Instant::now()));
        let remaining_ms = remaining.map_or(0, |remaining| remaining.as_millis().max(1) as u64);
        let payload = fitting(payload, (kind, self.wire.max_message)).map_err(|e| CallError::Answered(Box::new(e)))?;
        let sent = self.send(&connection, to, proto::Request { kind: kind.to_owned(), remaining_ms, payload });
        let answered = match late {
            Some(late) => tokio::time::timeout_at(late.into(), sent)
                .await
                .map_err(|_| CallError::Timeout { address: address.to_owned(), kind: kind.to_owned() })?,
            None => sent.await,
        };
        match answered?.outcome {
            Some(Outcome::Payload(payload)) => Ok(payload),
            Some(Outcome::Error(bytes)) => {
                let error: Error = from_json(&bytes).unwrap_or_else(|unreadable| unreadable);
                Err(CallError::Answered(Box::new(error)))
            }
            None => {
                Err(CallError::Unreachable { address: address.to_owned(), reason: "an answer without content".into() })
            }
        }
    }

    /// Asks over the connection that there is. When that has not even sent the question, another process may be there by now: it is asked once
    /// more over a new one. Not when a new one can be no better: it has failed as late as one that was made for the question.
    async fn over<T, F: Future<Output = Result<T, CallError>>>(
        &self,
        to: (&str, Class),
        ask: impl Fn(Arc<Connection>) -> F,
    ) -> Result<T, CallError> {
        let begun = Instant::now();
        let (connection, kept) = self.connection(to)?;
        let answered = ask(connection.clone()).await;
        match answered {
            Err(error) if kept && error.is_of_the_connection() && begun.elapsed() < CONNECT_TIMEOUT => {
                tracing::debug!("asking again on a new connection: {error}");
                self.let_go(to, &connection);
                let (connection, _) = self.connection(to)?;
                ask(connection).await
            }
            answered => answered,
        }
    }

    async fn send(
        &self,
        connection: &Connection,
        (address, class, kind): (&str, Class, &str),
        question: proto::Request,
    ) -> Result<proto::Reply, CallError> {
        let max = self.wire.max_message + ENVELOPE;
        let channel = || connection.channel.clone();
        if question.payload.len() <= SHORT {
            let begin = || Conversation::begin(channel(), &self.badge, max, (address, class));
            return connection.conversation.get_or_init(begin).ask(question).await;
        }
        let mut request = Request::new(question);
        self.badge.show(request.metadata_mut());
        let answered = match class {
            Class::Control => ControlClient::new(channel()).max_decoding_message_size(max).ask(request).await,
            Class::Search => SearchClient::new(channel()).max_decoding_message_size(max).ask(request).await,
            Class::Bulk => {
                let mut client = BulkClient::new(channel());
                if self.wire.compress_bulk {
                    client = client.send_compressed(CompressionEncoding::Gzip);
                }
                client.max_decoding_message_size(max).ask(request).await
            }
        };
        answered.map(Response::into_inner).map_err(|status| CallError::of(&status, address, kind))
    }

    /// The connection to a node, and whether it was there before.
    fn connection(&self, (address, class): (&str, Class)) -> Result<(Arc<Connection>, bool), CallError> {
        let mut open = self.open.lock();
        if let Some(connection) = open.get(&(address.to_owned(), class)).filter(|connection| !connection.has_ended()) {
            return Ok((connection.clone(), true));
        }
        let endpoint = self.endpoint(address).map_err(|error| CallError::Unreachable {
            address: address.to_owned(),
            reason: format!("not an address: {error}"),
        })?;
        let connection = Arc::new(Connection { channel: endpoint.connect_lazy(), conversation: OnceLock::new() });
        open.insert((address.to_owned(), class), connection.clone());
        Ok((connection, false))
    }

    /// The next question has a new connection, unless there is another already. What is on its way over this one goes on.
    fn let_go(&self, (address, class): (&str, Class), connection: &Arc<Connection>) {
        let key = (address.to_owned(), class);
        let mut open = self.open.lock();
        if open.get(&key).is_some_and(|now| Arc::ptr_eq(now, connection)) {
            open.remove(&key);
        }
    }

    fn endpoint(&self, address: &str) -> Result<Endpoint, tonic::transport::Error> {
        let scheme = if self.wire.tls.is_some() { "https" } else { "http" };
        let endpoint = Endpoint::from_shared(format!("{scheme}://{address}"))?
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(KEEPALIVE_INTERVAL)
            .keep_alive_timeout(KEEPALIVE_TIMEOUT)
            .keep_alive_while_idle(true)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .http2_max_local_error_reset_streams(None);
        let Some(tls) = &self.wire.tls else { return Ok(endpoint) };
        let config = ClientTlsConfig::new()
            .identity(Identity::from_pem(&tls.certificate, &tls.key))
            .ca_certificate(Certificate::from_pem(&tls.authority))
            .domain_name(&tls.name);
        endpoint.tls_config(config)
    }
}
