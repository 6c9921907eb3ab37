//! Paths into JSON documents, as far as attributes and `RETURN` name them: `$.a.b[*]`, `$..a`, `$['a']`, `[0]`, and names without `$`.

use serde_json::Value as Json;

enum Step<'p> {
    Name(&'p str),
    /// Negative: from the end.
    At(i64),
    All,
    /// The name, at any depth.
    Deep(&'p str),
}

/// Values that a path may find, so that no path costs more than memory has.
const MAX_VALUES: usize = 100_000;

/// Every value at the path.
pub fn values(document: &Json, path: &str) -> Vec<Json> {
    let Some(steps) = steps(path) else { return Vec::new() };
    let mut found = vec![document];
    for step in &steps {
        let mut next = Vec::new();
        for value in found {
            follow(value, step, &mut next);
        }
        next.truncate(MAX_VALUES);
        found = next;
    }
    found.into_iter().cloned().collect()
}

fn follow<'v>(value: &'v Json, step: &Step<'_>, next: &mut Vec<&'v Json>) {
    match (step, value) {
        (Step::Name(name), Json::Object(members)) => next.extend(members.get(*name)),
        (Step::At(at), Json::Array(items)) => {
            let at = if *at < 0 { items.len() as i64 + at } else { *at };
            next.extend(usize::try_from(at).ok().and_then(|at| items.get(at)));
        }
        (Step::All, Json::Array(items)) => next.extend(items),
        (Step::All, Json::Object(members)) => next.extend(members.values()),
        (Step::Deep(name), _) => {
            // Iterative: documents may be deep.
            let mut open = vec![value];
            while let Some(value) = open.pop() {
                match value {
                    Json::Object(members) => {
                        next.extend(members.get(*name));
                        open.extend(members.values());
                    }
                    Json::Array(items) => open.extend(items),
                    _ => {}
                }
                if next.len() >= MAX_VALUES {
                    return;
                }
            }
        }
        _ => {}
    }
}

/// `None`: not a path of those that are known here.
fn steps(path: &str) -> Option<Vec<Step<'_>>> {
    let mut rest = path.strip_prefix('$').unwrap_or(path);
    let mut steps = Vec::new();
    if !path.starts_with('$') && !rest.starts_with(['.', '[']) {
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        steps.push(Step::Name(&rest[..end]));
        rest = &rest[end..];
    }
    while !rest.is_empty() {
        if let Some(behind) = rest.strip_prefix("..") {
            let end = behind.find(['.', '[']).unwrap_or(behind.len());
            steps.push(Step::Deep(&behind[..end]));
            rest = &behind[end..];
        } else if let Some(behind) = rest.strip_prefix('.') {
            let end = behind.find(['.', '[']).unwrap_or(behind.len());
            match &behind[..end] {
                "*" => steps.push(Step::All),
                // `.` alone is the document.
                "" => {}
                name => steps.push(Step::Name(name)),
            }
            rest = &behind[end..];
        } else {
            let (inside, behind) = rest.strip_prefix('[')?.split_once(']')?;
            steps.push(bracket(inside.trim())?);
            rest = behind;
        }
    }
    Some(steps)
}

fn bracket(inside: &str) -> Option<Step<'_>> {
    if inside == "*" {
        return Some(Step::All);
    }
    for quote in ['\'', '"'] {
        if let Some(name) = inside.strip_prefix(quote).and_then(|name| name.strip_suffix(quote)) {
            return Some(Step::Name(name));
        }
    }
    inside.parse().ok().map(Step::At)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_find_what_they_name() {
        let document = json!({"a": {"b": [1, {"c": 2}, 3]}, "c": 4, "t": ["x", "y"]});
        let check = |path: &str, expected: Json| assert_eq!(json!(values(&document, path)), expected, "{path}");
        check("$.a.b[0]", json!([1]));
        check("$.a.b[-1]", json!([3]));
        check("$.t[*]", json!(["x", "y"]));
        check("$..c", json!([4, 2]));
        check("$['c']", json!([4]));
        check("c", json!([4]));
        check("$.t", json!([["x", "y"]]));
        check("$.zz", json!([]));
        check("$[", json!([]));
    }
}
