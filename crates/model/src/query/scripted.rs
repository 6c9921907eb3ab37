//! Queries that choose or score by something else than words: scripts, distances, a number of terms that each document says.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Query;
use crate::script::Script;

/// `script_score`: the matches of a query, scored by a script.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScriptScore {
    pub query: Query,
    pub script: Script,
    pub min_score: Option<f32>,
}

/// `distance_feature`: the nearer a date or a place is, the better.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DistanceFeature {
    pub field: String,
    #[serde(with = "crate::wire::json")]
    pub origin: Value,
    /// How far away the score is half.
    pub pivot: String,
}

/// `terms_set`: documents with as many of the terms as they ask for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TermsSet {
    pub field: String,
    #[serde(with = "crate::wire::json")]
    pub terms: Vec<Value>,
    /// `None`: the query is refused where it meets an index.
    pub minimum: Option<TermsMinimum>,
}

/// How many of its terms a document must have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum TermsMinimum {
    /// As this field of it says.
    Field(String),
    Script(Script),
}
