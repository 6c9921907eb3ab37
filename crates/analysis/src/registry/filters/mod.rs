//! Token filters by type: those without settings here, the others by what they look at.

mod of_parts;
mod of_streams;
mod of_terms;

pub(crate) use of_terms::turkish_lowercase;

use super::chain::{Prepared, Reading};
use super::{Limits, Settings};
use crate::error::AnalysisError;
use crate::filter::beside::CommonGrams;
use crate::filter::case::Uppercase;
use crate::filter::flatten::FlattenGraph;
use crate::filter::fold::{self, AsciiFolding, DecimalDigit, Map};
use crate::filter::grams::{Edge, Grams};
use crate::filter::words::Words;
use crate::filter::{indic, normalize, term, whole};
use crate::stream::Filter;

/// Types that OpenSearch has and this program has not.
const MISSING: &[&str] = &[
    "concatenate_graph",
    "condition",
    "delimited_term_freq",
    "hunspell",
    "hyphenation_decompounder",
    "kstem",
    "predicate_token_filter",
    "type_as_payload",
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
    settings.no_files()?;
    let unsupported =
        |kind: &str| Err(AnalysisError::Unsupported { part: "filter", kind: kind.to_owned(), name: name.to_owned() });
    let filter = match kind {
        "synonym" | "synonym_graph" => {
            return of_streams::synonyms(kind, settings).map(|rules| Some(Prepared::Synonyms(rules)));
        }
        "german_stem" => crate::filter::stem::german_stem(),
        "changed_stem" => {
            let language = settings.text("language").unwrap_or_else(|| String::from("english"));
            match crate::filter::stem::changed(&language) {
                Some(filter) => filter,
                None => return unsupported(kind),
            }
        }
        "stemmer" | "snowball" | "porter_stem" | "arabic_stem" | "brazilian_stem" | "czech_stem" | "dutch_stem"
        | "french_stem" | "persian_stem" | "russian_stem" => match of_terms::stemmer(kind, name, settings)? {
            Some(filter) => filter,
            None => return Ok(None),
        },
        _ => match known(kind, name, settings, limits)? {
            Some(filter) => filter,
            None if MISSING.contains(&kind) => return unsupported(kind),
            None => return Ok(None),
        },
    };
    Ok(Some(Prepared::Ready(filter)))
}

/// A filter that is ready when its settings are read; `None`: there is none of that type.
fn known(kind: &str, name: &str, settings: &Settings, limits: Limits) -> Result<Option<Filter>, AnalysisError> {
    if let Some(filter) = simple(kind) {
        return Ok(Some(filter));
    }
    if let Some(filter) = of_terms::build(kind, name, settings)? {
        return Ok(Some(filter));
    }
    if let Some(filter) = of_streams::build(kind, settings, limits)? {
        return Ok(Some(filter));
    }
    of_parts::build(kind, name, settings)
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
        // No word is common.
        "common_grams" => Prepared::Ready(Filter::stream(CommonGrams { words: Words::default(), pairs_alone: false })),
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
        "bengali_normalization" => Filter::term(Map::beyond_keywords(indic::bengali)),
        "hindi_normalization" => Filter::term(Map::beyond_keywords(normalize::hindi)),
        "indic_normalization" => Filter::term(Map::beyond_ascii(indic::indic)),
        "german_normalization" => Filter::term(Map::any(normalize::german)),
        "arabic_normalization" => Filter::term(Map::beyond_ascii(normalize::arabic)),
        "persian_normalization" => Filter::term(Map::beyond_ascii(normalize::persian)),
        "scandinavian_normalization" => Filter::term(Map::any(normalize::scandinavian)),
        "scandinavian_folding" => Filter::term(Map::any(normalize::scandinavian_folding)),
        "serbian_normalization" => Filter::term(Map::beyond_ascii(normalize::serbian)),
        "sorani_normalization" => Filter::term(Map::beyond_ascii(normalize::sorani)),
        "trim" => Filter::term(term::Trim),
        "reverse" => Filter::term(term::Reverse),
        "apostrophe" => Filter::term(term::Apostrophe),
        "classic" => Filter::term(term::Classic),
        "keyword_repeat" => Filter::stream(whole::KeywordRepeat),
        "flatten_graph" => Filter::stream(FlattenGraph),
        "remove_duplicates" => Filter::stream(whole::RemoveDuplicates),
        _ => return None,
    })
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
