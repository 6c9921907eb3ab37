//! From an HTTP request to an HTTP response: the order in which things are checked.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::body::{Body, HttpBody};
use axum::http::header::{ALLOW, CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, HeaderValue};
use axum::http::{Method, Request as HttpRequest, Response};

use model::error::Error;

use super::body::{self, Chunks, Content, Unread};
use super::budget::Charge;
use crate::endpoint::Server;
use crate::reply::Reply;
use crate::request::{ContentType, Form, Request, decode_path};
use crate::router::Found;

/// Answers one request. Never fails: what goes wrong is an answer too.
pub(super) async fn answer(server: Arc<Server>, request: HttpRequest<Body>) -> Response<Body> {
    server.settings.counters.requests.fetch_add(1, Ordering::Relaxed);
    let (head, body) = request.into_parts();
    let uri = head.uri.path_and_query().map_or("/", |uri| uri.as_str()).to_owned();
    let mut form = Form::default();
    let opaque = head.headers.get("x-opaque-id").cloned();
    let version = format!("OpenSearch/{} ({})", server.settings.version.number, server.settings.version.distribution);
    let reply = match route(server, &head.method, &uri, &head.headers, body, &mut form).await {
        Ok(reply) => reply,
        Err(error) => Reply::error(&error),
    };
    let mut response = reply.into_response(&form);
    if let Ok(version) = HeaderValue::from_str(&version) {
        response.headers_mut().insert("x-opensearch-version", version);
    }
    if let Some(opaque) = opaque {
        response.headers_mut().insert("x-opaque-id", opaque);
    }
    response
}

async fn route(
    server: Arc<Server>,
    method: &Method,
    uri: &str,
    headers: &HeaderMap,
    body: Body,
    form: &mut Form,
) -> Result<Reply, Error> {
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    form.accept(headers);
    let mut params = crate::request::params(query)?;
    form.take(&mut params)?;
    let Some(segments) = decode_path(path) else {
        return Ok(Reply::plain(400, "invalid uri has been requested"));
    };
    let (route, parts) = match server.routes.find(method, &segments) {
        Found::Route(route, parts) => (route, parts),
        Found::Nothing => {
            let reason = format!("no handler found for uri [{uri}] and method [{method}]");
            return Ok(Reply::plain(400, &reason));
        }
        Found::OtherMethods(allowed) => return Ok(other_methods(method, uri, &allowed)),
    };
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let nothing = body.is_end_stream();
    let content_type = match ContentType::of(headers)? {
        Ok(content_type) => content_type,
        Err(_) if nothing => None,
        Err(given) => {
            return Ok(Reply::plain_status(406, &format!("Content-Type header [{given}] is not supported")));
        }
    };
    if let Some(encoding) = headers.get(CONTENT_ENCODING).and_then(|value| value.to_str().ok())
        && encoding != "identity"
    {
        return Ok(Reply::plain_status(415, &format!("Content-Encoding header [{encoding}] is not supported")));
    }
    let charge = Charge::new(server.settings.counters.clone(), server.settings.max_in_flight_bytes);
    let chunks = Chunks::new(body, server.settings.max_content_length, charge);
    let (content, _charge) = if route.streams {
        (Content::Chunks(chunks), None)
    } else {
        match body::whole(chunks, announced).await {
            Ok((bytes, charge)) => (Content::Whole(bytes), Some(charge)),
            Err(Unread::TooLarge) => return Ok(body::too_large()),
            Err(Unread::Refused(error)) => return Err(error),
        }
    };
    let nothing = match &content {
        Content::Whole(bytes) => bytes.is_empty(),
        Content::Chunks(_) => nothing,
    };
    if content_type.is_none() && !nothing {
        return Ok(Reply::plain_status(406, "Content-Type header [] is not supported"));
    }
    let request =
        Request::new(method.clone(), path.to_owned(), parts, params, content).with_format(form.format.clone());
    (route.handler)(server.clone(), request).await
}

fn other_methods(method: &Method, uri: &str, allowed: &[Method]) -> Reply {
    let names: Vec<&str> = allowed.iter().map(Method::as_str).collect();
    let reply = if method == Method::OPTIONS {
        Reply::text(200, String::new())
    } else {
        let reason =
            format!("Incorrect HTTP method for uri [{uri}] and method [{method}], allowed: [{}]", names.join(", "));
        Reply::plain_status(405, &reason)
    };
    reply.with_header(ALLOW, &names.join(","))
}
