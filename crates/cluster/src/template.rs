//! What templates make of an index: found by its name, laid over each other.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::error::{Error, ErrorKind};
use model::mapping::timestamp::Timestamp;
use model::mapping::{Mapping, creation_failure, simple_match};
use model::template::{DataStreamTemplate, IndexTemplate, Simulate, Simulated, Template, Templates};
use serde_json::{Map, Value};

use crate::apply::templates::check_index;
use crate::command::{CreateIndex, NewBackingIndex};
use crate::data_stream::backing_name;
use crate::settings::flat;

/// Layers laid over each other, the lowest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Composed {
    /// By flat name.
    pub settings: BTreeMap<String, Value>,
    pub mappings: Option<Value>,
    pub aliases: Map<String, Value>,
}

/// A new index with what the templates give it; what the request says goes over them.
///
/// # Errors
/// When its mapping does not parse, or does not go with the templates'.
pub fn with_templates(templates: &Templates, request: &CreateIndex) -> Result<CreateIndex, Error> {
    if request.resized_from.is_some() {
        return Ok(request.clone());
    }
    if let Some((template, found)) = best(templates, &request.name).filter(|(_, found)| found.data_stream.is_some()) {
        // A template of everything is none of what is hidden.
        let hidden = flat::index_settings(&request.settings).get("index.hidden").map(flat::text);
        if hidden.as_deref() == Some("true") && found.patterns.iter().any(|pattern| pattern == "*") {
            return Ok(request.clone());
        }
        return Err(Error::illegal_argument(format!(
            "cannot create index with name [{}], because it matches with template [{template}] that creates data streams only, use create data stream api instead",
            request.name
        )));
    }
    let Some(mut composed) = of_index(templates, &request.name)? else { return Ok(request.clone()) };
    let own = Template {
        settings: Some(flat::index_settings(&request.settings)),
        mappings: request.mappings.clone(),
        aliases: Some(request.aliases.clone()),
    };
    composed.lay(&own)?;
    Ok(CreateIndex {
        settings: composed.settings.into_iter().collect(),
        mappings: composed.mappings,
        aliases: named(composed.aliases, &request.name),
        ..request.clone()
    })
}

/// What the template that fits a stream's name says of data streams.
///
/// # Errors
/// `illegal_argument_exception`: there is none, or it is for indexes.
pub fn stream_template<'a>(templates: &'a Templates, stream: &str) -> Result<&'a DataStreamTemplate, Error> {
    let Some((name, found)) = best(templates, stream) else {
        let reason = format!("no matching index template found for data stream [{stream}]");
        return Err(Error::illegal_argument(reason));
    };
    found.data_stream.as_ref().ok_or_else(|| {
        Error::illegal_argument(format!(
            "matching index template [{name}] for data stream [{stream}] has no data stream template"
        ))
    })
}

/// A stream's index of a number, as the template that fits the stream's name has it.
///
/// # Errors
/// As [`stream_template`]; when the layers do not go together.
pub fn backing_index(templates: &Templates, new: &NewBackingIndex, number: u64) -> Result<CreateIndex, Error> {
    let field = &stream_template(templates, &new.stream)?.timestamp_field;
    let mut composed = Composed::default();
    composed.lay(&Template { mappings: Some(Timestamp::mapping(field)), ..Template::default() })?;
    if let Some((_, template)) = best(templates, &new.stream) {
        composed.lay_all(templates, template)?;
    }
    let name = backing_name(&new.stream, number);
    composed.settings.insert("index.hidden".to_owned(), true.into());
    Ok(CreateIndex {
        uuid: new.uuid.clone(),
        creation_date_ms: new.creation_date_ms,
        settings: composed.settings.into_iter().collect(),
        mappings: composed.mappings,
        aliases: named(composed.aliases, &name),
        resized_from: None,
        name,
    })
}

/// Aliases of a template may have the index' name in theirs.
fn named(aliases: Map<String, Value>, index: &str) -> Map<String, Value> {
    aliases.into_iter().map(|(name, alias)| (name.replace("{index}", index), alias)).collect()
}

/// What the templates give an index of that name; `None`: none fits.
///
/// # Errors
/// When the layers do not go together.
pub fn of_index(templates: &Templates, name: &str) -> Result<Option<Composed>, Error> {
    if let Some((_, best)) = best(templates, name) {
        return compose(templates, best).map(Some);
    }
    let fits = |patterns: &[String]| patterns.iter().any(|pattern| simple_match(pattern, name));
    let mut legacy: Vec<_> = templates.legacy.values().filter(|template| fits(&template.patterns)).collect();
    if legacy.is_empty() {
        return Ok(None);
    }
    legacy.sort_by_key(|template| template.order);
    let mut composed = Composed::default();
    legacy.into_iter().try_for_each(|template| composed.lay(&template.template))?;
    Ok(Some(composed))
}

/// That a template and its components do not go together; the cause says why.
pub fn invalid_composition(name: &str, components: &[String]) -> Error {
    let with = match components {
        [] => String::new(),
        names => format!("with component templates [{}] ", names.join(", ")),
    };
    Error::illegal_argument(format!("composable template [{name}] template after composition {with}is invalid"))
}

/// The components of a template, and over them its own.
///
/// # Errors
/// When the layers do not go together.
pub fn compose(templates: &Templates, template: &IndexTemplate) -> Result<Composed, Error> {
    let mut composed = Composed::default();
    composed.lay_all(templates, template)?;
    Ok(composed)
}

impl Composed {
    fn lay_all(&mut self, templates: &Templates, template: &IndexTemplate) -> Result<(), Error> {
        let components = template.composed_of.iter().filter_map(|name| templates.component.get(name.as_str()));
        components.map(|component| &component.template).chain(&template.template).try_for_each(|layer| self.lay(layer))
    }

    /// Lays one more over what there is.
    fn lay(&mut self, layer: &Template) -> Result<(), Error> {
        for (name, value) in layer.settings.iter().flatten() {
            if value.is_null() {
                self.settings.remove(name);
            } else {
                self.settings.insert(name.clone(), value.clone());
            }
        }
        for (name, alias) in layer.aliases.iter().flatten() {
            self.aliases.insert(name.clone(), alias.clone());
        }
        let Some(mappings) = &layer.mappings else { return Ok(()) };
        // What is mapped is written in one way only.
        let mut rendered = Mapping::parse(mappings).map_err(creation_failure)?.render();
        if let (Some(root), Value::Object(given)) = (rendered.as_object_mut(), mappings) {
            keep_root(root, given);
        }
        match &mut self.mappings {
            None => self.mappings = Some(rendered),
            Some(below) => merge_object(below, rendered)?,
        }
        Ok(())
    }
}

/// Parameters of the root that say what is so anyway are not rendered, but go over other layers.
fn keep_root(rendered: &mut Map<String, Value>, given: &Map<String, Value>) {
    for key in ["dynamic", "date_detection", "numeric_detection"] {
        if let Some(value) = given.get(key) {
            rendered.entry(key).or_insert_with(|| value.clone());
        }
    }
}

/// Mappings are as deep as [`Mapping::parse`] allows, which bounds the recursion.
fn merge_object(below: &mut Value, above: Value) -> Result<(), Error> {
    let (Some(below), Value::Object(above)) = (below.as_object_mut(), above) else { return Ok(()) };
    for (key, value) in above {
        match (key.as_str(), below.get_mut(&key)) {
            ("properties", Some(fields)) => merge_fields(fields, value)?,
            ("dynamic_templates", Some(Value::Array(there))) => merge_named(there, value),
            ("_meta", Some(Value::Object(there))) => {
                if let Value::Object(more) = value {
                    there.extend(more);
                }
            }
            _ => {
                below.insert(key, value);
            }
        }
    }
    Ok(())
}

fn merge_fields(below: &mut Value, above: Value) -> Result<(), Error> {
    let (Some(below), Value::Object(above)) = (below.as_object_mut(), above) else { return Ok(()) };
    for (name, field) in above {
        match below.get_mut(&name) {
            Some(there) if holds_fields(there) != holds_fields(&field) => {
                return Err(Error::illegal_argument(if holds_fields(there) {
                    format!("can't merge a non object mapping [{name}] with an object mapping")
                } else {
                    format!("can't merge an object mapping [{name}] with a non object mapping")
                }));
            }
            Some(there) if holds_fields(there) => merge_object(there, field)?,
            _ => {
                below.insert(name, field);
            }
        }
    }
    Ok(())
}

fn holds_fields(field: &Value) -> bool {
    match field.get("type").and_then(Value::as_str) {
        None => true,
        Some(kind) => matches!(kind, "object" | "nested"),
    }
}

/// Of templates of one name the later one counts.
fn merge_named(there: &mut Vec<Value>, more: Value) {
    let Value::Array(more) = more else { return };
    let name = |template: &Value| template.as_object().and_then(|template| template.keys().next().cloned());
    for template in more {
        match there.iter_mut().find(|known| name(known) == name(&template)) {
            Some(known) => *known = template,
            None => there.push(template),
        }
    }
}

/// With settings by flat name, however the client gave them.
pub fn flattened(template: &Template) -> Template {
    let flat = |given: &BTreeMap<String, Value>| flat::index_settings(&given.clone().into_iter().collect());
    Template { settings: template.settings.as_ref().map(flat), ..template.clone() }
}

/// What an index, or a template, comes to; `None`: nothing fits.
///
/// # Errors
/// When there is no such template, or its layers do not go together.
pub fn simulate(templates: &Templates, wanted: &Simulate) -> Result<Option<Simulated>, Error> {
    // A name that no template can have.
    const NEW: &str = "*";
    let mut templates = templates.clone();
    let with = match wanted {
        Simulate::Index { with, .. } | Simulate::Template { with, .. } => with,
    };
    if let Some(with) = with {
        let template = with.template.as_ref().map(flattened);
        let template = IndexTemplate { template, ..with.clone() };
        let name = match wanted {
            Simulate::Index { .. } => "simulate_index_template",
            Simulate::Template { name, .. } => name.as_deref().unwrap_or("simulate_template"),
        };
        check_index(&templates, name, &template)?;
        templates.index.insert(NEW.into(), template);
    }
    let name: Arc<str> = match wanted {
        Simulate::Template { name: Some(name), with: None } => {
            let missing =
                || Error::illegal_argument(format!("unable to simulate template [{name}] that does not exist"));
            templates.index.get_key_value(name.as_str()).ok_or_else(missing)?.0.clone()
        }
        Simulate::Template { .. } => NEW.into(),
        Simulate::Index { name, .. } => match best(&templates, name) {
            Some((best, _)) => best.clone(),
            None => return Ok(None),
        },
    };
    let Some(template) = templates.index.get(&name) else { return Ok(None) };
    let composed = compose(&templates, template)?;
    let mappings =
        composed.mappings.map(|mappings| Mapping::parse(&mappings).map(|mapping| mapping.render())).transpose()?;
    let overlapping = overlapping(&templates, &template.patterns, &name);
    Ok(Some(Simulated { settings: composed.settings, mappings, aliases: composed.aliases, overlapping }))
}

/// The index template that counts for a name.
pub fn best<'a>(templates: &'a Templates, index: &str) -> Option<(&'a Arc<str>, &'a IndexTemplate)> {
    let fits = |template: &IndexTemplate| template.patterns.iter().any(|pattern| simple_match(pattern, index));
    let fitting = templates.index.iter().filter(|(_, template)| fits(template));
    fitting.max_by_key(|(_, template)| template.priority.unwrap_or(0))
}

/// Other templates that fit some of the same names.
pub fn overlapping(templates: &Templates, patterns: &[String], but: &str) -> Vec<(Arc<str>, Vec<String>)> {
    let index = templates.index.iter().filter(|(name, _)| name.as_ref() != but);
    let index = index.map(|(name, template)| (name, &template.patterns));
    let legacy = templates.legacy.iter().map(|(name, template)| (name, &template.patterns));
    let shares = |theirs: &[String]| theirs.iter().any(|theirs| patterns.iter().any(|own| overlap(own, theirs)));
    let shared = index.chain(legacy).filter(|(_, theirs)| shares(theirs));
    shared.map(|(name, theirs)| (name.clone(), theirs.clone())).collect()
}

/// Whether some name fits both patterns. Of `*` each takes any number of characters; a table over both patterns tells which of their ends can
/// be met by one text.
pub fn overlap(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut met = vec![vec![false; b.len() + 1]; a.len() + 1];
    for i in (0..=a.len()).rev() {
        for j in (0..=b.len()).rev() {
            let (x, y) = (a.get(i), b.get(j));
            met[i][j] = match (x, y) {
                (None, None) => true,
                (Some('*'), _) if met[i + 1][j] => true,
                (_, Some('*')) if met[i][j + 1] => true,
                (Some('*'), Some(_)) => met[i][j + 1],
                (Some(_), Some('*')) => met[i + 1][j],
                (Some(x), Some(y)) => x == y && met[i + 1][j + 1],
                _ => false,
            };
        }
    }
    met[0][0]
}

/// `invalid_index_template_exception`
pub fn invalid(name: &str, why: &str) -> Error {
    Error::new(ErrorKind::InvalidIndexTemplate, format!("index_template [{name}] invalid, cause [{why}]"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn patterns_that_share_a_name() {
        for (a, b, expected) in [
            ("a*", "ab", true),
            ("a*", "*b", true),
            ("tp-one-*", "tp-*", true),
            ("a*c", "ab*", true),
            ("a", "b", false),
            ("a*x", "a*y", false),
            ("*", "", true),
            ("a?", "ab", false),
        ] {
            assert_eq!((overlap(a, b), overlap(b, a)), (expected, expected), "{a} {b}");
        }
    }

    fn layers(mappings: &[Value]) -> Result<Value, Error> {
        let mut composed = Composed::default();
        for mappings in mappings {
            composed.lay(&Template { mappings: Some(mappings.clone()), ..Template::default() })?;
        }
        Ok(composed.mappings.unwrap())
    }

    #[test]
    fn fields_of_a_higher_layer_take_the_place_of_others() {
        let found = layers(&[
            json!({"dynamic": "strict", "properties": {"a": {"type": "keyword", "ignore_above": 5}, "o.x": {"type": "date"}}}),
            json!({"dynamic": true, "properties": {"a": {"type": "long"}, "o": {"properties": {"y": {"type": "ip"}}}}}),
        ]);
        let fields = json!({"a": {"type": "long"}, "o": {"properties": {"x": {"type": "date"}, "y": {"type": "ip"}}}});
        assert_eq!(found.unwrap()["properties"], fields);
        let clash =
            layers(&[json!({"properties": {"o.x": {"type": "date"}}}), json!({"properties": {"o": {"type": "ip"}}})]);
        assert_eq!(clash.unwrap_err().reason, "can't merge a non object mapping [o] with an object mapping");
    }
}
