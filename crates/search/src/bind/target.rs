//! What a field's name means in an index.

use model::mapping::{Field, FieldKind, IndexOptions, Mapping, Variant};

use super::fault::{Fault, Outcome};
use crate::bound::FieldName;

/// What a name in a query stands for.
#[derive(Clone, Debug)]
pub(super) enum Target<'a> {
    /// A mapped leaf, aliases followed.
    Field(&'a Field),
    /// A path below a flat object.
    Flat(Flat),
    Meta(Meta),
    /// Not in the mapping, or an object.
    Nothing,
}

/// Values at one path of a flat object: terms `path=value` of one field.
#[derive(Clone, Debug)]
pub(super) struct Flat {
    pub(super) storage: FieldName,
    /// With the `=`.
    pub(super) prefix: String,
}

/// Fields that every document has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meta {
    Id,
    Index,
    Routing,
    Ignored,
    FieldNames,
    SeqNo,
    Source,
    Version,
    DocCount,
    NestedPath,
}

impl Meta {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "_id" => Self::Id,
            "_index" => Self::Index,
            "_routing" => Self::Routing,
            "_ignored" => Self::Ignored,
            "_field_names" => Self::FieldNames,
            "_seq_no" => Self::SeqNo,
            "_source" => Self::Source,
            "_version" => Self::Version,
            "_doc_count" => Self::DocCount,
            "_nested_path" => Self::NestedPath,
            _ => return None,
        })
    }

    /// Its name, which is its type's too.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Id => "_id",
            Self::Index => "_index",
            Self::Routing => "_routing",
            Self::Ignored => "_ignored",
            Self::FieldNames => "_field_names",
            Self::SeqNo => "_seq_no",
            Self::Source => "_source",
            Self::Version => "_version",
            Self::DocCount => "_doc_count",
            Self::NestedPath => "_nested_path",
        }
    }

    /// Whole strings with terms of their own.
    pub(super) fn is_keyword(self) -> bool {
        matches!(self, Self::Routing | Self::Ignored | Self::NestedPath)
    }
}

impl<'a> Target<'a> {
    pub(super) fn of(name: &str, mapping: &'a Mapping) -> Self {
        if let Some(meta) = Meta::named(name) {
            return Self::Meta(meta);
        }
        if let Some(field) = mapping.field(name) {
            return Self::Field(field);
        }
        match mapping.flat_object(name) {
            Some((root, rest)) => Self::Flat(Flat {
                storage: format!("{}._valueAndPath", root.path).into(),
                prefix: format!("{}.{rest}=", root.path),
            }),
            None => Self::Nothing,
        }
    }

    /// The type, as messages name it.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            // OpenSearch counts words into a field of integers.
            Self::Field(Field { variant: Variant::TokenCount, .. }) => "integer",
            Self::Field(field) => field.type_name(),
            Self::Flat(_) => "flat_object",
            Self::Meta(meta) => meta.name(),
            Self::Nothing => "unmapped",
        }
    }

    /// The field, when it is analysed text.
    pub(super) fn text(&self) -> Option<&'a Field> {
        match self {
            Self::Field(field) if field.kind == FieldKind::Text => Some(field),
            _ => None,
        }
    }
}

/// Whether `field` can be searched at all.
///
/// # Errors
/// `illegal_argument_exception` when it has neither terms nor a column.
pub(super) fn searchable(field: &Field) -> Outcome<()> {
    if field.index || (field.doc_values && field.kind != FieldKind::Text) {
        return Ok(());
    }
    let path = &field.path;
    Err(Fault::illegal_argument(match field.kind {
        FieldKind::Text => format!("Cannot search on field [{path}] since it is not indexed."),
        _ => format!(
            "Cannot search on field [{path}] since it is both not indexed, and does not have doc_values enabled."
        ),
    }))
}

/// Whether phrases can be sought in it.
pub(super) fn has_positions(target: &Target<'_>) -> bool {
    target.text().is_some_and(|field| field.index && field.index_options >= IndexOptions::Positions)
}
