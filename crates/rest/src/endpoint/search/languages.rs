//! `_script_language`, `_script_context`: in which languages scripts may be written, and where. Told is what this node carries out.

use std::sync::Arc;

use model::error::{Error, ErrorKind};
use model::query::Query;
use model::script::{Trial, TriedDocument};
use serde_json::{Value, json};

use crate::dsl::field::fields;
use crate::dsl::{query, script_of};
use crate::endpoint::Server;
use crate::reply::Reply;
use crate::request::Request;

/// What a script of a context is, as OpenSearch tells it of a class in Java: the type that it gives, what it is given, what it may ask for.
struct Context {
    name: &'static str,
    gives: &'static str,
    given: &'static [(&'static str, &'static str)],
    asks: &'static [(&'static str, &'static str)],
}

const PARAMS: (&str, &str) = ("getParams", "java.util.Map");
const DOC: (&str, &str) = ("getDoc", "java.util.Map");
const SCORE: (&str, &str) = ("get_score", "double");
const CTX: (&str, &str) = ("java.util.Map", "ctx");

const CONTEXTS: [Context; 14] = [
    Context { name: "aggregation_selector", gives: "boolean", given: &[], asks: &[PARAMS] },
    Context { name: "bucket_aggregation", gives: "java.lang.Number", given: &[], asks: &[PARAMS] },
    Context { name: "field", gives: "java.lang.Object", given: &[], asks: &[DOC, PARAMS] },
    Context { name: "filter", gives: "boolean", given: &[], asks: &[DOC, PARAMS] },
    Context { name: "ingest", gives: "void", given: &[CTX], asks: &[PARAMS] },
    Context {
        name: "moving-function",
        gives: "double",
        given: &[("java.util.Map", "params"), ("double[]", "values")],
        asks: &[],
    },
    Context { name: "number_sort", gives: "double", given: &[], asks: &[DOC, PARAMS, SCORE] },
    Context { name: "painless_test", gives: "java.lang.Object", given: &[], asks: &[PARAMS] },
    Context { name: "processor_conditional", gives: "boolean", given: &[CTX], asks: &[PARAMS] },
    Context {
        name: "score",
        gives: "double",
        given: &[("org.opensearch.script.ScoreScript$ExplanationHolder", "explanation")],
        asks: &[DOC, PARAMS, SCORE],
    },
    Context { name: "string_sort", gives: "java.lang.String", given: &[], asks: &[DOC, PARAMS, SCORE] },
    Context { name: "template", gives: "java.lang.String", given: &[], asks: &[PARAMS] },
    Context { name: "terms_set", gives: "java.lang.Number", given: &[], asks: &[DOC, PARAMS] },
    Context { name: "update", gives: "void", given: &[], asks: &[("getCtx", "java.util.Map"), PARAMS] },
];

/// `_script_language`
pub(super) async fn languages(_: Arc<Server>, request: Request) -> Result<Reply, Error> {
    request.finish()?;
    let painless: Vec<&str> = CONTEXTS.iter().map(|context| context.name).filter(|name| *name != "template").collect();
    Ok(Reply::value(&json!({
        "types_allowed": ["inline", "stored"],
        "language_contexts": [
            {"language": "knn", "contexts": ["score"]},
            {"language": "mustache", "contexts": ["template"]},
            {"language": "painless", "contexts": painless},
        ],
    })))
}

/// `_script_context`
pub(super) async fn contexts(_: Arc<Server>, request: Request) -> Result<Reply, Error> {
    request.finish()?;
    let shown: Vec<Value> = CONTEXTS.iter().map(shown).collect();
    Ok(Reply::value(&json!({"contexts": shown})))
}

/// `_scripts/painless/_execute`: what a script gives that sees its parameters alone, or a document that lies in no index.
pub(super) async fn execute(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let body = request.body_or_source()?;
    request.finish()?;
    let missing = || Error::new(ErrorKind::Parse, "request body or source parameter is required");
    let body = crate::json::named_object(&body, "painless_execute_request")?.ok_or_else(missing)?;
    let (mut script, mut context, mut setup) = (None, "painless_test".to_owned(), None);
    for field in fields("painless_execute_request", &body) {
        match field.key {
            "script" => script = Some(field.typed(&["START_OBJECT"])?.value),
            "context" => context = field.typed(&["VALUE_STRING"])?.text()?,
            "context_setup" => {
                setup = Some(Setup::read(field.typed(&["START_OBJECT"])?.value).map_err(|e| field.failed(e))?)
            }
            _ => return Err(field.undeclared()),
        }
    }
    let script = script.ok_or_else(|| Error::illegal_argument("Required [script]"))?;
    if script.get("id").is_some() {
        return Err(crate::endpoint::options::refusal("only inline scripts are supported"));
    }
    let over = match context.as_str() {
        "painless_test" => None,
        "filter" | "score" => Some(setup.unwrap_or_default().over(context == "score")?),
        _ => {
            let cause =
                Error::new(ErrorKind::UnsupportedOperation, format!("unsupported script context name [{context}]"));
            let reason = "Failed to build [painless_execute_request] after last required field arrived";
            return Err(Error::new(ErrorKind::XContentParse, reason).with_cause(cause));
        }
    };
    let result = server.gateway.run_script(Trial { script: script_of(script)?, over }).await?;
    Ok(Reply::value(&json!({"result": result})))
}

/// What `context_setup` says.
#[derive(Default)]
struct Setup {
    index: Option<String>,
    document: Option<Value>,
    query: Option<Query>,
}

impl Setup {
    fn read(value: &Value) -> Result<Self, Error> {
        let mut setup = Self::default();
        let Value::Object(object) = value else { return Ok(setup) };
        for field in fields("execute_script_context", object) {
            match field.key {
                "index" => setup.index = Some(field.typed(&["VALUE_STRING"])?.text()?),
                "document" => setup.document = Some(field.typed(&["START_OBJECT"])?.value.clone()),
                "query" => {
                    setup.query = Some(query(field.typed(&["START_OBJECT"])?.value).map_err(|e| field.failed(e))?)
                }
                _ => return Err(field.undeclared()),
            }
        }
        Ok(setup)
    }

    /// The document; what is missing is refused.
    fn over(self, scores: bool) -> Result<TriedDocument, Error> {
        match (self.index, self.document) {
            (Some(index), Some(document)) => Ok(TriedDocument { index, document, query: self.query, scores }),
            (index, document) => {
                let missing = [("index", index.is_none()), ("document", document.is_none())];
                let missing = missing.iter().filter(|(_, missing)| *missing).enumerate();
                let told = missing
                    .map(|(at, (name, _))| format!("{}: {name} is a required parameter for current context;", at + 1));
                let reason = format!("Validation Failed: {}", told.collect::<Vec<_>>().join(""));
                Err(Error::new(ErrorKind::ActionRequestValidation, reason))
            }
        }
    }
}

fn shown(context: &Context) -> Value {
    let parameters: Vec<Value> = context.given.iter().map(|(kind, name)| json!({"type": kind, "name": name})).collect();
    let execute = json!({"name": "execute", "return_type": context.gives, "params": parameters});
    let asks = context.asks.iter().map(|(name, kind)| json!({"name": name, "return_type": kind, "params": []}));
    let methods: Vec<Value> = std::iter::once(execute).chain(asks).collect();
    json!({"name": context.name, "methods": methods})
}
