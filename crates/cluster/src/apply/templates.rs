//! Templates: put and deleted, each change checked with those that there are.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::error::{Error, ErrorKind};
use model::mapping::{Mapping, creation_failure, simple_match};
use model::template::{ComponentTemplate, IndexTemplate, LegacyTemplate, Template, TemplateChange, Templates};

use super::{aliases, data_streams};
use crate::settings::IndexSettings;
use crate::state::State;
use crate::template::{compose, flattened, invalid, invalid_composition, overlapping};

pub(super) fn change(state: &mut State, change: &TemplateChange) -> Result<(), Error> {
    let templates = Arc::make_mut(&mut state.templates);
    match change {
        TemplateChange::PutIndex { name, template, create } => {
            refuse_known(*create && templates.index.contains_key(name), "index template", name)?;
            let own = template.template.as_ref().map(flattened);
            let template = IndexTemplate { template: own, ..template.clone() };
            check_index(templates, name, &template)?;
            templates.index.insert(name.clone(), template);
            data_streams::check_template_put(state, name)?;
        }
        TemplateChange::PutComponent { name, template, create } => {
            refuse_known(*create && templates.component.contains_key(name), "component template", name)?;
            check_name(name)?;
            let template = ComponentTemplate { template: flattened(&template.template), ..template.clone() };
            check_settings(&template.template)?;
            check_alone(&template.template)?;
            templates.component.insert(name.clone(), template);
            check_users(templates, name)?;
        }
        TemplateChange::PutLegacy { name, template, create } => {
            refuse_known(*create && templates.legacy.contains_key(name), "index_template", name)?;
            check_name(name)?;
            check_patterns(name, &template.patterns)?;
            let template = LegacyTemplate { template: flattened(&template.template), ..template.clone() };
            check_settings(&template.template)?;
            check_alone(&template.template)?;
            templates.legacy.insert(name.clone(), template);
        }
        TemplateChange::DeleteIndex { name } => {
            let before = templates.clone();
            remove(&mut templates.index, name)?;
            data_streams::check_template_delete(state, &before)?;
        }
        TemplateChange::DeleteLegacy { name } => remove(&mut templates.legacy, name)?,
        TemplateChange::DeleteComponent { name } => {
            check_unused(templates, name)?;
            remove(&mut templates.component, name)?;
        }
    }
    Ok(())
}

fn refuse_known(known: bool, what: &str, name: &str) -> Result<(), Error> {
    if known { Err(Error::illegal_argument(format!("{what} [{name}] already exists"))) } else { Ok(()) }
}

fn remove<T>(templates: &mut BTreeMap<Arc<str>, T>, pattern: &str) -> Result<(), Error> {
    let before = templates.len();
    templates.retain(|name, _| !simple_match(pattern, name));
    // All of none may be deleted.
    if templates.len() == before && pattern != "*" {
        return Err(Error::new(ErrorKind::IndexTemplateMissing, format!("index_template [{pattern}] missing")));
    }
    Ok(())
}

fn check_unused(templates: &Templates, pattern: &str) -> Result<(), Error> {
    let gone: Vec<&str> =
        templates.component.keys().map(AsRef::as_ref).filter(|name| simple_match(pattern, name)).collect();
    let uses = |template: &IndexTemplate| template.composed_of.iter().any(|part| gone.contains(&part.as_str()));
    let users: Vec<&str> =
        templates.index.iter().filter(|(_, template)| uses(template)).map(|(name, _)| name.as_ref()).collect();
    if users.is_empty() {
        return Ok(());
    }
    let used: Vec<&str> = gone
        .into_iter()
        .filter(|name| templates.index.values().any(|template| template.composed_of.iter().any(|part| part == name)))
        .collect();
    Err(Error::illegal_argument(format!(
        "component templates [{}] cannot be removed as they are still in use by index templates [{}]",
        used.join(", "),
        users.join(", ")
    )))
}

/// What a template says must make sense by itself.
fn check(template: &Template) -> Result<(), Error> {
    if let Some(mappings) = &template.mappings {
        Mapping::parse(mappings).map_err(creation_failure)?;
    }
    if let Some(given) = &template.aliases {
        aliases::of_new_index(given)?;
    }
    Ok(())
}

fn check_settings(template: &Template) -> Result<(), Error> {
    let Some(settings) = &template.settings else { return Ok(()) };
    IndexSettings::create(&settings.clone().into_iter().collect()).map(drop)
}

/// As [`check_settings`], of an index template: wrong values make it invalid.
fn check_values(name: &str, template: &Template) -> Result<(), Error> {
    check_settings(template).map_err(|error| match error.kind {
        ErrorKind::IllegalArgument => invalid(name, &format!("Validation Failed: 1: {};", error.reason)),
        _ => error,
    })
}

/// As [`check`], of a template whose fields have to be there without others.
fn check_alone(template: &Template) -> Result<(), Error> {
    check(template)?;
    let mapping = template.mappings.as_ref().map(Mapping::parse).transpose()?;
    mapping.map_or(Ok(()), |mapping| mapping.validate())
}

pub(crate) fn check_index(templates: &Templates, name: &str, template: &IndexTemplate) -> Result<(), Error> {
    if template.patterns.is_empty() {
        return Err(Error::illegal_argument("There must be at least one pattern, zero given"));
    }
    check_name(name)?;
    check_patterns(name, &template.patterns)?;
    let missing: Vec<&str> = template
        .composed_of
        .iter()
        .map(String::as_str)
        .filter(|part| !templates.component.contains_key(*part))
        .collect();
    if !missing.is_empty() {
        let missing = missing.join(", ");
        let why = format!("index template [{name}] specifies component templates [{missing}] that do not exist");
        return Err(invalid(name, &why));
    }
    check_priority(templates, name, template)?;
    template.template.iter().try_for_each(|own| check_values(name, own))?;
    template.template.iter().try_for_each(check)?;
    check_composed(templates, name, template)
}

/// Of two templates that fit one name, it must be clear which counts.
fn check_priority(templates: &Templates, name: &str, template: &IndexTemplate) -> Result<(), Error> {
    let priority = template.priority.unwrap_or(0);
    let equal = |other: &Arc<str>| templates.index.get(other).is_some_and(|t| t.priority.unwrap_or(0) == priority);
    let clashes: Vec<_> =
        overlapping(templates, &template.patterns, name).into_iter().filter(|(other, _)| equal(other)).collect();
    if clashes.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = clashes.iter().map(|(other, _)| other.as_ref()).collect();
    let patterns: Vec<String> =
        clashes.iter().map(|(other, patterns)| format!("{other} => [{}]", patterns.join(", "))).collect();
    Err(Error::illegal_argument(format!(
        "index template [{name}] has index patterns [{}] matching patterns from existing templates [{}] with patterns ({}) that have the same priority [{priority}], multiple index templates may not match during index creation, please use a different priority",
        template.patterns.join(", "),
        names.join(","),
        patterns.join(",")
    )))
}

/// The layers of a template must go together.
fn check_composed(templates: &Templates, name: &str, template: &IndexTemplate) -> Result<(), Error> {
    let failed = |cause: Error| {
        let cause = Error::illegal_argument(format!("invalid composite mappings for [{name}]")).with_cause(cause);
        invalid_composition(name, &template.composed_of).with_cause(cause)
    };
    let composed = compose(templates, template).map_err(failed)?;
    if let Some(mappings) = &composed.mappings {
        Mapping::parse(mappings).and_then(|mapping| mapping.validate()).map_err(failed)?;
    }
    IndexSettings::create(&composed.settings.into_iter().collect()).map(drop)
}

/// The templates that use a component must go on making sense.
fn check_users(templates: &Templates, component: &str) -> Result<(), Error> {
    let users =
        templates.index.iter().filter(|(_, template)| template.composed_of.iter().any(|part| part == component));
    users.into_iter().try_for_each(|(name, template)| check_composed(templates, name, template))
}

const FORBIDDEN: &str = " \"*\\<|,>/?";
const SHOWN: &str = "[ , \", *, \\, <, |, ,, >, /, ?]";

fn check_name(name: &str) -> Result<(), Error> {
    let mut wrong = Vec::new();
    for (breaks, rule) in [
        (name.contains(' '), "name must not contain a space"),
        (name.contains(','), "name must not contain a ','"),
        (name.contains('#'), "name must not contain a '#'"),
        (name.contains('*'), "name must not contain a '*'"),
        (name.starts_with('_'), "name must not start with '_'"),
        (name.to_lowercase() != name, "name must be lower cased"),
    ] {
        if breaks {
            wrong.push(rule.to_owned());
        }
    }
    refuse(name, &wrong)
}

fn check_patterns(name: &str, patterns: &[String]) -> Result<(), Error> {
    let mut wrong = Vec::new();
    for pattern in patterns {
        for (breaks, rule) in [
            (pattern.contains(' '), "index_patterns [] must not contain a space"),
            (pattern.contains(','), "index_pattern [] must not contain a ','"),
            (pattern.contains('#'), "index_pattern [] must not contain a '#'"),
            (pattern.contains(':'), "index_pattern [] must not contain a ':'"),
            (pattern.starts_with('_'), "index_pattern [] must not start with '_'"),
        ] {
            if breaks {
                wrong.push(rule.replacen("[]", &format!("[{pattern}]"), 1));
            }
        }
        if pattern.contains(|c| c != '*' && FORBIDDEN.contains(c)) {
            wrong.push(format!("index_pattern [{pattern}] must not contain the following characters {SHOWN}"));
        }
    }
    refuse(name, &wrong)
}

fn refuse(name: &str, wrong: &[String]) -> Result<(), Error> {
    if wrong.is_empty() {
        return Ok(());
    }
    let all: String = wrong.iter().zip(1..).map(|(rule, number)| format!("{number}: {rule};")).collect();
    Err(invalid(name, &format!("Validation Failed: {all}")))
}
