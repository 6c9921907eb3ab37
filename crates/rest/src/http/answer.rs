//! From an HTTP request to an HTTP response: the order in which things are checked.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::http::header::{ALLOW, CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, HeaderName};
use axum::http::{Method, Request as HttpRequest, Response};

use model::error::Error;

use super::body::{self, Chunks, Content, Unread};
use super::budget::Charge;
use super::connection::Activity;
use crate::endpoint::Server;
use crate::render::human;
use crate::reply::Reply;
use crate::request::{ContentType, Form, Request, decode_path};
use crate::router::Found;

const VERSION: HeaderName = HeaderName::from_static("x-opensearch-version");
const OPAQUE: HeaderName = HeaderName::from_static("x-opaque-id");

/// Answers one request. Never fails: what goes wrong is an answer too.
pub(super) async fn answer(server: Arc<Server>, activity: Activity, request: HttpRequest<Body>) -> Response<Body> {
    let _running = activity.begin();
    server.settings.counters.requests.fetch_add(1, Ordering::Relaxed);
    let opaque = request.headers().get(OPAQUE).cloned();
    let version = server.version.clone();
    let mut form = Form::default();
    let reply = match route(server, request, &mut form).await {
        Ok(reply) => reply,
        Err(error) => Reply::error(&error),
    };
    let mut response = reply.into_response(&form);
    if let Some(version) = version {
        response.headers_mut().insert(VERSION, version);
    }
    if let Some(opaque) = opaque {
        response.headers_mut().insert(OPAQUE, opaque);
    }
    response
}

/// Finds the endpoint, and lets it answer.
async fn route(server: Arc<Server>, request: HttpRequest<Body>, form: &mut Form) -> Result<Reply, Error> {
    let (head, body) = request.into_parts();
    let uri = head.uri.path_and_query().map_or("/", |uri| uri.as_str());
    let method = head.method;
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    form.accept(&head.headers);
    let mut params = crate::request::params(query)?;
    form.take(&mut params)?;
    let Some(segments) = decode_path(path) else {
        return Ok(Reply::plain(400, "invalid uri has been requested"));
    };
    form.human &= human::is_about(&segments);
    let (route, mut parts) = match server.routes.find(&method, &segments) {
        Found::Route(route, parts) => (route, parts),
        Found::Nothing if method == Method::OPTIONS => return Ok(Reply::text(200, String::new())),
        Found::Nothing => {
            let reason = format!("no handler found for uri [{path}] and method [{method}]");
            return Ok(Reply::plain(400, &reason));
        }
        Found::OtherMethods(allowed) => return Ok(other_methods(&method, uri, &allowed)),
    };
    for name in &route.names {
        // What stands in the path counts.
        let given = params.take(name);
        if let Some(given) = given.filter(|_| parts.iter().all(|(part, _)| part != name)) {
            parts.push((name, given));
        }
    }
    for (name, names) in &mut parts {
        if ["index", "target"].contains(name) && names.contains('<') {
            *names = server.gateway.dated_names(names)?;
        }
    }
    // Held until the answer is there.
    let (content, _charge) = match content(&server, &head.headers, body, route.streams).await? {
        Ok(read) => read,
        Err(refused) => return Ok(refused),
    };
    let request = Request::new(method, path.to_owned(), parts, params, content).with_format(form.format.clone());
    (route.handler)(server.clone(), request).await
}

/// The body as the endpoint wants it, or what is answered because of it.
async fn content(
    server: &Server,
    headers: &HeaderMap,
    body: Body,
    streams: bool,
) -> Result<Result<(Content, Option<Charge>), Reply>, Error> {
    let charge = Charge::new(server.settings.counters.clone(), server.settings.max_in_flight_bytes);
    let mut chunks = Chunks::new(body, server.settings.max_content_length, charge, server.settings.timeouts.stall);
    if let Err(given) = ContentType::of(headers)?
        && !chunks.is_empty().await?
    {
        return Ok(Err(Reply::plain_status(406, &format!("Content-Type header [{given}] is not supported"))));
    }
    if let Some(encoding) = headers.get(CONTENT_ENCODING).and_then(|value| value.to_str().ok())
        && encoding != "identity"
    {
        return Ok(Err(Reply::plain_status(415, &format!("Content-Encoding header [{encoding}] is not supported"))));
    }
    if streams {
        return Ok(Ok((Content::Chunks(chunks), None)));
    }
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let refused = match body::whole(&mut chunks, announced).await {
        Ok(bytes) => return Ok(Ok((Content::Whole(bytes), Some(chunks.charge)))),
        Err(refused) => refused,
    };
    // So that the client, which is still sending, gets to read why.
    chunks.drain().await;
    match refused {
        Unread::TooLarge => Ok(Err(body::too_large())),
        Unread::Refused(error) => Err(error),
    }
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
