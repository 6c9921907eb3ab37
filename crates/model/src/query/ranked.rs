//! Full text as the search module of Redis finds and ranks it: a word counts wherever in a document it stands, in whichever field.
//!
//! Not here: how words are cut and stemmed (the dialect has done that), and the formulas of scores (those are the shards').

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::compound::Boolean;
use super::full_text::{Fuzziness, FuzzyOptions};
use super::term_level::{Fuzzy, Pattern, Term};
use super::{Kind, Query};

/// A query whose matches are scored by one formula over all fields of text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ranked {
    pub part: Part,
    pub scorer: Scorer,
    pub corpus: Corpus,
}

/// Where the words of a document lie.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Corpus {
    /// The field that holds the words of all texts: rarity and positions come from it.
    pub pool: String,
    /// The fields of text, each with how much one occurrence counts (at least 1).
    pub texts: Vec<(String, u32)>,
    /// Name of the sub-field of each of these that holds stems.
    pub stems: Option<String>,
    /// Name of the object that holds the stems of each of these under its name, in place of sub-fields.
    pub forms: Option<String>,
    /// Numeric fields of a document: how many words it has, how often its most frequent one occurs (both weighted), its own score.
    pub length: String,
    pub max_freq: String,
    pub score: String,
    /// Of documents that have no score of their own.
    pub default_score: f64,
}

/// The formulas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scorer {
    TfIdf,
    TfIdfDocNorm,
    Bm25,
    Bm25Std,
    DisMax,
    DocScore,
    /// Nobody wants scores.
    None,
}

/// A part of the query, with a factor on its score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    pub kind: PartKind,
    pub weight: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum PartKind {
    Everything,
    Nothing,
    /// A word or, with `stem`, a stem; found in `fields`, or in any text.
    Word {
        term: String,
        stem: bool,
        fields: Option<Vec<String>>,
    },
    /// The words or, with `stem`, the stems that a pattern accepts.
    Words {
        pattern: WordPattern,
        stem: bool,
        fields: Option<Vec<String>>,
    },
    /// A whole value of a field, which counts as a word of its rarity.
    Value {
        field: String,
        value: String,
    },
    /// Matches that count as one occurrence.
    Filter(Query),
    All(Vec<Part>, Option<Window>),
    Any(Vec<Part>),
    /// The first of them that is there stands for all.
    First(Vec<Part>),
    Not(Box<Part>),
    Optional(Box<Part>),
}

/// How near to each other words must stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Other words that may stand between them; `None`: any number.
    pub slop: Option<u32>,
    pub in_order: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WordPattern {
    Prefix(String),
    Suffix(String),
    Infix(String),
    /// `*`, `?`, `\`.
    Wildcard(String),
    /// Within so many edits, 1 to 3.
    Fuzzy(String, u8),
}

impl Part {
    pub fn new(kind: PartKind) -> Self {
        Self { kind, weight: 1.0 }
    }

    /// Whether words must stand near each other anywhere in it.
    pub fn has_windows(&self) -> bool {
        match &self.kind {
            PartKind::All(parts, window) => window.is_some() || parts.iter().any(Self::has_windows),
            PartKind::Any(parts) | PartKind::First(parts) => parts.iter().any(Self::has_windows),
            PartKind::Not(part) | PartKind::Optional(part) => part.has_windows(),
            _ => false,
        }
    }

    /// A query that finds at least what this part does; where words must stand near each other, more.
    pub fn candidates(&self, corpus: &Corpus) -> Query {
        match &self.kind {
            PartKind::Everything => Query::match_all(),
            PartKind::Nothing => Query::new(Kind::MatchNone),
            PartKind::Word { term, stem, fields } => {
                let terms = corpus.paths(fields.as_deref(), *stem).into_iter().map(|field| {
                    Query::new(Kind::Term(Term { field, value: Value::from(term.as_str()), case_insensitive: false }))
                });
                any(terms.collect())
            }
            PartKind::Words { pattern, stem, fields } => {
                any(corpus.paths(fields.as_deref(), *stem).into_iter().map(|field| pattern.query(field)).collect())
            }
            PartKind::Value { field, value } => Query::new(Kind::Term(Term {
                field: field.clone(),
                value: Value::from(value.as_str()),
                case_insensitive: false,
            })),
            PartKind::Filter(query) => query.clone(),
            PartKind::All(parts, _) => all(parts, corpus),
            PartKind::Any(parts) | PartKind::First(parts) => {
                any(parts.iter().map(|part| part.candidates(corpus)).collect())
            }
            PartKind::Not(part) if part.has_windows() => Query::match_all(),
            PartKind::Not(part) => without(vec![part.candidates(corpus)]),
            PartKind::Optional(_) => Query::match_all(),
        }
    }
}

impl Corpus {
    /// The fields that hold what is sought in `fields`, or in any text.
    pub fn paths(&self, fields: Option<&[String]>, stem: bool) -> Vec<String> {
        let path = |field: &str| match (&self.forms, &self.stems) {
            (Some(forms), _) if stem => format!("{forms}.{field}"),
            (None, Some(stems)) if stem => format!("{field}.{stems}"),
            _ => field.to_owned(),
        };
        match fields {
            None => vec![path(&self.pool)],
            Some(fields) => fields.iter().map(|field| path(field)).collect(),
        }
    }
}

fn filtered(filter: Vec<Query>, must_not: Vec<Query>) -> Query {
    Query::new(Kind::Bool(Boolean { filter, must_not, ..Boolean::default() }))
}

fn any(mut queries: Vec<Query>) -> Query {
    match queries.len() {
        0 => Query::new(Kind::MatchNone),
        1 => queries.remove(0),
        _ => {
            let either = Boolean { should: queries, ..Boolean::default() };
            filtered(vec![Query::new(Kind::Bool(either))], Vec::new())
        }
    }
}

fn without(must_not: Vec<Query>) -> Query {
    filtered(vec![Query::match_all()], must_not)
}

/// What is not wanted becomes a condition on the rest, so that only the rest is walked.
fn all(parts: &[Part], corpus: &Corpus) -> Query {
    let (mut filter, mut must_not) = (Vec::new(), Vec::new());
    for part in parts {
        match &part.kind {
            PartKind::Optional(_) | PartKind::Everything => {}
            PartKind::Not(inner) if !inner.has_windows() => must_not.push(inner.candidates(corpus)),
            PartKind::Not(_) => {}
            _ => filter.push(part.candidates(corpus)),
        }
    }
    match (filter.len(), must_not.is_empty()) {
        (0, true) => Query::match_all(),
        (0, false) => without(must_not),
        (1, true) => filter.remove(0),
        _ => filtered(filter, must_not),
    }
}

impl WordPattern {
    /// The pattern over the terms of one field.
    pub fn query(&self, field: String) -> Query {
        let plain = |pattern: String| Pattern {
            field: field.clone(),
            pattern,
            case_insensitive: false,
            rewrite: None,
            flags: None,
            max_determinized_states: 10_000,
        };
        Query::new(match self {
            Self::Prefix(text) => Kind::Prefix(plain(text.clone())),
            Self::Suffix(text) => Kind::Wildcard(plain(format!("*{}", literal(text)))),
            Self::Infix(text) => Kind::Wildcard(plain(format!("*{}*", literal(text)))),
            Self::Wildcard(pattern) => Kind::Wildcard(plain(pattern.clone())),
            Self::Fuzzy(text, edits) => Kind::Fuzzy(Fuzzy {
                field: field.clone(),
                value: Value::from(text.as_str()),
                fuzziness: Fuzziness::Edits(*edits),
                options: FuzzyOptions { transpositions: false, max_expansions: 200, ..FuzzyOptions::default() },
            }),
        })
    }
}

/// A text as a wildcard's pattern that means itself.
fn literal(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '*' | '?' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}
