//! `percolate`: stored queries that match documents.

use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Percolate {
    /// Where the queries are stored.
    pub field: String,
    /// Tells it from others of one search; `None`: the field does.
    pub name: Option<String>,
    pub documents: Documents,
}

/// What the stored queries are to match.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Documents {
    /// At least one.
    Given(#[serde(with = "crate::wire::json")] Vec<Value>),
    /// One that is to be looked up.
    Stored(StoredDocument),
}

/// Where a document is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredDocument {
    pub index: String,
    pub id: String,
    pub routing: Option<String>,
    pub preference: Option<String>,
    /// It must have this one.
    pub version: Option<i64>,
}
