//! One request, as an endpoint sees it: path parts decoded, parameters, body.

use axum::body::Bytes;
use axum::http::Method;
use axum::http::header::{ACCEPT, CONTENT_TYPE, HeaderMap};

use model::error::{Error, ErrorKind};
use model::search::SourceFilter;
use model::target::{Expand, Target, TargetOptions};

use crate::dsl;
use crate::http::Content;
use crate::params::{Params, boolean, split};
use crate::render::filter::Filter;

/// What an endpoint gets. It takes the parameters that it knows, and says [`Request::finish`] before it asks the gateway.
pub(crate) struct Request {
    pub(crate) method: Method,
    /// As it came, without the query.
    pub(crate) path: String,
    pub(crate) params: Params,
    /// `format`, or else the `Accept` header, as the client gave it.
    pub(crate) format: Option<String>,
    parts: Vec<(&'static str, String)>,
    content: Content,
}

impl Request {
    pub(crate) fn new(
        method: Method,
        path: String,
        parts: Vec<(&'static str, String)>,
        params: Params,
        content: Content,
    ) -> Self {
        Self { method, path, params, format: None, parts, content }
    }

    /// With what the client said of the answer's format.
    pub(crate) fn with_format(mut self, format: Option<String>) -> Self {
        self.format = format;
        self
    }

    /// The decoded part of the path at `{name}`.
    pub(crate) fn part(&self, name: &str) -> Option<&str> {
        self.parts.iter().find(|(part, _)| *part == name).map(|(_, value)| value.as_str())
    }

    /// As [`Request::part`], for a part that the route's pattern has.
    ///
    /// # Errors
    /// `illegal_argument_exception` where the pattern has no such part.
    pub(crate) fn required(&self, name: &str) -> Result<&str, Error> {
        self.part(name).ok_or_else(|| Error::illegal_argument(format!("[{name}] is missing")))
    }

    /// The body; empty where there is none.
    pub(crate) fn body(&self) -> Bytes {
        match &self.content {
            Content::Whole(bytes) => bytes.clone(),
            Content::Chunks(_) => Bytes::new(),
        }
    }

    /// Another body in place of the one that came.
    pub(crate) fn replace_body(&mut self, body: Bytes) {
        self.content = Content::Whole(body);
    }

    /// The body, or what the parameters `source` and `source_content_type` hold in place of one.
    ///
    /// # Errors
    /// `illegal_state_exception` when only `source` is given.
    pub(crate) fn body_or_source(&mut self) -> Result<Bytes, Error> {
        let body = self.body();
        // Beside a body they are parameters that nobody knows.
        if !body.is_empty() {
            return Ok(body);
        }
        // A type of nothing is one, too.
        let Some(source) = self.params.take("source") else { return Ok(body) };
        let content_type = self.params.take("source_content_type");
        match content_type.as_deref().map(media_type) {
            None => {
                let reason = "source and source_content_type parameters are required";
                Err(Error::new(ErrorKind::IllegalState, reason))
            }
            Some(MediaType::Json) => Ok(Bytes::from(source)),
            Some(_) => {
                let reason = "Unknown value for source_content_type was provided";
                Err(Error::new(ErrorKind::IllegalState, reason))
            }
        }
    }

    /// As [`Request::body_or_source`], refusing a body of nothing but white space.
    ///
    /// # Errors
    /// `parsing_exception` for such a body, too.
    pub(crate) fn object_or_source(&mut self) -> Result<Bytes, Error> {
        let body = self.body_or_source()?;
        if !body.is_empty() && body.iter().all(u8::is_ascii_whitespace) {
            return Err(Error::parsing("Expected [START_OBJECT] but found [null]"));
        }
        Ok(body)
    }

    /// The body for an endpoint that reads it in chunks.
    pub(crate) fn into_content(self) -> Content {
        self.content
    }

    /// The indexes that the part `{index}` names, with the parameters that say how names are resolved.
    ///
    /// # Errors
    /// `illegal_argument_exception` for parameters that do not fit, `invalid_index_name_exception` for a name that begins with `_`.
    pub(crate) fn target(&mut self) -> Result<Target, Error> {
        let names = self.part("index").map(split).unwrap_or_default();
        target(names, &mut self.params)
    }

    /// As [`dsl::source_param`]: what of a source to show.
    pub(crate) fn source_filter(&mut self) -> Option<SourceFilter> {
        dsl::source_param(&mut self.params)
    }

    /// As [`Request::finish`], where the parts of the path, too, are parameters that nobody takes.
    ///
    /// # Errors
    /// As [`Request::finish`].
    pub(crate) fn finish_without_parts(&mut self) -> Result<(), Error> {
        let mut parts = std::mem::take(&mut self.parts);
        // OpenSearch takes this one for the look of the table.
        parts.retain(|(name, _)| *name != "thread_pools");
        self.params.put_back(parts);
        self.finish()
    }

    /// Refuses parameters that nobody has taken.
    ///
    /// # Errors
    /// `illegal_argument_exception` naming them.
    pub(crate) fn finish(&self) -> Result<(), Error> {
        self.params.finish(&decode_segment(&self.path).unwrap_or_else(|| self.path.clone()))
    }
}

/// The target that `names` are, with the parameters that say how names are resolved.
///
/// # Errors
/// As [`Request::target`].
pub(crate) fn target(names: Vec<String>, params: &mut Params) -> Result<Target, Error> {
    let options = TargetOptions {
        ignore_unavailable: option(params, "ignore_unavailable")?,
        allow_no_indices: option(params, "allow_no_indices")?,
        expand_wildcards: params.take("expand_wildcards").map(|text| expand(&text)).transpose()?,
        no_streams: false,
    };
    // Deprecated in OpenSearch, where frozen indexes are what it is about; there are none.
    option(params, "ignore_throttled")?;
    check_names(&names)?;
    Ok(Target { names, options })
}

/// A name without a value is as if it were not given.
pub(crate) fn option(params: &mut Params, name: &str) -> Result<Option<bool>, Error> {
    let given = params.take(name).filter(|value| !value.trim().is_empty());
    given.map(|value| boolean(&value).map_err(|cause| not_a_flag(name, cause))).transpose()
}

/// `illegal_argument_exception` about a value that is neither `true` nor `false`.
pub(crate) fn not_a_flag(name: &str, cause: Error) -> Error {
    Error::illegal_argument(format!("Could not convert [{name}] to boolean")).with_cause(cause)
}

/// Refuses names that begin with `_`, which are no names of indexes.
///
/// # Errors
/// `invalid_index_name_exception`.
pub(crate) fn check_names(names: &[String]) -> Result<(), Error> {
    match names.iter().find(|name| name.starts_with('_') && *name != "_all") {
        None => Ok(()),
        Some(name) => {
            let reason = format!("Invalid index name [{name}], must not start with '_'.");
            let error = Error::new(ErrorKind::InvalidIndexName, reason).with_detail("index", name.as_str());
            Err(error.with_detail("index_uuid", "_na_"))
        }
    }
}

/// `expand_wildcards`: states between commas.
///
/// # Errors
/// `illegal_argument_exception` for a state that there is not.
pub(crate) fn expand(text: &str) -> Result<Expand, Error> {
    let mut expand = Expand { open: false, closed: false, hidden: false };
    for state in split(text) {
        match state.as_str() {
            "open" => expand.open = true,
            "closed" => expand.closed = true,
            "hidden" => expand.hidden = true,
            "none" => expand = Expand { open: false, closed: false, hidden: false },
            "all" => expand = Expand { open: true, closed: true, hidden: true },
            other => {
                return Err(Error::illegal_argument(format!("No valid expand wildcard value [{other}]")));
            }
        }
    }
    Ok(expand)
}

/// How the answer is written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Form {
    pub(crate) pretty: bool,
    pub(crate) filter: Option<Filter>,
    pub(crate) yaml: bool,
    /// Numbers are told for people, too, where the answer is of such a kind.
    pub(crate) human: bool,
    /// `format`, or else the `Accept` header.
    pub(crate) format: Option<String>,
}

impl Form {
    /// What the `Accept` header asks for.
    pub(crate) fn accept(&mut self, headers: &HeaderMap) {
        self.format = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).map(str::to_owned);
        self.yaml = self.format.as_deref().is_some_and(|accepted| media_type(accepted) == MediaType::Yaml);
    }

    /// Takes the parameters that every endpoint has.
    ///
    /// # Errors
    /// `illegal_argument_exception` for flags that are none; 501 for formats that are not written.
    pub(crate) fn take(&mut self, params: &mut Params) -> Result<(), Error> {
        self.pretty = params.flag("pretty")?.unwrap_or(false);
        self.human = params.flag("human")?.unwrap_or(false);
        params.flag("error_trace")?;
        self.filter = params.list("filter_path").and_then(|paths| Filter::new(&paths));
        let Some(format) = params.take("format") else { return Ok(()) };
        match media_type(&format) {
            MediaType::Yaml => self.yaml = true,
            MediaType::Json => self.yaml = false,
            MediaType::Binary => return Err(Error::not_implemented(format!("format [{format}] of an answer"))),
            MediaType::Other => {}
        }
        self.format = Some(format);
        Ok(())
    }
}

/// What the client says that its body is.
pub(crate) struct ContentType;

impl ContentType {
    /// Whether endpoints read what the header names; `Ok(Err(header))` when they do not, or when there is no header.
    ///
    /// # Errors
    /// `content_type_header_exception` for a header that is no media type; 501 for formats that OpenSearch reads besides JSON.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Result<(), String>, Error> {
        let Some(given) = headers.get(CONTENT_TYPE) else { return Ok(Err(String::new())) };
        let given = String::from_utf8_lossy(given.as_bytes()).into_owned();
        let bare = given.split(';').next().unwrap_or("").trim();
        let token = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() && !b"/,;".contains(&b));
        if !bare.split_once('/').is_some_and(|(kind, sub)| token(kind) && token(sub)) {
            let reason = format!("invalid Content-Type header [{given}]");
            let outer = format!("java.lang.IllegalArgumentException: {reason}");
            return Err(Error::new(ErrorKind::ContentTypeHeader, outer).with_cause(Error::illegal_argument(reason)));
        }
        match media_type(&given) {
            MediaType::Json => Ok(Ok(())),
            MediaType::Yaml | MediaType::Binary => Err(Error::not_implemented(format!("Content-Type [{given}]"))),
            MediaType::Other => Ok(Err(given)),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MediaType {
    Json,
    Yaml,
    Binary,
    Other,
}

fn media_type(text: impl AsRef<str>) -> MediaType {
    match text.as_ref().split(';').next().unwrap_or("").trim().to_ascii_lowercase().as_str() {
        "application/json" | "application/x-ndjson" | "application/*" | "json" => MediaType::Json,
        "application/yaml" | "yaml" => MediaType::Yaml,
        "application/cbor" | "application/smile" | "cbor" | "smile" => MediaType::Binary,
        _ => MediaType::Other,
    }
}

/// The parameters of a query.
///
/// # Errors
/// `bad_parameter_exception` for an escape that is none.
pub(crate) fn params(query: &str) -> Result<Params, Error> {
    for pair in query.split(['&', ';']) {
        for text in pair.splitn(2, '=') {
            if let Some(at) = bad_escape(text) {
                let reason = format!("invalid escape sequence `{}' at index {at} of: {text}", escape_at(text, at));
                let outer = format!("java.lang.IllegalArgumentException: {reason}");
                return Err(Error::new(ErrorKind::BadParameter, outer).with_cause(Error::illegal_argument(reason)));
            }
        }
    }
    Ok(Params::parse(query))
}

fn escape_at(text: &str, at: usize) -> String {
    text[at..].chars().take(3).collect()
}

/// Where a `%` is not followed by two hexadecimal digits.
fn bad_escape(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_hexdigit);
    (0..bytes.len()).find(|&at| bytes[at] == b'%' && !(digit(at + 1) && digit(at + 2)))
}

/// The segments of a path, percent-decoded one by one, so that an escaped slash stays within its segment; `+` stays. Slashes at
/// the end mean nothing. `None`: an escape is none.
pub(crate) fn decode_path(path: &str) -> Option<Vec<String>> {
    let path = path.strip_prefix('/').unwrap_or(path).trim_end_matches('/');
    if path.is_empty() {
        return Some(Vec::new());
    }
    path.split('/').map(decode_segment).collect()
}

fn decode_segment(segment: &str) -> Option<String> {
    if !segment.contains('%') {
        return Some(segment.to_owned());
    }
    if bad_escape(segment).is_some() {
        return None;
    }
    let bytes = segment.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'%' {
            let hex = std::str::from_utf8(&bytes[at + 1..at + 3]).ok()?;
            out.push(u8::from_str_radix(hex, 16).ok()?);
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    Some(String::from_utf8_lossy(&out).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_decoded_segment_by_segment() {
        let check = |path: &str, expected: &[&str]| assert_eq!(decode_path(path).expect(path), expected, "{path}");
        check("/", &[]);
        check("", &[]);
        check("/a/_doc/1", &["a", "_doc", "1"]);
        check("/a/_count//", &["a", "_count"]);
        check("/a//b", &["a", "", "b"]);
        check("/a%2Fb/%C3%BC%20x/a+b", &["a/b", "ü x", "a+b"]);
        check("/%ff", &["\u{fffd}"]);
        for path in ["/%", "/%z", "/%zz/1", "/a%2", "/%é"] {
            assert_eq!(decode_path(path), None, "{path}");
        }
    }

    #[test]
    fn wrong_escapes_in_parameters_are_refused() {
        let error = params("a=1&q=%zz").unwrap_err();
        assert_eq!((error.kind.row().name, error.status()), ("bad_parameter_exception", 400));
        params("q=%é").unwrap_err();
        params("q=100%").unwrap_err();
        params("q=a%20b&%41=1").unwrap();
    }

    #[test]
    fn states_of_indexes() {
        assert_eq!(expand("open,hidden").unwrap(), Expand { open: true, closed: false, hidden: true });
        assert_eq!(expand("all").unwrap(), Expand { open: true, closed: true, hidden: true });
        assert_eq!(expand("none").unwrap(), Expand { open: false, closed: false, hidden: false });
        assert_eq!(expand("shut").unwrap_err().status(), 400);
    }
}
