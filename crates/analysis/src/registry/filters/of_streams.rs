//! The settings of filters that see several tokens or make several.

use crate::error::AnalysisError;
use crate::filter::grams::{Edge, Grams};
use crate::filter::min_hash::MinHash;
use crate::filter::shingle::Shingle;
use crate::filter::synonym_rules::SynonymRules;
use crate::filter::whole;
use crate::registry::{Limits, Settings, tokenizers};
use crate::stream::Filter;

/// Filters that see several tokens or make several.
pub(super) fn build(kind: &str, settings: &Settings, limits: Limits) -> Result<Option<Filter>, AnalysisError> {
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
        "min_hash" => Filter::stream(min_hash(settings)?),
        "cjk_bigram" => Filter::stream(cjk_bigram(settings)?),
        _ => return Ok(None),
    };
    Ok(Some(filter))
}

fn grams(settings: &Settings, edge: Option<Edge>) -> Result<Grams, AnalysisError> {
    let (min, max) = tokenizers::gram_sizes(settings, 1, 2)?;
    Ok(Grams { min, max, edge, preserve_original: settings.bool("preserve_original", false)? })
}

/// More hashes of one text than this are refused: they are all held, and most are indexed.
const MOST_HASHES: usize = 1 << 20;

fn min_hash(settings: &Settings) -> Result<MinHash, AnalysisError> {
    let size = |key: &str, name: &str, default: i64| {
        let given = usize::try_from(settings.int(key, default)?).ok().filter(|given| *given > 0);
        given.ok_or_else(|| AnalysisError::setting(format!("{name} must be greater than zero")))
    };
    let ways = size("hash_count", "hashCount", 1)?;
    let buckets = size("bucket_count", "bucketCount", 512)?;
    let kept = size("hash_set_size", "hashSetSize", 1)?;
    if ways.saturating_mul(buckets).saturating_mul(kept) > MOST_HASHES {
        return Err(AnalysisError::setting(format!(
            "[hash_count] times [bucket_count] times [hash_set_size] must not be above [{MOST_HASHES}]"
        )));
    }
    // Where a bucket may keep several, one that is empty stays so.
    let rotated = settings.bool("with_rotation", buckets > 1)? && kept == 1;
    Ok(MinHash { ways, buckets, kept, rotated })
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

pub(super) fn synonyms(kind: &str, settings: &Settings) -> Result<SynonymRules, AnalysisError> {
    if settings.text("synonyms_path").is_some() {
        return Err(AnalysisError::setting("synonyms_path is not supported: write the rules in `synonyms`"));
    }
    let expand = settings.bool("expand", true)?;
    let lenient = settings.bool("lenient", false)?;
    let wordnet = settings.text("format").as_deref() == Some("wordnet");
    Ok(SynonymRules { lines: settings.list("synonyms"), wordnet, expand, lenient, graph: kind == "synonym_graph" })
}
