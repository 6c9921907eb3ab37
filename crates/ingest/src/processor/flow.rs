//! Pipelines that call others, and what is done to each item of a list.

use model::error::Error;
use serde_json::Value;

use crate::document::{Document, not_castable};
use crate::pipeline::{Passed, Processor, Run};
use crate::text::Text;

pub(super) fn call(name: &Text, document: &mut Document, run: &mut Run<'_>) -> Result<Passed, Error> {
    let name = name.of(document)?;
    match run.pipelines.pipeline(&name) {
        Some(pipeline) => pipeline.within(document, run),
        None => {
            let reason = format!("Pipeline processor configured for non-existent pipeline [{name}]");
            Err(Error::new(model::error::ErrorKind::IllegalState, reason))
        }
    }
}

/// Each item stands in `_ingest._value` while it is processed.
pub(super) fn foreach(
    field: &str,
    inner: &Processor,
    ignore_missing: bool,
    document: &mut Document,
    run: &mut Run<'_>,
) -> Result<Passed, Error> {
    let items = match document.find(field) {
        None | Some(Value::Null) if ignore_missing => return Ok(Passed::Changed),
        Some(Value::Array(items)) => items.clone(),
        Some(other) => return Err(not_castable(field, other, "java.util.List")),
        None => return document.get(field).map(|_| Passed::Changed),
    };
    let before = document.ingest.get("_value").cloned();
    let mut changed = Vec::with_capacity(items.len());
    for item in items {
        document.ingest.insert("_value".into(), item);
        if inner.inside(document, run)? == Passed::Dropped {
            return Ok(Passed::Dropped);
        }
        changed.push(document.ingest.shift_remove("_value").unwrap_or_default());
    }
    if before.is_some() || !changed.is_empty() {
        document.ingest.insert("_value".into(), before.unwrap_or_default());
    }
    document.set(field, Value::Array(changed))?;
    Ok(Passed::Changed)
}
