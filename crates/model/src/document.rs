//! Documents as clients give them: an id, a routing, and JSON bytes that stay as they came.

use std::sync::Arc;

use serde_json::Value;

use crate::id::{PrimaryTerm, SeqNo, Version};

/// A JSON object, UTF-8, exactly as the client sent it.
pub type Source = Arc<[u8]>;

/// One stored document and its bookkeeping.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    pub id: Arc<str>,
    pub routing: Option<Arc<str>>,
    pub version: Version,
    pub seq_no: SeqNo,
    pub primary_term: PrimaryTerm,
    pub source: Source,
}

/// The text of a string, number or boolean.
pub fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
