//! Char filters by type.

use std::sync::Arc;

use super::Settings;
use crate::char_filter::html::HtmlStrip;
use crate::char_filter::mapping::{Mapping, PatternReplace};
use crate::error::AnalysisError;
use crate::pattern;
use crate::stream::CharFilter;

/// A char filter of this type; `None` for an unknown type.
pub(crate) fn build(kind: &str, name: &str, settings: &Settings) -> Result<Option<Arc<dyn CharFilter>>, AnalysisError> {
    settings.no_files()?;
    let filter: Arc<dyn CharFilter> = match kind {
        "html_strip" | "htmlStrip" => Arc::new(HtmlStrip::new(settings.list("escaped_tags").unwrap_or_default())),
        "mapping" => Arc::new(mapping(settings)?),
        "pattern_replace" => Arc::new(pattern_replace(name, settings)?),
        _ => return Ok(None),
    };
    Ok(Some(filter))
}

/// A char filter that needs no settings, by name.
pub(crate) fn builtin(name: &str) -> Result<Option<Arc<dyn CharFilter>>, AnalysisError> {
    match name {
        "html_strip" => build(name, name, &Settings::default()),
        _ => Ok(None),
    }
}

/// Is it a type that cannot be used without settings?
pub(crate) fn needs_settings(name: &str) -> bool {
    matches!(name, "mapping" | "pattern_replace")
}

fn mapping(settings: &Settings) -> Result<Mapping, AnalysisError> {
    let Some(rules) = settings.list("mappings") else {
        return Err(AnalysisError::setting("mapping requires either `mappings` or `mappings_path` to be configured"));
    };
    let mut pairs = Vec::with_capacity(rules.len());
    for (rule, number) in rules.iter().zip(1..) {
        let bad = || AnalysisError::runtime(format!("Line [{number}]: Invalid mapping rule : [{rule}]"));
        let (from, to) = rule.rsplit_once("=>").ok_or_else(bad)?;
        let (from, to) = (unescape(from.trim()).ok_or_else(bad)?, unescape(to.trim()).ok_or_else(bad)?);
        if from.is_empty() || pairs.iter().any(|(known, _)| *known == from) {
            return Err(bad());
        }
        pairs.push((from, to));
    }
    Ok(Mapping::new(pairs))
}

/// A side of a mapping with its escapes written out; `None` for a bad one.
fn unescape(side: &str) -> Option<String> {
    let mut text = String::with_capacity(side.len());
    let mut chars = side.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        text.push(match chars.next()? {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'u' => {
                let digits: String = chars.by_ref().take(4).collect();
                char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?
            }
            other => other,
        });
    }
    Some(text)
}

fn pattern_replace(name: &str, settings: &Settings) -> Result<PatternReplace, AnalysisError> {
    let Some(written) = settings.text("pattern") else {
        return Err(AnalysisError::setting(format!(
            "pattern is missing for [{name}] char filter of type 'pattern_replace'"
        )));
    };
    let pattern = pattern::compile(&written, settings.text("flags").as_deref())?;
    let replacement = pattern::replacement(&settings.text("replacement").unwrap_or_default());
    Ok(PatternReplace { pattern, replacement })
}
