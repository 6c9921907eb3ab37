//! Objects of type `nested`: read, merged, counted and found by path.

use serde_json::{Map, Value};

use super::parse::{join, refuse_unknown};
use super::value::flag;
use super::{Mapping, Nested, Node, ObjectNode};
use crate::error::{Error, ErrorKind};

/// A nested object from its definition, at `path`.
pub(super) fn parse(
    name: &str,
    path: &str,
    depth: usize,
    definition: &Map<String, Value>,
) -> Result<ObjectNode, Error> {
    let (mut object, mut nested, mut unknown) = (ObjectNode::default(), Nested::default(), Vec::new());
    let read = |key: &str, value: &Value| {
        flag(value).map_err(|cause| {
            Error::illegal_argument(format!("Could not convert [{name}.{key}] to boolean")).with_cause(cause)
        })
    };
    for (key, value) in definition {
        match key.as_str() {
            "type" | "include_in_all" => {}
            "include_in_parent" => nested.include_in_parent = read(key, value)?,
            "include_in_root" => nested.include_in_root = read(key, value)?,
            "dynamic" | "enabled" | "properties" => object.key(path, depth, key, value)?,
            key => unknown.push((key, value)),
        }
    }
    refuse_unknown(&format!("Mapping definition for [{name}] has unsupported parameters: "), unknown)?;
    object.nested = Some(nested);
    Ok(object)
}

/// What two definitions of one object make of it; `update`: the first is in the mapping already.
pub(super) fn merge(old: Option<Nested>, new: Option<Nested>, update: bool) -> Result<Option<Nested>, Error> {
    let fixed = |name: &str| {
        let reason = format!("the [{name}] parameter can't be updated on a nested object mapping");
        Err(Error::new(ErrorKind::Mapper, reason))
    };
    match (old, new) {
        (old, new) if !update => Ok(new.or(old)),
        (Some(_), None) => Err(Error::illegal_argument("cannot change object mapping from nested to non-nested")),
        (None, Some(_)) => Err(Error::illegal_argument("cannot change object mapping from non-nested to nested")),
        (Some(old), Some(new)) if old.include_in_parent != new.include_in_parent => fixed("include_in_parent"),
        (Some(old), Some(new)) if old.include_in_root != new.include_in_root => fixed("include_in_root"),
        (old, _) => Ok(old),
    }
}

/// How many nested objects lie at and below it.
pub(super) fn count(object: &ObjectNode) -> u64 {
    let below = |node: &Node| match node {
        Node::Object(inner) => count(inner),
        Node::Field(_) => 0,
    };
    u64::from(object.nested.is_some()) + object.properties.values().map(below).sum::<u64>()
}

impl Mapping {
    /// Whether any object is nested.
    pub fn has_nested(&self) -> bool {
        count(&self.root) > 0
    }

    /// The innermost nested object at `path` or around it.
    pub fn nested_path_of<'p>(&self, path: &'p str) -> Option<&'p str> {
        let (mut object, mut found, mut end) = (&self.root, None, 0);
        for step in path.split('.') {
            let Some(Node::Object(inner)) = object.properties.get(step) else { break };
            end += step.len() + usize::from(end > 0);
            object = inner;
            if inner.nested.is_some() {
                found = path.get(..end);
            }
        }
        found
    }

    /// The paths of all nested objects, those around before those inside.
    pub fn nested_paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        collect(&self.root, "", &mut paths);
        paths
    }
}

fn collect(object: &ObjectNode, path: &str, paths: &mut Vec<String>) {
    for (name, node) in &object.properties {
        let Node::Object(inner) = node else { continue };
        let path = join(path, name);
        if inner.nested.is_some() {
            paths.push(path.clone());
        }
        collect(inner, &path, paths);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mapping(properties: Value) -> Mapping {
        Mapping::parse(&json!({ "properties": properties })).expect("a mapping")
    }

    #[test]
    fn nested_objects_are_found_and_written_as_they_were_read() {
        let given = json!({"a": {"properties": {"b": {"type": "nested", "include_in_root": true, "properties":
            {"c": {"type": "nested", "dynamic": "strict", "properties": {"d": {"type": "long"}}}, "e": {"type": "long"}}}}}});
        let mapping = mapping(given.clone());
        assert_eq!(mapping.render(), json!({ "properties": given }));
        assert_eq!(mapping.nested_paths(), ["a.b", "a.b.c"]);
        for (path, expected) in
            [("a", None), ("a.b", Some("a.b")), ("a.b.e", Some("a.b")), ("a.b.c.d", Some("a.b.c")), ("x.y", None)]
        {
            assert_eq!(mapping.nested_path_of(path), expected, "{path}");
        }
    }

    #[test]
    fn what_is_nested_stays_so() {
        let nested = mapping(json!({"a": {"type": "nested"}}));
        let plain = mapping(json!({"a": {"type": "object"}}));
        let reason = |old: &Mapping, new: &Mapping| old.merge(new).unwrap_err().reason;
        assert_eq!(reason(&nested, &plain), "cannot change object mapping from nested to non-nested");
        assert_eq!(reason(&plain, &nested), "cannot change object mapping from non-nested to nested");
        let more = mapping(json!({"a": {"type": "nested", "properties": {"b": {"type": "long"}}}}));
        assert_eq!(nested.merge(&more).expect("fits"), more);
    }
}
