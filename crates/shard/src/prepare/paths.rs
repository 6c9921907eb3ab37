//! Fields that are not simply below their object: dotted names, copies to other fields, and what the mapping does not know.

use std::sync::Arc;

use model::error::{Error, ErrorKind};
use model::mapping::dynamic::Seen;
use model::mapping::{Dynamic, Node};

use super::dynamic::{NewFields, seen};
use super::json::{Token, Value};
use super::plan::{Child, FieldPlan, ObjectPlan};
use super::walk::{Done, Failure, Walk, failed};

impl<'a> Walk<'a> {
    /// A name with dots: the objects between may exist, or are new themselves.
    pub(super) fn dotted(&mut self, plan: &ObjectPlan, steps: &[&str]) -> Done {
        match steps {
            [] => Ok(()),
            [last] => match plan.children.get(*last) {
                Some(child) => self.child_value(child, last),
                None => {
                    let value = self.value_of(None)?;
                    if value.token == Token::Null { Ok(()) } else { self.unknown(plan, last, value) }
                }
            },
            [first, rest @ ..] => match plan.children.get(*first) {
                Some(child) => self.below(child, rest),
                None => {
                    let path = plan.join(first);
                    if plan.dynamic == Dynamic::False || self.null_is_next() {
                        let value = self.value_of(None)?;
                        return Ok(self.reader.skip(&value)?);
                    }
                    let whole = plan.join(&steps[..steps.len() - 1].join("."));
                    match self.decide_between(&path, &whole)? {
                        Some(node) => {
                            let child = Child::new(&path, &node, plan.dynamic, self.preparer.context())?;
                            self.below(&child, rest)
                        }
                        None => {
                            let value = self.value_of(None)?;
                            Ok(self.reader.skip(&value)?)
                        }
                    }
                }
            },
        }
    }

    fn null_is_next(&self) -> bool {
        let rest = self.reader.rest().trim_start_matches([' ', '\n', '\r', '\t']);
        rest.starts_with("null")
    }

    fn below(&mut self, child: &Child, rest: &[&str]) -> Done {
        match child {
            Child::Object(object) if !object.enabled => {
                let value = self.value_of(None)?;
                Ok(self.reader.skip(&value)?)
            }
            Child::Object(object) if object.nested.is_some() => {
                let path = &object.path;
                let reason = format!(
                    "Cannot add a value for field [{path}.{}] since one of the intermediate objects is mapped as a nested object: [{path}]",
                    rest.join(".")
                );
                Err(Error::new(ErrorKind::MapperParsing, reason).into())
            }
            Child::Object(object) => self.dotted(object, rest),
            Child::Field(field) => {
                let (path, kind) = (&field.path, field.variant.name().unwrap_or(field.kind.name()));
                let whole = format!("{path}.{}", rest.join("."));
                let reason = format!(
                    "Could not dynamically add mapping for field [{whole}]. Existing mapping for [{path}] must be of type object but found [{kind}]."
                );
                Err(Error::new(ErrorKind::MapperParsing, reason).into())
            }
        }
    }

    /// Gives a value to the fields that the field copies to.
    pub(super) fn copy(&mut self, plan: &FieldPlan, value: &Value<'a>) -> Done {
        self.copying = true;
        for target in &plan.copy_to {
            self.within_document_of(target, |walk| walk.copy_below(&walk.preparer.root, target, target, value))?;
        }
        self.copying = false;
        Ok(())
    }

    fn copy_below(&mut self, plan: &ObjectPlan, target: &str, rest: &str, value: &Value<'a>) -> Done {
        let (name, below) = match rest.split_once('.') {
            Some((name, below)) => (name, Some(below)),
            None => (rest, None),
        };
        match (plan.children.get(name), below) {
            (Some(Child::Object(object)), Some(below)) => self.copy_below(object, target, below, value),
            (Some(Child::Field(field)), None) => self.field_value(field, value.clone()),
            (Some(_), _) => {
                let reason = format!("Cannot copy to field [{target}] since it is mapped as an object");
                Err(Error::illegal_argument(reason).into())
            }
            (None, Some(below)) => {
                let path = plan.join(name);
                let Some(node) =
                    self.decide_between(&path, target.rsplit_once('.').map_or(target, |(objects, _)| objects))?
                else {
                    return Ok(());
                };
                match Child::new(&path, &node, plan.dynamic, self.preparer.context())? {
                    Child::Object(object) => self.copy_below(&object, target, below, value),
                    Child::Field(_) => Ok(()),
                }
            }
            (None, None) => self.unknown(plan, name, value.clone()),
        }
    }

    /// A value that the mapping knows nothing of.
    pub(super) fn unknown(&mut self, plan: &ObjectPlan, name: &str, value: Value<'a>) -> Done {
        let path = plan.join(name);
        match (plan.dynamic, &value.token) {
            (Dynamic::False, _) => Ok(self.reader.skip(&value)?),
            (Dynamic::Strict, Token::Null | Token::Array) => {
                // Nothing to be seen, and refused all the same.
                self.decide(&path, Seen::Boolean)?;
                Ok(self.reader.skip(&value)?)
            }
            (_, Token::Array) if self.takes_arrays(&path) => {
                let Some(node) = self.decide(&path, Seen::Object)? else { return Ok(self.reader.skip(&value)?) };
                let child = Child::new(&path, &node, plan.dynamic, self.preparer.context())?;
                self.child(&child, name, value)
            }
            (_, Token::Array) => self.array(&mut |walk| {
                let value = walk.value_of(None)?;
                walk.unknown(plan, name, value)
            }),
            (_, token) => {
                let Some(seen) = seen(token) else { return Ok(()) };
                let Some(node) = self.decide(&path, seen)? else { return Ok(self.reader.skip(&value)?) };
                // Read by a node that is not in the mapping yet, so that a bad value is refused before the mapping grows.
                let child = Child::new(&path, &node, plan.dynamic, self.preparer.context())?;
                self.child(&child, name, value)
            }
        }
    }

    /// Whether a template makes of an array at `path` a field that reads it whole.
    fn takes_arrays(&mut self, path: &Arc<str>) -> bool {
        let mapping = &self.preparer.mapping;
        let new_fields = self.new_fields.get_or_insert_with(|| NewFields::new(mapping));
        new_fields.makes_geo_point(path)
    }

    /// As `decide`, for an object at `path` that a dotted name runs through to one at `whole`; names may not be deeper than the mapping.
    fn decide_between(&mut self, path: &Arc<str>, whole: &str) -> Result<Option<Node>, Failure> {
        let limit = self.preparer.depth_limit();
        if whole.split('.').count() as u64 >= limit.max(1) {
            let reason = format!("Limit of mapping depth [{limit}] has been exceeded due to object field [{whole}]");
            return Err(Error::illegal_argument(reason).into());
        }
        self.decide(path, Seen::Object)
    }

    fn decide(&mut self, path: &Arc<str>, seen: Seen<'_>) -> Result<Option<Node>, Failure> {
        let mapping = &self.preparer.mapping;
        let new_fields = self.new_fields.get_or_insert_with(|| NewFields::new(mapping));
        Ok(new_fields.decide(path, seen)?)
    }
}

/// The steps of a dotted name; dots at its end are passed over.
pub(super) fn steps(name: &str) -> Result<Vec<&str>, Failure> {
    let refused = |reason: String| Err(failed(Error::illegal_argument(reason)).into());
    let trimmed = name.trim_end_matches('.');
    if trimmed.is_empty() {
        return refused("field name cannot contain only the character [.]".into());
    }
    let steps: Vec<&str> = trimmed.split('.').collect();
    if steps.iter().any(|step| step.is_empty()) {
        return refused(format!(
            "object field starting or ending with a [.] makes object resolution ambiguous: [{name}]"
        ));
    }
    if steps.iter().any(|step| step.trim().is_empty()) {
        return refused(format!("object field cannot contain only whitespace: ['{name}']"));
    }
    Ok(steps)
}
