//! Scripts that are tried out, on nothing or on a document that lies in no index.

use std::sync::Arc;

use model::error::Error;
use model::script::{Trial, TriedDocument};
use model::target::Target;
use search::bind::{bind, bind_tried_script};
use serde_json::{Number, Value};

use super::search::{context, resolve_open};
use crate::clock::now_ms;
use crate::core::Core;

/// What the script gives.
///
/// # Errors
/// `script_exception`, 501 for what is not in the language here; an index that is not there; a document that does not fit it.
pub(super) fn result(core: &Core, trial: &Trial) -> Result<Value, Error> {
    let script = &trial.script;
    let Some(TriedDocument { index, document, query, scores }) = &trial.over else {
        let params = Value::Object(script.params.iter().cloned().collect());
        return ingest::script::shown(&script.source, &params).map(Value::String);
    };
    let found = resolve_open(core, &Target::one(index.as_str()))?;
    let [found] = found.as_slice() else {
        let reason = format!("[{index}] stands for {} indexes: name one that is open", found.len());
        return Err(Error::illegal_argument(reason));
    };
    let context = context(core, &core.indexes.get(&found.index)?.view(), now_ms());
    let script = bind_tried_script(script, *scores, &context)?;
    let tried = shard::execute::Trial::new(&context, Arc::from(document.to_string().into_bytes()))?;
    if !scores {
        return tried.holds(script).map(Value::Bool);
    }
    let query = query.as_ref().map(|query| bind(query, &context)).transpose()?;
    let number = tried.number(script, query.as_ref())?;
    let wrong = || Error::illegal_argument(format!("the script gives [{number}], which JSON has no number for"));
    Number::from_f64(number).map(Value::Number).ok_or_else(wrong)
}
