//! Keys and values are bytes; ids and JSON are text. What is UTF-8 stands as it is, so that both dialects read it; the rest is escaped.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use model::binary::{from_base64, to_base64};

use crate::error::RespError;

/// Before what is in base64. A text that begins with it is in base64 itself.
const ESCAPE: char = '\0';

/// Longest id of a document, in bytes.
const LONGEST: usize = 512;

/// `bytes` as a text from which [`bytes_of`] makes them again.
pub fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.starts_with(ESCAPE) => Cow::Borrowed(text),
        _ => Cow::Owned(format!("{ESCAPE}{}", to_base64(bytes))),
    }
}

/// Appends that text as a string of JSON.
pub(crate) fn quoted(bytes: &[u8], out: &mut Vec<u8>) {
    serde_json::to_writer(out, &*text_of(bytes)).expect("writing a string to memory cannot fail");
}

/// The bytes that [`text_of`] made `text` of.
pub fn bytes_of(text: &str) -> Bytes {
    unescaped(text).map_or_else(|| Bytes::copy_from_slice(text.as_bytes()), Bytes::from)
}

/// As [`bytes_of`], behind what is there.
pub fn append_bytes_of(text: &str, out: &mut Vec<u8>) {
    match unescaped(text) {
        Some(bytes) => out.extend(bytes),
        None => out.extend_from_slice(text.as_bytes()),
    }
}

fn unescaped(text: &str) -> Option<Vec<u8>> {
    text.strip_prefix(ESCAPE).and_then(from_base64)
}

/// The id of a key's document, in the index of keys and in every `FT.*` index.
///
/// # Errors
/// When the key is too long to be one.
pub fn document_id(key: &[u8]) -> Result<Arc<str>, RespError> {
    let id: Arc<str> = if key.is_empty() { Arc::from("\0") } else { text_of(key).into() };
    if id.len() > LONGEST {
        return Err(RespError::refused(format!("key is too long: {} bytes, at most {LONGEST} are kept", id.len())));
    }
    Ok(id)
}

/// The key of a document's id.
pub fn key_of(id: &str) -> Bytes {
    bytes_of(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_comes_back_and_text_stays_text() {
        for key in [&b"film:1"[..], "größe".as_bytes(), b"", b"\0", b"\0abc", b"\xff\xfe", b"a\0b"] {
            assert_eq!(key_of(&document_id(key).unwrap()), key);
        }
        assert_eq!(&*document_id(b"film:1").unwrap(), "film:1");
        assert!(document_id(&[b'a'; 513]).is_err());
    }
}
