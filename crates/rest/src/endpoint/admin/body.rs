//! Bodies of administration: objects, required or not.

use model::error::{Error, ErrorKind};
use serde_json::{Map, Value};

use crate::json;

/// The object that `body` is; `body` is not empty.
///
/// # Errors
/// `not_x_content_exception` for what does not begin as an object, `parse_exception` for what does not end as one.
pub(in crate::endpoint) fn map(body: &[u8]) -> Result<Map<String, Value>, Error> {
    let text = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    if text.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        let reason = "Compressor detection can only be called on some xcontent bytes or compressed xcontent bytes";
        return Err(Error::new(ErrorKind::NotSerializable, reason));
    }
    match json::object(body) {
        Ok(object) => Ok(object.unwrap_or_default()),
        Err(cause) => Err(Error::new(ErrorKind::Parse, "Failed to parse content to map").with_cause(cause)),
    }
}

/// # Errors
/// `parse_exception` when there is no body.
pub(in crate::endpoint) fn required(body: &[u8]) -> Result<&[u8], Error> {
    if body.is_empty() {
        return Err(Error::new(ErrorKind::Parse, "request body is required"));
    }
    Ok(body)
}

/// The object that `body` is; what is JSON but no object counts as empty, as in OpenSearch.
///
/// # Errors
/// As [`json::parse`].
pub(in crate::endpoint) fn lenient(body: &[u8]) -> Result<Map<String, Value>, Error> {
    match json::parse(body)? {
        Value::Object(map) => Ok(map),
        _ => Ok(Map::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_object_is_refused() {
        let kind = |body: &str| map(body.as_bytes()).map_err(|error| error.kind.row().name);
        assert_eq!(kind(" {\"a\": 1}").map(|map| map.len()), Ok(1));
        for body in ["[]", " ", "5", "x"] {
            assert_eq!(kind(body), Err("not_x_content_exception"), "{body}");
        }
        let error = map(b"{\"a\": ").expect_err("cut");
        assert_eq!(error.kind, ErrorKind::Parse);
        assert!(error.cause.is_some());
    }
}
