//! What people write in Painless, as a request carries it: a text, and what it names. Not here: what it means (the crate `script`).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::query::Query;

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

/// A script that is tried out.
#[derive(Clone, Debug)]
pub struct Trial {
    pub script: Script,
    /// `None`: it sees its parameters alone, and what it gives is told as a text.
    pub over: Option<TriedDocument>,
}

/// A document that lies in no index, as a script of a search sees it.
#[derive(Clone, Debug)]
pub struct TriedDocument {
    /// The index whose mapping it is read by.
    pub index: String,
    pub document: Value,
    /// What scores it.
    pub query: Option<Query>,
    /// Whether the script gives a number; otherwise it gives true or false.
    pub scores: bool,
}

impl Script {
    /// A script in Painless.
    pub fn painless(source: String, params: Vec<(String, Value)>) -> Self {
        Self { source, params, language: Language::Painless }
    }
}
