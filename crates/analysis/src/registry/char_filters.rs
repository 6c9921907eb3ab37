//! Char filters by type.

use std::sync::Arc;

use super::Settings;
use crate::error::AnalysisError;
use crate::stream::CharFilter;

/// A char filter of this type; `None` for an unknown type.
pub(crate) fn build(
    _kind: &str,
    _name: &str,
    _settings: &Settings,
) -> Result<Option<Arc<dyn CharFilter>>, AnalysisError> {
    Ok(None)
}

/// A char filter that needs no settings, by name.
pub(crate) fn builtin(name: &str) -> Result<Option<Arc<dyn CharFilter>>, AnalysisError> {
    build(name, name, &Settings::default())
}
