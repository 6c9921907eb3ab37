//! Joins: what kind of document one is, and to which it belongs.

use std::collections::BTreeMap;

use model::error::{Error, ErrorKind};
use model::mapping::Field;

use super::json::{Token, Value, reader_name};
use super::leaf::Refusal;
use super::plan::FieldPlan;
use super::walk::{Done, Walk, failed};

/// The kinds of documents.
#[derive(Debug, Default)]
pub(super) struct JoinPlan {
    /// Of the kinds that are children: the kind of their parents.
    parents: BTreeMap<String, String>,
}

impl JoinPlan {
    pub(super) fn new(field: &Field) -> Self {
        let mut plan = Self::default();
        for parent in field.fields.keys() {
            let children = field.child_kinds(parent).unwrap_or_default();
            plan.parents.extend(children.into_iter().map(|child| (child, parent.to_string())));
        }
        plan
    }
}

impl<'a> Walk<'a> {
    /// A kind, or an object of a kind and a parent.
    pub(super) fn join_value(&mut self, (plan, join): (&FieldPlan, &JoinPlan), value: &Value<'a>) -> Done {
        let (mut kind, mut parent) = (None, None);
        match &value.token {
            Token::String(name) => kind = Some(name.to_string()),
            Token::Object => {
                while let Some(key) = self.reader.next_key()? {
                    let value = self.reader.value()?;
                    match (&*key, &value.token) {
                        ("name", Token::String(name)) => kind = Some(name.to_string()),
                        ("parent", Token::String(id)) => parent = Some(id.to_string()),
                        ("parent", Token::Number { text, .. }) => parent = Some(text.to_string()),
                        _ => {
                            let reason = format!("unknown field name [{key}] in join field [{}]", plan.path);
                            return Err(failed(Error::illegal_argument(reason)).into());
                        }
                    }
                }
            }
            other => {
                let reason = format!("[null] expected START_OBJECT or VALUE_STRING but was: {}", reader_name(other));
                return Err(failed(Error::new(ErrorKind::IllegalState, reason)).into());
            }
        }
        let Some(kind) = kind else {
            let reason = "Cannot invoke \"String.equals(Object)\" because \"name\" is null";
            return Err(failed(Error::new(ErrorKind::NullPointer, reason)).into());
        };
        self.joined((plan, join), &kind, parent.as_deref()).map_err(|refusal| match refusal {
            Refusal::Whole(error) => error.into(),
            Refusal::Malformed(cause) => failed(cause).into(),
        })
    }

    fn joined(
        &mut self,
        (plan, join): (&FieldPlan, &JoinPlan),
        kind: &str,
        parent: Option<&str>,
    ) -> Result<(), Refusal> {
        let field = &plan.path;
        let of = |kind: &str| {
            let path = format!("{field}#{kind}");
            plan.multi_fields.iter().find(move |part| *part.path == *path)
        };
        let (own, parents) = (of(kind), join.parents.get(kind));
        if own.is_none() && parents.is_none() {
            return Err(Error::illegal_argument(format!("unknown join name [{kind}] for field [{field}]")).into());
        }
        if let Some(part) = parents.and_then(|kind| of(kind)) {
            let missing = |what: &str| Error::illegal_argument(format!("[{what}] is missing for join field [{field}]"));
            let parent = parent.ok_or_else(|| missing("parent"))?;
            if !self.routed {
                return Err(missing("routing").into());
            }
            self.out.exact(part.slot, &part.path, parent.as_bytes())?;
        }
        if let Some(part) = own {
            self.out.exact(part.slot, &part.path, self.id.as_bytes())?;
        }
        self.out.exact(plan.slot, field, kind.as_bytes())
    }
}
