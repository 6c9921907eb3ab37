//! A mapping made ready for reading documents: each field with its slots, formats and normalizer, found by name below its object.
//!
//! Made once per mapping; single nodes also on the fly, for fields that a document brings along.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use analysis::{Normalizer, Registry};
use model::date::DateFormat;
use model::error::Error;
use model::geo::GeoPoint;
use model::geo::shape::code;
use model::geo::shape::read::Reading;
use model::mapping::vector::VectorField;
use model::mapping::{Dynamic, Field, FieldKind, Nested, Node, ObjectNode, Variant};

use super::Settings;
use super::completion::CompletionPlan;
use super::join::JoinPlan;
use super::json::Token;
use super::vector::VectorPlan;
use crate::fields::{FieldSlot, FieldTable, Layout};
use crate::layout;

/// What plans are made with.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) fields: &'a FieldTable,
    pub(super) registry: &'a Registry,
    pub(super) settings: &'a Settings,
}

#[derive(Debug)]
pub(super) struct ObjectPlan {
    /// Empty: the root.
    pub(super) path: Arc<str>,
    pub(super) dynamic: Dynamic,
    pub(super) enabled: bool,
    /// Its objects are documents of their own.
    pub(super) nested: Option<Nested>,
    pub(super) children: BTreeMap<Arc<str>, Child>,
}

#[derive(Debug)]
pub(super) enum Child {
    Object(ObjectPlan),
    Field(Box<FieldPlan>),
}

#[derive(Debug)]
pub(super) struct FieldPlan {
    pub(super) path: Arc<str>,
    pub(super) kind: FieldKind,
    pub(super) variant: Variant,
    /// `None`: kept in the source alone, or not in the table yet.
    pub(super) slot: Option<FieldSlot>,
    /// Of a flat object: where values lie by path.
    pub(super) by_path: Option<FieldSlot>,
    /// Of stored queries: where lies what they are found by.
    pub(super) needles: Option<FieldSlot>,
    /// Whether documents that have it are listed under `_field_names`.
    pub(super) presence: Presence,
    pub(super) stored: bool,
    pub(super) ignore_malformed: bool,
    pub(super) coerce: bool,
    pub(super) ignore_above: Option<usize>,
    pub(super) null_value: Option<Token<'static>>,
    /// Of a geo point.
    pub(super) places: Option<Box<PlacesPlan>>,
    /// Of a field of shapes.
    pub(super) shapes: Option<Box<ShapesPlan>>,
    /// Of a field of vectors.
    pub(super) vectors: Option<Box<VectorPlan>>,
    pub(super) format: Option<DateFormat>,
    pub(super) normalizer: Option<Normalizer>,
    /// Of texts, and of the counts of their words.
    pub(super) analyzer: Option<analysis::Analyzer>,
    /// Of a count of words: places without a word count, too.
    pub(super) counts_holes: bool,
    pub(super) completion: Option<Box<CompletionPlan>>,
    /// Of ranges: how an end is read.
    pub(super) ends: Option<Box<FieldPlan>>,
    /// Of features: more is better.
    pub(super) positive_impact: bool,
    /// Of a join: the kinds of documents.
    pub(super) join: Option<Box<JoinPlan>>,
    /// The one value that every document has.
    pub(super) constant: Option<Arc<str>>,
    pub(super) scaling_factor: f64,
    pub(super) multi_fields: Vec<FieldPlan>,
    pub(super) copy_to: Vec<Arc<str>>,
}

/// What only fields of places have.
#[derive(Debug)]
pub(super) struct PlacesPlan {
    /// What stands for null.
    pub(super) null: Option<GeoPoint>,
    pub(super) ignore_z_value: bool,
}

/// What only fields of shapes have.
#[derive(Debug)]
pub(super) struct ShapesPlan {
    pub(super) reading: Reading,
    /// A document has at most one.
    pub(super) single: bool,
    /// Of the ends of the box around it.
    pub(super) sides: [Option<FieldSlot>; 4],
}

impl ShapesPlan {
    fn new(field: &Field, context: Context<'_>) -> Self {
        let slot = |path: String| context.fields.by_path(&path).map(|entry| entry.slot);
        Self { reading: field.shapes(), single: field.doc_values, sides: code::paths(&field.path).map(slot) }
    }
}

/// How searches know that a document has the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    /// By its column or its length code, or not at all.
    Stored,
    Listed,
}

impl ObjectPlan {
    /// `dynamic`: of the parent.
    pub(super) fn new(
        path: Arc<str>,
        node: &ObjectNode,
        dynamic: Dynamic,
        context: Context<'_>,
    ) -> Result<Self, Error> {
        let dynamic = node.dynamic.unwrap_or(dynamic);
        let mut children = BTreeMap::new();
        for (name, node) in &node.properties {
            children.insert(name.clone(), Child::new(&join(&path, name), node, dynamic, context)?);
        }
        Ok(Self { path, dynamic, enabled: node.enabled.unwrap_or(true), nested: node.nested, children })
    }

    pub(super) fn join(&self, name: &str) -> Arc<str> {
        join(&self.path, name)
    }
}

/// The path of `name` below `path`.
fn join(path: &str, name: &str) -> Arc<str> {
    if path.is_empty() { name.into() } else { format!("{path}.{name}").into() }
}

impl Child {
    pub(super) fn new(path: &Arc<str>, node: &Node, dynamic: Dynamic, context: Context<'_>) -> Result<Self, Error> {
        Ok(match node {
            Node::Object(object) => Self::Object(ObjectPlan::new(path.clone(), object, dynamic, context)?),
            Node::Field(field) => Self::Field(Box::new(FieldPlan::new(field, context)?)),
        })
    }
}

impl FieldPlan {
    pub(super) fn new(field: &Field, context: Context<'_>) -> Result<Self, Error> {
        let layout = layout::layout_of(field, context.registry)?;
        let slot = |path: &str| context.fields.by_path(path).map(|entry| entry.slot);
        let given = |name: &str| field.explicit.contains_key(name);
        let multi_fields: Result<Vec<Self>, Error> =
            field.fields.values().map(|inner| Self::new(inner, context)).collect();
        let settings = context.settings;
        Ok(Self {
            path: field.path.clone(),
            slot: layout.as_ref().and_then(|_| slot(&field.path)),
            by_path: slot(&layout::flat_path(&field.path)).filter(|_| field.kind == FieldKind::FlatObject),
            needles: slot(&layout::needles_path(&field.path)).filter(|_| field.kind == FieldKind::Percolator),
            presence: presence(field, layout.as_ref()),
            stored: field.store,
            ignore_malformed: if given("ignore_malformed") {
                field.ignore_malformed
            } else {
                settings.ignore_malformed
            },
            coerce: if given("coerce") { field.coerce } else { settings.coerce },
            ignore_above: field.ignore_above.map(|limit| limit as usize),
            null_value: field.null_value.as_ref().and_then(constant),
            places: (field.kind == FieldKind::GeoPoint)
                .then(|| Box::new(PlacesPlan { null: field.null_point(), ignore_z_value: field.ignore_z_value() })),
            shapes: (field.kind == FieldKind::GeoShape).then(|| Box::new(ShapesPlan::new(field, context))),
            vectors: vectors(field)?,
            format: date_format(field)?,
            normalizer: normalizer(field, context.registry)?,
            analyzer: match (layout, field.variant) {
                (_, Variant::TokenCount) => Some(layout::analyzer_of(field, context.registry)?),
                (Some(Layout::Text { analyzer, .. }), _) => Some(analyzer),
                _ => None,
            },
            counts_holes: field.explicit.get("enable_position_increments") != Some(&false.into()),
            completion: match field.variant {
                Variant::Completion => Some(Box::new(CompletionPlan::new(field, context.registry)?)),
                _ => None,
            },
            ends: ends(field, context)?,
            positive_impact: field.positive_impact(),
            constant: field.constant().map(Arc::from),
            join: (field.variant == Variant::Join).then(|| Box::new(JoinPlan::new(field))),
            variant: field.variant,
            scaling_factor: field.scaling_factor.unwrap_or(1.0),
            multi_fields: multi_fields?,
            copy_to: field.copy_to.clone(),
            kind: field.kind.clone(),
        })
    }
}

/// A plan of the ends of a field of ranges.
fn ends(field: &Field, context: Context<'_>) -> Result<Option<Box<FieldPlan>>, Error> {
    let FieldKind::Range(kind) = field.kind else { return Ok(None) };
    let ends = Field { kind: kind.ends(), fields: BTreeMap::new(), copy_to: Vec::new(), ..field.clone() };
    FieldPlan::new(&ends, context).map(|plan| Some(Box::new(plan)))
}

fn presence(field: &Field, layout: Option<&Layout>) -> Presence {
    match layout {
        Some(
            Layout::Text { norms: true, .. } | Layout::Exact { column: true, .. } | Layout::Number { column: true, .. },
        ) => Presence::Stored,
        Some(_) => Presence::Listed,
        None if field.store || field.doc_values => Presence::Listed,
        None => Presence::Stored,
    }
}

fn vectors(field: &Field) -> Result<Option<Box<VectorPlan>>, Error> {
    let plan = |field: &VectorField| Ok(Box::new(VectorPlan { field: field.clone(), shape: layout::shape_of(field)? }));
    field.vector.as_deref().map(plan).transpose()
}

fn date_format(field: &Field) -> Result<Option<DateFormat>, Error> {
    if !matches!(field.kind, FieldKind::Date | FieldKind::DateNanos) {
        return Ok(None);
    }
    DateFormat::parse_pattern(field.format.as_deref().unwrap_or_default()).map(Some)
}

fn normalizer(field: &Field, registry: &Registry) -> Result<Option<Normalizer>, Error> {
    let Some(name) = &field.normalizer else { return Ok(None) };
    let missing = || Error::illegal_argument(format!("normalizer [{name}] not found for field [{}]", field.path));
    registry.normalizer(name).ok_or_else(missing).map(Some)
}

/// A `null_value` as a document would have it.
fn constant(value: &serde_json::Value) -> Option<Token<'static>> {
    Some(match value {
        serde_json::Value::Bool(value) => Token::Bool(*value),
        serde_json::Value::Number(number) => {
            let text = number.to_string();
            Token::Number { float: text.contains(['.', 'e', 'E']), text: Cow::Owned(text) }
        }
        serde_json::Value::String(text) => Token::String(Cow::Owned(text.clone())),
        _ => return None,
    })
}
