//! The settings of filters that look at one token at a time.

use crate::error::AnalysisError;
use crate::filter::case::{self, Lowercase};
use crate::filter::fold::{AsciiFolding, FoldingBeside, Map};
use crate::filter::words::{Words, expand};
use crate::filter::{stem, term, whole};
use crate::pattern;
use crate::registry::{Settings, languages};
use crate::stream::Filter;

/// Filters of one token at a time, with settings.
pub(super) fn build(kind: &str, name: &str, settings: &Settings) -> Result<Option<Filter>, AnalysisError> {
    let filter = match kind {
        "lowercase" => match settings.text("language").as_deref() {
            None => Filter::term(Lowercase),
            Some("turkish") => Filter::term(Map::any(turkish_lowercase)),
            Some("greek") => Filter::term(Map::any(stem::greek_lowercase)),
            Some("irish") => Filter::term(Map::any(stem::irish_lowercase)),
            Some(other) => {
                return Err(AnalysisError::setting(format!("language [{other}] not support for lower case")));
            }
        },
        "asciifolding" => {
            if settings.bool("preserve_original", false)? {
                Filter::stream(FoldingBeside(AsciiFolding::new()))
            } else {
                Filter::term(AsciiFolding::new())
            }
        }
        "stop" => stop(settings)?,
        "length" => {
            let (min, max) = (settings.size("min", 0)?, settings.size("max", i32::MAX as usize)?);
            if min > max {
                return Err(AnalysisError::at_use("maximum length must not be greater than minimum length"));
            }
            Filter::term(term::Length { min, max })
        }
        "truncate" => {
            let length = settings.int("length", 10)?;
            let length = usize::try_from(length).ok().filter(|length| *length > 0);
            let length = length.ok_or_else(|| AnalysisError::setting("length parameter must be provided"))?;
            Filter::term(term::Truncate { length })
        }
        "elision" => elision(settings)?,
        "keyword_marker" => keyword_marker(settings)?,
        "keep" => {
            if settings.list("keep_words").is_none() {
                return Err(AnalysisError::setting(
                    "keep requires either `keep_words` or `keep_words_path` to be configured",
                ));
            }
            let words =
                Words::new(settings.list("keep_words").unwrap_or_default(), settings.bool("keep_words_case", false)?);
            Filter::term(term::Keep { words })
        }
        "keep_types" => keep_types(settings)?,
        "stemmer_override" => stemmer_override(settings)?,
        "pattern_replace" => {
            let written = settings.text("pattern").ok_or_else(|| {
                AnalysisError::setting(format!(
                    "pattern is missing for [{name}] token filter of type 'pattern_replace'"
                ))
            })?;
            Filter::term(term::PatternReplace {
                pattern: pattern::compile(&written, settings.text("flags").as_deref())?,
                replacement: pattern::replacement(&settings.text("replacement").unwrap_or_default()),
                all: settings.bool("all", true)?,
            })
        }
        _ => return Ok(None),
    };
    Ok(Some(filter))
}

fn elision(settings: &Settings) -> Result<Filter, AnalysisError> {
    let articles = match settings.list("articles") {
        Some(articles) => Words::new(articles, settings.bool("articles_case", false)?),
        None if settings.is_empty() => {
            Words::new(languages::FRENCH_ARTICLES.iter().map(|word| (*word).to_owned()), true)
        }
        None => {
            return Err(AnalysisError::setting("elision filter requires [articles] or [articles_path] setting"));
        }
    };
    Ok(Filter::term(term::Elision { articles }))
}

fn keyword_marker(settings: &Settings) -> Result<Filter, AnalysisError> {
    let keywords = settings.list("keywords");
    let pattern = settings.text("keywords_pattern");
    match (&keywords, &pattern) {
        (None, None) => {
            return Err(AnalysisError::setting(
                "keyword filter requires either `keywords`, `keywords_path`, or `keywords_pattern` to be configured",
            ));
        }
        (Some(_), Some(_)) => {
            return Err(AnalysisError::setting(
                "cannot specify both `keywords_pattern` and `keywords` or `keywords_path`",
            ));
        }
        _ => {}
    }
    let pattern = pattern.map(|written| pattern::compile(&written, None)).transpose()?;
    let words = Words::new(keywords.unwrap_or_default(), settings.bool("ignore_case", false)?);
    Ok(Filter::term(term::KeywordMarker { words, pattern }))
}

fn keep_types(settings: &Settings) -> Result<Filter, AnalysisError> {
    let Some(types) = settings.list("types").filter(|types| !types.is_empty()) else {
        return Err(AnalysisError::setting("keep_types requires `types` to be configured"));
    };
    let include = match settings.text("mode").as_deref() {
        None | Some("include") => true,
        Some("exclude") => false,
        Some(other) => {
            return Err(AnalysisError::setting(format!(
                "`keep_types` tokenfilter mode can only be [include] or [exclude] but was [{other}]."
            )));
        }
    };
    Ok(Filter::term(term::KeepTypes { types, include }))
}

fn stemmer_override(settings: &Settings) -> Result<Filter, AnalysisError> {
    let Some(rules) = settings.list("rules") else {
        return Err(AnalysisError::setting(
            "stemmer override filter requires either `rules` or `rules_path` to be configured",
        ));
    };
    let mut stems = std::collections::HashMap::new();
    for (rule, line) in rules.iter().zip(1..) {
        let bad = || AnalysisError::runtime(format!("Line [{line}]: Invalid keyword override rule: {rule}"));
        let (words, stem) = rule.split_once("=>").ok_or_else(bad)?;
        let stem = stem.trim();
        if stem.is_empty() || stem.contains("=>") || stem.contains(',') {
            return Err(bad());
        }
        for word in words.split(',').map(str::trim) {
            if word.is_empty() {
                return Err(bad());
            }
            stems.entry(word.to_owned()).or_insert_with(|| stem.to_owned());
        }
    }
    Ok(Filter::term(term::StemmerOverride { stems }))
}

fn stop(settings: &Settings) -> Result<Filter, AnalysisError> {
    // The words that stand in for missing ones keep their case.
    let words = match settings.list("stopwords") {
        Some(items) => Words::new(expand(&items), settings.bool("ignore_case", false)?),
        None => Words::new(expand(&[String::from("_english_")]), false),
    };
    Ok(match settings.bool("remove_trailing", true)? {
        true => Filter::term(term::Stop { words }),
        false => Filter::stream(whole::StopUnlessLast { words }),
    })
}

pub(super) fn stemmer(kind: &str, name: &str, settings: &Settings) -> Result<Option<Filter>, AnalysisError> {
    if kind == "brazilian_stem" && settings.list("stem_exclusion").is_some_and(|words| !words.is_empty()) {
        let kind = format!("{kind} with stem_exclusion");
        return Err(AnalysisError::Unsupported { part: "filter", kind, name: name.to_owned() });
    }
    let language = match kind {
        "stemmer" => {
            settings.text("language").or_else(|| settings.text("name")).unwrap_or_else(|| String::from("porter"))
        }
        "snowball" => {
            settings.text("language").or_else(|| settings.text("name")).unwrap_or_else(|| String::from("English"))
        }
        "arabic_stem" => String::from("arabic"),
        "brazilian_stem" => String::from("brazilian"),
        "czech_stem" => String::from("czech"),
        "dutch_stem" => String::from("dutch"),
        "french_stem" => String::from("french"),
        "persian_stem" => String::from("persian"),
        "russian_stem" => String::from("russian"),
        _ => String::from("porter"),
    };
    let lower = language.to_lowercase();
    let found = if kind == "snowball" { stem::snowball_by_name(&lower) } else { stem::by_name(&lower) };
    match found {
        Some(filter) => Ok(Some(filter)),
        None if stem::is_known(&lower) => {
            Err(AnalysisError::Unsupported { part: "stemmer", kind: language, name: name.to_owned() })
        }
        None => {
            let mut shown = language.chars();
            let first = shown.next().map(char::to_uppercase);
            let shown: String = first.into_iter().flatten().chain(shown).collect();
            Err(AnalysisError::NoStemmer { name: shown })
        }
    }
}

/// Lower case with a dotless i of its own.
pub(crate) fn turkish_lowercase(text: &str) -> String {
    let mut lower = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            'I' if chars.peek() == Some(&'\u{307}') => {
                chars.next();
                lower.push('i');
            }
            'I' => lower.push('ı'),
            'İ' => lower.push('i'),
            other => lower.push(case::lower(other)),
        }
    }
    lower
}
