//! Shapes of search answers.

use model::search::{Explanation, Hit, InnerFound, NestedIdentity, Phases, SearchResponse, Total};

use super::aggregation::aggregations;
use super::document::array;
use super::json::Json;
use super::profile::profile;
use super::shards;

/// What the request decides about the shape.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shape {
    /// `rest_total_hits_as_int`.
    pub(crate) total_as_int: bool,
    /// `typed_keys`: names of aggregations are written with the types of their answers.
    pub(crate) typed_keys: bool,
    /// `stored_fields: _none_`.
    pub(crate) without_ids: bool,
}

/// There are no rounds of their own for what OpenSearch does before and behind the query: terms are counted in it.
fn phase_took(json: &mut Json, phases: Phases) {
    json.key("phase_took");
    json.begin_object();
    for (phase, took_ms) in [
        ("dfs_pre_query", 0),
        ("query", phases.query_ms),
        ("fetch", phases.fetch_ms),
        ("dfs_query", 0),
        ("expand", 0),
        ("can_match", 0),
    ] {
        json.field_u64(phase, took_ms);
    }
    json.end_object();
}

/// The keys of a search's answer, without the braces around them.
pub(crate) fn search(json: &mut Json, answer: &SearchResponse, shape: &Shape) {
    for (key, id) in [("_scroll_id", &answer.scroll_id), ("pit_id", &answer.point_id)] {
        if let Some(id) = id {
            json.field_str(key, id);
        }
    }
    json.field_u64("took", answer.took_ms);
    if let Some(phases) = answer.phases {
        phase_took(json, phases);
    }
    json.field_bool("timed_out", answer.timed_out);
    if let Some(early) = answer.terminated_early {
        json.field_bool("terminated_early", early);
    }
    shards::of_search(json, &answer.shards);
    json.key("hits");
    json.begin_object();
    total(json, answer.total, shape.total_as_int);
    json.key("max_score");
    match answer.max_score {
        Some(score) => json.f32(score),
        // Nothing was asked: OpenSearch says zero, not null.
        None if answer.shards.total == 0 => json.f32(0.0),
        None => json.null(),
    }
    json.key("hits");
    json.begin_array();
    answer.hits.iter().for_each(|one| hit(json, one, shape));
    json.end_array();
    json.end_object();
    if let Some(answers) = &answer.aggregations {
        aggregations(json, answers, shape);
    }
    if !answer.suggest.is_empty() {
        super::suggest::suggest(json, &answer.suggest, shape);
    }
    if let Some(told) = &answer.profile {
        profile(json, told);
    }
}

pub(super) fn total(json: &mut Json, total: Option<Total>, as_int: bool) {
    match total {
        None if as_int => {
            json.key("total");
            json.raw(b"-1");
        }
        None => {}
        Some(total) if as_int => json.field_u64("total", total.value),
        Some(total) => {
            json.key("total");
            json.begin_object();
            json.field_u64("value", total.value);
            json.field_str("relation", if total.exact { "eq" } else { "gte" });
            json.end_object();
        }
    }
}

/// One hit. Without an id, it shows none.
pub(super) fn hit(json: &mut Json, hit: &Hit, shape: &Shape) {
    json.begin_object();
    hit_keys(json, hit, shape);
    json.end_object();
}

/// One hit without the braces around it.
pub(super) fn hit_keys(json: &mut Json, hit: &Hit, shape: &Shape) {
    if let Some((shard, node)) = hit.shard.as_ref().filter(|_| hit.explanation.is_some()) {
        json.field_str("_shard", &format!("[{}][{shard}]", hit.index));
        json.field_str("_node", node);
    }
    json.field_str("_index", &hit.index);
    if !shape.without_ids && !hit.id.is_empty() {
        json.field_str("_id", &hit.id);
    }
    if let Some(identity) = &hit.nested {
        json.key("_nested");
        nested(json, identity);
    }
    if let Some(version) = hit.version {
        json.field_u64("_version", version.0);
    }
    if let Some((seq_no, term)) = hit.seq_no {
        json.field_u64("_seq_no", seq_no.0);
        json.field_u64("_primary_term", term.0);
    }
    json.key("_score");
    match hit.score {
        Some(score) => json.f32(score),
        None => json.null(),
    }
    if let Some(routing) = &hit.routing {
        json.field_str("_routing", routing);
    }
    if !hit.ignored.is_empty() {
        strings(json, "_ignored", &hit.ignored);
    }
    if let Some(source) = &hit.source {
        json.key("_source");
        json.source(source);
    }
    extras(json, hit, shape);
}

fn extras(json: &mut Json, hit: &Hit, shape: &Shape) {
    if !hit.fields.is_empty() {
        json.key("fields");
        json.begin_object();
        for (name, values) in &hit.fields {
            json.key(name);
            array(json, values);
        }
        json.end_object();
    }
    if !hit.highlight.is_empty() {
        json.key("highlight");
        json.begin_object();
        for (name, fragments) in &hit.highlight {
            strings(json, name, fragments);
        }
        json.end_object();
    }
    if !hit.sort.is_empty() {
        json.key("sort");
        array(json, &hit.sort);
    }
    if !hit.matched_queries.is_empty() {
        matched_queries(json, &hit.matched_queries);
    }
    if let Some(told) = &hit.explanation {
        json.key("_explanation");
        explanation(json, told);
    }
    if !hit.inner_hits.is_empty() {
        json.key("inner_hits");
        json.begin_object();
        hit.inner_hits.iter().for_each(|(name, found)| inner(json, name, found, shape));
        json.end_object();
    }
}

/// Names, or an object of scores by name where these are told.
fn matched_queries(json: &mut Json, matched: &[(String, Option<f32>)]) {
    if matched.iter().all(|(_, score)| score.is_none()) {
        let names: Vec<String> = matched.iter().map(|(name, _)| name.clone()).collect();
        return strings(json, "matched_queries", &names);
    }
    json.key("matched_queries");
    json.begin_object();
    for (name, score) in matched {
        json.key(name);
        json.f32(score.unwrap_or_default());
    }
    json.end_object();
}

/// Which object inside of its document a hit is.
fn nested(json: &mut Json, identity: &NestedIdentity) {
    json.begin_object();
    json.field_str("field", &identity.field);
    json.field_u64("offset", u64::from(identity.offset));
    if let Some(inner) = &identity.inner {
        json.key("_nested");
        nested(json, inner);
    }
    json.end_object();
}

fn inner(json: &mut Json, name: &str, found: &InnerFound, shape: &Shape) {
    json.key(name);
    json.begin_object();
    json.key("hits");
    json.begin_object();
    total(json, Some(Total { value: found.total, exact: true }), shape.total_as_int);
    json.key("max_score");
    match found.max_score {
        Some(score) => json.f32(score),
        None => json.null(),
    }
    json.key("hits");
    json.begin_array();
    found.hits.iter().for_each(|one| self::hit(json, one, shape));
    json.end_array();
    json.end_object();
    json.end_object();
}

fn strings(json: &mut Json, key: &str, list: &[String]) {
    json.key(key);
    json.begin_array();
    list.iter().for_each(|text| json.string(text));
    json.end_array();
}

/// How a score came about. As deep as the query, whose depth is limited.
pub(crate) fn explanation(json: &mut Json, told: &Explanation) {
    json.begin_object();
    json.key("value");
    match told.count {
        Some(count) => json.u64(count),
        None => json.f32(told.value),
    }
    json.field_str("description", &told.description);
    json.key("details");
    json.begin_array();
    told.details.iter().for_each(|detail| explanation(json, detail));
    json.end_array();
    json.end_object();
}
