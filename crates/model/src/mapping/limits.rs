//! How large a mapping may grow: `index.mapping.*.limit`.

use super::{Mapping, Node, ObjectNode, lookup, nested};
use crate::error::Error;

/// Upper bounds, inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Objects, fields, multi-fields and aliases.
    pub total_fields: u64,
    pub depth: u64,
    /// Nested objects of the mapping.
    pub nested_fields: u64,
    /// Documents inside of one document.
    pub nested_objects: u64,
    /// Of one name, in characters; `None`: unbounded.
    pub field_name_length: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { total_fields: 1000, depth: 20, nested_fields: 50, nested_objects: 10_000, field_name_length: None }
    }
}

impl Mapping {
    /// Objects, fields, multi-fields and aliases.
    pub fn field_count(&self) -> u64 {
        count(&self.root)
    }

    /// # Errors
    /// `illegal_argument_exception` that names the limit.
    pub fn check_limits(&self, limits: &Limits) -> Result<(), Error> {
        if self.field_count() > limits.total_fields {
            return Err(Error::illegal_argument(format!(
                "Limit of total fields [{}] has been exceeded",
                limits.total_fields
            )));
        }
        if nested::count(&self.root) > limits.nested_fields {
            let limit = limits.nested_fields;
            return Err(Error::illegal_argument(format!("Limit of nested fields [{limit}] has been exceeded")));
        }
        check_depth(&self.root, "", 1, limits)?;
        let Some(longest) = limits.field_name_length else { return Ok(()) };
        for field in self.all_fields().into_iter().flat_map(lookup::with_multi_fields) {
            let name = field.path.rsplit('.').next().unwrap_or_default();
            if name.chars().count() as u64 > longest {
                let reason = format!("Field name [{name}] is longer than the limit of [{longest}] characters");
                return Err(Error::illegal_argument(reason));
            }
        }
        Ok(())
    }
}

fn count(object: &ObjectNode) -> u64 {
    let below = |node: &Node| match node {
        Node::Object(inner) => 1 + count(inner),
        Node::Field(field) => lookup::with_multi_fields(field).len() as u64,
    };
    object.properties.values().map(below).sum()
}

fn check_depth(object: &ObjectNode, path: &str, depth: u64, limits: &Limits) -> Result<(), Error> {
    if depth > limits.depth {
        let limit = limits.depth;
        let reason = format!("Limit of mapping depth [{limit}] has been exceeded due to object field [{path}]");
        return Err(Error::illegal_argument(reason));
    }
    for (name, node) in &object.properties {
        if let Node::Object(inner) = node {
            check_depth(inner, &super::parse::join(path, name), depth + 1, limits)?;
        }
    }
    Ok(())
}
