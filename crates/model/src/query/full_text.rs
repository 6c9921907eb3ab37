//! Queries whose text is analysed as the field's is.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `match` and `match_bool_prefix`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Match {
    pub field: String,
    /// A string, number or boolean.
    #[serde(with = "crate::wire::json")]
    pub text: Value,
    pub options: MatchOptions,
}

/// What the analysed queries share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MatchOptions {
    pub operator: Operator,
    pub minimum_should_match: Option<String>,
    pub analyzer: Option<String>,
    /// Unanalysable values match nothing instead of failing; `None`: where all fields are asked.
    pub lenient: Option<bool>,
    pub fuzziness: Option<Fuzziness>,
    pub fuzzy: FuzzyOptions,
    pub zero_terms: ZeroTerms,
    /// Multi-word synonyms match as phrases.
    pub auto_generate_synonyms_phrase_query: bool,
    /// `slop` of phrase forms.
    pub slop: u32,
    /// Words in more documents than this (from 1 on: a number; below: a share) only add to the score of what the others match.
    pub cutoff_frequency: Option<f32>,
}

impl Default for MatchOptions {
    fn default() -> Self {
        Self {
            operator: Operator::Or,
            minimum_should_match: None,
            analyzer: None,
            lenient: None,
            fuzziness: None,
            fuzzy: FuzzyOptions::default(),
            zero_terms: ZeroTerms::None,
            auto_generate_synonyms_phrase_query: true,
            slop: 0,
            cutoff_frequency: None,
        }
    }
}

/// `common`: rare words are sought, frequent ones add to the score of what those match.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ByFrequency {
    pub field: String,
    pub text: String,
    pub analyzer: Option<String>,
    /// As [`MatchOptions::cutoff_frequency`].
    pub cutoff_frequency: f32,
    pub low_freq: Frequency,
    pub high_freq: Frequency,
}

/// How words that are alike in frequency are put together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frequency {
    pub operator: Operator,
    pub minimum_should_match: Option<String>,
}

/// `combined_fields`: several fields that count as one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CombinedFields {
    pub text: String,
    /// Names or patterns, and how often a word of the field counts.
    pub fields: Vec<(String, f32)>,
    pub operator: Operator,
    pub minimum_should_match: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operator {
    Or,
    And,
}

/// What a text without any token matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ZeroTerms {
    None,
    All,
}

/// Permitted edits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Fuzziness {
    /// 0 below `low` characters, 1 below `high`, 2 from there on (default 3 and 6).
    Auto { low: u32, high: u32 },
    /// 0, 1 or 2.
    Edits(u8),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FuzzyOptions {
    pub prefix_length: u32,
    pub max_expansions: u32,
    pub transpositions: bool,
    pub rewrite: Option<String>,
}

impl Default for FuzzyOptions {
    fn default() -> Self {
        Self { prefix_length: 0, max_expansions: 50, transpositions: true, rewrite: None }
    }
}

/// `match_phrase` and `match_phrase_prefix`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MatchPhrase {
    pub field: String,
    #[serde(with = "crate::wire::json")]
    pub text: Value,
    pub slop: u32,
    pub analyzer: Option<String>,
    pub zero_terms: ZeroTerms,
    /// Expansions of the last word (`match_phrase_prefix`).
    pub max_expansions: u32,
}

/// `multi_match`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MultiMatch {
    #[serde(with = "crate::wire::json")]
    pub text: Value,
    /// Names or patterns with their factors; empty: the index' `query.default_field`.
    pub fields: Vec<(String, f32)>,
    pub kind: MultiMatchKind,
    /// Share of the scores of the fields that are not the best; `None`: the kind's default.
    pub tie_breaker: Option<f32>,
    pub options: MatchOptions,
    pub max_expansions: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MultiMatchKind {
    BestFields,
    MostFields,
    CrossFields,
    Phrase,
    PhrasePrefix,
    BoolPrefix,
}
