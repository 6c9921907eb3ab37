//! Suggestions beside a search: words that may have been meant, phrases, and what an input may go on to.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::query::full_text::Fuzziness;
use crate::search::Hit;

/// One suggestion that is asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Suggestion {
    pub name: String,
    /// What suggestions are made of: a text, the beginning of an input, or a pattern.
    pub text: String,
    pub field: String,
    /// `None`: as the field says.
    pub analyzer: Option<String>,
    pub size: u32,
    pub shard_size: Option<u32>,
    pub kind: SuggestKind,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum SuggestKind {
    Term { speller: Speller, by_frequency: bool },
    Phrase(Box<PhraseSuggest>),
    Completion(CompletionSuggest),
}

impl SuggestKind {
    /// As in the query language, and in typed keys.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Term { .. } => "term",
            Self::Phrase(_) => "phrase",
            Self::Completion(_) => "completion",
        }
    }
}

/// Which words of the index are near enough to one to stand for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Speller {
    pub mode: SuggestMode,
    /// Least score.
    pub accuracy: f32,
    /// 1 or 2.
    pub max_edits: u8,
    /// How many times the wanted number of words are looked at.
    pub max_inspections: u32,
    /// Words in more documents (a number from 1 on, or a part of all) are taken to be right.
    pub max_term_freq: f32,
    pub prefix_length: u32,
    pub min_word_length: u32,
    /// Suggestions are in more documents (a number from 1 on, or a part of all).
    pub min_doc_freq: f32,
}

impl Default for Speller {
    fn default() -> Self {
        Self {
            mode: SuggestMode::Missing,
            accuracy: 0.5,
            max_edits: 2,
            max_inspections: 5,
            max_term_freq: 0.01,
            prefix_length: 1,
            min_word_length: 4,
            min_doc_freq: 0.0,
        }
    }
}

/// For which words there are suggestions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SuggestMode {
    /// Those that no document has.
    Missing,
    /// All; suggestions are in more documents.
    Popular,
    Always,
}

/// `phrase`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhraseSuggest {
    /// `None`: as the shingles of the field, or 1.
    pub gram_size: Option<u32>,
    /// How many words may be wrong: a number from 1 on, or a part of all.
    pub max_errors: f32,
    /// Suggestions score more than so many times what the text itself does.
    pub confidence: f64,
    /// How likely a word that there is is right.
    pub real_word_likelihood: f64,
    pub separator: String,
    /// Longer texts get no suggestions.
    pub token_limit: u32,
    pub smoothing: Smoothing,
    /// Tags around what has changed.
    pub highlight: Option<(String, String)>,
    /// Empty: one over the field itself.
    pub generators: Vec<CandidateGenerator>,
}

/// How a phrase that does not occur is weighed by its parts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Smoothing {
    StupidBackoff { discount: f64 },
    Laplace { alpha: f64 },
    Linear { unigram: f64, bigram: f64, trigram: f64 },
}

/// Where words come from that may stand for one of a phrase.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CandidateGenerator {
    pub field: String,
    pub size: u32,
    pub speller: Speller,
}

/// `completion`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CompletionSuggest {
    pub how: Completing,
    /// Of inputs that read alike one is shown.
    pub skip_duplicates: bool,
    /// By the names of contexts: which inputs are meant, as written. What it says depends on the field's contexts.
    pub contexts: Map<String, Value>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Completing {
    Prefix,
    Fuzzy { fuzziness: Fuzziness, transpositions: bool, min_length: u32, prefix_length: u32 },
    Regexp { flags: String, max_determinized_states: u32 },
}

/// The answer to one.
#[derive(Clone, Debug, PartialEq)]
pub struct Suggested {
    pub name: String,
    pub kind: &'static str,
    pub entries: Vec<SuggestEntry>,
}

/// What is suggested for one part of the text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SuggestEntry {
    pub text: String,
    /// In UTF-16 units.
    pub offset: u32,
    pub length: u32,
    pub options: Vec<SuggestOption>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct SuggestOption {
    pub text: String,
    pub score: f32,
    /// Of a word: how many documents have it.
    pub freq: Option<u64>,
    pub highlighted: Option<String>,
    /// Of a completion: the document.
    pub hit: Option<Box<Hit>>,
    /// Of a completion's contexts, as rendered.
    pub contexts: Option<Value>,
}
