//! Shapes of documents: one that was read, one that was written.

use model::error::Error;
use model::search::{Found, GetResponse};
use model::write::{Action, Outcome, WriteFailure, Written};
use serde_json::Value;

use super::error;
use super::json::Json;

/// The answer to a get.
pub(crate) fn got(json: &mut Json, answer: &GetResponse) {
    json.begin_object();
    json.field_str("_index", &answer.index);
    json.field_str("_id", &answer.id);
    match &answer.found {
        None => json.field_bool("found", false),
        Some(found) => {
            json.field_u64("_version", found.version.0);
            inside(json, found);
        }
    }
    json.end_object();
}

/// The part of a get's answer that other answers have too (`get`).
pub(crate) fn inside(json: &mut Json, found: &Found) {
    json.field_u64("_seq_no", found.seq_no.0);
    json.field_u64("_primary_term", found.primary_term.0);
    if let Some(routing) = &found.routing {
        json.field_str("_routing", routing);
    }
    let metadata = |name: &str| name.starts_with('_');
    for (name, values) in found.fields.iter().filter(|(name, _)| metadata(name)) {
        json.key(name);
        array(json, values);
    }
    json.field_bool("found", true);
    if let Some(source) = &found.source {
        json.key("_source");
        json.source(source);
    }
    if found.fields.iter().any(|(name, _)| !metadata(name)) {
        json.key("fields");
        json.begin_object();
        for (name, values) in found.fields.iter().filter(|(name, _)| !metadata(name)) {
            json.key(name);
            array(json, values);
        }
        json.end_object();
    }
}

pub(crate) fn array(json: &mut Json, values: &[Value]) {
    json.begin_array();
    values.iter().for_each(|value| json.value(value));
    json.end_array();
}

/// A document of `_mget` that could not be read.
pub(crate) fn unread(json: &mut Json, index: &str, id: &str, failure: &Error) {
    json.begin_object();
    json.field_str("_index", index);
    json.field_str("_id", id);
    json.key("error");
    error::error(json, failure, true);
    json.end_object();
}

/// HTTP status of a write.
pub(crate) fn status(outcome: Outcome) -> u16 {
    match outcome {
        Outcome::Created => 201,
        Outcome::NotFound => 404,
        Outcome::Updated | Outcome::Deleted | Outcome::Noop | Outcome::Dropped => 200,
    }
}

/// The answer to one write.
pub(crate) fn written(json: &mut Json, written: &Written) {
    json.begin_object();
    // A change that changed nothing was sent to no copy.
    let copies = if matches!(written.outcome, Outcome::Noop | Outcome::Dropped) { (0, 0) } else { written.copies };
    fields(json, written, copies, written.forced_refresh);
    json.end_object();
}

fn fields(json: &mut Json, written: &Written, copies: (u32, u32), forced_refresh: bool) {
    json.field_str("_index", &written.index);
    json.field_str("_id", &written.id);
    match written.outcome {
        // As OpenSearch says that there is none: written under an id of its own or not.
        Outcome::Dropped => {
            json.key("_version");
            json.raw(if written.id.as_ref() == "auto-generated" { b"-4" } else { b"-3" });
        }
        _ => json.field_u64("_version", written.version.0),
    }
    json.field_str("result", written.outcome.name());
    if forced_refresh {
        json.field_bool("forced_refresh", true);
    }
    json.key("_shards");
    json.begin_object();
    json.field_u64("total", u64::from(copies.0));
    json.field_u64("successful", u64::from(copies.1));
    // Copies that are not there are not failures.
    json.field_u64("failed", 0);
    json.end_object();
    if written.outcome == Outcome::Dropped {
        return;
    }
    json.field_u64("_seq_no", written.seq_no.0);
    json.field_u64("_primary_term", written.primary_term.0);
    if let Some(source) = &written.source {
        json.key("get");
        json.begin_object();
        json.field_u64("_seq_no", written.seq_no.0);
        json.field_u64("_primary_term", written.primary_term.0);
        json.field_bool("found", true);
        json.key("_source");
        json.source(source);
        json.end_object();
    }
}

/// What an action is called in `_bulk`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Index,
    Create,
    Update,
    Delete,
}

impl Verb {
    pub(crate) fn of(action: &Action) -> Self {
        match action {
            Action::Index(_) => Self::Index,
            Action::Create(_) => Self::Create,
            Action::Update(_) => Self::Update,
            Action::Delete => Self::Delete,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Index => "index",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// One item of `_bulk`. `refreshed`: it is made visible before the answer, whatever the write itself did.
pub(crate) fn item(json: &mut Json, verb: Verb, item: &Result<Written, WriteFailure>, refreshed: bool) {
    json.begin_object();
    json.key(verb.name());
    json.begin_object();
    match item {
        Ok(written) => {
            fields(json, written, written.copies, written.forced_refresh || refreshed);
            json.field_u64("status", u64::from(status(written.outcome)));
        }
        Err(failure) => {
            json.field_str("_index", &failure.index);
            json.key("_id");
            match &failure.id {
                Some(id) => json.string(id),
                None => json.null(),
            }
            json.field_u64("status", u64::from(failure.error.status()));
            json.key("error");
            error::error(json, &failure.error, false);
        }
    }
    json.end_object();
    json.end_object();
}
