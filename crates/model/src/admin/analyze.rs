//! `_analyze`: a text, and the tokens that are made of it.

use serde_json::{Map, Value};

/// `_analyze`, on an index or without one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AnalyzeRequest {
    pub index: Option<String>,
    pub text: Vec<String>,
    pub analyzer: Option<String>,
    pub normalizer: Option<String>,
    pub field: Option<String>,
    /// Names or inline definitions.
    pub tokenizer: Option<Value>,
    pub filters: Vec<Value>,
    pub char_filters: Vec<Value>,
    pub explain: bool,
    pub attributes: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum AnalyzeResponse {
    Tokens(Vec<AnalyzedToken>),
    /// `explain`: what each stage made. `custom`: a chain rather than one named analyzer.
    Stages {
        custom: bool,
        char_filters: Vec<(String, Vec<String>)>,
        tokenizer: Option<AnalyzedStage>,
        filters: Vec<AnalyzedStage>,
        analyzer: Option<AnalyzedStage>,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub struct AnalyzedStage {
    pub name: String,
    pub tokens: Vec<AnalyzedToken>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct AnalyzedToken {
    pub token: String,
    /// UTF-16 code units in the text (texts of a list lie one behind the other).
    pub start_offset: u32,
    pub end_offset: u32,
    pub kind: String,
    pub position: u32,
    pub position_length: u32,
    /// `explain` only: `keyword`, `bytes` .. of the stage, by name.
    pub attributes: Map<String, Value>,
}
