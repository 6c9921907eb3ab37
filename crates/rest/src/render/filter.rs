//! `filter_path`: keeps the parts of an answer that the paths name, without reading it into a tree.
//!
//! A path is keys between dots, with `*` within a key and `**` for any number of keys; one that begins with `-` excludes. Arrays are
//! passed through. Objects and arrays of which nothing is left are left out.

use super::scan::{Scan, decoded};

/// Deepest nesting that is looked into; below, a value is kept or left out whole.
const MAX_DEPTH: usize = 1200;

/// Paths, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filter {
    includes: Vec<Vec<String>>,
    excludes: Vec<Vec<String>>,
}

impl Filter {
    /// `None` when `paths` are empty, which filters nothing.
    pub(crate) fn new(paths: &[String]) -> Option<Self> {
        let mut filter = Self { includes: Vec::new(), excludes: Vec::new() };
        for path in paths.iter().map(|path| path.trim()).filter(|path| !path.is_empty()) {
            let (list, path) = match path.strip_prefix('-') {
                Some(path) => (&mut filter.excludes, path),
                None => (&mut filter.includes, path),
            };
            list.push(path.split('.').map(str::to_owned).collect());
        }
        (!filter.includes.is_empty() || !filter.excludes.is_empty()).then_some(filter)
    }
}

/// Where in each path a value is: path, key in it.
type Places = Vec<(usize, usize)>;

/// How far the paths have matched above a value.
#[derive(Clone)]
struct State {
    /// `None`: included whole.
    includes: Option<Places>,
    /// Empty: nothing below is excluded.
    excludes: Places,
}

/// The parts of `json` that `filter` keeps; at least `{}`.
pub(crate) fn filter(json: &[u8], filter: &Filter) -> Vec<u8> {
    let start = |paths: &[Vec<String>]| {
        let mut places = Places::new();
        for path in 0..paths.len() {
            // A path of nothing but `**` matches everything, the whole answer too.
            place(paths, path, 0, &mut places);
        }
        places
    };
    let state = State {
        includes: (!filter.includes.is_empty()).then(|| start(&filter.includes)),
        excludes: start(&filter.excludes),
    };
    let mut walk = Walk { filter, scan: Scan::new(json), out: Vec::new() };
    if !walk.value(&state, 0) {
        return b"{}".to_vec();
    }
    walk.out
}

struct Walk<'a> {
    filter: &'a Filter,
    scan: Scan<'a>,
    out: Vec<u8>,
}

impl Walk<'_> {
    /// Copies what is kept of the next value; whether anything is.
    fn value(&mut self, state: &State, depth: usize) -> bool {
        let whole = state.includes.is_none();
        let container = matches!(self.scan.next(), Some(b'{' | b'['));
        if whole && state.excludes.is_empty() || !container || depth >= MAX_DEPTH {
            let value = self.scan.value();
            if whole {
                self.out.extend_from_slice(value);
            }
            return whole;
        }
        let begin = self.out.len();
        let kept = if self.scan.eat(b'{') { self.object(state, depth) } else { self.array(state, depth) };
        if !kept {
            self.out.truncate(begin);
        }
        kept
    }

    fn object(&mut self, state: &State, depth: usize) -> bool {
        self.out.push(b'{');
        let mut any = false;
        while self.scan.next() == Some(b'"') {
            let key = self.scan.string();
            self.scan.eat(b':');
            let begin = self.out.len();
            if any {
                self.out.push(b',');
            }
            self.out.extend_from_slice(key);
            self.out.push(b':');
            let kept = match self.below(state, &decoded(key)) {
                Some(state) => self.value(&state, depth + 1),
                None => {
                    self.scan.value();
                    false
                }
            };
            if kept {
                any = true;
            } else {
                self.out.truncate(begin);
            }
            self.scan.eat(b',');
        }
        self.scan.eat(b'}');
        self.out.push(b'}');
        any
    }

    fn array(&mut self, state: &State, depth: usize) -> bool {
        self.scan.eat(b'[');
        self.out.push(b'[');
        let mut any = false;
        while !matches!(self.scan.next(), None | Some(b']')) {
            let begin = self.out.len();
            if any {
                self.out.push(b',');
            }
            if self.value(state, depth + 1) {
                any = true;
            } else {
                self.out.truncate(begin);
            }
            self.scan.eat(b',');
        }
        self.scan.eat(b']');
        self.out.push(b']');
        any
    }

    /// The state of the value at `key`; `None` when it is left out.
    fn below(&self, state: &State, key: &str) -> Option<State> {
        let includes = match &state.includes {
            None => None,
            Some(places) => {
                let (places, full) = step(&self.filter.includes, places, key);
                if full {
                    None
                } else if places.is_empty() {
                    return None;
                } else {
                    Some(places)
                }
            }
        };
        let (excludes, full) = step(&self.filter.excludes, &state.excludes, key);
        (!full).then_some(State { includes, excludes })
    }
}

/// `places` after `key`, and whether a path has matched to its end.
fn step(paths: &[Vec<String>], places: &Places, key: &str) -> (Places, bool) {
    let mut next = Places::new();
    let mut full = false;
    for &(path, at) in places {
        let pattern = &paths[path][at];
        if pattern == "**" {
            full |= place(paths, path, at, &mut next);
        }
        if pattern == "**" && at + 1 == paths[path].len() {
            full = true;
        } else if pattern != "**" && matches(pattern.as_bytes(), key.as_bytes()) {
            full |= place(paths, path, at + 1, &mut next);
        }
    }
    (next, full)
}

/// Adds a place, and those after `**`, which may stand for nothing. Whether the path ends there.
fn place(paths: &[Vec<String>], path: usize, at: usize, places: &mut Places) -> bool {
    if at == paths[path].len() {
        return true;
    }
    if !places.contains(&(path, at)) {
        places.push((path, at));
    }
    paths[path][at] == "**" && at + 1 < paths[path].len() && place(paths, path, at + 1, places)
}

/// `*` stands for any characters.
fn matches(pattern: &[u8], key: &[u8]) -> bool {
    let (mut at, mut in_key) = (0, 0);
    let mut retry = None;
    while in_key < key.len() {
        if pattern.get(at) == Some(&b'*') {
            retry = Some((at, in_key));
            at += 1;
        } else if pattern.get(at) == Some(&key[in_key]) {
            at += 1;
            in_key += 1;
        } else if let Some((star, from)) = retry {
            retry = Some((star, from + 1));
            at = star + 1;
            in_key = from + 1;
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOC: &str = r#"{"_id":"1","c":[], "d":{},"e":[1,{"x":null},[2,[]]],"h":{"i":{"j":1,"k":[{"j":2},{"l":3}]}}}"#;

    fn check(paths: &str, expected: &str) {
        let read = Filter::new(&crate::params::split(paths)).expect("paths");
        assert_eq!(String::from_utf8(filter(DOC.as_bytes(), &read)).unwrap(), expected, "{paths}");
    }

    #[test]
    fn includes() {
        check("_id", r#"{"_id":"1"}"#);
        check("h.i.k", r#"{"h":{"i":{"k":[{"j":2},{"l":3}]}}}"#);
        check("*.i.j,d", r#"{"d":{},"h":{"i":{"j":1}}}"#);
        check("**.j", r#"{"h":{"i":{"j":1,"k":[{"j":2}]}}}"#);
        check("h.**.l", r#"{"h":{"i":{"k":[{"l":3}]}}}"#);
        check("h.**", r#"{"h":{"i":{"j":1,"k":[{"j":2},{"l":3}]}}}"#);
        check("e.x", r#"{"e":[{"x":null}]}"#);
        check("c", r#"{"c":[]}"#);
        check("_id.x", "{}");
        check("nothing", "{}");
        check("**._*", r#"{"_id":"1"}"#);
        check("**", &DOC.replace(", ", ","));
        check("*", &DOC.replace(", ", ","));
    }

    #[test]
    fn excludes() {
        check("-h,-e", r#"{"_id":"1","c":[],"d":{}}"#);
        check("-h.i.k.j", &DOC.replace(", ", ",").replace(r#"{"j":2},"#, ""));
        check("-**.j", r#"{"_id":"1","e":[1,{"x":null},[2]],"h":{"i":{"k":[{"l":3}]}}}"#);
        check("-e.x", &DOC.replace(", ", ",").replace(r#"{"x":null},[2,[]]"#, "[2]"));
        check("-*", "{}");
        check("h,-h.i.k", r#"{"h":{"i":{"j":1}}}"#);
    }

    #[test]
    fn nothing_panics_and_deep_answers_end() {
        let deep = format!("{}1{}", r#"{"a":["#.repeat(5000), "]}".repeat(5000));
        let any = Filter::new(&["**.b".into(), "-**.c".into()]).unwrap();
        filter(deep.as_bytes(), &any);
        for text in ["", "{", "\"", "{\"a", "{\"a\":", "[[,", "{}}", "{\"a\":}"] {
            filter(text.as_bytes(), &any);
        }
    }
}
