//! Analyzers: custom chains of the settings, configured built-in ones, and built-in ones as they are.

use super::chain::{Asker, Builder};
use super::{Limits, Parts, Settings, filters, tokenizers};
use crate::analyzer::{Analyzer, Named};
use crate::error::AnalysisError;

/// Positions between two values of a field, when nobody says.
const POSITION_GAP: usize = 100;

/// An analyzer of the settings; `None` when its definition is empty.
pub(crate) fn defined(parts: &Parts, name: &str, settings: &Settings) -> Result<Option<Analyzer>, AnalysisError> {
    if settings.is_empty() {
        return Ok(None);
    }
    match settings.text("type") {
        None if settings.text("tokenizer").is_none() => {
            Err(AnalysisError::MissingType { part: "analyzer", name: name.to_owned() })
        }
        None => custom(parts, name, settings).map(Some),
        Some(kind) if kind == "custom" => custom(parts, name, settings).map(Some),
        Some(kind) => {
            let missing = || AnalysisError::UnknownType { part: "analyzer", kind: kind.clone(), name: name.to_owned() };
            configured(&kind, name, settings)?.ok_or_else(missing).map(Some)
        }
    }
}

fn custom(parts: &Parts, name: &str, settings: &Settings) -> Result<Analyzer, AnalysisError> {
    let asker = Asker::Analyzer(name);
    let Some(tokenizer) = settings.text("tokenizer") else {
        return Err(AnalysisError::MissingTokenizer { name: name.to_owned() });
    };
    let stage = parts.tokenizer(&tokenizer, &asker)?;
    let mut char_filters = Vec::new();
    for used in settings.list("char_filter").unwrap_or_default() {
        let stage = parts.char_filter(&used, &asker)?;
        char_filters.push(Named::new(used, stage));
    }
    let mut builder = Builder::new(char_filters, Named::new(tokenizer, stage));
    for used in settings.list("filter").unwrap_or_default() {
        builder.add(&used, parts.filter(&used, &asker)?)?;
    }
    Ok(builder.finish(name, position_gap(settings)?))
}

fn position_gap(settings: &Settings) -> Result<u32, AnalysisError> {
    let gap = settings.size("position_increment_gap", POSITION_GAP)?;
    Ok(u32::try_from(gap).unwrap_or(u32::MAX))
}

/// A built-in analyzer as it is.
pub(crate) fn builtin(name: &str) -> Option<Analyzer> {
    configured(name, name, &Settings::default()).ok()?
}

/// A built-in analyzer with settings; `None` for an unknown type.
fn configured(kind: &str, name: &str, settings: &Settings) -> Result<Option<Analyzer>, AnalysisError> {
    let (tokenizer, used): (&str, &[&str]) = match kind {
        "standard" | "default" => ("standard", &["lowercase"]),
        "simple" => ("lowercase", &[]),
        "whitespace" => ("whitespace", &[]),
        "keyword" => ("keyword", &[]),
        _ => return Ok(None),
    };
    let missing = |part| AnalysisError::Unsupported { part, kind: kind.to_owned(), name: name.to_owned() };
    let stage = tokenizers::build(tokenizer, name, settings, Limits::default())?.ok_or_else(|| missing("tokenizer"))?;
    let mut builder = Builder::new(Vec::new(), Named::new(tokenizer, stage));
    for filter in used {
        builder.add(filter, filters::builtin(filter)?.ok_or_else(|| missing("filter"))?)?;
    }
    Ok(Some(builder.finish_builtin(name, position_gap(settings)?)))
}
