//! An answer, before it is written as HTTP.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use axum::http::{Response, StatusCode};
use model::error::Error;
use serde_json::Value;

use crate::render::error::error;
use crate::render::json::Json;
use crate::render::{filter, human, pretty, yaml};
use crate::request::Form;

pub(crate) const JSON: &str = "application/json; charset=UTF-8";
pub(crate) const TEXT: &str = "text/plain; charset=UTF-8";
const YAML: &str = "application/yaml";

/// Status, headers and body.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: Vec<(HeaderName, String)>,
    body: Content,
}

#[derive(Debug)]
enum Content {
    Empty,
    /// Of a media type that is not JSON, sent as it is.
    Other(&'static str, Vec<u8>),
    /// Compact; written as the request's [`Form`] says.
    Json {
        bytes: Vec<u8>,
        /// `filter_path` leaves errors and documents whole.
        filtered: bool,
    },
}

impl Reply {
    fn new(status: u16, body: Content) -> Self {
        Self { status, headers: Vec::new(), body }
    }

    /// 200 with what has been written.
    pub(crate) fn ok(json: Json) -> Self {
        Self::json(200, json)
    }

    pub(crate) fn json(status: u16, json: Json) -> Self {
        Self::new(status, Content::Json { bytes: json.finish(), filtered: true })
    }

    /// 200 with a document as it is: what a client filters and tells for people are answers about it.
    pub(crate) fn document(json: Json) -> Self {
        Self::new(200, Content::Json { bytes: json.finish(), filtered: false })
    }

    /// 200 with a tree, for answers that are small.
    pub(crate) fn value(value: &Value) -> Self {
        let mut json = Json::default();
        json.value(value);
        Self::ok(json)
    }

    /// `{"acknowledged": true}`.
    pub(crate) fn acknowledged() -> Self {
        let mut json = Json::default();
        json.raw(br#"{"acknowledged":true}"#);
        Self::ok(json)
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self::new(status, Content::Empty)
    }

    /// `text/plain`.
    pub(crate) fn text(status: u16, text: String) -> Self {
        Self::media(status, TEXT, text.into_bytes())
    }

    /// A body of any media type, sent as it is.
    pub(crate) fn media(status: u16, media_type: &'static str, bytes: Vec<u8>) -> Self {
        Self::new(status, Content::Other(media_type, bytes))
    }

    /// In OpenSearch's shape, with the error's own status.
    pub(crate) fn error(failure: &Error) -> Self {
        let mut json = Json::default();
        json.begin_object();
        json.key("error");
        error(&mut json, failure, true);
        json.field_u64("status", u64::from(failure.status()));
        json.end_object();
        Self::new(failure.status(), Content::Json { bytes: json.finish(), filtered: false })
    }

    /// `{"error": reason}`: what OpenSearch answers before it knows an endpoint.
    pub(crate) fn plain(status: u16, reason: &str) -> Self {
        Self::bare(status, reason, false)
    }

    /// As [`Reply::plain`], with the status in the body.
    pub(crate) fn plain_status(status: u16, reason: &str) -> Self {
        Self::bare(status, reason, true)
    }

    fn bare(status: u16, reason: &str, with_status: bool) -> Self {
        let mut json = Json::default();
        json.begin_object();
        json.field_str("error", reason);
        if with_status {
            json.field_u64("status", u64::from(status));
        }
        json.end_object();
        Self::new(status, Content::Json { bytes: json.finish(), filtered: false })
    }

    /// With another status.
    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Adds a header; a value that no header can hold is left out.
    pub(crate) fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(crate) fn into_response(self, form: &Form) -> Response<Body> {
        let (media_type, bytes) = match self.body {
            Content::Empty => (None, Vec::new()),
            Content::Other(media_type, bytes) => (Some(media_type), bytes),
            Content::Json { bytes, filtered } => {
                let (media_type, bytes) = written(bytes, filtered, form);
                (Some(media_type), bytes)
            }
        };
        let mut response = Response::new(Body::from(bytes));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if let Some(media_type) = media_type {
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        }
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

fn written(bytes: Vec<u8>, filtered: bool, form: &Form) -> (&'static str, Vec<u8>) {
    let bytes = if form.human && filtered { human::human(bytes) } else { bytes };
    let bytes = match &form.filter {
        Some(paths) if filtered => filter::filter(&bytes, paths),
        _ => bytes,
    };
    match (form.yaml, form.pretty) {
        (true, _) => (YAML, yaml::yaml(&bytes)),
        (false, true) => (JSON, pretty::pretty(&bytes)),
        (false, false) => (JSON, bytes),
    }
}
