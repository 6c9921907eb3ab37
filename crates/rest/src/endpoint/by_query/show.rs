//! How far work has come, and what came of it, as JSON.

use model::by_query::{ByQueryAnswer, ByQueryFailure, Kind, Progress};
use serde_json::{Map, Value, json};

use crate::render::error::error;
use crate::render::json::Json;
use crate::render::table::cell::duration;

/// The whole answer.
pub(in crate::endpoint) fn answer(kind: Kind, done: &ByQueryAnswer) -> Value {
    let mut json = Map::new();
    json.insert("took".into(), done.took_ms.into());
    json.insert("timed_out".into(), done.timed_out.into());
    json.extend(counts(kind, &done.progress));
    json.insert("failures".into(), done.failures.iter().map(failure).collect());
    Value::Object(json)
}

/// The answer as a task keeps it: with every count, whatever the work was, and its waits as people read them.
pub(in crate::endpoint) fn kept(done: &ByQueryAnswer) -> Value {
    let mut json = answer(Kind::Copy, done);
    waits(&mut json, &done.progress);
    let slices = json.get_mut("slices").and_then(Value::as_array_mut).into_iter().flatten();
    slices.zip(&done.progress.slices).for_each(|(slice, progress)| waits(slice, progress));
    json
}

fn waits(json: &mut Value, progress: &Progress) {
    json["throttled"] = duration(progress.throttled_ms).into();
    json["throttled_until"] = "0s".into();
}

/// The status of a task.
pub(in crate::endpoint) fn progress(progress: &Progress) -> Value {
    Value::Object(counts(Kind::Copy, progress))
}

fn counts(kind: Kind, progress: &Progress) -> Map<String, Value> {
    let mut json = Map::new();
    json.insert("total".into(), progress.total.into());
    if kind != Kind::Delete {
        json.insert("updated".into(), progress.updated.into());
    }
    if kind == Kind::Copy {
        json.insert("created".into(), progress.created.into());
    }
    json.insert("deleted".into(), progress.deleted.into());
    json.insert("batches".into(), progress.batches.into());
    json.insert("version_conflicts".into(), progress.version_conflicts.into());
    json.insert("noops".into(), progress.noops.into());
    json.insert("retries".into(), json!({"bulk": 0, "search": 0}));
    json.insert("throttled_millis".into(), progress.throttled_ms.into());
    let pace = progress.requests_per_second.map_or(-1.0, f64::from);
    json.insert("requests_per_second".into(), shortest(pace));
    if progress.cancelled {
        json.insert("canceled".into(), "by user request".into());
    }
    json.insert("throttled_until_millis".into(), 0.into());
    if !progress.slices.is_empty() {
        let slices = progress.slices.iter().enumerate().map(|(number, part)| {
            let mut slice = Map::new();
            slice.insert("slice_id".into(), number.into());
            slice.extend(counts(kind, part));
            Value::Object(slice)
        });
        json.insert("slices".into(), slices.collect());
    }
    json
}

/// The shortest text that is this 32-bit float, not the digits of its 64-bit twin.
fn shortest(number: f64) -> Value {
    (number as f32).to_string().parse::<f64>().unwrap_or(number).into()
}

fn failure(failure: &ByQueryFailure) -> Value {
    let mut cause = Json::default();
    error(&mut cause, &failure.error, false);
    let cause: Value = serde_json::from_slice(&cause.finish()).unwrap_or_default();
    match &failure.id {
        Some(id) => json!({"index": &*failure.index, "id": &**id, "cause": cause, "status": failure.error.status()}),
        None => json!({"index": &*failure.index, "reason": cause, "status": failure.error.status()}),
    }
}
