//! `_ingest/pipeline/_simulate`: what a pipeline makes of documents.

use std::sync::Arc;

use model::error::{Error, ErrorKind};
use model::ingest::{IngestChoice, IngestDocument, IngestOutcome, IngestStep, Ingested, SimulateIngest};
use serde_json::{Map, Value, json};

use crate::endpoint::Server;
use crate::endpoint::admin::body;
use crate::render::error::error;
use crate::render::json::Json;
use crate::reply::Reply;
use crate::request::Request;

/// Documents of one request, at most.
const MOST: usize = 10_000;

pub(super) async fn simulate(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let named = request.part("id").map(str::to_owned);
    let verbose = request.params.flag("verbose")?.unwrap_or(false);
    let body = request.body_or_source()?;
    request.finish()?;
    let mut body = body::map(body::required(&body)?)?;
    let pipeline = match named {
        Some(name) => IngestChoice::Named(name),
        None => IngestChoice::Inline(body.shift_remove("pipeline").ok_or_else(|| missing("pipeline"))?),
    };
    let documents = match body.shift_remove("docs") {
        Some(Value::Array(items)) if items.is_empty() => {
            return Err(Error::illegal_argument("must specify at least one document in [docs]"));
        }
        Some(Value::Array(items)) if items.len() > MOST => {
            return Err(Error::illegal_argument(format!("[docs] has at most [{MOST}] documents")));
        }
        Some(Value::Array(items)) => items.into_iter().map(document).collect::<Result<Vec<_>, _>>()?,
        _ => return Err(missing("docs")),
    };
    let answers = server.gateway.simulate_ingest(SimulateIngest { pipeline, documents, verbose }).await?;
    let docs: Vec<Value> = answers.into_iter().map(answer).collect();
    Ok(Reply::value(&json!({"docs": docs})))
}

fn missing(name: &str) -> Error {
    Error::new(ErrorKind::Parse, format!("[{name}] required property is missing")).with_detail("property_name", name)
}

fn document(given: Value) -> Result<IngestDocument, Error> {
    let Value::Object(mut given) = given else {
        return Err(Error::illegal_argument("malformed [docs] section, should include an inner object"));
    };
    let source = match given.shift_remove("_source") {
        Some(Value::Object(source)) => source,
        Some(_) => {
            let error = Error::new(ErrorKind::Parse, "[_source] property isn't a map");
            return Err(error.with_detail("property_name", "_source"));
        }
        None => return Err(missing("_source")),
    };
    let mut meta = Map::new();
    for (name, default) in [("_index", Some("_index")), ("_id", Some("_id")), ("_routing", None)] {
        let value = match given.shift_remove(name) {
            Some(Value::String(text)) => Some(Value::from(text)),
            Some(Value::Null) | None => default.map(Value::from),
            Some(other) => Some(Value::from(other.to_string())),
        };
        meta.extend(value.map(|value| (name.to_owned(), value)));
    }
    Ok(IngestDocument { meta, source, ingest: Map::new() })
}

fn answer(answer: Ingested) -> Value {
    match answer {
        Ingested::Changed(document) => json!({"doc": shown(document)}),
        Ingested::Dropped => Value::Null,
        Ingested::Failed(failed) => json!({"error": failure(&failed)}),
        Ingested::Steps(steps) => json!({"processor_results": steps.into_iter().map(step).collect::<Vec<_>>()}),
    }
}

fn step(step: IngestStep) -> Value {
    let mut json = json!({"processor_type": step.processor});
    let (status, ignored, failed, document) = match step.outcome {
        IngestOutcome::Done(document) => ("success", None, None, Some(document)),
        IngestOutcome::Called => ("success", None, None, None),
        IngestOutcome::Skipped => ("skipped", None, None, None),
        IngestOutcome::Dropped => ("dropped", None, None, None),
        IngestOutcome::Ignored(error, document) => ("error_ignored", Some(error), None, Some(document)),
        IngestOutcome::Failed(error) => ("error", None, Some(error), None),
    };
    json["status"] = status.into();
    if let Some(description) = step.description {
        json["description"] = description.into();
    }
    if let Some(tag) = step.tag {
        json["tag"] = tag.into();
    }
    if let Some((condition, result)) = step.condition {
        json["if"] = json!({"condition": condition, "result": result});
    }
    if let Some(error) = ignored {
        json["ignored_error"] = json!({"error": failure(&error)});
    }
    if let Some(error) = failed {
        json["error"] = failure(&error);
    }
    if let Some(document) = document {
        json["doc"] = shown(document);
    }
    json
}

fn shown(document: IngestDocument) -> Value {
    let mut json = document.meta;
    json.insert("_source".into(), Value::Object(document.source));
    json.insert("_ingest".into(), Value::Object(document.ingest));
    Value::Object(json)
}

fn failure(failed: &Error) -> Value {
    let mut written = Json::default();
    error(&mut written, failed, true);
    serde_json::from_slice(&written.finish()).unwrap_or_default()
}
