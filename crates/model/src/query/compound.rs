//! Queries made of queries.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Query;
use crate::script::Script;

/// `bool`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Boolean {
    pub must: Vec<Query>,
    pub should: Vec<Query>,
    pub filter: Vec<Query>,
    pub must_not: Vec<Query>,
    /// `2`, `-1`, `75%`, `-25%`, `2<75% 9<-3`; `None`: 1 without must and filter, else 0.
    pub minimum_should_match: Option<String>,
    pub adjust_pure_negative: Option<bool>,
}

/// `boosting`: matches of `positive`, scores times `negative_boost` where `negative` matches too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Boosting {
    pub positive: Query,
    pub negative: Query,
    pub negative_boost: f32,
}

/// `dis_max`: the best score, plus `tie_breaker` times the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DisMax {
    pub queries: Vec<Query>,
    pub tie_breaker: f32,
}

/// `function_score`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FunctionScore {
    pub query: Query,
    pub functions: Vec<ScoredFunction>,
    pub score_mode: ScoreMode,
    pub boost_mode: BoostMode,
    pub max_boost: f32,
    pub min_score: Option<f32>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScoredFunction {
    pub filter: Option<Query>,
    pub weight: Option<f32>,
    pub function: Option<Function>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScoreMode {
    Multiply,
    Sum,
    Avg,
    First,
    Max,
    Min,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BoostMode {
    Multiply,
    Replace,
    Sum,
    Avg,
    Max,
    Min,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Function {
    RandomScore {
        #[serde(with = "crate::wire::json")]
        seed: Option<Value>,
        field: Option<String>,
    },
    FieldValueFactor {
        field: String,
        factor: f32,
        modifier: Modifier,
        missing: Option<f64>,
    },
    Decay(Box<Decay>),
    Script(Script),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Modifier {
    None,
    Log,
    Log1p,
    Log2p,
    Ln,
    Ln1p,
    Ln2p,
    Square,
    Sqrt,
    Reciprocal,
}

/// `gauss`, `exp`, `linear` over a numeric or date field. Values are as given: numbers, dates with math, intervals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decay {
    pub shape: DecayShape,
    pub field: String,
    #[serde(with = "crate::wire::json")]
    pub origin: Option<Value>,
    #[serde(with = "crate::wire::json")]
    pub scale: Value,
    #[serde(with = "crate::wire::json")]
    pub offset: Option<Value>,
    pub decay: f64,
    pub multi_value_mode: MultiValueMode,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DecayShape {
    Gauss,
    Exp,
    Linear,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MultiValueMode {
    Min,
    Max,
    Avg,
    Sum,
    Median,
}
