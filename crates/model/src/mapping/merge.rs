//! Adds one mapping to another, and refuses what contradicts it.

use std::sync::Arc;

use super::parameter::{self, Change};
use super::timestamp::Timestamp;
use super::{Field, FieldKind, Mapping, Node, ObjectNode, SourceOptions};
use crate::error::{Error, ErrorKind};

impl Mapping {
    /// This mapping with `update` added. Neither is changed.
    ///
    /// # Errors
    /// `illegal_argument_exception` that lists what cannot be changed.
    pub fn merge(&self, update: &Self) -> Result<Self, Error> {
        let mut merged = self.clone();
        self.check_metadata(update)?;
        merged.root = objects("", merged.root, update.root.clone(), true)?;
        merged.timestamp = Timestamp::merge(self.timestamp.as_ref(), update.timestamp.as_ref())?;
        merged.date_detection = update.date_detection.or(self.date_detection);
        merged.numeric_detection = update.numeric_detection.or(self.numeric_detection);
        merged.meta = update.meta.clone().or_else(|| self.meta.clone());
        if update.dynamic_date_formats.is_some() {
            merged.dynamic_date_formats.clone_from(&update.dynamic_date_formats);
        }
        if update.dynamic_templates.is_some() {
            merged.dynamic_templates.clone_from(&update.dynamic_templates);
        }
        Ok(merged)
    }

    /// `_source` and `_routing` are as they were made; an update that does not speak of them is no contradiction.
    fn check_metadata(&self, update: &Self) -> Result<(), Error> {
        let list = |patterns: &[String]| format!("[{}]", patterns.join(", "));
        if update.source != SourceOptions::default() {
            let (old, new) = (&self.source, &update.source);
            let rows = [
                ("enabled", old.enabled.to_string(), new.enabled.to_string()),
                ("includes", list(&old.includes), list(&new.includes)),
                ("excludes", list(&old.excludes), list(&new.excludes)),
            ];
            refuse("_source", rows.into_iter().filter(|(_, old, new)| old != new))?;
        }
        if let Some(new) = update.routing_required {
            let old = self.routing_required.unwrap_or(false);
            let rows = [("required", old.to_string(), new.to_string())];
            refuse("_routing", rows.into_iter().filter(|_| old != new))?;
        }
        Ok(())
    }
}

pub(super) fn refuse<'a>(path: &str, conflicts: impl Iterator<Item = (&'a str, String, String)>) -> Result<(), Error> {
    let lines: Vec<String> = conflicts
        .map(|(name, old, new)| format!("\n\tCannot update parameter [{name}] from [{old}] to [{new}]"))
        .collect();
    if lines.is_empty() {
        return Ok(());
    }
    Err(Error::illegal_argument(format!("Mapper for [{path}] conflicts with existing mapper:{}", lines.concat())))
}

/// Two nodes at one path. `update`: whether an existing mapping is updated (parts of one mapping are merged too, more freely).
pub(super) fn nodes(path: &str, old: Node, new: Node, update: bool) -> Result<Node, Error> {
    match (old, new) {
        (Node::Object(old), Node::Object(new)) => objects(path, old, new, update).map(Node::Object),
        (Node::Field(old), Node::Field(new)) => fields(&old, &new).map(|field| Node::Field(Arc::new(field))),
        (Node::Field(old), Node::Object(_)) if !update => Err(Error::illegal_argument(format!(
            "mapper [{path}] cannot be changed from type [{}] to [ObjectMapper]",
            old.type_name()
        ))),
        _ => Err(Error::illegal_argument(format!("can't merge a non object mapping [{path}] with an object mapping"))),
    }
}

fn objects(path: &str, mut old: ObjectNode, new: ObjectNode, update: bool) -> Result<ObjectNode, Error> {
    // The root may be switched; below it, what is not parsed stays so.
    let speaks = new.enabled.is_some() || !update;
    if speaks && !path.is_empty() && update && old.enabled.unwrap_or(true) != new.enabled.unwrap_or(true) {
        let reason = format!("the [enabled] parameter can't be updated for the object mapping [{path}]");
        return Err(Error::new(ErrorKind::Mapper, reason));
    }
    old.nested = super::nested::merge(old.nested, new.nested, update && !path.is_empty())?;
    old.enabled = new.enabled.or(old.enabled);
    old.dynamic = new.dynamic.or(old.dynamic);
    for (name, node) in new.properties {
        let merged = match old.properties.remove(&name) {
            Some(existing) => nodes(&super::parse::join(path, &name), existing, node, update)?,
            None => node,
        };
        old.properties.insert(name, merged);
    }
    Ok(old)
}

fn fields(old: &Field, new: &Field) -> Result<Field, Error> {
    let path = &old.path;
    match (&old.kind, &new.kind) {
        (FieldKind::Alias(_), FieldKind::Alias(_)) => return Ok(new.clone()),
        (FieldKind::Alias(_), _) => {
            return Err(Error::illegal_argument(format!(
                "Cannot merge a field alias mapping [{path}] with a mapping that is not for a field alias."
            )));
        }
        (was, is) if was != is || old.variant != new.variant => {
            let to = if matches!(is, FieldKind::Alias(_)) { "FieldAliasMapper" } else { new.type_name() };
            return Err(Error::illegal_argument(format!(
                "mapper [{path}] cannot be changed from type [{}] to [{to}]",
                old.type_name()
            )));
        }
        _ => {}
    }
    let conflicts = parameter::of(&old.kind, old.variant).iter().filter_map(|parameter| {
        let (was, is) = (parameter.effective(&old.explicit), parameter.effective(&new.explicit));
        let allowed = match parameter.change {
            Change::Free => true,
            Change::Off => was == "true",
            Change::Never => false,
        };
        let differs = parameter.differs(&old.explicit, &new.explicit);
        (differs && !allowed).then_some((parameter.name, was, is))
    });
    refuse(path, conflicts)?;
    super::join::check_update(old, new)?;
    let mut merged = new.clone();
    match old.kind {
        FieldKind::GeoPoint => super::geo_point::keep(old, &mut merged, &super::geo_point::KEPT),
        FieldKind::GeoShape => super::geo_point::keep(old, &mut merged, &super::geo_shape::KEPT),
        _ => {}
    }
    for (name, field) in &old.fields {
        let both = match new.fields.get(name) {
            Some(update) => Arc::new(fields(field, update)?),
            None => field.clone(),
        };
        merged.fields.insert(name.clone(), both);
    }
    Ok(merged)
}
