//! `POST /_aliases`: a list of actions, done as one.

use std::sync::Arc;

use model::admin::{AliasAction, AliasInfo};
use model::error::{Error, ErrorKind};
use model::json::token;
use serde_json::Value;

use super::check_filter;
use crate::dsl::suggest::{alike, did_you_mean};
use crate::endpoint::admin::body;
use crate::endpoint::{Server, options};
use crate::json;
use crate::params::boolean;
use crate::reply::Reply;
use crate::request::Request;

pub(super) async fn actions(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let body = request.body();
    let patience = options::patience(&mut request.params)?;
    let actions = read(body::required(&body)?)?;
    request.finish()?;
    for action in &actions {
        if let AliasAction::Add { aliases, alias: AliasInfo { filter: Some(filter), .. }, .. } = action {
            check_filter(aliases.first().map_or("", String::as_str), filter)?;
        }
    }
    server.within(patience).update_aliases(actions).await?;
    Ok(Reply::acknowledged())
}

fn read(body: &[u8]) -> Result<Vec<AliasAction>, Error> {
    let mut actions = Vec::new();
    match json::parse(body)? {
        Value::Object(body) => {
            for (key, value) in &body {
                match (key.as_str(), value) {
                    ("actions", Value::Array(items)) => {
                        for item in items {
                            actions.push(action(item).map_err(|error| failed("aliases", "actions", error))?);
                        }
                    }
                    ("actions", item) => {
                        actions.push(action(item).map_err(|error| failed("aliases", "actions", error))?);
                    }
                    _ => return Err(unknown("aliases", key, &["actions"])),
                }
            }
        }
        other => return Err(wrong(format!("[aliases] Expected START_OBJECT but was: {}", token(&other)))),
    }
    if actions.is_empty() {
        return Err(Error::illegal_argument("No action specified"));
    }
    Ok(actions)
}

const ACTIONS: [&str; 3] = ["add", "remove", "remove_index"];

fn action(item: &Value) -> Result<AliasAction, Error> {
    let Value::Object(item) = item else {
        return Err(wrong(format!("[alias_action] Expected START_OBJECT but was: {}", token(item))));
    };
    let mut entries = item.iter();
    let (kind, options) = match (entries.next(), entries.next()) {
        (Some(only), None) => only,
        (None, _) => return Err(Error::illegal_argument("an action is required: one of [add, remove, remove_index]")),
        (Some(_), Some(_)) => {
            let cause = Error::illegal_argument("Too many operations declared on operation entry");
            return Err(wrong("Failed to build [alias_action] after last required field arrived").with_cause(cause));
        }
    };
    let Some(kind) = ACTIONS.into_iter().find(|known| known == kind) else {
        return Err(unknown("alias_action", kind, &ACTIONS));
    };
    let Value::Object(options) = options else {
        return Err(wrong(format!("[alias_action] {kind} doesn't support values of type: {}", token(options))));
    };
    let mut given = Given::default();
    for (key, value) in options {
        given.take(kind, key, value).map_err(|error| failed("alias_action", kind, error))?;
    }
    given.action(kind)
}

/// What stands in one action.
#[derive(Default)]
struct Given {
    indexes: Option<Vec<String>>,
    aliases: Option<Vec<String>>,
    info: AliasInfo,
    must_exist: Option<bool>,
}

impl Given {
    fn take(&mut self, kind: &str, key: &str, value: &Value) -> Result<(), Error> {
        const COMMON: [&str; 4] = ["index", "indices", "alias", "aliases"];
        const ADD: [&str; 6] = ["filter", "routing", "index_routing", "search_routing", "is_write_index", "is_hidden"];
        let known: Vec<&str> = COMMON
            .into_iter()
            .chain(ADD.into_iter().filter(|_| kind == "add"))
            .chain(["must_exist"].into_iter().filter(|_| kind == "remove"))
            .collect();
        if !known.contains(&canonical(key)) {
            return Err(unknown(kind, key, &known));
        }
        let unfit = || wrong(format!("[{kind}] {key} doesn't support values of type: {}", token(value)));
        match canonical(key) {
            "index" => {
                let name = text(value).ok_or_else(unfit)?;
                self.name(kind, key, vec![name])
            }
            "indices" => {
                let names = list(value).ok_or_else(unfit)?;
                self.name(kind, key, names)
            }
            "alias" => {
                let name = text(value).ok_or_else(unfit)?;
                self.alias(kind, key, vec![name])
            }
            "aliases" => {
                let names = list(value).ok_or_else(unfit)?;
                self.alias(kind, key, names)
            }
            "filter" => match value {
                Value::Object(filter) => {
                    self.info.filter = (!filter.is_empty()).then(|| value.clone());
                    Ok(())
                }
                _ => Err(unfit()),
            },
            "is_write_index" | "is_hidden" | "must_exist" => self.flag(kind, key, value),
            _ => {
                self.route(canonical(key), scalar(value).ok_or_else(unfit)?);
                Ok(())
            }
        }
    }

    fn name(&mut self, kind: &str, key: &str, names: Vec<String>) -> Result<(), Error> {
        let refuse = |why: String| Err(failed(kind, key, Error::illegal_argument(why)));
        if self.indexes.is_some() {
            return refuse("Only one of [index] and [indices] is supported".into());
        }
        if names.is_empty() || names.iter().any(String::is_empty) {
            return refuse(format!("[{key}] can't be empty"));
        }
        self.indexes = Some(names);
        Ok(())
    }

    fn alias(&mut self, kind: &str, key: &str, names: Vec<String>) -> Result<(), Error> {
        let refuse = |why: String| Err(failed(kind, key, Error::illegal_argument(why)));
        if kind == "remove_index" {
            return refuse(format!("[{key}] is unsupported for [REMOVE_INDEX]"));
        }
        if self.aliases.is_some() {
            return refuse("Only one of [alias] and [aliases] is supported".into());
        }
        if names.is_empty() || names.iter().any(String::is_empty) {
            return refuse(format!("[{key}] can't be empty"));
        }
        self.aliases = Some(names);
        Ok(())
    }

    fn flag(&mut self, kind: &str, key: &str, value: &Value) -> Result<(), Error> {
        let flag = match value {
            Value::Bool(flag) => *flag,
            Value::String(text) => boolean(text).map_err(|error| failed(kind, key, error))?,
            _ => return Err(wrong(format!("[{kind}] {key} doesn't support values of type: {}", token(value)))),
        };
        match key {
            "is_write_index" => self.info.is_write_index = Some(flag),
            "is_hidden" => self.info.is_hidden = Some(flag),
            _ => self.must_exist = Some(flag),
        }
        Ok(())
    }

    fn route(&mut self, key: &str, routing: String) {
        match key {
            "index_routing" => self.info.index_routing = Some(routing),
            "search_routing" => self.info.search_routing = Some(routing),
            _ => {
                self.info.index_routing.get_or_insert(routing.clone());
                self.info.search_routing.get_or_insert(routing);
            }
        }
    }

    fn action(self, kind: &str) -> Result<AliasAction, Error> {
        let required = |either: &str| Error::illegal_argument(format!("One of {either} is required"));
        let indexes = self.indexes.ok_or_else(|| required("[index] or [indices]"))?;
        let aliases = || self.aliases.clone().ok_or_else(|| required("[alias] or [aliases]"));
        Ok(match kind {
            "add" => AliasAction::Add { indexes, aliases: aliases()?, alias: self.info, must_exist: None },
            "remove" => AliasAction::Remove { indexes, aliases: aliases()?, must_exist: self.must_exist },
            _ => AliasAction::RemoveIndex { indexes, must_exist: None },
        })
    }
}

/// Older spellings of a key.
fn canonical(key: &str) -> &str {
    match key {
        "indexRouting" | "index-routing" => "index_routing",
        "searchRouting" | "search-routing" => "search_routing",
        _ => key,
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn list(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(one) => Some(vec![one.clone()]),
        Value::Array(items) => items.iter().map(scalar).collect(),
        _ => None,
    }
}

fn wrong(reason: impl Into<String>) -> Error {
    Error::new(ErrorKind::XContentParse, reason)
}

fn unknown(parser: &str, key: &str, known: &[&str]) -> Error {
    let alike = alike(key, known.iter().copied());
    wrong(format!("[{parser}] unknown field [{key}]{}", did_you_mean(&alike)))
}

/// `[parser] failed to parse field [field]`, because of `cause`.
fn failed(parser: &str, field: &str, cause: Error) -> Error {
    let mut error = wrong(format!("[{parser}] failed to parse field [{field}]"));
    // What failed deepest, of the errors that the parser made itself.
    error.root_causes = match (cause.kind, cause.root_causes.as_slice()) {
        (ErrorKind::XContentParse, []) => vec![Error { cause: None, ..cause.clone() }],
        (ErrorKind::XContentParse, roots) => roots.to_vec(),
        _ => vec![error.clone()],
    };
    error.with_cause(Error { root_causes: Vec::new(), ..cause })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(actions: &str, expected: &[&str]) {
        let error = read(format!("{{\"actions\": {actions}}}").as_bytes()).expect_err(actions);
        let mut said = vec![error.root_causes.first().map_or(String::new(), |root| root.reason.clone())];
        let mut at = Some(&error);
        while let Some(error) = at {
            said.push(format!("{} {}", error.kind.row().name, error.reason));
            at = error.cause.as_deref();
        }
        assert_eq!(said, expected, "{actions}");
    }

    #[test]
    fn mistakes_are_told_where_they_are() {
        let outer = "x_content_parse_exception [aliases] failed to parse field [actions]";
        check(
            r#"[{"rename": {}}]"#,
            &[
                "[alias_action] unknown field [rename]",
                outer,
                "x_content_parse_exception [alias_action] unknown field [rename]",
            ],
        );
        check(
            r#"[{"add": {"index": "i", "alias": "a", "colour": 1}}]"#,
            &[
                "[add] unknown field [colour]",
                outer,
                "x_content_parse_exception [alias_action] failed to parse field [add]",
                "x_content_parse_exception [add] unknown field [colour]",
            ],
        );
        check(
            r#"[{"add": {"alias": "a"}}]"#,
            &[
                "[aliases] failed to parse field [actions]",
                outer,
                "illegal_argument_exception One of [index] or [indices] is required",
            ],
        );
        check("[]", &["", "illegal_argument_exception No action specified"]);
    }

    #[test]
    fn actions_are_read() {
        let body = br#"{"actions": [
            {"add": {"indices": ["i", "j"], "aliases": "a", "routing": 1, "is_write_index": true}},
            {"remove": {"indices": ["i", "j"], "alias": "b*", "must_exist": false}},
            {"remove_index": {"index": "k"}}]}"#;
        let strings = |list: &[&str]| list.iter().map(|&one| one.to_owned()).collect::<Vec<_>>();
        let info = AliasInfo {
            index_routing: Some("1".into()),
            search_routing: Some("1".into()),
            is_write_index: Some(true),
            ..AliasInfo::default()
        };
        let expected = [
            AliasAction::Add { indexes: strings(&["i", "j"]), aliases: strings(&["a"]), alias: info, must_exist: None },
            AliasAction::Remove { indexes: strings(&["i", "j"]), aliases: strings(&["b*"]), must_exist: Some(false) },
            AliasAction::RemoveIndex { indexes: strings(&["k"]), must_exist: None },
        ];
        assert_eq!(read(body).unwrap(), expected);
    }
}
