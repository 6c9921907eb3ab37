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

/// `rank_feature`: the values of a feature as scores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RankFeature {
    /// A field of one feature, or one of several and the feature's name, with a dot between.
    pub field: String,
    pub function: FeatureScore,
}

/// How a value becomes a score; without any it is [`FeatureScore::Saturation`] with no pivot.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum FeatureScore {
    Saturation { pivot: Option<f32> },
    Log { scaling_factor: f32 },
    Sigmoid { pivot: f32, exponent: f32 },
    Linear,
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
