//! What people write in Painless, as a request carries it: a text, and what it names. Not here: what it means (the crate `script`).

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A script, over `params`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Script {
    pub source: String,
    #[serde(with = "crate::wire::json")]
    pub params: Vec<(String, Value)>,
    pub language: Language,
}

/// What a script's source is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Language {
    #[default]
    Painless,
    /// The name of a score by how near a vector is; what it goes by are parameters.
    Knn,
}

impl Script {
    /// A script in Painless.
    pub fn painless(source: String, params: Vec<(String, Value)>) -> Self {
        Self { source, params, language: Language::Painless }
    }
}
