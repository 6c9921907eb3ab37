//! Finds fields by path or pattern.

use std::sync::Arc;

use super::template::matches;
use super::{Dynamic, Field, FieldKind, Mapping, Node, ObjectNode, Variant};

/// What lies at a path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Found<'a> {
    Object(&'a ObjectNode),
    Field(&'a Arc<Field>),
    /// Nothing, below an object that is not parsed (`enabled: false`).
    Disabled,
    /// Nothing, and the parent is a field of this path: no field can be below it (but see [`FieldKind::FlatObject`]).
    BelowField(&'a Arc<Field>),
    Nothing,
}

impl Mapping {
    /// What `path` names: an object, a field, or a multi-field (`title.raw`). Aliases are not followed.
    pub fn find(&self, path: &str) -> Found<'_> {
        if self.root.enabled == Some(false) {
            return Found::Disabled;
        }
        if let Some((join, parent)) = path.split_once('#')
            && let Some(Node::Field(join)) = self.root.properties.get(join)
            && let Some(field) = join.fields.get(parent).filter(|field| *field.path == *path)
        {
            return Found::Field(field);
        }
        let mut object = &self.root;
        let mut steps = path.split('.').filter(|step| !step.is_empty());
        while let Some(step) = steps.next() {
            match object.properties.get(step) {
                Some(Node::Object(inner)) if inner.enabled == Some(false) => {
                    return if steps.next().is_some() { Found::Disabled } else { Found::Object(inner) };
                }
                Some(Node::Object(inner)) => object = inner,
                Some(Node::Field(field)) => {
                    let mut found = field;
                    for step in steps {
                        match found.fields.get(step).filter(|inner| inner.variant != Variant::Parent) {
                            Some(inner) => found = inner,
                            None => return Found::BelowField(field),
                        }
                    }
                    return Found::Field(found);
                }
                None => return Found::Nothing,
            }
        }
        Found::Object(object)
    }

    /// The field at `path`, multi-fields included; an alias gives the field that it stands for.
    pub fn field(&self, path: &str) -> Option<&Arc<Field>> {
        match self.find(path) {
            Found::Field(field) => match &field.kind {
                FieldKind::Alias(target) => match self.find(target) {
                    Found::Field(target) if !matches!(target.kind, FieldKind::Alias(_)) => Some(target),
                    _ => None,
                },
                _ => Some(field),
            },
            _ => None,
        }
    }

    /// The flat object that `path` lies below, and the rest of the path: `("attributes", "color.name")`.
    pub fn flat_object<'a, 'p>(&'a self, path: &'p str) -> Option<(&'a Arc<Field>, &'p str)> {
        match self.find(path) {
            Found::BelowField(field) if field.kind == FieldKind::FlatObject => {
                Some((field, path.get(field.path.len() + 1..).unwrap_or_default()))
            }
            _ => None,
        }
    }

    /// Every field and alias whose path `pattern` (with `*`) matches, with the path under which it does, in order of paths. Aliases are
    /// followed: the path is the alias', the field what it stands for.
    pub fn fields_matching(&self, pattern: &str) -> Vec<(Arc<str>, &Arc<Field>)> {
        if !pattern.contains('*') {
            return self.field(pattern).map(|field| (Arc::from(pattern), field)).into_iter().collect();
        }
        let mut found = Vec::new();
        for field in self.all_fields().into_iter().flat_map(with_multi_fields) {
            if matches(pattern, &field.path)
                && let Some(target) = self.field(&field.path)
            {
                found.push((field.path.clone(), target));
            }
        }
        found.sort_by(|a, b| a.0.cmp(&b.0));
        found
    }

    /// Every field and alias, without multi-fields, in the order of paths' steps.
    pub fn all_fields(&self) -> Vec<&Arc<Field>> {
        let mut fields = Vec::new();
        collect(&self.root, &mut fields);
        fields
    }

    /// Whether `path` lies within a field's `fields`.
    pub fn is_multi_field(&self, path: &str) -> bool {
        let Some((parent, _)) = path.rsplit_once('.') else { return false };
        matches!(self.find(path), Found::Field(_)) && matches!(self.find(parent), Found::Field(_))
    }

    /// What happens to unknown fields below the object at `path` (empty: the root): its own setting or its nearest parent's.
    pub fn dynamic_at(&self, path: &str) -> Dynamic {
        let mut object = &self.root;
        let mut dynamic = object.dynamic.unwrap_or(Dynamic::True);
        for step in path.split('.').filter(|step| !step.is_empty()) {
            match object.properties.get(step) {
                Some(Node::Object(inner)) => object = inner,
                _ => break,
            }
            dynamic = object.dynamic.unwrap_or(dynamic);
        }
        dynamic
    }
}

fn collect<'a>(object: &'a ObjectNode, fields: &mut Vec<&'a Arc<Field>>) {
    for node in object.properties.values() {
        match node {
            Node::Object(inner) => collect(inner, fields),
            Node::Field(field) => fields.push(field),
        }
    }
}

/// The field and everything in its `fields`.
pub(super) fn with_multi_fields(field: &Arc<Field>) -> Vec<&Arc<Field>> {
    let mut all = vec![field];
    let mut at = 0;
    while at < all.len() {
        all.extend(all[at].fields.values());
        at += 1;
    }
    all
}
