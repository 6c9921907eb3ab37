//! Templates are changed: what only a node can check of them, that the analyzers they make and name can be there.

use cluster::command::Command;
use cluster::settings::IndexSettings;
use cluster::state::State;
use cluster::template::{Composed, compose, flattened};
use model::error::Error;
use model::mapping::{Mapping, creation_failure};
use model::template::{IndexTemplate, Template, TemplateChange};

use super::NodeGateway;
use super::indexes::{check_names, submit_checked};

pub(super) async fn change(door: &NodeGateway, change: TemplateChange) -> Result<(), Error> {
    let given = change.clone();
    submit_checked(door, Command::ChangeTemplates(change), move |state| check(state, &given)).await
}

fn check(state: &State, change: &TemplateChange) -> Result<(), Error> {
    match change {
        TemplateChange::PutIndex { name, template, .. } => check_composed(state, name, template),
        TemplateChange::PutComponent { template, .. } => check_alone(&template.template),
        TemplateChange::PutLegacy { template, .. } => check_alone(&template.template),
        TemplateChange::DeleteIndex { .. } | TemplateChange::DeleteLegacy { .. } => Ok(()),
        TemplateChange::DeleteComponent { .. } => Ok(()),
    }
}

/// Of a template that stands by itself.
fn check_alone(template: &Template) -> Result<(), Error> {
    let template = flattened(template);
    let settings = settings(template.settings.into_iter().flatten())?;
    check_names(&Mapping::default(), &settings)?;
    let Some(mappings) = &template.mappings else { return Ok(()) };
    let mapping = Mapping::parse(mappings).map_err(creation_failure)?;
    check_names(&mapping, &settings).map_err(creation_failure)
}

/// Of a template with its components. What does not go together is told where the change is made.
fn check_composed(state: &State, name: &str, template: &IndexTemplate) -> Result<(), Error> {
    let own = template.template.as_ref().map(flattened);
    let whole = IndexTemplate { template: own, ..template.clone() };
    let Ok(Composed { settings: composed, mappings, .. }) = compose(&state.templates, &whole) else { return Ok(()) };
    let Ok(settings) = settings(composed) else { return Ok(()) };
    let invalid = |cause: Error| cluster::template::invalid_composition(name, &template.composed_of).with_cause(cause);
    check_names(&Mapping::default(), &settings).map_err(invalid)?;
    let Some(Ok(mapping)) = mappings.as_ref().map(Mapping::parse) else { return Ok(()) };
    check_names(&mapping, &settings).map_err(creation_failure).map_err(|cause| {
        invalid(Error::illegal_argument(format!("invalid composite mappings for [{name}]")).with_cause(cause))
    })
}

fn settings(given: impl IntoIterator<Item = (String, serde_json::Value)>) -> Result<IndexSettings, Error> {
    IndexSettings::create(&given.into_iter().collect())
}
