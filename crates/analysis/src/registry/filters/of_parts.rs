//! The settings of filters that cut words into parts or put tokens beside them.

use crate::error::AnalysisError;
use crate::filter::beside::{CommonGrams, Decompounder, PatternCapture, WithoutPayload};
use crate::filter::delimiter::{CharTypes, Graph, Options, Plain, kind_named};
use crate::filter::words::{Words, expand};
use crate::pattern;
use crate::registry::Settings;
use crate::stream::Filter;

pub(super) fn build(kind: &str, name: &str, settings: &Settings) -> Result<Option<Filter>, AnalysisError> {
    let filter = match kind {
        "word_delimiter_graph" => Filter::stream(Graph(delimiter(settings)?)),
        // The older filter knows no other offsets.
        "word_delimiter" => Filter::stream(Plain(Options { adjust_offsets: true, ..delimiter(settings)? })),
        "common_grams" => {
            let Some(words) = settings.list("common_words") else {
                return Err(AnalysisError::setting(
                    "missing or empty [common_words] or [common_words_path] configuration for common_grams token filter",
                ));
            };
            Filter::stream(CommonGrams {
                words: Words::new(expand(&words), settings.bool("ignore_case", false)?),
                pairs_alone: settings.bool("query_mode", false)?,
            })
        }
        "pattern_capture" => {
            let Some(patterns) = settings.list("patterns").filter(|patterns| !patterns.is_empty()) else {
                return Err(AnalysisError::setting(format!(
                    "required setting 'patterns' is missing for token filter [{name}]"
                )));
            };
            let patterns = patterns.iter().map(|written| pattern::compile(written, None)).collect::<Result<_, _>>()?;
            Filter::stream(PatternCapture { patterns, preserve_original: settings.bool("preserve_original", true)? })
        }
        "dictionary_decompounder" => {
            let Some(words) = settings.list("word_list") else {
                return Err(AnalysisError::setting(format!(
                    "word_list must be provided for [{name}], either as a path to a file, or directly"
                )));
            };
            Filter::stream(Decompounder {
                words: Words::new(words, false),
                min_word: settings.size("min_word_size", 5)?,
                parts: (settings.size("min_subword_size", 2)?.max(1), settings.size("max_subword_size", 15)?),
                longest_alone: settings.bool("only_longest_match", false)?,
            })
        }
        "delimited_payload" => {
            // Of several characters the first counts.
            let delimiter = settings.text("delimiter").and_then(|written| written.chars().next()).unwrap_or('|');
            Filter::term(WithoutPayload { delimiter })
        }
        _ => return Ok(None),
    };
    Ok(Some(filter))
}

fn delimiter(settings: &Settings) -> Result<Options, AnalysisError> {
    let flag = |key: &str, default: bool| settings.bool(key, default);
    Ok(Options {
        types: CharTypes {
            given: type_table(&settings.list("type_table").unwrap_or_default())?,
            on_case_change: flag("split_on_case_change", true)?,
            on_numerics: flag("split_on_numerics", true)?,
            possessive: flag("stem_english_possessive", true)?,
        },
        word_parts: flag("generate_word_parts", true)?,
        number_parts: flag("generate_number_parts", true)?,
        catenate_words: flag("catenate_words", false)?,
        catenate_numbers: flag("catenate_numbers", false)?,
        catenate_all: flag("catenate_all", false)?,
        preserve_original: flag("preserve_original", false)?,
        ignore_keywords: flag("ignore_keywords", false)?,
        adjust_offsets: flag("adjust_offsets", true)?,
        protected: Words::new(settings.list("protected_words").unwrap_or_default(), false),
    })
}

/// Rules as `+ => ALPHA`; of two about one character the first counts.
fn type_table(rules: &[String]) -> Result<Vec<(char, u8)>, AnalysisError> {
    let mut table = Vec::with_capacity(rules.len());
    for (rule, line) in rules.iter().zip(1..) {
        let invalid = || AnalysisError::runtime(format!("Line [{line}]: Invalid mapping rule: [{rule}]"));
        let (from, to) = rule.rsplit_once("=>").ok_or_else(invalid)?;
        let from = unescaped(from.trim()).ok_or_else(invalid)?;
        let kind = kind_named(to.trim()).ok_or_else(|| {
            AnalysisError::runtime(format!("Line [{line}]: Invalid mapping rule: [{rule}]. Illegal type."))
        })?;
        table.push((from, kind));
    }
    Ok(table)
}

/// One character, or an escape that stands for one.
fn unescaped(text: &str) -> Option<char> {
    let mut chars = text.chars();
    let first = chars.next()?;
    if first != '\\' {
        return chars.next().is_none().then_some(first);
    }
    let rest = chars.as_str();
    match rest.strip_prefix('u') {
        Some(hex) if hex.len() == 4 => char::from_u32(u32::from_str_radix(hex, 16).ok()?),
        _ => {
            let mut rest = rest.chars();
            let c = rest.next()?;
            rest.next().is_none().then_some(match c {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                'b' => '\u{8}',
                'f' => '\u{c}',
                other => other,
            })
        }
    }
}
