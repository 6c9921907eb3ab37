//! `_analyze`: what analysis makes of texts.

use std::sync::Arc;

use model::admin::AnalyzeRequest;
use model::document::text_of;
use model::error::{Error, ErrorKind};
use model::json::token;
use serde_json::Value;

use crate::dsl::suggest::{alike, did_you_mean};
use crate::endpoint::Server;
use crate::endpoint::options::Refusals;
use crate::json;
use crate::params::boolean;
use crate::render::admin::analyze::answer;
use crate::reply::Reply;
use crate::request::Request;

pub(super) async fn analyze(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let given = request.params.take("index");
    let index = request.part("index").map(str::to_owned).or(given);
    let body = request.body_or_source()?;
    if body.is_empty() {
        return Err(Error::new(ErrorKind::Parse, "request body or source parameter is required"));
    }
    let mut asked = AnalyzeRequest { index, ..AnalyzeRequest::default() };
    read(&body, &mut asked)?;
    request.finish()?;
    check(&asked)?;
    Ok(Reply::ok(answer(&server.gateway.analyze(asked).await?)))
}

const KEYS: [&str; 9] =
    ["text", "analyzer", "field", "tokenizer", "filter", "char_filter", "explain", "attributes", "normalizer"];

fn read(body: &[u8], asked: &mut AnalyzeRequest) -> Result<(), Error> {
    let body = match json::parse(body)? {
        Value::Object(body) => body,
        other => return Err(wrong(format!("[analyze_request] Expected START_OBJECT but was: {}", token(&other)))),
    };
    for (key, value) in &body {
        let unfit = || wrong(format!("[analyze_request] {key} doesn't support values of type: {}", token(value)));
        match key.as_str() {
            "text" => asked.text = texts(key, value)?,
            "attributes" => asked.attributes = texts(key, value)?,
            "analyzer" => asked.analyzer = Some(value.as_str().ok_or_else(unfit)?.to_owned()),
            "normalizer" => asked.normalizer = Some(value.as_str().ok_or_else(unfit)?.to_owned()),
            "field" => asked.field = Some(value.as_str().ok_or_else(unfit)?.to_owned()),
            "tokenizer" => asked.tokenizer = Some(part(value).ok_or_else(unfit)?),
            "filter" => asked.filters = parts(key, value)?,
            "char_filter" => asked.char_filters = parts(key, value)?,
            "explain" => {
                asked.explain = match value {
                    Value::Bool(flag) => *flag,
                    Value::String(text) => boolean(text).map_err(|cause| failed(key, cause))?,
                    _ => return Err(unfit()),
                }
            }
            _ => {
                let alike = alike(key, KEYS.into_iter());
                return Err(wrong(format!("[analyze_request] unknown field [{key}]{}", did_you_mean(&alike))));
            }
        }
    }
    Ok(())
}

fn wrong(reason: String) -> Error {
    Error::new(ErrorKind::XContentParse, reason)
}

fn failed(key: &str, cause: Error) -> Error {
    let failed = wrong(format!("[analyze_request] failed to parse field [{key}]"));
    Error { root_causes: vec![failed.clone()], ..failed.with_cause(cause) }
}

/// A text or a list of scalars.
fn texts(key: &str, value: &Value) -> Result<Vec<String>, Error> {
    let text = |item: &Value| text_of(item).ok_or_else(|| failed(key, no_text(item)));
    match value {
        Value::String(one) => Ok(vec![one.clone()]),
        Value::Array(items) => items.iter().map(text).collect(),
        other => Err(wrong(format!("[analyze_request] {key} doesn't support values of type: {}", token(other)))),
    }
}

fn no_text(item: &Value) -> Error {
    let reason = match item {
        Value::Array(_) => "expected value but got [START_ARRAY]".to_owned(),
        other => format!("Can't get text on a {}", token(other)),
    };
    Error::new(ErrorKind::IllegalState, reason)
}

/// A name, or a definition.
fn part(value: &Value) -> Option<Value> {
    (value.is_string() || value.is_object()).then(|| value.clone())
}

/// A list of parts, or the definition of one.
fn parts(key: &str, value: &Value) -> Result<Vec<Value>, Error> {
    let items = match value {
        Value::Array(items) => items.as_slice(),
        Value::Object(_) => std::slice::from_ref(value),
        other => {
            return Err(wrong(format!("[analyze_request] {key} doesn't support values of type: {}", token(other))));
        }
    };
    let one = |item: &Value| {
        if item.is_array() {
            return Err(failed(key, no_text(item)));
        }
        part(item).ok_or_else(|| {
            let cause = wrong(format!("Expected [VALUE_STRING] or [START_OBJECT], got {}", token(item)));
            let mut error = wrong(format!("[analyze_request] failed to parse field [{key}]"));
            error.root_causes = vec![cause.clone()];
            error.with_cause(cause)
        })
    };
    items.iter().map(one).collect()
}

/// What cannot be asked for together.
fn check(asked: &AnalyzeRequest) -> Result<(), Error> {
    let mut refusals = Refusals::default();
    let chained = !asked.filters.is_empty() || !asked.char_filters.is_empty() || asked.tokenizer.is_some();
    if asked.text.is_empty() {
        refusals.add("text is missing");
    }
    if asked.index.is_none() && asked.normalizer.is_some() {
        refusals.add("index is required if normalizer is specified");
    }
    if asked.normalizer.is_some() && (asked.tokenizer.is_some() || asked.analyzer.is_some()) {
        refusals.add("tokenizer/analyze should be null if normalizer is specified");
    }
    if asked.normalizer.is_some() && chained {
        refusals.add("cannot define extra components on a named normalizer");
    }
    if asked.analyzer.is_some() && chained {
        refusals.add("cannot define extra components on a named analyzer");
    }
    if asked.field.is_some() && chained {
        refusals.add("cannot define extra components on a field-specific analyzer");
    }
    refusals.finish()?;
    if asked.index.is_none() && asked.field.is_some() && asked.analyzer.is_none() {
        return Err(Error::illegal_argument("analysis based on a specific field requires an index"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(body: &str, expected: &str) {
        let mut asked = AnalyzeRequest::default();
        let error = read(body.as_bytes(), &mut asked).and_then(|()| check(&asked)).expect_err(body);
        assert!(error.status() == 400 && error.reason.contains(expected), "{body}: {error}");
    }

    #[test]
    fn mistakes() {
        refused("{}", "1: text is missing;");
        refused(r#"{"text": 5}"#, "text doesn't support values of type: VALUE_NUMBER");
        refused(r#"{"analyser": "x"}"#, "unknown field [analyser] did you mean [analyzer]?");
        refused(r#"{"text": "x", "filter": "lowercase"}"#, "filter doesn't support values of type: VALUE_STRING");
        refused(r#"{"text": "x", "analyzer": "a", "filter": ["b"]}"#, "cannot define extra components");
        refused(r#"{"text": "x", "field": "f"}"#, "requires an index");
        refused(
            r#"{"text": "x", "normalizer": "n", "analyzer": "a"}"#,
            "1: index is required if normalizer is specified;2: tokenizer/analyze should be null",
        );
        refused(r#"{"text": ["x", null]}"#, "failed to parse field [text]");
        refused(r#"{"text": "x", "field": "f", "filter": ["lowercase"]}"#, "on a field-specific analyzer");
        refused("[]", "Expected START_OBJECT but was: START_ARRAY");
    }

    #[test]
    fn a_whole_request() {
        let mut asked = AnalyzeRequest::default();
        let body = r#"{"text": ["a", 5], "tokenizer": {"type": "ngram"}, "filter": ["lowercase"], "explain": "true"}"#;
        read(body.as_bytes(), &mut asked).unwrap();
        check(&asked).unwrap();
        assert_eq!((asked.text, asked.filters.len(), asked.explain), (vec!["a".into(), "5".into()], 1, true));
    }
}
