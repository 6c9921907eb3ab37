//! Tokenizers by type.

use std::sync::Arc;

use super::{Limits, Settings};
use crate::error::AnalysisError;
use crate::filter::words::Words;
use crate::pattern;
use crate::stream::Tokenizer;
use crate::tokenizer::addresses::Addresses;
use crate::tokenizer::classes::Classes;
use crate::tokenizer::classic::Classic;
use crate::tokenizer::grams::Grams;
use crate::tokenizer::keyword::Keyword;
use crate::tokenizer::letters::Runs;
use crate::tokenizer::path::PathHierarchy;
use crate::tokenizer::pattern::Pattern;
use crate::tokenizer::redis::{RedisForms, RedisWords};
use crate::tokenizer::standard::{MAX_TOKEN_LENGTH, Standard};
use crate::unicode::{is_letter, is_whitespace};

/// Types that OpenSearch has and this program has not.
const MISSING: &[&str] = &["thai"];

/// A tokenizer of this type; `None` for an unknown type.
pub(crate) fn build(
    kind: &str,
    name: &str,
    settings: &Settings,
    limits: Limits,
) -> Result<Option<Arc<dyn Tokenizer>>, AnalysisError> {
    if let Some((old, new)) = OLD.into_iter().find(|(old, _)| *old == kind) {
        return Err(AnalysisError::setting(format!(
            "The [{old}] tokenizer name was deprecated pre 1.0. Please change the tokenizer name to [{new}] for indices created in versions \
             3.0 or higher instead."
        )));
    }
    let tokenizer: Arc<dyn Tokenizer> = match kind {
        "standard" | "uax_url_email" => {
            if settings.int("max_token_length", 1)? < 1 {
                return Err(AnalysisError::at_use("maxTokenLength must be greater than zero"));
            }
            let longest = max_token_length(settings)?;
            if kind == "standard" { Arc::new(Standard::new(longest)) } else { Arc::new(Addresses::new(longest)) }
        }
        "classic" => {
            let longest = settings.int("max_token_length", MAX_TOKEN_LENGTH as i64)?;
            let longest = usize::try_from(longest).ok().filter(|longest| *longest > 0);
            let longest = longest.ok_or_else(|| AnalysisError::setting("maxTokenLength must be greater than zero"))?;
            Arc::new(Classic::new(longest)?)
        }
        "keyword" => Arc::new(Keyword),
        "letter" => Arc::new(Runs::new(MAX_TOKEN_LENGTH, is_letter)),
        "lowercase" => Arc::new(Runs::new(MAX_TOKEN_LENGTH, is_letter).lowercased()),
        "whitespace" => Arc::new(Runs::new(max_token_length(settings)?, |c| !is_whitespace(c))),
        "ngram" => Arc::new(ngram(settings, limits)?),
        "edge_ngram" => Arc::new(edge_ngram(settings)?),
        "path_hierarchy" | "PathHierarchy" => Arc::new(path_hierarchy(settings)?),
        "pattern" => Arc::new(pattern_tokenizer(settings)?),
        "simple_pattern" => Arc::new(simple_pattern(settings, Some(0))?),
        "simple_pattern_split" => Arc::new(simple_pattern(settings, None)?),
        "char_group" => Arc::new(char_group(settings)?),
        "redis_words" => {
            let stop_words = Words::new(settings.list("stopwords").unwrap_or_default(), false);
            Arc::new(RedisWords { stop_words })
        }
        "redis_forms" => Arc::new(RedisForms),
        _ if MISSING.contains(&kind) => {
            return Err(AnalysisError::Unsupported { part: "tokenizer", kind: kind.to_owned(), name: name.to_owned() });
        }
        _ => return Ok(None),
    };
    Ok(Some(tokenizer))
}

/// Names that OpenSearch once took, and those that it takes.
const OLD: [(&str, &str); 2] = [("nGram", "ngram"), ("edgeNGram", "edge_ngram")];

/// A tokenizer that needs no settings, by name.
pub(crate) fn builtin(name: &str) -> Result<Option<Arc<dyn Tokenizer>>, AnalysisError> {
    build(name, name, &Settings::default(), Limits::default())
}

fn max_token_length(settings: &Settings) -> Result<usize, AnalysisError> {
    let length = settings.int("max_token_length", MAX_TOKEN_LENGTH as i64)?;
    match usize::try_from(length) {
        Ok(length) if (1..=1_048_576).contains(&length) => Ok(length),
        _ => Err(AnalysisError::at_use(format!(
            "maxTokenLen must be greater than 0 and less than 1048576 passed: {length}"
        ))),
    }
}

/// The two sizes of grams, checked as Lucene does.
pub(crate) fn gram_sizes(settings: &Settings, min: usize, max: usize) -> Result<(usize, usize), AnalysisError> {
    let (min, max) = (settings.size("min_gram", min)?, settings.size("max_gram", max)?);
    if min < 1 {
        return Err(AnalysisError::at_use("minGram must be greater than zero"));
    }
    if min > max {
        return Err(AnalysisError::at_use("minGram must not be greater than maxGram"));
    }
    Ok((min, max))
}

/// `index.max_ngram_diff`.
pub(crate) fn check_gram_difference(min: usize, max: usize, limits: Limits) -> Result<(), AnalysisError> {
    let (difference, limit) = (max.saturating_sub(min), limits.max_ngram_diff);
    if difference <= limit as usize {
        return Ok(());
    }
    Err(AnalysisError::setting(format!(
        "The difference between max_gram and min_gram in NGram Tokenizer must be less than or equal to: [{limit}] but was \
         [{difference}]. This limit can be set by changing the [index.max_ngram_diff] index level setting."
    )))
}

fn ngram(settings: &Settings, limits: Limits) -> Result<Grams, AnalysisError> {
    check_gram_difference(settings.size("min_gram", 1)?, settings.size("max_gram", 2)?, limits)?;
    let classes = token_chars(settings)?;
    let (min, max) = gram_sizes(settings, 1, 2)?;
    Ok(Grams { min, max, edge: false, classes })
}

fn edge_ngram(settings: &Settings) -> Result<Grams, AnalysisError> {
    let classes = token_chars(settings)?;
    let (min, max) = gram_sizes(settings, 1, 2)?;
    Ok(Grams { min, max, edge: true, classes })
}

fn token_chars(settings: &Settings) -> Result<Classes, AnalysisError> {
    let mut classes = Classes::default();
    for name in settings.list("token_chars").unwrap_or_default() {
        if name.trim().eq_ignore_ascii_case("custom") {
            let Some(characters) = settings.text("custom_token_chars") else {
                return Err(AnalysisError::setting("Token type: 'custom' requires setting `custom_token_chars`"));
            };
            classes.add_characters(characters.chars());
        } else if !classes.add(&name) {
            return Err(AnalysisError::setting(format!(
                "Unknown token type: '{}', must be one of {TOKEN_TYPES}",
                name.trim().to_lowercase()
            )));
        }
    }
    Ok(classes)
}

const TOKEN_TYPES: &str = "[symbol, private_use, paragraph_separator, start_punctuation, unassigned, enclosing_mark, \
    connector_punctuation, letter_number, other_number, math_symbol, lowercase_letter, space_separator, surrogate, \
    initial_quote_punctuation, decimal_digit_number, digit, other_punctuation, dash_punctuation, currency_symbol, \
    non_spacing_mark, custom, format, modifier_letter, control, uppercase_letter, other_symbol, end_punctuation, \
    modifier_symbol, other_letter, line_separator, titlecase_letter, letter, punctuation, combining_spacing_mark, \
    final_quote_punctuation, whitespace]";

fn path_hierarchy(settings: &Settings) -> Result<PathHierarchy, AnalysisError> {
    let one = |key: &str, default: char| match settings.text(key) {
        None => Ok(default),
        Some(text) => {
            let mut chars = text.chars();
            match (chars.next(), chars.next()) {
                (Some(c), None) => Ok(c),
                _ => Err(AnalysisError::setting(format!("{key} must be a one char value"))),
            }
        }
    };
    let delimiter = one("delimiter", '/')?;
    let replacement = one("replacement", delimiter)?;
    let skip = settings.size("skip", 0)?;
    Ok(PathHierarchy { delimiter, replacement, skip, reverse: settings.bool("reverse", false)? })
}

fn pattern_tokenizer(settings: &Settings) -> Result<Pattern, AnalysisError> {
    let written = settings.text("pattern").unwrap_or_else(|| String::from(r"\W+"));
    let pattern = pattern::compile(&written, settings.text("flags").as_deref())?;
    let group = settings.int("group", -1)?;
    let group = usize::try_from(group).ok();
    if let Some(group) = group.filter(|group| *group >= pattern.captures_len()) {
        return Err(AnalysisError::at_use(format!(
            "invalid group specified: pattern only has: {} capturing groups; {group}",
            pattern.captures_len() - 1
        )));
    }
    Ok(Pattern { pattern, group })
}

fn simple_pattern(settings: &Settings, group: Option<usize>) -> Result<Pattern, AnalysisError> {
    let written = settings.text("pattern").unwrap_or_default();
    // Nothing matches the empty expression of Lucene's automata.
    let written = if written.is_empty() { String::from(r"[^\s\S]") } else { written };
    Ok(Pattern { pattern: pattern::compile(&written, None)?, group })
}

fn char_group(settings: &Settings) -> Result<Runs<impl Fn(char) -> bool + Send + Sync + use<>>, AnalysisError> {
    let mut classes = Classes::default();
    for item in settings.list("tokenize_on_chars").unwrap_or_default() {
        let mut chars = item.chars();
        match (chars.next(), chars.next(), chars.next()) {
            (None, ..) => return Err(AnalysisError::setting("[tokenize_on_chars] cannot contain empty characters")),
            (Some(c), None, _) => classes.add_characters([c]),
            (Some('\\'), Some(escaped), None) => classes.add_characters([unescape(escaped)?]),
            _ => {
                let known = matches!(item.as_str(), "letter" | "digit" | "whitespace" | "punctuation" | "symbol");
                if !known || !classes.add(&item) {
                    return Err(AnalysisError::runtime(format!("Invalid escaped char in [{item}]")));
                }
            }
        }
    }
    let longest = max_token_length(settings)?;
    Ok(Runs::new(longest, move |c| !classes.contains(c)))
}

fn unescape(c: char) -> Result<char, AnalysisError> {
    match c {
        '\\' => Ok('\\'),
        'n' => Ok('\n'),
        't' => Ok('\t'),
        'r' => Ok('\r'),
        'b' => Ok('\u{8}'),
        'f' => Ok('\u{c}'),
        other => Err(AnalysisError::runtime(format!("Invalid escaped char [{other}]"))),
    }
}
