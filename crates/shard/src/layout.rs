//! How each mapping type lies in the table of fields, and how the table grows with the mapping.
//!
//! In: a mapping and the index' analyzers. Out: layouts for [`FieldTable`]. Slots never move: fields are only ever appended. A flat
//! object has two slots: its values under its own path, and `path=value` under [`flat_path`]; so has a field of stored queries. A shape has
//! five: its bytes, and the ends of the box around it under [`code::paths`].

use std::sync::Arc;

use analysis::{Analyzer, Registry};
use model::error::{Error, ErrorKind};
use model::geo::shape::code;
use model::mapping::vector::{VectorElement, VectorField, VectorSpace};
use model::mapping::{Field, FieldKind, IndexOptions, Mapping, NumberKind};

use crate::fields::{FieldTable, GraphLayout, Layout};
use crate::segment::Detail;

/// A table of nothing but the fields that every shard has, in the order of [`crate::fields::meta`].
pub fn base_table() -> FieldTable {
    let exact = |postings, column| Layout::Exact { postings, column, norms: false };
    let number = Layout::Number { postings: false, column: true };
    let mut table = FieldTable::default();
    for (path, layout) in [
        ("_id", exact(true, true)),
        ("_source", exact(false, false)),
        ("_seq_no", number.clone()),
        ("_primary_term", number.clone()),
        ("_version", number),
        ("_routing", exact(true, true)),
        ("_ignored", exact(true, true)),
        ("_field_names", exact(true, false)),
        ("_nested_path", exact(true, false)),
    ] {
        table.append(path.into(), layout);
    }
    table
}

/// Where documents say for how many they stand.
pub const DOC_COUNT: &str = "_doc_count";

fn doc_count() -> Layout {
    Layout::Number { postings: false, column: true }
}

/// Where a flat object at `path` keeps its values by path, as terms `path.of.value=value`.
pub fn flat_path(path: &str) -> String {
    format!("{path}._valueAndPath")
}

/// Where a field of stored queries at `path` keeps what they are found by ([`search::percolate::needles`]).
pub fn needles_path(path: &str) -> String {
    format!("{path}._needles")
}

/// Fields that lie beside another: their paths and layouts.
fn companions(field: &Field, layout: &Layout) -> Vec<(String, Layout)> {
    match field.kind {
        FieldKind::FlatObject => vec![(flat_path(&field.path), layout.clone())],
        FieldKind::Percolator => {
            vec![(needles_path(&field.path), Layout::Exact { postings: true, column: false, norms: false })]
        }
        FieldKind::GeoShape => {
            let side = Layout::Number { postings: false, column: true };
            code::paths(&field.path).map(|path| (path, side.clone())).into()
        }
        _ => Vec::new(),
    }
}

/// How a field lies; `None`: only in the source.
///
/// # Errors
/// `illegal_argument_exception` for an analyzer that the index does not have.
pub fn layout_of(field: &Field, registry: &Registry) -> Result<Option<Layout>, Error> {
    let exact = || Layout::Exact { postings: field.index, column: field.doc_values, norms: field.norms };
    let layout = match &field.kind {
        FieldKind::Text if !field.index => None,
        FieldKind::Text => Some(text(field, registry)?),
        FieldKind::Keyword | FieldKind::Boolean | FieldKind::Ip => Some(exact()),
        FieldKind::FlatObject => Some(Layout::Exact { postings: true, column: true, norms: false }),
        FieldKind::Number(kind) => {
            let whole = !kind.is_float() && *kind != NumberKind::ScaledFloat;
            Some(number(field, whole))
        }
        FieldKind::Date | FieldKind::DateNanos => Some(number(field, false)),
        // Queries read the column, whatever the field says of indexing and doc values; sorting asks for doc values when it is bound.
        FieldKind::GeoPoint => Some(Layout::Number { postings: false, column: true }),
        FieldKind::GeoShape => Some(Layout::Exact { postings: false, column: true, norms: false }),
        FieldKind::Range(_) => Some(exact()),
        // The queries as they were given.
        FieldKind::Percolator => Some(Layout::Exact { postings: false, column: true, norms: false }),
        FieldKind::Features { .. } => Some(Layout::Exact { postings: true, column: false, norms: false }),
        FieldKind::KnnVector | FieldKind::DenseVector => field.vector.as_deref().map(vectors).transpose()?,
        FieldKind::Binary | FieldKind::Alias(_) => None,
    };
    let holds = |layout: &Layout| match *layout {
        Layout::Text { .. } | Layout::Vector { .. } => true,
        Layout::Exact { postings, column, .. } | Layout::Number { postings, column } => postings || column,
    };
    Ok(layout.filter(holds))
}

/// Ranges go over columns; terms of numbers serve exact matches, which only whole numbers see often, and fields without a column.
fn number(field: &Field, whole: bool) -> Layout {
    Layout::Number { postings: field.index && (whole || !field.doc_values), column: field.doc_values }
}

fn vectors(field: &VectorField) -> Result<Layout, Error> {
    let graph = field.graph.then_some(GraphLayout {
        m: field.m,
        ef_construction: field.ef_construction,
        quantized: field.quantized,
    });
    Ok(Layout::Vector { shape: shape_of(field)?, graph })
}

/// How the vectors of a field are held and compared.
///
/// # Errors
/// `illegal_argument_exception` for what no vectors are; a mapping that was read has none such.
pub fn shape_of(field: &VectorField) -> Result<vector::Shape, Error> {
    let element = match field.element {
        VectorElement::Float => vector::Element::F32,
        VectorElement::Half => vector::Element::F16,
        VectorElement::Byte => vector::Element::I8,
        VectorElement::Binary => vector::Element::Binary,
    };
    let space = match field.space {
        VectorSpace::L2 => vector::Space::L2,
        VectorSpace::Cosine => vector::Space::Cosine,
        VectorSpace::InnerProduct | VectorSpace::DotProduct => vector::Space::InnerProduct,
        VectorSpace::Hamming => vector::Space::Hamming,
    };
    vector::Shape::new(field.dimension as usize, element, space)
        .map_err(|error| Error::illegal_argument(error.to_string()))
}

fn text(field: &Field, registry: &Registry) -> Result<Layout, Error> {
    let analyzer = analyzer_of(field, registry)?;
    let given = field.explicit.contains_key("position_increment_gap");
    let position_gap = if given { field.position_increment_gap } else { analyzer.position_gap() };
    let detail = match field.index_options {
        IndexOptions::Docs => Detail::Docs,
        IndexOptions::Freqs => Detail::Freqs,
        IndexOptions::Positions | IndexOptions::Offsets => Detail::Positions,
    };
    Ok(Layout::Text { analyzer, detail, norms: field.norms, position_gap })
}

/// What cuts the values of a field into words.
///
/// # Errors
/// `illegal_argument_exception` for an analyzer that the index does not have.
pub(crate) fn analyzer_of(field: &Field, registry: &Registry) -> Result<Analyzer, Error> {
    let found = match &field.analyzer {
        Some(name) => registry.analyzer(name),
        None => registry.analyzer("default").or_else(|| registry.analyzer("standard")),
    };
    found.map(|analyzer| search::suggest::analyze::of_variant(analyzer, field.variant, true)).ok_or_else(|| {
        let name = field.analyzer.as_deref().unwrap_or("default");
        Error::illegal_argument(format!("analyzer [{name}] has not been configured in mappings"))
    })
}

/// Appends every field of the mapping that the table does not have, and [`DOC_COUNT`].
///
/// # Errors
/// As [`layout_of`]; the table may have grown by some of the fields.
pub fn append_fields(table: &mut FieldTable, mapping: &Mapping, registry: &Registry) -> Result<(), Error> {
    table.append(DOC_COUNT.into(), doc_count());
    let mut waiting: Vec<&Arc<Field>> = mapping.all_fields();
    waiting.reverse();
    while let Some(field) = waiting.pop() {
        waiting.extend(field.fields.values().rev());
        if table.by_path(&field.path).is_some() {
            continue;
        }
        if let Some(layout) = layout_of(field, registry)? {
            for (path, layout) in companions(field, &layout) {
                table.append(path.into(), layout);
            }
            table.append(field.path.clone(), layout);
        }
    }
    Ok(())
}

/// The layout of one path of a table that [`append_fields`] made. `None`: the mapping does not have it, or keeps it in the source alone.
///
/// # Errors
/// As [`layout_of`].
pub fn layout_at(path: &str, mapping: &Mapping, registry: &Registry) -> Result<Option<Layout>, Error> {
    if path == DOC_COUNT {
        return Ok(Some(doc_count()));
    }
    if let Some(field) = mapping.field(path).filter(|field| *field.path == *path) {
        return layout_of(field, registry);
    }
    let beside = path.rsplit_once('.').and_then(|(path, _)| mapping.field(path.trim_end_matches('.')));
    let Some(field) = beside else { return Ok(None) };
    let Some(layout) = layout_of(field, registry)? else { return Ok(None) };
    Ok(companions(field, &layout).into_iter().find(|(name, _)| name == path).map(|(_, layout)| layout))
}

/// Whether [`append_fields`] has been given this mapping.
///
/// # Errors
/// `illegal_state_exception` for a field that the table lacks; as [`layout_of`].
pub(crate) fn check_whole(table: &FieldTable, mapping: &Mapping, registry: &Registry) -> Result<(), Error> {
    let mut whole = table.clone();
    append_fields(&mut whole, mapping, registry)?;
    match whole.entries().get(table.entries().len()) {
        Some(entry) => {
            let reason = format!("the shard's table of fields lacks [{}]", entry.path);
            Err(Error::new(ErrorKind::IllegalState, reason))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fields::meta;

    #[test]
    fn tables_grow_and_slots_stay() {
        let registry = Registry::builtin();
        let mapping =
            |properties: serde_json::Value| Mapping::parse(&json!({ "properties": properties })).expect("a mapping");
        let first =
            mapping(json!({"b": {"type": "text", "fields": {"raw": {"type": "keyword"}}}, "z": {"type": "binary"}}));
        let update = mapping(
            json!({"a": {"type": "integer"}, "f": {"type": "flat_object"}, "q": {"type": "percolator"}, "n": {"type": "keyword", "index": false, "doc_values": false}}),
        );
        let mut table = base_table();
        append_fields(&mut table, &first, &registry).expect("known analyzers");
        append_fields(&mut table, &first.merge(&update).expect("fits"), &registry).expect("known analyzers");
        let paths: Vec<&str> = table.entries().iter().map(|entry| &*entry.path).collect();
        assert_eq!(
            paths[meta::FIRST as usize..],
            ["_doc_count", "b", "b.raw", "a", "f._valueAndPath", "f", "q._needles", "q"]
        );
        assert_eq!(paths[meta::FIELD_NAMES.0 as usize], "_field_names");
        let all = first.merge(&update).expect("fits");
        for entry in &table.entries()[meta::FIRST as usize..] {
            let again = layout_at(&entry.path, &all, &registry).expect("known analyzers").expect("mapped");
            assert_eq!(format!("{again:?}"), format!("{:?}", entry.layout));
        }
        assert!(layout_at("z", &all, &registry).expect("known analyzers").is_none());
    }

    #[test]
    fn numbers_have_terms_where_they_serve() {
        let check = |definition: serde_json::Value, expected: Option<(bool, bool)>| {
            let mapping = Mapping::parse(&json!({"properties": {"x": definition}})).expect("a mapping");
            let field = mapping.field("x").expect("there");
            let found = match layout_of(field, &Registry::builtin()).expect("no analyzer") {
                Some(Layout::Number { postings, column }) => Some((postings, column)),
                _ => None,
            };
            assert_eq!(found, expected, "{definition}");
        };
        check(json!({"type": "long"}), Some((true, true)));
        check(json!({"type": "long", "index": false}), Some((false, true)));
        check(json!({"type": "double"}), Some((false, true)));
        check(json!({"type": "date", "doc_values": false}), Some((true, false)));
        check(json!({"type": "double", "doc_values": false, "index": false}), None);
    }
}
