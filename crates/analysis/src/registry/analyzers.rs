//! Analyzers: custom chains of the settings, configured built-in ones, and built-in ones as they are.

use std::sync::Arc;

use super::chain::{Asker, Builder, Prepared};
use super::filters::turkish_lowercase;
use super::languages::{self, Step};
use super::{Limits, Parts, Settings, filters, tokenizers};
use crate::analyzer::{Analyzer, Named};
use crate::char_filter::mapping::Mapping;
use crate::error::AnalysisError;
use crate::filter::case::Lowercase;
use crate::filter::fold::{AsciiFolding, Map};
use crate::filter::stem;
use crate::filter::term::{Elision, KeywordMarker, StemmerOverride, Stop};
use crate::filter::words::{self, Words, expand};
use crate::stream::{CharFilter, Filter};

/// Positions between two values of a field, when nobody says.
pub(super) const POSITION_GAP: usize = 100;

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
        builder.add(&used, &parts.filter_kind(&used), parts.filter(&used, &asker)?)?;
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
    settings.no_files()?;
    let limits = Limits::default();
    let missing = || AnalysisError::Unsupported { part: "analyzer", kind: kind.to_owned(), name: name.to_owned() };
    let tokenizer = match kind {
        "simple" | "stop" => "lowercase",
        "whitespace" => "whitespace",
        "keyword" => "keyword",
        "pattern" => "pattern",
        "standard" | "default" | "fingerprint" | "snowball" | "chinese" => "standard",
        _ if languages::steps(kind).is_some() => "standard",
        _ if languages::MISSING.contains(&kind) => return Err(missing()),
        _ => return Ok(None),
    };
    let stage = tokenizers::build(tokenizer, name, settings, limits)?.ok_or_else(missing)?;
    let mut builder = Builder::new(before(kind), Named::new(tokenizer, stage));
    let lowercase = if kind == "pattern" {
        settings.bool("lowercase", true)?
    } else {
        matches!(kind, "standard" | "default" | "fingerprint" | "snowball" | "chinese")
    };
    if lowercase {
        add(&mut builder, Filter::term(Lowercase))?;
    }
    match kind {
        "standard" | "default" | "pattern" => {
            // Without words the filter would only cost time.
            if settings.list("stopwords").is_some_and(|items| !Words::new(expand(&items), false).is_empty()) {
                add(&mut builder, stop(settings, "_none_")?)?;
            }
        }
        "stop" | "chinese" => add(&mut builder, stop(settings, "_english_")?)?,
        "snowball" => {
            // Other languages have stop words of their own here.
            if settings.text("language").is_some_and(|language| language != "English") {
                return Err(missing());
            }
            add(&mut builder, stop(settings, "_english_")?)?;
            add(&mut builder, stem::snowball_by_name("english").ok_or_else(missing)?)?;
        }
        "fingerprint" => {
            add(&mut builder, Filter::term(AsciiFolding::new()))?;
            add(&mut builder, stop(settings, "_none_")?)?;
            builder.add(
                "fingerprint",
                "fingerprint",
                filters::build("fingerprint", name, settings, limits)?.ok_or_else(missing)?,
            )?;
        }
        _ => {
            for step in languages::steps(kind).unwrap_or_default() {
                add(&mut builder, language_step(kind, *step, settings)?.ok_or_else(missing)?)?;
            }
        }
    }
    Ok(Some(builder.finish_builtin(name, position_gap(settings)?)))
}

/// What changes the text before it is cut: in Persian a non-joiner parts words.
fn before(kind: &str) -> Vec<Named<Arc<dyn CharFilter>>> {
    if kind != "persian" {
        return Vec::new();
    }
    let apart: Arc<dyn CharFilter> = Arc::new(Mapping::new([("\u{200c}".to_owned(), " ".to_owned())]));
    vec![Named::new("", apart)]
}

fn add(builder: &mut Builder, filter: Filter) -> Result<(), AnalysisError> {
    builder.add("", "", Prepared::Ready(filter))
}

/// The stop words of the setting, or those of a language; nothing is dropped when there are none.
fn stop(settings: &Settings, default: &str) -> Result<Filter, AnalysisError> {
    let items = settings.list("stopwords").unwrap_or_else(|| vec![default.to_owned()]);
    let words = Words::new(expand(&items), settings.bool("stopwords_case", false)?);
    Ok(Filter::term(Stop { words }))
}

/// The filter of one step; `None` when this program has not got it.
fn language_step(language: &str, step: Step, settings: &Settings) -> Result<Option<Filter>, AnalysisError> {
    let ready = |prepared: Option<Prepared>| match prepared {
        Some(Prepared::Ready(filter)) => Some(filter),
        _ => None,
    };
    Ok(match step {
        Step::Filter(name) => ready(filters::builtin(name)?),
        Step::Lowercase("greek") => Some(Filter::term(Map::any(stem::greek_lowercase))),
        Step::Lowercase("irish") => Some(Filter::term(Map::any(stem::irish_lowercase))),
        Step::Lowercase(_) => Some(Filter::term(Map::any(turkish_lowercase))),
        Step::Elision(articles) => {
            let articles = Words::new(articles.iter().map(|article| (*article).to_owned()), true);
            Some(Filter::term(Elision { articles }))
        }
        Step::Drop(dropped) => {
            let words = Words::new(dropped.iter().map(|word| (*word).to_owned()), true);
            Some(Filter::term(Stop { words }))
        }
        Step::Stop if language == "cjk" => {
            let default = || words::CJK.lines().map(str::to_owned).collect();
            let items = settings.list("stopwords").map_or_else(default, |items| expand(&items));
            Some(Filter::term(Stop { words: Words::new(items, settings.bool("stopwords_case", false)?) }))
        }
        Step::Stop => Some(stop(settings, &format!("_{language}_"))?),
        Step::Exclusion => {
            let words = Words::new(expand(&settings.list("stem_exclusion").unwrap_or_default()), false);
            Some(Filter::term(KeywordMarker { words, pattern: None }))
        }
        Step::Override(stems) => {
            let stems = stems.iter().map(|(word, stem)| ((*word).to_owned(), (*stem).to_owned())).collect();
            Some(Filter::term(StemmerOverride { stems }))
        }
        Step::Stem(name) => stem::by_name(name),
    })
}
