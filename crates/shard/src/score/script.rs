//! Scripts over the documents of one segment: their fields are read from columns as they are asked for.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::Ipv6Addr;
use std::sync::Arc;

use model::date::Moment;
use model::error::{Error, ErrorKind};
use model::mapping::{Field, FieldKind, NumberKind};
use model::number::{f64_from_ordered, u64_from_ordered};
use script::expression::value::Value;
use script::program::{Bindings, Document, Heap, Object};
use search::bound::BoundScript;
use serde_json::Value as Json;
use vector::Element;

use super::Outcome;
use crate::fields::FieldTable;
use crate::segment::column::{NumberColumn, StringColumn};
use crate::segment::vectors::VectorColumn;
use crate::segment::{DocId, Segment};

/// Steps of a script for one document: many documents are looked at between two looks at the clock.
const MAX_STEPS: u32 = 20_000;
/// Values inside values of a field that a script makes.
const MAX_DEPTH: usize = 100;

/// A script at work on one segment.
pub(crate) struct ScriptRun {
    script: Arc<BoundScript>,
    params: Json,
    segment: Arc<dyn Segment>,
    fields: Arc<FieldTable>,
    /// By the name that the script uses.
    columns: RefCell<BTreeMap<String, Column>>,
}

#[derive(Clone)]
enum Column {
    /// No document of the segment has a value.
    Empty,
    Numbers(Arc<dyn NumberColumn>, FieldKind, f64),
    Strings(Arc<dyn StringColumn>, FieldKind),
    Vectors(VectorColumn),
}

/// One document of it.
struct At<'a> {
    run: &'a ScriptRun,
    doc: DocId,
}

impl ScriptRun {
    pub(crate) fn new(script: Arc<BoundScript>, segment: Arc<dyn Segment>, fields: Arc<FieldTable>) -> Self {
        let params = Json::Object(script.params.clone());
        Self { script, params, segment, fields, columns: RefCell::default() }
    }

    /// The number that the script gives for a document that a query has scored; true is 1, false 0.
    pub(crate) fn number(&self, doc: DocId, score: f32) -> Outcome<f64> {
        let mut heap = Heap::default();
        let params = heap.from_json(&self.params);
        let value = self.run((doc, score), &mut heap, params, None)?;
        match &value {
            Object::Plain(Value::Bool(holds)) => Ok(if *holds { 1.0 } else { 0.0 }),
            value => {
                value.as_f64().ok_or_else(|| self.refused("the script must give a number, or true or false").into())
            }
        }
    }

    /// Whether the script says so of a document, which no query has scored.
    pub(crate) fn holds(&self, doc: DocId) -> Outcome<bool> {
        let mut heap = Heap::default();
        let params = heap.from_json(&self.params);
        match self.run((doc, 0.0), &mut heap, params, None)? {
            Object::Plain(Value::Bool(holds)) => Ok(holds),
            _ => Err(self.refused("the script must give true or false").into()),
        }
    }

    /// The text that the script gives for a document that a query has scored; `None`: null.
    pub(crate) fn text(&self, doc: DocId, score: f32) -> Outcome<Option<String>> {
        let mut heap = Heap::default();
        let params = heap.from_json(&self.params);
        match self.run((doc, score), &mut heap, params, None)? {
            value if value.is_null() => Ok(None),
            value => match value.as_text() {
                Some(text) => Ok(Some(text.to_owned())),
                None => Err(self.refused("the script of a sort key of the type [string] must give a text").into()),
            },
        }
    }

    /// What the script makes of a document as fields of a hit show it: the items of a list, or one value. `source`: what `params._source` is.
    pub(crate) fn values(&self, doc: DocId, source: Option<&Json>) -> Outcome<Vec<Json>> {
        let mut heap = Heap::default();
        let mut given = self.params.clone();
        if let (Some(source), Json::Object(params)) = (source, &mut given) {
            params.insert("_source".to_owned(), source.clone());
        }
        let params = heap.from_json(&given);
        let value = self.run((doc, 0.0), &mut heap, params, None)?;
        match heap.to_json(&value, MAX_DEPTH) {
            Some(Json::Array(items)) => Ok(items),
            Some(one) => Ok(vec![one]),
            None => Err(self.refused("the script gives nothing that can be shown").into()),
        }
    }

    /// Whether the script may ask for the source of documents.
    pub(crate) fn reads_source(script: &BoundScript) -> bool {
        script.source.contains("_source")
    }

    /// Hands on each thing that the script makes of a document, or the one that it makes of one of its values.
    pub(crate) fn each(
        &self,
        scored: (DocId, f32),
        value: Option<Object>,
        visit: &mut dyn FnMut(Given<'_>) -> Outcome<()>,
    ) -> Outcome<()> {
        let mut heap = Heap::default();
        let params = heap.from_json(&self.params);
        let alone = value.is_some();
        let value = self.run(scored, &mut heap, params, value)?;
        let given = |value| Given { run: self, heap: &heap, value };
        match &value {
            value if value.is_null() && !alone => Ok(()),
            value => match heap.collected(value).filter(|_| !alone) {
                Some(items) => items.iter().try_for_each(|item| visit(given(item))),
                None => visit(given(value)),
            },
        }
    }

    /// Has the script see a document beside `state`, which with `params` lies in the heap and outlives the run.
    pub(crate) fn gather(
        &self,
        (doc, score): (DocId, f32),
        heap: &mut Heap,
        (state, params): (Object, Object),
    ) -> Outcome<()> {
        let score = Object::Plain(Value::Double(f64::from(score)));
        let globals = vec![("state", state), ("params", params), ("_score", score)];
        let document = At { run: self, doc };
        let bindings = Bindings { globals, document: Some(&document), max_steps: Some(MAX_STEPS) };
        self.script.program.run(heap, &bindings)?;
        Ok(())
    }

    fn run(
        &self,
        (doc, score): (DocId, f32),
        heap: &mut Heap,
        params: Object,
        value: Option<Object>,
    ) -> Outcome<Object> {
        let mut globals = vec![("params", params), ("_score", Object::Plain(Value::Double(f64::from(score))))];
        globals.push(("_value", value.unwrap_or(Object::NULL)));
        let document = At { run: self, doc };
        let bindings = Bindings { globals, document: Some(&document), max_steps: Some(MAX_STEPS) };
        Ok(self.script.program.run(heap, &bindings)?)
    }

    /// What the script gives is of no use here.
    fn refused(&self, reason: &str) -> Error {
        Error::new(ErrorKind::Script, "runtime error")
            .with_detail("script", self.script.source.as_str())
            .with_detail("lang", "painless")
            .with_cause(Error::new(ErrorKind::ClassCast, reason))
    }

    fn open(&self, field: &Field) -> Result<Column, Error> {
        let unreadable = |error: std::io::Error| Error::new(ErrorKind::Io, format!("cannot read the segment: {error}"));
        let Some(entry) = self.fields.by_path(&field.path) else { return Ok(Column::Empty) };
        let scale = field.scaling_factor.unwrap_or(1.0);
        Ok(match field.kind {
            FieldKind::Number(_) | FieldKind::Date | FieldKind::DateNanos | FieldKind::GeoPoint => {
                match self.segment.numbers(entry.slot).map_err(unreadable)? {
                    Some(column) => Column::Numbers(column, field.kind.clone(), scale),
                    None => Column::Empty,
                }
            }
            FieldKind::KnnVector | FieldKind::DenseVector => {
                let column = self.segment.vectors(entry.slot).map_err(unreadable)?;
                column.map_or(Column::Empty, Column::Vectors)
            }
            _ => match self.segment.strings(entry.slot).map_err(unreadable)? {
                Some(column) => Column::Strings(column, field.kind.clone()),
                None => Column::Empty,
            },
        })
    }
}

/// One thing that a script made.
pub(crate) struct Given<'a> {
    run: &'a ScriptRun,
    heap: &'a Heap,
    value: &'a Object,
}

impl Given<'_> {
    /// As a whole number; moments are milliseconds since 1970.
    pub(crate) fn long(&self) -> Outcome<i64> {
        match self.value {
            Object::Plain(Value::Int(number)) => Ok(i64::from(*number)),
            Object::Plain(Value::Long(number)) => Ok(*number),
            Object::Plain(Value::Bool(holds)) => Ok(i64::from(*holds)),
            value if value.as_moment().is_some() => Ok(value.as_moment().map_or(0, |moment| moment.ms)),
            _ => self.double().map(|number| number as i64),
        }
    }

    /// As a number; moments are milliseconds since 1970.
    pub(crate) fn double(&self) -> Outcome<f64> {
        match self.value {
            Object::Plain(Value::Bool(holds)) => Ok(if *holds { 1.0 } else { 0.0 }),
            value if value.as_moment().is_some() => Ok(value.as_moment().map_or(0.0, |moment| moment.ms as f64)),
            value => value.as_f64().map_or_else(|| Err(self.no_number()?.into()), Ok),
        }
    }

    /// As Java shows it.
    pub(crate) fn text(&self) -> Outcome<String> {
        Ok(self.run.script.program.shown(self.heap, self.value)?)
    }

    fn no_number(&self) -> Outcome<Error> {
        let reason = format!("Unsupported script value [{}], expected a number, date, or boolean", self.text()?);
        Ok(Error::new(ErrorKind::AggregationExecution, reason))
    }
}

fn readable(field: &Field) -> Result<(), Error> {
    if matches!(field.kind, FieldKind::KnnVector | FieldKind::DenseVector) {
        return Ok(());
    }
    let kinds = matches!(
        field.kind,
        FieldKind::Keyword
            | FieldKind::Boolean
            | FieldKind::Ip
            | FieldKind::Number(_)
            | FieldKind::Date
            | FieldKind::DateNanos
            | FieldKind::GeoPoint
    );
    if kinds && field.doc_values {
        return Ok(());
    }
    let (path, kind) = (&field.path, field.type_name());
    Err(match field.kind {
        FieldKind::Text => Error::no_fielddata(path),
        _ => Error::no_doc_values(path, kind),
    })
}

impl Document for At<'_> {
    fn values(&self, name: &str, heap: &mut Heap) -> Result<Option<Vec<Object>>, Error> {
        let known = self.run.columns.borrow().get(name).cloned();
        let column = match known {
            Some(column) => column,
            None => {
                let Some(field) = self.run.script.mapping.field(name) else { return Ok(None) };
                readable(field)?;
                let column = self.run.open(field)?;
                self.run.columns.borrow_mut().insert(name.to_owned(), column.clone());
                column
            }
        };
        column.values(self.doc, heap).map(Some)
    }

    fn knows(&self, name: &str) -> bool {
        self.run.script.mapping.field(name).is_some()
    }
}

impl Column {
    fn values(&self, doc: DocId, heap: &mut Heap) -> Result<Vec<Object>, Error> {
        match self {
            Self::Empty => Ok(Vec::new()),
            Self::Vectors(column) => {
                let whole = matches!(column.rows().shape().element(), Element::I8 | Element::Binary);
                let number = |number: f32| {
                    Object::Plain(if whole { Value::Int(number as i32) } else { Value::Double(f64::from(number)) })
                };
                Ok(column.of(doc).map(|vector| heap.list(vector.into_iter().map(number).collect())).collect())
            }
            Self::Numbers(column, kind, scale) => {
                let mut codes = Vec::new();
                column.values(doc, &mut codes);
                Ok(codes.into_iter().map(|code| number(kind, code, *scale)).collect())
            }
            Self::Strings(column, kind) => {
                let (mut ords, mut bytes) = (Vec::new(), Vec::new());
                column.ords(doc, &mut ords);
                let mut values = Vec::with_capacity(ords.len());
                for ord in ords {
                    let unreadable = |error| Error::new(ErrorKind::Io, format!("cannot read the segment: {error}"));
                    column.value(ord, &mut bytes).map_err(unreadable)?;
                    values.push(text(kind, &bytes));
                }
                Ok(values)
            }
        }
    }
}

fn number(kind: &FieldKind, code: i64, scale: f64) -> Object {
    Object::Plain(match kind {
        FieldKind::Date => return Object::Date(code),
        FieldKind::DateNanos => return Object::moment(Moment::from_nanos(code)),
        FieldKind::GeoPoint => {
            let place = model::geo::decode(code);
            return Object::Point { lat: place.lat, lon: place.lon };
        }
        FieldKind::Number(NumberKind::UnsignedLong) => {
            let number = u64_from_ordered(code);
            i64::try_from(number).map_or(Value::Double(number as f64), Value::Long)
        }
        FieldKind::Number(NumberKind::ScaledFloat) => Value::Double(code as f64 / scale),
        FieldKind::Number(kind) if kind.is_float() => Value::Double(f64_from_ordered(code)),
        _ => Value::Long(code),
    })
}

fn text(kind: &FieldKind, bytes: &[u8]) -> Object {
    match kind {
        FieldKind::Boolean => Object::bool(bytes == b"T"),
        FieldKind::Ip => match <[u8; 16]>::try_from(bytes) {
            Ok(octets) => {
                let address = Ipv6Addr::from(octets);
                Object::text(&address.to_ipv4_mapped().map_or_else(|| address.to_string(), |four| four.to_string()))
            }
            Err(_) => Object::NULL,
        },
        _ => Object::text(&String::from_utf8_lossy(bytes)),
    }
}
