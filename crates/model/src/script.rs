//! What people write in Painless, as a request carries it: a text, and what it names. Not here: what it means (the crate `script`).

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A script, over `params`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Script {
    pub source: String,
    #[serde(with = "crate::wire::json")]
    pub params: Vec<(String, Value)>,
}
