//! Why an analyzer cannot be built. The messages are those of OpenSearch, because clients match them.

/// A mistake in the `analysis` settings of an index or in an `_analyze` request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnalysisError {
    /// `_analyze` names a component that does not exist. `part` is `analyzer`, `tokenizer`, `filter` or `char_filter`.
    #[error("failed to find global {part} {}[{name}]", if *.part == "analyzer" { "" } else { "under " })]
    NotFound { part: &'static str, name: String },
    /// A custom analyzer or normalizer names a component that does not exist. `owner` is `Analyzer` or `normalizer`.
    #[error("Custom {owner} [{name}] failed to find {part} under name [{missing}]")]
    PartNotFound { owner: &'static str, name: String, part: &'static str, missing: String },
    #[error("Unknown {part} type [{kind}] for [{name}]")]
    UnknownType { part: &'static str, kind: String, name: String },
    #[error("{part} [{name}] must specify either an analyzer type, or a tokenizer")]
    MissingType { part: &'static str, name: String },
    #[error("Missing [type] setting for anonymous {part}: {definition}")]
    MissingAnonymousType { part: &'static str, definition: String },
    #[error("Custom Analyzer [{name}] must be configured with a tokenizer")]
    MissingTokenizer { name: String },
    #[error("Custom normalizer [{name}] may not use {} [{used}]", part.replace('_', " "))]
    NotForNormalizer { name: String, part: &'static str, used: String },
    /// Of a request that gives filters without a tokenizer.
    #[error("Custom normalizer may not use filter [{filter}]")]
    NotForAnonymousNormalizer { filter: String },
    #[error("Custom normalizer [{name}] cannot configure a tokenizer")]
    NormalizerWithTokenizer { name: String },
    /// A setting has the wrong form; `reason` is OpenSearch's sentence about it.
    #[error("{reason}")]
    Setting { reason: String },
    /// `stemmer` or `snowball` of a language that nobody has; `name` begins with a capital.
    #[error("Invalid stemmer class specified: {name}")]
    NoStemmer { name: String },
    /// A setting that a component refuses only where it is used.
    #[error("{reason}")]
    Use { reason: String },
    /// A rule inside a setting cannot be read.
    #[error("{reason}")]
    Runtime { reason: String },
    /// The settings are not laid out as groups of components.
    #[error(
        "Failed to get setting group for [index.analysis.{part}.] setting prefix and setting [index.analysis.{part}.{name}] because \
         of a missing '.'"
    )]
    NotAGroup { part: &'static str, name: String },
    /// A setting cannot be read as what it must be.
    #[error("Failed to parse {expected} setting [{setting}] with value [{value}]")]
    Unreadable { expected: &'static str, setting: String, value: String },
    /// A regular expression cannot be compiled.
    #[error("{reason}\n{pattern}")]
    Pattern { pattern: String, reason: String },
    /// The program lacks the component; it says so rather than analyze differently from OpenSearch.
    #[error("{part} type [{kind}] for [{name}] is not supported yet")]
    Unsupported { part: &'static str, kind: String, name: String },
    /// A synonym or mapping rule cannot be understood.
    #[error("{reason}")]
    Rule { reason: &'static str, rule: String },
}

impl AnalysisError {
    /// The `type` under which OpenSearch reports this.
    pub fn kind(&self) -> &'static str {
        match self {
            AnalysisError::Unreadable { .. } | AnalysisError::NotAGroup { .. } => "settings_exception",
            AnalysisError::Runtime { .. } => "runtime_exception",
            AnalysisError::Pattern { .. } => "pattern_syntax_exception",
            _ => "illegal_argument_exception",
        }
    }

    /// The class that OpenSearch did not find, which it names as the cause.
    pub fn missing_class(&self) -> Option<String> {
        match self {
            AnalysisError::NoStemmer { name } => Some(format!("org.tartarus.snowball.ext.{name}Stemmer")),
            _ => None,
        }
    }

    /// An error of [`AnalysisError::Use`] with this sentence.
    pub(crate) fn at_use(reason: impl Into<String>) -> Self {
        AnalysisError::Use { reason: reason.into() }
    }

    /// An error of [`AnalysisError::Runtime`] with this sentence.
    pub(crate) fn runtime(reason: impl Into<String>) -> Self {
        AnalysisError::Runtime { reason: reason.into() }
    }

    /// An error of [`AnalysisError::Setting`] with this sentence.
    pub(crate) fn setting(reason: impl Into<String>) -> Self {
        AnalysisError::Setting { reason: reason.into() }
    }
}
