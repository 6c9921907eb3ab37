//! Connections to other nodes: made when they are first needed, made again when they are lost.
//!
//! A connection belongs to the runtime that makes it: whoever must not wait for others (heartbeats) has [`Channels`] of his own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use model::error::Error;
use parking_lot::Mutex;
use tonic::codec::CompressionEncoding;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Request, Response, Status};

use crate::call::CallError;
use crate::gate::Badge;
use crate::introduction::Introduction;
use crate::payload::from_json;
use crate::proto;
use crate::proto::bulk_client::BulkClient;
use crate::proto::control_client::ControlClient;
use crate::proto::reply::Outcome;
use crate::proto::search_client::SearchClient;
use crate::route::Class;
use crate::wire::{CONNECT_TIMEOUT, KEEPALIVE_INTERVAL, KEEPALIVE_TIMEOUT, Wire};

/// How long a node may take to introduce itself.
const HELLO_TIMEOUT: Duration = Duration::from_millis(1500);

/// Connections to every node that was asked something, one for each class of work.
pub struct Channels {
    wire: Wire,
    badge: Badge,
    open: Mutex<BTreeMap<(String, Class), Channel>>,
}

/// One question to another node.
#[derive(Debug)]
pub struct Ask<'a> {
    pub class: Class,
    pub kind: &'a str,
    /// How long the asker waits; `None`: as long as the connection lives.
    pub within: Option<Duration>,
    pub payload: Vec<u8>,
}

impl Channels {
    pub fn new(wire: Wire) -> Arc<Self> {
        Arc::new(Self { badge: Badge::new(&wire), wire, open: Mutex::default() })
    }

    /// Asks who is at `address` (host and port).
    ///
    /// # Errors
    /// [`CallError`] when nobody of this cluster's name and secret answers there.
    pub async fn hello(&self, address: &str, own: &Introduction) -> Result<Introduction, CallError> {
        let channel = self.channel(address, Class::Control)?;
        let mut client = ControlClient::new(channel);
        let mut request = Request::new(own.to_proto());
        self.badge.show(request.metadata_mut());
        let asked = tokio::time::timeout(HELLO_TIMEOUT, client.hello(request));
        match asked.await {
            Ok(Ok(answer)) => Ok(Introduction::from_proto(answer.into_inner())),
            Ok(Err(status)) => Err(CallError::of(&status, address, "hello")),
            Err(_) => Err(CallError::Timeout { address: address.to_owned(), kind: "hello".to_owned() }),
        }
    }

    /// Asks the node at `address`. Dropping the future cancels the question there.
    ///
    /// # Errors
    /// [`CallError::Answered`] with the other node's refusal; the others when there is no answer.
    pub async fn ask(&self, address: &str, ask: Ask<'_>) -> Result<Vec<u8>, CallError> {
        let Ask { class, kind, within, payload } = ask;
        let channel = self.channel(address, class)?;
        let remaining_ms = within.map_or(0, |within| within.as_millis().max(1) as u64);
        let mut request = Request::new(proto::Request { kind: kind.to_owned(), remaining_ms, payload });
        self.badge.show(request.metadata_mut());
        let sent = self.send(channel, class, request);
        let answered = match within {
            Some(within) => tokio::time::timeout(within, sent)
                .await
                .map_err(|_| CallError::Timeout { address: address.to_owned(), kind: kind.to_owned() })?,
            None => sent.await,
        };
        let reply = answered.map_err(|status| CallError::of(&status, address, kind))?.into_inner();
        match reply.outcome {
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

    /// Lets the connections to a node go that has left.
    pub fn forget(&self, address: &str) {
        self.open.lock().retain(|(to, _), _| to != address);
    }

    async fn send(
        &self,
        channel: Channel,
        class: Class,
        request: Request<proto::Request>,
    ) -> Result<Response<proto::Reply>, Status> {
        let max = self.wire.max_message;
        match class {
            Class::Control => {
                let client = ControlClient::new(channel);
                client.max_decoding_message_size(max).max_encoding_message_size(max).ask(request).await
            }
            Class::Search => {
                let client = SearchClient::new(channel);
                client.max_decoding_message_size(max).max_encoding_message_size(max).ask(request).await
            }
            Class::Bulk => {
                let mut client = BulkClient::new(channel);
                if self.wire.compress_bulk {
                    client = client.send_compressed(CompressionEncoding::Gzip);
                }
                client.max_decoding_message_size(max).max_encoding_message_size(max).ask(request).await
            }
        }
    }

    fn channel(&self, address: &str, class: Class) -> Result<Channel, CallError> {
        let mut open = self.open.lock();
        if let Some(channel) = open.get(&(address.to_owned(), class)) {
            return Ok(channel.clone());
        }
        let endpoint = self.endpoint(address).map_err(|error| CallError::Unreachable {
            address: address.to_owned(),
            reason: format!("not an address: {error}"),
        })?;
        let channel = endpoint.connect_lazy();
        open.insert((address.to_owned(), class), channel.clone());
        Ok(channel)
    }

    fn endpoint(&self, address: &str) -> Result<Endpoint, tonic::transport::Error> {
        let scheme = if self.wire.tls.is_some() { "https" } else { "http" };
        let endpoint = Endpoint::from_shared(format!("{scheme}://{address}"))?
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(KEEPALIVE_INTERVAL)
            .keep_alive_timeout(KEEPALIVE_TIMEOUT)
            .keep_alive_while_idle(true)
            .http2_max_local_error_reset_streams(None);
        let Some(tls) = &self.wire.tls else { return Ok(endpoint) };
        let config = ClientTlsConfig::new()
            .identity(Identity::from_pem(&tls.certificate, &tls.key))
            .ca_certificate(Certificate::from_pem(&tls.authority))
            .domain_name(&tls.name);
        endpoint.tls_config(config)
    }
}
