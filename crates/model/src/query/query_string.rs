//! `query_string` and `simple_query_string`: a small language in a string, parsed by the dialect, bound like any query.

use super::full_text::{Fuzziness, FuzzyOptions, MultiMatchKind, Operator};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QueryString {
    pub syntax: Clause,
    /// Fields for words without one, with factors; empty: the index' `query.default_field`.
    pub fields: Vec<(String, f32)>,
    pub options: StringOptions,
    pub kind: MultiMatchKind,
    pub tie_breaker: Option<f32>,
    pub phrase_slop: u32,
    pub fuzziness: Fuzziness,
    pub fuzzy: FuzzyOptions,
    pub quote_analyzer: Option<String>,
    pub quote_field_suffix: Option<String>,
    pub time_zone: Option<String>,
    pub analyze_wildcard: bool,
    pub rewrite: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SimpleQueryString {
    pub syntax: Clause,
    pub fields: Vec<(String, f32)>,
    pub options: StringOptions,
    pub fuzzy: FuzzyOptions,
    pub quote_field_suffix: Option<String>,
    pub analyze_wildcard: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StringOptions {
    pub default_operator: Operator,
    pub analyzer: Option<String>,
    /// `None`: false, but true when the fields are the default ones (`*`).
    pub lenient: Option<bool>,
    pub minimum_should_match: Option<String>,
    pub auto_generate_synonyms_phrase_query: bool,
}

/// The parsed string. Groups nest at most as deep as the parser's limit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Clause {
    /// Matches nothing (an empty string).
    Empty,
    /// Every document (`*:*`, `*`).
    All,
    Group(Vec<(Occur, Clause)>),
    Boosted(Box<Clause>, f32),
    /// Everything below is about this field (or field pattern).
    Field(String, Box<Clause>),
    /// Words to be analysed together (no operator stood between them). Escapes are resolved.
    Text(String),
    Phrase {
        text: String,
        slop: Option<u32>,
    },
    Fuzzy {
        text: String,
        edits: Option<Fuzziness>,
    },
    Prefix(String),
    /// Escapes kept as `\x`.
    Wildcard(String),
    Regexp(String),
    Range {
        lower: Option<RangeEnd>,
        upper: Option<RangeEnd>,
    },
    /// `_exists_:field`, or `field:*`.
    Exists(String),
}

impl Clause {
    /// Whether something is sought in it without saying where.
    pub fn is_bare(&self) -> bool {
        match self {
            Self::Empty | Self::All | Self::Field(..) | Self::Exists(_) => false,
            Self::Group(members) => members.iter().any(|(_, member)| member.is_bare()),
            Self::Boosted(inner, _) => inner.is_bare(),
            _ => true,
        }
    }
}

/// One end of a range: its text and whether it is inside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RangeEnd {
    pub text: String,
    pub inclusive: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Occur {
    Should,
    Must,
    MustNot,
}
