//! The parameters of each field type as tables: which there are, what their values look like, which may change.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::text::java_text;
use super::value::{flag, float, integer, mapper_parsing, meta, one_of, own, prefixes};
use super::{Field, FieldKind, IndexOptions, NumberKind, Variant, geo_point, geo_shape, vector};
use crate::date::{DEFAULT_FORMAT, DateFormat};
use crate::error::{Error, ErrorKind};

/// One parameter of a type.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) change: Change,
    /// Shown whenever it is given, equal to its default or not.
    pub(super) shown: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Shape {
    Flag(bool),
    Integer(i64),
    Float(f64),
    /// A name, and what stands for none in messages.
    Name(&'static str),
    /// A value of the field itself.
    Own,
    OneOf(&'static [&'static str]),
    Format,
    Paths,
    Meta,
    Prefixes,
    /// Of a field of vectors ([`vector::read`]).
    Vector,
    /// Any object.
    Object,
    /// Of a join: kinds of children by the kind of their parent.
    Relations,
    /// Of completions: the contexts of their inputs.
    Contexts,
    /// Of shapes: the way in which rings run.
    Orientation,
    /// Of shapes that OpenSearch would cover with cells, as it did before it compared them.
    Prefixed,
    /// Accepted and forgotten.
    Ignored,
}

/// Whether a mapping update may change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Never,
    Free,
    /// Only from true to false.
    Off,
}

const fn fixed(name: &'static str, shape: Shape) -> Parameter {
    Parameter { name, shape, change: Change::Never, shown: false }
}

const fn free(name: &'static str, shape: Shape) -> Parameter {
    Parameter { name, shape, change: Change::Free, shown: false }
}

const fn shown(parameter: Parameter) -> Parameter {
    Parameter { shown: true, ..parameter }
}

const INDEX: Parameter = fixed("index", Shape::Flag(true));
const STORE: Parameter = fixed("store", Shape::Flag(false));
const DOC_VALUES: Parameter = fixed("doc_values", Shape::Flag(true));
const NULL_VALUE: Parameter = fixed("null_value", Shape::Own);
const META: Parameter = free("meta", Shape::Meta);
const BOOST: Parameter = free("boost", Shape::Float(1.0));
const COPY_TO: Parameter = free("copy_to", Shape::Paths);
const MALFORMED: Parameter = shown(free("ignore_malformed", Shape::Flag(false)));
const SKIP_LIST: Parameter = fixed("skip_list", Shape::Flag(false));
const SIMILARITY: Parameter = shown(fixed("similarity", Shape::Name("null")));
const ORDINALS: Parameter = free("eager_global_ordinals", Shape::Flag(false));
const OLD_BOOST: Parameter = free("boost", Shape::Ignored);
const OLD_SIMILARITY: Parameter = free("similarity", Shape::Ignored);
const OLD_OPTIONS: Parameter = free("index_options", Shape::Ignored);
const OLD_VALUES: Parameter = free("doc_values", Shape::Ignored);

const TERM_VECTORS: &[&str] = &[
    "no",
    "yes",
    "with_positions",
    "with_offsets",
    "with_positions_offsets",
    "with_positions_payloads",
    "with_positions_offsets_payloads",
];

const TEXT: &[Parameter] = &[
    INDEX,
    STORE,
    fixed("index_options", Shape::OneOf(&["positions", "docs", "freqs", "offsets"])),
    Parameter { name: "norms", shape: Shape::Flag(true), change: Change::Off, shown: false },
    fixed("term_vector", Shape::OneOf(TERM_VECTORS)),
    shown(fixed("analyzer", Shape::Name("default"))),
    shown(free("search_analyzer", Shape::Name("default"))),
    shown(free("search_quote_analyzer", Shape::Name("default"))),
    SIMILARITY,
    fixed("position_increment_gap", Shape::Integer(-1)),
    free("fielddata", Shape::Flag(false)),
    free("fielddata_frequency_filter", Shape::Object),
    ORDINALS,
    fixed("index_phrases", Shape::Flag(false)),
    fixed("index_prefixes", Shape::Prefixes),
    BOOST,
    META,
    COPY_TO,
    OLD_VALUES,
];

const KEYWORD: &[Parameter] = &[
    INDEX,
    DOC_VALUES,
    STORE,
    NULL_VALUE,
    ORDINALS,
    free("ignore_above", Shape::Integer(i32::MAX as i64)),
    fixed("index_options", Shape::OneOf(&["docs", "freqs"])),
    fixed("norms", Shape::Flag(false)),
    SIMILARITY,
    shown(fixed("normalizer", Shape::Name("default"))),
    shown(free("split_queries_on_whitespace", Shape::Flag(false))),
    free("use_similarity", Shape::Flag(false)),
    BOOST,
    META,
    COPY_TO,
];

/// What `relations` may become is checked apart.
const JOIN: &[Parameter] =
    &[free("relations", Shape::Relations), shown(free("eager_global_ordinals", Shape::Flag(true)))];

const COERCE: Parameter = shown(free("coerce", Shape::Flag(true)));

const NUMBER: &[Parameter] = &[
    INDEX,
    DOC_VALUES,
    STORE,
    MALFORMED,
    COERCE,
    NULL_VALUE,
    SKIP_LIST,
    META,
    COPY_TO,
    OLD_BOOST,
    OLD_SIMILARITY,
    OLD_OPTIONS,
];

const SCALED: &[Parameter] = &[
    INDEX,
    DOC_VALUES,
    STORE,
    MALFORMED,
    COERCE,
    fixed("scaling_factor", Shape::Float(f64::NAN)),
    NULL_VALUE,
    SKIP_LIST,
    META,
    COPY_TO,
    OLD_BOOST,
    OLD_SIMILARITY,
    OLD_OPTIONS,
];

const BOOLEAN: &[Parameter] =
    &[INDEX, DOC_VALUES, STORE, NULL_VALUE, BOOST, META, COPY_TO, OLD_SIMILARITY, OLD_OPTIONS];

const DATE: &[Parameter] = &[
    INDEX,
    DOC_VALUES,
    STORE,
    fixed("format", Shape::Format),
    free("print_format", Shape::Format),
    fixed("locale", Shape::Name("")),
    NULL_VALUE,
    MALFORMED,
    SKIP_LIST,
    BOOST,
    META,
    COPY_TO,
    OLD_SIMILARITY,
    OLD_OPTIONS,
];

const IP: &[Parameter] =
    &[INDEX, DOC_VALUES, STORE, MALFORMED, NULL_VALUE, META, COPY_TO, OLD_BOOST, OLD_SIMILARITY, OLD_OPTIONS];

const BINARY: &[Parameter] = &[
    STORE,
    fixed("doc_values", Shape::Flag(false)),
    META,
    COPY_TO,
    free("index", Shape::Ignored),
    OLD_BOOST,
    OLD_SIMILARITY,
    OLD_OPTIONS,
];

const GEO_POINT: &[Parameter] = &[
    INDEX,
    DOC_VALUES,
    STORE,
    MALFORMED,
    shown(free("ignore_z_value", Shape::Flag(true))),
    free("null_value", Shape::Own),
    META,
    COPY_TO,
    OLD_BOOST,
    OLD_SIMILARITY,
    OLD_OPTIONS,
];

const GEO_SHAPE: &[Parameter] = &[
    DOC_VALUES,
    STORE,
    MALFORMED,
    shown(free("ignore_z_value", Shape::Flag(true))),
    shown(free("coerce", Shape::Flag(false))),
    shown(free("orientation", Shape::Orientation)),
    META,
    COPY_TO,
    free("index", Shape::Ignored),
    OLD_BOOST,
    OLD_SIMILARITY,
    OLD_OPTIONS,
    free("strategy", Shape::Prefixed),
    free("tree", Shape::Prefixed),
    free("tree_levels", Shape::Prefixed),
    free("precision", Shape::Prefixed),
    free("distance_error_pct", Shape::Prefixed),
    free("points_only", Shape::Prefixed),
];

const RANGE: &[Parameter] = &[
    INDEX,
    DOC_VALUES,
    STORE,
    COERCE,
    MALFORMED,
    fixed("format", Shape::Format),
    free("locale", Shape::Ignored),
    BOOST,
    META,
    COPY_TO,
];

const FEATURES: &[Parameter] = &[
    fixed("positive_score_impact", Shape::Flag(true)),
    META,
    COPY_TO,
    free("index", Shape::Ignored),
    free("store", Shape::Ignored),
    OLD_VALUES,
    OLD_BOOST,
    OLD_SIMILARITY,
    OLD_OPTIONS,
];

const CONSTANT: &[Parameter] = &[shown(fixed("value", Shape::Object))];

const KNN_VECTOR: &[Parameter] = &[
    STORE,
    OLD_VALUES,
    free("index", Shape::Ignored),
    shown(fixed("dimension", Shape::Vector)),
    shown(fixed("data_type", Shape::Vector)),
    fixed("model_id", Shape::Vector),
    shown(fixed("method", Shape::Vector)),
    shown(fixed("mode", Shape::Vector)),
    shown(fixed("compression_level", Shape::Vector)),
    shown(fixed("space_type", Shape::Vector)),
    fixed("multiple", Shape::Flag(false)),
    META,
    COPY_TO,
];

const DENSE_VECTOR: &[Parameter] = &[
    INDEX,
    shown(fixed("dims", Shape::Vector)),
    shown(fixed("element_type", Shape::Vector)),
    shown(fixed("similarity", Shape::Vector)),
    shown(fixed("index_options", Shape::Vector)),
    fixed("multiple", Shape::Flag(false)),
    META,
];

const TERM_VECTOR: Parameter = fixed("term_vector", Shape::OneOf(TERM_VECTORS));
const ANALYZER: Parameter = shown(fixed("analyzer", Shape::Name("default")));
const SEARCH_ANALYZER: Parameter = shown(free("search_analyzer", Shape::Name("default")));
const SEARCH_QUOTE_ANALYZER: Parameter = shown(free("search_quote_analyzer", Shape::Name("default")));

const COMPLETION: &[Parameter] = &[
    ANALYZER,
    SEARCH_ANALYZER,
    shown(fixed("preserve_separators", Shape::Flag(true))),
    shown(fixed("preserve_position_increments", Shape::Flag(true))),
    shown(free("max_input_length", Shape::Integer(50))),
    fixed("contexts", Shape::Contexts),
    META,
    free("store", Shape::Ignored),
    free("index", Shape::Ignored),
    OLD_VALUES,
    COPY_TO,
];

const MATCH_ONLY_TEXT: &[Parameter] = &[
    INDEX,
    STORE,
    fixed("index_options", Shape::OneOf(&["docs"])),
    fixed("norms", Shape::Flag(false)),
    TERM_VECTOR,
    ANALYZER,
    SEARCH_ANALYZER,
    SEARCH_QUOTE_ANALYZER,
    SIMILARITY,
    fixed("position_increment_gap", Shape::Integer(-1)),
    free("fielddata", Shape::Flag(false)),
    free("fielddata_frequency_filter", Shape::Object),
    ORDINALS,
    fixed("index_phrases", Shape::Flag(false)),
    fixed("index_prefixes", Shape::Prefixes),
    BOOST,
    META,
    COPY_TO,
    OLD_VALUES,
];

const WILDCARD: &[Parameter] = &[
    NULL_VALUE,
    free("ignore_above", Shape::Integer(i32::MAX as i64)),
    shown(fixed("normalizer", Shape::Name("default"))),
    shown(fixed("doc_values", Shape::Flag(true))),
    META,
    COPY_TO,
    free("index", Shape::Ignored),
    free("store", Shape::Ignored),
    OLD_BOOST,
    OLD_SIMILARITY,
    OLD_OPTIONS,
];

const TOKEN_COUNT: &[Parameter] = &[
    INDEX,
    DOC_VALUES,
    STORE,
    shown(fixed("analyzer", Shape::Name("default"))),
    NULL_VALUE,
    fixed("enable_position_increments", Shape::Flag(true)),
    META,
    COPY_TO,
    OLD_BOOST,
    OLD_SIMILARITY,
    OLD_OPTIONS,
];

const SEARCH_AS_YOU_TYPE: &[Parameter] = &[
    INDEX,
    STORE,
    fixed("index_options", Shape::OneOf(&["positions", "docs", "freqs", "offsets"])),
    Parameter { name: "norms", shape: Shape::Flag(true), change: Change::Off, shown: false },
    TERM_VECTOR,
    ANALYZER,
    SEARCH_ANALYZER,
    SEARCH_QUOTE_ANALYZER,
    SIMILARITY,
    shown(fixed("doc_values", Shape::Flag(false))),
    shown(fixed("max_shingle_size", Shape::Integer(3))),
    META,
    COPY_TO,
    OLD_BOOST,
];

/// The parameters of a type, in the order in which conflicts are listed.
pub(super) fn of(kind: &FieldKind, variant: Variant) -> &'static [Parameter] {
    match variant {
        Variant::Completion => return COMPLETION,
        Variant::MatchOnlyText => return MATCH_ONLY_TEXT,
        Variant::Wildcard => return WILDCARD,
        Variant::Constant => return CONSTANT,
        Variant::Join => return JOIN,
        Variant::TokenCount => return TOKEN_COUNT,
        Variant::SearchAsYouType => return SEARCH_AS_YOU_TYPE,
        Variant::Plain | Variant::Parent | Variant::Shingles(_) | Variant::Beginnings(_) => {}
    }
    match kind {
        FieldKind::Text => TEXT,
        FieldKind::Keyword => KEYWORD,
        FieldKind::Number(NumberKind::ScaledFloat) => SCALED,
        FieldKind::Number(_) => NUMBER,
        FieldKind::Boolean => BOOLEAN,
        FieldKind::Date | FieldKind::DateNanos => DATE,
        FieldKind::Ip => IP,
        FieldKind::Binary => BINARY,
        FieldKind::GeoPoint => GEO_POINT,
        FieldKind::GeoShape => GEO_SHAPE,
        FieldKind::Range(_) => RANGE,
        FieldKind::Features { .. } => FEATURES,
        FieldKind::KnnVector => KNN_VECTOR,
        FieldKind::DenseVector => DENSE_VECTOR,
        FieldKind::FlatObject | FieldKind::Percolator | FieldKind::Alias(_) => &[],
    }
}

impl Parameter {
    /// The value in its normal form; `None`: nothing to remember.
    ///
    /// # Errors
    /// A value of the wrong type or out of bounds.
    pub(super) fn read(&self, field: &str, kind: &FieldKind, value: &Value) -> Result<Option<Value>, Error> {
        if value.is_null() {
            return match self.shape {
                Shape::Own => Ok(None),
                _ => Err(mapper_parsing(format!(
                    "[{}] on mapper [{field}] of type [{}] must not have a [null] value",
                    self.name,
                    kind.name()
                ))),
            };
        }
        let normal = match self.shape {
            Shape::Flag(_) if kind.is_geo() => geo_point::flag(field, self.name, value)?.into(),
            Shape::Flag(_) => flag(value)?.into(),
            Shape::Integer(_) => integer(value)?.into(),
            Shape::Float(_) => self.float(value)?,
            Shape::Name(_) => java_text(value).into(),
            Shape::OneOf(options) => one_of(self.name, options, value)?,
            Shape::Own => own(kind, value)?,
            Shape::Format => {
                let format = java_text(value);
                DateFormat::parse_pattern(&format).map_err(|cause| match cause.kind {
                    ErrorKind::NotImplemented => cause,
                    _ => Error::illegal_argument(format!(
                        "Error parsing [{}] on field [{field}]: {}",
                        self.name, cause.reason
                    ))
                    .with_cause(cause),
                })?;
                format.into()
            }
            Shape::Paths => match value {
                Value::Array(paths) => paths.iter().map(java_text).collect::<Vec<String>>().into(),
                one => vec![java_text(one)].into(),
            },
            Shape::Meta => meta(field, value)?,
            Shape::Prefixes => prefixes(value)?,
            Shape::Vector => vector::read(field, self.name, value)?,
            Shape::Object => value.clone(),
            Shape::Relations => super::join::read(value)?,
            Shape::Contexts => super::context::read(value)?,
            Shape::Orientation => geo_shape::orientation(value)?,
            Shape::Prefixed => {
                return Err(Error::not_implemented(format!("parameter [{}] of field type [geo_shape]", self.name)));
            }
            Shape::Ignored => return Ok(None),
        };
        Ok((self.shown || Some(&normal) != self.default().as_ref()).then_some(normal))
    }

    fn default(&self) -> Option<Value> {
        match self.shape {
            Shape::Flag(value) => Some(value.into()),
            Shape::Integer(value) => Some(value.into()),
            Shape::Float(value) if value.is_finite() => Some(value.into()),
            Shape::OneOf(options) => options.first().map(|option| (*option).into()),
            Shape::Format if self.name == "format" => Some(DEFAULT_FORMAT.into()),
            Shape::Paths => Some(Value::Array(Vec::new())),
            Shape::Meta => Some(Map::new().into()),
            _ => None,
        }
    }

    /// How messages show the value that `given` holds of this.
    pub(super) fn effective(&self, given: &Map<String, Value>) -> String {
        match (given.get(self.name), self.shape) {
            // Of a method its name is shown.
            (Some(value), Shape::Vector) if value.is_object() => value.get("name").map_or_else(String::new, java_text),
            (Some(value), _) => java_text(value),
            (None, Shape::Name(none)) => none.to_owned(),
            (None, _) => self.default().map_or("null".to_owned(), |value| java_text(&value)),
        }
    }

    /// Whether two fields have different values of this.
    pub(super) fn differs(&self, old: &Map<String, Value>, new: &Map<String, Value>) -> bool {
        match self.shape {
            Shape::Vector => old.get(self.name) != new.get(self.name),
            _ => self.effective(old) != self.effective(new),
        }
    }

    fn float(&self, value: &Value) -> Result<Value, Error> {
        let number = float(value)?;
        if self.name == "scaling_factor" && !(number > 0.0 && number.is_finite()) {
            let shown = java_text(&number.into());
            return Err(Error::illegal_argument(format!("[scaling_factor] must be a positive number, got [{shown}]")));
        }
        Ok(number.into())
    }
}

/// Fills the typed parameters of `field` from its `explicit` ones.
pub(super) fn apply(field: &mut Field) {
    let given = std::mem::take(&mut field.explicit);
    let flag = |name: &str, default: bool| given.get(name).and_then(Value::as_bool).unwrap_or(default);
    let name = |name: &str| given.get(name).and_then(Value::as_str).map(Arc::from);
    let text = field.kind == FieldKind::Text;
    field.index = flag("index", field.kind != FieldKind::Binary);
    let listed = matches!(
        field.kind,
        FieldKind::Text
            | FieldKind::Binary
            | FieldKind::KnnVector
            | FieldKind::DenseVector
            | FieldKind::Features { .. }
    );
    field.doc_values = flag("doc_values", !listed && field.variant != Variant::Completion);
    field.store = flag("store", false);
    field.norms = flag("norms", text && field.variant != Variant::MatchOnlyText);
    field.index_options = match given.get("index_options").and_then(Value::as_str) {
        // Phrases are found by positions, which such a field has all the same.
        _ if field.variant == Variant::MatchOnlyText => IndexOptions::Positions,
        Some("docs") => IndexOptions::Docs,
        Some("freqs") => IndexOptions::Freqs,
        Some("offsets") => IndexOptions::Offsets,
        _ if text => IndexOptions::Positions,
        _ => IndexOptions::Docs,
    };
    field.null_value = given.get("null_value").cloned();
    field.ignore_above = given.get("ignore_above").and_then(Value::as_i64).map(|limit| limit.max(0) as u32);
    field.ignore_malformed = flag("ignore_malformed", false);
    field.coerce = flag("coerce", field.kind != FieldKind::GeoShape);
    let paths = given.get("copy_to").and_then(Value::as_array).into_iter().flatten();
    field.copy_to = paths.filter_map(Value::as_str).map(Arc::from).collect();
    field.analyzer = name("analyzer").filter(|analyzer: &Arc<str>| **analyzer != *"default");
    field.search_analyzer = name("search_analyzer");
    field.search_quote_analyzer = name("search_quote_analyzer");
    field.normalizer = name("normalizer").filter(|normalizer: &Arc<str>| **normalizer != *"default");
    field.format = name("format");
    field.scaling_factor = given.get("scaling_factor").and_then(Value::as_f64);
    let gap = given.get("position_increment_gap").and_then(Value::as_i64);
    field.position_increment_gap = gap.and_then(|gap| u32::try_from(gap).ok()).unwrap_or(100);
    field.similarity = name("similarity");
    field.boost = given.get("boost").and_then(Value::as_f64).unwrap_or(1.0) as f32;
    field.fielddata = flag("fielddata", false);
    field.split_queries_on_whitespace = flag("split_queries_on_whitespace", false);
    field.explicit = given;
}
