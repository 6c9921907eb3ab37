//! `GET` and `HEAD` of aliases: those that match, and by name those that are missing.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::admin::IndexInfo;
use model::error::Error;
use model::mapping::simple_match;
use model::target::Expand;
use serde_json::{Map, Value, json};

use crate::endpoint::Server;
use crate::params::split;
use crate::render::admin::aliases;
use crate::reply::Reply;
use crate::request::Request;

pub(super) async fn show(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let names = request.part("name").map(split);
    let mut target = request.target()?;
    target.options.expand_wildcards.get_or_insert(Expand { open: true, closed: true, hidden: true });
    target.options.no_streams = true;
    request.params.flag("local")?;
    request.finish()?;
    let indexes = server.readable(&target)?;
    Ok(answer(&indexes, names.as_deref()))
}

fn answer(indexes: &[IndexInfo], names: Option<&[String]>) -> Reply {
    let wanted = |alias: &str| names.is_none_or(|names| asked_for(alias, names));
    let mut shown = Map::new();
    let mut found = BTreeSet::new();
    for index in indexes {
        let aliases = aliases::of(index, wanted);
        found.extend(aliases.keys().cloned());
        // Without a name every index is shown, with or without aliases.
        if names.is_none() || !aliases.is_empty() {
            shown.insert(index.name.to_string(), json!({"aliases": aliases}));
        }
    }
    let missing = missing(names.unwrap_or_default(), &found);
    if missing.is_empty() {
        return Reply::value(&shown.into());
    }
    let plural = if missing.len() > 1 { "es" } else { "" };
    let mut body = Map::new();
    body.insert("error".into(), format!("alias{plural} [{}] missing", missing.join(",")).into());
    body.insert("status".into(), 404.into());
    body.extend(shown);
    Reply::value(&Value::Object(body)).with_status(404)
}

/// Whether `alias` matches: the last of the names and exclusions (behind a pattern) that matches it decides.
pub(in crate::endpoint) fn asked_for(alias: &str, names: &[String]) -> bool {
    let mut patterns_seen = false;
    let mut asked = false;
    for name in names {
        match name.strip_prefix('-').filter(|_| patterns_seen) {
            Some(excluded) => asked &= !simple_match(excluded, alias),
            None => {
                patterns_seen |= name.contains('*') || name == "_all";
                asked |= name == "_all" || simple_match(name, alias);
            }
        }
    }
    asked
}

/// The names that are no patterns and were not found, in order of name.
fn missing<'a>(names: &'a [String], found: &BTreeSet<String>) -> Vec<&'a str> {
    let mut patterns_seen = false;
    let mut missing = BTreeSet::new();
    for name in names {
        if name.contains('*') || name == "_all" {
            patterns_seen = true;
            continue;
        }
        let excludes = patterns_seen && name.starts_with('-');
        if !excludes && !found.contains(name) {
            missing.insert(name.as_str());
        }
    }
    missing.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(alias: &str, names: &str, expected: bool) {
        assert_eq!(asked_for(alias, &split(names)), expected, "{alias} in {names}");
    }

    #[test]
    fn names_patterns_and_exclusions() {
        check("a1", "a1", true);
        check("a1", "b,a*", true);
        check("a1", "a*,-a1", false);
        check("a2", "a*,-a1", true);
        check("a1", "_all", true);
        // Not behind a pattern: a name.
        check("a1", "a1,-a1", true);
        check("-a1", "-a1", true);
    }

    #[test]
    fn names_that_are_missing() {
        let found = BTreeSet::from(["a1".to_owned()]);
        assert_eq!(missing(&split("n2,a1,n1,z*,-q"), &found), ["n1", "n2"]);
    }
}
