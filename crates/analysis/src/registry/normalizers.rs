//! Normalizers: a chain without a tokenizer, of filters that keep a value one value.

use std::sync::Arc;

use super::chain::{Asker, Builder};
use super::{Parts, Settings, filters};
use crate::analyzer::Named;
use crate::error::AnalysisError;
use crate::normalizer::Normalizer;
use crate::stream::Tokenizer;
use crate::tokenizer::keyword::Keyword;

/// The normalizer that every index has.
pub(crate) fn builtin(name: &str) -> Option<Normalizer> {
    if name != "lowercase" {
        return None;
    }
    let mut builder = Builder::new(Vec::new(), keyword());
    let lowercase = filters::builtin("lowercase").ok()??;
    builder.add("lowercase", "lowercase", lowercase).ok()?;
    Some(Normalizer::new(name, builder.finish(name, 0)))
}

/// A normalizer of the settings.
pub(crate) fn defined(parts: &Parts, name: &str, settings: &Settings) -> Result<Normalizer, AnalysisError> {
    match settings.text("type").as_deref() {
        None | Some("custom") => {}
        Some("lowercase") => {
            return builtin("lowercase").ok_or_else(|| AnalysisError::UnknownType {
                part: "normalizer",
                kind: String::from("lowercase"),
                name: name.to_owned(),
            });
        }
        Some(kind) => {
            return Err(AnalysisError::UnknownType {
                part: "normalizer",
                kind: kind.to_owned(),
                name: name.to_owned(),
            });
        }
    }
    if settings.text("tokenizer").is_some() {
        return Err(AnalysisError::NormalizerWithTokenizer { name: name.to_owned() });
    }
    let mut char_filters = Vec::new();
    for used in settings.list("char_filter").unwrap_or_default() {
        let asker = Asker::Analyzer(name);
        let stage = parts.char_filter(&used, &asker).map_err(|error| match error {
            AnalysisError::PartNotFound { name, part, missing, .. } => {
                AnalysisError::PartNotFound { owner: "normalizer", name, part, missing }
            }
            other => other,
        })?;
        let kind = parts.char_filters.get(&used).and_then(|settings| settings.text("type"));
        if !matches!(kind.as_deref().unwrap_or(&used), "mapping" | "pattern_replace") {
            return Err(AnalysisError::NotForNormalizer { name: name.to_owned(), part: "char_filter", used });
        }
        char_filters.push(Named::new(used, stage));
    }
    let mut builder = Builder::new(char_filters, keyword());
    for used in settings.list("filter").unwrap_or_default() {
        let prepared = parts.filter(&used, &Asker::Analyzer(name))?;
        let kind = parts.filter_kind(&used);
        if !filters::keeps_one_value(&kind) {
            return Err(AnalysisError::NotForNormalizer { name: name.to_owned(), part: "filter", used });
        }
        builder.add(&used, &kind, prepared)?;
    }
    Ok(Normalizer::new(name, builder.finish(name, 0)))
}

fn keyword() -> Named<Arc<dyn Tokenizer>> {
    Named::new("keyword", Arc::new(Keyword))
}
