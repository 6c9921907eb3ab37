//! `intervals`: where words stand, by rules.

use serde::{Deserialize, Serialize};

use super::Query;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Intervals {
    pub field: String,
    pub source: Source,
}

/// A rule: which stretches of words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Source {
    pub rule: Rule,
    pub filter: Option<Box<Filter>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Rule {
    /// The words of a text.
    Match {
        query: String,
        together: Together,
        analyzer: Option<String>,
        use_field: Option<String>,
    },
    AllOf {
        intervals: Vec<Source>,
        together: Together,
    },
    AnyOf(Vec<Source>),
    /// Words that a pattern accepts: `prefix`, `wildcard`, `regexp` or `fuzzy`, its field filled in.
    Words {
        query: Box<Query>,
        use_field: Option<String>,
        max_expansions: Option<u32>,
    },
}

/// How parts of a stretch stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Together {
    pub ordered: bool,
    /// They do not share words.
    pub apart: bool,
    /// Words between them, at most; `None`: any number.
    pub max_gaps: Option<u32>,
}

/// Only those that stand so to others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Filter {
    /// As in the request.
    pub relation: String,
    pub source: Source,
}
