//! Values as bytes: compact where every field has a type of its own, JSON where a value describes itself (metadata); and how many
//! of them a message may have.

use model::error::{Error, ErrorKind};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Bytes of a message around its payload, at most.
pub(crate) const ENVELOPE: usize = 64 << 10;

/// The payload of a question or an answer, if a message may be that long.
///
/// # Errors
/// `illegal_state_exception`.
pub(crate) fn fitting<T: AsRef<[u8]>>(payload: T, (kind, most): (&str, usize)) -> Result<T, Error> {
    let bytes = payload.as_ref().len();
    if bytes <= most {
        return Ok(payload);
    }
    let reason = format!("a message of [{kind}] between nodes would have [{bytes}] bytes, and may have [{most}]");
    Err(Error::new(ErrorKind::IllegalState, reason))
}

/// Compact bytes of plain data. Not for what holds JSON values: use [`to_json`].
///
/// # Errors
/// `illegal_state_exception` for data without such a form.
pub fn to_bytes<T: Serialize>(value: &T) -> Result<Vec<u8>, Error> {
    postcard::to_allocvec(value).map_err(|error| broken("write", &error))
}

/// The inverse of [`to_bytes`].
///
/// # Errors
/// `illegal_state_exception` for bytes that are no such value.
pub fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    postcard::from_bytes(bytes).map_err(|error| broken("read", &error))
}

/// A value as JSON.
///
/// # Errors
/// As [`to_bytes`].
pub fn to_json<T: Serialize>(value: &T) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(|error| broken("write", &error))
}

/// The inverse of [`to_json`].
///
/// # Errors
/// As [`from_bytes`].
pub fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(bytes).map_err(|error| broken("read", &error))
}

fn broken(verb: &str, error: &dyn std::fmt::Display) -> Error {
    Error::new(ErrorKind::IllegalState, format!("cannot {verb} a message between nodes: {error}"))
}
