//! Token filters by type.

use super::chain::{Prepared, Reading};
use super::{Limits, Settings, tokenizers};
use crate::error::AnalysisError;
use crate::filter::case::{Lowercase, Uppercase};
use crate::filter::fold::{self, AsciiFolding, DecimalDigit, FoldingBeside, Map};
use crate::filter::grams::{Edge, Grams};
use crate::filter::shingle::Shingle;
use crate::filter::synonym_rules::SynonymRules;
use crate::filter::words::{Words, expand};
use crate::filter::{stem, term, whole};
use crate::pattern;
use crate::stream::Filter;

/// Types that OpenSearch has and this program has not.
const MISSING: &[&str] = &[
    "bengali_normalization",
    "brazilian_stem",
    "common_grams",
    "concatenate_graph",
    "condition",
    "czech_stem",
    "delimited_payload",
    "delimited_term_freq",
    "dictionary_decompounder",
    "dutch_stem",
    "flatten_graph",
    "french_stem",
    "german_stem",
    "hindi_normalization",
    "hunspell",
    "hyphenation_decompounder",
    "indic_normalization",
    "kstem",
    "min_hash",
    "multiplexer",
    "pattern_capture",
    "persian_stem",
    "predicate_token_filter",
    "scandinavian_folding",
    "scandinavian_normalization",
    "serbian_normalization",
    "sorani_normalization",
    "type_as_payload",
    "word_delimiter",
    "word_delimiter_graph",
];

/// Types that cannot be used without settings.
const NEED_SETTINGS: &[&str] = &[
    "condition",
    "dictionary_decompounder",
    "hunspell",
    "hyphenation_decompounder",
    "keep",
    "keep_types",
    "keyword_marker",
    "pattern_capture",
    "pattern_replace",
    "predicate_token_filter",
    "stemmer_override",
    "synonym",
    "synonym_graph",
];

/// A token filter of this type; `None` for an unknown type.
pub(crate) fn build(
    kind: &str,
    name: &str,
    settings: &Settings,
    limits: Limits,
) -> Result<Option<Prepared>, AnalysisError> {
    let unsupported =
        |kind: &str| Err(AnalysisError::Unsupported { part: "filter", kind: kind.to_owned(), name: name.to_owned() });
    let filter = match kind {
        "synonym" | "synonym_graph" => return synonyms(kind, settings).map(|rules| Some(Prepared::Synonyms(rules))),
        "stemmer" | "snowball" | "porter_stem" | "arabic_stem" | "russian_stem" => match stemmer(kind, name, settings)?
        {
            Some(filter) => filter,
            None => return Ok(None),
        },
        _ => match simple(kind) {
            Some(filter) => filter,
            None => match configured(kind, name, settings)? {
                Some(filter) => filter,
                None => match many(kind, settings, limits)? {
                    Some(filter) => filter,
                    None if MISSING.contains(&kind) => return unsupported(kind),
                    None => return Ok(None),
                },
            },
        },
    };
    Ok(Some(Prepared::Ready(filter)))
}

/// A token filter that needs no settings, by name.
pub(crate) fn builtin(name: &str) -> Result<Option<Prepared>, AnalysisError> {
    if needs_settings(name) {
        return Ok(None);
    }
    if let Some((old, new)) =
        [("nGram", "ngram"), ("edgeNGram", "edge_ngram")].into_iter().find(|(old, _)| *old == name)
    {
        return Err(AnalysisError::setting(format!(
            "The [{old}] token filter name was deprecated in 6.4 and cannot be used in new indices. Please change the filter name to \
             [{new}] instead."
        )));
    }
    if name == "standard" {
        return Err(AnalysisError::setting("The [standard] token filter has been removed."));
    }
    let prepared = match name {
        // Ready-made filters that differ from their type without settings.
        "edge_ngram" => {
            Prepared::Ready(Filter::stream(Grams { min: 1, max: 1, edge: Some(Edge::Front), preserve_original: false }))
        }
        _ => return build(name, name, &Settings::default(), Limits::default()),
    };
    Ok(Some(prepared))
}

/// Is it a type that cannot be used without settings?
pub(crate) fn needs_settings(name: &str) -> bool {
    NEED_SETTINGS.contains(&name)
}

/// What a filter of this type does to the rules of a later synonym filter.
pub(crate) fn reads_synonyms(kind: &str) -> Reading {
    match kind {
        "asciifolding" => Reading::Instead(Filter::term(AsciiFolding::new())),
        "dictionary_decompounder"
        | "edge_ngram"
        | "fingerprint"
        | "hyphenation_decompounder"
        | "min_hash"
        | "ngram"
        | "shingle"
        | "word_delimiter"
        | "word_delimiter_graph" => Reading::Refused,
        "common_grams" | "multiplexer" | "condition" => Reading::Skipped,
        _ => Reading::AsItIs,
    }
}

/// Filters without settings.
fn simple(kind: &str) -> Option<Filter> {
    Some(match kind {
        "uppercase" => Filter::term(Uppercase),
        "decimal_digit" => Filter::term(DecimalDigit),
        "cjk_width" => Filter::term(Map::beyond_ascii(fold::cjk_width)),
        "german_normalization" => Filter::term(Map::any(fold::german)),
        "arabic_normalization" => Filter::term(Map::beyond_ascii(fold::arabic)),
        "persian_normalization" => Filter::term(Map::beyond_ascii(fold::persian)),
        "trim" => Filter::term(term::Trim),
        "reverse" => Filter::term(term::Reverse),
        "apostrophe" => Filter::term(term::Apostrophe),
        "classic" => Filter::term(term::Classic),
        "keyword_repeat" => Filter::stream(whole::KeywordRepeat),
        "remove_duplicates" => Filter::stream(whole::RemoveDuplicates),
        _ => return None,
    })
}

/// Filters of one token at a time, with settings.
fn configured(kind: &str, name: &str, settings: &Settings) -> Result<Option<Filter>, AnalysisError> {
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
        "stop" => {
            // The words that stand in for missing ones keep their case.
            let words = match settings.list("stopwords") {
                Some(items) => Words::new(expand(&items), settings.bool("ignore_case", false)?),
                None => Words::new(expand(&[String::from("_english_")]), false),
            };
            Filter::term(term::Stop { words })
        }
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

/// Filters that see several tokens or make several.
fn many(kind: &str, settings: &Settings, limits: Limits) -> Result<Option<Filter>, AnalysisError> {
    let filter = match kind {
        "ngram" => {
            tokenizers::check_gram_difference(settings.size("min_gram", 1)?, settings.size("max_gram", 2)?, limits)?;
            Filter::stream(grams(settings, None)?)
        }
        "edge_ngram" => {
            let edge = match settings.text("side").as_deref() {
                None | Some("front") => Edge::Front,
                Some("back") => Edge::Back,
                Some(other) => return Err(AnalysisError::setting(format!("invalid side: {other}"))),
            };
            Filter::stream(grams(settings, Some(edge))?)
        }
        "shingle" => Filter::stream(shingle(settings, limits)?),
        "unique" => Filter::stream(whole::Unique { same_position: settings.bool("only_on_same_position", false)? }),
        "limit" => Filter::stream(whole::Limit { count: settings.size("max_token_count", 1)? }),
        "fingerprint" => Filter::stream(whole::Fingerprint {
            separator: settings.text("separator").unwrap_or_else(|| String::from(" ")),
            max_output_size: settings.size("max_output_size", 255)?,
        }),
        "cjk_bigram" => Filter::stream(cjk_bigram(settings)?),
        _ => return Ok(None),
    };
    Ok(Some(filter))
}

fn grams(settings: &Settings, edge: Option<Edge>) -> Result<Grams, AnalysisError> {
    let (min, max) = tokenizers::gram_sizes(settings, 1, 2)?;
    Ok(Grams { min, max, edge, preserve_original: settings.bool("preserve_original", false)? })
}

fn shingle(settings: &Settings, limits: Limits) -> Result<Shingle, AnalysisError> {
    let (min, max) = (settings.size("min_shingle_size", 2)?, settings.size("max_shingle_size", 2)?);
    let unigrams = settings.bool("output_unigrams", true)?;
    let (difference, limit) = (max as i64 - min as i64 + i64::from(unigrams), limits.max_shingle_diff);
    if difference > i64::from(limit) {
        return Err(AnalysisError::setting(format!(
            "In Shingle TokenFilter the difference between max_shingle_size and min_shingle_size (and +1 if outputting unigrams) \
             must be less than or equal to: [{limit}] but was [{difference}]. This limit can be set by changing the \
             [index.max_shingle_diff] index level setting."
        )));
    }
    if max < 2 {
        return Err(AnalysisError::at_use("Max shingle size must be >= 2"));
    }
    if min < 2 {
        return Err(AnalysisError::at_use("Min shingle size must be >= 2"));
    }
    if min > max {
        return Err(AnalysisError::at_use("Min shingle size must be <= max shingle size"));
    }
    Ok(Shingle {
        min,
        max,
        unigrams,
        unigrams_if_no_shingles: settings.bool("output_unigrams_if_no_shingles", false)?,
        separator: settings.text("token_separator").unwrap_or_else(|| String::from(" ")),
        filler: settings.text("filler_token").unwrap_or_else(|| String::from("_")),
    })
}

fn cjk_bigram(settings: &Settings) -> Result<whole::CjkBigram, AnalysisError> {
    use crate::token::TokenKind;
    let mut ignored = Vec::new();
    for script in settings.list("ignored_scripts").unwrap_or_default() {
        ignored.push(match script.as_str() {
            "han" => TokenKind::Ideographic,
            "hiragana" => TokenKind::Hiragana,
            "katakana" => TokenKind::Katakana,
            "hangul" => TokenKind::Hangul,
            _ => continue,
        });
    }
    Ok(whole::CjkBigram { ignored, unigrams: settings.bool("output_unigrams", false)? })
}

fn elision(settings: &Settings) -> Result<Filter, AnalysisError> {
    let articles = match settings.list("articles") {
        Some(articles) => Words::new(articles, settings.bool("articles_case", false)?),
        None if settings.is_empty() => {
            Words::new(super::languages::FRENCH_ARTICLES.iter().map(|word| (*word).to_owned()), true)
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

fn synonyms(kind: &str, settings: &Settings) -> Result<SynonymRules, AnalysisError> {
    if settings.text("synonyms_path").is_some() {
        return Err(AnalysisError::setting("synonyms_path is not supported: write the rules in `synonyms`"));
    }
    let expand = settings.bool("expand", true)?;
    let lenient = settings.bool("lenient", false)?;
    let wordnet = settings.text("format").as_deref() == Some("wordnet");
    Ok(SynonymRules { lines: settings.list("synonyms"), wordnet, expand, lenient, graph: kind == "synonym_graph" })
}

fn stemmer(kind: &str, name: &str, settings: &Settings) -> Result<Option<Filter>, AnalysisError> {
    let language = match kind {
        "stemmer" => {
            settings.text("language").or_else(|| settings.text("name")).unwrap_or_else(|| String::from("porter"))
        }
        "snowball" => {
            settings.text("language").or_else(|| settings.text("name")).unwrap_or_else(|| String::from("English"))
        }
        "arabic_stem" => String::from("arabic"),
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
            Err(AnalysisError::setting(format!("Invalid stemmer class specified: {shown}")))
        }
    }
}

/// Lower case with a dotless i of its own.
pub(super) fn turkish_lowercase(text: &str) -> String {
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
            other => lower.push(crate::filter::case::lower(other)),
        }
    }
    lower
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
