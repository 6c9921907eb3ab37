//! The port on which peers are heard.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cluster::state::NodeId;
use model::error::Error;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_stream::wrappers::ReceiverStream;
use tonic::codec::{CompressionEncoding, Streaming};
use tonic::service::interceptor::InterceptedService;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Certificate, Identity, Server, ServerTlsConfig};
use tonic::{Request, Response, Status};

use crate::gate::{Gate, asker};
use crate::introduction::Introduction;
use crate::listener::listen;
use crate::payload::{ENVELOPE, fitting, to_json};
use crate::proto;
use crate::proto::bulk_server::{Bulk, BulkServer};
use crate::proto::control_server::{Control, ControlServer};
use crate::proto::reply::Outcome;
use crate::proto::search_server::{Search, SearchServer};
use crate::route::{Class, Question, Router};
use crate::wire::{
    CONNECTION_WINDOW, FRAME_BYTES, KEEPALIVE_INTERVAL, KEEPALIVE_TIMEOUT, MAX_STREAMS, STREAM_WINDOW, Wire,
};

/// Answers peers until `stop` is done; then finishes what runs.
///
/// # Errors
/// When the certificates are none, or the listener fails.
pub async fn serve(
    listener: TcpListener,
    wire: Wire,
    router: Router,
    stop: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    let (stops, stopping) = watch::channel(false);
    let desk = Desk { router: Arc::new(router), max_message: wire.max_message, stopping };
    let gate = Gate::new(wire.clone());
    let max = wire.max_message + ENVELOPE;
    let control = ControlServer::new(desk.clone()).max_decoding_message_size(max).max_encoding_message_size(max);
    let search = SearchServer::new(desk.clone()).max_decoding_message_size(max).max_encoding_message_size(max);
    let bulk = BulkServer::new(desk)
        .max_decoding_message_size(max)
        .max_encoding_message_size(max)
        .accept_compressed(CompressionEncoding::Gzip);
    let mut server = Server::builder()
        .http2_keepalive_interval(Some(KEEPALIVE_INTERVAL))
        .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT))
        // Cancelled and hedged questions reset their streams; between nodes that is no attack.
        .http2_max_local_error_reset_streams(None)
        .http2_max_pending_accept_reset_streams(Some(MAX_STREAMS as usize))
        .max_concurrent_streams(MAX_STREAMS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_frame_size(FRAME_BYTES);
    if let Some(tls) = &wire.tls {
        let config = ServerTlsConfig::new()
            .identity(Identity::from_pem(&tls.certificate, &tls.key))
            .client_ca_root(Certificate::from_pem(&tls.authority));
        server = server.tls_config(config).map_err(io::Error::other)?;
    }
    server
        .add_service(InterceptedService::new(control, gate.clone()))
        .add_service(InterceptedService::new(search, gate.clone()))
        .add_service(InterceptedService::new(bulk, gate))
        .serve_with_incoming_shutdown(incoming(listener), async move {
            stop.await;
            // Conversations end by themselves.
            stops.send_replace(true);
        })
        .await
        .map_err(io::Error::other)
}

/// Connections that send what is small at once: otherwise room for more of a long question waits for the other end's acknowledgement, and that
/// for 40 ms. A [`Server`]'s own setting is for listeners that it opens itself.
fn incoming(listener: TcpListener) -> TcpIncoming {
    TcpIncoming::from(listener).with_nodelay(Some(true))
}

/// Where questions arrive.
#[derive(Clone)]
pub(crate) struct Desk {
    router: Arc<Router>,
    /// Of one answer, in bytes.
    max_message: usize,
    /// Whether this node takes no more questions.
    stopping: watch::Receiver<bool>,
}

impl Desk {
    async fn answer(&self, class: Class, request: Request<proto::Request>) -> Result<Response<proto::Reply>, Status> {
        let from = NodeId(asker(request.metadata()).into());
        Ok(Response::new(self.reply(class, from, request.into_inner()).await))
    }

    fn converse(&self, class: Class, turns: Request<Streaming<proto::Turn>>) -> Response<Saying> {
        Response::new(ReceiverStream::new(listen(self.clone(), class, turns, self.stopping.clone())))
    }

    pub(crate) async fn reply(&self, class: Class, from: NodeId, question: proto::Request) -> proto::Reply {
        let proto::Request { kind, remaining_ms, payload } = question;
        let deadline = (remaining_ms > 0).then(|| Instant::now() + Duration::from_millis(remaining_ms));
        let question = Question { from, deadline, payload };
        let answer = self.router.answer(class, &kind, question).await;
        let outcome = match answer.and_then(|payload| fitting(payload, (&kind, self.max_message))) {
            Ok(payload) => Outcome::Payload(payload),
            Err(error) => Outcome::Error(wire_error(&error)),
        };
        proto::Reply { outcome: Some(outcome) }
    }
}

fn wire_error(error: &Error) -> Vec<u8> {
    to_json(error).unwrap_or_default()
}

type Saying = ReceiverStream<Result<proto::Said, Status>>;

#[tonic::async_trait]
impl Control for Desk {
    type ConverseStream = Saying;

    async fn hello(&self, request: Request<proto::Introduction>) -> Result<Response<proto::Introduction>, Status> {
        let answer = self.router.greet(Introduction::from_proto(request.into_inner()));
        Ok(Response::new(answer.to_proto()))
    }

    async fn ask(&self, request: Request<proto::Request>) -> Result<Response<proto::Reply>, Status> {
        self.answer(Class::Control, request).await
    }

    async fn converse(&self, turns: Request<Streaming<proto::Turn>>) -> Result<Response<Saying>, Status> {
        Ok(self.converse(Class::Control, turns))
    }
}

#[tonic::async_trait]
impl Search for Desk {
    type ConverseStream = Saying;

    async fn ask(&self, request: Request<proto::Request>) -> Result<Response<proto::Reply>, Status> {
        self.answer(Class::Search, request).await
    }

    async fn converse(&self, turns: Request<Streaming<proto::Turn>>) -> Result<Response<Saying>, Status> {
        Ok(self.converse(Class::Search, turns))
    }
}

#[tonic::async_trait]
impl Bulk for Desk {
    type ConverseStream = Saying;

    async fn ask(&self, request: Request<proto::Request>) -> Result<Response<proto::Reply>, Status> {
        self.answer(Class::Bulk, request).await
    }

    async fn converse(&self, turns: Request<Streaming<proto::Turn>>) -> Result<Response<Saying>, Status> {
        Ok(self.converse(Class::Bulk, turns))
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpStream;
    use tokio_stream::StreamExt;

    use super::*;

    #[tokio::test]
    async fn nothing_small_waits_to_be_sent() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut incoming = incoming(listener);
        let (_client, accepted) = tokio::join!(TcpStream::connect(address), incoming.next());
        assert!(accepted.unwrap().unwrap().nodelay().unwrap());
    }
}
