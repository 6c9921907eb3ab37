//! What a connection calls: the handler at once, or through the layers that compress and decompress, where a request speaks of codings.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING};
use axum::http::{Request, Response};
use tower::Service;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::decompression::RequestDecompressionLayer;

use super::answer::answer;
use super::connection::Activity;
use crate::endpoint::Server;

#[derive(Clone)]
pub(super) struct Front {
    server: Arc<Server>,
    coded: Router,
}

impl Front {
    pub(super) fn new(server: Arc<Server>) -> Self {
        let handler = server.clone();
        let coded = Router::new()
            .fallback(move |ConnectInfo(activity): ConnectInfo<Activity>, request| {
                answer(handler.clone(), activity, request)
            })
            .layer(CompressionLayer::new().gzip(true).quality(CompressionLevel::Precise(3)))
            .layer(RequestDecompressionLayer::new().gzip(true).pass_through_unaccepted(true));
        Self { server, coded }
    }
}

type Answering = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

impl Service<Request<Body>> for Front {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Answering {
        let headers = request.headers();
        let coded = headers.contains_key(ACCEPT_ENCODING) || headers.contains_key(CONTENT_ENCODING);
        match request.extensions().get::<ConnectInfo<Activity>>().cloned() {
            Some(ConnectInfo(activity)) if !coded => {
                let server = self.server.clone();
                Box::pin(async move { Ok(answer(server, activity, request).await) })
            }
            // A router is always ready.
            _ => Box::pin(self.coded.call(request)),
        }
    }
}
