//! Aliases: names for one or several indexes, with a filter, routing, and at most one index to write to.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::admin::{AliasAction, AliasInfo};
use model::error::{Error, ErrorKind};
use model::mapping::simple_match;
use model::target::{Target, TargetOptions};
use serde_json::{Map, Value};

use super::data_streams;
use crate::name;
use crate::resolve::{self, Options};
use crate::state::State;

/// Carries out actions in order.
pub(super) fn update(state: &mut State, actions: &[AliasAction]) -> Result<(), Error> {
    if actions.is_empty() {
        return Err(Error::illegal_argument("No action specified"));
    }
    let mut touched: Vec<Arc<str>> = Vec::new();
    // What is not there to be removed is a mistake where nothing else is to be done, or where it was said that it must be there.
    let (mut missing, mut done): (Vec<String>, bool) = (Vec::new(), false);
    for action in actions {
        match action {
            AliasAction::Add { indexes, aliases, alias, .. } => {
                let indexes = concrete(state, indexes)?;
                for alias_name in aliases {
                    name::check_alias(alias_name)?;
                    check_routing(alias_name, alias)?;
                    let alias_name: Arc<str> = alias_name.as_str().into();
                    indexes.iter().for_each(|index| set(state, index, &alias_name, Some(alias)));
                    touched.push(alias_name);
                }
                done = true;
            }
            AliasAction::Remove { indexes, aliases, must_exist } => {
                let indexes = concrete(state, indexes)?;
                if *must_exist == Some(true) {
                    indexes.iter().try_for_each(|index| all_there(state, index, aliases))?;
                }
                match (remove(state, &indexes, aliases), must_exist) {
                    (false, None) => missing.extend_from_slice(aliases),
                    _ => done = true,
                }
            }
            AliasAction::RemoveIndex { indexes, .. } => {
                for index in concrete(state, indexes)? {
                    state.indexes.remove(&index);
                }
                done = true;
            }
        }
    }
    if !done {
        return Err(not_there(&missing));
    }
    touched.iter().try_for_each(|alias| check(state, alias))
}

/// Whether an index has every one of the aliases.
fn all_there(state: &State, index: &Arc<str>, patterns: &[String]) -> Result<(), Error> {
    let has = |pattern: &&String| {
        let aliases = state.indexes.get(index).map(|index| &index.aliases);
        aliases.is_some_and(|aliases| aliases.keys().any(|alias| *pattern == "_all" || simple_match(pattern, alias)))
    };
    let missing: Vec<String> = patterns.iter().filter(|pattern| !has(pattern)).cloned().collect();
    if missing.is_empty() { Ok(()) } else { Err(not_there(&missing)) }
}

fn not_there(aliases: &[String]) -> Error {
    let error = Error::new(ErrorKind::AliasNotFound, format!("aliases [{}] missing", aliases.join(", ")));
    let error = error.with_detail("resource.type", "aliases");
    match aliases {
        [only] => error.with_detail("resource.id", only.clone()),
        several => error.with_detail("resource.id", several.to_vec()),
    }
}

fn concrete(state: &State, expressions: &[String]) -> Result<Vec<Arc<str>>, Error> {
    let target = Target { names: expressions.to_vec(), options: TargetOptions::default() };
    let options = Options { allow_no_indices: false, allow_aliases: false, ..Options::open_and_closed().no_streams() };
    let found = resolve::resolve(state, &target, options)?;
    let names: Vec<Arc<str>> = found.into_iter().map(|found| found.index.name.clone()).collect();
    data_streams::check_aliased(state, &names, expressions)?;
    Ok(names)
}

fn remove(state: &mut State, indexes: &[Arc<str>], patterns: &[String]) -> bool {
    let mut found = false;
    for index in indexes {
        let Some(metadata) = state.indexes.get(index) else { continue };
        let matches =
            |alias: &Arc<str>| patterns.iter().any(|pattern| pattern == "_all" || simple_match(pattern, alias));
        let names: Vec<Arc<str>> = metadata.aliases.keys().filter(|alias| matches(alias)).cloned().collect();
        found |= !names.is_empty();
        names.iter().for_each(|alias| set(state, index, alias, None));
    }
    found
}

/// Adds, replaces or (`None`) removes one alias of one index.
fn set(state: &mut State, index: &str, alias: &Arc<str>, info: Option<&AliasInfo>) {
    let Some(index) = state.indexes.get_mut(index) else { return };
    if index.aliases.get(alias) == info {
        return;
    }
    let index = Arc::make_mut(index);
    match info {
        Some(info) => index.aliases.insert(alias.clone(), info.clone()),
        None => index.aliases.remove(alias),
    };
    index.versions.aliases = index.versions.aliases.next();
    index.versions.index = index.versions.index.next();
}

fn check_routing(alias: &str, info: &AliasInfo) -> Result<(), Error> {
    match &info.index_routing {
        Some(routing) if routing.contains(',') => {
            Err(Error::illegal_argument(format!("alias [{alias}] has several index routing values associated with it")))
        }
        _ => Ok(()),
    }
}

/// What must hold of an alias over all its indexes.
pub(super) fn check(state: &State, alias: &str) -> Result<(), Error> {
    if state.indexes.contains_key(alias) {
        let reason = format!("Invalid alias name [{alias}], an index exists with the same name as the alias");
        return Err(Error::new(ErrorKind::InvalidAliasName, reason));
    }
    let holders = state.alias(alias);
    if let Some(holder) = holders.first() {
        data_streams::check_name(state, alias, Some(&holder.label()))?;
    }
    let names_where = |holds: &dyn Fn(&AliasInfo) -> bool| -> Vec<&str> {
        let holding = holders.iter().filter(|index| index.aliases.get(alias).is_some_and(holds));
        holding.map(|index| index.name.as_ref()).collect()
    };
    let writers = names_where(&|info| info.is_write_index == Some(true));
    if writers.len() > 1 {
        let reason = format!("alias [{alias}] has more than one write index [{}]", writers.join(","));
        return Err(Error::new(ErrorKind::IllegalState, reason));
    }
    let hidden = names_where(&|info| info.is_hidden == Some(true));
    let shown = names_where(&|info| info.is_hidden != Some(true));
    if !hidden.is_empty() && !shown.is_empty() {
        let reason = format!(
            "alias [{alias}] has is_hidden set to true on indices [{}] but does not have is_hidden set to true on indices [{}]; alias must have the same is_hidden setting on all indices",
            hidden.join(","),
            shown.join(",")
        );
        return Err(Error::new(ErrorKind::IllegalState, reason));
    }
    Ok(())
}

/// The `aliases` of an index' creation.
pub(super) fn of_new_index(body: &Map<String, Value>) -> Result<BTreeMap<Arc<str>, AliasInfo>, Error> {
    let mut aliases = BTreeMap::new();
    for (alias, options) in body {
        name::check_alias(alias)?;
        let info = read(alias, options)?;
        check_routing(alias, &info)?;
        aliases.insert(Arc::from(alias.as_str()), info);
    }
    Ok(aliases)
}

fn read(alias: &str, options: &Value) -> Result<AliasInfo, Error> {
    let mut info = AliasInfo::default();
    let Value::Object(options) = options else {
        return Err(Error::new(ErrorKind::Parse, format!("alias [{alias}] must be an object")));
    };
    let text = |value: &Value| Some(crate::settings::flat::text(value));
    for (key, value) in options {
        match (key.as_str(), value) {
            (_, Value::Null) => {}
            ("filter", Value::Object(_)) => info.filter = Some(value.clone()),
            ("routing", _) => {
                info.index_routing = info.index_routing.or_else(|| text(value));
                info.search_routing = info.search_routing.or_else(|| text(value));
            }
            ("index_routing" | "indexRouting" | "index-routing", _) => info.index_routing = text(value),
            ("search_routing" | "searchRouting" | "search-routing", _) => info.search_routing = text(value),
            ("is_write_index", Value::Bool(flag)) => info.is_write_index = Some(*flag),
            ("is_hidden", Value::Bool(flag)) => info.is_hidden = Some(*flag),
            _ => {
                let reason = format!("Unknown field [{key}] in alias [{alias}]");
                return Err(Error::illegal_argument(reason));
            }
        }
    }
    Ok(info)
}
