//! What counts as equal: two answers, without what must differ between any two servers.
//!
//! In: a recorded answer, one just given, the request's directives. Out: the paths that differ, with both values. The rules are told in
//! `tests/compat/README.md`.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::parse::Directives;

/// Keys whose values differ between any two servers, wherever they stand but inside user data.
const VOLATILE: [&str; 40] = [
    "took",
    "took_millis",
    "uuid",
    "cluster_uuid",
    "index_uuid",
    "creation_date",
    "build_hash",
    "build_date",
    "_scroll_id",
    "pit_id",
    "id",
    "node",
    "nodes",
    "_nodes",
    "node_id",
    "ephemeral_id",
    "cluster_name",
    "name",
    "start_time",
    "start_time_in_millis",
    "running_time_in_nanos",
    "time_in_millis",
    "tid",
    "query_time_in_millis",
    "size_in_bytes",
    "memory_size_in_bytes",
    "profile",
    "timestamp",
    "store",
    "segments",
    "completion_time",
    "history_uuid",
    "commit",
    "transport_address",
    "host",
    "ip_address",
    "version_created",
    "provided_name",
    "throttled_millis",
    "creation_time",
];

/// Keys of user data: nothing below them is volatile.
const USER_DATA: [&str; 8] = ["_source", "fields", "highlight", "key", "mappings", "tokens", "aggregations", "hits"];

const TOLERANCE: f64 = 1e-4;

/// Status and body of an answer; a body that is no JSON is a string, no body is null.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
}

/// Keys from the body's root down, `*` for any key; lists are passed through.
#[derive(Clone, Debug)]
pub(super) struct KeyPath(Vec<String>);

impl KeyPath {
    pub(super) fn parse(written: &str) -> Self {
        Self(written.trim().split('.').map(str::to_owned).collect())
    }
}

/// What differs between a recorded answer and one just given: each a path, the recorded value, the answered one.
pub(super) fn differences(recorded: &Answer, answered: &Answer, directives: &Directives) -> Vec<String> {
    if directives.skip {
        return Vec::new();
    }
    if recorded.status != answered.status {
        let bodies = format!("{} | {}", short(&recorded.body), short(&answered.body));
        return vec![format!("status {} | {}: {bodies}", recorded.status, answered.status)];
    }
    let is_message = |body: &Value| body.get("error").is_some_and(Value::is_string);
    if is_message(&recorded.body) && is_message(&answered.body) {
        return Vec::new();
    }
    let shown = |body: &Value| {
        let body = plain(body, false);
        let body = directives.only.iter().fold(body, |body, paths| only(&body, &rests(paths)));
        directives.ignore.iter().fold(body, |body, paths| without(&body, &rests(paths)))
    };
    let mut found = Vec::new();
    let rule = Rule {
        tolerance: directives.within.unwrap_or(TOLERANCE),
        exact_integers: directives.within.is_none(),
        unordered: directives.unordered,
    };
    rule.compare(&shown(&recorded.body), &shown(&answered.body), "", &mut found);
    found
}

/// The value without what must differ between two servers. `inside`: it is user data.
fn plain(value: &Value, inside: bool) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| plain(item, inside)).collect(),
        Value::Object(object) => {
            let of_hit = object.contains_key("_index");
            let mut out = Map::new();
            for (key, value) in object {
                match (key.as_str(), value) {
                    ("_node", _) if of_hit => {}
                    // Sets, written in any order.
                    ("_ignored" | "matched_queries", Value::Array(names)) if of_hit => {
                        out.insert(key.clone(), sorted(names));
                    }
                    (name, _) if inside || !VOLATILE.contains(&name) => {
                        out.insert(key.clone(), plain_member(key, value, inside));
                    }
                    _ => {}
                }
            }
            if let Some(Value::Array(hits)) = out.get("hits") {
                let settled = settle(hits, out.get("total"));
                out.insert("hits".to_owned(), Value::Array(settled));
            }
            Value::Object(out)
        }
        other => other.clone(),
    }
}

fn plain_member(key: &str, value: &Value, inside: bool) -> Value {
    match (key, value) {
        ("error", Value::Object(error)) => kinds(error),
        ("failures" | "failed_shards", Value::Array(failures)) => json!(failures.len()),
        _ => plain(value, inside || USER_DATA.contains(&key)),
    }
}

fn sorted(items: &[Value]) -> Value {
    let mut items = items.to_vec();
    items.sort_by_cached_key(canonical);
    items.into()
}

/// Of an error its type and the types of its causes.
fn kinds(error: &Map<String, Value>) -> Value {
    let mut out = Map::new();
    out.insert("type".to_owned(), error.get("type").cloned().unwrap_or_default());
    if let Some(Value::Object(cause)) = error.get("caused_by") {
        out.insert("caused_by".to_owned(), kinds(cause));
    }
    Value::Object(out)
}

/// Orders neighbours of equal sort key by their id; of a last group that the page may have cut, only keys and scores stay.
fn settle(hits: &[Value], total: Option<&Value>) -> Vec<Value> {
    if !hits.iter().all(Value::is_object) {
        return hits.to_vec();
    }
    let mut groups: Vec<Vec<Value>> = Vec::new();
    for hit in hits {
        match groups.last_mut() {
            Some(group) if group.last().is_some_and(|before| rank(before) == rank(hit)) => group.push(hit.clone()),
            _ => groups.push(vec![hit.clone()]),
        }
    }
    for group in &mut groups {
        group.sort_by_key(|hit| hit.get("_id").map(Value::to_string));
    }
    let count = total.and_then(|total| total.get("value").unwrap_or(total).as_u64());
    let cut = count.is_none_or(|count| usize::try_from(count).is_ok_and(|count| count > hits.len()));
    if let Some(last) = groups.last_mut().filter(|last| cut && last.len() > 1) {
        *last = last.iter().map(only_rank).collect();
    }
    groups.into_iter().flatten().collect()
}

/// By what hits tie: the sort key, or the score to three digits.
fn rank(hit: &Value) -> String {
    match (hit.get("sort"), hit.get("_score").and_then(Value::as_f64)) {
        (Some(sort), _) => sort.to_string(),
        (None, Some(score)) => format!("{score:.2e}"),
        (None, None) => String::new(),
    }
}

fn only_rank(hit: &Value) -> Value {
    let keys = ["_score", "sort"].into_iter();
    keys.filter_map(|key| hit.get(key).map(|value| (key.to_owned(), value.clone()))).collect::<Map<_, _>>().into()
}

fn rests(paths: &[KeyPath]) -> Vec<&[String]> {
    paths.iter().map(|KeyPath(keys)| keys.as_slice()).collect()
}

/// What is left of the paths that begin with `key`.
fn below<'a>(paths: &[&'a [String]], key: &str) -> Vec<&'a [String]> {
    let begins = |path: &&'a [String]| path.first().is_some_and(|first| first == key || first == "*");
    paths.iter().filter(|path| begins(path)).map(|path| &path[1..]).collect()
}

/// The value with nothing but what the paths name.
fn only(value: &Value, paths: &[&[String]]) -> Value {
    match value {
        _ if paths.iter().any(|path| path.is_empty()) => value.clone(),
        Value::Array(items) => items.iter().map(|item| only(item, paths)).collect(),
        Value::Object(object) => {
            let members = object.iter().map(|(key, value)| (key, value, below(paths, key)));
            let kept = members.filter(|(_, _, rests)| !rests.is_empty());
            kept.map(|(key, value, rests)| (key.clone(), only(value, &rests))).collect::<Map<_, _>>().into()
        }
        _ => Value::Null,
    }
}

/// The value without what the paths name.
fn without(value: &Value, paths: &[&[String]]) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| without(item, paths)).collect(),
        Value::Object(object) => {
            let members = object.iter().map(|(key, value)| (key, value, below(paths, key)));
            let kept = members.filter(|(_, _, rests)| !rests.iter().any(|rest| rest.is_empty()));
            kept.map(|(key, value, rests)| (key.clone(), without(value, &rests))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

struct Rule {
    tolerance: f64,
    exact_integers: bool,
    unordered: bool,
}

impl Rule {
    fn compare(&self, recorded: &Value, answered: &Value, at: &str, found: &mut Vec<String>) {
        match (recorded, answered) {
            (Value::Object(recorded), Value::Object(answered)) => self.compare_objects(recorded, answered, at, found),
            (Value::Array(recorded), Value::Array(answered)) => self.compare_lists(recorded, answered, at, found),
            _ if recorded == answered || self.near(recorded, answered) => {}
            _ => found.push(format!("{at}: {} | {}", short(recorded), short(answered))),
        }
    }

    fn compare_objects(
        &self,
        recorded: &Map<String, Value>,
        answered: &Map<String, Value>,
        at: &str,
        found: &mut Vec<String>,
    ) {
        let keys: BTreeSet<&String> = recorded.keys().chain(answered.keys()).collect();
        for key in keys {
            match (recorded.get(key), answered.get(key)) {
                (Some(recorded), Some(answered)) => self.compare(recorded, answered, &format!("{at}.{key}"), found),
                (Some(recorded), None) => found.push(format!("{at}.{key}: only recorded: {}", short(recorded))),
                (None, Some(answered)) => found.push(format!("{at}.{key}: only answered: {}", short(answered))),
                (None, None) => {}
            }
        }
    }

    fn compare_lists(&self, recorded: &[Value], answered: &[Value], at: &str, found: &mut Vec<String>) {
        if recorded.len() != answered.len() {
            let lists = format!("{} | {}", short(&json!(recorded)), short(&json!(answered)));
            return found.push(format!("{at}: {} items and {}: {lists}", recorded.len(), answered.len()));
        }
        let in_order = |items: &[Value]| {
            let mut items = items.to_vec();
            if self.unordered {
                items.sort_by_cached_key(canonical);
            }
            items
        };
        for (i, (recorded, answered)) in in_order(recorded).iter().zip(&in_order(answered)).enumerate() {
            self.compare(recorded, answered, &format!("{at}[{i}]"), found);
        }
    }

    /// Whether both are numbers (or text of numbers with a fraction) within the tolerance; two integers must be the same, unless a
    /// directive sets the tolerance: then they are estimates too.
    fn near(&self, recorded: &Value, answered: &Value) -> bool {
        let integer = |value: &Value| value.is_i64() || value.is_u64();
        if self.exact_integers && integer(recorded) && integer(answered) {
            return false;
        }
        let (Some(a), Some(b)) = (number(recorded), number(answered)) else { return false };
        (a - b).abs() <= (self.tolerance * a.abs().max(b.abs())).max(1e-9)
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => {
            let (whole, fraction) = text.split_once('.')?;
            let begins = whole.strip_prefix('-').unwrap_or(whole);
            let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            let (fraction, exponent) = fraction.split_once(['e', 'E']).unwrap_or((fraction, "0"));
            let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            (digits(begins) && digits(fraction) && digits(exponent)).then(|| text.parse().ok())?
        }
        _ => None,
    }
}

/// The value as text with its keys in order, so that equal values have equal texts.
fn canonical(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        Value::Object(object) => {
            let mut members: Vec<String> =
                object.iter().map(|(key, value)| format!("{key:?}:{}", canonical(value))).collect();
            members.sort();
            format!("{{{}}}", members.join(","))
        }
        other => other.to_string(),
    }
}

fn short(value: &Value) -> String {
    value.to_string().chars().take(160).collect()
}

#[cfg(test)]
#[path = "compare_tests.rs"]
mod tests;
