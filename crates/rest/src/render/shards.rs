//! `_shards`: which of the asked shards answered.

use model::search::{ShardFailure, Shards};

use super::error;
use super::json::Json;

/// Of a search: with the shards that were skipped.
pub(crate) fn of_search(json: &mut Json, shards: &Shards) {
    counts(json, shards, true);
    if !shards.failures.is_empty() {
        json.key("failures");
        json.begin_array();
        for failure in distinct(&shards.failures) {
            search_failure(json, failure);
        }
        json.end_array();
    }
    json.end_object();
}

/// Of what is sent to every copy (`_refresh`, `_flush` ..).
pub(crate) fn of_broadcast(json: &mut Json, shards: &Shards) {
    counts(json, shards, false);
    if !shards.failures.is_empty() {
        json.key("failures");
        json.begin_array();
        for failure in &shards.failures {
            json.begin_object();
            json.field_u64("shard", u64::from(failure.shard.0));
            json.field_str("index", &failure.index);
            json.field_str("status", status_name(failure.error.status()));
            json.key("reason");
            error::error(json, &failure.error, false);
            json.end_object();
        }
        json.end_array();
    }
    json.end_object();
}

/// The failures of a search as they are listed: of those of one index that say the same only the first.
pub(crate) fn distinct(failures: &[ShardFailure]) -> impl Iterator<Item = &ShardFailure> {
    let same = |one: &ShardFailure, other: &ShardFailure| {
        one.index == other.index && one.error.kind == other.error.kind && one.error.reason == other.error.reason
    };
    let is_first = move |at: usize, failure: &ShardFailure| !failures[..at].iter().any(|before| same(before, failure));
    failures.iter().enumerate().filter(move |(at, failure)| is_first(*at, failure)).map(|(_, failure)| failure)
}

/// One shard of a search that did not answer.
pub(crate) fn search_failure(json: &mut Json, failure: &ShardFailure) {
    json.begin_object();
    json.field_u64("shard", u64::from(failure.shard.0));
    json.field_str("index", &failure.index);
    if let Some(node) = &failure.node {
        json.field_str("node", node);
    }
    json.key("reason");
    error::error(json, &failure.error, false);
    json.end_object();
}

fn counts(json: &mut Json, shards: &Shards, skipped: bool) {
    json.key("_shards");
    json.begin_object();
    json.field_u64("total", u64::from(shards.total));
    json.field_u64("successful", u64::from(shards.successful));
    if skipped {
        json.field_u64("skipped", u64::from(shards.skipped));
    }
    // What did not answer has failed, whether or not it said why.
    let failed = shards.total.saturating_sub(shards.successful).max(shards.failures.len() as u32);
    json.field_u64("failed", u64::from(if skipped { failed } else { shards.failures.len() as u32 }));
}

fn status_name(status: u16) -> &'static str {
    match status {
        400 => "BAD_REQUEST",
        403 => "FORBIDDEN",
        404 => "NOT_FOUND",
        409 => "CONFLICT",
        429 => "TOO_MANY_REQUESTS",
        501 => "NOT_IMPLEMENTED",
        503 => "SERVICE_UNAVAILABLE",
        _ => "INTERNAL_SERVER_ERROR",
    }
}
