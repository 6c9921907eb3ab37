//! `exists`: documents with a value in a field, an object, or the fields of a pattern.

use model::error::{Error, ErrorKind};
use model::mapping::{FieldKind, Found, Mapping};

use super::fault::{Fault, Outcome};
use super::target::{Meta, Target};
use super::{Binder, none_requested};
use crate::bound::{BoundBool, BoundKind, BoundQuery, Expand, FieldName, Pattern, Rewrite};

impl Binder<'_> {
    pub(super) fn exists(&self, name: &str) -> Outcome<BoundQuery> {
        let mapping = &self.context.mapping;
        let fields = if name.contains('*') { matching(mapping, name) } else { below(mapping, name) };
        match self.target(name) {
            Target::Meta(meta) => meta_exists(meta),
            Target::Flat(flat) => Ok(flat_exists(&flat.storage, &flat.prefix)),
            Target::Field(field) if field.kind == (FieldKind::Features { many: true }) => {
                Err(Fault::illegal_argument("[rank_features] fields do not support [exists] queries"))
            }
            _ if fields.is_empty() => Ok(none_requested()),
            _ => Ok(BoundQuery::new(BoundKind::Exists(fields))),
        }
    }
}

/// The fields that a pattern names; an object it names stands for what is in it.
fn matching(mapping: &Mapping, pattern: &str) -> Vec<FieldName> {
    let mut paths: Vec<FieldName> =
        mapping.fields_matching(pattern).into_iter().map(|(_, field)| field.path.clone()).collect();
    paths.sort();
    paths.dedup();
    paths
}

/// The field of this name, or every field of the object of this name.
fn below(mapping: &Mapping, name: &str) -> Vec<FieldName> {
    if let Some(field) = mapping.field(name) {
        return vec![field.path.clone()];
    }
    if !matches!(mapping.find(name), Found::Object(_)) {
        return Vec::new();
    }
    let within = |path: &str| path.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
    mapping.all_fields().into_iter().filter(|field| within(&field.path)).map(|field| field.path.clone()).collect()
}

/// A value at the path or anywhere below it.
fn flat_exists(storage: &FieldName, prefix: &str) -> BoundQuery {
    let below = format!("{}.", prefix.trim_end_matches('='));
    let begins = |prefix: String| {
        let pattern = Pattern::Prefix { prefix, case_insensitive: false };
        BoundQuery::new(BoundKind::Expand(Expand { field: storage.clone(), pattern, rewrite: Rewrite::Constant }))
    };
    let should = vec![begins(prefix.to_owned()), begins(below)];
    let clauses = BoundBool { should, minimum_should_match: 1, ..BoundBool::default() };
    BoundQuery::new(BoundKind::ConstantScore(Box::new(BoundQuery::new(BoundKind::Bool(clauses)))))
}

fn meta_exists(meta: Meta) -> Outcome<BoundQuery> {
    let unsupported = |reason: &str| Err(Fault::Create(Error::new(ErrorKind::UnsupportedOperation, reason)));
    match meta {
        Meta::Id | Meta::Index | Meta::SeqNo | Meta::Version => Ok(BoundQuery::new(BoundKind::MatchAll)),
        Meta::Routing | Meta::Ignored | Meta::DocCount => {
            Ok(BoundQuery::new(BoundKind::Exists(vec![meta.name().into()])))
        }
        Meta::FieldNames => unsupported("Cannot run exists query on _field_names"),
        Meta::NestedPath => unsupported("Cannot run exists() query against the nested field path"),
        Meta::Source => Err(Fault::query_shard("The _source field is not searchable")),
    }
}
