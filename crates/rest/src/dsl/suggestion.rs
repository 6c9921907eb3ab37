//! `suggest`: words, phrases and completions beside a search.

use model::error::{Error, ErrorKind};
use model::query::full_text::Fuzziness;
use model::suggest::{
    CandidateGenerator, Completing, CompletionSuggest, PhraseSuggest, Smoothing, Speller, SuggestKind, SuggestMode,
    Suggestion,
};
use serde_json::{Map, Value};

use super::field::{Field, fields, required};

/// Suggestions of one search.
const MAX: usize = 100;

/// Reads what stands under `suggest`.
///
/// # Errors
/// As OpenSearch; 501 for collation and measures of distance that are not here.
pub(super) fn suggestions(object: &Map<String, Value>) -> Result<Vec<Suggestion>, Error> {
    let mut shared = None;
    let mut named = Vec::new();
    for field in fields("suggest", object) {
        match field.value {
            Value::Object(inner) => named.push((field.key, inner)),
            Value::Array(_) | Value::Null => {
                let reason = format!("[suggest] unexpected token [{}] after [{}]", field.token(), field.key);
                return Err(Error::parsing(reason));
            }
            _ if field.key == "text" => shared = field.text_or_null()?,
            _ => return Err(Error::parsing(format!("[suggest] does not support [{}]", field.key))),
        }
    }
    if named.len() > MAX {
        return Err(Error::illegal_argument(format!("[suggest] takes at most {MAX} suggestions")));
    }
    named.into_iter().map(|(name, inner)| suggestion(name, inner, shared.as_deref())).collect()
}

fn suggestion(name: &str, object: &Map<String, Value>, shared: Option<&str>) -> Result<Suggestion, Error> {
    let (mut text, mut prefix, mut regex) = (None, None, None);
    let mut read = None;
    for field in fields("suggestion", object) {
        match (field.key, field.value) {
            (kind, Value::Object(inner)) => {
                read = Some(match kind {
                    "term" => term(inner)?,
                    "phrase" => phrase(inner)?,
                    "completion" => completion(inner)?,
                    _ => return Err(Error::new(ErrorKind::NamedObjectNotFound, format!("unknown field [{kind}]"))),
                });
            }
            ("text", _) => text = field.text_or_null()?,
            ("prefix", _) => prefix = field.text_or_null()?,
            ("regex", _) => regex = field.text_or_null()?,
            _ => return Err(Error::parsing(format!("[suggestion] does not support [{}]", field.key))),
        }
    }
    let missing = || Error::new(ErrorKind::Parse, "missing suggestion object");
    let Read { shared_options, mut kind } = read.ok_or_else(missing)?;
    if let SuggestKind::Completion(completion) = &mut kind {
        let fuzzy = matches!(completion.how, Completing::Fuzzy { .. });
        let regexp = matches!(completion.how, Completing::Regexp { .. });
        match (&prefix, &regex) {
            (_, Some(_)) if !regexp && prefix.is_none() => {
                completion.how = Completing::Regexp { flags: String::new(), max_determinized_states: 10_000 };
            }
            (Some(_), None) if regexp => completion.how = Completing::Prefix,
            _ => {}
        }
        if fuzzy && prefix.is_none() && regex.is_some() {
            completion.how = Completing::Regexp { flags: String::new(), max_determinized_states: 10_000 };
        }
    }
    let text = prefix.or(regex).or(text).or_else(|| shared.map(str::to_owned));
    let text = text.ok_or_else(|| Error::illegal_argument("The required text option is missing"))?;
    let Shared { field, analyzer, size, shard_size } = shared_options;
    let field = field.ok_or_else(|| Error::new(ErrorKind::Parse, "the required field option [field] is missing"))?;
    Ok(Suggestion { name: name.to_owned(), text, field, analyzer, size, shard_size, kind })
}

struct Read {
    shared_options: Shared,
    kind: SuggestKind,
}

/// What every kind takes.
struct Shared {
    field: Option<String>,
    analyzer: Option<String>,
    size: u32,
    shard_size: Option<u32>,
}

impl Shared {
    fn new() -> Self {
        Self { field: None, analyzer: None, size: 5, shard_size: None }
    }

    fn take(&mut self, option: Field<'_>) -> Result<bool, Error> {
        match option.key {
            "field" => self.field = Some(option.text()?),
            "analyzer" => self.analyzer = Some(option.text()?),
            "size" => self.size = positive(option)?,
            "shard_size" => self.shard_size = Some(positive(option)?),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// So many suggestions at most.
const MOST: u32 = 10_000;

fn positive(option: Field<'_>) -> Result<u32, Error> {
    let refused = || Error::illegal_argument(format!("{} must be positive", option.key));
    let number = option.count(refused)?;
    match number {
        0 => Err(refused()),
        number if number > MOST => {
            Err(Error::illegal_argument(format!("[{}] of a suggestion is at most {MOST}, got [{number}]", option.key)))
        }
        number => Ok(number),
    }
}

fn unknown(owner: &str, key: &str) -> Error {
    Error::parsing(format!("suggester[{owner}] doesn't support field [{key}]"))
}

fn term(object: &Map<String, Value>) -> Result<Read, Error> {
    let (mut shared_options, mut speller, mut by_frequency) = (Shared::new(), Speller::default(), false);
    for option in fields("term", object) {
        if shared_options.take(option)? {
            continue;
        }
        match option.key {
            "sort" => by_frequency = by_frequency_of(&option.text()?)?,
            _ if spelling(&mut speller, option)? => {}
            _ => return Err(unknown("term", option.key)),
        }
    }
    Ok(Read { shared_options, kind: SuggestKind::Term { speller, by_frequency } })
}

fn by_frequency_of(text: &str) -> Result<bool, Error> {
    match text.to_ascii_lowercase().as_str() {
        "score" => Ok(false),
        "frequency" => Ok(true),
        _ => Err(Error::illegal_argument(format!(
            "No enum constant org.opensearch.search.suggest.SortBy.{}",
            text.to_uppercase()
        ))),
    }
}

/// Whether the option was one of spelling.
fn spelling(speller: &mut Speller, option: Field<'_>) -> Result<bool, Error> {
    let illegal = |what: &str| Error::illegal_argument(what.to_owned());
    match option.key {
        "suggest_mode" => speller.mode = mode(&option.text()?)?,
        "accuracy" => {
            speller.accuracy = option.float()?;
            if !(0.0..=1.0).contains(&speller.accuracy) {
                return Err(illegal("accuracy must be between 0 and 1"));
            }
        }
        "max_edits" => {
            speller.max_edits = match option.int()? {
                1 => 1,
                2 => 2,
                _ => return Err(illegal("maxEdits must be between 1 and 2")),
            };
        }
        "max_inspections" => {
            speller.max_inspections = option.count(|| illegal("maxInspections must be positive"))?;
        }
        "max_term_freq" => speller.max_term_freq = frequency(option, "maxTermFreq")?,
        "min_doc_freq" => speller.min_doc_freq = frequency(option, "minDocFreq")?,
        "prefix_length" => speller.prefix_length = option.count(|| illegal("prefixLength must be positive"))?,
        "min_word_length" => {
            speller.min_word_length = option.count(|| illegal("minWordLength must be greater or equal to 1"))?;
            if speller.min_word_length == 0 {
                return Err(illegal("minWordLength must be greater or equal to 1"));
            }
        }
        "string_distance" => match option.text()?.to_ascii_lowercase().as_str() {
            "internal" | "damerau_levenshtein" => {}
            "levenshtein" | "jaro_winkler" | "ngram" => {
                return Err(Error::not_implemented(format!("[string_distance] {}", option.value)));
            }
            other => {
                let reason = format!(
                    "No enum constant org.opensearch.search.suggest.term.TermSuggestionBuilder.StringDistanceImpl.{}",
                    other.to_uppercase()
                );
                return Err(Error::illegal_argument(reason));
            }
        },
        _ => return Ok(false),
    }
    Ok(true)
}

fn mode(text: &str) -> Result<SuggestMode, Error> {
    match text.to_ascii_lowercase().as_str() {
        "missing" => Ok(SuggestMode::Missing),
        "popular" => Ok(SuggestMode::Popular),
        "always" => Ok(SuggestMode::Always),
        _ => Err(Error::illegal_argument(format!(
            "No enum constant org.opensearch.search.suggest.term.TermSuggestionBuilder.SuggestMode.{}",
            text.to_uppercase()
        ))),
    }
}

fn frequency(option: Field<'_>, name: &str) -> Result<f32, Error> {
    let number = option.float()?;
    if number < 0.0 {
        return Err(Error::illegal_argument(format!("{name} must be positive")));
    }
    if number > 1.0 && number.fract() != 0.0 {
        return Err(Error::illegal_argument(format!("if {name} is greater than 1, it must not be a fraction")));
    }
    Ok(number)
}

fn phrase(object: &Map<String, Value>) -> Result<Read, Error> {
    let mut shared_options = Shared::new();
    let mut asked = PhraseSuggest {
        gram_size: None,
        max_errors: 1.0,
        confidence: 1.0,
        real_word_likelihood: 0.95,
        separator: " ".to_owned(),
        token_limit: 10,
        smoothing: Smoothing::StupidBackoff { discount: 0.4 },
        highlight: None,
        generators: Vec::new(),
    };
    for option in fields("phrase", object) {
        if shared_options.take(option)? {
            continue;
        }
        let illegal = |what: &str| Error::illegal_argument(what.to_owned());
        match (option.key, option.value) {
            ("gram_size", _) => {
                asked.gram_size = Some(option.count(|| illegal("gramSize must be >= 1"))?);
                if asked.gram_size == Some(0) {
                    return Err(illegal("gramSize must be >= 1"));
                }
            }
            ("max_errors", _) => {
                asked.max_errors = option.float()?;
                if asked.max_errors <= 0.0 {
                    return Err(illegal("max_error must be > 0.0"));
                }
            }
            ("confidence", _) => {
                asked.confidence = option.double()?;
                if asked.confidence < 0.0 {
                    return Err(illegal("confidence must be >= 0.0"));
                }
            }
            ("real_word_error_likelihood", _) => {
                asked.real_word_likelihood = option.double()?;
                if asked.real_word_likelihood <= 0.0 {
                    return Err(illegal("real_word_error_likelihood must be > 0.0"));
                }
            }
            ("separator", _) => asked.separator = option.text()?,
            ("token_limit", _) => asked.token_limit = token_limit(option)?,
            ("force_unigrams", _) => {
                option.flag()?;
            }
            ("highlight", Value::Object(inner)) => asked.highlight = Some(highlight(inner)?),
            ("smoothing", Value::Object(inner)) => asked.smoothing = smoothing(inner)?,
            ("direct_generator", Value::Array(items)) => {
                asked.generators = items.iter().map(generator).collect::<Result<_, _>>()?;
            }
            ("collate", _) => return Err(Error::not_implemented("[collate] of a phrase suggestion")),
            _ => return Err(unknown("phrase", option.key)),
        }
    }
    Ok(Read { shared_options, kind: SuggestKind::Phrase(Box::new(asked)) })
}

/// Longer phrases would be looked at in too many ways.
const MAX_TOKENS: u32 = 32;

fn token_limit(option: Field<'_>) -> Result<u32, Error> {
    let illegal = || Error::illegal_argument("token_limit must be >= 1");
    match option.count(illegal)? {
        0 => Err(illegal()),
        limit if limit > MAX_TOKENS => {
            Err(Error::illegal_argument(format!("token_limit is at most {MAX_TOKENS}, got [{limit}]")))
        }
        limit => Ok(limit),
    }
}

fn highlight(object: &Map<String, Value>) -> Result<(String, String), Error> {
    let (mut before, mut after) = (None, None);
    for option in fields("highlight", object) {
        match option.key {
            "pre_tag" => before = Some(option.text()?),
            "post_tag" => after = Some(option.text()?),
            other => {
                return Err(Error::parsing(format!("suggester[phrase][highlight] doesn't support field [{other}]")));
            }
        }
    }
    match (before, after) {
        (Some(before), Some(after)) => Ok((before, after)),
        _ => Err(Error::illegal_argument("Pre and post tag must both be null or both not be null.")),
    }
}

fn smoothing(object: &Map<String, Value>) -> Result<Smoothing, Error> {
    let Some((name, Value::Object(options))) = object.iter().next() else {
        return Err(Error::parsing("Missing smoothing model"));
    };
    let number = |key: &str, default: f64| {
        fields(name, options).find(|option| option.key == key).map_or(Ok(default), Field::double)
    };
    match name.as_str() {
        "stupid_backoff" => Ok(Smoothing::StupidBackoff { discount: number("discount", 0.4)? }),
        "laplace" => Ok(Smoothing::Laplace { alpha: number("alpha", 0.5)? }),
        "linear" => {
            let (trigram, bigram, unigram) =
                (number("trigram_lambda", 0.0)?, number("bigram_lambda", 0.0)?, number("unigram_lambda", 0.0)?);
            if (trigram + bigram + unigram - 1.0).abs() > 0.001 {
                let reason = format!(
                    "linear smoothing lambdas must sum to 1.0, but got trigram: {trigram}, bigram: {bigram}, unigram: {unigram}"
                );
                return Err(Error::illegal_argument(reason));
            }
            Ok(Smoothing::Linear { unigram, bigram, trigram })
        }
        other => Err(Error::illegal_argument(format!("suggester[phrase] doesn't support object field [{other}]"))),
    }
}

fn generator(item: &Value) -> Result<CandidateGenerator, Error> {
    let Value::Object(object) = item else { return Err(Error::parsing("[direct_generator] must hold objects")) };
    let (mut field, mut size, mut speller) = (None, 5, Speller::default());
    for option in fields("direct_generator", object) {
        match option.key {
            "field" => field = Some(option.text()?),
            "size" => size = positive(option)?,
            "pre_filter" | "post_filter" => return Err(option.not_implemented()),
            "sort" => {
                by_frequency_of(&option.text()?)?;
            }
            _ if spelling(&mut speller, option)? => {}
            _ => return Err(option.undeclared()),
        }
    }
    let field = field.ok_or_else(|| required("field"))?;
    Ok(CandidateGenerator { field, size, speller })
}

fn completion(object: &Map<String, Value>) -> Result<Read, Error> {
    let mut shared_options = Shared::new();
    let mut asked = CompletionSuggest { how: Completing::Prefix, skip_duplicates: false, contexts: Map::new() };
    for option in fields("completion", object) {
        if shared_options.take(option)? {
            continue;
        }
        match (option.key, option.value) {
            ("skip_duplicates", _) => asked.skip_duplicates = option.flag()?,
            ("fuzzy", Value::Object(inner)) => asked.how = fuzzy(inner)?,
            ("fuzzy", Value::Bool(true)) => asked.how = fuzzy(&Map::new())?,
            ("fuzzy", Value::Bool(false)) => {}
            ("regex", Value::Object(inner)) => asked.how = regexp(inner)?,
            ("contexts" | "context", Value::Object(inner)) => asked.contexts.clone_from(inner),
            _ => return Err(option.undeclared()),
        }
    }
    Ok(Read { shared_options, kind: SuggestKind::Completion(asked) })
}

fn fuzzy(object: &Map<String, Value>) -> Result<Completing, Error> {
    let (mut fuzziness, mut transpositions) = (Fuzziness::Auto { low: 3, high: 6 }, true);
    let (mut min_length, mut prefix_length) = (3, 1);
    for option in fields("fuzzy", object) {
        match option.key {
            "fuzziness" => fuzziness = option.fuzziness()?,
            "transpositions" => transpositions = option.flag()?,
            "min_length" => {
                min_length = option.count(|| Error::illegal_argument("fuzzyMinLength must not be negative"))?
            }
            "prefix_length" => {
                prefix_length = option.count(|| Error::illegal_argument("fuzzyPrefixLength must not be negative"))?;
            }
            "unicode_aware" | "max_determinized_states" => {}
            _ => return Err(option.undeclared()),
        }
    }
    Ok(Completing::Fuzzy { fuzziness, transpositions, min_length, prefix_length })
}

fn regexp(object: &Map<String, Value>) -> Result<Completing, Error> {
    let (mut flags, mut max_determinized_states) = (String::new(), 10_000);
    for option in fields("regex", object) {
        match option.key {
            "flags" => flags = option.text()?,
            "max_determinized_states" => {
                max_determinized_states =
                    option.count(|| Error::illegal_argument("regexMaxDeterminizedStates must not be negative"))?;
            }
            _ => return Err(option.undeclared()),
        }
    }
    Ok(Completing::Regexp { flags, max_determinized_states })
}
