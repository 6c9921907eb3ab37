//! `_source` filtering: the parts of a document that patterns of paths include and do not exclude.

use std::borrow::Cow;
use std::fmt;

use model::document::Source;
use model::search::SourceFilter;
use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// What `filter` leaves of a source; `None` when it is switched off. A source that nothing is taken from is the same bytes.
///
/// # Errors
/// When the source is not a JSON object, or nests deeper than the reader's limit.
pub fn filtered(source: &Source, filter: &SourceFilter) -> Result<Option<Source>, serde_json::Error> {
    if !filter.enabled {
        return Ok(None);
    }
    if filter.includes.is_empty() && filter.excludes.is_empty() {
        return Ok(Some(source.clone()));
    }
    let mut reader = serde_json::Deserializer::from_slice(source);
    let kept = reader.deserialize_map(Wanted { filter })?;
    reader.end()?;
    Ok(Some(serde_json::to_vec(&kept)?.into()))
}

/// What is left of a document.
struct Kept<'a>(Vec<(String, Member<'a>)>);

#[derive(Serialize)]
#[serde(untagged)]
enum Member<'a> {
    /// As it was written.
    Whole(&'a RawValue),
    Part(Value),
}

impl Serialize for Kept<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, member)| (key, member)))
    }
}

/// Reads an object, but passes over the members of which nothing can be wanted (most of a long document, as a rule) and takes those that are
/// wanted whole as they are.
struct Wanted<'a> {
    filter: &'a SourceFilter,
}

impl Wanted<'_> {
    fn may_want(&self, key: &str) -> bool {
        let below = |pattern: &str| pattern.strip_prefix(key).is_some_and(|rest| rest.starts_with('.'));
        let includes = &self.filter.includes;
        let wanted = |pattern: &String| pattern.contains('*') || covers(pattern, key) || below(pattern);
        includes.is_empty() || includes.iter().any(wanted)
    }

    /// Whether nothing can be taken from a member: it is named, and there is nothing in its items.
    fn wants_whole(&self, key: &str, text: &str) -> bool {
        let SourceFilter { includes, excludes, .. } = self.filter;
        let is_deep = text.starts_with(['[', '{']) && text[1..].contains(['[', '{']);
        excludes.is_empty() && !is_deep && includes.iter().any(|pattern| pattern == key)
    }
}

impl<'de> Visitor<'de> for Wanted<'_> {
    type Value = Kept<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut members: Vec<(String, Member<'de>)> = Vec::new();
        while let Some(key) = access.next_key::<String>()? {
            if !self.may_want(&key) {
                access.next_value::<IgnoredAny>()?;
                continue;
            }
            let text: &'de RawValue = access.next_value()?;
            // Of a name that is given twice the last holds.
            members.retain(|(other, _)| *other != key);
            if self.wants_whole(&key, text.get()) {
                members.push((key, Member::Whole(text)));
            } else {
                let value = serde_json::from_str(text.get()).map_err(A::Error::custom)?;
                let part = part(&key, value, self.filter);
                members.extend(part.map(|part| (key, Member::Part(part))));
            }
        }
        Ok(Kept(members))
    }
}

/// What `filter` leaves of a parsed document.
pub fn object(path: &str, object: Map<String, Value>, filter: &SourceFilter) -> Map<String, Value> {
    let mut kept = Map::new();
    for (key, value) in object {
        let path = if path.is_empty() { Cow::Borrowed(key.as_str()) } else { Cow::Owned(format!("{path}.{key}")) };
        if let Some(part) = part(&path, value, filter) {
            kept.insert(key, part);
        }
    }
    kept
}

/// What it leaves of the value at a path.
fn part(path: &str, value: Value, filter: &SourceFilter) -> Option<Value> {
    if filter.excludes.iter().any(|pattern| covers(pattern, path)) {
        return None;
    }
    let included = filter.includes.is_empty() || filter.includes.iter().any(|pattern| covers(pattern, path));
    // What nothing is taken from stays as it is, empty objects in lists too.
    if included && !filter.excludes.iter().any(|pattern| reaches_into(pattern, path)) {
        return Some(value);
    }
    match value {
        Value::Object(inner) => Some(Value::Object(object(path, inner, filter))).filter(|v| included || !is_empty(v)),
        Value::Array(items) => {
            Some(Value::Array(list(path, items, included, filter))).filter(|v| included || !is_empty(v))
        }
        scalar => included.then_some(scalar),
    }
}

fn list(path: &str, items: Vec<Value>, included: bool, filter: &SourceFilter) -> Vec<Value> {
    let keep = |item| match item {
        Value::Object(inner) => Some(Value::Object(object(path, inner, filter))).filter(|kept| !is_empty(kept)),
        Value::Array(inner) => Some(Value::Array(list(path, inner, included, filter))).filter(|kept| !is_empty(kept)),
        scalar => included.then_some(scalar),
    };
    items.into_iter().filter_map(keep).collect()
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(object) => object.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// Whether a pattern names this path or one above it.
fn covers(pattern: &str, path: &str) -> bool {
    matches(pattern, path) || path.match_indices('.').any(|(at, _)| matches(pattern, &path[..at]))
}

/// Whether a pattern may name something below a path.
fn reaches_into(pattern: &str, path: &str) -> bool {
    let inner = format!("{path}.");
    match pattern.split_once('*') {
        None => pattern.starts_with(&inner),
        Some((first, _)) => first.starts_with(&inner) || inner.starts_with(first),
    }
}

/// Whether a pattern with `*` (any characters, dots too) matches all of a text.
pub fn matches(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        match text.find(part) {
            Some(at) => text = &text[at + part.len()..],
            None => return false,
        }
    }
    text.ends_with(last)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;

    fn check(includes: &[&str], excludes: &[&str], expected: Value) {
        let source = json!({"a": 1, "user": {"name": "x", "tags": ["s", "t"], "address": {"city": "B"}}, "list": [{"p": 1, "q": 2}, {"q": 3}, 4], "none": {}});
        let source: Source = Arc::from(source.to_string().into_bytes());
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let filter = SourceFilter { enabled: true, includes: names(includes), excludes: names(excludes) };
        let kept = filtered(&source, &filter).unwrap().unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&kept).unwrap(), expected, "{includes:?} {excludes:?}");
    }

    #[test]
    fn patterns_choose_parts() {
        check(&["a", "user.name"], &[], json!({"a": 1, "user": {"name": "x"}}));
        check(&["user"], &["user.tags"], json!({"user": {"name": "x", "address": {"city": "B"}}}));
        check(&["*.city"], &[], json!({"user": {"address": {"city": "B"}}}));
        check(&["list.p"], &[], json!({"list": [{"p": 1}]}));
        check(&["zzz"], &[], json!({}));
        check(&["user.a*.city", "a"], &["a"], json!({"user": {"address": {"city": "B"}}}));
        check(&[], &["user.*", "list", "a"], json!({"user": {}, "none": {}}));
        check(&["list", "none", "a"], &[], json!({"a": 1, "list": [{"p": 1, "q": 2}, {"q": 3}, 4], "none": {}}));
    }

    #[test]
    fn what_is_empty_stays_where_nothing_can_be_taken_from_it() {
        let source: Source = Arc::from(br#"{"m":[[],[{}],[1,{}]],"x":[{"a":1},{},{"b":2}]}"#.as_slice());
        let filter = |excludes: &str| {
            let filter = SourceFilter { enabled: true, includes: Vec::new(), excludes: vec![excludes.to_owned()] };
            String::from_utf8(filtered(&source, &filter).unwrap().unwrap().to_vec()).unwrap()
        };
        assert_eq!(filter("x.a"), r#"{"m":[[],[{}],[1,{}]],"x":[{"b":2}]}"#);
        assert_eq!(filter("m.q"), r#"{"m":[[1]],"x":[{"a":1},{},{"b":2}]}"#);
        assert_eq!(filter("x*"), r#"{"m":[[],[{}],[1,{}]]}"#);
        assert_eq!(filter("*z"), r#"{"m":[[1]],"x":[{"a":1},{"b":2}]}"#);
    }

    #[test]
    fn members_that_are_wanted_whole_are_as_they_were_written() {
        let source: Source =
            Arc::from(br#"{ "a": [1,  "[x"], "b": [ 1e2, 2 ], "c": "{", "b" : {"d" : 1.0} , "n": [{}] }"#.as_slice());
        let filter = |includes: &[&str]| {
            let includes = includes.iter().map(|name| (*name).to_owned()).collect();
            let filter = SourceFilter { enabled: true, includes, excludes: Vec::new() };
            String::from_utf8(filtered(&source, &filter).unwrap().unwrap().to_vec()).unwrap()
        };
        assert_eq!(filter(&["c", "b"]), r#"{"c":"{","b":{"d" : 1.0}}"#);
        assert_eq!(filter(&["a"]), r#"{"a":[1,"[x"]}"#);
        assert_eq!(filter(&["n"]), r#"{"n":[{}]}"#);
    }

    #[test]
    fn stars_match_anything_in_between() {
        for (pattern, text, expected) in [
            ("a*c", "abc", true),
            ("a*c", "ab", false),
            ("*", "", true),
            ("a*b*c", "a.b.b.c", true),
            ("a*a", "a", false),
            ("ab", "ab", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
