//! The walk over a document along its mapping: objects, arrays, dotted names, unknown fields.

use std::sync::Arc;

use model::error::{Error, ErrorKind};
use model::mapping::dynamic::Seen;
use model::mapping::{Dynamic, FieldKind, Node};

use super::dynamic::{NewFields, seen};
use super::json::{Fault, Reader, Token, Value};
use super::leaf::{self, Refusal};
use super::output::Output;
use super::plan::{Child, FieldPlan, ObjectPlan};
use super::{Preparer, flat, preview};

/// Names that no document may have at its root.
const METADATA: [&str; 12] = [
    "_id",
    "_index",
    "_source",
    "_routing",
    "_field_names",
    "_ignored",
    "_seq_no",
    "_primary_term",
    "_version",
    "_nested_path",
    "_doc_count",
    "_data_stream_timestamp",
];

struct Walk<'a> {
    preparer: &'a Preparer,
    id: &'a str,
    reader: Reader<'a>,
    out: Output,
    new_fields: Option<NewFields>,
    /// Objects open, the root included, and arrays open.
    objects: u64,
    arrays: u64,
    /// Values are copies for another field, which copies nothing on.
    copying: bool,
}

/// Reads a whole document.
pub(super) fn document<'a>(
    preparer: &'a Preparer,
    id: &'a str,
    source: &'a [u8],
) -> Result<(Output, Option<NewFields>), Error> {
    let mut walk = Walk {
        preparer,
        id,
        reader: Reader::new(source),
        out: Output::default(),
        new_fields: None,
        objects: 0,
        arrays: 0,
        copying: false,
    };
    walk.root()?;
    Ok((walk.out, walk.new_fields))
}

/// `mapper_parsing_exception` without more to say than its cause has.
fn failed(cause: Error) -> Error {
    wrap("failed to parse".into(), cause)
}

/// Names the deepest cause that is OpenSearch's own as the root.
fn wrap(reason: String, cause: Error) -> Error {
    let own = matches!(cause.kind, ErrorKind::Parsing | ErrorKind::Parse | ErrorKind::MapperParsing);
    let root_causes = if own { vec![Error { root_causes: Vec::new(), ..cause.clone() }] } else { Vec::new() };
    Error { root_causes, ..Error::new(ErrorKind::MapperParsing, reason).with_cause(cause) }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self(failed(fault.error))
    }
}

/// An error of the document, complete.
struct Failure(Error);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

type Done = Result<(), Failure>;

impl<'a> Walk<'a> {
    fn root(&mut self) -> Result<(), Error> {
        self.try_root().map_err(|failure| failure.0)
    }

    fn try_root(&mut self) -> Done {
        let json = self.reader.rest().trim_start_matches([' ', '\n', '\r', '\t']);
        if !json.starts_with('{') && !json.starts_with('\u{feff}') {
            let reason = "Compressor detection can only be called on some xcontent bytes or compressed xcontent bytes";
            return Err(failed(Error::new(ErrorKind::NotSerializable, reason)).into());
        }
        let value = self.reader.value()?;
        let root = &self.preparer.root;
        if root.enabled && value.token == Token::Object {
            self.object(root)?
        } else {
            self.reader.skip(&value)?
        }
        Ok(self.reader.end()?)
    }

    /// Reads the object that was just opened to its end.
    fn object(&mut self, plan: &ObjectPlan) -> Done {
        self.objects += 1;
        let limit = self.preparer.depth_limit();
        if self.objects > limit {
            return Err(failed(too_deep("field", limit)).into());
        }
        while let Some(key) = self.reader.next_key()? {
            self.entry(plan, &key)?;
        }
        self.objects -= 1;
        Ok(())
    }

    /// Reads the value of a key of the object.
    fn entry(&mut self, plan: &ObjectPlan, key: &str) -> Done {
        if let Some(child) = plan.children.get(key) {
            return self.child_value(child, key);
        }
        if plan.path.is_empty() && METADATA.contains(&key) {
            return self.metadata(key);
        }
        if key.contains('.') {
            let steps = steps(key)?;
            return self.dotted(plan, key, &steps);
        }
        if key.is_empty() {
            return Err(failed(Error::illegal_argument("field name cannot be an empty string")).into());
        }
        let value = self.value_of(None)?;
        self.unknown(plan, key, value)
    }

    fn child_value(&mut self, child: &Child, key: &str) -> Done {
        let field = if let Child::Field(field) = child { Some(field) } else { None };
        let value = self.value_of(field)?;
        self.child(child, key, value)
    }

    /// The next value. In the middle of a string, a fault is the field's.
    fn value_of(&mut self, field: Option<&FieldPlan>) -> Result<Value<'a>, Failure> {
        self.reader.value().map_err(|fault| match field {
            Some(field) if fault.in_string => self.malformed(field, "", fault.error).into(),
            _ => fault.into(),
        })
    }

    fn metadata(&mut self, key: &str) -> Done {
        let value = self.value_of(None)?;
        let shown = preview::preview(&value, &mut self.reader)?;
        let cause = Error::new(
            ErrorKind::MapperParsing,
            format!(
                "Field [{key}] is a metadata field and cannot be added inside a document. Use the index API request parameters."
            ),
        );
        Err(self.named(key, key, &shown, cause).into())
    }

    /// A name with dots: the objects between may exist, or are new themselves.
    fn dotted(&mut self, plan: &ObjectPlan, key: &str, steps: &[&str]) -> Done {
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
                Some(child) => self.below(child, key, rest),
                None => {
                    let path = plan.join(first);
                    if plan.dynamic == Dynamic::False || self.null_is_next()? {
                        let value = self.value_of(None)?;
                        return Ok(self.reader.skip(&value)?);
                    }
                    let whole = plan.join(&steps[..steps.len() - 1].join("."));
                    match self.decide_between(&path, &whole)? {
                        Some(node) => {
                            let child = Child::new(&path, &node, plan.dynamic, self.preparer.context())?;
                            self.below(&child, key, rest)
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

    fn null_is_next(&mut self) -> Result<bool, Failure> {
        let rest = self.reader.rest().trim_start_matches([' ', '\n', '\r', '\t']);
        Ok(rest.starts_with("null"))
    }

    fn below(&mut self, child: &Child, key: &str, rest: &[&str]) -> Done {
        match child {
            Child::Object(object) if !object.enabled => {
                let value = self.value_of(None)?;
                Ok(self.reader.skip(&value)?)
            }
            Child::Object(object) => self.dotted(object, key, rest),
            Child::Field(field) => {
                let path = field.path.strip_suffix(rest_of(key, rest)).unwrap_or(&field.path);
                let (kind, whole) = (field.kind.name(), format!("{path}.{}", rest.join(".")));
                let reason = format!(
                    "Could not dynamically add mapping for field [{whole}]. Existing mapping for [{path}] must be of type object but found [{kind}]."
                );
                Err(Error::new(ErrorKind::MapperParsing, reason).into())
            }
        }
    }

    fn child(&mut self, child: &Child, key: &str, value: Value<'a>) -> Done {
        match child {
            Child::Object(object) if !object.enabled => Ok(self.reader.skip(&value)?),
            Child::Object(object) => self.object_value(object, Some(key), value),
            Child::Field(field) => self.field_value(field, value),
        }
    }

    /// Calls `each` with the values of the array that was just opened.
    fn array(&mut self, each: &mut dyn FnMut(&mut Self) -> Done) -> Done {
        self.arrays += 1;
        let limit = self.preparer.depth_limit();
        if self.arrays > limit {
            return Err(failed(too_deep("nested array field", limit)).into());
        }
        while self.reader.next_element()? {
            each(self)?;
        }
        self.arrays -= 1;
        Ok(())
    }

    /// `key`: `None` within an array.
    fn object_value(&mut self, plan: &ObjectPlan, key: Option<&str>, value: Value<'a>) -> Done {
        match value.token {
            Token::Null => Ok(()),
            Token::Object => self.object(plan),
            Token::Array => self.array(&mut |walk| {
                let value = walk.value_of(None)?;
                walk.object_value(plan, None, value)
            }),
            _ => {
                let reason = format!(
                    "object mapping for [{}] tried to parse field [{}] as object, but found a concrete value",
                    plan.path,
                    key.unwrap_or("null")
                );
                Err(Error::new(ErrorKind::MapperParsing, reason).into())
            }
        }
    }

    fn field_value(&mut self, plan: &FieldPlan, value: Value<'a>) -> Done {
        if let FieldKind::Alias(_) = plan.kind {
            return Err(
                failed(Error::illegal_argument(format!("Cannot write to a field alias [{}].", plan.path))).into()
            );
        }
        if value.token == Token::Array {
            return self.array(&mut |walk| {
                let value = walk.value_of(Some(plan))?;
                walk.field_value(plan, value)
            });
        }
        if plan.kind == FieldKind::FlatObject {
            let put = flat::put(plan, &value, &mut self.reader, &mut self.out);
            return put.or_else(|refusal| self.refused(plan, &value, refusal));
        }
        self.leaf(plan, &value)?;
        if !self.copying && !plan.copy_to.is_empty() {
            self.copy(plan, &value)?;
        }
        Ok(())
    }

    /// Gives one value to the field and its multi-fields.
    fn leaf(&mut self, plan: &FieldPlan, value: &Value<'a>) -> Done {
        if value.token == Token::Object && plan.kind == FieldKind::Binary && !plan.stored {
            let extra = Error::illegal_argument("Malformed content, found extra data after parsing: END_OBJECT");
            return Err(failed(extra).into());
        }
        if let Err(refusal) = leaf::put(plan, value, &self.reader, &mut self.out) {
            self.refused(plan, value, refusal)?;
            if value.token == Token::Object {
                return Ok(());
            }
        }
        plan.multi_fields.iter().try_for_each(|inner| self.leaf(inner, value))
    }

    /// Leaves a malformed value out when the field says so, or refuses the document.
    fn refused(&mut self, plan: &FieldPlan, value: &Value<'a>, refusal: Refusal) -> Done {
        let cause = match refusal {
            Refusal::Whole(error) => return Err(error.into()),
            Refusal::Malformed(cause) => cause,
        };
        let may_ignore =
            matches!(plan.kind, FieldKind::Number(_) | FieldKind::Date | FieldKind::DateNanos | FieldKind::Ip)
                && plan.ignore_malformed;
        if may_ignore && value.token == Token::Object {
            return Ok(self.reader.skip_open()?);
        }
        if may_ignore {
            self.out.ignored(&plan.path);
            return Ok(());
        }
        // A flat object may have been left in its middle: then there is nothing to show.
        let shown = if plan.kind == FieldKind::FlatObject && value.token == Token::Object {
            String::new()
        } else {
            preview::preview(value, &mut self.reader)?
        };
        Err(self.malformed(plan, &shown, cause).into())
    }

    fn malformed(&self, plan: &FieldPlan, shown: &str, cause: Error) -> Error {
        self.named(&plan.path, plan.kind.name(), shown, cause)
    }

    fn named(&self, path: &str, kind: &str, shown: &str, cause: Error) -> Error {
        let reason = format!(
            "failed to parse field [{path}] of type [{kind}] in document with id '{}'. Preview of field's value: '{shown}'",
            self.id
        );
        wrap(reason, cause)
    }

    /// Gives a value to the fields that the field copies to.
    fn copy(&mut self, plan: &FieldPlan, value: &Value<'a>) -> Done {
        self.copying = true;
        for target in &plan.copy_to {
            self.copy_below(&self.preparer.root, target, target, value)?;
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
    fn unknown(&mut self, plan: &ObjectPlan, name: &str, value: Value<'a>) -> Done {
        let path = plan.join(name);
        match (plan.dynamic, &value.token) {
            (Dynamic::False, _) => Ok(self.reader.skip(&value)?),
            (Dynamic::Strict, Token::Null | Token::Array) => {
                // Nothing to be seen, and refused all the same.
                self.decide(&path, Seen::Boolean)?;
                Ok(self.reader.skip(&value)?)
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

fn too_deep(what: &str, limit: u64) -> Error {
    let reason = format!(
        "The depth of the {what} has exceeded the allowed limit of [{limit}]. This limit can be set by changing the [index.mapping.depth.limit] index level setting."
    );
    Error::new(ErrorKind::Parse, reason)
}

/// The steps of a dotted name; dots at its end are passed over.
fn steps(name: &str) -> Result<Vec<&str>, Failure> {
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

/// The end of a dotted name from `rest` on.
fn rest_of<'k>(key: &'k str, rest: &[&str]) -> &'k str {
    let length: usize = rest.iter().map(|step| step.len() + 1).sum();
    key.get(key.len().saturating_sub(length)..).unwrap_or_default()
}
