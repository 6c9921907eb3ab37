//! Token filters by type.

use super::chain::Prepared;
use super::{Limits, Settings};
use crate::error::AnalysisError;
use crate::filter::case::{Lowercase, Uppercase};
use crate::stream::Filter;

/// A token filter of this type; `None` for an unknown type.
pub(crate) fn build(
    kind: &str,
    _name: &str,
    _settings: &Settings,
    _limits: Limits,
) -> Result<Option<Prepared>, AnalysisError> {
    let filter = match kind {
        "lowercase" => Filter::term(Lowercase),
        "uppercase" => Filter::term(Uppercase),
        _ => return Ok(None),
    };
    Ok(Some(Prepared::Ready(filter)))
}

/// A token filter that needs no settings, by name.
pub(crate) fn builtin(name: &str) -> Result<Option<Prepared>, AnalysisError> {
    build(name, name, &Settings::default(), Limits::default())
}

/// May a normalizer use filters of this type?
pub(crate) fn keeps_one_value(kind: &str) -> bool {
    matches!(
        kind,
        "arabic_normalization"
            | "asciifolding"
            | "bengali_normalization"
            | "cjk_width"
            | "decimal_digit"
            | "elision"
            | "german_normalization"
            | "hindi_normalization"
            | "indic_normalization"
            | "lowercase"
            | "pattern_replace"
            | "persian_normalization"
            | "persian_stem"
            | "scandinavian_folding"
            | "scandinavian_normalization"
            | "serbian_normalization"
            | "sorani_normalization"
            | "trim"
            | "uppercase"
    )
}
