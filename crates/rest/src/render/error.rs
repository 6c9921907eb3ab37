//! The one place that writes errors in OpenSearch's shape.

use model::error::Error;

use super::json::Json;
use super::shards;

/// Deepest chain of causes that is shown.
const MAX_CAUSES: usize = 32;

/// The object of `error`. `with_roots`: with `root_cause`, as in an answer that is nothing but an error.
pub(crate) fn error(json: &mut Json, error: &Error, with_roots: bool) {
    json.begin_object();
    if with_roots {
        json.key("root_cause");
        json.begin_array();
        if error.root_causes.is_empty() && !error.is_reduce_phase() {
            one(json, error);
        }
        error.root_causes.iter().for_each(|cause| one(json, cause));
        json.end_array();
    }
    inside(json, error, 0);
    json.end_object();
}

fn one(json: &mut Json, error: &Error) {
    json.begin_object();
    own(json, error);
    json.end_object();
}

fn inside(json: &mut Json, error: &Error, depth: usize) {
    own(json, error);
    if let Some(cause) = &error.cause
        && depth < MAX_CAUSES
    {
        json.key("caused_by");
        json.begin_object();
        inside(json, cause, depth + 1);
        json.end_object();
    }
}

fn own(json: &mut Json, error: &Error) {
    json.field_str("type", error.kind.row().name);
    json.field_str("reason", &error.reason);
    if let Some(index) = &error.index {
        json.field_str("index", &index.name);
    }
    if let Some(shard) = error.shard {
        json.field_str("shard", &shard.to_string());
    }
    if let Some(index) = &error.index {
        json.field_str("index_uuid", &index.uuid.0);
    }
    for (key, value) in &error.details {
        json.key(key);
        json.value(value);
    }
    if !error.failed_shards.is_empty() {
        json.key("failed_shards");
        json.begin_array();
        shards::distinct(&error.failed_shards).for_each(|failure| failed_shard(json, failure));
        json.end_array();
    }
}

/// One shard's failure, as in `failed_shards` and in `_shards.failures`.
pub(crate) fn failed_shard(json: &mut Json, failure: &model::search::ShardFailure) {
    json.begin_object();
    json.key("shard");
    json.value(&failure.shard.0.into());
    json.field_str("index", &failure.index);
    if let Some(node) = &failure.node {
        json.field_str("node", node);
    }
    json.key("reason");
    error(json, &failure.error, false);
    json.end_object();
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::error::ErrorKind;
    use model::id::{IndexRef, IndexUuid, ShardNumber};

    use super::*;

    fn check(failure: &Error, with_roots: bool, expected: &str) {
        let mut json = Json::default();
        error(&mut json, failure, with_roots);
        assert_eq!(String::from_utf8(json.finish()).unwrap(), expected);
    }

    #[test]
    fn errors_as_opensearch_shows_them() {
        let index = IndexRef { name: Arc::from("films"), uuid: IndexUuid(Arc::from("u")) };
        let conflict = Error::new(ErrorKind::VersionConflict, "no").with_index(index).with_shard(ShardNumber(3));
        let object =
            r#""type":"version_conflict_engine_exception","reason":"no","index":"films","shard":"3","index_uuid":"u""#;
        check(&conflict, false, &format!("{{{object}}}"));
        check(&conflict, true, &format!(r#"{{"root_cause":[{{{object}}}],{object}}}"#));
        let caused = Error::illegal_argument("a").with_cause(Error::index_not_found("x"));
        check(
            &caused,
            true,
            r#"{"root_cause":[{"type":"illegal_argument_exception","reason":"a"}],"type":"illegal_argument_exception","reason":"a","caused_by":{"type":"index_not_found_exception","reason":"no such index [x]","index":"x","resource.id":"x","resource.type":"index_or_alias","index_uuid":"_na_"}}"#,
        );
    }

    #[test]
    fn a_failed_search_shows_its_root_causes() {
        let mut failed = Error::new(ErrorKind::SearchPhaseExecution, "all shards failed").with_detail("phase", "query");
        failed.root_causes.push(Error::parsing("p"));
        check(
            &failed,
            true,
            r#"{"root_cause":[{"type":"parsing_exception","reason":"p"}],"type":"search_phase_execution_exception","reason":"all shards failed","phase":"query"}"#,
        );
        let reduced = Error::reduce_phase(Error::illegal_argument("a"));
        assert_eq!(reduced.status(), 400);
        check(
            &reduced,
            true,
            r#"{"root_cause":[],"type":"search_phase_execution_exception","reason":"","phase":"fetch","grouped":true,"failed_shards":[],"caused_by":{"type":"illegal_argument_exception","reason":"a"}}"#,
        );
    }
}
