//! What a path means in a document.

use serde_json::Value as Json;

use super::{Path, PathError, Step};

/// Values that a path may select on its way.
const MOST: usize = 1 << 20;

/// One step down.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Key(String),
    Index(usize),
}

/// The way from the root to a value.
pub type Location = Vec<Part>;

/// How the way to a value is kept, or that it is not.
trait Way: Clone {
    fn start() -> Self;
    fn key(&self, key: &str) -> Self;
    fn index(&self, index: usize) -> Self;
}

impl Way for () {
    fn start() -> Self {}
    fn key(&self, _key: &str) -> Self {}
    fn index(&self, _index: usize) -> Self {}
}

impl Way for Location {
    fn start() -> Self {
        Self::new()
    }

    fn key(&self, key: &str) -> Self {
        let mut longer = self.clone();
        longer.push(Part::Key(key.to_owned()));
        longer
    }

    fn index(&self, index: usize) -> Self {
        let mut longer = self.clone();
        longer.push(Part::Index(index));
        longer
    }
}

impl Path {
    /// The values that it means, in the document's order.
    ///
    /// # Errors
    /// [`PathError::TooMany`].
    pub fn values<'j>(&'j self, root: &'j Json) -> Result<Vec<&'j Json>, PathError> {
        self.values_in(root, root)
    }

    /// From `here` on, in a document `root` that filters may look at.
    pub(super) fn values_in<'j>(&'j self, root: &'j Json, here: &'j Json) -> Result<Vec<&'j Json>, PathError> {
        Ok(self.select::<()>(root, here)?.into_iter().map(|((), value)| value).collect())
    }

    /// Where the values stand that it means, in the document's order.
    ///
    /// # Errors
    /// [`PathError::TooMany`].
    pub fn locations(&self, root: &Json) -> Result<Vec<Location>, PathError> {
        Ok(self.select::<Location>(root, root)?.into_iter().map(|(location, _)| location).collect())
    }

    fn select<'j, W: Way>(&'j self, root: &'j Json, here: &'j Json) -> Result<Vec<(W, &'j Json)>, PathError> {
        let mut nodes = vec![(W::start(), here)];
        for step in &self.steps {
            let mut next = Vec::new();
            for (way, value) in &nodes {
                step.apply(root, way, value, &mut next)?;
                if next.len() > MOST {
                    return Err(PathError::TooMany);
                }
            }
            nodes = next;
        }
        Ok(nodes)
    }
}

impl Step {
    fn apply<'j, W: Way>(
        &self,
        root: &'j Json,
        way: &W,
        value: &'j Json,
        out: &mut Vec<(W, &'j Json)>,
    ) -> Result<(), PathError> {
        match (self, value) {
            (Self::Keys(keys), Json::Object(members)) => {
                let found = keys.iter().filter_map(|key| Some((way.key(key), members.get(key)?)));
                out.extend(found);
            }
            (Self::Indexes(indexes), Json::Array(items)) => {
                let found = indexes.iter().filter_map(|index| place(*index, items.len()));
                out.extend(found.map(|index| (way.index(index), &items[index])));
            }
            (Self::Slice { from, to, step }, Json::Array(items)) => {
                let length = items.len() as i64;
                let bound = |at: i64| if at < 0 { (at + length).max(0) } else { at.min(length) } as usize;
                let (from, to) = (bound(from.unwrap_or(0)), bound(to.unwrap_or(length)));
                let step = usize::try_from(*step).unwrap_or(usize::MAX);
                out.extend((from..to).step_by(step).map(|index| (way.index(index), &items[index])));
            }
            (Self::All, _) => out.extend(members(way, value)),
            (Self::Deep, _) => deep(way.clone(), value, out)?,
            (Self::Filter(expression), _) => {
                for (way, member) in members(way, value) {
                    if expression.holds(root, member)? {
                        out.push((way, member));
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn members<'j, W: Way>(way: &W, value: &'j Json) -> Vec<(W, &'j Json)> {
    match value {
        Json::Object(members) => members.iter().map(|(key, member)| (way.key(key), member)).collect(),
        Json::Array(items) => items.iter().enumerate().map(|(at, item)| (way.index(at), item)).collect(),
        _ => Vec::new(),
    }
}

/// The value and everything in it, each before what it holds. As deep as the document, which is bounded.
fn deep<'j, W: Way>(way: W, value: &'j Json, out: &mut Vec<(W, &'j Json)>) -> Result<(), PathError> {
    if out.len() > MOST {
        return Err(PathError::TooMany);
    }
    let inner = members(&way, value);
    out.push((way, value));
    inner.into_iter().try_for_each(|(way, member)| deep(way, member, out))
}

/// A place in an array of `length`; negative: from the end.
fn place(index: i64, length: usize) -> Option<usize> {
    let index = if index < 0 { index.checked_add(length as i64)? } else { index };
    usize::try_from(index).ok().filter(|index| *index < length)
}

/// The value at a place.
pub fn at_mut<'j>(root: &'j mut Json, location: &[Part]) -> Option<&'j mut Json> {
    location.iter().try_fold(root, |value, part| match part {
        Part::Key(key) => value.as_object_mut()?.get_mut(key),
        Part::Index(index) => value.as_array_mut()?.get_mut(*index),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(path: &str, expected: Json) {
        let document = json!({
            "a": 5, "b": [1, 2, {"c": "x", "d": 3}], "o": {"a": 2, "b c": null}, "list": [{"n": 1}, {"n": 2, "t": "ab"}, {"m": 9}],
        });
        let path = Path::parse(path).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(json!(path.values(&document).unwrap()), expected);
        let mut copy = document.clone();
        let places = path.locations(&document).unwrap();
        let there: Vec<Json> = places.iter().map(|place| at_mut(&mut copy, place).unwrap().clone()).collect();
        assert_eq!(json!(there), expected);
    }

    #[test]
    fn paths_mean_values() {
        check("$.a", json!([5]));
        check("a", json!([5]));
        check(".o.a", json!([2]));
        check("$.list[?(@.t != \"ab\")]", json!([{"n": 1}, {"m": 9}]));
        check("$.o['b c','a']", json!([null, 2]));
        check("$..a", json!([5, 2]));
        check("$.b[0,-1]", json!([1, {"c": "x", "d": 3}]));
        check("$.b[0:2]", json!([1, 2]));
        check("$.b[::2]", json!([1, {"c": "x", "d": 3}]));
        check("$.b[-2:]", json!([2, {"c": "x", "d": 3}]));
        check("$.b[*].c", json!(["x"]));
        check("$.b[?(@>1)]", json!([2]));
        check("$.list[?(@.n>=1 && @.t)].n", json!([2]));
        check("$.list[?(!(@.n) || @.n == 1)]", json!([{"n": 1}, {"m": 9}]));
        check("$.list[?(@.t =~ \"^a\")].n", json!([2]));
        check("$.list[?(@.n==$.o.a)].t", json!(["ab"]));
        check("$.nothing[3].x", json!([]));
    }

    #[test]
    fn what_is_no_path() {
        for text in ["$.", "$[", "$['a'", "$[a]", "$.a b", "$[?(@.a]", "$[?(]", "$..", "$[1:2:0]", ""] {
            assert!(Path::parse(text).is_err(), "{text}");
        }
        assert!(Path::parse(&format!("$[?{}1]", "(".repeat(10_000))).is_err());
        assert!(Path::parse(&format!("${}", "[?@".repeat(10_000))).is_err());
    }
}
