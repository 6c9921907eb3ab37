//! Tokenizers by type.

use std::sync::Arc;

use super::{Limits, Settings};
use crate::error::AnalysisError;
use crate::stream::Tokenizer;
use crate::tokenizer::keyword::Keyword;
use crate::tokenizer::letters::Runs;
use crate::tokenizer::standard::{MAX_TOKEN_LENGTH, Standard};
use crate::unicode::{is_letter, is_whitespace};

/// A tokenizer of this type; `None` for an unknown type.
pub(crate) fn build(
    kind: &str,
    _name: &str,
    settings: &Settings,
    _limits: Limits,
) -> Result<Option<Arc<dyn Tokenizer>>, AnalysisError> {
    let max_token_length = settings.size("max_token_length", MAX_TOKEN_LENGTH)?;
    let tokenizer: Arc<dyn Tokenizer> = match kind {
        "standard" => Arc::new(Standard::new(max_token_length)),
        "keyword" => Arc::new(Keyword),
        "letter" => Arc::new(Runs::new(MAX_TOKEN_LENGTH, is_letter)),
        "lowercase" => Arc::new(Runs::new(MAX_TOKEN_LENGTH, is_letter).lowercased()),
        "whitespace" => Arc::new(Runs::new(max_token_length, |c| !is_whitespace(c))),
        _ => return Ok(None),
    };
    Ok(Some(tokenizer))
}

/// A tokenizer that needs no settings, by name.
pub(crate) fn builtin(name: &str) -> Result<Option<Arc<dyn Tokenizer>>, AnalysisError> {
    build(name, name, &Settings::default(), Limits::default())
}
