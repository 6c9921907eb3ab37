//! What a snapshot has of the whole cluster: persistent settings, templates, pipelines and scripts.

use cluster::command::Command;
use model::error::Error;
use model::template::{TemplateChange, Templates};
use serde_json::Map;

use super::super::NodeGateway;
use crate::repository::manifest::Global;

/// Puts everything in the place of what has its name; what else there is stays.
pub(super) async fn bring_back(door: &NodeGateway, global: Global) -> Result<(), Error> {
    let Global { settings, templates, definitions } = global;
    if !settings.is_empty() {
        let (persistent, transient) = (settings.into_iter().collect(), Map::new());
        door.submit(Command::PutClusterSettings { persistent, transient }).await?;
    }
    for change in changes(&templates) {
        door.submit(Command::ChangeTemplates(change)).await?;
    }
    for (kind, named) in definitions {
        for (name, definition) in named {
            door.submit(Command::PutDefinition { kind, name, definition }).await?;
        }
    }
    Ok(())
}

/// Components come before the templates that are composed of them.
fn changes(templates: &Templates) -> Vec<TemplateChange> {
    let component = templates.component.iter().map(|(name, template)| TemplateChange::PutComponent {
        name: name.clone(),
        template: template.clone(),
        create: false,
    });
    let index = templates.index.iter().map(|(name, template)| TemplateChange::PutIndex {
        name: name.clone(),
        template: template.clone(),
        create: false,
    });
    let legacy = templates.legacy.iter().map(|(name, template)| TemplateChange::PutLegacy {
        name: name.clone(),
        template: template.clone(),
        create: false,
    });
    component.chain(index).chain(legacy).collect()
}
