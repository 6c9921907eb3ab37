//! `human`: sizes, times and moments once more, as people read them, each before the number that it tells.
//!
//! In: the bytes of an answer about the cluster, its nodes or its indexes. Out: the same with those members. Not here: answers that hold
//! documents, whose members may have any name.

use serde_json::{Map, Value};

use crate::http::budget::human as bytes_for_people;
use crate::render::admin::instant;
use crate::render::table::cell::duration;

/// First segments, behind a name, of paths whose answers have such members.
const ANSWERS: [&str; 12] = [
    "_cluster",
    "_data_stream",
    "_delete_by_query",
    "_nodes",
    "_recovery",
    "_reindex",
    "_segments",
    "_settings",
    "_snapshot",
    "_stats",
    "_tasks",
    "_update_by_query",
];

/// What OpenSearch's version numbers have beside the version.
const VERSION_MASK: u64 = 1 << 27;

/// Whether answers at this path tell sizes and times for people, too.
pub(crate) fn is_about(segments: &[String]) -> bool {
    let index = |name: &String| !name.starts_with('_');
    match segments {
        [first, second, ..] if first == "_cluster" && second == "state" => false,
        [first] if index(first) => true,
        [first, ..] if !index(first) => ANSWERS.contains(&first.as_str()),
        [_, second, ..] => ANSWERS.contains(&second.as_str()),
        _ => false,
    }
}

/// With members for people. What is no JSON object stays as it is.
pub(crate) fn human(bytes: Vec<u8>) -> Vec<u8> {
    match serde_json::from_slice::<Value>(&bytes) {
        Ok(answer @ Value::Object(_)) => told(answer).to_string().into_bytes(),
        _ => bytes,
    }
}

/// Answers nest as deep as what is asked about: settings at most, whose names are short.
fn told(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(told).collect(),
        Value::Object(members) => {
            let mut shown = Map::new();
            for (key, value) in &members {
                if let Some((name, text)) = beside(key, value).filter(|(name, _)| !members.contains_key(name)) {
                    shown.insert(name, text.into());
                }
                shown.insert(key.clone(), told(value.clone()));
            }
            shown.into()
        }
        other => other,
    }
}

/// The member that is told beside this one.
fn beside(key: &str, value: &Value) -> Option<(String, String)> {
    if let Some(text) = value.as_str() {
        return of_setting(key, text.parse().ok()?);
    }
    if key == "active_shards_percent_as_number" {
        return Some(("active_shards_percent".into(), format!("{:.1}%", value.as_f64()?)));
    }
    let number = value.as_u64()?;
    let bytes =
        key.strip_suffix("_in_bytes").or_else(|| key.strip_suffix("_size_bytes").map(|_| &key[..key.len() - 6]));
    if let Some(name) = bytes {
        let name = if name == "fixed_bit_set_memory" { "fixed_bit_set" } else { name };
        return Some((name.into(), bytes_for_people(number)));
    }
    if let Some(name) = key.strip_suffix("_in_nanos") {
        return Some((name.into(), of_nanos(number)));
    }
    let waited = key.starts_with("throttled_") || key == "task_max_waiting_in_queue_millis";
    let name = key.strip_suffix("_in_millis").or_else(|| key.strip_suffix("_millis").filter(|_| waited))?;
    let moment = name == "start_time" || name == "stop_time";
    Some((name.into(), if moment { instant(number) } else { duration(number) }))
}

/// Of settings only when an index was made, and by what.
fn of_setting(key: &str, number: u64) -> Option<(String, String)> {
    let text = match key {
        "creation_date" | "index.creation_date" => instant(number),
        "created" | "index.version.created" if number & VERSION_MASK != 0 => {
            let version = number ^ VERSION_MASK;
            format!("{}.{}.{}", version / 1_000_000, version / 10_000 % 100, version / 100 % 100)
        }
        _ => return None,
    };
    Some((format!("{key}_string"), text))
}

fn of_nanos(nanos: u64) -> String {
    let tenths = |unit: u64, name: &str| match (nanos / unit, nanos / (unit / 10) % 10) {
        (whole, 0) => format!("{whole}{name}"),
        (whole, tenth) => format!("{whole}.{tenth}{name}"),
    };
    match nanos {
        0 => duration(0),
        1..1_000 => format!("{nanos}nanos"),
        1_000..1_000_000 => tenths(1_000, "micros"),
        1_000_000..1_000_000_000 => tenths(1_000_000, "ms"),
        _ => duration(nanos / 1_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(given: &str, expected: &str) {
        assert_eq!(String::from_utf8(human(given.into())).unwrap(), expected);
    }

    #[test]
    fn numbers_are_told_for_people_too() {
        check(r#"{"store":{"size_in_bytes":131852}}"#, r#"{"store":{"size":"128.7kb","size_in_bytes":131852}}"#);
        check(
            r#"{"a":[{"index_time_in_millis":3918}]}"#,
            r#"{"a":[{"index_time":"3.9s","index_time_in_millis":3918}]}"#,
        );
        check(r#"{"store_size_bytes":208}"#, r#"{"store_size":"208b","store_size_bytes":208}"#);
        check(
            r#"{"running_time_in_nanos":1250000,"start_time_in_millis":0}"#,
            r#"{"running_time":"1.2ms","running_time_in_nanos":1250000,"start_time":"1970-01-01T00:00:00.000Z","start_time_in_millis":0}"#,
        );
        check(
            r#"{"active_shards_percent_as_number":85.71}"#,
            r#"{"active_shards_percent":"85.7%","active_shards_percent_as_number":85.71}"#,
        );
        check(
            r#"{"creation_date":"0","version":{"created":"137257827"}}"#,
            r#"{"creation_date_string":"1970-01-01T00:00:00.000Z","creation_date":"0","version":{"created_string":"3.4.0","created":"137257827"}}"#,
        );
        check(r#"{"size":"x","size_in_bytes":5}"#, r#"{"size":"x","size_in_bytes":5}"#);
        check("[1]", "[1]");
    }

    #[test]
    fn answers_with_documents_are_left_alone() {
        let about = |path: &str| is_about(&crate::request::decode_path(path).unwrap());
        assert!(about("/_nodes/stats") && about("/a") && about("/a,b/_stats/docs") && about("/_cluster/health/a"));
        assert!(!about("/_search") && !about("/a/_search") && !about("/a/_doc/1") && !about("/_cluster/state"));
    }
}
