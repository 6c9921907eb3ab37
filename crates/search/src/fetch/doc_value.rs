//! `docvalue_fields`: which columns a request names, and how their codes are shown.

use std::net::Ipv6Addr;
use std::sync::Arc;

use model::binary::{from_base64, to_base64};
use model::date::{DEFAULT_FORMAT, DateFormat, DateResolution};
use model::error::Error;
use model::geo::decode;
use model::mapping::range::RangeKind;
use model::mapping::{Field, FieldKind, Mapping, NumberKind, simple_match};
use model::number::{f64_from_ordered, u64_from_ordered};
use model::search::FieldSpec;
use serde_json::Value;

use super::decimal::DecimalFormat;
use super::extract::{extract, java_text};
use super::place::pair;
use super::value::moment_of;
use crate::bound::FieldName;

/// Fields that every index of OpenSearch has and that have no values to show.
const WITHOUT_VALUES: [&str; 10] = [
    "_doc_count",
    "_feature",
    "_field_names",
    "_ignored",
    "_nested_path",
    "_primary_term",
    "_routing",
    "_source",
    "_type",
    "_version",
];

/// One column to show.
#[derive(Debug)]
pub struct DocValue {
    /// As shown: an alias under its own name.
    pub name: String,
    pub column: Column,
}

/// Where values lie, and how they are shown.
#[derive(Debug)]
pub enum Column {
    /// Codes that ascend.
    Numbers(FieldName, NumberShown),
    /// Terms that ascend.
    Strings(FieldName, StringShown),
    /// `_id`
    Id,
    /// `_seq_no`
    SeqNo,
    /// `_index`, the same for every document.
    Index(Arc<str>),
    /// The leaves of a flat object below a path, from the source.
    Flat(Vec<String>),
    /// Bytes at a path, from the source.
    Binary(Vec<String>),
}

#[derive(Debug)]
pub enum NumberShown {
    Long(Option<DecimalFormat>),
    Unsigned,
    Double(Option<DecimalFormat>),
    Scaled(f64, Option<DecimalFormat>),
    Date(DateFormat, DateResolution),
    /// `lat, lon`
    Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StringShown {
    Text,
    /// `T`, `F`.
    Boolean,
    /// 16 bytes.
    Ip,
}

/// Which columns are asked for.
pub struct DocValues {
    pub columns: Vec<DocValue>,
    /// Why they cannot be shown, which is told when there is a hit to show them of: fields without columns, formats that do not fit.
    pub refused: Option<Error>,
}

/// Resolves `docvalue_fields` for one index named `index`, at most `most`; fields that are not there are passed over.
///
/// # Errors
/// `illegal_argument_exception` for too many fields.
pub fn bind(specs: &[FieldSpec], mapping: &Mapping, index: &Arc<str>, most: usize) -> Result<DocValues, Error> {
    let (mut bound, mut refused) = (Vec::new(), None);
    for spec in specs {
        let format = spec.format.as_deref().filter(|format| *format != "use_field_mapping");
        refused = refused.or(meta(&spec.field, index, &mut bound).err());
        let found = mapping.fields_matching(&spec.field);
        if let (true, Some((flat, rest))) = (found.is_empty(), mapping.flat_object(&spec.field)) {
            let path = flat.path.split('.').chain(rest.split('.')).map(str::to_owned).collect();
            bound.push(DocValue { name: spec.field.clone(), column: Column::Flat(path) });
        }
        for (name, field) in found {
            match column(field, format) {
                Ok(column) => bound.push(DocValue { name: name.to_string(), column }),
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        if bound.len() > most {
            return Err(Error::illegal_argument(format!(
                "Trying to retrieve too many docvalue_fields. Must be less than or equal to: [{most}] but was [{}]. This limit can \
                 be set by changing the [index.max_docvalue_fields_search] index level setting.",
                bound.len()
            )));
        }
    }
    Ok(DocValues { columns: bound, refused })
}

fn meta(pattern: &str, index: &Arc<str>, bound: &mut Vec<DocValue>) -> Result<(), Error> {
    if let Some(name) = WITHOUT_VALUES.iter().find(|name| simple_match(pattern, name)) {
        return Err(Error::illegal_argument(format!("Fielddata is not supported on field [{name}] of type [{name}]")));
    }
    for (name, column) in [("_id", Column::Id), ("_index", Column::Index(index.clone())), ("_seq_no", Column::SeqNo)] {
        if simple_match(pattern, name) {
            bound.push(DocValue { name: name.to_owned(), column });
        }
    }
    Ok(())
}

fn column(field: &Field, format: Option<&str>) -> Result<Column, Error> {
    check(field, format)?;
    let path = field.path.clone();
    let decimal = || format.map(DecimalFormat::parse).transpose();
    let date = |resolution| -> Result<Column, Error> {
        let format = format.or(field.format.as_deref()).unwrap_or(DEFAULT_FORMAT);
        Ok(Column::Numbers(field.path.clone(), NumberShown::Date(DateFormat::parse_pattern(format)?, resolution)))
    };
    Ok(match &field.kind {
        FieldKind::Number(kind) => Column::Numbers(
            path,
            match kind {
                NumberKind::UnsignedLong => NumberShown::Unsigned,
                NumberKind::ScaledFloat => NumberShown::Scaled(field.scaling_factor.unwrap_or(1.0), decimal()?),
                kind if kind.is_float() => NumberShown::Double(decimal()?),
                _ => NumberShown::Long(decimal()?),
            },
        ),
        FieldKind::Date => date(DateResolution::Millis)?,
        FieldKind::DateNanos => date(DateResolution::Nanos)?,
        FieldKind::GeoPoint => Column::Numbers(path, NumberShown::Place),
        FieldKind::Boolean => Column::Strings(path, StringShown::Boolean),
        FieldKind::Ip => Column::Strings(path, StringShown::Ip),
        FieldKind::Binary => Column::Binary(path.split('.').map(str::to_owned).collect()),
        _ => Column::Strings(path, StringShown::Text),
    })
}

/// Whether the field has a column, and takes the format.
fn check(field: &Field, format: Option<&str>) -> Result<(), Error> {
    let (path, kind) = (&field.path, field.type_name());
    let unformatted =
        || Error::illegal_argument(format!("Field [{path}] of type [{kind}] does not support custom formats"));
    match &field.kind {
        FieldKind::Text if field.fielddata && field.explicit.contains_key("fielddata_frequency_filter") => {
            return Err(Error::not_implemented(format!("[fielddata_frequency_filter] of [{path}]")));
        }
        FieldKind::Text if field.fielddata => {}
        FieldKind::Text => {
            return Err(Error::no_fielddata(path));
        }
        FieldKind::Features { .. } => {
            let reason = format!("[{kind}] fields do not support sorting, scripting or aggregating");
            return Err(Error::illegal_argument(reason));
        }
        FieldKind::Percolator => {
            let reason = format!("Fielddata is not supported on field [{path}] of type [{kind}]");
            return Err(Error::illegal_argument(reason));
        }
        FieldKind::Range(range) if format.is_some() && *range != RangeKind::Date => return Err(unformatted()),
        FieldKind::GeoShape if format.is_some() && field.doc_values => return Err(unformatted()),
        FieldKind::Range(_) => return Err(Error::not_implemented(format!("docvalue_fields of the ranges [{path}]"))),
        FieldKind::GeoShape if field.doc_values => {
            return Err(Error::not_implemented(format!("docvalue_fields of the shapes [{path}]")));
        }
        FieldKind::FlatObject => {
            let reason = format!("Field [{path}] of type [flat_object] does not support doc_value in root field");
            return Err(Error::illegal_argument(reason));
        }
        _ => {}
    }
    if !field.doc_values && field.kind != FieldKind::Text {
        return Err(Error::no_doc_values(path, kind));
    }
    let fixed = [FieldKind::Text, FieldKind::Keyword, FieldKind::Boolean, FieldKind::Ip, FieldKind::GeoPoint];
    if format.is_some() && fixed.contains(&field.kind) {
        return Err(unformatted());
    }
    Ok(())
}

impl NumberShown {
    /// The values that a document's codes stand for: texts of places ascend, and unsigned numbers stand as the signed ones that OpenSearch
    /// keeps.
    pub fn all(&self, codes: &mut [i64]) -> Vec<Value> {
        if matches!(self, Self::Unsigned) {
            codes.sort_unstable_by_key(|code| u64_from_ordered(*code) as i64);
        }
        let mut shown: Vec<Value> = codes.iter().map(|&code| self.show(code)).collect();
        if let Self::Place = self {
            shown.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
        }
        shown
    }

    /// The value that a code stands for.
    pub fn show(&self, code: i64) -> Value {
        match self {
            Self::Long(None) => code.into(),
            Self::Long(Some(format)) => format.whole(code).into(),
            Self::Unsigned => u64_from_ordered(code).into(),
            Self::Double(format) => float(f64_from_ordered(code), format.as_ref()),
            // As OpenSearch has it, rounding included.
            Self::Scaled(factor, format) => float(code as f64 * (1.0 / factor), format.as_ref()),
            Self::Place => pair(decode(code)).into(),
            Self::Date(format, resolution) => format.format(moment_of(code, *resolution), None).into(),
        }
    }
}

fn float(value: f64, format: Option<&DecimalFormat>) -> Value {
    format.map_or_else(|| value.into(), |format| format.float(value).into())
}

impl StringShown {
    /// The value that a term stands for.
    pub fn show(self, term: &[u8]) -> Value {
        match self {
            Self::Text => String::from_utf8_lossy(term).into(),
            Self::Boolean => (term == b"T").into(),
            Self::Ip => match <[u8; 16]>::try_from(term) {
                Ok(bytes) => Ipv6Addr::from(bytes).to_canonical().to_string().into(),
                Err(_) => Value::Null,
            },
        }
    }
}

/// The leaves of a source at a path as texts, ascending, each once.
pub fn flat(source: &Value, path: &[String]) -> Vec<Value> {
    let steps: Vec<&str> = path.iter().map(String::as_str).collect();
    let mut found = Vec::new();
    extract(&steps, source, None, &mut found);
    let mut texts: Vec<String> = found.into_iter().filter(|value| !value.is_object()).map(java_text).collect();
    texts.sort_unstable();
    texts.dedup();
    texts.into_iter().map(Value::from).collect()
}

/// The bytes of a source at a path, ascending, each once.
pub fn binary(source: &Value, path: &[String]) -> Vec<Value> {
    let steps: Vec<&str> = path.iter().map(String::as_str).collect();
    let mut found = Vec::new();
    extract(&steps, source, None, &mut found);
    let mut bytes: Vec<Vec<u8>> = found.into_iter().filter_map(|value| from_base64(value.as_str()?)).collect();
    bytes.sort_unstable();
    bytes.dedup();
    bytes.iter().map(|bytes| to_base64(bytes).into()).collect()
}

#[cfg(test)]
mod tests {
    use model::number::{ordered_from_f64, ordered_from_u64};
    use serde_json::json;

    use super::*;

    fn column_of(kind: Value, format: Option<&str>) -> Result<Column, Error> {
        let mapping = Mapping::parse(&json!({"properties": {"f": kind}})).unwrap();
        let spec = FieldSpec { field: "f".to_owned(), format: format.map(str::to_owned), include_unmapped: false };
        let found = bind(&[spec], &mapping, &"index".into(), 100)?;
        found.refused.map_or(Ok(()), Err)?;
        Ok(found.columns.into_iter().next().expect("a column").column)
    }

    fn check(kind: Value, format: Option<&str>, code: i64, expected: Value) {
        let Ok(Column::Numbers(_, shown)) = column_of(kind.clone(), format) else { panic!("no numbers: {kind}") };
        assert_eq!(shown.show(code), expected, "{kind} {format:?}");
    }

    #[test]
    fn codes_are_shown_as_opensearch_shows_them() {
        check(json!({"type": "long"}), None, -3, json!(-3));
        check(json!({"type": "long"}), Some("#.00"), 3, json!("3.00"));
        check(json!({"type": "long"}), Some("use_field_mapping"), 3, json!(3));
        check(json!({"type": "unsigned_long"}), Some("0.0"), ordered_from_u64(u64::MAX), json!(u64::MAX));
        check(json!({"type": "float"}), None, ordered_from_f64(f64::from(12.345f32)), json!(12.345000267028809));
        check(json!({"type": "scaled_float", "scaling_factor": 100}), None, 1235, json!(12.35));
        check(json!({"type": "date"}), None, 1_577_934_245_678, json!("2020-01-02T03:04:05.678Z"));
        check(json!({"type": "date"}), Some("yyyy"), 1_577_934_245_678, json!("2020"));
        check(json!({"type": "date_nanos"}), None, 1_577_934_245_123_456_789, json!("2020-01-02T03:04:05.123Z"));
        check(
            json!({"type": "date_nanos"}),
            Some("epoch_millis"),
            1_577_934_245_123_456_789,
            json!("1577934245123.456789"),
        );
        assert_eq!(StringShown::Boolean.show(b"T"), json!(true));
        let address = "10.0.0.1".parse::<std::net::Ipv4Addr>().unwrap().to_ipv6_mapped();
        assert_eq!(StringShown::Ip.show(&address.octets()), json!("10.0.0.1"));
    }

    #[test]
    fn what_has_no_column_is_refused() {
        let reason = |kind: Value, format| column_of(kind, format).unwrap_err().reason;
        assert!(reason(json!({"type": "text"}), None).contains("set fielddata=true on [f]"));
        assert!(
            reason(json!({"type": "keyword", "doc_values": false}), None).starts_with("Can't load fielddata on [f]")
        );
        assert_eq!(
            reason(json!({"type": "keyword"}), Some("yyyy")),
            "Field [f] of type [keyword] does not support custom formats"
        );
        assert!(reason(json!({"type": "flat_object"}), None).contains("root field"));
    }
}
