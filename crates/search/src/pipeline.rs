//! Search pipelines: what happens to a request before it is carried out, to the hits of several queries, and to the answer.
//!
//! In: the definition as it was put. Out: typed steps, or why they cannot be. Pure. Not here: queries inside definitions, which a dialect reads.

use model::error::{Error, ErrorKind};
use model::query::hybrid::{Combination, Fusion, Normalization};
use model::search::SearchResponse;
use serde_json::{Map, Value};

/// The processors of a pipeline that Shoal has.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pipeline {
    /// Filters, as JSON: every hit must match them.
    pub filters: Vec<Value>,
    pub fusion: Option<Fusion>,
    pub response: Vec<ResponseProcessor>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ResponseProcessor {
    /// In the source and among `fields`.
    RenameField {
        field: String,
        target: String,
    },
    TruncateHits {
        target_size: usize,
    },
}

impl Pipeline {
    /// Reads a definition.
    ///
    /// # Errors
    /// `illegal_argument_exception`, `parse_exception` as OpenSearch; 501 names a processor or an option that is not there.
    pub fn parse(definition: &Value) -> Result<Self, Error> {
        let Value::Object(definition) = definition else {
            return Err(parse_error("a search pipeline must be an object"));
        };
        let mut pipeline = Self::default();
        for (key, value) in definition {
            let each = |read: Read<'_>| processors(key, value, read);
            match key.as_str() {
                "description" | "version" => {}
                "request_processors" => each(&mut |kind, options| pipeline.request(kind, options))?,
                "phase_results_processors" => each(&mut |kind, options| {
                    pipeline.fusion = Some(fusion(kind, options)?);
                    Ok(())
                })?,
                "response_processors" => each(&mut |kind, options| {
                    pipeline.response.push(response(kind, options)?);
                    Ok(())
                })?,
                _ => {
                    let reason =
                        format!("pipeline doesn't support one or more provided configuration parameters [{key}]");
                    return Err(parse_error(reason));
                }
            }
        }
        Ok(pipeline)
    }

    fn request(&mut self, kind: &str, options: &Map<String, Value>) -> Result<(), Error> {
        match kind {
            "filter_query" => {
                known(kind, options, &["query"])?;
                let query = options.get("query").filter(|query| query.is_object());
                self.filters.push(query.ok_or_else(|| missing(kind, "query"))?.clone());
                Ok(())
            }
            "script"
            | "oversample"
            | "neural_query_enricher"
            | "ml_inference"
            | "neural_sparse_two_phase_processor" => {
                Err(Error::not_implemented(format!("the search request processor [{kind}]")))
            }
            _ => Err(invalid(kind)),
        }
    }

    /// Applies the response processors.
    pub fn answer(&self, answer: &mut SearchResponse) {
        for processor in &self.response {
            match processor {
                ResponseProcessor::RenameField { field, target } => rename(answer, field, target),
                ResponseProcessor::TruncateHits { target_size } => answer.hits.truncate(*target_size),
            }
        }
    }
}

fn rename(answer: &mut SearchResponse, field: &str, target: &str) {
    for hit in &mut answer.hits {
        for (name, _) in hit.fields.iter_mut().filter(|(name, _)| name == field) {
            target.clone_into(name);
        }
        let parsed = hit.source.as_ref().map(|source| serde_json::from_slice::<Map<String, Value>>(source));
        let Some(Ok(mut source)) = parsed else { continue };
        if let Some(value) = source.shift_remove(field) {
            source.insert(target.to_owned(), value);
            // What was read is written again.
            hit.source = serde_json::to_vec(&source).ok().map(Into::into);
        }
    }
}

/// Takes a processor's kind and options.
type Read<'r> = &'r mut dyn FnMut(&str, &Map<String, Value>) -> Result<(), Error>;

fn processors(key: &str, value: &Value, read: Read<'_>) -> Result<(), Error> {
    let Value::Array(list) = value else {
        return Err(parse_error(format!("[{key}] property isn't a list, but of type [{}]", type_of(value))));
    };
    for processor in list {
        let Value::Object(processor) = processor else {
            return Err(parse_error(format!("a processor of [{key}] must be an object")));
        };
        for (kind, options) in processor {
            let Value::Object(options) = options else {
                return Err(parse_error(format!("the options of the processor [{kind}] must be an object")));
            };
            let mut options = options.clone();
            // What every processor may carry.
            let ignored = options.shift_remove("ignore_failure");
            if ignored == Some(Value::Bool(true)) {
                return Err(Error::not_implemented(format!("[ignore_failure] of the processor [{kind}]")));
            }
            options.shift_remove("tag");
            options.shift_remove("description");
            read(kind, &options)?;
        }
    }
    Ok(())
}

/// A `phase_results_processor`.
fn fusion(kind: &str, options: &Map<String, Value>) -> Result<Fusion, Error> {
    match kind {
        "normalization-processor" => {
            known(kind, options, &["normalization", "combination"])?;
            let normalization = match technique(options, "normalization")? {
                None | Some("min_max") => Normalization::MinMax,
                Some("l2") => Normalization::L2,
                Some("z_score") => Normalization::ZScore,
                Some(_) => return Err(Error::illegal_argument("provided normalization technique is not supported")),
            };
            let combination = match technique(options, "combination")? {
                None | Some("arithmetic_mean") => Combination::Arithmetic,
                Some("geometric_mean") => Combination::Geometric,
                Some("harmonic_mean") => Combination::Harmonic,
                Some(_) => return Err(Error::illegal_argument("provided combination technique is not supported")),
            };
            if normalization == Normalization::ZScore && combination != Combination::Arithmetic {
                return Err(Error::illegal_argument("Z Score supports only arithmetic_mean combination technique"));
            }
            if options.get("normalization").is_some_and(|given| given.get("parameters").is_some()) {
                return Err(Error::not_implemented("[parameters] of a normalization"));
            }
            let weights = weights(options.get("combination"))?;
            if !weights.is_empty() && (weights.iter().sum::<f32>() - 1.0).abs() > 1e-3 {
                let reason =
                    format!("sum of weights for combination must be equal to 1.0, submitted weights: {weights:?}");
                return Err(Error::illegal_argument(reason));
            }
            Ok(Fusion::Normalized { normalization, combination, weights })
        }
        "score-ranker-processor" => {
            known(kind, options, &["combination"])?;
            let combination = options.get("combination");
            match technique(options, "combination")? {
                None | Some("rrf") => {}
                Some(_) => return Err(Error::illegal_argument("provided combination technique is not supported")),
            }
            let given = combination.and_then(|combination| combination.get("rank_constant"));
            let constant = match given {
                None => 60,
                Some(given) => given.as_u64().filter(|constant| (1..=10_000).contains(constant)).ok_or_else(|| {
                    Error::illegal_argument(format!(
                        "rank constant must be in the interval between 1 and 10000, submitted rank constant: {given}"
                    ))
                })? as u32,
            };
            Ok(Fusion::ReciprocalRank { constant, weights: weights(combination)? })
        }
        _ => Err(invalid(kind)),
    }
}

fn technique<'o>(options: &'o Map<String, Value>, name: &str) -> Result<Option<&'o str>, Error> {
    match options.get(name) {
        None => Ok(None),
        Some(Value::Object(given)) => Ok(given.get("technique").and_then(Value::as_str)),
        Some(_) => Err(parse_error(format!("[{name}] must be an object"))),
    }
}

fn weights(combination: Option<&Value>) -> Result<Vec<f32>, Error> {
    let given = combination.and_then(|given| given.get("parameters")).and_then(|given| given.get("weights"));
    let Some(given) = given else { return Ok(Vec::new()) };
    let weights = given.as_array().map(|list| list.iter().map(|weight| weight.as_f64().map(|w| w as f32)));
    let weights: Option<Vec<f32>> = weights.and_then(Iterator::collect);
    let weights =
        weights.ok_or_else(|| Error::illegal_argument("parameter [weights] must be a collection of numbers"))?;
    if weights.iter().any(|weight| !(0.0..=1.0).contains(weight)) {
        let reason = format!("all weights must be in range [0.0 ... 1.0], submitted weights: {weights:?}");
        return Err(Error::illegal_argument(reason));
    }
    Ok(weights)
}

fn response(kind: &str, options: &Map<String, Value>) -> Result<ResponseProcessor, Error> {
    let text =
        |name: &str| options.get(name).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| missing(kind, name));
    match kind {
        "rename_field" => {
            known(kind, options, &["field", "target_field"])?;
            Ok(ResponseProcessor::RenameField { field: text("field")?, target: text("target_field")? })
        }
        "truncate_hits" => {
            known(kind, options, &["target_size"])?;
            let size =
                options.get("target_size").and_then(Value::as_u64).ok_or_else(|| missing(kind, "target_size"))?;
            Ok(ResponseProcessor::TruncateHits { target_size: size as usize })
        }
        "sort"
        | "split"
        | "collapse"
        | "rerank"
        | "personalize_search_ranking"
        | "retrieval_augmented_generation"
        | "hybrid_score_explanation"
        | "ml_inference" => Err(Error::not_implemented(format!("the search response processor [{kind}]"))),
        _ => Err(invalid(kind)),
    }
}

fn known(kind: &str, options: &Map<String, Value>, names: &[&str]) -> Result<(), Error> {
    match options.keys().find(|key| !names.contains(&key.as_str())) {
        Some(key) => Err(parse_error(format!(
            "processor [{kind}] doesn't support one or more provided configuration parameters [{key}]"
        ))),
        None => Ok(()),
    }
}

fn missing(kind: &str, name: &str) -> Error {
    parse_error(format!("[{name}] required property is missing in the processor [{kind}]"))
}

fn invalid(kind: &str) -> Error {
    Error::illegal_argument(format!("Invalid processor type {kind}"))
}

fn parse_error(reason: impl Into<String>) -> Error {
    Error::new(ErrorKind::Parse, reason)
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "java.lang.Boolean",
        Value::Number(_) => "java.lang.Number",
        Value::String(_) => "java.lang.String",
        Value::Array(_) => "java.util.ArrayList",
        Value::Object(_) => "java.util.LinkedHashMap",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn definitions_are_read_or_refused() {
        let pipeline = Pipeline::parse(&json!({
            "description": "d",
            "request_processors": [{"filter_query": {"tag": "t", "query": {"term": {"a": 1}}}}],
            "phase_results_processors": [{"normalization-processor": {"normalization": {"technique": "l2"},
                "combination": {"technique": "harmonic_mean", "parameters": {"weights": [0.3, 0.7]}}}}],
            "response_processors": [{"rename_field": {"field": "a", "target_field": "b"}}, {"truncate_hits": {"target_size": 3}}]
        }));
        let pipeline = pipeline.expect("reads");
        let (normalization, combination) = (Normalization::L2, Combination::Harmonic);
        assert_eq!(pipeline.fusion, Some(Fusion::Normalized { normalization, combination, weights: vec![0.3, 0.7] }));
        assert_eq!((pipeline.filters.len(), pipeline.response.len()), (1, 2));
        let refused = |definition: Value, kind: ErrorKind| {
            assert_eq!(Pipeline::parse(&definition).expect_err("refused").kind, kind, "{definition}");
        };
        let phase = |processor: Value| json!({ "phase_results_processors": [processor] });
        refused(json!({"request_processors": [{"nope": {}}]}), ErrorKind::IllegalArgument);
        refused(json!({"request_processors": [{"oversample": {"sample_factor": 2}}]}), ErrorKind::NotImplemented);
        refused(json!({"whatever": []}), ErrorKind::Parse);
        refused(json!({"response_processors": [{"rename_field": {"field": "a"}}]}), ErrorKind::Parse);
        let weights = json!({"combination": {"parameters": {"weights": [0.3, 0.3]}}});
        refused(phase(json!({ "normalization-processor": weights })), ErrorKind::IllegalArgument);
        let rank = json!({"combination": {"technique": "rrf", "rank_constant": 0}});
        refused(phase(json!({ "score-ranker-processor": rank })), ErrorKind::IllegalArgument);
    }
}
