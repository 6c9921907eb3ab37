//! Makes a [`Mapping`] from the JSON under `mappings`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::parameter;
use super::text::java_text;
use super::timestamp::{self, Timestamp};
use super::value::{flag, mapper_parsing};
use super::{
    Dynamic, Field, FieldKind, IndexOptions, Mapping, Node, NumberKind, ObjectNode, SourceOptions, Variant, geo_point,
    merge, nested, range, template, variant, vector,
};
use crate::date::DateFormat;
use crate::error::{Error, ErrorKind};

/// How deep objects may nest whatever an index' own limit says, so that walks over mappings stay shallow.
pub(super) const MAX_DEPTH: usize = 100;

/// Types that OpenSearch has and that are not here.
const ABSENT_TYPES: &[&str] = &[
    "xy_point",
    "xy_shape",
    "semantic",
    "star_tree",
    "derived",
    "icu_collation_keyword",
    "annotated_text",
    "murmur3",
    "version",
    "context_aware_grouping",
    "sparse_vector",
    "histogram",
];

/// How the creation of an index reports a mapping that does not parse.
pub fn creation_failure(cause: Error) -> Error {
    match cause.kind {
        ErrorKind::NotImplemented => cause,
        _ => mapper_parsing(format!("Failed to parse mapping [_doc]: {}", cause.reason)).with_cause(cause),
    }
}

impl Mapping {
    /// Reads what stands under `mappings` (or the body of a mapping update). Fields that refer to one another are not checked yet:
    /// merge, then [`Mapping::validate`].
    ///
    /// # Errors
    /// In OpenSearch's words, as a mapping update reports them; see [`creation_failure`]. 501 for types that are not here yet.
    pub fn parse(value: &Value) -> Result<Self, Error> {
        let Value::Object(body) = value else {
            return Err(mapper_parsing(format!("Expected map for the mapping but got [{}]", java_text(value))));
        };
        if body.len() == 1 && body.contains_key("_doc") {
            return Err(Error::illegal_argument("Types cannot be provided in put mapping requests"));
        }
        let mut mapping = Self::default();
        let mut unknown = Vec::new();
        for (key, value) in body {
            if !mapping.root_key(key, value)? {
                unknown.push((key.as_str(), value));
            }
        }
        refuse_unknown("Root mapping definition has unsupported parameters: ", unknown)?;
        super::join::one(&mapping)?;
        Ok(mapping)
    }

    /// False: no such key.
    fn root_key(&mut self, key: &str, value: &Value) -> Result<bool, Error> {
        match key {
            "properties" | "dynamic" | "enabled" => self.root.key("", 0, key, value)?,
            "date_detection" => self.date_detection = Some(named_flag(key, value)?),
            "numeric_detection" => self.numeric_detection = Some(named_flag(key, value)?),
            "dynamic_date_formats" => self.dynamic_date_formats = Some(date_formats(value)?),
            "dynamic_templates" => self.dynamic_templates = Some(template::parse(value)?),
            timestamp::KEY => self.timestamp = Some(Timestamp::parse(value)?),
            "_routing" => self.routing_required = routing(value)?,
            "_source" => self.source = source(value)?,
            "_meta" if value.is_object() => self.meta = Some(value.clone()),
            "_meta" => return Err(mapper_parsing("[_meta] must be an object")),
            "_id" | "_index" | "_ignored" | "_seq_no" | "_version" => {
                return Err(mapper_parsing(format!("{key} is not configurable")));
            }
            "_field_names" | "derived" | "_nested_path" | "composite" | "context_aware_grouping" => {
                return Err(Error::not_implemented(format!("mapping parameter [{key}]")));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl ObjectNode {
    pub(super) fn key(&mut self, path: &str, depth: usize, key: &str, value: &Value) -> Result<(), Error> {
        match key {
            "dynamic" => self.dynamic = Some(dynamic(value)?),
            "enabled" => self.enabled = Some(named_flag(key, value)?),
            _ => self.properties(path, depth, value)?,
        }
        Ok(())
    }

    fn properties(&mut self, path: &str, depth: usize, value: &Value) -> Result<(), Error> {
        let properties = match value {
            Value::Object(properties) => properties,
            Value::Array(none) if none.is_empty() => return Ok(()),
            _ => return Err(Error::new(ErrorKind::Parse, "properties must be a map type")),
        };
        for (name, definition) in properties {
            if definition.as_array().is_some_and(Vec::is_empty) {
                continue;
            }
            let node = |path: &str, depth: usize| parse_node(name, path, depth, definition);
            self.place(path, depth, name, &node)?;
        }
        Ok(())
    }

    /// Puts what `node` makes at a dotted `name` below `path`, with the objects that are missing between.
    fn place(
        &mut self,
        path: &str,
        depth: usize,
        name: &str,
        node: &dyn Fn(&str, usize) -> Result<Node, Error>,
    ) -> Result<(), Error> {
        let steps = steps(name)?;
        if depth + steps.len() > MAX_DEPTH {
            return Err(Error::illegal_argument(format!("Limit of mapping depth [{MAX_DEPTH}] has been exceeded")));
        }
        let mut at = path.to_owned();
        for step in &steps {
            at = join(&at, step);
        }
        let mut made = node(&at, depth + steps.len())?;
        for step in steps.iter().skip(1).rev() {
            let properties = BTreeMap::from([(Arc::from(*step), made)]);
            made = Node::Object(ObjectNode { properties, ..ObjectNode::default() });
        }
        let first = steps[0];
        let merged = match self.properties.remove(first) {
            Some(existing) => merge::nodes(&join(path, first), existing, made, false)?,
            None => made,
        };
        self.properties.insert(first.into(), merged);
        Ok(())
    }
}

/// `path.name`, or `name` at the root.
pub(super) fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn steps(name: &str) -> Result<Vec<&str>, Error> {
    if !name.is_empty() && name.bytes().all(|byte| byte == b'.') {
        return Err(mapper_parsing(format!("Invalid field name {name}")));
    }
    let steps: Vec<&str> = name.strip_suffix('.').unwrap_or(name).split('.').collect();
    if steps.iter().any(|step| step.is_empty()) {
        return Err(Error::illegal_argument("name cannot be empty string"));
    }
    Ok(steps)
}

pub(super) fn refuse_unknown(what: &str, mut unknown: Vec<(&str, &Value)>) -> Result<(), Error> {
    if unknown.is_empty() {
        return Ok(());
    }
    unknown.sort_by_key(|(key, _)| *key);
    let mut reason = what.to_owned();
    for (key, value) in unknown {
        reason.push_str(&format!(" [{key} : {}]", java_text(value)));
    }
    Err(mapper_parsing(reason))
}

fn named_flag(name: &str, value: &Value) -> Result<bool, Error> {
    flag(value).map_err(|cause| {
        Error::illegal_argument(format!("Could not convert [{name}.{name}] to boolean")).with_cause(cause)
    })
}

pub(super) fn dynamic(value: &Value) -> Result<Dynamic, Error> {
    Ok(match value.as_str() {
        Some("strict") => Dynamic::Strict,
        Some("strict_allow_templates") => Dynamic::StrictAllowTemplates,
        Some("false_allow_templates") => Dynamic::FalseAllowTemplates,
        _ if named_flag("dynamic", value)? => Dynamic::True,
        _ => Dynamic::False,
    })
}

fn date_formats(value: &Value) -> Result<Vec<String>, Error> {
    let formats: Vec<String> = match value {
        Value::Array(formats) => formats.iter().map(java_text).collect(),
        Value::String(one) if one == "none" => Vec::new(),
        one => vec![java_text(one)],
    };
    for format in &formats {
        if format.starts_with("epoch_") {
            return Err(mapper_parsing(format!("Epoch [{format}] is not supported as dynamic date format")));
        }
        DateFormat::parse_pattern(format)?;
    }
    Ok(formats)
}

pub(super) fn metadata<'a>(name: &str, value: &'a Value, known: &[&str]) -> Result<&'a Map<String, Value>, Error> {
    let Value::Object(options) = value else {
        return Err(mapper_parsing(format!("[{name}] config must be an object")));
    };
    match options.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(mapper_parsing(format!("unknown parameter [{key}] on mapper [{name}] of type [null]"))),
        None => Ok(options),
    }
}

fn routing(value: &Value) -> Result<Option<bool>, Error> {
    metadata("_routing", value, &["required"])?.get("required").map(flag).transpose()
}

fn source(value: &Value) -> Result<SourceOptions, Error> {
    let options = metadata("_source", value, &["enabled", "includes", "excludes"])?;
    let patterns = |key: &str| match options.get(key) {
        Some(Value::Array(patterns)) => patterns.iter().map(java_text).collect(),
        Some(one) => vec![java_text(one)],
        None => Vec::new(),
    };
    let enabled = options.get("enabled").map(flag).transpose()?.unwrap_or(true);
    Ok(SourceOptions { enabled, includes: patterns("includes"), excludes: patterns("excludes") })
}

fn parse_node(name: &str, path: &str, depth: usize, definition: &Value) -> Result<Node, Error> {
    let Value::Object(definition) = definition else {
        return Err(mapper_parsing(format!(
            "Expected map for property [fields] on field [{name}] but got a class java.lang.String"
        )));
    };
    let kind = match definition.get("type") {
        Some(kind) => java_text(kind),
        None if definition.contains_key("properties")
            || definition.len() == 1 && definition.contains_key("enabled") =>
        {
            "object".to_owned()
        }
        None => return Err(mapper_parsing(format!("No type specified for field [{name}]"))),
    };
    match kind.as_str() {
        "object" => parse_object(name, path, depth, definition).map(Node::Object),
        "nested" => nested::parse(name, path, depth, definition).map(Node::Object),
        "alias" => parse_alias(name, path, definition).map(Node::Field),
        kind => {
            let declared = kind_named(kind)?;
            let declared = declared
                .ok_or_else(|| mapper_parsing(format!("No handler for type [{kind}] declared on field [{name}]")))?;
            parse_field(path, depth, declared, definition).map(|field| Node::Field(Arc::new(field)))
        }
    }
}

fn parse_object(name: &str, path: &str, depth: usize, definition: &Map<String, Value>) -> Result<ObjectNode, Error> {
    let mut object = ObjectNode::default();
    let mut unknown = Vec::new();
    for (key, value) in definition {
        match key.as_str() {
            "type" | "include_in_all" => {}
            "dynamic" | "enabled" | "properties" => object.key(path, depth, key, value)?,
            key => unknown.push((key, value)),
        }
    }
    refuse_unknown(&format!("Mapping definition for [{name}] has unsupported parameters: "), unknown)?;
    Ok(object)
}

fn parse_alias(name: &str, path: &str, definition: &Map<String, Value>) -> Result<Arc<Field>, Error> {
    let unknown = definition.iter().filter(|(key, _)| !matches!(key.as_str(), "type" | "path"));
    let unknown = unknown.map(|(key, value)| (key.as_str(), value)).collect();
    let Some(target) = definition.get("path").filter(|target| !target.is_null()) else {
        return Err(mapper_parsing(format!("The [path] property must be specified for field [{name}].")));
    };
    refuse_unknown(&format!("Mapping definition for [{name}] has unsupported parameters: "), unknown)?;
    Ok(Arc::new(Field::new(path, FieldKind::Alias(java_text(target).into()))))
}

/// A field from its definition, at `path`. `depth`: of the definition in the mapping.
pub(super) fn parse_field(
    path: &str,
    depth: usize,
    (kind, variant): (FieldKind, Variant),
    definition: &Map<String, Value>,
) -> Result<Field, Error> {
    let name = path.rsplit('.').next().unwrap_or(path);
    let parameters = parameter::of(&kind, variant);
    let mut field = Field { variant, ..Field::new(path, kind) };
    let mut unknown = Vec::new();
    for (key, value) in definition {
        match key.as_str() {
            "type" => {}
            "fields" if !parameters.is_empty() && !matches!(variant, Variant::Constant | Variant::Join) => {
                field.fields = multi_fields(path, depth, value)?
            }
            key => match parameters.iter().find(|parameter| parameter.name == key) {
                Some(parameter) => {
                    if let Some(value) = parameter.read(name, &field.kind, value)? {
                        field.explicit.insert(key.to_owned(), value);
                    }
                }
                None => unknown.push((key, value)),
            },
        }
    }
    if parameters.is_empty()
        || field.kind == FieldKind::GeoPoint
        || matches!(variant, Variant::Constant | Variant::Join)
    {
        refuse_unknown(&format!("Mapping definition for [{name}] has unsupported parameters: "), unknown)?;
    } else if let Some((key, _)) = unknown.last() {
        let kind = field.type_name();
        return Err(mapper_parsing(format!("unknown parameter [{key}] on mapper [{name}] of type [{kind}]")));
    }
    complete(name, &mut field)?;
    Ok(field)
}

/// What one parameter means for another.
fn complete(name: &str, field: &mut Field) -> Result<(), Error> {
    let given = &mut field.explicit;
    if field.kind == FieldKind::Number(NumberKind::ScaledFloat) && !given.contains_key("scaling_factor") {
        return Err(Error::illegal_argument("Field [scaling_factor] is required"));
    }
    if given.get("index") == Some(&false.into()) {
        for needs in ["index_phrases", "index_prefixes"] {
            if given.contains_key(needs) {
                return Err(Error::illegal_argument(format!("Cannot set {needs} on unindexed field [{name}]")));
            }
        }
    }
    let locale = given.get("locale").and_then(Value::as_str).filter(|locale| !locale.eq_ignore_ascii_case("root"));
    if let (Some(locale), Some(format)) = (locale, given.get("format").and_then(Value::as_str))
        && DateFormat::parse_pattern(format)?.has_names()
    {
        return Err(Error::not_implemented(format!("names of months and days in locale [{locale}]")));
    }
    if field.kind == FieldKind::Text {
        // A gap below zero is the default; a search analyzer that is the analyzer is none.
        if given.get("position_increment_gap").and_then(Value::as_i64).is_some_and(|gap| gap < 0) {
            given.shift_remove("position_increment_gap");
        }
        if given.contains_key("search_analyzer") || given.contains_key("search_quote_analyzer") {
            given.entry("analyzer").or_insert_with(|| "default".into());
            if given.get("search_analyzer") == given.get("analyzer") && !given.contains_key("search_quote_analyzer") {
                given.shift_remove("search_analyzer");
            }
        }
    }
    if matches!(field.kind, FieldKind::Range(kind) if kind != range::RangeKind::Date) && given.contains_key("format") {
        let reason =
            format!("field [{name}] of type [range] should not define a dateTimeFormatter unless it is a DATE type");
        return Err(Error::illegal_argument(reason));
    }
    if field.kind == FieldKind::GeoPoint {
        geo_point::complete(given)?;
    }
    vector::complete(name, field)?;
    variant::complete(name, field)?;
    parameter::apply(field);
    variant::parts(field);
    Ok(())
}

fn multi_fields(path: &str, depth: usize, value: &Value) -> Result<BTreeMap<Arc<str>, Arc<Field>>, Error> {
    let mut fields = BTreeMap::new();
    let Value::Object(definitions) = value else {
        if value.as_array().is_some_and(Vec::is_empty) {
            return Ok(fields);
        }
        return Err(mapper_parsing(format!(
            "expected map for property [fields] on field [{0}] or [fields] but got [{0}]",
            java_text(value)
        )));
    };
    if depth + 1 > MAX_DEPTH {
        return Err(Error::illegal_argument(format!("Limit of mapping depth [{MAX_DEPTH}] has been exceeded")));
    }
    let parent = path.rsplit('.').next().unwrap_or(path);
    for (name, definition) in definitions {
        if name.contains('.') {
            return Err(mapper_parsing(format!(
                "Field name [{name}] which is a multi field of [{parent}] cannot contain '.'"
            )));
        }
        let Value::Object(definition) = definition else {
            return Err(mapper_parsing(format!("illegal field [{name}], only fields can be specified inside fields")));
        };
        let kind = definition.get("type").map(java_text);
        let kind = kind.ok_or_else(|| mapper_parsing(format!("no type specified for property [{name}]")))?;
        if matches!(kind.as_str(), "object" | "nested" | "alias") {
            return Err(mapper_parsing(format!("Type [{kind}] cannot be used in multi field")));
        }
        let declared = kind_named(&kind)?;
        let declared = declared
            .ok_or_else(|| mapper_parsing(format!("no handler for type [{kind}] declared on field [{name}]")))?;
        let field = parse_field(&format!("{path}.{name}"), depth + 1, declared, definition)?;
        fields.insert(Arc::from(name.as_str()), Arc::new(field));
    }
    Ok(fields)
}

/// The type of that name; `None`: there is none.
///
/// # Errors
/// 501 for a type that OpenSearch has.
pub(super) fn kind_named(name: &str) -> Result<Option<(FieldKind, Variant)>, Error> {
    if ABSENT_TYPES.contains(&name) {
        return Err(Error::not_implemented(format!("field type [{name}]")));
    }
    let plain = |kind| Some((kind, Variant::Plain));
    Ok(plain(match name {
        "completion" => return Ok(Some((FieldKind::Keyword, Variant::Completion))),
        "wildcard" => return Ok(Some((FieldKind::Keyword, Variant::Wildcard))),
        "constant_keyword" => return Ok(Some((FieldKind::Keyword, Variant::Constant))),
        "join" => return Ok(Some((FieldKind::Keyword, Variant::Join))),
        "match_only_text" => return Ok(Some((FieldKind::Text, Variant::MatchOnlyText))),
        "search_as_you_type" => return Ok(Some((FieldKind::Text, Variant::SearchAsYouType))),
        "token_count" => return Ok(Some((FieldKind::Number(NumberKind::Integer), Variant::TokenCount))),
        "text" => FieldKind::Text,
        "keyword" => FieldKind::Keyword,
        "boolean" => FieldKind::Boolean,
        "date" => FieldKind::Date,
        "date_nanos" => FieldKind::DateNanos,
        "ip" => FieldKind::Ip,
        "binary" => FieldKind::Binary,
        "flat_object" => FieldKind::FlatObject,
        "geo_point" => FieldKind::GeoPoint,
        "percolator" => FieldKind::Percolator,
        "geo_shape" => FieldKind::GeoShape,
        "rank_feature" => FieldKind::Features { many: false },
        "rank_features" => FieldKind::Features { many: true },
        "knn_vector" => FieldKind::KnnVector,
        "dense_vector" => FieldKind::DenseVector,
        "long" => FieldKind::Number(NumberKind::Long),
        "integer" => FieldKind::Number(NumberKind::Integer),
        "short" => FieldKind::Number(NumberKind::Short),
        "byte" => FieldKind::Number(NumberKind::Byte),
        "unsigned_long" => FieldKind::Number(NumberKind::UnsignedLong),
        "double" => FieldKind::Number(NumberKind::Double),
        "float" => FieldKind::Number(NumberKind::Float),
        "half_float" => FieldKind::Number(NumberKind::HalfFloat),
        "scaled_float" => FieldKind::Number(NumberKind::ScaledFloat),
        name => return Ok(range::RangeKind::named(name).map(|kind| (FieldKind::Range(kind), Variant::Plain))),
    }))
}

impl Field {
    /// A field with every parameter at its default. (A `scaled_float` still needs its factor.)
    pub fn new(path: impl Into<Arc<str>>, kind: FieldKind) -> Self {
        let mut field = Self {
            path: path.into(),
            kind,
            variant: Variant::Plain,
            index: true,
            doc_values: true,
            store: false,
            norms: false,
            index_options: IndexOptions::Docs,
            null_value: None,
            ignore_above: None,
            ignore_malformed: false,
            coerce: true,
            copy_to: Vec::new(),
            analyzer: None,
            search_analyzer: None,
            search_quote_analyzer: None,
            normalizer: None,
            format: None,
            scaling_factor: None,
            position_increment_gap: 100,
            similarity: None,
            boost: 1.0,
            fielddata: false,
            split_queries_on_whitespace: false,
            vector: None,
            fields: BTreeMap::new(),
            explicit: Map::new(),
        };
        parameter::apply(&mut field);
        field
    }

    /// A field from its definition, `{"type": "long", ..}`, as it stands under `properties`.
    ///
    /// # Errors
    /// As [`Mapping::parse`].
    pub fn parse(path: &str, definition: &Value) -> Result<Node, Error> {
        parse_node(path.rsplit('.').next().unwrap_or(path), path, path.split('.').count(), definition)
    }
}
