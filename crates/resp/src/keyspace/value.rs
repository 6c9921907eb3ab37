//! What a key holds.

use bytes::Bytes;
use indexmap::IndexMap;
use serde_json::Value as Json;

/// Fields in the order in which they were first set.
pub type Fields = IndexMap<Bytes, Bytes>;

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Text(Bytes),
    Hash(Fields),
    Json(Json),
}

impl Value {
    /// A hash without fields: no key holds one.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Hash(fields) if fields.is_empty())
    }

    /// As `TYPE` answers.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Text(_) => "string",
            Self::Hash(_) => "hash",
            Self::Json(_) => "ReJSON-RL",
        }
    }
}
