//! Keyword fields' little analyzer: the whole value is one token.

use std::borrow::Cow;
use std::sync::Arc;

use crate::analyzer::Analyzer;

/// Turns the value of a keyword field into the form that is indexed and compared. Cloning shares it.
#[derive(Clone)]
pub struct Normalizer {
    name: Arc<str>,
    analyzer: Analyzer,
}

/// A chain that did not give exactly one token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NormalizeError {
    #[error(
        "The normalization token stream is expected to produce exactly 1 token, but got 0 for analyzer {normalizer} and input \"{value}\""
    )]
    NoToken { normalizer: String, value: String },
    #[error(
        "The normalization token stream is expected to produce exactly 1 token, but got 2+ for analyzer {normalizer} and input \"{value}\""
    )]
    ManyTokens { normalizer: String, value: String },
}

impl std::fmt::Debug for Normalizer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Normalizer").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Normalizer {
    pub(crate) fn new(name: &str, analyzer: Analyzer) -> Self {
        Normalizer { name: name.into(), analyzer }
    }

    /// The name under which the registry knows it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The chain as an analyzer, for `_analyze`.
    pub fn as_analyzer(&self) -> &Analyzer {
        &self.analyzer
    }

    /// The normalized value.
    ///
    /// # Errors
    /// When the chain drops the value or makes several of it.
    pub fn normalize<'a>(&self, value: &'a str) -> Result<Cow<'a, str>, NormalizeError> {
        let mut result: Option<String> = None;
        let mut count = 0usize;
        self.analyzer.each(value, &mut |term, _| {
            count += 1;
            if count == 1 {
                result = Some(term.to_owned());
            }
        });
        match (count, result) {
            (1, Some(text)) if text == value => Ok(Cow::Borrowed(value)),
            (1, Some(text)) => Ok(Cow::Owned(text)),
            (0, _) => Err(NormalizeError::NoToken { normalizer: self.name.to_string(), value: value.to_owned() }),
            _ => Err(NormalizeError::ManyTokens { normalizer: self.name.to_string(), value: value.to_owned() }),
        }
    }
}
