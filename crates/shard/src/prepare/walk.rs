//! The walk over a document along its mapping: objects, arrays, values, and what is refused. Fields that are not where the document says
//! are the business of [`super::paths`].

use model::error::{Error, ErrorKind};
use model::mapping::FieldKind;

use super::contexts::Pending;
use super::dynamic::NewFields;
use super::json::{Fault, Reader, Token, Value};
use super::leaf::{self, Refusal};
use super::nested::Blocks;
use super::output::Output;
use super::plan::{Child, FieldPlan, ObjectPlan};
use super::{Preparer, flat, paths, preview};
use crate::layout::DOC_COUNT;
use crate::prepared::InnerDocument;

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
    "_feature",
    "_data_stream_timestamp",
];

pub(super) struct Walk<'a> {
    pub(super) preparer: &'a Preparer,
    pub(super) id: &'a str,
    /// Whether the document says by what it is routed.
    pub(super) routed: bool,
    pub(super) reader: Reader<'a>,
    /// Of the document that is being read, which may be one inside of others.
    pub(super) out: Output,
    pub(super) blocks: Blocks,
    pub(super) new_fields: Option<NewFields>,
    /// Objects open, the root included, and arrays open.
    objects: u64,
    arrays: u64,
    /// Values are copies for another field, which copies nothing on.
    pub(super) copying: bool,
    /// Completions whose contexts are not all known yet.
    pub(super) pending: Vec<Pending>,
    /// What was wrong with their contexts.
    pub(super) late: Option<Error>,
}

/// What a document holds.
pub(super) struct Read {
    pub(super) out: Output,
    pub(super) inner: Vec<InnerDocument>,
    pub(super) new_fields: Option<NewFields>,
    /// A refusal that holds unless the mapping needs new fields first.
    pub(super) late: Option<Error>,
}

/// Reads a whole document: its id, and whether it has a routing.
pub(super) fn document<'a>(
    preparer: &'a Preparer,
    (id, routed): (&'a str, bool),
    source: &'a [u8],
) -> Result<Read, Error> {
    let mut walk = Walk {
        preparer,
        id,
        routed,
        reader: Reader::new(source),
        out: Output::default(),
        blocks: Blocks::default(),
        new_fields: None,
        objects: 0,
        arrays: 0,
        copying: false,
        pending: Vec::new(),
        late: None,
    };
    walk.root()?;
    walk.end_contexts(0);
    Ok(Read { out: walk.out, inner: walk.blocks.done, new_fields: walk.new_fields, late: walk.late })
}

/// `mapper_parsing_exception` without more to say than its cause has.
pub(super) fn failed(cause: Error) -> Error {
    wrap("failed to parse".into(), cause)
}

/// Names the deepest cause that is OpenSearch's own as the root.
pub(super) fn wrap(reason: String, cause: Error) -> Error {
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
pub(super) struct Failure(pub(super) Error);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

pub(super) type Done = Result<(), Failure>;

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
    pub(super) fn object(&mut self, plan: &ObjectPlan) -> Done {
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
        if plan.path.is_empty() && key == DOC_COUNT {
            let value = self.value_of(None)?;
            return self.doc_count(&value);
        }
        if key.contains('.') {
            let steps = paths::steps(key)?;
            return self.dotted(plan, &steps);
        }
        if key.is_empty() {
            return Err(failed(Error::illegal_argument("field name cannot be an empty string")).into());
        }
        let value = self.value_of(None)?;
        self.unknown(plan, key, value)
    }

    pub(super) fn child_value(&mut self, child: &Child, key: &str) -> Done {
        let field = if let Child::Field(field) = child { Some(&**field) } else { None };
        let value = self.value_of(field)?;
        self.child(child, key, value)
    }

    /// The next value. In the middle of a string, a fault is the field's.
    pub(super) fn value_of(&mut self, field: Option<&FieldPlan>) -> Result<Value<'a>, Failure> {
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

    pub(super) fn child(&mut self, child: &Child, key: &str, value: Value<'a>) -> Done {
        match child {
            Child::Object(object) if !object.enabled => Ok(self.reader.skip(&value)?),
            Child::Object(object) => self.object_value(object, Some(key), value),
            Child::Field(field) => self.field_value(field, value),
        }
    }

    /// Calls `each` with the values of the array that was just opened.
    pub(super) fn array(&mut self, each: &mut dyn FnMut(&mut Self) -> Done) -> Done {
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
            Token::Object if plan.nested.is_some() => self.nested_object(plan),
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

    pub(super) fn field_value(&mut self, plan: &FieldPlan, value: Value<'a>) -> Done {
        if let FieldKind::Alias(_) = plan.kind {
            return Err(
                failed(Error::illegal_argument(format!("Cannot write to a field alias [{}].", plan.path))).into()
            );
        }
        if plan.kind == FieldKind::GeoPoint {
            return self.geo_value(plan, value);
        }
        if let Some(shapes) = &plan.shapes {
            return self.shape_value(plan, shapes, value);
        }
        if plan.completion.is_some() {
            return self.completion_value(plan, value);
        }
        if plan.vectors.is_some() {
            return self.vector_value(plan, value);
        }
        if value.token == Token::Array {
            return self.array(&mut |walk| {
                let value = walk.value_of(Some(plan))?;
                walk.field_value(plan, value)
            });
        }
        if let Some(join) = &plan.join {
            return self.join_value((plan, join), &value);
        }
        match plan.kind {
            FieldKind::Percolator => return self.stored_query(plan, &value),
            FieldKind::Range(kind) => return self.range_value((plan, kind), &value),
            FieldKind::Features { many: false } => return self.feature_value(plan, &value),
            FieldKind::Features { many: true } => return self.features_value(plan, &value),
            _ => {}
        }
        if plan.kind == FieldKind::FlatObject {
            let put = flat::put(plan, &value, &mut self.reader, &mut self.out);
            return put.or_else(|refusal| self.refused(plan, &value, refusal));
        }
        self.leaf(plan, &value)?;
        match plan.copy_to.first() {
            Some(target) if value.token == Token::Object => Err(self.nothing_left(target).into()),
            Some(_) if !self.copying => self.copy(plan, &value),
            _ => Ok(()),
        }
    }

    /// Gives one value to the field and its multi-fields.
    pub(super) fn leaf(&mut self, plan: &FieldPlan, value: &Value<'a>) -> Done {
        if plan.kind == FieldKind::Percolator {
            return self.stored_query(plan, value);
        }
        if plan.completion.is_some() {
            return self.completion_leaf(plan, value);
        }
        if value.token == Token::Object && plan.kind == FieldKind::Binary && !plan.stored {
            let extra = Error::illegal_argument("Malformed content, found extra data after parsing: END_OBJECT");
            return Err(failed(extra).into());
        }
        if let Err(refusal) = leaf::put(plan, value, &self.reader, &mut self.out) {
            self.refused(plan, value, refusal)?;
            if value.token == Token::Object {
                return plan.multi_fields.first().map_or(Ok(()), |inner| Err(self.nothing_left(&inner.path).into()));
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

    /// A malformed object was passed over, and another field wants it, too.
    pub(super) fn nothing_left(&self, path: &str) -> Error {
        let kind = self.preparer.mapping.field(path).map_or("object", |field| field.type_name());
        let (line, column) = self.reader.line_and_column(self.reader.offset().saturating_sub(1));
        let cause = Error::new(ErrorKind::IllegalState, format!("Can't get text on a END_OBJECT at {line}:{column}"));
        self.named(path, kind, "null", cause)
    }

    pub(super) fn malformed(&self, plan: &FieldPlan, shown: &str, cause: Error) -> Error {
        self.named(&plan.path, plan.variant.name().unwrap_or(plan.kind.name()), shown, cause)
    }

    pub(super) fn named(&self, path: &str, kind: &str, shown: &str, cause: Error) -> Error {
        let reason = format!(
            "failed to parse field [{path}] of type [{kind}] in document with id '{}'. Preview of field's value: '{shown}'",
            self.id
        );
        wrap(reason, cause)
    }
}

fn too_deep(what: &str, limit: u64) -> Error {
    let reason = format!(
        "The depth of the {what} has exceeded the allowed limit of [{limit}]. This limit can be set by changing the [index.mapping.depth.limit] index level setting."
    );
    Error::new(ErrorKind::Parse, reason)
}
