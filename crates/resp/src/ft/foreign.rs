//! Indexes that were not made by `FT.CREATE`: their mapping read as a schema.

use model::mapping::{FieldKind, Mapping};

use super::definition::{Attribute, AttributeKind, Definition, KeyKind};
use super::vector::VectorField;

/// The fields of a mapping as attributes.
pub fn definition(name: &str, mapping: &Mapping) -> Definition {
    let mut attributes = Vec::new();
    for field in mapping.all_fields() {
        let kind = match &field.kind {
            FieldKind::Text => AttributeKind::Text { weight: 1.0, no_stem: true, phonetic: false },
            FieldKind::Keyword | FieldKind::Boolean | FieldKind::Ip => {
                AttributeKind::Tag { separator: None, case_sensitive: true }
            }
            FieldKind::Number(_) | FieldKind::Date | FieldKind::DateNanos => AttributeKind::Numeric,
            FieldKind::GeoPoint => AttributeKind::Geo,
            FieldKind::KnnVector | FieldKind::DenseVector => match field.vector.as_deref().and_then(VectorField::of) {
                Some(field) => AttributeKind::Vector(field),
                None => continue,
            },
            _ => continue,
        };
        attributes.push(Attribute {
            identifier: field.path.to_string(),
            name: field.path.to_string(),
            kind,
            sortable: false,
            unf: false,
            no_index: !field.index,
            index_missing: true,
            index_empty: true,
            suffixes: false,
        });
    }
    Definition {
        name: name.to_owned(),
        kind: KeyKind::Json,
        prefixes: Vec::new(),
        filter: None,
        language: "english".to_owned(),
        language_given: false,
        score: 1.0,
        score_field: None,
        payload_field: None,
        language_field: None,
        temporary_s: None,
        used_ms: 0,
        next: None,
        stop_words: Some(Default::default()),
        options: Vec::new(),
        attributes,
        synonyms: Default::default(),
    }
}
